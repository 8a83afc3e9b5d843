"""Exceptions and warnings of a case, counted by code and listed by document."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from records import tables
from records.codes import EXPLAINED, Code, Disposition
from records.control import control
from records.status import exception_counts

_D, _N, _W = tables.documents.c, tables.notes.c, tables.custodians.c


@dataclass(frozen=True, slots=True)
class ByCode:
    """Documents with exceptions of one code.

    `leading` have it as their newest, as `redwell status` counts them: these sum to all. `aside`
    are duplicates or system files, which are no exceptions to be reviewed, or are opened in part.
    """

    code: str
    documents: int
    leading: int
    roots: int
    children: int
    bytes: int
    aside: int
    advice: str


@dataclass(frozen=True, slots=True)
class Exceptions:
    """The table, and the documents whose disposition is exception."""

    codes: tuple[ByCode, ...]
    documents: int
    several: int  # of them with more than one code


def by_code(connection: sa.Connection, custodian: str | None = None) -> Exceptions:
    """Count documents under each code that stands against them."""
    each = (
        sa.select(_N.code, _N.document_id)
        .where(_N.severity == "exception")
        .distinct()
        .subquery("each")
    )
    failing = _D.disposition == Disposition.EXCEPTION
    root = _D.id == _D.family_id
    query = (
        sa.select(
            each.c.code,
            sa.func.count().filter(failing),
            sa.func.count().filter(failing, root),
            sa.func.coalesce(sa.func.sum(_D.size).filter(failing), 0),
            sa.func.count().filter(~failing),
        )
        .join(tables.documents, _D.id == each.c.document_id)
        .group_by(each.c.code)
        .order_by(each.c.code)
    )
    total = sa.select(sa.func.count()).select_from(tables.documents).where(failing)
    codes = (
        sa.select(each.c.document_id)
        .join(tables.documents, _D.id == each.c.document_id)
        .where(failing)
        .group_by(each.c.document_id)
        .having(sa.func.count() > 1)
    )
    if custodian is not None:
        query, total, codes = (
            some.join(tables.custodians, _W.id == _D.custodian_id).where(_W.name == custodian)
            for some in (query, total, codes)
        )
    leading = exception_counts(connection, custodian)
    rows = connection.execute(query).all()
    return Exceptions(
        codes=tuple(_counted(row, leading) for row in rows),
        documents=connection.execute(total).scalar_one(),
        several=len(connection.execute(codes).all()),
    )


def _counted(row: Any, leading: dict[str, int]) -> ByCode:
    code, documents, roots, size, aside = row
    advice = EXPLAINED[Code(code)][1]
    counts = (documents, leading.get(code, 0), roots, documents - roots, int(size), aside)
    return ByCode(code, *counts, advice)


def warnings_by_code(
    connection: sa.Connection, custodian: str | None = None
) -> tuple[tuple[str, int, str], ...]:
    """Documents with warnings of each code, and what to do."""
    query = (
        sa.select(_N.code, sa.func.count(sa.distinct(_N.document_id)))
        .join(tables.documents, _D.id == _N.document_id)
        .join(tables.custodians, _W.id == _D.custodian_id)
        .where(_N.severity == "warning")
        .group_by(_N.code)
        .order_by(_N.code)
    )
    if custodian is not None:
        query = query.where(_W.name == custodian)
    rows = connection.execute(query)
    return tuple((row[0], row[1], EXPLAINED[Code(row[0])][1]) for row in rows)


def listed(
    connection: sa.Connection, severity: str, code: str | None, custodian: str | None
) -> Iterator[dict[str, object]]:
    """Notes with their documents, by code and number; read as they are taken."""
    query = (
        sa.select(
            *(_N.document_id, _N.code, _N.message, _N.tool, _N.tool_version, _N.attempts),
            *(_D.disposition, _D.size, _D.type, _D.address, _W.name.label("custodian")),
            _D.family_id,
        )
        .join(tables.documents, _D.id == _N.document_id)
        .join(tables.custodians, _W.id == _D.custodian_id)
        .where(_N.severity == severity)
        .order_by(_N.code, _N.document_id, _N.id)
    )
    if code is not None:
        query = query.where(_N.code == code)
    if custodian is not None:
        query = query.where(_W.name == custodian)
    options = {"stream_results": True, "yield_per": 1000}
    for row in connection.execute(query, execution_options=options).mappings():
        told = dict(row)
        number, family = told.pop("document_id"), told.pop("family_id")
        yield {"document": control(number), "family": control(family), **told}
