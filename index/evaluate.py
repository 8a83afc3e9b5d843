"""Evaluates a query exactly: sets of documents as roaring bitmaps, proximity from positions.

Nothing is capped but the words that a wildcard may stand for inside a phrase or a proximity; past
`EXPANSION_LIMIT` the query is refused, for a search that leaves words out would not be exact.

NOT over words is taken among the documents that the index holds: of a document that is not
indexed yet nobody can say that it lacks a word.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from index.expand import ranks
from index.interface import Catalog
from index.lexer import RefusedError, refuse
from index.nearness import documents
from index.regex import MOST_STEPS, RegexSizeError
from index.schema import ANY_FIELD, PARTICIPANTS
from index.segment import Segment
from index.side import Places, SideField, bitmap, distinct
from index.spans import Source
from index.tree import (
    And,
    Edge,
    Family,
    Field,
    Fuzzy,
    Inner,
    Leaf,
    Near,
    Node,
    Not,
    NotNear,
    Numbers,
    Or,
    Phrase,
    Regex,
    Single,
    Stem,
    Value,
    Wildcard,
    Word,
    meaning,
    walk,
    written,
)

EXPANSION_LIMIT = 200_000
_FEW = 4  # times as many documents or places as matter: then it pays to leave out the others


def fields_of(name: str) -> Sequence[str]:
    """The fields of the index that a field of a query looks in; "" is the default."""
    if not name:
        return ANY_FIELD
    return PARTICIPANTS if name == "participants" else (name,)


class Evaluator:
    """Evaluates queries over open segments and a catalogue. Not to be shared by threads.

    What a word, phrase or proximity was found in is kept, so that many terms share their parts.
    """

    def __init__(self, segments: Sequence[Segment], catalog: Catalog) -> None:
        self._segments = segments
        self._catalog = catalog
        self._query = ""
        self._everything = BitMap()
        self._found: dict[tuple[str, str, Hashable], BitMap] = {}
        self.held = BitMap()
        for segment in segments:
            self.held |= segment.ids_of(segment.live)

    def evaluate(self, node: Node, query: str, universe: BitMap) -> BitMap:
        """The ids within `universe` that answer the query; raises `QueryError` for bad values."""
        self._query = query
        self._everything = universe
        return self._set(node, "") & universe

    def _set(self, node: Node, field: str) -> BitMap:
        match node:
            case And(parts):
                found = self._set(parts[0], field)
                for each in parts[1:]:
                    found = found & self._set(each, field)
                return found
            case Or(parts):
                return BitMap.union(BitMap(), *(self._set(each, field) for each in parts))
            case Not(part):
                return self._universe(part) - self._set(part, field)
            case Field(name, part):
                return self._set(part, name)
            case Value():
                return self._value(node)
            case Inner():
                return self._inner(node)
        return self.occurring(node, field)

    def _inner(self, node: Inner) -> BitMap:
        outer, self._query = self._query, node.query
        try:
            return self._set(node.part, "")
        except RefusedError as error:
            if not node.column:  # it has no place in the query around
                raise
            raise refuse(
                outer,
                node.column,
                f"the {node.name} cannot be answered: {error.problem}",
                "one that can be",
            ) from error
        finally:
            self._query = outer

    def _universe(self, node: Node) -> BitMap:
        if any(isinstance(each, Leaf | Edge) for each in walk(node)):
            return self._everything & self.held
        return self._everything

    def _value(self, node: Value) -> BitMap:
        try:
            return self._catalog.select(node.field, node.operator, node.value, node.upper)
        except ValueError as error:
            raise refuse(
                self._query,
                node.column,
                f"{node.field}: cannot take {node.value!r}: {error}",
                "a value of this field",
            ) from error

    def occurring(self, node: Node, field: str) -> BitMap:
        """The ids of all documents in which a word, phrase or proximity occurs."""
        found = BitMap()
        for segment in self._segments:
            numbers = BitMap()
            for row in self._rows(segment, field):
                numbers |= self._numbers(node, row)
            found |= segment.ids_of(numbers & segment.live)
        return found

    def _rows(self, segment: Segment, field: str) -> Iterator["_Row"]:
        for name in fields_of(field):
            if (held := segment.field(name)) is not None:
                yield _Row(self, segment, name, held)

    def sources(
        self, node: Node, segment: Segment, field: str, within: BitMap
    ) -> Iterator[tuple[int, Source]]:
        """The documents of `within` (numbers of a segment) in whose field the node occurs."""
        for row in self._rows(segment, field):
            found = self._numbers(node, row) & within & segment.live
            whole = replace(row, capped=False)
            for number in found:
                yield number, _Document(whole, number)

    def variants(self, leaf: Family, field: str, within: BitMap) -> dict[str, BitMap]:
        """The words that a part of a query stands for, and the ids within `within` that hold each.

        Words in none of these documents are left out.
        """
        found: defaultdict[str, BitMap] = defaultdict(BitMap)
        for segment in self._segments:
            for row in self._rows(segment, field):
                for rank in row.ranks(leaf).tolist():
                    numbers = row.held.documents(rank) & segment.live
                    found[row.held.word(rank).decode()] |= segment.ids_of(numbers) & within
        return {term: ids for term, ids in found.items() if ids}

    def _numbers(self, node: Node, row: "_Row") -> BitMap:
        """Numbers, within a segment, of the documents in whose field the node occurs."""
        key = (row.segment.name, row.name, meaning(node))
        if key not in self._found:
            self._found[key] = self._looked_up(node, row)
        return self._found[key]

    def _looked_up(self, node: Node, row: "_Row") -> BitMap:
        match node:
            case Word() | Wildcard() | Stem() | Fuzzy() | Numbers() | Regex():
                return row.documents(node)
            case Edge():
                return bitmap(np.flatnonzero(row.held.lengths))
        possible = self._possible(node, row)
        return bitmap(documents(node, row.only(possible))) if possible else BitMap()

    def _possible(self, node: Node, row: "_Row") -> BitMap:
        """A superset of the documents in which an operand occurs, had cheaply."""
        match node:
            case Word():
                return row.documents(node)
            case Phrase(parts):
                return self._all_possible(parts, row)
            case Or(parts):
                return BitMap.union(BitMap(), *(self._possible(each, row) for each in parts))
            case Near(left, right):
                return self._all_possible((left, right), row)
            case NotNear(left):
                return self._possible(left, row)
            case Wildcard() | Stem() | Fuzzy() | Numbers() | Regex():
                return row.segment.live if len(row.ranks(node)) else BitMap()
        return row.segment.live

    def _all_possible(self, parts: Sequence[Node], row: "_Row") -> BitMap:
        found = row.segment.live
        for part in sorted(parts, key=lambda each: not isinstance(each, Word)):
            if found:
                found = found & self._possible(part, row)
        return found

    def ranks(self, row: "_Row", leaf: Family) -> NDArray[np.int64]:
        """The terms that a part of a query stands for in one field of a segment."""
        try:
            return row.segment.kept.get(
                ("terms", row.name, written(leaf)), lambda: ranks(row.held, leaf)
            )
        except RegexSizeError as error:
            raise refuse(
                self._query,
                leaf.column,
                f"this regular expression takes more than {MOST_STEPS:,} different steps",
                "a simpler one: fewer repeats of what can be read in many ways",
            ) from error

    def require_few(self, leaf: Family, count: int) -> None:
        """Refuse a family of too many words inside a proximity or phrase."""
        if count > EXPANSION_LIMIT:
            raise refuse(
                self._query,
                leaf.column,
                f"{written(leaf)!r} stands for {count:,} words here, too many to compare "
                "their positions",
                f"a pattern for at most {EXPANSION_LIMIT:,} words inside a phrase or proximity",
            )


@dataclass(frozen=True, slots=True)
class _Row:
    """One field of one segment; see `nearness.Row`."""

    evaluator: Evaluator
    segment: Segment
    name: str
    held: SideField
    within: NDArray[np.int64] | None = None
    """The documents that matter, if they are few."""
    capped: bool = True
    """Whether a family of too many words is refused."""

    def only(self, numbers: BitMap) -> "_Row":
        """The same, of which only some documents matter."""
        if _FEW * len(numbers) > len(self.segment.ids):
            return self
        return replace(self, within=np.asarray(numbers.to_array(), np.int64))

    @property
    def starts(self) -> Places:
        return self.held.starts

    def ranks(self, leaf: Single) -> NDArray[np.int64]:
        if not isinstance(leaf, Word):
            return self.evaluator.ranks(self, leaf)
        rank = self.held.rank(leaf.text.encode())
        return np.array([] if rank is None else [rank], np.int64)

    def documents(self, leaf: Single) -> BitMap:
        found = self.ranks(leaf)
        return self.held.documents(int(found[0])) if len(found) == 1 else self._any(found)

    def _any(self, ranks: NDArray[np.int64]) -> BitMap:
        return self.held.documents_of(ranks) if len(ranks) else BitMap()

    def places(self, leaf: Single) -> Places:
        found = self.ranks(leaf)
        if self.capped and not isinstance(leaf, Word):
            self.evaluator.require_few(leaf, len(found))
        places = self.segment.kept.get(
            ("places", self.name, written(leaf)), lambda: self._places(found)
        )
        if self.within is None or _FEW * len(self.within) > len(places):
            return places
        begin = np.searchsorted(places, self.starts[self.within])
        sizes = np.searchsorted(places, self.starts[self.within + 1]) - begin
        return places[np.repeat(begin - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())]

    def _places(self, ranks: NDArray[np.int64]) -> Places:
        if len(ranks) == 1:
            return self.held.places(int(ranks[0]))
        places, _ = self.held.places_of(ranks)
        return distinct(np.sort(places))

    def size(self, leaf: Single) -> int:
        return self.held.size_of(self.ranks(leaf))


@dataclass(frozen=True, slots=True)
class _Document:
    """One field of one document; see `spans.Source`."""

    row: _Row
    number: int

    def positions(self, leaf: Single) -> Sequence[int]:
        places = self.row.places(leaf)
        first, after = self.row.starts[self.number : self.number + 2].tolist()
        begin, end = np.searchsorted(places, (first, after)).tolist()
        found: list[int] = (places[begin:end] - (first + 1)).tolist()
        return found

    def words(self) -> int:
        return int(self.row.held.lengths[self.number])
