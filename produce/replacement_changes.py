"""What a replacement changes, and what besides it tells of the same.

Newly kept back is what stood open and is to be withheld, or what is redacted otherwise than it was.
A replacement changes only what is chosen; everything else that went out and tells of it still does.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from produce.clawback import holders, same_bytes
from produce.plan_conflicts import Conflict
from produce.record import PlannedItem, Production, items, productions
from produce.treating import Item
from produce.treatment import Treatment
from produce.versions import Standing, shown_as
from records import tables

UNCHOSEN = "not chosen, and decided otherwise today than it stands"
ELSEWHERE = "stands in another volume too, not replaced there"
CONTAINS = "contains, in a native that went out, what is kept back now"
SAME = "same bytes as what is kept back now, and stands open"


@dataclass(frozen=True, slots=True)
class Change:
    """A document that is replaced: how it stands, where, and how it will be produced.

    `pages` are its numbers; `differs` what is known to differ before the run: pages and text may
    differ beside it.
    """

    control: str
    beg: str
    end: str
    pages: int
    stands_in: str
    was: str
    now: str
    reason: str
    differs: tuple[str, ...]


def change_of(item: Item, stands: Standing) -> Change:
    """What the replacement of a document changes."""
    was = stands.item
    redacted = item.redactions and item.treatment is not Treatment.WITHHELD
    return Change(
        control=item.member.control,
        beg=was.first,
        end=was.last,
        pages=was.pages,
        stands_in=stands.production.name,
        was=shown_as(was),
        now=f"{item.treatment}{', redacted' if redacted else ''}",
        reason=item.reason,
        differs=tuple(differences(item, stands)),
    )


def differences(item: Item, stands: Standing) -> Iterator[str]:
    """What of a document is decided otherwise today than in its standing version."""
    was, legend = stands.item, stands.production.specification.legend
    if (item.treatment, item.reason) != (was.treatment, was.reason):
        yield "treatment"
    if item.legend != was.detail.get("legend", legend):
        yield "legend"
    if item.treatment is Treatment.WITHHELD and was.treatment is Treatment.WITHHELD:
        return
    if _redacted_otherwise(item, was):
        yield "redactions"
    if [*item.attachments] != [*was.detail["attachments"]]:
        yield "names of attachments"
    hidden = (was.detail["hide_path"], was.detail["holds_withheld"])
    if (item.hide_path, item.holds_withheld) != hidden:
        yield "what must not show"


def _redacted_otherwise(item: Item, was: PlannedItem) -> bool:
    before = (was.detail.get("redactions", ""), [*was.detail.get("masked", ())])
    return (item.redactions, [*item.masked]) != before


def unchosen(
    every: Mapping[int, Item], stand: Mapping[int, Standing], chosen: set[int]
) -> Iterator[Conflict]:
    """Members of the same families that are not replaced, and would not come out as they stand."""
    ids = sorted(
        each
        for each, item in every.items()
        if each not in chosen and any(differences(item, stand[each]))
    )
    if ids:
        yield Conflict(UNCHOSEN, "stays as it is: choose it too to have it replaced", tuple(ids))


def told_elsewhere(
    connection: sa.Connection,
    volume: Production,
    planned: Sequence[Item],
    stand: Mapping[int, Standing],
) -> Iterator[Conflict]:
    """What went out besides and tells of a document that is newly kept back."""
    ids = {each.member.id for each in planned}
    closed = {
        each.member.id for each in planned if _is_newly_closed(each, stand[each.member.id].item)
    }
    if not closed:
        return
    above, same = holders(connection, closed), same_bytes(connection, closed)
    found: dict[str, set[int]] = {ELSEWHERE: set(), CONTAINS: set(), SAME: set()}
    for each, item in _standing_open(connection):
        ours = volume.id in (each.id, each.replaces)
        document = item.document_id
        if ours and document in ids:
            continue  # it is replaced
        if document in closed:
            found[ELSEWHERE].add(document)
        if document in above and item.treatment is Treatment.NATIVE:
            found[CONTAINS].add(document)
        if document in same and item.treatment is not Treatment.SLIP:
            found[SAME].add(document)
    for kind, which in found.items():
        if which:
            rule = "stays as it is: replace it too, or ask it back ('redwell produce clawback')"
            yield Conflict(kind, rule, tuple(sorted(which)))


def _is_newly_closed(item: Item, was: PlannedItem) -> bool:
    if was.treatment is Treatment.WITHHELD:
        return False
    return item.treatment is Treatment.WITHHELD or (
        bool(item.redactions) and _redacted_otherwise(item, was)
    )


def _standing_open(connection: sa.Connection) -> Iterator[tuple[Production, PlannedItem]]:
    """Every standing version in a frozen volume that is not withheld."""
    i = tables.production_items.c
    open_ones = (i.replaced_by_id.is_(None), i.treatment != Treatment.WITHHELD)
    for each in productions(connection):
        if each.state == "frozen":
            for item in items(connection, each.id, *open_ones):
                yield each, item
