"""Connections to the case database, and its schema."""

import sqlite3
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from records import tables
from records.errors import DatabaseError


def connect(address: str) -> sa.Engine:
    """Open the database; SQLite in WAL mode, fully synchronous, one writer at a time."""
    engine = sa.create_engine(address)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=60000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    # A write begins as one: a deferred one that turns writer later can fail half-way.
    write = connection.get_execution_options().get("redwell_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def create_schema(engine: sa.Engine) -> None:
    """Make all tables in an empty database."""
    tables.metadata.create_all(engine)


def require_schema(address: str, engine: sa.Engine) -> None:
    """Raise `DatabaseError` unless the database can be read and is of this version."""
    try:
        missing = set(tables.metadata.tables) - set(sa.inspect(engine).get_table_names())
    except sa.exc.DBAPIError as error:
        raise DatabaseError(f"The database {address} cannot be opened: {error.orig}") from error
    if missing:
        raise DatabaseError(
            f"The database {address} lacks {', '.join(sorted(missing))}: it is not this case's, or "
            "'redwell init' was cut off. Make the case anew or restore case.db"
        )
