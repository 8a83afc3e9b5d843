"""What the record says should be in the index, and the rows to be indexed."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from index.interface import IndexDocument
from records import tables
from records.codes import Disposition
from records.fields import Address

_PAGE = 5_000

INDEXED = sa.and_(
    tables.documents.c.state == "processed",
    tables.documents.c.outcome != Disposition.CONTAINER,
)
"""Whether a document should be in the index."""


def unprocessed(connection: sa.Connection) -> int:
    """How many documents were collected and not processed yet, so cannot be in any index."""
    d = tables.documents.c
    query = sa.select(sa.func.count()).where(d.disposition == Disposition.PENDING)
    return int(connection.execute(query).scalar_one())


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """What the record says should be in the index, by ascending ids: 24 bytes a document."""

    ids: NDArray[np.int64]
    revisions: NDArray[np.int64]
    characters: NDArray[np.int64]

    def __len__(self) -> int:
        """How many documents."""
        return len(self.ids)

    @property
    def keys(self) -> NDArray[np.int64]:
        """See `key_of`."""
        return key_of(self.ids, self.revisions)

    def without(self, keys: NDArray[np.int64]) -> "Wanted":
        """Those whose keys are not among these."""
        left = ~np.isin(self.keys, keys)
        return Wanted(self.ids[left], self.revisions[left], self.characters[left])


def key_of(ids: NDArray[np.int64], revisions: NDArray[np.int64]) -> NDArray[np.int64]:
    """One number for an id and a revision, both of which fit 32 bits."""
    return (ids << 32) | revisions


def ids_of(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """The ids in keys."""
    return (keys >> 32) & 0xFFFFFFFF  # the shift alone takes the highest bit for a sign


def wanted(connection: sa.Connection) -> Wanted:
    """All processed documents but containers; duplicates too, which the scope hides later."""
    c = tables.documents.c
    query = sa.select(c.id, c.revision, c.text_chars).where(INDEXED).order_by(c.id)
    columns = (array("q"), array("q"), array("q"))
    for row in connection.execute(query, execution_options={"yield_per": _PAGE}):
        for column, value in zip(columns, row, strict=True):
            column.append(value)
    return Wanted(*(np.array(each, np.int64) for each in columns))


def load_documents(connection: sa.Connection, ids: Sequence[int]) -> tuple[IndexDocument, ...]:
    """Read rows into what a worker indexes."""
    c = tables.documents.c
    columns = (c.id, c.revision, c.text_sha256, c.name, c.address, c.fields)
    found: list[IndexDocument] = []
    for start in range(0, len(ids), 500):
        query = sa.select(*columns).where(c.id.in_(ids[start : start + 500])).order_by(c.id)
        found.extend(
            IndexDocument(row.id, row.revision, row.text_sha256, field_texts(row))
            for row in connection.execute(query)
        )
    return tuple(found)


def field_texts(row: "sa.Row[*tuple[Any, ...]]") -> tuple[tuple[str, str], ...]:
    """The searchable text fields of a row; empty ones are left out."""
    fields: dict[str, Any] = row.fields  # as `records.fields.Fields` writes them: all it needs
    texts = {
        "title": fields.get("title"),
        "author": fields.get("author"),
        "subject": fields.get("subject"),
        "from": _people(fields.get("sender", ())),
        "to": _people(fields.get("to", ())),
        "cc": _people(fields.get("cc", ())),
        "bcc": _people(fields.get("bcc", ())),
        "filename": row.name,
        "path": row.address,
    }
    return tuple((name, text) for name, text in texts.items() if text)


def _people(addresses: Iterable[dict[str, str]]) -> str:
    return "; ".join(str(Address(**each)) for each in addresses)
