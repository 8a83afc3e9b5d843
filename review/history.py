"""What was done to the coding, by whom, when and by which search; and how a document stands."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from pyroaring import BitMap

from records import tables
from records.case import Case
from review.acts import require_act
from review.panel import load
from review.targets import require_known

_E, _R, _D = tables.tag_events.c, tables.tag_event_documents.c, tables.document_tags.c


@dataclass(frozen=True, slots=True)
class TagEvent:
    """One event of the history: a tag put on documents or taken off by an act.

    `undoes` is the act that this one took back; `undone` counts the documents on which it was
    taken back since. `basis` is told of a single document.
    """

    act: int
    at: str
    actor: str
    action: str
    tag: str
    documents: int
    origin: dict[str, Any]
    undoes: int | None
    undone: int
    basis: str | None


@dataclass(frozen=True, slots=True)
class Borne:
    """A tag that a document bears; who put it on, when, by which act (None where none is known)."""

    group: str | None
    tag: str
    basis: str | None
    act: int | None
    actor: str | None
    at: str | None


def history(
    case: Case, document: int | None = None, name: str | None = None, act: int | None = None
) -> list[TagEvent]:
    """Events, oldest first: all, or those of a document, a tag, an act, or of these together.

    Raises `TagError` for a tag or an act that is not there.
    """
    with case.read() as connection:
        panel = load(connection)
        query = sa.select(
            *(_E.id, _E.act, _E.at, _E.actor, _E.action, _E.tag_id, _E.count, _E.origin),
            _E.undoes,
        ).order_by(_E.id)
        bases: dict[int, str | None] = {}
        if document is not None:
            require_known(connection, BitMap([document]))
            rows = connection.execute(
                sa.select(_R.event_id, _R.basis, _R.undone_by, _E.act)
                .join(tables.tag_events, _E.id == _R.event_id)
                .where(_R.document_id == document)
            ).all()
            bases = {row.event_id: row.basis for row in rows}
            undone = {row.event_id: 1 for row in rows if row.undone_by not in (None, row.act)}
            query = query.where(_E.id.in_(sa.select(_R.event_id).where(_R.document_id == document)))
        else:
            counted = (
                sa.select(_R.event_id, sa.func.count())
                .join(tables.tag_events, _E.id == _R.event_id)
                .where(_R.undone_by.is_not(None), _R.undone_by != _E.act)
                .group_by(_R.event_id)
            )
            undone = {row[0]: row[1] for row in connection.execute(counted)}
        if name is not None:
            query = query.where(_E.tag_id == panel.tag(name).id)
        if act is not None:
            require_act(connection, act)
            query = query.where(_E.act == act)
        return [
            TagEvent(
                *(row.act, row.at, row.actor, row.action, panel.tags[row.tag_id].name, row[6]),
                *(row.origin, row.undoes, undone.get(row.id, 0), bases.get(row.id)),
            )
            for row in connection.execute(query)
        ]


def standing(case: Case, document: int) -> list[Borne]:
    """The tags that a document bears now, by group; raises `SelectionError` for no document."""
    with case.read() as connection:
        require_known(connection, BitMap([document]))
        panel = load(connection)
        events = connection.execute(
            sa.select(_E.tag_id, _E.act, _E.actor, _E.at)
            .join(tables.tag_event_documents, _R.event_id == _E.id)
            .where(_R.document_id == document, _E.action == "add")
            .where(_R.undone_by.is_(None), _E.undoes.is_(None))
            .order_by(_E.id)
        ).all()
        last = {row.tag_id: row for row in events}
        rows = connection.execute(
            sa.select(_D.tag_id, _D.basis).where(_D.document_id == document).order_by(_D.tag_id)
        ).all()
    found = []
    for row in rows:
        tag, put = panel.tags[row.tag_id], last.get(row.tag_id)
        group = None if tag.group is None else panel.groups[tag.group].name
        who = (None, None, None) if put is None else (put.act, put.actor, put.at)
        found.append(Borne(group, tag.name, row.basis, *who))
    return sorted(found, key=lambda each: (each.group is None, each.group or "", each.tag))
