"""Lists of known files that were applied to a case, and what stands on them."""

import json
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from records import tables
from records.codes import Disposition

COMPARED = "known files compared"  # the acts in the audit chain
LIFTED = "known files lifted"
FILLED = "missing bytes collected"
READ_AGAIN = "family read again"

KEPT = "kept with its family"

_D = tables.documents.c


@dataclass(frozen=True, slots=True)
class KnownList:
    """A list, and the documents that stand on it.

    `not_compared` documents came, or came by their bytes, after it was last applied; `to_repeat`
    stood on a list that was lifted since, and may be on this one too. Both are 0 for a lifted one.
    """

    id: int
    name: str
    kind: str
    sha256: str
    entries: int
    state: str
    actor: str
    at: str
    by: str
    documents: int
    not_compared: int
    to_repeat: int


def standing() -> sa.ColumnElement[str]:
    """What became of a document that is known: a disposition, or `KEPT`.

    Kept is what is known, but is in a family that is not, or came with a mailbox.
    """
    itself = (_D.id == _D.family_id) & _D.outcome.in_((Disposition.EMPTY, Disposition.CONTAINER))
    aside = (Disposition.SYSTEM_FILE, Disposition.DUPLICATE, Disposition.PENDING)
    return sa.case((_D.disposition.in_(aside), _D.disposition), (itself, _D.outcome), else_=KEPT)


def known_lists(connection: sa.Connection) -> list[KnownList]:
    """All lists, in the order in which they were first applied."""
    rows = connection.execute(sa.select(tables.hash_lists).order_by(tables.hash_lists.c.id)).all()
    if not rows:
        return []
    counts, acts = _counts(connection), _acts(connection)
    found = []
    for row in rows:
        last = next(act for act in reversed(acts) if act.act == COMPARED and act.list == row.id)
        later = [act for act in acts if act.seq > last.seq and row.state == "applied"]
        is_applied = row.state == "applied"
        found.append(
            KnownList(
                id=row.id,
                name=row.name,
                kind=row.kind,
                sha256=row.sha256,
                entries=row.entries,
                state=row.state,
                actor=row.actor,
                at=row.at,
                by=last.details["by"],
                documents=counts.get(row.id, 0),
                not_compared=_not_compared(connection, last, later) if is_applied else 0,
                to_repeat=sum(act.details["documents"] for act in later if act.act == LIFTED),
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class _Act:
    seq: int
    act: str
    details: dict[str, Any]

    @property
    def list(self) -> int | None:
        return self.details.get("list")


def _acts(connection: sa.Connection) -> list[_Act]:
    a = tables.audit.c
    acts = (COMPARED, LIFTED, FILLED, READ_AGAIN)
    query = sa.select(a.seq, a.act, a.details).where(a.act.in_(acts))
    return [
        _Act(row.seq, row.act, json.loads(row.details))
        for row in connection.execute(query.order_by(a.seq))
    ]


def _counts(connection: sa.Connection) -> dict[int, int]:
    query = sa.select(_D.known_by_id, sa.func.count()).where(_D.known_by_id.is_not(None))
    return {row[0]: row[1] for row in connection.execute(query.group_by(_D.known_by_id))}


def _not_compared(connection: sa.Connection, last: _Act, later: list[_Act]) -> int:
    through = last.details["through"]
    new = sa.select(sa.func.count()).where(_D.id > through, _D.sha256.is_not(None))
    filled = {act.details["document"] for act in later if act.act == FILLED}
    filled |= {each for act in later for each in act.details.get("filled", ())}
    return connection.execute(new).scalar_one() + sum(1 for each in filled if each <= through)
