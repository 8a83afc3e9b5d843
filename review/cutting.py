"""Cutting batches from a search: what is new goes into new batches, what stands is left.

One transaction cuts. A document is in one batch of a set at most. A unit (family, thread) goes
whole into one batch; who joins it later goes to its members, where their batch is not returned
yet. A unit larger than the size has a batch to itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from pyroaring import BitMap

from index.searching import Result, search
from records import audit, tables, times
from records.case import Case
from records.errors import ReviewError
from records.naming import alike, plain_name
from records.numbers import next_number
from review.batches import OPEN, RETURNED, Batch, BatchSet, batches, sets
from review.decisions import groups_named
from review.panel import load
from review.targets import in_review
from review.units import Unit, units

_S, _M = tables.batch_sets.c, tables.batch_documents.c
MOST = 100_000
SIZE = 50


@dataclass(frozen=True, slots=True)
class Cut:
    """What a cut did, or would do.

    `found` documents answer the search, `along` came with their units; `already` were in batches
    of the set, `joined` went to batches that hold others of their unit, by number, and the rest
    into the new batches `first` to `last`. `made` tells that the set is new; `groups` are the
    names of the groups of tags.
    """

    name: str
    query: str
    unit: str
    size: int
    groups: tuple[str, ...]
    made: bool
    found: int
    along: int
    already: int
    joined: dict[int, int]
    documents: int
    first: int | None
    last: int | None
    sizes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Wish:
    """A cut as it was asked for; None stands for what the set says, or the default of a new one."""

    name: str
    query: str | None = None
    unit: Unit | None = None
    size: int | None = None
    groups: tuple[str, ...] = ()


def cut(case: Case, wish: Wish, *, dry_run: bool = False) -> tuple[Cut, Result]:
    """Cut batches; what was done, and the answer of the search it rests on.

    Raises `ReviewError` for a set that was made otherwise than is wished now, or a wish that no
    set can be made of, `QueryError`, `TagError` for a group that is not there.
    """
    with case.read() as connection:
        query = _set(connection, wish).query
    result = search(case, query)
    with case.read() if dry_run else case.write() as connection:
        which = _set(connection, wish)
        found = result.ids
        whole = units(connection, Unit(which.unit), found, in_review(connection))
        placed = _Placed.read(connection, which)
        joined, fresh = placed.sort(whole)
        filled = list(_filled(fresh, which.size))
        done = _told(connection, which, placed, found, whole, joined, filled)
        if not dry_run and (done.documents or joined or done.made):
            _write(connection, which, done, joined, filled, placed)
            _audit(connection, done, result)
    return done, result


def _set(connection: sa.Connection, wish: Wish) -> BatchSet:
    """The set to cut for: the one on record, or a new one, of the id 0."""
    old = alike(wish.name, sets(connection), lambda each: each.name)
    panel = load(connection)
    if old is None:
        if wish.query is None:
            raise ReviewError(
                f"There is no set of batches {wish.name!r} yet: give the search that it is cut from"
            )
        size = SIZE if wish.size is None else wish.size
        groups = tuple(each.id for each in groups_named(panel, wish.groups))
        return BatchSet(0, _name(wish.name), wish.query, wish.unit or Unit.FAMILY, size, groups)
    groups = tuple(panel.group(each).id for each in wish.groups)
    for what, wanted, is_now in (
        ("the search", wish.query, old.query),
        ("the unit", wish.unit, old.unit),
        ("the size", wish.size, old.size),
        ("the groups of tags", {*groups} or None, {*old.groups}),
    ):
        if wanted is not None and wanted != is_now:
            shown = is_now if isinstance(is_now, str | int) else "other ones"
            raise ReviewError(
                f"'{old.name}' was made with {shown!r} as {what}: leave that out, or cut a set of "
                "another name"
            )
    return old


def _name(name: str) -> str:
    try:
        return plain_name(name)
    except ValueError as error:
        raise ReviewError(f"A set of batches cannot be called {name!r}: {error}") from error


@dataclass(frozen=True, slots=True)
class _Placed:
    """The batches of a set, and in which of them each document is."""

    batches: dict[int, Batch]
    batch_of: dict[int, int]

    @classmethod
    def read(cls, connection: sa.Connection, which: BatchSet) -> "_Placed":
        known = {each.id: each for each in batches(connection, which)} if which.id else {}
        query = sa.select(_M.document_id, _M.batch_id).where(_M.set_id == which.id)
        return cls(known, {row[0]: row[1] for row in connection.execute(query)})

    def sort(
        self, whole: Sequence[tuple[int, ...]]
    ) -> tuple[dict[int, list[int]], list[list[int]]]:
        """What goes to batches that hold others of its unit, and units for new batches."""
        joined: dict[int, list[int]] = {}
        fresh = []
        for unit in whole:
            new = [each for each in unit if each not in self.batch_of]
            there = {self.batch_of[each] for each in unit if each in self.batch_of}
            able = [each for each in there if self.batches[each].state != RETURNED]
            if new and able:
                joined.setdefault(min(able), []).extend(new)
            elif new:
                fresh.append(new)
        return joined, fresh


def _filled(fresh: Sequence[list[int]], size: int) -> Iterator[list[int]]:
    """Units put together up to the size, in their order."""
    batch: list[int] = []
    for unit in fresh:
        if batch and len(batch) + len(unit) > size:
            yield batch
            batch = []
        batch = batch + unit
    if batch:
        yield batch


def _told(
    connection: sa.Connection,
    which: BatchSet,
    placed: _Placed,
    found: BitMap,
    whole: Sequence[tuple[int, ...]],
    joined: dict[int, list[int]],
    filled: Sequence[list[int]],
) -> Cut:
    every = BitMap.union(BitMap(), *(BitMap(each) for each in whole))
    panel = load(connection)
    last = max((each.number for each in placed.batches.values()), default=0)
    return Cut(
        name=which.name,
        query=which.query,
        unit=which.unit,
        size=which.size,
        groups=tuple(panel.groups[each].name for each in which.groups),
        made=not which.id,
        found=len(found),
        along=len(every - found),
        already=len(every & BitMap(placed.batch_of)),
        joined={placed.batches[each].number: len(ids) for each, ids in sorted(joined.items())},
        documents=sum(map(len, filled)),
        first=last + 1 if filled else None,
        last=last + len(filled) if filled else None,
        sizes=tuple(map(len, filled)),
    )


def _write(
    connection: sa.Connection,
    which: BatchSet,
    done: Cut,
    joined: dict[int, list[int]],
    filled: Sequence[list[int]],
    placed: _Placed,
) -> None:
    number = which.id or _insert_set(connection, which)
    for batch, ids in joined.items():
        after = sum(each == batch for each in placed.batch_of.values())
        _put(connection, number, batch, ids, after)
    following = next_number(connection, tables.batches.c.id)
    for place, ids in enumerate(filled):
        connection.execute(
            tables.batches.insert().values(
                id=following + place,
                set_id=number,
                number=(done.first or 1) + place,
                state=OPEN,
                cut_at=times.now(),
                lacking=0,
            )
        )
        _put(connection, number, following + place, ids, 0)


def _put(connection: sa.Connection, which: int, batch: int, ids: Sequence[int], after: int) -> None:
    rows = [
        {"batch_id": batch, "set_id": which, "document_id": each, "position": after + place}
        for place, each in enumerate(ids)
    ]
    connection.execute(tables.batch_documents.insert(), rows)


def _insert_set(connection: sa.Connection, which: BatchSet) -> int:
    number = next_number(connection, _S.id)
    connection.execute(
        tables.batch_sets.insert().values(
            id=number,
            name=which.name,
            query=which.query,
            unit=str(which.unit),
            size=which.size,
            groups=list(which.groups),
            created_at=times.now(),
            created_by=audit.actor(),
        )
    )
    return number


def _audit(connection: sa.Connection, done: Cut, result: Result) -> None:
    audit.append(
        connection,
        "batches cut",
        set=done.name,
        query=done.query,
        unit=str(done.unit),
        size=done.size,
        groups=list(done.groups),
        found=done.found,
        documents=done.documents,
        joined={str(number): count for number, count in done.joined.items()},
        batches=[done.first, done.last],
        missing=result.missing,
    )
