"""Tagging: puts tags on documents and takes them off, by the rules of the panel, as one act.

An act, the documents it changed, the current table and the audit entry are one transaction.
Only documents that really changed are part of it; where none did, nothing is written.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from pyroaring import BitMap

from records import audit
from records.case import Case
from records.errors import TagError
from records.options import counted
from records.roles import UserRole
from review import acts, rules
from review.panel import Panel, Tag, load, named
from review.rules import Coding, Conflict, Plan
from review.targets import Along, require_known, suppressed, widen

Action = Literal["add", "remove"]
OnConflict = Literal["stop", "keep", "replace"]


@dataclass(frozen=True, slots=True)
class Applied:
    """What an add or remove did, or would do.

    `asked` documents were named; `threads`, `families` and `duplicates` came along, each counted
    once; `changed` were changed, as the act of this number (None where nothing was written).
    `taken_off` counts documents by the tags that went because of a rule or as asked, beside those
    added. `left` conflicting documents were left as they are. `suppressed` are named documents
    that are suppressed duplicates: what is done to them is not done to the copy that was kept.
    """

    tags: tuple[str, ...]
    action: str
    act: int | None
    asked: int
    threads: int
    families: int
    duplicates: int
    changed: int
    taken_off: dict[str, int]
    left: int
    suppressed: tuple[int, ...]
    conflicts: tuple[Conflict, ...]


class ConflictError(TagError):
    """Rules of tags would be broken, so nothing was written; `conflicts` says where."""

    def __init__(self, message: str, conflicts: Sequence[Conflict]) -> None:
        super().__init__(message)
        self.conflicts = tuple(conflicts)


@dataclass(frozen=True, slots=True)
class _Asked:
    """An act as it was asked for."""

    adds: tuple[Tag, ...]
    removes: tuple[Tag, ...]
    basis: str | None
    on_conflict: OnConflict


def change(
    case: Case,
    action: Action,
    names: str | Sequence[str],
    ids: Iterable[int],
    origin: dict[str, Any],
    *,
    families: bool = False,
    duplicates: bool = False,
    threads: bool = False,
    take_off: Sequence[str] = (),
    basis: str | None = None,
    on_conflict: OnConflict = "stop",
    dry_run: bool = False,
) -> Applied:
    """Put tags on documents or take them off; what changed is one act.

    `origin` says how the documents were named (query, ids or file). `take_off` are tags that go as
    others are added. Where a rule would be broken, `on_conflict` says what to do: stop, keep those
    documents as they are, or replace what the tags exclude.

    Raises `TagError` for an unknown tag or a lacking basis, `SelectionError` for ids that name no
    document, `ConflictError` for conflicts that are not resolved (not in a dry run, which tells
    them), `RoleError` for who may only read.
    """
    asked = BitMap(ids)
    along = Along(threads=threads, families=families, duplicates=duplicates)
    with case.read() if dry_run else case.write(UserRole.REVIEWER) as connection:
        panel = load(connection)
        wish = _wish(panel, action, names, take_off, basis, on_conflict)
        require_known(connection, asked)
        target = widen(connection, asked, along)
        coding = Coding(connection, panel)
        plan, conflicts, left = _plan(panel, coding, wish, target.ids, asked)
        unresolved = (
            conflicts if on_conflict == "stop" else rules.lacking(panel, coding, plan, asked)
        )
        if unresolved and not dry_run:
            raise ConflictError(_unresolved(unresolved, on_conflict), unresolved)
        if unresolved:
            plan = Plan()
            conflicts += [each for each in unresolved if each not in conflicts]
        changed = plan.documents
        told = {**origin, "families": families}
        told |= {name: True for name in ("threads", "duplicates") if getattr(along, name)}
        told |= {} if on_conflict == "stop" else {"on_conflict": on_conflict}
        taken = {panel.tags[tag].name: len(found) for tag, found in plan.removes.items() if found}
        act = None
        if changed and not dry_run:
            act = acts.write(connection, plan, told, wish.basis)
            _tell(connection, act, wish, len(changed), taken, told)
        return Applied(
            tags=tuple(each.name for each in wish.adds or wish.removes),
            action=action,
            act=act,
            asked=len(asked),
            threads=target.threads,
            families=target.families,
            duplicates=target.duplicates,
            changed=len(changed),
            taken_off=taken if wish.adds else {},
            left=left,
            suppressed=() if duplicates else tuple(suppressed(connection, asked)),
            conflicts=tuple(conflicts),
        )


def _wish(
    panel: Panel,
    action: Action,
    names: str | Sequence[str],
    take_off: Sequence[str],
    basis: str | None,
    on_conflict: OnConflict,
) -> _Asked:
    """Read what is asked, and refuse what no document could take."""
    given = named(panel, [names] if isinstance(names, str) else names)
    others = named(panel, take_off)
    adds, removes = (given, others) if action == "add" else ([], [*given, *others])
    basis = None if basis is None else " ".join(basis.split())
    for tag in adds:
        if tag in removes:
            raise TagError(f"'{tag.name}' is to be put on and taken off at once; say one of them")
        if tag.needs_basis and not basis:
            raise TagError(
                f"'{tag.name}' needs a basis: say why with --basis, as in --basis "
                "'attorney-client: advice of counsel on the lease'"
            )
        for other, rule in panel.opposed(tag.id).items():
            if panel.tags[other] in adds:
                raise TagError(
                    f"'{tag.name}' and '{panel.tags[other].name}' cannot be put on together: {rule}"
                )
    if basis is not None and (action == "remove" or not basis):
        raise TagError("A basis goes with a tag that is put on, and says something")
    return _Asked(tuple(adds), tuple(removes), basis, on_conflict)


def _plan(
    panel: Panel, coding: Coding, wish: _Asked, target: BitMap, asked: BitMap
) -> tuple[Plan, list[Conflict], int]:
    """What is to be done, the conflicts met on the way, and how many documents they leave alone."""
    adds = {tag.id: target - coding.bearing(tag.id) for tag in wish.adds}
    removes = {tag.id: target & coding.bearing(tag.id) for tag in wish.removes}
    plan = Plan(adds, removes)
    conflicts = rules.opposed(panel, coding, plan, {tag.id: target for tag in wish.adds}, asked)
    other = {}
    for tag in wish.adds if wish.basis is not None else ():
        if found := target & coding.otherwise(tag.id, wish.basis or ""):
            other[tag.id] = found
            conflicts.append(rules.rebased(tag.name, wish.basis or "", found, asked))
    if wish.on_conflict == "replace":
        for tag in wish.adds:
            for against in panel.opposed(tag.id):
                if gone := target & coding.bearing(against):
                    removes[against] = removes.get(against, BitMap()) | gone
            if tag.id in other:
                adds[tag.id] |= other[tag.id]
                removes[tag.id] = other[tag.id]
        return Plan(adds, removes), conflicts, 0
    conflicts += rules.lacking(panel, coding, plan, asked)
    if wish.on_conflict == "keep":
        left = BitMap.union(BitMap(), *(BitMap(each.documents) for each in conflicts))
        return plan.without(left), conflicts, len(left)
    return plan, conflicts, 0


def _unresolved(conflicts: Sequence[Conflict], on_conflict: OnConflict) -> str:
    count = len(BitMap.union(BitMap(), *(BitMap(each.documents) for each in conflicts)))
    first = conflicts[0]
    what = f"'{first.tag}' meets '{first.against}': {first.rule}" if first.against else first.rule
    ways = "--on-conflict keep leaves these documents as they are"
    if first.against and on_conflict == "stop":
        ways += ", --on-conflict replace takes off what stands against the tag"
    elif not first.against:
        ways += "; or put a choice on in the same act, as in 'redwell tag add NAME CHOICE'"
    return f"Rules would be broken on {counted(count)}, nothing was written. {what}. {ways}"


def _tell(
    connection: sa.Connection,
    act: int,
    wish: _Asked,
    changed: int,
    taken: dict[str, int],
    origin: dict[str, Any],
) -> None:
    said = "tag added" if wish.adds else "tag removed"
    details: dict[str, Any] = {} if wish.basis is None else {"basis": wish.basis}
    if wish.adds and taken:
        details["taken_off"] = taken
    audit.append(
        connection,
        said,
        coding_act=act,
        tags=[each.name for each in wish.adds or wish.removes],
        documents=changed,
        origin=origin,
        **details,
    )
