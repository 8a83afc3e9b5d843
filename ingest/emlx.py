"""Apple Mail's files: the size of a message, the message, and a property list about it."""

import datetime as dt
import plistlib
import re
from dataclasses import dataclass, field
from typing import Any
from xml.parsers.expat import ExpatError

from records import times
from records.fields import Fields

_COUNT = re.compile(rb"\A[ \t]*(\d{1,10})[ \t]*\r?\n(?=[!-9;-~]+[ \t]*:|From )")
_LIST = re.compile(rb"<\?xml[^>]{0,200}\?>\s*<!DOCTYPE plist|<plist|bplist00")
_MOST = 1 << 20
_READ, _DRAFT = 1 << 0, 1 << 6
_FLAGS = {
    1 << 1: "trashed",
    1 << 2: "answered",
    1 << 4: "flagged",
    1 << 8: "forwarded",
    1 << 24: "spam",
}


@dataclass(frozen=True, slots=True)
class Emlx:
    """The message as it was received, and what Apple Mail says of it."""

    message: bytes
    fields: Fields = field(default_factory=Fields)
    raw: dict[str, Any] = field(default_factory=dict)
    fault: str = ""


def read_emlx(data: bytes) -> Emlx | None:
    """Take a file apart; None where it does not begin with a size and a header."""
    found = _COUNT.match(data)
    if found is None:
        return None
    begin, size = found.end(), int(found[1])
    message, rest = data[begin : begin + size], data[begin + size :]
    if rest.strip() and _LIST.match(rest.lstrip()):
        return _told(message, rest)
    listed = list(_LIST.finditer(data, max(begin, len(data) - _MOST)))
    if listed:
        at = listed[-1].start() if listed[-1][0] != b"<plist" else listed[0].start()
        fault = f"its size is said to be {size} bytes and is {at - begin}"
        return _told(data[begin:at], data[at:], fault)
    if size == len(data) - begin:
        return Emlx(message)
    return Emlx(data[begin:], fault=f"its size is said to be {size} bytes, and no list follows")


def _told(message: bytes, rest: bytes, fault: str = "") -> Emlx:
    values = _values(rest)
    if values is None:
        return Emlx(message, fault=fault or "the property list behind it cannot be read")
    flags = values.get("flags")
    fields = Fields(received_at=_moment(values.get("date-received")))
    if isinstance(flags, int):
        fields = Fields(
            received_at=fields.received_at,
            is_read=bool(flags & _READ),
            is_draft=True if flags & _DRAFT else None,
            flags=tuple(name for bit, name in _FLAGS.items() if flags & bit),
        )
    raw = {name: _plain(value) for name, value in values.items() if name != "flags"}
    return Emlx(message, fields, {"flags": flags if isinstance(flags, int) else None, **raw}, fault)


def _values(rest: bytes) -> dict[str, Any] | None:
    try:
        found = plistlib.loads(rest.strip()[:_MOST])
    except (
        plistlib.InvalidFileException,
        ExpatError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        OverflowError,
        RecursionError,
        MemoryError,
    ):
        return None
    return {str(name): value for name, value in found.items()} if isinstance(found, dict) else None


def _plain(value: Any) -> Any:
    """A value that JSON can hold."""
    return value if isinstance(value, str | int | float | bool) else str(value)[:1000]


def _moment(value: Any) -> str | None:
    """Seconds since 1970."""
    try:
        return times.stamp(dt.datetime.fromtimestamp(int(value), dt.UTC))
    except (ValueError, TypeError, OverflowError, OSError):
        return None
