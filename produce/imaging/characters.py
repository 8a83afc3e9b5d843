"""The characters of a page and where each of them is seen: the ground that redaction stands on.

The frame is the page as a reader sees it, upright: points of 1/72 inch, from the upper left corner,
x to the right and y downwards. Boxes are (left, top, right, bottom) in it.
"""

import ctypes
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image

from process import tesseract
from produce.imaging.errors import RenderError
from produce.imaging.geometry import View, view_of
from produce.imaging.layers import doubts
from produce.imaging.raster import fitting_dpi, opened, paint
from records.codes import Code

type Box = tuple[float, float, float, float]

PICTURE_DPI = 100
OCR_DPI = 300
_MOST_PIXELS = 40_000_000
_HYPHENS = frozenset({0x02, 0xFFFE, 0xAD})  # how pdfium tells of a hyphen at a line's end
_NEWLINE, _RETURN = 0x0A, 0x0D


@dataclass(frozen=True, slots=True)
class PageCharacters:
    """One page: its size in points, its characters in reading order and a box for each of them.

    A blank or a line's end that is nowhere has no box. `source` is `text`, or `ocr` where the page
    has no characters of its own; `doubts` say why its characters may not be what is seen.
    `picture_sha256` names the page as it is painted.
    """

    width: float
    height: float
    picture_sha256: str
    source: str
    doubts: tuple[str, ...]
    text: str
    boxes: tuple[Box | None, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values; boxes to a hundredth of a point."""
        return {
            "width": round(self.width, 2),
            "height": round(self.height, 2),
            "picture_sha256": self.picture_sha256,
            "source": self.source,
            "doubts": list(self.doubts),
            "text": self.text,
            "boxes": [each and [round(one, 2) for one in each] for each in self.boxes],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "PageCharacters":
        """The page that `to_json` wrote."""
        boxes = tuple(each and (each[0], each[1], each[2], each[3]) for each in data["boxes"])
        values = {**data, "doubts": tuple(data["doubts"]), "boxes": boxes}
        return cls(**values)


def characters(source: Path, languages: str, folder: Path) -> list[PageCharacters]:
    """The pages of our own unstamped PDF; a page without text is read by OCR if `languages`."""
    with pikepdf.open(source) as pdf, opened(source) as document:
        return [
            _page(document, number, page.obj, languages, folder)
            for number, page in enumerate(pdf.pages)
        ]


def _page(
    document: pypdfium2.PdfDocument,
    number: int,
    page: pikepdf.Dictionary,
    languages: str,
    folder: Path,
) -> PageCharacters:
    view = view_of(page)
    picture = picture_of(document, number, view, PICTURE_DPI)
    text, boxes = native(document, number, view)
    why, source = doubts(document, number, page), "text"
    if not text.strip() and picture.getextrema() != (255, 255):
        why = ("no text", *why)
        if languages:
            image = picture_of(document, number, view, OCR_DPI)
            try:
                text, boxes = read(image, view.size, languages, folder)
                source = "ocr"
            except RenderError:  # boxes can be drawn by hand; burning in asks again, and stops
                why = (*why, "not read")
    return PageCharacters(*view.size, picture_hash(picture), source, why, text, boxes)


def picture_of(
    document: pypdfium2.PdfDocument, number: int, view: View, dpi: float, grey: bool = True
) -> Image.Image:
    """A page as it is seen; `dpi` is less on giant pages."""
    dpi = fitting_dpi(*view.size, dpi, _MOST_PIXELS)
    return paint(document, number, dpi * view.unit, grey=grey)  # pdfium knows no UserUnit


def picture_hash(picture: Image.Image) -> str:
    """SHA-256 of a picture: its size and its grey pixels."""
    digest = hashlib.sha256(f"{picture.width} {picture.height}\n".encode())
    digest.update(picture.convert("L").tobytes())
    return digest.hexdigest()


def native(
    document: pypdfium2.PdfDocument, number: int, view: View
) -> tuple[str, tuple[Box | None, ...]]:
    """The characters that the page itself holds, visible or not."""
    try:
        page = document[number]
    except pypdfium2.PdfiumError as error:
        raise RenderError(Code.CORRUPT, "unreadable page", f"page {number + 1}: {error}") from error
    textpage = page.get_textpage()
    try:
        found = list(_characters(textpage, view))
    finally:
        textpage.close()
        page.close()
    return "".join(char for char, _ in found), tuple(box for _, box in found)


def _characters(textpage: Any, view: View) -> Iterator[tuple[str, Box | None]]:
    raw = textpage.raw
    edges = [ctypes.c_double() for _ in range(4)]  # left, right, bottom, top
    for index in range(pdfium.FPDFText_CountChars(raw)):
        code = pdfium.FPDFText_GetUnicode(raw, index)
        if code == _RETURN:  # a line ends with it and a newline
            continue
        if code == _NEWLINE:
            yield "\n", None
            continue
        char = _char(code)
        if pdfium.FPDFText_IsGenerated(raw, index) == 1 and char.isspace():
            yield " ", None
            continue
        pdfium.FPDFText_GetCharBox(raw, index, *edges)
        left, right, bottom, top = (each.value for each in edges)
        yield char, seen(view, (left, bottom, right, top))


def _char(code: int) -> str:
    if code in _HYPHENS:
        return "-"
    if code == 0 or 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:
        return "\ufffd"
    return chr(code)


def seen(view: View, box: Box) -> Box:
    """A box of the page's own space (left, bottom, right, top) in the frame that is seen."""
    a, b, c, d, e, f = view.upright()
    xs = [a * x + c * y + e for x in (box[0], box[2]) for y in (box[1], box[3])]
    ys = [b * x + d * y + f for x in (box[0], box[2]) for y in (box[1], box[3])]
    height = view.size[1]
    return min(xs), height - max(ys), max(xs), height - min(ys)


def read(
    image: Image.Image, size: tuple[float, float], languages: str, folder: Path
) -> tuple[str, tuple[Box | None, ...]]:
    """What OCR reads on a page of this size in points; letters share the box of their word."""
    target = folder / "ocr.pgm"
    image.convert("L").save(target, format="PPM")
    try:
        reading = tesseract.read(target, languages, round(image.width / size[0] * 72))
    except tesseract.TesseractError as error:
        raise RenderError(Code.OCR_FAILED, "OCR failed", str(error)) from error
    finally:
        target.unlink()
    scale = size[0] / image.width
    return _spread(reading, scale)


def _spread(reading: tesseract.PageReading, scale: float) -> tuple[str, tuple[Box | None, ...]]:
    boxes: list[Box | None] = []
    at = 0
    for word in reading.words:
        start = reading.text.index(word.text, at)
        boxes += [None] * (start - at)
        step = word.width / len(word.text)
        for place in range(len(word.text)):
            left = (word.left + place * step) * scale
            top, bottom = word.top * scale, (word.top + word.height) * scale
            boxes.append((left, top, left + step * scale, bottom))
        at = start + len(word.text)
    return reading.text[:at], tuple(boxes)
