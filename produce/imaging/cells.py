"""Spreadsheets redacted by cell: a new one is made of the values that are left.

Nothing of the old file is carried over but values, the names and states of sheets, widths of
columns and built-in number formats. Formulas become the values that they last had; comments, shared
strings, defined names, charts, pivot tables and their caches, pictures, macros, links, styles and
properties stay behind. A cell that is redacted shows the code of its reason.
"""

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font, PatternFill
from openpyxl.styles.numbers import BUILTIN_FORMATS_REVERSE
from openpyxl.utils import get_column_letter, range_boundaries
from openpyxl.utils.exceptions import InvalidFileException

from produce.imaging.errors import RenderError
from produce.imaging.saved_sheets import NO_VALUE
from produce.imaging.saved_xls import SavedSheet
from records.codes import Code

WORKBOOKS = frozenset({"xlsx", "xlsm"})
TABLES = frozenset({"csv", "tsv"})
_STAMP = (1980, 1, 1, 0, 0, 0)
_TIME = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
_CONSTANT = re.compile(r"=(?:TRUE\(\)|FALSE\(\)|NA\(\)|#[A-Z0-9/!?]+)?")
_BLACK = PatternFill("solid", fgColor="FF000000")
_WHITE = Font(color="FFFFFFFF")

type Bounds = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class CellMark:
    """Cells to be redacted, as A1:B2, A:C or 3:5; a table of text has one sheet without a name."""

    sheet: str
    cells: str
    code: str


@dataclass(slots=True)
class _Sheet:
    """A sheet of values."""

    name: str
    state: str
    rows: list[list[tuple[Any, str]]]  # value and number format
    widths: dict[str, float]


def values_in(
    source: Path, kind: str, sheet: str, cells: str, original: Sequence[SavedSheet] = ()
) -> list[str]:
    """The values of a range, those that are empty left out; raises `RenderError` for no range.

    Of a workbook that was converted `original` are the sheets it had.
    """
    read = _read(source, kind, original)
    found = next((each for each in read if each.name == sheet), None)
    if found is None:
        raise RenderError(Code.CORRUPT, f"there is no sheet {sheet!r}")
    bounds = bounds_of(cells)
    return [
        _shown(value)
        for row, line in enumerate(found.rows, 1)
        for column, (value, _) in enumerate(line, 1)
        if value is not None and _inside(bounds, row, column)
    ]


def bounds_of(cells: str) -> Bounds:
    """First column, first row, last column, last row of a range, from 1; raises `RenderError`."""
    try:
        left, top, right, bottom = range_boundaries(cells.replace("$", "").upper())
    except (ValueError, TypeError) as error:
        raise RenderError(Code.CORRUPT, f"{cells!r} is no range as A1:B2") from error
    return left or 1, top or 1, right or 16_384, bottom or 1_048_576


def _inside(bounds: Bounds, row: int, column: int) -> bool:
    return bounds[1] <= row <= bounds[3] and bounds[0] <= column <= bounds[2]


def redact_cells(
    source: Path,
    kind: str,
    marks: Sequence[CellMark],
    target: Path,
    original: Sequence[SavedSheet] = (),
) -> str:
    """Write the new file; the text of what is left. Same in, same out."""
    sheets = list(_read(source, kind, original))
    names = {each.name for each in sheets}
    odd = [each.sheet for each in marks if each.sheet not in names]
    if odd:
        raise RenderError(Code.CORRUPT, f"there is no sheet {odd[0]!r}")
    for sheet in sheets:
        _redact(sheet, [each for each in marks if each.sheet == sheet.name])
    if kind in TABLES:
        _write_table(sheets[0], kind, target)
    else:
        _write_book(sheets, target)
    return "\n".join(_text(sheet) for sheet in sheets)


def _redact(sheet: _Sheet, marks: Sequence[CellMark]) -> None:
    for mark in marks:
        bounds = bounds_of(mark.cells)
        for row in range(bounds[1], min(bounds[3], len(sheet.rows)) + 1):
            line = sheet.rows[row - 1]
            for column in range(bounds[0], min(bounds[2], len(line)) + 1):
                if line[column - 1][0] is not None:
                    line[column - 1] = (_Code(mark.code), "General")


class _Code(str):
    """The code that stands in a redacted cell."""

    __slots__ = ()


def _text(sheet: _Sheet) -> str:
    lines = ("\t".join(_shown(value) for value, _ in row).rstrip("\t") for row in sheet.rows)
    return "\n".join([*([sheet.name] if sheet.name else []), *lines]).rstrip("\n")


def _shown(value: Any) -> str:
    if isinstance(value, _Code):
        return f"[{value}]"
    return "" if value is None else str(value)


def _read(source: Path, kind: str, original: Sequence[SavedSheet] = ()) -> Iterator[_Sheet]:
    if kind in TABLES:
        yield _table(source, kind)
    elif kind in WORKBOOKS:
        yield from _book(source, original)
    else:
        raise RenderError(Code.UNSUPPORTED, f"cells of the type {kind} cannot be redacted")


def _table(source: Path, kind: str) -> _Sheet:
    from ingest.text import decode_text

    text = decode_text(source.read_bytes(), None)[0]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text, kind))
    return _Sheet("", "visible", [[(each or None, "") for each in row] for row in rows], {})


def _delimiter(text: str, kind: str) -> str:
    if kind == "tsv":
        return "\t"
    first = text.partition("\n")[0]
    return max(",;\t|", key=first.count) if first else ","


def _book(source: Path, original: Sequence[SavedSheet]) -> Iterator[_Sheet]:
    data = source.read_bytes()
    try:
        with warnings.catch_warnings(action="ignore"):
            values = load_workbook(io.BytesIO(data), data_only=True, keep_links=False)
            formulas = load_workbook(io.BytesIO(data), data_only=False, keep_links=False)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise RenderError(Code.CORRUPT, "damaged workbook", str(error)) from error
    if original:
        _require_same(formulas, original)
    states = {each.name: each.state for each in original if each.state != "visible"}
    for sheet in values.worksheets:
        other = formulas[sheet.title]
        rows = [
            [(_value(cell, other), str(cell.number_format)) for cell in row]
            for row in sheet.iter_rows(max_row=sheet.max_row, max_col=sheet.max_column)
        ]
        widths = {
            name: float(each.width)
            for name, each in sheet.column_dimensions.items()
            if each.width and not each.hidden
        }
        yield _Sheet(sheet.title, states.get(sheet.title, sheet.sheet_state), rows, widths)


def _require_same(book: Workbook, original: Sequence[SavedSheet]) -> None:
    """Raise `RenderError` where conversion changed the sheets, or left something to compute."""
    wanted, found = [each.name for each in original], [sheet.title for sheet in book.worksheets]
    if wanted != found:
        raise RenderError(
            Code.UNSUPPORTED, "its sheets are others as XLSX", f"{wanted} have become {found}"
        )
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f" and not _CONSTANT.fullmatch(str(cell.value)):
                    where = f"{sheet.title}!{cell.coordinate}"
                    raise RenderError(
                        Code.UNSUPPORTED, "a formula is left that would be computed anew", where
                    )


def _value(cell: Any, formulas: Any) -> Any:
    """The value; of a formula that was never calculated there is none."""
    if cell.value is None and formulas.cell(cell.row, cell.column).value is not None:
        return NO_VALUE
    return cell.value


def _write_table(sheet: _Sheet, kind: str, target: Path) -> None:
    with target.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter="\t" if kind == "tsv" else ",")
        writer.writerows([[_shown(value) for value, _ in row] for row in sheet.rows])


def _write_book(sheets: Sequence[_Sheet], target: Path) -> None:
    book = Workbook()
    book.remove(book.worksheets[0])
    for each in sheets:
        sheet = book.create_sheet(each.name)
        sheet.sheet_state = each.state
        for name, width in each.widths.items():
            sheet.column_dimensions[name].width = width
        for row, line in enumerate(each.rows, 1):
            for column, (value, form) in enumerate(line, 1):
                if value is not None:
                    _write(sheet[f"{get_column_letter(column)}{row}"], value, form)
    target.write_bytes(_saved(book))


def empty_book() -> bytes:
    """A workbook with a number, a text, a code and sheets of each state: all that ours name."""
    book = Workbook()
    _write(book.worksheets[0]["A1"], 1, "General")
    _write(book.worksheets[0]["A2"], "0", "General")
    _write(book.worksheets[0]["A3"], _Code("0"), "General")
    for state in ("hidden", "veryHidden"):
        book.create_sheet("0" + state[:1]).sheet_state = state
    return _saved(book)


def _saved(book: Workbook) -> bytes:
    data = io.BytesIO()
    book.save(data)
    return _settled(data.getvalue())


def _write(cell: Any, value: Any, form: str) -> None:
    if isinstance(value, _Code):
        cell.value, cell.data_type = f"[{value}]", "s"
        cell.fill, cell.font = _BLACK, _WHITE
        return
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"  # what begins with = is a text here, too
    elif form in BUILTIN_FORMATS_REVERSE:  # one of its own may hold words
        cell.number_format = form


def _settled(data: bytes) -> bytes:
    """The same workbook without the time it was written at."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                content = _TIME.sub(rb"\g<1>1980-01-01T00:00:00Z", content)
            new.writestr(zipfile.ZipInfo(name, _STAMP), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()
