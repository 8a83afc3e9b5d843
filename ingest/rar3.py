"""Headers of RAR archives of the versions 1.5 to 4 (technote.txt of those versions)."""

import re
import struct
import zlib
from dataclasses import dataclass
from typing import BinaryIO

from ingest.rar_crypto import DecryptedHeader, Lock, unicode_name
from ingest.rar_headers import DamagedError, Form, LockedError, Packed, Reads, Volume, taken
from ingest.unpacking import local_time

_BASE = struct.Struct("<HBHH")
_FILE = struct.Struct("<IIBIIBBHI")
_MAIN, _FILE_TYPE, _OLD, _SERVICE, _END = 0x73, 0x74, range(0x75, 0x7A), 0x7A, 0x7B
_HAS_DATA = 0x8000
_MAIN_VOLUME, _MAIN_COMMENT, _MAIN_SOLID, _MAIN_LOCKED = 0x01, 0x02, 0x08, 0x80
_BEFORE, _AFTER, _LOCKED, _COMMENT, _SOLID = 0x01, 0x02, 0x04, 0x08, 0x10
_DICTIONARY, _LARGE, _UNICODE, _SALT, _TIMES = 0xE0, 0x100, 0x200, 0x400, 0x1000
_STORED = 0x30
_UNIX, _KIND, _LINK = 3, 0xF000, 0xA000
_OF_WINDOWS, _IS_FOLDER = frozenset({0, 1, 2}), 0x10
_ALL_SIZE = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class _Header:
    """One header: where it began and ended, its flags and bytes."""

    at: int
    behind: int
    flags: int
    data: bytes


def _block(file: BinaryIO, at: int, volume: Volume, password: str | None) -> int | None:
    file.seek(at)
    reads: Reads = file
    if volume.encrypted:
        salt = file.read(8)
        if len(salt) < 8:
            raise DamagedError("it is cut off")
        if password is None:
            raise LockedError
        reads = DecryptedHeader(file, Lock(salt, 3), password)
    wrong = LockedError if volume.encrypted and not volume.proved else DamagedError
    data = reads.read(_BASE.size)
    if len(data) < _BASE.size:
        raise DamagedError("it is cut off")
    crc, kind, flags, size = _BASE.unpack(data)
    if size < _BASE.size:
        raise wrong("it is shorter than any")
    data += reads.read(size - _BASE.size)
    if len(data) < size:
        raise wrong("it is cut off")
    header = _Header(at, file.tell(), flags, data)
    covered = _covered(kind, header)
    if covered is not None and zlib.crc32(data[2:covered]) & 0xFFFF != crc:
        raise wrong("its checksum is wrong")
    volume.proved = True
    return _taken_in(kind, header, volume)


def _covered(kind: int, header: _Header) -> int | None:
    """Up to where the checksum goes: not over a comment. None where it goes over data too."""
    if kind in _OLD:
        return None
    if kind == _MAIN and header.flags & _MAIN_COMMENT:
        return _BASE.size + 6
    if kind == _FILE_TYPE and header.flags & _COMMENT:
        return _fields(header)[1]
    return len(header.data)


def _taken_in(kind: int, header: _Header, volume: Volume) -> int | None:
    """Note what a block says; where the next one stands."""
    flags, behind = header.flags, header.behind
    if kind == _MAIN:
        volume.is_volume = bool(flags & _MAIN_VOLUME)
        volume.solid = bool(flags & _MAIN_SOLID)
        volume.encrypted = bool(flags & _MAIN_LOCKED)
        volume.proved = False
        return behind
    if kind == _END:
        volume.ended, volume.more_follow = True, bool(flags & 1)
        return None
    if kind in (_FILE_TYPE, _SERVICE):
        packed, _ = _fields(header)
        volume.files.append(packed)
        return behind + packed.packed
    if kind not in _OLD and not flags & 0x4000 and kind != 0x72:
        raise DamagedError(f"a block of type {kind} is not known")
    return behind + (taken(header.data, _BASE.size, "<I") if flags & _HAS_DATA else 0)


def _fields(header: _Header) -> tuple[Packed, int]:
    """A file's header, and where its fields end."""
    data, flags = header.data, header.flags
    if len(data) < _BASE.size + _FILE.size:
        raise DamagedError("it ends in the middle of a field")
    packed, size, system, crc, time, version, method, length, attributes = _FILE.unpack_from(
        data, _BASE.size
    )
    at = _BASE.size + _FILE.size
    unknown = size == _ALL_SIZE and not flags & _LARGE
    if flags & _LARGE:
        packed |= taken(data, at, "<I") << 32
        size |= taken(data, at + 4, "<I") << 32
        unknown = size == (1 << 64) - 1
        at += 8
    raw, at = data[at : at + length], at + length
    lock = None
    if flags & _LOCKED:
        lock = Lock(data[at : at + 8], 3) if flags & _SALT else Lock(b"", 2)
    at += 8 if flags & _SALT else 0
    if at > len(data):
        raise DamagedError("its name or salt is cut off")
    later, at = _more_seconds(data, at) if flags & _TIMES else (0, at)
    is_link = system == _UNIX and attributes & _KIND == _LINK
    is_folder = flags & _DICTIONARY == _DICTIONARY or (
        system in _OF_WINDOWS and bool(attributes & _IS_FOLDER)
    )
    return Packed(
        kind="service" if data[2] == _SERVICE else "file",
        name_bytes=_name(raw, bool(flags & _UNICODE)),
        size=None if unknown else size,
        packed=packed,
        crc=crc,
        blake=None,
        method=method - _STORED,
        version=version,
        solid=bool(flags & _SOLID),
        dictionary=flags & _DICTIONARY,
        is_folder=is_folder and not is_link,
        modified_at=local_time(time, later),
        lock=lock,
        link_kind="symbolic" if is_link else "",
        link=b"",
        split_before=bool(flags & _BEFORE),
        split_after=bool(flags & _AFTER),
        at=header.behind,
    ), at


def _name(raw: bytes, is_unicode: bool) -> bytes:
    """The name's bytes; one that is packed to two bytes a letter is given as UTF-8."""
    plain, zero, packed = raw.partition(b"\0")
    if is_unicode and zero:
        text = unicode_name(plain, packed)
        if text is not None:
            return text.encode("utf-8", "surrogatepass")
    return plain


def _more_seconds(data: bytes, at: int) -> tuple[int, int]:
    """The odd second that the plain time has no room for, and where the times end."""
    if at + 2 > len(data):
        return 0, at
    flags = taken(data, at, "<H")
    at += 2
    for place in range(4):  # modified, created, read, archived
        bits = flags >> 4 * (3 - place)
        if bits & 8:
            at += (0 if place == 0 else 4) + (bits & 3)
    return (1 if flags >> 12 & 12 == 12 else 0), at


FORM = Form(_block, re.compile(rb"(?s)(?=..\x74.[\x80-\xff])"))
