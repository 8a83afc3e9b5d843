"""The tables of saved searches; see `records.tables`."""

import sqlalchemy as sa

from records.tables import metadata

# Searches that bear a name, which queries use as `saved:NAME`.
saved_searches = sa.Table(
    "saved_searches",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, unique=True, nullable=False),
)

# All that each of them was; the newest version is what it is.
saved_search_versions = sa.Table(
    "saved_search_versions",
    metadata,
    sa.Column("search_id", sa.Integer, sa.ForeignKey("saved_searches.id"), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),  # from 1
    sa.Column("act", sa.Text, nullable=False),  # saved, changed, deleted
    sa.Column("query", sa.Text, nullable=False),
    sa.Column("as_list", sa.Boolean, nullable=False),  # a term on each line, any of which will do
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
)
