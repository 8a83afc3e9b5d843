"""Containers met inside a family: ZIP, and files that gzip, bzip2 or xz compressed."""

import bz2
import gzip
import lzma
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ingest.archive import expand_zip
from ingest.compressed import Unpacking
from ingest.mbox import PASSED, messages
from ingest.members import Member
from ingest.names import last_part
from process.reading import TOOL, VERSION, Family, Part, Reading, failed
from records.codes import Code, Disposition, Role
from records.fields import Fields
from records.notes import Note, exception, warning

_CHUNK = 1 << 20
_ALLOWED = 16 << 20  # below this nothing is a bomb, whatever the ratio
COMPRESSED = frozenset({"gz", "bz2", "xz"})


def read_zip(part: Part, family: Family) -> Reading:
    """The members of a ZIP as parts, unpacked one by one while they are walked."""
    path = family.keep(part)
    return Reading(outcome=Disposition.CONTAINER, parts=_members(path, family))


def _members(path: Path, family: Family) -> Iterator[Part | Note]:
    count = locked = 0
    with path.open("rb") as file:
        size = path.stat().st_size
        for found in expand_zip(file, size, family.limits, family.passwords, family.budget):
            if isinstance(found, Member):
                count += 1
                locked += any(note.code is Code.ENCRYPTED for note in found.notes)
                yield _member(found, family.new_path())
            else:
                yield found
    if count and locked == count:
        message = "Every member is protected by a password that is not in the list"
        yield exception(Code.ENCRYPTED, message, TOOL, VERSION)


def _member(member: Member, target: Path) -> Part:
    """A member with its bytes as a file; an empty one where they could not be had."""
    with target.open("wb") as kept:
        if member.stream is not None:
            shutil.copyfileobj(member.stream, kept, _CHUNK)
    return Part(
        last_part(member.name),
        Role.ATTACHMENT,
        target,
        name_bytes=member.name_bytes,
        notes=member.notes,
        fields=Fields(modified_at=member.modified_at),
        raw={"path": member.name},
    )


def read_mbox(part: Part, family: Family) -> Reading:
    """The messages of a mailbox that was attached or packed."""
    path = family.keep(part)
    return Reading(outcome=Disposition.CONTAINER, parts=_messages(path))


def _messages(path: Path) -> Iterator[Part]:
    with path.open("rb") as file:
        for number, message in enumerate(messages(file), 1):
            name = f"message-{number:05}.eml"
            notes: tuple[Note, ...] = ()
            if message.left_out:
                text = f"A message of {message.left_out} bytes at {message.offset}; left out"
                notes = (exception(Code.TOO_LARGE, text, TOOL, VERSION),)
            elif message.passed:
                notes = (warning(Code.MALFORMED_MAIL, PASSED, TOOL, VERSION),)
            yield Part(
                name,
                Role.ATTACHMENT,
                message.data,
                type="email",
                mime="message/rfc822",
                notes=notes,
            )


def read_compressed(part: Part, family: Family) -> Reading:
    """The one file inside a compressed one."""
    path = family.keep(part)
    target = family.new_path()
    reading = Reading(outcome=Disposition.CONTAINER)
    stem, dot, _ = part.name.rpartition(".")
    inner = Part(stem if dot and stem else "unpacked", Role.ATTACHMENT, target)
    try:
        with _opened(path, part.type) as source, target.open("wb") as kept:
            whole = _copy(source, kept, _limit(path, family))
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        return _broken(reading, inner, target, error)
    if not whole:
        target.unlink()
        message = f"It unpacks to more than {_limit(path, family)} bytes"
        return failed(exception(Code.BOMB, message, TOOL, VERSION))
    reading.parts = [inner]
    return reading


def _opened(path: Path, kind: str) -> Unpacking:
    if kind == "gz":
        return gzip.GzipFile(path)
    return bz2.BZ2File(path) if kind == "bz2" else lzma.LZMAFile(path)


def _limit(path: Path, family: Family) -> int:
    by_ratio = max(_ALLOWED, path.stat().st_size * family.limits.ratio)
    return min(by_ratio, family.limits.unpacked_mb << 20)


def _copy(source: Unpacking, target: BinaryIO, limit: int) -> bool:
    """Copy all; False when there is more than `limit`.

    `read1` gives what came out before a damage is met; `read` would lose it.
    """
    left = limit
    while chunk := source.read1(_CHUNK):
        left -= len(chunk)
        if left < 0:
            return False
        target.write(chunk)
    return True


def _broken(reading: Reading, inner: Part, target: Path, error: Exception) -> Reading:
    """A damaged one: what came out before the damage is kept."""
    code = Code.TRUNCATED if isinstance(error, EOFError) else Code.CORRUPT
    message = f"It cannot be unpacked to its end: {error}"
    if target.stat().st_size == 0:
        return failed(exception(code, message, TOOL, VERSION))
    reading.notes.append(warning(code, message, TOOL, VERSION))
    reading.parts = [inner]
    return reading
