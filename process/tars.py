"""TAR archives met inside a family: only plain files come out, everything else is on record."""

import tarfile
from collections.abc import Iterator
from pathlib import Path

from ingest.members import BombError
from ingest.names import is_unsafe, last_part
from ingest.tar import trouble_at_end, trouble_of
from process.reading import TOOL, VERSION, Family, Part, Reading
from records.codes import Code, Disposition, Role
from records.notes import Note, exception

_CHUNK = 1 << 20


def read_tar(part: Part, family: Family) -> Reading:
    """The members of a TAR as parts, unpacked one by one while they are walked."""
    path = family.keep(part)
    return Reading(outcome=Disposition.CONTAINER, parts=_members(path, family))


def _members(path: Path, family: Family) -> Iterator[Part | Note]:
    try:
        with tarfile.open(path, "r:") as archive:
            for member in archive:
                if not member.isdir():
                    yield _member(archive, member, family)
            if (trouble := trouble_at_end(archive)) is not None:
                yield _note(*trouble)
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        yield _note(*trouble_of(error))


def _member(archive: tarfile.TarFile, member: tarfile.TarInfo, family: Family) -> Part:
    target = family.new_path()
    target.touch()
    note = _refusal(member) or _unpack(archive, member, target, family)
    return Part(
        last_part(member.name),
        Role.ATTACHMENT,
        target,
        name_bytes=last_part(member.name).encode("utf-8", "surrogateescape"),
        notes=() if note is None else (note,),
        raw={"path": member.name} | ({"link": member.linkname} if member.linkname else {}),
    )


def _refusal(member: tarfile.TarInfo) -> Note | None:
    """Why a member is not to be unpacked at all."""
    if is_unsafe(member.name):
        return _note(Code.UNSAFE_PATH, "Its name leads out of the archive's folder")
    if member.issym() or member.islnk():
        return _note(Code.LINK, "A link; recorded, not followed")
    if not member.isreg():
        return _note(Code.SPECIAL_FILE, "A device, socket or pipe; it holds no bytes")
    return None


def _unpack(
    archive: tarfile.TarFile, member: tarfile.TarInfo, target: Path, family: Family
) -> Note | None:
    source = archive.extractfile(member)
    if source is None:
        return _note(Code.CORRUPT, "Its bytes are not in the archive")
    with target.open("wb") as kept:
        try:
            while chunk := source.read(_CHUNK):
                family.budget.spend(len(chunk))
                kept.write(chunk)
        except BombError:
            return _note(Code.BOMB, "Not unpacked to its end: past the limits on unpacked size")
        except tarfile.ReadError as error:
            return _note(Code.TRUNCATED, f"It is cut off: {error}")
    return None


def _note(code: Code, message: str) -> Note:
    return exception(code, message, TOOL, VERSION)
