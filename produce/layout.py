"""Where each file of a volume stands; decided by the numbers alone, so a run resumed agrees.

`IMAGES/0001/ABC0000001.tif`, `TEXT/0001/ABC0000001.txt`, `NATIVES/0001/ABC0000123.xlsx`.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

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


def legend_of(item: PlannedItem, specification: Specification) -> str:
    """The legend on a document's pages: that of the level it had when it was planned."""
    return str(item.detail.get("legend", specification.legend))


def endorsements(specification: Specification) -> tuple[tuple[str, str], ...]:
    """What stands where on the pages; {bates} and {legend} are filled in with each page."""
    case, volume = specification.case_number, specification.name
    return tuple(
        (place, text.replace("{case}", case).replace("{volume}", volume))
        for place, text in specification.zones
    )


def places(specification: Specification, items: Iterable[PlannedItem]) -> Iterator[Place]:
    """Places of all items of a volume that has its numbers, in order."""
    images = 0
    for count, item in enumerate(items):
        first = int(item.first[len(specification.prefix) :])
        bates = specification.page_numbers(first, item.pages)
        targets = tuple(
            _path("images", images + place, specification, name)
            for place, name in enumerate(_image_names(specification.kind, bates))
        )
        images += len(targets)
        yield Place(item, bates, targets, _path("text", count, specification, f"{item.first}.txt"))


def _image_names(kind: str, bates: tuple[str, ...]) -> list[str]:
    if kind == "none":
        return []
    return [f"{each}.tif" for each in bates] if kind == "tiff" else [f"{bates[0]}.pdf"]


def native_path(specification: Specification, place: Place, natives: int, ext: str) -> str:
    """Where a native stands when `natives` others come before it; its extension is kept."""
    plain = ext.removeprefix(".")
    name = f"{place.item.first}.{plain}" if _EXTENSION.match(plain) else place.item.first
    return _path("natives", natives, specification, name)


def is_native(item: PlannedItem) -> bool:
    """Whether the item's own file is in the volume."""
    return item.treatment is Treatment.NATIVE


def _path(kind: str, count: int, specification: Specification, name: str) -> str:
    folder = getattr(specification.folders, kind)
    return f"{folder}/{count // specification.max_files + 1:04d}/{name}"


def link(path: str) -> str:
    """A path as load files write it."""
    return ".\\" + path.replace("/", "\\")
