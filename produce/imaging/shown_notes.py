"""Comments that a workbook prints: always shown in boxes over its cells, or listed behind a sheet.

They would cover what the cells say, and be on pages whatever the rule for comments is. Where
comments are produced all of them stand on the sheet behind, so the workbook prints none.
"""

import re

_QUOTED = rb"""(?:"[^"<]*"|'[^'<]*')"""
# VML, as of ECMA-376 part 4, 19.4.2: a shape of a comment is seen unless its style hides it.
_START = re.compile(rb"<(?:\w+:)?shape(?=[\s>])(?:" + _QUOTED + rb"|[^\"'<>])*>")
_END = re.compile(rb"</(?:\w+:)?shape\s*>")
_OF_NOTE = re.compile(rb"\bObjectType\s*=\s*[\"']Note[\"']")
_STYLE = re.compile(rb"\sstyle\s*=\s*(" + _QUOTED + rb")")
_VISIBILITY = re.compile(rb"\s*visibility\s*:\s*[\w-]*\s*;?")
_VISIBLE = re.compile(rb"<((?:\w+:)?)Visible\s*(?:/>|>[^<]*</\1Visible\s*>)")
# OpenDocument 1.3 part 3, 19.784 (office:display).
_ATTRIBUTES = rb"(?:\s+[\w.:-]+\s*=\s*" + _QUOTED + rb")*\s*/?>"
_ANNOTATION = re.compile(rb"<(?:[\w.-]+:)?annotation" + _ATTRIBUTES)
_DISPLAY = re.compile(rb"\s(?:[\w.-]+:)?display\s*=\s*[\"']true[\"']")
# ECMA-376 part 1, 18.3.1.63 (cellComments); OpenDocument 1.3 part 3, 20.331 (style:print).
_SETUP = re.compile(rb"<(?:\w+:)?pageSetup" + _ATTRIBUTES)
_PRINTED = re.compile(rb"\scellComments\s*=\s*" + _QUOTED)
_LAYOUT = re.compile(rb"<(?:[\w.-]+:)?page-layout-properties" + _ATTRIBUTES)
_PRINT = re.compile(rb"\s(?:[\w.-]+:)?print\s*=\s*" + _QUOTED)
_NOTE, _NOTE_SHOWN = 0x001C, 0x02  # [MS-XLS] 2.4.179 and 2.5.186: flags at 4
_OLD_SETUP, _OLD_FLAGS = 0x00A1, 10  # [MS-XLS] 2.4.257
_SETUP_FLAGS = 32  # [MS-XLSB] BrtPageSetup
_NOTES_PRINTED = 0x20


def is_drawing(name: str) -> bool:
    """Whether a member of XLSX or XLSB holds the boxes of comments."""
    return name.startswith("xl/") and name.lower().endswith(".vml")


def of_drawing(part: bytes) -> bytes:
    """A drawing of XLSX or XLSB; other shapes than those of comments stay as they are."""
    kept, at = [], 0
    for end in _END.finditer(part):
        kept.append(_shape(part[at : end.end()]))
        at = end.end()
    return b"".join((*kept, part[at:]))


def _shape(part: bytes) -> bytes:
    """What stands before the end of a shape and behind that of another."""
    starts = [each for each in _START.finditer(part) if not each.group().endswith(b"/>")]
    if not starts or not _OF_NOTE.search(part, starts[-1].end()):
        return part
    start = starts[-1]
    style = _STYLE.search(start.group())
    if style is None:
        tag = start.group()[:-1] + b' style="visibility:hidden">'
    else:
        said = _VISIBILITY.sub(b"", style[1][1:-1]).rstrip(b"; \t\r\n")
        said = style[1][:1] + said + b";visibility:hidden" + style[1][-1:]
        tag = start.group()[: style.start(1)] + said + start.group()[style.end(1) :]
    return part[: start.start()] + tag + _VISIBLE.sub(b"", part[start.end() :])


def of_xml(sheet: bytes) -> bytes:
    """A sheet of XLSX."""
    return _SETUP.sub(lambda found: _PRINTED.sub(b"", found.group()), sheet)


def of_open_document(part: bytes) -> bytes:
    """A part of an OpenDocument spreadsheet."""
    part = _ANNOTATION.sub(lambda found: _DISPLAY.sub(b"", found.group()), part)
    return _LAYOUT.sub(lambda found: _PRINT.sub(_without_notes, found.group()), part)


def _without_notes(found: re.Match[bytes]) -> bytes:
    return found.group().replace(b"annotations", b"")


def of_binary(body: bytes) -> bytes:
    """The record `BrtPageSetup` of XLSB."""
    return _without(body, _SETUP_FLAGS, _NOTES_PRINTED)


def of_old_binary(number: int, body: bytes, wide: bool) -> bytes:
    """The body of any record of XLS, in as many bytes; `wide`: of Excel 97 or later."""
    if number == _NOTE and wide:
        return _without(body, 4, _NOTE_SHOWN)
    return _without(body, _OLD_FLAGS, _NOTES_PRINTED) if number == _OLD_SETUP else body


def _without(body: bytes, at: int, flag: int) -> bytes:
    return body[:at] + bytes(each & ~flag for each in body[at : at + 1]) + body[at + 1 :]
