"""Which documents an act is on: those named, and what it takes along with them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from pyroaring import BitMap

from index.families import whole_families, whole_threads
from records import culls, tables
from records.codes import Disposition
from records.control import control, parse_control
from records.errors import SelectionError
from records.numbers import table_of

_D = tables.documents.c
_NAMED = 20
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Along:
    """What goes with a named document: the mails of its thread, its family, its copies."""

    threads: bool = False
    families: bool = False
    duplicates: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """All documents of an act, and how many each kind brought that were not there before it."""

    ids: BitMap
    threads: int
    families: int
    duplicates: int


def read_ids(texts: Iterable[str]) -> BitMap:
    """Read control numbers; raises `SelectionError` naming those that are none."""
    found, bad = BitMap(), []
    for text in texts:
        try:
            found.add(parse_control(text))
        except ValueError:
            bad.append(text)
    if bad:
        raise SelectionError(
            f"{_listed(bad)} cannot be read as control numbers; write them as RW-00000001"
        )
    return found


def require_known(connection: sa.Connection, ids: BitMap) -> None:
    """Raise `SelectionError` naming ids that are no document's."""
    given = table_of(connection, ids)
    known = sa.exists().where(_D.id == given.c.id)
    unknown = sorted(connection.execute(sa.select(given.c.id).where(sa.not_(known))).scalars())
    if unknown:
        count = connection.execute(sa.select(sa.func.count()).select_from(tables.documents))
        named = _listed([control(each) for each in unknown])
        raise SelectionError(
            f"The case has no document {named}; it has {count.scalar_one()} documents"
        )


def widen(connection: sa.Connection, asked: BitMap, along: Along) -> Target:
    """Take along threads, then the families of all these, then the copies of all of them.

    Of threads and families only what is reviewed comes; of copies the suppressed ones too.
    """
    threads = whole_threads(connection, asked) if along.threads else asked
    families = whole_families(connection, threads) if along.families else threads
    every = families | _copies(connection, families) if along.duplicates else families
    return Target(
        every,
        threads=len(threads) - len(asked),
        families=len(families) - len(threads),
        duplicates=len(every) - len(families),
    )


def _copies(connection: sa.Connection, ids: BitMap) -> BitMap:
    given = table_of(connection, ids)
    own = sa.select(_D.duplicate_of_id).where(
        _D.id.in_(sa.select(given.c.id)), _D.duplicate_of_id.is_not(None)
    )
    kept = ids | BitMap(connection.execute(own).scalars())
    wanted = table_of(connection, kept)
    query = sa.select(_D.id).where(_D.duplicate_of_id.in_(sa.select(wanted.c.id)))
    return kept | BitMap(connection.execute(query).scalars())


def in_review(connection: sa.Connection) -> BitMap:
    """All documents that are there to be reviewed: no culling rule puts them aside."""
    query = sa.select(_D.id).where(culls.in_review())
    return BitMap(connection.execute(query).scalars())


def suppressed(connection: sa.Connection, ids: BitMap) -> BitMap:
    """Those of the documents that are suppressed duplicates."""
    query = sa.select(_D.id).where(_D.disposition == Disposition.DUPLICATE)
    return ids & BitMap(connection.execute(query).scalars())


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(map(_short, names[:_NAMED])) + more


def _short(name: str) -> str:
    """A line of a file that is no list of numbers is shown by its beginning."""
    return name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…"
