"""Redactions that hide nothing: characters of a PDF that can be copied and are not seen.

A letter is not seen where its place on the painted page is all of one tone. On a dark or coloured
tone it lies under a box that somebody drew on top of it; on white it is white, invisible or under a
white box.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pypdfium2

from produce.imaging.burn import FLAT
from produce.imaging.characters import Box, native, picture_of
from produce.imaging.errors import RenderError
from produce.imaging.geometry import view_of
from produce.imaging.raster import opened
from records.codes import Code

COVERED, UNSEEN = "under a box", "not seen on white"
_DPI = 150
_WHITE = 250


@dataclass(frozen=True, slots=True)
class Unseen:
    """Letters in a row that are not seen; the box is in points from the upper left of the page."""

    page: int
    kind: str
    text: str
    box: Box


def unseen(source: Path) -> list[dict[str, Any]]:
    """All of a PDF, page by page; raises `RenderError` for one that cannot be opened."""
    try:
        pdf = pikepdf.open(source)
    except (pikepdf.PdfError, pikepdf.PasswordError) as error:
        raise RenderError(Code.CORRUPT, "no PDF that can be opened", str(error)) from error
    with pdf, opened(source) as document:
        return [
            asdict(each)
            for number, page in enumerate(pdf.pages)
            for each in _of_page(document, number, page.obj)
        ]


def _of_page(
    document: pypdfium2.PdfDocument, number: int, page: pikepdf.Dictionary
) -> list[Unseen]:
    view = view_of(page)
    picture = np.asarray(picture_of(document, number, view, _DPI))
    scale = picture.shape[1] / view.size[0]
    runs: list[Unseen] = []
    going = False
    text, boxes = native(document, number, view)
    for char, box in zip(text, boxes, strict=True):
        if box is None or char.isspace():
            going = going and char != "\n"
            continue
        kind = _tone(picture, box, scale)
        if kind and going and runs[-1].kind == kind:
            runs[-1] = _with(runs[-1], char, box)
        elif kind:
            runs.append(Unseen(number + 1, kind, char, box))
        going = bool(kind)
    return runs


def _tone(picture: Any, box: Box, scale: float) -> str:
    """What hides a letter; empty where it is seen, or lies off the page."""
    left, top = max(0, int(box[0] * scale)), max(0, int(box[1] * scale))
    cut = picture[top : int(box[3] * scale) + 1, left : int(box[2] * scale) + 1]
    if not cut.size or int(cut.max()) - int(cut.min()) >= FLAT:
        return ""
    return COVERED if cut.mean() < _WHITE else UNSEEN


def _with(run: Unseen, char: str, box: Box) -> Unseen:
    gap = " " if box[0] - run.box[2] > 0.25 * max(1.0, box[3] - box[1]) else ""
    around = (
        min(run.box[0], box[0]),
        min(run.box[1], box[1]),
        max(run.box[2], box[2]),
        max(run.box[3], box[3]),
    )
    return Unseen(run.page, run.kind, run.text + gap + char, around)
