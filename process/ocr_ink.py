"""What is dark on a page, seen small: whether it is blank, and how far its lines are from level."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from process.image import CONTRAST, SMALLEST

_DPI = 100  # at which pages are looked at; a letter of 8 points is 11 pixels high
_BLOCK = 16
_INK = 40  # of 255 darker than what is around it
_LETTER = 5  # pixels; what is smaller is a speck
_SPECK = 6  # pixels in all
_LINE = 100  # pixels; what is so long and straight is an edge or a rule
_CROWDED = 30_000  # runs of dark pixels; no blank page has so many

_BAND = 64
_PAPER = 200
_GRAINY = 0.002  # share of the paper that is off its shade
_CELL = 8  # pixels

_MOST_SKEW = 15.0  # degrees
_LEAST_SKEW = 0.3
_POINTS = 20_000
_PEAKED = 1.15  # how much sharper the rows must be than as they stand,
_LINED = 1.6  # and than at most angles

type Mask = NDArray[np.bool_]


def small(image: Image.Image, dpi: int) -> NDArray[np.uint8]:
    """The page at about a hundred dots an inch, dark on light."""
    step = max(1, round(dpi / _DPI))
    grey = np.asarray(image.convert("L").reduce(step), np.uint8)
    return 255 - grey if is_dark(grey) else grey


def is_dark(grey: NDArray[np.uint8]) -> bool:
    """Whether a page is light on dark."""
    return bool(np.median(grey) < 100)


def ink(grey: NDArray[np.uint8]) -> Mask:
    """What is darker than its surroundings, without single dots."""
    dark = _background(grey).astype(np.int16) - grey > _INK
    padded = np.pad(dark, 1).astype(np.uint8)
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    around = rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]
    kept: Mask = dark & (around >= 3)
    return kept


def _background(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The shade of the paper, block by block."""
    height, width = grey.shape
    padded = np.pad(grey, ((0, -height % _BLOCK), (0, -width % _BLOCK)), mode="edge")
    down, across = padded.shape[0] // _BLOCK, padded.shape[1] // _BLOCK
    blocks = padded.reshape(down, _BLOCK, across, _BLOCK).swapaxes(1, 2).reshape(down, across, -1)
    rank = _BLOCK * _BLOCK * 9 // 10
    paper = np.partition(blocks, rank, axis=2)[:, :, rank]
    return paper.repeat(_BLOCK, 0).repeat(_BLOCK, 1)[:height, :width]


def is_grainy(image: Image.Image) -> bool:
    """Whether the paper of a grey page is sprinkled with grey dots, as by a poor scanner."""
    if image.mode == "1":
        return False
    top, side = image.height // 4, _CELL
    size = image.width // side * side, image.height // 2 // side * side
    if not all(size):
        return False
    band = image.convert("L").crop((0, top, size[0], top + size[1]))
    plain = np.asarray(band.filter(ImageFilter.MedianFilter(3)), np.int16)
    light = plain.reshape(size[1] // side, side, size[0] // side, side).min(axis=(1, 3)) > _PAPER
    paper = _shrunk(light).repeat(side, 0).repeat(side, 1)
    off = np.abs(np.asarray(band, np.int16) - plain)[paper]
    return bool(len(off)) and float(np.mean(off > 8)) > _GRAINY


def _shrunk(cells: Mask) -> Mask:
    """Cells whose neighbours are like them: away from the fringes of letters."""
    wide = np.pad(cells, 1, constant_values=True)
    rows = wide[:-2] & wide[1:-1] & wide[2:]
    kept: Mask = rows[:, :-2] & rows[:, 1:-1] & rows[:, 2:]
    return kept


def is_blank(image: Image.Image, dpi: int) -> bool:
    """Whether a page holds nothing of a letter's size but edges, rules and specks.

    In doubt a page is not blank: reading it costs a second, missing it costs its words.
    """
    low, high = image.getextrema()
    assert isinstance(low, int | float)
    assert isinstance(high, int | float)
    if min(image.size) < SMALLEST or high - low < CONTRAST:
        return True
    mask = ink(small(image, dpi))
    return not (_has_letters(_densest(mask)) or _has_letters(mask))


def _densest(mask: Mask) -> Mask:
    """The band with most on it, which settles nearly all pages."""
    rows = np.cumsum(np.pad(mask.sum(axis=1), (1, 0)))
    if len(rows) <= _BAND:
        return mask
    top = int(np.argmax(rows[_BAND:] - rows[:-_BAND]))
    return mask[top : top + _BAND]


def _has_letters(mask: Mask) -> bool:
    runs = _runs(mask)
    if len(runs) > _CROWDED:
        return True
    return any(_may_be_letter(box, mask.shape) for box in _blobs(runs))


def _runs(mask: Mask) -> NDArray[np.int64]:
    """Rows of (line, start, end) for each run of dark pixels, in reading order."""
    edges = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    lines, starts = np.nonzero(edges == 1)
    _, ends = np.nonzero(edges == -1)
    return np.stack((lines, starts, ends), axis=1)


def _blobs(runs: NDArray[np.int64]) -> Iterator[tuple[int, int, int, int, int]]:
    """Connected dark spots as (left, top, right, bottom, pixels)."""
    parents = list(range(len(runs)))

    def root(at: int) -> int:
        while parents[at] != at:
            parents[at] = parents[parents[at]]
            at = parents[at]
        return at

    rows = runs.tolist()
    above: list[int] = []
    here: list[int] = []
    line = -1
    for number, (y, start, end) in enumerate(rows):
        if y != line:
            above, here, line = (here if y == line + 1 else []), [], y
        here.append(number)
        for other in above:
            if rows[other][1] <= end and start <= rows[other][2]:
                parents[root(other)] = root(number)
    boxes: dict[int, list[int]] = {}
    for number, (y, start, end) in enumerate(rows):
        box = boxes.setdefault(root(number), [start, y, end, y + 1, 0])
        box[0], box[2] = min(box[0], start), max(box[2], end)
        box[1], box[3] = min(box[1], y), max(box[3], y + 1)
        box[4] += end - start
    for left, top, right, bottom, pixels in boxes.values():  # noqa: UP028 - of a known length
        yield left, top, right, bottom, pixels


def _may_be_letter(box: tuple[int, int, int, int, int], shape: tuple[int, ...]) -> bool:
    left, top, right, bottom, pixels = box
    longer, shorter = sorted((right - left, bottom - top), reverse=True)
    if longer < _LETTER or pixels < _SPECK:
        return False
    if left <= 1 or top <= 1 or right >= shape[1] - 1 or bottom >= shape[0] - 1:
        return False  # the scanner's edge
    straight = shorter <= 3 + 0.05 * longer and pixels <= 4 * longer
    return not (longer >= _LINE and straight)


def skew(image: Image.Image, dpi: int) -> tuple[float, bool]:
    """Degrees counterclockwise that make the lines level, and whether they run up the page.

    The angle is that at which the dark pixels fall into the sharpest rows (W. Postl, US 4,723,297);
    0 below a third of a degree, and where no angle stands out.
    """
    mask = ink(small(image, dpi))
    y, x = np.nonzero(mask)
    if len(x) < 200:
        return 0.0, False
    if len(x) > _POINTS:
        chosen = np.linspace(0, len(x) - 1, _POINTS).astype(np.int64)
        x, y = x[chosen], y[chosen]
    points = (x - x.mean()).astype(np.float32), (y - y.mean()).astype(np.float32)
    level, level_peak = _sharpest(*points)
    upright, upright_peak = _sharpest(-points[1], points[0])
    upwards = upright_peak > 1.3 * level_peak
    angle = upright if upwards else level
    return (angle if abs(angle) >= _LEAST_SKEW else 0.0), upwards


def _sharpest(x: NDArray[np.float32], y: NDArray[np.float32]) -> tuple[float, float]:
    """The angle with the sharpest rows, and how sharp they are."""
    coarse = np.arange(-_MOST_SKEW, _MOST_SKEW + 0.5, 0.5)
    peaks = [_peak(x, y, angle) for angle in coarse]
    best = float(coarse[int(np.argmax(peaks))])
    fine = np.arange(best - 0.5, best + 0.55, 0.1)
    sharp = [_peak(x, y, angle) for angle in fine]
    angle, peak = float(fine[int(np.argmax(sharp))]), max(sharp)
    level = _peak(x, y, 0.0)
    stands_out = peak > _LINED * float(np.median(peaks)) and peak > _PEAKED * level
    return (round(angle, 1), peak) if stands_out and abs(angle) <= _MOST_SKEW else (0.0, level)


def _peak(x: NDArray[np.float32], y: NDArray[np.float32], degrees: float) -> float:
    """How unevenly the points fall into rows once they are turned."""
    turn = np.deg2rad(degrees)
    rows = y * np.float32(np.cos(turn)) - x * np.float32(np.sin(turn))
    counts = np.bincount((rows - rows.min()).astype(np.int64)).astype(np.float64)
    return float(np.square(np.diff(counts)).sum())
