"""Reads a Bates number off a page image: whether it is the one that is due.

Knows nothing of how the number was written there. The lowest line of ink in a corner is parted
into letters by the white between them, from its right end as many as the number has; each digit is
compared with the ten digits of Helvetica, all brought to one size. What is too small or runs
together is not judged: only a digit that is surely another one is told.
"""

import functools
import io

import numpy as np
import pypdfium2
from numpy.typing import NDArray
from PIL import Image

_SIZE = (20, 28)  # letters are compared at this width and height
_LEAST_HEIGHT = 9  # pixels of a digit that can be told
_SURE = 0.08  # how much better another digit must fit than the one that is due
_FITS = 0.6  # how well a digit must fit to be taken for one
_DIGITS = "0123456789"

type Ink = NDArray[np.bool_]


def misread(corner: Image.Image, due: str) -> str | None:
    """What stands at the right end of the lowest line of `corner` (mode L) instead of `due`.

    None where it is `due`, or cannot be told. Letters of the prefix are not compared.
    """
    glyphs = _glyphs(np.asarray(corner) < 128, len(due))
    if glyphs is None:
        return None
    read = list(due)
    for place, (glyph, char) in enumerate(zip(glyphs, due, strict=True)):
        if char not in _DIGITS:
            continue
        scores = _likenesses(glyph)
        best = max(scores, key=lambda each: scores[each])
        if scores[best] < _FITS:
            return None
        if best != char and scores[best] - scores[char] > _SURE:
            read[place] = best
    return None if read == list(due) else "".join(read)


def _glyphs(ink: Ink, count: int) -> list[Ink] | None:
    """The last `count` letters of the lowest line, left to right; None if they cannot be parted."""
    line = _lowest_line(ink)
    if line is None:
        return None
    columns = np.flatnonzero(line.any(axis=0))
    cuts = np.flatnonzero(np.diff(columns) > 1)
    starts = np.concatenate(([columns[0]], columns[cuts + 1]))
    ends = np.concatenate((columns[cuts] + 1, [columns[-1] + 1]))
    if len(starts) < count:
        return None
    found = [_trimmed(line[:, a:b]) for a, b in zip(starts[-count:], ends[-count:], strict=True)]
    tall = max(each.shape[0] for each in found)
    return found if tall >= _LEAST_HEIGHT else None


def _lowest_line(ink: Ink) -> Ink | None:
    rows = np.flatnonzero(ink.any(axis=1))
    if not len(rows):
        return None
    gaps = np.flatnonzero(np.diff(rows) > 1)
    # Descenders and dots part a line by less than a fifth of its height.
    end = rows[-1] + 1
    start = rows[0]
    for gap in gaps[::-1]:
        above, below = rows[gap], rows[gap + 1]
        if below - above > max(2, (end - below) // 5):
            start = below
            break
    return ink[start:end]


def _trimmed(ink: Ink) -> Ink:
    rows = np.flatnonzero(ink.any(axis=1))
    return ink[rows[0] : rows[-1] + 1]


def _scaled(ink: Ink) -> NDArray[np.float64]:
    image = Image.fromarray((ink * 255).astype(np.uint8))
    return np.asarray(image.resize(_SIZE, Image.Resampling.BOX), np.float64) / 255


def _likenesses(glyph: Ink) -> dict[str, float]:
    """How like each digit a letter is: 1 for the same shape and proportions, 0 for nothing."""
    shape, own = _scaled(glyph), glyph.shape[1] / glyph.shape[0]
    return {
        digit: float(np.minimum(shape, template).sum() / np.maximum(shape, template).sum())
        * min(own / proportion, proportion / own) ** 0.5
        for digit, (template, proportion) in _templates().items()
    }


@functools.cache
def _templates() -> dict[str, tuple[NDArray[np.float64], float]]:
    """The digits of Helvetica as a renderer of PDF draws them: shape, and width by height."""
    found = {}
    for digit in _DIGITS:
        with pypdfium2.PdfDocument(io.BytesIO(_page(digit))) as document:
            page = document[0]
            grey = page.render(scale=1, grayscale=True).to_pil()
            page.close()
        ink = np.asarray(grey) < 128
        columns = np.flatnonzero(ink.any(axis=0))
        glyph = _trimmed(ink[:, columns[0] : columns[-1] + 1])
        found[digit] = (_scaled(glyph), glyph.shape[1] / glyph.shape[0])
    return found


def _page(text: str) -> bytes:
    """A page of PDF that shows a text large."""
    content = f"BT /F 100 Tf 20 20 Td ({text}) Tj ET".encode("ascii")
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 120 120]/Contents 4 0 R/Resources<</Font<</F "
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>> >> >> >>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
    )
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, each in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (number, each)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start)
    return bytes(out)
