"""Plans the replacement of documents in a frozen volume, under the numbers that they have there.

The specification is that of the volume, and each chosen document is treated anew by what tags,
redactions, exceptions and levels say today. Those that are not chosen stay as they are, members of
the same family too; who of them tells of what is now kept back is pointed out. A replacement holds
no numbers of its own, so it may be planned again until it is frozen.
"""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import sqlalchemy as sa

from produce.encodable import refuse_lacking
from produce.estimate import estimate
from produce.plan import (
    RECEIVED,
    Plan,
    excluded_by,
    refuse_name,
    refuse_privilege,
    troubles_of,
    with_legends,
    write,
)
from produce.plan_conflicts import Conflict, Looked, conflicts_of
from produce.reach import reach
from produce.record import Production, production
from produce.record import items as items_of
from produce.redaction.interface import REDACTED
from produce.redaction.planning import redaction_conflicts
from produce.redaction.scope import redacted_today
from produce.replacement_changes import Change, change_of, told_elsewhere, unchosen
from produce.replacement_check import lost
from produce.selection import (
    Dated,
    clawed_back,
    load_families,
    pending,
    received,
    refuse_clawed_back,
    refuse_received,
    refuse_unprocessed,
)
from produce.specification import Specification, specify
from produce.treating import Item, Treated, treat
from produce.treatment import MASKED, Treatment
from produce.versions import Standing, shown_as, standing, volume_of
from records.case import Case
from records.control import control
from records.errors import ProductionError

_MOST = 1000  # letters of a reason
_ELSEWHERE = frozenset({"produced before", "family not whole", "duplicates"})


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to replace which documents of a frozen production, and why.

    `strict` refuses documents that the production does not hold, else they are left out and
    counted. Tags that withhold are added to those of its specification; `legend` takes the place of
    its legend.
    """

    volume: str
    name: str
    documents: frozenset[int]
    reason: str
    strict: bool = True
    exclude_tags: tuple[str, ...] = ()
    exclude_groups: tuple[str, ...] = ()
    allow_tags: tuple[str, ...] = ()
    legend: str | None = None
    allow_unprocessed: bool = False
    allow_clawed_back: bool = False


@dataclass(frozen=True, slots=True)
class Replacement:
    """A replacement as it is planned."""

    plan: Plan
    replaces: str
    reason: str
    changes: tuple[Change, ...]

    def to_json(self) -> dict[str, Any]:
        """All of it, for `--json`."""
        return self.plan.to_json() | {
            "replaces": self.replaces,
            "reason": self.reason,
            "changes": [asdict(each) for each in self.changes],
        }


def plan_replacement(case: Case, wish: Wish, dry_run: bool = False) -> Replacement:
    """Plan a replacement. Raises `SpecificationError` or `ProductionError` before it writes."""
    if dry_run:
        with case.read() as connection:
            found, specification, _ = _planned(case, connection, wish)
            guess = estimate(case, connection, specification, found.plan.items)
            return replace(found, plan=replace(found.plan, estimate=guess))
    with case.exclusive("produce"), case.write() as connection:
        found, specification, volume = _planned(case, connection, wish)
        write(connection, specification, found.plan, volume, found.reason)
    return found


def _planned(
    case: Case, connection: sa.Connection, wish: Wish
) -> tuple[Replacement, Specification, Production]:
    reason = _reason(wish.reason)
    named = production(connection, wish.volume)
    if named.state != "frozen":
        raise ProductionError(
            f"{named.name} is {named.state}: only what is frozen is replaced, the rest is planned "
            "again"
        )
    volume = volume_of(connection, named)
    if why := lost(case, connection, volume):
        raise ProductionError(f"A replacement is compared with {volume.name}: {why}")
    specification = _specified(named.specification, wish)
    refuse_name(case, connection, specification.name, volume.id)
    stand = standing(connection, volume)
    chosen, missing = _chosen(connection, wish, named, stand)
    families = [
        replace(each, chosen=frozenset(m.id for m in each.members if m.id in stand))
        for each in load_families(connection, chosen)
    ]
    waiting = pending(connection)
    refuse_unprocessed(waiting, families, wish.allow_unprocessed)
    refuse_privilege(connection, specification, families)
    members = {each.id for family in families for each in family.members}
    theirs = received(connection, chosen)
    refuse_received(theirs, specification.allow_received)
    excluded, troubles = excluded_by(connection, specification), troubles_of(connection, families)
    beyond, redacted = reach(connection, members, excluded), redacted_today(case, connection)
    by_member = specification.model_copy(update={"families": False})
    every = {
        item.member.id: item
        for family in families
        for item in treat(
            family, by_member, excluded, troubles, beyond, redacted, numbered=stand.keys()
        ).items
    }
    told = with_legends(connection, specification, tuple(every.values()))
    every = {each.member.id: each for each in told}
    masks = _masks(every.values(), stand, redacted.unnamed)
    items = tuple(_in_place(every[each], stand[each], masks) for each in stand if each in chosen)
    refuse_lacking(connection, specification, items)
    treated = [Treated(items, ())]
    looked = Looked(
        specification, families, treated, troubles, excluded, Dated(families, [], []), (*waiting,)
    )
    back = looked.open_ids & clawed_back(connection)
    refuse_clawed_back(back, wish.allow_clawed_back)
    changes = tuple(change_of(each, stand[each.member.id]) for each in items)
    conflicts = [
        *_plain(items, changes),
        *unchosen(every, stand, chosen),
        *told_elsewhere(connection, volume, items, stand),
        *(each for each in conflicts_of(connection, looked) if each.kind not in _ELSEWHERE),
        *redaction_conflicts(connection, families, treated, redacted),
    ]
    if back:
        conflicts.append(
            Conflict("asked back before", "produced: --allow-clawed-back", tuple(sorted(back)))
        )
    if theirs:
        rule = "produced: selection.allow_received is on"
        conflicts.append(Conflict(RECEIVED, rule, tuple(sorted(theirs))))
    planned = Plan(
        specification.name,
        stand[items[0].member.id].item.first,
        _counts(items, changes, missing),
        {each.kind: tuple(control(one) for one in each.ids) for each in conflicts},
        items,
        {each.kind: each.rule for each in conflicts},
    )
    return Replacement(planned, named.name, reason, changes), specification, volume


def _reason(text: str) -> str:
    reason = " ".join(text.split())
    if not reason or len(reason) > _MOST or not reason.isprintable():
        raise ProductionError(
            "Say in a line why the documents are replaced (--reason): it stands in the letter and "
            f"on record, and has at most {_MOST} letters"
        )
    return reason


def _specified(base: Specification, wish: Wish) -> Specification:
    """The specification of the volume under the new name, with the tags that withhold today."""
    added = (*base.exclude_tags, *wish.exclude_tags)
    values = base.model_dump() | {
        "name": wish.name,
        "start": None,
        "exclude_tags": tuple(dict.fromkeys(added)),
        "exclude_groups": tuple(dict.fromkeys((*base.exclude_groups, *wish.exclude_groups))),
        "allow_tags": tuple(
            dict.fromkeys(
                each
                for each in (*base.allow_tags, *wish.allow_tags)
                if each not in wish.exclude_tags
            )
        ),
        "allow_unprocessed": wish.allow_unprocessed,
        "allow_clawed_back": wish.allow_clawed_back,
    }
    return specify(**(values if wish.legend is None else values | {"legend": wish.legend}))


def _chosen(
    connection: sa.Connection, wish: Wish, named: Production, stand: dict[int, Standing]
) -> tuple[set[int], int]:
    """The documents of the named production that are chosen, and how many others are."""
    held = {*stand}
    if named.replaces is not None:
        held = {each.document_id for each in items_of(connection, named.id)}
    chosen = wish.documents & held
    missing = sorted(wish.documents - held)
    if missing and wish.strict:
        raise ProductionError(
            f"{len(missing)} of the documents are not in {named.name} (as {control(missing[0])}), "
            "so that they cannot be replaced there"
        )
    if not chosen:
        raise ProductionError(f"Nothing to replace: none of the documents is in {named.name}")
    return {*chosen}, len(missing)


def _masks(
    every: Iterable[Item], stand: Mapping[int, Standing], unnamed: Container[int]
) -> dict[int, dict[str, str]]:
    """By parent the attachments whose names its row must not show, chosen or not."""
    found: dict[int, dict[str, str]] = {}
    for each in every:
        parent = stand[each.member.id].item.detail["parent"]
        withheld = each.treatment is Treatment.WITHHELD
        if parent is not None and (withheld or each.member.id in unnamed):
            mask = MASKED if withheld else REDACTED
            found.setdefault(parent, {})[str(each.member.id)] = mask
    return found


def _in_place(item: Item, stands: Standing, masks: Mapping[int, dict[str, str]]) -> Item:
    """The item where the document stands: its family and parent are those of the volume."""
    kept = ("family", "parent", "parent_bates")
    kin = {each: stands.item.detail[each] for each in kept if each in stands.item.detail}
    unnamed = masks.get(item.member.id, {})
    version = {
        "of": stands.production.name,
        "as": shown_as(stands.item),
        "pages": stands.item.pages,
    }
    return replace(item, more={**kin, "version": version, "unnamed": unnamed})


def _plain(items: Sequence[Item], changes: Sequence[Change]) -> Iterator[Conflict]:
    """Of the chosen: what becomes sheets on every number, and what nothing is known to change."""
    sheets = tuple(
        sorted(
            item.member.id
            for item, change in zip(items, changes, strict=True)
            if item.treatment is not Treatment.IMAGE and change.pages > 1
        )
    )
    if sheets:
        yield Conflict("produced without pages", "a sheet on every number of their range", sheets)
    same = tuple(
        sorted(i.member.id for i, each in zip(items, changes, strict=True) if not each.differs)
    )
    if same:
        rule = "replaced all the same; only what was read anew since can differ"
        yield Conflict("nothing on record differs from what stands", rule, same)


def _counts(items: Sequence[Item], changes: Sequence[Change], missing: int) -> dict[str, int]:
    by_treatment = Counter(each.treatment for each in items)
    return {
        "chosen": len(items) + missing,
        "documents": len(items),
        "families": len({each.more["family"] for each in items}),
        "numbers": sum(each.pages for each in changes),
        **{f"produced as {each}": by_treatment[each] for each in Treatment},
        "decided as before": sum(1 for each in changes if not each.differs),
        "left out: not in the volume": missing,
    }
