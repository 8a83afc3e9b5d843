"""Where each file of a volume stands; decided by the numbers alone, so a run resumed agrees.

Whether a page is TIFF or JPG is decided by the page itself when it is painted; from then on the
record of files tells.

`IMAGES/0001/ABC0000001.tif`, `TEXT/0001/ABC0000001.txt`, `NATIVES/0001/ABC0000123.xlsx`.
"""

import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

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
    part: str = ""  # the folder of its part, with a slash


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


def places(
    specification: Specification,
    items: Iterable[PlannedItem],
    written: Container[str] = frozenset(),
) -> Iterator[Place]:
    """Places of all items of a volume that has its numbers, in order.

    Families are never parted: one of more pages than a part may have is a part by itself.
    `written` are the paths on record, by which pages that became JPG are known.
    """
    part, pages, count, images = 1, 0, 0, 0
    for _, group in groupby(items, key=lambda each: each.detail["family"]):
        family = list(group)
        size = sum(each.pages for each in family)
        if specification.max_pages and pages and pages + size > specification.max_pages:
            part, pages, count, images = part + 1, 0, 0, 0
        pages += size
        for item in family:
            place = _place(specification, item, part, count, images, written)
            count, images = count + 1, images + len(place.images)
            yield place


def _place(
    specification: Specification,
    item: PlannedItem,
    part: int,
    count: int,
    images: int,
    written: Container[str],
) -> Place:
    """Where an item stands when so many documents and images of its part come before it."""
    bates = specification.page_numbers(int(item.first[len(specification.prefix) :]), item.pages)
    where = f"VOL{part:03d}/" if specification.max_pages else ""
    targets = tuple(
        _as_written(where + _path("images", images + at, specification, name), written)
        for at, name in enumerate(_image_names(specification.kind, bates))
    )
    text = where + _path("text", count, specification, f"{item.first}.txt")
    return Place(item, bates, targets, text, where)


def _image_names(kind: str, bates: tuple[str, ...]) -> list[str]:
    if kind == "none":
        return []
    return [f"{each}.tif" for each in bates] if kind == "tiff" else [f"{bates[0]}.pdf"]


def _as_written(path: str, written: Container[str]) -> str:
    painted = with_suffix(path, "jpg")
    return painted if path.endswith(".tif") and painted in written else path


def native_path(specification: Specification, place: Place, natives: int, ext: str) -> str:
    """Where a native stands when so many others of its part come before it, with its extension."""
    plain = ext.removeprefix(".")
    name = f"{place.item.first}.{plain}" if _EXTENSION.match(plain) else place.item.first
    return place.part + _path("natives", natives, specification, name)


def is_native(item: PlannedItem) -> bool:
    """Whether the item's own file is in the volume."""
    return item.treatment is Treatment.NATIVE


def _path(kind: str, count: int, specification: Specification, name: str) -> str:
    folder = getattr(specification.folders, kind)
    return f"{folder}/{count // specification.max_files + 1:04d}/{name}"


def link(path: str) -> str:
    """A path as load files write it."""
    return ".\\" + path.replace("/", "\\")
