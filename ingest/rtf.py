"""The body that Outlook keeps as compressed rich text (PidTagRtfCompressed).

Rich text that wraps HTML or plain text ([MS-OXRTFEX]) gives back what it wraps; any other gives
its text. Our own reader, linear in the length of the text: fonts' charsets, double-byte runs,
Unicode with its fallbacks and nested destinations are followed, nothing is ever fetched or run.
"""

import re
import struct
from dataclasses import dataclass, field

from ingest.codepages import codec_of

_HEADER = struct.Struct("<IIII")
_COMPRESSED, _PLAIN = 0x75465A4C, 0x414C454D  # "LZFu" and "MELA"
_MOST_GROUPS = 10_000
# What the dictionary holds at the start ([MS-OXRTFCP] section 2.1.2.1).
_DICTIONARY = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern "
    rb"\fscript \fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n" + rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?"  # a control word, its number, the blank that ends it
    rb"|\\'([0-9a-fA-F]{2})"
    rb"|\\([^a-zA-Z])"
    rb"|([{}])"
    rb"|([^\\{}\r\n]+)",
    re.S,
)
_SKIPPED = frozenset(
    b"fonttbl colortbl stylesheet info pict themedata colorschememapping datastore latentstyles "
    b"listtable listoverridetable rsidtbl generator xmlnstbl objdata objclass filetbl revtbl "
    b"mhtmltag pntext pntxta pntxtb bkmkstart bkmkend falt panose nonshppict blipuid "
    b"formfield datafield ftnsep ftnsepc aftnsep aftnsepc".split()
)
_WORDS = {
    b"par": "\n", b"line": "\n", b"row": "\n", b"page": "\n", b"sect": "\n", b"column": "\n",
    b"cell": "\t", b"nestcell": "\t", b"nestrow": "\n", b"tab": "\t",
    b"lquote": "\u2018", b"rquote": "\u2019", b"ldblquote": "\u201c", b"rdblquote": "\u201d",
    b"bullet": "\u2022", b"endash": "\u2013", b"emdash": "\u2014",
    b"emspace": "\u2003", b"enspace": "\u2002", b"qmspace": "\u2005",
    b"zwj": "\u200d", b"zwnj": "\u200c", b"ltrmark": "\u200e", b"rtlmark": "\u200f",
}  # fmt: skip
_SIGNS = {b"~": "\u00a0", b"_": "\u00ad", b"-": "", b"{": "{", b"}": "}", b"\\": "\\"}
_SIGNS |= {b"\r": "\n", b"\n": "\n"}
_CHARSETS = {
    2: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gb18030",
    136: "cp950", 161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256",
    186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250", 254: "cp437", 255: "cp850",
}  # fmt: skip


class NotRtfError(Exception):
    """The bytes hold no rich text."""


@dataclass(frozen=True, slots=True)
class RtfBody:
    """What rich text says: the HTML that it wraps, or else its text.

    `wraps` is "html", "text" or nothing; `faults` is what was wrong with it.
    """

    html: str | None
    text: str
    wraps: str
    faults: tuple[str, ...] = ()


def rtf_body(compressed: bytes, most: int = 1 << 28) -> RtfBody:
    """The body in a PidTagRtfCompressed value of which at most so many bytes are unpacked.

    Raises `NotRtfError` where there is none.
    """
    data, faults = unpack(compressed, most)
    if not data:
        return RtfBody(None, "", "", faults)
    body = read_rtf(data)
    return RtfBody(body.html, body.text, body.wraps, (*faults, *body.faults))


def unpack(data: bytes, most: int = 1 << 28) -> tuple[bytes, tuple[str, ...]]:
    """Undo the compression ([MS-OXRTFCP]); what is wrong comes along with what there is.

    Raises `NotRtfError` where nothing comes out that should.
    """
    if data.lstrip()[:5] == b"{\\rtf":
        return data, ("the rich text is not compressed as it should be",)
    if len(data) < _HEADER.size:
        raise NotRtfError("it ends within its header")
    size, raw_size, kind, _ = _HEADER.unpack_from(data)
    body = data[_HEADER.size : size + 4 if size >= 12 else None]
    if kind == _PLAIN:
        out = body[: min(raw_size, most)]
    elif kind == _COMPRESSED:
        out = _unpacked(body, min(raw_size, most))
    else:
        raise NotRtfError("it is compressed in no way that is known")
    if not out and raw_size:
        raise NotRtfError("nothing comes out of it")
    return out, () if len(out) >= raw_size else ("the rich text is cut short",)


def _unpacked(data: bytes, most: int) -> bytes:
    """Runs of eight tokens behind a byte that tells literals from references.

    References point into a ring of 4096 bytes; here the ring is the end of what came out.
    """
    out = bytearray(_DICTIONARY)
    start, at, end = len(out), 0, len(data)
    most += start
    while at < end and len(out) < most:
        flags = data[at]
        at += 1
        if not flags:
            out += data[at : at + 8]
            at += 8
            continue
        for bit in range(8):
            if at >= end:
                break
            if not flags >> bit & 1:
                out.append(data[at])
                at += 1
                continue
            if at + 1 >= end:
                return bytes(out[start:most])
            token = data[at] << 8 | data[at + 1]
            at += 2
            written = len(out) & 0xFFF
            back = (written - (token >> 4)) & 0xFFF
            if not back:  # it points to where writing goes on: the end
                return bytes(out[start:most])
            _repeat(out, back, (token & 0xF) + 2)
    return bytes(out[start:most])


def _repeat(out: bytearray, back: int, length: int) -> None:
    """Append so many bytes from so far back, over what is appended by it too."""
    at = len(out) - back
    if at < 0:  # a part of the ring that nothing was written to yet holds blanks
        blanks = min(-at, length)
        out += b" " * blanks
        at, length = at + blanks, length - blanks
    while length > 0:
        piece = out[at : at + length]
        out += piece
        at += len(piece)
        length -= len(piece)


@dataclass(slots=True)
class _Group:
    """What holds within a pair of braces."""

    font: int = -1
    fallback: int = 1  # how many characters stand in for one of Unicode
    is_skipped: bool = False
    is_rtf_only: bool = False
    is_tag: bool = False
    is_fonts: bool = False


@dataclass(slots=True)
class _Reader:
    wraps: str
    codec: str = "cp1252"
    fonts: dict[int, str] = field(default_factory=dict)
    default_font: int = 0
    out: list[str] = field(default_factory=list)
    pending: bytearray = field(default_factory=bytearray)
    pending_codec: str = "cp1252"
    group: _Group = field(default_factory=_Group)
    above: list[_Group] = field(default_factory=list)
    too_deep: int = 0
    starred: bool = False
    to_skip: int = 0
    defining: int = 0

    def read(self, data: bytes) -> None:
        at, find = 0, _TOKEN.search
        while (match := find(data, at)) is not None:
            at = match.end()
            kind = match.lastindex
            if kind == 6:
                self.run(match[6])
            elif kind == 3:
                self.run(bytes((int(match[3], 16),)))
            elif kind == 4:
                self.sign(match[4])
            elif kind == 5:
                self.brace(match[5])
            else:
                number = match[2] if kind == 2 else None
                self.word(match[1], None if number is None else int(number))
                if match[1] == b"bin" and number is not None:
                    at += max(0, int(number))

    def brace(self, which: bytes) -> None:
        self.flush()
        self.starred = False
        self.to_skip = 0
        if which == b"{":
            if len(self.above) >= _MOST_GROUPS:
                self.too_deep += 1
                return
            self.above.append(self.group)
            old = self.group
            self.group = _Group(
                old.font, old.fallback, old.is_skipped, old.is_rtf_only, old.is_tag, old.is_fonts
            )
        elif self.too_deep:
            self.too_deep -= 1
        elif self.above:
            self.group = self.above.pop()

    def is_silent(self) -> bool:
        """Nothing that stands here is said."""
        return self.group.is_skipped or (self.group.is_rtf_only and not self.group.is_tag)

    def run(self, data: bytes) -> None:
        self.starred = False
        if self.to_skip:
            skipped = min(self.to_skip, len(data))
            self.to_skip -= skipped
            data = data[skipped:]
        if not data or self.is_silent():
            return
        codec = self.fonts.get(self.group.font, self.codec)
        if codec != self.pending_codec:
            self.flush()
            self.pending_codec = codec
        self.pending += data

    def flush(self) -> None:
        if self.pending:
            self.out.append(self.pending.decode(self.pending_codec, "replace"))
            self.pending.clear()

    def say(self, text: str) -> None:
        if self.to_skip:
            self.to_skip -= 1
        elif not self.is_silent():
            self.flush()
            self.out.append(text)

    def sign(self, which: bytes) -> None:
        if which == b"*":
            self.starred = True
        elif which in _SIGNS:
            self.say(_SIGNS[which])

    def word(self, word: bytes, number: int | None) -> None:
        starred, self.starred = self.starred, False
        if word == b"u" and number is not None:
            self.to_skip = 0
            self.say(chr(number & 0xFFFF))
            self.to_skip = self.group.fallback
        elif word in _WORDS:
            self.say(_WORDS[word])
        elif word == b"htmlrtf":
            self.flush()
            self.group.is_rtf_only = self.wraps == "html" and number != 0
        elif word == b"htmltag":
            self.flush()
            self.group.is_skipped = self.group.is_skipped or self.wraps != "html"
            self.group.is_tag = True
        elif word in _SKIPPED or (starred and word not in _STARRED):
            self.flush()
            self.group.is_skipped = True
            self.group.is_fonts = self.group.is_fonts or word == b"fonttbl"
        else:
            self._setting(word, number)

    def _setting(self, word: bytes, number: int | None) -> None:
        """Words that say how to read what follows."""
        if word == b"f" and number is not None:
            self.flush()
            if self.group.is_fonts:
                self.defining = number
            self.group.font = number
        elif word == b"fcharset" and number is not None and self.group.is_fonts:
            self._charset(number)
        elif word == b"cpg" and self.group.is_fonts and (codec := codec_of(number)):
            self.fonts[self.defining] = codec
        elif word == b"uc" and number is not None:
            self.group.fallback = max(0, min(number, 100))
        elif word == b"ansicpg":
            self.codec = codec_of(number) or self.codec
        elif word in (b"mac", b"pc", b"pca"):
            self.codec = {b"mac": "mac_roman", b"pc": "cp437", b"pca": "cp850"}[word]
        elif word in (b"plain", b"pard") and self.above:
            self.flush()
            if word == b"plain":
                self.group.font = -1

    def _charset(self, number: int) -> None:
        """Charset 0 is Windows-1252; wrapped bodies name it and mean their own code page."""
        if number == 0 and not self.wraps:
            self.fonts[self.defining] = "cp1252"
        elif number in _CHARSETS:
            self.fonts[self.defining] = _CHARSETS[number]


# Destinations that an older reader may skip, and we do not.
_STARRED = frozenset(
    b"htmltag shptxt shpinst shp shprslt dptxbxtext fldinst footnote annotation atnauthor "
    b"atnid ud upr nesttableprops".split()
)


def read_rtf(data: bytes) -> RtfBody:
    """The HTML or the text of rich text that is not compressed.

    Raises `NotRtfError` where it is none.
    """
    if data.lstrip(b"\xef\xbb\xbf \t\r\n\0")[:5] != b"{\\rtf":
        raise NotRtfError("it does not begin as rich text does")
    head = data[:4096]
    wraps = "html" if b"\\fromhtml" in head else "text" if b"\\fromtext" in head else ""
    reader = _Reader(wraps)
    reader.read(data)
    reader.flush()
    text = "".join(reader.out).replace("\0", " ")
    if not text.isascii():  # halves of a pair were written one by one
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    faults = ("the rich text has braces without a partner",) if reader.above else ()
    if wraps == "html":
        return RtfBody(text, "", wraps, faults)
    return RtfBody(None, text, wraps, faults)
