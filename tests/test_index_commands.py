"""The commands `index` and `search`."""

import inspect
import json
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from index import telling
from index.commands import search_command
from index.index_commands import index_command
from records.case import Case
from records.errors import OutputError, QueryError
from records.fields import Address, Fields
from tests.index_cases import Doc, add, case_with, index_here


def mail(subject: str, sent_at: str) -> Fields:
    return Fields(subject=subject, sender=(Address("Ann Ray", "ann@x.com"),), sent_at=sent_at)


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    docs = [
        Doc("the gas\x1b[31m price\u202e rose " * 2, mail("Gas\nnews", "2001-05-15T03:30:00Z")),
        Doc("nothing here", mail("Price of gas", "2000-01-01T00:00:00Z")),
        Doc("attached", extra={"family_id": 1, "role": "attachment", "found_in_id": 1}),
    ]
    with case_with(tmp_path / "case", docs) as case:
        index_here(case)
        yield case


def run(case: Case, *arguments: str) -> Result:
    return CliRunner().invoke(search_command, ["--case", str(case.folder), *arguments])


def test_the_table(case: Case) -> None:
    lines = run(case, "gas w/2 price").stdout.split("\n")
    assert lines == [
        "RW-00000001\t2001-05-14 23:30\tRay, Ann\ttext\tAnn Ray <ann@x.com>\tGas news",
        "    the **gas** [31m **price**  rose the **gas** [31m **price**  rose",
        "RW-00000002\t1999-12-31 19:00\tRay, Ann\ttext\tAnn Ray <ann@x.com>\tPrice of gas",
        "    subject: **Price** of **gas**",
        "2 documents",
        "",
    ]


def test_limit_sort_families_count_and_ids(case: Case) -> None:
    assert run(case, "gas", "--ids").stdout == "RW-00000001\nRW-00000002\n"
    assert run(case, "gas", "--ids", "--sort", "date").stdout == "RW-00000002\nRW-00000001\n"
    assert run(case, "gas", "--ids", "--limit", "1").stdout == "RW-00000001\n"
    assert run(case, "rose", "--ids", "--families").stdout == "RW-00000001\nRW-00000003\n"
    assert run(case, "gas", "--count").stdout == "2\n"
    assert run(case, "gas", "--limit", "1").stdout.endswith("2 documents, the first 1 shown\n")
    assert run(case, "nosuchword").stdout == "0 documents\n"
    assert "**" not in run(case, "gas", "--no-snippets").stdout


def test_json(case: Case) -> None:
    found = json.loads(run(case, "rose", "--json").stdout)
    assert (found["count"], found["missing"], found["unprocessed"]) == (1, 0, 0)
    assert found["documents"] == [
        {
            "control": "RW-00000001",
            "date": "2001-05-14 23:30",
            "custodian": "Ray, Ann",
            "address": "folder/1.txt",
            "type": "text",
            "from": "Ann Ray <ann@x.com>",
            "subject": "Gas news",
            "snippets": [],
        }
    ]
    (line,) = json.loads(run(case, "rose", "--json", "--snippets").stdout)["documents"]
    assert line["snippets"][0].count("**rose**") == 2


def test_explain(case: Case) -> None:
    told = run(case, "(a AND b) w/3 c", "--explain").stdout
    assert told.startswith("AND\n  within 3 words\n    word a\n    word c\n  within 3")


def test_an_export_that_fails_is_done_with_the_database(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that were begun are closed before the case is, whatever the error keeps alive."""
    begun: list[Generator[object]] = []

    def failing(*given: object, **_: object) -> None:
        rows = given[3]
        assert isinstance(rows, Generator)
        begun.append(rows)
        next(rows)
        raise OutputError("no room")

    monkeypatch.setattr(telling, "write_table", failing)
    done = run(case, "docid:>=1", "--export", str(tmp_path / "found.csv"))
    assert isinstance(done.exception, OutputError)
    (rows,) = begun
    assert inspect.getgeneratorstate(rows) == inspect.GEN_CLOSED


def test_explain_as_json(case: Case) -> None:
    told = json.loads(run(case, "a OR b", "--explain", "--json").stdout)
    assert told == {"query": "a OR b", "read_as": "OR\n  word a\n  word b"}


def test_a_list_of_terms(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "terms.txt"
    path.write_text("“price of gas”;\nattached\n", encoding="utf-8")
    assert run(case, "--terms", str(path), "--ids").stdout == "RW-00000002\nRW-00000003\n"
    assert run(case, "1. rose\n2. attached", "--count").stdout == "2\n"
    assert run(case, "--terms", str(path), "--explain").stdout == (
        "OR\n  phrase price of gas\n  word attached\n"
    )
    assert isinstance(run(case, "rose\nattached").exception, QueryError)
    for arguments in ((), ("gas", "--terms", str(path))):
        assert "either QUERY or --terms" in run(case, *arguments).stderr


def test_a_case_that_stems(case: Case) -> None:
    assert run(case, "attachments", "--count").stdout == "0\n"
    with (case.folder / "case.toml").open("a", encoding="utf-8") as file:
        file.write("\nstemming = true\n")
    assert run(case, "attaching", "--count").stdout == "1\n"
    assert run(case, '"attaching"', "--count").stdout == "0\n"
    assert "**price**" in run(case, "prices w/9 xfirstword").stdout


def test_an_incomplete_index_is_told_on_stderr(case: Case) -> None:
    add(case, [Doc("gas"), Doc("x", extra={"state": "collected", "disposition": "pending"})])
    found = run(case, "gas", "--ids")
    assert found.stdout == "RW-00000001\nRW-00000002\n"
    assert found.stderr == (
        "1 document is not in the index yet: run redwell index\n"
        "1 document is not processed yet: run redwell process, then redwell index\n"
    )


def test_a_query_that_cannot_be_read(case: Case) -> None:
    found = run(case, "gas AND")
    assert isinstance(found.exception, QueryError)
    assert found.exception.exit_code == 40


@pytest.mark.slow
def test_index(case: Case) -> None:
    add(case, [Doc("later gas")])
    arguments = ["--case", str(case.folder), "--workers", "1"]
    told = CliRunner().invoke(index_command, arguments).stdout
    assert told == (
        "4 of 4 documents are in the index: 3 were there, 1 were added or replaced, 0 removed\n"
    )
    assert json.loads(CliRunner().invoke(index_command, [*arguments, "--json"]).stdout) == {
        "expected": 4,
        "already": 4,
        "indexed": 0,
        "removed": 0,
        "in_index": 4,
        "failed": [],
        "segments": 2,
        "merged": 0,
        "mended": 0,
    }


def test_a_value_that_no_document_has_is_told(case: Case) -> None:
    found = run(case, "type:docxx OR gas", "--ids")
    assert found.stdout == "RW-00000001\nRW-00000002\n"
    assert found.stderr == "No document of the case is type:docxx; there are text\n"
    assert run(case, "type:TEXT", "--count").stderr == ""
    assert "lang:xx; there are" in run(case, "lang:xx", "--count").stderr
    told = json.loads(run(case, "ext:.nope AND gas", "--json").stdout)
    assert told["unmet"] == ["no document of the case is ext:.nope; there are txt"]


@pytest.mark.slow
def test_what_is_not_processed_is_told(case: Case) -> None:
    add(case, [Doc("x", extra={"state": "collected", "disposition": "pending"})])
    told = (
        "1 document is not processed yet, so not counted: run redwell process, then redwell index"
    )
    for arguments in (["--workers", "1"], ["check"]):
        done = CliRunner().invoke(index_command, [*arguments, "--case", str(case.folder)])
        assert told in done.stderr
        assert told not in done.stdout
