"""Looks, before anything is made, whether the DAT's encoding has all letters of the documents."""

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from produce.layout import Delivery, Place
from produce.loadfile import lacked
from produce.record import PlannedItem, Production
from produce.redaction.fields import Masks
from produce.rows import dat_rows
from produce.specification import Specification
from produce.treating import Item
from produce.values import in_columns
from records.errors import SpecificationError

_SHOWN = 20


def refuse_lacking(
    connection: sa.Connection, specification: Specification, planned: Sequence[Item]
) -> None:
    """Raise `SpecificationError` naming the documents whose values cp1252 lacks a letter of.

    The other encodings have them all.
    """
    if specification.dat_encoding != "cp1252":
        return
    found = list(_lacking(connection, specification, planned))
    if not found:
        return
    more = f"\n  … and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    lines = "".join(f"\n  {each}" for each in found[:_SHOWN])
    raise SpecificationError(
        f"The DAT cannot be in cp1252, which lacks letters of {len(found)} values; none is ever "
        f"replaced, so take load_files.dat_encoding utf-8-sig or utf-16le:{lines}{more}"
    )


def _lacking(
    connection: sa.Connection, specification: Specification, planned: Sequence[Item]
) -> Iterator[str]:
    name = specification.name
    production = Production(0, name, "planned", "", None, specification, {}, None)
    wanted = [
        Delivery(Place(_numbered(specification, at, each), (), (), "x"), None, None, None)
        for at, each in enumerate(planned)
    ]
    for values in dat_rows(connection, production, wanted, Masks()):
        row, encoding = in_columns(specification, values), specification.dat_encoding
        if not lacked("\n".join(row), encoding):
            continue
        for (column, _), value in zip(specification.fields, row, strict=True):
            if letter := lacked(value, encoding):
                yield (
                    f"{values['ControlNumber']}: {column} holds {letter!r} (U+{ord(letter):04X})"
                )


def _numbered(specification: Specification, at: int, item: Item) -> PlannedItem:
    """An item as it would be with some number: which one makes no letter more."""
    bates = specification.bates(1)
    return PlannedItem(
        position=at,
        document_id=item.member.id,
        treatment=item.treatment,
        reason=item.reason,
        state="planned",
        pages=1,
        render_sha256=None,
        first=bates,
        last=bates,
        detail=item.detail(),
    )
