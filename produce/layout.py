"""Where each file of a volume stands; decided by the numbers alone, so a run resumed agrees.

Whether a page is TIFF or JPG is decided by the page itself when it is painted; from then on the
record of files tells.

`IMAGES/0001/ABC0000001.tif`, `TEXT/0001/ABC0000001.txt`, `NATIVES/0001/ABC0000123.xlsx`.
"""

import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass

from produce.interface import with_suffix
from produce.record import PlannedItem
from produce.specification import Specification
from produce.treatment import Treatment

_EXTENSION = re.compile(r"^[A-Za-z0-9]{1,16}$")


@dataclass(frozen=True, slots=True)
class Place:
    """An item's page numbers and files, paths relative to the volume with forward slashes."""

    item: PlannedItem
    bates: tuple[str, ...]
    images: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """What goes with a document's pages: its text and perhaps its native."""

    place: Place
    text_sha256: str | None
    native: str | None
    sha256: str | None


def places(
    specification: Specification,
    items: Iterable[PlannedItem],
    written: Container[str] = frozenset(),
) -> Iterator[Place]:
    """Places of all items of a volume that has its numbers, in order.

    `written` are the paths on record, by which pages that became JPG are known.
    """
    images = 0
    for count, item in enumerate(items):
        first = int(item.first[len(specification.prefix) :])
        bates = tuple(specification.bates(first + page) for page in range(item.pages))
        names = bates if specification.kind == "tiff" else bates[:1]
        suffix = "tif" if specification.kind == "tiff" else "pdf"
        targets = tuple(
            _as_written(_path("IMAGES", images + place, specification, f"{name}.{suffix}"), written)
            for place, name in enumerate(names)
        )
        images += len(targets)
        yield Place(item, bates, targets, _path("TEXT", count, specification, f"{item.first}.txt"))


def _as_written(path: str, written: Container[str]) -> str:
    painted = with_suffix(path, "jpg")
    return painted if path.endswith(".tif") and painted in written else path


def native_path(specification: Specification, place: Place, natives: int, ext: str) -> str:
    """Where a native stands when `natives` others come before it; its extension is kept."""
    plain = ext.removeprefix(".")
    name = f"{place.item.first}.{plain}" if _EXTENSION.match(plain) else place.item.first
    return _path("NATIVES", natives, specification, name)


def is_native(item: PlannedItem) -> bool:
    """Whether the item's own file is in the volume."""
    return item.treatment is Treatment.NATIVE


def _path(kind: str, count: int, specification: Specification, name: str) -> str:
    return f"{kind}/{count // specification.max_files + 1:04d}/{name}"


def link(path: str) -> str:
    """A path as load files write it."""
    return ".\\" + path.replace("/", "\\")
