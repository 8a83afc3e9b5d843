"""The report on duplicates: every suppressed document once, under the one that was kept."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from process.dedup_commands import dedup
from process.relate import relate
from records import tables
from records.case import Case
from records.codes import Role
from tests.produce_matter import add, matter


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with matter(tmp_path) as opened:
        add(opened, 1, name="=a.txt", data=b"a")
        for first, custodian in ((2, 1), (4, 2)):
            add(opened, first, name="m.eml", type_="email", data=b"m", custodian=custodian)
            add(opened, first + 1, name="x.txt", data=b"x", family=first, found_in=first,
                position=1, role=Role.ATTACHMENT, custodian=custodian)  # fmt: skip
        for number, custodian in ((6, 1), (7, 2), (8, 2)):
            add(opened, number, name="=a.txt", data=b"a", custodian=custodian)
        add(opened, 9, name="alone.txt", data=b"alone")
        add(opened, 10, name="x.txt", data=b"x")  # equal to an attachment, so no copy of it
        relate(opened)
        yield opened


def _call(case: Case, *arguments: str) -> Any:
    whole = ["report", *arguments, "--case", str(case.folder)]
    return CliRunner().invoke(dedup, whole, catch_exceptions=False)


def test_each_kept_document_with_its_copies(case: Case) -> None:
    told = json.loads(_call(case, "--json").stdout)
    assert [(r["document"], r["copies"], r["custodians"], r["paths"]) for r in told] == [
        ("RW-00000001", 3, 2, 4),
        ("RW-00000002", 1, 2, 2),
        ("RW-00000003", 1, 2, 2),
    ]
    assert told[2]["family"] == "RW-00000002"
    assert told[2]["all_paths"] == ["folder/3/x.txt", "folder/5/x.txt"]
    assert told[0]["all_custodians"] == ["Okafor, Amara", "Brandt, Lev"]
    with case.read() as connection:
        query = sa.select(sa.func.count(tables.documents.c.duplicate_of_id))
        assert sum(row["copies"] for row in told) == connection.execute(query).scalar_one()


def test_as_a_sheet_and_as_lines(case: Case) -> None:
    with case.write() as connection:
        d = tables.documents
        connection.execute(d.update().where(d.c.id == 1).values(address="=a.txt"))
    text = _call(case, "--csv").stdout_bytes.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["document"] for row in rows] == ["RW-00000001", "RW-00000002", "RW-00000003"]
    assert rows[0]["path"] == "'=a.txt"
    assert rows[1]["all paths"] == "folder/2/m.eml; folder/4/m.eml"
    lines = _call(case).stdout.splitlines()
    assert lines[1] == "RW-00000001\tRW-00000001\tOkafor, Amara\t=a.txt\t3\t2\t4"
    assert _call(case, "--csv", "--json").exit_code == 2


def test_a_case_without_duplicates(tmp_path: Path) -> None:
    with matter(tmp_path) as case:
        add(case, 1)
        relate(case)
        assert json.loads(_call(case, "--json").stdout) == []
        assert len(_call(case).stdout.splitlines()) == 1
