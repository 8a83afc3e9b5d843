"""What a query means, worked out from the texts word by word, and queries made together with it.

Shares with the search nothing but the definition of a word (`index.words.scan`): each form is
written down as a person would write it, and its meaning stands beside it as plain sets. Used by
`bench.queries` over real documents and by the tests over made-up ones.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from whoosh.lang.snowball.english import EnglishStemmer

from index.words import scan

type Span = tuple[int, int]
type Occurs = Callable[["Table"], set[Span]]

DEFAULT = ("text", "title", "author", "subject", "from", "to", "cc", "bcc", "filename")
PEOPLE = ("from", "to", "cc", "bcc")


class Table:
    """One field of one document: where each form of a word stands, and how many words it has."""

    def __init__(self, text: str) -> None:
        self.forms: defaultdict[str, list[int]] = defaultdict(list)
        self.words: list[str] = []
        for at, token in enumerate(scan(text)):
            self.words.append(token.text)
            for form in {token.text, token.folded} - {""}:
                self.forms[form].append(at)


NOTHING = Table("")


class Library:
    """All documents by their ids, a table for each field that has a text."""

    def __init__(self, texts: Mapping[int, Mapping[str, str]]) -> None:
        self.documents = {
            number: {name: Table(text) for name, text in fields.items()}
            for number, fields in texts.items()
        }
        self.ids = frozenset(self.documents)
        self.where: defaultdict[str, set[int]] = defaultdict(set)
        self.counts: defaultdict[str, int] = defaultdict(int)
        for number, fields in self.documents.items():
            for table in fields.values():
                for form, positions in table.forms.items():
                    self.where[form].add(number)
                    self.counts[form] += len(positions)
        self.vocabulary = sorted(self.where)
        self.whole = [w for w in self.vocabulary if [t.text for t in scan(w)] == [w]]

    def forms(self, stands_for: Callable[[str], bool]) -> frozenset[str]:
        """The words of the library that a test takes."""
        return frozenset(each for each in self.vocabulary if stands_for(each))

    def holding(self, forms: Iterable[str]) -> frozenset[int]:
        """Documents that have any of some forms in any field."""
        return frozenset().union(*(self.where.get(each, ()) for each in forms))


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a query: as it is written, where it occurs, and documents it could occur in."""

    written: str
    occurs: Occurs
    ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query: as it is written, and the documents that answer."""

    written: str
    ids: frozenset[int]


def single(library: Library, written: str, forms: frozenset[str]) -> Part:
    """What stands for one word: any of some forms."""

    def occurs(table: Table) -> set[Span]:
        few, other = (forms, table.forms) if len(forms) < len(table.forms) else (table.forms, forms)
        return {(at, at) for form in few if form in other for at in table.forms[form]}

    return Part(written, occurs, library.holding(forms))


def edge(library: Library, written: str, *, last: bool) -> Part:
    """The start or the end of a field that has words."""

    def occurs(table: Table) -> set[Span]:
        at = len(table.words) if last else -1
        return {(at, at)} if table.words else set()

    return Part(written, occurs, library.ids)


def phrase(written: str, parts: Sequence[Part]) -> Part:
    """One word after the other."""

    def occurs(table: Table) -> set[Span]:
        found = parts[0].occurs(table)
        for offset, part in enumerate(parts[1:], 1):
            after = part.occurs(table)
            found = {(a, b) for a, b in found if (a + offset, a + offset) in after}
        return {(a, a + len(parts) - 1) for a, _ in found}

    return Part(written, occurs, frozenset.intersection(*(each.ids for each in parts)))


def either(written: str, parts: Sequence[Part]) -> Part:
    """Any of some parts."""
    return Part(
        written,
        lambda table: set().union(*(each.occurs(table) for each in parts)),
        frozenset().union(*(each.ids for each in parts)),
    )


def near(written: str, left: Part, right: Part, distance: int, kind: str) -> Part:
    """Two parts at most so many words apart; `kind` is w, pre, not w or not pre."""

    def close(a: Span, b: Span) -> bool:
        if kind.endswith("pre"):
            return a[1] < b[0] <= a[1] + distance
        apart = max(0, max(a[0], b[0]) - min(a[1], b[1]))
        return a != b and apart <= distance

    def occurs(table: Table) -> set[Span]:
        lefts, rights = left.occurs(table), right.occurs(table)
        if kind.startswith("not"):
            return {a for a in lefts if not any(close(a, b) for b in rights)}
        return {(min(a[0], b[0]), max(a[1], b[1])) for a in lefts for b in rights if close(a, b)}

    return Part(written, occurs, left.ids if kind.startswith("not") else left.ids & right.ids)


def among(library: Library, part: Part, fields: Sequence[str]) -> frozenset[int]:
    """The documents in any of whose fields a part occurs."""
    return frozenset(
        number
        for number in part.ids
        if any(part.occurs(library.documents[number].get(name, NOTHING)) for name in fields)
    )


@cache
def stem(word: str) -> str:
    """The stem of a word."""
    found: str = EnglishStemmer().stem(word)
    return found


def edits(one: str, other: str, most: int) -> int:
    """Edits between two words, neighbours that swap counting once; past `most` any larger number.

    The table of the textbook, a cell at a time.
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    above = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > most and min(above) > most:
            return most + 1
        before, above = above, row
    return above[-1]


def wildcard(pattern: str) -> Callable[[str], bool]:
    """Whether a word fits a pattern with `*`, `?` and `=`."""
    signs = {"*": ".*", "?": ".", "=": "[0-9]"}
    expression = re.compile("".join(signs.get(c) or re.escape(c) for c in pattern), re.DOTALL)
    return lambda word: expression.fullmatch(word) is not None


def misspelt(prefix: str, rest: str, most: int) -> Callable[[str], bool]:
    """Whether a word begins with a prefix and its remainder is so near to `rest`."""
    return lambda word: word.startswith(prefix) and edits(rest, word[len(prefix) :], most) <= most


def number_between(low: int, high: int) -> Callable[[str], bool]:
    """Whether a word is a whole number of a range."""
    return lambda word: re.fullmatch("[0-9]+", word) is not None and low <= int(word) <= high
