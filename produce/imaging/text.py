"""Plain text to PDF pages on Letter, set like a typewriter: fast, for texts of any length.

Scripts that join or reorder their letters (Arabic, Hebrew, Indic, Thai …) are none of its
business: see `needs_shaping`.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pikepdf

from produce.imaging.errors import RenderError
from produce.imaging.fonts import FontSet, cells
from produce.imaging.geometry import LETTER
from records.codes import Code

SIZE, LEADING, MARGIN = 10.0, 12.0, 54.0
COLUMNS = int((LETTER[0] - 2 * MARGIN) / (SIZE * 0.6))
LINES = int((LETTER[1] - 2 * MARGIN) / LEADING)
MAX_PAGES = 20_000
_CELL = 600.0
_SHAPED = re.compile(
    "[\u0590-\u109f\u1780-\u18af\u1a00-\u1cff\ua800-\uabff\ufb1d-\ufdff\ufe70-\ufefc]"
)
_CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f]")


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line; the first `bold` characters are emphasised, `rule` draws a line below."""

    text: str
    bold: int = 0
    rule: bool = False


def needs_shaping(text: str) -> bool:
    """Whether the text holds a script that a plain row of glyphs would garble."""
    return _SHAPED.search(text) is not None


def is_right_to_left(line: str) -> bool:
    """Whether a line's first letter of a certain direction reads from the right (UAX 9, P2)."""
    for char in line:
        direction = unicodedata.bidirectional(char)
        if direction in ("L", "R", "AL"):
            return direction != "L"
    return False


def header_lines(header: Sequence[Sequence[str]]) -> list[Line]:
    """The header block of a mail as lines, wrapped under its labels; ruled off below."""
    if not header:
        return []
    indent = min(max(len(label) for label, _ in header) + 2, 24)
    lines = []
    for label, value in header:
        rows = [row for part in value.splitlines() or [""] for row in wrap(part, COLUMNS - indent)]
        name = f"{label}:"
        if len(name) < indent:
            lines.append(Line(f"{name:<{indent}}{rows[0]}", len(name)))
            rows = rows[1:]
        else:
            lines.append(Line(name[:COLUMNS], len(name[:COLUMNS])))
        lines += [Line(" " * indent + row) for row in rows]
    lines[-1] = Line(lines[-1].text, lines[-1].bold, rule=True)
    return [*lines, Line("")]


def wrap(line: str, columns: int = COLUMNS) -> list[str]:
    """Break one line at spaces, or within a word too long for a line."""
    if line.isascii() and len(line) <= columns:
        return [line]
    if not line.isascii():
        line = unicodedata.normalize("NFC", line)
        if sum(map(cells, line)) <= columns:
            return [line]
    rows = []
    start = 0
    while start < len(line):
        end = _fit(line, start, columns)
        if end < len(line):
            space = line.rfind(" ", start + 1, end + 1)
            end = space if space > start else end
        rows.append(line[start:end])
        start = end + 1 if line[end : end + 1] == " " else end
    return rows


def _fit(line: str, start: int, columns: int) -> int:
    """The end of the longest piece from `start` that fits; always past `start`."""
    used, end = 0, start
    while end < len(line):
        used += cells(line[end])
        if used > columns:
            break
        end += 1
    return max(end, start + 1)


def pages_of(text: str, head: Sequence[Line] = ()) -> Iterator[list[Line]]:
    """The lines of each page; a form feed begins a new page."""
    page = list(head)
    while len(page) > LINES:
        yield page[:LINES]
        page = page[LINES:]
    sheets = text.replace("\r\n", "\n").replace("\r", "\n").rstrip().split("\f")
    for number, sheet in enumerate(sheets):
        if number and page:
            yield page
            page = []
        for raw in sheet.split("\n"):
            for row in wrap(_CONTROLS.sub("", raw.expandtabs(8))):
                if len(page) == LINES:
                    yield page
                    page = []
                page.append(Line(row))
    if page:
        yield page


class _Setter:
    """Turns lines into content operators; each character keeps to its column."""

    def __init__(self, fonts: FontSet) -> None:
        self._fonts = fonts
        self._plain: dict[int, str] = {}
        self._special: dict[str, tuple[int, str]] = {}
        self._seen: set[str] = set()

    def page(self, lines: Sequence[Line]) -> bytes:
        """The content of one page."""
        top = LETTER[1] - MARGIN - SIZE
        parts = [f"BT /F0 {SIZE:g} Tf {LEADING:g} TL {MARGIN:g} {top:g} Td"]
        rules = []
        for number, line in enumerate(lines):
            parts.append(self._line(line))
            if line.rule:
                y = top - number * LEADING - 5
                rules.append(f"{MARGIN:g} {y:g} {LETTER[0] - 2 * MARGIN:g} 0.7 re f")
        return "\n".join([*parts, "ET", *rules]).encode("ascii")

    def _line(self, line: Line) -> str:
        if not line.bold:
            return self._run(line.text) + " T*"
        head = self._run(line.text[: line.bold])
        return f"2 Tr 0.35 w {head} 0 Tr {self._run(line.text[line.bold :])} T*"

    def _run(self, text: str) -> str:
        for char in sorted(set(text) - self._seen):  # sets differ in order from run to run
            self._learn(char)
        if self._special.keys().isdisjoint(text):
            return f"<{text.translate(self._plain)}> Tj" if text else ""
        parts: list[str] = []
        face = -1
        for char in text:
            number, piece = self._special.get(char) or (0, f"<{self._plain[ord(char)]}>")
            if number != face:
                parts.append(f"{']TJ ' if parts else ''}/F{number} {SIZE:g} Tf[")
                face = number
            parts.append(piece)
        return "".join(parts) + f"]TJ /F0 {SIZE:g} Tf"

    def _learn(self, char: str) -> None:
        self._seen.add(char)
        wanted = cells(char) * _CELL
        if not wanted and unicodedata.category(char) not in ("Mn", "Me"):
            self._special[char] = 0, ""  # invisible: joiners, marks of direction
            return
        face, gid, width = self._fonts.glyph(char)
        if face == 0 and abs(width - wanted) < 1:
            self._plain[ord(char)] = f"{gid:04X}"
        elif wanted:
            before = max(0.0, (wanted - width) / 2)  # centred on its columns
            self._special[char] = face, f"{-before:.0f}<{gid:04X}>{width + before - wanted:.0f}"
        else:
            self._special[char] = face, f"{_CELL:.0f}<{gid:04X}>{width - _CELL:.0f}"


def write_pdf(text: str, head: Sequence[Line], target: Path) -> tuple[int, frozenset[str]]:
    """Print `head` and `text`; the number of pages, and characters that no font has."""
    pdf = pikepdf.new()
    fonts = FontSet()
    setter = _Setter(fonts)
    setter.page([Line(" ")])  # the first face is always there
    resources = pdf.make_indirect(pikepdf.Dictionary())
    for lines in pages_of(text, head):
        if len(pdf.pages) == MAX_PAGES:
            raise RenderError(Code.TOO_LARGE, f"more than {MAX_PAGES:,} pages of text")
        _add_page(pdf, resources, setter.page(lines))
    if not len(pdf.pages):
        _add_page(pdf, resources, b"")
    resources["/Font"] = fonts.resources(pdf)
    pdf.save(target, deterministic_id=True, compress_streams=True)
    return len(pdf.pages), frozenset(fonts.missing)


def _add_page(pdf: pikepdf.Pdf, resources: pikepdf.Object, content: bytes) -> None:
    page = pikepdf.Dictionary(
        Type=pikepdf.Name.Page,
        MediaBox=[0, 0, *LETTER],
        Resources=resources,
        Contents=pdf.make_stream(content),
    )
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))


def join(parts: Sequence[Path], target: Path) -> int:
    """Put PDF files one after the other; the number of pages."""
    pdf = pikepdf.new()
    for part in parts:
        with pikepdf.open(part) as source:
            pdf.pages.extend(source.pages)
        part.unlink()
    pdf.save(target, deterministic_id=True)
    return len(pdf.pages)


def joined(parts: Sequence[Path], target: Path) -> int:
    """Write the pages of all parts, in their order; how many there are."""
    pdf = pikepdf.new()
    with ExitStack() as stack:
        for part in parts:
            pdf.pages.extend(stack.enter_context(pikepdf.open(part)).pages)
        pdf.save(target, deterministic_id=True)
    return len(pdf.pages)


def repeat(source: Path, target: Path, count: int) -> int:
    """Write the one page of `source` `count` times over."""
    pdf = pikepdf.new()
    with pikepdf.open(source) as single:
        for _ in range(count):
            pdf.pages.append(single.pages[0])
    pdf.save(target, deterministic_id=True)
    return count
