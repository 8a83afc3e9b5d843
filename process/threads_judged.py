"""Puts on record which mails of each thread are inclusive and which are spare.

A row of `threads` whose `inclusive` is not set is one whose thread changed. A thread is judged
whole, and its rows are written together: a kill leaves it unset, or done.
"""

import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import batched
from typing import Any

import sqlalchemy as sa
from pyroaring import BitMap

from process.batches import batched_by_cost
from process.inclusive import (
    ATTACHED,
    LAST,
    TEXT,
    Judged,
    ThreadBatch,
    ThreadMail,
    judge_batch,
)
from records import tables
from records.case import Case
from records.codes import Disposition
from records.control import control
from records.engine import Engine, TaskFailure
from records.options import progress
from records.streams import halves

_CHARS = 1 << 20
_THREADS = 100
_IN = 500
_ROWS = 5000
_READ = 1000
_D, _T = tables.documents.c, tables.threads.c

type Thread = tuple[ThreadMail, ...]


@dataclass(frozen=True, slots=True)
class JudgedSummary:
    """Mails judged in this run; and how all mails stand."""

    judged: int
    inclusive: int
    contained: int
    spares: int


def judge_threads(case: Case, engine: Engine) -> JudgedSummary:
    """Judge all threads that changed."""
    alone, several, sizes = _open(case)
    done = len(alone)
    _write_alone(case, alone)
    with progress("Inclusive mails", sum(sizes)) as advance:
        for some in _judged(case, engine, zip(several, sizes, strict=True)):
            _write(case, some)
            done += len(some)
            advance(len(some))
    return _summary(case, done)


def _open(case: Case) -> tuple[BitMap, "array[int]", "array[int]"]:
    """Threads to be judged: those of one mail, and the others with their sizes."""
    unset = sa.func.count().filter(_T.inclusive.is_(None))
    query = sa.select(_T.thread_id, sa.func.count()).group_by(_T.thread_id).having(unset > 0)
    alone, several, sizes = BitMap(), array("q"), array("q")
    with case.read() as connection:
        rows = connection.execute(query, execution_options={"yield_per": _ROWS})
        for thread, size in rows:
            if size == 1:
                alone.add(thread)
            else:
                several.append(thread)
                sizes.append(size)
    return alone, several, sizes


def _write_alone(case: Case, documents: Iterable[int]) -> None:
    """A mail that is alone in its thread is the last of it."""
    root = sa.select(_D.id).where(_D.id == _T.document_id, _D.id == _D.family_id).exists()
    reason = sa.case((root, LAST), else_=ATTACHED)
    for some in batched(documents, _ROWS):
        with case.write() as connection:
            for part in batched(some, _IN):
                connection.execute(
                    tables.threads.update()
                    .where(_T.document_id.in_(part))
                    .values(inclusive=True, contained_in=reason, spare_of_id=None)
                )


def _judged(
    case: Case, engine: Engine, several: Iterator[tuple[int, int]]
) -> Iterator[tuple[Judged, ...]]:
    batches = (
        ThreadBatch(group, case.store_address)
        for group in batched_by_cost(_threads(case, several), _cost, _CHARS, _THREADS)
    )
    for batch, result in engine.map_ordered(judge_batch, batches, pieces=_pieces):
        yield _failed(batch) if isinstance(result, TaskFailure) else result


def _cost(thread: Thread) -> int:
    return sum(each.chars + 1000 for each in thread)


def _pieces(batch: ThreadBatch) -> list[ThreadBatch]:
    """Half of the threads each."""
    return [replace(batch, threads=tuple(half)) for half in halves(batch.threads)]


def _failed(batch: ThreadBatch) -> tuple[Judged, ...]:
    """A thread that kills its worker is inclusive as a whole."""
    mails = (each for thread in batch.threads for each in thread)
    return tuple(Judged(each.id, True, None, TEXT, None) for each in mails)


def _threads(case: Case, several: Iterator[tuple[int, int]]) -> Iterator[Thread]:
    """The mails of each thread; several are given with their sizes."""
    for some in batched_by_cost(several, lambda thread: thread[1], _READ, _IN):
        found: dict[int, list[ThreadMail]] = {}
        with case.read() as connection:
            query = (
                sa.select(
                    *(_T.thread_id, _T.parent_id, _D.id, _D.text_sha256, _D.text_chars),
                    *(_D.dedup_hash, _D.sent_at, _D.fields, _D.family_id, _D.outcome),
                )
                .join(tables.documents, _D.id == _T.document_id)
                .where(_T.thread_id.in_([thread for thread, _ in some]))
                .order_by(_T.thread_id, _T.position)
            )
            read = connection.execute(query, execution_options={"yield_per": _READ})
            for rows in read.partitions():
                parts = _attachments(connection, [row.id for row in rows])
                for row in rows:
                    mail = _mail(row, frozenset(parts.get(row.id, ())))
                    found.setdefault(row.thread_id, []).append(mail)
        yield from (tuple(each) for each in found.values())


def _attachments(connection: sa.Connection, mails: Sequence[int]) -> dict[int, list[str | None]]:
    """What lies directly in each mail, pictures shown inline too."""
    found: dict[int, list[str | None]] = {}
    for some in batched(mails, _IN):
        query = sa.select(_D.found_in_id, _D.sha256).where(_D.found_in_id.in_(some))
        for holder, sha256 in connection.execute(query.where(_D.family_id != _D.id)):
            found.setdefault(holder, []).append(sha256)
    return found


def _mail(row: "sa.Row[*tuple[Any, ...]]", attachments: frozenset[str | None]) -> ThreadMail:
    fields: dict[str, Any] = row.fields

    def addresses(*names: str) -> set[str]:
        found = (each["address"] or each["name"] for n in names for each in fields.get(n, ()))
        return {sys.intern(each) for each in found}  # the same people write in many mails

    return ThreadMail(
        id=row.id,
        parent=row.parent_id,
        text_sha256=row.text_sha256,
        chars=row.text_chars,
        identity=row.dedup_hash or "",
        sender=tuple(sorted(addresses("sender"))),
        sent_at=row.sent_at,
        subject=fields.get("subject", ""),
        people=frozenset(addresses("to", "cc", "bcc")),
        attachments=attachments,
        attached=row.family_id != row.id,
        is_read=row.outcome == Disposition.REVIEWABLE,
    )


def _write(case: Case, judged: Sequence[Judged]) -> None:
    rows = [
        {
            "mail": each.document_id,
            "inclusive": each.inclusive,
            "contained_in": each.reason if each.within is None else control(each.within),
            "spare_of_id": each.spare_of,
        }
        for each in judged
    ]
    names = ("inclusive", "contained_in", "spare_of_id")
    values = {name: sa.bindparam(name, type_=_T[name].type) for name in names}
    statement = tables.threads.update().where(_T.document_id == sa.bindparam("mail"))
    with case.write() as connection:
        connection.execute(statement.values(values), rows)


def _summary(case: Case, judged: int) -> JudgedSummary:
    inclusive = sa.func.count().filter(_T.inclusive.is_(True))
    spares = sa.func.count(_T.spare_of_id)
    query = sa.select(inclusive, spares, sa.func.count()).select_from(tables.threads)
    with case.read() as connection:
        row = connection.execute(query).one()
    return JudgedSummary(judged, row[0], row[2] - row[0] - row[1], row[1])
