"""Which PDF pages OCR should read: by cheap features of the page and of its text layer.

docs/ocr.md says how the rule was calibrated and how well it does.
"""

import ctypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as c

from process.pdf_objects import objects

_OBJECTS = 3000  # a page's objects looked at; a page with more is a drawing
_FORMS = 7  # forms within forms
_SAMPLE = 100  # characters whose mapping is asked for
_LITTLE = 100  # characters; a page with less has hardly a text layer
_MIDDLING = 400
_DRAWN = 100  # paths; so many may be letters
_FEWEST_DOTS = 1_500  # pixels in which a word may stand
_BARE_SHARE = 0.15  # of the page, under pictures that no text lies upon
_BARE_AREA = 1_600.0  # square points a character; a full page has one on 160
_LARGEST = 8  # pictures asked for the text upon them

_WORD = re.compile(r"[^\W\d_]{2,}")
_VOWEL = re.compile(r"[aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüýαεηιουωаеёиоуыэюяіїє]", re.I)
_LATIN = re.compile(r"^[A-Za-zÀ-ɏ]+$")

_BAD = re.compile("[\0-\x08\x0b-\x1f\ufffd\ue000-\uf8ff]")  # no letter of any script

type Bounds = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class PageLook:
    """What is on a page beside its text.

    `dots` are the pixels of all images, `covered` the share of the page under them, `bare` the
    share under those that hardly any text lies upon, `unmapped` the share of characters whose
    meaning the font does not tell.
    """

    images: int = 0
    paths: int = 0
    dots: int = 0
    covered: float = 0.0
    bare: float = 0.0
    unmapped: float = 0.0


def wants_ocr(text: str, look: PageLook) -> bool:
    """Whether OCR should read a page with this text layer."""
    solid = "".join(text.split())
    pictured = look.images > 0 and look.dots >= _FEWEST_DOTS
    if len(solid) < _LITTLE and (pictured or look.paths > _DRAWN):
        return True
    if pictured and ((look.covered > 0.3 and len(solid) < _MIDDLING) or look.bare >= _BARE_SHARE):
        return True
    return bool(text.strip("\n\t ")) and (look.unmapped > 0.3 or _is_garbled(text, solid))


def _is_garbled(text: str, solid: str) -> bool:
    """A text layer that is there but says nothing: unmapped glyphs, no words, no vowels."""
    marks = len(text) - sum(map(text.count, "\n\t "))
    if len(_BAD.findall(text)) > marks * 0.1:
        return True
    alphabetic = sum(map(str.isalpha, solid))
    if len(solid) < _LITTLE or not alphabetic:
        return False
    words = _WORD.findall(text)
    letters = sum(len(word) for word in words)
    if letters < alphabetic * 0.3:
        return True
    latin = [word for word in words if len(word) > 3 and _LATIN.match(word)]
    mute = sum(1 for word in latin if not _VOWEL.search(word))
    return len(latin) >= 10 and mute > len(latin) * 0.5


def look_at(page: pdfium.PdfPage, text_page: pdfium.PdfTextPage) -> PageLook:
    """Look at a page; what PDFium cannot tell counts as nothing."""
    paths, dots = 0, 0
    placed: list[Bounds] = []
    images = 0
    for thing, kind, _ in objects(page.raw, _OBJECTS, _FORMS):
        if kind == c.FPDF_PAGEOBJ_IMAGE:
            images += 1
            dots += _dots(thing)
            placed.extend(_bounds(thing))
        elif kind in (c.FPDF_PAGEOBJ_PATH, c.FPDF_PAGEOBJ_SHADING):
            paths += 1
    width, height = page.get_size()
    whole = max(1.0, width * height)
    areas = [_area(bounds, width, height) for bounds in placed]
    return PageLook(
        images=images,
        paths=paths,
        dots=dots,
        covered=min(1.0, sum(areas) / whole),
        bare=min(1.0, _bare(text_page, placed, areas) / whole),
        unmapped=_unmapped(text_page),
    )


def _dots(image: Any) -> int:
    across, down = ctypes.c_uint(), ctypes.c_uint()
    if not c.FPDFImageObj_GetImagePixelSize(image, across, down):
        return _FEWEST_DOTS  # it may hold words
    return across.value * down.value


def _bounds(image: Any) -> Iterator[Bounds]:
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    if c.FPDFPageObj_GetBounds(image, left, bottom, right, top):
        yield left.value, bottom.value, right.value, top.value


def _area(bounds: Bounds, width: float, height: float) -> float:
    left, bottom, right, top = bounds
    across = min(right, width) - max(left, 0.0)
    return max(0.0, across) * max(0.0, min(top, height) - max(bottom, 0.0))


def _bare(text_page: pdfium.PdfTextPage, placed: list[Bounds], areas: list[float]) -> float:
    """Square points under the largest pictures that have next to no text upon them."""
    largest = sorted(zip(areas, placed, strict=True), reverse=True)[:_LARGEST]
    bare = 0.0
    for area, (left, bottom, right, top) in largest:
        upon = c.FPDFText_GetBoundedText(text_page.raw, left, top, right, bottom, None, 0)
        if upon * _BARE_AREA < area:
            bare += area
    return bare


def _unmapped(text_page: pdfium.PdfTextPage) -> float:
    count = text_page.count_chars()
    asked = range(0, count, max(1, count // _SAMPLE))
    wrong = sum(c.FPDFText_HasUnicodeMapError(text_page.raw, at) == 1 for at in asked)
    return float(wrong) / max(1, len(asked))
