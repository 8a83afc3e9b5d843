"""Notes that reviewers write on documents. A note is withdrawn, never erased."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from pyroaring import BitMap

from records import audit, roles, tables, times
from records.case import Case
from records.errors import RoleError, TagError
from records.numbers import next_number, table_of
from records.roles import UserRole
from review.targets import require_known

_N = tables.document_notes.c
_LONGEST = 10_000


@dataclass(frozen=True, slots=True)
class Note:
    """A note as the record has it."""

    number: int
    document: int
    text: str
    actor: str
    at: str
    withdrawn_by: str | None
    withdrawn_at: str | None


def add(case: Case, text: str, ids: Iterable[int], origin: dict[str, Any]) -> tuple[int, int]:
    """Write a note on each of some documents; the numbers of the first and the last note.

    Raises `TagError` for a note that says nothing or too much, `SelectionError` for ids that name
    no document.
    """
    text = text.strip()
    if not text or len(text) > _LONGEST:
        raise TagError(f"A note has 1 to {_LONGEST:,} characters")
    documents = BitMap(ids)
    with case.write(UserRole.REVIEWER) as connection:
        require_known(connection, documents)
        first = next_number(connection, _N.id)
        given = table_of(connection, documents)
        rank = sa.func.row_number().over(order_by=given.c.id)
        said = [sa.literal(each, sa.Text) for each in (text, audit.actor(), times.now())]
        chosen = sa.select(sa.literal(first - 1, sa.Integer) + rank, given.c.id, *said)
        names = ["id", "document_id", "text", "actor", "at"]
        connection.execute(tables.document_notes.insert().from_select(names, chosen))
        last = first + len(documents) - 1
        audit.append(
            connection,
            "note written",
            notes=[first, last],
            documents=len(documents),
            text=text,
            origin=origin,
        )
    return first, last


def withdraw(case: Case, number: int) -> Note:
    """Withdraw a note; as it was before. A reviewer withdraws only what he wrote.

    Raises `TagError` for a note that is not there or was withdrawn, `RoleError` for another's.
    """
    with case.write(UserRole.REVIEWER) as connection:
        found = _listed(connection, _N.id == number)
        if not found:
            raise TagError(f"There is no note {number}: 'redwell note list' shows their numbers")
        note = found[0]
        if note.withdrawn_at is not None:
            raise TagError(f"Note {number} was withdrawn by {note.withdrawn_by} already")
        own = roles.require(connection, UserRole.REVIEWER) is not UserRole.REVIEWER
        if not own and note.actor != audit.actor():
            raise RoleError(
                f"Note {number} is {note.actor}'s, and a reviewer withdraws only what he wrote: "
                f"ask {note.actor} or an admin"
            )
        values = {"withdrawn_by": audit.actor(), "withdrawn_at": times.now()}
        connection.execute(tables.document_notes.update().where(_N.id == number).values(values))
        audit.append(
            connection, "note withdrawn", note=number, document=note.document, by=note.actor
        )
    return note


def listing(
    case: Case, documents: Iterable[int] | None = None, *, withdrawn: bool = False
) -> list[Note]:
    """Notes in the order they were written: of some documents or of all."""
    with case.read() as connection:
        which: sa.ColumnElement[bool] = sa.true() if withdrawn else _N.withdrawn_at.is_(None)
        if documents is not None:
            chosen = BitMap(documents)
            require_known(connection, chosen)
            given = table_of(connection, chosen)
            which = sa.and_(which, _N.document_id.in_(sa.select(given.c.id)))
        return _listed(connection, which)


def _listed(connection: sa.Connection, which: sa.ColumnElement[bool]) -> list[Note]:
    columns = (_N.id, _N.document_id, _N.text, _N.actor, _N.at, _N.withdrawn_by, _N.withdrawn_at)
    rows = connection.execute(sa.select(*columns).where(which).order_by(_N.id))
    return [Note(*row) for row in rows]
