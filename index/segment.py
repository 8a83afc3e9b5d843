"""Reads one segment in Whoosh's W3 layout, mapped into memory and never copied whole.

Only what the evaluator needs: ids and revisions of the documents, terms, postings with positions.
The layout is that of whoosh/codec/whoosh3.py, filedb/filetables.py (a hash table by the low 32
bits of MD5) and filedb/compound.py, release 2.7.5. What a search reads stands beside the segment
(`index.side`); a segment without it, or with a damaged one, has it made again in a private file.

Nothing here keeps a seek position, but the caches are not locked: use one `Segment` per thread.
"""

import hashlib
import io
import pickle
import struct
import tempfile
import zlib
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from index.folder import ADVICE, segment_files
from index.kept import Kept
from index.pages import Mapped
from index.rows import key_of
from index.side import Side, SideField, bitmap
from index.side_make import make_side
from records.errors import IndexStateError

_LENGTHS = struct.Struct("!ii")
_SLOT = struct.Struct("!Iq")
_TABLE = struct.Struct("!qi")
_INFO = struct.Struct("!BfIBBfII")
_EXTENT = struct.Struct("!qi")
_INT = struct.Struct("!i")
_HEAD = 13  # bytes before the first term
_KEPT = 64 << 20  # bytes of places that are kept for the next query

# What bytes that were overwritten can raise while they are read.
_DAMAGE = (
    pickle.UnpicklingError,
    zlib.error,
    struct.error,
    EOFError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    ImportError,
    OverflowError,
    MemoryError,
)


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
        return positions_of(self.values[at])


NOWHERE = Postings((), ())


def positions_of(value: bytes) -> list[int]:
    """The positions of one posting: four bytes of count, a pickled list of their differences."""
    return list(accumulate(pickle.loads(value[4:] + b".")))  # noqa: S301 (our own private file)


class Segment:
    """One open segment; `totals`, if given, is how many occurrences each of its fields has."""

    def __init__(
        self, folder: Path, name: str, deleted: BitMap, totals: Mapping[str, int] | None = None
    ) -> None:
        self.name, self.totals = name, totals
        self.path, self.side_path = segment_files(folder, name)
        self._file = Mapped(self.path, ADVICE)
        self._side = self._open_side()
        with self._reading():
            self._directory = self._read_directory()
            self._terms, self._terms_size = self._extent(".trm")
            self._posts, _ = self._extent(".pst")
            self._read_terms_header()
            self.ids = self._column("document_id")
            self.revisions = self._column("revision")
        self.live = BitMap(range(len(self.ids))) - deleted
        self.kept = Kept(_KEPT)

    def _open_side(self) -> Side | None:
        """What stands beside; None where it is not there, or damaged so that all of it is."""
        try:
            side = Side(self.side_path)
        except (FileNotFoundError, IndexStateError):
            return None
        if side.segment_size != self._file.size:
            side.close()
            raise self._file.damaged(
                f"it has {self._file.size:,} bytes in place of {side.segment_size:,}"
            )
        self._file.trust(side.segment_sums, self._file.size)
        return side

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Names the file where its bytes cannot be read as what they are to be."""
        try:
            yield
        except _DAMAGE as error:
            raise self._file.damaged(f"it cannot be read ({error})") from error

    def damaged(self, what: str) -> IndexStateError:
        """The error that names the segment's file, and what to do."""
        return self._file.damaged(what)

    def damages(self) -> int:
        """How many pages of the segment's file are damaged; all are read."""
        return len(self._file.damages())

    def _bytes(self, start: int, size: int) -> memoryview:
        if start < 0 or size < 0 or start + size > self._file.size:
            raise EOFError("it is cut off")
        return self._file.view(start, start + size)

    def _read_directory(self) -> dict[str, tuple[int, int]]:
        (start,) = struct.unpack("!q", self._bytes(0, 8))
        data = self._bytes(start, self._file.size - start)
        found = pickle.loads(data)  # noqa: S301 (our own private file)
        return {name: (each["offset"], each["length"]) for name, each in found.items()}

    def _extent(self, suffix: str) -> tuple[int, int]:
        return self._directory[f"{self.name}{suffix}"]

    def _read_terms_header(self) -> None:
        tail = self._terms + self._terms_size - _INT.size
        (size,) = _INT.unpack(self._bytes(tail, _INT.size))
        extras = self._bytes(tail - size, size)
        self._fields: dict[str, int] = pickle.loads(extras)["fieldmap"]  # noqa: S301
        count = 256 * _TABLE.size
        self._tables = list(_TABLE.iter_unpack(self._bytes(tail - size - count, count)))

    def _column(self, field: str) -> NDArray[np.int64]:
        count = self._document_count()
        # A column that holds only its default 0 is not written, nor are zeros at its end.
        start, size = self._directory.get(f"{self.name}.{field}.col", (0, 0))
        numbers = np.zeros(count, dtype=np.int64)
        held = np.frombuffer(self._bytes(start, size), dtype=">u4")
        numbers[: len(held)] = held
        return numbers

    def _document_count(self) -> int:
        # Every document has an id of 1 or more, so this column is as long as the segment.
        return self._extent(".document_id.col")[1] // 4

    def terms(self) -> Iterator[tuple[str, bytes, Postings]]:
        """All terms of all fields, in order, with their postings, from the segment itself."""
        names = {number: name for name, number in self._fields.items()}
        with self._reading():
            at = self._terms + _HEAD
            end = self._terms + self._tables[0][0]
            while at < end:
                key_size, size = _LENGTHS.unpack(self._bytes(at, _LENGTHS.size))
                at += _LENGTHS.size
                key = bytes(self._bytes(at, key_size))
                at += key_size
                yield names[int.from_bytes(key[:2])], key[2:], self._decoded(at, size)
                at += size

    def postings(self, field: str, term: str) -> Postings:
        """Where a term stands in a field by the segment itself; deleted documents included."""
        if field not in self._fields:
            return NOWHERE
        with self._reading():
            found = self._find(struct.pack("!H", self._fields[field]) + term.encode())
            return self._decoded(*found) if found else NOWHERE

    def _find(self, key: bytes) -> tuple[int, int] | None:
        digest = hashlib.md5(key, usedforsecurity=False).digest()
        value = int.from_bytes(digest[-4:])
        table, slots = self._tables[value & 255]
        for step in range(slots):
            slot = ((value >> 8) + step) % slots
            place = self._terms + table + slot * _SLOT.size
            hashed, at = _SLOT.unpack(self._bytes(place, _SLOT.size))
            if not at:
                return None
            if hashed == value:
                start = self._terms + at
                key_size, size = _LENGTHS.unpack(self._bytes(start, _LENGTHS.size))
                start += _LENGTHS.size
                if self._bytes(start, key_size) == key:
                    return start + key_size, size
        return None

    def _decoded(self, start: int, size: int) -> Postings:
        """The postings that a term's information tells of."""
        told = self._bytes(start, size)
        inlined = _INFO.unpack_from(told)[0]
        if inlined:
            numbers, _, values = pickle.loads(told[_INFO.size :])  # noqa: S301
            return Postings(numbers, values)
        return self._blocks(*_EXTENT.unpack_from(told, _INFO.size))

    def _blocks(self, offset: int, length: int) -> Postings:
        file = io.BytesIO(self._bytes(self._posts + offset, length))
        if file.read(4) != b"W3Bl":
            raise ValueError("no postings where they should be")
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

    @cached_property
    def side(self) -> Side:
        """What stands beside the segment; made now, for this process alone, if it is not there."""
        if self._side is None:
            with tempfile.TemporaryDirectory(prefix="redwell-side-") as folder:
                path = Path(folder) / self.side_path.name
                make_side(self, path)
                self._side = Side(path)
        return self._side

    @property
    def is_whole(self) -> bool:
        """Whether what should stand beside the segment does."""
        return self._side is not None

    def field(self, name: str) -> SideField | None:
        """One field, as it stands beside the segment; None where it has no words."""
        return self.side.fields.get(name)

    def documents(self, field: str, term: str) -> BitMap:
        """Numbers of the living documents that hold a term in a field."""
        found = self.field(field)
        rank = found.rank(term.encode()) if found else None
        return found.documents(rank) & self.live if found and rank is not None else BitMap()

    @property
    def keys(self) -> NDArray[np.int64]:
        """The keys (`rows.key_of`) of the living documents."""
        alive = np.asarray(self.live.to_array(), np.int64)
        return key_of(self.ids[alive], self.revisions[alive])

    def ids_of(self, numbers: BitMap) -> BitMap:
        """Ids of documents by their numbers within the segment."""
        return bitmap(self.ids[np.asarray(numbers.to_array())]) if numbers else BitMap()

    def numbers_of(self, ids: BitMap) -> BitMap:
        """Numbers, within the segment, of those of its living documents whose id is in `ids`."""
        if not ids.intersect(self.ids_of(self.live)):
            return BitMap()
        among = np.isin(self.ids, np.asarray(ids.to_array()))
        return bitmap(np.flatnonzero(among)) & self.live

    def lexicon(self, field: str) -> str:
        """All terms of a field, in order, a line each."""
        found = self.field(field)
        return found.text if found else ""

    def close(self) -> None:
        """Let go of the files."""
        self._file.close()
        if self._side is not None:
            self._side.close()
