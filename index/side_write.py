"""Writes what stands beside a segment; `index.side` tells the layout and reads it."""

import json
import struct
import zlib
from array import array
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from index import pages, varints
from index.inverted import Numbers, Term

MAGIC = b"RWSIDE1\n"
COMMON = 64
"""A term that stands in more documents than this has its set of documents written down."""
TAIL = struct.Struct("<QII8s")
"""Where the directory begins, its length, its CRC-32, the magic."""

_ALIGNED = 8
_COPIED = 1 << 20

type Section = list[int]
"""Where a section begins, its bytes, and how many of them an item takes."""


class SideWriter:
    """Takes all occurrences of a segment, sorted by term, document and position.

    `lengths` gives for each field how many words it has in each document.
    """

    def __init__(
        self, path: Path, terms: Sequence[Term], lengths: Mapping[str, NDArray[np.int64]]
    ) -> None:
        self._path = path
        self._fields = [_Field(each, lengths[each.field]) for each in terms]
        self._edges = np.cumsum([0, *(len(each.words) for each in terms)])
        self._file: BinaryIO = path.open("wb")
        self._sets_path = path.with_name(f"{path.name}.sets")
        self._sets: BinaryIO = self._sets_path.open("wb")
        self._file.write(MAGIC)

    def add(self, terms: Numbers, documents: Numbers, positions: Numbers) -> None:
        """Take all occurrences of some terms; these count up through all fields."""
        cuts = np.searchsorted(terms, self._edges).tolist()
        for number, (start, end) in enumerate(pairwise(cuts)):
            if end > start:
                ranks = terms[start:end] - self._edges[number]
                part = self._fields[number]
                data, sets = part.add(ranks, documents[start:end], positions[start:end])
                self._file.write(data.data)
                self._sets.writelines(sets)

    def finish(self, segment: Path) -> None:
        """Write what is known at the end, and the checksums of this file and the segment's."""
        self._sets.close()
        at, sets = len(MAGIC), self._append_sets()
        fields = {}
        for each in self._fields:
            fields[each.name] = {"at": at, "sets_at": sets, **each.finish(self._section)}
            at, sets = at + each.size, sets + each.sets_size
        self._file.flush()
        body = self._file.tell()
        sums = [pages.checksums(self._path, body), pages.checksums(segment)]
        directory = {
            "fields": fields,
            "body": body,
            "segment": segment.stat().st_size,
            "sums": [self._section(np.frombuffer(each, np.uint32)) for each in sums],
            "sums_crc": [zlib.crc32(each) for each in sums],
        }
        written = json.dumps(directory).encode()
        at = self._file.tell()
        self._file.write(written)
        self._file.write(TAIL.pack(at, len(written), zlib.crc32(written), MAGIC))
        self.close()

    def close(self) -> None:
        """Let go of the files."""
        self._file.close()
        self._sets.close()

    def _append_sets(self) -> int:
        """Put the sets behind the places; where they begin."""
        at = self._file.tell()
        with self._sets_path.open("rb") as file:
            while data := file.read(_COPIED):
                self._file.write(data)
        self._sets_path.unlink()
        return at

    def _section(self, items: NDArray[Any]) -> Section:
        at = self._file.tell()
        self._file.write(bytes(-at % _ALIGNED))
        self._file.write(items.tobytes())
        return [at + -at % _ALIGNED, items.nbytes, items.itemsize]


class _Field:
    """One field on its way into the file."""

    def __init__(self, term: Term, lengths: NDArray[np.int64]) -> None:
        self.name = term.field
        self._words = term.words
        self._starts = np.cumsum(np.concatenate([[0], lengths + 2]))
        self._sizes = np.zeros(len(term.words), np.int64)
        self._common: list[NDArray[np.int64]] = []
        self._set_sizes: list[int] = []

    def add(
        self, ranks: Numbers, documents: Numbers, positions: Numbers
    ) -> tuple[NDArray[np.uint8], list[bytes]]:
        """The bytes of the places of some terms, and the sets of those that are common."""
        places = self._starts[documents] + 1 + positions
        begins = np.ones(len(ranks), np.bool_)
        np.not_equal(ranks[1:], ranks[:-1], out=begins[1:])
        (first,) = np.nonzero(begins)
        gaps = np.diff(places, prepend=0)
        gaps[first] = places[first]
        data, widths = varints.encode(gaps)
        self._sizes[ranks[first]] = np.add.reduceat(widths, first)
        begins[1:] |= documents[1:] != documents[:-1]
        (common,) = np.nonzero(np.add.reduceat(begins, first, dtype=np.int64) > COMMON)
        ends = np.append(first[1:], len(ranks))[common]
        first = first[common]
        self._common.append(ranks[first].astype(np.int64))
        sets = [
            _set(documents[start:end][begins[start:end]])
            for start, end in zip(first.tolist(), ends.tolist(), strict=True)
        ]
        self._set_sizes += map(len, sets)
        return data, sets

    @property
    def size(self) -> int:
        """Bytes of all places."""
        return int(self._sizes.sum())

    @property
    def sets_size(self) -> int:
        """Bytes of all sets."""
        return sum(self._set_sizes)

    def finish(self, section: Callable[[NDArray[Any]], Section]) -> dict[str, Section]:
        """Write the sections of the field; what the directory says of it."""
        lengths = np.fromiter(map(len, self._words), np.int64, len(self._words))
        return {
            "words": section(np.frombuffer(b"\n".join(self._words), np.uint8)),
            "ends": section(_narrow(np.cumsum(lengths + 1) - 1)),
            "places": section(_narrow(np.cumsum(np.concatenate([[0], self._sizes])))),
            "starts": section(_narrow(self._starts)),
            "common": section(_narrow(np.concatenate([np.zeros(0, np.int64), *self._common]))),
            "sets": section(_narrow(np.cumsum([0, *self._set_sizes]))),
        }


def _set(documents: Numbers) -> bytes:
    return BitMap(array("I", documents.astype(np.uint32).tobytes())).serialize()


def _narrow(numbers: NDArray[np.int64]) -> NDArray[Any]:
    """In four bytes each where they fit, the lowest first."""
    wide = len(numbers) and int(numbers.max()) >= 1 << 32
    return numbers.astype("<u8" if wide else "<u4")
