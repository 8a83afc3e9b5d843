"""What culling rules there are, and document by document what each of them met."""

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from records import culls, tables
from records.case import Case
from records.control import control
from review.conditions import Condition
from review.culling import rule_of

_D = tables.documents.c
_C, _R = tables.culled.c, tables.cull_rules.c


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule on record; `documents` of its `families` are put aside now."""

    name: str
    condition: str
    state: str
    actor: str
    at: str
    families: int
    documents: int


@dataclass(frozen=True, slots=True)
class CulledDocument:
    """A line of a rule's report: a document of a family that it meets, and where that stands."""

    control: str
    family: str
    custodian: str
    type: str
    date: str
    size: int
    address: str
    stands: str
    other_rules: str


def listing(case: Case) -> tuple[list[Rule], dict[str, int]]:
    """All rules, oldest first, and where all documents of the case stand."""
    with case.read() as connection:
        aside = culls.by_rule(connection)
        families = sa.select(_C.rule_id, sa.func.count()).group_by(_C.rule_id)
        met = {row[0]: row[1] for row in connection.execute(families)}
        rows = connection.execute(sa.select(tables.cull_rules).order_by(_R.id)).all()
        rules = [
            Rule(
                row.name,
                str(Condition.from_json(row.condition)),
                row.state,
                row.actor,
                row.at,
                met.get(row.id, 0),
                aside.get(row.name, 0),
            )
            for row in rows
        ]
        return rules, culls.balance(connection)


def report(case: Case, name: str) -> Iterator[CulledDocument]:
    """Every document of the families that a rule meets. Raises `CullError` for its name."""
    with case.read() as connection:
        rule = rule_of(connection, name)
        others = _other_rules(connection, rule.id)
        modified = sa.func.coalesce(_D.fields["modified_at"].as_string(), _D.modified_at)
        query = (
            sa.select(
                *(_D.id, _D.family_id, tables.custodians.c.name.label("custodian"), _D.type),
                *(_D.size, _D.address, culls.standing().label("stands")),
                sa.func.coalesce(_D.sent_at, modified).label("date"),
            )
            .join(tables.custodians, tables.custodians.c.id == _D.custodian_id)
            .where(_D.family_id.in_(sa.select(_C.document_id).where(_C.rule_id == rule.id)))
            .order_by(_D.family_id, _D.position)
        )
        for row in connection.execute(query):
            yield CulledDocument(
                control(row.id),
                control(row.family_id),
                row.custodian,
                row.type,
                row.date or "",
                row.size,
                row.address,
                row.stands,
                "; ".join(others.get(row.family_id, ())),
            )


def _other_rules(connection: sa.Connection, rule: int) -> dict[int, list[str]]:
    """Other active rules that meet the same families."""
    found: dict[int, list[str]] = {}
    rows = connection.execute(
        sa.select(_C.document_id, _R.name)
        .join(tables.cull_rules, _R.id == _C.rule_id)
        .where(_R.state == "active", _R.id != rule)
        .order_by(_R.id)
    )
    for row in rows:
        found.setdefault(row.document_id, []).append(row.name)
    return found
