"""What a document works out anew each time it is opened, kept as it was last saved.

Formulas of spreadsheets give way to their results (see `saved_sheets`). Of texts and slides it is
dates: LibreOffice would print today's where the file holds `DATE`, `TIME` and the like as a field;
what was on the page when the document was last saved is what is to be produced. The command's
name is made one that nothing computes, so that the result saved with the field is shown.
"""

import re
from pathlib import Path

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
    (re.compile(rb'(<text:(?:date|time)\b[^>]*?) text:fixed="false"'), rb'\1 text:fixed="true"'),
    (re.compile(rb"(<text:(?:date|time)\b)(?![^>]*text:fixed)"), rb'\1 text:fixed="true"'),
)
_RTF = re.compile(rb"(\\fldinst\b[^}]{0,200}?(?<![A-Za-z\\]))" + _VOLATILE + rb"(?=[\s\\}])")
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


def computes_dates(path: Path) -> bool:
    """Whether a binary Word document has a date field that LibreOffice will compute anew."""
    data = path.read_bytes()
    wide = b"\x13\0 \0D\0A\0T\0E\0", b"\x13\0 \0T\0I\0M\0E\0"
    return any(each in data for each in (b"\x13 DATE ", b"\x13 TIME ", *wide))
