"""Reads one segment in Whoosh's W3 layout, mapped into memory and never copied whole.

Only what the evaluator needs: terms, postings with positions, the lexicon and the two numbers a
document. The layout is that of whoosh/codec/whoosh3.py, filedb/filetables.py (a hash table by the
low 32 bits of MD5) and filedb/compound.py, release 2.7.5. Nothing here keeps a seek position, but
the caches are not locked: use one `Segment` per thread.
"""

import hashlib
import io
import json
import mmap
import pickle
import struct
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from index.folder import segment_files
from records.errors import IndexStateError

_LENGTHS = struct.Struct("!ii")
_SLOT = struct.Struct("!Iq")
_TABLE = struct.Struct("!qi")
_INFO = struct.Struct("!BfIBBfII")
_EXTENT = struct.Struct("!qi")
_INT = struct.Struct("!i")


@dataclass(frozen=True, slots=True)
class Postings:
    """Where a term stands: numbers of documents within the segment, ascending, and positions."""

    numbers: Sequence[int]
    values: Sequence[bytes]

    def positions(self, number: int) -> list[int]:
        """Word positions in one document, ascending; empty if the term is not in it."""
        at = bisect_left(self.numbers, number)
        if at == len(self.numbers) or self.numbers[at] != number:
            return []
        # Four bytes of count, then a pickled list of deltas without its final mark.
        return list(accumulate(pickle.loads(self.values[at][4:] + b".")))  # noqa: S301


NOWHERE = Postings((), ())


@dataclass(frozen=True, slots=True)
class Frequencies:
    """The words of a field, sorted, and of each word how many documents hold it.

    `numbers` are these documents within the segment, deleted ones included, and `counts` how often
    it stands in each, word after word.
    """

    words: Sequence[str]
    sizes: NDArray[np.int64]
    numbers: NDArray[np.int32]
    counts: NDArray[np.int32]


class Segment:
    """One open segment."""

    def __init__(self, folder: Path, name: str, deleted: BitMap) -> None:
        self.path, self._lexicon_path = segment_files(folder, name)
        with self.path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._directory = self._read_directory()
        self._prefix = name
        self._terms, self._terms_size = self._extent(".trm")
        self._posts, _ = self._extent(".pst")
        self._read_terms_header()
        self.ids = self._column("document_id")
        self.revisions = self._column("revision")
        self.live = BitMap(range(len(self.ids))) - deleted
        self._postings: dict[tuple[str, str], Postings] = {}
        self._lexicon: dict[str, str] = {}
        self._lengths: dict[str, NDArray[np.int64]] = {}

    def _read_directory(self) -> dict[str, tuple[int, int]]:
        (start,) = struct.unpack_from("!q", self._map, 0)
        found = pickle.loads(memoryview(self._map)[start:])  # noqa: S301 (our own private file)
        return {name: (each["offset"], each["length"]) for name, each in found.items()}

    def _extent(self, suffix: str) -> tuple[int, int]:
        try:
            return self._directory[f"{self._prefix}{suffix}"]
        except KeyError as error:
            raise IndexStateError(
                f"The segment {self.path} lacks its part {suffix}. Delete the files of the index "
                "folder and run 'redwell index'"
            ) from error

    def _read_terms_header(self) -> None:
        tail = self._terms + self._terms_size - _INT.size
        extras = tail - _INT.unpack_from(self._map, tail)[0]
        self._fields: dict[str, int] = pickle.loads(  # noqa: S301 (our own private file)
            memoryview(self._map)[extras:tail]
        )["fieldmap"]
        first = extras - 256 * _TABLE.size
        self._tables = [_TABLE.unpack_from(self._map, first + i * _TABLE.size) for i in range(256)]

    def _column(self, field: str) -> NDArray[np.int64]:
        count = self._document_count()
        # A column that holds only its default 0 is not written, nor are zeros at its end.
        start, size = self._directory.get(f"{self._prefix}.{field}.col", (0, 0))
        numbers = np.zeros(count, dtype=np.int64)
        held = np.frombuffer(self._map[start : start + size], dtype=">u4")
        numbers[: len(held)] = held
        return numbers

    def _document_count(self) -> int:
        # Every document has an id of 1 or more, so this column is as long as the segment.
        return self._extent(".document_id.col")[1] // 4

    def postings(self, field: str, term: str) -> Postings:
        """Where a term stands in a field; deleted documents included."""
        key = (field, term)
        if key not in self._postings:
            self._postings[key] = self._load(field, term)
        return self._postings[key]

    def documents(self, field: str, term: str) -> BitMap:
        """Numbers of the living documents that hold a term in a field; nothing is kept of them."""
        postings = self._postings.get((field, term)) or self._load(field, term)
        return BitMap(postings.numbers) & self.live

    def frequencies(self, field: str) -> "Frequencies":
        """How often each word of a field stands in which documents; nothing is kept of it."""
        found = list(filter(None, self.lexicon(field).split("\n")))
        sizes = np.zeros(len(found), np.int64)
        numbers, heads = array("i"), bytearray()
        for at, word in enumerate(found):
            postings = self._load(field, word)
            sizes[at] = len(postings.numbers)
            numbers.extend(postings.numbers)
            heads += b"".join(value[:4] for value in postings.values)  # each begins with its count
        counts = np.frombuffer(heads, ">u4").astype(np.int32)
        return Frequencies(found, sizes, np.frombuffer(numbers, np.int32), counts)

    def _load(self, field: str, term: str) -> Postings:
        if field not in self._fields:
            return NOWHERE
        found = self._find(struct.pack("!H", self._fields[field]) + term.encode())
        if found is None:
            return NOWHERE
        start, size = found
        inlined = _INFO.unpack_from(self._map, start)[0]
        start, size = start + _INFO.size, size - _INFO.size
        if inlined:
            numbers, _, values = pickle.loads(self._map[start : start + size])  # noqa: S301
            return Postings(numbers, values)
        return self._blocks(*_EXTENT.unpack_from(self._map, start))

    def _find(self, key: bytes) -> tuple[int, int] | None:
        digest = hashlib.md5(key, usedforsecurity=False).digest()
        value = int.from_bytes(digest[-4:])
        table, slots = self._tables[value & 255]
        for step in range(slots):
            slot = ((value >> 8) + step) % slots
            hashed, at = _SLOT.unpack_from(self._map, self._terms + table + slot * _SLOT.size)
            if not at:
                return None
            if hashed == value:
                start = self._terms + at
                key_size, size = _LENGTHS.unpack_from(self._map, start)
                start += _LENGTHS.size
                if self._map[start : start + key_size] == key:
                    return start + key_size, size
        return None

    def _blocks(self, offset: int, length: int) -> Postings:
        start = self._posts + offset
        file = io.BytesIO(self._map[start : start + length])
        if file.read(4) != b"W3Bl":
            raise IndexStateError(
                f"The segment {self.path} is damaged. Delete the files of the index folder and run "
                "'redwell index'"
            )
        numbers: list[int] = []
        values: list[bytes] = []
        last = False
        while not last:
            (size,) = _INT.unpack(file.read(_INT.size))
            last, size = size < 0, abs(size)
            after = file.tell() + size
            compressed = pickle.load(file)[3]  # noqa: S301 (our own private file)
            data = file.read(after - file.tell())
            deltas, _, block = pickle.loads(  # noqa: S301
                zlib.decompress(data) if compressed else data
            )
            numbers.extend(accumulate(deltas))
            values.extend(block)
        return Postings(numbers, values)

    def ids_of(self, numbers: BitMap) -> BitMap:
        """Ids of documents by their numbers within the segment."""
        return BitMap(self.ids[np.asarray(numbers.to_array())].tolist()) if numbers else BitMap()

    def numbers_of(self, ids: BitMap) -> BitMap:
        """Numbers, within the segment, of those of its living documents whose id is in `ids`."""
        if not ids.intersect(self.ids_of(self.live)):
            return BitMap()
        among = np.isin(self.ids, np.asarray(ids.to_array()))
        return BitMap(np.flatnonzero(among).tolist()) & self.live

    def lexicon(self, field: str) -> str:
        """All terms of a field, in order, a line each."""
        if field not in self._lexicon:
            with self._lexicon_path.open("rb") as file:
                extents = json.loads(file.readline())
                start, size = extents[field]
                file.seek(start, io.SEEK_CUR)
                self._lexicon[field] = file.read(size).decode()
        return self._lexicon[field]

    def lengths(self, field: str) -> NDArray[np.int64]:
        """How many words a field has in each document, by its number within the segment.

        The index does not hold it, so the first call for a field reads all of its postings.
        """
        if field not in self._lengths:
            found = np.zeros(len(self.ids), dtype=np.int64)
            for term in filter(None, self.lexicon(field).split("\n")):
                postings = self._load(field, term)
                ends = [sum(pickle.loads(v[4:] + b".")) + 1 for v in postings.values]  # noqa: S301
                numbers = np.asarray(postings.numbers)
                found[numbers] = np.maximum(found[numbers], ends)
            self._lengths[field] = found
        return self._lengths[field]

    def close(self) -> None:
        """Let go of the file."""
        self._map.close()
