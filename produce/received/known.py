"""Defects of a volume that replaces part of another: what the other one holds is not missing."""

from collections import defaultdict
from collections.abc import Iterable

import sqlalchemy as sa

from produce.received.assemble import Volume
from produce.received.families import children_told, value_of
from produce.received.interface import Defect, Entry
from produce.received.numbers import key, number
from produce.received.record import replacing_each_other
from produce.received.spool import Spool
from records import tables

_R, _D = tables.received_documents.c, tables.documents.c


def still_missing(
    connection: sa.Connection,
    volume_id: int,
    volume: Volume,
    spool: Spool,
    found: Iterable[Defect],
) -> list[Defect]:
    """The defects without those that the replaced volume settles; all, where none is replaced."""
    others = replacing_each_other(connection, volume_id) - {volume_id}
    if not others:
        return [*found]
    known = _Known(connection, volume_id, others)
    entries = {key(each.beg): each for each in volume.entries if each.beg}

    def settled(each: Defect) -> bool:
        entry = entries.get(key(each.beg))
        if each.code == "bates-gap":
            return known.holds_all(each.beg, each.end)
        if entry is None:
            return False
        if each.code == "family-range":
            return known.spans(entry)
        if each.code == "attachment-count":
            told = value_of(volume, spool, entry, "AttachmentCount")
            return told == str(known.children(entry))
        if each.code == "family-child-missing":
            told_ones = {key(child) for child in children_told(volume, spool, entry)}
            return told_ones <= entries.keys() | known.begins
        return False

    return [each for each in found if not settled(each)]


class _Known:
    """What stands of the volumes, and all numbers that the replaced ones had."""

    def __init__(self, connection: sa.Connection, volume_id: int, others: set[int]) -> None:
        rows = connection.execute(
            sa.select(*_R, _D.family_id, _D.found_in_id)
            .join(tables.documents, _D.id == _R.document_id)
            .where(_R.volume_id.in_({volume_id, *others}))
        ).all()
        had = [row for row in rows if row.volume_id in others]
        self.begins = {key(row.beg_bates) for row in had if row.beg_bates}
        self._numbers = [(row.prefix, row.first, row.last) for row in had if row.prefix is not None]
        self._own = {key(row.beg_bates): row for row in rows if row.volume_id == volume_id}
        self._families = defaultdict(list)
        self._children: dict[int, int] = defaultdict(int)
        for row in rows:
            if row.replaced_by_id is None:
                self._families[row.family_id].append(row)
                if row.found_in_id is not None:
                    self._children[row.found_in_id] += 1

    def holds_all(self, begin: str, end: str) -> bool:
        """Whether each number of a range was in the replaced volume."""
        first, last = number(begin), number(end)
        if first is None or last is None:
            return False
        need = first.value
        for prefix, low, high in sorted(self._numbers):
            if prefix == first.prefix and low <= need <= high:
                need = high + 1
        return need > last.value

    def spans(self, entry: Entry) -> bool:
        """Whether the range that a document tells is that of its family in both volumes."""
        own = self._own.get(key(entry.beg))
        family = self._families[own.family_id] if own is not None else []
        if not family or any(row.first is None for row in family):
            return False
        first = min(family, key=lambda row: row.first)
        last = max(family, key=lambda row: row.last)
        ends = (key(last.end_bates), key(last.beg_bates))
        return key(entry.beg_attach) == key(first.beg_bates) and key(entry.end_attach) in ends

    def children(self, entry: Entry) -> int:
        """How many documents of both volumes are attached to one."""
        own = self._own.get(key(entry.beg))
        return self._children[own.document_id] if own is not None else 0
