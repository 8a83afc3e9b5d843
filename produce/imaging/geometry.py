"""Where a PDF page is seen: its visible box, upright, in points (ISO 32000-1, 7.7.3.3, 14.11.2)."""

from dataclasses import dataclass

import pikepdf

LETTER = (612.0, 792.0)
_MAX_PARENTS = 64
Matrix = tuple[float, float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle with its corners in order."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def width(self) -> float:
        """From left to right."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """From bottom to top."""
        return self.top - self.bottom

    def intersect(self, other: "Box") -> "Box":
        """What both cover; may be empty."""
        return Box(
            max(self.left, other.left),
            max(self.bottom, other.bottom),
            min(self.right, other.right),
            min(self.top, other.top),
        )

    def negative(self) -> bool:
        """An intersection of two that do not meet."""
        return self.width < 0 or self.height < 0

    def empty(self) -> bool:
        """No area that could show anything."""
        return self.width < 1 or self.height < 1


@dataclass(frozen=True, slots=True)
class View:
    """How a page is seen: its visible box in its own units, quarter turns clockwise, unit."""

    box: Box
    turns: int
    unit: float

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in points as a reader sees them."""
        width, height = self.box.width * self.unit, self.box.height * self.unit
        return (height, width) if self.turns % 2 else (width, height)

    def upright(self) -> Matrix:
        """The matrix that takes the page's own space to [0 0 width height], upright."""
        b, u = self.box, self.unit
        return {
            0: (u, 0.0, 0.0, u, -b.left * u, -b.bottom * u),
            1: (0.0, -u, u, 0.0, -b.bottom * u, b.right * u),
            2: (-u, 0.0, 0.0, -u, b.right * u, b.top * u),
            3: (0.0, u, -u, 0.0, b.top * u, -b.left * u),
        }[self.turns]


def inherited(page: pikepdf.Dictionary, key: str) -> pikepdf.Object | None:
    """A page attribute, from the page itself or the nearest parent that has it."""
    node: pikepdf.Object | None = page
    for _ in range(_MAX_PARENTS):
        if not isinstance(node, pikepdf.Dictionary):
            return None
        value = node.get(key)
        if value is not None:
            return value
        node = node.get("/Parent")
    return None


def view_of(page: pikepdf.Dictionary) -> View:
    """How `page` is seen; what is missing or absurd falls back to Letter, upright."""
    media = _box(inherited(page, "/MediaBox")) or Box(0, 0, *LETTER)
    crop = _box(inherited(page, "/CropBox"))
    box = media.intersect(crop) if crop else media
    unit = _number(page.get("/UserUnit")) or 1.0
    rotate = _number(inherited(page, "/Rotate")) or 0.0
    return View(
        media if box.empty() else box, round(rotate / 90) % 4, unit if 0 < unit <= 1000 else 1.0
    )


def _number(value: object) -> float | None:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None


def _box(value: pikepdf.Object | None) -> Box | None:
    if not isinstance(value, pikepdf.Array) or len(value) != 4:
        return None
    numbers = [_number(each) for each in value.as_list()]
    if any(each is None or abs(each) > 1e7 for each in numbers):
        return None
    x0, y0, x1, y1 = (each or 0.0 for each in numbers)
    box = Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
    return None if box.empty() else box
