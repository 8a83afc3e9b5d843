"""Writes the load files that a specification asks for, from the places and rows of a volume."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from produce.columns import FIXED
from produce.edrm import MOMENTS, TAGS, EdrmDocument, EdrmFile, EdrmTag, write_edrm
from produce.layout import Delivery
from produce.loadfile import LfpLine, OptLine, Remark, write_dat, write_lfp, write_opt
from produce.putting import put
from produce.record import Production
from produce.redaction.fields import masks_of
from produce.rows import dat_rows
from produce.treatment import MAILS
from produce.values import in_columns, with_properties
from records import tables
from records.case import Case


def write_loads(
    case: Case,
    connection: sa.Connection,
    production: Production,
    volume: Path,
    wanted: Sequence[Delivery],
) -> tuple[list[dict[str, Any]], tuple[Remark, ...]]:
    """Write them; their rows for the record, and values that had to be changed.

    Raises `ProductionError` for a letter that the DAT's encoding lacks.
    """
    specification = production.specification
    base = f"{specification.folders.data}/{production.name}"
    remarks: list[Remark] = []
    columns = specification.fields
    key = [held for _, held in columns].index("BegBates")
    masks = masks_of(case, connection, production)
    values = map(with_properties, dat_rows(connection, production, wanted, masks))
    rows = (in_columns(specification, each) for each in values)
    written = [
        put(
            volume,
            f"{base}.dat",
            lambda file: remarks.extend(
                write_dat(
                    file, [each for each, _ in columns], rows, specification.dat_encoding, key
                )
            ),
        )
    ]
    if "opt" in specification.load_files:
        lines = opt_lines(production.name, wanted)
        written.append(put(volume, f"{base}.opt", lambda file: write_opt(file, lines)))
    if "lfp" in specification.load_files:
        pages = lfp_lines(production.name, wanted)
        written.append(put(volume, f"{base}.lfp", lambda file: write_lfp(file, pages)))
    if "edrm" in specification.load_files:
        listed = recorded(connection, production.id)
        told = tuple(dict.fromkeys(held for _, held in columns if not held.startswith(FIXED)))
        again = map(with_properties, dat_rows(connection, production, wanted, masks))
        documents = edrm_documents(again, wanted, listed, told)
        fields = [_field(name) for name in told]
        written.append(
            put(
                volume,
                f"{base}.xml",
                lambda file: write_edrm(file, production.name, fields, documents),
            )
        )
    return written, tuple(remarks)


def recorded(connection: sa.Connection, production_id: int) -> dict[str, tuple[str, int]]:
    """Files of a volume that are on record: path → hash and size."""
    f = tables.production_files.c
    rows = connection.execute(
        sa.select(f.path, f.sha256, f.size).where(f.production_id == production_id)
    )
    return {row.path: (row.sha256, row.size) for row in rows}


def opt_lines(volume: str, wanted: Sequence[Delivery]) -> Iterator[OptLine]:
    """A line an image: a page of TIFF, a document of PDF."""
    for each in wanted:
        place = each.place
        for count, path in enumerate(place.images):
            pages = place.item.pages if count == 0 else None
            yield OptLine(place.bates[count], volume, path, count == 0, pages)


def lfp_lines(volume: str, wanted: Sequence[Delivery]) -> Iterator[LfpLine]:
    """A line a page; a file of several pages is named with each of them."""
    for each in wanted:
        place = each.place
        first = "D" if place.item.detail["parent"] is None else "C"
        many = len(place.images) < len(place.bates)
        for count, key in enumerate(place.bates if place.images else ()):
            path = place.images[0] if many else place.images[count]
            yield LfpLine(key, "" if count else first, count + 1 if many else 0, volume, path)


def edrm_documents(
    rows: Iterable[dict[str, str]],
    wanted: Sequence[Delivery],
    listed: dict[str, tuple[str, int]],
    told: Sequence[str],
) -> Iterator[EdrmDocument]:
    """The documents of a volume, with those fields only that its DAT tells too."""
    for values, each in zip(rows, wanted, strict=True):
        own = [("Native", each.native), ("Text", each.place.text)]
        own += [("Image", path) for path in each.place.images]
        files = [EdrmFile(k, path, listed[path][1], listed[path][0]) for k, path in own if path]
        yield EdrmDocument(
            number=values["BegBates"],
            kind="Message" if values.get("DocType") in MAILS else "File",
            mime=values.get("MimeType", "") if "MimeType" in told else "",
            parent=values.get("ParentBates", ""),
            custodian=values["Custodian"],
            location=values.get("FilePath", "") if "FilePath" in told else "",
            files=tuple(files),
            tags=tuple(_tag(name, values) for name in told if values.get(name)),
        )


def _field(name: str) -> tuple[str, str]:
    """A field by the name and kind of its tag."""
    return TAGS.get(name, name), "DateTime" if name in MOMENTS else "Text"


def _tag(name: str, values: dict[str, str]) -> EdrmTag:
    tag, kind = _field(name)
    moment = values.get(name.replace("Date", "Moment"), "") if name in MOMENTS else ""
    return EdrmTag(tag, kind, moment or values[name])
