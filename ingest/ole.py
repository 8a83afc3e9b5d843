"""A look into an OLE compound file ([MS-CFB]): the names at its top, which tell its kind."""

import struct
from typing import BinaryIO

MAGIC = bytes.fromhex("D0CF11E0A1B11AE1")
_ENTRY = 128
_END = 0xFFFFFFFA  # the largest regular sector number
_MOST_SECTORS = 4096
_NO_ENTRY = 0xFFFFFFFF


def top_names(file: BinaryIO) -> frozenset[str]:
    """Names of the streams and storages at the top; none where the file cannot be read so."""
    try:
        return _top(_directory(file))
    except (struct.error, OSError, ValueError):
        return frozenset()


def _directory(file: BinaryIO) -> bytes:
    """The directory's bytes, sector by sector along its chain."""
    file.seek(0)
    header = file.read(512)
    size = 1 << struct.unpack_from("<H", header, 30)[0]
    if not 64 <= size <= 65536:
        raise ValueError("no such sector size")
    sector = struct.unpack_from("<I", header, 48)[0]
    tables = struct.unpack_from("<109I", header, 76)
    out: list[bytes] = []
    while sector <= _END and len(out) < _MOST_SECTORS:
        file.seek((sector + 1) * size)
        out.append(file.read(size))
        sector = _next(file, size, tables, sector)
    return b"".join(out)


def _next(file: BinaryIO, size: int, tables: tuple[int, ...], sector: int) -> int:
    table, place = divmod(sector, size // 4)
    if table >= len(tables) or tables[table] > _END:
        return _NO_ENTRY
    file.seek((tables[table] + 1) * size + place * 4)
    number: int = struct.unpack("<I", file.read(4))[0]
    return number


def _top(directory: bytes) -> frozenset[str]:
    """Names of the root's children: a binary tree of siblings."""
    names: set[str] = set()
    waiting = [struct.unpack_from("<I", directory, 76)[0]]
    seen: set[int] = set()
    while waiting:
        number = waiting.pop()
        if number in seen or (number + 1) * _ENTRY > len(directory):
            continue
        seen.add(number)
        at = number * _ENTRY
        length = min(struct.unpack_from("<H", directory, at + 64)[0], 64)
        names.add(directory[at : at + max(length - 2, 0)].decode("utf-16-le", "replace"))
        waiting.extend(struct.unpack_from("<II", directory, at + 68))
    return frozenset(names)
