"""Alembic's entry: runs migrations on the connection that `records.database` hands over."""

from alembic import context

from records import tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
