"""The list of exceptions: counts that agree with the status, and lists for people."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from process.exceptions_commands import exceptions
from process.families import write_notes
from process.relate import relate
from records.case import Case
from records.codes import EXPLAINED, Code, Disposition, Role
from records.notes import exception, warning
from records.status import status_of
from tests.produce_matter import add, matter


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    failed = Disposition.EXCEPTION
    with matter(tmp_path) as opened:
        add(opened, 1, name="=a.pdf", data=b"aaaa", disposition=failed)
        add(opened, 2, name="b.eml", data=b"b")
        add(opened, 3, name="c.zip", data=b"cc", family=2, found_in=2, position=1,
            role=Role.ATTACHMENT, disposition=failed)  # fmt: skip
        add(opened, 4, name="a.pdf", data=b"aaaa", disposition=failed, custodian=2)
        add(opened, 5, name="d.pdf", data=b"d", disposition=failed, custodian=2)
        with opened.write() as connection:
            found = [
                (1, exception(Code.ENCRYPTED, "locked", "t", "1")),
                (3, exception(Code.ENCRYPTED, "locked", "t", "1")),
                (3, exception(Code.TOO_MANY, "many", "t", "1")),
                (4, exception(Code.ENCRYPTED, "locked", "t", "1")),
                (5, exception(Code.CORRUPT, "broken", "t", "1")),
                (5, exception(Code.CORRUPT, "broken again", "t", "1")),
                (2, warning(Code.WEAK_DATE, "no date", "t", "1")),
            ]
            write_notes(connection, found)
        relate(opened)
        yield opened


def run(case: Case, *arguments: str) -> Result:
    whole = [*arguments, "--case", str(case.folder)]
    return CliRunner().invoke(exceptions, whole, catch_exceptions=False)


def test_the_table_agrees_with_the_status(case: Case) -> None:
    told = json.loads(run(case, "--json").stdout)
    status = status_of(case)
    assert {each["code"]: each["leading"] for each in told["codes"] if each["leading"]} == (
        status.exceptions
    )
    assert told["documents"] == status.dispositions["exception"] == 3
    assert told["several"] == 1
    rows = {
        each["code"]: [each[name] for name in ("documents", "roots", "children", "bytes", "aside")]
        for each in told["codes"]
    }
    assert rows == {
        "encrypted": [2, 1, 1, 6, 1],  # the second a.pdf is a duplicate
        "too-many": [1, 0, 1, 2, 0],
        "corrupt": [1, 1, 0, 1, 0],
    }
    assert {each["advice"] for each in told["codes"]} == {
        EXPLAINED[code][1] for code in (Code.ENCRYPTED, Code.TOO_MANY, Code.CORRUPT)
    }


def test_the_table_for_people(case: Case) -> None:
    done = run(case)
    assert [line.split("\t")[:3] for line in done.stdout.splitlines()] == [
        ["code", "documents", "newest"],
        ["corrupt", "1", "1"],
        ["encrypted", "2", "1"],
        ["too-many", "1", "1"],
    ]
    assert "3 documents in all" in done.stderr
    assert "1 of them count under several codes" in done.stderr


def test_lists_by_code_and_custodian(case: Case) -> None:
    told = json.loads(run(case, "--code", "encrypted", "--json").stdout)
    assert [(each["document"], each["family"]) for each in told] == [
        ("RW-00000001", "RW-00000001"),
        ("RW-00000003", "RW-00000002"),
        ("RW-00000004", "RW-00000004"),
    ]
    told = json.loads(run(case, "--list", "--custodian", "Brandt, Lev", "--json").stdout)
    assert [each["code"] for each in told] == ["corrupt", "corrupt", "encrypted"]
    told = json.loads(run(case, "--custodian", "Brandt, Lev", "--json").stdout)
    assert (told["documents"], told["several"]) == (1, 0)
    warnings = json.loads(run(case, "--warnings", "--json").stdout)
    assert [(each["code"], each["documents"]) for each in warnings] == [("weak-date", 1)]
    told = json.loads(run(case, "--warnings", "--list", "--json").stdout)
    assert [each["document"] for each in told] == ["RW-00000002"]


def test_a_csv_holds_no_formula_and_overwrites_nothing(case: Case, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    assert run(case, "--csv", str(file)).exit_code == 0
    with file.open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert len(rows) == 6
    assert {row["document"] for row in rows} == {f"RW-0000000{n}" for n in (1, 3, 4, 5)}
    before = file.read_bytes()
    done = CliRunner().invoke(exceptions, ["--csv", str(file), "--case", str(case.folder)])
    assert done.exit_code != 0
    assert file.read_bytes() == before


def test_an_unknown_custodian_is_named(case: Case) -> None:
    done = CliRunner().invoke(exceptions, ["--custodian", "Nobody", "--case", str(case.folder)])
    assert "Nobody" in str(done.exception)
