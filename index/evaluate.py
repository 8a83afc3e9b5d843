"""Evaluates a query exactly: sets of documents as roaring bitmaps, proximity from positions.

Nothing is capped but the words that a wildcard may stand for inside a phrase or a proximity; past
`EXPANSION_LIMIT` the query is refused, for a search that leaves words out would not be exact.

NOT over words is taken among the documents that the index holds: of a document that is not
indexed yet nobody can say that it lacks a word.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from pyroaring import BitMap

from index import words
from index.expand import expand
from index.interface import Catalog
from index.lexer import refuse
from index.regex import MOST_STEPS, RegexSizeError
from index.schema import ANY_FIELD, PARTICIPANTS
from index.segment import Postings, Segment
from index.spans import occurs, spans
from index.tree import (
    And,
    Edge,
    Family,
    Field,
    Fuzzy,
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
    """Evaluates queries over open segments and a catalogue. Not to be shared by threads."""

    def __init__(self, segments: Sequence[Segment], catalog: Catalog) -> None:
        self._segments = segments
        self._catalog = catalog
        self._query = ""
        self._everything = BitMap()
        self._expansions: dict[tuple[int, str, str], list[str]] = {}
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
        return self._occurring(node, field)

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

    def _occurring(self, node: Node, field: str) -> BitMap:
        found = BitMap()
        for segment in self._segments:
            numbers = BitMap()
            for name in fields_of(field):
                numbers |= self._numbers(node, segment, name)
            found |= segment.ids_of(numbers)
        return found

    def _numbers(self, node: Node, segment: Segment, field: str) -> BitMap:
        """Numbers, within a segment, of the documents in whose field the node occurs."""
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

    def positions_terms(self, segment: Segment, field: str, leaf: Family) -> list[str]:
        """The terms of a family inside a proximity or phrase; refused when they are too many."""
        terms = self._terms(segment, field, leaf)
        if len(terms) > EXPANSION_LIMIT:
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
        self, evaluator: Evaluator, segment: Segment, field: str, candidates: BitMap
    ) -> None:
        self._evaluator = evaluator
        self._segment = segment
        self._field = field
        self._candidates = candidates
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
            for term in self._evaluator.positions_terms(self._segment, self._field, leaf):
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


class TextSource:
    """The same positions from a text at hand, for highlighting."""

    def __init__(self, text: str) -> None:
        self.tokens = list(words.scan(text))
        self._table: defaultdict[str, set[int]] = defaultdict(set)
        for position, token in enumerate(self.tokens):
            self._table[token.text].add(position)
            if token.folded:
                self._table[token.folded].add(position)

    def positions(self, leaf: Single) -> Sequence[int]:
        """See `spans.Source`."""
        if isinstance(leaf, Word):
            return sorted(self._table.get(leaf.text, ()))
        terms = expand("\n".join(sorted(self._table)), leaf)
        return sorted({at for term in terms for at in self._table[term]})

    def words(self) -> int:
        """See `spans.Source`."""
        return len(self.tokens)


def hits(node: Node, name: str, source: TextSource, field: str = "") -> set[tuple[int, int]]:
    """What to mark in one field of a document: the words that make it answer the query."""
    match node:
        case Not() | Value():
            return set()
        case And(parts) | Or(parts):
            return {hit for each in parts for hit in hits(each, name, source, field)}
        case Field(inner, part):
            return hits(part, name, source, inner)
    return _leaf_hits(node, source) if name in fields_of(field) else set()


def _leaf_hits(node: Node, source: TextSource) -> set[tuple[int, int]]:
    around = spans(node, source)
    found = {span for leaf in _positive(node) for span in spans(leaf, source)}
    return {
        (first, last) for first, last in found if any(a <= first and last <= b for a, b in around)
    }


def _positive(node: Node) -> Iterable[Leaf]:
    match node:
        case Edge():
            return
        case Or(parts):
            for each in parts:
                yield from _positive(each)
        case Near(left, right):
            yield from _positive(left)
            yield from _positive(right)
        case NotNear(left):
            yield from _positive(left)
        case _ if isinstance(node, Leaf):
            yield node
