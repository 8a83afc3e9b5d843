"""The old attributes of TNEF ([MS-OXTNEF] section 2.1.3.3) as the properties they stand for."""

import datetime as dt
import struct

from ingest.mapi import BINARY, BOOLEAN, INTEGER32, STRING8, TIME, Property

ATTACH_RENDERING = 0x9002
PROPERTIES, RECIPIENTS, ATTACH_PROPERTIES = 0x9003, 0x9004, 0x9005
CODEPAGE = 0x9007
_ATTACH_BYTES = {0x800F: 0x3701, 0x8011: 0x3709}
_ATTACH_STRINGS = {0x8010: 0x3704, 0x9001: 0x370C}
_ATTACH_TIMES = {0x8012: 0x3007, 0x8013: 0x3008}
ATTACH_DATA = frozenset(_ATTACH_BYTES | _ATTACH_STRINGS | _ATTACH_TIMES)
"""Attributes that belong to the attachment begun last."""

_STRINGS = {0x8004: 0x0037, 0x800C: 0x1000} | _ATTACH_STRINGS
_TIMES = {0x8005: 0x0039, 0x8006: 0x0E06, 0x8020: 0x3008, 0x0006: 0x0060, 0x0007: 0x0061}
_TIMES |= _ATTACH_TIMES
_FROM, _OWNER, _SENT_FOR = 0x8000, 0x0000, 0x0001
_CLASS, _ORIGINAL_CLASS = 0x8008, 0x0600
_ID, _PARENT_ID, _CONVERSATION = 0x8009, 0x800A, 0x800B
_PRIORITY, _STATUS = 0x800D, 0x8007
_OWNER_ID, _RESPONSE = 0x0008, 0x0009
_IMPORTANCE = {1: 2, 2: 1, 3: 0}  # high, normal, low
_READ, _HAS_ATTACHMENT = 0x20, 0x80
_OLE = 2
_CLASSES = {
    "IPM.Microsoft Mail.Note": "IPM.Note",
    "IPM.Microsoft Mail.Read Receipt": "Report.IPM.Note.IPNRN",
    "IPM.Microsoft Mail.Non-Delivery": "Report.IPM.Note.NDR",
    "IPM.Microsoft Schedule.MtgRespP": "IPM.Schedule.Meeting.Resp.Pos",
    "IPM.Microsoft Schedule.MtgRespN": "IPM.Schedule.Meeting.Resp.Neg",
    "IPM.Microsoft Schedule.MtgRespA": "IPM.Schedule.Meeting.Resp.Tent",
    "IPM.Microsoft Schedule.MtgReq": "IPM.Schedule.Meeting.Request",
    "IPM.Microsoft Schedule.MtgCncl": "IPM.Schedule.Meeting.Canceled",
}


def legacy(id: int, data: bytes) -> list[Property]:
    """The properties that one attribute stands for; none for one that stands for none."""
    if id in _STRINGS:
        return [Property(_STRINGS[id], STRING8, _string(data))]
    if id in _TIMES:
        moment = _time(data)
        return [] if moment is None else [Property(_TIMES[id], TIME, moment)]
    if id in _ATTACH_BYTES:
        return [Property(_ATTACH_BYTES[id], BINARY, data)]
    if id in (_CLASS, _ORIGINAL_CLASS):
        return [Property(0x001A if id == _CLASS else 0x004B, STRING8, _class(data))]
    if id in (_FROM, _OWNER, _SENT_FOR):
        return _party(id, data)
    return _numbers(id, data)


def _numbers(id: int, data: bytes) -> list[Property]:
    if id in (_ID, _PARENT_ID, _CONVERSATION):
        return _identity(id, data)
    if id == _PRIORITY and len(data) >= 2:
        value = _IMPORTANCE.get(struct.unpack_from("<H", data)[0], 1)
        return [Property(0x0017, INTEGER32, struct.pack("<I", value))]
    if id == _STATUS and data:
        flags = bool(data[0] & _READ) | bool(data[0] & _HAS_ATTACHMENT) << 4
        return [Property(0x0E07, INTEGER32, struct.pack("<I", flags))]
    if id == _OWNER_ID and len(data) >= 4:
        return [Property(0x0062, INTEGER32, data[:4])]
    if id == _RESPONSE and len(data) >= 2:
        return [Property(0x0063, BOOLEAN, data[:2])]
    if id == ATTACH_RENDERING and len(data) >= 6:
        method = 6 if struct.unpack_from("<H", data)[0] == _OLE else 1
        return [
            Property(0x3705, INTEGER32, struct.pack("<I", method)),
            Property(0x370B, INTEGER32, data[2:6]),
        ]
    return []


def _string(data: bytes) -> bytes:
    return data.partition(b"\0")[0] if data.endswith(b"\0") else data


def _class(data: bytes) -> bytes:
    name = _string(data).decode("latin-1")
    return _CLASSES.get(name, name).encode("latin-1")


def _identity(id: int, data: bytes) -> list[Property]:
    """Keys are hexadecimal text; the parent's makes no property that we know."""
    try:
        raw = bytes.fromhex(_string(data).decode("ascii"))
    except (UnicodeDecodeError, ValueError):
        return []
    place = {_ID: 0x300B, _CONVERSATION: 0x0071}.get(id)
    return [] if place is None else [Property(place, BINARY, raw)]


def _time(data: bytes) -> bytes | None:
    """A DTR (year, month, day, hour, minute, second, weekday) as a FILETIME."""
    if len(data) < 12:
        return None
    try:
        year, month, day, hour, minute, second = struct.unpack_from("<6H", data)
        moment = dt.datetime(year, month, day, hour, minute, second, tzinfo=dt.UTC)
    except ValueError:
        return None
    passed = moment - dt.datetime(1601, 1, 1, tzinfo=dt.UTC)
    if passed < dt.timedelta():
        return None
    return struct.pack("<Q", passed // dt.timedelta(microseconds=1) * 10)


def _party(id: int, data: bytes) -> list[Property]:
    """A sender: a triple (section 2.1.3.3.4), or a name and an address after their lengths."""
    if id == _FROM:
        if len(data) < 8:
            return []
        _, _, name_size, address_size = struct.unpack_from("<4H", data)
        name = data[8 : 8 + name_size]
        address = data[8 + name_size : 8 + name_size + address_size]
    else:
        name, rest = _counted(data)
        address, _ = _counted(rest)
    kind, mark, plain = _string(address).partition(b":")
    if not mark:
        kind, plain = b"SMTP" if b"@" in address else b"", _string(address)
    ids = (0x0C1A, 0x0C1E, 0x0C1F) if id == _FROM else (0x0042, 0x0064, 0x0065)
    values = (_string(name), kind.upper(), plain)
    return [Property(key, STRING8, each) for key, each in zip(ids, values, strict=True) if each]


def _counted(data: bytes) -> tuple[bytes, bytes]:
    if len(data) < 2:
        return b"", b""
    size = struct.unpack_from("<H", data)[0]
    return data[2 : 2 + size], data[2 + size :]
