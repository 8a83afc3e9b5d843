"""TNEF (winmail.dat, [MS-OXTNEF]) read as an item."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from ingest.codepages import codec_of, codepage_of
from ingest.mapi import BINARY, OBJECT, Attachment, Bag, Item, Property
from ingest.tnef_legacy import (
    ATTACH_DATA,
    ATTACH_PROPERTIES,
    ATTACH_RENDERING,
    CODEPAGE,
    PROPERTIES,
    RECIPIENTS,
    legacy,
)
from ingest.tnef_properties import PropertyReader
from ingest.versions import TOOL, VERSION
from records.codes import Code
from records.notes import Note, warning

SIGNATURE = b"\x78\x9f\x3e\x22"
DEPTH = 32
"""Messages in messages are read to this depth; what is deeper stays a TNEF of its own."""

_DATA = 0x3701
_MESSAGE = bytes.fromhex("0703020000000000C000000000000046")  # IID_IMessage
_LEVELS = (1, 2)


class NotTnefError(Exception):
    """The bytes are no TNEF that anything could be read from."""


def read_tnef(data: bytes) -> Item:
    """Read an item; damage is put into its notes.

    Raises `NotTnefError` where nothing can be read.
    """
    return _read(data, 0, "cp1252")


@dataclass(slots=True)
class _Open:
    """An attachment whose attributes are being met."""

    properties: list[Property] = field(default_factory=list)
    late: list[Property] = field(default_factory=list)  # legacy ones give way to the others

    def bag(self, codepage: str) -> Bag:
        return Bag(_without_twins(self.properties, self.late), codepage)


@dataclass(slots=True)
class _Reading:
    depth: int
    codepage: str
    properties: list[Property] = field(default_factory=list)
    late: list[Property] = field(default_factory=list)
    recipients: list[list[Property]] = field(default_factory=list)
    attachments: list[_Open] = field(default_factory=list)
    faults: dict[str, Code] = field(default_factory=dict)

    def fault(self, text: str, code: Code = Code.MALFORMED_MAIL) -> None:
        self.faults.setdefault(text, code)

    def take(self, id: int, data: bytes) -> None:
        """One attribute."""
        if id == CODEPAGE and len(data) >= 4:
            self.codepage = codec_of(struct.unpack_from("<I", data)[0]) or self.codepage
        elif id == PROPERTIES:
            self.properties += self._properties(data)
        elif id == RECIPIENTS:
            reader = PropertyReader(data)
            self.recipients += reader.rows()
            self._cut(reader)
        elif id == ATTACH_RENDERING:
            self.attachments.append(_Open(late=legacy(id, data)))
        elif id in ATTACH_DATA or id == ATTACH_PROPERTIES:
            if not self.attachments:
                self.fault("an attachment begins without its first attribute")
                self.attachments.append(_Open())
            if id == ATTACH_PROPERTIES:
                self.attachments[-1].properties += self._properties(data)
            else:
                self.attachments[-1].late += legacy(id, data)
        else:
            self.late += legacy(id, data)

    def _properties(self, data: bytes) -> list[Property]:
        reader = PropertyReader(data)
        found = reader.properties()
        self._cut(reader)
        return found

    def _cut(self, reader: PropertyReader) -> None:
        if reader.is_cut:
            self.fault("a list of properties is damaged or cut short", Code.PARTIAL)

    def item(self) -> Item:
        bag = Bag(_without_twins(self.properties, self.late))
        bag.codepage = codepage_of(bag, self.codepage)
        attachments = tuple(self._attachment(each, bag.codepage) for each in self.attachments)
        notes = tuple(_note(text, code) for text, code in self.faults.items())
        recipients = tuple(Bag(each, bag.codepage) for each in self.recipients)
        return Item(bag, recipients, attachments, notes)

    def _attachment(self, attachment: _Open, codepage: str) -> Attachment:
        """An attachment; its object is told by the interface named before its bytes."""
        message = None
        properties: list[Property] = []
        for each in attachment.properties:
            if (
                each.id != _DATA
                or each.type not in (OBJECT, BINARY)
                or not isinstance(each.data, bytes)
            ):
                properties.append(each)
                continue
            interface, data = each.data[:16], each.data[16:]
            if each.type == BINARY:
                properties.append(each)
            elif interface != _MESSAGE:
                properties.append(Property(_DATA, OBJECT, data))
            elif (message := self._message(data, codepage)) is None:
                properties.append(Property(_DATA, BINARY, data))
        attachment.properties = properties
        return Attachment(attachment.bag(codepage), message)

    def _message(self, data: bytes, codepage: str) -> Item | None:
        if self.depth >= DEPTH:
            self.fault(f"it nests deeper than {DEPTH} messages", Code.TOO_DEEP)
            return None
        try:
            return _read(data, self.depth + 1, codepage)
        except NotTnefError:
            self.fault("an attached message cannot be read", Code.EMBEDDED_LOST)
            return None


def _read(data: bytes, depth: int, codepage: str) -> Item:
    if data[:4] != SIGNATURE:
        raise NotTnefError("it does not begin as TNEF does")
    reading = _Reading(depth, codepage)
    for id, value in _attributes(data, reading):
        reading.take(id, value)
    return reading.item()


def _attributes(data: bytes, reading: _Reading) -> Iterator[tuple[int, bytes]]:
    """Attributes ([MS-OXTNEF] section 2.1.3.2): level, id, length, value, checksum."""
    at = 6  # behind the signature and the key
    if len(data) < at:
        reading.fault("it ends within its header", Code.TRUNCATED)
    while at < len(data):
        if at + 9 > len(data):
            if data[at:].strip(b"\0"):
                reading.fault("it ends within an attribute", Code.TRUNCATED)
            return
        level, id, length = struct.unpack_from("<BII", data, at)
        if level not in _LEVELS:
            reading.fault("what follows its attributes cannot be read", Code.PARTIAL)
            return
        value = data[at + 9 : at + 9 + length]
        at += 9 + length
        if len(value) < length:
            reading.fault("it ends within an attribute", Code.TRUNCATED)
        elif at + 2 > len(data):
            reading.fault("it ends before a checksum", Code.TRUNCATED)
        elif struct.unpack_from("<H", data, at)[0] != sum(value) & 0xFFFF:
            reading.fault("a checksum is wrong")
        at += 2
        yield id & 0xFFFF, value


def _without_twins(properties: list[Property], late: list[Property]) -> list[Property]:
    """The properties, and of the legacy ones those whose id is not among them."""
    known = {each.id for each in properties}
    return properties + [each for each in late if each.id not in known]


def _note(text: str, code: Code) -> Note:
    return warning(code, text[:1].upper() + text[1:], TOOL, VERSION)
