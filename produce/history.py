"""What became of a Bates number: whose it is, and all that was done with it, oldest first."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from produce.overlay import STAGE
from produce.record import PlannedItem, Production, items, productions
from produce.versions import later_versions, shown_as
from records import tables
from records.case import Case
from records.control import control
from records.errors import ProductionError

_DIGITS = re.compile(r"(\d+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that was done: when, by whom, what."""

    at: str
    actor: str
    what: str


@dataclass(frozen=True, slots=True)
class History:
    """A number and its document, as its newest frozen version has it.

    `versions` are all volumes that hold it under this number, the oldest first, each with how it
    is produced there; `elsewhere` are ranges under which it stands in other volumes.
    """

    bates: str
    production: str
    state: str
    document: str
    range: str
    page: int
    pages: int
    treatment: str
    reason: str
    versions: tuple[str, ...]
    elsewhere: tuple[str, ...]
    events: tuple[Event, ...]

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        return asdict(self)


def history(case: Case, bates: str) -> History:
    """All that is on record of a number; raises `ProductionError` where no volume holds it."""
    with case.read() as connection:
        found, page, number = _found(connection, bates.strip())
        production, item = next(
            (each for each in found if each[0].state == "frozen" and each[1].replaced_by is None),
            found[0],
        )
        held = _reserved(connection, found[0][0])
        events = [each for one in found for each in _events(connection, *one)]
        events.insert(1, _given(found[0][0], held))
        return History(
            bates=number,
            production=production.name,
            state=production.state,
            document=control(item.document_id),
            range=_range(item),
            page=page + 1,
            pages=item.pages,
            treatment=item.treatment,
            reason=item.reason,
            versions=tuple(_version(*each) for each in found),
            elsewhere=_elsewhere(connection, [each.id for each, _ in found], item),
            events=tuple(sorted(events, key=_when)),
        )


type Version = tuple[Production, PlannedItem]


def _found(connection: sa.Connection, bates: str) -> tuple[list[Version], int, str]:
    """All versions of the document that bears a number, in any case, the volume's own first; the
    page, from 0; and the number as it is printed.
    """
    wanted = plain(bates)
    every = productions(connection)
    for production in every:
        if not bates.casefold().startswith(production.specification.prefix.casefold()):
            continue
        for item in items(connection, production.id):
            for page, number in enumerate(numbers_of(production, item)):
                if plain(number) == wanted:
                    found = _versions(connection, every, production, item.document_id)
                    return found, page, number
    raise ProductionError(
        f"No document of a production of this case bears {bates!r}; 'redwell produce list' has "
        "the productions"
    )


def _versions(
    connection: sa.Connection, every: list[Production], holder: Production, document: int
) -> list[Version]:
    """The document in the volume that its number is of, and in all replacements: the frozen ones
    in the order in which they took each other's place, then those that are made now.
    """
    volume = holder.replaces or holder.id
    mine = tables.production_items.c.document_id == document
    tree = [each for each in every if volume in (each.id, each.replaces)]
    found = {each.id: (each, item) for each in tree for item in items(connection, each.id, mine)}
    first = next(each for each in tree if each.id == volume)
    frozen = [volume, *later_versions(connection, first).get(document, ())]
    others = [each for each in found if each not in frozen and found[each][1].first]
    return [found[each] for each in (*frozen, *others)]


def _version(production: Production, item: PlannedItem) -> str:
    stands = "replaced" if item.replaced_by else production.state
    return f"{production.name} ({stands}): {shown_as(item)}, {item.pages} pages"


def numbers_of(production: Production, item: PlannedItem) -> tuple[str, ...]:
    """The numbers of an item's pages; none before it has any."""
    if not item.first:
        return ()
    specification = production.specification
    first = int(item.first[len(specification.prefix) :])
    return specification.page_numbers(first, item.pages)


def plain(bates: str) -> tuple[str, ...]:
    """A number without zeros in front and in one case: abc12 is ABC0000012."""
    parts = _DIGITS.split(bates.strip().casefold())
    return tuple(each.lstrip("0") or "0" if each.isdecimal() else each for each in parts)


def _reserved(connection: sa.Connection, production: Production) -> Any:
    r = tables.bates_reservations.c
    return connection.execute(
        sa.select(r.first, r.last, r.at).where(r.production_id == production.id)
    ).one()


def _range(item: PlannedItem) -> str:
    return item.first if item.first == item.last else f"{item.first} - {item.last}"


def _elsewhere(
    connection: sa.Connection, versions: Sequence[int], item: PlannedItem
) -> tuple[str, ...]:
    """Ranges in other volumes; of a replacement there, none again."""
    i, p = tables.production_items.c, tables.productions.c
    rows = connection.execute(
        sa.select(p.name, i.beg_bates, i.end_bates)
        .join(tables.productions, p.id == i.production_id)
        .where(
            i.document_id == item.document_id,
            i.beg_bates.is_not(None),
            p.id.not_in(versions),
            p.replaces_id.is_(None),
        )
        .order_by(p.id)
    )
    return tuple(f"{row.name} {row.beg_bates} - {row.end_bates}" for row in rows)


def _given(production: Production, held: Any) -> Event:
    bates = production.specification.bates
    reserved = f"{bates(held.first)} - {bates(held.last)}"
    return Event(held.at, "", f"{reserved} reserved for {production.name}")


def _events(connection: sa.Connection, production: Production, item: PlannedItem) -> list[Event]:
    p, d = tables.productions.c, tables.deliveries.c
    row = connection.execute(
        sa.select(p.actor, p.created_at, p.frozen_at).where(p.id == production.id)
    ).one()
    why = f" to replace this document: {production.reason}" if production.replaces else ""
    found = [Event(row.created_at, row.actor, f"{production.name} planned{why}")]
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
