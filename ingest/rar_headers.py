"""What the headers of a RAR archive say, the same for its version 3 (1.5 to 4) and version 5."""

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

from ingest.rar_crypto import Lock

RAR3 = b"Rar!\x1a\x07\x00"
RAR5 = b"Rar!\x1a\x07\x01\x00"


class DamagedError(Exception):
    """A header breaks the rules of the format, or ends too early."""


class LockedError(Exception):
    """The headers are encrypted, and the password is not the right one."""


class UnknownError(Exception):
    """The headers are written in a way that came after this reader."""


class Reads(Protocol):
    """What headers are read from."""

    def read(self, size: int, /) -> bytes:
        """So many bytes, fewer at the end."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A file as one volume has it: what its header says, and where its data lie.

    `kind` is "file", or "service" for what is about the archive or a file (comments, streams).
    `dictionary` are the bits of the header that the unpacker needs beside version and method.
    `modified_at` is written; RAR 3 knows no zone, so it is the packer's time taken as UTC.
    `link` is the target of a link, `link_kind` "symbolic", "hard", "copy" or "".
    """

    kind: str
    name_bytes: bytes
    size: int | None
    packed: int
    crc: int | None
    blake: bytes | None
    method: int
    version: int
    solid: bool
    dictionary: int
    is_folder: bool
    modified_at: str | None
    lock: Lock | None
    link_kind: str
    link: bytes
    split_before: bool
    split_after: bool
    at: int


@dataclass(slots=True)
class Volume:
    """What one volume of an archive holds; `notes` say what is odd about it, in words."""

    format: int
    solid: bool = False
    is_volume: bool = False
    ended: bool = False
    more_follow: bool = False
    encrypted: bool = False  # its headers, from here on
    lock: Lock | None = None  # of RAR 5's headers
    proved: bool = False  # a header was decrypted, and was one
    files: list[Packed] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Form:
    """One version of the format: how a block is read at a place, and what one looks like.

    `block` adds what it reads to the volume and says where the next block stands, None behind
    the last; it raises `DamagedError` or `LockedError`.
    """

    block: Callable[[BinaryIO, int, Volume, str | None], int | None]
    looks: re.Pattern[bytes]


_NEAR = 1 << 20
_OVERLAP = 64


def read_volume(
    file: BinaryIO, start: int, size: int, form: Form, volume: Volume, password: str | None
) -> None:
    """Read all headers of a volume; past a damaged one, the next that is whole is looked for."""
    at: int | None = start
    while at is not None and at < size:
        here = at
        try:
            at = form.block(file, here, volume, password)
        except DamagedError as error:
            volume.troubles.append(f"A header at byte {here} is damaged: {error}")
            at = _next_block(file, here + 1, form, volume, password)
    if at is not None and at > size:
        volume.troubles.append("It is cut off in the data of its last file")


def _next_block(
    file: BinaryIO, at: int, form: Form, volume: Volume, password: str | None
) -> int | None:
    """Where the next block stands that can be read; None where there is none."""
    if volume.encrypted:
        return None
    for found in _candidates(file, at, form.looks):
        trial = Volume(volume.format)
        try:
            form.block(file, found, trial, password)
        except (DamagedError, LockedError):
            continue
        return found
    return None


def _candidates(file: BinaryIO, at: int, looks: re.Pattern[bytes]) -> Iterator[int]:
    while True:
        file.seek(at)
        near = file.read(_NEAR)
        yield from (at + each.start() for each in looks.finditer(near))
        if len(near) < _NEAR:
            return
        at += _NEAR - _OVERLAP


def taken(data: bytes, at: int, form: str) -> int:
    """A number at a place; raises `DamagedError` past the end."""
    try:
        value: int = struct.unpack_from(form, data, at)[0]
    except struct.error as error:
        raise DamagedError("it ends in the middle of a field") from error
    return value
