"""Hits: the words that make a document answer a query, and how many of them it holds.

What can be marked is divided into units: the words, phrases and proximities of a query that no NOT
denies. A hit is an occurrence of a word or phrase that a unit asks for; of a proximity only those
count that stand near enough. Hits that overlap are one, so that their number is that of the marks.
One definition serves the text at hand, which is shown, and the positions of the index, by which
whole results are counted and ranked.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pyroaring import BitMap

from index import words
from index.evaluate import Evaluator, fields_of
from index.expand import expand
from index.segment import Segment
from index.spans import Source, Span, spans
from index.tree import (
    And,
    Edge,
    Field,
    Inner,
    Leaf,
    Near,
    Node,
    Not,
    NotNear,
    Or,
    Single,
    Value,
    Word,
    meaning,
)

_K1, _B = 1.2, 0.75  # the usual constants of BM25


@dataclass(frozen=True, slots=True)
class Unit:
    """A part of a query that can be marked, and the field of the query that it is looked for in."""

    field: str
    node: Node


@dataclass(frozen=True, slots=True)
class Tally:
    """What one document holds of a query: hits, and its weight among others, 0 or more."""

    hits: int
    relevance: float


NOTHING = Tally(0, 0.0)


class TextSource:
    """The positions of words in a text at hand, as the index has them."""

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


def units(node: Node, field: str = "") -> Iterator[Unit]:
    """All that can be marked, as often as it stands there."""
    match node:
        case Not() | Value():
            return
        case And(parts) | Or(parts):
            for each in parts:
                yield from units(each, field)
        case Field(name, part):
            yield from units(part, name)
        case Inner(_, _, part):
            yield from units(part)
        case _:
            yield Unit(field, node)


def hits(node: Node, name: str, source: Source) -> set[Span]:
    """What to mark in one field of a document: the words that make it answer the query."""
    found: set[Span] = set()
    for unit in units(node):
        if name in fields_of(unit.field):
            found |= _marked(unit.node, source)
    return found


def _marked(node: Node, source: Source) -> set[Span]:
    around = spans(node, source)
    if isinstance(node, Leaf) or not around:
        return set(around)
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


def joined(found: Iterable[Span]) -> list[Span]:
    """Hits in order, those that overlap made one."""
    marks: list[Span] = []
    for first, last in sorted(found):
        if marks and first <= marks[-1][1]:
            marks[-1] = (marks[-1][0], max(marks[-1][1], last))
        else:
            marks.append((first, last))
    return marks


def tally(
    evaluator: Evaluator,
    segments: Sequence[Segment],
    node: Node,
    ids: BitMap,
    lengths: Mapping[int, int],
) -> dict[int, Tally]:
    """Count and weigh the hits of a query in the documents `ids` that have any.

    The weight is BM25: each unit counts by how rare it is in the index and how often a document
    holds it, in fields and text alike, set against the document's length. `lengths` are lengths of
    all documents that there are to find, in characters.
    """
    asked = {(each.field, meaning(each.node)): each for each in units(node)}
    rarity = [_rarity(evaluator, each) for each in asked.values()]
    average = sum(lengths.values()) / max(len(lengths), 1) or 1.0
    found: dict[int, Tally] = {}
    for segment in segments:
        counts = _of_segment(evaluator, segment, list(asked.values()), segment.numbers_of(ids))
        for number, (count, often) in counts.items():
            document = int(segment.ids[number])
            size = _K1 * (1 - _B + _B * lengths.get(document, 0) / average)
            weight = sum(
                rare * times * (_K1 + 1) / (times + size)
                for rare, times in zip(rarity, often, strict=True)
            )
            found[document] = Tally(count, weight)
    return found


def _rarity(evaluator: Evaluator, unit: Unit) -> float:
    holding, every = len(evaluator.occurring(unit.node, unit.field)), len(evaluator.held)
    return math.log1p((every - holding + 0.5) / (holding + 0.5))


def _of_segment(
    evaluator: Evaluator, segment: Segment, asked: Sequence[Unit], within: BitMap
) -> dict[int, tuple[int, list[int]]]:
    """Hits, and how often each unit occurs, of the documents of a segment that have any."""
    marks: defaultdict[tuple[int, str], list[set[Span]]] = defaultdict(list)
    often: defaultdict[int, list[int]] = defaultdict(lambda: [0] * len(asked))
    for at, unit in enumerate(asked):
        for name in fields_of(unit.field):
            for number, source in evaluator.sources(unit.node, segment, name, within):
                found = _marked(unit.node, source)
                marks[number, name].append(found)
                often[number][at] += len(found)
    counts: defaultdict[int, int] = defaultdict(int)
    for (number, _), sets in marks.items():
        counts[number] += len(joined(set().union(*sets)))
    return {number: (counts[number], often[number]) for number in often}
