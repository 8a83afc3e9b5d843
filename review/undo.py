"""Taking one act of coding back: what it changed is again as it was before, and that is an act.

Of each document and tag the acts are a pile, of which only the topmost can be taken back. Where a
later act changed a document, that one goes first, or the document is left as it is. An act that
took another back can be taken back too: then the first one stands again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from pyroaring import BitMap

from records import audit, roles, tables
from records.case import Case
from records.control import control
from records.errors import RoleError, TagError
from records.numbers import table_of
from records.roles import UserRole
from review import acts, rules
from review.panel import Panel, load
from review.rules import Coding, Plan

_E, _R = tables.tag_events.c, tables.tag_event_documents.c


@dataclass(frozen=True, slots=True)
class Left:
    """Documents that an undo leaves, or that stop it: `reason` as a person reads it."""

    reason: str
    documents: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Undone:
    """What an undo did, or would do.

    `act` is its own number (None where nothing was written), `undid` that of the act of `by` at
    `at`. `changed` documents are as before it.
    """

    act: int | None
    undid: int
    by: str
    at: str
    changed: int
    taken_off: dict[str, int]
    put_on: dict[str, int]
    left: tuple[Left, ...]


class LaterChangeError(TagError):
    """Later acts, or rules, stand against an undo, and nothing was written; `left` says where."""

    def __init__(self, message: str, left: Sequence[Left]) -> None:
        super().__init__(message)
        self.left = tuple(left)


@dataclass(frozen=True, slots=True)
class _Change:
    """An event of the act: a tag, which way it went, and the documents not yet taken back."""

    event: int
    tag: int
    action: str
    documents: BitMap


def undo(
    case: Case,
    act: int,
    origin: dict[str, Any],
    *,
    on_conflict: Literal["stop", "keep"] = "stop",
    dry_run: bool = False,
) -> Undone:
    """Take an act back.

    Raises `TagError` for an act that is not there or was taken back, `LaterChangeError` where
    later acts changed its documents (unless these are kept), `RoleError` for a reviewer who would
    take back what another did.
    """
    with case.read() if dry_run else case.write(UserRole.REVIEWER) as connection:
        by, at, first = _act(connection, act)
        if not dry_run:
            _require_own(connection, act, by)
        panel = load(connection)
        changes = _changes(connection, act, first)
        plan = _plan(changes)
        left = _standing_against(connection, panel, act, first, changes, plan)
        kept = BitMap.union(BitMap(), *(BitMap(each.documents) for each in left))
        if left and on_conflict == "stop" and not dry_run:
            raise LaterChangeError(_refusal(act, left, len(kept)), left)
        if left and on_conflict == "stop":
            kept = plan.documents
        changes = [
            _Change(each.event, each.tag, each.action, each.documents - kept) for each in changes
        ]
        plan = plan.without(kept)
        number = None
        if not dry_run and plan.documents:
            number = _write(connection, act, first, changes, origin, whole=not kept)
        done = Undone(
            act=number,
            undid=act,
            by=by,
            at=at,
            changed=len(plan.documents),
            taken_off=_named(panel, plan.removes),
            put_on=_named(panel, plan.adds),
            left=tuple(left),
        )
        if number is not None:
            audit.append(
                connection,
                "coding undone",
                coding_act=number,
                undid=act,
                by=by,
                documents=done.changed,
                left=len(kept),
                origin=origin,
            )
    return done


def _act(connection: sa.Connection, act: int) -> tuple[str, str, int | None]:
    """Who did an act, when, and which one it took back."""
    query = sa.select(_E.actor, _E.at, _E.undoes).where(_E.act == act).order_by(_E.id)
    acts.require_act(connection, act)
    row = connection.execute(query).first()
    assert row is not None
    return row.actor, row.at, row.undoes


def _require_own(connection: sa.Connection, act: int, by: str) -> None:
    role = roles.require(connection, UserRole.REVIEWER)
    if role is UserRole.REVIEWER and by != audit.actor():
        raise RoleError(
            f"Act {act} is {by}'s, and a reviewer takes back only what he did: ask {by} or an admin"
        )


def _changes(connection: sa.Connection, act: int, first: int | None) -> list[_Change]:
    """The events of an act that stand; raises `TagError` where none does."""
    rows = connection.execute(
        sa.select(_E.id, _E.tag_id, _E.action).where(_E.act == act).order_by(_E.id)
    ).all()
    found = []
    undone: set[int] = set()
    for row in rows:
        each = connection.execute(
            sa.select(_R.document_id, _R.undone_by).where(_R.event_id == row.id)
        ).all()
        undone |= {one.undone_by for one in each if one.undone_by is not None}
        stands = BitMap(one.document_id for one in each if one.undone_by is None)
        found.append(_Change(row.id, row.tag_id, row.action, stands))
    if any(each.documents for each in found):
        return found
    if act in undone:
        raise TagError(f"Act {act} let another act stand again: take back that one instead")
    by = ", ".join(str(each) for each in sorted(undone))
    again = f"'redwell tag undo {max(undone)}' lets it stand again" if first is None else ""
    raise TagError(f"Act {act} was taken back by act {by} already. {again}".rstrip(". ") + ".")


def _plan(changes: Iterable[_Change]) -> Plan:
    """The other way round: what was put on goes, what was taken off comes back."""
    plan = Plan()
    for each in changes:
        side = plan.removes if each.action == "add" else plan.adds
        side[each.tag] = side.get(each.tag, BitMap()) | each.documents
    return plan


def _standing_against(
    connection: sa.Connection,
    panel: Panel,
    act: int,
    first: int | None,
    changes: Sequence[_Change],
    plan: Plan,
) -> list[Left]:
    coding = Coding(connection, panel)
    left = list(_later(connection, panel, act, first, plan))
    kept = BitMap.union(BitMap(), *(BitMap(each.documents) for each in left))
    for tag in {each.tag for each in changes}:
        there = coding.bearing(tag)
        put = plan.removes.get(tag, BitMap())
        gone = plan.adds.get(tag, BitMap()) - put
        if other := ((put - there) | (gone & there)) - kept:
            left.append(Left(f"'{panel.tags[tag].name}' is not as act {act} left it", tuple(other)))
            kept |= other
    rest = plan.without(kept)
    for conflict in (
        *rules.opposed(panel, coding, rest, rest.adds, rest.documents),
        *rules.lacking(panel, coding, rest, rest.documents),
    ):
        names = f"'{conflict.tag}' would meet '{conflict.against}': " if conflict.against else ""
        left.append(Left(names + conflict.rule, conflict.documents))
    return left


def _later(
    connection: sa.Connection, panel: Panel, act: int, first: int | None, plan: Plan
) -> Iterable[Left]:
    """What later acts that stand changed of the same tags and documents, act by act.

    An undo stands no less than other acts, but for one: what it did to an act before this one it
    could do only where this one changed nothing.
    """
    for tag in sorted({*plan.adds, *plan.removes}):
        own = plan.adds.get(tag, BitMap()) | plan.removes.get(tag, BitMap())
        query = (
            sa.select(_E.act, _E.actor, _E.at, _R.document_id)
            .join(tables.tag_event_documents, _R.event_id == _E.id)
            .where(_E.act > act, _E.tag_id == tag, _R.undone_by.is_(None))
            .order_by(_E.act)
        )
        if first is None:
            query = query.where(_E.undoes.is_(None))
        found: dict[tuple[int, str, str], BitMap] = {}
        for row in connection.execute(query):
            if row.document_id in own:
                key = (row.act, row.actor, row.at)
                found.setdefault(key, BitMap()).add(row.document_id)
        for (number, actor, at), ids in found.items():
            name = panel.tags[tag].name
            yield Left(f"act {number} of {actor} at {at} changed '{name}' since", tuple(ids))


def _refusal(act: int, left: Sequence[Left], count: int) -> str:
    documents = ", ".join(control(each) for each in left[0].documents[:5])
    return (
        f"Act {act} cannot be taken back on {count} documents (as {documents}), nothing was "
        f"written: {left[0].reason}. Undo later acts first, or leave these documents as they are "
        "with --on-conflict keep"
    )


def _named(panel: Panel, found: dict[int, BitMap]) -> dict[str, int]:
    return {panel.tags[tag].name: len(ids) for tag, ids in found.items() if ids}


def _write(
    connection: sa.Connection,
    act: int,
    first: int | None,
    changes: Sequence[_Change],
    origin: dict[str, Any],
    *,
    whole: bool,
) -> int:
    """Write the undo, the latest event first, so that a basis that was changed comes back.

    Where an undo is undone, the first act stands again; both undos count no more, for good.
    """
    number = acts.next_act(connection)
    gone = None if first is None else number
    for each in reversed(changes):
        count = len(each.documents)
        if not count:
            continue
        action = "remove" if each.action == "add" else "add"
        event = acts.event(connection, number, each.tag, action, count, origin, undoes=act)
        given = table_of(connection, each.documents)
        chosen = sa.select(given.c.id)
        which = sa.true() if whole else _R.document_id.in_(chosen)
        if each.action == "add":
            acts.take_off(connection, event, each.tag, each.documents, gone)
        else:
            rows = sa.select(_R.document_id, _R.basis).where(
                _R.event_id == each.event, _R.document_id.in_(chosen)
            )
            acts.put_on(connection, event, each.tag, rows, count, gone)
        stands = (_R.event_id == each.event) & _R.undone_by.is_(None)
        _mark(connection, stands & which, number)
        if first is not None:
            same = sa.select(_E.id).where(_E.act == first, _E.tag_id == each.tag)
            _mark(connection, _R.event_id.in_(same) & (_R.undone_by == act) & which, None)
    return number


def _mark(connection: sa.Connection, which: sa.ColumnElement[bool], value: int | None) -> None:
    rows = tables.tag_event_documents.update().where(which)
    connection.execute(rows.values(undone_by=value))
