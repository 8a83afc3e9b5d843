"""Items of Outlook and Exchange as they are in PST, MSG and TNEF: bags of properties.

Values are kept as the bytes that [MS-OXCDATA] section 2.11 gives them (little-endian, strings
without a closing NUL), so that what is read from one format can be written in another unchanged.
"""

import datetime as dt
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from ingest.text import decode_text
from records.notes import Note

# Property types, [MS-OXCDATA] section 2.11.1; with MULTIPLE set a property holds a tuple.
INTEGER16, INTEGER32, FLOAT32, FLOAT64 = 0x0002, 0x0003, 0x0004, 0x0005
CURRENCY, APP_TIME, ERROR, BOOLEAN = 0x0006, 0x0007, 0x000A, 0x000B
OBJECT, INTEGER64, STRING8, UNICODE = 0x000D, 0x0014, 0x001E, 0x001F
TIME, GUID, BINARY = 0x0040, 0x0048, 0x0102
MULTIPLE = 0x1000
# How many bytes a value of these types has; all others vary.
FIXED = {
    INTEGER16: 2,
    INTEGER32: 4,
    FLOAT32: 4,
    FLOAT64: 8,
    CURRENCY: 8,
    APP_TIME: 8,
    ERROR: 4,
    BOOLEAN: 2,
    INTEGER64: 8,
    TIME: 8,
}
_INTEGERS = {INTEGER16: "<h", INTEGER32: "<i", INTEGER64: "<q", ERROR: "<I", BOOLEAN: "<H"}
_EPOCH = dt.datetime(1601, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Named:
    """The true name of a property whose id (0x8000 and above) is only its file's."""

    guid: UUID
    name: int | str


@dataclass(frozen=True, slots=True)
class Property:
    """One property; `data` is a tuple where `type` has MULTIPLE."""

    id: int
    type: int
    data: bytes | tuple[bytes, ...]
    named: Named | None = None


class Bag:
    """Properties by their id, in the order received; the first of one id and type stays.

    `codepage` decodes 8-bit strings: a Python codec's name.
    """

    def __init__(self, properties: Iterable[Property] = (), codepage: str = "cp1252") -> None:
        self._by_id: dict[int, list[Property]] = {}
        self._by_name: dict[Named, Property] = {}
        self.codepage = codepage
        for each in properties:
            same = self._by_id.setdefault(each.id, [])
            if any(other.type == each.type for other in same):
                continue
            same.append(each)
            if each.named is not None:
                self._by_name.setdefault(each.named, each)

    def __iter__(self) -> Iterator[Property]:
        for same in self._by_id.values():
            yield from same

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Bag):
            return NotImplemented
        return self.codepage == other.codepage and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]

    def __len__(self) -> int:
        return sum(len(same) for same in self._by_id.values())

    def find(self, key: int | Named, *types: int) -> Property | None:
        """The property of that id or name, of one of `types` if any are given."""
        if isinstance(key, Named):
            found = [self._by_name[key]] if key in self._by_name else []
        else:
            found = self._by_id.get(key, [])
        return next((each for each in found if not types or each.type in types), None)

    def text(self, key: int | Named) -> str:
        """A string, Unicode before 8-bit; empty where there is none."""
        found = self.find(key, UNICODE) or self.find(key, STRING8)
        return "" if found is None else self.decoded(found.type, _one(found.data))

    def texts(self, key: int | Named) -> tuple[str, ...]:
        """All strings of a multi-valued property; a single string as one."""
        found = self.find(key, UNICODE | MULTIPLE, STRING8 | MULTIPLE, UNICODE, STRING8)
        if found is None:
            return ()
        data = found.data if isinstance(found.data, tuple) else (found.data,)
        return tuple(self.decoded(found.type & ~MULTIPLE, each) for each in data)

    def decoded(self, type: int, data: bytes) -> str:
        """A string value as text, up to the NUL that some writers leave in."""
        if type == UNICODE:
            return data.decode("utf-16-le", "replace").partition("\0")[0]
        return decode_text(data, self.codepage)[0].partition("\0")[0]

    def integer(self, key: int | Named) -> int | None:
        """A whole number or a boolean; None where there is none."""
        found = self.find(key, *_INTEGERS)
        if found is None:
            return None
        layout = _INTEGERS[found.type]
        data = _one(found.data)[: struct.calcsize(layout)]
        if found.type == BOOLEAN:  # [MS-OXCDATA] gives it one byte, files mostly two
            data = data.ljust(2, b"\0")
        if len(data) < struct.calcsize(layout):
            return None
        value: int = struct.unpack(layout, data)[0]
        return value

    def boolean(self, key: int | Named) -> bool | None:
        """A truth value; None where there is none."""
        value = self.integer(key)
        return None if value is None else bool(value & 0xFF)

    def time(self, key: int | Named) -> dt.datetime | None:
        """A moment in UTC, to the microsecond; None where there is none or no such moment."""
        found = self.find(key, TIME)
        data = b"" if found is None else _one(found.data)
        if len(data) < 8:
            return None
        try:
            moment = _EPOCH + dt.timedelta(microseconds=struct.unpack_from("<Q", data)[0] // 10)
        except OverflowError:
            return None
        return moment if moment > _EPOCH else None

    def binary(self, key: int | Named) -> bytes:
        """Bytes; empty where there are none."""
        found = self.find(key, BINARY, OBJECT)
        return b"" if found is None else _one(found.data)


def _one(data: bytes | tuple[bytes, ...]) -> bytes:
    return data if isinstance(data, bytes) else next(iter(data), b"")


@dataclass(frozen=True, slots=True)
class Attachment:
    """An attachment; `message` is set where it is an item of its own."""

    bag: Bag
    message: "Item | None" = None


@dataclass(frozen=True, slots=True)
class Item:
    """A mail, contact, appointment or whatever else a folder holds."""

    bag: Bag
    recipients: tuple[Bag, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    notes: tuple[Note, ...] = ()
