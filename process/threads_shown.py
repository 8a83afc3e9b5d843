"""Threads as people and scripts see them."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import batched
from typing import Any

import sqlalchemy as sa

from ingest.names import shown
from process.threads_interface import INDEX, NONE, REFERENCES, SUBJECT
from records import tables
from records.control import control
from records.errors import SelectionError
from records.fields import Fields

_IN = 500
_D, _T = tables.documents.c, tables.threads.c
_STRONGEST = (REFERENCES, INDEX, SUBJECT, NONE)


@dataclass(frozen=True, slots=True)
class Listed:
    """A thread: its name, its mails, when the first and the last were sent, the first's subject,
    and what joined them."""

    thread: str
    messages: int
    first: str | None
    last: str | None
    subject: str
    basis: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Line:
    """A mail in its thread's tree."""

    document: str
    parent: str | None
    depth: int
    sent_at: str | None
    sender: str
    subject: str
    basis: str
    inclusive: bool | None
    contained_in: str | None
    spare_of: str | None

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


def threads_listed(connection: sa.Connection, least: int = 2) -> Iterator[Listed]:
    """Threads of at least so many mails, by name."""
    size, first, last = sa.func.count(), sa.func.min(_D.sent_at), sa.func.max(_D.sent_at)
    query = (
        sa.select(_T.thread_id, size, first, last)
        .join(tables.documents, _D.id == _T.document_id)
        .group_by(_T.thread_id)
        .having(size >= least)
        .order_by(_T.thread_id)
    )
    for some in batched(connection.execute(query).all(), _IN):
        ids = [row[0] for row in some]
        subjects, basis = _subjects(connection, ids), _basis(connection, ids)
        for thread, messages, begin, end in some:
            joined = tuple(each for each in _STRONGEST if each in basis[thread])
            yield Listed(control(thread), messages, begin, end, subjects[thread], joined)


def _subjects(connection: sa.Connection, threads: list[int]) -> dict[int, str]:
    query = (
        sa.select(_T.thread_id, _D.fields)
        .join(tables.documents, _D.id == _T.document_id)
        .where(_T.thread_id.in_(threads), _T.position == 0)
    )
    rows = connection.execute(query)
    return {thread: _plain(fields.get("subject", "")) for thread, fields in rows}


def _basis(connection: sa.Connection, threads: list[int]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    query = sa.select(_T.thread_id, _T.basis).where(_T.thread_id.in_(threads)).distinct()
    for thread, basis in connection.execute(query):
        found.setdefault(thread, set()).add(basis)
    return found


def thread_lines(connection: sa.Connection, document: int) -> list[Line]:
    """The mails of a document's thread from top to bottom; raises `SelectionError`."""
    own = sa.select(_T.thread_id).where(_T.document_id == document)
    query = (
        sa.select(tables.threads, _D.sent_at, _D.fields)
        .join(tables.documents, _D.id == _T.document_id)
        .where(_T.thread_id.in_(own))
        .order_by(_T.position)
    )
    rows = connection.execute(query).all()
    if not rows:
        raise SelectionError(
            f"{control(document)} is no mail whose thread is known: 'redwell process' finds threads"
        )
    return [_line(row) for row in rows]


def _line(row: "sa.Row[*tuple[Any, ...]]") -> Line:
    fields = Fields.from_json(row.fields)
    return Line(
        document=control(row.document_id),
        parent=row.parent_id and control(row.parent_id),
        depth=row.depth,
        sent_at=row.sent_at,
        sender=_plain("; ".join(str(each) for each in fields.sender)),
        subject=_plain(fields.subject),
        basis=row.basis,
        inclusive=row.inclusive,
        contained_in=row.contained_in,
        spare_of=row.spare_of_id and control(row.spare_of_id),
    )


def _plain(text: str) -> str:
    """Evidence for a terminal: nothing in it steers one."""
    return shown(text.encode("utf-8", "surrogatepass"))
