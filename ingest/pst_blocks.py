"""Blocks of a PST file, and what is made of several: streams and subnodes ([MS-PST] 2.2.2.8)."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from ingest.pst_crypt import decoded
from ingest.pst_header import SIZE, Header, PstError, parse_header, weak_crc
from ingest.pst_pages import BLOCKS, NODES, Row, Trees

_INTERNAL = 2
_MOST_BLOCK = 1 << 16
_MOST_BLOCKS = 1 << 20
_LEAST_COST = 512
_MOST_LEVELS = 8


class TooLargeError(Exception):
    """One item would take more bytes than it may."""


class Allowance:
    """What reading one item may still cost, in bytes; each block costs 512 at the least."""

    def __init__(self, size: int) -> None:
        self._left = size

    def ensure(self, size: int) -> None:
        """Raises `TooLargeError` where that many bytes would be too many; counts nothing."""
        if size > self._left:
            raise TooLargeError

    def spend(self, size: int) -> None:
        """Count bytes before they are read; raises `TooLargeError` past the allowance."""
        self._left -= max(size, _LEAST_COST)
        if self._left < 0:
            raise TooLargeError


@dataclass(frozen=True, slots=True)
class Node:
    """A node: ids of its data and of its subnodes; `found` where only a search found it."""

    id: int
    data: int
    sub: int
    parent: int = 0
    found: bool = False


class Store:
    """An open PST or OST file: nodes and their bytes. To be closed, or used with `with`.

    `doubtful` counts the blocks whose checksum is wrong and which were read all the same.
    """

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("rb")
        try:
            self.size = path.stat().st_size
            self.header: Header = parse_header(self._file.read(SIZE), self.size)
        except BaseException:
            self._file.close()
            raise
        self.trees = Trees(self._file, self.header, self.size)
        self.doubtful = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._file.close()

    def node(self, nid: int) -> Node | None:
        """The node of that id; None where there is none."""
        row, found = self.trees.find(NODES, nid)
        return None if row is None else _node(row, found)

    def nodes(self) -> Iterator[Node]:
        """All nodes."""
        return (_node(row, found) for row, found in self.trees.walk(NODES))

    def block(self, bid: int, allowance: Allowance) -> bytes:
        """A block's bytes, deciphered; raises `PstError` and `TooLargeError`."""
        row, found = self.trees.find(BLOCKS, bid & ~1)
        if row is None:
            raise PstError(f"block {bid:#x} is not in the index")
        _, at, size, *_ = row
        allowance.spend(size)
        layout = self.header.layout
        whole = -(-(size + layout.trailer) // layout.align) * layout.align
        raw = self.trees.read(at, whole)
        if len(raw) < whole or whole > _MOST_BLOCK:
            raise PstError(f"block {bid:#x} lies beyond the end of the file")
        data = raw[:size]
        crc, is_own, inflated = self._trailer(raw, bid, at)
        sound = crc == weak_crc(data)
        if not is_own or (found and not sound):
            raise PstError(f"block {bid:#x} is overwritten")
        self.doubtful += not sound
        if inflated not in (0, size):
            data = _inflated(data, inflated, allowance)
        return data if bid & _INTERNAL else decoded(data, self.header.crypt, bid & 0xFFFFFFFF)

    def _trailer(self, raw: bytes, bid: int, at: int) -> tuple[int, bool, int]:
        """Checksum, whether the block is the one of that id, and its size before compression.

        The signature, 2.2.2.8.1, tells the block's own id too, should that be damaged.
        """
        layout = self.header.layout
        start = len(raw) - layout.trailer
        signature, first, second = struct.unpack_from(
            "<HIQ" if layout.wide else "<HII", raw, start + 2
        )
        crc, own = (first, second) if layout.wide else (second, first)
        key = (at ^ bid) & 0xFFFFFFFF
        is_own = own & ~1 == bid & ~1 or signature == (key >> 16 ^ key & 0xFFFF)
        inflated = struct.unpack_from("<H", raw, start + 18)[0] if layout.trailer > 16 else 0
        return crc, is_own, inflated

    def stream(self, bid: int, allowance: Allowance) -> "Stream":
        """The bytes that a node or a subnode names as its data."""
        return Stream(self, tuple(self._leaves(bid, allowance)), allowance)

    def _leaves(self, bid: int, allowance: Allowance) -> Iterator[int]:
        """Ids of the blocks that hold the data, in order: XBLOCK and XXBLOCK, 2.2.2.8.3.2."""
        if not bid:
            return
        if not bid & _INTERNAL:
            yield bid
            return
        count, top = 0, self._listed(bid, 1, allowance)
        for each in top:
            below = self._listed(each, 1, allowance) if each & _INTERNAL else (each,)
            for leaf in below:
                if leaf & _INTERNAL:
                    raise PstError(f"block {bid:#x} nests deeper than it may")
                count += 1
                if count > _MOST_BLOCKS:
                    raise TooLargeError
                yield leaf

    def _listed(self, bid: int, kind: int, allowance: Allowance) -> tuple[int, ...]:
        data = self.block(bid, allowance)
        count = _entries(data, kind, bid)
        total = struct.unpack_from("<I", data, 4)[0]
        allowance.ensure(min(total, count * _MOST_BLOCK) if data[1] == 1 else total)
        layout = f"<{count}{'Q' if self.header.layout.wide else 'I'}"
        if 8 + struct.calcsize(layout) > len(data):
            raise PstError(f"block {bid:#x} contradicts itself")
        return struct.unpack_from(layout, data, 8)

    def subnodes(self, bid: int, allowance: Allowance) -> dict[int, Node]:
        """Subnodes by their id: SLBLOCK and SIBLOCK, 2.2.2.8.3.3; raises `PstError`."""
        nodes: dict[int, Node] = {}
        seen: set[int] = set()
        waiting = [bid] if bid else []
        while waiting:
            each = waiting.pop()
            if each in seen:
                raise PstError(f"block {each:#x} leads in a circle")
            seen.add(each)
            level, rows = self._sub_rows(each, allowance)
            if level:
                waiting.extend(row[1] for row in reversed(rows))
                continue
            for row in rows:
                nid = row[0] & 0xFFFFFFFF
                nodes.setdefault(nid, Node(nid, row[1], row[2]))
        return nodes

    def _sub_rows(self, bid: int, allowance: Allowance) -> tuple[int, list[Row]]:
        data = self.block(bid, allowance)
        count, level = _entries(data, 2, bid), data[1]
        letter, start = ("Q", 8) if self.header.layout.wide else ("I", 4)
        unpacking = struct.Struct("<" + letter * (2 if level else 3))
        if level > _MOST_LEVELS or start + count * unpacking.size > len(data):
            raise PstError(f"block {bid:#x} contradicts itself")
        rows: list[Row] = [
            unpacking.unpack_from(data, start + each * unpacking.size) for each in range(count)
        ]
        return level, rows


def _node(row: Row, found: bool) -> Node:
    return Node(row[0], row[1], row[2], row[3], found)


def _entries(data: bytes, kind: int, bid: int) -> int:
    if len(data) < 8 or data[0] != kind:
        raise PstError(f"block {bid:#x} is of another kind than it should be")
    count: int = struct.unpack_from("<H", data, 2)[0]
    return count


def _inflated(data: bytes, size: int, allowance: Allowance) -> bytes:
    """A compressed block of Outlook 2013's layout."""
    allowance.spend(size)
    try:
        plain = zlib.decompressobj().decompress(data, size)
    except zlib.error as error:
        raise PstError(f"a compressed block cannot be unpacked: {error}") from error
    if len(plain) != size:
        raise PstError("a compressed block unpacks to another size than it states")
    return plain


class Stream:
    """A node's data, block by block."""

    def __init__(self, store: Store, leaves: tuple[int, ...], allowance: Allowance) -> None:
        self._store = store
        self._leaves = leaves
        self._allowance = allowance
        self._held: dict[int, bytes] = {}

    def __len__(self) -> int:
        return len(self._leaves)

    def block(self, number: int) -> bytes:
        """One block, kept for the next time; raises `PstError`."""
        if not 0 <= number < len(self._leaves):
            raise PstError(f"there is no block {number} in a node's data")
        if number not in self._held:
            self._held[number] = self._store.block(self._leaves[number], self._allowance)
        return self._held[number]

    def whole(self) -> bytes:
        """All bytes; raises `PstError` and `TooLargeError`."""
        return b"".join(self._store.block(each, self._allowance) for each in self._leaves)
