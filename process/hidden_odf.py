"""Hidden content of OpenDocument files: changes, notes, hidden sheets, rows, slides and text."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from process.hidden import Findings, whose
from process.hidden_package import Package, may_have

_CONTENT = ("styles.xml", "content.xml")
_TELLING = re.compile(
    rb"tracked-changes|annotation|hidden|[\"'](?:false|none|collapse|filter)[\"']|notes"
    rb"|-source|floating-frame|href\s*=\s*[\"'](?:\.\./|/|[a-zA-Z]+:)"
)
_MACROS = re.compile(r"(?:Basic/[^/]+/(?!script-lb|dialog-lb)[^/]+\.xml|Scripts/.+[^/])")
_OBJECTS = re.compile(r"(?:\./)?Object [^/]+(?:/content\.xml)?")
_SHOWING = frozenset(
    {
        *("image", "object", "object-ole", "plugin", "floating-frame", "section-source"),
        *("cell-range-source", "table-source", "dde-source", "fill-image", "sound", "applet"),
    }
)
_OUTSIDE = re.compile(r"\.\./|/|[a-zA-Z][\w+.-]*:")
_CHANGES = {"insertion": "Inserted", "deletion": "Deleted", "format-change": "Format changed"}
_UNSEEN_ROW = ("collapse", "filter")
_MOST_REPEATED = 100_000
_MOST_RANGES = 200


@dataclass(slots=True)
class _Take:
    """Words being collected until their element ends."""

    kind: str
    where: str
    words: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Sheet:
    """A table as it is walked: where in it we are, and which columns are hidden."""

    name: str
    hidden: bool
    row: int = 0
    row_hidden: bool = False
    column: int = 0
    defined: int = 0
    columns: list[tuple[int, int]] = field(default_factory=list)
    cells: dict[str, list[str]] = field(default_factory=dict)


def look_open_document(path: Path, findings: Findings) -> None:
    """Find what is hidden in an OpenDocument file; raises `NotPackageError`."""
    with Package(path, findings) as package:
        if package.matching(_MACROS):
            findings.flag("macros")
        if package.matching(_OBJECTS):
            findings.flag("embedded-objects")
        walk = _Content(findings)
        for name in _CONTENT:
            data = package.read(name)
            if may_have(data, _TELLING):
                package.parse(data, walk.start, walk.end, walk.text)


class _Content:
    """Walks the styles, then the content, which names them."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._style = ""
        self._unseen: dict[str, set[str]] = {"table": set(), "page": set(), "text": set()}
        self._path: list[tuple[str, _Take | None]] = []
        self._takes: list[_Take] = []
        self._inserted: dict[str, _Take] = {}
        self._change_id = ""
        self._authors: dict[str, str] = {}
        self._creator: list[str] | None = None
        self._told: list[str] = []
        self._sheets: list[_Sheet] = []
        self._slide = 0
        self._paragraphs = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._path.append((name, None))
        if name in _SHOWING and _OUTSIDE.match(target := attributes.get("href", "")):
            self._findings.link(target)
        match name:
            case "p" | "h":
                self._paragraphs += 1
                self._hidden_style(attributes)
            case "span" | "a":
                self._hidden_style(attributes)
            case "tab" | "s" | "line-break":
                self.text(" ")
            case "style" | "table-properties" | "drawing-page-properties" | "text-properties":
                self._of_style(name, attributes)
            case "table" | "table-column" | "table-row" | "table-cell" | "covered-table-cell":
                self._of_table(name, attributes)
            case "page" | "notes" | "frame" | "annotation" | "section":
                self._of_page(name, attributes)
            case "hidden-text" | "hidden-paragraph":
                self._findings.say("hidden-text", "", attributes.get("string-value", ""))
            case _:
                self._of_change(name, attributes)

    def _take(self, kind: str, where: str = "") -> _Take:
        """Collect words until the element that has just begun ends."""
        take = _Take(kind, where)
        self._path[-1] = (self._path[-1][0], take)
        self._takes.append(take)
        return take

    def _hidden_style(self, attributes: Mapping[str, str]) -> None:
        if attributes.get("style-name", "") in self._unseen["text"]:
            self._take("hidden-text")

    def _of_style(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "style":
            self._style = attributes.get("name", "")
        elif name == "table-properties" and attributes.get("display") == "false":
            self._unseen["table"].add(self._style)
        elif name == "text-properties" and attributes.get("display") == "none":
            self._unseen["text"].add(self._style)
        elif attributes.get("visibility") == "hidden":
            self._unseen["page"].add(self._style)

    def _of_table(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "table":
            title = attributes.get("name", "")
            hidden = attributes.get("style-name", "") in self._unseen["table"]
            if hidden:
                self._findings.flag("hidden-sheets")
                self._findings.say("hidden-sheets", "hidden", title)
            self._sheets.append(_Sheet(title, hidden))
        elif self._sheets:
            sheet = self._sheets[-1]
            unseen = attributes.get("visibility") in _UNSEEN_ROW
            if name == "table-column":
                last = sheet.defined + _repeated(attributes, "number-columns-repeated")
                if unseen and len(sheet.columns) < _MOST_RANGES:
                    sheet.columns.append((sheet.defined + 1, last))
                sheet.defined = last
            elif name == "table-row":
                sheet.row += _repeated(attributes, "number-rows-repeated")
                sheet.row_hidden, sheet.column, sheet.cells = unseen, 0, {}
            else:
                sheet.column += _repeated(attributes, "number-columns-repeated")
                self._take("cell")

    def _of_page(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "page":
            self._slide += 1
            if attributes.get("style-name", "") in self._unseen["page"]:
                self._findings.flag("hidden-slides")
                self._take("hidden-slides", f"Slide {self._slide}")
        elif name == "frame" and attributes.get("class") == "notes":
            self._take("speaker-notes", f"Slide {self._slide}")
        elif name == "annotation" and "encoding" not in attributes:  # that one is MathML's
            self._findings.flag("comments")
            self._told = []
            self._take("comments")
        elif name == "section" and attributes.get("display") == "none":
            self._take("hidden-text", attributes.get("name", ""))

    def _of_change(self, name: str, attributes: Mapping[str, str]) -> None:
        if name in ("changed-region", "cell-content-change", "movement"):
            self._findings.flag("tracked-changes")
            self._change_id = attributes.get("id", "")
        elif name in _CHANGES:
            self._findings.flag("tracked-changes")
            self._told = []
            self._take(name)
        elif name in ("creator", "date", "author"):
            self._creator = []
        elif name == "change-start":
            number = attributes.get("change-id", "")
            take = _Take("tracked-changes", self._authors.get(number, ""))
            self._inserted[number] = take
            self._takes.append(take)
        elif name == "change-end":
            take_of = self._inserted.pop(attributes.get("change-id", ""), None)
            if take_of is not None:
                self._finish(take_of)

    def text(self, text: str) -> None:
        if self._creator is not None:
            self._creator.append(text)
        elif self._paragraphs:
            for take in self._takes:
                take.words.append(text)

    def end(self, name: str) -> None:
        _, take = self._path.pop() if self._path else ("", None)
        if name in ("p", "h"):
            self._paragraphs -= 1
            for each in self._takes:
                each.words.append("\n")
        elif name in ("creator", "date", "author") and self._creator is not None:
            self._told.append("".join(self._creator))
            self._creator = None
        elif name == "table-row" and self._sheets:
            sheet = self._sheets[-1]
            for kind, values in sheet.cells.items():
                self._findings.say(kind, f"{sheet.name}, row {sheet.row}", "\t".join(values))
        elif name == "table" and self._sheets:
            self._sheets.pop()
        if take is not None:
            self._finish(take)

    def _finish(self, take: _Take) -> None:
        self._takes = [each for each in self._takes if each is not take]
        words = "".join(take.words).strip()
        if take.kind == "cell":
            self._cell(words)
        elif take.kind in _CHANGES:
            who = " by ".join(
                each for each in (_CHANGES[take.kind], whose(*(*self._told, "", "")[:2])) if each
            )
            self._authors[self._change_id] = who
            self._findings.say("tracked-changes", who, words)
        elif take.kind == "comments":
            self._findings.say("comments", whose(*(*self._told, "", "")[:2]), words)
        else:
            self._findings.say(take.kind, take.where, words)

    def _cell(self, words: str) -> None:
        sheet = self._sheets[-1] if self._sheets else None
        if sheet is None or not words:
            return
        if sheet.hidden:
            sheet.cells.setdefault("hidden-sheets", []).append(words)
            return
        if sheet.row_hidden:
            sheet.cells.setdefault("hidden-rows", []).append(words)
        if any(first <= sheet.column <= last for first, last in sheet.columns):
            sheet.cells.setdefault("hidden-columns", []).append(words)


def _repeated(attributes: Mapping[str, str], name: str) -> int:
    text = attributes.get(name, "1")
    return min(int(text), _MOST_REPEATED) if text.isascii() and text.isdigit() else 1
