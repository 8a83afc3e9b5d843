"""Connections to the case database, and its schema."""

import sqlite3
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event

from records.errors import DatabaseError

SCHEMA = "0003"  # the newest revision under migrations/versions


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


def migrations() -> Config:
    """Alembic's configuration, made here so that no file has to be found."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def create_schema(engine: sa.Engine) -> None:
    """Make all tables in an empty database, by its migrations."""
    config = migrations()
    with engine.connect().execution_options(redwell_write=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def revision_of(address: str, engine: sa.Engine) -> str | None:
    """The schema of a database; raises `DatabaseError` where it cannot be read."""
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    except sa.exc.DBAPIError as error:
        raise DatabaseError(
            f"The database {address} cannot be opened: {error.orig}. Restore it from a backup"
        ) from error


def is_older(revision: str | None) -> bool:
    """Whether a schema is one that the migrations lead on from."""
    script = ScriptDirectory.from_config(migrations())
    return revision in {each.revision for each in script.walk_revisions()} - {SCHEMA}


def require_schema(address: str, engine: sa.Engine) -> None:
    """Raise `DatabaseError` unless the database can be read and is of this version."""
    found = revision_of(address, engine)
    if found == SCHEMA:
        return
    remedy = (
        "run 'redwell upgrade', which makes a copy of it first"
        if is_older(found)
        else "use the version that made the case, or restore case.db from a backup"
    )
    raise DatabaseError(
        f"The database {address} is of schema {found or 'none'}, this Redwell of {SCHEMA}: {remedy}"
    )
