"""Sets of batches as they are on record: where each batch stands, and what its documents lack."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from pyroaring import BitMap

from records import tables
from records.errors import ReviewError
from records.naming import alike, name_key
from review.decisions import Put, borne, lacking, tags_of
from review.panel import Panel, load
from review.targets import in_review

_S, _B, _M = tables.batch_sets.c, tables.batches.c, tables.batch_documents.c

OPEN, OUT, RETURNED = "open", "out", "returned"
_COLUMNS = (
    *("id", "set_id", "number", "state", "reviewer", "cut_at", "out_at", "returned_at", "lacking"),
)


@dataclass(frozen=True, slots=True)
class BatchSet:
    """Batches that were cut from one search; `groups` are the groups of tags to choose from."""

    id: int
    name: str
    query: str
    unit: str
    size: int
    groups: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch. `lacking` documents lacked a choice when it was returned all the same."""

    id: int
    set: int
    number: int
    state: str
    reviewer: str | None
    cut_at: str
    out_at: str | None
    returned_at: str | None
    lacking: int


@dataclass(frozen=True, slots=True)
class Stand:
    """How the documents of a batch are coded now, in their order.

    `lacks` are the groups of which a document has no tag; one that left review since (`gone`)
    lacks nothing.
    """

    documents: tuple[int, ...]
    puts: dict[int, list[Put]]
    lacks: dict[int, tuple[int, ...]]
    gone: BitMap


def sets(connection: sa.Connection) -> list[BatchSet]:
    """All sets in the order they were made."""
    columns = (_S.id, _S.name, _S.query, _S.unit, _S.size, _S.groups)
    rows = connection.execute(sa.select(*columns).order_by(_S.id))
    return [
        BatchSet(row.id, row.name, row.query, row.unit, row.size, tuple(row.groups)) for row in rows
    ]


def find_set(connection: sa.Connection, name: str) -> BatchSet:
    """The set of this name, whatever its case; raises `ReviewError` where there is none."""
    known = sets(connection)
    if (found := alike(name, known, lambda each: each.name)) is not None:
        return found
    listed = ", ".join(f"'{each.name}'" for each in known) or "none yet"
    raise ReviewError(
        f"There is no set of batches {name!r}; there are: {listed}. 'redwell batch cut' makes one"
    )


def batches(connection: sa.Connection, which: BatchSet | None = None) -> list[Batch]:
    """The batches of a set, or of all, in their order."""
    columns = [getattr(_B, name) for name in _COLUMNS]
    query = sa.select(*columns).order_by(_B.set_id, _B.number)
    if which is not None:
        query = query.where(_B.set_id == which.id)
    return [Batch(*row) for row in connection.execute(query)]


def find(connection: sa.Connection, which: BatchSet, number: int) -> Batch:
    """A batch of a set by its number; raises `ReviewError` where there is none."""
    known = batches(connection, which)
    for each in known:
        if each.number == number:
            return each
    raise ReviewError(f"'{which.name}' has no batch {number}; it has {len(known)}")


def held(connection: sa.Connection, who: str, which: BatchSet | None = None) -> list[Batch]:
    """The batches that somebody has, of a set or of all."""
    return [
        each
        for each in batches(connection, which)
        if each.state == OUT and name_key(each.reviewer or "") == name_key(who)
    ]


def members(connection: sa.Connection, batch: Batch) -> tuple[int, ...]:
    """The documents of a batch in their order."""
    query = sa.select(_M.document_id).where(_M.batch_id == batch.id)
    return tuple(connection.execute(query.order_by(_M.position, _M.document_id)).scalars())


def counts(connection: sa.Connection, which: BatchSet) -> dict[int, tuple[int, int]]:
    """How many documents each batch of a set holds, and how many of them lack a choice."""
    query = sa.select(_M.document_id, _M.batch_id).where(_M.set_id == which.id)
    batch_of = {row[0]: row[1] for row in connection.execute(query)}
    found = stand(connection, load(connection), which, sorted(batch_of))
    sizes, left = Counter(batch_of.values()), Counter(batch_of[each] for each in found.lacks)
    return {batch: (size, left[batch]) for batch, size in sizes.items()}


def stand(
    connection: sa.Connection, panel: Panel, which: BatchSet, documents: Sequence[int]
) -> Stand:
    """How some documents of a set are coded now."""
    of_tag = tags_of(panel, which.groups)
    puts = borne(connection, of_tag, BitMap(documents))
    there = in_review(connection)
    lacks = {
        each: missing
        for each in documents
        if each in there and (missing := lacking(which.groups, of_tag, puts.get(each, ())))
    }
    return Stand(tuple(documents), puts, lacks, BitMap(documents) - there)


def stand_of(connection: sa.Connection, which: BatchSet, batch: Batch) -> Stand:
    """How the documents of a batch are coded now."""
    return stand(connection, load(connection), which, members(connection, batch))
