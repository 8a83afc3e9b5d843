"""Connections to the case database, and its schema."""

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import event

from records import postgres, storable
from records.errors import CaseExistsError, DatabaseError, DiskFullError, RedwellError

if TYPE_CHECKING:
    from alembic.config import Config

_STATEMENTS = 24  # that a connection keeps; one with a thousand values takes a quarter of a MB
SCHEMA = "0013"  # the newest revision under migrations/versions


def connect(address: str) -> sa.Engine:
    """Open the database, one writer at a time; SQLite in WAL mode, fully synchronous."""
    if is_postgres(address):
        engine = postgres.engine(address, json_serializer=storable.to_json)
    else:
        engine = sa.create_engine(
            address,
            json_serializer=storable.to_json,
            connect_args={"cached_statements": _STATEMENTS},
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    event.listen(engine, "before_cursor_execute", _storable, retval=True)
    return engine


def is_postgres(address: str) -> bool:
    """Whether an address is one of PostgreSQL."""
    return sa.make_url(address).get_backend_name() == "postgresql"


def _storable(
    _connection: sa.Connection,
    _cursor: Any,
    statement: str,
    parameters: Any,
    _context: Any,
    executemany: bool,
) -> tuple[str, Any]:
    return statement, storable.parameters(parameters, many=executemany)


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=60000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    # A write begins as one: a deferred one that turns writer later can fail half-way.
    write = connection.get_execution_options().get("redwell_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def migrations() -> "Config":
    """Alembic's configuration, made here so that no file has to be found."""
    from alembic.config import Config  # a fifth of a second that only migrations need to wait

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def create_schema(engine: sa.Engine) -> None:
    """Make all tables in an empty database, by its migrations."""
    with engine.connect().execution_options(redwell_write=True) as connection, connection.begin():
        migrate(connection)


def migrate(connection: sa.Connection) -> None:
    """Run the migrations that are lacking, within the caller's transaction."""
    from alembic import command

    config = migrations()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    if connection.dialect.name == "postgresql":
        postgres.order_by_bytes(connection)


def require_empty(address: str, connection: sa.Connection) -> None:
    """Raise unless a database can take a case and holds nothing yet.

    `DatabaseError` for one that cannot, `CaseExistsError` for one with any table in it.
    """
    if connection.dialect.name == "postgresql":
        postgres.require_usable(connection, address)
    found = sa.inspect(connection).get_table_names()
    if not found:
        return
    if "alembic_version" in found and "cases" in found:
        what = "holds a case of Redwell already. If its 'redwell init' was cut off, drop it and"
    else:
        what = f"is not empty (it has a table {sorted(found)[0]!r}): each case needs its own;"
    raise CaseExistsError(f"The database {address} {what} make an empty one with 'createdb NAME'")


def revision_of(address: str, engine: sa.Engine) -> str | None:
    """The schema of a database; raises `DatabaseError` where it cannot be read."""
    try:
        with engine.connect() as connection:
            if not sa.inspect(connection).has_table("alembic_version"):
                return None
            found: str | None = connection.execute(
                sa.select(sa.column("version_num")).select_from(sa.table("alembic_version"))
            ).scalar_one_or_none()
            return found
    except sa.exc.DBAPIError as error:
        raise unopened(address, error) from error


def unopened(address: str, error: sa.exc.DBAPIError) -> DatabaseError:
    """What to say of a database that does not open."""
    remedy = "Restore it from a backup"
    if is_postgres(address):
        remedy = (
            "See that the server runs, that the database is there ('createdb NAME') and that you "
            "may use it; a password is taken from PGPASSWORD or ~/.pgpass"
        )
    why = " ".join(str(error.orig).split()).rstrip(".")
    return DatabaseError(f"The database {address} cannot be opened: {why}. {remedy}")


def failed(error: BaseException) -> RedwellError | None:
    """The error that one of a driver amounts to; None for an error of something else."""
    if isinstance(error, sqlite3.Error):
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            return DiskFullError(full("the case database"))
        return DatabaseError(f"The case database failed: {error}")
    import psycopg  # a tenth of a second that most commands need not wait

    if not isinstance(error, psycopg.Error):
        return None
    why = " ".join(str(error).split()).rstrip(".")
    if isinstance(error, psycopg.errors.DiskFull):
        return DiskFullError(full("the database server"))
    if isinstance(error, psycopg.errors.LockNotAvailable):
        return DatabaseError(f"The case database is held by another process ({why}): try again")
    if isinstance(error, psycopg.OperationalError):
        return DatabaseError(
            f"The case database does not answer any more: {why}. What was committed stays: see "
            "that the server runs, then run the same command again"
        )
    return DatabaseError(f"The case database failed: {why}")


def full(where: object) -> str:
    """What to say where there is no room."""
    return (
        f"No room left on the disk ({where or 'where the case writes'}). What was committed stays: "
        "make room and run the same command again"
    )


def is_older(revision: str | None) -> bool:
    """Whether a schema is one that the migrations lead on from."""
    from alembic.script import ScriptDirectory

    script = ScriptDirectory.from_config(migrations())
    return revision in {each.revision for each in script.walk_revisions()} - {SCHEMA}


def require_schema(address: str, engine: sa.Engine) -> None:
    """Raise `DatabaseError` unless the database can be read and is of this version."""
    found = revision_of(address, engine)
    if found == SCHEMA:
        return
    remedy = "use the version that made the case, or restore the database from a backup"
    if is_older(found):
        remedy = "run 'redwell upgrade', which makes a copy of it first"
        if is_postgres(address):
            remedy = "make a backup with pg_dump, then run 'redwell upgrade --no-copy'"
    raise DatabaseError(
        f"The database {address} is of schema {found or 'none'}, this Redwell of {SCHEMA}: {remedy}"
    )
