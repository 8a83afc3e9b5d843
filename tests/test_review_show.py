"""How a document is read: its head, coding, family, thread and text, with the hits marked."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from index.snippets import Piece, clean, excerpts, first_lines, shown
from index.tree import Word
from records import tables, times
from records.case import Case
from records.errors import QueryError, SelectionError
from records.fields import Address, Fields
from review import document_notes, panel, tags
from review.show_commands import show_command
from tests.index_cases import Doc, add, case_with, index_here
from tests.test_index_results import member

SENDER = (Address("Ann Ray", "ann@x.com"),)
DOCS = [
    Doc(
        "The gas\r\nprice\x1b[31m rose\u202e.\n\nGas, far off: one two three four price.",
        Fields(subject="Gas\nnews", sender=SENDER, sent_at="2001-05-15T03:30:00Z"),
    ),
    Doc(None, Fields(), member(1, 1) | {"type": "pdf", "text_chars": 0, "ocr_pages": [1, 2]}),
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
    panel.add_group(case, "Call", tags=("Privileged",))
    panel.define(case, "Hot")
    tags.change(case, "add", "Hot", [1], {})
    tags.change(case, "add", "Privileged", [1], {}, basis="advice")
    document_notes.add(case, "ask\x07 her", [1], {})
    lines = run(case, "RW-1", "--query", "gas w/2 price").stdout.splitlines()
    assert lines[:6] == [
        "Document:   RW-00000001, text, reviewable, 1,000 bytes",
        "Custodian:  Ray, Ann",
        "Found at:   folder/1.txt",
        "Date:       2001-05-14 23:30 EDT",
        "From:       Ann Ray <ann@x.com>",
        "Subject:    Gas news",  # no price beside it there
    ]
    assert "Coding:     Call: Privileged (advice); Hot" in lines
    assert any(line.startswith("Note:       ask her (") for line in lines)
    at = lines.index("Family:     2 documents")
    assert lines[at + 1 : at + 3] == [
        " > RW-00000001  text  Ann Ray <ann@x.com>, Gas news",
        "   RW-00000002  pdf  2.txt",
    ]
    assert "Hits:       2 (text 2)" in lines
    at = lines.index("")
    assert lines[at + 1 :] == [
        "The **gas**",
        "**price** [31m rose .",
        "",
        "Gas, far off: one two three four price.",
    ]


def test_neighbours_of_a_long_thread(case: Case) -> None:
    out = run(case, "12", "--text", "none").stdout
    assert "Thread:     18 documents, 7 of them not shown: redwell search thread:RW-00000012" in out
    shown = [line for line in out.splitlines() if line[:3] in (" > ", "   ")]
    assert [line[3:14] for line in shown] == [f"RW-{n:08d}" for n in range(7, 18)]
    assert shown[5].startswith(" > RW-00000012    text  Ann Ray")
    with case.write() as connection:
        gone = tables.documents.c.id == 13
        connection.execute(tables.documents.update().where(gone).values(disposition="duplicate"))
    assert "   RW-00000013    text, duplicate  Ann" in run(case, "12", "--text", "none").stdout
    assert len(json.loads(run(case, "12", "--json").stdout)["thread"]) == 18


def test_only_the_hits(case: Case) -> None:
    out = run(case, "1", "--query", "three OR news", "--text", "hits").stdout
    assert "Subject:    Gas **news**" in out
    assert "Hits:       2 (subject 1, text 1)" in out
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
    out = run(case, "2").stdout
    assert out.endswith("\n\n(no text)\n")
    assert "OCR:        2 pages wait for it" in out
    assert "Coding:     none" in out
    found = json.loads(run(case, "2", "--json").stdout)
    assert (found["waiting_for_ocr"], found["coding"], found["hits"]) == (2, [], None)
    for wrong in ("99", "x"):
        error = run(case, wrong).exception
        assert isinstance(error, SelectionError)
        assert error.exit_code == 42
    assert isinstance(run(case, "1", "--query", "gas AND").exception, QueryError)


def test_it_needs_no_index(case: Case) -> None:
    before = run(case, "1", "--query", "gas").stdout
    index_here(case)
    assert run(case, "1", "--query", "gas").stdout == before


def test_some_lines_and_what_is_left(case: Case) -> None:
    out = run(case, "1", "--query", "rose OR four", "--lines", "2").stdout
    assert out.endswith("\n\nThe gas\nprice [31m **rose** .\n… 2 more lines, 1 hit in them\n")
    assert run(case, "1", "--lines", "0").stdout.endswith("\n\n… 4 more lines\n")
    assert run(case, "1", "--lines", "4").stdout.endswith("four price.\n")
    out = run(case, "1", "--query", "gas", "--text", "hits", "--lines", "1").stdout
    assert out.endswith("price.\n")
    assert "(no hits in the text)" in run(case, "1", "--query", "zinc", "--text", "hits").stdout


def test_on_a_terminal_hits_are_bright_and_titles_dim(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    lines = run(case, "1", "--query", "price").stdout.splitlines()
    assert "\x1b[2mCustodian:  \x1b[0mRay, Ann" in lines
    assert "\x1b[1;33mprice\x1b[0m [31m rose ." in lines


def test_stretches_around_hits_do_not_overlap() -> None:
    text = " ".join(f"w{number} gas" for number in range(200))
    found = list(excerpts(text, Word("gas", 1), "text"))
    assert len(found) > 3
    assert sum(each.hit for pieces in found for each in pieces) == 200
    joined = "".join(each.text for pieces in found for each in pieces)
    assert joined.replace("…", "") == text


def test_a_pager_is_given_the_same(case: Case) -> None:
    told = run(case, "1", "--query", "gas w/2 price")
    assert run(case, "1", "--query", "gas w/2 price", "--pager").stdout == told.stdout


def test_pieces_parted_by_lines() -> None:
    pieces = [Piece("a\nb ", False), Piece("c\nd", True), Piece("\ne", False)]
    for lines in range(5):
        kept, left = first_lines(pieces, lines)
        texts = ["".join(each.text for each in part) for part in (kept, left)]
        whole = ["a", "b c", "d", "e"]
        assert texts == ["\n".join(whole[:lines]), "\n".join(whole[lines:])]
    assert first_lines(pieces, 2)[0][-1] == Piece("c", True)


def test_lines_stay_and_control_characters_do_not() -> None:
    def plain(text: str) -> str:
        return shown(Piece(text, False)).text

    assert plain("a\r\nb\rc\x0cd\u2028e\tf") == "a\nb\nc\nd\ne\tf"
    assert plain("\x07\u202eevil\u2066\x9b1m") == "  evil  1m"
    assert plain("می\u200cخواهم") == clean("می\u200cخواهم") == "می\u200cخواهم"


def test_dates_at_the_ends_of_time(case: Case) -> None:
    zone = case.settings.zone
    assert times.zoned("2001-12-14T03:30:00Z", zone) == "2001-12-13 22:30 EST"
    assert times.zoned("0001-01-01T00:00:00Z", zone) == "0001-01-01 00:00 UTC"
    assert times.zoned(None, zone) == ""


def test_a_document_that_was_not_read_yet(case: Case) -> None:
    waiting = {"state": "collected", "disposition": "pending", "text_chars": 0}
    add(case, [Doc(None, Fields(), waiting)])
    assert run(case, "20").stdout.endswith("\n\n(not read yet: run redwell process)\n")
