"""Supplemental productions: what a volume and its earlier supplements have not produced yet.

Rule 26(e) of the Federal Rules of Civil Procedure. The rule of families: what stands open under a
number is not produced a second time. A member that is new, or had only a sheet and is to be shown
now, gets new numbers; it forms a family with the other such members, and where its parent was
produced before, ParentBates names the number that the parent has there.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import sqlalchemy as sa

from produce.plan_conflicts import Conflict
from produce.record import PlannedItem, Production, production, productions
from produce.replacement_changes import differences
from produce.specification import Specification
from produce.treating import Item, Treated
from produce.treatment import Treatment
from produce.versions import Standing, standing, volume_of
from records.control import control
from records.errors import ProductionError

BEFORE = "produced before"
IN_PART = "new members of families that were produced before"
SHOWN_NOW = "had a sheet before, and is produced now"
OTHERWISE = "produced before, and decided otherwise today than it stands"
_SHEETS = (Treatment.WITHHELD, Treatment.SLIP)

type Line = Mapping[int, Standing]


def rooted(connection: sa.Connection, specification: Specification) -> Specification:
    """The specification with the volume that it supplements by its own name: never that of a
    replacement, nor of another supplement. Raises `ProductionError` for what is not frozen.
    """
    if specification.supplements is None:
        return specification
    found = volume_of(connection, production(connection, specification.supplements))
    first = found.specification.supplements
    found = production(connection, first) if first is not None else found
    if found.state != "frozen" or found.name == specification.name:
        raise ProductionError(
            f"{found.name} is {found.state}: a supplement goes with a frozen volume of another name"
        )
    open_ones = [
        each.name
        for each in productions(connection)
        if each.specification.supplements == found.name
        and each.state == "running"
        and each.replaces is None
        and each.name != specification.name
    ]
    if open_ones:
        raise ProductionError(
            f"{open_ones[0]} supplements {found.name} too and is not frozen yet: run it to its end "
            f"first ('redwell produce run {open_ones[0]}'), or its documents would go out twice"
        )
    return specification.model_copy(update={"supplements": found.name})


def line_of(connection: sa.Connection, specification: Specification) -> Line:
    """What stands of the volume, its earlier supplements and the replacements of all: by document
    the newest version. Empty for a production that supplements none.
    """
    if specification.supplements is None:
        return {}
    found: dict[int, Standing] = {}
    volume = production(connection, specification.supplements)
    later = sorted(
        (
            each
            for each in productions(connection)
            if each.specification.supplements == volume.name
            and each.state == "frozen"
            and each.replaces is None
            and each.name != specification.name
        ),
        key=lambda each: (each.frozen_at or "", each.id),
    )
    for each in (volume, *later):
        found |= standing(connection, each)
    return found


def due(treated: Treated, line: Line) -> Treated:
    """What is to be produced of a family: the rest is left out, as it was produced before."""
    wanted = [each for each in treated.items if _is_due(each, line)]
    ids = {each.member.id for each in wanted}
    left = [(each.member, BEFORE) for each in treated.items if each.member.id not in ids]
    return Treated(
        tuple(_with_parent(each, ids, line) for each in wanted), (*treated.left_out, *left)
    )


def _is_due(item: Item, line: Line) -> bool:
    stands = line.get(item.member.id)
    if stands is None:
        return True
    return stands.item.treatment in _SHEETS and item.treatment not in _SHEETS


def _with_parent(item: Item, ids: set[int], line: Line) -> Item:
    """The item with the number of a parent that is in an earlier volume, and of its own sheet."""
    more = dict(item.more)
    if item.parent is not None and item.parent not in ids:
        more["parent_bates"] = line[item.parent].item.first
    if item.member.id in line:
        more["sheet"] = line[item.member.id].item.first
    return replace(item, more=more)


def supplement_conflicts(
    treated: Sequence[Treated], wanted: Sequence[Treated], line: Line
) -> Iterator[Conflict]:
    """What a person should look at: parts of families, sheets, and what changed since."""
    items = [item for each in wanted for item in each.items]
    ids = {each.member.id for each in items}
    before = [item for each in treated for item in each.items if item.member.id not in ids]
    begun = {each.member.family for each in before}
    odd = [each for each in before if any(differences(each, line[each.member.id]))]
    found = (
        (
            IN_PART,
            "new numbers; ParentBates names the number of a parent that was produced before",
            [each.member.id for each in items if each.member.family in begun],
        ),
        (
            SHOWN_NOW,
            "new numbers, and the sheet stays; 'redwell produce replace' shows it under its own, "
            "if its pages are no more than these",
            sorted(ids & line.keys()),
        ),
        (
            OTHERWISE,
            "left out: 'redwell produce replace' produces them anew under their numbers",
            [each.member.id for each in odd],
        ),
    )
    for kind, rule, which in found:
        if which:
            yield Conflict(kind, rule, tuple(sorted(which)))


def refuse_produced(
    connection: sa.Connection, found: Production, planned: Sequence[PlannedItem]
) -> None:
    """Raise `ProductionError` where something was produced since the supplement was planned."""
    if found.specification.supplements is None or found.replaces is not None:
        return
    line = line_of(connection, found.specification)
    odd = [
        each
        for each in planned
        if each.document_id in line
        and ("sheet" not in each.detail or line[each.document_id].item.treatment not in _SHEETS)
    ]
    if odd:
        where = line[odd[0].document_id]
        raise ProductionError(
            f"{len(odd)} documents of {found.name} were produced since it was planned (as "
            f"{control(odd[0].document_id)}, in {where.production.name}): plan it again"
        )


def parents_before(planned: Sequence[PlannedItem]) -> dict[str, str]:
    """By number of a document that of its parent in an earlier volume."""
    return {
        each.first: str(each.detail["parent_bates"])
        for each in planned
        if each.first and "parent_bates" in each.detail
    }
