"""Files within the text of a mail: uuencode (POSIX) and yEnc 1.2.

A file is taken only where all of it is there and sound; what is not stays text.
"""

import binascii
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

_UU_BEGIN = re.compile(rb"^begin [0-7]{3,4} ([^\r\n]{1,300}?)[ \t]*\r?\n", re.M)
_UU_LINE = re.compile(rb"([ -`][ -`]*)[ \t]*\r?\n")
_UU_END = re.compile(rb"(?:[` ][ \t]*)?(?:\r?\n)?end[ \t]*(?:\r?\n|\Z)")
_Y_BEGIN = re.compile(rb"^=ybegin ([^\r\n]{0,400}?name=([^\r\n]{1,300}))\r?\n", re.M)
_Y_PART = re.compile(rb"=ypart ([^\r\n]{1,200})\r?\n")
_Y_END = re.compile(rb"^=yend ([^\r\n]{1,200})", re.M)
_NUMBER = re.compile(rb"\b(size|crc32|pcrc32)=([0-9A-Fa-f]{1,15})")


@dataclass(slots=True)
class Extracted:
    """The text without its files, the files by name, what is odd about them."""

    text: bytes
    files: list[tuple[bytes, bytes]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def extract(text: bytes) -> Extracted:
    """Take files out of a text."""
    found = Extracted(text)
    if b"begin " in text:
        _take(found, _UU_BEGIN, _uuencoded)
    if b"=ybegin " in text:
        _take(found, _Y_BEGIN, _yencoded)
    return found


type _File = tuple[int, bytes, bytes, str]  # its end, its name, its bytes, what is odd
type _Read = Callable[[bytes, re.Match[bytes]], _File | None]


def _take(found: Extracted, begin: re.Pattern[bytes], read: _Read) -> None:
    kept: list[bytes] = []
    at = done = 0
    while (match := begin.search(found.text, at)) is not None:
        file = read(found.text, match)
        if file is None:
            at = match.end()
            continue
        end, name, data, fault = file
        found.files.append((name, data))
        found.faults += [fault] if fault else []
        kept.append(found.text[done : match.start()])
        at = done = end
    if kept:
        found.text = b"".join([*kept, found.text[done:]])


def _uuencoded(text: bytes, begin: re.Match[bytes]) -> _File | None:
    out: list[bytes] = []
    at = begin.end()
    while (end := _UU_END.match(text, at)) is None:
        line = _UU_LINE.match(text, at)
        data = None if line is None else _uu_line(line[1])
        if line is None or not data:
            return None
        out.append(data)
        at = line.end()
    return end.end(), begin[1], b"".join(out), ""


def _uu_line(line: bytes) -> bytes | None:
    """One line; None where it is too short or too long to be one."""
    length = (line[0] - 32) & 63
    wanted = 1 + (length + 2) // 3 * 4
    if not length or not wanted - 4 < len(line) <= wanted + 2:  # blanks at the end may be cut
        return None
    try:
        return binascii.a2b_uu(line[:wanted].ljust(wanted))
    except binascii.Error:
        return None


def _yencoded(text: bytes, begin: re.Match[bytes]) -> _File | None:
    following = text.find(b"\n=ybegin ", begin.end())
    end = _Y_END.search(text, begin.end(), len(text) if following < 0 else following)
    if end is None:
        return None
    at = begin.end()
    part = _Y_PART.match(text, at)
    at = part.end() if part else at
    data = _yenc(text[at : end.start()])
    said = dict(_NUMBER.findall(end[1]))
    checksum = said.get(b"pcrc32" if part else b"crc32", b"%x" % zlib.crc32(data))
    if said.get(b"size") != b"%d" % len(data) or int(checksum, 16) != zlib.crc32(data):
        return None
    fault = f"one part only of the yEnc file {begin[2][:80]!r}" if part else ""
    return end.end(), begin[2].strip(), data, fault


_LESS_42 = bytes((each - 42) & 255 for each in range(256))
_ESCAPED = re.compile(rb"=([^\r\n])")


def _yenc(lines: bytes) -> bytes:
    lines = lines.replace(b"\r", b"").replace(b"\n", b"")
    plain = _ESCAPED.sub(lambda found: bytes(((found[1][0] - 64) & 255,)), lines)
    return plain.translate(_LESS_42)
