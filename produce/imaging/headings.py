"""Headers and footers of printed spreadsheets, without what is computed as they are printed.

Excel's codes for the day and time of printing, the file's name and its path tell of the copy that
is printed and of the day of imaging, and no result of them is saved: they are left out.
OpenDocument saves what such a field showed, which is kept, but for a name that was never filled in.
"""

import re
import struct
from collections.abc import Iterator

# ECMA-376 part 1, 18.3.1.46; `&&` is the sign itself.
_CODES = re.compile(r"&(&|[DTFZ])")
_CODES_XML = re.compile(rb"&amp;(&amp;|[DTFZ])")
_HEADING = re.compile(rb"<(?:\w+:)?(?:odd|even|first)(?:Header|Footer)(?:\s[^>]*)?>[^<]*<")
# OpenDocument 1.3 part 3, 7.3.2 and 7.3.3, and 7.3.9.
_FIELD = re.compile(
    rb"<text:(date|time|file-name)\b(?:[^>]*/>|[^>]*>(.*?)</text:\1\s*>)", re.DOTALL
)
_NEVER_FILLED = b"???"
_NO_TEXT = 0xFFFFFFFF


def of_xml(sheet: bytes) -> bytes:
    """A sheet of XLSX."""
    return _HEADING.sub(
        lambda found: _CODES_XML.sub(
            lambda code: code.group() if code[1] == b"&amp;" else b"", found.group()
        ),
        sheet,
    )


def of_open_document(part: bytes) -> bytes:
    """A part of an OpenDocument spreadsheet: fields give way to what they showed."""

    def shown(found: re.Match[bytes]) -> bytes:
        text = found[2] or b""
        return b"" if text.strip() == _NEVER_FILLED else text

    return _FIELD.sub(shown, part)


def of_binary(body: bytes) -> bytes:
    """The record `BrtBeginHeaderFooter` of XLSB ([MS-XLSB] 2.4.62): flags, then six texts.

    Raises `struct.error` where it is cut short.
    """
    return body[:2] + b"".join(
        struct.pack("<I", _NO_TEXT) if text is None else struct.pack("<I", len(text) // 2) + text
        for text in map(_wide, _texts(body))
    )


def _texts(body: bytes) -> Iterator[bytes | None]:
    at = 2
    while at < len(body):
        (letters,) = struct.unpack_from("<I", body, at)
        at += 4
        if letters == _NO_TEXT:
            yield None
        else:
            end = at + 2 * letters
            if end > len(body):
                raise struct.error("a text is cut short")
            yield body[at:end]
            at = end


def _wide(text: bytes | None) -> bytes | None:
    if text is None:
        return None
    plain = text.decode("utf-16-le", "surrogatepass")
    return _plain(plain).encode("utf-16-le", "surrogatepass")


def _plain(text: str) -> str:
    return _CODES.sub(lambda code: code.group() if code[1] == "&" else "", text)


def of_old_binary(body: bytes, wide: bool) -> bytes:
    """The body of a record `Header` or `Footer` of XLS ([MS-XLS] 2.4.136), in as many bytes.

    `wide`: of Excel 97 or later; before it texts have one byte a letter, and one that counts them.
    """
    if not body:
        return body
    if not wide:
        said = _plain(body[1 : 1 + body[0]].decode("latin-1")).encode("latin-1")
        return (bytes([len(said)]) + said).ljust(len(body), b"\0")
    letters, kind = struct.unpack_from("<HB", body)
    codec = "utf-16-le" if kind & 1 else "latin-1"
    size = 2 if kind & 1 else 1
    there = min(letters, (len(body) - 3) // size)  # some programs count more than they wrote
    text = body[3 : 3 + there * size].decode(codec, "surrogatepass")
    left = _plain(text)
    data = left.encode(codec, "surrogatepass")
    return (struct.pack("<HB", len(data) // size, kind) + data).ljust(len(body), b"\0")
