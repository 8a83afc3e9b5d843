"""Tables of the privilege log; part of `records.tables`."""

import sqlalchemy as sa

from records.columns import identity, metadata, reference, text

# What a privilege log says of a document. The newest row holds; an empty text takes it back.
privilege_descriptions = sa.Table(
    "privilege_descriptions",
    metadata,
    identity(),
    reference("document_id", "documents"),
    text("text"),
    text("actor"),
    text("at"),
)
