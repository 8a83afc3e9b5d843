"""Compound files ([MS-CFB]) read: storages and streams, whatever the file does to prevent it.

Chains never loop, siblings are walked without recursion, every entry belongs to one storage, and
all streams together give no more bytes than the file can hold honestly.
"""

import mmap
import struct
import sys
from array import array
from dataclasses import dataclass
from typing import NamedTuple

from ingest.compound_write import Storage
from ingest.ole import MAGIC

_LARGEST_SECTOR = 0xFFFFFFFA
_NONE = 0xFFFFFFFF
_ENTRY = struct.Struct("<64sHBBIII16sIQQIQ")
_STORAGE, _STREAM, _ROOT = 1, 2, 5
_IN_HEADER = 109
_CUTOFF, _MINI = 4096, 64


class NotCompoundError(Exception):
    """The bytes are no compound file that anything could be read from."""


class Entry(NamedTuple):
    """A storage or stream of the directory; `number` is its place there."""

    number: int
    name: str
    kind: int
    left: int
    right: int
    child: int
    clsid: bytes
    state: int
    start: int
    size: int

    @property
    def is_stream(self) -> bool:
        """Tell a stream from a storage."""
        return self.kind == _STREAM


@dataclass(slots=True)
class _Chains:
    """Sectors of one size: where they lie, and which follows which."""

    data: bytes | mmap.mmap
    base: int
    size: int
    next: "array[int]"

    def read(self, start: int, limit: int) -> bytes:
        """Up to `limit` bytes of the chain from `start`; fewer where it breaks off."""
        pieces: list[bytes] = []
        left, sector, first, steps = limit, start, start, 0
        count = len(self.next)
        while left > 0 and sector < count and steps < count:
            steps += 1
            left -= self.size
            after = self.next[sector]
            if after != sector + 1 or left <= 0:
                pieces.append(self._run(first, sector + 1))
                first = after
            sector = after
        if left > 0 and first < sector <= count:
            pieces.append(self._run(first, sector))
        return b"".join(pieces)[:limit]

    def _run(self, first: int, end: int) -> bytes:
        return self.data[self.base + first * self.size : self.base + end * self.size]


class Compound:
    """A compound file; what is wrong with it is in `faults`, each once, as it is met."""

    def __init__(self, data: bytes | mmap.mmap) -> None:
        if len(data) < 512 or data[:8] != MAGIC:
            raise NotCompoundError("it does not begin as a compound file does")
        self.faults: list[str] = []
        self._version, shift = struct.unpack_from("<H2xH", data, 26)
        if not 7 <= shift <= 16:
            raise NotCompoundError(f"its sectors are of 2^{shift} bytes")
        self._left = 2 * len(data) + (1 << 20)
        size = 1 << shift
        count = -(-max(0, len(data) - size) // size)
        self._large = _Chains(data, size, size, _fat(data, size, count))
        first_directory, first_mini = struct.unpack_from("<I8xI", data, 48)
        self._directory = self._large.read(first_directory, len(data))
        if len(self._directory) < _ENTRY.size:
            raise NotCompoundError("its directory is missing")
        self.root = self._entry(0)
        self._seen = {0}
        self._children: dict[int, dict[str, Entry]] = {}
        table = self._large.read(first_mini, len(data))
        minis = self._large.read(self.root.start, min(self.root.size, len(data)))
        self._mini = _Chains(minis, 0, _MINI, _numbers(table)[: -(-len(minis) // _MINI)])

    def _entry(self, number: int) -> Entry:
        raw, length, kind, _, left, right, child, clsid, state, _, _, start, size = (
            _ENTRY.unpack_from(self._directory, number * _ENTRY.size)
        )
        name = raw[: max(0, min(length, 64) - 2) & ~1].decode("utf-16-le", "surrogatepass")
        if self._version < 4:  # [MS-CFB] 2.6.3: the upper half may hold anything
            size &= 0xFFFFFFFF
        return Entry(number, name, kind, left, right, child, clsid, state, start, size)

    def children(self, storage: Entry) -> dict[str, Entry]:
        """What a storage holds, by its names in upper case."""
        found = self._children.get(storage.number)
        if found is None:
            found = self._children[storage.number] = self._walk(storage.child)
        return found

    def _walk(self, number: int) -> dict[str, Entry]:
        """The siblings in their order, smaller ones first."""
        found: dict[str, Entry] = {}
        above: list[Entry] = []
        count = len(self._directory) // _ENTRY.size
        while number != _NONE or above:
            if number == _NONE:
                entry = above.pop()
                self._take(entry, found)
                number = entry.right
            elif number < count and number not in self._seen:
                self._seen.add(number)
                above.append(self._entry(number))
                number = above[-1].left
            else:
                self.fault("its directory is damaged")
                number = _NONE
        return found

    def _take(self, entry: Entry, found: dict[str, Entry]) -> None:
        key = entry.name.rstrip("\0").upper()
        if entry.kind not in (_STORAGE, _STREAM):
            self.fault("its directory is damaged")
        elif key in found:
            self.fault("two of its streams have one name; the first was read")
        else:
            found[key] = entry

    def stream(self, entry: Entry) -> bytes:
        """The bytes of a stream, as many as there are."""
        chains = self._mini if entry.size < _CUTOFF else self._large
        data = chains.read(entry.start, min(entry.size, self._left))
        self._left -= len(data)
        if len(data) < entry.size:
            self.fault("some of its streams are cut short")
        return data

    def copy(self, storage: Entry, depth: int = 0) -> Storage:
        """A storage with all in it, ready to be written as a file of its own."""
        out = Storage(clsid=storage.clsid, state=storage.state)
        for each in self.children(storage).values():
            if each.is_stream:
                out.streams.append((each.name, self.stream(each)))
            elif depth < 100:
                out.storages.append((each.name, self.copy(each, depth + 1)))
            else:
                self.fault("storages nest too deep; what is in the last one was left")
        return out

    def fault(self, text: str) -> None:
        """Put what is wrong on the list."""
        if text not in self.faults:
            self.faults.append(text)


def _fat(data: bytes | mmap.mmap, size: int, count: int) -> "array[int]":
    """Which sector follows which, for all `count` sectors that the file has."""
    places = list(struct.unpack_from(f"<{_IN_HEADER}I", data, 76))
    sector = struct.unpack_from("<I", data, 68)[0]
    seen: set[int] = set()
    while sector < count and sector not in seen:
        seen.add(sector)
        numbers = _numbers(data[(sector + 1) * size : (sector + 2) * size])
        places.extend(numbers[:-1])
        sector = numbers[-1] if numbers else _NONE
    wanted = -(-count // (size // 4))
    tables = [_table(data, size, place) for place in places[:wanted]]
    return _numbers(b"".join(tables))[:count]


def _table(data: bytes | mmap.mmap, size: int, place: int) -> bytes:
    """One sector of the FAT; one that is missing chains nothing."""
    found = b"" if place > _LARGEST_SECTOR else data[(place + 1) * size : (place + 2) * size]
    return found.ljust(size, b"\xff")


def _numbers(data: bytes) -> "array[int]":
    numbers = array("I", data[: len(data) & ~3])
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
