"""The tables of a case. Migrations under `migrations/` bring older cases up to this.

Times are ISO 8601 in UTC with a final Z, to be read the same from every database and by people.
"""

import sqlalchemy as sa

from records.columns import identity as _id
from records.columns import metadata as metadata
from records.columns import number as _number
from records.columns import reference as _ref
from records.columns import text as _text
from records.delivery_tables import clawback_documents as clawback_documents
from records.delivery_tables import clawbacks as clawbacks
from records.delivery_tables import deliveries as deliveries
from records.privilege_tables import privilege_descriptions as privilege_descriptions
from records.received_tables import received as received
from records.received_tables import received_defects as received_defects
from records.received_tables import received_documents as received_documents
from records.received_tables import received_files as received_files
from records.received_tables import received_pages as received_pages
from records.redaction_tables import redaction_codes as redaction_codes
from records.redaction_tables import redaction_pages as redaction_pages
from records.redaction_tables import redactions as redactions
from records.sample_tables import learning_documents as learning_documents
from records.sample_tables import learning_rounds as learning_rounds
from records.sample_tables import learnings as learnings
from records.sample_tables import sample_documents as sample_documents
from records.sample_tables import samples as samples
from records.work_tables import batch_documents as batch_documents
from records.work_tables import batch_sets as batch_sets
from records.work_tables import batches as batches
from records.work_tables import counsel as counsel
from records.work_tables import qc_decisions as qc_decisions
from records.work_tables import qc_documents as qc_documents
from records.work_tables import qc_samples as qc_samples

cases = sa.Table(
    "cases",
    metadata,
    _id(),
    _text("number"),
    _text("caption"),
    _text("court"),
    _text("time_zone"),
    _text("bates_prefix"),
    _number("bates_digits"),
    _text("created_at"),
)

parties = sa.Table("parties", metadata, _id(), _text("name"), _text("role"))

custodians = sa.Table("custodians", metadata, _id(), sa.Column("name", sa.Text, unique=True))

collections = sa.Table(
    "collections",
    metadata,
    _id(),
    _ref("custodian_id", "custodians"),
    _text("source"),
    _text("state"),  # running, complete
    _text("actor"),
    _text("started_at"),
    _text("finished_at", nullable=True),
    sa.Column("settings", sa.JSON, nullable=False),
    sa.Column("tools", sa.JSON, nullable=False),
    sa.Column("counts", sa.JSON, nullable=False),
    _text("manifest_sha256", nullable=True),
)

documents = sa.Table(
    "documents",
    metadata,
    _id(),  # the control number's digits; dense from 1
    _ref("collection_id", "collections"),
    _ref("custodian_id", "custodians"),
    _ref("found_in_id", "documents", nullable=True),  # the container or parent it came from
    _ref("family_id", "documents"),  # the root of its family; its own id for a root
    _number("position"),  # order within the family; 0 for the root
    _text("role"),
    _text("address"),
    _text("name"),
    sa.Column("name_bytes", sa.LargeBinary, nullable=False),
    _text("sha256", nullable=True, index=True),
    _text("sha1", nullable=True),
    _text("md5", nullable=True),
    _number("size"),
    _text("mime"),
    _text("type", index=True),  # short: email, docx, pdf, …
    _text("ext"),
    _text("state"),  # collected, processed
    _text("outcome"),  # what the item is by itself, before duplicates: a disposition
    _text("disposition", index=True),
    _ref("duplicate_of_id", "documents", nullable=True),
    _text("dedup_hash", nullable=True, index=True),
    _text("mih", nullable=True),
    _text("text_sha256", nullable=True),
    _text("text_source"),  # native, ocr, native+ocr, none
    _number("text_chars"),
    _number("pages", nullable=True),
    sa.Column("ocr_pages", sa.JSON, nullable=False),  # page indexes, from 0, still to be read
    _text("sent_at", nullable=True, index=True),
    _text("modified_at", nullable=True),
    sa.Column("fields", sa.JSON, nullable=False),  # records.fields.Fields as JSON
    _number("revision"),  # grows when text or fields change; the index holds one of them
    # What the file system said of a source file: dates to the nanosecond, owner, rights.
    sa.Column("origin", sa.JSON, nullable=True),
    _ref("known_by_id", "hash_lists", nullable=True),  # the list of known files it stands on
    _text("language", nullable=True),  # of its text as found: ISO 639-1; its own claim is a field
    _text("analysed_sha256", nullable=True),  # the text that its relations rest on
    sa.UniqueConstraint("collection_id", "address", "sha256"),
)

# Containers that are opened in several batches, and how many of their parts are on record.
openings = sa.Table(
    "openings",
    metadata,
    sa.Column("document_id", sa.Integer, sa.ForeignKey("documents.id"), primary_key=True),
    sa.Column("parts", sa.JSON, nullable=False),  # the collection, and what each part is
    _number("done"),
)

# Lists of known files (NSRL and the like) that were applied to the case.
hash_lists = sa.Table(
    "hash_lists",
    metadata,
    _id(),
    _text("name"),
    _text("kind"),  # rdsv3, nsrl-text
    _text("sha256"),  # of the list's file
    _number("entries"),
    _text("state"),  # applied, lifted
    _text("actor"),
    _text("at"),
)

# Rules that put documents aside before review, and what each of them met.
cull_rules = sa.Table(
    "cull_rules",
    metadata,
    _id(),
    sa.Column("name", sa.Text, unique=True, nullable=False),
    sa.Column("condition", sa.JSON, nullable=False),
    _text("state"),  # active, lifted
    _text("actor"),
    _text("at"),
)

culled = sa.Table(
    "culled",
    metadata,
    sa.Column("rule_id", sa.Integer, sa.ForeignKey("cull_rules.id"), primary_key=True),
    sa.Column(
        "document_id", sa.Integer, sa.ForeignKey("documents.id"), primary_key=True, index=True
    ),
)

raw_metadata = sa.Table(
    "raw_metadata",
    metadata,
    sa.Column("document_id", sa.Integer, sa.ForeignKey("documents.id"), primary_key=True),
    sa.Column("found", sa.JSON, nullable=False),
)

notes = sa.Table(
    "notes",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _ref("document_id", "documents"),
    _text("severity"),  # exception, warning, resolved (an exception that a later run mended)
    _text("code", index=True),
    _text("message"),
    _text("tool"),
    _text("tool_version"),
    _number("attempts"),
    _text("at"),
)

ocr_pages = sa.Table(
    "ocr_pages",
    metadata,
    sa.Column("document_id", sa.Integer, sa.ForeignKey("documents.id"), primary_key=True),
    sa.Column("page", sa.Integer, primary_key=True),  # from 0
    _text("text_sha256"),
    _text("words_sha256"),  # JSON: boxes of the words in pixels
    sa.Column("confidence", sa.Float, nullable=False),  # mean of the words, 0 to 100
    _number("rotation"),  # degrees clockwise that make the page upright
    _text("engine"),
    _text("state"),  # read, blank, failed
    _text("image_sha256", nullable=True),  # of the page's picture as it was handed to the engine
    _text("languages"),  # those it was read in, as eng+deu
    _number("dpi"),
    sa.Column("skew", sa.Float, nullable=False),  # degrees by which the lines were straightened
)

# What OCR read of a page's picture, whichever documents show it.
page_readings = sa.Table(
    "page_readings",
    metadata,
    sa.Column("image_sha256", sa.Text, primary_key=True),
    sa.Column("settings", sa.Text, primary_key=True),  # engine, languages and the like
    sa.Column("found", sa.JSON, nullable=False),
)

# What was found out about a text, whichever documents have it.
text_analyses = sa.Table(
    "text_analyses",
    metadata,
    sa.Column("text_sha256", sa.Text, primary_key=True),
    _text("version"),  # of the analysis
    _text("language", nullable=True),
    sa.Column("confidence", sa.Float, nullable=False),  # of the language, 0 to 1
    _number("words"),
    sa.Column("signature", sa.LargeBinary, nullable=True),  # MinHash; None for too short a text
)

near_bands = sa.Table(
    "near_bands",
    metadata,
    sa.Column("band", sa.Integer, primary_key=True),  # below 0 for texts that are no principals
    sa.Column("key", sa.BigInteger, primary_key=True),
    sa.Column("text_sha256", sa.Text, primary_key=True),
    sqlite_with_rowid=False,
)

# How texts were related; `near_duplicates` follows from it for the documents that have them.
near_texts = sa.Table(
    "near_texts",
    metadata,
    sa.Column("text_sha256", sa.Text, primary_key=True),
    _text("principal_sha256"),  # its own for a principal
    sa.Column("percent", sa.Float, nullable=False),
    _number("threshold"),  # in 1/10,000; 0 when it is to be related again
)

near_duplicates = sa.Table(
    "near_duplicates",
    metadata,
    sa.Column("document_id", sa.Integer, sa.ForeignKey("documents.id"), primary_key=True),
    _ref("principal_id", "documents"),  # names the group; its own id for the principal
    sa.Column("percent", sa.Float, nullable=False),  # exact Jaccard with the principal, 0 to 100
)

# What mails are joined to threads by.
mail_keys = sa.Table(
    "mail_keys",
    metadata,
    sa.Column("document_id", sa.Integer, sa.ForeignKey("documents.id"), primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),  # id, reference, index, subject
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),  # among those of its kind
    sa.Index("ix_mail_keys_kind_key", "kind", "key"),
)

threads = sa.Table(
    "threads",
    metadata,
    sa.Column("document_id", sa.Integer, sa.ForeignKey("documents.id"), primary_key=True),
    _ref("thread_id", "documents"),  # names the thread: the lowest id in it
    _ref("parent_id", "documents", nullable=True),  # the message that it answers
    _number("position"),  # in the thread, read from top to bottom
    _number("depth"),
    _text("basis"),  # what joined it: references, conversation-index, subject, none
    sa.Column("inclusive", sa.Boolean, nullable=True),
    _text("contained_in", nullable=True),  # why it is not inclusive, or why it is
    _ref("spare_of_id", "documents", nullable=True),
)

people = sa.Table(
    "people",
    metadata,
    _id(),
    _text("name"),
    _text("origin"),  # derived, user
)

addresses = sa.Table(
    "addresses",
    metadata,
    sa.Column("address", sa.Text, primary_key=True),  # lower case
    _text("domain", index=True),
    _text("name"),  # the name most often shown with it
    _number("messages"),  # in how many documents it stands
    _ref("person_id", "people"),
    _text("origin"),  # derived, user: what put it with this person
)

# Files that were put in the place of damaged ones.
replacements = sa.Table(
    "replacements",
    metadata,
    _id(),
    _ref("document_id", "documents"),
    _text("old_sha256", nullable=True),
    _number("old_size"),
    _text("new_sha256"),
    _number("new_size"),
    _text("source"),
    _text("reason"),
    _text("actor"),
    _text("at"),
)

runs = sa.Table(
    "runs",
    metadata,
    _id(),
    _text("stage"),
    _text("state"),  # running, complete, interrupted
    _text("actor"),
    _text("started_at"),
    _text("finished_at", nullable=True),
    sa.Column("settings", sa.JSON, nullable=False),
    sa.Column("summary", sa.JSON, nullable=False),
)

# Who may do what in the case; where nobody is named, everyone may do all.
users = sa.Table(
    "users",
    metadata,
    _id(),
    sa.Column("name", sa.Text, unique=True, nullable=False),
    _text("role"),  # admin, reviewer, read-only, none
    _text("created_at"),
    _text("created_by"),
)

tag_groups = sa.Table(
    "tag_groups",
    metadata,
    _id(),
    sa.Column("name", sa.Text, unique=True, nullable=False),
    _text("kind"),  # choices, confidentiality, issues
    _text("description"),
    sa.Column("single", sa.Boolean, nullable=False),  # a document bears one of them at most
    sa.Column("required", sa.Boolean, nullable=False),  # a document that is tagged bears one
    _text("created_at"),
    _text("created_by"),
)

tags = sa.Table(
    "tags",
    metadata,
    _id(),
    sa.Column("name", sa.Text, unique=True, nullable=False),
    _text("description"),
    _text("created_at"),
    _text("created_by"),
    _ref("group_id", "tag_groups", nullable=True),
    _number("position"),  # within its group; confidentiality from the lowest
    sa.Column("needs_basis", sa.Boolean, nullable=False),
)

# Pairs of tags that no document bears both of; the lower id stands first.
tag_exclusions = sa.Table(
    "tag_exclusions",
    metadata,
    sa.Column("tag_id", sa.Integer, sa.ForeignKey("tags.id"), primary_key=True),
    sa.Column("other_id", sa.Integer, sa.ForeignKey("tags.id"), primary_key=True),
)

tag_events = sa.Table(
    "tag_events",
    metadata,
    _id(),
    _ref("tag_id", "tags"),
    _text("action"),  # add, remove
    _text("actor"),
    _text("at"),
    sa.Column("origin", sa.JSON, nullable=False),  # query, ids or file; what came along
    _number("count"),
    sa.Column("act", sa.BigInteger, nullable=False, index=True),  # what was done at once
    _number("undoes", nullable=True),  # the act that this one takes back
)

tag_event_documents = sa.Table(
    "tag_event_documents",
    metadata,
    sa.Column("event_id", sa.Integer, sa.ForeignKey("tag_events.id"), primary_key=True),
    sa.Column(
        "document_id", sa.Integer, sa.ForeignKey("documents.id"), primary_key=True, index=True
    ),
    _text("basis", nullable=True),  # that came with the tag, or went with it
    _number("undone_by", nullable=True),  # the act that took it back
)

document_tags = sa.Table(
    "document_tags",
    metadata,
    sa.Column("tag_id", sa.Integer, sa.ForeignKey("tags.id"), primary_key=True),
    sa.Column(
        "document_id", sa.Integer, sa.ForeignKey("documents.id"), primary_key=True, index=True
    ),
    _text("basis", nullable=True),  # why, as a privilege log tells it
)

# What reviewers wrote of documents; what is withdrawn stays.
document_notes = sa.Table(
    "document_notes",
    metadata,
    _id(),
    _ref("document_id", "documents"),
    _text("text"),
    _text("actor"),
    _text("at"),
    _text("withdrawn_by", nullable=True),
    _text("withdrawn_at", nullable=True),
)

productions = sa.Table(
    "productions",
    metadata,
    _id(),
    sa.Column("name", sa.Text, unique=True, nullable=False),
    _text("state"),  # planned, running, frozen
    _text("actor"),
    _text("created_at"),
    _text("frozen_at", nullable=True),
    sa.Column("specification", sa.JSON, nullable=False),
    sa.Column("counts", sa.JSON, nullable=False),
    _text("manifest_sha256", nullable=True),
    _ref("replaces_id", "productions", nullable=True),  # the volume that its numbers are of
    _text("reason", nullable=True),  # why it replaces them
)

bates_reservations = sa.Table(
    "bates_reservations",
    metadata,
    _id(),
    _ref("production_id", "productions"),
    _text("prefix"),
    _number("first"),
    _number("last"),
    _text("at"),
)

production_items = sa.Table(
    "production_items",
    metadata,
    _ref("production_id", "productions"),
    _number("position"),  # order in the volume, from 0
    _ref("document_id", "documents"),
    _text("treatment"),  # image, native, slip, withheld
    _text("reason"),  # why native or slip-sheeted; empty for image
    _text("state"),  # planned, rendered, done
    _number("pages", nullable=True),
    _text("render_sha256", nullable=True),  # blob: the unstamped pages as PDF
    _text("beg_bates", nullable=True, index=True),
    _text("end_bates", nullable=True),
    sa.Column("detail", sa.JSON, nullable=False),
    _ref("replaced_by_id", "productions", nullable=True),  # a frozen volume with a newer version
    sa.PrimaryKeyConstraint("production_id", "position"),
    sa.UniqueConstraint("production_id", "document_id"),
)

production_files = sa.Table(
    "production_files",
    metadata,
    _ref("production_id", "productions"),
    _text("path"),
    _text("sha256"),
    _number("size"),
    sa.PrimaryKeyConstraint("production_id", "path"),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    _text("at"),
    _text("actor"),
    _text("act"),
    sa.Column("details", sa.Text, nullable=False),  # canonical JSON, as it was hashed
    _text("previous"),
    _text("hash"),
)
