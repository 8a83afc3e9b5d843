"""Where endorsements stand: zones of text along the upper and the lower edge of a page.

A zone is a place and a text in which `{bates}` is the page's number and `{legend}` the document's
legend. Zones that share a place stand one below the other, in the order given.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from produce.imaging.words import Words

BAND = 0.025  # of the page's longer side, for each line of an edge
_WIDE = 0.035  # of its height at most, on pages that lie on their side
_LEAST_BAND = 14.0  # points, on pages that are tall enough for it
_MOST_BAND = 0.15
_MOST_BANDS = 0.3  # of the page's height, for all lines of both edges
_TYPE = 0.55  # height of the type as a share of its line
_RISE = 0.38  # of the baseline above the lower edge of its line
_LEAST_TYPE = 6.0  # points; a page on which it would be smaller gets more paper
_MARGIN = 0.03  # of the page's width
_GAP = 2.0  # ems between two texts of one line
PLACES = ("top-left", "top-center", "top-right", "bottom-left", "bottom-center", "bottom-right")
USUAL = (("bottom-left", "{legend}"), ("bottom-right", "{bates}"))
PAPERS = {"letter": (612.0, 792.0), "a4": (595.276, 841.89)}

type Zones = Sequence[Sequence[str]]
type Row = dict[str, Words]
"""The texts of one line by side: left, center, right."""


@dataclass(frozen=True, slots=True)
class Style:
    """How pages are endorsed.

    `placement` is "margin" (content shrinks to free the bands) or "inside" (its size is kept, and
    the texts stand where the page is blank); `page_size` is "as-is" or one of `PAPERS`.
    """

    zones: Zones = USUAL
    placement: str = "margin"
    page_size: str = "as-is"


@dataclass(frozen=True, slots=True)
class Shown:
    """A text at its place, in points from the lower left corner."""

    words: Words
    size: float
    x: float
    y: float
    edge: str = "bottom"
    side: str = "right"

    @property
    def width(self) -> float:
        """In points."""
        return self.words.width * self.size / 1000


@dataclass(frozen=True, slots=True)
class Layout:
    """A stamped page: its size, where the old page's corner goes, by how much that shrinks."""

    width: float
    height: float
    scale: float
    dx: float
    dy: float
    texts: tuple[Shown, ...] = field(default=())


def filled(zones: Zones, bates: str, legend: str) -> list[tuple[str, str]]:
    """The zones' texts of one page; those that are empty go, and free no band."""
    texts = [(place, fill(text, bates, legend)) for place, text in zones]
    return [(place, text) for place, text in texts if text]


def fill(template: str, bates: str, legend: str) -> str:
    """A zone's text; braces around anything else stay as they are."""
    return template.replace("{legend}", legend).replace("{bates}", bates).strip()


def lay_out(
    size: tuple[float, float],
    texts: Sequence[tuple[str, str]],
    words: Callable[[str], Words],
    style: Style,
) -> Layout:
    """Place the content of a page of `size` points and its texts on the paper."""
    top, bottom = (rows(texts, edge, words) for edge in ("top", "bottom"))
    width, height = paper(size, style.page_size, [*top, *bottom])
    band = _band(width, height, len(top) + len(bottom))
    shown = [
        each
        for edge, lines in (("top", top), ("bottom", bottom))
        for number, row in enumerate(lines)
        for each in _line(row, width, band, edge, _baseline(edge, number, len(lines), height, band))
    ]
    inside = style.placement == "inside"
    above, below = (0.0, 0.0) if inside else (band * len(top), band * len(bottom))
    room = height - above - below
    scale = min(width / size[0], room / size[1], 1.0)
    dx, dy = (width - scale * size[0]) / 2, below + (room - scale * size[1]) / 2
    return Layout(width, height, scale, dx, dy, tuple(shown))


def paper(size: tuple[float, float], page_size: str, lines: Sequence[Row]) -> tuple[float, float]:
    """The size of the stamped page: as it is, or the paper asked for, turned as the page is.

    A page as it is that is too small for its lines in type that can be read (an icon, a label) gets
    as much paper around it as they need, but never wider than Letter for a long text.
    """
    if page_size != "as-is":
        width, height = PAPERS[page_size]
        return (height, width) if size[0] > size[1] else (width, height)
    if not lines:
        return size
    wide = _LEAST_TYPE * max(map(_ems, lines)) / (1 - 2 * _MARGIN)
    high = _LEAST_TYPE / _TYPE * max(len(lines) / _MOST_BANDS, 1 / _MOST_BAND)
    return max(size[0], min(wide, PAPERS["letter"][0])), max(size[1], high)


def rows(texts: Sequence[tuple[str, str]], edge: str, words: Callable[[str], Words]) -> list[Row]:
    """The lines along an edge, from the top down."""
    found: list[Row] = []
    for place, text in texts:
        where, _, side = place.partition("-")
        if where != edge:
            continue
        row = next((each for each in found if side not in each), None)
        if row is None:
            row = {}
            found.append(row)
        row[side] = words(text)
    return found


def _band(width: float, height: float, lines: int) -> float:
    """The height of one line: as on the same page upright, or nearly so."""
    wanted = min(BAND * max(width, height), _WIDE * height)
    band = max(wanted, min(_LEAST_BAND, _MOST_BAND * height))
    return min(band, _MOST_BANDS * height / lines) if lines > 1 else band


def _baseline(edge: str, number: int, lines: int, height: float, band: float) -> float:
    below = height - (number + 1) * band if edge == "top" else (lines - 1 - number) * band
    return below + band * _RISE


def _line(row: Row, width: float, band: float, edge: str, y: float) -> list[Shown]:
    margin = min(_MARGIN * width, 36.0)
    size = min(band * _TYPE, (width - 2 * margin) / _ems(row))
    shown = []
    for side, words in row.items():
        taken = words.width * size / 1000
        x = {"left": margin, "center": (width - taken) / 2, "right": width - margin - taken}[side]
        shown.append(Shown(words, size, x, y, edge, side))
    return shown


def _ems(row: Row) -> float:
    """How many ems wide a line must be at least, so that no text of it meets another."""
    ems = {side: words.width / 1000 for side, words in row.items()}
    left, center, right = (ems.get(side, 0.0) for side in ("left", "center", "right"))
    if not center:
        taken = left + right + (_GAP if left and right else 0.0)
    else:
        aside = max(left, right)
        taken = center + 2 * aside + (2 * _GAP if aside else 0.0)
    return max(taken, 0.01)
