"""Lists of properties as TNEF has them ([MS-OXTNEF] section 2.1.3.4)."""

import struct
from uuid import UUID

from ingest.mapi import (
    BINARY,
    FIXED,
    GUID,
    MULTIPLE,
    OBJECT,
    STRING8,
    UNICODE,
    Named,
    Property,
)

_VARIABLE = frozenset({STRING8, UNICODE, BINARY, OBJECT})
_FIRST_NAMED, _LAST_NAMED = 0x8000, 0xFFFE


class _CutError(Exception):
    """The bytes end, or make no sense, within a property."""


class PropertyReader:
    """Reads lists one after another; `is_cut` says that one broke off."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self.is_cut = False

    def rows(self) -> list[list[Property]]:
        """A count, and so many lists."""
        rows: list[list[Property]] = []
        try:
            count = self._number()
        except _CutError:
            count = 0
            self.is_cut = True
        while len(rows) < count and not self.is_cut:
            row = self.properties()
            if row or not self.is_cut:
                rows.append(row)
        return rows

    def properties(self) -> list[Property]:
        """A count, and so many properties; as many as can be read."""
        found: list[Property] = []
        ids: dict[Named, int] = {}
        taken: set[int] = set()
        try:
            for _ in range(self._number()):
                found.append(self._property(ids, taken))
        except _CutError:
            self.is_cut = True
        return found

    def _property(self, ids: dict[Named, int], taken: set[int]) -> Property:
        type, id = struct.unpack("<HH", self._take(4))
        named = self._named() if id >= _FIRST_NAMED else None
        if named is not None:  # ids repeat here, names tell them apart
            id = ids.setdefault(named, self._free(id, taken) if named not in ids else id)
            taken.add(id)
        base = type & ~MULTIPLE
        several = bool(type & MULTIPLE)
        count = self._number() if several or base in _VARIABLE else 1
        values: list[bytes] = []
        for _ in range(count):
            values.append(self._value(base))
        if several:
            return Property(id, type, tuple(values), named)
        return Property(id, type, values[0] if values else b"", named)

    def _free(self, id: int, taken: set[int]) -> int:
        if id not in taken:
            return id
        return next((n for n in range(_FIRST_NAMED, _LAST_NAMED) if n not in taken), id)

    def _named(self) -> Named:
        guid = UUID(bytes_le=self._take(16))
        if self._number() == 0:
            return Named(guid, self._number())
        raw = self._padded(self._number())
        name = raw[: len(raw) & ~1].decode("utf-16-le", "surrogatepass")
        return Named(guid, name.rstrip("\0"))

    def _value(self, base: int) -> bytes:
        if base in _VARIABLE:
            data = self._padded(self._number())
            if base == UNICODE:
                return data.removesuffix(b"\0\0") if len(data) % 2 == 0 else data
            return data.removesuffix(b"\0") if base == STRING8 else data
        if base == GUID:
            return self._take(16)
        width = FIXED.get(base)
        if width is None:
            raise _CutError
        return self._padded(width)

    def _number(self) -> int:
        number: int = struct.unpack("<I", self._take(4))[0]
        return number

    def _padded(self, size: int) -> bytes:
        """So many bytes, and what fills them up to a multiple of four."""
        data = self._take(size)
        self._at += -size % 4
        return data

    def _take(self, size: int) -> bytes:
        data = self._data[self._at : self._at + size]
        if len(data) < size:
            raise _CutError
        self._at += size
        return data
