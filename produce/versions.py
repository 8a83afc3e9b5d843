"""Versions of produced documents: a frozen volume, and the replacements of some of it.

A replacement volume holds documents of another under the numbers that they have there. The newest
frozen version of a document stands; the older ones stay as they were frozen, and on record. All
replacements of a volume name the volume that holds the numbers, so that a replacement of a
replacement is one more version of the same document.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from produce.record import PlannedItem, Production, items, productions
from produce.treatment import Treatment
from records import tables
from records.control import control
from records.errors import ProductionError

_I, _P = tables.production_items.c, tables.productions.c


@dataclass(frozen=True, slots=True)
class Standing:
    """The version of a document that counts, and the production that it is in."""

    production: Production
    item: PlannedItem


def volume_of(connection: sa.Connection, found: Production) -> Production:
    """The volume that a production's numbers are of: itself unless it is a replacement."""
    if found.replaces is None:
        return found
    return next(each for each in productions(connection) if each.id == found.replaces)


def replacements(connection: sa.Connection, volume: int) -> list[Production]:
    """The replacements of a volume, in the order in which they were planned, frozen or not."""
    return [each for each in productions(connection) if each.replaces == volume]


def standing(connection: sa.Connection, volume: Production) -> dict[int, Standing]:
    """The standing version of each document of a volume, in the order of the volume."""
    own = items(connection, volume.id)
    newest = {each.document_id: Standing(volume, each) for each in own}
    for one in replacements(connection, volume.id):
        if one.state == "frozen":
            for each in items(connection, one.id, _I.replaced_by_id.is_(None)):
                newest[each.document_id] = Standing(one, each)
    return newest


def whole_set(connection: sa.Connection, found: Production) -> list[PlannedItem]:
    """What a reader of a volume's load file has before them, in the order of the numbers.

    Of a replacement its own documents, and of the volume that it replaces the standing versions of
    all others: families stay as they were numbered there.
    """
    own = items(connection, found.id)
    if found.replaces is None:
        return own
    mine = {each.document_id: each for each in own}
    others = standing(connection, volume_of(connection, found))
    return [mine.get(document, each.item) for document, each in others.items()]


def replaced_since(connection: sa.Connection, found: Production) -> dict[int, str]:
    """Documents of a production of which a newer version stands, and the volume that holds it."""
    rows = connection.execute(
        sa.select(_I.document_id, _P.name)
        .join(tables.productions, _P.id == _I.replaced_by_id)
        .where(_I.production_id == found.id)
        .order_by(_I.position)
    )
    return {row.document_id: row.name for row in rows}


def later_versions(connection: sa.Connection, found: Production) -> dict[int, list[int]]:
    """By document of a production the frozen ones that hold newer versions, the next one first."""
    volume = found.replaces or found.id
    rows = connection.execute(
        sa.select(_I.production_id, _I.document_id, _I.replaced_by_id)
        .join(tables.productions, _P.id == _I.production_id)
        .where(
            sa.or_(_P.id == volume, _P.replaces_id == volume),
            _I.replaced_by_id.is_not(None),
        )
    )
    after = {(row.production_id, row.document_id): row.replaced_by_id for row in rows}
    newer: dict[int, list[int]] = {}
    for holder, document in after:
        if holder == found.id:
            at: int | None = holder
            while (at := after.get((at or 0, document))) is not None:
                newer.setdefault(document, []).append(at)
    return newer


def refuse_overtaken(
    connection: sa.Connection, found: Production, planned: Sequence[PlannedItem]
) -> None:
    """Raise `ProductionError` where another replacement was frozen since this one was planned."""
    if found.replaces is None:
        return
    now = standing(connection, volume_of(connection, found))
    odd = [
        each
        for each in planned
        if now[each.document_id].production.name != each.detail["version"]["of"]
    ]
    if odd:
        newer = now[odd[0].document_id].production.name
        raise ProductionError(
            f"{len(odd)} documents of {found.name} were replaced since it was planned (as "
            f"{control(odd[0].document_id)}, by {newer}): plan it again with "
            f"'redwell produce replace'"
        )


def mark_replaced(connection: sa.Connection, found: Production) -> None:
    """Say of every version that a frozen replacement takes the place of, that it does."""
    if found.replaces is None:
        return
    i = tables.production_items
    own = i.alias("own")
    mine = sa.select(own.c.document_id).where(own.c.production_id == found.id)
    tree = sa.select(_P.id).where(
        sa.or_(_P.id == found.replaces, _P.replaces_id == found.replaces),
        _P.id != found.id,
        _P.state == "frozen",
    )
    changed = connection.execute(
        i.update()
        .where(
            _I.production_id.in_(tree),
            _I.document_id.in_(mine),
            _I.replaced_by_id.is_(None),
        )
        .values(replaced_by_id=found.id)
    )
    due = connection.execute(
        sa.select(sa.func.count()).select_from(i).where(_I.production_id == found.id)
    ).scalar_one()
    if changed.rowcount != due:
        raise ProductionError(
            f"{found.name} replaces {due} documents, and the record has {changed.rowcount} "
            "versions that stand: this is an error of the program"
        )


def shown_as(item: PlannedItem) -> str:
    """How a document is produced, in a few words."""
    shown = item.treatment is not Treatment.WITHHELD and item.detail.get("redactions")
    return f"{item.treatment}{', redacted' if shown else ''}"


def told(connection: sa.Connection, found: Production) -> dict[str, str]:
    """What the audit chain says of a replacement beside the rest; nothing of another volume."""
    if found.replaces is None:
        return {}
    return {"replaces": volume_of(connection, found).name, "reason": found.reason}


def numbers_taken(
    connection: sa.Connection, found: Production, planned: Sequence[PlannedItem], state: str
) -> list[dict[str, Any]]:
    """The rows that give each document of a replacement its numbers: those that it has.

    Every number that stood gets a page again: a document of fewer pages than before is filled up
    with sheets, and so is one that has sheets only. Raises `ProductionError` where pages are more
    than there are numbers.
    """
    known = {each.document_id: each for each in items(connection, int(found.replaces or 0))}
    numbered_by_page = found.specification.number_by == "page"
    shown = found.specification.kind != "none"
    over: list[tuple[PlannedItem, int]] = []
    rows: list[dict[str, Any]] = []
    for each in planned:
        due = int(each.detail["version"]["pages"])
        made = each.pages if each.render_sha256 is not None and shown else 0
        if made > due and numbered_by_page:
            over.append((each, due))
        rows.append(
            {
                "position": each.position,
                "state": state,
                "pages": max(due, made),
                "beg_bates": known[each.document_id].first,
                "end_bates": known[each.document_id].last,
                "detail": each.detail | {"filled": max(due - made, 0) if made else 0},
            }
        )
    _refuse_more(found, over, known)
    return rows


def _refuse_more(
    found: Production,
    over: Sequence[tuple[PlannedItem, int]],
    known: Mapping[int, PlannedItem],
) -> None:
    if not over:
        return
    told = "; ".join(
        f"{control(each.document_id)} has {each.pages} pages, and {known[each.document_id].first} "
        f"to {known[each.document_id].last} are {due}"
        for each, due in over[:5]
    )
    raise ProductionError(
        f"{len(over)} documents of {found.name} have more pages now than they have numbers: "
        f"{told}. No number is given to a page that has none. Plan the replacement again without "
        "them ('redwell produce replace'), and produce them under new numbers in a production of "
        "their own; a tag that withholds them lets a replacement put sheets under their old numbers"
    )
