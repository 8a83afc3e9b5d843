"""RAR archives of our own making, around the packed data of others.

The program that unpacks meets only these: members named by numbers, nothing encrypted, no
further volume to look for by its name, and none of the fields that a hostile header bends.
"""

import struct
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

from ingest.rar_headers import RAR3, RAR5, Packed

_SOLID3, _FILE3 = 0x0008, 0x8000
_SOLID_FILE3, _LARGE3 = 0x10, 0x100
_END3 = bytes.fromhex("C43D7B00400700")
_LONG = 1 << 32


def write(target: Path, members: Iterable[tuple[Packed, int, Callable[[BinaryIO], None]]]) -> None:
    """Write an archive of members of one format: header, packed size, and what writes the data.

    They stand in their order, each solid with those before it where it was so.
    """
    wanted = list(members)
    is_new = wanted[0][0].version >= 50
    solid = any(each.solid for each, _, _ in wanted)
    with target.open("wb") as file:
        file.write((RAR5 + _block5(1, b"\4" if solid else b"\0")) if is_new else _start3(solid))
        for number, (each, size, copy) in enumerate(wanted):
            file.write((_file5 if is_new else _file3)(each, size, b"%05d" % number))
            copy(file)
        file.write(_block5(5, b"\0") if is_new else _END3)


def _start3(solid: bool) -> bytes:
    return RAR3 + _block3(0x73, _SOLID3 if solid else 0, bytes(6))


def _block3(kind: int, flags: int, fields: bytes) -> bytes:
    data = struct.pack("<BHH", kind, flags, 7 + len(fields)) + fields
    return struct.pack("<H", zlib.crc32(data) & 0xFFFF) + data


def _file3(member: Packed, packed: int, name: bytes) -> bytes:
    size = member.size or 0
    large = packed >= _LONG or size >= _LONG
    flags = _FILE3 | member.dictionary
    flags |= (_SOLID_FILE3 if member.solid else 0) | (_LARGE3 if large else 0)
    fields = struct.pack(
        "<IIBIIBBHI",
        packed % _LONG,
        size % _LONG,
        2,  # Windows
        member.crc or 0,
        0x21 << 16,  # the first day that can be written
        member.version,
        0x30 + member.method,
        len(name),
        0x20,  # a plain file
    )
    if large:
        fields += struct.pack("<II", packed // _LONG, size // _LONG)
    return _block3(0x74, flags, fields + name)


def _number5(value: int) -> bytes:
    data = bytearray()
    while value > 0x7F:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*data, value])


def _block5(kind: int, fields: bytes, packed: int | None = None) -> bytes:
    data = _number5(kind) + (b"\0" if packed is None else b"\2" + _number5(packed)) + fields
    data = _number5(len(data)) + data
    return struct.pack("<I", zlib.crc32(data)) + data


def _file5(member: Packed, packed: int, name: bytes) -> bytes:
    fields = b"\0" + _number5(member.size or 0) + b"\x20" + _number5(member.dictionary)
    return _block5(2, fields + b"\0" + _number5(len(name)) + name, packed)
