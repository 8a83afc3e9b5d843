"""Which mails a change can move: all that keys lead to from those that changed.

Two mails are of one component where a chain of shared keys leads from one to the other. Nothing
outside a component has a say in how the mails in it are placed.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import batched

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from pyroaring import BitMap

from process.threads_forest import Sets
from records import tables

_AT_ONCE = 400
_FEW = 5_000
_K = tables.mail_keys.c

# Kinds that meet: what one mail calls itself, another refers to.
_MEET = (("id", "reference"), ("index",), ("subject",), ("copy",))
_FAMILY = {kind: kinds for kinds in _MEET for kind in kinds}


@dataclass(frozen=True, slots=True, eq=False)
class Components:
    """Mails by component: all numbers one behind another, and where each component ends."""

    mails: NDArray[np.int64]
    ends: NDArray[np.int64]

    def __iter__(self) -> Iterator[list[int]]:
        """Each component in order of numbers, by its lowest."""
        begin = 0
        for end in self.ends.tolist():
            yield self.mails[begin:end].tolist()
            begin = end


def components(connection: sa.Connection, seeds: BitMap) -> Components:
    """The components that hold `seeds`.

    From a few mails it follows the keys; for many, all keys are read once in their order. In
    memory are the numbers of documents, some 40 bytes a mail, and the hashes of keys where they
    are followed.
    """
    if len(seeds) <= _FEW:
        return _followed(connection, seeds)
    return _swept(connection, seeds)


def sharing(connection: sa.Connection, keys: Iterable[tuple[str, str]]) -> Iterator[list[int]]:
    """For each key that mails share, the documents that do."""
    by_family: dict[tuple[str, ...], list[str]] = {}
    for kind, key in keys:
        by_family.setdefault(_FAMILY[kind], []).append(key)
    for kinds, wanted in by_family.items():
        for some in batched(wanted, _AT_ONCE):
            query = (
                sa.select(_K.key, _K.document_id)
                .where(_K.kind.in_(kinds), _K.key.in_(some))
                .order_by(_K.key)
            )
            yield from _groups(connection.execute(query))


def _groups(rows: Iterable["sa.Row[str, int]"]) -> Iterator[list[int]]:
    """Documents by key, of rows in which equal keys stand together."""
    last, group = "", list[int]()
    for row in rows:
        if row.key != last and group:
            yield group
            group = []
        last = row.key
        group.append(row.document_id)
    if group:
        yield group


def _followed(connection: sa.Connection, seeds: Iterable[int]) -> Components:
    numbers: dict[int, int] = {}
    sets = Sets(0)
    seen: set[int] = set()
    waiting = list(seeds)
    for each in seeds:
        numbers[each] = sets.add()
    while waiting:
        fresh: list[int] = []
        for some in batched(waiting, _AT_ONCE):
            for group in sharing(connection, _unseen(connection, some, seen)):
                new = [each for each in dict.fromkeys(group) if each not in numbers]
                for each in new:
                    numbers[each] = sets.add()
                fresh += new
                for each in group:
                    sets.join(numbers[group[0]], numbers[each])
        waiting = fresh
    mails = sorted(numbers)
    return _parted(mails, [sets.of(numbers[each]) for each in mails])


def _unseen(
    connection: sa.Connection, documents: Sequence[int], seen: set[int]
) -> list[tuple[str, str]]:
    """The keys of documents that were not followed yet. Of many mails each is followed once."""
    query = sa.select(_K.kind, _K.key).where(_K.document_id.in_(documents), _K.kind.in_(_FAMILY))
    found: list[tuple[str, str]] = []
    for kind, key in connection.execute(query):
        mark = hash((_FAMILY[kind], key))
        if mark not in seen:
            seen.add(mark)
            found.append((kind, key))
    return found


def _swept(connection: sa.Connection, seeds: BitMap) -> Components:
    sets = Sets((connection.execute(sa.select(sa.func.max(_K.document_id))).scalar() or 0) + 1)
    for kinds in _MEET:
        query = sa.select(_K.key, _K.document_id).where(_K.kind.in_(kinds)).order_by(_K.key)
        rows = connection.execute(query, execution_options={"yield_per": 10_000})
        for group in _groups(rows):
            for each in group:
                sets.join(group[0], each)
    wanted = BitMap(sets.of(each) for each in seeds)
    mails = sa.select(_K.document_id).where(_K.kind == "copy").order_by(_K.document_id)
    ids = connection.execute(mails, execution_options={"yield_per": 10_000}).scalars()
    found, names = array("q"), array("q")
    for each in ids:
        if (name := sets.of(each)) in wanted:
            found.append(each)
            names.append(name)
    return _parted(found, names)


def _parted(mails: Sequence[int], names: Sequence[int]) -> Components:
    """Cut mails, which are in order, by the names of their components."""
    numbers, groups = np.array(mails, np.int64), np.array(names, np.int64)
    _, first, inverse = np.unique(groups, return_index=True, return_inverse=True)
    by_lowest = first[inverse]  # where the lowest of its component stands
    order = np.argsort(by_lowest, kind="stable")
    ends = np.flatnonzero(np.diff(by_lowest[order], append=-1)) + 1
    return Components(numbers[order], ends)
