"""Groups of near-duplicates and counts of languages, as people are shown them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from records import tables
from records.codes import REVIEWED
from records.control import control

_PAGE = 1_000

_D, _N, _A = tables.documents.c, tables.near_duplicates.c, tables.text_analyses.c


@dataclass(frozen=True, slots=True)
class Member:
    """A document of a group. `percent`: exact Jaccard with the principal, 0 to 100."""

    document: str
    percent: float
    words: int
    custodian: str
    address: str


@dataclass(frozen=True, slots=True)
class Group:
    """A principal document, and all of its group: itself first, then the nearest first."""

    principal: str
    members: tuple[Member, ...]


def groups(connection: sa.Connection) -> Iterator[Group]:
    """All groups in the order of their principals; read as they are taken."""
    return _groups(connection, sa.true())


def group_of(connection: sa.Connection, document_id: int) -> Group | None:
    """The group that a document is in, if it is in one."""
    own = sa.select(_N.principal_id).where(_N.document_id == document_id)
    return next(_groups(connection, _N.principal_id.in_(own)), None)


def _groups(connection: sa.Connection, wanted: sa.ColumnElement[bool]) -> Iterator[Group]:
    rows = connection.execute(
        sa.select(
            *(_N.principal_id, _N.document_id, _N.percent, _A.words, _D.address),
            tables.custodians.c.name.label("custodian"),
        )
        .join(tables.documents, _D.id == _N.document_id)
        .join(tables.custodians, tables.custodians.c.id == _D.custodian_id)
        .join(tables.text_analyses, _A.text_sha256 == _D.text_sha256)
        .where(wanted)
        .order_by(
            _N.principal_id,
            _N.document_id != _N.principal_id,
            _N.percent.desc(),
            _N.document_id,
        ),
        execution_options={"stream_results": True, "yield_per": _PAGE},
    )
    for principal, members in groupby(rows, key=lambda row: row.principal_id):
        yield Group(control(principal), tuple(_member(each) for each in members))


def _member(row: Any) -> Member:
    return Member(
        control(row.document_id), round(row.percent, 2), row.words, row.custodian, row.address
    )


def languages(connection: sa.Connection) -> dict[str, int]:
    """Reviewed documents with a text by its language, the most frequent first; `none` for none."""
    rows = connection.execute(
        sa.select(_D.language, sa.func.count())
        .where(_D.disposition.in_(REVIEWED), _D.analysed_sha256.is_not(None))
        .group_by(_D.language)
    )
    found = {row[0] or "none": int(row[1]) for row in rows}
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))
