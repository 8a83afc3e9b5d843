"""MSG and OFT files ([MS-OXMSG]) read as items."""

import mmap
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from ingest.codepages import codepage_of
from ingest.compound import Compound, Entry, NotCompoundError
from ingest.compound_write import write_compound
from ingest.mapi import (
    FIXED,
    GUID,
    MULTIPLE,
    OBJECT,
    STRING8,
    UNICODE,
    Attachment,
    Bag,
    Item,
    Named,
    Property,
)
from ingest.msgnames import NAMES, read_names
from ingest.versions import TOOL, VERSION
from records.codes import Code
from records.notes import Note, warning

DEPTH = 32
"""Messages in messages are read to this depth; what is deeper stays a file of its own."""

_PROPERTIES = "__PROPERTIES_VERSION1.0"
_VALUE = "__SUBSTG1.0_"
_TAG = re.compile(r"__SUBSTG1\.0_([0-9A-F]{4})([0-9A-F]{4})")
_DATA = 0x3701
_OBJECT_STORAGE = f"{_VALUE}{_DATA:04X}{OBJECT:04X}"
_TOP_HEADER, _INNER_HEADER, _SUB_HEADER = 32, 24, 8
_MOST_VALUES = 1 << 20
# The size that stands in an entry for a string of no characters: its closing NUL.
_NUL = {UNICODE: 2, STRING8: 1}


class NotMsgError(Exception):
    """The bytes are no MSG file that anything could be read from."""


def read_msg(source: Path | BinaryIO | bytes) -> Item:
    """Read an item; damage is put into its notes.

    Raises `NotMsgError` where nothing can be read.
    """
    if isinstance(source, Path):
        with source.open("rb") as file:
            if not source.stat().st_size:
                raise NotMsgError("it is empty")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
                return _read(mapped)
    return _read(source if isinstance(source, bytes) else source.read())


def _read(data: bytes | mmap.mmap) -> Item:
    try:
        compound = Compound(data)
    except NotCompoundError as error:
        raise NotMsgError(str(error)) from error
    top = compound.children(compound.root)
    if _PROPERTIES not in top and not any(each.startswith(_VALUE) for each in top):
        raise NotMsgError("no properties of a message are in it")
    reading = _Reading(compound)
    names = top.get(NAMES.upper())
    if names is not None and not names.is_stream:
        reading.names = read_names(
            {
                name: compound.stream(each)
                for name, each in compound.children(names).items()
                if each.is_stream
            }
        )
    return reading.item(compound.root, _TOP_HEADER, 0, "cp1252")


@dataclass(slots=True)
class _Reading:
    compound: Compound
    names: dict[int, Named] = field(default_factory=dict)

    def item(self, storage: Entry, header: int, depth: int, codepage: str) -> Item:
        """The item in a storage; `codepage` is that of the item around it."""
        before = len(self.compound.faults)
        inside = self.compound.children(storage)
        properties = self.properties(inside, header, skip=())
        codepage = codepage_of(properties, codepage)
        recipients = tuple(
            Bag(self.properties(self.compound.children(each), _SUB_HEADER, skip=()), codepage)
            for each in _numbered(inside, "__RECIP_VERSION1.0_#")
        )
        attachments = tuple(
            self.attachment(each, depth, codepage)
            for each in _numbered(inside, "__ATTACH_VERSION1.0_#")
        )
        faults = self.compound.faults[before:]
        notes = tuple(_note(each) for each in faults)
        return Item(Bag(properties, codepage), recipients, attachments, notes)

    def attachment(self, storage: Entry, depth: int, codepage: str) -> Attachment:
        inside = self.compound.children(storage)
        held = inside.get(_OBJECT_STORAGE)
        message = None
        if held is not None and not held.is_stream:
            if _PROPERTIES in self.compound.children(held) and depth < DEPTH:
                message = self.item(held, _INNER_HEADER, depth + 1, codepage)
            elif _PROPERTIES in self.compound.children(held):
                self.compound.fault(
                    f"messages in messages are opened {DEPTH} deep; a deeper one was kept whole"
                )
        skip = (_OBJECT_STORAGE,) if message is not None else ()
        return Attachment(Bag(self.properties(inside, _SUB_HEADER, skip), codepage), message)

    def properties(
        self, inside: dict[str, Entry], header: int, skip: tuple[str, ...]
    ) -> list[Property]:
        """The properties listed, then those that have a stream and are not listed."""
        listed = inside.get(_PROPERTIES)
        table = b"" if listed is None or not listed.is_stream else self.compound.stream(listed)
        if not table:
            self.compound.fault("a list of properties is missing")
        found: dict[str, Property] = {}
        for at in range(header, len(table) - 15, 16):
            type, id = struct.unpack_from("<HH", table, at)
            key = f"{_VALUE}{id:04X}{type:04X}"
            if key not in skip and key not in found and (id or type):
                each = self.property(id, type, table[at + 8 : at + 16], inside)
                if each is not None:
                    found[key] = each
        for id, type in _unlisted(inside, found, skip):
            each = self.property(id, type, bytes(8), inside)
            if each is not None:
                self.compound.fault("some of its properties are not in its list")
                found[f"{_VALUE}{id:04X}{type:04X}"] = each
        return list(found.values())

    def property(
        self, id: int, type: int, inline: bytes, inside: dict[str, Entry]
    ) -> Property | None:
        """One property by its entry in the list; None where its value is lost."""
        named = self.names.get(id) if id >= 0x8000 else None
        width = FIXED.get(type)
        if width is not None:
            return Property(id, type, inline[:width], named)
        if type == 1:  # PtypNull holds nothing
            return Property(id, type, b"", named)
        entry = inside.get(f"{_VALUE}{id:04X}{type:04X}")
        if entry is None:
            if int.from_bytes(inline[:4], "little") == _NUL.get(type, 0):
                return Property(id, type, () if type & MULTIPLE else b"", named)
            self.compound.fault("the value of a property is missing")
            return None
        if not entry.is_stream:
            copied = write_compound(self.compound.copy(entry))
            return Property(id, type, copied, named)
        data = self.compound.stream(entry)
        if type & MULTIPLE:
            return Property(id, type, self.values(id, type, data, inside), named)
        return Property(id, type, data, named)

    def values(
        self, id: int, type: int, data: bytes, inside: dict[str, Entry]
    ) -> tuple[bytes, ...]:
        """The values of a multi-valued property ([MS-OXMSG] section 2.1.4)."""
        base = type & ~MULTIPLE
        width = 16 if base == GUID else FIXED.get(base)
        if width is not None:
            return tuple(data[at : at + width] for at in range(0, len(data) - width + 1, width))
        count = len(data) // (4 if base in _NUL else 8)
        if count > _MOST_VALUES:
            self.compound.fault("a property has more values than can be")
            count = _MOST_VALUES
        return tuple(self._value(id, type, place, inside) for place in range(count))

    def _value(self, id: int, type: int, place: int, inside: dict[str, Entry]) -> bytes:
        entry = inside.get(f"{_VALUE}{id:04X}{type:04X}-{place:08X}")
        return b"" if entry is None or not entry.is_stream else self.compound.stream(entry)


def _numbered(inside: dict[str, Entry], prefix: str) -> list[Entry]:
    """The storages of a kind, by their numbers."""
    found = [(name, each) for name, each in inside.items() if name.startswith(prefix)]
    return [each for _, each in sorted(found) if not each.is_stream]


def _unlisted(
    inside: dict[str, Entry], found: dict[str, Property], skip: tuple[str, ...]
) -> Iterator[tuple[int, int]]:
    """Ids and types of values that stand in a storage and not in its list."""
    for name in inside:
        match = _TAG.fullmatch(name)
        if match is not None and name not in found and name not in skip:
            id, type = int(match[1], 16), int(match[2], 16)
            if type not in FIXED:
                yield id, type


def _note(fault: str) -> Note:
    code = Code.TOO_DEEP if "deeper" in fault else Code.MALFORMED_MAIL
    if "cut short" in fault or "missing" in fault:
        code = Code.PARTIAL
    return warning(code, fault[:1].upper() + fault[1:], TOOL, VERSION)
