"""Items of Outlook made for the tests, and TNEF written from scratch."""

import struct
from collections.abc import Iterable

from ingest.mapi import (
    BINARY,
    BOOLEAN,
    FLOAT64,
    INTEGER32,
    MULTIPLE,
    OBJECT,
    STRING8,
    TIME,
    UNICODE,
    Attachment,
    Bag,
    Item,
    Named,
    Property,
)
from ingest.property_names import lid, tag

Value = str | bytes | int | bool | float | tuple[str, ...] | tuple[bytes, ...]


def ticks(seconds: int) -> bytes:
    """A FILETIME by its seconds since 1970."""
    return struct.pack("<Q", (seconds + 11_644_473_600) * 10_000_000)


def prop(key: int | Named, value: Value, number: int = 0x8000, type: int = 0) -> Property:
    """A property of the type that goes with the value, unless `type` says another."""
    id, named = (number, key) if isinstance(key, Named) else (key, None)
    if isinstance(value, tuple):
        if value and isinstance(value[0], str):
            texts = tuple(str(each).encode("utf-16-le") for each in value)
            return Property(id, type or UNICODE | MULTIPLE, texts, named)
        return Property(id, type or BINARY | MULTIPLE, tuple(bytes(each) for each in value), named)  # type: ignore[arg-type]
    if isinstance(value, bool):
        return Property(id, BOOLEAN, struct.pack("<H", value), named)
    if isinstance(value, int):
        return Property(id, type or INTEGER32, struct.pack("<i", value), named)
    if isinstance(value, float):
        return Property(id, FLOAT64, struct.pack("<d", value), named)
    if isinstance(value, str):
        return Property(id, UNICODE, value.encode("utf-16-le"), named)
    return Property(id, type or BINARY, value, named)


def bag(*pairs: tuple[str, Value], codepage: str = "cp1252") -> Bag:
    """Properties by canonical names, named ones behind "@"; eight bytes for a time are one."""
    found = []
    for number, (name, value) in enumerate(pairs):
        key: int | Named = lid(name[1:]) if name[0] == "@" else tag(name)
        is_time = isinstance(value, bytes) and len(value) == 8
        found.append(prop(key, value, 0x8000 + number, TIME if is_time else 0))
    return Bag(found, codepage)


def recipient(kind: int, name: str, address: str, type: str = "SMTP", smtp: str = "") -> Bag:
    """One row of a recipient table: 1 is To, 2 CC, 3 BCC."""
    pairs: list[tuple[str, Value]] = [
        ("RecipientType", kind),
        ("DisplayName", name),
        ("AddressType", type),
        ("EmailAddress", address),
    ]
    if smtp:
        pairs.append(("SmtpAddress", smtp))
    return bag(*pairs)


def attached(name: str, data: bytes, *pairs: tuple[str, Value]) -> Attachment:
    """A file attached by value."""
    return Attachment(
        bag(
            ("AttachMethod", 1),
            ("AttachLongFilename", name),
            ("AttachDataBinary", data),
            *pairs,
        )
    )


def embedded(item: Item, name: str = "") -> Attachment:
    """An item attached to another."""
    return Attachment(bag(("AttachMethod", 5), ("DisplayName", name)), item)


def contents(item: Item) -> tuple[object, ...]:
    """All that a file must keep of an item: ids of named properties are only its own."""
    return (
        _contents(item.bag),
        tuple(_contents(each) for each in item.recipients),
        tuple(
            (_contents(each.bag), each.message and contents(each.message))
            for each in item.attachments
        ),
    )


def _contents(bag: Bag) -> tuple[object, ...]:
    return tuple(
        (None if each.id >= 0x8000 else each.id, each.type, each.data, each.named)
        for each in bag
        if each.id != tag("StoreSupportMask")
    )


def tnef(*attributes: tuple[int, int, bytes], checksum: int = 0) -> bytes:
    """TNEF of attributes: level, id with its type, value; `checksum` is added to each sum."""
    out = [b"\x78\x9f\x3e\x22\x01\x00"]
    for level, id, data in attributes:
        out.append(struct.pack("<BII", level, id, len(data)) + data)
        out.append(struct.pack("<H", (sum(data) + checksum) & 0xFFFF))
    return b"".join(out)


def tnef_properties(bag: Iterable[Property]) -> bytes:
    """A list of properties as TNEF has them."""
    items = list(bag)
    return struct.pack("<I", len(items)) + b"".join(_tnef_property(each) for each in items)


def _tnef_property(each: Property) -> bytes:
    out = struct.pack("<HH", each.type, each.id)
    if each.named is not None:
        out += each.named.guid.bytes_le
        if isinstance(each.named.name, int):
            out += struct.pack("<II", 0, each.named.name)
        else:
            raw = (each.named.name + "\0").encode("utf-16-le")
            out += struct.pack("<II", 1, len(raw)) + _padded(raw)
    base = each.type & ~MULTIPLE
    values = each.data if isinstance(each.data, tuple) else (each.data,)
    closed = {UNICODE: b"\0\0", STRING8: b"\0"}.get(base, b"")
    if base in (STRING8, UNICODE, BINARY, OBJECT):
        out += struct.pack("<I", len(values))
        for value in values:
            out += struct.pack("<I", len(value + closed)) + _padded(value + closed)
        return out
    if each.type & MULTIPLE:
        out += struct.pack("<I", len(values))
    return out + b"".join(_padded(value) for value in values)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
