"""Compound files ([MS-CFB]) written: version 3, the same tree always as the same bytes.

Behind the header stand the directory, the mini FAT, the mini stream, the streams of 4096 bytes
and more, the FAT and the DIFAT, each as one run of sectors.
"""

import struct
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache

from ingest.ole import MAGIC

_SECTOR, _MINI, _CUTOFF = 512, 64, 4096
_FREE, _END, _FAT_SECTOR, _DIFAT_SECTOR = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFC
_NONE = 0xFFFFFFFF
_RED, _BLACK = 0, 1
_IN_HEADER, _IN_DIFAT, _IN_FAT = 109, 127, 128
_LARGEST = (1 << 31) - (1 << 20)  # [MS-CFB] 2.6.1: in version 3 no stream passes 2 GB
_ENTRY = struct.Struct("<64sHBBIII16sIQQIQ")
_UNUSED = _ENTRY.pack(b"", 0, 0, 0, _NONE, _NONE, _NONE, b"", 0, 0, 0, 0, 0)
_LONGEST_NAME = 31


class CompoundTooLargeError(Exception):
    """What is to be written does not fit in a compound file of version 3."""


@dataclass(slots=True)
class Storage:
    """A storage to be written: its streams and the storages in it, by names that differ."""

    streams: list[tuple[str, bytes]] = field(default_factory=list)
    storages: list[tuple[str, "Storage"]] = field(default_factory=list)
    clsid: bytes = bytes(16)
    state: int = 0


@dataclass(slots=True)
class _Entry:
    name: str
    data: bytes | None  # None for a storage
    storage: Storage | None = None
    left: int = _NONE
    right: int = _NONE
    child: int = _NONE
    color: int = _BLACK
    start: int = _END
    size: int = 0


class _Sectors:
    """Sectors of one size and their chains."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.pieces: list[bytes] = []
        self.next: array[int] = array("I")

    def add(self, data: bytes) -> int:
        """Append a run for these bytes; its first sector."""
        if not data:
            return _END
        first = len(self.next)
        count = -(-len(data) // self.size)
        self.pieces.append(data)
        if rest := -len(data) % self.size:
            self.pieces.append(bytes(rest))
        self.next.extend(range(first + 1, first + count))
        self.next.append(_END)
        return first


def write_compound(root: Storage) -> bytes:
    """The bytes of a compound file that holds the tree.

    Raises `CompoundTooLargeError` past 2 GB.
    """
    entries = _flattened(root)
    if sum(len(each.data) for each in entries if each.data) > _LARGEST:
        raise CompoundTooLargeError("an item of more than 2 GB cannot be kept as one compound file")
    mini, large = _Sectors(_MINI), _Sectors(_SECTOR)
    large.add(bytes(_ENTRY.size * (-(-len(entries) // 4) * 4)))  # the directory's place
    for each in entries:
        if each.data is not None and len(each.data) < _CUTOFF:
            each.start, each.size = mini.add(each.data), len(each.data)
    first_mini_table = large.add(_table(mini.next, _IN_FAT))
    mini_tables = -(-len(mini.next) // _IN_FAT)
    stream = b"".join(mini.pieces)
    entries[0].start, entries[0].size = large.add(stream), len(stream)
    for each in entries:
        if each.data is not None and len(each.data) >= _CUTOFF:
            each.start, each.size = large.add(each.data), len(each.data)
    large.pieces[0] = _directory(entries)
    return _finished(large, first_mini_table, mini_tables)


def _flattened(root: Storage) -> list[_Entry]:
    """All entries, the root first, with their sibling trees."""
    entries = [_Entry("Root Entry", None, root)]
    at = 0
    while at < len(entries):
        storage = entries[at].storage
        if storage is not None:
            first = len(entries)
            entries += [_Entry(name, data) for name, data in storage.streams]
            entries += [_Entry(name, None, inner) for name, inner in storage.storages]
            if len(entries) > first:
                entries[at].child = _plant(entries, first)
        at += 1
    return entries


def _plant(entries: list[_Entry], first: int) -> int:
    """Make the red-black tree of the siblings from `first` on ([MS-CFB] 2.6.4); its root."""
    order = sorted(range(first, len(entries)), key=lambda number: _key(entries[number].name))
    root, shape = _shape(len(order))
    for number, (left, right, color) in zip(order, shape, strict=True):
        entry = entries[number]
        entry.left = _NONE if left < 0 else order[left]
        entry.right = _NONE if right < 0 else order[right]
        entry.color = color
    return order[root]


@lru_cache(8192)  # a mailbox is thousands of files with the same few hundred names
def _key(name: str) -> tuple[int, bytes]:
    """Shorter names come first, then the upper-cased code units decide."""
    if name.isascii():
        return 2 * len(name), name.upper().encode("utf-16-be")
    raw = "".join(up if len(up := each.upper()) == 1 else each for each in name)
    return len(name.encode("utf-16-le", "surrogatepass")), raw.encode("utf-16-be", "surrogatepass")


@cache
def _shape(count: int) -> tuple[int, tuple[tuple[int, int, int], ...]]:
    """A balanced tree over `count` sorted places: its root; left, right and color of each.

    Halving leaves all levels full but the last, whose nodes are red: so every way down meets
    as many black ones.
    """
    full = (count + 1).bit_length() - 1
    nodes = [(-1, -1, _BLACK)] * count

    def build(low: int, high: int, level: int) -> int:
        if low >= high:
            return -1
        middle = (low + high) // 2
        left, right = build(low, middle, level + 1), build(middle + 1, high, level + 1)
        nodes[middle] = (left, right, _RED if level == full else _BLACK)
        return middle

    return build(0, count, 0), tuple(nodes)


def _directory(entries: Sequence[_Entry]) -> bytes:
    out: list[bytes] = []
    for number, each in enumerate(entries):
        raw = _raw(each.name)
        kind = 5 if not number else 1 if each.data is None else 2
        storage = each.storage
        clsid, state = (storage.clsid, storage.state) if storage is not None else (b"", 0)
        start = 0 if kind == 1 else each.start
        out.append(
            _ENTRY.pack(
                raw, len(raw) + 2, kind, each.color, each.left, each.right, each.child,
                clsid, state, 0, 0, start, each.size,
            )
        )  # fmt: skip
    out.extend([_UNUSED] * (-len(out) % (_SECTOR // _ENTRY.size)))
    return b"".join(out)


@lru_cache(8192)
def _raw(name: str) -> bytes:
    return name[:_LONGEST_NAME].encode("utf-16-le", "surrogatepass")[: 2 * _LONGEST_NAME]


def _table(numbers: Iterable[int], width: int) -> bytes:
    """Numbers as whole sectors of a table, the rest marked free."""
    table = array("I", numbers)
    table.extend([_FREE] * (-len(table) % width))
    return _little(table)


def _little(table: "array[int]") -> bytes:
    return struct.pack(f"<{len(table)}I", *table)


def _finished(large: _Sectors, first_mini_table: int, mini_tables: int) -> bytes:
    """Add FAT and DIFAT behind all sectors, and the header before them."""
    used = len(large.next)
    fats, difats = _needed(used)
    first_difat = used + fats
    large.next.extend([_FAT_SECTOR] * fats + [_DIFAT_SECTOR] * difats)
    places = list(range(used, used + fats))
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIIII",
        MAGIC, 0x3E, 3, 0xFFFE, 9, 6,
        0, fats, 0, 0, _CUTOFF,
        first_mini_table, mini_tables, first_difat if difats else _END, difats,
        0,
    )[:76]  # fmt: skip
    in_header = places[:_IN_HEADER]
    in_header += [_FREE] * (_IN_HEADER - len(in_header))
    pieces = [header, struct.pack(f"<{_IN_HEADER}I", *in_header), *large.pieces]
    pieces.append(_table(large.next, _IN_FAT))
    for number in range(difats):
        at = _IN_HEADER + number * _IN_DIFAT
        some = places[at : at + _IN_DIFAT]
        some += [_FREE] * (_IN_DIFAT - len(some))
        some.append(first_difat + number + 1 if number + 1 < difats else _END)
        pieces.append(struct.pack(f"<{_IN_FAT}I", *some))
    return b"".join(pieces)


def _needed(used: int) -> tuple[int, int]:
    """How many FAT and DIFAT sectors it takes to chain `used` sectors and themselves."""
    fats = difats = 0
    while True:
        wanted = -(-(used + fats + difats) // _IN_FAT)
        more = -(-max(0, wanted - _IN_HEADER) // _IN_DIFAT)
        if (wanted, more) == (fats, difats):
            return fats, difats
        fats, difats = wanted, more
