"""Duplicates, decided on level-1 families only: a family is kept whole or suppressed whole.

A mail's key is its dedup hash (`email-dedup/1`), any other file's the SHA-256 of its bytes; an
attachment is never compared with a loose file. The copy with the lowest control number is kept,
so a document that was kept once stays kept when more is collected. What could not be read
suppresses only what could not be read either: the readable copy is never the one put aside.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Any

import sqlalchemy as sa

from records import audit, tables
from records.case import Case
from records.codes import Disposition

_COMPARED = (Disposition.REVIEWABLE, Disposition.EXCEPTION, Disposition.CONTAINER)
_AT_ONCE = 200  # families in one statement

type Key = tuple[str, str, int, str]


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
    """Bring all dispositions in line with what equals what, in one transaction."""
    scope = case.settings.dedup_scope
    c = tables.documents.c
    with case.write() as connection:
        changed = _apply(connection, _roots(connection, scope, sa.true()))
        suppressed = c.disposition == Disposition.DUPLICATE
        families = sa.select(sa.func.count()).where(suppressed, c.id == c.family_id)
        documents = sa.select(sa.func.count()).where(suppressed)
        found = Duplicates(
            connection.execute(families).scalar_one(),
            connection.execute(documents).scalar_one(),
            changed,
        )
        if changed:
            audit.append(
                connection,
                "duplicates related",
                scope=scope,
                suppressed_families=found.families,
                suppressed_documents=found.documents,
                changed_families=found.changed,
            )
    return found


def relate_families(connection: sa.Connection, scope: str, roots: Sequence[int]) -> None:
    """Relate families that were just written, within the caller's transaction.

    So there is never a moment at which a document stands as reviewable beside its kept copy.
    """
    c = tables.documents.c
    rows = connection.execute(
        sa.select(c.dedup_hash, c.sha256).where(c.id.in_(roots), c.sha256.is_not(None))
    ).all()
    mails = {row.dedup_hash for row in rows if row.dedup_hash is not None}
    files = {row.sha256 for row in rows if row.dedup_hash is None}
    same = c.dedup_hash.in_(mails) | (c.dedup_hash.is_(None) & c.sha256.in_(files))
    _apply(connection, _roots(connection, scope, same))


def _apply(connection: sa.Connection, roots: Iterable[_Root]) -> int:
    """Suppress and restore what the keys say; the number of families that changed."""
    changes = list(_decide(roots).items())
    for some in batched(changes, _AT_ONCE):
        restored = [family for family, kept in some if kept is None]
        pairs = {family: kept for family, kept in some if kept is not None}
        if restored:
            _restore(connection, restored)
        if pairs:
            _suppress(connection, pairs)
    return len(changes)


def _roots(connection: sa.Connection, scope: str, wanted: sa.ColumnElement[bool]) -> list[_Root]:
    c, member = tables.documents.c, tables.documents.alias("member").c
    holds = sa.exists().where(member.family_id == c.id, member.id != c.id)
    rows = connection.execute(
        sa.select(
            *(c.id, c.custodian_id, c.duplicate_of_id, c.outcome, c.sha256, c.dedup_hash),
            holds.label("holds"),
        )
        .where(c.id == c.family_id, c.state == "processed", wanted)
        .order_by(c.id)
    )
    return [_Root(row.id, row.duplicate_of_id, _key(row, scope)) for row in rows]


def _key(row: sa.Row[Any], scope: str) -> Key | None:
    """What a family is compared by; None for one that is never a duplicate.

    A container is compared only where its contents are of its own family (an archive opened while
    processing); members of the others are families themselves.
    """
    if scope == "none" or row.outcome not in _COMPARED or row.sha256 is None:
        return None
    if row.outcome == Disposition.CONTAINER and not row.holds:
        return None
    custodian = row.custodian_id if scope == "custodian" else 0
    if row.dedup_hash is not None:
        return ("mail", row.dedup_hash, custodian, row.outcome)
    return ("file", row.sha256, custodian, row.outcome)


def _decide(roots: Iterable[_Root]) -> dict[int, int | None]:
    """Family → kept family, or None for a family to be restored; only where that changes."""
    first: dict[Key, int] = {}
    changes: dict[int, int | None] = {}
    for root in roots:
        kept = None if root.key is None else first.setdefault(root.key, root.id)
        if kept == root.id:
            kept = None
        if kept != root.duplicate_of:
            changes[root.id] = kept
    return changes


def _suppress(connection: sa.Connection, pairs: Mapping[int, int]) -> None:
    """Put families aside, each in favour of its kept one."""
    members = _members(connection, {*pairs, *pairs.values()})
    rows = [
        {"member_id": member.id, "twin": _twin(member, members[kept])}
        for family, kept in pairs.items()
        for member in members[family]
    ]
    c = tables.documents.c
    statement = tables.documents.update().where(c.id == sa.bindparam("member_id"))
    values = {"disposition": Disposition.DUPLICATE, "duplicate_of_id": sa.bindparam("twin")}
    connection.execute(statement.values(values), rows)


def _restore(connection: sa.Connection, families: Sequence[int]) -> None:
    c = tables.documents.c
    connection.execute(
        tables.documents.update()
        .where(c.family_id.in_(families))
        .values(disposition=c.outcome, duplicate_of_id=None)
    )


@dataclass(frozen=True, slots=True)
class _Member:
    id: int
    position: int
    sha256: str | None


def _members(connection: sa.Connection, families: Iterable[int]) -> dict[int, list[_Member]]:
    c = tables.documents.c
    rows = connection.execute(
        sa.select(c.family_id, c.id, c.position, c.sha256)
        .where(c.family_id.in_(families))
        .order_by(c.family_id, c.position)
    )
    found: dict[int, list[_Member]] = {}
    for row in rows:
        found.setdefault(row.family_id, []).append(_Member(row.id, row.position, row.sha256))
    return found


def _twin(member: _Member, kept: list[_Member]) -> int:
    """The kept document that stands for `member`: same place and bytes, else same bytes."""
    if member.position == 0:
        return kept[0].id
    equal = [each for each in kept if each.sha256 == member.sha256]
    same_place = [each for each in equal if each.position == member.position]
    return (same_place or equal or kept)[0].id
