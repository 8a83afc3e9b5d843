"""What belongs to documents: their families, kept together, and the mails of their threads."""

from collections.abc import Iterable

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from pyroaring import BitMap

from records import tables
from records.codes import REVIEWED
from records.numbers import table_of

_D, _T = tables.documents.c, tables.threads.c


def whole_families(connection: sa.Connection, ids: BitMap) -> BitMap:
    """The documents given and all reviewable members of their families."""
    given = table_of(connection, ids)
    roots = sa.select(_D.family_id).where(_D.id.in_(sa.select(given.c.id)))
    members = sa.select(_D.id).where(_D.family_id.in_(roots), _D.disposition.in_(REVIEWED))
    return ids | BitMap(connection.execute(members).scalars())


def whole_threads(connection: sa.Connection, ids: BitMap) -> BitMap:
    """The documents given and all reviewable mails of their threads."""
    given = table_of(connection, ids)
    own = sa.select(_T.thread_id).where(_T.document_id.in_(sa.select(given.c.id)))
    query = (
        sa.select(_T.document_id)
        .join(tables.documents, _D.id == _T.document_id)
        .where(_T.thread_id.in_(own), _D.disposition.in_(REVIEWED))
    )
    return ids | BitMap(connection.execute(query).scalars())


class Families:
    """All families of a case at once, for many sets of documents; as `whole_families` has them."""

    def __init__(self, connection: sa.Connection) -> None:
        rows = connection.execute(sa.select(_D.id, _D.family_id, _D.disposition)).all()
        most = max((row[0] for row in rows), default=0)
        self._roots: NDArray[np.int64] = np.zeros(most + 1, np.int64)
        self._roots[[row[0] for row in rows]] = [row[1] for row in rows]
        self._reviewed = np.zeros(most + 1, np.bool_)
        self._reviewed[[row[0] for row in rows if row[2] in REVIEWED]] = True

    def whole(self, ids: BitMap) -> BitMap:
        """The documents given and all reviewable members of their families."""
        taken = np.zeros(len(self._roots), np.bool_)
        taken[self._roots[_numbers(ids)]] = True
        members = np.flatnonzero(taken[self._roots] & self._reviewed)
        return ids | BitMap(members.astype(np.uint32))


def _numbers(ids: Iterable[int]) -> NDArray[np.int64]:
    return np.fromiter(ids, np.int64)
