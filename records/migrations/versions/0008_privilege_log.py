"""The privilege log: what it says of each document."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema up."""
    op.create_table(
        "privilege_descriptions",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["documents.id"],
            name=op.f("fk_privilege_descriptions_document_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privilege_descriptions")),
    )
    op.create_index(
        op.f("ix_privilege_descriptions_document_id"),
        "privilege_descriptions",
        ["document_id"],
        unique=False,
    )
