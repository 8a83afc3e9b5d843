"""Alembic's entry: runs migrations on the connection that `records.database` hands over."""

from alembic import context

from records import search_tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=search_tables.saved_searches.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
