"""Documents that culling rules put aside: the conditions that search, counts and production share.

A rule meets families by their roots; `culled` holds these roots, and whoever comes into a family
later goes with it. A family is put aside where an active rule meets it *and* each of its
suppressed copies: while one copy would be reviewed, the kept one stands for it. So a rule on one
custodian never takes another's document out of review, and nor does a copy collected later.
"""

import json
from typing import Any

import sqlalchemy as sa

from records import tables
from records.codes import REVIEWED, Disposition
from records.known import FILLED, READ_AGAIN

ADDED = "culling rule added"  # the acts in the audit chain
APPLIED = "culling rule applied"
LIFTED = "culling rule lifted"

_D = tables.documents.c
_C, _R = tables.culled.c, tables.cull_rules.c


def met() -> sa.Select[Any]:
    """The roots of all families that an active rule meets."""
    active = sa.select(_R.id).where(_R.state == "active")
    return sa.select(_C.document_id).where(_C.rule_id.in_(active))


def _spared() -> sa.Select[Any]:
    """The roots of families of which a suppressed copy is met by no rule."""
    copy = tables.documents.alias("copy").c
    return sa.select(copy.duplicate_of_id).where(
        copy.disposition == Disposition.DUPLICATE,
        copy.id == copy.family_id,
        copy.duplicate_of_id.is_not(None),
        copy.id.not_in(met()),
    )


def put_aside() -> sa.ColumnElement[bool]:
    """Whether a document would be reviewed but for culling."""
    return sa.and_(
        _D.family_id.in_(met()), _D.disposition.in_(REVIEWED), _D.family_id.not_in(_spared())
    )


def in_review() -> sa.ColumnElement[bool]:
    """Whether a document is there to be reviewed: no culling rule puts it aside."""
    return sa.and_(_D.disposition.in_(REVIEWED), sa.not_(put_aside()))


def aside(connection: sa.Connection) -> set[int]:
    """All documents that culling puts aside."""
    return set(connection.execute(sa.select(_D.id).where(put_aside())).scalars())


def standing() -> sa.ColumnElement[str]:
    """Where a document stands, as reports have it."""
    reviewed = _D.disposition.in_(REVIEWED)
    return sa.case(
        (put_aside(), "put aside"),
        (reviewed & _D.family_id.in_(met()), "in review for a copy"),
        (reviewed, "in review"),
        else_=_D.disposition,
    )


def by_rule(connection: sa.Connection) -> dict[str, int]:
    """Documents put aside, by active rule; one that several rules meet counts under each."""
    rows = connection.execute(
        sa.select(_R.name, sa.func.count(_D.id))
        .select_from(tables.cull_rules)
        .join(tables.culled, _C.rule_id == _R.id)
        .join(tables.documents, _D.family_id == _C.document_id)
        .where(_R.state == "active", put_aside())
        .group_by(_R.name)
    )
    found = {row[0]: int(row[1]) for row in rows}
    names = sa.select(_R.name).where(_R.state == "active").order_by(_R.id)
    return {name: found.get(name, 0) for name in connection.execute(names).scalars()}


def balance(connection: sa.Connection) -> dict[str, int]:
    """Where all documents stand; the counts sum to the documents of the case."""
    rows = connection.execute(
        sa.select(_D.disposition, sa.func.count()).group_by(_D.disposition).order_by(_D.disposition)
    )
    counts = {str(row[0]): int(row[1]) for row in rows}
    culled = connection.execute(
        sa.select(sa.func.count()).select_from(tables.documents).where(put_aside())
    ).scalar_one()
    reviewed = sum(counts.pop(each, 0) for each in REVIEWED)
    return {"in review": reviewed - culled, "put aside by culling": culled, **counts}


def judged_through(connection: sa.Connection) -> int:
    """The last of the documents that can be judged now: those behind wait to be processed."""
    waiting = sa.select(sa.func.min(_D.id)).where(_D.disposition == Disposition.PENDING)
    first: int | None = connection.execute(waiting).scalar()
    if first is not None:
        return first - 1
    return connection.execute(sa.select(sa.func.max(_D.id))).scalar() or 0


def not_judged(connection: sa.Connection) -> int:
    """Families that came, got bytes or were read again since the active rules were last applied."""
    active = set(connection.execute(sa.select(_R.id).where(_R.state == "active")).scalars())
    if not active:
        return 0
    a = tables.audit.c
    query = sa.select(a.act, a.details).where(a.act.in_((ADDED, APPLIED, FILLED, READ_AGAIN)))
    through: dict[int, int] = {}
    filled: dict[int, set[int]] = {}
    for act, details in connection.execute(query.order_by(a.seq)):
        found = json.loads(details)
        if act in (FILLED, READ_AGAIN):
            for each in filled.values():
                each.add(found["document"])
        else:
            through[found["rule"]], filled[found["rule"]] = found["through"], set()
    last = min(through[each] for each in active)
    late = {number for each in active for number in filled[each] if number <= last}
    new = sa.select(sa.func.count()).where(
        _D.id == _D.family_id, _D.id > last, _D.state == "processed"
    )
    return connection.execute(new).scalar_one() + len(late)
