"""Named properties of MSG files ([MS-OXMSG] section 2.2.3): read, and given out anew."""

import struct
import zlib
from collections.abc import Iterable
from uuid import UUID

from ingest.compound_write import Storage
from ingest.mapi import Bag, Item, Named
from ingest.property_names import INTERNET_HEADERS, PUBLIC_STRINGS

MAPI = UUID("00020328-0000-0000-c000-000000000046")
NAMES = "__nameid_version1.0"
_GUIDS, _ENTRIES, _STRINGS = (f"__substg1.0_{each:08X}" for each in (0x20102, 0x30102, 0x40102))
_FIRST, _LAST = 0x8000, 0xFFFE
_BUCKETS = 0x1F


class TooManyNamesError(Exception):
    """An item has more named properties than the ids that a file can give them."""


def read_names(streams: dict[str, bytes]) -> dict[int, Named]:
    """Ids and what they stand for, from the streams by their upper-case names."""
    guids = streams.get(_GUIDS.upper(), b"")
    strings = streams.get(_STRINGS.upper(), b"")
    entries = streams.get(_ENTRIES.upper(), b"")
    found: dict[int, Named] = {}
    for at in range(0, len(entries) - 7, 8):
        number, kind, place = struct.unpack_from("<IHH", entries, at)
        guid = _guid(kind >> 1, guids)
        name = _string(strings, number) if kind & 1 else number
        if guid is not None and name is not None and place <= _LAST - _FIRST:
            found.setdefault(_FIRST + place, Named(guid, name))
    return found


def _guid(index: int, guids: bytes) -> UUID | None:
    if index in (1, 2):
        return MAPI if index == 1 else PUBLIC_STRINGS
    raw = guids[(index - 3) * 16 : (index - 2) * 16] if index > 2 else b""
    return UUID(bytes_le=raw) if len(raw) == 16 else None


def _string(strings: bytes, at: int) -> str | None:
    if at + 4 > len(strings):
        return None
    raw = strings[at + 4 : at + 4 + struct.unpack_from("<I", strings, at)[0]]
    return raw[: len(raw) & ~1].decode("utf-16-le", "surrogatepass")


class Names:
    """Gives out ids for the named properties of an item and all that is embedded in it.

    One name has one id throughout; only where one bag holds a name under two ids of its own does
    the name get a second. Ids without a name keep clear of those that have one.
    """

    def __init__(self, item: Item) -> None:
        self._given: dict[tuple[Named, int], int] = {}
        self._nameless: dict[int, int] = {}
        bags = list(_bags(item))
        for bag in bags:
            for named, turn, _ in _turns(bag):
                if named is not None:
                    self._given.setdefault((named, turn), _FIRST + len(self._given))
        taken = _FIRST + len(self._given)
        for bag in bags:
            for named, _, own in _turns(bag):
                if named is None and own not in self._nameless:
                    self._nameless[own] = taken + len(self._nameless)
        if taken + len(self._nameless) > _LAST:
            raise TooManyNamesError("an item with more than 32,766 named properties")

    def ids(self, bag: Bag) -> dict[tuple[int, Named | None], int]:
        """The bag's own ids of named properties, with their names, to those of the file."""
        return {
            (own, named): self._nameless[own] if named is None else self._given[named, turn]
            for named, turn, own in _turns(bag)
        }

    def storage(self) -> Storage:
        """The storage that maps ids to names."""
        guids: dict[UUID, int] = {MAPI: 1, PUBLIC_STRINGS: 2}
        entries, strings = bytearray(), bytearray()
        buckets: dict[int, bytearray] = {}
        for place, (named, _) in enumerate(self._given):
            index = guids.setdefault(named.guid, len(guids) + 1)
            number, hashed = _written(named, strings)
            kind = index << 1 | isinstance(named.name, str)
            entries += struct.pack("<IHH", number, kind, place)
            bucket = 0x1000 + (hashed ^ kind) % _BUCKETS
            buckets.setdefault(bucket, bytearray()).extend(struct.pack("<IHH", hashed, kind, place))
        raw = b"".join(each.bytes_le for each, index in guids.items() if index > 2)
        streams = [(_GUIDS, raw), (_ENTRIES, bytes(entries)), (_STRINGS, bytes(strings))]
        streams += [
            (f"__substg1.0_{bucket:04X}0102", bytes(data)) for bucket, data in buckets.items()
        ]
        return Storage(streams)


def _written(named: Named, strings: bytearray) -> tuple[int, int]:
    """The number that an entry has, and the one by which its bucket is chosen."""
    if isinstance(named.name, int):
        number = named.name & 0xFFFFFFFF
        return number, number
    at = len(strings)
    raw = named.name.encode("utf-16-le", "surrogatepass")
    strings += struct.pack("<I", len(raw)) + raw + bytes(-len(raw) % 4)
    lower = named.name.lower() if named.guid == INTERNET_HEADERS else named.name
    return at, _crc(lower.encode("utf-16-le", "surrogatepass"))


def _crc(data: bytes) -> int:
    """The CRC that Outlook takes: begun with zero and not inverted at its end."""
    return zlib.crc32(data, 0xFFFFFFFF) ^ 0xFFFFFFFF


def _turns(bag: Bag) -> Iterable[tuple[Named | None, int, int]]:
    """Each id of a named property once: its name, and which id of that name it is in the bag."""
    seen: set[tuple[int, Named | None]] = set()
    count: dict[Named, int] = {}
    for each in bag:
        if each.id < _FIRST and each.named is None:
            continue
        if (each.id, each.named) not in seen:
            seen.add((each.id, each.named))
            turn = 0
            if each.named is not None:
                turn = count.get(each.named, 0)
                count[each.named] = turn + 1
            yield each.named, turn, each.id


def _bags(item: Item) -> Iterable[Bag]:
    """All bags of an item, in the order in which they are written."""
    yield item.bag
    yield from item.recipients
    for each in item.attachments:
        yield each.bag
        if each.message is not None:
            yield from _bags(each.message)
