"""Evaluates a query exactly: sets of documents as roaring bitmaps, proximity from positions.

Nothing is capped but the words that a wildcard may stand for inside a phrase or a proximity; past
`EXPANSION_LIMIT` the query is refused, for a search that leaves words out would not be exact.

NOT over words is taken among the documents that the index holds: of a document that is not
indexed yet nobody can say that it lacks a word.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from pyroaring import BitMap

from index.expand import expand
from index.interface import Catalog
from index.lexer import RefusedError, refuse
from index.regex import MOST_STEPS, RegexSizeError
from index.schema import ANY_FIELD, PARTICIPANTS
from index.segment import Postings, Segment
from index.spans import Source, occurs
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

EXPANSION_LIMIT = 20_000


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
        self._expansions: dict[tuple[int, str, str], list[str]] = {}
        self._found: dict[tuple[int, str, Hashable], BitMap] = {}
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
            for name in fields_of(field):
                numbers |= self._numbers(node, segment, name)
            found |= segment.ids_of(numbers)
        return found

    def sources(
        self, node: Node, segment: Segment, field: str, within: BitMap
    ) -> Iterator[tuple[int, Source]]:
        """The documents of `within` (numbers of a segment) in whose field the node occurs."""
        found = self._numbers(node, segment, field) & within
        reader = _FieldReader(self, segment, field, found, capped=False)
        for number in found:
            yield number, reader.at(number)

    def variants(self, leaf: Family, field: str, within: BitMap) -> dict[str, BitMap]:
        """The words that a part of a query stands for, and the ids within `within` that hold each.

        Words in none of these documents are left out.
        """
        found: defaultdict[str, BitMap] = defaultdict(BitMap)
        for segment in self._segments:
            for name in fields_of(field):
                for term in self._terms(segment, name, leaf):
                    found[term] |= segment.ids_of(segment.documents(name, term)) & within
        return {term: ids for term, ids in found.items() if ids}

    def _numbers(self, node: Node, segment: Segment, field: str) -> BitMap:
        """Numbers, within a segment, of the documents in whose field the node occurs."""
        key = (id(segment), field, meaning(node))
        if key not in self._found:
            self._found[key] = self._looked_up(node, segment, field)
        return self._found[key]

    def _looked_up(self, node: Node, segment: Segment, field: str) -> BitMap:
        match node:
            case Word(text):
                return segment.documents(field, text)
            case Edge():
                return BitMap(np.flatnonzero(segment.lengths(field)).tolist()) & segment.live
            case Wildcard() | Stem() | Fuzzy() | Numbers() | Regex():
                terms = self._terms(segment, field, node)
                return BitMap.union(BitMap(), *(segment.documents(field, each) for each in terms))
        candidates = self._candidates(node, segment, field)
        if not candidates:
            return candidates
        reader = _FieldReader(self, segment, field, candidates)
        return BitMap(each for each in candidates if occurs(node, reader.at(each)))

    def _candidates(self, node: Node, segment: Segment, field: str) -> BitMap:
        """A superset of the documents in which an operand occurs."""
        match node:
            case Phrase(parts):
                found = segment.live
                for part in sorted(parts, key=lambda each: not isinstance(each, Word)):
                    if not found:
                        break
                    found = found & self._numbers(part, segment, field)
                return found
            case Or(parts):
                return BitMap.union(
                    BitMap(), *(self._candidates(each, segment, field) for each in parts)
                )
            case Near(left, right):
                # The start and the end are in every document that has a word at all.
                wordy = [each for each in (left, right) if not _edged(each)] or [left, right]
                found = self._candidates(wordy[0], segment, field)
                return found & self._candidates(wordy[-1], segment, field) if found else found
            case NotNear(left):
                return self._candidates(left, segment, field)
        return self._numbers(node, segment, field)

    def _terms(self, segment: Segment, field: str, leaf: Family) -> list[str]:
        key = (id(segment), field, written(leaf))
        if key not in self._expansions:
            try:
                self._expansions[key] = expand(segment.lexicon(field), leaf)
            except RegexSizeError as error:
                raise refuse(
                    self._query,
                    leaf.column,
                    f"this regular expression takes more than {MOST_STEPS:,} different steps",
                    "a simpler one: fewer repeats of what can be read in many ways",
                ) from error
        return self._expansions[key]

    def positions_terms(
        self, segment: Segment, field: str, leaf: Family, *, capped: bool
    ) -> list[str]:
        """The terms of a family whose positions are wanted; `capped`: refused if too many."""
        terms = self._terms(segment, field, leaf)
        if capped and len(terms) > EXPANSION_LIMIT:
            raise refuse(
                self._query,
                leaf.column,
                f"{written(leaf)!r} stands for {len(terms):,} words here, too many to compare "
                "their positions",
                f"a pattern for at most {EXPANSION_LIMIT:,} words inside a phrase or proximity",
            )
        return terms


def _edged(node: Node) -> bool:
    return any(isinstance(each, Edge) for each in walk(node))


class _FieldReader:
    """Positions in one field of one segment; wildcards are gathered once for all documents."""

    def __init__(
        self,
        evaluator: Evaluator,
        segment: Segment,
        field: str,
        candidates: BitMap,
        *,
        capped: bool = True,
    ) -> None:
        self._evaluator = evaluator
        self._segment = segment
        self._field = field
        self._candidates = candidates
        self._capped = capped
        self._gathered: dict[str, dict[int, list[Postings]]] = {}

    def at(self, number: int) -> "_DocumentSource":
        return _DocumentSource(self, number)

    def positions(self, leaf: Single, number: int) -> Sequence[int]:
        if isinstance(leaf, Word):
            return self._segment.postings(self._field, leaf.text).positions(number)
        gathered = self._gather(leaf).get(number, [])
        return sorted({at for postings in gathered for at in postings.positions(number)})

    def words(self, number: int) -> int:
        return int(self._segment.lengths(self._field)[number])

    def _gather(self, leaf: Family) -> dict[int, list[Postings]]:
        key = written(leaf)
        if key not in self._gathered:
            found: defaultdict[int, list[Postings]] = defaultdict(list)
            terms = self._evaluator.positions_terms(
                self._segment, self._field, leaf, capped=self._capped
            )
            for term in terms:
                postings = self._segment.postings(self._field, term)
                for number in self._candidates & BitMap(postings.numbers):
                    found[number].append(postings)
            self._gathered[key] = found
        return self._gathered[key]


@dataclass(frozen=True, slots=True)
class _DocumentSource:
    reader: _FieldReader
    number: int

    def positions(self, leaf: Single) -> Sequence[int]:
        return self.reader.positions(leaf, self.number)

    def words(self) -> int:
        return self.reader.words(self.number)
