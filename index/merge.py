"""Merges segments: which, and how; the merged one holds what a fresh build would.

**Which.** A segment's tier is how often `FACTOR` goes into its words. Where a tier has `MANY`
segments or more, all of it becomes one; a segment of which most documents are gone is written
anew. None grows past `MOST` words, so each word is written again but a few times as a case grows,
memory does not grow with the case, and a search meets few segments.

**How.** From the places beside the segments, not from the texts: terms are put together field by
field, and their occurrences decoded, put in the order of the new numbers and written by the
builder's own writer, some at a time. Documents stand in the order of their ids.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.adopt import open_segment
from index.build import Content, in_private_folder, write_segment
from index.folder import read_contents
from index.interface import SegmentBuilt
from index.inverted import PIECE, Occurrences, Term
from index.segment import Segment
from index.side import SideField
from records.errors import IndexStateError

FACTOR = 8
MANY = 8
MOST = 120_000_000
"""Words of a segment that is made by merging, some 300,000 mails."""
_LEAST = 500_000  # words; smaller segments are of one tier


@dataclass(frozen=True, slots=True)
class Merge:
    """Segments of an index that one worker merges, in a private folder below `scratch`."""

    folder: str
    names: tuple[str, ...]
    scratch: str


def planned(segments: Sequence[Any], *, everything: bool = False) -> list[tuple[str, ...]]:
    """Which segments to merge, by their names; `everything`: as far as `MOST` allows."""
    sized = {each.segment_id(): _Size.of(each) for each in segments}
    if everything:
        groups = _packed(sized, list(sized))
        return [each for each in groups if len(each) > 1 or sized[each[0]].dead]
    tiers: dict[int, list[str]] = {}
    for name, size in sized.items():
        tiers.setdefault(size.tier, []).append(name)
    found: list[tuple[str, ...]] = []
    for names in tiers.values():
        if len(names) >= MANY:
            found += [each for each in _packed(sized, names) if len(each) > 1]
    merged = {name for each in found for name in each}
    return found + [
        (name,) for name, size in sized.items() if size.mostly_dead and name not in merged
    ]


def _packed(sized: dict[str, "_Size"], names: Sequence[str]) -> list[tuple[str, ...]]:
    """Names in groups of at most `MOST` words each, the oldest first."""
    groups: list[list[str]] = []
    room = 0
    for name in names:
        words = sized[name].words
        if not groups or words > room:
            groups.append([])
            room = MOST
        groups[-1].append(name)
        room -= words
    return [tuple(each) for each in groups]


@dataclass(frozen=True, slots=True)
class _Size:
    """How large a segment of Whoosh is."""

    words: int
    documents: int
    dead: int

    @classmethod
    def of(cls, segment: Any) -> "_Size":
        count, alive = segment.doc_count_all(), segment.doc_count()
        words = sum(segment._fieldlengths.values())
        return cls(words * alive // max(count, 1), count, count - alive)

    @property
    def tier(self) -> int:
        tier, bound = 0, _LEAST
        while self.words >= bound:
            tier, bound = tier + 1, bound * FACTOR
        return tier

    @property
    def mostly_dead(self) -> bool:
        return 2 * self.dead > self.documents


def merge_segments(merge: Merge) -> SegmentBuilt:
    """Merge segments into a new one in a private folder; runs in a worker.

    Raises `IndexStateError` where one of them is damaged or gone.
    """
    folder = Path(merge.folder)
    known = {each.segment_id(): each for each in read_contents(folder).segments}
    if missing := [name for name in merge.names if name not in known]:
        raise IndexStateError(
            f"The segments {', '.join(missing)} of the index {folder} cannot be seen from here. "
            "The workers need the case's folder under the same path"
        )
    segments = [open_segment(folder, known[name]) for name in merge.names]
    try:
        documents = sum(len(each.live) for each in segments)
        return in_private_folder(
            Path(merge.scratch), documents, lambda home: write_segment(home, merged(segments))
        )
    finally:
        for each in segments:
            each.close()


def merged(segments: Sequence[Segment], piece: int = PIECE) -> Content:
    """What segments hold together, but for deleted documents; no id may be alive in two."""
    whole = _Whole(segments)
    parts = [each for name in whole.names if (each := _MergedField(whole, name)).words]
    return Content(
        whole.numbers,
        [Term(each.name, each.words) for each in parts],
        {each.name: each.lengths for each in parts},
        _occurrences(parts, piece),
    )


def _occurrences(parts: Sequence["_MergedField"], piece: int) -> Iterator[Occurrences]:
    done = 0
    for part in parts:
        for terms, documents, positions in part.occurrences(piece):
            yield terms + np.int32(done), documents, positions
        done += len(part.words)


class _Whole:
    """All living documents of some segments, numbered by their ids."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.segments = segments
        self.names = sorted({name for each in segments for name in each.side.fields})
        alive = [np.asarray(each.live.to_array(), np.int64) for each in segments]
        ids = np.concatenate([each.ids[some] for each, some in zip(segments, alive, strict=True)])
        revisions = np.concatenate(
            [each.revisions[some] for each, some in zip(segments, alive, strict=True)]
        )
        order = np.argsort(ids)
        self.numbers = list(zip(ids[order].tolist(), revisions[order].tolist(), strict=True))
        places = np.empty(len(ids), np.int32)
        places[order] = np.arange(len(ids), dtype=np.int32)
        self.new: list[NDArray[np.int32]] = []
        """For each segment the new number of each of its documents, -1 for a deleted one."""
        start = 0
        for each, some in zip(segments, alive, strict=True):
            new = np.full(len(each.ids), -1, np.int32)
            new[some] = places[start : start + len(some)]
            start += len(some)
            self.new.append(new)


class _MergedField:
    """One field of the merged segment: its terms, its lengths, where its terms came from."""

    def __init__(self, whole: _Whole, name: str) -> None:
        self.name = name
        self._parts = [
            _Part(held, new)
            for each, new in zip(whole.segments, whole.new, strict=True)
            if (held := each.field(name)) is not None
        ]
        self.words = sorted(set().union(*(each.words for each in self._parts)))
        ranks = dict(zip(self.words, range(len(self.words)), strict=True))
        self.lengths = np.zeros(len(whole.numbers), np.int64)
        for each in self._parts:
            each.becomes = np.fromiter(map(ranks.__getitem__, each.words), np.int32)
            alive = each.new >= 0
            self.lengths[each.new[alive]] = each.held.lengths[alive]
            each.words = []

    def occurrences(self, piece: int) -> Iterator[Occurrences]:
        """All occurrences, in order, in pieces that do not part a term."""
        sizes = np.zeros(len(self.words), np.int64)
        for each in self._parts:
            sizes[each.becomes] += each.held.sizes[each.kept]
        # A place takes a byte at least, so that no piece has more than it should.
        share = (np.cumsum(sizes) - sizes) // piece
        cuts = [0, *(np.flatnonzero(np.diff(share)) + 1).tolist(), len(self.words)]
        for low, high in pairwise(cuts):
            found = [each.occurrences(low, high) for each in self._parts]
            terms, documents, positions = (
                np.concatenate([each[which] for each in found]) for which in range(3)
            )
            order = np.argsort((terms.astype(np.int64) << 32) | documents, kind="stable")
            yield terms[order], documents[order], positions[order]


class _Part:
    """One field of one of the segments."""

    def __init__(self, held: SideField, new: NDArray[np.int32]) -> None:
        self.held, self.new = held, new
        self.becomes: NDArray[np.int32]
        """The new rank of each term that is kept."""
        self.words = held.words().split(b"\n")
        if self._all_alive:
            self.kept = np.arange(held.count)
        else:
            self.kept = np.flatnonzero(self._living_terms())
            self.words = [self.words[each] for each in self.kept.tolist()]

    @cached_property
    def _all_alive(self) -> bool:
        return bool((self.new >= 0).all())

    def _living_terms(self) -> NDArray[np.bool_]:
        """Which terms stand in any living document."""
        found = np.zeros(self.held.count, np.bool_)
        for start in range(0, self.held.count, 50_000):
            ranks = np.arange(start, min(start + 50_000, self.held.count))
            places, counts = self.held.places_of(ranks)
            terms = np.repeat(ranks, counts)
            found[terms[self._documents(places) >= 0]] = True
        return found

    def _documents(self, places: NDArray[np.int64]) -> NDArray[np.int32]:
        return self.new[np.searchsorted(self.held.starts, places, "right") - 1]

    def occurrences(self, low: int, high: int) -> Occurrences:
        """Living occurrences of the terms whose new rank is from `low` to before `high`."""
        first, after = np.searchsorted(self.becomes, (low, high)).tolist()
        places, counts = self.held.places_of(self.kept[first:after])
        old = np.searchsorted(self.held.starts, places, "right") - 1
        documents = self.new[old]
        positions = (places - self.held.starts[old] - 1).astype(np.int32)
        terms = np.repeat(self.becomes[first:after], counts)
        if self._all_alive:
            return terms, documents, positions
        alive = documents >= 0
        return terms[alive], documents[alive], positions[alive]
