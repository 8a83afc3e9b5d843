"""What became of a Bates number: whose it is, and all that was done with it, oldest first."""

import re
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from produce.overlay import STAGE
from produce.record import PlannedItem, Production, items, productions
from records import tables
from records.case import Case
from records.control import control
from records.errors import ProductionError

_BATES = re.compile(r"(.*?)(\d+)")


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that was done: when, by whom, what."""

    at: str
    actor: str
    what: str


@dataclass(frozen=True, slots=True)
class History:
    """A number and its document. `elsewhere` are ranges under which it stands in other volumes."""

    bates: str
    production: str
    state: str
    document: str
    range: str
    page: int
    pages: int
    treatment: str
    reason: str
    elsewhere: tuple[str, ...]
    events: tuple[Event, ...]

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        return asdict(self)


def history(case: Case, bates: str) -> History:
    """All that is on record of a number; raises `ProductionError` where no volume holds it."""
    prefix, number = _parts(bates)
    with case.read() as connection:
        held = _held(connection, prefix, number)
        production = next(
            (each for each in productions(connection) if held and each.id == held.production_id),
            None,
        )
        if held is None or production is None:
            raise ProductionError(
                f"No production of this case holds {bates}; 'redwell produce list' has them all"
            )
        item = _item(connection, production, prefix, number)
        if item is None:
            raise ProductionError(
                f"{bates} is reserved for {production.name} and on no document: it was not run on"
            )
        first = _parts(item.first)[1]
        return History(
            bates=production.specification.bates(number),
            production=production.name,
            state=production.state,
            document=control(item.document_id),
            range=_range(item),
            page=number - first + 1,
            pages=item.pages,
            treatment=item.treatment,
            reason=item.reason,
            elsewhere=_elsewhere(connection, production, item),
            events=tuple(sorted(_events(connection, production, item, held), key=_when)),
        )


def _parts(bates: str) -> tuple[str, int]:
    found = _BATES.fullmatch(bates.strip())
    if found is None:
        raise ProductionError(f"{bates!r} is no Bates number; write one as ABC0000001")
    return found.group(1), int(found.group(2))


def _held(connection: sa.Connection, prefix: str, number: int) -> Any:
    r = tables.bates_reservations.c
    return connection.execute(
        sa.select(r.production_id, r.first, r.last, r.prefix, r.at).where(
            sa.func.lower(r.prefix) == prefix.lower(), r.first <= number, r.last >= number
        )
    ).first()


def _item(
    connection: sa.Connection, production: Production, prefix: str, number: int
) -> PlannedItem | None:
    for each in items(connection, production.id):
        if each.first and _parts(each.first)[1] <= number <= _parts(each.last)[1]:
            return each
    return None


def _range(item: PlannedItem) -> str:
    return item.first if item.first == item.last else f"{item.first} - {item.last}"


def _elsewhere(
    connection: sa.Connection, production: Production, item: PlannedItem
) -> tuple[str, ...]:
    i, p = tables.production_items.c, tables.productions.c
    rows = connection.execute(
        sa.select(p.name, i.beg_bates, i.end_bates)
        .join(tables.productions, p.id == i.production_id)
        .where(
            i.document_id == item.document_id,
            i.beg_bates.is_not(None),
            p.id != production.id,
        )
        .order_by(p.id)
    )
    return tuple(f"{row.name} {row.beg_bates} - {row.end_bates}" for row in rows)


def _events(
    connection: sa.Connection, production: Production, item: PlannedItem, held: Any
) -> list[Event]:
    specification = production.specification
    found = [
        Event(
            held.at,
            "",
            f"{specification.bates(held.first)} - {specification.bates(held.last)} reserved for "
            f"{production.name}",
        )
    ]
    p, d = tables.productions.c, tables.deliveries.c
    row = connection.execute(
        sa.select(p.actor, p.created_at, p.frozen_at).where(p.id == production.id)
    ).one()
    found.append(Event(row.created_at, row.actor, f"{production.name} planned"))
    if row.frozen_at:
        what = f"{production.name} frozen, manifest {production.manifest_sha256}"
        found.append(Event(row.frozen_at, "", what))
    for each in connection.execute(
        sa.select(d.at, d.actor, d.recipient, d.archive_sha256).where(
            d.production_id == production.id
        )
    ):
        what = f"delivered to {each.recipient}, archive {each.archive_sha256}"
        found.append(Event(each.at, each.actor, what))
    found.extend(_clawbacks(connection, production, item))
    found.extend(_overlays(connection, production))
    return found


def _clawbacks(connection: sa.Connection, production: Production, item: PlannedItem) -> list[Event]:
    c, i = tables.clawbacks.c, tables.clawback_documents.c
    rows = connection.execute(
        sa.select(c.id, c.at, c.actor, c.recipient, c.reason)
        .join(tables.clawback_documents, i.clawback_id == c.id)
        .where(i.production_id == production.id, i.document_id == item.document_id)
    )
    return [
        Event(each.at, each.actor, f"asked back of {each.recipient} (clawback {each.id}): "
              f"{each.reason}")
        for each in rows
    ]  # fmt: skip


def _overlays(connection: sa.Connection, production: Production) -> list[Event]:
    """Overlays that changed rows of the volume."""
    r = tables.runs.c
    rows = connection.execute(
        sa.select(r.started_at, r.actor, r.summary).where(r.stage == STAGE, r.state == "complete")
    )
    return [
        Event(row.started_at, row.actor, f"overlay of custodians, DAT {each['dat_sha256']}")
        for row in rows
        for each in row.summary.get("productions", ())
        if each["production"] == production.name
    ]


def _when(event: Event) -> str:
    return event.at
