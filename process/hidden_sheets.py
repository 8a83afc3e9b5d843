"""Hidden content of Excel's OOXML: sheets, rows, columns, names, comments, cells that show nothing.

What is in a hidden place is listed row by row, values as they are kept (dates are numbers there).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from process.hidden import Findings, whose
from process.hidden_package import Package, is_on, may_have

_COMMENTS = re.compile(r"xl/(?:[^/]+/)?comments?\d*\.xml")
_THREADS = re.compile(r"xl/threadedComments/[^/]+\.xml")
_PERSONS = re.compile(r"xl/persons/[^/]+\.xml")
_DRAWINGS = re.compile(r"xl/drawings/drawing\d*\.xml")
_TELLING = re.compile(
    rb"\s(?:hidden|zeroHeight)\s*=\s*[\"'](?:1|true|on)[\"']"
    rb"|\s(?:ht|width)\s*=\s*[\"']0(?:\.0*)?[\"']"
)
_SHAPE_HIDDEN = re.compile(rb"\shidden\s*=\s*[\"'](?:1|true|on)[\"']")
_MOST_STRINGS = 2_000_000
_MOST_COLUMNS = 16_384
_MOST_RANGES = 2000
_NOT_SHOWN = re.compile(r";;;\s*")
# Names that Excel itself makes and hides.
_OWN_NAMES = ("_xlnm.", "_xlfn", "_xlpm", "_xlws", "_xleta", "_xludf")


@dataclass(slots=True)
class Formats:
    """Cell formats by number: those with white letters on white, those that show nothing."""

    white: set[int] = field(default_factory=set)
    blank: set[int] = field(default_factory=set)

    def pattern(self) -> re.Pattern[bytes] | None:
        """Finds a cell in one of them."""
        numbers = b"|".join(str(each).encode() for each in sorted(self.white | self.blank))
        return re.compile(rb"\ss\s*=\s*[\"'](?:" + numbers + rb")[\"']") if numbers else None


def look_sheets(package: Package, findings: Findings) -> None:
    """Find what is hidden in a workbook."""
    book = _Book(findings)
    package.parse(package.read("xl/workbook.xml"), book.start, book.end, book.text)
    targets = {each.id: each.target for each in package.relations("xl/workbook.xml")}
    formats = _formats(package)
    telling = formats.pattern()
    strings = _Strings(package)
    for name, state, number in book.sheets:
        data = package.read(targets.get(number, ""))
        if state or may_have(data, _TELLING) or (telling is not None and telling.search(data)):
            sheet = _Sheet(name, bool(state), findings, formats, strings)
            sheet.has_tables = b"tablePart" in data or b"conditionalFormatting" in data
            package.parse(data, sheet.start, sheet.end, sheet.text)
    _comments(package, findings)
    _shapes(package, findings)


class _Book:
    """Walks the workbook part: its sheets with their states, its defined names."""

    def __init__(self, findings: Findings) -> None:
        self.sheets: list[tuple[str, str, str]] = []
        self._findings = findings
        self._name = ""
        self._words: list[str] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "sheet":
            state = attributes.get("state", "visible")
            title = attributes.get("name", "")
            if state != "visible":
                self._findings.say("hidden-sheets", state, title)
                self._findings.flag("hidden-sheets")
            hidden = "" if state == "visible" else state
            self.sheets.append((title, hidden, attributes.get("id", "")))
        elif name == "definedName" and is_on(attributes.get("hidden", "0")):
            title = attributes.get("name", "")
            self._name = "" if title.lower().startswith(_OWN_NAMES) else title
            self._words = []

    def text(self, text: str) -> None:
        if self._name:
            self._words.append(text)

    def end(self, name: str) -> None:
        if name == "definedName" and self._name:
            self._findings.flag("hidden-names")
            self._findings.say("hidden-names", self._name, "".join(self._words))
            self._name = ""


class _Strings:
    """The workbook's shared strings, read when the first is asked for."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._found: list[str] | None = None
        self._words: list[str] = []
        self._inside = self._phonetic = False

    def get(self, number: int) -> str:
        """The string of this number; an empty one where there is none."""
        if self._found is None:
            self._found = []
            data = self._package.read("xl/sharedStrings.xml")
            self._package.parse(data, self._start, self._end, self._text)
        return self._found[number] if 0 <= number < len(self._found) else ""

    def _start(self, name: str, _: Mapping[str, str]) -> None:
        self._phonetic |= name == "rPh"
        self._inside = name == "t" and not self._phonetic

    def _end(self, name: str) -> None:
        self._inside = False
        if name == "rPh":
            self._phonetic = False
        elif name == "si" and self._found is not None:
            if len(self._found) < _MOST_STRINGS:
                self._found.append("".join(self._words))
            self._words = []

    def _text(self, text: str) -> None:
        if self._inside:
            self._words.append(text)


class _Sheet:
    """Walks one sheet row by row; the words of what is hidden go to the findings."""

    def __init__(
        self, name: str, hidden: bool, findings: Findings, formats: Formats, strings: _Strings
    ) -> None:
        self.has_tables = False
        self._name, self._hidden = name, hidden
        self._findings, self._formats, self._strings = findings, formats, strings
        self._columns: set[int] = set()
        self._ranges = 0
        self._no_height = self._row_hidden = False
        self._row = self._column = 0
        self._cells: dict[str, list[str]] = {}
        self._type = ""
        self._style = 0
        self._value: list[str] = []
        self._inside = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        match name:
            case "c":
                self._cell(attributes)
            case "v" | "t":
                self._inside = True
            case "row":
                self._start_row(attributes)
            case "col":
                if is_on(attributes.get("hidden", "0")) or _is_zero(attributes.get("width")):
                    self._hide_columns(attributes)
            case "sheetFormatPr":
                self._no_height = is_on(attributes.get("zeroHeight", "0"))

    def _hide_columns(self, attributes: Mapping[str, str]) -> None:
        first, last = (_number(attributes.get(key, "")) for key in ("min", "max"))
        self._ranges += 1
        if self._ranges <= _MOST_RANGES:
            self._columns.update(range(first, min(last, _MOST_COLUMNS) + 1))

    def _start_row(self, attributes: Mapping[str, str]) -> None:
        self._row = _number(attributes.get("r", "")) or self._row + 1
        self._column = 0
        hidden = attributes.get(
            "hidden", "1" if self._no_height and "ht" not in attributes else "0"
        )
        self._row_hidden = is_on(hidden) or _is_zero(attributes.get("ht"))

    def _cell(self, attributes: Mapping[str, str]) -> None:
        self._column = column_of(attributes.get("r", "")) or self._column + 1
        self._type = attributes.get("t", "n")
        self._style = _number(attributes.get("s", ""))
        self._value = []

    def text(self, text: str) -> None:
        if self._inside:
            self._value.append(text)

    def end(self, name: str) -> None:
        if name in ("v", "t"):
            self._inside = False
        elif name == "c":
            self._end_cell()
        elif name == "row":
            for kind, values in self._cells.items():
                self._findings.say(kind, f"{self._name}, row {self._row}", "\t".join(values))
            self._cells = {}

    def _end_cell(self) -> None:
        value = "".join(self._value)
        if self._type == "s" and value.strip():
            value = self._strings.get(_number(value.strip()))
        if not value.strip():
            return
        for kind in self._kinds():
            self._cells.setdefault(kind, []).append(value)

    def _kinds(self) -> list[str]:
        if self._hidden:
            return ["hidden-sheets"]
        kinds = []
        if self._row_hidden:
            kinds.append("hidden-rows")
        if self._column in self._columns:
            kinds.append("hidden-columns")
        if self._style in self._formats.blank:
            kinds.append("hidden-text")
        elif self._style in self._formats.white and not self.has_tables:
            kinds.append("white-text")
        return kinds


def column_of(reference: str) -> int:
    """The column of a cell's reference, A as 1; 0 for none."""
    number = 0
    for letter in reference[:3]:
        if not "A" <= letter <= "Z":
            break
        number = number * 26 + ord(letter) - 64
    return number


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _is_zero(text: str | None) -> bool:
    try:
        return text is not None and float(text) == 0
    except ValueError:
        return False


def _formats(package: Package) -> Formats:
    data = package.read("xl/styles.xml")
    walk = _FormatWalk()
    package.parse(data, walk.start, walk.end)
    return walk.formats()


class _FormatWalk:
    """Walks the styles: white fonts, fills that are not white, formats that show nothing."""

    def __init__(self) -> None:
        self._path: list[str] = []
        self._fonts: list[bool] = []
        self._fills: list[bool] = []  # whether it is white or none
        self._blank: set[str] = set()
        self._formats: list[Mapping[str, str]] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        above = self._path[-1] if self._path else ""
        self._path.append(name)
        match above, name:
            case "numFmts", "numFmt":
                if _NOT_SHOWN.fullmatch(attributes.get("formatCode", "")):
                    self._blank.add(attributes.get("numFmtId", ""))
            case "fonts", "font":
                self._fonts.append(False)
            case "font", "color" if self._fonts:
                self._fonts[-1] = _is_white(attributes)
            case "fills", "fill":
                self._fills.append(False)
            case "fill", "patternFill" if self._fills:
                self._fills[-1] = attributes.get("patternType", "none") == "none"
            case "patternFill", "fgColor" if self._fills:
                self._fills[-1] |= _is_white(attributes)
            case "cellXfs", "xf":
                self._formats.append(attributes)

    def end(self, _: str) -> None:
        self._path.pop()

    def formats(self) -> Formats:
        """Which cell formats hide what is in their cells."""
        found = Formats()
        for number, each in enumerate(self._formats):
            font, fill = (_number(each.get(name, "")) for name in ("fontId", "fillId"))
            if each.get("numFmtId", "") in self._blank:
                found.blank.add(number)
            elif self._fonts[font : font + 1] == [True] and self._fills[fill : fill + 1] != [False]:
                found.white.add(number)
        return found


def _is_white(attributes: Mapping[str, str]) -> bool:
    """White as ARGB, as an index of the old palette, or as the theme's first light colour."""
    rgb = attributes.get("rgb", "").upper()
    plain = attributes.get("tint", "0") in ("0", "0.0", "-0")
    return plain and (
        rgb[-6:] == "FFFFFF"
        or attributes.get("indexed") in ("1", "9")
        or attributes.get("theme") == "0"
    )


def _comments(package: Package, findings: Findings) -> None:
    persons: dict[str, str] = {}

    def start(name: str, attributes: Mapping[str, str]) -> None:
        if name == "person":
            persons[attributes.get("id", "")] = attributes.get("displayName", "")

    for name in package.matching(_PERSONS):
        package.parse(package.read(name), start)
    for name in (*package.matching(_COMMENTS), *package.matching(_THREADS)):
        walk = _Comments(findings, persons)
        package.parse(package.read(name), walk.start, walk.end, walk.text)


class _Comments:
    """Walks notes on cells (with a list of authors) and threaded comments (by persons)."""

    def __init__(self, findings: Findings, persons: Mapping[str, str]) -> None:
        self._findings, self._persons = findings, persons
        self._authors: list[str] = []
        self._who = ""
        self._words: list[str] = []
        self._inside = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name in ("comment", "threadedComment"):
            self._findings.flag("comments")
            number = _number(attributes.get("authorId", ""))
            author = "".join(self._authors[number : number + 1])
            author = self._persons.get(attributes.get("personId", ""), author)
            self._who = whose(
                f"{attributes.get('ref', '')} {author}", attributes.get("dT", "").rstrip()
            )
            self._words = []
        elif name == "author":
            self._words = []
        self._inside = name in ("t", "author", "text")

    def end(self, name: str) -> None:
        self._inside = False
        words = "".join(self._words)
        if name == "author":
            self._authors.append(words)
        elif name in ("comment", "threadedComment"):
            self._findings.say("comments", self._who, words)

    def text(self, text: str) -> None:
        if self._inside:
            self._words.append(text)


def _shapes(package: Package, findings: Findings) -> None:
    for name in package.matching(_DRAWINGS):
        data = package.read(name)
        if may_have(data, _SHAPE_HIDDEN):
            walk = _Shapes(findings)
            package.parse(data, walk.start, walk.end, walk.text)


class _Shapes:
    """Walks a drawing on a sheet: words of shapes that are hidden."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._hidden = self._inside = False
        self._words: list[str] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "sp":
            self._hidden, self._words = False, []
        elif name == "cNvPr":
            self._hidden = is_on(attributes.get("hidden", "0"))
        self._inside = name == "t"

    def end(self, name: str) -> None:
        self._inside = False
        if name == "sp" and self._hidden:
            self._findings.say("hidden-text", "Hidden shape", "".join(self._words))
            self._hidden = False

    def text(self, text: str) -> None:
        if self._inside:
            self._words.append(text)
