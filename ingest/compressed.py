"""Single compressed files: gzip, bzip2, xz and bare zlib; each holds one member."""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

from ingest.joined import missing_notes, opened
from ingest.members import CHUNK, BombError, Budget, Member, Opening, Spool, bomb_note
from ingest.names import shown
from ingest.versions import PYTHON
from records.codes import Code
from records.notes import Note, exception

Unpacking = gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile


class _Zlib:
    """A bare zlib stream (RFC 1950), read as the others are."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._inflating = zlib.decompressobj()

    def read1(self, size: int) -> bytes:
        """Some of what it holds; raises `EOFError` where it ends early."""
        while not self._inflating.eof:
            packed = self._inflating.unconsumed_tail or self._file.read(CHUNK)
            if not packed:
                raise EOFError
            data = self._inflating.decompress(packed, size)
            if data:
                return data
        if self._inflating.unused_data or self._file.read(1):
            raise OSError("there is more behind its end")
        return b""

    def __enter__(self) -> "_Zlib":
        return self

    def __exit__(self, *_: object) -> None:
        return


_OPENERS: dict[str, Callable[[BinaryIO], Unpacking | _Zlib]] = {
    "gz": lambda file: gzip.GzipFile(fileobj=file),
    "bz2": bz2.BZ2File,
    "xz": lzma.LZMAFile,
    "zlib": _Zlib,
}
KINDS = frozenset(_OPENERS)
_TAR_NAMES = dict.fromkeys(
    (b"tgz", b"tbz", b"tbz2", b"txz", b"taz", b"tz", b"tlz", b"tlz4", b"tzst"), b"tar"
)


def open_compressed(opening: Opening, kind: str = "") -> Iterator[Member | Note]:
    """The one member of a compressed file of its type, or of another `kind`."""
    yield from missing_notes(opening)
    with opened(opening) as file:
        yield from expand_compressed(file, kind or opening.type, opening.name_bytes, opening.budget)


def expand_compressed(
    file: BinaryIO, kind: str, name_bytes: bytes, budget: Budget
) -> Iterator[Member | Note]:
    """The one member of a compressed file of a `kind` of gz, bz2, xz or zlib.

    It is named after the file, without the last extension. Of a damaged one comes what could be
    read, with an exception.
    """
    raw = inner_name(name_bytes)
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


def inner_name(name: bytes) -> bytes:
    """What a compressed file holds is called: it, without its last extension."""
    stem, dot, ext = name.rpartition(b".")
    if not dot or not stem:
        return name + b".unpacked"
    tar = _TAR_NAMES.get(ext.lower())
    return stem + b"." + tar if tar else stem
