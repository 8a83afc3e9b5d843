"""Productions of others: volumes, files, documents, pages and defects."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema up."""
    op.create_table(
        "received",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("collection_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("finished_at", sa.Text(), nullable=True),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["collection_id"], ["collections.id"], name=op.f("fk_received_collection_id")
        ),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["received.id"], name=op.f("fk_received_replaces_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_received")),
        sa.UniqueConstraint("name", name=op.f("uq_received_name")),
    )
    op.create_index(op.f("ix_received_collection_id"), "received", ["collection_id"])
    op.create_index(op.f("ix_received_replaces_id"), "received", ["replaces_id"])
    op.create_table(
        "received_defects",
        sa.Column("volume_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("beg", sa.Text(), nullable=False),
        sa.Column("end", sa.Text(), nullable=False),
        sa.Column("where", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["volume_id"], ["received.id"], name=op.f("fk_received_defects_volume_id")
        ),
        sa.PrimaryKeyConstraint("volume_id", "place", name=op.f("pk_received_defects")),
    )
    op.create_table(
        "received_documents",
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("volume_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("beg_bates", sa.Text(), nullable=False),
        sa.Column("end_bates", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=True),
        sa.Column("first", sa.BigInteger(), nullable=True),
        sa.Column("last", sa.BigInteger(), nullable=True),
        sa.Column("replaced_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_received_documents_document_id")
        ),
        sa.ForeignKeyConstraint(
            ["replaced_by_id"], ["documents.id"], name=op.f("fk_received_documents_replaced_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["volume_id"], ["received.id"], name=op.f("fk_received_documents_volume_id")
        ),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_received_documents")),
        sa.UniqueConstraint(
            "volume_id", "place", name=op.f("uq_received_documents_volume_id_place")
        ),
    )
    op.create_index(op.f("ix_received_documents_beg_bates"), "received_documents", ["beg_bates"])
    op.create_index("ix_received_documents_prefix_first", "received_documents", ["prefix", "first"])
    op.create_index(
        op.f("ix_received_documents_replaced_by_id"), "received_documents", ["replaced_by_id"]
    )
    op.create_index(op.f("ix_received_documents_volume_id"), "received_documents", ["volume_id"])
    op.create_table(
        "received_files",
        sa.Column("volume_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("sha1", sa.Text(), nullable=False),
        sa.Column("md5", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("use", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("text_sha256", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["volume_id"], ["received.id"], name=op.f("fk_received_files_volume_id")
        ),
        sa.PrimaryKeyConstraint("volume_id", "address", name=op.f("pk_received_files")),
    )
    op.create_index(op.f("ix_received_files_sha256"), "received_files", ["sha256"])
    op.create_table(
        "received_pages",
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("frame", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_received_pages_document_id")
        ),
        sa.PrimaryKeyConstraint("document_id", "page", name=op.f("pk_received_pages")),
    )
