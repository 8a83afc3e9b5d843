"""Culling: rules that put families aside before review, reversibly.

Nothing is deleted and no disposition changes. A rule, the families that it meets and the audit
entry are one transaction. `records.culls` says what follows for a document.
"""

from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from pyroaring import BitMap

from records import audit, culls, tables, times
from records.case import Case
from records.codes import Disposition
from records.errors import CullError
from records.naming import alike, plain_name
from records.numbers import next_number
from review.conditions import Condition, Found, Judged, ask, check, judge

_D = tables.documents.c
_C, _R = tables.culled.c, tables.cull_rules.c


@dataclass(frozen=True, slots=True)
class Culled:
    """What a rule met. `became` says where the documents of its `families` stand, and sums to
    `documents`. `undated` and `unread` families could not be judged and stay; `not_processed`
    documents are judged by a later `apply`. `put_aside` documents left review with this act and
    `returned` came back; the first are counted by custodian and by type.
    """

    name: str
    condition: dict[str, Any]
    families: int
    documents: int
    became: dict[str, int]
    undated: int
    unread: int
    not_processed: int
    put_aside: int
    returned: int
    by_custodian: dict[str, int]
    by_type: dict[str, int]
    balance: dict[str, int]


def add(case: Case, name: str, condition: Condition, *, dry_run: bool = False) -> Culled:
    """Make a rule and put aside what it meets; with `dry_run` all is done and undone.

    Raises `CullError` for its name or condition, before anything is written.
    """
    name = _checked(name)
    with nullcontext() if dry_run else case.exclusive("cull"):
        with case.read() as connection:
            _refuse_taken(connection, name)
            check(connection, condition)
        found = ask(case, condition.query, invert=condition.invert)
        with case.write() as connection:
            number = next_number(connection, _R.id)
            connection.execute(
                tables.cull_rules.insert().values(
                    id=number,
                    name=name,
                    condition=condition.to_json(),
                    state="active",
                    actor=audit.actor(),
                    at=times.now(),
                )
            )
            done = _judged(connection, number, name, condition, found, culls.ADDED)
            if dry_run:
                connection.rollback()
    return done


def apply(case: Case, *, dry_run: bool = False) -> list[Culled]:
    """Judge all documents by the active rules anew: what came since, and what changed since.

    A document that no longer answers comes back into review.
    """
    with nullcontext() if dry_run else case.exclusive("cull"):
        with case.read() as connection:
            rules = connection.execute(
                sa.select(_R.id, _R.name, _R.condition).where(_R.state == "active").order_by(_R.id)
            ).all()
        conditions = {row.id: Condition.from_json(row.condition) for row in rules}
        found = {n: ask(case, each.query, invert=each.invert) for n, each in conditions.items()}
        with case.write() as connection:
            done = [
                _judged(
                    connection, row.id, row.name, conditions[row.id], found[row.id], culls.APPLIED
                )
                for row in rules
            ]
            if dry_run:
                connection.rollback()
    return done


def lift(case: Case, name: str) -> int:
    """Take a rule back; how many documents return to review. Raises `CullError` for its name.

    What it met stays on record, and what another rule meets stays put aside.
    """
    with case.exclusive("cull"), case.write() as connection:
        rule = rule_of(connection, name)
        if rule.state != "active":
            raise CullError(f"The rule {rule.name!r} was lifted already, at {rule.at}")
        before = _aside(connection)
        values = {"state": "lifted", "actor": audit.actor(), "at": times.now()}
        connection.execute(tables.cull_rules.update().where(_R.id == rule.id).values(values))
        returned = len(before - _aside(connection))
        audit.append(
            connection,
            culls.LIFTED,
            rule=rule.id,
            name=rule.name,
            condition=rule.condition,
            returned=returned,
            balance=culls.balance(connection),
        )
    return returned


def _checked(name: str) -> str:
    try:
        return plain_name(name)
    except ValueError as error:
        raise CullError(f"A rule cannot be called {name!r}: {error}") from error


def _refuse_taken(connection: sa.Connection, name: str) -> None:
    rows = connection.execute(sa.select(_R.name, _R.state))
    if (row := alike(name, rows, lambda row: row.name)) is not None:
        raise CullError(f"The rule {row.name!r} is on record ({row.state}); take another name")


def rule_of(connection: sa.Connection, name: str) -> sa.Row[Any]:
    """The rule of this name, whatever its case; raises `CullError` where there is none."""
    rows = connection.execute(sa.select(tables.cull_rules).order_by(_R.id)).all()
    found = alike(name, rows, lambda row: row.name)
    if found is None:
        known = ", ".join(repr(row.name) for row in rows) or "none yet"
        raise CullError(f"There is no culling rule {name!r}; there are: {known}")
    return found


def _aside(connection: sa.Connection) -> BitMap:
    return BitMap(culls.aside(connection))


def _judged(
    connection: sa.Connection,
    number: int,
    name: str,
    condition: Condition,
    found: Found | None,
    act: str,
) -> Culled:
    """Ask the rule, put on record what it meets now, and tell of it in the audit chain."""
    before = _aside(connection)
    judged = judge(connection, condition, found)
    _replace(connection, number, judged.met)
    after = _aside(connection)
    done = _told(connection, name, condition, judged, before, after)
    audit.append(
        connection,
        act,
        rule=number,
        through=culls.judged_through(connection),
        **{each: getattr(done, each) for each in Culled.__slots__},
    )
    return done


def _replace(connection: sa.Connection, number: int, met: BitMap) -> None:
    """Make the families on record those that the rule meets now."""
    rows = connection.execute(sa.select(_C.document_id).where(_C.rule_id == number))
    old = BitMap(rows.scalars())
    gone = [{"rule": number, "root": each} for each in old - met]
    if gone:
        at = (_C.rule_id == sa.bindparam("rule")) & (_C.document_id == sa.bindparam("root"))
        connection.execute(tables.culled.delete().where(at), gone)
    new = [{"rule_id": number, "document_id": each} for each in met - old]
    if new:
        connection.execute(tables.culled.insert(), new)


def _told(
    connection: sa.Connection,
    name: str,
    condition: Condition,
    judged: Judged,
    before: BitMap,
    after: BitMap,
) -> Culled:
    became: Counter[str] = Counter()
    custodians: Counter[str] = Counter()
    types: Counter[str] = Counter()
    rows = connection.execute(
        sa.select(
            *(_D.id, _D.family_id, tables.custodians.c.name, _D.type),
            culls.standing().label("stands"),
        ).join(tables.custodians, tables.custodians.c.id == _D.custodian_id)
    )
    for document, family, custodian, kind, stands in rows:
        if family in judged.met:
            became[stands] += 1
        if document in after and document not in before:
            custodians[custodian] += 1
            types[kind] += 1
    waiting = sa.select(sa.func.count()).where(_D.disposition == Disposition.PENDING)
    return Culled(
        name=name,
        condition=condition.to_json(),
        families=len(judged.met),
        documents=became.total(),
        became=dict(sorted(became.items())),
        undated=len(judged.undated),
        unread=len(judged.unread),
        not_processed=connection.execute(waiting).scalar_one(),
        put_aside=len(after - before),
        returned=len(before - after),
        by_custodian=dict(sorted(custodians.items())),
        by_type=dict(sorted(types.items())),
        balance=culls.balance(connection),
    )
