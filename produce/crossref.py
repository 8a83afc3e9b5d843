"""Which numbers each document of the case was produced under, and where its copies are told."""

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from produce.selection import in_chunks
from records import tables
from records.control import control

COLUMNS = (
    *("control number", "production", "state", "BegBates", "EndBates", "treatment"),
    *("family", "copy of", "custodian", "SHA-256", "replaced by"),
)


@dataclass(frozen=True, slots=True)
class Reference:
    """A document under numbers of one production; `copy_of` is set where a kept copy has them, and
    `replaced_by` where another volume took its place.
    """

    control: str
    production: str
    state: str
    beg: str
    end: str
    treatment: str
    family: str
    copy_of: str
    custodian: str
    sha256: str
    replaced_by: str

    @property
    def row(self) -> tuple[str, ...]:
        """Its values in the order of `COLUMNS`."""
        return (
            *(self.control, self.production, self.state, self.beg, self.end, self.treatment),
            *(self.family, self.copy_of, self.custodian, self.sha256, self.replaced_by),
        )


def references(connection: sa.Connection, production_id: int | None = None) -> Iterator[Reference]:
    """References of one production or of all, in the order of the volumes, copies behind theirs.

    Of all, each number stands once: with the version that stands.
    """
    i, p, d = tables.production_items.c, tables.productions.c, tables.documents.c
    columns = (d.id, d.family_id, d.custodian_id, d.sha256, d.duplicate_of_id)
    newer = tables.productions.alias("newer")
    query = (
        sa.select(
            newer.c.name.label("newer"),
            p.name,
            p.state,
            i.beg_bates,
            i.end_bates,
            i.treatment,
            *columns,
        )
        .join(tables.productions, p.id == i.production_id)
        .join(tables.documents, d.id == i.document_id)
        .outerjoin(newer, newer.c.id == i.replaced_by_id)
        .where(i.beg_bates.is_not(None))
        .order_by(i.production_id, i.position)
    )
    if production_id is not None:
        query = query.where(i.production_id == production_id)
    else:
        made = sa.or_(p.replaces_id.is_(None), p.state == "frozen")
        query = query.where(i.replaced_by_id.is_(None), made)
    named = connection.execute(sa.select(tables.custodians))
    custodians = {row.id: row.name for row in named}
    rows = connection.execute(query).all()
    copies: dict[int, list[sa.Row[*tuple[object, ...]]]] = {}
    ids = {row.id for row in rows}
    for copy in in_chunks(
        connection,
        lambda some: sa.select(*columns).where(d.duplicate_of_id.in_(some)).order_by(d.id),
        ids,
    ):
        copies.setdefault(copy.duplicate_of_id, []).append(copy)
    for row in rows:
        for each in (row, *copies.get(row.id, ())):
            yield Reference(
                control=control(each.id),
                production=row.name,
                state=row.state,
                beg=row.beg_bates,
                end=row.end_bates,
                treatment=row.treatment if each.id == row.id else "",
                family=control(each.family_id),
                copy_of="" if each.id == row.id else control(row.id),
                custodian=custodians[each.custodian_id],
                sha256=each.sha256 or "",
                replaced_by=row.newer or "",
            )
