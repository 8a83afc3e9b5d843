"""Bytes to text when the charset is declared, misdeclared or unknown."""

import codecs
import re
from collections import Counter
from dataclasses import dataclass

from ingest.evidence import by_escapes, by_letters

_ALIASES = {
    # WHATWG: senders that declare these mean the Windows supersets of them.
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "iso_8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "iso-8859-9": "cp1254",
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "cp936": "gb18030",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "sjis": "cp932",
    "windows-31j": "cp932",
    "iso-2022-jp": "iso2022_jp_ext",
    "big5": "big5hkscs",
    "x-big5": "big5hkscs",
    "iso-8859-8-i": "iso8859_8",
    "iso-8859-8-e": "iso8859_8",
    "windows-874": "cp874",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
    "x-mac-cyrillic": "mac_cyrillic",
    "x-unicode-2-0-utf-7": "utf-7",
    "utf8mb4": "utf-8",
    "unicode": "utf-16",
}
# Codecs that compute instead of mapping characters, or exist for Python's own sake.
_REFUSED = frozenset({"unicode_escape", "raw_unicode_escape", "punycode", "idna", "undefined"})
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SURROGATE = re.compile("[\ud800-\udfff]")
# The five bytes that cp1252 leaves open are C1 controls in Latin-1.
_CP1252 = "".join(bytes((each,)).decode("cp1252", "ignore") or chr(each) for each in range(256))
# Blocks of letters that stand together in one text: Greek, Cyrillic, Hebrew, Arabic, the scripts
# of India, Thai, Georgian, Japanese and Chinese with their marks, Korean.
_SCRIPTS = (
    (0x370, 0x3FF), (0x400, 0x52F), (0x590, 0x5FF), (0x600, 0x6FF), (0x900, 0xDFF),
    (0xE00, 0xEFF), (0x10A0, 0x10FF), (0x3000, 0x9FFF), (0xAC00, 0xD7A3),
)  # fmt: skip
_JOINERS = "\u200b\u200c\u200d\u200e\u200f\ufeff"
# Controls that text does not hold; load files use 0x14 and the separators 0x1C to 0x1F.
_ASCII = bytes((*range(0x20, 0x7F), 0x09, 0x0A, 0x0D))
_CONTROLS = bytes(set(range(28)) - {7, 8, 9, 10, 12, 13, 20, 26, 27})


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text, the charset it was read in, and what says so.

    `source` is bom, declared, evidence or assumed. `refused`: a charset was declared that is not
    known or in which the bytes mean nothing.
    """

    text: str
    charset: str
    source: str
    refused: bool = False

    def to_raw(self) -> dict[str, str]:
        """As it is kept with the metadata of a document."""
        return {"charset": self.charset, "charset_from": self.source}


def decode_text(data: bytes, declared: str | None = None) -> tuple[str, str]:
    """Decode `data` and name the charset that was used; never raises (see `decode`)."""
    found = decode(data, declared)
    return found.text, found.charset


def decode(data: bytes, declared: str | None = None) -> Decoded:
    """Decode `data`; never raises.

    In order: a byte order mark, the declared charset, escapes of seven-bit charsets, UTF-16
    without a mark, UTF-8, the charset that makes the likeliest letters (`ingest.evidence`), and
    in the end Windows-1252, which takes any bytes. Whoever declared a charset and is told of
    another may say that it was guessed (`is_guess`).
    """
    for mark, charset in _BOMS:
        if data.startswith(mark):
            return Decoded(_sound(data[len(mark) :].decode(charset, "replace")), charset, "bom")
    codec = known_charset(declared) if declared else None
    if codec is not None and (text := _strictly(data, codec)) is not None:
        return Decoded(text, (declared or codec).lower(), "declared")
    text, charset, source = _by_evidence(data)
    return Decoded(text, charset, source, refused=bool(declared))


def _by_evidence(data: bytes) -> tuple[str, str, str]:
    if data.isascii() and b"\0" not in data:
        seven_bit = by_escapes(data) if b"\x1b" in data or b"~{" in data else None
        charset = seven_bit or "utf-8"
        return _sound(data.decode(charset)), charset, "evidence"
    wide = _wide(data)
    if wide is not None and (text := _strictly(data, wide)) is not None:
        return text, wide, "evidence"
    if (text := _strictly(data, "utf-8")) is not None:
        return text, "utf-8", "evidence"
    found = by_letters(data)
    if found is not None and (text := _strictly(data, found.charset)) is not None:
        return text, found.charset, "evidence" if found.sure else "assumed"
    return codecs.charmap_decode(data, "strict", _CP1252)[0], "cp1252", "assumed"


def is_guess(declared: str | None, used: str) -> bool:
    """Tell whether a text was read in another charset than the one declared with it."""
    if declared is None:
        return used not in {"utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"}
    return declared.strip().lower() != used and not _same_codec(declared, used)


def _same_codec(first: str, second: str) -> bool:
    one, two = known_charset(first), known_charset(second)
    return one is not None and two is not None and two.startswith(one)


def known_charset(name: str) -> str | None:
    """The codec for a charset's name as senders write it; None for one that is unknown."""
    cleaned = name.strip().strip("'\"").lower()
    try:
        codec = codecs.lookup(_ALIASES.get(cleaned, cleaned))
    except (LookupError, ValueError):
        return None
    if codec.name.replace("-", "_") in _REFUSED or not codec._is_text_encoding:
        return None
    return codec.name


def _strictly(data: bytes, codec: str) -> str | None:
    try:
        return _sound(data.decode(codec))
    except (UnicodeError, LookupError, ValueError):
        if codec == "cp1252":
            return codecs.charmap_decode(data, "strict", _CP1252)[0]
        return None


def _sound(text: str) -> str:
    """Replace halves of surrogate pairs, which UTF-7 can give and no store can take."""
    return _SURROGATE.sub("\ufffd", text) if not text.isascii() else text


def _wide(data: bytes) -> str | None:
    """Tell UTF-16 without a mark, which has NULs: by them, or by letters of one script."""
    head = data[:2000]
    if len(head) < 4 or len(data) % 2 or b"\0" not in head:
        return None
    half = len(head) // 2
    for charset, wide, plain in (
        ("utf-16-le", head[1::2], head[0::2]),
        ("utf-16-be", head[0::2], head[1::2]),
    ):
        rare = half * 0.05
        if wide.count(0) > half * 0.4 and plain.count(0) <= rare and _controls(plain) <= rare:
            return charset
        if wide.count(0) and _is_one_script(head, charset):
            return charset
    return None


def _is_one_script(head: bytes, charset: str) -> bool:
    """Whether nearly all letters are of one script, and nothing else is what no text holds.

    Any two letters of ASCII are a Chinese one; but of wide Chinese not 7 bytes of 10 are ASCII.
    """
    if len(head.translate(None, _ASCII)) < len(head) * 0.15:
        return False
    text = _strictly(head, charset)
    if text is None:
        text = _strictly(head[:-2], charset)  # which may have cut a pair
    if not text or not any(each in text for each in " \n\r"):
        return False
    odd = sum(1 for each in text if not (each.isprintable() or each.isspace() or each in _JOINERS))
    beyond = [each for each in text if each > "\x7f"]
    scripts = Counter(_script(each) for each in beyond if each.isalpha())
    most = max(scripts.values(), default=0)
    enough = most > 0 and most >= scripts.total() * 0.85 and most >= len(beyond) * 0.5
    return odd <= len(text) // 100 and enough


def _script(letter: str) -> int:
    at = ord(letter)
    return next((number for number, (low, high) in enumerate(_SCRIPTS) if low <= at <= high), -at)


def _controls(data: bytes) -> int:
    return len(data) - len(data.translate(None, _CONTROLS))


def looks_like_text(head: bytes) -> bool:
    """Tell text from binary by the head: no NULs (unless UTF-16) and hardly any controls."""
    if any(head.startswith(mark) for mark, _ in _BOMS[:1] + _BOMS[3:]):
        return True
    if b"\0" in head:
        return _wide(head[: len(head) // 2 * 2]) is not None
    return _controls(head) <= len(head) // 200
