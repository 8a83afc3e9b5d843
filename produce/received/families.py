"""Families of a received volume: from ranges, parents, children, groups and LFP boundaries."""

from collections import defaultdict
from collections.abc import Sequence

from produce.received.assemble import Volume
from produce.received.interface import Entry
from produce.received.numbers import key, number
from produce.received.spool import Spool


def join_families(volume: Volume, spool: Spool) -> list[list[Entry]]:
    """Give each document its parent, root and position; the families in order of their roots.

    What a parent field says counts most, then lists of children, then ranges, groups, and the
    boundaries of an LFP. A parent that is not in the volume is a defect.
    """
    entries = volume.entries
    names = _names(volume, spool)
    children = _listed_children(volume, spool, names)
    groups: dict[str, Entry] = {}
    leader: Entry | None = None
    for entry in entries:
        parent = _told_parent(volume, entry, names)
        if parent is None:
            parent = children.get(entry.place)
        if parent is None:
            parent = _by_range(volume, entry, names, told=bool(entry.parent_bates))
        if parent is None and entry.row is not None and not entry.parent_bates:
            parent = _by_group(volume, spool, entry, groups)
        if entry.lfp_child and parent is None and not _tells(entry):
            parent = leader
        if not entry.lfp_child:
            leader = entry
        entry.parent = parent.place if parent is not None and parent is not entry else None
    _within_ranges(volume)
    _cut_cycles(volume)
    return _ordered(entries)


def _tells(entry: Entry) -> bool:
    return bool(entry.parent_bates or entry.beg_attach)


def _names(volume: Volume, spool: Spool) -> dict[str, Entry]:
    """Documents by their numbers, and by other ids that a row may name them with."""
    found: dict[str, Entry] = {}
    aliased = [(each, columns) for each, columns in enumerate(volume.columns) if columns.aliases]
    for entry in volume.entries:
        if entry.beg:
            found.setdefault(key(entry.beg), entry)
    if not aliased:
        return found
    for entry in volume.entries:
        if entry.row is None or not entry.whole:
            continue
        data, values, _, _ = spool.get(entry.row)
        for place in volume.columns[data].aliases:
            if values[place].strip():
                found.setdefault(key(values[place]), entry)
    return found


def _listed_children(volume: Volume, spool: Spool, names: dict[str, Entry]) -> dict[int, Entry]:
    found: dict[int, Entry] = {}
    for entry in volume.entries:
        for each in children_told(volume, spool, entry):
            child = names.get(key(each))
            if child is None:
                text = f"Its attachment {each} is not in the volume"
                volume.complain("family-child-missing", text, entry)
            elif child is not entry:
                found.setdefault(child.place, entry)
    return found


def children_told(volume: Volume, spool: Spool, entry: Entry) -> list[str]:
    """The attachments that a row names."""
    value = value_of(volume, spool, entry, "ChildBates")
    return [each.strip() for each in value.replace(",", ";").split(";") if each.strip()]


def value_of(volume: Volume, spool: Spool, entry: Entry, field: str) -> str:
    """What a document's row holds in a field; empty where it has none."""
    mapped = any(field in columns.places for columns in volume.columns)
    if not mapped or entry.row is None or not entry.whole:
        return ""
    data, values, _, _ = spool.get(entry.row)
    return volume.columns[data].get(values, field)


def _told_parent(volume: Volume, entry: Entry, names: dict[str, Entry]) -> Entry | None:
    if not entry.parent_bates or key(entry.parent_bates) == key(entry.beg):
        return None
    parent = names.get(key(entry.parent_bates))
    if parent is None:
        text = f"Its parent {entry.parent_bates} is not in the volume"
        volume.complain("family-parent-missing", text, entry)
    return parent


def _by_range(volume: Volume, entry: Entry, names: dict[str, Entry], *, told: bool) -> Entry | None:
    if not entry.beg_attach or key(entry.beg_attach) == key(entry.beg):
        return None
    root = names.get(key(entry.beg_attach))
    if root is None and not told:
        text = f"Its family begins at {entry.beg_attach}, which is not in the volume"
        volume.complain("family-parent-missing", text, entry)
    return root


def _by_group(volume: Volume, spool: Spool, entry: Entry, groups: dict[str, Entry]) -> Entry | None:
    group = "" if entry.beg_attach else value_of(volume, spool, entry, "FamilyID")
    if not group:
        return None
    first = groups.setdefault(key(group), entry)
    return None if first is entry else first


def _within_ranges(volume: Volume) -> None:
    """Documents that tell nothing of a family and lie in the range that another tells."""
    root: Entry | None = None
    for entry in volume.entries:
        last = number(root.end_attach) if root is not None else None
        own = number(entry.beg)
        silent = entry.parent is None and not _tells(entry)
        if root and last and own and silent and own.prefix == last.prefix:
            first = number(root.beg)
            if first and first.value < own.value <= last.value:
                entry.parent = root.place
                continue
        if entry.end_attach and key(entry.beg_attach) == key(entry.beg):
            root = entry


def _cut_cycles(volume: Volume) -> None:
    entries = volume.entries
    for entry in entries:
        seen = {entry.place}
        at = entry
        while at.parent is not None:
            if at.parent in seen:
                volume.complain("family-circle", "It is among its own parents", entry)
                entry.parent = None
                break
            seen.add(at.parent)
            at = entries[at.parent]
    for entry in entries:
        at = entry
        while at.parent is not None:
            at = entries[at.parent]
        entry.root = at.place


def _ordered(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Families by their roots; parents before children, siblings as the load files have them."""
    children: dict[int, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.parent is not None:
            children[entry.parent].append(entry)
    families = []
    for root in (each for each in entries if each.parent is None):
        family: list[Entry] = []
        waiting = [root]
        while waiting:
            entry = waiting.pop()
            entry.position = len(family)
            family.append(entry)
            waiting.extend(reversed(children.get(entry.place, [])))
        families.append(family)
    return families
