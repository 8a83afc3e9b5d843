"""Redactions: reason codes, what is redacted and the pages it was drawn on."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema up."""
    op.create_table(
        "redaction_codes",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        *(_text("code"), _text("label"), _text("actor"), _text("at")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_redaction_codes")),
        sa.UniqueConstraint("code", name=op.f("uq_redaction_codes_code")),
    )
    op.create_table(
        "redaction_pages",
        sa.Column("document_id", sa.Integer(), nullable=False),
        *(_text("render_sha256"), _text("job_sha256"), _text("characters_sha256")),
        sa.Column("pages", sa.BigInteger(), nullable=False),
        _text("at"),
        _to("redaction_pages", "document_id", "documents"),
        sa.PrimaryKeyConstraint("document_id", "render_sha256", name=op.f("pk_redaction_pages")),
    )
    for column in ("document_id", "job_sha256"):
        op.create_index(op.f(f"ix_redaction_pages_{column}"), "redaction_pages", [column])
    op.create_table(
        "redactions",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("code_id", sa.Integer(), nullable=False),
        *(_text("kind"), _text("origin"), _text("state")),
        sa.Column("page", sa.BigInteger(), nullable=True),
        sa.Column("boxes", sa.JSON(), nullable=False),
        *(_text("place"), _text("found"), _text("context"), _text("reason")),
        sa.Column("confidence", sa.Float(), nullable=True),
        *(_maybe("render_sha256"), _maybe("picture_sha256"), _maybe("native_sha256")),
        *(_text("actor"), _text("at"), _maybe("decided_by"), _maybe("decided_at")),
        _to("redactions", "document_id", "documents"),
        _to("redactions", "code_id", "redaction_codes"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_redactions")),
    )
    for column in ("code_id", "document_id"):
        op.create_index(op.f(f"ix_redactions_{column}"), "redactions", [column])


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _maybe(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=True)


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"))
