"""The words that a document's redactions hide: what must stand nowhere in what is produced of it.

The rule, document by document. A word is what it is for the index: letters and digits, without case
and accents.

- A word of three characters or more that lies under a confirmed redaction (if only in part) is
  hidden, unless the document shows it elsewhere: outside of all boxes, as far as the burned pages
  have it in their text. What a reviewer left open in the same document is open.
- Two to eight words under one redaction are hidden as a phrase too, in their order, unless the
  document shows the phrase elsewhere. So are the values of fields that were redacted by hand, and
  what lies in redacted cells.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from index import words
from produce.redaction.finding import text_outside, text_under
from produce.redaction.pages import drawn_on
from produce.redaction.record import Kind, Redaction, confirmed
from store import Store

SHORTEST = 3
_LONGEST_PHRASE = 8

type Phrase = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hidden:
    """Words and phrases that a document hides; folded, as the index has them."""

    words: frozenset[str] = frozenset()
    phrases: frozenset[Phrase] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.words or self.phrases)

    def without(self, other: "Hidden") -> "Hidden":
        """All of them but some."""
        return Hidden(self.words - other.words, self.phrases - other.phrases)

    def said_in(self, texts: Iterable[str]) -> "Hidden":
        """Those of them that stand in some texts."""
        every = [tokens(text) for text in texts]
        words = {word for said in every for word in said}
        phrases = [each for each in self.phrases if any(contains(said, each) for said in every)]
        return Hidden(self.words & words, frozenset(phrases))

    def within(self, text: str) -> list[str]:
        """Which of them stand in a text."""
        return self.among(tokens(text))

    def among(self, found: Sequence[str]) -> list[str]:
        """Which of them stand in a sequence of words."""
        every = set(found)
        said = [
            " ".join(each)
            for each in self.phrases
            if every.issuperset(each) and contains(found, each)
        ]
        return sorted({*(every & self.words), *said})

    def oftener(self, text: str, than: Iterable[str]) -> list[str]:
        """Which of them stand in a text oftener than in some lines; phrases within a line."""
        found, printed = self._counted(text.splitlines()), self._counted(than)
        return sorted(each for each, times in found.items() if times > printed[each])

    def _counted(self, lines: Iterable[str]) -> Counter[str]:
        """How often each of them stands in some lines."""
        counted: Counter[str] = Counter()
        for line in lines:
            said = tokens(line)
            counted.update(each for each in said if each in self.words)
            for phrase in self.phrases:
                counted[" ".join(phrase)] += len(places(said, phrase))
        return counted


NOTHING = Hidden()


def packed(hidden: Hidden) -> dict[str, Any]:
    """As a message to a child holds it."""
    return {"words": sorted(hidden.words), "phrases": sorted(map(list, hidden.phrases))}


def unpacked(message: Mapping[str, Any]) -> Hidden:
    """What `packed` gave."""
    return Hidden(frozenset(message["words"]), frozenset(map(tuple, message["phrases"])))


def tokens(text: str) -> list[str]:
    """The words of a text, in order, folded."""
    return words.folded(text)


def contains(found: Sequence[str], phrase: Phrase) -> bool:
    """Whether the words of a phrase follow upon each other."""
    return bool(places(found, phrase))


def places(found: Sequence[str], phrase: Phrase) -> list[int]:
    """Where the words of a phrase follow upon each other."""
    first, size = phrase[0], len(phrase)
    return [
        place
        for place, each in enumerate(found)
        if each == first and tuple(found[place : place + size]) == phrase
    ]


def hidden_by(
    connection: sa.Connection,
    store: Store,
    documents: Iterable[int] | None = None,
    burned: Mapping[int, str] | None = None,
    values: Mapping[int, Sequence[str]] | None = None,
) -> dict[int, Hidden]:
    """What the confirmed redactions of documents, or of all, hide; only of those that hide any.

    `burned` are texts of burned pages by document; `values` what lies in cells and fields.
    """
    by_document: defaultdict[int, list[Redaction]] = defaultdict(list)
    for each in confirmed(connection, documents):
        by_document[each.drawn.document].append(each)
    found = {}
    for document, redactions in by_document.items():
        covered, shown = _texts(connection, store, document, redactions)
        covered += list((values or {}).get(document, ()))
        left = _left(shown, (burned or {}).get(document))
        if hidden := hide(covered, left):
            found[document] = hidden
    return found


def _left(shown: Sequence[str], burned: str | None) -> list[list[str]]:
    """Words that stay open, page by page; of the record's only those that were read again."""
    pages = [tokens(each) for each in shown]
    if burned is None:
        return pages
    if not pages:  # a spreadsheet
        return [tokens(line) for line in burned.split("\n")]
    again = set(tokens(burned))
    return [[each for each in page if each in again] for page in pages]


def hide(covered: Iterable[str], left: Sequence[Sequence[str]]) -> Hidden:
    """Words and phrases of `covered` texts that do not stand in what is `left`."""
    open_words = {word for page in left for word in page}
    single: set[str] = set()
    phrases: set[Phrase] = set()
    for text in covered:
        said = tokens(text)
        single |= {each for each in said if len(each) >= SHORTEST} - open_words
        phrase = tuple(said)
        if 2 <= len(phrase) <= _LONGEST_PHRASE and not any(contains(p, phrase) for p in left):
            phrases.add(phrase)
    return Hidden(frozenset(single), frozenset(phrases))


def _texts(
    connection: sa.Connection, store: Store, document: int, redactions: Sequence[Redaction]
) -> tuple[list[str], list[str]]:
    """What the boxes of a document cover, and what they leave open on each page."""
    cells = [each.drawn.found for each in redactions if each.drawn.kind is Kind.CELLS]
    covered = [value for each in cells for value in each.split("\n")]
    placed = [each.drawn for each in redactions if each.drawn.render_sha256 is not None]
    pages = {
        render: drawn_on(connection, store, document, render)
        for render in dict.fromkeys(str(each.render_sha256) for each in placed)
    }
    for each in placed:
        page = pages[str(each.render_sha256)][(each.page or 1) - 1]
        covered.append(text_under(page, each.boxes))
    newest = list(pages.values())[-1] if pages else ()
    shown = [
        text_outside(page, [box for each in placed if each.page == number for box in each.boxes])
        for number, page in enumerate(newest, 1)
    ]
    return covered, shown


def spoken(hidden: Hidden) -> Iterator[str]:
    """Words and phrases as people read them."""
    yield from sorted(hidden.words)
    yield from sorted(" ".join(each) for each in hidden.phrases)
