"""Processing: readings of pages, analyses of texts, relations, people, replaced files."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema up."""
    op.create_table(
        "near_bands",
        sa.Column("band", sa.Integer(), nullable=False),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("text_sha256", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("band", "key", "text_sha256", name=op.f("pk_near_bands")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "near_texts",
        sa.Column("text_sha256", sa.Text(), nullable=False),
        sa.Column("principal_sha256", sa.Text(), nullable=False),
        sa.Column("percent", sa.Float(), nullable=False),
        sa.Column("threshold", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("text_sha256", name=op.f("pk_near_texts")),
    )
    op.create_table(
        "page_readings",
        sa.Column("image_sha256", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("found", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("image_sha256", "settings", name=op.f("pk_page_readings")),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
    )
    op.create_table(
        "text_analyses",
        sa.Column("text_sha256", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("words", sa.BigInteger(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("text_sha256", name=op.f("pk_text_analyses")),
    )
    op.create_table(
        "addresses",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("messages", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_addresses_person_id")),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_addresses")),
    )
    with op.batch_alter_table("addresses", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_addresses_domain"), ["domain"], unique=False)
        batch_op.create_index(batch_op.f("ix_addresses_person_id"), ["person_id"], unique=False)

    op.create_table(
        "mail_keys",
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_mail_keys_document_id")
        ),
        sa.PrimaryKeyConstraint("document_id", "kind", "key", name=op.f("pk_mail_keys")),
    )
    with op.batch_alter_table("mail_keys", schema=None) as batch_op:
        batch_op.create_index("ix_mail_keys_kind_key", ["kind", "key"], unique=False)

    op.create_table(
        "near_duplicates",
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("principal_id", sa.Integer(), nullable=False),
        sa.Column("percent", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_near_duplicates_document_id")
        ),
        sa.ForeignKeyConstraint(
            ["principal_id"], ["documents.id"], name=op.f("fk_near_duplicates_principal_id")
        ),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_near_duplicates")),
    )
    with op.batch_alter_table("near_duplicates", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_near_duplicates_principal_id"), ["principal_id"], unique=False
        )

    op.create_table(
        "replacements",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("old_sha256", sa.Text(), nullable=True),
        sa.Column("old_size", sa.BigInteger(), nullable=False),
        sa.Column("new_sha256", sa.Text(), nullable=False),
        sa.Column("new_size", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_replacements_document_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replacements")),
    )
    with op.batch_alter_table("replacements", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_replacements_document_id"), ["document_id"], unique=False
        )

    op.create_table(
        "threads",
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("thread_id", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("depth", sa.BigInteger(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("inclusive", sa.Boolean(), nullable=True),
        sa.Column("contained_in", sa.Text(), nullable=True),
        sa.Column("spare_of_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_threads_document_id")
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["documents.id"], name=op.f("fk_threads_parent_id")),
        sa.ForeignKeyConstraint(
            ["spare_of_id"], ["documents.id"], name=op.f("fk_threads_spare_of_id")
        ),
        sa.ForeignKeyConstraint(["thread_id"], ["documents.id"], name=op.f("fk_threads_thread_id")),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_threads")),
    )
    with op.batch_alter_table("threads", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_threads_parent_id"), ["parent_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_threads_spare_of_id"), ["spare_of_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_threads_thread_id"), ["thread_id"], unique=False)

    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.add_column(sa.Column("language", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("analysed_sha256", sa.Text(), nullable=True))

    with op.batch_alter_table("ocr_pages", schema=None) as batch_op:
        batch_op.add_column(sa.Column("state", sa.Text(), nullable=False, server_default="read"))
        batch_op.add_column(sa.Column("image_sha256", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("languages", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("dpi", sa.BigInteger(), nullable=False, server_default="300"))
        batch_op.add_column(sa.Column("skew", sa.Float(), nullable=False, server_default="0"))
