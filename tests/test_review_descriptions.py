"""What a privilege log says of documents: enough, and nothing of what they say."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from records import audit
from records.case import Case
from records.errors import SelectionError, TagError
from records.fields import Fields
from records.sheets import Sheet
from records.workbooks import Book
from review.descriptions import Described, describe, descriptions, read_file, repeats
from review.privilege_commands import privilege_group
from tests.index_cases import Doc, case_with

SAID = "E-mail from client to counsel asking for advice on the charter"


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    docs = [
        Doc("We ought to settle for two million before the hearing.", Fields(subject="Settle it")),
        Doc("Nothing much", Fields(subject="Exit from the Kestrel deal")),
        Doc(None, Fields(title="Memorandum")),
    ]
    with case_with(tmp_path / "case", docs) as case:
        yield case


def run(case: Case, *arguments: str) -> Result:
    return CliRunner().invoke(privilege_group, ["describe", *arguments, "--case", str(case.folder)])


def test_the_newest_holds_and_all_is_on_record(case: Case) -> None:
    assert describe(case, {1: SAID, 2: SAID}, {}) == Described(2, 0)
    assert describe(case, {1: f" {SAID}\n", 3: "Note of an attorney"}, {}) == Described(1, 1)
    assert describe(case, {1: "Another thing altogether", 2: ""}, {}) == Described(2, 0)
    with case.read() as connection:
        assert descriptions(connection, [1, 2, 3]) == {
            1: "Another thing altogether",
            3: "Note of an attorney",
        }
        acts = [each.act for each in audit.entries(connection)]
    assert acts.count("privilege described") == 3


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({1: "Privileged"}, "does not describe"),
        ({1: "x " * 600}, "at most 1,000"),
        ({1: "Advice that we ought to SETTLE, for two million"}, "repeat"),
        ({2: "On the exit from the Kestrel deal"}, "'exit from the kestrel deal'"),
        ({3: "Good enough for this one", 1: "no"}, "does not describe"),
    ],
)
def test_what_tells_too_little_or_too_much_is_refused(
    case: Case, said: dict[int, str], why: str
) -> None:
    with pytest.raises(TagError, match=why):
        describe(case, said, {})
    with case.read() as connection:
        assert descriptions(connection, [1, 2, 3]) == {}


def test_quotes_may_be_allowed_and_unknown_documents_not(case: Case) -> None:
    assert describe(case, {2: "Exit from the Kestrel deal"}, {}, quotes=True).changed == 1
    with pytest.raises(SelectionError, match="RW-00000009"):
        describe(case, {9: SAID}, {})


def test_how_much_is_a_repetition() -> None:
    text = "one two three four five six seven"
    assert repeats("said one two three four five", (), text) == ()
    assert repeats("said one two three four five six", (), text) == tuple(text.split()[:6])
    assert repeats("about the Kestrel deal", ("Kestrel deal",), "") == ()  # two words say little
    assert repeats("about the kestrel-deal now", ("Kestrel deal now",), "")
    assert repeats("about it", (), "") == ()


@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_a_log_that_was_gone_over_is_read_back(case: Case, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"log{ending}"
    rows = [("P-1", "RW-00000001", SAID), ("P-2", "RW-00000003", "=Memo of an attorney")]
    columns = ("LogID", "ControlNumber", "Description")
    with path.open("wb") as file:
        if ending == ".csv":
            sheet = Sheet(file.write, columns)
            for row in rows:
                sheet.row(*row)
        else:
            book = Book()
            book.sheet("log", columns, rows)
            book.save(file)
    assert read_file(path) == {1: SAID, 3: "=Memo of an attorney"}
    assert run(case, "--sheet", str(path)).stdout == "2 documents described\n"
    assert run(case, "--sheet", str(path)).stdout == "0 documents described, 2 had it already\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a,b\n1,2\n", "ControlNumber and Description"),
        ("", "found nothing"),
        ("ControlNumber,Description\n", "describes no document"),
        ("ControlNumber,Description\nRW-1\n", "row 2"),
        ("ControlNumber,Description\nRW-1,a b c\nRW-00000001,a b d\n", "a second time"),
        ('ControlNumber,Description\n"RW-1', "is no CSV"),
    ],
)
def test_a_sheet_that_cannot_be_read(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "log.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TagError, match=why):
        read_file(path)


def test_a_workbook_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "log.xlsx"
    path.write_bytes(b"PK\x03\x04rubbish")
    with pytest.raises(TagError, match="cannot be read as a workbook"):
        read_file(path)


def test_the_command(case: Case, tmp_path: Path) -> None:
    assert run(case, SAID, "--ids", "RW-1,RW-2").stdout == "2 documents described\n"
    assert '"changed": 1' in run(case, "", "--ids", "RW-1", "--json").stdout
    for arguments in ((), (SAID,), (SAID, "--sheet", str(tmp_path)), ("--ids", "RW-1")):
        assert run(case, *arguments).exit_code == 2
