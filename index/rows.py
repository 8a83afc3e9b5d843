"""What the record says should be in the index, and the rows to be indexed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from index.interface import IndexDocument
from records import tables
from records.codes import Disposition
from records.fields import Address

INDEXED = sa.and_(
    tables.documents.c.state == "processed",
    tables.documents.c.outcome != Disposition.CONTAINER,
)
"""Whether a document should be in the index."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the record says should be in the index: each document's revision and length."""

    revisions: dict[int, int]
    characters: dict[int, int]


def wanted(connection: sa.Connection) -> Wanted:
    """All processed documents but containers; duplicates too, which the scope hides later."""
    c = tables.documents.c
    query = sa.select(c.id, c.revision, c.text_chars).where(INDEXED).order_by(c.id)
    rows = connection.execute(query).all()
    return Wanted({row[0]: row[1] for row in rows}, {row[0]: row[2] for row in rows})


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
