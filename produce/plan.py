"""Plans a production: freezes what is selected and how each document is produced.

One transaction makes the plan real. Planning a name again replaces its plan as long as no
numbers are reserved for it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from produce.encodable import refuse_lacking
from produce.estimate import Estimate, estimate
from produce.levels import legends
from produce.numbering import first_number, span_of
from produce.plan_conflicts import CULLED, SYSTEM, Conflict, Looked, conflicts_of
from produce.reach import reach
from produce.record import Production
from produce.redaction.planning import redaction_conflicts
from produce.redaction.scope import redacted_today
from produce.selection import (
    Chosen,
    Dated,
    Family,
    by_date,
    choose,
    clawed_back,
    group_named,
    in_chunks,
    load_families,
    pending,
    received,
    refuse_clawed_back,
    refuse_received,
    refuse_unprocessed,
    tag_id,
    tagged,
)
from produce.specification import Specification
from produce.supplement import BEFORE, due, line_of, rooted, supplement_conflicts
from produce.treating import Item, Treated, Troubles, treat
from produce.treatment import Treatment
from records import audit, tables, times
from records.case import Case
from records.codes import LOST
from records.control import control
from records.errors import ProductionError, SpecificationError
from records.numbers import next_number
from review.meanings import privilege_names, withholding_names
from review.panel import load

RECEIVED = "produced by another party"
_KEPT = 100  # control numbers of one conflict that are kept with the production


@dataclass(frozen=True, slots=True)
class Plan:
    """What a production will hold. `counts` reconcile: chosen and brought along = items + left out.

    `conflicts` gives control numbers by what a person should look at before the run, `rules` what
    settled each.
    """

    name: str
    first_bates: str
    counts: dict[str, int]
    conflicts: dict[str, tuple[str, ...]]
    items: tuple[Item, ...]
    rules: dict[str, str]
    estimate: Estimate | None = None

    def to_json(self) -> dict[str, Any]:
        """The summary, for `--json`."""
        return {
            "name": self.name,
            "first_bates": self.first_bates,
            "counts": self.counts,
            "conflicts": {name: list(found) for name, found in self.conflicts.items()},
            "rules": self.rules,
            "estimate": self.estimate and self.estimate.to_json(),
        }


def plan(case: Case, specification: Specification, dry_run: bool = False) -> Plan:
    """Plan a production. Raises `SpecificationError` before anything is written.

    With `dry_run` nothing is written at all, and the plan has an estimate.
    """
    if dry_run:
        with case.read() as connection:
            specification = rooted(connection, specification)
            found = _planned(case, connection, specification)
            return replace(found, estimate=estimate(case, connection, specification, found.items))
    with case.exclusive("produce"), case.write() as connection:
        specification = rooted(connection, specification)
        found = _planned(case, connection, specification)
        write(connection, specification, found)
    return found


def _planned(case: Case, connection: sa.Connection, specification: Specification) -> Plan:
    refuse_name(case, connection, specification.name)
    first = first_number(connection, specification)
    chosen = choose(case, connection, specification)
    excluded = excluded_by(connection, specification)
    dated = by_date(load_families(connection, chosen.ids), specification)
    families = dated.inside + (dated.undated if specification.undated == "keep" else [])
    waiting = pending(connection)
    refuse_unprocessed(waiting, families, specification.allow_unprocessed)
    refuse_privilege(connection, specification, families)
    theirs = received(connection, {each.id for f in families for each in f.members})
    refuse_received(theirs, specification.allow_received)
    troubles = troubles_of(connection, families)
    beyond = reach(connection, {each.id for f in families for each in f.members}, excluded)
    redacted = redacted_today(case, connection)
    whole = [treat(each, specification, excluded, troubles, beyond, redacted) for each in families]
    line = line_of(connection, specification)
    treated = [due(each, line) for each in whole] if line else whole
    items = tuple(item for each in treated for item in each.items)
    if not items:
        raise SpecificationError(_nothing(specification, chosen, dated, whole))
    refuse_lacking(connection, specification, items)
    looked = Looked(specification, families, treated, troubles, excluded, dated, tuple(waiting))
    back = looked.open_ids & clawed_back(connection)
    refuse_clawed_back(back, specification.allow_clawed_back)
    conflicts = conflicts_of(connection, looked)
    if back:
        rule = "produced: selection.allow_clawed_back is on"
        conflicts.append(Conflict("asked back before", rule, tuple(sorted(back))))
    conflicts += redaction_conflicts(connection, families, treated, redacted)
    if line:
        told = with_legends(connection, specification, tuple(i for f in whole for i in f.items))
        conflicts += supplement_conflicts([Treated(told, ())], treated, line)
    if theirs:
        rule = "produced: selection.allow_received is on"
        conflicts.append(Conflict(RECEIVED, rule, tuple(sorted(theirs))))
    counts = _counts(chosen.ids, families, treated, items)
    counts |= _outside(chosen.ids, families, dated)
    if line:
        counts["left out: produced before"] = sum(
            why == BEFORE for each in treated for _, why in each.left_out
        )
    counts["not searchable yet, so not looked at"] = chosen.unseen
    shown = {each.kind: each.ids for each in conflicts}
    return Plan(
        specification.name,
        specification.bates(first),
        counts,
        {name: tuple(control(each) for each in ids) for name, ids in shown.items()},
        with_legends(connection, specification, items),
        {each.kind: each.rule for each in conflicts},
    )


def with_legends(
    connection: sa.Connection, specification: Specification, items: tuple[Item, ...]
) -> tuple[Item, ...]:
    """Items with the legend of each: of its level, or of the volume."""
    found = legends(connection, specification, [each.member.id for each in items])
    return tuple(
        replace(each, legend=found.get(each.member.id, specification.legend)) for each in items
    )


def _outside(chosen: set[int], families: Sequence[Family], dated: Dated) -> dict[str, int]:
    """Of the chosen: how many the range of dates left out."""
    taken = {each.id for family in families for each in family.members}
    undated = {each.id for family in dated.undated for each in family.members} - taken
    outside = {each.id for family in dated.outside for each in family.members}
    return {
        "left out: chosen, outside of the dates": len(chosen & outside),
        "left out: chosen, without a date": len(chosen & undated),
        "of the chosen, not found": len(chosen - taken - undated - outside),
    }


def _nothing(
    specification: Specification, chosen: Chosen, dated: Dated, whole: Sequence[Treated]
) -> str:
    if any(each.items for each in whole):
        return (
            f"Nothing to produce: {specification.supplements} and its supplements have produced "
            "all that is selected; 'redwell produce replace' produces documents of it anew"
        )
    named = ("query", "tag", "request", "group")
    how = next(each for each in named if getattr(specification, each) is not None)
    what = f"the {how} {getattr(specification, how)!r}"
    if chosen.ids and not dated.inside:
        return (
            f"Nothing to produce: of {len(chosen.ids)} documents that {what} selects none is in "
            f"the range of dates ({len(dated.undated)} families have no date)"
        )
    if not chosen.ids and chosen.unseen:
        return (
            f"Nothing to produce: {what} selects no document, but {chosen.unseen} are not "
            "searchable yet: run 'redwell process' and 'redwell index' first"
        )
    if not chosen.ids:
        return f"Nothing to produce: {what} selects no document"
    return (
        f"Nothing to produce: {what} selects {len(chosen.ids)} documents, but all of them are "
        "suppressed duplicates or containers whose contents are documents of their own"
    )


def refuse_name(
    case: Case, connection: sa.Connection, name: str, replaces: int | None = None
) -> None:
    """Raise where nothing can be planned under this name.

    A replacement takes no numbers of its own: it may be planned again until it is frozen.
    """
    p = tables.productions.c
    rows = connection.execute(sa.select(p.id, p.name, p.state, p.replaces_id))
    for row in rows:
        if row.name.casefold() != name.casefold():
            continue
        if row.name != name:
            raise SpecificationError(
                f"The production {row.name} differs from {name} in case only; take another name"
            )
        if row.replaces_id != replaces:
            raise ProductionError(
                f"The production {name} is planned as another thing, a replacement or what has "
                "numbers of its own: take another name"
            )
        if row.state == "frozen" or (replaces is None and span_of(connection, row.id)):
            raise ProductionError(
                f"The production {name} is {row.state} and holds Bates numbers: it cannot be "
                "planned again. Run it to its end, or plan another under a new name"
            )
    if (case.productions_folder / name).exists():
        raise ProductionError(
            f"{case.productions_folder / name} is there already, and no production of this case "
            "made it: move it away or take another name"
        )


def excluded_by(connection: sa.Connection, specification: Specification) -> set[int]:
    """Documents that tags withhold: the excluded ones, and any of privilege that is not allowed.

    None of the latter is in a planned family, but an archive or a copy of it may be.
    """
    names = {*excluding(connection, specification), *privilege_names(connection)}
    return tagged(connection, sorted(names - {*specification.allow_tags}))


def excluding(connection: sa.Connection, specification: Specification) -> tuple[str, ...]:
    """The tags that the specification excludes, by name or by their group."""
    panel = load(connection)
    groups = [group_named(panel, each).name for each in specification.exclude_groups]
    names = [name for group in groups for name in withholding_names(connection, group)]
    return (*specification.exclude_tags, *names)


def refuse_privilege(
    connection: sa.Connection, specification: Specification, families: Sequence[Family]
) -> None:
    """A tag that by its name means privilege must be excluded, or allowed in so many words."""
    for name in (*specification.exclude_tags, *specification.allow_tags):
        tag_id(connection, name)
    settled = {*excluding(connection, specification), *specification.allow_tags}
    ids = {each.id for family in families for each in family.members}
    for name in privilege_names(connection):
        carriers = ids & tagged(connection, [name]) if name not in settled else set()
        if carriers:
            raise SpecificationError(
                f"{len(carriers)} documents of the selection carry the tag {name!r} (as "
                f"{control(min(carriers))}). Withhold them with --exclude-tag {name!r}, or produce "
                f"them all the same with --allow-tag {name!r}"
            )


def troubles_of(connection: sa.Connection, families: Iterable[Family]) -> Troubles:
    """The newest exception of each document, and who was not read or opened whole."""
    n = tables.notes.c
    rows = in_chunks(
        connection,
        lambda ids: (
            sa.select(n.document_id, n.severity, n.code)
            .where(n.document_id.in_(ids))
            .order_by(n.id)
        ),
        {each.id for family in families for each in family.members},
    )
    exceptions: dict[int, str] = {}
    incomplete: set[int] = set()
    for row in rows:
        if row.severity == "exception":
            exceptions[row.document_id] = row.code
        if row.severity == "exception" or row.code in LOST:
            incomplete.add(row.document_id)
    return Troubles(exceptions, frozenset(incomplete))


def _counts(
    chosen: set[int], families: Sequence[Family], treated: Sequence[Treated], items: Sequence[Item]
) -> dict[str, int]:
    by_treatment = Counter(item.treatment for item in items)
    left = Counter(why for each in treated for _, why in each.left_out)
    ids = {item.member.id for item in items}
    gone = {member.id for each in treated for member, _ in each.left_out}
    return {
        "chosen": len(chosen),
        "brought along by families": len((ids | gone) - chosen),
        "documents": len(items),
        "families": sum(1 for each in treated if each.items),
        **{f"produced as {each}": by_treatment[each] for each in Treatment},
        "left out: suppressed duplicate": left["duplicate"],
        "left out: container, contents stand alone": left["container"],
        "left out: inline, shown in its parent": left["inline"],
    }


def write(
    connection: sa.Connection,
    specification: Specification,
    found: Plan,
    replaces: Production | None = None,
    reason: str | None = None,
) -> None:
    """Put a plan on record, in the place of an earlier one of its name."""
    p = tables.productions
    old = connection.execute(
        sa.select(p.c.id).where(p.c.name == specification.name)
    ).scalar_one_or_none()
    if old is not None:
        for table in (tables.production_items, tables.production_files):
            connection.execute(table.delete().where(table.c.production_id == old))
        connection.execute(p.delete().where(p.c.id == old))
    number = old or next_number(connection, p.c.id)
    aside = {each for name in (CULLED, SYSTEM) for each in found.conflicts.get(name, ())}
    kept = {name: list(ids[:_KEPT]) for name, ids in found.conflicts.items()}
    sizes = {name: len(ids) for name, ids in found.conflicts.items()}
    connection.execute(
        p.insert().values(
            id=number,
            name=specification.name,
            state="planned",
            actor=audit.actor(),
            created_at=times.now(),
            specification=specification.model_dump(mode="json"),
            replaces_id=replaces and replaces.id,
            reason=reason,
            counts={
                "plan": found.counts,
                "conflicts": sizes,
                "conflicting": kept,
                "rules": found.rules,
            },
        )
    )
    connection.execute(
        tables.production_items.insert(),
        [
            _row(number, position, item, item.member.control in aside)
            for position, item in enumerate(found.items)
        ],
    )
    audit.append(
        connection,
        "production planned" if old is None else "production planned again",
        name=specification.name,
        specification=specification.model_dump(mode="json"),
        counts=found.counts,
        conflicts=sizes,
        **({} if replaces is None else {"replaces": replaces.name, "reason": reason}),
    )


def _row(production_id: int, position: int, item: Item, aside: bool) -> dict[str, Any]:
    return {
        "production_id": production_id,
        "position": position,
        "document_id": item.member.id,
        "treatment": item.treatment,
        "reason": item.reason,
        "state": "planned",
        # aside: culled or a system file, and planned all the same
        "detail": item.detail() | {"aside": aside},
    }
