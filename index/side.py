"""Reads what stands beside a segment: lexicon, sets of documents, places of words, lengths.

All of it follows from the segment and can be made again (`index.side_make`). No pickles.

**Places.** The words of a field stand in one row, document after document, with a place for the
start before and one for the end behind each document's words: document d has the places from
`starts[d]` to before `starts[d + 1]`, two more than it has words. An occurrence is one number, its
place; a term is the ascending places at which it stands.

**The file.** A magic; the places of all terms, field after field, term after term, each term's
first place and then the differences (`index.varints`); roaring sets of the documents of terms that
stand in more than 64; then for each field `words` (all terms in order, a line each), `ends` (where
each ends), `places` (where those of each begin), `starts`, `common` (the terms that have a set)
and `sets` (where these begin). Whole numbers are of 4 or 8 bytes, the lowest first. Behind this
body the CRC-32 of each page of it and of the segment's own file, a directory as JSON, and where
that begins, with its CRC-32.
"""

import json
import zlib
from array import array
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from index import varints
from index.pages import Mapped
from index.side_write import MAGIC, TAIL

ADVICE = "Run 'redwell index', which makes it again from its segment"

type Places = NDArray[np.signedinteger[Any]]
"""Of 4 bytes each where all places of a field fit with room to spare, else of 8."""

_ROOM = 1 << 30


class Side:
    """One open file; raises `IndexStateError` where it is cut off or damaged."""

    def __init__(self, path: Path) -> None:
        self.file = Mapped(path, ADVICE)
        told = self._directory()
        self.segment_size: int = told["segment"]
        own, other = (
            self._sums(*each) for each in zip(told["sums"], told["sums_crc"], strict=True)
        )
        self.segment_sums = other
        self.body: int = told["body"]
        self.file.trust(own, self.body)
        self.fields = {name: SideField(self.file, each) for name, each in told["fields"].items()}

    def _directory(self) -> dict[str, Any]:
        end = self.file.size - TAIL.size
        if end < 0:
            raise self.file.damaged("it is cut off")
        at, size, crc, magic = TAIL.unpack(self.file.view(end, self.file.size))
        data = self.file.view(at, at + size)
        if magic != MAGIC or at + size != end or zlib.crc32(data) != crc:
            raise self.file.damaged("it is cut off, or its end was overwritten")
        found: dict[str, Any] = json.loads(bytes(data))
        return found

    def _sums(self, section: Sequence[int], crc: int) -> memoryview:
        data = self.file.view(section[0], section[0] + section[1])
        if zlib.crc32(data) != crc:
            raise self.file.damaged("its checksums were overwritten")
        return data.cast("I")

    def close(self) -> None:
        """Let go of the file."""
        self.file.close()


class SideField:
    """One field; a term is told by its rank, from 0, in the order of the lexicon."""

    def __init__(self, file: Mapped, told: dict[str, Any]) -> None:
        self._file, self._told = file, told
        self._at, self._sets_at = told["at"], told["sets_at"]
        self.count: int = told["ends"][1] // told["ends"][2]

    def _numbers(self, name: str) -> memoryview:
        at, size, item = self._told[name]
        return self._file.view(at, at + size).cast("I" if item == 4 else "Q")

    @cached_property
    def _words(self) -> memoryview:
        at, size, _ = self._told["words"]
        return self._file.view(at, at + size)

    @cached_property
    def _ends(self) -> memoryview:
        return self._numbers("ends")

    @cached_property
    def _begin(self) -> memoryview:
        return self._numbers("places")

    @cached_property
    def _common(self) -> NDArray[Any]:
        return np.asarray(self._numbers("common"))

    @cached_property
    def _sets(self) -> memoryview:
        return self._numbers("sets")

    @cached_property
    def starts(self) -> Places:
        """Where the places of each document begin, and where the last one's end."""
        held = np.asarray(self._numbers("starts"))
        return held.astype(np.int32 if held[-1] < _ROOM else np.int64)

    @cached_property
    def lengths(self) -> Places:
        """How many words each document has."""
        return np.diff(self.starts) - 2

    def words(self, first: int = 0, after: int | None = None) -> bytes:
        """The terms of some ranks (default: all), a line each."""
        after = self.count if after is None else after
        if first >= after:
            return b""
        return bytes(self._words[self._begins(first) : self._ends[after - 1]])

    @cached_property
    def text(self) -> str:
        """All terms, a line each, kept."""
        return self.words().decode()

    def _begins(self, rank: int) -> int:
        return self._ends[rank - 1] + 1 if rank else 0

    def word(self, rank: int) -> bytes:
        """The term of a rank."""
        return bytes(self._words[self._begins(rank) : self._ends[rank]])

    def rank(self, term: bytes) -> int | None:
        """The rank of a term; None if the field lacks it."""
        found = self.bisect(term)
        return found if found < self.count and self.word(found) == term else None

    def bisect(self, term: bytes) -> int:
        """How many terms come before this one."""
        low, high = 0, self.count
        while low < high:
            middle = (low + high) // 2
            if self.word(middle) < term:
                low = middle + 1
            else:
                high = middle
        return low

    def ranks_of(self, words: Sequence[bytes], first: int, after: int) -> NDArray[np.int64]:
        """The ranks of some terms, in order, all of which are among those of some ranks."""
        data = b"\n" + self.words(first, after) + b"\n"
        found: list[int] = []
        at = 0
        for word in words:
            at = data.index(b"\n" + word + b"\n", at)
            found.append(at)
        ends = np.asarray(self._ends[first:after])
        return first + np.searchsorted(ends, self._begins(first) + np.array(found, np.int64))

    def of_length(self, length: int, first: int, after: int) -> NDArray[np.int64]:
        """Those of some ranks whose terms have so many bytes."""
        ends = np.asarray(self._ends[first:after]).astype(np.int64)
        return first + np.flatnonzero(np.diff(ends, prepend=self._begins(first) - 1) == length + 1)

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Bytes that the places of each term take."""
        begin = np.asarray(self._begin).astype(np.int64)
        return begin[1:] - begin[:-1]

    def size_of(self, ranks: NDArray[np.int64]) -> int:
        """Bytes that the places of some terms take."""
        begin = np.asarray(self._begin)
        return int((begin[ranks + 1] - begin[ranks]).sum())

    def places(self, rank: int) -> Places:
        """Where a term stands, ascending."""
        begin = self._begin
        data = self._file.view(self._at + begin[rank], self._at + begin[rank + 1])
        kind = self.starts.dtype.type
        found: Places = np.cumsum(varints.decode(data, kind)[0], dtype=kind)
        return found

    def places_of(self, ranks: NDArray[np.int64]) -> tuple[Places, NDArray[np.int64]]:
        """Where some terms stand, one after another, and how many places each has; ranks ascend."""
        kind = self.starts.dtype.type
        if not len(ranks):
            return np.zeros(0, kind), np.zeros(0, np.int64)
        begin = np.asarray(self._begin)
        starts, ends = begin[ranks].astype(np.int64), begin[ranks + 1].astype(np.int64)
        gaps, last = varints.decode(self._gathered(starts, ends), kind)
        after = np.searchsorted(last, np.cumsum(ends - starts))
        counts = np.diff(after, prepend=0)
        # What all of them add up to may not fit; what is left of it behind the difference does.
        places = np.cumsum(gaps, dtype=kind)
        first = after - counts
        places -= np.repeat(places[first] - gaps[first], counts)
        return places, counts

    def _gathered(self, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> memoryview:
        """Stretches of the places' bytes; those that touch are read as one."""
        (parted,) = np.nonzero(starts[1:] != ends[:-1])
        first = starts[np.concatenate([[0], parted + 1])] + self._at
        last = ends[np.concatenate([parted, [len(ends) - 1]])] + self._at
        parts = [self._file.view(a, b) for a, b in zip(first.tolist(), last.tolist(), strict=True)]
        return parts[0] if len(parts) == 1 else memoryview(b"".join(parts))

    def documents(self, rank: int) -> BitMap:
        """The documents in which a term stands."""
        at = int(np.searchsorted(self._common, rank))
        if at < len(self._common) and self._common[at] == rank:
            return self._set(at)
        return bitmap(self._documents(self.places(rank)))

    def documents_of(self, ranks: NDArray[np.int64]) -> BitMap:
        """The documents in which any of some terms stands; ranks ascend."""
        common = np.isin(ranks, self._common, assume_unique=True)
        at = np.searchsorted(self._common, ranks[common]).tolist()
        places, _ = self.places_of(ranks[~common])
        rest = bitmap(np.sort(self._documents(places)))
        return BitMap.union(rest, *map(self._set, at))

    def _documents(self, places: Places) -> NDArray[np.int64]:
        return np.searchsorted(self.starts, places, "right") - 1

    def _set(self, at: int) -> BitMap:
        sets = self._sets
        start, end = self._sets_at + sets[at], self._sets_at + sets[at + 1]
        return BitMap.deserialize(bytes(self._file.view(start, end)))


def distinct(numbers: NDArray[Any]) -> NDArray[Any]:
    """Ascending numbers, each once."""
    new = np.ones(len(numbers), np.bool_)
    np.not_equal(numbers[1:], numbers[:-1], out=new[1:])
    return numbers[new]


def bitmap(numbers: NDArray[Any]) -> BitMap:
    """A set of whole numbers of an array."""
    return BitMap(array("I", numbers.astype(np.uint32).tobytes()))
