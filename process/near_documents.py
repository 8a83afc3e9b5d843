"""What documents show of near-duplicates, derived from how their texts were related.

The principal document of a group is the first of those with the principal text; all documents
with a text of the group are members, equal texts at 100 percent. A group has two documents at
least. The table is compared with what it should be, and only what differs is written, in bounded
transactions: a crash leaves some of it unwritten, and the next run writes that. So documents that
came to an old text, or left review and came back to it, need no bookkeeping.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Any

import sqlalchemy as sa

from process.near_record import reviewed
from records import tables
from records.case import Case

_AT_ONCE = 1_000

_D, _T, _N = tables.documents.c, tables.near_texts.c, tables.near_duplicates.c


@dataclass(frozen=True, slots=True)
class Written:
    """Documents whose row changed; groups in the case, and the documents in them."""

    changed: int
    groups: int
    documents: int


def write_documents(case: Case) -> Written:
    """Bring `near_duplicates` in line with `near_texts`."""
    changed = 0
    for some in _pages(case, _surplus()):
        with case.write() as connection:
            _delete(connection, [row.document_id for row in some])
        changed += len(some)
    for some in _pages(case, _different()):
        with case.write() as connection:
            _delete(connection, [row.document_id for row in some])
            rows = [dict(row._mapping) for row in some]
            connection.execute(tables.near_duplicates.insert(), rows)
        changed += len(some)
    with case.read() as connection:
        query = sa.select(sa.func.count(sa.distinct(_N.principal_id)), sa.func.count())
        groups, documents = connection.execute(query.select_from(tables.near_duplicates)).one()
    return Written(changed, groups, documents)


def _pages(case: Case, query: sa.Select[Any]) -> Iterator[tuple[sa.Row[Any], ...]]:
    """Rows of a query as it stood at its beginning, in pages."""
    with case.read() as connection:
        rows = connection.execute(
            query, execution_options={"stream_results": True, "yield_per": _AT_ONCE}
        )
        yield from batched(rows, _AT_ONCE)


def _delete(connection: sa.Connection, documents: Sequence[int]) -> None:
    connection.execute(tables.near_duplicates.delete().where(_N.document_id.in_(documents)))


def _expected() -> sa.Subquery:
    """The table as it should be."""
    first = (
        sa.select(_D.text_sha256, sa.func.min(_D.id).label("id"))
        .where(reviewed())
        .group_by(_D.text_sha256)
        .subquery("first")
    )
    rows = (
        sa.select(
            _D.id.label("document_id"),
            first.c.id.label("principal_id"),
            _T.percent,
            sa.func.count().over(partition_by=_T.principal_sha256).label("size"),
        )
        .join(tables.near_texts, _T.text_sha256 == _D.text_sha256)
        .join(first, first.c.text_sha256 == _T.principal_sha256)
        .where(reviewed())
        .subquery("related")
    )
    columns = (rows.c.document_id, rows.c.principal_id, rows.c.percent)
    return sa.select(*columns).where(rows.c.size > 1).subquery("expected")


def _surplus() -> sa.Select[Any]:
    expected = _expected().c
    return sa.select(_N.document_id).where(_N.document_id.not_in(sa.select(expected.document_id)))


def _different() -> sa.Select[Any]:
    expected = _expected()
    c = expected.c
    return (
        sa.select(c.document_id, c.principal_id, c.percent)
        .outerjoin(tables.near_duplicates, _N.document_id == c.document_id)
        .where(
            _N.document_id.is_(None)
            | (_N.principal_id != c.principal_id)
            | (_N.percent != c.percent)
        )
    )
