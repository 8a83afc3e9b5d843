"""Whether coding keeps the rules of the panel: what an act would break, and what is broken now."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa
from pyroaring import BitMap

from records import tables
from records.case import Case
from review.panel import Group, Panel, load

_D = tables.document_tags.c


@dataclass(frozen=True, slots=True)
class Plan:
    """What an act would do: by tag, the documents that it is put on and taken off.

    A document in both keeps the tag, with another basis.
    """

    adds: dict[int, BitMap] = field(default_factory=dict)
    removes: dict[int, BitMap] = field(default_factory=dict)

    @property
    def documents(self) -> BitMap:
        """All documents that it would change."""
        return BitMap.union(BitMap(), *self.adds.values(), *self.removes.values())

    def without(self, ids: BitMap) -> "Plan":
        """The same, leaving some documents as they are."""
        return Plan(
            {tag: found - ids for tag, found in self.adds.items()},
            {tag: found - ids for tag, found in self.removes.items()},
        )


@dataclass(frozen=True, slots=True)
class Conflict:
    """Documents on which an act would break a rule: `tag` meets `against` by `rule`.

    For a choice that lacks, both are empty. `named` of the documents were named, the rest came
    along.
    """

    rule: str
    tag: str
    against: str
    documents: tuple[int, ...]
    named: int


class Coding:
    """Which documents bear a tag now; asked of the database once for each tag."""

    def __init__(self, connection: sa.Connection, panel: Panel) -> None:
        self._connection = connection
        self._panel = panel
        self._known: dict[int, BitMap] = {}

    def bearing(self, tag: int) -> BitMap:
        """The documents that bear a tag now."""
        if tag not in self._known:
            query = sa.select(_D.document_id).where(_D.tag_id == tag)
            self._known[tag] = BitMap(self._connection.execute(query).scalars())
        return self._known[tag]

    def otherwise(self, tag: int, basis: str) -> BitMap:
        """The documents that bear a tag with another basis, or without one."""
        other = sa.func.coalesce(_D.basis, "") != basis
        query = sa.select(_D.document_id).where(_D.tag_id == tag, other)
        return BitMap(self._connection.execute(query).scalars())

    def after(self, tag: int, plan: Plan) -> BitMap:
        """The documents that would bear a tag."""
        gone = plan.removes.get(tag, BitMap())
        return (self.bearing(tag) - gone) | plan.adds.get(tag, BitMap())

    def with_any(self, group: Group, plan: Plan) -> BitMap:
        """The documents that would bear a tag of a group."""
        found = BitMap()
        for tag in self._panel.members(group.id):
            found |= self.after(tag.id, plan)
        return found


def opposed(
    panel: Panel, coding: Coding, plan: Plan, wanted: Mapping[int, BitMap], asked: BitMap
) -> list[Conflict]:
    """Where a tag would stand beside one that it excludes, on the documents where it is wanted."""
    found = []
    for tag, ids in wanted.items():
        for other, rule in panel.opposed(tag).items():
            if meet := ids & coding.after(other, plan):
                names = panel.tags[tag].name, panel.tags[other].name
                found.append(_conflict(rule, *names, meet, asked))
    return found


def lacking(panel: Panel, coding: Coding, plan: Plan, asked: BitMap) -> list[Conflict]:
    """Where a required group would be left without a choice on a document that bears tags."""
    added = BitMap.union(BitMap(), *plan.adds.values())
    found = []
    for group in panel.groups.values():
        if not group.required:
            continue
        has = coding.with_any(group, plan)
        lost = BitMap()
        for tag in panel.members(group.id):
            lost |= plan.removes.get(tag.id, BitMap())
        lost -= has
        if lost:
            lost &= BitMap.union(BitMap(), *(coding.after(each, plan) for each in panel.tags))
        if lacks := (added - has) | lost:
            choices = ", ".join(f"'{each.name}'" for each in panel.members(group.id))
            rule = f"'{group.name}' requires a choice of {choices or 'its tags, and has none'}"
            found.append(_conflict(rule, "", "", lacks, asked))
    return found


def rebased(tag: str, basis: str, ids: BitMap, asked: BitMap) -> Conflict:
    """Documents that bear a tag with another basis than the one to be given."""
    return _conflict(f"it stands with another basis than {basis!r}", tag, tag, ids, asked)


def _conflict(rule: str, tag: str, against: str, ids: BitMap, asked: BitMap) -> Conflict:
    return Conflict(rule, tag, against, tuple(ids), len(ids & asked))


def broken(case: Case) -> list[Conflict]:
    """Where the coding as it stands breaks a rule, as one that was made later."""
    with case.read() as connection:
        panel = load(connection)
        coding, plan = Coding(connection, panel), Plan()
        borne = {each: coding.bearing(each) for each in panel.tags}
        every = BitMap.union(BitMap(), *borne.values())
        twice = opposed(panel, coding, plan, borne, every)
        found = [each for each in twice if each.tag < each.against]
        found += lacking(panel, coding, Plan(adds=borne), every)
        for tag in panel.tags.values():
            if tag.needs_basis and (without := coding.otherwise(tag.id, "") ^ borne[tag.id]):
                found.append(_conflict(f"'{tag.name}' needs a basis", tag.name, "", without, every))
    return found
