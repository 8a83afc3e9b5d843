"""Occurrences: where, word by word, a part of a query stands in one field of one document.

An occurrence is (first word, last word). Two are within N words when at most N - 1 words stand
between them, or when they overlap; an occurrence is never near to itself. `a pre/N b` wants all of
b behind all of a. The start of a field stands one word before its first, the end one word behind
its last, so that `a w/5 xfirstword` is an a among the first five words. Hits are marked and counted
by this; the search takes all documents of a field at once, by the same rules (`index.nearness`).
Generated queries try both.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Protocol

from index.tree import (
    Edge,
    Fuzzy,
    Near,
    Node,
    NotNear,
    Numbers,
    Or,
    Phrase,
    Regex,
    Single,
    Stem,
    Wildcard,
    Word,
)

Span = tuple[int, int]


class Source(Protocol):
    """One field of one document."""

    def positions(self, leaf: Single) -> Sequence[int]:
        """Where a word or any of a family of words stands, ascending, each position once."""

    def words(self) -> int:
        """How many words the field has."""


def spans(node: Node, source: Source) -> list[Span]:
    """All occurrences of a proximity operand, in order, each once."""
    match node:
        case Edge(last):
            at = source.words() if last else -1
            return [(at, at)]
        case Phrase(parts):
            return _phrase(parts, source)
        case Or(parts):
            return sorted({span for each in parts for span in spans(each, source)})
        case Near(left, right, distance, ordered):
            pairs = _pairs(spans(left, source), spans(right, source), distance, ordered)
            return sorted({(min(a[0], b[0]), max(a[1], b[1])) for a, b in pairs})
        case NotNear(left, right, distance, ordered):
            lefts = spans(left, source)
            near = {a for a, _ in _pairs(lefts, spans(right, source), distance, ordered)}
            return [each for each in lefts if each not in near]
        case Word() | Wildcard() | Stem() | Fuzzy() | Numbers() | Regex():
            return [(at, at) for at in source.positions(node)]
    raise TypeError(f"{type(node).__name__} has no occurrences")


def _phrase(parts: Sequence[Single], source: Source) -> list[Span]:
    starts = set(source.positions(parts[0]))
    for offset, part in enumerate(parts[1:], 1):
        if not starts:
            break
        starts &= {at - offset for at in source.positions(part)}
    return [(at, at + len(parts) - 1) for at in sorted(starts)]


def _pairs(
    lefts: Sequence[Span], rights: Sequence[Span], distance: int, ordered: bool
) -> Iterator[tuple[Span, Span]]:
    if not rights:
        return
    # Rights that begin in a window: a long one that began earlier can still reach in, hence the
    # longest right is added on the low side.
    reach = distance + max(last - first for first, last in rights)
    for left in lefts:
        low = bisect_left(rights, (left[0] - reach, -2))
        high = bisect_left(rights, (left[1] + distance + 1, -2))
        for right in rights[low:high]:
            if _near(left, right, distance, ordered):
                yield left, right


def _near(left: Span, right: Span, distance: int, ordered: bool) -> bool:
    if ordered:
        return 0 < right[0] - left[1] <= distance
    if left == right:
        return False
    return right[0] - left[1] <= distance and left[0] - right[1] <= distance
