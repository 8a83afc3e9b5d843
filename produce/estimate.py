"""What a volume will come to, before it is made: pages, bytes, time, and on what that rests."""

import math
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from produce.record import productions
from produce.selection import in_chunks
from produce.specification import Specification
from produce.treating import Item
from produce.treatment import BOOK_TYPES, OFFICE_TYPES, SHEET_TYPES, Treatment
from records import tables
from records.case import Case

# Measured on the sample matter: `python -m bench.profiles`, see bench/README.md.
CHARACTERS = 1800  # of text on a page
IMAGE_BYTES = {"tiff": 13_300, "pdf": 9_300}  # a page, at 300 dpi
CORE_SECONDS = {"tiff": 0.08, "pdf": 0.06, "none": 0.0}  # a page: imaged, stamped, checked
DOCUMENT_SECONDS = 0.02  # a document: its text, its native, its row
OFFICE_SECONDS = 0.6  # a document that LibreOffice turns into pages
START_SECONDS = 8.0  # workers and LibreOffice begin

_ENOUGH = 10  # documents of a type from which its average is taken


@dataclass(frozen=True, slots=True)
class Estimate:
    """Pages, bytes by kind of file, seconds with so many workers; what each rests on in words."""

    pages: int
    image_bytes: int
    text_bytes: int
    native_bytes: int
    seconds: int
    workers: int
    rests_on: tuple[str, ...]

    @property
    def gigabytes(self) -> float:
        """All of the volume, in 10⁹ bytes."""
        return round((self.image_bytes + self.text_bytes + self.native_bytes) / 1e9, 3)

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self) | {"gigabytes": self.gigabytes}


@dataclass(frozen=True, slots=True)
class _Known:
    """What is on record of a document: pages it has, characters of its text, bytes, its type."""

    pages: int | None
    characters: int
    size: int
    type: str


def estimate(
    case: Case, connection: sa.Connection, specification: Specification, items: Sequence[Item]
) -> Estimate:
    """Estimate a volume from what the case knows of its documents and earlier volumes."""
    known = _known(connection, {each.member.id for each in items})
    imaged = _imaged(connection, specification)
    rests: Counter[str] = Counter()
    pages = sum(_pages(each, specification, known, imaged, rests) for each in items)
    a_page, why = _page_bytes(connection, specification)
    workers = case.settings.workers or os.cpu_count() or 1
    office = sum(
        1
        for each in items
        if each.treatment is Treatment.IMAGE
        and known[each.member.id].type in OFFICE_TYPES | BOOK_TYPES
    )
    work = pages * CORE_SECONDS[specification.kind] + len(items) * DOCUMENT_SECONDS
    work += office * OFFICE_SECONDS
    natives = [each for each in items if each.treatment is Treatment.NATIVE]
    letters = 2 if specification.text_encoding == "utf-16le" else 1
    lines = [f"pages of {count} documents: {what}" for what, count in rests.most_common()]
    lines += [why] if specification.kind != "none" else []
    lines.append(
        f"time: {CORE_SECONDS[specification.kind]} core seconds a page, {DOCUMENT_SECONDS} a "
        f"document and {OFFICE_SECONDS} more an office document ({office}), as measured on the "
        f"sample matter, on {workers} workers; a slow or busy machine takes longer"
    )
    return Estimate(
        pages=pages,
        image_bytes=round(pages * a_page),
        text_bytes=letters * sum(known[i.member.id].characters for i in items if _has_text(i)),
        native_bytes=sum(known[each.member.id].size for each in natives),
        seconds=round(START_SECONDS + work / workers),
        workers=workers,
        rests_on=tuple(lines),
    )


def _has_text(item: Item) -> bool:
    return item.treatment is not Treatment.WITHHELD


def _pages(
    item: Item,
    specification: Specification,
    known: dict[int, _Known],
    imaged: "_Imaged",
    rests: Counter[str],
) -> int:
    if specification.kind == "none":
        return 0
    if item.treatment is not Treatment.IMAGE:
        rests["one slip sheet each"] += 1
        return 1
    found = known[item.member.id]
    if item.member.id in imaged.pages:
        rests["imaged before in this case"] += 1
        return imaged.pages[item.member.id]
    printed = found.type in SHEET_TYPES  # what processing counts of them are no pages
    if found.pages and not printed:
        rests["counted when they were processed"] += 1
        return found.pages
    if found.type in imaged.averages:
        rests["the average of their type in earlier volumes of this case"] += 1
        return max(1, round(imaged.averages[found.type]))
    pages = max(1, math.ceil(found.characters / CHARACTERS))
    if printed and pages > specification.sheet_pages:
        rests["one slip sheet each, over office.sheet_pages by the length of their text"] += 1
        return 1
    rests[f"{CHARACTERS} characters of text a page"] += 1
    return pages


def _known(connection: sa.Connection, ids: set[int]) -> dict[int, _Known]:
    d = tables.documents.c
    rows = in_chunks(
        connection,
        lambda some: sa.select(d.id, d.pages, d.text_chars, d.size, d.type).where(d.id.in_(some)),
        ids,
    )
    return {row.id: _Known(row.pages, row.text_chars, row.size, row.type) for row in rows}


@dataclass(frozen=True, slots=True)
class _Imaged:
    """Pages of documents that were imaged already, and their average by type."""

    pages: dict[int, int]
    averages: dict[str, float]


def _imaged(connection: sa.Connection, specification: Specification) -> _Imaged:
    i, d = tables.production_items.c, tables.documents.c
    alike = [
        each.id
        for each in productions(connection)
        if each.specification.office == specification.office
    ]
    rows = connection.execute(
        sa.select(i.document_id, i.pages, d.type)
        .join(tables.documents, d.id == i.document_id)
        .where(i.treatment == Treatment.IMAGE, i.render_sha256.is_not(None), i.pages.is_not(None))
        .where(i.production_id.in_(alike))
    ).all()
    by_type: dict[str, dict[int, int]] = {}
    for row in rows:
        by_type.setdefault(row.type, {})[row.document_id] = row.pages
    return _Imaged(
        {row.document_id: row.pages for row in rows},
        {
            type_: sum(found.values()) / len(found)
            for type_, found in by_type.items()
            if len(found) >= _ENOUGH
        },
    )


def _page_bytes(connection: sa.Connection, specification: Specification) -> tuple[float, str]:
    """Bytes of a page image, and where that is from."""
    kind, f = specification.kind, tables.production_files.c
    if kind == "none":
        return 0.0, ""
    pages = size = 0
    for each in productions(connection):
        same = (each.specification.kind, each.specification.dpi) == (kind, specification.dpi)
        if each.state == "frozen" and same:
            images = f.path.startswith(f"{each.specification.folders.images}/", autoescape=True)
            query = sa.select(sa.func.sum(f.size)).where(f.production_id == each.id, images)
            size += int(connection.execute(query).scalar() or 0)
            pages += each.counts["made"]["pages"]
    if pages:
        a_page = size / pages
        return a_page, f"{a_page:,.0f} bytes a page: {pages} pages of this case's earlier volumes"
    a_page = IMAGE_BYTES[kind] * ((specification.dpi / 300) ** 2 if kind == "tiff" else 1)
    return a_page, f"{a_page:,.0f} bytes a page, as measured on the sample matter"
