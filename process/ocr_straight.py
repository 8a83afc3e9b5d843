"""A page's picture made ready for Tesseract, and the way back from its pixels to the page's."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageFilter, ImageOps

from process.ocr_ink import is_dark, is_grainy
from process.tesseract import Word

type Affine = tuple[float, float, float, float, float, float]
"""(a, b, c, d, e, f): a point (x, y) comes from (ax + by + c, dx + ey + f)."""

_FINE = 150  # dots an inch from which grain is smaller than strokes
_COARSE = 110  # dots an inch below which letters are too small for Tesseract
_ENLARGED = 200
_LONGEST = 5000  # pixels

_SAME: Affine = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
_TURNS = {
    90: Image.Transpose.ROTATE_270,  # Pillow turns counterclockwise
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True)
class Straight:
    """A picture on its way to Tesseract; `back` leads from its pixels to the page's."""

    image: Image.Image
    dpi: int
    back: Affine = _SAME

    def scaled(self, factor: float) -> "Straight":
        """Enlarged or made smaller."""
        size = max(1, round(self.image.width * factor)), max(1, round(self.image.height * factor))
        grey = self.image.convert("L").resize(size, Image.Resampling.BICUBIC)
        across, down = self.image.width / size[0], self.image.height / size[1]
        back = _after((across, 0.0, 0.0, 0.0, down, 0.0), self.back)
        return Straight(grey, max(1, round(self.dpi * factor)), back)

    def inverted(self) -> "Straight":
        """Dark on light."""
        return replace(self, image=ImageOps.invert(self.image.convert("L")))

    def without_dots(self) -> "Straight":
        """Without dots of single pixels, light or dark."""
        return replace(self, image=self.image.convert("L").filter(ImageFilter.MedianFilter(3)))

    def levelled(self, degrees: float) -> "Straight":
        """Turned counterclockwise by some degrees; the corners are filled with white."""
        turn = np.deg2rad(degrees)
        cos, sin = float(np.cos(turn)), float(np.sin(turn))
        width, height = self.image.size
        size = (
            int(np.ceil(width * cos + height * abs(sin))),
            int(np.ceil(width * abs(sin) + height * cos)),
        )
        x, y = size[0] / 2, size[1] / 2
        here: Affine = (
            *(cos, -sin, width / 2 - cos * x + sin * y),
            *(sin, cos, height / 2 - sin * x - cos * y),
        )
        grey = self.image.convert("L").transform(
            size, Image.Transform.AFFINE, here, Image.Resampling.BICUBIC, fillcolor=255
        )
        return Straight(grey, self.dpi, _after(here, self.back))

    def turned(self, degrees: int) -> "Straight":
        """Turned clockwise by 90, 180 or 270 degrees."""
        width, height = self.image.size
        here: dict[int, Affine] = {
            90: (0.0, 1.0, 0.0, -1.0, 0.0, height),
            180: (-1.0, 0.0, width, 0.0, -1.0, height),
            270: (0.0, -1.0, width, 1.0, 0.0, 0.0),
        }
        turned = self.image.transpose(_TURNS[degrees])
        return Straight(turned, self.dpi, _after(here[degrees], self.back))

    def on_page(self, words: Sequence[Word], size: tuple[int, int]) -> tuple[Word, ...]:
        """Words with their boxes on the page: upright boxes around the ones that were read."""
        if self.back == _SAME:
            return tuple(words)
        return tuple(self._placed(word, size) for word in words)

    def _placed(self, word: Word, size: tuple[int, int]) -> Word:
        right, bottom = word.left + word.width, word.top + word.height
        corners = [_moved(self.back, x, y) for x in (word.left, right) for y in (word.top, bottom)]
        left, top = (max(0, int(np.floor(min(each)))) for each in zip(*corners, strict=True))
        ends = (int(np.ceil(max(each))) for each in zip(*corners, strict=True))
        right, bottom = (min(end, most) for end, most in zip(ends, size, strict=True))
        left, top = min(left, size[0] - 1), min(top, size[1] - 1)
        return replace(
            word, left=left, top=top, width=max(1, right - left), height=max(1, bottom - top)
        )


def prepared(page: Straight, wanted: int | None) -> Straight:
    """The page dark on light, without grain, enlarged where it is coarse or to `wanted` dots."""
    straight = page
    if is_dark(np.asarray(page.image.convert("L").reduce(4), np.uint8)):
        straight = straight.inverted()
    if page.dpi >= _FINE and is_grainy(straight.image):
        straight = straight.without_dots()
    factor = _factor(page, wanted)
    return straight if 0.95 < factor < 1.05 else straight.scaled(factor)


def _factor(page: Straight, wanted: int | None) -> float:
    """How much to enlarge; a large picture of few stated dots is no small print."""
    if wanted is None:
        wanted = _ENLARGED if page.dpi < _COARSE else page.dpi
    if wanted <= page.dpi:
        return wanted / page.dpi
    return max(1.0, min(wanted / page.dpi, _LONGEST / max(page.image.size)))


def _moved(by: Affine, x: float, y: float) -> tuple[float, float]:
    return by[0] * x + by[1] * y + by[2], by[3] * x + by[4] * y + by[5]


def _after(first: Affine, then: Affine) -> Affine:
    """Both ways one after the other."""
    a, b, c, d, e, f = first
    g, h, i, j, k, m = then
    return (
        *(g * a + h * d, g * b + h * e, g * c + h * f + i),
        *(j * a + k * d, j * b + k * e, j * c + k * f + m),
    )
