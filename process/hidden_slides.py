"""Hidden content of PowerPoint's OOXML: slides left out, notes, comments, hidden shapes."""

import re
from collections.abc import Mapping

from process.hidden import Findings, whose
from process.hidden_package import Package, is_on, may_have

_SLIDE = re.compile(r"ppt/slides/slide\d+\.xml")
_NOTES = re.compile(r"ppt/notesSlides/notesSlide\d+\.xml")
_COMMENTS = re.compile(r"ppt/(?:comments|threadedComments)/[^/]+\.xml")
_AUTHORS = ("ppt/commentAuthors.xml", "ppt/authors.xml")
_TELLING = re.compile(rb"\sshow\s*=|\shidden\s*=|[\"'][fF]{6}[\"']")
# Placeholders of a page of notes that are not the speaker's words.
_FURNITURE = frozenset({"sldNum", "dt", "hdr", "ftr", "sldImg"})
_FILLS = frozenset({"solidFill", "gradFill", "blipFill", "pattFill", "grpFill"})
_LIGHT = frozenset({"bg1", "lt1", "FFFFFF"})


def look_slides(package: Package, findings: Findings) -> None:
    """Find what is hidden in a presentation."""
    order = _order(package)
    for name in package.matching(_SLIDE):
        data = package.read(name)
        if may_have(data, _TELLING):
            slide = _Slide()
            package.parse(data, slide.start, slide.end, slide.text)
            _judge(package, name, slide, findings, f"Slide {order.get(name, name)}")
    for name in package.matching(_NOTES):
        notes = _Slide()
        package.parse(package.read(name), notes.start, notes.end, notes.text)
        slides = [each.target for each in package.relations(name) if each.type == "slide"]
        number = order.get(slides[0] if slides else "", "")
        findings.say("speaker-notes", f"Slide {number}".strip(), notes.spoken())
    _comments(package, findings)


def _order(package: Package) -> dict[str, int]:
    """The slides' places in the show, from 1."""
    ids: list[str] = []

    def start(name: str, attributes: Mapping[str, str]) -> None:
        if name == "sldId":
            ids.append(attributes.get("id", ""))  # of the two ids, the relationship's comes last

    package.parse(package.read("ppt/presentation.xml"), start)
    targets = {each.id: each.target for each in package.relations("ppt/presentation.xml")}
    return {targets[each]: place for place, each in enumerate(ids, 1) if each in targets}


class _Shape:
    """A shape: its words, and what may hide them."""

    def __init__(self, hidden: bool = False) -> None:
        self.hidden = hidden
        self.placeholder = ""
        self.words: list[str] = []
        self.white: list[str] = []


class _Slide:
    """Walks a slide or its notes."""

    def __init__(self) -> None:
        self.shown = True
        self.covered = False  # whether anything but white may be behind letters
        self.shapes: list[_Shape] = []
        self._open: list[_Shape] = [_Shape()]
        self._path: list[str] = []
        self._white = False
        self._fallback = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._path.append(name)
        match name:
            case "sld":
                self.shown = is_on(attributes.get("show"))
            case "sp" | "graphicFrame" | "pic" | "cxnSp" | "grpSp":
                self._open.append(_Shape(self._open[-1].hidden))  # as its group is
                self.covered |= name == "pic"
            case "cNvPr":
                self._open[-1].hidden |= "hidden" in attributes and is_on(attributes["hidden"])
            case "ph":
                self._open[-1].placeholder = attributes.get("type", "body")
            case "r" | "fld":
                self._white = False
            case "Fallback":
                self._fallback += 1
            case "srgbClr" if self._path[-3:-1] == ["rPr", "solidFill"]:
                self._white = attributes.get("val", "").upper() == "FFFFFF"
            case _:
                self._ground(name, attributes)

    def _ground(self, name: str, attributes: Mapping[str, str]) -> None:
        above = self._path[-2] if len(self._path) > 1 else ""
        if name in _FILLS and above in ("spPr", "tcPr", "bgPr", "grpSpPr", "tblPr"):
            self.covered = True
        elif name in ("schemeClr", "srgbClr") and above == "bgRef":
            self.covered |= attributes.get("val", "") not in _LIGHT
        elif name == "fillRef":
            self.covered |= attributes.get("idx", "0") != "0"
        elif name == "clrMap":
            self.covered |= attributes.get("bg1") != "lt1"
        elif name == "tableStyleId":
            self.covered = True

    def end(self, name: str) -> None:
        if self._path:
            self._path.pop()
        if name in ("sp", "graphicFrame", "pic", "cxnSp", "grpSp") and len(self._open) > 1:
            self.shapes.append(self._open.pop())
        elif name == "p":
            self._open[-1].words.append("\n")
        elif name == "Fallback":
            self._fallback -= 1

    def text(self, text: str) -> None:
        if self._path and self._path[-1] == "t" and not self._fallback:
            self._open[-1].words.append(text)
            if self._white:
                self._open[-1].white.append(text)

    def words(self) -> str:
        """All words, shape by shape."""
        return "\n".join("".join(shape.words).strip() for shape in self.shapes)

    def spoken(self) -> str:
        """The words of a page of notes, without its number, date, header and footer."""
        own = [shape for shape in self.shapes if shape.placeholder not in _FURNITURE]
        return "\n".join("".join(shape.words).strip() for shape in own)


def _judge(package: Package, name: str, slide: _Slide, findings: Findings, where: str) -> None:
    if not slide.shown:
        findings.flag("hidden-slides")
        findings.say("hidden-slides", where, slide.words())
    for shape in slide.shapes:
        if shape.hidden:
            findings.say("hidden-text", f"{where}, hidden shape", "".join(shape.words))
    white = "".join(word for shape in slide.shapes for word in shape.white)
    if white.strip() and not slide.covered and not _is_covered(package, name):
        findings.say("white-text", where, white)


def _is_covered(package: Package, slide: str) -> bool:
    """Whether the slide's layout or master may put anything but white behind letters."""
    part = slide
    for kind in ("slideLayout", "slideMaster"):
        part = next((each.target for each in package.relations(part) if each.type == kind), "")
        ground = _Slide()
        package.parse(package.read(part), ground.start, ground.end)
        if not part or ground.covered:
            return True
    return False


def _comments(package: Package, findings: Findings) -> None:
    authors: dict[str, str] = {}

    def start(name: str, attributes: Mapping[str, str]) -> None:
        if name in ("cmAuthor", "author"):
            authors[attributes.get("id", "")] = attributes.get("name", "")

    for name in _AUTHORS:
        package.parse(package.read(name), start)
    for name in package.matching(_COMMENTS):
        walk = _Comments(findings, authors)
        package.parse(package.read(name), walk.start, walk.end, walk.text)


class _Comments:
    """Walks comments of the old kind (p:cm with p:text) and the new (with a:t and replies)."""

    def __init__(self, findings: Findings, authors: Mapping[str, str]) -> None:
        self._findings = findings
        self._authors = authors
        self._whose: list[tuple[str, list[str]]] = []
        self._inside = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name in ("cm", "reply"):
            self._findings.flag("comments")
            author = self._authors.get(attributes.get("authorId", ""), "")
            date = attributes.get("dt", attributes.get("created", ""))
            self._whose.append((whose(author, date), []))
        self._inside = name in ("text", "t")

    def end(self, name: str) -> None:
        self._inside = False
        if name in ("cm", "reply") and self._whose:
            who, words = self._whose.pop()
            self._findings.say("comments", who, "".join(words))
        elif name == "p" and self._whose:
            self._whose[-1][1].append("\n")

    def text(self, text: str) -> None:
        if self._inside and self._whose:
            self._whose[-1][1].append(text)
