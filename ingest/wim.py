"""Whether the tables of a Windows image (WIM) agree with themselves.

7-Zip checks the files of an image but neither the table of its resources nor the folders' own
checksum, so a turned-over bit there would hide files without a word. The format is Microsoft's
"Windows Imaging File Format", 2007.
"""

import hashlib
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from ingest.members import CHUNK

_HEADER = 96
_ENTRY = 50
_IS_METADATA, _IS_COMPRESSED, _IS_SOLID = 2, 4, 16
# A table of ten million resources; what claims more is damaged.
_MOST = 10_000_000 * _ENTRY


class _Resource(NamedTuple):
    size: int
    flags: int
    offset: int
    part: int
    references: int
    digest: bytes

    @property
    def is_metadata(self) -> bool:
        return bool(self.flags & _IS_METADATA)


def flaw(path: Path) -> str | None:
    """What is wrong with the tables of the WIM at `path`; None where they agree."""
    length = path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(_HEADER)
        if len(head) < _HEADER:
            return "its header is cut short"
        part, parts, images = struct.unpack_from("<HHI", head, 40)
        size, _, offset = _place(head, 48)
        if offset + size > length or size % _ENTRY or size > _MOST:
            return "its table of resources is not where its header says"
        stream.seek(offset)
        resources = list(_resources(stream.read(size)))
        if any(
            each.offset + each.size > length for each in resources if not each.flags & _IS_SOLID
        ):
            return "a resource lies beyond its end"
        if any(each.part != part for each in resources):
            return "its table names resources of other parts"
        folders = [each for each in resources if each.is_metadata]
        if any(each.references != 1 for each in folders):
            return "its table has an image that is counted other than once"
        if parts == 1 and len(folders) != images:
            return f"it says that it holds {images} images, and its table names {len(folders)}"
        if any(_digest(stream, each) != each.digest for each in folders if _is_plain(each)):
            return "the checksum of its folders is wrong"
    return None


def _place(data: bytes, at: int) -> tuple[int, int, int]:
    """Size in the file, flags and offset of the resource header at `at`."""
    packed, offset = struct.unpack_from("<QQ", data, at)
    return packed & (1 << 56) - 1, packed >> 56, offset


def _resources(table: bytes) -> Iterator[_Resource]:
    for at in range(0, len(table), _ENTRY):
        size, flags, offset = _place(table, at)
        part, references = struct.unpack_from("<HI", table, at + 24)
        yield _Resource(size, flags, offset, part, references, table[at + 30 : at + _ENTRY])


def _is_plain(each: _Resource) -> bool:
    return not each.flags & (_IS_COMPRESSED | _IS_SOLID)


def _digest(stream: BinaryIO, each: _Resource) -> bytes:
    digest, left = hashlib.sha1(usedforsecurity=False), each.size
    stream.seek(each.offset)
    while left and (data := stream.read(min(left, CHUNK))):
        digest.update(data)
        left -= len(data)
    return digest.digest()
