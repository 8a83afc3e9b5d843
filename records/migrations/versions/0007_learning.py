"""Sampling and learning: random samples, rounds of learning with all that they rest on."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema up."""
    op.create_table(
        "samples",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("population", sa.LargeBinary(), nullable=False),
        sa.Column("population_count", sa.BigInteger(), nullable=False),
        sa.Column("population_sha256", sa.Text(), nullable=False),
        sa.Column("seed", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("margin", sa.Float(), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("stratify", sa.Text(), nullable=True),
        sa.Column("strata", sa.JSON(), nullable=False),
        sa.Column("incomplete", sa.JSON(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_samples")),
        sa.UniqueConstraint("name", name=op.f("uq_samples_name")),
    )
    op.create_table(
        "learnings",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("tag_id", sa.Integer(), nullable=False),
        sa.Column("other_tag_id", sa.Integer(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("population", sa.LargeBinary(), nullable=False),
        sa.Column("population_count", sa.BigInteger(), nullable=False),
        sa.Column("population_sha256", sa.Text(), nullable=False),
        sa.Column("incomplete", sa.JSON(), nullable=False),
        sa.Column("control_id", sa.Integer(), nullable=True),
        sa.Column("seed_query", sa.Text(), nullable=False),
        sa.Column("seed_documents", sa.JSON(), nullable=False),
        sa.Column("seed", sa.Text(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("stopped_by", sa.Text(), nullable=True),
        sa.Column("stopped_at", sa.Text(), nullable=True),
        sa.Column("stop", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["control_id"], ["samples.id"], name=op.f("fk_learnings_control_id")
        ),
        sa.ForeignKeyConstraint(
            ["other_tag_id"], ["tags.id"], name=op.f("fk_learnings_other_tag_id")
        ),
        sa.ForeignKeyConstraint(["tag_id"], ["tags.id"], name=op.f("fk_learnings_tag_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learnings")),
        sa.UniqueConstraint("name", name=op.f("uq_learnings_name")),
    )
    op.create_index(op.f("ix_learnings_control_id"), "learnings", ["control_id"])
    op.create_index(op.f("ix_learnings_other_tag_id"), "learnings", ["other_tag_id"])
    op.create_index(op.f("ix_learnings_tag_id"), "learnings", ["tag_id"])
    op.create_table(
        "learning_documents",
        sa.Column("learning_id", sa.Integer(), nullable=False),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("relevant", sa.Boolean(), nullable=True),
        sa.Column("coded_by", sa.Text(), nullable=True),
        sa.Column("coded_at", sa.Text(), nullable=True),
        sa.Column("coded_act", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_learning_documents_document_id")
        ),
        sa.ForeignKeyConstraint(
            ["learning_id"], ["learnings.id"], name=op.f("fk_learning_documents_learning_id")
        ),
        sa.PrimaryKeyConstraint(
            "learning_id", "round", "position", name=op.f("pk_learning_documents")
        ),
        sa.UniqueConstraint(
            "learning_id", "document_id", name=op.f("uq_learning_documents_learning_id_document_id")
        ),
    )
    op.create_index(
        op.f("ix_learning_documents_document_id"), "learning_documents", ["document_id"]
    )
    op.create_index(
        op.f("ix_learning_documents_learning_id"), "learning_documents", ["learning_id"]
    )
    op.create_table(
        "learning_rounds",
        sa.Column("learning_id", sa.Integer(), nullable=False),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("relevant", sa.LargeBinary(), nullable=False),
        sa.Column("other", sa.LargeBinary(), nullable=False),
        sa.Column("presumed", sa.LargeBinary(), nullable=False),
        sa.Column("vectors_sha256", sa.Text(), nullable=False),
        sa.Column("model", sa.JSON(), nullable=False),
        sa.Column("tools", sa.JSON(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.Text(), nullable=True),
        sa.Column("found", sa.BigInteger(), nullable=True),
        sa.Column("stopping", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["learning_id"], ["learnings.id"], name=op.f("fk_learning_rounds_learning_id")
        ),
        sa.PrimaryKeyConstraint("learning_id", "round", name=op.f("pk_learning_rounds")),
    )
    op.create_index(op.f("ix_learning_rounds_learning_id"), "learning_rounds", ["learning_id"])
    op.create_table(
        "sample_documents",
        sa.Column("sample_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("stratum", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_sample_documents_document_id")
        ),
        sa.ForeignKeyConstraint(
            ["sample_id"], ["samples.id"], name=op.f("fk_sample_documents_sample_id")
        ),
        sa.PrimaryKeyConstraint("sample_id", "position", name=op.f("pk_sample_documents")),
        sa.UniqueConstraint(
            "sample_id", "document_id", name=op.f("uq_sample_documents_sample_id_document_id")
        ),
    )
    op.create_index(op.f("ix_sample_documents_document_id"), "sample_documents", ["document_id"])
    op.create_index(op.f("ix_sample_documents_sample_id"), "sample_documents", ["sample_id"])
