"""The tables of other parties' productions: volumes, their files, documents, pages and defects."""

import sqlalchemy as sa

from records.columns import identity as _id
from records.columns import metadata
from records.columns import number as _number
from records.columns import reference as _ref
from records.columns import text as _text

received = sa.Table(
    "received",
    metadata,
    _id(),
    sa.Column("name", sa.Text, unique=True, nullable=False),
    _text("party"),
    _ref("collection_id", "collections"),
    _text("state"),  # running, complete
    _text("actor"),
    _text("at"),
    _text("finished_at", nullable=True),
    sa.Column("mapping", sa.JSON, nullable=False),  # how it was read
    sa.Column("counts", sa.JSON, nullable=False),
    _ref("replaces_id", "received", nullable=True),  # the volume of which it replaces documents
)

# Every file of a volume, whatever became of it.
received_files = sa.Table(
    "received_files",
    metadata,
    sa.Column("volume_id", sa.Integer, sa.ForeignKey("received.id"), primary_key=True),
    sa.Column("address", sa.Text, primary_key=True),  # ingest.addressing.path_address of its path
    sa.Column("path", sa.LargeBinary, nullable=False),
    _text("sha256", nullable=True, index=True),
    _text("sha1"),
    _text("md5"),
    _number("size"),
    _text("use"),  # load file, native, text, image, privilege log, manifest, unlisted
    sa.Column("facts", sa.JSON, nullable=False),  # what reading it told
    _text("text_sha256", nullable=True),  # of a text file: the same as UTF-8
)

received_documents = sa.Table(
    "received_documents",
    metadata,
    sa.Column("document_id", sa.Integer, sa.ForeignKey("documents.id"), primary_key=True),
    _ref("volume_id", "received"),
    _number("place"),  # among the documents of the volume, from 0
    _number("line"),  # where its row, or its first image, stands in its load file
    _text("beg_bates", index=True),  # empty where the row tells none
    _text("end_bates"),
    _text("prefix", nullable=True),  # None for what is no prefix and number
    _number("first", nullable=True),
    _number("last", nullable=True),
    _ref("replaced_by_id", "documents", nullable=True),
    sa.UniqueConstraint("volume_id", "place"),
    sa.Index("ix_received_documents_prefix_first", "prefix", "first"),
)

received_pages = sa.Table(
    "received_pages",
    metadata,
    sa.Column("document_id", sa.Integer, sa.ForeignKey("documents.id"), primary_key=True),
    sa.Column("page", sa.Integer, primary_key=True),  # from 1
    _text("key"),  # the page's own number
    _text("path"),  # as the image list has it
    _number("frame"),  # of a file of several pages, from 1; 0 for the whole file
    _text("sha256", nullable=True),  # None where the file did not come
)

received_defects = sa.Table(
    "received_defects",
    metadata,
    sa.Column("volume_id", sa.Integer, sa.ForeignKey("received.id"), primary_key=True),
    sa.Column("place", sa.Integer, primary_key=True),  # from 0
    _text("code"),
    _text("message"),
    _text("beg"),
    _text("end"),
    _text("where"),
)
