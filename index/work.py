"""Fields of a query that ask in which batch or second-level sample documents are."""

import re
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from pyroaring import BitMap

from index.coding import Take, equal
from records import tables
from records.case import Case
from records.naming import name_key

_S, _B, _M = tables.batch_sets.c, tables.batches.c, tables.batch_documents.c
_Q, _W = tables.qc_samples.c, tables.qc_documents.c
type _Row = sa.Row[*tuple[Any, ...]]
_NUMBERED = re.compile(r"(.+)/\s*([0-9]{1,9})", re.DOTALL)


def fields(case: Case) -> dict[str, Take]:
    """The fields by their names; each call asks the database anew and raises `ValueError`."""
    return {
        "batch": lambda operator, value, _: _batch(case, equal(operator, value)),
        "qc": lambda operator, value, _: _sample(case, equal(operator, value)),
    }


def _batch(case: Case, value: str) -> BitMap:
    """A set by its name, or one of its batches as SET/3; `yes` and `no` for any batch at all."""
    with case.read() as connection:
        if value.lower() in ("yes", "no"):
            found = BitMap(connection.execute(sa.select(_M.document_id)).scalars())
            if value.lower() == "yes":
                return found
            return BitMap(connection.execute(sa.select(tables.documents.c.id)).scalars()) - found
        known = connection.execute(sa.select(_S.id, _S.name)).all()
        query = sa.select(_M.document_id)
        if ids := _named(known, value):
            return BitMap(connection.execute(query.where(_M.set_id.in_(ids))).scalars())
        numbered = _NUMBERED.fullmatch(value)
        ids = _named(known, numbered.group(1)) if numbered else []
        if numbered is None or not ids:
            raise ValueError(f"there is no such set of batches; there are {_listed(known)}")
        one = (_B.set_id.in_(ids)) & (_B.number == int(numbered.group(2)))
        batch = connection.execute(sa.select(_B.id).where(one)).scalar()
        if batch is None:
            raise ValueError(f"this set has no batch {int(numbered.group(2))}")
        return BitMap(connection.execute(query.where(_M.batch_id == batch)).scalars())


def _sample(case: Case, value: str) -> BitMap:
    """The documents of a second-level sample."""
    with case.read() as connection:
        known = connection.execute(sa.select(_Q.id, _Q.name)).all()
        ids = _named(known, value)
        if not ids:
            raise ValueError(f"there is no such sample; there are {_listed(known)}")
        query = sa.select(_W.document_id).where(_W.sample_id.in_(ids))
        return BitMap(connection.execute(query).scalars())


def _named(known: Sequence[_Row], value: str) -> list[int]:
    return [row.id for row in known if name_key(row.name) == name_key(value)]


def _listed(known: Sequence[_Row]) -> str:
    return ", ".join(sorted(f"'{row.name}'" for row in known)) or "none yet"
