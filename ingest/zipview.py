"""ZIP directories that Python's zipfile does not take as they are, written anew for it.

Those of sets in several volumes, whose positions count from the start of a volume, and those
with names that are said to be UTF-8 and are not. Names are those of APPNOTE 6.3.
"""

import io
import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

_END = struct.Struct("<4sHHHHIIH")  # 4.3.16
_LOCATOR = struct.Struct("<4sIQI")  # 4.3.15
_END64 = struct.Struct("<4sQHHIIQQQQ")  # 4.3.14
_ENTRY = struct.Struct("<4sBBHHHHHIIIHHHHHII")  # 4.3.12
_END_AT_MOST = 65557
_MOST_DIRECTORY = 256 << 20
_UTF8 = 0x800
_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF
_ZIP64 = 0x0001


class _Patched(io.RawIOBase):
    """A file up to a place, and other bytes from there on."""

    def __init__(self, file: BinaryIO, before: int, then: bytes) -> None:
        self._file, self._before, self._then = file, before, then
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        end = self._before + len(self._then)
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at}.get(whence, end)
        if base + offset < 0:
            raise ValueError(f"negative seek position {base + offset}")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        if self._at < self._before:
            self._file.seek(self._at)
            data = self._file.read(min(len(buffer), self._before - self._at))
        else:
            within = self._at - self._before
            data = self._then[within : within + len(buffer)]
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


@dataclass(frozen=True, slots=True)
class _Directory:
    """Where the directory lies, how long it is, and what its positions are to be raised by."""

    at: int
    size: int
    count: int
    disk: int
    raised: int
    comment: bytes


def readable(file: BinaryIO, starts: Sequence[int] = (0,)) -> BinaryIO:
    """The file as zipfile can read it; itself where nothing is in the way or to be understood.

    `starts` are where the volumes begin that make up the file.
    """
    try:
        directory = _directory(file, starts)
        if directory is None or directory.size > _MOST_DIRECTORY:
            return file
        file.seek(directory.at)
        entries = list(_entries(file.read(directory.size), directory, starts))
    except (struct.error, IndexError, ValueError):
        return file
    finally:
        file.seek(0)
    if not any(changed for _, changed in entries):
        return file
    written = b"".join(data for data, _ in entries)
    end = _ends(len(entries), len(written), directory)
    return io.BufferedReader(_Patched(file, directory.at, written + end), 1 << 16)


def disk_and_count(file: BinaryIO) -> tuple[int, int]:
    """The volume that a file says it is, from 0, and how many members its directory says it has.

    -1 for a count that is not known.
    """
    try:
        directory = _directory(file, (0,))
        return (0, -1) if directory is None else (directory.disk, directory.count)
    except (struct.error, IndexError, ValueError):
        return 0, -1
    finally:
        file.seek(0)


def ends_as_zip(file: BinaryIO) -> bool:
    """Whether a file that begins otherwise ends as a ZIP does, or as the last of a set does."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _END_AT_MOST))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        return False
    _, disk, _, _, count, length, _, comment = _END.unpack_from(tail, at)
    if at + _END.size + comment != len(tail):
        return False
    begin = size - len(tail) + at - length
    if disk or not count or begin < 0:
        return bool(0 < disk < _FULL16)
    file.seek(begin)
    return file.read(4) == b"PK\x01\x02"


def _directory(file: BinaryIO, starts: Sequence[int]) -> _Directory | None:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _END_AT_MOST))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0:
        return None
    _, _, disk, _, count, length, offset, comments = _END.unpack_from(tail, at)
    comment = tail[at + _END.size : at + _END.size + comments]
    end = max(0, size - _END_AT_MOST) + at
    if _FULL16 in (disk, count) or _FULL32 in (length, offset):
        if at < _LOCATOR.size:
            return None
        signature, where, relative, _ = _LOCATOR.unpack_from(tail, at - _LOCATOR.size)
        if signature != b"PK\x06\x07":
            return None
        single_end = end - _LOCATOR.size - _END64.size
        end = starts[where] + relative if len(starts) > 1 else single_end
        file.seek(end)
        record = _END64.unpack(file.read(_END64.size))
        if record[0] != b"PK\x06\x06":
            return None
        disk, count, length, offset = record[5], record[7], record[8], record[9]
    begin = starts[disk] + offset if len(starts) > 1 else end - length
    if begin < 0 or begin + length > size:
        return None
    raised = 0 if len(starts) > 1 else begin - offset
    return _Directory(begin, length, count, disk, raised, comment)


def _entries(
    data: bytes, directory: _Directory, starts: Sequence[int]
) -> Iterator[tuple[bytes, bool]]:
    """The entries written anew, and whether each differs in what it says."""
    at = 0
    while at < len(data):
        fields = list(_ENTRY.unpack_from(data, at))
        if fields[0] != b"PK\x01\x02":
            raise ValueError("no entry of a directory")
        names, extras, comments = fields[11:14]
        begin = at + _ENTRY.size
        name = data[begin : begin + names]
        extra = data[begin + names : begin + names + extras]
        comment = data[begin + names + extras : begin + names + extras + comments]
        at = begin + names + extras + comments
        flags, disk = fields[4], fields[14]
        # Sizes, position and volume stand in the extra field where they have no room (4.5.3).
        full, packed, where, volume, others = _wide(extra, fields[10], fields[9], fields[17], disk)
        misnamed = bool(flags & _UTF8) and not _is_utf8(name)
        start = starts[volume] if volume < len(starts) else 0
        fields[4] = flags & ~_UTF8 if misnamed else flags
        is_set = len(starts) > 1
        fields[14] = 0 if is_set else volume
        wide = b""
        for place, value in ((10, full), (9, packed), (17, where + start + directory.raised)):
            fits = value < _FULL32
            fields[place] = value if fits else _FULL32
            wide += b"" if fits else struct.pack("<Q", value)
        others += struct.pack("<HH", _ZIP64, len(wide)) + wide if wide else b""
        fields[12] = len(others)
        yield _ENTRY.pack(*fields) + name + others + comment, misnamed or (is_set and volume > 0)


def _wide(
    extra: bytes, full: int, packed: int, where: int, disk: int
) -> tuple[int, int, int, int, bytes]:
    """The true numbers of an entry, and its extra fields without those that held them."""
    others, at = b"", 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        field = extra[at + 4 : at + 4 + size]
        if kind == _ZIP64:
            place = 0
            if full == _FULL32:
                full, place = struct.unpack_from("<Q", field, place)[0], place + 8
            if packed == _FULL32:
                packed, place = struct.unpack_from("<Q", field, place)[0], place + 8
            if where == _FULL32:
                where, place = struct.unpack_from("<Q", field, place)[0], place + 8
            if disk == _FULL16:
                disk = struct.unpack_from("<I", field, place)[0]
        else:
            others += extra[at : at + 4 + size]
        at += 4 + size
    return full, packed, where, disk, others


def _is_utf8(name: bytes) -> bool:
    try:
        name.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _ends(count: int, size: int, directory: _Directory) -> bytes:
    """The records at the end, with those of ZIP64, which are allowed to stand always."""
    at = directory.at
    record = _END64.pack(b"PK\x06\x06", _END64.size - 12, 45, 45, 0, 0, count, count, size, at)
    locator = _LOCATOR.pack(b"PK\x06\x07", 0, at + size, 1)
    comment = directory.comment
    end = _END.pack(b"PK\x05\x06", 0, 0, _FULL16, _FULL16, _FULL32, _FULL32, len(comment))
    return record + locator + end + comment
