"""Bates numbers: reservations are append-only, and no number is given twice in a case, ever."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from produce.specification import Specification
from records import tables, times
from records.errors import ProductionError, SpecificationError


@dataclass(frozen=True, slots=True)
class Reservation:
    """A run of numbers that belongs to a production."""

    production_id: int
    production: str
    prefix: str
    first: int
    last: int


def reservations(connection: sa.Connection) -> list[Reservation]:
    """All reservations, oldest first."""
    r, p = tables.bates_reservations.c, tables.productions.c
    rows = connection.execute(
        sa.select(r.production_id, p.name, r.prefix, r.first, r.last)
        .join(tables.productions, p.id == r.production_id)
        .order_by(r.id)
    )
    return [Reservation(*row) for row in rows]


def reservation_of(connection: sa.Connection, production_id: int) -> Reservation | None:
    """The numbers that a production holds, if it holds any."""
    found = [each for each in reservations(connection) if each.production_id == production_id]
    return found[0] if found else None


def span_of(connection: sa.Connection, production_id: int) -> tuple[str, str] | None:
    """The first and last number of a production; None before it has any.

    Those of a replacement are of the volume that it replaces, and leave gaps.
    """
    i = tables.production_items.c
    mine = sa.select(i.beg_bates, i.end_bates).where(
        i.production_id == production_id, i.beg_bates.is_not(None)
    )
    first = connection.execute(mine.order_by(i.position).limit(1)).first()
    last = connection.execute(mine.order_by(i.position.desc()).limit(1)).first()
    return (str(first.beg_bates), str(last.end_bates)) if first and last else None


def next_free(connection: sa.Connection, prefix: str) -> int:
    """One more than the highest number ever reserved with this prefix."""
    r = tables.bates_reservations.c
    last = connection.execute(sa.select(sa.func.max(r.last)).where(r.prefix == prefix)).scalar()
    return (last or 0) + 1


def first_number(connection: sa.Connection, specification: Specification) -> int:
    """The number that the volume would begin with; raises `SpecificationError` on any overlap."""
    _refuse_confusable(connection, specification.prefix)
    free = next_free(connection, specification.prefix)
    if specification.start is None:
        return free
    if specification.start < free:
        raise SpecificationError(
            f"{specification.bates(specification.start)} overlaps numbers that are used: the next "
            f"free one with the prefix {specification.prefix} is {specification.bates(free)}"
        )
    return specification.start


def _refuse_confusable(connection: sa.Connection, prefix: str) -> None:
    """ABC1 + 001 and ABC + 1001 are the same number; ABC and abc the same file on Windows."""

    def core(each: str) -> str:
        return each.casefold().rstrip("0123456789")

    used = connection.execute(sa.select(tables.bates_reservations.c.prefix).distinct()).scalars()
    for other in used:
        if other != prefix and core(other) == core(prefix):
            raise SpecificationError(
                f"The prefix {prefix} could give numbers that read like those of {other}, which "
                "this case used: take one that differs in more than digits at its end or case"
            )


def reserve(
    connection: sa.Connection, production_id: int, specification: Specification, count: int
) -> int:
    """Reserve so many numbers and return the first, within the caller's transaction."""
    first = first_number(connection, specification)
    last = first + count - 1
    if len(str(last)) > specification.digits:
        what = f"{count} {specification.number_by}s from {specification.bates(first)} on"
        raise ProductionError(
            f"{what} do not fit in {specification.digits} digits: plan {specification.name} again "
            f"with --digits {len(str(last))} or more"
        )
    r = tables.bates_reservations.c
    highest = connection.execute(sa.select(sa.func.max(r.id))).scalar() or 0
    connection.execute(
        tables.bates_reservations.insert().values(
            id=highest + 1,
            production_id=production_id,
            prefix=specification.prefix,
            first=first,
            last=last,
            at=times.now(),
        )
    )
    return first


def ranges(first: int, counts: Iterable[int]) -> Iterator[tuple[int, int]]:
    """The first and last number of each document, by how many it takes, without a gap."""
    for count in counts:
        yield first, first + count - 1
        first += count
