"""Brings a case that an older Redwell made to the present schema.

A copy of the database is made first. The migrations, and the audit entry that tells of them, are
one transaction: a crash leaves the case as it was, or upgraded.
"""

import datetime as dt
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from records import audit
from records.case import CASE_FILE, Case, find
from records.database import SCHEMA, is_older, migrate, revision_of
from records.errors import DatabaseError
from records.settings import resolve


@dataclass(frozen=True, slots=True)
class Upgraded:
    """From which schema to which, and where the copy of the old database is; "" where none is."""

    before: str
    after: str
    copy: str


def upgrade(start: Path | None = None, *, make_copy: bool = True) -> Upgraded:
    """Upgrade the case at `start` (see `records.case.find`); one that is up to date is left alone.

    Raises `DatabaseError` where the database is of a newer schema, or no copy of it can be made.
    """
    folder = find(start)
    case = Case(folder, resolve(folder / CASE_FILE))
    try:
        if not case.settings.database and not (folder / "case.db").is_file():
            raise DatabaseError(f"{folder / 'case.db'} is missing: restore it from a backup")
        with case.exclusive("upgrade"):
            engine = case.engine
            before = revision_of(case.database_address, engine)
            if before == SCHEMA:
                return Upgraded(SCHEMA, SCHEMA, "")
            if not is_older(before):
                raise DatabaseError(
                    f"The database {case.database_address} is of schema {before or 'none'}, which "
                    f"is none that this Redwell (schema {SCHEMA}) can upgrade: use a newer version"
                )
            copy = str(_copied(engine, before or "")) if make_copy else ""
            _migrate(engine, before or "", copy)
            return Upgraded(before or "", SCHEMA, copy)
    finally:
        case.close()


def _copied(engine: sa.Engine, before: str) -> Path:
    """Copy an SQLite database beside itself, under a name that no other copy has."""
    if engine.dialect.name != "sqlite" or not engine.url.database:
        raise DatabaseError(
            "Redwell copies SQLite databases only: make a backup of this one (with pg_dump), then "
            "run 'redwell upgrade --no-copy'"
        )
    source = Path(engine.url.database)
    moment = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    target = source.with_name(f"{source.name}.schema-{before}-{moment}")
    for left in source.parent.glob(f".{source.name}.schema-*.new*"):  # of a copy that was cut off
        left.unlink()
    fresh = target.with_name(f".{target.name}.new")
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(fresh)) as new:
        old.backup(new)
        new.execute("PRAGMA journal_mode = DELETE")  # one file, whole by itself
    _sync(fresh)
    fresh.rename(target)
    _sync(target.parent)
    return target


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _migrate(engine: sa.Engine, before: str, copy: str) -> None:
    """Run the migrations in one transaction.

    They rebuild tables that others refer to, which SQLite allows only with foreign keys off; this
    can be said outside of a transaction only. All references are checked before the commit.
    """
    sqlite = engine.dialect.name == "sqlite"
    with engine.connect().execution_options(redwell_write=True) as connection:
        if sqlite:
            _driver(connection).execute("PRAGMA foreign_keys = OFF")
        try:
            with connection.begin():
                migrate(connection)
                if sqlite:
                    _require_references(connection)
                audit.append(
                    connection,
                    "case upgraded",
                    schema_before=before,
                    schema=SCHEMA,
                    copy=Path(copy).name,
                )
        finally:
            if sqlite:
                _driver(connection).execute("PRAGMA foreign_keys = ON")


def _driver(connection: sa.Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def _require_references(connection: sa.Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if broken:
        raise DatabaseError(
            f"The database would hold {len(broken)} references to nothing (as in {broken[0][0]}): "
            "nothing was changed. Restore case.db from a backup"
        )
