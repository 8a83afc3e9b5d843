"""Numbers that are here already: refused with advice, or replaced where the user says so."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from produce.received import record
from produce.received.assemble import Volume
from produce.received.interface import Entry
from produce.received.numbers import key, number
from records import tables
from records.errors import ReceiptError

_R, _V = tables.received_documents.c, tables.received.c


@dataclass(frozen=True, slots=True)
class Stays:
    """A document of the replaced volume that is not replaced, and its family."""

    id: int
    family: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Which documents of another volume this one replaces, by their numbers as compared.

    `staying` are those of it that stay: families may be replaced in part.
    """

    volume_id: int | None = None
    volume: str = ""
    by_number: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    staying: Mapping[str, Stays] = field(default_factory=dict)

    def replaced(self, entry: Entry) -> tuple[int, ...]:
        """The documents that one with this number takes the place of."""
        return self.by_number.get(key(entry.beg), ()) if entry.beg else ()

    def parent_of(self, entry: Entry) -> Stays | None:
        """The parent of a document that stays in the replaced volume, where its row names one."""
        if entry.parent is not None or not self.staying:
            return None
        for told in (entry.parent_bates, entry.beg_attach):
            if told and key(told) != key(entry.beg) and key(told) in self.staying:
                return self.staying[key(told)]
        return None


def plan(
    connection: sa.Connection, volume: Volume, party: str, title: str, replaces: str | None
) -> Plan:
    """What is replaced. Raises `ReceiptError` where numbers of this party are here already.

    A volume that replaces another may bring new numbers too, and replace what replaced that one;
    numbers of the party's other volumes it may not touch.
    """
    chosen = record.volume(connection, replaces) if replaces is not None else None
    if chosen is not None and chosen.party.casefold() != party.casefold():
        raise ReceiptError(
            f"{chosen.name} came from {chosen.party}, not from {party}: a volume replaces what the "
            "same party produced"
        )
    if chosen is not None and chosen.state != "complete":
        raise ReceiptError(f"{chosen.name} is not loaded to its end: run its load again first")
    own = {key(each.beg) for each in volume.entries if each.beg}
    versions = record.replacing_each_other(connection, chosen.id) if chosen is not None else set()
    clashes: dict[str, list[str]] = {}
    by_number: dict[str, tuple[int, ...]] = {}
    staying: dict[str, Stays] = {}
    for row in record.standing(connection):
        same = (
            row.party.casefold() == party.casefold() and row.volume.casefold() != title.casefold()
        )
        if not same:
            continue
        if key(row.beg_bates) not in own:
            if row.volume_id in versions and row.beg_bates:
                staying.setdefault(key(row.beg_bates), Stays(row.document_id, row.family_id))
            continue
        if row.volume_id in versions:
            had = by_number.get(key(row.beg_bates), ())
            by_number[key(row.beg_bates)] = (*had, row.document_id)
        else:
            clashes.setdefault(row.volume, []).append(row.beg_bates)
    if clashes:
        raise ReceiptError(_clash(clashes, party))
    if chosen is None:
        return Plan()
    if not by_number and not _is_begun(connection, title):
        raise ReceiptError(
            f"Nothing of this volume has a number of {chosen.name}: load it without --replaces"
        )
    _refuse_columns_only(connection, volume, by_number, chosen.name)
    return Plan(chosen.id, chosen.name, by_number, staying)


def _refuse_columns_only(
    connection: sa.Connection,
    volume: Volume,
    by_number: Mapping[str, tuple[int, ...]],
    name: str,
) -> None:
    """An overlay of columns would take bytes and text of the documents that it lies over away."""
    d = tables.documents.c
    empty = [
        each
        for each in volume.entries
        if not (each.native or each.text or each.has_text_field)
        and not any(page.path for page in each.images)
        and key(each.beg) in by_number
    ]
    lost = []
    for entry in empty:
        query = sa.select(d.id).where(d.id.in_(by_number[key(entry.beg)]), d.sha256.is_not(None))
        if connection.execute(query).first() is not None:
            lost.append(entry.beg)
    if lost:
        raise ReceiptError(
            f"{len(lost)} documents come without native, image and text (as "
            f"{min(lost, key=_order)}), and in {name} they have some: columns alone are not laid "
            "over what is here. Ask for a replacement that is whole"
        )


def _is_begun(connection: sa.Connection, title: str) -> bool:
    names = connection.execute(sa.select(_V.name)).scalars()
    return any(name.casefold() == title.casefold() for name in names)


def _clash(clashes: Mapping[str, list[str]], party: str) -> str:
    told = "; ".join(
        f"{len(begs)} in {name} (as {min(begs, key=_order)})" for name, begs in clashes.items()
    )
    (first, *_) = clashes
    return (
        f"{party} produced documents of these numbers before: {told}. If this volume replaces "
        f"them, say --replaces {first}; if it is the same volume from another folder, there is "
        "nothing to load; else ask the party which is right"
    )


def _order(beg: str) -> tuple[str, int]:
    found = number(beg)
    return (found.prefix, found.value) if found else (beg, 0)
