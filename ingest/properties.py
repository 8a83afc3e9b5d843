"""All that an item holds, as plain values with names: its raw metadata."""

import datetime as dt
import hashlib
import struct
from typing import Any
from uuid import UUID

from ingest.mapi import (
    APP_TIME,
    BOOLEAN,
    CURRENCY,
    ERROR,
    FLOAT32,
    FLOAT64,
    GUID,
    INTEGER16,
    INTEGER32,
    INTEGER64,
    MULTIPLE,
    STRING8,
    TIME,
    UNICODE,
    Bag,
    Item,
    Property,
)
from ingest.property_names import property_name, tag

_LAYOUTS = {
    INTEGER16: "<h",
    INTEGER32: "<i",
    INTEGER64: "<q",
    FLOAT32: "<f",
    FLOAT64: "<d",
    APP_TIME: "<d",
    ERROR: "<I",
}
_EPOCH = dt.datetime(1601, 1, 1, tzinfo=dt.UTC)
_NO_DATE = 4500  # the year 4501 is Outlook's "none"
_WHOLE_BYTES, _WHOLE_TEXT = 1024, 32_768
# What is kept elsewhere with the document: its text, and its headers.
_KEPT_ELSEWHERE = frozenset(
    tag(each) for each in ("Body", "Html", "RtfCompressed", "TransportMessageHeaders")
)


def all_properties(item: Item) -> dict[str, Any]:
    """Every property of an item, its recipients and attachments, ready for JSON.

    What is longer than 1 KB of bytes or 32 K of characters stands as its length and SHA-256, and
    so do body and headers past 1 KB, which are kept as the document's text and headers.
    """
    found: dict[str, Any] = {"properties": _bag(item.bag)}
    if item.recipients:
        found["recipients"] = [_bag(each) for each in item.recipients]
    if item.attachments:
        found["attachments"] = [_bag(each.bag) for each in item.attachments]
    return found


def _bag(bag: Bag) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for each in bag:
        name = property_name(each.id, each.named)
        if name in out:
            name = f"{name} ({each.type:04X})"
        while name in out:
            name += "'"
        out[name] = _shown(each, bag)
    return out


def _shown(each: Property, bag: Bag) -> Any:
    """A value that is not too long, else what it can be told by."""
    if isinstance(each.data, tuple):
        base = each.type & ~MULTIPLE
        return [_shown(Property(each.id, base, data), bag) for data in each.data]
    if each.type in (STRING8, UNICODE):
        most = _WHOLE_BYTES if each.id in _KEPT_ELSEWHERE else _WHOLE_TEXT
        text = whole_text(bag, each)
        return text if len(text) <= most else _digest(each.data)
    if each.type in _LAYOUTS or each.type in (BOOLEAN, CURRENCY, TIME, GUID):
        return plain(each, bag)
    return each.data.hex() if len(each.data) <= _WHOLE_BYTES else _digest(each.data)


def _digest(data: bytes) -> dict[str, Any]:
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def whole_text(bag: Bag, each: Property) -> str:
    """A string with what follows a NUL within it; blanks stand for NULs."""
    data = each.data if isinstance(each.data, bytes) else next(iter(each.data), b"")
    if each.type & ~MULTIPLE == UNICODE:
        return data.decode("utf-16-le", "replace").rstrip("\0").replace("\0", " ")
    text = bag.decoded(STRING8, data)
    if b"\0" in data and len(text) < len(data.rstrip(b"\0")):
        pieces = [bag.decoded(STRING8, piece) for piece in data.split(b"\0")]
        return " ".join(pieces).rstrip()
    return text


def plain(each: Property, bag: Bag) -> str | int | float | bool | None:
    """One value as a person would write it; bytes in hexadecimal, times as ISO 8601 in UTC."""
    data = each.data if isinstance(each.data, bytes) else next(iter(each.data), b"")
    base = each.type & ~MULTIPLE
    if base in (STRING8, UNICODE):
        return whole_text(bag, each)
    if base == BOOLEAN:
        return data.startswith(b"\1")
    if base == TIME:
        moment = time_of(data)
        return None if moment is None else moment.isoformat()
    if base == CURRENCY and len(data) >= 8:
        return float(struct.unpack_from("<q", data)[0]) / 10_000
    if base == GUID and len(data) == 16:
        return str(UUID(bytes_le=data))
    layout = _LAYOUTS.get(base)
    if layout is None or len(data) < struct.calcsize(layout):
        return data.hex()
    value: int | float = struct.unpack_from(layout, data)[0]
    return value if value == value and abs(value) != float("inf") else str(value)


def time_of(data: bytes) -> dt.datetime | None:
    """A FILETIME as a moment; None for what is none or stands for "none"."""
    if len(data) < 8:
        return None
    try:
        moment = _EPOCH + dt.timedelta(microseconds=struct.unpack_from("<Q", data)[0] // 10)
    except OverflowError:
        return None
    return moment if moment > _EPOCH and moment.year < _NO_DATE else None
