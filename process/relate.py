"""What becomes of each family: the one place where dispositions are derived.

A document's disposition follows from three things on record: its own outcome, the lists of known
files that its family stands on, and which family its family is a copy of. Level-1 families only
are decided on: a family is kept whole or put aside whole.

**Known files first.** A family is a system file where its root is a loose file or the member of an
archive, and the root and all in it stand on applied lists. It is compared with no other then, so
no copy of it is counted as a duplicate too. An empty file stays empty, and a container whose
contents are families of their own stays a container: neither is reviewed for what it holds.

**What others produced** is compared with nothing and stays as its volume left it: else a document
of our own could be put aside for one that is not ours to produce.

**Then duplicates.** A mail's key is its dedup hash (`email-dedup/1`), any other file's the SHA-256
of its bytes; an attachment is never compared with a loose file. The copy with the lowest control
number is kept, so a document that was kept once stays kept when more is collected. What could not
be read suppresses only what could not be read either: the readable copy is never the one put aside,
nor is a family that holds a member which the kept one has not, or has unread.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Any, NamedTuple

import sqlalchemy as sa

from records import audit, tables
from records.case import Case
from records.codes import Disposition, Role

_COMPARED = (Disposition.REVIEWABLE, Disposition.EXCEPTION, Disposition.CONTAINER)
_LOOSE = (Role.FILE, Role.MEMBER)
_AT_ONCE = 200  # families in one statement
_PAGE = 5_000

type Key = tuple[str, str, int, str]


@dataclass(frozen=True, slots=True)
class Related:
    """How the case stands: families put aside as duplicates or as system files, the documents in
    them, and the families that `changed` in this run.
    """

    families: int
    documents: int
    system_families: int
    system_documents: int
    changed: int


class Standing(NamedTuple):
    """What a family is put aside as, and in favour of which; else each member is its outcome."""

    aside: Disposition | None = None
    kept: int | None = None


_ITSELF = Standing()
_SYSTEM = Standing(Disposition.SYSTEM_FILE)


@dataclass(frozen=True, slots=True)
class _Root:
    id: int
    now: Standing
    known: bool
    key: Key | None


def relate(case: Case) -> Related:
    """Bring all dispositions in line with what is on record, in one transaction."""
    scope = case.settings.dedup_scope
    with case.write() as connection:
        found = relate_all(connection, scope)
        if found.changed:
            audit.append(
                connection,
                "duplicates related",
                scope=scope,
                suppressed_families=found.families,
                suppressed_documents=found.documents,
                system_families=found.system_families,
                system_documents=found.system_documents,
                changed_families=found.changed,
            )
    return found


def relate_all(connection: sa.Connection, scope: str) -> Related:
    """Relate every family of the case, within the caller's transaction."""
    changed = _apply(connection, _roots(connection, scope, sa.true()))
    suppressed = _put_aside(connection, Disposition.DUPLICATE)
    system = _put_aside(connection, Disposition.SYSTEM_FILE)
    return Related(*suppressed, *system, changed)


def _put_aside(connection: sa.Connection, disposition: Disposition) -> tuple[int, int]:
    """Families and documents of a disposition."""
    c = tables.documents.c
    roots = sa.func.count().filter(c.id == c.family_id)
    row = connection.execute(
        sa.select(roots, sa.func.count()).where(c.disposition == disposition)
    ).one()
    return row[0], row[1]


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
    """Put aside and restore what is decided; the number of families that changed."""
    changed = 0
    for some in batched(_decide(roots), _AT_ONCE):
        pairs = {each.family: each.new.kept for each in some if each.new.kept is not None}
        members = _members(connection, {*pairs, *pairs.values()})
        whole = {f: kept for f, kept in pairs.items() if _has_all(members[kept], members[f])}
        _suppress(connection, whole, members)
        left = [each for each in some if each.family in pairs.keys() - whole.keys()]
        alone = [each.family for each in left if each.now != _ITSELF]
        alone += [each.family for each in some if each.new == _ITSELF]
        system = [each.family for each in some if each.new == _SYSTEM]
        _settle(connection, _ITSELF, alone)
        _settle(connection, _SYSTEM, system)
        changed += len(whole) + len(alone) + len(system)
    return changed


def _roots(
    connection: sa.Connection, scope: str, wanted: sa.ColumnElement[bool]
) -> Iterator[_Root]:
    """Families so ordered that those of one key stand together, the lowest first."""
    c, member = tables.documents.c, tables.documents.alias("member").c
    holds = sa.exists().where(member.family_id == c.id, member.id != c.id)
    unknown = sa.exists().where(member.family_id == c.id, member.known_by_id.is_(None))
    rows = connection.execute(
        sa.select(
            *(c.id, c.custodian_id, c.role, c.outcome, c.disposition, c.duplicate_of_id),
            *(c.sha256, c.dedup_hash, holds.label("holds")),
            # A CASE, so that members are looked up for the few roots that are known.
            sa.case((c.known_by_id.is_(None), False), else_=~unknown).label("known"),
        )
        .where(c.id == c.family_id, c.state == "processed", c.role != Role.RECEIVED, wanted)
        .order_by(
            *(c.dedup_hash.is_(None), c.dedup_hash, sa.case((c.dedup_hash.is_(None), c.sha256))),
            *([c.custodian_id] if scope == "custodian" else []),
            *(c.outcome, c.id),
        ),
        execution_options={"stream_results": True, "yield_per": _PAGE},
    )
    return (_Root(row.id, _now(row), _is_system(row), _key(row, scope)) for row in rows)


def _now(row: sa.Row[Any]) -> Standing:
    aside = row.disposition in (Disposition.DUPLICATE, Disposition.SYSTEM_FILE)
    return Standing(Disposition(row.disposition) if aside else None, row.duplicate_of_id)


def _stands_alone(row: sa.Row[Any]) -> bool:
    """Whether a family can be put aside at all: it has content, and its content is its own.

    A container counts only where its contents are of its own family (an archive opened while
    processing); members of the others are families themselves.
    """
    if row.outcome == Disposition.CONTAINER and not row.holds:
        return False
    return row.outcome in _COMPARED and row.sha256 is not None


def _is_system(row: sa.Row[Any]) -> bool:
    """Whether all of a family is known; one that could not be read is known by its bytes too."""
    return bool(row.known) and row.role in _LOOSE and _stands_alone(row)


def _key(row: sa.Row[Any], scope: str) -> Key | None:
    """What a family is compared by; None for one that is never a duplicate."""
    if scope == "none" or not _stands_alone(row):
        return None
    custodian = row.custodian_id if scope == "custodian" else 0
    if row.dedup_hash is not None:
        return ("mail", row.dedup_hash, custodian, row.outcome)
    return ("file", row.sha256, custodian, row.outcome)


@dataclass(frozen=True, slots=True)
class _Change:
    family: int
    now: Standing
    new: Standing


def _decide(roots: Iterable[_Root]) -> list[_Change]:
    """How each family is to stand; only those for which that changes, in order of their numbers.

    Of `roots` those of one key stand together, so only the last key is held.
    """
    changes: list[_Change] = []
    last: Key | None = None
    kept = 0
    for root in roots:
        new = _SYSTEM if root.known else _ITSELF
        if new == _ITSELF and root.key is not None:
            if root.key == last:
                new = Standing(Disposition.DUPLICATE, kept)
            else:
                last, kept = root.key, root.id
        if new != root.now:
            changes.append(_Change(root.id, root.now, new))
    return sorted(changes, key=lambda each: each.family)


def _settle(connection: sa.Connection, standing: Standing, families: Sequence[int]) -> None:
    """Write what is the same for all members, but for their own outcomes."""
    if families:
        c = tables.documents.c
        connection.execute(
            tables.documents.update()
            .where(c.family_id.in_(families))
            .values(disposition=standing.aside or c.outcome, duplicate_of_id=None)
        )


def _suppress(
    connection: sa.Connection, pairs: Mapping[int, int], members: Mapping[int, list["_Member"]]
) -> None:
    """Put families aside, each in favour of its kept one."""
    if not pairs:
        return
    rows = [
        {"member_id": member.id, "twin": _twin(member, members[kept])}
        for family, kept in pairs.items()
        for member in members[family]
    ]
    c = tables.documents.c
    statement = tables.documents.update().where(c.id == sa.bindparam("member_id"))
    values = {"disposition": Disposition.DUPLICATE, "duplicate_of_id": sa.bindparam("twin")}
    connection.execute(statement.values(values), rows)


@dataclass(frozen=True, slots=True)
class _Member:
    id: int
    position: int
    sha256: str | None
    lost: bool


def _members(connection: sa.Connection, families: Iterable[int]) -> dict[int, list[_Member]]:
    c = tables.documents.c
    rows = connection.execute(
        sa.select(c.family_id, c.id, c.position, c.sha256, c.outcome)
        .where(c.family_id.in_(families))
        .order_by(c.family_id, c.position)
    )
    found: dict[int, list[_Member]] = {}
    for row in rows:
        lost = row.outcome == Disposition.EXCEPTION
        member = _Member(row.id, row.position, row.sha256, lost)
        found.setdefault(row.family_id, []).append(member)
    return found


def _has_all(kept: Sequence[_Member], family: Sequence[_Member]) -> bool:
    """Whether a kept family has every member of another, read where that one's was read.

    Reading one copy may have been cut short by time or memory: what only the other gave, and what
    only there could be read, is never put aside.
    """
    had = {(each.sha256, each.lost) for each in kept}
    return all(
        each.sha256 is None
        or (each.sha256, False) in had
        or (each.lost and (each.sha256, True) in had)
        for each in family
        if each.position > 0
    )


def _twin(member: _Member, kept: list[_Member]) -> int:
    """The kept document that stands for `member`: same place and bytes, else same bytes."""
    if member.position == 0:
        return kept[0].id
    equal = [each for each in kept if each.sha256 == member.sha256]
    same_place = [each for each in equal if each.position == member.position]
    return (same_place or equal or kept)[0].id
