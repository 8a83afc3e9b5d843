"""Spreadsheets as they were saved: each formula replaced by the result that stands with it.

LibreOffice computes formulas of ODS and XLS anew when it opens them, and dates of today and chance
in any workbook. What counts is the result that the file held when it was collected. Headers and
footers lose what would tell of the copy (`headings`), comments no longer cover cells
(`shown_notes`).
"""

import re
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

from process.hidden import Findings
from process.hidden_package import NotPackageError, Package
from process.hidden_xlsb import read_varied
from produce.imaging import headings, shown_notes
from produce.imaging.errors import RenderError
from produce.imaging.packages import rewrite
from produce.imaging.saved_xls import SavedSheet, keep_xls
from records.codes import Code

NO_VALUE = "[value not kept in the file]"
_QUOTED = rb"""(?:"[^"]*"|'[^']*')"""
# OpenDocument 1.3 part 3, 9.1.4: a cell and its attributes.
_CELL = re.compile(
    rb"<(?:[\w.-]+:)?(?:covered-)?table-cell(?:\s+[\w.:-]+\s*=\s*" + _QUOTED + rb")+\s*/?>"
)
_FORMULA = re.compile(rb"\s(?:[\w.-]+:)?formula\s*=\s*(" + _QUOTED + rb")")
_MATRIX = re.compile(rb"\s(?:[\w.-]+:)?number-matrix-\w+-spanned\s*=\s*" + _QUOTED)
_TYPED = re.compile(rb"\soffice:value-type\s*=")
_IS_ERROR = re.compile(rb"""\scalcext:value-type\s*=\s*["']error["']""")
_STRING = re.compile(rb"\soffice:string-value\s*=\s*" + _QUOTED)
_CONSTANT = re.compile(rb"""["'](?:of:)?=(?:TRUE|FALSE)\(\)["']""")
_ANY_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_WITH_FORMULA = re.compile(
    rb"(<(?:\w+:)?c(?:\s+[\w.:-]+\s*=\s*" + _QUOTED + rb")*\s*>\s*)"
    rb"<(?:\w+:)?f(?:\s+[\w.:-]+\s*=\s*" + _QUOTED + rb")*\s*"
    rb"(?:/>|>[^<]*</(?:\w+:)?f>)\s*(<(?:\w+:)?v(?:\s[^<>]*)?(?:/>|>[^<]*))"
)
_IS_TEXT = re.compile(rb"""\st\s*=\s*["']str["']""")
_NONE = (
    f' office:value-type="string" office:string-value="{NO_VALUE}" calcext:value-type="string"'
).encode()
# Excel's binary workbooks, [MS-XLSB] 2.3.2: a formula and its result → the result alone.
_WITH_RESULT = {8: 6, 9: 5, 10: 4, 11: 3}  # of text, number, truth, error
_OF_FORMULAS = frozenset({426, 427, 428})  # arrays, shared formulas, data tables
_BUNDLE = 156
_PAGE_SETUP, _HEADING = 478, 479
_STATES = {1: "hidden", 2: "veryHidden"}


def keep_values(path: Path, kind: str) -> tuple[SavedSheet, ...]:
    """Rewrite a workbook at `path` in place; its sheets, of XLS, ODS and XLSB alone.

    A sheet of XLSX keeps its formulas where the result of one of them was not saved. Raises
    `RenderError`.
    """
    if kind == "xls":
        return keep_xls(path)
    if kind != "ods":
        rewrite(path, shown_notes.is_drawing, shown_notes.of_drawing)
    if kind in ("xlsx", "xlsm"):
        rewrite(
            path,
            lambda name: _is_sheet(name, ".xml"),
            lambda data: shown_notes.of_xml(headings.of_xml(_kept_results(data))),
        )
        return ()
    try:
        if kind == "ods":
            rewrite(
                path,
                lambda name: name in ("content.xml", "styles.xml"),
                _of_part,
            )
            return _of_open_document(path)
        rewrite(path, lambda name: _is_sheet(name, ".bin"), _kept_records)
        return _of_binary(path)
    except NotPackageError as error:
        raise _damaged(str(error)) from error
    except (struct.error, IndexError) as error:
        raise _damaged("a record is cut short") from error


def _of_part(part: bytes) -> bytes:
    """A part of an OpenDocument spreadsheet, without what is not to be printed."""
    return shown_notes.of_open_document(headings.of_open_document(_kept_cells(part)))


def _damaged(why: str) -> RenderError:
    return RenderError(Code.CORRUPT, "damaged workbook", why)


def _kept_cells(data: bytes) -> bytes:
    return _CELL.sub(lambda match: _kept_cell(match.group()), data)


def _kept_cell(cell: bytes) -> bytes:
    formula = _FORMULA.search(cell)
    if formula is None or _CONSTANT.fullmatch(formula.group(1)):
        return cell
    cell = _MATRIX.sub(b"", _FORMULA.sub(b"", cell, count=1))
    if _IS_ERROR.search(cell):  # what it shows is then its paragraph
        return _STRING.sub(b"", cell)
    if _TYPED.search(cell):
        return cell
    end = -2 if cell.endswith(b"/>") else -1
    return cell[:end] + _NONE + cell[end:]


def _of_open_document(path: Path) -> tuple[SavedSheet, ...]:
    sheets: list[SavedSheet] = []
    above: list[str] = []

    def start(name: str, attributes: Mapping[str, str]) -> None:
        if name == "table" and above[-1:] == ["spreadsheet"]:
            sheets.append(SavedSheet(attributes.get("name", "")))
        above.append(name)

    def end(_: str) -> None:
        above.pop()

    findings = Findings()
    with Package(path, findings) as package:
        package.parse(package.read("content.xml"), start, end)
    if findings.faults:
        raise _damaged("; ".join(findings.faults))
    return tuple(sheets)


def _is_sheet(name: str, ending: str) -> bool:
    return name.startswith("xl/") and "sheets/" in name and name.endswith(ending)


def _kept_results(data: bytes) -> bytes:
    """A sheet of XLSX without its formulas, if each has its result (ECMA-376 part 1, 18.3.1.40)."""
    count = 0

    def kept(match: re.Match[bytes]) -> bytes:
        nonlocal count
        count += not match[2].endswith(b">") or _IS_TEXT.search(match[1]) is not None
        return match[1] + match[2]

    plain = _WITH_FORMULA.sub(kept, data)
    return plain if count == len(_ANY_FORMULA.findall(data)) else data


def _kept_records(data: bytes) -> bytes:
    kept = []
    for number, begin, at, end in _records(data):
        if number in _WITH_RESULT:
            body = _result(number, data[at:end])
            kept.append(bytes([_WITH_RESULT[number], *_varied(len(body))]) + body)
        elif number == _HEADING:
            body = headings.of_binary(data[at:end])
            kept.append(data[begin : begin + 2] + bytes(_varied(len(body))) + body)
        elif number == _PAGE_SETUP:
            kept.append(data[begin:at] + shown_notes.of_binary(data[at:end]))
        elif number not in _OF_FORMULAS:
            kept.append(data[begin:end])
    return b"".join(kept)


def _result(number: int, body: bytes) -> bytes:
    """A cell (2.5.9) and the result behind it; texts are led by the count of their letters."""
    if number == 8:
        return body[: 12 + 2 * int(struct.unpack_from("<I", body, 8)[0])]
    return body[: 8 + (8 if number == 9 else 1)]


def _records(data: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Each record: its number, where it begins, where its body does, where it ends (2.1.4)."""
    at = 0
    while at < len(data):
        begin = at
        number, at = read_varied(data, at, 2)
        size, at = read_varied(data, at, 4)
        if at + size > len(data):
            raise _damaged("a record is cut short")
        yield number, begin, at, at + size
        at += size


def _varied(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(0x80 | (value & 0x7F))
        value >>= 7
    return bytes([*out, value])


def _of_binary(path: Path) -> tuple[SavedSheet, ...]:
    sheets = []
    findings = Findings()
    with Package(path, findings) as package:
        data = package.read("xl/workbook.bin")
    for number, _, at, _ in _records(data):
        if number == _BUNDLE:  # 2.4.311
            state, relation = struct.unpack_from("<I4xI", data, at)
            place = at + 12 + (0 if relation == 0xFFFFFFFF else 2 * relation)
            length = struct.unpack_from("<I", data, place)[0]
            name = data[place + 4 : place + 4 + 2 * length].decode("utf-16-le", "replace")
            sheets.append(SavedSheet(name, _STATES.get(state & 3, "visible")))
    if findings.faults or not sheets:
        raise _damaged("; ".join(findings.faults) or "its sheets are not listed")
    return tuple(sheets)
