"""Numbers of the record: many as a table within a statement, and the next one of a column."""

import json
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY


def table_of(connection: sa.Connection, ids: Iterable[int]) -> sa.Subquery:
    """The ids as a table with the column `id`; one value goes to the database, however many."""
    if connection.dialect.name == "postgresql":
        given = sa.literal(list(ids), ARRAY(sa.Integer))
        return sa.select(sa.func.unnest(given).column_valued("id")).subquery()
    listed = sa.func.json_each(json.dumps(list(ids))).table_valued("value")
    return sa.select(sa.cast(listed.c.value, sa.Integer).label("id")).subquery()


def next_number(connection: sa.Connection, column: "sa.Column[int]") -> int:
    """One more than the largest there is, from 1; for who alone writes at the time."""
    return int(connection.execute(sa.select(sa.func.max(column))).scalar() or 0) + 1
