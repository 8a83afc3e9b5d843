"""Mailboxes that are opened in parts: which parts there are, and how many are on record.

The row of a mailbox, and what its parts are, become real in one transaction; each part in one of
its own, which counts it as done. A run that is taken up goes on with the first that is not.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ingest.interface import Deferred, MailboxPart
from records import tables
from records.codes import Disposition
from records.notes import Note

_O = tables.openings.c
_D = tables.documents.c


@dataclass(frozen=True, slots=True)
class Opening:
    """A mailbox under way and its parts that are not on record yet."""

    document_id: int
    parts: tuple[MailboxPart, ...]


def begin(
    connection: sa.Connection,
    collection: int,
    found: Sequence[tuple[int, Deferred]],
    mended: Collection[int],
    *,
    again: bool,
) -> tuple[int, ...]:
    """Note the parts of mailboxes that were just put on record.

    One that an earlier collection had opened holds nothing new, unless not all of it could be had
    then (`mended`) or it is to be looked through `again` for more than was wanted.
    """
    begun: list[int] = []
    for document_id, deferred in found:
        c = tables.documents.alias("inside").c
        held = sa.select(c.id).where(c.found_in_id == document_id).limit(1)
        wanted = again or document_id in mended
        if not wanted and connection.execute(held).one_or_none() is not None:
            continue
        parts = {
            "collection": collection,
            "depth": deferred.depth,
            "parts": list(deferred.parts),
        }
        row = {"document_id": document_id, "parts": parts, "done": 0}
        connection.execute(tables.openings.insert().values(row))
        begun.append(document_id)
    return tuple(begun)


def under_way(connection: sa.Connection, collection: int) -> list[Opening]:
    """The mailboxes that a collection has not opened to their end, in order."""
    columns = (_D.id, _D.address, _D.sha256, _D.size, _D.name_bytes, _D.type, _O.parts, _O.done)
    rows = connection.execute(
        sa.select(*columns).join(tables.openings, _O.document_id == _D.id).order_by(_D.id)
    ).all()
    wanted = (row for row in rows if row.parts["collection"] == collection)
    return [Opening(row.id, tuple(_left(row))) for row in wanted]


def _left(row: Any) -> Iterator[MailboxPart]:
    """The parts that are still to be opened, in order, as tasks take them."""
    for part in row.parts["parts"][row.done :]:
        yield MailboxPart(
            document_id=row.id,
            address=row.address,
            sha256=row.sha256,
            size=row.size,
            name_bytes=row.name_bytes,
            type=row.type,
            depth=row.parts["depth"],
            part=part,
        )


def part_done(
    connection: sa.Connection,
    mailbox: MailboxPart,
    notes: Sequence[Note],
    rows: Sequence[dict[str, Any]],
) -> None:
    """Count a part as on record, with what it has to say of its mailbox."""
    if rows:
        connection.execute(tables.notes.insert(), rows)
    if any(each.severity == "exception" for each in notes):
        connection.execute(
            tables.documents.update()
            .where(_D.id == mailbox.document_id)
            .values(outcome=Disposition.EXCEPTION, disposition=Disposition.EXCEPTION)
        )
    of = _O.document_id == mailbox.document_id
    connection.execute(tables.openings.update().where(of).values(done=_O.done + 1))
    row = connection.execute(sa.select(_O.parts, _O.done).where(of)).one()
    if row.done >= len(row.parts["parts"]):
        connection.execute(tables.openings.delete().where(of))
