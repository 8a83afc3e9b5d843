"""What is shown along with what a search found: families and threads, never counted as found."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from pyroaring import BitMap

from index.families import whole_families, whole_threads
from records import tables
from records.numbers import table_of

_D, _T = tables.documents.c, tables.threads.c
FAMILY, THREAD = "family", "thread"


@dataclass(frozen=True, slots=True)
class Along:
    """Documents that no search found: mails of threads, then members of families of all these."""

    threads: BitMap
    families: BitMap

    def kinds(self) -> dict[int, str]:
        """By what each of them came along."""
        return dict.fromkeys(self.threads, THREAD) | dict.fromkeys(self.families, FAMILY)


NOTHING = Along(BitMap(), BitMap())


def brought(connection: sa.Connection, ids: BitMap, *, threads: bool, families: bool) -> Along:
    """What the documents `ids` bring along, of what is reviewed."""
    mails = whole_threads(connection, ids) if threads else ids
    whole = whole_families(connection, mails) if families else mails
    return Along(mails - ids, whole - mails)


def placed(connection: sa.Connection, order: Sequence[int], along: Along) -> list[int]:
    """The documents of an order, what comes along right behind the first that brings it.

    First the rest of its family in the family's order, then its thread from the first mail on,
    each with its own family.
    """
    family, members = _together(connection, _D.id, _D.family_id, _D.position, order, along)
    thread, mails = _together(connection, _T.document_id, _T.thread_id, _T.position, order, along)
    waiting = along.threads | along.families
    found: list[int] = []

    def put(numbers: Iterable[int]) -> Iterator[int]:
        for each in numbers:
            if each in waiting:
                waiting.discard(each)
                yield each

    for number in order:
        found.append(number)
        found += put(members[family.get(number, 0)])
        for mail in list(put(mails[thread.get(number, 0)])):
            found.append(mail)
            found += put(members[family.get(mail, 0)])
    return found


def _together(
    connection: sa.Connection,
    document: sa.ColumnElement[int],
    group: sa.ColumnElement[int],
    position: sa.ColumnElement[int],
    order: Sequence[int],
    along: Along,
) -> tuple[dict[int, int], defaultdict[int, list[int]]]:
    """The group of each document, and what comes along of each group in its order."""
    given = table_of(connection, along.threads | along.families | BitMap(order))
    query = sa.select(document, group).join(given, given.c.id == document).order_by(group, position)
    groups = {row[0]: row[1] for row in connection.execute(query)}
    members: defaultdict[int, list[int]] = defaultdict(list)
    for number, name in groups.items():
        if number in along.threads or number in along.families:
            members[name].append(number)
    return groups, members
