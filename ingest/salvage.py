"""Members of a ZIP that its central directory does not list, from their own local headers."""

import io
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from ingest.members import CHUNK, BombError, Budget, Member, Spool, bomb_note
from ingest.names import is_unsafe, shown
from ingest.versions import TOOL, VERSION
from records.codes import Code
from records.limits import Limits
from records.notes import Note, exception

_SIGNATURE = b"PK\x03\x04"
_HEADER = struct.Struct("<4sHHHHHIIIHH")
_END_AT_MOST = 65557  # the record at the end, with the longest comment
_STORED, _DEFLATED = 0, 8
_NEWEST = 63  # version needed, APPNOTE 6.3
_METHODS = frozenset({*range(13), 14, 18, 19, 20, *range(93, 100)})


def salvage(
    file: BinaryIO, limits: Limits, budget: Budget, before: int | None = None
) -> Iterator[Member | Note]:
    """Read members one after the other until no further local header stands where it should.

    With `before`, they are looked for everywhere up to there.
    """
    at, count = 0, 0
    while count < limits.members:
        if before is not None:
            at = next_header(file, at, before)
        found = _header_at(file, at) if at >= 0 else None
        if found is None:
            return
        flags, method, crc, packed, size, raw, start = found
        count += 1
        if raw.endswith(b"/"):
            at = start
            continue
        name = shown(raw)
        refusal = _refusal(name, flags, method, packed)
        if refusal is None and budget.ended:
            refusal = bomb_note(TOOL, VERSION)
        spool = Spool()
        try:
            end = _read(file, start, method, packed, spool, budget) if refusal is None else None
            notes = () if refusal is None else (refusal,)
            if end is None and refusal is None:
                notes = (bomb_note(TOOL, VERSION),)
            elif refusal is None and _is_cut(flags, crc, spool):
                text = "Its end is missing, or its checksum wrong"
                notes = (exception(Code.TRUNCATED, text, TOOL, VERSION),)
            stream = spool.stream() if spool.size and end is not None else None
            empty = not spool.size and not notes
            yield Member(
                name, raw, spool.stream() if empty else stream, spool.size or size, None, notes
            )
        finally:
            spool.close()
        if end is None and (flags & 8 or budget.ended):
            return
        at = end if end is not None else start + packed


def next_header(file: BinaryIO, at: int, before: int) -> int:
    """Where the next local header that can be one stands whole between the two; -1 for none."""
    while at < before:
        file.seek(at)
        near = file.read(min(CHUNK, before - at))
        found = near.find(_SIGNATURE)
        while found >= 0:
            if _can_be_header(file, at + found, before):
                return at + found
            found = near.find(_SIGNATURE, found + 1)
        if len(near) < len(_SIGNATURE):
            break
        at += len(near) - len(_SIGNATURE) + 1
    return -1


def is_header(file: BinaryIO, at: int) -> bool:
    """Tell whether a local header's signature stands there."""
    file.seek(at)
    return file.read(len(_SIGNATURE)) == _SIGNATURE


def _can_be_header(file: BinaryIO, at: int, before: int) -> bool:
    """Tell a local header from bytes that merely look like its signature, as in a program."""
    file.seek(at)
    fixed = file.read(_HEADER.size)
    if len(fixed) < _HEADER.size:
        return False
    _, version, _, method, _, _, _, _, _, names, extra = _HEADER.unpack(fixed)
    whole = at + _HEADER.size + names + extra <= before
    return whole and names > 0 and version & 0xFF <= _NEWEST and method in _METHODS


def _header_at(file: BinaryIO, at: int) -> tuple[int, int, int, int, int, bytes, int] | None:
    """Flags, method, CRC, packed and full size, name and start of the data at the next header.

    A data descriptor of up to 24 bytes may stand before it.
    """
    file.seek(at)
    near = file.read(24 + len(_SIGNATURE))
    gap = near.find(_SIGNATURE)
    if gap < 0:
        return None
    file.seek(at + gap)
    fixed = file.read(_HEADER.size)
    if len(fixed) < _HEADER.size:
        return None
    _, _, flags, method, _, _, crc, packed, size, names, extra = _HEADER.unpack(fixed)
    raw = file.read(names)
    if len(raw) < names:
        return None
    return flags, method, crc, packed, size, raw, at + gap + _HEADER.size + names + extra


def directory_size(file: BinaryIO) -> int:
    """Bytes of the central directory, as the record at the end has them; 0 where none is found."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - _END_AT_MOST))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    file.seek(0)
    if at < 0 or len(tail) - at < 22:
        return 0
    number: int = struct.unpack_from("<I", tail, at + 12)[0]
    return size if number == 0xFFFFFFFF else number


def _refusal(name: str, flags: int, method: int, packed: int) -> Note | None:
    if is_unsafe(name):
        text = "Its name leads out of the archive's folder"
        return exception(Code.UNSAFE_PATH, text, TOOL, VERSION)
    if flags & 1:
        text = "Encrypted, in an archive without a directory"
        return exception(Code.ENCRYPTED, text, TOOL, VERSION)
    if method not in (_STORED, _DEFLATED) or (method == _STORED and flags & 8 and not packed):
        text = f"Compression method {method} cannot be salvaged"
        return exception(Code.UNSUPPORTED, text, TOOL, VERSION)
    return None


def _read(
    file: BinaryIO, start: int, method: int, packed: int, spool: Spool, budget: Budget
) -> int | None:
    """Fill the spool; where the member's data ended, or None where the limits ended it."""
    file.seek(start)
    try:
        if method == _STORED:
            left = _Bounded(file, packed)
            spool.fill(left.read, budget)
            return start + packed
        inflating = _Inflating(file)
        spool.fill(inflating.read, budget)
        return file.tell() - inflating.unused
    except BombError:
        return None


def _is_cut(flags: int, crc: int, spool: Spool) -> bool:
    """With bit 3 set the checksum stands behind the data: only its being there was read."""
    return not flags & 8 and spool.crc != crc


class _Bounded:
    """So many bytes of a file."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._left = file, size

    def read(self, size: int) -> bytes:
        data = self._file.read(min(size, self._left))
        self._left -= len(data)
        return data


class _Inflating:
    """Raw deflate data, read up to its own end or as far as it is sound."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        self.unused = 0

    def read(self, size: int) -> bytes:
        while not self._inflater.eof:
            packed = self._inflater.unconsumed_tail or self._file.read(CHUNK)
            if not packed:
                return b""
            try:
                data = self._inflater.decompress(packed, size)
            except zlib.error:
                return b""
            if data:
                return data
        self.unused = len(self._inflater.unused_data)
        return b""
