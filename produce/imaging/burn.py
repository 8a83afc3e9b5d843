"""Redactions burned in: each page becomes a picture with its boxes painted, and a text of its own.

Every page of the document is made anew, not only those with boxes: pages share fonts, forms and
pictures, and what is shared may hold what is to be gone. Of the old file nothing is referred to:
pages, resources, annotations, layers, names, attachments, metadata and earlier revisions stay
behind.

The text is made of the page's own characters that lie outside of the boxes and have ink under them;
where these may not be what is seen (invisible, covered, or ActualText), OCR reads the burned page.
"""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from produce.imaging.characters import Box, native, picture_of, read
from produce.imaging.geometry import view_of
from produce.imaging.layers import doubts
from produce.imaging.raster import RASTER_DPI, add_picture, opened
from produce.imaging.textlayer import Layer

FLAT = 24  # levels of grey between the letter and what is around it
_TOUCH = 0.1  # points by which a letter may reach under a box and stay
_CODE = re.compile(r" *(\[[A-Z0-9][A-Z0-9 .-]{0,11}\]) *")
_SMALLEST, _LARGEST = 5.0, 11.0  # points of the type that a code is set in
_TINY = 1.2  # points; no letter as low can be read
_OVERLAP = 0.6  # share of a letter that another lies on


@dataclass(frozen=True, slots=True)
class Mark:
    """A box to be painted black, and the code shown in it."""

    box: Box
    code: str


def burn(
    source: Path, target: Path, marks: Mapping[int, Sequence[Mark]], languages: str
) -> tuple[list[str], int]:
    """Write the pages of `source` with `marks` by page from 1; same in, same out.

    Gives each page's text, which is that of its new text layer, and how many were read by OCR.
    """
    fresh = pikepdf.new()
    layer = Layer(fresh)
    texts: list[str] = []
    read_again = 0
    with pikepdf.open(source) as pdf, opened(source) as document:
        for number, page in enumerate(pdf.pages):
            made = _Page(document, number, page.obj, marks.get(number + 1, ()), target.parent)
            text, again = made.write(fresh, layer, languages)
            texts.append(text)
            read_again += again
    layer.finish()
    fresh.save(
        target,
        deterministic_id=True,
        compress_streams=True,
        object_stream_mode=pikepdf.ObjectStreamMode.generate,
    )
    return texts, read_again


def _text(kept: Sequence[tuple[str, Box | None]]) -> str:
    """Characters as a text: single blanks around the codes, none at the ends of lines."""
    text = _CODE.sub(r" \1 ", "".join(char for char, _ in kept))
    return "\n".join(line.strip(" ") for line in text.split("\n")).strip("\n")


class _Page:
    """One page at work."""

    def __init__(
        self,
        document: pypdfium2.PdfDocument,
        number: int,
        page: pikepdf.Dictionary,
        marks: Sequence[Mark],
        folder: Path,
    ) -> None:
        self._document = document
        self._number = number
        self._page = page
        self._view = view_of(page)
        self._marks = marks
        self._folder = folder

    def write(self, fresh: pikepdf.Pdf, layer: Layer, languages: str) -> tuple[str, bool]:
        """Add the page to `fresh`; its text, and whether OCR is to be asked for it."""
        image = picture_of(self._document, self._number, self._view, RASTER_DPI, grey=False)
        unmarked = np.asarray(image.convert("L"))
        painted = paint_marks(image, self._view.size, self._marks)
        text, boxes = native(self._document, self._number, self._view)
        again = self._untrue(text, boxes, unmarked)
        if again and languages:
            text, boxes = read(painted, self._view.size, languages, self._folder)
        kept = _kept(text, boxes, self._marks, self._view.size, None if again else unmarked)
        if again and not languages:
            kept = []
        add_picture(fresh, painted, *self._view.size)
        layer.write(fresh.pages[-1].obj, self._view.size[1], kept)
        return _text(kept), again

    def _untrue(self, text: str, boxes: Sequence[Box | None], picture: NDArray[np.uint8]) -> bool:
        """Whether the page's characters may be others than those that are seen."""
        if doubts(self._document, self._number, self._page):
            return True
        if not any(boxes):
            return bool(picture.min() < 255 - FLAT)
        return _on_each_other(text, boxes)


def _on_each_other(text: str, boxes: Sequence[Box | None]) -> bool:
    """Whether a letter lies on another one: one of the two is not what is seen."""
    rows: dict[int, list[tuple[Box, str]]] = {}
    for char, box in zip(text, boxes, strict=True):
        if box is None or char.isspace() or box[2] - box[0] < 0.5:
            continue
        here = rows.setdefault(round((box[1] + box[3]) / 16), [])
        here.append((box, char))
    return any(_collide(row) for row in rows.values())


def _collide(row: list[tuple[Box, str]]) -> bool:
    row.sort(key=lambda each: each[0])
    for place, (box, char) in enumerate(row):
        for other, its in row[place + 1 : place + 6]:
            wide = min(box[2], other[2]) - max(box[0], other[0])
            high = min(box[3], other[3]) - max(box[1], other[1])
            least = min(_area(box), _area(other))
            if wide > 0 and high > 0 and wide * high > _OVERLAP * least and its != char:
                return True
    return False


def _area(box: Box) -> float:
    return max((box[2] - box[0]) * (box[3] - box[1]), 0.01)


def paint_marks(
    image: Image.Image, size: tuple[float, float], marks: Sequence[Mark]
) -> Image.Image:
    """The picture with black boxes, grown to whole pixels, each with its code in white."""
    painted = image.copy()
    draw = ImageDraw.Draw(painted)
    scale = image.width / size[0], image.height / size[1]
    for mark in marks:
        left, top = int(mark.box[0] * scale[0]), int(mark.box[1] * scale[1])
        right, bottom = int(mark.box[2] * scale[0]) + 1, int(mark.box[3] * scale[1]) + 1
        if right <= left or bottom <= top:
            continue  # off the page
        black, white = (0, 255) if image.mode == "L" else ((0, 0, 0), (255, 255, 255))
        draw.rectangle((left, top, right, bottom), fill=black)
        _write_code(draw, (left, top, right, bottom), mark.code, scale[1], white)
    return painted


def _write_code(
    draw: ImageDraw.ImageDraw,
    box: tuple[int, int, int, int],
    code: str,
    scale: float,
    colour: int | tuple[int, int, int],
) -> None:
    """The code in the middle, as large as fits; none where it could not be read."""
    points = min(_LARGEST, (box[3] - box[1]) / scale * 0.8)
    font = ImageFont.load_default(max(1.0, points * scale))
    width = draw.textlength(code, font=font)
    if width > box[2] - box[0]:
        points *= (box[2] - box[0]) / width * 0.95
        font = ImageFont.load_default(max(1.0, points * scale))
    if points >= _SMALLEST:
        middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        draw.text(middle, code, fill=colour, font=font, anchor="mm")


def _kept(
    text: str,
    boxes: Sequence[Box | None],
    marks: Sequence[Mark],
    size: tuple[float, float],
    picture: NDArray[np.uint8] | None,
) -> list[tuple[str, Box | None]]:
    """Characters that stay, each box's code in the place of the first one that it covers.

    With `picture` those without ink go, too.
    """
    found: list[tuple[str, Box | None]] = []
    told: set[int] = set()
    for char, box in zip(text, boxes, strict=True):
        over = None if box is None else covering(box, marks)
        if over is None:
            if box is None or picture is None or char == " " or _is_seen(char, box, size, picture):
                found.append((char, box))
        elif over not in told:
            told.add(over)
            found += _code(marks[over])
    for number, mark in enumerate(marks):
        if number not in told:
            found += [("\n", None), *_code(mark)]
    return found


def _code(mark: Mark) -> list[tuple[str, Box | None]]:
    said = f"[{mark.code}]"
    left, top, right, bottom = mark.box
    step = (right - left) / len(said)
    spread: list[tuple[str, Box | None]] = [
        (char, (left + place * step, top, left + (place + 1) * step, bottom))
        for place, char in enumerate(said)
    ]
    return [(" ", None), *spread, (" ", None)]


def covering(box: Box, marks: Sequence[Mark]) -> int | None:
    """Which mark a letter lies under, if only in part."""
    for number, mark in enumerate(marks):
        left, top, right, bottom = mark.box
        wide = min(box[2], right) - max(box[0], left)
        high = min(box[3], bottom) - max(box[1], top)
        thin = (box[2] - box[0]) < 2 * _TOUCH or (box[3] - box[1]) < 2 * _TOUCH
        least = -1e-6 if thin else _TOUCH
        if wide > least and high > least:
            return number
    return None


def _is_seen(char: str, box: Box, size: tuple[float, float], picture: NDArray[np.uint8]) -> bool:
    """Whether a letter has ink under it and is large enough to be read."""
    if char.isalnum() and max(box[2] - box[0], box[3] - box[1]) < _TINY:
        return False
    height, width = picture.shape
    across, down = width / size[0], height / size[1]
    left, right = max(0, int(box[0] * across)), int(box[2] * across) + 1
    top, bottom = max(0, int(box[1] * down)), int(box[3] * down) + 1
    cut = picture[top:bottom, left:right]
    return bool(cut.size and int(cut.max()) - int(cut.min()) >= FLAT)


def picture_png(
    source: Path, number: int, marks: Sequence[Mark], dpi: float, burned: bool
) -> bytes:
    """A page as PNG to be looked at: boxes burned in, or in outline with their codes."""
    with pikepdf.open(source) as pdf, opened(source) as document:
        view = view_of(pdf.pages[number].obj)
        image = picture_of(document, number, view, dpi, grey=False)
        shown = (
            paint_marks(image, view.size, marks) if burned else _outlined(image, view.size, marks)
        )
    data = io.BytesIO()
    shown.save(data, "PNG")
    return data.getvalue()


def _outlined(image: Image.Image, size: tuple[float, float], marks: Sequence[Mark]) -> Image.Image:
    shown = image.convert("RGB")
    veil = Image.new("RGB", shown.size, (255, 220, 0))
    mask = Image.new("L", shown.size, 0)
    scale = image.width / size[0], image.height / size[1]
    lines, fill = ImageDraw.Draw(shown), ImageDraw.Draw(mask)
    font = ImageFont.load_default(7 * scale[1])
    places = [tuple(each * scale[n % 2] for n, each in enumerate(m.box)) for m in marks]
    for place in places:
        fill.rectangle(place, fill=90)
    shown.paste(veil, (0, 0), mask)
    for place, mark in zip(places, marks, strict=True):
        lines.rectangle(place, outline=(200, 0, 0), width=2)
        lines.text((place[0], place[1]), mark.code, fill=(200, 0, 0), font=font, anchor="lb")
    return shown
