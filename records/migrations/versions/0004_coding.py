"""Coding: groups of tags with rules, bases, acts that can be undone, notes; users and roles."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema up; each event of before becomes an act of its own."""
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("name", name=op.f("uq_users_name")),
    )
    op.create_table(
        "tag_groups",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("single", sa.Boolean(), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag_groups")),
        sa.UniqueConstraint("name", name=op.f("uq_tag_groups_name")),
    )
    with op.batch_alter_table("tags") as batch:
        batch.add_column(sa.Column("group_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("position", sa.BigInteger(), nullable=False, server_default="0"))
        batch.add_column(
            sa.Column("needs_basis", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch.create_index(op.f("ix_tags_group_id"), ["group_id"])
        batch.create_foreign_key(op.f("fk_tags_group_id"), "tag_groups", ["group_id"], ["id"])
    op.create_table(
        "tag_exclusions",
        sa.Column("tag_id", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["tag_id"], ["tags.id"], name=op.f("fk_tag_exclusions_tag_id")),
        sa.ForeignKeyConstraint(["other_id"], ["tags.id"], name=op.f("fk_tag_exclusions_other_id")),
        sa.PrimaryKeyConstraint("tag_id", "other_id", name=op.f("pk_tag_exclusions")),
    )
    op.add_column(
        "tag_events", sa.Column("act", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.add_column("tag_events", sa.Column("undoes", sa.BigInteger(), nullable=True))
    op.execute("UPDATE tag_events SET act = id")
    op.create_index(op.f("ix_tag_events_act"), "tag_events", ["act"])
    op.add_column("tag_event_documents", sa.Column("basis", sa.Text(), nullable=True))
    op.add_column("tag_event_documents", sa.Column("undone_by", sa.BigInteger(), nullable=True))
    op.create_index(
        op.f("ix_tag_event_documents_document_id"), "tag_event_documents", ["document_id"]
    )
    op.add_column("document_tags", sa.Column("basis", sa.Text(), nullable=True))
    op.create_table(
        "document_notes",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.Column("withdrawn_at", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_document_notes_document_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_notes")),
    )
    op.create_index(op.f("ix_document_notes_document_id"), "document_notes", ["document_id"])
