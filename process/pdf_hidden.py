"""Text of a PDF page that no one sees, and notes and fields that are kept from view.

Only what is sure is told: white letters count only where nothing that may be dark lies below.
"""

import ctypes
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import pypdfium2 as pdfium
import pypdfium2.raw as c

from process.hidden import Findings, whose
from process.pdf_objects import objects

_MOST_OBJECTS = 20_000
_MOST_GROUNDS = 2000  # past which a page is a drawing, and no letters on it are judged
_MOST_FORMS = 4  # forms within forms
_MOST_TEXT = 20_000  # characters of one object
_WHITE = 253  # of 255
_COVERED = 0.5  # of the page under pictures: invisible text is then what OCR read
_MARKUP = frozenset(
    {
        *(c.FPDF_ANNOT_TEXT, c.FPDF_ANNOT_FREETEXT, c.FPDF_ANNOT_LINE, c.FPDF_ANNOT_SQUARE),
        *(c.FPDF_ANNOT_CIRCLE, c.FPDF_ANNOT_POLYGON, c.FPDF_ANNOT_POLYLINE, c.FPDF_ANNOT_HIGHLIGHT),
        *(c.FPDF_ANNOT_UNDERLINE, c.FPDF_ANNOT_SQUIGGLY, c.FPDF_ANNOT_STRIKEOUT),
        *(c.FPDF_ANNOT_STAMP, c.FPDF_ANNOT_CARET, c.FPDF_ANNOT_INK),
    }
)
_UNSEEN_FLAGS = 2 | 32  # Hidden, NoView: ISO 32000-1, 12.5.3


class Box(NamedTuple):
    """A rectangle on the page."""

    left: float
    bottom: float
    right: float
    top: float

    def meets(self, other: "Box") -> bool:
        """Whether the two have a point in common."""
        return (
            self.left <= other.right
            and other.left <= self.right
            and self.bottom <= other.top
            and other.bottom <= self.top
        )


class _Look:
    """One page, its objects walked in the order in which they are painted."""

    def __init__(self, page: pdfium.PdfPage, off: frozenset[str]) -> None:
        self.page = Box(*page.get_cropbox())
        self.off = off
        self.found: dict[str, list[tuple[Any, Box | None]]] = {}
        self._below: list[tuple[Any, int]] = []  # asked for their bounds only if that matters
        self._grounds: list[Box] = []
        self._asked = 0

    def take(self, thing: Any, kind: int, depth: int) -> None:
        """Sort one object; bounds within a form are not those of the page and are not asked."""
        if kind == c.FPDF_PAGEOBJ_TEXT:
            if name := self._unseen(thing, depth):
                self.found.setdefault(name, []).append((thing, None if depth else _bounds(thing)))
        elif not depth:
            self._below.append((thing, kind))

    def _unseen(self, thing: Any, depth: int) -> str:
        """The kind of hidden content that a text object is; empty for one that is seen."""
        if self.off and _layer(thing) in self.off:
            return "hidden-layers"
        mode = c.FPDFTextObj_GetTextRenderMode(thing)
        if mode == c.FPDF_TEXTRENDERMODE_INVISIBLE:
            return "invisible-text"
        box = None if depth else _bounds(thing)
        if box is None:
            return ""
        if box.right > box.left and not box.meets(self.page):
            return "off-page"
        filled = mode in (c.FPDF_TEXTRENDERMODE_FILL, c.FPDF_TEXTRENDERMODE_FILL_CLIP)
        if not filled or not _is_white(thing):
            return ""
        grounds = self._until_now()
        covered = len(grounds) > _MOST_GROUNDS or any(box.meets(each) for each in grounds)
        return "" if covered else "white-text"

    def _until_now(self) -> list[Box]:
        """Where something that may be dark was painted: pictures, shadings, forms, filled paths."""
        for thing, kind in self._below[self._asked :]:
            if kind != c.FPDF_PAGEOBJ_PATH or _is_dark(thing):
                box = _bounds(thing)
                if box is not None:
                    self._grounds.append(box)
        self._asked = len(self._below)
        return self._grounds

    def pictured(self) -> float:
        """The share of the page under pictures, those within forms left out."""
        pictures = (thing for thing, kind in self._below if kind == c.FPDF_PAGEOBJ_IMAGE)
        return sum(_share(box, self.page) for each in pictures if (box := _bounds(each)))


def look_page(
    page: pdfium.PdfPage, number: int, findings: Findings, off: frozenset[str] = frozenset()
) -> None:
    """Find what a page (from 0) does not show; `off` are layers not shown."""
    try:
        _look(page, number, findings, off)
    except pdfium.PdfiumError as error:  # the page's text, read before, stands
        findings.fault(f"page {number + 1} cannot be looked at ({error})")


def _look(page: pdfium.PdfPage, number: int, findings: Findings, off: frozenset[str]) -> None:
    look = _Look(page, off)
    for thing, kind, depth in objects(page.raw, _MOST_OBJECTS, _MOST_FORMS):
        look.take(thing, kind, depth)
    if "invisible-text" in look.found and look.pictured() >= _COVERED:
        findings.flag("ocr-layer")
        del look.found["invisible-text"]
    if look.found:
        text_page = page.get_textpage()
        try:
            for name, things in look.found.items():
                findings.say(name, f"Page {number + 1}", _joined(things, text_page.raw))
        finally:
            text_page.close()
    _annotations(page.raw, number, findings)


def look_document(document: pdfium.PdfDocument, findings: Findings, off: frozenset[str]) -> None:
    """Find what the document as a whole hides."""
    for name in sorted(off):
        findings.say("hidden-layers", "Layer", name)
    if c.FPDFDoc_GetJavaScriptActionCount(document) > 0:
        findings.flag("macros")


_EDGES = tuple(ctypes.c_float() for _ in range(4))  # filled anew by each call, for speed
_PARTS = tuple(ctypes.c_uint() for _ in range(4))


def _bounds(thing: Any) -> Box | None:
    if not c.FPDFPageObj_GetBounds(thing, *_EDGES):
        return None
    left, bottom, right, top = _EDGES
    return Box(left.value, bottom.value, right.value, top.value)


def _share(box: Box, page: Box) -> float:
    across = min(box.right, page.right) - max(box.left, page.left)
    along = min(box.top, page.top) - max(box.bottom, page.bottom)
    area = (page.right - page.left) * (page.top - page.bottom)
    return max(0.0, across) * max(0.0, along) / area if area > 0 else 0.0


def _is_white(thing: Any) -> bool:
    """Whether an object is filled with white; one whose colour cannot be told is not."""
    if not c.FPDFPageObj_GetFillColor(thing, *_PARTS):
        return False
    red, green, blue, _ = _PARTS
    return red.value >= _WHITE and green.value >= _WHITE and blue.value >= _WHITE


def _is_dark(path: Any) -> bool:
    """Whether a path is filled with anything but white; one that is only drawn hides nothing."""
    mode, stroked = ctypes.c_int(), ctypes.c_int()
    if not c.FPDFPath_GetDrawMode(path, mode, stroked):
        return True
    return bool(mode.value) and not _is_white(path)


def _layer(thing: Any) -> str:
    """The name of the layer that an object is marked to belong to, or an empty string."""
    for number in range(min(16, max(0, c.FPDFPageObj_CountMarks(thing)))):
        mark = c.FPDFPageObj_GetMark(thing, number)
        if mark and _mark_text(partial(c.FPDFPageObjMark_GetName, mark)) == "OC":
            return _mark_text(partial(c.FPDFPageObjMark_GetParamStringValue, mark, b"Name"))
    return ""


def _mark_text(call: Callable[[Any, int, Any], int]) -> str:
    size = ctypes.c_ulong()
    if not call(None, 0, size) or not 2 < size.value < 4096:
        return ""
    buffer = (c.FPDF_WCHAR * (size.value // 2))()
    call(buffer, size.value, size)
    return bytes(buffer).decode("utf-16-le", "replace").rstrip("\0")


def _joined(things: list[tuple[Any, Box | None]], text_page: Any) -> str:
    """The words of text objects; those close by on one line go together."""
    pieces: list[str] = []
    last: Box | None = None
    for thing, box in things:
        text = _text(thing, text_page)
        if not text:
            continue
        pieces.append("" if last and box and _follows(last, box) else " ")
        pieces.append(text)
        last = box
    return "".join(pieces).strip()


def _follows(last: Box, box: Box) -> bool:
    height = max(box.top - box.bottom, 1.0)
    gap = box.left - last.right
    return abs(last.bottom - box.bottom) < height / 2 and -height < gap < height * 0.2


def _text(thing: Any, text_page: Any) -> str:
    size = c.FPDFTextObj_GetText(thing, text_page, None, 0)
    if not 2 < size < 2 * _MOST_TEXT:
        return ""
    buffer = (c.FPDF_WCHAR * (size // 2))()
    c.FPDFTextObj_GetText(thing, text_page, buffer, size)
    return bytes(buffer).decode("utf-16-le", "replace").rstrip("\0")


def _annotations(page: Any, number: int, findings: Findings) -> None:
    for at in range(min(_MOST_OBJECTS, c.FPDFPage_GetAnnotCount(page))):
        annotation = c.FPDFPage_GetAnnot(page, at)
        if annotation:
            try:
                _annotation(annotation, f"Page {number + 1}", findings)
            finally:
                c.FPDFPage_CloseAnnot(annotation)


def _annotation(annotation: Any, where: str, findings: Findings) -> None:
    kind = c.FPDFAnnot_GetSubtype(annotation)
    if kind in (c.FPDF_ANNOT_POPUP, c.FPDF_ANNOT_LINK):
        return
    unseen = c.FPDFAnnot_GetFlags(annotation) & _UNSEEN_FLAGS
    if not unseen and kind not in _MARKUP:
        return
    author, words, date = (_value(annotation, key) for key in (b"T", b"Contents", b"M"))
    if unseen:
        words = words or _value(annotation, b"V")
        findings.say("hidden-annotations", f"{where}, {author}" if author else where, words)
    else:
        findings.say("comments", whose(f"{where}, {author}" if author else where, date), words)


def _value(annotation: Any, key: bytes) -> str:
    size = c.FPDFAnnot_GetStringValue(annotation, key, None, 0)
    if not 2 < size < 2 * _MOST_TEXT:
        return ""
    buffer = (c.FPDF_WCHAR * (size // 2))()
    c.FPDFAnnot_GetStringValue(annotation, key, buffer, size)
    return bytes(buffer).decode("utf-16-le", "replace").rstrip("\0")
