"""Writes the load files that a specification asks for, from the places and rows of a volume."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from produce.layout import Delivery
from produce.loadfile import LfpLine, OptLine, Remark, write_dat, write_lfp, write_opt
from produce.putting import put
from produce.record import Production
from produce.rows import dat_rows
from produce.values import in_columns


def write_all(
    connection: sa.Connection, production: Production, volume: Path, wanted: Sequence[Delivery]
) -> tuple[list[dict[str, Any]], tuple[Remark, ...]]:
    """Write them; their rows for the record, and values that had to be changed.

    Raises `ProductionError` for a letter that the DAT's encoding lacks.
    """
    specification = production.specification
    base = f"{specification.folders.data}/{production.name}"
    remarks: list[Remark] = []
    columns = specification.fields
    key = [held for _, held in columns].index("BegBates")
    rows = (in_columns(specification, each) for each in dat_rows(connection, production, wanted))
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
    return written, tuple(remarks)


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
