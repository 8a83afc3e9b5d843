"""Hidden content of Word's OOXML: changes, comments, hidden and white text, unseen headers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from process.hidden import Findings, whose
from process.hidden_package import Package, is_on, may_have

_STORY = re.compile(
    r"word/(?:document\d*|header\d*|footer\d*|footnotes\d*|endnotes\d*|glossary/document\d*)\.xml"
)
_COMMENTS = re.compile(r"word/(?:[^/]+/)?comments?\d*\.xml")
_MAIN = re.compile(r"word/document\d*\.xml")
# What makes a story worth a walk: anything that may be hidden, or links to elsewhere.
_TELLING = re.compile(
    rb"[:<](?:ins|del|moveFrom|moveTo|cellIns|cellDel|cellMerge|\w{1,30}Change|vanish)[ />]"
    rb"|[\"'](?i:fffff[ef]|fefefe|white)[\"']|(?<!PER)LINK|INCLUDE(?:PICTURE|TEXT)|DDE"
    rb"|[\"'](?:first|even)[\"']"
)
_FIELD = re.compile(
    r"\b(?:(?<!PER)LINK\s+\S+|INCLUDEPICTURE|INCLUDETEXT|DDE(?:AUTO)?\s+\S+)\s+"
    r"(?:\"((?:[^\"\\]|\\.){1,2000})\"|([^\s\"\\]{1,2000}))"
)
_CHANGES = {
    "ins": "Inserted",
    "del": "Deleted",
    "moveFrom": "Moved away",
    "moveTo": "Moved here",
}
_SPACES = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_WHITE = frozenset({"FFFFFF", "FEFEFE", "WHITE"})
_PLAIN_FILLS = frozenset({"", "AUTO", "FFFFFF", "NONE", "CLEAR"})
_PLAIN_TABLES = frozenset({"", "TableNormal", "TableGrid", "a1", "a3"})


@dataclass(slots=True)
class Styles:
    """Styles by what matters here: those that hide their text, those with a ground of their own."""

    hiding: set[str] = field(default_factory=set)
    shaded: set[str] = field(default_factory=set)


def look_word(package: Package, findings: Findings) -> None:
    """Find what is hidden in a document of Word."""
    styles = _styles(package)
    hiding = b"|".join(re.escape(each.encode()) for each in sorted(styles.hiding))
    by_style = re.compile(b"[\"'](?:" + hiding + b")[\"']") if hiding else None
    headers: dict[str, str] = {}
    for name in package.matching(_STORY):
        data = package.read(name)
        if may_have(data, _TELLING) or (by_style is not None and by_style.search(data)):
            story = _Story(findings, styles)
            package.parse(data, story.start, story.end, story.text)
            if _MAIN.fullmatch(name):
                headers |= _unseen(package, name, story.sections)
    for name in package.matching(_COMMENTS):
        comments = _Comments(findings)
        package.parse(package.read(name), comments.start, comments.end, comments.text)
    for name, what in sorted(headers.items()):
        words = _Words()
        package.parse(package.read(name), words.start, words.end, words.text)
        findings.say("hidden-headers", what, words.all())


def _styles(package: Package) -> Styles:
    data = package.read("word/styles.xml")
    styles = Styles()
    if b"vanish" in data or may_have(data, re.compile(rb"[:<]shd[ />]")):
        walk = _StyleWalk()
        package.parse(data, walk.start, walk.end)
        styles.hiding = walk.all_of(walk.hiding)
        styles.shaded = walk.all_of(walk.shaded)
    return styles


class _StyleWalk:
    """Reads the list of styles; a style has what the one that it is based on has."""

    def __init__(self) -> None:
        self.hiding: dict[str, bool] = {}
        self.shaded: dict[str, bool] = {}
        self._based: dict[str, str] = {}
        self._style = ""
        self._depth = 0  # within the style's own conditional or paragraph-mark properties

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "style":
            self._style = attributes.get("styleId", "")
        elif name == "basedOn":
            self._based[self._style] = attributes.get("val", "")
        elif name == "tblStylePr":
            self._depth += 1
        elif name == "vanish" and not self._depth:
            self.hiding[self._style] = is_on(attributes.get("val"))
        elif name == "shd" and _is_dark(attributes):
            self.shaded[self._style] = True

    def end(self, name: str) -> None:
        if name == "style":
            self._style = ""
        elif name == "tblStylePr":
            self._depth -= 1

    def all_of(self, own: Mapping[str, bool]) -> set[str]:
        """Styles for which `own`, or the nearest that they are based on, says yes."""
        found = set()
        for style in {*self._based, *own}:
            at, steps = style, 0
            while at not in own and at in self._based and steps < 20:
                at, steps = self._based[at], steps + 1
            if style and own.get(at):
                found.add(style)
        return found


def _is_dark(attributes: Mapping[str, str]) -> bool:
    """Whether a shading gives a ground other than white."""
    fill = attributes.get("fill", "").upper()
    pattern = attributes.get("val", "clear")
    return fill not in _PLAIN_FILLS or pattern not in ("clear", "nil")


@dataclass(slots=True)
class _Run:
    """The properties of a run of text, as far as they matter here."""

    vanish: bool | None = None
    style: str = ""
    white: bool = False
    dark: bool = False


class _Story:
    """Walks one part that holds text: the body, a header, the footnotes."""

    def __init__(self, findings: Findings, styles: Styles) -> None:
        self._findings = findings
        self._styles = styles
        self.sections: list[Section] = []
        self._section: Section | None = None
        self._run: _Run | None = None
        self._paragraph_style = ""
        self._paragraph_dark = False
        self._grounds: list[bool] = [False]  # dark or not: the page, tables and cells within it
        self._changes: list[tuple[str, str, list[str]]] = []
        self._hidden: list[str] = []
        self._white: list[str] = []
        self._instructions: list[str] = []
        self._into: list[str] | None = None  # where characters go at the moment
        self._within = dict.fromkeys(("rPr", "pPr", "trPr", "old", "Fallback"), 0)

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        within = self._within
        if name.endswith("Change") and name != "Change":
            within["old"] += 1
            self._findings.flag("tracked-changes")
        elif name in ("rPr", "pPr", "trPr", "Fallback"):
            within[name] += 1
        elif name in _CHANGES:
            self._change(name, attributes)
        elif name in ("cellIns", "cellDel", "cellMerge"):
            self._findings.flag("tracked-changes")
        elif not within["old"]:
            self._content(name, attributes)

    def _change(self, name: str, attributes: Mapping[str, str]) -> None:
        """A change of text is kept until its end; one of a mark or a row has no words."""
        self._findings.flag("tracked-changes")
        who = whose(attributes.get("author", ""), attributes.get("date", ""))
        self._changes.append((f"{_CHANGES[name]} by {who}" if who else _CHANGES[name], name, []))

    def _content(self, name: str, attributes: Mapping[str, str]) -> None:
        match name:
            case "r":
                self._run = _Run()
            case "t" | "delText":
                self._into = []
            case "instrText" | "delInstrText":
                self._into = self._instructions
            case "fldSimple":
                self._instructions.append(attributes.get("instr", ""))
            case "p":
                self._paragraph_style, self._paragraph_dark = "", False
            case "tbl" | "tc" | "txbxContent":
                # what is behind a text box is not known; white letters there are left
                self._grounds.append(self._grounds[-1] or name == "txbxContent")
            case "tblStyle":
                if attributes.get("val", "") not in _PLAIN_TABLES:
                    self._grounds[-1] = True
            case "background":
                self._grounds[0] = attributes.get("color", "").upper() not in _PLAIN_FILLS
            case "pStyle":
                self._paragraph_style = attributes.get("val", "")
            case _ if name in _SPACES and self._run is not None and not self._within["pPr"]:
                self._words(_SPACES[name])
            case _:
                self._property(name, attributes)

    def _property(self, name: str, attributes: Mapping[str, str]) -> None:
        run = self._run
        if name == "shd" and _is_dark(attributes):
            if run is not None:
                run.dark = True
            elif self._within["pPr"]:
                self._paragraph_dark = True
            else:
                self._grounds[-1] = True
        elif run is not None and self._within["rPr"] and not self._within["pPr"]:
            if name == "vanish":
                run.vanish = is_on(attributes.get("val"))
            elif name == "rStyle":
                run.style = attributes.get("val", "")
            elif name == "color":
                run.white = attributes.get("val", "").upper() in _WHITE
            elif name == "highlight":
                run.dark = attributes.get("val", "") not in ("none", "white")
        elif name in ("headerReference", "footerReference", "titlePg", "sectPr"):
            self._of_section(name, attributes)

    def _of_section(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "sectPr" or self._section is None:
            self._section = Section()
        if name == "titlePg":
            self._section.title_page = is_on(attributes.get("val"))
        elif name != "sectPr":
            place = (name.removesuffix("Reference"), attributes.get("type", ""))
            self._section.references[place] = attributes.get("id", "")

    def text(self, text: str) -> None:
        if self._into is not None:
            self._into.append(text)

    def end(self, name: str) -> None:
        within = self._within
        if name.endswith("Change") and name != "Change":
            within["old"] -= 1
        elif name in ("rPr", "pPr", "trPr", "Fallback"):
            within[name] -= 1
        elif name in _CHANGES:
            self._end_change(name)
        elif within["old"]:
            return
        elif name in ("t", "delText"):
            words, self._into = "".join(self._into or ()), None
            self._words(words)
        elif name in ("instrText", "delInstrText"):
            self._into = None
        elif name == "r":
            self._run = None
        elif name == "p":
            self._end_paragraph()
        elif name in ("tbl", "tc", "txbxContent"):
            if len(self._grounds) > 1:
                self._grounds.pop()
        elif name == "sectPr" and self._section is not None:
            self.sections.append(self._section)
            self._section = None

    def _end_change(self, name: str) -> None:
        if self._changes and self._changes[-1][1] == name:
            what, _, words = self._changes.pop()
            self._findings.say("tracked-changes", what, "".join(words))

    def _words(self, words: str) -> None:
        """Put words of the present run where they belong; a fallback repeats what stands before."""
        if self._within["Fallback"]:
            return
        for _, _, changed in self._changes[-1:]:
            changed.append(words)
        run = self._run or _Run()
        if run.vanish or (run.vanish is None and self._hides(run)):
            self._hidden.append(words)
        elif run.white and not run.dark and not self._paragraph_dark and not self._grounds[-1]:
            styles = {run.style, self._paragraph_style}
            if not self._grounds[0] and not styles & self._styles.shaded:
                self._white.append(words)

    def _hides(self, run: _Run) -> bool:
        return bool({run.style, self._paragraph_style} & self._styles.hiding)

    def _end_paragraph(self) -> None:
        for _, _, changed in self._changes[-1:]:
            changed.append("\n")
        self._findings.say("hidden-text", "", "".join(self._hidden))
        self._findings.say("white-text", "", "".join(self._white))
        for found in _FIELD.finditer("".join(self._instructions)[:100_000]):
            self._findings.link((found.group(1) or found.group(2)).replace("\\\\", "\\"))
        self._hidden, self._white = [], []
        self._instructions.clear()


@dataclass(slots=True)
class Section:
    """A section's headers and footers by place, as (header or footer, type), with their ids."""

    title_page: bool = False
    references: dict[tuple[str, str], str] = field(default_factory=dict)


def _unseen(package: Package, part: str, sections: list[Section]) -> dict[str, str]:
    """Parts of headers and footers that no page shows (ISO 29500-1, 17.10): why."""
    even = b"evenAndOddHeaders" in package.read("word/settings.xml")
    current: dict[tuple[str, str], str] = {}
    named: dict[str, str] = {}
    shown: set[str] = set()
    for section in sections:
        current |= section.references  # a section without its own has those before it
        for (what, kind), number in current.items():
            if {"first": section.title_page, "even": even}.get(kind, True):
                shown.add(number)
            else:
                named[number] = f"{what} of {kind} pages"
    targets = {each.id: each.target for each in package.relations(part)} if named else {}
    return {targets[each]: what for each, what in named.items() if each in targets.keys() - shown}


class _Words:
    """All words of a part, paragraphs as lines."""

    def __init__(self) -> None:
        self._found: list[str] = []
        self._inside = False

    def start(self, name: str, _: Mapping[str, str]) -> None:
        if name == "t":
            self._inside = True
        elif name in _SPACES:
            self._found.append(_SPACES[name])

    def end(self, name: str) -> None:
        if name == "t":
            self._inside = False
        elif name == "p":
            self._found.append("\n")

    def text(self, text: str) -> None:
        if self._inside:
            self._found.append(text)

    def all(self) -> str:
        """What was found until now."""
        return "".join(self._found).strip()


class _Comments:
    """Walks the part of comments: each with its author and its date as written."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._words = _Words()
        self._who = ""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "comment":
            self._findings.flag("comments")
            author = attributes.get("author", "") or attributes.get("initials", "")
            self._who = whose(author, attributes.get("date", ""))
            self._words = _Words()
        self._words.start(name, attributes)

    def end(self, name: str) -> None:
        self._words.end(name)
        if name == "comment":
            self._findings.say("comments", self._who, self._words.all())

    def text(self, text: str) -> None:
        self._words.text(text)
