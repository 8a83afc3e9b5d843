"""Tables of review work: counsel of the case, batches of documents, second-level samples."""

import sqlalchemy as sa

from records.columns import identity, metadata, number, reference, text

# Who gives legal advice, and whose people it is given to: what the privilege screen goes by.
counsel = sa.Table(
    "counsel",
    metadata,
    identity(),
    text("name"),
    text("kind"),  # attorney, firm, client
    text("side"),  # ours, common, opposing
    text("firm"),  # of an attorney
    sa.Column("addresses", sa.JSON, nullable=False),  # lower case
    sa.Column("domains", sa.JSON, nullable=False),  # lower case
    text("created_at"),
    text("created_by"),
)

batch_sets = sa.Table(
    "batch_sets",
    metadata,
    identity(),
    sa.Column("name", sa.Text, unique=True, nullable=False),
    text("query"),
    text("unit"),  # family, thread, document: what is never split over batches
    number("size"),  # documents a batch is filled up to
    sa.Column("groups", sa.JSON, nullable=False),  # tag groups of which a document bears a tag
    text("created_at"),
    text("created_by"),
)

batches = sa.Table(
    "batches",
    metadata,
    identity(),
    reference("set_id", "batch_sets"),
    number("number"),  # within its set, from 1
    text("state"),  # open, out, returned
    text("reviewer", nullable=True),  # who has it, or returned it
    text("cut_at"),
    text("out_at", nullable=True),
    text("returned_at", nullable=True),
    number("lacking"),  # documents that lacked a choice when it was returned all the same
    sa.UniqueConstraint("set_id", "number"),
)

batch_documents = sa.Table(
    "batch_documents",
    metadata,
    reference("batch_id", "batches"),
    sa.Column("set_id", sa.Integer, sa.ForeignKey("batch_sets.id"), primary_key=True),
    sa.Column(
        "document_id", sa.Integer, sa.ForeignKey("documents.id"), primary_key=True, index=True
    ),
    number("position"),  # in its batch, from 0
)

qc_samples = sa.Table(
    "qc_samples",
    metadata,
    identity(),
    sa.Column("name", sa.Text, unique=True, nullable=False),
    sa.Column("source", sa.JSON, nullable=False),  # the query or the set of batches
    sa.Column("groups", sa.JSON, nullable=False),  # tag groups that are looked at again
    number("seed"),
    sa.Column("population", sa.LargeBinary, nullable=False),  # ids: a roaring bitmap, portable form
    number("uncoded"),  # documents of the source that nobody had coded, and so were left out
    text("created_at"),
    text("created_by"),
)

qc_documents = sa.Table(
    "qc_documents",
    metadata,
    sa.Column("sample_id", sa.Integer, sa.ForeignKey("qc_samples.id"), primary_key=True),
    sa.Column(
        "document_id", sa.Integer, sa.ForeignKey("documents.id"), primary_key=True, index=True
    ),
    number("position"),  # in the order they were drawn, from 0
    sa.Column("first", sa.JSON, nullable=False),  # the coding when it was drawn
)

# What second-level reviewers decided; the last one of a document counts.
qc_decisions = sa.Table(
    "qc_decisions",
    metadata,
    identity(),
    reference("sample_id", "qc_samples"),
    reference("document_id", "documents"),
    sa.Column("tags", sa.JSON, nullable=False),  # ids of all that it should bear of the groups
    text("note"),
    text("actor"),
    text("at"),
)
