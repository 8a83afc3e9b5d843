"""Replacement volumes: what a production replaces and why, and by which one a document was."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema up."""
    with op.batch_alter_table("productions") as batch:
        batch.add_column(sa.Column("replaces_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("reason", sa.Text(), nullable=True))
        batch.create_index(op.f("ix_productions_replaces_id"), ["replaces_id"])
        batch.create_foreign_key(
            op.f("fk_productions_replaces_id"), "productions", ["replaces_id"], ["id"]
        )
    with op.batch_alter_table("production_items") as batch:
        batch.add_column(sa.Column("replaced_by_id", sa.Integer(), nullable=True))
        batch.create_index(op.f("ix_production_items_replaced_by_id"), ["replaced_by_id"])
        batch.create_foreign_key(
            op.f("fk_production_items_replaced_by_id"), "productions", ["replaced_by_id"], ["id"]
        )
