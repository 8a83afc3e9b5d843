"""What later collections changed of documents already produced: who else had them, and where.

What the volume told is read from its frozen DAT: it is what the other side loaded, and its hash
is on record since the freeze, while rows of documents tell of today only. Every overlay stays in
the store and is laid over it in turn, so the next one tells what changed after the last.

An overlay only adds. That a copy lay with someone is a fact, whatever scope or list puts copies
aside today: what was told is not taken back.

A document that was replaced is told of as the replacement told it, in an overlay of that.

A path that the production hid stays hidden, and one that would name a document withheld today is
not told; what is withheld today is left out as a whole.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import batched
from pathlib import Path
from typing import BinaryIO

import sqlalchemy as sa

from produce.facts import closed_today
from produce.loadfile import clean
from produce.reach import inside
from produce.reader import UnreadableError, dat_columns
from produce.record import AnyRow, PlannedItem, Production, items
from produce.redaction.interface import REDACTED
from produce.selection import in_chunks
from produce.treatment import Treatment
from produce.values import multiple
from records import tables
from records.case import Case
from records.errors import ProductionError, StoreError
from store import Store, sha256_of

STAGE = "overlay custodians"
KEY = "BegBates"
FIELDS = ("AllCustodians", "AllPaths")
_CHUNK = 500

type Told = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A produced document that others are known to have had: what was told, and what is so now.

    In the order of the overlay's fields; `was` as the load file had it.
    """

    beg: str
    document_id: int
    was: tuple[str, ...]
    now: tuple[str, ...]


@dataclass(slots=True)
class Tally:
    """Counts of one production; `withheld` are left out for what the tags of today withhold.

    `hidden` counts copies whose path is not told.
    """

    looked_at: int = 0
    changed: int = 0
    withheld: int = 0
    hidden: int = 0
    fields: tuple[str, ...] = field(default=FIELDS)


def wanted(
    found: Sequence[Production], name: str | None, since: str | None
) -> tuple[Production, ...]:
    """The frozen productions that are asked for. Raises `ProductionError`."""
    frozen = [each for each in found if each.state == "frozen"]
    for asked in (name, since):
        if asked is not None and asked not in {each.name for each in frozen}:
            known = ", ".join(each.name for each in frozen) or "none"
            raise ProductionError(
                f"There is no frozen production {asked!r} to overlay; frozen are: {known}"
            )
    if name is not None:
        return tuple(each for each in frozen if each.name == name)
    if since is not None:
        first = next((each.frozen_at or "", each.id) for each in frozen if each.name == since)
        frozen = [each for each in frozen if (each.frozen_at or "", each.id) >= first]
    return tuple(frozen)


def fields_of(case: Case, found: Production) -> tuple[str, ...]:
    """Which of the fields the production's own DAT has."""
    names = [column_of(found, each) or each for each in FIELDS]
    with _opened(_place(case, found)) as file:
        rows = dat_columns(file, names, found.specification.dat_encoding)
        first = next(_readable(rows, found), (None,) * len(FIELDS))
    return tuple(name for name, value in zip(FIELDS, first, strict=True) if value is not None)


def column_of(found: Production, field: str) -> str | None:
    """What the production's DAT calls a field; None where it has not got it."""
    return next((name for name, held in found.specification.fields if held == field), None)


def columns_of(found: Production, fields: Sequence[str]) -> tuple[str, ...]:
    """The columns of an overlay of a production, the key first."""
    return tuple(column_of(found, each) or each for each in (KEY, *fields))


def changes(
    case: Case,
    connection: sa.Connection,
    store: Store,
    found: Production,
    earlier: Sequence[str],
    tally: Tally,
) -> Iterator[Change]:
    """What changed of a production since its volume, or the last of the `earlier` overlays.

    In the order of the volume; `tally` is counted on meanwhile.
    """
    planned = items(connection, found.id)
    closed = closed_today(connection, found, planned)
    names = {row.id: row.name for row in connection.execute(sa.select(tables.custodians))}
    with ExitStack() as held:
        told = _told(case, store, found, earlier, tally.fields, held)
        for some in batched(zip(planned, told, strict=True), _CHUNK):
            open_ones = [
                (item, was)
                for item, was in some
                if item.treatment is not Treatment.WITHHELD and item.replaced_by is None
            ]
            tally.looked_at += len(open_ones)
            left = [(item, was) for item, was in open_ones if item.document_id not in closed]
            tally.withheld += len(open_ones) - len(left)
            groups = _groups(connection, {item.document_id for item, _ in left})
            hidden = inside(connection, {m.id for group in groups.values() for m in group}, closed)
            for item, was in left:
                group = groups[item.document_id]
                now = _now(item, group, was, names, hidden, tally)
                if now != was:
                    tally.changed += 1
                    yield Change(item.first, item.document_id, was, now)


def _groups(connection: sa.Connection, ids: set[int]) -> dict[int, list[AnyRow]]:
    """Each document with all that equals it: itself first, the others as they were collected."""
    d = tables.documents.c
    rows = in_chunks(
        connection, lambda some: sa.select(d.id, d.duplicate_of_id).where(d.id.in_(some)), ids
    )
    kept = {row.id: row.duplicate_of_id or row.id for row in rows}
    members = _members(connection, set(kept.values()))
    return {each: _led_by(each, members[owner]) for each, owner in kept.items()}


def _members(connection: sa.Connection, kept: set[int]) -> dict[int, list[AnyRow]]:
    """Kept documents with their copies."""
    d = tables.documents.c
    columns = (d.id, d.duplicate_of_id, d.custodian_id, d.address)
    own = in_chunks(connection, lambda some: sa.select(*columns).where(d.id.in_(some)), kept)
    found: dict[int, list[AnyRow]] = {row.id: [row] for row in own}
    copies = in_chunks(
        connection, lambda some: sa.select(*columns).where(d.duplicate_of_id.in_(some)), kept
    )
    for row in copies:
        found[row.duplicate_of_id].append(row)
    return found


def _led_by(first: int, rows: list[AnyRow]) -> list[AnyRow]:
    return sorted(rows, key=lambda row: (row.id != first, row.id))


def _now(
    item: PlannedItem,
    group: Sequence[AnyRow],
    was: tuple[str, ...],
    names: dict[int, str],
    hidden: set[int],
    tally: Tally,
) -> tuple[str, ...]:
    """Today's values. A copy that lies in what is withheld keeps its path to itself."""
    custodians = [names[row.custodian_id] for row in group]
    closed = item.detail["hide_path"] or item.detail.get("redactions")  # a path may tell the words
    shown = [] if closed else [row for row in group if row.id not in hidden]
    today = {"AllCustodians": custodians, "AllPaths": [row.address for row in shown]}
    told = dict(zip(tally.fields, was, strict=True))
    tally.hidden += sum(
        1
        for row in group
        if row.id in hidden and _as_told(row.address) not in told.get("AllPaths", "").split(";")
    )
    return tuple(_with(told[name], today[name]) for name in tally.fields)


def _with(told: str, today: Sequence[str]) -> str:
    """What was told, and behind it what is new; told values are as a load file has them."""
    if told == REDACTED:
        return told
    known = set(told.split(";"))
    new = [each for each in dict.fromkeys(today) if _as_told(each) not in known]
    return multiple([*told.split(";"), *new]) if new else told


def _as_told(value: str) -> str:
    """A value as it stands among others in a load file."""
    return clean(multiple([value]))[0]


def _told(
    case: Case,
    store: Store,
    found: Production,
    earlier: Sequence[str],
    fields: tuple[str, ...],
    held: ExitStack,
) -> Iterator[tuple[str, ...]]:
    """What the other side was told last of each document, in the order of the volume.

    Overlays are in that order too, so that they are read side by side.
    """
    columns, encoding = columns_of(found, fields), found.specification.dat_encoding
    volume = dat_columns(held.enter_context(_dat(case, found)), columns, encoding)
    overlays = [
        _Peeked(dat_columns(held.enter_context(_kept(store, sha256)), columns, encoding))
        for sha256 in earlier
    ]
    for beg, *values in _readable(volume, found):
        last = tuple(values)
        for each in overlays:
            last = each.at(beg, last)
        yield tuple(value or "" for value in last)


class _Peeked:
    """An overlay read along with the volume."""

    def __init__(self, rows: Iterator[Told]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    def at(self, beg: str | None, told: Told) -> Told:
        """What it says of a document, if it is about it."""
        if self._next is None or self._next[0] != beg:
            return told
        found, self._next = self._next[1:], next(self._rows, None)
        return tuple(old if new is None else new for old, new in zip(told, found, strict=True))


def _readable(rows: Iterator[Told], found: Production) -> Iterator[Told]:
    try:
        yield from rows
    except UnreadableError as error:
        raise ProductionError(f"The DAT of {found.name} cannot be read: {error}") from error


def _dat(case: Case, found: Production) -> BinaryIO:
    """The frozen DAT, its hash compared with the record. Raises `ProductionError`."""
    place = _place(case, found)
    f = tables.production_files.c
    with case.read() as connection:
        path = f"{found.specification.folders.data}/{place.name}"
        query = sa.select(f.sha256).where(f.production_id == found.id, f.path == path)
        sha256 = connection.execute(query).scalar()
    file = _opened(place)
    if sha256_of(file) != sha256:
        file.close()
        raise ProductionError(
            f"The load file {place} is not the one that was frozen: put the volume back as it was "
            f"('redwell produce check {found.name}' says more)"
        )
    file.seek(0)
    return file


def _place(case: Case, found: Production) -> Path:
    folder = case.productions_folder / found.name / found.specification.folders.data
    return folder / f"{found.name}.dat"


def _opened(place: Path) -> BinaryIO:
    try:
        return place.open("rb")
    except OSError as error:
        raise ProductionError(
            f"The load file {place} cannot be read ({error.strerror}): what the other side was "
            "told stands in it. Put the frozen volume back in its place"
        ) from error


def _kept(store: Store, sha256: str) -> BinaryIO:
    if not store.verify(sha256):
        raise StoreError(f"The overlay {sha256} is damaged: restore the blob from a backup")
    return store.open(sha256)
