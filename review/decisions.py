"""What documents bear of some tags, and who decided so, when and by which act."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from pyroaring import BitMap

from records import tables
from records.errors import ReviewError
from records.numbers import table_of
from review.panel import Group, Panel

_E, _R, _D = tables.tag_events.c, tables.tag_event_documents.c, tables.document_tags.c


@dataclass(frozen=True, slots=True)
class Put:
    """A tag that a document bears; actor, time and act are None where none is known."""

    tag: int
    actor: str | None
    at: str | None
    act: int | None


def borne(
    connection: sa.Connection, tags: Iterable[int], ids: BitMap | None = None
) -> dict[int, list[Put]]:
    """The tags out of `tags` that documents bear now, by document; of `ids`, or of all.

    Who put a tag on is whoever did so last and was not undone. Documents that bear none are left
    out.
    """
    wanted = sorted(set(tags))
    now = sa.select(_D.document_id, _D.tag_id).where(_D.tag_id.in_(wanted))
    events = (
        sa.select(_R.document_id, _E.tag_id, _E.actor, _E.at, _E.act)
        .join(tables.tag_events, _E.id == _R.event_id)
        .where(_E.tag_id.in_(wanted), _E.action == "add")
        .where(_R.undone_by.is_(None), _E.undoes.is_(None))
        .order_by(_E.id)
    )
    if ids is not None:
        given = sa.select(table_of(connection, ids).c.id)
        now = now.where(_D.document_id.in_(given))
        events = events.where(_R.document_id.in_(given))
    last = {(row[0], row[1]): (row[2], row[3], row[4]) for row in connection.execute(events)}
    found: dict[int, list[Put]] = {}
    for document, tag in connection.execute(now.order_by(_D.document_id, _D.tag_id)):
        put = last.get((document, tag), (None, None, None))
        found.setdefault(document, []).append(Put(tag, *put))
    return found


def tags_of(panel: Panel, groups: Sequence[int]) -> dict[int, int]:
    """The tags of some groups, each with its group."""
    return {tag.id: group for group in groups for tag in panel.members(group)}


def lacking(
    groups: Sequence[int], of_tag: Mapping[int, int], puts: Iterable[Put]
) -> tuple[int, ...]:
    """Those of the groups of which a document bears no tag."""
    has = {of_tag[each.tag] for each in puts}
    return tuple(each for each in groups if each not in has)


def groups_named(panel: Panel, names: Sequence[str]) -> list[Group]:
    """The groups of these names, else those that the case requires; raises `ReviewError` for none.

    `TagError` for a name that is no group's.
    """
    found = {each.id: each for each in (panel.group(name) for name in names)}
    if not names:
        found = {each.id: each for each in panel.groups.values() if each.required}
    if not found:
        raise ReviewError(
            "Which choices a document must bear is not said, and the case requires none: name a "
            "group of tags with --group. 'redwell tag group add' makes one"
        )
    for each in found.values():
        if not panel.members(each.id):
            raise ReviewError(f"'{each.name}' has no tags to choose from: define some in it first")
    return list(found.values())
