"""Judgments: what a pair of tags says of documents, and who put them on."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from pyroaring import BitMap

from records import tables
from records.errors import TagError
from records.numbers import table_of
from review.panel import Tag, load

_E, _R, _D = tables.tag_events.c, tables.tag_event_documents.c, tables.document_tags.c


@dataclass(frozen=True, slots=True)
class Calls:
    """The tag of what is relevant, and the tag of what is not."""

    relevant: Tag
    other: Tag


@dataclass(frozen=True, slots=True)
class Judged:
    """Documents by what they bear: one of the tags, or both, which says nothing."""

    relevant: BitMap
    other: BitMap
    both: BitMap

    @property
    def documents(self) -> BitMap:
        """Those that are judged."""
        return self.relevant | self.other


@dataclass(frozen=True, slots=True)
class Call:
    """How one document was judged: by whom, when and by which act."""

    relevant: bool
    actor: str
    at: str
    act: int


def calls(connection: sa.Connection, relevant: str, other: str) -> Calls:
    """The two tags by their names; raises `TagError` for an unknown one, or twice the same."""
    panel = load(connection)
    found = Calls(panel.tag(relevant), panel.tag(other))
    if found.relevant.id == found.other.id:
        raise TagError(f"'{found.relevant.name}' cannot mean both relevant and not; name two tags")
    return found


def opposed(connection: sa.Connection, pair: Calls) -> bool:
    """Whether a rule keeps documents from bearing both."""
    return pair.other.id in load(connection).opposed(pair.relevant.id)


def judged(connection: sa.Connection, pair: Calls, within: BitMap) -> Judged:
    """What the tags say now of the documents of a set."""
    relevant, other = (
        within & BitMap(connection.execute(_bearing(tag.id)).scalars())
        for tag in (pair.relevant, pair.other)
    )
    both = relevant & other
    return Judged(relevant - both, other - both, both)


def _bearing(tag: int) -> sa.Select[Any]:
    return sa.select(_D.document_id).where(_D.tag_id == tag)


def who(connection: sa.Connection, pair: Calls, ids: BitMap) -> dict[int, Call]:
    """By whom each judged document got its tag: the newest act that stands, where one does."""
    known = judged(connection, pair, ids)
    given = table_of(connection, known.documents)
    rows = connection.execute(
        sa.select(_R.document_id, _E.tag_id, _E.actor, _E.at, _E.act)
        .join(tables.tag_events, _E.id == _R.event_id)
        .where(
            _R.document_id.in_(sa.select(given.c.id)),
            _E.tag_id.in_((pair.relevant.id, pair.other.id)),
            *(_E.action == "add", _R.undone_by.is_(None), _E.undoes.is_(None)),
        )
        .order_by(_E.id)
    )
    found = {}
    for document, tag, actor, at, act in rows:
        relevant = document in known.relevant
        if tag == (pair.relevant.id if relevant else pair.other.id):
            found[document] = Call(relevant, actor, at, act)
    return found
