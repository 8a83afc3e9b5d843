"""Which documents a production takes: by tag or query, whole families, in their order."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import batched, groupby
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from index.searching import search
from produce.specification import Specification
from records import tables, times
from records.case import Case
from records.codes import Disposition
from records.control import control
from records.errors import SpecificationError
from review.panel import Group, Kind, Panel, load

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Member:
    """A document as planning looks at it."""

    id: int
    family: int
    position: int
    found_in: int | None
    role: str
    name: str
    disposition: str
    duplicate_of: int | None
    type: str
    mime: str
    sha256: str | None
    size: int
    ocr_waiting: int
    date: str | None

    @property
    def control(self) -> str:
        """Its control number."""
        return control(self.id)


@dataclass(frozen=True, slots=True)
class Family:
    """A whole family in its order, the root first, and which of its members were chosen."""

    members: tuple[Member, ...]
    chosen: frozenset[int]


def tag_id(connection: sa.Connection, name: str) -> int:
    """The tag of this name; raises `SpecificationError` where there is none."""
    c = tables.tags.c
    found = list(connection.execute(sa.select(c.id).where(c.name == name)).scalars())
    if not found:
        known = ", ".join(connection.execute(sa.select(c.name).order_by(c.name)).scalars())
        raise SpecificationError(
            f"There is no tag {name!r}. The tags of this case: {known or 'none'}"
        )
    return int(found[0])


def tagged(connection: sa.Connection, names: Iterable[str]) -> set[int]:
    """Documents that carry any of these tags, a suppressed copy standing for the kept one too."""
    tag_ids = [tag_id(connection, name) for name in names]
    if not tag_ids:
        return set()
    documents, tags = tables.documents.c, tables.document_tags.c
    rows = connection.execute(
        sa.select(documents.id, documents.duplicate_of_id)
        .join(tables.document_tags, tags.document_id == documents.id)
        .where(tags.tag_id.in_(tag_ids))
    )
    found: set[int] = set()
    for row in rows:
        found.add(row.id)
        if row.duplicate_of_id is not None:
            found.add(row.duplicate_of_id)
    return found


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the query or tag names, before families; `unseen` documents no query can find yet."""

    ids: set[int]
    unseen: int


def choose(case: Case, connection: sa.Connection, specification: Specification) -> Chosen:
    """The documents that the query or the tag names, before families."""
    if specification.query is not None:
        found = search(case, specification.query)
        return Chosen(set(found.ids), found.missing + found.unprocessed)
    tags = tables.document_tags.c
    wanted = _selecting(connection, specification)
    rows = connection.execute(sa.select(tags.document_id).where(tags.tag_id.in_(wanted)))
    return Chosen(set(rows.scalars()), 0)


def _selecting(connection: sa.Connection, specification: Specification) -> list[int]:
    """The tags that select: one, all of a group, or the one that stands for a request."""
    panel = load(connection)
    if specification.tag is not None or specification.request is not None:
        named = str(specification.tag or specification.request)
        tag = panel.tags[tag_id(connection, named)]
        group = None if tag.group is None else panel.groups[tag.group]
        asked = specification.group
        if asked is not None and group != group_named(panel, asked):
            raise SpecificationError(f"{named!r} is no tag of the group {asked!r}")
        if specification.request is not None and (group is None or group.kind != Kind.ISSUES):
            raise SpecificationError(
                f"{named!r} stands in no group of issues, so it is no request for production: "
                "make one with 'redwell tag group add NAME --kind issues', or select by --tag"
            )
        return [tag.id]
    chosen = group_named(panel, str(specification.group))
    found = [each.id for each in panel.members(chosen.id)]
    if not found:
        raise SpecificationError(f"The group {chosen.name!r} has no tags that could select")
    return found


def group_named(panel: Panel, name: str) -> Group:
    """The group of tags of this name; raises `SpecificationError` where there is none."""
    for group in panel.groups.values():
        if group.name == name:
            return group
    known = ", ".join(sorted(each.name for each in panel.groups.values()))
    raise SpecificationError(
        f"There is no group of tags {name!r}. The groups of this case: {known or 'none'}"
    )


@dataclass(frozen=True, slots=True)
class Dated:
    """Families by whether their date lies in the range that is asked for."""

    inside: list[Family]
    outside: list[Family]
    undated: list[Family]


def by_date(families: list[Family], specification: Specification) -> Dated:
    """Part families by their root's date, as it falls in the production's zone."""
    first, last = specification.date_from, specification.date_to
    if first is None and last is None:
        return Dated(families, [], [])
    found = Dated([], [], [])
    zone = ZoneInfo(specification.time_zone)
    for family in families:
        date = family.members[0].date
        if date is None:
            found.undated.append(family)
            continue
        day = times.local(date, zone)[:10]
        inside = (not first or str(first) <= day) and (not last or day <= str(last))
        (found.inside if inside else found.outside).append(family)
    return found


def in_chunks[T](
    connection: sa.Connection,
    make: Callable[[Sequence[int]], sa.Select[*tuple[Any, ...]]],
    ids: Iterable[int],
) -> Iterator[sa.Row[*tuple[Any, ...]]]:
    """Run a query over many ids, some hundred at a time: databases limit a statement's values."""
    for chunk in batched(sorted(ids), _CHUNK):
        yield from connection.execute(make(chunk))


def load_families(connection: sa.Connection, chosen: set[int]) -> list[Family]:
    """The families of the chosen documents, in the order in which they are produced.

    By the family's date (its root's sent date, else its modification date; undated ones last),
    then by control number. Within a family parents come before what they hold.
    """
    c = tables.documents.c
    roots = {
        row.family_id
        for row in in_chunks(
            connection, lambda ids: sa.select(c.family_id).where(c.id.in_(ids)), chosen
        )
    }
    rows = in_chunks(connection, _members_query, roots)
    members = sorted((_member(row) for row in rows), key=lambda each: (each.family, each.position))
    families = []
    for _, group in groupby(members, key=lambda each: each.family):
        family = tuple(group)
        families.append(Family(family, frozenset(each.id for each in family) & chosen))
    families.sort(key=lambda each: (each.members[0].date or "9999", each.members[0].family))
    return families


def _members_query(families: Sequence[int]) -> sa.Select[*tuple[Any, ...]]:
    c = tables.documents.c
    return sa.select(
        *(
            c.id,
            c.family_id,
            c.position,
            c.found_in_id,
            c.role,
            c.name,
            c.disposition,
            c.duplicate_of_id,
        ),
        *(c.type, c.mime, c.sha256, c.size, c.ocr_pages, c.sent_at, c.modified_at),
    ).where(c.family_id.in_(families))


def _member(row: sa.Row[*tuple[Any, ...]]) -> Member:
    return Member(
        id=row.id,
        family=row.family_id,
        position=row.position,
        found_in=row.found_in_id,
        role=row.role,
        name=row.name,
        disposition=row.disposition,
        duplicate_of=row.duplicate_of_id,
        type=row.type,
        mime=row.mime,
        sha256=row.sha256,
        size=row.size,
        ocr_waiting=len(row.ocr_pages),
        date=row.sent_at or row.modified_at,
    )


def pending(connection: sa.Connection) -> list[int]:
    """Documents of the case that were collected and not processed yet."""
    c = tables.documents.c
    query = sa.select(c.id).where(c.disposition == Disposition.PENDING).order_by(c.id)
    return list(connection.execute(query).scalars())


def received(connection: sa.Connection, ids: Iterable[int]) -> list[int]:
    """Which of these documents another party produced."""
    r = tables.received_documents.c
    rows = in_chunks(
        connection, lambda some: sa.select(r.document_id).where(r.document_id.in_(some)), ids
    )
    return sorted(row.document_id for row in rows)


def refuse_received(theirs: Sequence[int], allowed: bool) -> None:
    """Raise `SpecificationError` where what another party produced would be produced as ours."""
    if theirs and not allowed:
        raise SpecificationError(
            f"{len(theirs)} documents of the selection were produced by another party (as "
            f"{control(theirs[0])}): leave them out with 'NOT received:yes' in the query, or "
            "produce them all the same with --allow-received"
        )


def refuse_unprocessed(waiting: Sequence[int], families: Sequence[Family], allowed: bool) -> None:
    """Raise `SpecificationError` where documents wait to be processed, `allowed` or not.

    A selected family could grow, which nothing allows. An unread document elsewhere may be a copy
    of a selected one, or carry the tag that protects it.
    """
    selected = sorted({each.id for family in families for each in family.members} & {*waiting})
    if selected:
        raise SpecificationError(
            f"{len(selected)} selected documents are not processed yet (as "
            f"{control(selected[0])}): run 'redwell process' first"
        )
    if waiting and not allowed:
        raise SpecificationError(
            f"{len(waiting)} documents of the case are not processed yet (as "
            f"{control(waiting[0])}), and any of them may be a copy of a selected one or carry a "
            "tag that protects it: run 'redwell process' first, or plan with --allow-unprocessed"
        )


def clawed_back(connection: sa.Connection) -> set[int]:
    """All documents that were ever asked back of another party."""
    c = tables.clawback_documents.c
    return set(connection.execute(sa.select(c.document_id).distinct()).scalars())


def refuse_clawed_back(found: Iterable[int], allowed: bool) -> None:
    """Raise `SpecificationError` where documents to be shown were asked back, `allowed` or not."""
    back = sorted(found)
    if back and not allowed:
        raise SpecificationError(
            f"{len(back)} documents of the selection were asked back of another party (as "
            f"{control(back[0])}). Withhold them by a tag that the production excludes, or produce "
            "them all the same with --allow-clawed-back"
        )
