"""What a word is: one definition for indexing, searching and highlighting.

- A word is a run of letters and digits of any script, with the marks that belong to them; all
  else parts words: white space, punctuation and `_`, so `disk_usage`, `e-mail`, `don't` and
  `kay@firm.com` are two, two, two and three words, found together as a phrase.
- Its form is NFKC, case-folded, NFKC again. Soft hyphens, joiners and direction marks inside a
  word are dropped, so that invisible characters hide nothing.
- Accents: where the form without its non-spacing marks differs, both stand at the same position.
  A word without accents finds both, a word with accents only the spelling with those accents.
- Han characters, kana, bopomofo and the scripts written without spaces (Thai, Lao, Khmer, Burmese,
  Tibetan) give one word a character (with its marks), so that a name or a word of such a script is
  found as a phrase. Hangul is written with spaces and stays whole.
- Superscripts, circled and squared signs, fractions and the like (`²`, `™`, `½`, `㎏`) stand as
  words by themselves, so that `price²` is found by `price` and `Enron™` by `Enron`.
- A word is kept to its first `MAX_LENGTH` characters, in the index and in the query alike.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import NamedTuple

MAX_LENGTH = 255
WILDCARDS = "*?="
SIGNS = f"{WILDCARDS}%~"

_ASCII_WORD = re.compile(r"[a-z0-9]+")
# Every byte of a word in lower case, all others as spaces.
_PLAIN = bytes(ord(chr(b).lower()) if b < 128 and chr(b).isalnum() else 32 for b in range(256))
_STRETCH = 1_000_000
_CACHED = 64  # characters of a chunk that is worth remembering
_ASCII_PATTERN = re.compile(r"[a-z0-9*?=]+")
_LINE = re.compile(r"[^\n]+")
_CHUNK = re.compile(r"\S+")
_IGNORED = frozenset(
    "\u00ad\u034f\u061c\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067"
    "\u2068\u2069\ufeff"
) | frozenset(map(chr, range(0xFE00, 0xFE10)))
# Han, kana, bopomofo; then Thai, Lao, Tibetan, Burmese, Khmer.
_SINGLE = re.compile(
    "[\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3041-\u3096\u309d-\u309f"
    "\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9d\U0001b000-\U0001b16f\U00020000-\U0003ffff"
    "\u0e01-\u0e2e\u0e2f\u0e30\u0e32\u0e33\u0e40-\u0e46\u0e50-\u0e59"
    "\u0e80-\u0eb0\u0eb2\u0eb3\u0eb5-\u0eff\u0f00-\u0f6c\u1000-\u102a\u103f-\u1055\u1780-\u17b3]"
)
_VOICED = frozenset("\u3099\u309a")  # told apart by every reader of Japanese: no accents
_HALF_VOICED = frozenset("\uff9e\uff9f")
_SIGNS = frozenset({"<super>", "<sub>", "<circle>", "<square>", "<fraction>"})

_BREAK, _LETTER, _MARK, _ALONE, _SKIP = range(5)


class Token(NamedTuple):
    """One word: its form, the form without accents, and where it stands in the text given."""

    text: str
    folded: str
    start: int
    end: int


@cache
def _kind(char: str) -> int:
    if char in _IGNORED:
        return _SKIP
    if char in _HALF_VOICED or unicodedata.category(char).startswith("M"):
        return _MARK
    if _SINGLE.match(char):
        return _ALONE
    tag = unicodedata.decomposition(char).partition(" ")[0]
    if tag in _SIGNS or (tag == "<compat>" and not char.isalpha()):
        return _ALONE
    return _LETTER if char.isalnum() else _BREAK


def normal(text: str) -> str:
    """The form in which words are compared: NFKC, case-folded, NFKC."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def fold(text: str) -> str:
    """A normal form without its accents."""
    if text.isascii():
        return text
    parts = unicodedata.normalize("NFKD", text)
    kept = (c for c in parts if c in _VOICED or unicodedata.category(c) != "Mn")
    return unicodedata.normalize("NFC", "".join(kept))


def _pieces(form: str, keep: str) -> Iterator[str]:
    """The words of a normal form; one, but for rare characters that stand for several words."""
    piece = ""
    for char in form:
        if char.isalnum() or char in keep or unicodedata.category(char).startswith("M"):
            piece += char
        else:
            yield piece
            piece = ""
    yield piece


def _tokens(run: str, start: int, end: int, keep: str) -> Iterator[Token]:
    form = normal("".join(c for c in run if c not in _IGNORED))
    for piece in (form,) if form.isalnum() else _pieces(form, keep):
        if any(c.isalnum() or c in keep for c in piece):
            yield Token(piece[:MAX_LENGTH], fold(piece)[:MAX_LENGTH], start, end)


def _scan_chunk(chunk: str, base: int, keep: str) -> Iterator[Token]:
    """Words of a stretch without white space, character by character."""
    start = end = 0  # of the run at hand; none if they are equal
    alone = False
    for at, char in enumerate(chunk):
        kind = _LETTER if char in keep else _kind(char)
        inside = end > start
        if inside and kind == _SKIP:
            continue
        if inside and (kind == _MARK or (kind == _LETTER and not alone)):
            end = at + 1
            continue
        if inside:
            yield from _tokens(chunk[start:end], base + start, base + end, keep)
        start, end = at, at + (kind in (_LETTER, _ALONE, _MARK))
        alone = kind == _ALONE
    if end > start:
        yield from _tokens(chunk[start:end], base + start, base + end, keep)


def scan(text: str, keep: str = "") -> Iterator[Token]:
    """All words of a text, in order; characters of `keep` count as letters (wildcards)."""
    ascii_word = _ASCII_PATTERN if keep else _ASCII_WORD
    for line in _LINE.finditer(text):
        if line.group().isascii():
            for found in ascii_word.finditer(line.group().lower()):
                word = found.group()[:MAX_LENGTH]
                yield Token(word, word, line.start() + found.start(), line.start() + found.end())
        else:
            for chunk in _CHUNK.finditer(line.group()):
                start = line.start() + chunk.start()
                if not chunk.group().isascii():
                    yield from _scan_chunk(chunk.group(), start, keep)
                    continue
                for found in ascii_word.finditer(chunk.group().lower()):
                    word = found.group()[:MAX_LENGTH]
                    yield Token(word, word, start + found.start(), start + found.end())


def folded(text: str) -> list[str]:
    """The words of a text without accents, in order: those of `scan`, but quicker, without places.

    Western text is read by a table of its code page (`cp1252`), line by line where another script
    or a rare sign stands in it.
    """
    found = _western(text)
    if found is not None:
        return found
    every: list[str] = []
    for line in text.split("\n"):
        found = _western(line)
        every += [each.folded or each.text for each in scan(line)] if found is None else found
    return every


def _western(text: str) -> list[str] | None:
    """The folded words of a text whose characters each fold by themselves; None for another."""
    try:
        data = text.encode(_CODE_PAGE)
    except UnicodeEncodeError:
        return None
    if data.translate(None, _BY_ITSELF):
        return None
    for byte, form in _LONGER:
        data = data.replace(byte, form)
    said = codecs.charmap_decode(data, "strict", _FOLDED)[0].split()
    return [each[:MAX_LENGTH] for each in said] if len(data) > MAX_LENGTH else said


def _of_code_page() -> Iterator[tuple[bytes, str]]:
    """Each byte of the code page with its words, folded: spaces around what stands alone."""
    for byte in (bytes([number]) for number in range(256)):
        char = byte.decode(_CODE_PAGE, "replace")
        kind = _kind(char)
        if kind == _LETTER:
            yield byte, fold(normal(char))
        elif kind == _ALONE:
            said = " ".join(each.folded for each in scan(char))
            yield byte, f" {said} " if said else " "
        elif kind == _BREAK and char != "\ufffd":
            yield byte, " "


_CODE_PAGE = "cp1252"
_BYTES = dict(_of_code_page())
_BY_ITSELF = b"".join(_BYTES)
_FOLDED = "".join(_BYTES.get(bytes([each]), "\ufffd")[:1] for each in range(256))
_LONGER = tuple((byte, form.encode("ascii")) for byte, form in _BYTES.items() if len(form) > 1)


def stretches(text: str, size: int = _STRETCH) -> Iterator[str]:
    """A text in stretches of at most `size` characters, cut where white space parts words.

    Where there is none a stretch is longer.
    """
    start = 0
    while len(text) - start > size:
        for space in "\n ":
            end = text.rfind(space, start + 1, start + size)
            if end > 0:
                break
        else:
            end = text.find(" ", start + size)
            if end < 0:
                break
        yield text[start:end]
        start = end
    yield text[start:] if start else text


def forms(text: str) -> tuple[list[bytes], list[int]]:
    """The words of a text as `scan` gives them, in UTF-8, a place each.

    A word with accents is followed by the same without them; the second list names the indexes of
    those, which take no place of their own. Words are not cut yet, see `cut`.
    """
    if text.isascii():
        return _plain(text), []
    found: list[bytes] = []
    again: list[int] = []
    waiting: list[str] = []
    for line in text.split("\n"):
        if line.isascii():
            waiting.append(line)
            continue
        for chunk in line.split():
            if chunk.isascii():
                waiting.append(chunk)
                continue
            if waiting:
                found += _plain(" ".join(waiting))
                waiting.clear()
            some, after = (_known_forms if len(chunk) <= _CACHED else _chunk_forms)(chunk)
            if after:
                again += [len(found) + at for at in after]
            found += some
    if waiting:
        found += _plain(" ".join(waiting))
    return found, again


def _plain(text: str) -> list[bytes]:
    return text.encode("ascii").translate(_PLAIN).split()


def _chunk_forms(chunk: str) -> tuple[tuple[bytes, ...], tuple[int, ...]]:
    found: list[bytes] = []
    again: list[int] = []
    for token in _scan_chunk(chunk, 0, ""):
        found.append(token.text.encode())
        if token.folded and token.folded != token.text:
            again.append(len(found))
            found.append(token.folded.encode())
    return tuple(found), tuple(again)


_known_forms = lru_cache(1 << 15)(_chunk_forms)


def cut(form: bytes) -> bytes:
    """A word of `forms` as it stands in the index; those beyond ASCII are cut already."""
    return form[:MAX_LENGTH] if form.isascii() else form


def pattern_words(text: str) -> list[str]:
    """The words of a query text, with `*`, `?` and `=` kept as part of them."""
    return [token.text for token in scan(text, WILDCARDS)]


def signed(text: str) -> Iterator[Token]:
    """The words of a query text with the signs of `SIGNS` kept too, wherever they stand."""
    for chunk in _CHUNK.finditer(text):
        yield from _scan_chunk(chunk.group(), chunk.start(), SIGNS)


def visible(text: str) -> str:
    """A text without the characters that nobody sees and no word keeps."""
    return text if text.isascii() else "".join(c for c in text if c not in _IGNORED)
