"""In which charset a load file is written, by its bytes: nothing else declares it."""

import codecs
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest.evidence import by_letters
from ingest.text import known_charset

_HEAD = 1 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What Concordance files use as signs: no evidence of a language's letters.
_SIGNS = bytes((0xFE, 0xAE, 0xB6, 0x14))


@dataclass(frozen=True, slots=True)
class Charset:
    """A charset, how many bytes its mark takes, and what says so."""

    name: str
    mark: int
    why: str


def charset_of(path: Path) -> Charset:
    """The charset of a file: its mark, NULs, UTF-8 throughout, or the likeliest letters."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return Charset(name, len(mark), "its byte order mark")
    wide = _wide(head)
    if wide:
        return Charset(wide, 0, "every other byte is NUL, and there is no mark")
    if head.isascii() and b"\x00" not in head and _is_utf8(path):
        return Charset("utf-8", 0, "all of it is ASCII or UTF-8")
    if _is_utf8(path):
        return Charset("utf-8", 0, "all of it decodes as UTF-8, and there is no mark")
    letters = by_letters(head.translate(None, _SIGNS))
    if letters is not None and letters.sure and known_charset(letters.charset):
        return Charset(letters.charset, 0, "its letters; there is no mark")
    return Charset("cp1252", 0, "it is no UTF-8; Windows-1252 is what such files are written in")


def _wide(head: bytes) -> str:
    some = head[: min(len(head), 4000) // 2 * 2]
    if len(some) < 4:
        return ""
    odd, even = some[1::2].count(0), some[0::2].count(0)
    half = len(some) // 2
    if odd > half * 0.5 and even < half * 0.1:
        return "utf-16-le"
    if even > half * 0.5 and odd < half * 0.1:
        return "utf-16-be"
    return ""


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while data := file.read(_HEAD):
                decoder.decode(data)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def signs_of(charset: str) -> tuple[str, str, str]:
    """Qualifier, newline sign and the false delimiter (bytes FE, AE, B6) in a charset."""
    if charset.startswith("utf"):
        return "\u00fe", "\u00ae", "\u00b6"
    found = [bytes((each,)).decode(charset, "replace") for each in (0xFE, 0xAE, 0xB6)]
    return found[0], found[1], found[2]


def lines(path: Path, charset: str, mark: int) -> Iterator[tuple[str, bool]]:
    """Physical lines without their ends, and whether each decoded; ends are CRLF, CR CR LF or LF.

    What does not decode in a line is read as Windows-1252 where the charset is of bytes, and as
    U+FFFD in UTF-16 and UTF-32: the line is kept, and said to be odd. A lone CR ends no line
    unless the file has no LF at all.
    """
    wide = not charset.startswith("utf-8") and charset.startswith("utf")
    errors = "replace" if wide or not charset.startswith("utf-8") else "surrogateescape"
    with path.open("rb") as file:
        file.seek(mark)
        end = _line_end(path, charset, mark)
        text = io.TextIOWrapper(file, encoding=charset, errors=errors, newline=end)
        for line in text:
            bare = line.removesuffix(end).rstrip("\r")
            sound = bare.isascii() or not _odd(bare)
            yield (bare if sound else _mended(bare)), sound
        text.detach()


def _line_end(path: Path, charset: str, mark: int) -> str:
    with path.open("rb") as file:
        file.seek(mark)
        head = file.read(_HEAD).decode(charset, "replace")
    return "\n" if "\n" in head or "\r" not in head else "\r"


def _odd(text: str) -> bool:
    return "\ufffd" in text or any("\udc80" <= each <= "\udcff" for each in text)


def _mended(text: str) -> str:
    """A line of UTF-8 with bytes that are none: these as Windows-1252."""
    return "".join(
        bytes((ord(each) - 0xDC00,)).decode("cp1252", "replace")
        if "\udc80" <= each <= "\udcff"
        else each
        for each in text
    )
