"""Fields of a query that ask for samples, and for what learning gave out or left unjudged."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from pyroaring import BitMap

from records import sets, tables
from records.case import Case
from records.naming import alike, name_key

Take = Callable[[str, str, str | None], BitMap]

_S, _M = tables.samples.c, tables.sample_documents.c
_L, _G = tables.learnings.c, tables.learning_documents.c
_T = tables.document_tags.c


def fields(case: Case) -> dict[str, Take]:
    """The fields by their names; each call asks the database anew and raises `ValueError`."""
    return {
        "learn": lambda operator, value, _: _given(case, _equal(operator, value)),
        "nullset": lambda operator, value, _: _left(case, _equal(operator, value)),
        "sample": lambda operator, value, _: _sampled(case, _equal(operator, value)),
    }


def _sampled(case: Case, value: str) -> BitMap:
    """The documents of a sample."""
    with case.read() as connection:
        number = _named(connection, _S.id, _S.name, value, "sample")
        query = sa.select(_M.document_id).where(_M.sample_id == number)
        return BitMap(connection.execute(query).scalars())


def _given(case: Case, value: str) -> BitMap:
    """The documents that learning gave out; of one round, as `NAME#3`."""
    name, _, number = value.rpartition("#")
    with case.read() as connection:
        names = connection.execute(sa.select(_L.name)).scalars()
        whole = any(name_key(each) == name_key(value) for each in names)
        one = not whole and bool(name) and number.isascii() and number.isdigit()
        learning = _named(connection, _L.id, _L.name, name if one else value, "learning")
        query = sa.select(_G.document_id).where(_G.learning_id == learning)
        if one:
            query = query.where(_G.round == int(number))
        found = BitMap(connection.execute(query).scalars())
    if one and not found:
        raise ValueError(f"there is no round {number} of it")
    return found


def _left(case: Case, value: str) -> BitMap:
    """What is judged neither way of the documents that learning is on: the null set."""
    with case.read() as connection:
        learning = _named(connection, _L.id, _L.name, value, "learning")
        columns = (_L.population, _L.tag_id, _L.other_tag_id)
        row = connection.execute(sa.select(*columns).where(_L.id == learning)).one()
        query = sa.select(_T.document_id).where(_T.tag_id.in_((row.tag_id, row.other_tag_id)))
        return sets.from_bytes(row.population) - BitMap(connection.execute(query).scalars())


def _named(
    connection: sa.Connection,
    number: sa.Column[Any],
    name: sa.Column[Any],
    value: str,
    what: str,
) -> int:
    rows = connection.execute(sa.select(number, name).order_by(number)).all()
    if (found := alike(value, rows, lambda row: row[1])) is not None:
        return int(found[0])
    known = ", ".join(f"'{row[1]}'" for row in rows) or "none yet"
    raise ValueError(f"there is no such {what}; there are: {known}")


def _equal(operator: str, value: str) -> str:
    if operator != "=":
        raise ValueError("the field has no order; write field:NAME, in quotation marks")
    return value
