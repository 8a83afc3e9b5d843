"""What a case on PostgreSQL needs that SQLite does by itself.

- Reads see one moment of the database, as SQLite's do (REPEATABLE READ), and cannot write.
- Writes go one after the other (an advisory lock of the transaction), as SQLite's BEGIN IMMEDIATE
  has it: numbers are given as the highest and one, which two at a time would give twice.
- A stage holds the case by an advisory lock of its session, which all machines see. Its writes go
  through that very session: one that lost the lock cannot commit any more.
- Text is ordered by its bytes (COLLATE "C"), whatever the database's language.

All locks are keyed by the schema, so that several cases may live in schemas of one database.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from records import audit
from records.errors import CaseBusyError, DatabaseError

_STAGE, _WRITE = 0x52574C01, 0x52574C02  # the first keys of our advisory locks
_ALIVE = {"keepalives_idle": 60, "keepalives_interval": 10, "keepalives_count": 6}
_HAS_IDLE_TIMEOUT = 140000  # PostgreSQL 14
_PREPARE = (
    "SET synchronous_commit = on",
    "SET lock_timeout = '60s'",  # as long as SQLite waits
    # The session that holds a case is idle while a batch is read, and verifying reads for hours.
    "SET statement_timeout = 0",
    "SET idle_in_transaction_session_timeout = 0",
    # A machine that is switched off lets go of the case some two minutes later.
    "SET tcp_keepalives_idle = 60",
    "SET tcp_keepalives_interval = 10",
    "SET tcp_keepalives_count = 6",
)


def engine(address: str, **options: Any) -> sa.Engine:
    """An engine whose connections behave as above."""
    made = sa.create_engine(
        address,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 15, **_ALIVE},
        **options,
    )
    event.listen(made, "connect", _prepare)
    event.listen(made, "begin", _begin)
    return made


def _prepare(connection: Any, _record: Any) -> None:
    """Set up a session; `connection` is the driver's."""
    with connection.cursor() as cursor:
        for each in _PREPARE:
            cursor.execute(each)
        if connection.info.server_version >= _HAS_IDLE_TIMEOUT:
            cursor.execute("SET idle_session_timeout = 0")
    connection.commit()


def _begin(connection: sa.Connection) -> None:
    if connection.get_execution_options().get("redwell_write", False):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_key(_WRITE)})")
    else:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")


def _key(kind: int) -> str:
    return f"{kind}, hashtext(current_schema())"


@contextmanager
def held(case_engine: sa.Engine, case: str, stage: str) -> Iterator[sa.Connection]:
    """A session that holds the case; raises `CaseBusyError` where another does.

    The server drops the lock when the session ends, however it ends.
    """
    with case_engine.connect() as connection:
        if not _value(connection, f"SELECT pg_try_advisory_lock({_key(_STAGE)})"):
            raise CaseBusyError(
                f"The case {case} is busy: {_holder(connection)}. Wait until it has ended"
            )
        told = f"redwell {stage} by {audit.actor()} on {socket.gethostname()}, {os.getpid()}"
        connection.execute(
            sa.text("SELECT set_config('application_name', :told, false)"), {"told": told}
        )
        connection.commit()
        try:
            yield connection.execution_options(redwell_write=True)
        finally:
            if not connection.invalidated:
                connection.detach()  # closed, not kept for others: the lock ends with the session


def _holder(connection: sa.Connection) -> str:
    query = sa.text(
        "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
        "WHERE l.locktype = 'advisory' AND l.granted AND l.classid::bigint = :kind "
        "AND l.objsubid = 2 AND l.database = a.datid AND a.datname = current_database() "
        "AND l.objid::bigint = (hashtext(current_schema())::bigint & 4294967295)"
    )
    return connection.execute(query, {"kind": _STAGE}).scalar() or "another process"


def _value(connection: sa.Connection, query: str) -> Any:
    return connection.exec_driver_sql(query).scalar()


def require_usable(connection: sa.Connection, address: str) -> None:
    """Raise `DatabaseError` for a database that cannot take text of all languages."""
    encoding = _value(connection, "SHOW server_encoding")
    if encoding != "UTF8":
        raise DatabaseError(
            f"The database {address} is encoded in {encoding}, and evidence is in all languages: "
            "make one with 'createdb --encoding=UTF8 --template=template0 NAME'"
        )
    if _value(connection, "SELECT current_schema()") is None:
        raise DatabaseError(
            f"The schema that {address} names is not there: make it with CREATE SCHEMA"
        )


def order_by_bytes(connection: sa.Connection) -> None:
    """Give every text column the order of bytes, so that no answer depends on the language."""
    found = connection.execute(
        sa.text(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = current_schema() AND data_type = 'text' "
            "AND collation_name IS DISTINCT FROM 'C' ORDER BY table_name, ordinal_position"
        )
    ).all()
    quoted = connection.dialect.identifier_preparer.quote
    for table, column in found:
        connection.exec_driver_sql(
            f'ALTER TABLE {quoted(table)} ALTER COLUMN {quoted(column)} TYPE text COLLATE "C"'
        )
