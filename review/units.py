"""What is never split over batches: a document, a family, or a thread with all its families."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from pyroaring import BitMap

from records import tables

_D, _T = tables.documents.c, tables.threads.c


class Unit(StrEnum):
    """What goes whole into one batch."""

    FAMILY = "family"
    THREAD = "thread"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class _Row:
    id: int
    family: int
    position: int
    thread: int | None
    date: str


class Joined:
    """Things that belong together, by what joins them (union-find)."""

    def __init__(self) -> None:
        self._above: dict[object, object] = {}

    def find(self, one: object) -> object:
        """What stands for all that one is joined with."""
        path = []
        while (above := self._above.get(one, one)) != one:
            path.append(one)
            one = above
        for each in path:
            self._above[each] = one
        return one

    def join(self, one: object, other: object) -> None:
        """Both belong together."""
        self._above[self.find(one)] = self.find(other)


def units(
    connection: sa.Connection, unit: Unit, found: BitMap, in_review: BitMap
) -> list[tuple[int, ...]]:
    """The units of which a document was found, each with all its members in review.

    By the date of the first root in each, those without one last; within a unit by the dates of its
    families, each in its order.
    """
    taken = found if unit is Unit.DOCUMENT else found | in_review
    rows = [each for each in _rows(connection) if each.id in taken]
    dates = {each.family: each.date for each in rows if each.id == each.family}
    rows.sort(key=lambda each: (dates.get(each.family, each.date), each.family, each.position))
    groups: dict[object, list[int]] = {}
    for row, key in zip(rows, _keys(rows, unit), strict=True):
        groups.setdefault(key, []).append(row.id)
    return [tuple(each) for each in groups.values() if any(one in found for one in each)]


def _keys(rows: Sequence[_Row], unit: Unit) -> Iterator[object]:
    if unit is Unit.DOCUMENT:
        yield from (each.id for each in rows)
        return
    joined = Joined()
    if unit is Unit.THREAD:
        for each in rows:
            if each.thread is not None:
                joined.join(("family", each.family), ("thread", each.thread))
    yield from (joined.find(("family", each.family)) for each in rows)


def _rows(connection: sa.Connection) -> Iterable[_Row]:
    query = (
        sa.select(
            *(_D.id, _D.family_id, _D.position, _D.sent_at, _D.modified_at, _T.thread_id),
            _D.fields["modified_at"].as_string().label("own"),
        )
        .join(tables.threads, _T.document_id == _D.id, isouter=True)
        .order_by(_D.id)
    )
    for row in connection.execute(query):
        date = row.sent_at or row.own or row.modified_at or "~"
        yield _Row(row.id, row.family_id, row.position, row.thread_id, date)
