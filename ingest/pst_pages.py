"""The two trees of a PST file: its nodes by their id, its blocks by theirs ([MS-PST] 2.2.2.7).

Where a page of a tree is damaged, what stood below it is looked for in the whole file: every page
has a checksum, and the newest page that has an entry tells the truth.
"""

import struct
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from ingest.pst_header import Header, Layout, PstError, weak_crc

BLOCKS, NODES = 0x80, 0x81
"""Page types ptypeBBT and ptypeNBT, [MS-PST] 2.2.2.7.1."""
_CACHED = 2048
_STEP = 512
_CHUNK = 1 << 20
MOST_FOUND = 2_000_000
"""Entries that a search of the whole file keeps of each tree."""

_BRANCH = {True: struct.Struct("<QQQ"), False: struct.Struct("<III")}
_LEAF = {
    (NODES, True): struct.Struct("<QQQI4x"),
    (NODES, False): struct.Struct("<IIII"),
    (BLOCKS, True): struct.Struct("<QQHH4x"),
    (BLOCKS, False): struct.Struct("<IIHH"),
}
type Row = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a tree: entries of a leaf (level 0), or keys, ids and offsets of further pages."""

    level: int
    bid: int
    keys: tuple[int, ...]
    rows: tuple[Row, ...]
    is_sound: bool


def parse_page(data: bytes, kind: int, layout: Layout) -> Page:
    """Take a page apart; raises `PstError` where it is none of that kind."""
    if len(data) < layout.page:
        raise PstError("a page lies beyond the end of the file")
    if not (data[layout.summed] == data[layout.summed + 1] == kind):
        raise PstError("a page of the index is overwritten")
    count, width, level = _shape(data, layout)
    unpacking = _BRANCH[layout.wide] if level else _LEAF[kind, layout.wide]
    if width < unpacking.size or count * width > layout.entries:
        raise PstError("a page of the index contradicts itself")
    rows = tuple(unpacking.unpack_from(data, each * width) for each in range(count))
    if kind == NODES:
        rows = tuple((row[0] & 0xFFFFFFFF, *row[1:]) for row in rows)
    crc, bid = _trailer(data, layout)
    keys = tuple(row[0] for row in rows)
    return Page(level, bid, keys, rows, crc == weak_crc(data[: layout.summed]))


def _shape(data: bytes, layout: Layout) -> tuple[int, int, int]:
    """How many entries of what size, and the level."""
    if layout.page > 512:
        count, width, level = struct.unpack_from("<H2xBB", data, layout.entries)
    else:
        count, width, level = struct.unpack_from("<BxBB", data, layout.entries)
    return count, width, level


def _trailer(data: bytes, layout: Layout) -> tuple[int, int]:
    if layout.wide:
        crc, bid = struct.unpack_from("<IQ", data, layout.summed + 4)
    else:
        bid, crc = struct.unpack_from("<II", data, layout.summed + 4)
    return crc, bid


class Trees:
    """Both trees of an open file.

    `bad_pages` counts the pages that are not sound, `searched` says that the whole file was
    looked through for pages, `cut` that more was found there than is kept.
    """

    def __init__(self, file: BinaryIO, header: Header, size: int) -> None:
        self._file = file
        self.header = header
        self.size = size
        self._roots = {NODES: header.nodes, BLOCKS: header.blocks}
        self._cache: OrderedDict[tuple[int, int], Page | PstError] = OrderedDict()
        self._bad: set[int] = set()
        self._found: dict[int, dict[int, tuple[int, Row]]] | None = None
        self.cut = False

    @property
    def bad_pages(self) -> int:
        """How many damaged pages were met so far; some could be read all the same."""
        return len(self._bad)

    @property
    def searched(self) -> bool:
        """Whether the whole file was looked through."""
        return self._found is not None

    def read(self, at: int, size: int) -> bytes:
        """Bytes of the file; fewer at its end."""
        if not 0 <= at <= self.size:
            return b""
        self._file.seek(at)
        return self._file.read(size)

    def find(self, kind: int, key: int) -> tuple[Row | None, bool]:
        """The entry of that key, and whether only a search of the whole file found it."""
        try:
            row = self._descend(kind, key)
        except PstError:
            row = None
        if row is None and self._bad:
            self.search()
        if row is not None or self._found is None:
            return row, False
        found = self._found[kind].get(key)
        return (None, False) if found is None else (found[1], True)

    def walk(self, kind: int) -> Iterator[tuple[Row, bool]]:
        """All entries as `find` gives them, each once; those of the tree in its order."""
        seen: set[int] = set()
        waiting = [(*self._roots[kind], 256)]
        while waiting:
            bid, at, above = waiting.pop()
            try:
                page = self._page(kind, bid, at, above)
                if at in seen:
                    raise self._fault(at, "two ways lead to one page of the index")
            except PstError:
                continue
            seen.add(at)
            if page.level:
                below = ((row[1], row[2], page.level) for row in reversed(page.rows))
                waiting.extend(below)
            else:
                yield from ((row, False) for row in page.rows)
        if self.bad_pages:
            self.search()
        yield from self._only_found(kind)

    def _only_found(self, kind: int) -> Iterator[tuple[Row, bool]]:
        for key, (_, row) in sorted((self._found or {kind: {}})[kind].items()):
            try:
                known = self._descend(kind, key)
            except PstError:
                known = None
            if known is None:
                yield row, True

    def search(self) -> None:
        """Look through the whole file for pages of either tree, once."""
        if self._found is not None:
            return
        self._found = {NODES: {}, BLOCKS: {}}
        layout = self.header.layout
        for at in range(0, self.size, _CHUNK):
            data = self.read(at, _CHUNK + layout.page - _STEP)
            for start in range(0, len(data) - layout.page + 1, _STEP):
                kind = data[start + layout.summed]
                if kind in (NODES, BLOCKS) and kind == data[start + layout.summed + 1]:
                    self._take(kind, data[start : start + layout.page])

    def _take(self, kind: int, data: bytes) -> None:
        try:
            page = parse_page(data, kind, self.header.layout)
        except PstError:
            return
        if page.level or not page.is_sound or self._found is None:
            return
        found = self._found[kind]
        for row in page.rows:
            known = found.get(row[0])
            if known is None and len(found) >= MOST_FOUND:
                self.cut = True
            elif known is None or known[0] < page.bid:
                found[row[0]] = (page.bid, row)

    def _descend(self, kind: int, key: int) -> Row | None:
        bid, at = self._roots[kind]
        above = 256
        while True:
            page = self._page(kind, bid, at, above)
            if not page.level:
                break
            place = bisect_right(page.keys, key) - 1
            if place < 0:
                return None
            _, bid, at = page.rows[place]
            above = page.level
        place = bisect_left(page.keys, key)
        return page.rows[place] if place < len(page.keys) and page.keys[place] == key else None

    def _page(self, kind: int, bid: int, at: int, above: int) -> Page:
        """A page on the way down: of a lower level than `above`; raises `PstError`."""
        page = self._cached(kind, at)
        if page.level >= above:
            raise self._fault(at, "the index leads in a circle")
        if page.bid != bid and not page.is_sound:
            raise self._fault(at, "a page of the index is another than the one looked for")
        if not page.is_sound:
            self._bad.add(at)
        return page

    def _cached(self, kind: int, at: int) -> Page:
        found = self._cache.get((kind, at))
        if found is None:
            try:
                found = parse_page(self.read(at, self.header.layout.page), kind, self.header.layout)
            except PstError as error:
                self._bad.add(at)
                found = error
            self._cache[kind, at] = found
            if len(self._cache) > _CACHED:
                self._cache.popitem(last=False)
        if isinstance(found, PstError):
            raise found
        return found

    def _fault(self, at: int, text: str) -> PstError:
        self._bad.add(at)
        return PstError(text)
