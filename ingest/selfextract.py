"""Archives that unpack themselves: a program of Windows with the archive behind it."""

import os
import struct
from typing import BinaryIO

from ingest.rar_headers import RAR3, RAR5
from ingest.sevenzip_headers import SIGNATURE, START, DamagedError, read_start
from ingest.zipview import ends_as_zip

_BEHIND = 1 << 20  # what is said about the installation may stand between
_MOST_SECTIONS = 96
_SECTION = 40


def archive_within(file: BinaryIO) -> tuple[str, int] | None:
    """Short type of the archive behind a program, and where it begins; None without one."""
    try:
        end = _end_of_program(file)
    except (struct.error, OSError):
        return None
    if end is None:
        return None
    file.seek(end)
    near = file.read(_BEHIND)
    for signature, kind in ((RAR5, "rar"), (RAR3, "rar")):
        at = near.find(signature)
        if at >= 0:
            return kind, end + at
    at = near.find(SIGNATURE)
    while at >= 0:
        if _is_start(near[at : at + START]):
            return "7z", end + at
        at = near.find(SIGNATURE, at + 1)
    return ("zip", 0) if near and ends_as_zip(file) else None


def _is_start(data: bytes) -> bool:
    try:
        read_start(data)
    except DamagedError:
        return False
    return True


def _end_of_program(file: BinaryIO) -> int | None:
    """Where the last section of a program ends (PE format, section headers)."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(64)
    if len(head) < 64 or head[:2] != b"MZ":
        return None
    at = struct.unpack_from("<I", head, 60)[0]
    file.seek(at)
    header = file.read(24)
    if len(header) < 24 or header[:4] != b"PE\0\0":
        return None
    count, optional = struct.unpack_from("<6xH12xH", header)
    if not 0 < count <= _MOST_SECTIONS:
        return None
    file.seek(at + 24 + optional)
    table = file.read(count * _SECTION)
    ends = [
        sum(struct.unpack_from("<II", table, number * _SECTION + 16)) for number in range(count)
    ]
    return max(ends) if max(ends) < size else None
