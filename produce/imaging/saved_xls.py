"""Excel's old workbooks as they were saved: formulas replaced by their results ([MS-XLS]).

Each FORMULA record gives way to one of the value that was saved with it, in the same number of
bytes, for other records tell places in the stream; what is left over is a record that means
nothing. Headers and footers lose what tells of the copy (`headings`), comments no longer cover
cells (`shown_notes`).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest.compound import Compound, NotCompoundError
from ingest.compound_write import write_compound
from produce.imaging import headings, shown_notes
from produce.imaging.errors import RenderError
from records.codes import Code

_BOF, _BOUNDSHEET, _CODEPAGE, _CONTINUE, _FILEPASS = 0x0809, 0x0085, 0x0042, 0x003C, 0x002F
_FORMULAS = frozenset({0x0006, 0x0206, 0x0406})  # the latter two of Excel 3 and 4, met in BIFF 8
_STRING = 0x0207
_HEADINGS = frozenset({0x0014, 0x0015})
_OF_FORMULAS = frozenset({0x0221, 0x04BC, 0x0236})  # ARRAY, SHRFMLA, TABLE
_NUMBER, _LABEL, _BOOLERR, _BLANK = 0x0203, 0x0204, 0x0205, 0x0201
_NOTHING = 0x0FFF
_SPECIAL = b"\xff\xff"  # 2.5.133: the result is no number; what it is stands in its first byte
_TEXT, _BOOLEAN, _ERROR, _EMPTY = range(4)
_MODULE = 6  # a program, which old workbooks list among their sheets
_BIFF8 = 0x0600
_STATES = {1: "hidden", 2: "veryHidden"}


@dataclass(frozen=True, slots=True)
class SavedSheet:
    """A sheet of the original, in its order."""

    name: str
    state: str = "visible"


def keep_xls(path: Path) -> tuple[SavedSheet, ...]:
    """Rewrite the workbook at `path` in place; its sheets. Raises `RenderError`."""
    try:
        compound = Compound(path.read_bytes())
    except NotCompoundError as error:
        raise RenderError(Code.UNSUPPORTED, "no workbook of Excel 5 or later", str(error)) from None
    top = compound.children(compound.root)
    entry = top.get("WORKBOOK") or top.get("BOOK")
    if entry is None or not entry.is_stream:
        raise RenderError(Code.CORRUPT, "damaged workbook", "it has no workbook stream")
    data = bytearray(compound.stream(entry))
    if compound.faults:
        raise RenderError(Code.CORRUPT, "damaged workbook", "; ".join(compound.faults))
    try:
        sheets = _keep(data)
    except (struct.error, IndexError) as error:
        raise RenderError(Code.CORRUPT, "damaged workbook", "a record is cut short") from error
    whole = compound.copy(compound.root)
    whole.streams = [(n, bytes(data) if n == entry.name else old) for n, old in whole.streams]
    path.write_bytes(write_compound(whole))
    return sheets


def _records(data: bytearray) -> Iterator[tuple[int, int, int]]:
    """Each record: where it begins, its number, where it ends."""
    at = 0
    while at + 4 <= len(data):
        number, size = struct.unpack_from("<HH", data, at)
        if number == 0 and size == 0:  # what fills the stream behind the last record
            return
        yield at, number, at + 4 + size
        at += 4 + size


def _keep(data: bytearray) -> tuple[SavedSheet, ...]:
    sheets: list[SavedSheet] = []
    wide, codec = False, "cp1252"
    text_of: int | None = None  # a formula whose result is the text that follows
    string_end = -1
    for at, number, end in _records(data):
        body = bytes(data[at + 4 : end])
        if number == _FILEPASS:
            raise RenderError(Code.ENCRYPTED, "encrypted")
        if number == _CONTINUE and at == string_end:
            raise RenderError(Code.UNSUPPORTED, "the result of a formula is too long a text")
        if number == _BOF:
            wide = struct.unpack_from("<H", body)[0] >= _BIFF8
        elif number == _CODEPAGE:
            codec = _codec(struct.unpack_from("<H", body)[0])
        elif number == _BOUNDSHEET and body[5] != _MODULE:
            sheets.append(
                SavedSheet(_name(body[6:], wide, codec), _STATES.get(body[4] & 3, "visible"))
            )
        elif number in _FORMULAS:
            _require_text(text_of)
            text_of = _formula(data, at, end, body)
        elif number == _STRING and text_of is not None:
            cell = bytes(data[text_of + 4 : text_of + 10])
            _put(data, text_of, end, _LABEL, cell + body)
            text_of, string_end = None, end
        elif number in _OF_FORMULAS:
            _put(data, at, end, _NOTHING, b"")
        elif number in _HEADINGS:
            data[at + 4 : end] = headings.of_old_binary(body, wide)
        else:
            data[at + 4 : end] = shown_notes.of_old_binary(number, body, wide)
    _require_text(text_of)
    return tuple(sheets)


def _require_text(text_of: int | None) -> None:
    if text_of is not None:
        raise RenderError(Code.CORRUPT, "the result of a formula was not saved with it")


def _formula(data: bytearray, at: int, end: int, body: bytes) -> int | None:
    """Put the result in the place of a formula (2.4.127); its place where a text is to follow."""
    cell, result = body[:6], body[6:14]
    if result[6:8] != _SPECIAL:
        _put(data, at, end, _NUMBER, cell + result)
    elif result[0] == _TEXT:
        return at
    elif result[0] in (_BOOLEAN, _ERROR):
        _put(data, at, end, _BOOLERR, cell + bytes([result[2], result[0] == _ERROR]))
    elif result[0] == _EMPTY:
        _put(data, at, end, _BLANK, cell)
    else:
        raise RenderError(Code.CORRUPT, "damaged workbook", "the result of a formula is of no kind")
    return None


def _put(data: bytearray, at: int, end: int, number: int, body: bytes) -> None:
    """A record in the place of one or more, and one that means nothing in what is left."""
    left = end - at - 4 - len(body)
    if left == 0 or number == _NOTHING:
        data[at : at + 2] = struct.pack("<H", number)
        data[at + 4 : end] = body.ljust(end - at - 4, b"\0")
        return
    if left < 4:
        raise RenderError(Code.CORRUPT, "damaged workbook", "a formula is cut short")
    first = struct.pack("<HH", number, len(body)) + body
    data[at:end] = first + struct.pack("<HH", _NOTHING, left - 4) + bytes(left - 4)


def _codec(page: int) -> str:
    return {1200: "utf-16-le", 10000: "mac_roman", 32768: "mac_roman"}.get(page, f"cp{page}")


def _name(body: bytes, wide: bool, codec: str) -> str:
    """A name led by its length, which BIFF 8 follows with a byte of flags (2.5.240)."""
    length = body[0]
    if not wide:
        try:
            return body[1 : 1 + length].decode(codec, "replace")
        except LookupError:
            return body[1 : 1 + length].decode("cp1252", "replace")
    if body[1] & 1:
        return body[2 : 2 + 2 * length].decode("utf-16-le", "replace")
    return body[2 : 2 + length].decode("latin-1")
