"""Who holds whom across families: members of a collected archive are families of their own.

A tag on such a member reaches the archive, every archive around it, and the copies of it all.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from produce.selection import in_chunks
from records import tables

_D = tables.documents.c


@dataclass(frozen=True, slots=True)
class Reach:
    """How far withholding goes beyond the families of the withheld.

    `holding` contain a withheld document or a copy of one, at any depth; `below` lie, or a copy
    of theirs lies, inside of one, so that their paths would tell its name; `apart` hold documents
    that are families of their own, withheld or not.
    """

    holding: frozenset[int] = frozenset()
    below: frozenset[int] = frozenset()
    apart: frozenset[int] = frozenset()


def reach(connection: sa.Connection, ids: set[int], excluded: set[int]) -> Reach:
    """What the documents `ids` have to do with the `excluded` ones."""
    closed = excluded | _copies(connection, excluded).keys()
    holders = _holders(connection, closed)
    return Reach(
        holding=frozenset(above for each in closed for above in _chain(each, holders)),
        below=_below(connection, ids, closed) if closed else frozenset(),
        apart=apart(connection, ids),
    )


def apart(connection: sa.Connection, ids: set[int]) -> frozenset[int]:
    """Those that hold documents which are families of their own; a fact since collection."""
    rows = in_chunks(
        connection,
        lambda some: (
            sa.select(_D.found_in_id)
            .where(_D.found_in_id.in_(some), _D.id == _D.family_id)
            .distinct()
        ),
        ids,
    )
    return frozenset(row.found_in_id for row in rows)


def groups_of(connection: sa.Connection, ids: set[int]) -> set[int]:
    """These documents, the ones kept in their favour and all copies of those."""
    kept = {
        row.duplicate_of_id or row.id
        for row in in_chunks(
            connection,
            lambda some: sa.select(_D.id, _D.duplicate_of_id).where(_D.id.in_(some)),
            ids,
        )
    }
    return ids | kept | _copies(connection, kept).keys()


def inside(connection: sa.Connection, ids: set[int], closed: set[int]) -> set[int]:
    """Those that lie, at any depth, in one of the `closed`: their paths tell its name."""
    if not closed:
        return set()
    holders = _holders(connection, ids)
    return {each for each in ids if closed.intersection(_chain(each, holders))}


def _below(connection: sa.Connection, ids: set[int], closed: set[int]) -> frozenset[int]:
    own = {each: each for each in ids} | _copies(connection, ids)
    holders = _holders(connection, set(own))
    return frozenset(
        kept for each, kept in own.items() if closed.intersection(_chain(each, holders))
    )


def _copies(connection: sa.Connection, ids: set[int]) -> dict[int, int]:
    """Suppressed copies of these documents → the kept one."""
    rows = in_chunks(
        connection,
        lambda some: sa.select(_D.id, _D.duplicate_of_id).where(_D.duplicate_of_id.in_(some)),
        ids,
    )
    return {row.id: row.duplicate_of_id for row in rows}


def _holders(connection: sa.Connection, ids: set[int]) -> dict[int, int]:
    """Of these documents and of all above them: what each was found in."""
    known: dict[int, int] = {}
    level = ids
    while level:
        rows = in_chunks(
            connection,
            lambda some: sa.select(_D.id, _D.found_in_id).where(
                _D.id.in_(some), _D.found_in_id.is_not(None)
            ),
            level,
        )
        found = {row.id: row.found_in_id for row in rows}
        known |= found
        level = set(found.values()) - known.keys()
    return known


def _chain(document_id: int, holders: dict[int, int]) -> list[int]:
    """All that is above a document, the nearest first."""
    found: list[int] = []
    above = holders.get(document_id)
    while above is not None:
        found.append(above)
        above = holders.get(above)
    return found
