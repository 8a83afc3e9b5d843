"""Writes small PST and OST files, by [MS-PST] and for any of its layouts and ciphers.

Heaps, tables and trees are written the plainest way that the format allows; libpff opens what
comes out, which a test holds.
"""

import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ingest import mapi, pst_crypt
from ingest.pst_header import UNICODE, UNICODE_4K, Layout, weak_crc

type Value = tuple[int, int, bytes]
"""A property: id, type, and the bytes that its value has in the file."""
ROOT, TOP = 0x122, 0x8022
_SHORT = {mapi.INTEGER16, mapi.INTEGER32, mapi.FLOAT32, mapi.ERROR, mapi.BOOLEAN, 0}
_WIDE = {mapi.INTEGER64, mapi.TIME, mapi.FLOAT64, mapi.CURRENCY}
_LARGE = 3000


def text(id: int, value: str) -> Value:
    """A Unicode string."""
    return id, mapi.UNICODE, value.encode("utf-16-le")


def number(id: int, value: int) -> Value:
    """A whole number."""
    return id, mapi.INTEGER32, struct.pack("<i", value)


@dataclass(frozen=True)
class Attached:
    """An attachment; of one that is a message, `message` has its properties."""

    values: tuple[Value, ...]
    data: bytes = b""
    message: tuple[Value, ...] = ()


class Heap:
    """The items of a heap on their way into blocks, 2.3.1."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._blocks: list[list[bytes]] = [[]]
        self._room = 8000 - layout.trailer

    def put(self, data: bytes) -> int:
        """Take in an item; its id, which is 0 for nothing."""
        if not data:
            return 0
        if len(data) + 4 > self._room:
            self._blocks.append([])
            self._room = 8000 - self._layout.trailer
        self._room -= len(data) + 4
        self._blocks[-1].append(data)
        place = len(self._blocks[-1]) << 5
        return len(self._blocks) - 1 << self._layout.heap_bits | place

    def tree(self, key: int, entry: int, records: list[bytes]) -> int:
        """Take in a tree of records in the order of their keys; the id of its head, 2.3.2."""
        level, width, rows = 0, key + entry, records
        while len(rows) * width > _LARGE:
            most = _LARGE // width
            some = [rows[at : at + most] for at in range(0, len(rows), most)]
            rows = [each[0][:key] + struct.pack("<I", self.put(b"".join(each))) for each in some]
            level, width = level + 1, key + 4
        root = self.put(b"".join(rows))
        return self.put(struct.pack("<BBBBI", 0xB5, key, entry, level, root))

    def pages(self, client: int, root: int) -> Iterable[bytes]:
        """The blocks' bytes."""
        for number, items in enumerate(self._blocks):
            head = bytes(10 if not number else 64 if number % 128 == 8 else 0)
            at, offsets = 2 + len(head), list[int]()
            for each in items:
                offsets.append(at)
                at += len(each)
            page = struct.pack(f"<HH{len(items) + 1}H", len(items), 0, *offsets, at)
            if not number:
                head = struct.pack("<BBII", 0xEC, client, root, 0)
            at += at % 2
            body = (struct.pack("<H", at) + head + b"".join(items)).ljust(at, b"\0")
            yield body + page


@dataclass
class Maker:
    """A file in the making: add folders and messages, then take the bytes."""

    layout: Layout = UNICODE
    crypt: int = pst_crypt.PERMUTE
    client: bytes = b"SM"
    compress: bool = False
    blocks: dict[int, tuple[int, int]] = field(default_factory=dict)
    nodes: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    names: list[tuple[bytes, int | str]] = field(default_factory=list)
    _out: bytearray = field(default_factory=lambda: bytearray(0x4400))
    next: int = 4
    lengths: dict[int, int] = field(default_factory=dict)
    _listed: dict[int, list[int]] = field(default_factory=dict)

    # Blocks and streams, 2.2.2.8

    def block(self, data: bytes, *, internal: bool = False) -> int:
        """Write one block; its id."""
        bid = self.next | (2 if internal else 0)
        self.next += 4
        inflated = len(data)
        stored = data if internal else pst_crypt.encoded(data, self.crypt, bid)
        if self.compress and not internal and len(zlib.compress(stored)) < inflated:
            stored = zlib.compress(stored)
        layout = self.layout
        whole = -(-(len(stored) + layout.trailer) // layout.align) * layout.align
        at = self._place(whole)
        key = (at ^ bid) & 0xFFFFFFFF
        head = struct.pack("<HH", len(stored), (key >> 16 ^ key) & 0xFFFF)
        if not layout.wide:
            trailer = head + struct.pack("<II", bid, weak_crc(stored))
        else:
            trailer = head + struct.pack("<IQ", weak_crc(stored), bid)
        if layout.trailer > 16:
            trailer += struct.pack("<HHI", 0, inflated, 0)
        self._out += stored.ljust(whole - layout.trailer, b"\0") + trailer
        self.blocks[bid] = (at, len(stored))
        self.lengths[bid] = inflated
        return bid

    def _place(self, size: int) -> int:
        step = 4096 if self.layout.page > 512 else 64
        self._out += bytes(-len(self._out) % step)
        return len(self._out)

    def stream(self, data: bytes) -> int:
        """Write bytes of any length; the id of what holds them."""
        most = 8192 - self.layout.trailer
        if len(data) <= most:
            return self.block(data)
        leaves = [self.block(data[at : at + most]) for at in range(0, len(data), most)]
        return self.joined(leaves)

    def joined(self, leaves: Sequence[int]) -> int:
        """An XBLOCK of the leaves, an XXBLOCK of such where they are many, 2.2.2.8.3.2."""
        letter, most = ("Q", 1000) if self.layout.wide else ("I", 2000)
        level = 1 + any(each & 2 for each in leaves)
        if len(leaves) > most:
            some = [leaves[at : at + most] for at in range(0, len(leaves), most)]
            return self.joined([self.joined(each) for each in some])
        size = sum(self.lengths[each] for each in leaves) & 0xFFFFFFFF
        ids = struct.pack(f"<{len(leaves)}{letter}", *leaves)
        bid = self.block(struct.pack("<BBHI", 1, level, len(leaves), size) + ids, internal=True)
        self.lengths[bid] = size
        return bid

    def subnodes(self, entries: Mapping[int, tuple[int, int]]) -> int:
        """Write a list of subnodes: data and subnodes by their ids."""
        if not entries:
            return 0
        most = 300
        rows = [(nid, *each) for nid, each in sorted(entries.items())]
        lists = [
            (some[0][0], self._sub_block(0, some))
            for some in (rows[at : at + most] for at in range(0, len(rows), most))
        ]
        return lists[0][1] if len(lists) == 1 else self._sub_block(1, lists)

    def _sub_block(self, level: int, rows: Sequence[tuple[int, ...]]) -> int:
        """An SLBLOCK, or an SIBLOCK of level 1, 2.2.2.8.3.3."""
        letter = "Q" if self.layout.wide else "I"
        head = struct.pack("<BBH", 2, level, len(rows)) + bytes(4 if self.layout.wide else 0)
        data = b"".join(struct.pack(f"<{len(row)}{letter}", *row) for row in rows)
        return self.block(head + data, internal=True)

    # Heaps and contexts, 2.3

    def context(
        self, values: Iterable[Value], subnodes: Mapping[int, tuple[int, int]] | None = None
    ) -> tuple[int, int]:
        """Write a property context; the ids of its data and of its subnodes."""
        inner, heap, records = dict(subnodes or {}), Heap(self.layout), list[bytes]()
        for id, type, data in sorted(values):
            if type in _SHORT:
                stored = data.ljust(4, b"\0")[:4]
            elif len(data) > _LARGE:
                nid = len(inner) + 1 << 5 | 0x1F
                inner[nid] = (self.stream(data), 0)
                stored = struct.pack("<I", nid)
            else:
                stored = struct.pack("<I", heap.put(data))
            records.append(struct.pack("<HH", id, type) + stored)
        root = heap.tree(2, 6, records)
        return self._heap(heap, 0xBC, root), self.subnodes(inner)

    def _heap(self, heap: "Heap", client: int, root: int) -> int:
        leaves = [self.block(each) for each in heap.pages(client, root)]
        return leaves[0] if len(leaves) == 1 else self.joined(leaves)

    def table(self, rows: Mapping[int, Sequence[Value]]) -> tuple[int, int]:
        """Write a table context with rows by their ids; data and subnodes."""
        columns = {(id, mapi.INTEGER32): (4 * at, 4) for at, id in enumerate((0x67F2, 0x67F3))}
        at = 8
        for id, type in sorted({(id, type) for row in rows.values() for id, type, _ in row}):
            size = 8 if type in _WIDE else 4
            columns[id, type] = (at, size)
            at += size
        heap = Heap(self.layout)
        matrix = [self._row(heap, row_id, row, columns, at) for row_id, row in rows.items()]
        width = at + (len(columns) + 7) // 8
        wide = self.layout.wide
        index = [struct.pack("<II" if wide else "<IH", each, at) for at, each in enumerate(rows)]
        head = struct.pack("<BBHHHH", 0x7C, len(columns), at, at, at, width)
        head += struct.pack("<I", heap.tree(4, 4 if wide else 2, index))
        inner: dict[int, tuple[int, int]] = {}
        if len(matrix) * width > _LARGE:
            inner[0x3F] = (self._matrix(matrix, width), 0)
            head += struct.pack("<II", 0x3F, 0)
        else:
            head += struct.pack("<II", heap.put(b"".join(matrix)), 0)
        for bit, ((id, type), (start, size)) in enumerate(columns.items()):
            head += struct.pack("<IHBB", id << 16 | type, start, size, bit)
        return self._heap(heap, 0x7C, heap.put(head)), self.subnodes(inner)

    def _row(
        self,
        heap: "Heap",
        row_id: int,
        row: Sequence[Value],
        columns: Mapping[tuple[int, int], tuple[int, int]],
        bits_at: int,
    ) -> bytes:
        """A row: its cells, then a bit for each cell that is set."""
        cells = bytearray(bits_at + (len(columns) + 7) // 8)
        values = {(id, type): data for id, type, data in row}
        values[0x67F2, mapi.INTEGER32] = struct.pack("<I", row_id)
        values[0x67F3, mapi.INTEGER32] = struct.pack("<I", 1)
        for place, (key, (start, size)) in enumerate(columns.items()):
            if key in values:
                data = values[key]
                if key[1] not in _SHORT | _WIDE:
                    data = struct.pack("<I", heap.put(data))
                cells[start : start + size] = data.ljust(size, b"\0")
                cells[bits_at + place // 8] |= 0x80 >> place % 8
        return bytes(cells)

    def _matrix(self, rows: list[bytes], width: int) -> int:
        """Rows in blocks, of which none is in two."""
        full = 8192 - self.layout.trailer
        each = full // width
        pieces = [b"".join(rows[at : at + each]) for at in range(0, len(rows), each)]
        pieces = [piece.ljust(full, b"\0") for piece in pieces[:-1]] + pieces[-1:]
        leaves = [self.block(piece) for piece in pieces]
        return leaves[0] if len(leaves) == 1 else self.joined(leaves)

    # Nodes

    def node(self, nid: int, content: tuple[int, int], parent: int = 0) -> int:
        """Put a node into the index."""
        self.nodes[nid] = (*content, parent)
        return nid

    def folder(self, nid: int, parent: int, name: str, *more: Value) -> int:
        """A folder; what it lists is written at the end."""
        self.node(nid, self.context((text(0x3001, name), *more)), parent)
        self._listed.setdefault(nid, [])
        return nid

    def named(self, guid: bytes, name: int | str) -> int:
        """The id of a named property."""
        self.names.append((guid, name))
        return 0x8000 + len(self.names) - 1

    def message(
        self,
        folder: int,
        values: Iterable[Value],
        recipients: Sequence[Sequence[Value]] = (),
        attachments: Sequence[Attached] = (),
        *,
        listed: bool = True,
    ) -> int:
        """An item in a folder; its id."""
        nid = (0x10000 + sum(each & 0x1F == 4 for each in self.nodes)) << 5 | 4
        self.node(nid, self._item(values, recipients, attachments), folder)
        if listed:
            self._listed.setdefault(folder, []).append(nid)
        return nid

    def _item(
        self,
        values: Iterable[Value],
        recipients: Sequence[Sequence[Value]] = (),
        attachments: Sequence[Attached] = (),
    ) -> tuple[int, int]:
        inner: dict[int, tuple[int, int]] = {}
        if recipients:
            inner[0x692] = self.table(dict(enumerate(recipients)))
        if attachments:
            nids = [0x8025 + 0x20 * each for each in range(len(attachments))]
            rows = {nid: (number(0x0E20, 1),) for nid in nids}
            inner[0x671] = self.table(rows)
            for nid, each in zip(nids, attachments, strict=True):
                inner[nid] = self._attachment(each)
        return self.context(values, inner)

    def _attachment(self, each: Attached) -> tuple[int, int]:
        if each.message:
            held = (0x3701, mapi.OBJECT, struct.pack("<II", 0x9004, 1))
            values = (*each.values, number(0x3705, 5), held)
            return self.context(values, {0x9004: self._item(each.message)})
        values = (*each.values, number(0x3705, 1), (0x3701, mapi.BINARY, each.data))
        return self.context(values)

    def start(self, *store: Value) -> "Maker":
        """Write what every mailbox has: its store and its root folder."""
        self.node(0x21, self.context((text(0x3001, "made"), *store)))
        self.folder(ROOT, ROOT, "")
        return self

    # The file, 2.2.2

    def done(self) -> bytes:
        """The whole file."""
        self._finish()
        blocks = self._tree(
            0x80,
            [
                (bid, struct.pack("<QQHHI" if self.layout.wide else "<IIHH", *row))
                for bid, row in (
                    (bid, (bid, at, size, 2, *([0] if self.layout.wide else [])))
                    for bid, (at, size) in sorted(self.blocks.items())
                )
            ],
        )
        nodes = self._tree(
            0x81,
            [
                (nid, struct.pack("<QQQII" if self.layout.wide else "<IIII", *row))
                for nid, row in (
                    (nid, (nid, *each, *([0] if self.layout.wide else [])))
                    for nid, each in sorted(self.nodes.items())
                )
            ],
        )
        self._place(64)
        self._out[:564] = self._header(nodes, blocks)
        return bytes(self._out)

    def _finish(self) -> None:
        for folder, listed in self._listed.items():
            if folder & ~0x1F | 0x0E not in self.nodes:
                self.node(folder & ~0x1F | 0x0E, self.table(dict.fromkeys(listed, ())))
            below = [
                nid
                for nid, each in self.nodes.items()
                if nid & 0x1F == 2 and each[2] == folder and nid != folder
            ]
            self.node(folder & ~0x1F | 0x0D, self.table(dict.fromkeys(below, ())))
        if 0x61 not in self.nodes:
            self.node(0x61, self.context(self._name_map()))

    def _name_map(self) -> list[Value]:
        guids: list[bytes] = []
        entries = strings = b""
        for place, (guid, name) in enumerate(self.names):
            if guid not in guids:
                guids.append(guid)
            kind = (guids.index(guid) + 3) << 1
            if isinstance(name, str):
                raw = name.encode("utf-16-le")
                value, kind = len(strings), kind | 1
                strings += struct.pack("<I", len(raw)) + raw + bytes(-len(raw) % 4)
            else:
                value = name
            entries += struct.pack("<IHH", value, kind, place)
        streams = (b"".join(guids), entries, strings)
        return [number(1, 251), *((at, mapi.BINARY, each) for at, each in enumerate(streams, 2))]

    def _tree(self, kind: int, entries: list[tuple[int, bytes]], level: int = 0) -> tuple[int, int]:
        """Pages of a tree from its leaves up; id and offset of the topmost."""
        layout = self.layout
        width = len(entries[0][1])
        most = min(layout.entries // width, 255)
        pages = [
            (some[0][0], *self.page(kind, [each for _, each in some], width, level))
            for some in (entries[at : at + most] for at in range(0, len(entries), most))
        ]
        if len(pages) == 1:
            return pages[0][1:]
        row = "<QQQ" if layout.wide else "<III"
        return self._tree(kind, [(each[0], struct.pack(row, *each)) for each in pages], level + 1)

    def page(self, kind: int, rows: list[bytes], width: int, level: int) -> tuple[int, int]:
        """Write one page of a tree; its id and offset."""
        layout = self.layout
        bid = self.next
        self.next += 4
        self._out += bytes(-len(self._out) % layout.page)
        at = len(self._out)
        most = layout.entries // width
        if layout.page > 512:
            shape = struct.pack("<HHBB10x", len(rows), most, width, level)
        else:
            shape = struct.pack("<BBBB", len(rows), min(most, 255), width, level)
            shape += bytes(4 if layout.wide else 0)
        data = b"".join(rows).ljust(layout.entries, b"\0") + shape
        key = (at ^ bid) & 0xFFFFFFFF
        trailer = struct.pack("<BBH", kind, kind, (key >> 16 ^ key) & 0xFFFF)
        if layout.wide:
            trailer += struct.pack("<IQ", weak_crc(data), bid)
        else:
            trailer += struct.pack("<II", bid, weak_crc(data))
        self._out += (data + trailer).ljust(layout.page, b"\0")
        return bid, at

    def _header(self, nodes: tuple[int, int], blocks: tuple[int, int]) -> bytes:
        head = bytearray(564)
        layout, size = self.layout, len(self._out)
        version = 36 if layout is UNICODE_4K else 23 if layout.wide else 14
        head[0:4], head[8:10] = b"!BDN", self.client
        struct.pack_into("<HH", head, 10, version, 19)
        head[14:16] = b"\1\1"
        if layout.wide:
            struct.pack_into("<Q24x4Q", head, 184, size, *nodes, *blocks)
            head[512:514] = bytes((0x80, self.crypt))
            struct.pack_into("<I", head, 4, weak_crc(bytes(head[8:479])))
            struct.pack_into("<I", head, 524, weak_crc(bytes(head[8:524])))
        else:
            struct.pack_into("<I12x4I", head, 168, size, *nodes, *blocks)
            head[460:462] = bytes((0x80, self.crypt))
            struct.pack_into("<I", head, 4, weak_crc(bytes(head[8:479])))
        return bytes(head)
