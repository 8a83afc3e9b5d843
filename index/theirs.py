"""Fields of a query about what other parties produced: by number, by volume, by party."""

from collections.abc import Callable

import sqlalchemy as sa
from pyroaring import BitMap

from records import tables
from records.case import Case
from records.naming import name_key

Take = Callable[[str, str, str | None], BitMap]

_R, _V = tables.received_documents.c, tables.received.c
_D = tables.documents.c
_MOST = 2**63 - 1  # what the database compares


def fields(case: Case) -> dict[str, Take]:
    """The fields by their names; each call asks the database anew and raises `ValueError`."""
    return {"received": lambda operator, value, _: _received(case, operator, value)}


def numbered(case: Case, prefix: str, first: int, last: int) -> BitMap:
    """Received documents with a number of this prefix, in lower case, within a range."""
    if first > _MOST:
        return BitMap()
    query = sa.select(_R.document_id).where(
        sa.func.lower(_R.prefix) == prefix, _R.first <= min(last, _MOST), _R.last >= first
    )
    with case.read() as connection:
        return BitMap(connection.execute(query).scalars())


def _received(case: Case, operator: str, value: str) -> BitMap:
    """`yes` or `no`: whether another party produced it; else the name of a volume or a party."""
    if operator != "=":
        raise ValueError("only = is possible here")
    with case.read() as connection:
        every = BitMap(connection.execute(sa.select(_R.document_id)).scalars())
        if value.lower() == "yes":
            return every
        if value.lower() == "no":
            return BitMap(connection.execute(sa.select(_D.id)).scalars()) - every
        rows = connection.execute(sa.select(_V.id, _V.name, _V.party)).all()
        chosen = [
            row.id for row in rows if name_key(value) in (name_key(row.name), name_key(row.party))
        ]
        if not chosen:
            names = dict.fromkeys(each for row in rows for each in (row.name, row.party))
            known = ", ".join(repr(each) for each in names) or "none yet"
            raise ValueError(f"it is yes, no, a received volume or a party; there are {known}")
        query = sa.select(_R.document_id).where(_R.volume_id.in_(chosen))
        return BitMap(connection.execute(query).scalars())
