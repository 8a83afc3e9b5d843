"""The audit chain: every act, each carrying the hash of the one before.

The hash of an entry is SHA-256 over its sequence number, time, actor, act, details (canonical
JSON) and the previous hash, each on a line. An entry is written in the transaction of the act
that it tells of, so that neither stands without the other.
"""

import getpass
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from records import tables, times
from records.errors import AuditError

ORIGIN = "0" * 64


@dataclass(frozen=True, slots=True)
class Entry:
    """One act on record."""

    seq: int
    at: str
    actor: str
    act: str
    details: str
    previous: str
    hash: str


def actor() -> str:
    """Who acts: REDWELL_USER, else the system's user."""
    if named := os.environ.get("REDWELL_USER", "").strip():
        return named
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name, as in a container
        return f"uid {os.getuid()}"


def _hash(seq: int, at: str, who: str, act: str, details: str, previous: str) -> str:
    text = "\n".join((str(seq), at, who, act, details, previous))
    return hashlib.sha256(text.encode()).hexdigest()


def append(connection: sa.Connection, act: str, **details: Any) -> None:
    """Add an act to the chain, within the caller's transaction."""
    last = connection.execute(
        sa.select(tables.audit.c.seq, tables.audit.c.hash)
        .order_by(tables.audit.c.seq.desc())
        .limit(1)
    ).one_or_none()
    seq, previous = (last.seq + 1, last.hash) if last else (1, ORIGIN)
    at, who = times.now(), actor()
    text = json.dumps(details, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    connection.execute(
        tables.audit.insert().values(
            seq=seq,
            at=at,
            actor=who,
            act=act,
            details=text,
            previous=previous,
            hash=_hash(seq, at, who, act, text, previous),
        )
    )


def entries(connection: sa.Connection) -> Iterator[Entry]:
    """All acts, oldest first."""
    query = sa.select(tables.audit).order_by(tables.audit.c.seq)
    for row in connection.execute(query):
        yield Entry(*row)


def verify(connection: sa.Connection) -> tuple[int, str]:
    """Walk the chain; the number of acts and the last hash. Raises `AuditError` at a break.

    Cutting off the newest acts cannot be seen from within: note the last hash elsewhere.
    """
    previous, count = ORIGIN, 0
    for entry in entries(connection):
        count += 1
        expected = _hash(entry.seq, entry.at, entry.actor, entry.act, entry.details, previous)
        if entry.seq != count or entry.previous != previous or entry.hash != expected:
            raise AuditError(
                f"The audit chain breaks at act {count} ({entry.act}, {entry.at}): the record was "
                "changed outside Redwell. Restore case.db from a backup and compare"
            )
        previous = entry.hash
    return count, previous
