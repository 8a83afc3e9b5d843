"""Hidden content of Word's old documents ([MS-DOC]): changes, hidden text, comments.

Runs of characters and their properties lie on pages of 512 bytes, found through the file
information block; the piece table says which bytes are which characters.
"""

import struct
from collections.abc import Iterator

from ingest.compound import Compound
from process.hidden import Findings, whose

_MOST_RUNS = 500_000
_PAIRS = 0x9A  # FibRgFcLcb97: where tables lie and how long they are, in pairs
_REFERENCES, _COMMENTS, _RUNS, _PIECES, _OWNERS = 4, 5, 12, 33, 36
_DELETED, _INSERTED, _VANISH = 0x0800, 0x0801, 0x083C  # sprms, 2.6.1
_SIZES = {0: 1, 1: 1, 2: 2, 3: 4, 4: 2, 5: 2, 7: 3}
_KINDS = {
    _DELETED: ("tracked-changes", "Deleted"),
    _INSERTED: ("tracked-changes", "Inserted"),
    _VANISH: ("hidden-text", ""),
}


def look_doc(compound: Compound, findings: Findings) -> None:
    """Find what is hidden in a document of Word 97 to 2003."""
    top = compound.children(compound.root)
    if "MACROS" in top:
        findings.flag("macros")
    if "OBJECTPOOL" in top and compound.children(top["OBJECTPOOL"]):
        findings.flag("embedded-objects")
    main = top.get("WORDDOCUMENT")
    if main is None or not main.is_stream:
        return
    data = compound.stream(main)
    try:
        if len(data) < 0x200 or struct.unpack_from("<H", data, 2)[0] < 0xC1:
            return  # of Word 6 and 95, which have no such tables
        flags = struct.unpack_from("<H", data, 10)[0]
        if flags & 0x0100:
            findings.fault("the document is encrypted")
            return
        table = top.get("1TABLE" if flags & 0x0200 else "0TABLE")
        if table is not None and table.is_stream:
            _Document(data, compound.stream(table), findings).look()
    except struct.error:
        findings.fault("its tables are damaged")


class _Document:
    """The main stream with its tables."""

    def __init__(self, data: bytes, table: bytes, findings: Findings) -> None:
        self._data, self._table, self._findings = data, table, findings
        self._text = list(self._pieces())

    def _part(self, pair: int) -> bytes:
        start, size = struct.unpack_from("<II", self._data, _PAIRS + 8 * pair)
        return self._table[start : start + size] if size <= len(self._table) else b""

    def look(self) -> None:
        """Find changes, hidden text and comments."""
        words: dict[int, list[str]] = {}
        last: dict[int, int] = {}
        for first, end, properties in self._runs():
            for sprm in properties:
                if last.get(sprm) != first:
                    self._flush(sprm, words)
                words.setdefault(sprm, []).append(self._characters(first, end))
                last[sprm] = end
        for sprm in list(words):
            self._flush(sprm, words)
        self._comments()

    def _flush(self, sprm: int, words: dict[int, list[str]]) -> None:
        kind, what = _KINDS[sprm]
        if found := words.pop(sprm, None):
            text = "".join(found)
            if kind == "tracked-changes" or text.strip():
                self._findings.flag(kind)
            self._findings.say(kind, what, text)

    def _runs(self) -> Iterator[tuple[int, int, list[int]]]:
        """Runs with properties that matter: first byte, the one after the last, which they are."""
        table = self._part(_RUNS)
        count = (len(table) - 4) // 8
        left = _MOST_RUNS
        for number in range(max(0, count)):
            page = struct.unpack_from("<I", table, 4 * (count + 1) + 4 * number)[0] & 0x3FFFFF
            block = self._data[page * 512 : page * 512 + 512]
            if len(block) < 512:
                self._findings.fault("its tables are damaged")
                continue
            runs = min(block[511], 101)
            for at in range(runs):
                left -= 1
                if left < 0:
                    self._findings.fault("there are too many runs of text")
                    return
                first, end = struct.unpack_from("<II", block, 4 * at)
                place = 2 * block[4 * (runs + 1) + at]
                if place and (found := list(_switches(block, place))):
                    yield first, end, found

    def _pieces(self) -> Iterator[tuple[int, int, int, bool]]:
        """The piece table (2.8.35): first character, the one after the last, first byte, width."""
        data, at = self._part(_PIECES), 0
        while at + 5 <= len(data) and data[at] == 1:
            at += 3 + struct.unpack_from("<H", data, at + 1)[0]
        if at + 5 > len(data) or data[at] != 2:
            return
        size = min(struct.unpack_from("<I", data, at + 1)[0], len(data) - at - 5)
        count, at = (size - 4) // 12, at + 5
        for number in range(max(0, count)):
            first, end = struct.unpack_from("<II", data, at + 4 * number)
            place = struct.unpack_from("<I", data, at + 4 * (count + 1) + 8 * number + 2)[0]
            narrow = bool(place & 0x40000000)
            place &= 0x3FFFFFFF
            if end > first:
                yield first, end, place // 2 if narrow else place, not narrow

    def _characters(self, start: int, end: int) -> str:
        """The characters whose bytes lie in this range of the stream."""
        found = []
        for first, after, place, wide in self._text:
            size = (after - first) * (2 if wide else 1)
            low, high = max(start, place), min(end, place + size)
            if low < high:
                found.append(_decoded(self._data[low:high], wide))
        return "".join(found)

    def _between(self, start: int, end: int) -> str:
        """The characters from one number to another."""
        found = []
        for first, after, place, wide in self._text:
            low, high = max(start, first), min(end, after)
            if low < high:
                width = 2 if wide else 1
                at = place + (low - first) * width
                found.append(_decoded(self._data[at : at + (high - low) * width], wide))
        return "".join(found)

    def _comments(self) -> None:
        """Comments lie behind the text, the footnotes and the headers (2.3.5)."""
        places = self._part(_COMMENTS)
        references = self._part(_REFERENCES)
        count = (len(references) - 4) // 34
        if count <= 0:
            return
        self._findings.flag("comments")
        owners = list(_strings(self._part(_OWNERS)))
        counts = struct.unpack_from("<4I", self._data, 0x4C)
        base = sum(counts)  # text, footnotes, headers, macros
        for number in range(min(count, max(0, len(places) // 4 - 1))):
            start, end = struct.unpack_from("<II", places, 4 * number)
            owner = struct.unpack_from("<H", references, 4 * (count + 1) + 30 * number + 20)[0]
            author = owners[owner] if owner < len(owners) else ""
            self._findings.say(
                "comments", whose(author, ""), self._between(base + start, base + end)
            )


def _decoded(data: bytes, wide: bool) -> str:
    text = data.decode("utf-16-le" if wide else "cp1252", "replace")
    return "".join(each if each >= " " else "\n" if each == "\r" else " " for each in text)


def _switches(block: bytes, place: int) -> Iterator[int]:
    """Which of the sprms that matter a run's properties turn on (2.2.5.1)."""
    size = block[place]
    at, end = place + 1, min(place + 1 + size, 511)
    while at + 3 <= end:
        sprm = struct.unpack_from("<H", block, at)[0]
        at += 2
        width = _SIZES.get(sprm >> 13)
        if width is None:
            width = 1 + block[at]
        elif sprm in _KINDS and block[at] & 1:
            yield sprm
        at += width


def _strings(data: bytes) -> Iterator[str]:
    at = 0
    while at + 2 <= len(data):
        length = struct.unpack_from("<H", data, at)[0]
        yield data[at + 2 : at + 2 + 2 * length].decode("utf-16-le", "replace")
        at += 2 + 2 * length
