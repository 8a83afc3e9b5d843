"""TAR archives, read from front to end; nothing of them is ever written to a path."""

import datetime as dt
import re
import tarfile
from collections.abc import Iterator
from typing import BinaryIO

from ingest.joined import missing_notes, opened
from ingest.members import CHUNK, BombError, Budget, Member, Opening, Spool, bomb_note
from ingest.names import is_unsafe, shown
from ingest.versions import PYTHON
from records import times
from records.codes import Code
from records.limits import Limits
from records.notes import Note, exception, warning

_TOOL = "tarfile"
_CUT = re.compile("end of data|truncated|empty")


def open_tar(opening: Opening) -> Iterator[Member | Note]:
    """The members of a TAR, or of a set of volumes; see `expand_tar`."""
    yield from missing_notes(opening)
    with opened(opening) as file:
        yield from expand_tar(file, opening.limits, opening.budget)


def expand_tar(file: BinaryIO, limits: Limits, budget: Budget) -> Iterator[Member | Note]:
    """The members of a TAR in its order; a `Note` among them is about the archive itself.

    Folders are no members; names that lead out, links and special files come without bytes. A
    hard link comes with the bytes of the member before it that it is a link to.
    """
    count, bombed = 0, budget.ended
    files: dict[str, tarfile.TarInfo] = {}
    try:
        with tarfile.open(fileobj=file, mode="r:", errors="surrogateescape") as archive:
            for info in archive:
                if info.isdir():
                    continue
                count += 1
                if count <= limits.members:
                    linked = files.get(info.linkname) if info.islnk() else None
                    source = linked or info
                    yield from _member(archive, info, source, budget)
                    if source.isreg():
                        files[info.name] = source
                archive.members.clear()  # type: ignore[attr-defined]  # every header it met
            if (trouble := trouble_at_end(archive)) is not None:
                yield _exception(*trouble)
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        yield _exception(*trouble_of(error))
    if count > limits.members:
        left = count - limits.members
        text = f"{count} members; {left} past the limit of {limits.members} were left out"
        yield _exception(Code.TOO_MANY, text)
    if budget.ended and not bombed:
        yield warning(Code.BOMB, "Unpacking stopped at the limits: a bomb", _TOOL, PYTHON)


def trouble_of(error: Exception) -> tuple[Code, str]:
    """Code and message for what stopped the walk through a TAR."""
    cut = isinstance(error, EOFError) or (
        isinstance(error, tarfile.ReadError) and _CUT.search(str(error)) is not None
    )
    code = Code.TRUNCATED if cut else Code.CORRUPT
    return code, f"The archive cannot be read to its end: {error}"


def trouble_at_end(archive: tarfile.TarFile) -> tuple[Code, str] | None:
    """Code and message where a TAR that was walked through has not ended as it should.

    The library takes a header that it cannot read for the end. The end is a block of zeros
    (POSIX ustar), and after it nothing but zeros.
    """
    file = archive.fileobj
    assert file is not None
    file.seek(archive.offset)
    block = file.read(tarfile.BLOCKSIZE)
    if len(block) < tarfile.BLOCKSIZE:
        return Code.TRUNCATED, "The archive is cut off: the block that ends it is missing"
    if block.strip(b"\0"):
        return Code.CORRUPT, "A member's header is damaged; what follows it was not read"
    while block := file.read(CHUNK):
        if block.strip(b"\0"):
            return Code.CORRUPT, "There is more behind the archive's end; it was not read"
    return None


def _member(
    archive: tarfile.TarFile,
    info: tarfile.TarInfo,
    source: tarfile.TarInfo,
    budget: Budget,
) -> Iterator[Member]:
    raw = info.name.encode("utf-8", "surrogateescape")
    refusal = _refusal(info, source)
    if refusal is None and budget.ended:
        refusal = bomb_note(_TOOL, PYTHON)
    spool = Spool()
    try:
        if refusal is None:
            refusal = _fill(archive, source, spool, budget)
        has_bytes = refusal is None or (spool.size and refusal.code is Code.TRUNCATED)
        yield Member(
            name=shown(raw),
            name_bytes=raw,
            stream=spool.stream() if has_bytes else None,
            size=spool.size if has_bytes else info.size,
            modified_at=_modified_at(info),
            notes=() if refusal is None else (refusal,),
        )
    finally:
        spool.close()


def _refusal(info: tarfile.TarInfo, source: tarfile.TarInfo) -> Note | None:
    if is_unsafe(info.name):
        return _exception(Code.UNSAFE_PATH, "Its name leads out of the archive's folder")
    if info.issym() or source.islnk():
        return _exception(Code.LINK, f"A link to {info.linkname!r}; recorded, not followed")
    if not source.isreg():
        return _exception(Code.SPECIAL_FILE, "A device, socket or pipe; it holds no bytes")
    return None


def _fill(
    archive: tarfile.TarFile, info: tarfile.TarInfo, spool: Spool, budget: Budget
) -> Note | None:
    member = archive.extractfile(info)
    if member is None:
        return _exception(Code.CORRUPT, "It holds no bytes")
    try:
        spool.fill(member.read, budget)
    except BombError:
        return bomb_note(_TOOL, PYTHON)
    except tarfile.ReadError as error:
        return _exception(Code.TRUNCATED, f"It ends early: {error}")
    return None


def _modified_at(info: tarfile.TarInfo) -> str | None:
    try:
        return times.stamp(dt.datetime.fromtimestamp(info.mtime, dt.UTC)) if info.mtime else None
    except (ValueError, OverflowError, OSError):
        return None


def _exception(code: Code, message: str) -> Note:
    return exception(code, message, _TOOL, PYTHON)
