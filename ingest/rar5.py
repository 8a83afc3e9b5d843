"""Headers of RAR archives of version 5 (rarlab's technote of that version)."""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from ingest.rar_crypto import DecryptedHeader, Lock, opens
from ingest.rar_headers import (
    DamagedError,
    Form,
    LockedError,
    Packed,
    Reads,
    UnknownError,
    Volume,
    taken,
)
from ingest.unpacking import unix_time, windows_time

_MAIN, _FILE, _SERVICE, _CRYPT, _END = 1, 2, 3, 4, 5
_EXTRA, _DATA, _SKIP, _BEFORE, _AFTER = 0x01, 0x02, 0x04, 0x08, 0x10
_FOLDER, _MODIFIED, _CRC, _UNKNOWN_SIZE = 0x01, 0x02, 0x04, 0x08
_MOST_HEADER = 2 << 20
_LINKS = {1: "symbolic", 2: "symbolic", 3: "symbolic", 4: "hard", 5: "copy"}


class _Fields:
    """Numbers and bytes of a header, never past its end."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data, self.at = data, at

    def number(self) -> int:
        """Seven bits a byte, the lowest first."""
        value = 0
        for place in range(10):
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << 7 * place
            if byte < 0x80:
                return value
        raise DamagedError("a number in it has no end")

    def word(self) -> int:
        """Four bytes, the lowest first."""
        self.at += 4
        return taken(self.data, self.at - 4, "<I")

    def take(self, size: int) -> bytes:
        if not 0 <= size <= len(self.data) - self.at:
            raise DamagedError("it ends in the middle of a field")
        self.at += size
        return self.data[self.at - size : self.at]


@dataclass(frozen=True, slots=True)
class _Header:
    """One header: its flags, its own fields, its records, where its data lie and how long."""

    kind: int
    flags: int
    fields: _Fields
    records: bytes
    at: int
    packed: int


def _block(file: BinaryIO, at: int, volume: Volume, password: str | None) -> int | None:
    file.seek(at)
    wrong = LockedError if volume.encrypted and not volume.proved else DamagedError
    data = _raw(_reads(file, volume, password), wrong)
    header = _header(data, file.tell())
    volume.proved = volume.encrypted
    if header.kind == _MAIN:
        flags = header.fields.number()
        volume.is_volume, volume.solid = bool(flags & 1), bool(flags & 4)
    elif header.kind == _CRYPT:
        volume.lock, volume.encrypted = _header_lock(header.fields), True
        volume.proved = False
        if password is None or opens(volume.lock, password) is False:
            raise LockedError
    elif header.kind == _END:
        volume.ended, volume.more_follow = True, bool(header.fields.number() & 1)
        return None
    elif header.kind in (_FILE, _SERVICE):
        volume.files.append(_file(header))
    elif not header.flags & _SKIP:
        raise UnknownError(f"a block of type {header.kind} is not known")
    return header.at + header.packed


def _reads(file: BinaryIO, volume: Volume, password: str | None) -> Reads:
    if volume.lock is None:
        return file
    if password is None:
        raise LockedError
    vector = file.read(16)
    if len(vector) < 16:
        raise DamagedError("it is cut off")
    return DecryptedHeader(file, replace(volume.lock, vector=vector), password)


def _raw(reads: Reads, wrong: type[Exception]) -> bytes:
    """A header from its type on, its checksum compared."""
    crc, size = reads.read(4), b""
    while len(size) < 3 and (not size or size[-1] & 0x80):
        byte = reads.read(1)
        if not byte:
            raise wrong("it is cut off")
        size += byte
    length = _Fields(size + b"\0").number()
    if not 2 <= length <= _MOST_HEADER:
        raise wrong(f"it is {length} bytes long")
    data = reads.read(length)
    if len(data) < length:
        raise wrong("it is cut off")
    if len(crc) < 4 or zlib.crc32(size + data) != taken(crc, 0, "<I"):
        raise wrong("its checksum is wrong")
    return data


def _header(data: bytes, at: int) -> _Header:
    fields = _Fields(data)
    kind, flags = fields.number(), fields.number()
    extra = fields.number() if flags & _EXTRA else 0
    packed = fields.number() if flags & _DATA else 0
    if extra > len(data) - fields.at:
        raise DamagedError("its records are longer than itself")
    return _Header(kind, flags, fields, data[len(data) - extra :], at, packed)


def _header_lock(fields: _Fields) -> Lock:
    if (version := fields.number()) != 0:
        raise UnknownError(f"it is encrypted in a way {version} that is not known")
    flags = fields.number()
    rounds, salt = fields.take(1)[0], fields.take(16)
    return Lock(salt, 5, b"", rounds, fields.take(12) if flags & 1 else b"")


def _file(header: _Header) -> Packed:
    fields = header.fields
    flags, size = fields.number(), fields.number()
    fields.number()  # attributes
    modified = unix_time(fields.word()) if flags & _MODIFIED else None
    crc = fields.word() if flags & _CRC else None
    method = fields.number()
    fields.number()  # system
    name = fields.take(fields.number())
    packed = Packed(
        kind="file" if header.kind == _FILE else "service",
        name_bytes=name,
        size=None if flags & _UNKNOWN_SIZE else size,
        packed=header.packed,
        crc=crc,
        blake=None,
        method=method >> 7 & 7,
        version=50 + (method & 0x3F),
        solid=bool(method & 0x40),
        dictionary=method,
        is_folder=bool(flags & _FOLDER),
        modified_at=modified,
        lock=None,
        link_kind="",
        link=b"",
        split_before=bool(header.flags & _BEFORE),
        split_after=bool(header.flags & _AFTER),
        at=header.at,
    )
    for kind, record in _records(header.records):
        packed = _with_record(packed, kind, record)
    return packed


def _records(data: bytes) -> Iterator[tuple[int, _Fields]]:
    fields = _Fields(data)
    while len(data) - fields.at > 1:  # RAR itself has written a byte too many at times
        record = _Fields(fields.take(fields.number()))
        yield record.number(), record


def _with_record(packed: Packed, kind: int, record: _Fields) -> Packed:
    if kind == 1:
        if (version := record.number()) != 0:
            raise UnknownError(f"a file is encrypted in a way {version} that is not known")
        flags, rounds = record.number(), record.take(1)[0]
        salt, vector = record.take(16), record.take(16)
        check = record.take(12) if flags & 1 else b""
        return replace(packed, lock=Lock(salt, 5, vector, rounds, check, bool(flags & 2)))
    if kind == 2 and record.number() == 0:
        return replace(packed, blake=record.take(32))
    if kind == 3:
        return replace(packed, modified_at=_time(record) or packed.modified_at)
    if kind == 5:
        link_kind = _LINKS.get(record.number(), "unknown")
        record.number()  # whether the target is a folder
        target = record.take(record.number())
        is_folder = packed.is_folder and link_kind == ""
        return replace(packed, link_kind=link_kind, link=target, is_folder=is_folder)
    return packed


def _time(record: _Fields) -> str | None:
    flags = record.number()
    if not flags & 2:
        return None
    if flags & 1:
        return unix_time(record.word())
    low = record.word()
    return windows_time(low | record.word() << 32)


# Checksum, size, type 2 or 3, and the flags that say that data follow.
_LOOKS = rb"(?s)(?=.{4}(?:[\x02-\x7f]|[\x80-\xff][\x01-\x7f]|[\x80-\xff]{2}[\x01-\x7f])[\x02\x03])"
FORM = Form(_block, re.compile(_LOOKS))
