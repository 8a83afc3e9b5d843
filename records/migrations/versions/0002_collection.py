"""Collection: origins of files, containers opened in parts, known files, culling."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema up."""
    op.create_table(
        "hash_lists",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hash_lists")),
    )
    op.create_table(
        "cull_rules",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("condition", sa.JSON(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cull_rules")),
        sa.UniqueConstraint("name", name=op.f("uq_cull_rules_name")),
    )
    with op.batch_alter_table("documents") as batch:
        batch.add_column(sa.Column("origin", sa.JSON(), nullable=True))
        batch.add_column(sa.Column("known_by_id", sa.Integer(), nullable=True))
        batch.create_index(op.f("ix_documents_known_by_id"), ["known_by_id"])
        batch.create_foreign_key(
            op.f("fk_documents_known_by_id"), "hash_lists", ["known_by_id"], ["id"]
        )
    op.create_table(
        "openings",
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_openings_document_id")
        ),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_openings")),
    )
    op.create_table(
        "culled",
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_culled_document_id")
        ),
        sa.ForeignKeyConstraint(["rule_id"], ["cull_rules.id"], name=op.f("fk_culled_rule_id")),
        sa.PrimaryKeyConstraint("rule_id", "document_id", name=op.f("pk_culled")),
    )
    op.create_index(op.f("ix_culled_document_id"), "culled", ["document_id"])
