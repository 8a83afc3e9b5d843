"""Comments, hidden sheets, rows and columns of Excel's binary workbooks ([MS-XLSB]).

Hidden cells are left to Tika's text: only that they are hidden, and which sheets, is told. Comments
are told with their words.
"""

import re
import struct
from collections.abc import Iterator

from process.hidden import Findings
from process.hidden_package import Package

_SHEETS = re.compile(r"xl/worksheets/[^/]+\.bin")
_COMMENTS = re.compile(r"xl/comments\d*\.bin")
_MOST_RECORDS = 2_000_000
_ROW, _COLUMN, _SHEET = 0, 60, 156
_COMMENT_TEXT = 637
_STATES = {1: "hidden", 2: "veryHidden"}


def look_binary_sheets(package: Package, findings: Findings) -> None:
    """Find what is hidden in a binary workbook."""
    try:
        for name in package.matching(_COMMENTS):
            findings.flag("comments")
            for number, body in _records(package.read(name)):
                if number == _COMMENT_TEXT:
                    _comment(body, findings)
        for number, body in _records(package.read("xl/workbook.bin")):
            if number == _SHEET:
                _sheet(body, findings)
        for name in package.matching(_SHEETS):
            for number, body in _records(package.read(name)):
                if number == _ROW and body[11] & 0x10:  # fDyZero, 2.4.769
                    findings.flag("hidden-rows")
                elif number == _COLUMN and struct.unpack_from("<H", body, 16)[0] & 1:  # 2.4.329
                    findings.flag("hidden-columns")
    except (struct.error, IndexError):
        findings.fault("a record is cut short")


def _comment(body: bytes, findings: Findings) -> None:
    """The words of a comment: a byte of flags, then a text (`BrtCommentText`, 2.5.122)."""
    (letters,) = struct.unpack_from("<I", body, 1)
    said = body[5 : 5 + 2 * letters]
    if len(said) < 2 * letters:
        raise struct.error("a comment is cut short")
    findings.say("comments", "", said.decode("utf-16-le", "replace"))


def _sheet(body: bytes, findings: Findings) -> None:
    """A sheet's state and name (2.4.311)."""
    state = _STATES.get(struct.unpack_from("<I", body)[0] & 3)
    if state is None:
        return
    at = 8
    size = struct.unpack_from("<I", body, at)[0]
    at += 4 + (0 if size == 0xFFFFFFFF else 2 * size)
    length = struct.unpack_from("<I", body, at)[0]
    findings.flag("hidden-sheets")
    name = body[at + 4 : at + 4 + 2 * min(length, 255)].decode("utf-16-le", "replace")
    findings.say("hidden-sheets", state, name)


def _records(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Each record: its number and its bytes; both lead with seven bits a byte (2.1.4)."""
    at = 0
    for _ in range(_MOST_RECORDS):
        if at >= len(data):
            return
        number, at = read_varied(data, at, 2)
        size, at = read_varied(data, at, 4)
        yield number, data[at : at + size]
        at += size


def read_varied(data: bytes, at: int, most: int) -> tuple[int, int]:
    """A number of seven bits a byte and of `most` bytes, and where it ends ([MS-XLSB] 2.1.4)."""
    value = 0
    for place in range(most):
        byte = data[at]
        value |= (byte & 0x7F) << (7 * place)
        at += 1
        if not byte & 0x80:
            break
    return value, at
