"""Acts of coding on record: what one of them did is written and told of in one transaction.

An act is one or more events, each a tag put on documents or taken off, with the documents that
really changed. `document_tags` is what the events make.
"""

from typing import Any

import sqlalchemy as sa
from pyroaring import BitMap

from records import audit, tables, times
from records.errors import DatabaseError, TagError
from records.numbers import next_number, table_of
from review.rules import Plan

_E, _D = tables.tag_events.c, tables.document_tags.c
_EVENT_COLUMNS = ("event_id", "document_id", "basis", "undone_by")


def write(
    connection: sa.Connection, plan: Plan, origin: dict[str, Any], basis: str | None = None
) -> int:
    """Do what a plan says; the number of the act. The basis goes with every tag put on."""
    act = next_act(connection)
    for tag, ids in plan.removes.items():
        if ids:
            take_off(connection, event(connection, act, tag, "remove", len(ids), origin), tag, ids)
    for tag, ids in plan.adds.items():
        if not ids:
            continue
        number = event(connection, act, tag, "add", len(ids), origin)
        given = table_of(connection, ids)
        told = sa.literal(basis, sa.Text)
        put_on(connection, number, tag, sa.select(given.c.id, told), len(ids))
    return act


def next_act(connection: sa.Connection) -> int:
    """The number of the next act; writers go one after the other."""
    return next_number(connection, _E.act)


def require_act(connection: sa.Connection, act: int) -> None:
    """Raise `TagError` for the number of an act that is none."""
    if connection.execute(sa.select(_E.id).where(_E.act == act).limit(1)).first() is None:
        last = next_act(connection) - 1
        raise TagError(
            f"There is no act {act}; there are {last} of them: 'redwell tag history' lists them"
            if last
            else f"There is no act {act}: nothing was tagged yet"
        )


def event(
    connection: sa.Connection,
    act: int,
    tag: int,
    action: str,
    count: int,
    origin: dict[str, Any],
    undoes: int | None = None,
) -> int:
    """Write an event without its documents; its number."""
    number = next_number(connection, _E.id)
    connection.execute(
        tables.tag_events.insert().values(
            id=number,
            act=act,
            tag_id=tag,
            action=action,
            actor=audit.actor(),
            at=times.now(),
            origin=origin,
            count=count,
            undoes=undoes,
        )
    )
    return number


def put_on(
    connection: sa.Connection,
    number: int,
    tag: int,
    rows: sa.Select[Any],
    count: int,
    undone_by: int | None = None,
) -> None:
    """Put a tag on the documents of `rows` (a document and its basis each), as an event says.

    The event is one that counts no more where `undone_by` is given.
    """
    document, basis = rows.subquery().c
    done = sa.literal(undone_by, sa.BigInteger)
    told = sa.select(sa.literal(number, sa.Integer), document, basis, done)
    kept = tables.tag_event_documents.insert().from_select(_EVENT_COLUMNS, told)
    _exactly(_run(connection, kept), count)
    borne = sa.select(sa.literal(tag, sa.Integer), document, basis)
    names = ["tag_id", "document_id", "basis"]
    _exactly(_run(connection, tables.document_tags.insert().from_select(names, borne)), count)


def take_off(
    connection: sa.Connection, number: int, tag: int, ids: BitMap, undone_by: int | None = None
) -> None:
    """Take a tag off documents, as an event says, which keeps the basis that goes with it."""
    given = table_of(connection, ids)
    there = (_D.tag_id == tag) & _D.document_id.in_(sa.select(given.c.id))
    done = sa.literal(undone_by, sa.BigInteger)
    told = sa.select(sa.literal(number, sa.Integer), _D.document_id, _D.basis, done).where(there)
    kept = tables.tag_event_documents.insert().from_select(_EVENT_COLUMNS, told)
    _exactly(_run(connection, kept), len(ids))
    _exactly(_run(connection, tables.document_tags.delete().where(there)), len(ids))


def _run(connection: sa.Connection, statement: sa.Insert | sa.Delete) -> int:
    """Run it; how many rows it wrote."""
    done = connection.execute(statement, execution_options={"preserve_rowcount": True})
    return done.rowcount


def _exactly(written: int, count: int) -> None:
    """An act changes the documents that it tells of, or nothing."""
    if written != count:
        raise DatabaseError(
            f"The coding on record is not what its events say ({written} documents where "
            f"{count} were to change): nothing was written. Run 'redwell audit verify', and if it "
            "fails restore case.db from a backup"
        )
