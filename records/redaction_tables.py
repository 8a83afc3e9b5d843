"""Tables of redaction: reason codes, what is redacted, and the pages it was drawn on."""

import sqlalchemy as sa

from records.columns import identity, metadata, number, reference, text

redaction_codes = sa.Table(
    "redaction_codes",
    metadata,
    identity(),
    sa.Column("code", sa.Text, unique=True, nullable=False),  # AC, WP, PII …
    text("label"),
    text("actor"),
    text("at"),
)

# Pages of a document that redactions were drawn on: blobs of the store, never changed.
redaction_pages = sa.Table(
    "redaction_pages",
    metadata,
    reference("document_id", "documents"),
    text("render_sha256"),  # the unstamped pages as PDF
    text("job_sha256", index=True),  # of all that the pages were made from
    text("characters_sha256"),  # JSON: characters, their boxes and the picture's hash of each page
    number("pages"),
    text("at"),
    sa.PrimaryKeyConstraint("document_id", "render_sha256"),
)

# What is redacted; nothing is ever erased here, only its state changes.
redactions = sa.Table(
    "redactions",
    metadata,
    identity(),
    reference("document_id", "documents"),
    reference("code_id", "redaction_codes"),
    text("kind"),  # box, page, cells, field
    text("origin"),  # hand, term, pattern
    text("state"),  # suggested, confirmed, rejected, withdrawn
    number("page", nullable=True),  # from 1; for boxes and whole pages
    # Points of 1/72 inch from the upper left corner of the page as it is seen, upright.
    sa.Column("boxes", sa.JSON, nullable=False),  # [[left, top, right, bottom], …]; a line each
    text("place"),  # cells: SHEET!A1:B2; field: its name in the load file
    text("found"),  # the text that it covers, as read when it was drawn
    text("context"),  # the same with some words around it
    text("reason"),  # the term or pattern that found it; a remark of who drew it
    sa.Column("confidence", sa.Float, nullable=True),  # 0 to 1, of a suggestion
    text("render_sha256", nullable=True),  # the pages it was drawn on
    text("picture_sha256", nullable=True),  # the picture of that page
    text("native_sha256", nullable=True),  # the bytes of the spreadsheet whose cells it names
    text("actor"),
    text("at"),
    text("decided_by", nullable=True),
    text("decided_at", nullable=True),
)
