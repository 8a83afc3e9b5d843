"""What a document works out anew each time it is opened, kept as it was last saved.

Formulas of spreadsheets give way to their results (see `saved_sheets`). Of texts and slides it is
dates: LibreOffice would print today's where the file holds `DATE`, `TIME` and the like as a field;
what was on the page when the document was last saved is what is to be produced. The command's
name is made one that nothing computes, so that the result saved with the field is shown. The same
goes for the file's name and path, which would be those of a copy that we made.
"""

import re
import struct
from pathlib import Path

import olefile

from produce.imaging.packages import rewrite
from produce.imaging.saved_sheets import keep_values
from produce.treatment import BOOK_TYPES

_VOLATILE = rb"(?:DATE|TIME|PRINTDATE|FILENAME|USERNAME|USERINITIALS|USERADDRESS)"
# WordprocessingML, ECMA-376 part 1, 17.16: simple fields and instructions.
_WORD = (
    (re.compile(rb"(<w:instrText[^>]*>\s*)" + _VOLATILE + rb"(?=[\s<\\])"), rb"\1REDWELLKEPT"),
    (re.compile(rb'(w:instr=")(\s*)' + _VOLATILE + rb'(?=[\s"\\])'), rb"\1\2REDWELLKEPT"),
)
_SLIDES = ((re.compile(rb'(<a:fld\b[^>]*\btype=")datetime[^"]*'), rb"\1kept"),)
_ODF = (
    (
        re.compile(rb'(<text:(?:date|time|file-name)\b[^>]*?) text:fixed="false"'),
        rb'\1 text:fixed="true"',
    ),
    (
        re.compile(rb"(<text:(?:date|time|file-name)\b)(?![^>]*text:fixed)"),
        rb'\1 text:fixed="true"',
    ),
)
_RTF = re.compile(rb"(\\fldinst\b[^}]{0,200}?(?<![A-Za-z\\]))" + _VOLATILE + rb"(?=[\s\\}])")
# Binary Word: where the FIB names the tables of fields of each part of the text, and flt, the types
# ([MS-DOC] 2.5.6 and 2.9.90): PRINTDATE, FILENAME, DATE, TIME, USERNAME, USERINITIALS, USERADDRESS.
_FIELD_TABLES = (0x11A, 0x122, 0x12A, 0x132, 0x21A, 0x262, 0x272)
_FIB_SIZE = 0x27A
_COMPUTED = frozenset((0x17, 0x1D, 0x1F, 0x20, 0x3C, 0x3D, 0x3E))
_DAMAGED = (OSError, struct.error, ValueError, IndexError, TypeError)
_BEGIN, _SAVED = 0x13, 0x02  # shown as it was saved
_KINDS = {
    "docx": ("word/", _WORD),
    "docm": ("word/", _WORD),
    "pptx": ("ppt/", _SLIDES),
    "pptm": ("ppt/", _SLIDES),
    "odt": ("", _ODF),
    "odp": ("", _ODF),
}


def freeze(path: Path, kind: str) -> None:
    """Rewrite the document at `path` in place where it holds such fields; raises `RenderError`."""
    if kind == "rtf":
        data = path.read_bytes()
        path.write_bytes(_RTF.sub(rb"\1REDWELLKEPT", data))
    elif kind == "doc":
        _freeze_doc(path)
    elif kind in BOOK_TYPES:
        keep_values(path, kind)
    elif kind in _KINDS:
        prefix, rules = _KINDS[kind]
        rewrite(
            path,
            lambda name: name.startswith(prefix) and name.endswith(".xml"),
            lambda data: _frozen(data, rules),
        )


def _frozen(data: bytes, rules: tuple[tuple[re.Pattern[bytes], bytes], ...]) -> bytes:
    for pattern, replacement in rules:
        data = pattern.sub(replacement, data)
    return data


def _freeze_doc(path: Path) -> None:
    """Make the computed fields of a binary Word document ones whose result is shown."""
    if not olefile.isOleFile(path):
        return
    try:
        with olefile.OleFileIO(path, write_mode=True) as compound:
            name, table, places = _fields(compound)
            for at in places:
                table[at] = _SAVED
            if places:
                compound.write_stream(name, bytes(table))
    except _DAMAGED:
        return  # damaged: `computes_fields` tells of it, and LibreOffice is to judge


def _fields(compound: olefile.OleFileIO) -> tuple[str, bytearray, list[int]]:
    """The table stream, and where in it types of computed fields stand ([MS-DOC] 2.5.6, 2.8.25).

    Raises `ValueError` for what is no document of Word 97 or later.
    """
    head = compound.openstream("WordDocument").read(_FIB_SIZE)
    magic, version = struct.unpack_from("<HH", head)
    if magic != 0xA5EC or version < 0x00C1:
        raise ValueError("no Word 97")
    [flags] = struct.unpack_from("<H", head, 0x0A)
    name = "1Table" if flags & 0x0200 else "0Table"
    table = bytearray(compound.openstream(name).read())
    places = []
    for offset in _FIELD_TABLES:
        start, size = struct.unpack_from("<II", head, offset)
        count = (size - 4) // 6 if size >= 10 and start + size <= len(table) else 0
        first = start + 4 * (count + 1)
        for at in range(first, first + 2 * count, 2):
            if table[at] & 0x1F == _BEGIN and table[at + 1] in _COMPUTED:
                places.append(at + 1)
    return name, table, places


def computes_fields(path: Path) -> bool:
    """Whether a binary Word document has a field left that LibreOffice will compute anew."""
    try:
        with olefile.OleFileIO(path) as compound:
            return bool(_fields(compound)[2])
    except _DAMAGED:
        data = path.read_bytes()
    words = (b"DATE", b"TIME", b"FILENAME")
    wide = (b"".join(bytes((each, 0)) for each in word) for word in words)
    return any(
        each in data
        for each in (*(b"\x13 " + w + b" " for w in words), *(b"\x13\0 \0" + w for w in wide))
    )
