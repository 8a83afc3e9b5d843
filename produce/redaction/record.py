"""Redactions on record: drawn or suggested, confirmed, rejected, withdrawn; never erased.

What a person draws counts at once; what a search suggests counts once a person confirms it. Acts go
to the audit chain by numbers and places: it never holds the words themselves.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from pyroaring import BitMap

from produce.redaction.codes import find_code
from records import audit, tables, times
from records.case import Case
from records.control import control
from records.errors import RedactionError
from records.numbers import next_number, table_of
from records.roles import UserRole
from review.targets import require_known

_R, _C = tables.redactions.c, tables.redaction_codes.c
_NAMED = 20

type Box = tuple[float, float, float, float]


class Kind(StrEnum):
    """What a redaction covers."""

    BOX = "box"  # boxes on a page
    PAGE = "page"  # a page whole
    CELLS = "cells"  # a range of a spreadsheet
    FIELD = "field"  # a field of the load file


class Origin(StrEnum):
    """What it comes from."""

    HAND = "hand"
    TERM = "term"
    PATTERN = "pattern"


class State(StrEnum):
    """How it stands; only confirmed ones are burned in."""

    SUGGESTED = "suggested"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A redaction that is to go on record.

    `boxes` are (left, top, right, bottom) in points from the upper left corner of the page as it is
    seen; `page` counts from 1. `place` is SHEET!A1:B2 of cells or the name of a field.
    """

    document: int
    kind: Kind
    origin: Origin
    page: int | None = None
    boxes: tuple[Box, ...] = ()
    place: str = ""
    found: str = ""
    context: str = ""
    reason: str = ""
    confidence: float | None = None
    render_sha256: str | None = None
    picture_sha256: str | None = None
    native_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Redaction:
    """One on record: what was drawn, under which number and code, and how it stands."""

    number: int
    drawn: Drawn
    code: str
    label: str
    state: State
    actor: str
    at: str
    decided_by: str | None
    decided_at: str | None

    @property
    def where(self) -> str:
        """Its place in words."""
        drawn = self.drawn
        if drawn.page is not None:
            return f"{control(drawn.document)} page {drawn.page}"
        return f"{control(drawn.document)} {drawn.place}"

    def to_json(self) -> dict[str, Any]:
        """All of it, for `--json`."""
        drawn = self.drawn
        return {
            "number": self.number,
            "document": control(drawn.document),
            "kind": drawn.kind,
            "page": drawn.page,
            "boxes": [list(each) for each in drawn.boxes],
            "place": drawn.place,
            "code": self.code,
            "label": self.label,
            "origin": drawn.origin,
            "reason": drawn.reason,
            "state": self.state,
            "found": drawn.found,
            "context": drawn.context,
            "confidence": drawn.confidence,
            "render_sha256": drawn.render_sha256,
            "actor": self.actor,
            "at": self.at,
            "decided_by": self.decided_by,
            "decided_at": self.decided_at,
        }


def add(case: Case, code: str, drawn: Sequence[Drawn], state: State) -> list[Redaction]:
    """Put redactions on record under one code, confirmed or suggested; those that stand already in
    the same place are left out. Raises `RedactionError` for a code that is not there.
    """
    with case.write(UserRole.REVIEWER) as connection:
        require_known(connection, BitMap(each.document for each in drawn))
        reason = find_code(connection, code)
        standing = _standing(connection, {each.document for each in drawn})
        fresh = [each for each in drawn if _key(each) not in standing]
        first = next_number(connection, _R.id)
        rows = [
            _row(first + place, each, reason.id, state, audit.actor(), times.now())
            for place, each in enumerate(fresh)
        ]
        if rows:
            connection.execute(tables.redactions.insert(), rows)
            told = [f"{first + place} {_told(each)}" for place, each in enumerate(fresh)]
            verb = "redactions suggested" if state is State.SUGGESTED else "redactions drawn"
            audit.append(connection, verb, code=reason.code, redactions=told)
        return listing(connection, numbers=range(first, first + len(rows))) if rows else []


def _told(each: Drawn) -> str:
    """A redaction for the audit chain: where, and by what; never which words."""
    place = f"page {each.page} {[list(box) for box in each.boxes]}" if each.page else each.place
    return f"{control(each.document)} {each.kind} {place} {each.origin} {each.render_sha256 or ''}"


def _row(
    number: int, each: Drawn, code_id: int, state: State, actor: str, at: str
) -> dict[str, Any]:
    decided = state is not State.SUGGESTED
    return {
        "id": number,
        "document_id": each.document,
        "code_id": code_id,
        "kind": each.kind,
        "origin": each.origin,
        "state": state,
        "page": each.page,
        "boxes": [[round(one, 2) for one in box] for box in each.boxes],
        "place": each.place,
        "found": each.found,
        "context": each.context,
        "reason": each.reason,
        "confidence": each.confidence,
        "render_sha256": each.render_sha256,
        "picture_sha256": each.picture_sha256,
        "native_sha256": each.native_sha256,
        "actor": actor,
        "at": at,
        "decided_by": actor if decided else None,
        "decided_at": at if decided else None,
    }


def _key(each: Drawn) -> tuple[object, ...]:
    boxes = tuple(tuple(round(one, 1) for one in box) for box in each.boxes)
    return each.document, each.kind, each.page, boxes, each.place, each.render_sha256


def _standing(connection: sa.Connection, documents: set[int]) -> set[tuple[object, ...]]:
    """Keys of what is suggested, confirmed or rejected already: nobody is asked twice."""
    found = listing(connection, documents)
    return {_key(each.drawn) for each in found if each.state is not State.WITHDRAWN}


def listing(
    connection: sa.Connection,
    documents: Iterable[int] | None = None,
    states: Iterable[State] = tuple(State),
    numbers: Iterable[int] | None = None,
) -> list[Redaction]:
    """Redactions by number: of some documents or all, in some states or any."""
    query = (
        sa.select(tables.redactions, _C.code, _C.label)
        .join(tables.redaction_codes, _C.id == _R.code_id)
        .where(_R.state.in_([str(each) for each in states]))
        .order_by(_R.id)
    )
    for column, ids in ((_R.document_id, documents), (_R.id, numbers)):
        if ids is not None:
            given = table_of(connection, ids)
            query = query.where(column.in_(sa.select(given.c.id)))
    return [_redaction(row) for row in connection.execute(query)]


def _redaction(row: sa.Row[Any]) -> Redaction:
    drawn = Drawn(
        *(row.document_id, Kind(row.kind), Origin(row.origin), row.page),
        tuple((box[0], box[1], box[2], box[3]) for box in row.boxes),
        *(row.place, row.found, row.context, row.reason, row.confidence),
        *(row.render_sha256, row.picture_sha256, row.native_sha256),
    )
    return Redaction(
        *(row.id, drawn, row.code, row.label, State(row.state)),
        *(row.actor, row.at, row.decided_by, row.decided_at),
    )


_MAY: dict[State, tuple[State, ...]] = {
    State.CONFIRMED: (State.SUGGESTED, State.REJECTED),
    State.REJECTED: (State.SUGGESTED,),
    State.WITHDRAWN: (State.CONFIRMED, State.SUGGESTED),
}


def decide(case: Case, numbers: Iterable[int], state: State) -> list[Redaction]:
    """Confirm, reject or withdraw; all of them or none. As they stand now.

    Raises `RedactionError` for a number that is not there or in a state that does not allow it.
    """
    wanted = sorted(set(numbers))
    with case.write(UserRole.REVIEWER) as connection:
        found = listing(connection, numbers=wanted)
        known = {each.number for each in found}
        missing = [each for each in wanted if each not in known]
        if missing or not wanted:
            raise RedactionError(
                f"There is no redaction {_some(missing)}: see 'redwell redact list'"
            )
        other = [each for each in found if each.state not in (*_MAY[state], state)]
        if other:
            raise RedactionError(
                f"Redaction {_some([each.number for each in other])} is {other[0].state}, and so "
                f"cannot be {state}; nothing was changed"
            )
        changed = [each.number for each in found if each.state is not state]
        who, at = audit.actor(), times.now()
        given = table_of(connection, changed)
        connection.execute(
            tables.redactions.update()
            .where(_R.id.in_(sa.select(given.c.id)))
            .values(state=str(state), decided_by=who, decided_at=at)
        )
        if changed:
            audit.append(connection, f"redactions {state}", redactions=changed)
        return [
            each
            if each.state is state
            else replace(each, state=state, decided_by=who, decided_at=at)
            for each in found
        ]


def _some(numbers: Sequence[int]) -> str:
    more = f" and {len(numbers) - _NAMED} more" if len(numbers) > _NAMED else ""
    return ", ".join(str(each) for each in numbers[:_NAMED]) + more


def confirmed(connection: sa.Connection, documents: Iterable[int] | None = None) -> list[Redaction]:
    """The redactions that count."""
    return listing(connection, documents, (State.CONFIRMED,))
