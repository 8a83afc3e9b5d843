"""Tables of random samples and of learning; part of `records.tables`.

Sets of documents are stored as serialized roaring bitmaps, in their portable format.
"""

import sqlalchemy as sa

from records.columns import identity, metadata, number, reference, text

samples = sa.Table(
    "samples",
    metadata,
    identity(),
    sa.Column("name", sa.Text, unique=True, nullable=False),
    text("query"),
    sa.Column("population", sa.LargeBinary, nullable=False),
    number("population_count"),
    text("population_sha256"),  # of the control numbers, a line each
    text("seed"),
    number("size"),
    sa.Column("margin", sa.Float, nullable=True),  # that the size was made for
    sa.Column("confidence", sa.Float, nullable=False),
    text("stratify", nullable=True),  # custodian, type, year
    sa.Column("strata", sa.JSON, nullable=False),  # name, documents, drawn; in their order
    sa.Column("incomplete", sa.JSON, nullable=False),  # what the search could not cover
    text("actor"),
    text("at"),
)

sample_documents = sa.Table(
    "sample_documents",
    metadata,
    reference("sample_id", "samples"),
    number("position"),  # in the order of drawing, from 1
    reference("document_id", "documents"),
    text("stratum"),
    sa.PrimaryKeyConstraint("sample_id", "position"),
    sa.UniqueConstraint("sample_id", "document_id"),
)

learnings = sa.Table(
    "learnings",
    metadata,
    identity(),
    sa.Column("name", sa.Text, unique=True, nullable=False),
    reference("tag_id", "tags"),  # of what is relevant
    reference("other_tag_id", "tags"),  # of what is not
    text("scope"),  # the query
    sa.Column("population", sa.LargeBinary, nullable=False),
    number("population_count"),
    text("population_sha256"),
    sa.Column("incomplete", sa.JSON, nullable=False),
    reference("control_id", "samples", nullable=True),
    text("seed_query"),
    sa.Column("seed_documents", sa.JSON, nullable=False),
    text("seed"),
    sa.Column("settings", sa.JSON, nullable=False),  # of the method and of stopping
    text("state"),  # running, stopped
    text("actor"),
    text("at"),
    text("stopped_by", nullable=True),
    text("stopped_at", nullable=True),
    sa.Column("stop", sa.JSON, nullable=True),  # what the rules said, and the reason
)

learning_rounds = sa.Table(
    "learning_rounds",
    metadata,
    reference("learning_id", "learnings"),
    number("round"),  # from 1
    number("size"),  # that the method asks for; fewer documents may be left
    # What the regression was trained on.
    sa.Column("relevant", sa.LargeBinary, nullable=False),
    sa.Column("other", sa.LargeBinary, nullable=False),
    sa.Column("presumed", sa.LargeBinary, nullable=False),
    text("vectors_sha256"),
    sa.Column("model", sa.JSON, nullable=False),
    sa.Column("tools", sa.JSON, nullable=False),
    text("actor"),
    text("at"),
    # When all of its documents were coded.
    text("closed_by", nullable=True),
    text("closed_at", nullable=True),
    number("found", nullable=True),  # relevant documents among them
    sa.Column("stopping", sa.JSON, nullable=True),  # what the rules said then
    sa.PrimaryKeyConstraint("learning_id", "round"),
)

learning_documents = sa.Table(
    "learning_documents",
    metadata,
    reference("learning_id", "learnings"),
    number("round"),
    number("position"),  # in the round, from 1
    reference("document_id", "documents"),
    sa.Column("score", sa.Float, nullable=False),  # log-odds
    # As it was coded when the round was closed.
    sa.Column("relevant", sa.Boolean, nullable=True),
    text("coded_by", nullable=True),
    text("coded_at", nullable=True),
    number("coded_act", nullable=True),
    sa.PrimaryKeyConstraint("learning_id", "round", "position"),
    sa.UniqueConstraint("learning_id", "document_id"),
)
