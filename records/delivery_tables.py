"""Tables of what happens to a production after its freeze; part of `records.tables`."""

import sqlalchemy as sa

from records.columns import identity, metadata, number, reference, text

# To whom a frozen volume went, and as what file. The password is nowhere on record.
deliveries = sa.Table(
    "deliveries",
    metadata,
    identity(),
    reference("production_id", "productions"),
    text("recipient"),
    text("archive"),  # file name
    text("archive_sha256"),
    number("archive_size"),
    text("letter_sha256"),
    text("contents_sha256"),
    text("actor"),
    text("at"),
)

# Notices by which documents that went out are asked back.
clawbacks = sa.Table(
    "clawbacks",
    metadata,
    identity(),
    text("recipient"),
    text("reason"),  # the claim, as the notice states it
    text("order_reference"),  # of the FRE 502(d) order; may be empty
    text("notice_sha256"),
    text("list_sha256"),
    text("actor"),
    text("at"),
)

clawback_documents = sa.Table(
    "clawback_documents",
    metadata,
    reference("clawback_id", "clawbacks"),
    reference("production_id", "productions"),
    reference("document_id", "documents"),
    text("beg_bates"),
    text("end_bates"),
    sa.PrimaryKeyConstraint("clawback_id", "production_id", "document_id"),
)
