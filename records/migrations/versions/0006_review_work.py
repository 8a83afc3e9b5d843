"""Review work: counsel of the case, batches of documents, second-level samples."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema up."""
    _counsel()
    _batches()
    _samples()


def _counsel() -> None:
    op.create_table(
        "counsel",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("firm", sa.Text(), nullable=False),
        sa.Column("addresses", sa.JSON(), nullable=False),
        sa.Column("domains", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counsel")),
    )


def _batches() -> None:
    op.create_table(
        "batch_sets",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_sets")),
        sa.UniqueConstraint("name", name=op.f("uq_batch_sets_name")),
    )
    op.create_table(
        "batches",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("set_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=True),
        sa.Column("cut_at", sa.Text(), nullable=False),
        sa.Column("out_at", sa.Text(), nullable=True),
        sa.Column("returned_at", sa.Text(), nullable=True),
        sa.Column("lacking", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["set_id"], ["batch_sets.id"], name=op.f("fk_batches_set_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
        sa.UniqueConstraint("set_id", "number", name=op.f("uq_batches_set_id_number")),
    )
    op.create_index(op.f("ix_batches_set_id"), "batches", ["set_id"])
    op.create_table(
        "batch_documents",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("set_id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        _to("batch_documents", "batch_id", "batches"),
        _to("batch_documents", "set_id", "batch_sets"),
        _to("batch_documents", "document_id", "documents"),
        sa.PrimaryKeyConstraint("set_id", "document_id", name=op.f("pk_batch_documents")),
    )
    for column in ("batch_id", "document_id"):
        op.create_index(op.f(f"ix_batch_documents_{column}"), "batch_documents", [column])


def _samples() -> None:
    op.create_table(
        "qc_samples",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source", sa.JSON(), nullable=False),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("population", sa.LargeBinary(), nullable=False),
        sa.Column("uncoded", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_qc_samples")),
        sa.UniqueConstraint("name", name=op.f("uq_qc_samples_name")),
    )
    op.create_table(
        "qc_documents",
        sa.Column("sample_id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.JSON(), nullable=False),
        _to("qc_documents", "sample_id", "qc_samples"),
        _to("qc_documents", "document_id", "documents"),
        sa.PrimaryKeyConstraint("sample_id", "document_id", name=op.f("pk_qc_documents")),
    )
    op.create_index(op.f("ix_qc_documents_document_id"), "qc_documents", ["document_id"])
    op.create_table(
        "qc_decisions",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sample_id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        _to("qc_decisions", "sample_id", "qc_samples"),
        _to("qc_decisions", "document_id", "documents"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_qc_decisions")),
    )
    for column in ("sample_id", "document_id"):
        op.create_index(op.f(f"ix_qc_decisions_{column}"), "qc_decisions", [column])


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"))
