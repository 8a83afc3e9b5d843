"""Where a page is blank: endorsements inside the page stand on no ink, or not inside at all."""

from dataclasses import replace

import numpy as np
import pypdfium2
from numpy.typing import NDArray

from produce.imaging.endorse import Layout, Shown
from produce.imaging.geometry import Box
from produce.imaging.raster import paint

_WHITE = 250  # of 255; what is darker is something to see
_PIXELS = 1500  # along the longer side: fine enough for hair lines
_AWAY = 2.0  # points of blank around a text
_DESCENT = 0.25  # of the size of type, below the baseline
_ASCENT = 0.8
_REACH = 0.12  # of the page's height: how far from its edge a text may go
_TRIES = 40


def on_blank(
    document: pypdfium2.PdfDocument, number: int, size: tuple[float, float], place: Layout
) -> tuple[Shown, ...] | None:
    """The texts moved, each as little as need be, to where the page is blank; None where it is not.

    `size` is that of the page before it was placed. A text keeps its side and goes up or down,
    within an eighth of the page from its edge.
    """
    page = _Page(document, number, size, place)
    moved: list[Shown] = []
    for text in place.texts:
        step = max(_REACH * place.height - text.size, 0.0) / _TRIES
        step = step if text.edge == "bottom" else -step
        tries = (replace(text, y=text.y + step * count) for count in range(_TRIES + 1))
        found = next((each for each in tries if page.is_blank(_around(each))), None)
        if found is None:
            return None
        page.taken.append(_around(found))
        moved.append(found)
    return tuple(moved)


def _around(text: Shown) -> Box:
    """A text and the blank that it needs."""
    return Box(
        text.x - _AWAY,
        text.y - text.size * _DESCENT - _AWAY,
        text.x + text.width + _AWAY,
        text.y + text.size * _ASCENT + _AWAY,
    )


class _Page:
    """A page's ink and what was put on it, asked for in points of the paper."""

    def __init__(
        self,
        document: pypdfium2.PdfDocument,
        number: int,
        size: tuple[float, float],
        place: Layout,
    ) -> None:
        longest = max(document.get_page_size(number))
        grey = np.asarray(paint(document, number, 72 * _PIXELS / longest, grey=True))
        self._ink: NDArray[np.bool_] = grey < _WHITE
        self._size = size
        self._place = place
        self.taken: list[Box] = []

    def is_blank(self, box: Box) -> bool:
        """Whether nothing at all is seen there, and no text stands there yet."""
        if any(not each.intersect(box).negative() for each in self.taken):
            return False
        rows, columns = self._ink.shape
        across = columns / self._size[0] / self._place.scale
        down = rows / self._size[1] / self._place.scale
        edge = self._size[1] * self._place.scale + self._place.dy  # the old page's upper edge
        first, last = (edge - box.top) * down, (edge - box.bottom) * down + 1
        left, right = (
            (box.left - self._place.dx) * across,
            (box.right - self._place.dx) * across + 1,
        )
        part = self._ink[_index(first) : _index(last), _index(left) : _index(right)]
        return not bool(part.any())


def _index(value: float) -> int:
    return max(int(value), 0)
