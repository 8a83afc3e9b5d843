"""A document as a reviewer reads it: nothing in it reaches the terminal but text."""

import json
from pathlib import Path

from click.testing import CliRunner

import cli
from records import tables
from records.errors import SelectionError
from records.fields import Address, Fields
from review import document_notes, panel, tags
from review.reading import plain, read
from tests.index_cases import Doc, case_with

MAIL = Fields(
    sender=(Address("Ann\x1b[31m", "ann@x.com"),),
    to=(Address("", "bob@x.com"), Address("Eve", "eve@x.com")),
    subject="gas\r\nBcc: nobody",
    sent_at="2024-02-05T03:41:00Z",
)


def test_what_is_shown(tmp_path: Path) -> None:
    docs = [
        Doc("first\x1b[2J\r\nsecond", MAIL, {"pages": 2, "ocr_pages": [1]}),
        Doc(None, extra={"family_id": 1, "position": 1}),
    ]
    with case_with(tmp_path / "case", docs) as case:
        with case.write() as connection:
            row = {"thread_id": 1, "position": 0, "depth": 0, "basis": "none"}
            connection.execute(tables.threads.insert().values(document_id=1, **row))
        panel.add_group(case, "Call", tags=("Privileged",))
        tags.change(case, "add", "Privileged", [1], {}, basis="advice")
        document_notes.add(case, "ask\ncounsel", [1], {})
        found = read(case, 1)
        assert (found.sender, found.to) == (
            "Ann [31m <ann@x.com>",
            ("bob@x.com", "Eve <eve@x.com>"),
        )
        assert (found.date, found.title) == ("2024-02-04 22:41 EST", "gas Bcc: nobody")
        assert (found.text, found.pages, found.thread) == ("first [2J\nsecond", 2, "RW-00000001")
        assert found.tags == ("Call: Privileged (advice)",)
        assert found.notes[0].endswith(": ask counsel")
        assert found.family == ("RW-00000001", "RW-00000002")
        assert read(case, 1, with_tags=False).tags == ()
        folder = ["--case", str(case.folder)]
        shown = CliRunner().invoke(cli.redwell, ["show", "RW-00000001", "--lines", "1", *folder])
        assert "OCR:       1 pages wait for it: the text lacks them" in shown.stdout
        assert shown.stdout.endswith("\n\nfirst [2J\n… 1 more lines\n")
        shown = CliRunner().invoke(cli.redwell, ["show", "2", *folder])
        assert shown.stdout.endswith("\n\n(no text)\n")
        shown = CliRunner().invoke(cli.redwell, ["show", "2", "--json", *folder])
        assert json.loads(shown.stdout)["text"] == ""
        shown = CliRunner().invoke(cli.redwell, ["show", "3", *folder])
        assert isinstance(shown.exception, SelectionError)


def test_lines_stay_and_control_characters_do_not() -> None:
    assert plain("a\r\nb\rc\x0cd\u2028e\tf") == "a\nb\nc\nd\ne\tf"
    assert plain("\x07\u202eevil\u2066\x9b1m") == "  evil  1m"
    assert plain("می\u200cخواهم") == "می\u200cخواهم"
