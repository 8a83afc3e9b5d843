"""Occurrences over all documents of a field at once, as arrays; means what `index.spans` says.

`index.spans` tells word by word what stands where in one document, for the highlighting. Here the
same is worked out for a whole field of a segment, whose words stand in one row (`index.side`): an
occurrence is its first and last place. Documents are parted by the places of their start and end,
so a phrase cannot reach over; a proximity is cut at them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from index.side import Places, distinct
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

type Documents = NDArray[np.int64]
type Mask = NDArray[np.bool_]

_AT_ONCE = 2_000_000  # pairs that are held in memory


class Row(Protocol):
    """All words of a field."""

    @property
    def starts(self) -> Places:
        """Where each document's places begin, and where the last one's end."""

    def places(self, leaf: Single) -> Places:
        """Where a word or any of a family of words stands, ascending, each place once."""

    def size(self, leaf: Single) -> int:
        """Something that grows with the number of places, and is had more cheaply."""


@dataclass(frozen=True, slots=True)
class Spans:
    """Occurrences by their first and last places: in order of both, each once."""

    first: Places
    last: Places

    def __len__(self) -> int:
        return len(self.first)

    def chosen(self, mask: Mask) -> "Spans":
        """Some of them."""
        first = self.first[mask]
        return Spans(first, first if self.last is self.first else self.last[mask])


def documents(node: Node, row: Row) -> Documents:
    """The documents, by number, in which a proximity operand occurs."""
    match node:
        case Or(parts):
            return np.concatenate([documents(each, row) for each in parts])
        case Near(left, right, distance, ordered):
            return _near(spans(left, row), spans(right, row), distance, ordered, row)
    return _documents_at(spans(node, row).first, row)


def spans(node: Node, row: Row) -> Spans:
    """All occurrences of a proximity operand."""
    match node:
        case Edge(last):
            wordy = np.diff(row.starts) > 2
            return _single((row.starts[1:] - 1 if last else row.starts[:-1])[wordy])
        case Phrase(parts):
            return _phrase(parts, row)
        case Or(parts):
            return _union([spans(each, row) for each in parts])
        case Near(left, right, distance, ordered):
            return _pairs(spans(left, row), spans(right, row), distance, ordered, row)
        case NotNear(left, right, distance, ordered):
            lefts = spans(left, row)
            near = _has_near(lefts, spans(right, row), distance, ordered, row)
            return lefts.chosen(~near)
        case Word() | Wildcard() | Stem() | Fuzzy() | Numbers() | Regex():
            return _single(row.places(node))
    raise TypeError(f"{type(node).__name__} has no occurrences")


def _single(places: Places) -> Spans:
    return Spans(places, places)


def _union(parts: Sequence[Spans]) -> Spans:
    """Any of some occurrences, each once."""
    first = np.concatenate([each.first for each in parts])
    last = np.concatenate([each.last for each in parts])
    return _unique(first, last)


def _unique(first: Places, last: Places) -> Spans:
    length = int((last - first).max(initial=0)) + 1
    if length == 1:
        return _single(distinct(np.sort(first)))
    found = distinct(np.sort(_keys(first, last, length)))
    kind = first.dtype
    first = (found // length).astype(kind)
    return Spans(first, first + (found % length).astype(kind))


def _keys(first: Places, last: Places, length: int) -> NDArray[np.int64]:
    """One number for the first and the last place; `length` is more than any two are apart."""
    return first.astype(np.int64) * length + (last - first)


def _phrase(parts: Sequence[Single], row: Row) -> Spans:
    """One word after the other, the rarest looked up first."""
    order = sorted(range(len(parts)), key=lambda at: row.size(parts[at]))
    starts = row.places(parts[order[0]]) - order[0]
    for offset in order[1:]:
        if not len(starts):
            break
        starts = starts[_among(starts + offset, row.places(parts[offset]))]
    return Spans(starts, starts + (len(parts) - 1))


def _among(places: NDArray[Any], others: NDArray[Any]) -> Mask:
    """Which of some ascending places are among others."""
    if not len(others):
        return np.zeros(len(places), np.bool_)
    at = np.minimum(np.searchsorted(others, places), len(others) - 1)
    found: Mask = others[at] == places
    return found


def _document(places: Places, row: Row) -> Documents:
    return np.searchsorted(row.starts, places, "right") - 1


def _documents_at(places: Places, row: Row) -> Documents:
    """The documents of ascending places, each once."""
    return distinct(_document(places, row))


def _near(lefts: Spans, rights: Spans, distance: int, ordered: bool, row: Row) -> Documents:
    """The documents in which a left is near to a right, looked for from the side with fewer."""
    if len(lefts) <= len(rights):
        return _documents_at(lefts.first[_has_near(lefts, rights, distance, ordered, row)], row)
    if not ordered:
        return _documents_at(rights.first[_has_near(rights, lefts, distance, False, row)], row)
    return _documents_at(rights.first[_follows(lefts, rights, distance, row)], row)


def _has_near(lefts: Spans, rights: Spans, distance: int, ordered: bool, row: Row) -> Mask:
    """Which lefts have a right near to them."""
    if ordered:
        return _next(lefts.last, rights.first, distance, row)
    if lefts.first is lefts.last and rights.first is rights.last:
        return _beside(lefts.first, rights.first, distance, row)
    last = np.sort(rights.last)
    own = _same(lefts, rights)
    low, high = lefts.first - distance, lefts.last + distance
    found = _count(low, high, rights.first, last) > own
    # Cut at the document's ends those only that are near to something at all.
    (some,) = np.nonzero(found)
    document = _document(lefts.first[some], row)
    low = np.maximum(low[some], row.starts[document])
    high = np.minimum(high[some], row.starts[document + 1] - 1)
    found[some] = _count(low, high, rights.first, last) > own[some]
    return found


def _beside(places: Places, others: Places, distance: int, row: Row) -> Mask:
    """Which places have another of the others near to them: the nearest before or behind."""
    if not len(others):
        return np.zeros(len(places), np.bool_)
    at = np.searchsorted(others, places)
    before = others[np.maximum(at - 1, 0)]
    is_before = (at > 0) & (places - before <= distance)
    last = len(others) - 1
    at += others[np.minimum(at, last)] == places
    after = others[np.minimum(at, last)]
    is_after = (at <= last) & (after - places <= distance)
    found: Mask = is_before | is_after
    (some,) = np.nonzero(found)
    document = _document(places[some], row)
    found[some] = (is_before[some] & (before[some] >= row.starts[document])) | (
        is_after[some] & (after[some] < row.starts[document + 1])
    )
    return found


def _count(low: Places, high: Places, first: Places, last: Places) -> NDArray[np.int64]:
    """How many occurrences begin at `high` or before and end at `low` or behind.

    Of those that begin early enough the ones to be left out end before `low`, and whatever ends
    there began early enough too; so each end is counted by itself, in its own order.
    """
    return np.searchsorted(first, high, "right") - np.searchsorted(last, low, "left")


def _same(some: Spans, others: Spans) -> Mask:
    """Which of some occurrences are among others."""
    length = 1 + max(int((each.last - each.first).max(initial=0)) for each in (some, others))
    keys = [_keys(each.first, each.last, length) for each in (some, others)]
    return _among(*keys)


def _next(places: Places, others: Places, distance: int, row: Row) -> Mask:
    """Which places have one of the others behind them, at most so many words on."""
    found = np.zeros(len(places), np.bool_)
    at = np.searchsorted(others, places, "right")
    (some,) = np.nonzero(at < len(others))
    after = others[at[some]]
    near = after - places[some] <= distance
    some, after = some[near], after[near]
    found[some] = _document(after, row) == _document(places[some], row)
    return found


def _follows(lefts: Spans, rights: Spans, distance: int, row: Row) -> Mask:
    """Which rights have a left before them, at most so many words back."""
    before = np.sort(lefts.last)
    found = np.zeros(len(rights), np.bool_)
    at = np.searchsorted(before, rights.first, "left") - 1
    (some,) = np.nonzero(at >= 0)
    last = before[at[some]]
    near = rights.first[some] - last <= distance
    some, last = some[near], last[near]
    found[some] = _document(last, row) == _document(rights.first[some], row)
    return found


def _pairs(lefts: Spans, rights: Spans, distance: int, ordered: bool, row: Row) -> Spans:
    """From the first to the last word of each left with each right that is near to it."""
    document = _document(lefts.first, row)
    after = np.minimum(lefts.last + distance, row.starts[document + 1] - 1)
    if ordered:
        low = lefts.last + 1
        begin = np.searchsorted(rights.first, low, "left")
    else:
        low = np.maximum(lefts.first - distance, row.starts[document])
        # A long right that began earlier can still reach in.
        reach = int((rights.last - rights.first).max(initial=0))
        begin = np.searchsorted(rights.first, low - reach, "left")
    counts = np.maximum(np.searchsorted(rights.first, after, "right") - begin, 0)
    found = [Spans(lefts.first[:0], lefts.last[:0])]
    for start, end in _shares(counts):
        left = np.repeat(np.arange(start, end), counts[start:end])
        steps = np.arange(len(left)) - np.repeat(
            np.cumsum(counts[start:end]) - counts[start:end], counts[start:end]
        )
        right = begin[left] + steps
        keep = rights.last[right] >= low[left]
        if not ordered:
            keep &= (rights.first[right] != lefts.first[left]) | (
                rights.last[right] != lefts.last[left]
            )
        left, right = left[keep], right[keep]
        found.append(
            _unique(
                np.minimum(lefts.first[left], rights.first[right]),
                np.maximum(lefts.last[left], rights.last[right]),
            )
        )
    return _union(found)


def _shares(counts: NDArray[Any]) -> list[tuple[int, int]]:
    """Stretches of lefts that have not too many pairs together."""
    share = np.cumsum(counts) // _AT_ONCE
    cuts = (np.flatnonzero(np.diff(share)) + 1).tolist()
    return list(zip([0, *cuts], [*cuts, len(counts)], strict=True))
