"""The command `show`: a document with its hits, family, thread and notes."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from index.show_commands import show_command
from records import tables
from records.case import Case
from records.errors import QueryError, SelectionError
from records.fields import Address, Fields
from review import document_notes, panel, tags
from tests.index_cases import Doc, case_with, index_here
from tests.test_index_results import member

SENDER = (Address("Ann Ray", "ann@x.com"),)
DOCS = [
    Doc(
        "The gas\r\nprice\x1b[31m rose\u202e.\n\nGas, far off: one two three four price.",
        Fields(subject="Gas\nnews", sender=SENDER, sent_at="2001-05-15T03:30:00Z"),
    ),
    Doc(None, Fields(), member(1, 1) | {"type": "pdf", "text_chars": 0}),
    *(Doc(str(n), Fields(subject=f"re {n}", sender=SENDER)) for n in range(3, 20)),
]


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with case_with(tmp_path / "case", DOCS) as case:
        with case.write() as connection:
            thread = {"thread_id": 1, "basis": "references"}
            for position, number in enumerate((1, *range(3, 20))):
                row = {"document_id": number, "position": position, "depth": min(position, 1)}
                connection.execute(tables.threads.insert().values(**thread, **row))
        yield case


def run(case: Case, *arguments: str) -> Result:
    return CliRunner().invoke(show_command, ["--case", str(case.folder), *arguments])


def test_all_of_a_document(case: Case) -> None:
    panel.define(case, "Hot")
    tags.change(case, "add", "Hot", [1], {})
    document_notes.add(case, "ask\x07 her", [1], {})
    lines = run(case, "RW-1", "--query", "gas w/2 price").stdout.splitlines()
    assert lines[:3] == [
        "Control number: RW-00000001",
        "Date: 2001-05-14 23:30",
        "All custodians: Ray, Ann",
    ]
    assert "Tags: Hot" in lines
    assert "Subject: Gas news" in lines  # no price beside it there
    assert any(line.startswith("Note: ask her (") for line in lines)
    at = lines.index("Family: 2 documents")
    assert lines[at + 1 : at + 3] == [
        " > RW-00000001  text  Ann Ray <ann@x.com>, Gas news",
        "   RW-00000002  pdf  2.txt",
    ]
    assert "Hits: 2 (text 2)" in lines
    at = lines.index("")
    assert lines[at + 1 :] == [
        "The **gas**",
        "**price** [31m rose .",
        "",
        "Gas, far off: one two three four price.",
    ]


def test_neighbours_of_a_long_thread(case: Case) -> None:
    out = run(case, "12", "--text", "none").stdout
    assert "Thread: 18 documents, 7 of them not shown: redwell search thread:RW-00000012" in out
    shown = [line for line in out.splitlines() if line[:3] in (" > ", "   ")]
    assert [line[3:14] for line in shown] == [f"RW-{n:08d}" for n in range(7, 18)]
    assert shown[5].startswith(" > RW-00000012    text")
    assert len(json.loads(run(case, "12", "--json").stdout)["thread"]) == 18


def test_only_the_hits(case: Case) -> None:
    out = run(case, "1", "--query", "three OR news", "--text", "hits").stdout
    assert "Subject: Gas **news**" in out
    assert "Hits: 2 (subject 1, text 1)" in out
    assert "one two **three** four" in out
    assert "\n\n    The gas" in out
    assert "needs --query" in run(case, "1", "--text", "hits").stderr


def test_a_list_of_terms(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "terms.txt"
    path.write_text("rose\nfour\n", encoding="utf-8")
    out = run(case, "1", "--terms", str(path)).stdout
    assert "**rose**" in out
    assert "**four**" in out
    assert "one of --query" in run(case, "1", "--terms", str(path), "--query", "x").stderr


def test_json_has_the_places_in_the_text_as_stored(case: Case) -> None:
    found = json.loads(run(case, "1", "--query", "price", "--json").stdout)
    part = found["parts"][-1]
    assert (part["name"], part["text"]) == ("text", DOCS[0].text)
    assert [part["text"][hit["start"] : hit["end"]] for hit in part["hits"]] == ["price", "price"]
    assert found["hits"] == 2
    assert [part["name"] for part in json.loads(run(case, "1", "--json", "--text", "none").stdout)[
        "parts"
    ]] == ["subject", "filename", "from", "path"]  # fmt: skip


def test_a_document_without_text_and_one_that_is_not_there(case: Case) -> None:
    assert run(case, "2").stdout.endswith("\n\n(no text)\n")
    for wrong in ("99", "x"):
        error = run(case, wrong).exception
        assert isinstance(error, SelectionError)
        assert error.exit_code == 42
    assert isinstance(run(case, "1", "--query", "gas AND").exception, QueryError)


def test_it_needs_no_index(case: Case) -> None:
    before = run(case, "1", "--query", "gas").stdout
    index_here(case)
    assert run(case, "1", "--query", "gas").stdout == before
