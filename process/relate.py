"""Duplicates, decided on level-1 families only: a family is kept whole or suppressed whole.

A mail's key is its dedup hash (`email-dedup/1`), a loose file's the SHA-256 of its bytes; an
attachment is never compared with a loose file. The copy with the lowest control number is kept,
so a document that was kept once stays kept when more is collected.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from records import audit, tables
from records.case import Case
from records.codes import Disposition

_COMPARED = (Disposition.REVIEWABLE, Disposition.EXCEPTION)

type Key = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Suppressed families and the documents in them; `changed` families in this run."""

    families: int
    documents: int
    changed: int


@dataclass(frozen=True, slots=True)
class _Root:
    id: int
    duplicate_of: int | None
    key: Key | None


def relate(case: Case) -> Duplicates:
    """Bring dispositions in line with what equals what, in one transaction."""
    scope = case.settings.dedup_scope
    with case.write() as connection:
        wanted, changes = _decide(_roots(connection, scope))
        for family, kept in changes.items():
            _suppress(connection, family, kept) if kept else _restore(connection, family)
        suppressed = sa.select(sa.func.count()).where(
            tables.documents.c.disposition == Disposition.DUPLICATE
        )
        found = Duplicates(wanted, connection.execute(suppressed).scalar_one(), len(changes))
        if changes:
            audit.append(
                connection,
                "duplicates related",
                scope=scope,
                suppressed_families=found.families,
                suppressed_documents=found.documents,
                changed_families=found.changed,
            )
    return found


def _roots(connection: sa.Connection, scope: str) -> Iterator[_Root]:
    c = tables.documents.c
    rows = connection.execute(
        sa.select(c.id, c.custodian_id, c.duplicate_of_id, c.outcome, c.sha256, c.dedup_hash)
        .where(c.id == c.family_id, c.state == "processed")
        .order_by(c.id)
    )
    for row in rows:
        yield _Root(row.id, row.duplicate_of_id, _key(row, scope))


def _key(row: sa.Row[int, int, int, str, str | None, str | None], scope: str) -> Key | None:
    if scope == "none" or row.outcome not in _COMPARED or row.sha256 is None:
        return None
    custodian = row.custodian_id if scope == "custodian" else 0
    if row.dedup_hash is not None:
        return ("mail", row.dedup_hash, custodian)
    return ("file", row.sha256, custodian)


def _decide(roots: Iterable[_Root]) -> tuple[int, dict[int, int | None]]:
    """The number of suppressed families, and family → kept family where that changes."""
    first: dict[Key, int] = {}
    suppressed = 0
    changes: dict[int, int | None] = {}
    for root in roots:
        kept = None if root.key is None else first.setdefault(root.key, root.id)
        if kept == root.id:
            kept = None
        suppressed += kept is not None
        if kept != root.duplicate_of:
            changes[root.id] = kept
    return suppressed, changes


def _suppress(connection: sa.Connection, family: int, kept: int) -> None:
    twins = _members(connection, kept)
    for member in _members(connection, family):
        connection.execute(
            tables.documents.update()
            .where(tables.documents.c.id == member.id)
            .values(
                disposition=Disposition.DUPLICATE,
                duplicate_of_id=_twin(member, twins),
            )
        )


def _restore(connection: sa.Connection, family: int) -> None:
    c = tables.documents.c
    connection.execute(
        tables.documents.update()
        .where(c.family_id == family)
        .values(disposition=c.outcome, duplicate_of_id=None)
    )


@dataclass(frozen=True, slots=True)
class _Member:
    id: int
    position: int
    sha256: str | None


def _members(connection: sa.Connection, family: int) -> list[_Member]:
    c = tables.documents.c
    rows = connection.execute(
        sa.select(c.id, c.position, c.sha256).where(c.family_id == family).order_by(c.position)
    )
    return [_Member(*row) for row in rows]


def _twin(member: _Member, kept: list[_Member]) -> int:
    """The kept document that stands for `member`: same place and bytes, else same bytes."""
    if member.position == 0:
        return kept[0].id
    equal = [each for each in kept if each.sha256 == member.sha256]
    same_place = [each for each in equal if each.position == member.position]
    return (same_place or equal or kept)[0].id
