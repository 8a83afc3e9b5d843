"""Heaps, property contexts and table contexts of PST nodes ([MS-PST] section 2.3)."""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from ingest import mapi
from ingest.pst_blocks import Allowance, Node, Store, Stream
from ingest.pst_header import PstError

_MOST_LEVELS = 8
_MOST_RECORDS = 1 << 22
_PROPERTIES, _TABLE, _TREE = 0xBC, 0x7C, 0xB5
_FIXED = mapi.FIXED | {mapi.GUID: 16}
_NULL = 0x0001


class Heap:
    """A heap on a node's data, 2.3.1: small items by their ids."""

    def __init__(self, stream: Stream, bits: int, client: int, allowance: Allowance) -> None:
        self._stream = stream
        self._bits = bits
        self._allowance = allowance
        self._maps: dict[int, tuple[int, ...]] = {}
        head = stream.block(0)
        if len(head) < 12 or head[2] != 0xEC or head[3] != client:
            raise PstError("a node does not hold the heap that it should")
        self.root: int = struct.unpack_from("<I", head, 4)[0]

    def item(self, hid: int) -> bytes:
        """An item's bytes; raises `PstError`."""
        number = hid >> self._bits
        place = (hid >> 5) & ((1 << (self._bits - 5)) - 1)
        data, offsets = self._stream.block(number), self._map(number)
        if hid & 0x1F or not 0 < place < len(offsets):
            raise PstError(f"there is no item {hid:#x} in a heap")
        start, end = offsets[place - 1 : place + 1]
        if not start <= end <= len(data):
            raise PstError(f"item {hid:#x} of a heap lies outside of it")
        self._allowance.spend(end - start)
        return data[start:end]

    def _map(self, number: int) -> tuple[int, ...]:
        """Where the items of a block begin, and where the last one ends: HNPAGEMAP, 2.3.1.5."""
        if number not in self._maps:
            data = self._stream.block(number)
            try:
                at = struct.unpack_from("<H", data)[0]
                count = struct.unpack_from("<H", data, at)[0]
                self._maps[number] = struct.unpack_from(f"<{count + 1}H", data, at + 4)
            except struct.error as error:
                raise PstError("the map of a heap is damaged") from error
        return self._maps[number]

    def tree(self, hid: int) -> Iterator[tuple[int, bytes]]:
        """The records of a tree on the heap, 2.3.2: keys as numbers, in order, and their data."""
        head = self.item(hid)
        if len(head) < 8 or head[0] != _TREE:
            raise PstError("a tree in a heap is none")
        _, key, entry, levels, root = struct.unpack_from("<BBBBI", head)
        if levels > _MOST_LEVELS or not 0 < key <= 8:
            raise PstError("the head of a tree in a heap is damaged")
        if root:
            yield from self._below(root, key, entry, levels)

    def _below(self, root: int, key: int, entry: int, levels: int) -> Iterator[tuple[int, bytes]]:
        waiting, seen, count = [(root, levels)], set[int](), 0
        while waiting:
            hid, level = waiting.pop()
            if hid in seen:
                raise PstError("a tree in a heap leads in a circle")
            seen.add(hid)
            data = self.item(hid)
            width = key + (4 if level else entry)
            rows = [data[at : at + width] for at in range(0, len(data) // width * width, width)]
            if level:
                below = (int.from_bytes(row[key:], "little") for row in reversed(rows))
                waiting.extend((each, level - 1) for each in below)
                continue
            count += len(rows)
            if count > _MOST_RECORDS:
                raise PstError("a tree in a heap has more records than it may")
            yield from ((int.from_bytes(row[:key], "little"), row[key:]) for row in rows)


@dataclass(frozen=True, slots=True)
class Raw:
    """A property before its value is fetched: the value itself where it is short, else its id."""

    id: int
    type: int
    stored: bytes

    @property
    def reference(self) -> int:
        """The value's id in the heap or among the subnodes."""
        return int.from_bytes(self.stored[:4], "little")


class Bytes:
    """A node with its heap and its subnodes: where the values of its properties are."""

    def __init__(self, store: Store, node: Node, client: int, allowance: Allowance) -> None:
        self.store = store
        self.allowance = allowance
        self.subnodes: Mapping[int, Node] = store.subnodes(node.sub, allowance)
        stream = store.stream(node.data, allowance)
        self.heap = Heap(stream, store.header.layout.heap_bits, client, allowance)

    def at(self, reference: int) -> bytes:
        """The bytes that an id stands for, of the heap or of a subnode; raises `PstError`."""
        if not reference:
            return b""
        if not reference & 0x1F:
            return self.heap.item(reference)
        node = self.subnodes.get(reference)
        if node is None:
            raise PstError(f"subnode {reference:#x} is missing")
        return self.store.stream(node.data, self.allowance).whole()

    def value(self, raw: Raw) -> bytes | tuple[bytes, ...]:
        """A property's value as `mapi.Property` keeps it; raises `PstError`."""
        size = _FIXED.get(raw.type)
        if size is not None and size <= len(raw.stored):
            return raw.stored[:size]  # of a boolean one byte counts, and MSG files have two
        if raw.type == _NULL:
            return b""
        data = self.at(raw.reference)
        if size is not None and len(data) != size:
            raise PstError("a value is of another size than its type has")
        return _several(data, raw.type) if raw.type & mapi.MULTIPLE else data


def _several(data: bytes, type: int) -> tuple[bytes, ...]:
    """The values of a multi-valued property, 2.3.3.4.

    Raises `PstError`.
    """
    size = _FIXED.get(type & ~mapi.MULTIPLE)
    if size is not None:
        if len(data) % size:
            raise PstError("a property of several values is cut")
        return tuple(data[at : at + size] for at in range(0, len(data), size))
    if len(data) < 4:
        return ()
    count = struct.unpack_from("<I", data)[0]
    if 4 + 4 * count > len(data):
        raise PstError("a property of several values contradicts itself")
    starts = (*struct.unpack_from(f"<{count}I", data, 4), len(data))
    if any(first > second for first, second in pairwise(starts)):
        raise PstError("a property of several values contradicts itself")
    return tuple(data[first:second] for first, second in pairwise(starts))


class Context(Bytes):
    """A property context, 2.3.3: the properties of a store, folder, item or attachment."""

    def __init__(self, store: Store, node: Node, allowance: Allowance) -> None:
        super().__init__(store, node, _PROPERTIES, allowance)

    def raws(self) -> Iterator[Raw]:
        """All properties in the order of their ids; raises `PstError`, maybe midway."""
        for id, data in self.heap.tree(self.heap.root):
            if len(data) < 6:
                raise PstError("a property is cut")
            type = struct.unpack_from("<H", data)[0]
            yield Raw(id, type, data[2:6])


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table, TCOLDESC: where its cell is in a row, and which bit says it exists."""

    id: int
    type: int
    at: int
    size: int
    bit: int


class Table(Bytes):
    """A table context, 2.3.4: rows by their ids."""

    def __init__(self, store: Store, node: Node, allowance: Allowance) -> None:
        super().__init__(store, node, _TABLE, allowance)
        info = self.heap.item(self.heap.root)
        if len(info) < 22 or info[0] != _TABLE or len(info) < 22 + 8 * info[1]:
            raise PstError("the head of a table is damaged")
        self._bits_at, self._width = struct.unpack_from("<HH", info, 6)
        self._index, self._rows = struct.unpack_from("<II", info, 10)
        self.columns = tuple(_column(info, 22 + 8 * each) for each in range(info[1]))

    def row_ids(self) -> Iterator[int]:
        """The ids of all rows in their order; raises `PstError`, maybe midway."""
        return (each for each, _ in self.heap.tree(self._index))

    def rows(self) -> Iterator[tuple[int, list[Raw]]]:
        """Rows by their ids, in the ids' order; raises `PstError`, maybe midway."""
        if not self._width:
            return
        blocks = self._matrix()
        for row_id, data in self.heap.tree(self._index):
            row = self._row(blocks, int.from_bytes(data, "little"))
            yield row_id, [each for each in (self._cell(row, c) for c in self.columns) if each]

    def _matrix(self) -> list[bytes]:
        """The rows' bytes in blocks; no row is in two of them."""
        if not self._rows:
            return []
        if not self._rows & 0x1F:
            return [self.heap.item(self._rows)]
        node = self.subnodes.get(self._rows)
        if node is None:
            raise PstError("the rows of a table are missing")
        stream = self.store.stream(node.data, self.allowance)
        return [stream.block(each) for each in range(len(stream))]

    def _row(self, blocks: list[bytes], number: int) -> bytes:
        each = len(blocks[0]) // self._width if blocks else 0
        block, place = divmod(number, each) if each else (len(blocks), 0)
        start = place * self._width
        row = blocks[block][start : start + self._width] if block < len(blocks) else b""
        if len(row) < self._width:
            raise PstError("a row of a table is missing")
        self.allowance.spend(self._width)
        return row

    def _cell(self, row: bytes, column: Column) -> Raw | None:
        byte = self._bits_at + column.bit // 8
        if byte >= len(row) or not row[byte] & 0x80 >> column.bit % 8:
            return None
        stored = row[column.at : column.at + column.size]
        if column.type == mapi.BOOLEAN:
            stored = stored.ljust(2, b"\0")
        return Raw(column.id, column.type, stored)


def _column(info: bytes, at: int) -> Column:
    tag, start, size, bit = struct.unpack_from("<IHBB", info, at)
    return Column(tag >> 16, tag & 0xFFFF, start, size, bit)
