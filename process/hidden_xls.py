"""Hidden content of Excel's old workbooks, by the records of their stream ([MS-XLS], BIFF 5 and 8).

Named are the hidden sheets, and the words of cells in hidden sheets, rows and columns. Values of
formulas and numbers are left to Tika's text.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from ingest.compound import Compound
from process.hidden import Findings

_MOST_RECORDS = 3_000_000
_MOST_STRINGS = 1_000_000
_MOST_COLUMNS = 256
_BOF, _EOF, _CONTINUE, _FILEPASS = 0x0809, 0x000A, 0x003C, 0x002F
_BOUNDSHEET, _COLINFO, _ROW, _SST = 0x0085, 0x007D, 0x0208, 0x00FC
_LABELSST, _LABEL, _RSTRING, _NOTE, _NAME = 0x00FD, 0x0204, 0x00D6, 0x001C, 0x0018
_SUPBOOK, _CODEPAGE, _OBJECT, _TEXT = 0x01AE, 0x0042, 0x005D, 0x01B6
_STATES = {1: "hidden", 2: "veryHidden"}
_MACRO_SHEET = 1
_ROW_UNSEEN = 0x20  # fDyZero
_BIFF8 = 0x0600


@dataclass(slots=True)
class _Sheet:
    """One sheet's substream: which rows and columns are hidden, and its cells of text."""

    name: str
    hidden: bool
    rows: set[int] = field(default_factory=set)
    columns: set[int] = field(default_factory=set)
    cells: list[tuple[int, int, str]] = field(default_factory=list)
    object: int = 0  # the drawn object that we are at; a note's words are those of its object
    texts: dict[int, str] = field(default_factory=dict)
    notes: list[tuple[str, int]] = field(default_factory=list)


def look_xls(compound: Compound, findings: Findings) -> None:
    """Find what is hidden in a workbook."""
    top = compound.children(compound.root)
    for name in top:
        if name.startswith("MBD"):
            findings.flag("embedded-objects")
        elif name.startswith("LNK"):
            findings.flag("linked-objects")
    if "_VBA_PROJECT_CUR" in top:
        findings.flag("macros")
    entry = top.get("WORKBOOK") or top.get("BOOK")
    if entry is not None and entry.is_stream:
        _Book(findings).read(compound.stream(entry))


def _records(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Each record: where it begins, its number, its bytes."""
    at = 0
    for _ in range(_MOST_RECORDS):
        if at + 4 > len(data):
            return
        number, size = struct.unpack_from("<HH", data, at)
        yield at, number, data[at + 4 : at + 4 + size]
        at += 4 + size


class _Book:
    """Walks the records: the workbook's own first, then each sheet's."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._known: dict[int, tuple[str, bool]] = {}  # by the place of the sheet's beginning
        self._strings: list[str] = []
        self._wide = False  # BIFF 8
        self._codec = "cp1252"
        self._sheet: _Sheet | None = None
        self._depth = 0
        self._letters = 0  # of the text of an object, which a record after it holds

    def read(self, data: bytes) -> None:
        """Walk the whole stream."""
        table: list[bytes] = []
        last = 0
        for at, number, body in _records(data):
            if number == _FILEPASS:
                self._findings.fault("the workbook is encrypted")
                return
            if last == _SST and number == _CONTINUE:
                table.append(body)
                continue
            if table:
                self._strings = shared_strings(table)
                table = []
            if number == _SST:
                table.append(body)
            try:
                self._take(at, number, body)
            except (struct.error, IndexError):
                self._findings.fault("a record is cut short")
            last = number

    def _take(self, at: int, number: int, body: bytes) -> None:
        if number == _BOF:
            self._depth += 1
            self._wide = struct.unpack_from("<H", body)[0] >= _BIFF8
            if self._depth == 1 and at in self._known:
                self._sheet = _Sheet(*self._known[at])
        elif number == _EOF:
            self._depth = max(0, self._depth - 1)
            if self._depth == 0 and self._sheet is not None:
                self._finish(self._sheet)
                self._sheet = None
        elif self._sheet is None:
            self._of_book(number, body)
        elif self._depth == 1:
            self._of_sheet(self._sheet, number, body)

    def _of_book(self, number: int, body: bytes) -> None:
        if number == _BOUNDSHEET:
            place, state, kind, length = struct.unpack_from("<IBBB", body)
            name = self._text(body[7:], length)
            word = _STATES.get(state & 3, "")
            if word:
                self._findings.flag("hidden-sheets")
                self._findings.say("hidden-sheets", word, name)
            if kind == _MACRO_SHEET:
                self._findings.flag("macros")
            self._known[place] = (name, bool(word))
        elif number == _CODEPAGE:
            self._codec = {1200: "cp1252", 10000: "mac_roman", 32768: "mac_roman"}.get(
                struct.unpack_from("<H", body)[0], f"cp{struct.unpack_from('<H', body)[0]}"
            )
        elif number == _NAME and body[0] & 1 and not body[0] & 0x20:
            self._findings.flag("hidden-names")
        elif number == _SUPBOOK and self._wide and len(body) > 4:
            self._external(body)

    def _external(self, body: bytes) -> None:
        """A workbook that formulas refer to ([MS-XLS] 2.4.271); its path has marks for folders."""
        length = struct.unpack_from("<H", body, 2)[0]
        if not 0 < length < 256:  # 0x0401 and 0x3A01 are the workbook itself and add-ins
            return
        path = self._text(body[4:], length)
        if path.startswith("\x01") and len(path) > 1:
            plain = path[1:].replace("\x01", "").replace("\x03", "\\").replace("\x02", "\\")
            self._findings.link("".join(each for each in plain if each.isprintable()))

    def _of_sheet(self, sheet: _Sheet, number: int, body: bytes) -> None:
        if number == _ROW:
            row, flags = struct.unpack_from("<H10xH", body)
            if flags & _ROW_UNSEEN:
                sheet.rows.add(row)
        elif number == _COLINFO:
            first, last, _, _, flags = struct.unpack_from("<HHHHH", body)
            if flags & 1:
                sheet.columns.update(range(first, min(last, _MOST_COLUMNS) + 1))
        elif number in (_NOTE, _OBJECT, _TEXT, _CONTINUE):
            self._of_notes(sheet, number, body)
        elif number == _LABELSST:
            row, column, string = struct.unpack_from("<HH2xI", body)
            if string < len(self._strings):
                sheet.cells.append((row, column, self._strings[string]))
        elif number in (_LABEL, _RSTRING):
            row, column, length = struct.unpack_from("<HH2xH", body)
            sheet.cells.append((row, column, self._text(body[8:], length)))

    def _of_notes(self, sheet: _Sheet, number: int, body: bytes) -> None:
        """Notes on cells (2.4.179): their authors, and their words in objects that show them."""
        if number == _NOTE:
            self._findings.flag("comments")
            row, _, _, shown, length = struct.unpack_from("<5H", body)
            author = self._text(body[10:], length) if self._wide else ""
            sheet.notes.append((f"{sheet.name}, row {row + 1}, {author}", shown))
        elif number == _OBJECT:
            sheet.object = struct.unpack_from("<6xH", body)[0]
        elif number == _TEXT and self._wide:
            self._letters = struct.unpack_from("<10xH", body)[0]
        elif self._letters:
            sheet.texts[sheet.object] = self._text(body, self._letters)
            self._letters = 0

    def _text(self, body: bytes, length: int) -> str:
        """Characters, which BIFF 8 leads with a byte of flags."""
        if not self._wide:
            return _decoded(body[:length], self._codec)
        if body[:1] and body[0] & 1:
            return body[1 : 1 + 2 * length].decode("utf-16-le", "replace")
        return body[1 : 1 + length].decode("latin-1")

    def _finish(self, sheet: _Sheet) -> None:
        for kind, of in (("hidden-rows", sheet.rows), ("hidden-columns", sheet.columns)):
            if of and not sheet.hidden:
                self._findings.flag(kind)
        for whose, shown in sheet.notes:
            self._findings.say("comments", whose, sheet.texts.get(shown, ""))
        lines: dict[tuple[str, int], list[str]] = {}
        for row, column, words in sheet.cells:
            for kind in self._kinds(sheet, row, column):
                lines.setdefault((kind, row), []).append(words)
        for (kind, row), words_of_row in lines.items():
            self._findings.say(kind, f"{sheet.name}, row {row + 1}", "\t".join(words_of_row))

    @staticmethod
    def _kinds(sheet: _Sheet, row: int, column: int) -> Iterator[str]:
        if sheet.hidden:
            yield "hidden-sheets"
            return
        if row in sheet.rows:
            yield "hidden-rows"
        if column in sheet.columns:
            yield "hidden-columns"


def _decoded(data: bytes, codec: str) -> str:
    try:
        return data.decode(codec, "replace")
    except LookupError:
        return data.decode("cp1252", "replace")


def shared_strings(pieces: list[bytes]) -> list[str]:
    """The strings of an SST record and those that continue it ([MS-XLS] 2.4.265)."""
    reader = _Pieces(pieces)
    found: list[str] = []
    try:
        reader.take(8)
        while len(found) < _MOST_STRINGS and reader.more():
            found.append(reader.string())
    except EOFError:
        pass  # cut short: the strings until there stand
    return found


class _Pieces:
    """Bytes over several records; a string that goes on in the next one says its width anew."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces
        self._number = self._at = 0

    def more(self) -> bool:
        """Whether there are bytes left."""
        while self._number < len(self._pieces) and self._at >= len(self._pieces[self._number]):
            self._number, self._at = self._number + 1, 0
        return self._number < len(self._pieces)

    def take(self, size: int) -> bytes:
        """So many bytes, over the borders of records; raises `EOFError`."""
        out = bytearray()
        while len(out) < size:
            if not self.more():
                raise EOFError
            piece = self._pieces[self._number]
            part = piece[self._at : self._at + size - len(out)]
            out += part
            self._at += len(part)
        return bytes(out)

    def string(self) -> str:
        """One string, its formatting and phonetics skipped."""
        length, flags = struct.unpack("<HB", self.take(3))
        runs = struct.unpack("<H", self.take(2))[0] if flags & 8 else 0
        extra = struct.unpack("<I", self.take(4))[0] if flags & 4 else 0
        words: list[str] = []
        left, wide = length, bool(flags & 1)
        while left > 0:
            if not self.more():
                raise EOFError
            room = len(self._pieces[self._number]) - self._at
            count = min(left, room // 2 if wide else room)
            if count == 0:
                raise EOFError
            data = self.take(count * 2 if wide else count)
            words.append(data.decode("utf-16-le" if wide else "latin-1", "replace"))
            left -= count
            if left > 0:
                wide = bool(self.take(1)[0] & 1)
        self.take(4 * runs)
        self.take(min(extra, 1 << 24))
        return "".join(words)
