"""The threads of a case's mail, computed again only as far as new mails reach.

What stands on record, in `mail_keys`: what each mail is joined to others by, and, of kind
`revision`, the revision of the document whose thread is on record. A mail without that mark, or
with another revision's, is *fresh*: new, read again, or near to what changed.

A run (1) brings the keys of fresh mails up to date, taking the mark from all that shared a key
which is no longer there; (2) finds the components of the fresh mails; (3) places each component's
mails anew and writes their rows; and only then (4) marks them. A kill between any two of these
leaves mails unmarked whose components the next run computes from the keys alone, which are the same
or are made so first: it gives the rows that an unbroken run would have given. The mark comes last,
so nothing is taken for done that is not; what was written before it is written again.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import batched
from typing import Any

import sqlalchemy as sa
from pyroaring import BitMap

from process import threads_keys as keys
from process.batches import batched_by_cost
from process.threads_affected import components, sharing
from process.threads_build import build
from process.threads_interface import Message, Placed
from records import tables
from records.case import Case
from records.options import progress

_PAGE = 1000
_TOGETHER = 2000  # mails of small components that are written at once
_ROWS = 5000  # at most so many in one transaction
_IN = 500
_D, _K, _T = tables.documents.c, tables.mail_keys.c, tables.threads.c

STALE = -1
"""What stands for an address's number of messages where it is to be counted again."""


@dataclass(frozen=True, slots=True)
class ThreadSummary:
    """Mails that were new or changed, mails whose threads were computed again, and all threads
    of the case: how many, and how many of several mails."""

    fresh: int
    computed: int
    threads: int
    of_several: int


def relate_threads(case: Case, fresh: BitMap | None = None) -> ThreadSummary:
    """Bring the threads up to date; `fresh` is what `note_keys` gave, if it was called."""
    fresh = note_keys(case) if fresh is None else fresh
    computed = 0
    if fresh:
        with case.read() as connection:
            found = components(connection, fresh)
        with progress("Threads", len(found.mails)) as advance:
            for group in _grouped(found):
                _relate(case, group, fresh)
                computed += sum(map(len, group))
                advance(sum(map(len, group)))
    return _summary(case, len(fresh), computed)


def note_keys(case: Case) -> BitMap:
    """Put the keys of fresh mails on record; the mails whose threads are to be computed."""
    with case.read() as connection:
        rows = connection.execute(_fresh(), execution_options={"yield_per": _PAGE})
        fresh = BitMap(rows.scalars())
    found = fresh.copy()
    with progress("Mail", len(fresh)) as advance:
        for some in batched(fresh, _PAGE):
            with case.write() as connection:
                found.update(_note(connection, some))
            advance(len(some))
    mails = BitMap()
    with case.read() as connection:
        for some in batched(found, _IN):
            query = sa.select(_K.document_id).where(_K.document_id.in_(some), _K.kind == "copy")
            mails.update(connection.execute(query).scalars())
    return mails


def forget(connection: sa.Connection, documents: Sequence[int]) -> None:
    """Take documents out of all relations of mail, so that their rows can be deleted.

    Their threads lose their rows and are computed again by the next run.
    """
    for some in batched(documents, _IN):
        near = set(some)
        found = (_K.document_id.in_(some), _K.kind.not_in(("revision", "address")))
        rows = connection.execute(sa.select(_K.kind, _K.key).where(*found))
        for group in sharing(connection, [(kind, key) for kind, key in rows]):
            near.update(group)
        own = sa.select(_T.thread_id).where(_T.document_id.in_(some))
        query = sa.select(_T.document_id).where(_T.thread_id.in_(own))
        members = list(connection.execute(query).scalars())
        _unmark(connection, near.union(members))
        for part in batched(members, _IN):
            connection.execute(tables.threads.delete().where(_T.document_id.in_(part)))
        _drop_keys(connection, some)


def _fresh() -> sa.Select[int]:
    mark = tables.mail_keys.alias("mark")
    # A mail of another party's production must never make one of our own a spare.
    ours = _D.id.not_in(sa.select(tables.received_documents.c.document_id))
    mails = sa.and_(_D.type.in_(keys.MAIL_TYPES), ours)
    revision = sa.cast(_D.revision, sa.Text)
    joined = sa.and_(mark.c.document_id == _D.id, mark.c.kind == "revision")
    unmarked = sa.and_(mark.c.key.is_(None), mails)
    return (
        sa.select(_D.id)
        .select_from(tables.documents.outerjoin(mark, joined))
        .where(_D.state == "processed", sa.or_(unmarked, mark.c.key != revision))
        .order_by(_D.id)
    )


def _note(connection: sa.Connection, documents: Sequence[int]) -> set[int]:
    """Bring the keys of some documents up to date; the mails that shared a key now gone."""
    old = _keys_on_record(connection, documents)
    query = sa.select(*keys.COLUMNS, _D.type, _D.revision).where(_D.id.in_(documents))
    new: list[dict[str, Any]] = []
    changed: list[int] = []
    others: list[int] = []
    lost: set[keys.Key] = set()
    for row in connection.execute(query):
        found = _found(row)
        before = old.get(row.id, {})
        if not found:
            others.append(row.id)
            new.append(_row(row.id, ("revision", str(row.revision)), 0))
        if found != before:
            changed += [row.id] * bool(before)
            lost |= {each for each in before.keys() - found.keys() if each[0] != "address"}
            new += [_row(row.id, key, place) for key, place in found.items()]
    near = {each for group in sharing(connection, lost) for each in group}
    _unmark(connection, near.union(documents))
    _drop_keys(connection, changed)
    for some in batched(others, _IN):
        connection.execute(tables.threads.delete().where(_T.document_id.in_(some)))
    if new:
        connection.execute(tables.mail_keys.insert(), new)
    return near


def _found(row: "sa.Row[*tuple[Any, ...]]") -> dict[keys.Key, int]:
    """The keys of a document; none for what is no mail."""
    if row.type not in keys.MAIL_TYPES or not keys.is_mail(row.fields):
        return {}
    return keys.keys_of(keys.message_of(row)) | keys.address_keys(row.fields)


def _row(document: int, key: keys.Key, position: int) -> dict[str, Any]:
    return {"document_id": document, "kind": key[0], "key": key[1], "position": position}


def _keys_on_record(
    connection: sa.Connection, documents: Sequence[int]
) -> dict[int, dict[keys.Key, int]]:
    found: dict[int, dict[keys.Key, int]] = {}
    query = sa.select(_K.document_id, _K.kind, _K.key, _K.position)
    query = query.where(_K.document_id.in_(documents), _K.kind != "revision")
    for document, kind, key, position in connection.execute(query):
        found.setdefault(document, {})[kind, key] = position
    return found


def _unmark(connection: sa.Connection, documents: Iterable[int]) -> None:
    for some in batched(sorted(documents), _IN):
        marks = sa.and_(_K.document_id.in_(some), _K.kind == "revision")
        connection.execute(tables.mail_keys.delete().where(marks))


def _drop_keys(connection: sa.Connection, documents: Sequence[int]) -> None:
    """Take all keys of documents away; their addresses are to be counted again."""
    a = tables.addresses.c
    for some in batched(documents, _IN):
        theirs = sa.select(_K.key).where(_K.document_id.in_(some), _K.kind == "address")
        connection.execute(
            tables.addresses.update().where(a.address.in_(theirs)).values(messages=STALE)
        )
        connection.execute(tables.mail_keys.delete().where(_K.document_id.in_(some)))


def _grouped(found: Iterable[list[int]]) -> Iterator[list[list[int]]]:
    """Components in groups of some thousand mails, or a large one alone."""
    return (list(group) for group in batched_by_cost(iter(found), len, _TOGETHER, _TOGETHER))


def _relate(case: Case, group: Sequence[Sequence[int]], seeds: BitMap) -> None:
    """Place the mails of some components and write what changed."""
    rows: list[Placed] = []
    marks: list[tuple[int, int]] = []
    with case.read() as connection:
        for component in group:
            rows += build(list(_messages(connection, component, seeds, marks)))
        touched = _changed(connection, rows)
    touched.update(each.document_id for each in rows if each.document_id in seeds)
    _write(case, _whole_threads(rows, touched), marks)


def _messages(
    connection: sa.Connection,
    component: Sequence[int],
    seeds: BitMap,
    marks: list[tuple[int, int]],
) -> Iterator[Message]:
    """The mails of a component; those of `seeds` with their revisions into `marks`."""
    for some in batched(component, _IN):
        query = sa.select(*keys.COLUMNS, _D.revision).where(_D.id.in_(some))
        for row in connection.execute(query):
            if row.id in seeds:
                marks.append((row.id, row.revision))
            yield keys.message_of(row)


def _changed(connection: sa.Connection, rows: Iterable[Placed]) -> BitMap:
    """The documents whose rows are to be other than those on record."""
    columns = (_T.document_id, _T.thread_id, _T.parent_id, _T.position, _T.depth, _T.basis)
    changed = BitMap()
    for some in batched(rows, _IN):
        own = _T.document_id.in_([each.document_id for each in some])
        before = {Placed(*row) for row in connection.execute(sa.select(*columns).where(own))}
        changed.update(each.document_id for each in some if each not in before)
    return changed


def _whole_threads(rows: Sequence[Placed], touched: BitMap) -> list[Placed]:
    """The rows of all threads that hold one of the documents `touched`."""
    threads = BitMap(each.thread_id for each in rows if each.document_id in touched)
    return [each for each in rows if each.thread_id in threads]


def _write(case: Case, rows: Sequence[Placed], marks: Sequence[tuple[int, int]]) -> None:
    """Write rows, then marks; what is inclusive in these threads is to be found out again.

    Where one transaction would grow too large that is said first, for all of them, so that a kill
    between two parts leaves no thread half of which keeps an old answer.
    """
    if len(rows) > _ROWS:
        for some in batched(rows, _ROWS):
            with case.write() as connection:
                for part in batched([each.document_id for each in some], _IN):
                    ask = tables.threads.update().where(_T.document_id.in_(part))
                    connection.execute(ask.values(inclusive=None))
    parts = [*batched(rows, _ROWS)] or [()]
    for number, some in enumerate(parts, 1):
        with case.write() as connection:
            for part in batched([each.document_id for each in some], _IN):
                connection.execute(tables.threads.delete().where(_T.document_id.in_(part)))
            if some:
                connection.execute(tables.threads.insert(), [asdict(each) for each in some])
            if number == len(parts):
                for done in batched(marks, _ROWS):
                    rows_of = [_row(mail, ("revision", str(rev)), 0) for mail, rev in done]
                    connection.execute(tables.mail_keys.insert(), rows_of)


def _summary(case: Case, fresh: int, computed: int) -> ThreadSummary:
    size = sa.func.count(_T.document_id).label("size")
    sizes = sa.select(size).group_by(_T.thread_id).subquery()
    several = sa.func.count().filter(sizes.c.size > 1)
    with case.read() as connection:
        row = connection.execute(sa.select(sa.func.count(), several).select_from(sizes)).one()
    return ThreadSummary(fresh, computed, row[0], row[1])
