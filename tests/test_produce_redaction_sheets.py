"""Spreadsheets redacted by cell: a new native of values, with no trace of what was there."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from openpyxl import Workbook, load_workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.workbook.defined_name import DefinedName

from produce.imaging.cells import redact_cells
from produce.imaging.saved_sheets import NO_VALUE
from produce.plan import plan
from produce.reader import read_dat
from produce.redact_commands import redact_group
from produce.redaction import record
from produce.redaction.leaks import leaks
from produce.redaction.record import State
from produce.redaction.sheets import redact_range, vocabulary
from produce.redaction.told import Hidden, hide
from produce.run import run
from records.case import Case
from records.errors import RedactionError
from tests.produce_matter import add, matter, specification, tag
from tests.redaction_matter import real_workshop, with_codes

WORD = "Nightjar"
HIDDEN = hide([WORD], [])


def workbook() -> bytes:
    """The word in a cell, and wherever else a workbook repeats it."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Prices"
    sheet.append(["Project", "Price"])
    sheet.append([f"{WORD} project", 125])
    sheet.append(["Open one", 250])
    sheet["C2"] = f'="the {WORD}"'
    sheet["C3"] = "=B2+B3"
    sheet["B3"].number_format = f'"{WORD}" 0'
    sheet["B2"].number_format = "0.00"
    sheet["A3"].comment = Comment(f"about {WORD}", WORD)
    sheet["A3"].hyperlink = f"http://h/{WORD}"
    assert sheet.oddHeader is not None
    sheet.oddHeader.center.text = WORD
    book.defined_names[WORD] = DefinedName(WORD, attr_text="Prices!$A$2")
    chart = BarChart()
    chart.title = WORD
    chart.add_data(Reference(sheet, min_col=2, min_row=2, max_row=3))
    sheet.add_chart(chart, "E5")
    book.properties.title = book.properties.creator = WORD
    book.create_sheet("Second")["A1"] = "kept"
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with matter(tmp_path) as opened:
        add(opened, 1, name=f"{WORD} prices.xlsx", type_="xlsx", data=workbook(), text=WORD)
        add(opened, 2, type_="csv", data=b"name;price\nNightjar;1\nother;2\n", text="Nightjar")
        add(opened, 3, type_="xls", data=b"old", text="old")
        add(opened, 4, type_="ppt", data=b"old", text="old")
        with_codes(opened)
        tag(opened, "Responsive", [1, 2])
        yield opened


def test_a_new_workbook_holds_what_is_left_and_no_trace(case: Case) -> None:
    assert [each.where for each in leaks(workbook(), HIDDEN.without(Hidden(vocabulary())))] != []
    (made,) = redact_range(case, 1, "Prices", "A2", "PII")
    assert made.drawn.found == "Nightjar project"
    redact_range(case, 1, "Prices", "c2:c2", "PII")
    redact_range(case, 2, "", "A2", "AC")
    plan(case, specification(kind="pdf"))
    volume = Path(run(case, "ABC_PROD001", real_workshop()).folder)
    rows = {
        each["ControlNumber"]: each for each in read_dat(volume / "DATA/ABC_PROD001.dat").records
    }
    told = rows["RW-00000001"]
    assert (told["Redacted"], told["FileName"], told["FileExt"]) == ("Y", "[redacted]", "xlsx")
    native = volume / told["NativeLink"][2:].replace("\\", "/")
    book = load_workbook(native)
    assert book.sheetnames == ["Prices", "Second"]
    assert [[cell.value for cell in row] for row in book["Prices"].iter_rows()] == [
        ["Project", "Price", None],
        ["[PII]", 125, "[PII]"],
        ["Open one", 250, "[value not kept in the file]"],
    ]
    assert book["Prices"]["B2"].number_format == "0.00"
    assert book["Prices"]["B3"].number_format == "General"
    data = native.read_bytes()
    assert list(leaks(data, HIDDEN.without(Hidden(vocabulary())))) == []
    with zipfile.ZipFile(native) as archive:
        assert all(WORD.encode() not in archive.read(name) for name in archive.namelist())
        assert not [name for name in archive.namelist() if "chart" in name or "comment" in name]
    text = (volume / told["TextLink"][2:].replace("\\", "/")).read_text()
    assert text.startswith("Prices\nProject\tPrice\n[PII]\t125")
    table = volume / rows["RW-00000002"]["NativeLink"][2:].replace("\\", "/")
    assert table.read_text("utf-8-sig").split() == ["name,price", "[AC],1", "other,2"]


def test_what_stands_for_a_result_that_was_not_saved_is_no_word(tmp_path: Path) -> None:
    source, target = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    book = Workbook()
    book.worksheets[0]["A1"] = "=1+1"
    book.worksheets[0]["A2"] = "the value"
    book.save(source)
    text = redact_cells(source, "xlsx", [], target)
    assert text.split("\n")[1:] == [NO_VALUE, "the value"]
    for data in (target.read_bytes(), text.encode()):
        assert {
            each.word for each in leaks(data, hide(["kept"], []).without(Hidden(vocabulary())))
        } == set()
        assert {
            each.word for each in leaks(data, hide(["the"], []).without(Hidden(vocabulary())))
        } == {"the"}


def test_that_a_sheet_is_hidden_is_no_word_of_it(tmp_path: Path) -> None:
    book = Workbook()
    for state in ("hidden", "veryHidden"):
        book.create_sheet(state[0]).sheet_state = state
    source, target = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    book.save(source)
    redact_cells(source, "xlsx", [], target)
    with zipfile.ZipFile(target) as archive:
        assert b'state="veryHidden"' in archive.read("xl/workbook.xml")
    data = target.read_bytes()
    assert list(leaks(data, hide(["hidden veryhidden"], []).without(Hidden(vocabulary())))) == []


def test_the_same_bytes_again_and_other_bytes_refused(case: Case) -> None:
    made = redact_range(case, 1, "Prices", "A2", "PII")
    plan(case, specification(kind="pdf"))
    one = Path(run(case, "ABC_PROD001", real_workshop()).folder)
    plan(case, specification("ABC_PROD002", kind="pdf"))
    two = Path(run(case, "ABC_PROD002", real_workshop()).folder)
    natives = [next(each.glob("NATIVES/0001/*.xlsx")).read_bytes() for each in (one, two)]
    assert natives[0] == natives[1]
    record.decide(case, [made[0].number], State.WITHDRAWN)


def test_what_cannot_be_redacted_by_cell_is_refused(case: Case) -> None:
    for document, sheet, cells, why in (
        (1, "Nowhere", "A1", "no sheet 'Nowhere'"),
        (1, "Prices", "first", "no range"),
        (3, "", "A1", "no workbook of Excel 5 or later|LibreOffice is not installed"),
        (4, "", "A1", "of the type ppt"),
        (9, "", "A1", "not there"),
    ):
        with pytest.raises(RedactionError, match=why):
            redact_range(case, document, sheet, cells, "PII")
    done = CliRunner().invoke(
        redact_group,
        ["cells", "RW-1", "--sheet", "Prices", "--range", "A2", "--code", "PII",
         "--case", str(case.folder)],
    )  # fmt: skip
    assert "RW-00000001 Prices!A2" in done.output
