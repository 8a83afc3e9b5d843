"""Many whole numbers from the database at once: joined there into one text, a tenth of the cost."""

from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray


def joined(column: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """The aggregate of a column of whole numbers, for `numbers`; NULLs are left out."""
    return sa.func.aggregate_strings(sa.cast(column, sa.String), ",")


def numbers(text: str | None) -> NDArray[np.int64]:
    """The numbers of an aggregate, in no order."""
    return np.fromstring(text or "", np.int64, sep=",")


def ids(connection: sa.Connection, query: sa.Select[Any]) -> NDArray[np.int64]:
    """The first column of a query."""
    (column, *_) = query.subquery().c
    return numbers(connection.execute(sa.select(joined(column))).scalar())
