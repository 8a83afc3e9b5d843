"""An index of the documents' types, by which a search finds all of a type."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema up."""
    op.create_index(op.f("ix_documents_type"), "documents", ["type"])
