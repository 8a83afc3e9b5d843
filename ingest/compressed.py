"""Single compressed files: gzip, bzip2 and xz; each holds one member."""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

from ingest.members import BombError, Budget, Member, Spool, bomb_note
from ingest.names import shown
from ingest.versions import PYTHON
from records.codes import Code
from records.notes import Note, exception

Unpacking = gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile
_OPENERS: dict[str, Callable[[BinaryIO], Unpacking]] = {
    "gz": lambda file: gzip.GzipFile(fileobj=file),
    "bz2": bz2.BZ2File,
    "xz": lzma.LZMAFile,
}
_TAR_NAMES = {b"tgz": b"tar", b"tbz": b"tar", b"tbz2": b"tar", b"txz": b"tar"}


def expand_compressed(
    file: BinaryIO, kind: str, name_bytes: bytes, budget: Budget
) -> Iterator[Member | Note]:
    """The one member of a compressed file of a `kind` of gz, bz2 or xz.

    It is named after the file, without the last extension. Of a damaged one comes what could be
    read, with an exception.
    """
    raw = _inner_name(name_bytes)
    spool = Spool()
    note = None
    try:
        with _OPENERS[kind](file) as member:
            spool.fill(member.read1, budget)  # `read` would lose what precedes a damage
    except BombError:
        spool.close()
        yield Member(shown(raw), raw, None, spool.size, None, (bomb_note(kind, PYTHON),))
        return
    except EOFError:
        note = exception(Code.TRUNCATED, "The compressed data ends early", kind, PYTHON)
    except (OSError, zlib.error, lzma.LZMAError) as error:
        note = exception(Code.CORRUPT, f"The compressed data is damaged: {error}", kind, PYTHON)
    try:
        if note is None or spool.size:
            notes = () if note is None else (note,)
            yield Member(shown(raw), raw, spool.stream(), spool.size, None, notes)
        else:
            yield note
    finally:
        spool.close()


def _inner_name(name: bytes) -> bytes:
    stem, dot, ext = name.rpartition(b".")
    if not dot or not stem:
        return name + b".unpacked"
    tar = _TAR_NAMES.get(ext.lower())
    return stem + b"." + tar if tar else stem
