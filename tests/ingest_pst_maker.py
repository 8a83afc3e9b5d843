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
    _next: int = 4
    _listed: dict[int, list[int]] = field(default_factory=dict)

    # Blocks and streams, 2.2.2.8

    def block(self, data: bytes, *, internal: bool = False) -> int:
        """Write one block; its id."""
        bid = self._next | (2 if internal else 0)
        self._next += 4
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
        return self._joined(leaves, len(data))

    def _joined(self, leaves: Sequence[int], size: int) -> int:
        ids = struct.pack(f"<{len(leaves)}{'Q' if self.layout.wide else 'I'}", *leaves)
        return self.block(struct.pack("<BBHI", 1, 1, len(leaves), size) + ids, internal=True)

    def subnodes(self, entries: dict[int, tuple[int, int]]) -> int:
        """Write a list of subnodes: data and subnodes by their ids."""
        if not entries:
            return 0
        letter = "Q" if self.layout.wide else "I"
        head = struct.pack("<BBH", 2, 0, len(entries)) + bytes(4 if self.layout.wide else 0)
        rows = (struct.pack(f"<3{letter}", nid, *each) for nid, each in sorted(entries.items()))
        return self.block(head + b"".join(rows), internal=True)

    # Heaps and contexts, 2.3

    def context(
        self, values: Iterable[Value], subnodes: dict[int, tuple[int, int]] | None = None
    ) -> tuple[int, int]:
        """Write a property context; the ids of its data and of its subnodes."""
        inner, items = dict(subnodes or {}), list[bytes]([b"", b""])
        records = b""
        for id, type, data in sorted(values):
            if type in _SHORT:
                stored = data.ljust(4, b"\0")[:4]
            elif not data:
                stored = bytes(4)
            elif len(data) > _LARGE:
                nid = len(inner) + 1 << 5 | 0x1F
                inner[nid] = (self.stream(data), 0)
                stored = struct.pack("<I", nid)
            else:
                items.append(data)
                stored = struct.pack("<I", len(items) << 5)
            records += struct.pack("<HH", id, type) + stored
        items[0] = struct.pack("<BBBBI", 0xB5, 2, 6, 0, 0x40 if records else 0)
        items[1] = records
        return self._heap(0xBC, items), self.subnodes(inner)

    def _heap(self, client: int, items: list[bytes]) -> int:
        """A heap of one block; its root is the first item."""
        assert sum(map(len, items)) < 8000, "the maker's heaps have one block"
        body, offsets = b"", list[int]()
        for each in items:
            offsets.append(12 + len(body))
            body += each
        offsets.append(12 + len(body))
        body += bytes(len(body) % 2)
        head = struct.pack("<HBBII", 12 + len(body), 0xEC, client, 0x20, 0)
        page = struct.pack(f"<HH{len(offsets)}H", len(items), 0, *offsets)
        return self.block(head + body + page)

    def table(self, rows: Mapping[int, Sequence[Value]]) -> tuple[int, int]:
        """Write a table context with rows by their ids; data and subnodes."""
        columns: dict[tuple[int, int], tuple[int, int]] = {}
        at = 8
        for id, type in ((0x67F2, mapi.INTEGER32), (0x67F3, mapi.INTEGER32)):
            columns[id, type] = (4 * len(columns), 4)
        for id, type in sorted({(id, type) for row in rows.values() for id, type, _ in row}):
            size = 8 if type in _WIDE else 4
            columns[id, type] = (at, size)
            at += size
        bits_at, width = at, at + (len(columns) + 7) // 8
        items: list[bytes] = [b"", b"", b"", b""]
        matrix = b""
        for row_id, row in rows.items():
            cells = bytearray(width)
            for place, key in enumerate(columns):
                values = dict(zip(((id, type) for id, type, _ in row), row, strict=True))
                values[0x67F2, mapi.INTEGER32] = number(0x67F2, row_id)
                values[0x67F3, mapi.INTEGER32] = number(0x67F3, 1)
                if key not in values:
                    continue
                start, size = columns[key]
                data = values[key][2]
                if key[1] not in _SHORT | _WIDE:
                    if data:
                        items.append(data)
                        data = struct.pack("<I", len(items) << 5)
                    else:
                        data = bytes(4)
                cells[start : start + size] = data.ljust(size, b"\0")
                cells[bits_at + place // 8] |= 0x80 >> place % 8
            matrix += bytes(cells)
        index = "<II" if self.layout.wide else "<IH"
        width_of_index = struct.calcsize(index) - 4
        items[0] = self._table_head(columns, bits_at, width, bool(rows))
        items[1] = struct.pack("<BBBBI", 0xB5, 4, width_of_index, 0, 0x60 if rows else 0)
        items[2] = b"".join(struct.pack(index, each, at) for at, each in enumerate(rows))
        items[3] = matrix
        inner: dict[int, tuple[int, int]] = {}
        if len(matrix) + len(items[2]) > _LARGE:
            items[3] = b""
            inner[0x3F] = (self._rows(matrix, width), 0)
            items[0] = items[0][:14] + struct.pack("<I", 0x3F) + items[0][18:]
        return self._heap(0x7C, items), self.subnodes(inner)

    def _rows(self, matrix: bytes, width: int) -> int:
        most = (8192 - self.layout.trailer) // width * width
        full = 8192 - self.layout.trailer
        pieces = [matrix[at : at + most] for at in range(0, len(matrix), most)]
        pieces = [each.ljust(full, b"\0") for each in pieces[:-1]] + pieces[-1:]
        leaves = [self.block(each) for each in pieces]
        return leaves[0] if len(leaves) == 1 else self._joined(leaves, sum(map(len, pieces)))

    def _table_head(
        self, columns: dict[tuple[int, int], tuple[int, int]], bits_at: int, width: int, full: bool
    ) -> bytes:
        head = struct.pack("<BBHHHH", 0x7C, len(columns), bits_at, bits_at, bits_at, width)
        head += struct.pack("<III", 0x40, 0x80 if full else 0, 0)
        for bit, ((id, type), (start, size)) in enumerate(columns.items()):
            head += struct.pack("<IHBB", id << 16 | type, start, size, bit)
        return head

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
            (some[0][0], *self._page(kind, [each for _, each in some], width, level))
            for some in (entries[at : at + most] for at in range(0, len(entries), most))
        ]
        if len(pages) == 1:
            return pages[0][1:]
        row = "<QQQ" if layout.wide else "<III"
        return self._tree(kind, [(each[0], struct.pack(row, *each)) for each in pages], level + 1)

    def _page(self, kind: int, rows: list[bytes], width: int, level: int) -> tuple[int, int]:
        layout = self.layout
        bid = self._next
        self._next += 4
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
