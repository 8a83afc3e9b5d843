"""XLS, ODS and XLSB redacted by cell: by way of XLSX, with the results that were saved."""

import hashlib
import io
import re
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from openpyxl import load_workbook

from ingest.compound import Compound
from ingest.compound_write import Storage, write_compound
from produce.imaging import libreoffice
from produce.imaging.as_xlsx import as_xlsx
from produce.imaging.errors import RenderError
from produce.imaging.saved_sheets import NO_VALUE, keep_values
from produce.imaging.saved_xls import SavedSheet
from produce.plan import plan
from produce.reader import read_dat
from produce.record import items, production
from produce.redaction import record
from produce.redaction.leaks import leaks
from produce.redaction.sheets import CellBatch, CellResult, redact_range, vocabulary
from produce.redaction.told import Hidden
from produce.run import run
from records import tables
from records.case import Case
from records.codes import Code
from records.errors import RedactionError, ToolMissingError
from tests import binary_workbook as binary
from tests.produce_matter import add, matter, specification, tag
from tests.redaction_matter import pdf_text, real_workshop, with_codes
from tests.test_produce_redaction_sheets import HIDDEN, WORD, workbook

needs_libreoffice = pytest.mark.skipif(libreoffice.program() is None, reason="no LibreOffice")
EXPORTS = {"xls": "xls:MS Excel 97", "ods": "ods:calc8"}
SAVED = 777.0  # what the file says that 125 + 250 is: a result is kept, not computed


def made_workbook() -> bytes:
    """The workbook of the neighbour, a hidden sheet, chance, and a result that is none."""
    book = load_workbook(io.BytesIO(workbook()))
    book["Prices"]["A4"] = "=RAND()"
    book["Prices"]["B4"] = "=1/0"
    book["Prices"]["C4"] = True
    hidden = book.create_sheet("Away")
    hidden["A1"], hidden["A2"] = f"{WORD} away", "=A1"
    hidden.sheet_state = "hidden"
    plain = io.BytesIO()
    book.save(plain)
    out = io.BytesIO()
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            data = re.sub(
                rb"<f>B2\+B3</f><v ?/?>(</v>)?", b"<f>B2+B3</f><v>777</v>", old.read(name)
            )
            new.writestr(name, data)
    return out.getvalue()


def saved_as(kind: str, folder: Path) -> bytes:
    """It, saved by LibreOffice in an older form."""
    source = folder / "made.xlsx"
    source.write_bytes(made_workbook())
    export = EXPORTS[kind]
    fates = libreoffice.convert([source], export, folder, folder / "profile", 120)
    assert fates == {source: ""}
    return libreoffice.made(source, export, folder).read_bytes()


def xlsb() -> bytes:
    """The same in Excel's binary form, with results that LibreOffice would compute otherwise."""
    number = struct.pack("<d", SAVED)
    sum_of_1_and_2 = b"\x1e\x01\x00\x1e\x02\x00\x03"
    first = binary.sheet(
        binary.row(0, binary.record(6, binary.cell(0) + binary.text("Project"))),
        binary.row(
            1,
            binary.record(6, binary.cell(0) + binary.text(f"{WORD} project")),
            binary.record(5, binary.cell(1) + struct.pack("<d", 125)),
            binary.formula(2, 8, binary.text(f"the {WORD}"), b"\x17\x01\x00a\x00"),
        ),
        binary.row(
            2,
            binary.record(6, binary.cell(0) + binary.text("Open one")),
            binary.formula(1, 10, b"\x01", b"\x1d\x00"),
            binary.formula(2, 9, number, sum_of_1_and_2),
        ),
        binary.row(3, binary.formula(1, 11, b"\x07", b"\x1c\x07")),
    )
    away = binary.record(6, binary.cell(0) + binary.text(f"{WORD} away"))
    return binary.binary_workbook(first, binary.sheet(binary.row(0, away)))


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with matter(tmp_path) as opened:
        with_codes(opened)
        yield opened


def _rows(volume: Path) -> dict[str, str]:
    (row,) = read_dat(volume / f"DATA/{volume.name}.dat").records
    return dict(row)


def _of(case: Case, name: str) -> tuple[str, str]:
    with case.read() as connection:
        (item,) = items(connection, production(connection, name).id)
    return str(item.treatment), item.reason


@needs_libreoffice
@pytest.mark.heavy
@pytest.mark.parametrize("kind", ["xls", "ods", "xlsb"])
def test_a_new_native_in_xlsx_with_the_results_that_were_saved(
    kind: str, case: Case, tmp_path: Path
) -> None:
    data = xlsb() if kind == "xlsb" else saved_as(kind, tmp_path)
    away = "Secret" if kind == "xlsb" else "Away"
    add(case, 1, name=f"prices.{kind}", type_=kind, data=data, text=f"{WORD} prices")
    tag(case, "Responsive", [1])
    (made,) = redact_range(case, 1, "Prices", "A2:C2", "PII")
    assert made.drawn.found.split("\n") == [f"{WORD} project", "125", f"the {WORD}"]
    assert made.drawn.native_sha256 == hashlib.sha256(data).hexdigest()
    redact_range(case, 1, away, "A:A", "PII")
    found = plan(case, specification(kind="pdf"))
    kinds = "redacted by cell, and converted for it by LibreOffice"
    assert found.conflicts[kinds] == ("RW-00000001",)
    volume = Path(run(case, "ABC_PROD001", real_workshop()).folder)
    row = _rows(volume)
    assert row["NativeLink"] == ".\\NATIVES\\0001\\ABC0000001.xlsx"
    native = volume / "NATIVES/0001/ABC0000001.xlsx"
    new = native.read_bytes()
    told = (row["FileExt"], row["SHA256"], row["MD5"], row["FileSize"], row["Redacted"])
    digests = hashlib.sha256(new).hexdigest(), hashlib.md5(new).hexdigest()
    assert told == ("xlsx", *digests, str(len(new)), "Y")
    book = load_workbook(native)
    states = {sheet.title: sheet.sheet_state for sheet in book.worksheets}
    assert states["Prices"] == "visible"
    assert states[away] == ("veryHidden" if kind == "xlsb" else "hidden")
    prices = book["Prices"]
    shown = [[cell.value for cell in cells] for cells in prices["A2:C3"]]
    assert shown[0] == ["[PII]", "[PII]", "[PII]"]
    assert (shown[1][0], shown[1][2]) == ("Open one", SAVED)
    assert prices["B4"].value == "#DIV/0!"
    assert all(
        cell.data_type != "f" for sheet in book for line in sheet.iter_rows() for cell in line
    )
    assert book[away]["A1"].value == "[PII]"
    assert list(leaks(new, HIDDEN.without(Hidden(vocabulary())))) == []
    text = (volume / "TEXT/0001/ABC0000001.txt").read_text()
    assert WORD not in text
    assert "777" in text
    plan(case, specification("ABC_PROD002", kind="pdf"))
    again = Path(run(case, "ABC_PROD002", real_workshop()).folder)
    assert next(again.glob("NATIVES/0001/*")).read_bytes() == new


@needs_libreoffice
@pytest.mark.heavy
def test_what_cannot_be_converted_is_refused_where_it_is_drawn(case: Case, tmp_path: Path) -> None:
    ods = saved_as("ods", tmp_path)
    long = "P" * 40  # XLSX takes 31 letters
    renamed = _with_part(
        ods, "content.xml", lambda each: each.replace(b'"Prices"', f'"{long}"'.encode())
    )
    for number, (kind, data, sheet, why) in enumerate(
        (
            ("xls", b"old", "Prices", "no workbook of Excel 5 or later"),
            ("ods", b"PK broken", "Prices", "damaged workbook"),
            ("ods", renamed, long, "its sheets are others as XLSX"),
            ("ods", ods, "Nowhere", "there is no sheet 'Nowhere'"),
            ("xlsb", xlsb()[:900], "Prices", "damaged workbook"),
        ),
        1,
    ):
        add(case, number, type_=kind, data=data, text="old")
        with pytest.raises(RedactionError, match=rf"{why}.*Withhold it, or put a copy"):
            redact_range(case, number, sheet, "A2", "PII")
    with case.read() as connection:
        assert record.listing(connection) == []


def _with_part(package: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, change(data) if name == part else data)
    return out.getvalue()


@needs_libreoffice
@pytest.mark.heavy
def test_where_it_cannot_be_made_nothing_of_it_is_produced(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(case, 1, name="prices.xlsb", type_="xlsb", data=xlsb(), text=f"{WORD} prices")
    tag(case, "Responsive", [1])
    redact_range(case, 1, "Prices", "A2:C2", "PII")
    plan(case, specification(kind="pdf"))
    with pytest.raises(ToolMissingError, match="imaged or converted"):
        run(case, "ABC_PROD001", real_workshop(office=lambda: False))
    volume = Path(
        run(case, "ABC_PROD001", real_workshop(office=lambda: False, slip_missing=True)).folder
    )
    assert _of(case, "ABC_PROD001") == ("slip", "LibreOffice is not installed; it is redacted")
    _require_nothing(volume)

    def fail(batch: CellBatch) -> tuple[CellResult, ...]:
        return (CellResult(batch.jobs[0].document_id, None, (), f"there is no sheet '{WORD}'"),)

    monkeypatch.setattr("produce.redaction.apply.cell_batch", fail)
    plan(case, specification("ABC_PROD002", kind="pdf"))
    volume = Path(run(case, "ABC_PROD002", real_workshop()).folder)
    assert _of(case, "ABC_PROD002") == ("slip", "cells could not be redacted; it is redacted")
    _require_nothing(volume)
    n = tables.notes.c
    with case.read() as connection:
        notes = connection.execute(sa.select(n.code, n.message)).all()
    assert notes[-1].code == "unsupported"
    assert "not redacted by cell, and so not produced: there is no sheet" in notes[-1].message


def _require_nothing(volume: Path) -> None:
    row = _rows(volume)
    assert (row["NativeLink"], row["SHA256"], row["Redacted"]) == ("", "", "Y")
    assert not list(volume.glob("NATIVES/*/*"))
    assert (volume / row["TextLink"][2:].replace("\\", "/")).read_bytes() == b""


def test_without_libreoffice_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libreoffice, "program", lambda: None)
    with pytest.raises(RenderError, match="LibreOffice is not installed: it turns XLS into XLSX"):
        as_xlsx(tmp_path / "a.xls", "xls", tmp_path, 60)


VALUE = b' office:value-type="float" office:value="7">'
KEPT = b"<table:table-cell" + VALUE


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (b'<table:table-cell table:formula="of:=A1&gt;2"' + VALUE, KEPT),
        (b"<table:table-cell table:formula='of:=\">\"'" + VALUE, KEPT),
        (KEPT, KEPT),
        (
            b'<table:table-cell table:number-matrix-columns-spanned="1" '
            b'table:number-matrix-rows-spanned="2" table:formula="of:=A1" '
            b'table:style-name="x"' + VALUE,
            b'<table:table-cell table:style-name="x"' + VALUE,
        ),
        (b'<table:table-cell table:formula="of:=TRUE()" office:value="1"/>', None),
        (
            b'<table:table-cell table:formula="of:=1/0" office:value-type="string" '
            b'office:string-value="" calcext:value-type="error">',
            b'<table:table-cell office:value-type="string" calcext:value-type="error">',
        ),
        (
            b'<table:covered-table-cell table:formula="of:=A1"/>',
            b'<table:covered-table-cell office:value-type="string" office:string-value="'
            + NO_VALUE.encode()
            + b'" calcext:value-type="string"/>',
        ),
    ],
)  # fmt: skip
def test_cells_of_an_ods_keep_what_stands_in_them(
    given: bytes, kept: bytes | None, tmp_path: Path
) -> None:
    head = b'<office:d xmlns:office="o" xmlns:table="t" xmlns:calcext="c"><office:spreadsheet>'
    head += b'<table:table table:name="One &amp; all">'
    tail = b"</table:table></office:spreadsheet></office:d>"
    close = b"" if given.endswith(b"/>") else b"</table:table-cell>"
    path = tmp_path / "a.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("content.xml", head + given + close + tail)
    assert keep_values(path, "ods") == (SavedSheet("One & all"),)
    with zipfile.ZipFile(path) as archive:
        assert archive.read("content.xml") == head + (kept or given) + close + tail


@needs_libreoffice
@pytest.mark.heavy
def test_an_xls_keeps_its_places_and_its_sheets(tmp_path: Path) -> None:
    path = tmp_path / "a.xls"
    path.write_bytes(saved_as("xls", tmp_path))
    before = _stream(path)
    assert struct.pack("<d", SAVED) in before
    sheets = keep_values(path, "xls")
    assert [each.name for each in sheets] == ["Prices", "Second", "Away"]
    assert [each.state for each in sheets] == ["visible", "visible", "hidden"]
    after = _stream(path)
    assert len(after) == len(before)
    assert 0x0006 in _numbers(before)
    assert 0x0006 not in _numbers(after)
    encrypted = bytearray(before)
    place = before.index(struct.pack("<HH", 0x0042, 2))  # the code page, made FILEPASS
    encrypted[place : place + 2] = struct.pack("<H", 0x002F)
    path.write_bytes(write_compound(Storage(streams=[("Workbook", bytes(encrypted))])))
    with pytest.raises(RenderError) as refused:
        keep_values(path, "xls")
    assert refused.value.code == Code.ENCRYPTED


def _stream(path: Path) -> bytes:
    compound = Compound(path.read_bytes())
    return compound.stream(compound.children(compound.root)["WORKBOOK"])


def _numbers(data: bytes) -> list[int]:
    found, at = [], 0
    while at + 4 <= len(data):
        number, size = struct.unpack_from("<HH", data, at)
        found.append(number)
        at += 4 + size
    return found


def test_sheets_of_xlsx_keep_their_results_where_all_have_one(tmp_path: Path) -> None:
    head, tail = b'<s:sheetData><c r="A1"><v>1</v></c>', b"</s:sheetData>"
    cells = (
        (b'<c r="B1"><f>A1+1</f><v>7</v></c>', b'<c r="B1"><v>7</v></c>'),
        (b'<c r="B2" t="str"><f t="shared" si="0"/><v></v></c>', b'<c r="B2" t="str"><v></v></c>'),
        (b'<x:c r="B3" s="1"><x:f>A1&lt;2</x:f><x:v>0</x:v></x:c>',
         b'<x:c r="B3" s="1"><x:v>0</x:v></x:c>'),
    )  # fmt: skip
    given, kept = (b"".join(each[side] for each in cells) for side in (0, 1))
    for more, wanted in ((b"", kept), (b'<c r="B4"><f>NOW()</f><v/></c>', given)):
        path = tmp_path / "a.xlsx"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("xl/worksheets/sheet1.xml", head + given + more + tail)
        assert keep_values(path, "xlsx") == ()
        with zipfile.ZipFile(path) as archive:
            assert archive.read("xl/worksheets/sheet1.xml") == head + wanted + more + tail


@needs_libreoffice
@pytest.mark.heavy
@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])
def test_printed_pages_show_the_results_that_were_saved(
    kind: str, case: Case, tmp_path: Path
) -> None:
    data = made_workbook() if kind == "xlsx" else saved_as(kind, tmp_path)
    if kind == "xlsx":  # a result for each formula, as Excel saves them
        data = _with_part(data, "xl/worksheets/sheet1.xml", _with_results)
    add(case, 1, name=f"prices.{kind}", type_=kind, data=data, text="prices")
    tag(case, "Responsive", [1])
    plan(case, specification(kind="pdf", sheets="printed"))
    volume = Path(run(case, "ABC_PROD001", real_workshop()).folder)
    shown = pdf_text(volume / "IMAGES/0001/ABC0000001.pdf")
    assert "777" in shown
    assert "375" not in shown


def _with_results(data: bytes) -> bytes:
    return re.sub(rb"</f><v ?/?>(</v>)?(?=</c>)", b"</f><v>0.5</v>", data)
