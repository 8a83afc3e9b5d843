"""A family read again beside what is on record of it: who is who, and which reading stands.

A member is the one on record where address and bytes agree, else place and bytes, else the bytes
alone; one whose bytes lacked or failed is the one at its address. So nobody gets a second number.
A reading takes the place of another only where it is better: what was read before is never given
up for a failure, and a family in which something is not found again stands as it was.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from process.families import child_address
from process.interface import ExtractedItem
from records.codes import Disposition


@dataclass(frozen=True, slots=True)
class Old:
    """A member as the record has it; `exceptions` are the codes that stand against it now."""

    id: int
    found_in: int | None
    position: int
    address: str
    sha256: str | None
    outcome: str
    chars: int
    text_sha256: str | None
    text_source: str
    pages: int | None
    fields: dict[str, Any]
    exceptions: frozenset[str]
    is_beside: bool = False  # it was in a file that was replaced, and is not in the one since

    @property
    def failing(self) -> bool:
        """Whether some of its content could not be had."""
        return self.outcome == Disposition.EXCEPTION or bool(self.exceptions)


class Act(StrEnum):
    """What becomes of a member."""

    KEPT = "kept"  # it stands as it was
    TAKEN = "taken"  # the new reading stands
    TRIED = "tried"  # it fails as before
    NEW = "new"
    LOST = "lost"  # on record, and not found again: it stands as it was


@dataclass(frozen=True, slots=True)
class Placed:
    """A member of the family as it is to be; `parent` is an index among all of them."""

    act: Act
    old: Old | None
    item: ExtractedItem | None
    parent: int | None


@dataclass(frozen=True, slots=True)
class Merged:
    """A family merged; where `missing` are named, all of it is to be left as it was."""

    members: tuple[Placed, ...]
    missing: tuple[Old, ...] = ()


def failing_codes(item: ExtractedItem) -> frozenset[str]:
    """The codes of a new reading's exceptions."""
    return frozenset(note.code.value for note in item.notes if note.severity == "exception")


def fails(item: ExtractedItem) -> bool:
    """Whether some of its content could not be had."""
    return item.outcome is Disposition.EXCEPTION or bool(failing_codes(item))


def merge(
    old: Sequence[Old],
    new: Sequence[ExtractedItem],
    *,
    refresh: bool = False,
    replaced: bool = False,
) -> Merged:
    """Merge what is on record, root first, with a new reading.

    `refresh`: a reading that differs stands, though the one before did not fail. `replaced`: the
    root's bytes are others now, so its reading stands whatever it is, and what the old bytes held
    stays beside what the new ones hold.
    """
    before = _matched(old, new, replaced=replaced)
    acts = [
        Act.TAKEN if replaced and index == 0 else _act(known, item, refresh=refresh)
        for index, (known, item) in enumerate(zip(before, new, strict=True))
    ]
    found = {known.id for known in before if known is not None}
    lost = [each for each in old if each.id not in found]
    shut = {
        known.id
        for known, item, act in zip(before, new, acts, strict=True)
        if known is not None and act is not Act.TAKEN and fails(item)
    }
    missing: list[Old] = []
    for each in lost:  # by position: what holds another comes before it
        if each.found_in in shut or each.is_beside:
            shut.add(each.id)
        elif not replaced:
            missing.append(each)
    placed = [
        Placed(act, known, item, item.parent)
        for act, known, item in zip(acts, before, new, strict=True)
    ]
    places = {known.id: index for index, known in enumerate(before) if known is not None}
    for each in lost:
        places[each.id] = len(placed)
        parent = places.get(each.found_in or 0, 0)
        placed.append(Placed(Act.LOST, each, None, parent))
    return Merged(tuple(placed), tuple(missing))


def _act(old: Old | None, item: ExtractedItem, *, refresh: bool) -> Act:
    if old is None:
        return Act.NEW
    sha256 = item.digests.sha256 if item.digests else None
    if sha256 is None and old.sha256 is not None:
        return Act.TRIED if old.failing else Act.KEPT
    if not fails(item):
        if old.failing:
            return Act.TAKEN
        return Act.TAKEN if refresh and _differs(old, item) else Act.KEPT
    if not old.failing:
        return Act.KEPT
    gained = old.sha256 is None and sha256 is not None
    more = item.text.chars > old.chars
    other = failing_codes(item) != old.exceptions and item.text.chars >= old.chars
    return Act.TAKEN if gained or more or other else Act.TRIED


def _differs(old: Old, item: ExtractedItem) -> bool:
    if old.chars and not item.text.chars and not item.ocr_pages:
        return False  # words that were found are not given up for none
    if "ocr" in old.text_source or item.ocr_pages:
        return True
    read = (item.text.sha256, item.outcome, item.pages, item.fields.to_json())
    known = (old.text_sha256, old.outcome, old.pages, old.fields)
    return bool(_plain(read) != _plain(known))


def _plain(value: Any) -> Any:
    """Tuples as lists: JSON does not tell them apart."""
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return value


@dataclass(frozen=True, slots=True)
class _Seen:
    """A new item as it is compared."""

    index: int
    address: str
    sha256: str | None
    fails: bool


def _matched(
    old: Sequence[Old], new: Sequence[ExtractedItem], *, replaced: bool
) -> list[Old | None]:
    """For each new item its row on record; each row once."""
    found: list[Old | None] = [None] * len(new)
    found[0] = old[0]
    free = {each.id: each for each in old[1:]}
    addresses = _addresses(old[0].address, new)
    seen = [
        _Seen(index, addresses[index], item.digests.sha256 if item.digests else None, fails(item))
        for index, item in enumerate(new)
    ][1:]

    def pair(
        of_old: Callable[[Old], Hashable | None], of_new: Callable[[_Seen], Hashable | None]
    ) -> None:
        waiting: dict[Hashable, list[Old]] = {}
        for row in free.values():
            if (key := of_old(row)) is not None:
                waiting.setdefault(key, []).append(row)
        for item in seen:
            key = of_new(item) if found[item.index] is None else None
            if key is not None and waiting.get(key):
                row = found[item.index] = waiting[key].pop(0)
                del free[row.id]

    pair(lambda row: (row.address, row.sha256), lambda item: (item.address, item.sha256))
    pair(
        lambda row: row.sha256 and (row.position, row.sha256),
        lambda item: item.sha256 and (item.index, item.sha256),
    )
    pair(lambda row: row.sha256, lambda item: item.sha256)
    pair(lambda row: None if row.sha256 else row.address, lambda item: item.address)
    if not replaced:
        pair(lambda row: row.address, lambda item: None if item.sha256 else item.address)
        pair(
            lambda row: row.address if row.failing else None,
            lambda item: None if item.fails else item.address,
        )
    return found


def _addresses(root: str, new: Sequence[ExtractedItem]) -> list[str]:
    """The addresses that the items would have, had they been found first."""
    addresses, taken = [root], {root}
    for item in new[1:]:
        assert item.parent is not None
        addresses.append(child_address(addresses[item.parent], item.name, taken))
    return addresses


def mended(placed: Placed) -> bool:
    """Whether a member failed before and does not after this reading."""
    if placed.act is not Act.TAKEN or placed.old is None or placed.item is None:
        return False
    return placed.old.failing and not fails(placed.item)
