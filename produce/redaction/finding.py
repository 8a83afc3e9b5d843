"""Terms found in the characters of a page, in whatever way they are set.

The page is folded first: letters and digits alone, without case, accents and invisible signs, each
with the way back to where it stands. A term is found where its letters follow upon each other from
the beginning of a word to the end of one, and

- where the term parts words, the page parts them by any blanks, line ends or punctuation, curly
  quotes included; a hyphen or an apostrophe of the term may be lacking;
- where it does not, the page has nothing between, or a hyphen (with a line's end after it), or sets
  all letters of the word apart.

A `*` at the end of a term takes the rest of the word along.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from index import words
from produce.imaging.burn import Mark, covering
from produce.imaging.characters import Box, PageCharacters

_GROW = 0.5  # points around the letters: the soft edge of their ink
_CONTEXT = 40  # characters on either side
_HYPHENS = frozenset("-\u00ad\u2010\u2011\u2012\u2013\u2014\u2212")
_APOSTROPHES = frozenset("'\u2018\u2019\u201b\u02bc`\u00b4")
_EXACT, _OTHERWISE, _READ = 1.0, 0.8, 0.7


@dataclass(frozen=True, slots=True)
class Hit:
    """Where something stands in the text of a page, from `start` to before `end`, and how surely
    it is what was looked for, 0 to 1.
    """

    start: int
    end: int
    reason: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Folded:
    """The letters of a text, and for each of them its place in the text."""

    letters: str
    places: tuple[int, ...]


@cache
def _letters(char: str) -> str:
    form = words.fold(words.normal(char))
    return "".join(each for each in form if each.isalnum())


def fold(text: str) -> Folded:
    """Fold a text; marks that follow their letter go with it."""
    letters: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text):
        for each in _letters(char):
            letters.append(each)
            places.append(place)
    return Folded("".join(letters), tuple(places))


def find_term(page: PageCharacters, term: str) -> Iterator[Hit]:
    """All places of a term on a page, in order, none upon another."""
    open_end = term.endswith("*")
    bare = term.rstrip("*")
    wanted, found = fold(bare), fold(page.text)
    if not wanted.letters:
        return
    at = 0
    while (at := found.letters.find(wanted.letters, at)) >= 0:
        end = at + len(wanted.letters)
        if not _fits(page.text, found, at, bare, wanted):
            at += 1
            continue
        first, last = found.places[at], found.places[end - 1]
        stop = _word_end(page.text, last + 1) if open_end else _marks_end(page.text, last + 1)
        if not open_end and stop < len(page.text) and _is_letter(page.text[stop]):
            at += 1
            continue
        said = page.text[first:stop]
        sure = _EXACT if bare.casefold() in said.casefold() else _OTHERWISE
        yield Hit(first, stop, term, round(sure * (_READ if page.source == "ocr" else 1.0), 2))
        at = end


def _fits(text: str, found: Folded, at: int, term: str, wanted: Folded) -> bool:
    first = found.places[at]
    if first and _is_letter(text[_before(text, first)]):
        return False
    apart = _is_set_apart(text, found, at, len(wanted.letters))
    for step in range(1, len(wanted.letters)):
        here = text[found.places[at + step - 1] + 1 : found.places[at + step]]
        there = term[wanted.places[step - 1] + 1 : wanted.places[step]]
        if not _gap_fits(here, there, apart):
            return False
    return True


def _gap_fits(here: str, there: str, apart: bool) -> bool:
    """Whether what lies between two letters of a page may stand for what the term has there."""
    here, there = _plain(here), _plain(there)
    if not there:
        return not here or apart or (here[0] in _HYPHENS and not here[1:].strip())
    if all(each in _HYPHENS or each in _APOSTROPHES for each in there):
        return True
    return bool(here)


def _plain(gap: str) -> str:
    """Without marks and signs that show nothing."""
    return "".join(each for each in gap if unicodedata.category(each) not in ("Mn", "Me", "Cf"))


def _is_set_apart(text: str, found: Folded, at: int, length: int) -> bool:
    """Whether every letter stands by itself, parted by the same short gaps."""
    gaps = [
        _plain(text[found.places[at + step - 1] + 1 : found.places[at + step]])
        for step in range(1, length)
    ]
    return length > 2 and all(0 < len(each) <= 3 and "\n\n" not in each for each in gaps)


def _is_letter(char: str) -> bool:
    return char.isalnum()


def _before(text: str, place: int) -> int:
    place -= 1
    while place > 0 and unicodedata.category(text[place]) in ("Mn", "Cf"):
        place -= 1
    return place


def _marks_end(text: str, place: int) -> int:
    while place < len(text) and unicodedata.category(text[place]) in ("Mn", "Me"):
        place += 1
    return place


def _word_end(text: str, place: int) -> int:
    place = _marks_end(text, place)
    while place < len(text) and _is_letter(text[place]):
        place = _marks_end(text, place + 1)
    return place


def boxes_of(page: PageCharacters, start: int, end: int) -> tuple[Box, ...]:
    """What covers a stretch of a page's text: a box for each of its lines; none off the page."""
    lines: list[list[Box]] = [[]]
    for char, box in zip(page.text[start:end], page.boxes[start:end], strict=True):
        if char == "\n":
            lines.append([])
        elif box is not None:
            if lines[-1] and not _aligned(lines[-1][-1], box):  # a hyphen hides the line's end
                lines.append([])
            lines[-1].append(box)
    around = (_around(line, page) for line in lines if line)
    return tuple(each for each in around if each[0] < each[2] and each[1] < each[3])


def _aligned(last: Box, box: Box) -> bool:
    level = min(last[3], box[3]) > max(last[1], box[1])
    return level or min(last[2], box[2]) > max(last[0], box[0])


def _around(line: Sequence[Box], page: PageCharacters) -> Box:
    return (
        max(0.0, min(box[0] for box in line) - _GROW),
        max(0.0, min(box[1] for box in line) - _GROW),
        min(page.width, max(box[2] for box in line) + _GROW),
        min(page.height, max(box[3] for box in line) + _GROW),
    )


def context_of(page: PageCharacters, start: int, end: int) -> str:
    """A stretch of text with some words around it, in one line."""
    before = page.text[max(0, start - _CONTEXT) : start]
    after = page.text[end : end + _CONTEXT]
    return " ".join(f"{before}[{page.text[start:end]}]{after}".split())


def text_under(page: PageCharacters, boxes: Sequence[Box]) -> str:
    """The text that boxes cover, if only in part; words of different places parted."""
    marks = [Mark(each, "") for each in boxes]
    found: list[str] = []
    for char, box in zip(page.text, page.boxes, strict=True):
        covered = box is not None and covering(box, marks) is not None
        if covered:
            found.append(char)
        elif found and not found[-1].isspace():
            found.append(" ")
    return "".join(found).strip()


def text_outside(page: PageCharacters, boxes: Sequence[Box]) -> str:
    """The text that boxes leave open; what they part stays parted."""
    marks = [Mark(each, "") for each in boxes]
    return "".join(
        char if box is None or covering(box, marks) is None else " "
        for char, box in zip(page.text, page.boxes, strict=True)
    )
