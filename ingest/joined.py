"""Several files, or parts of them, read as the one file that they make up."""

import io
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, BinaryIO

from ingest.members import CHUNK, Opening
from ingest.versions import TOOL, VERSION
from records.codes import Code
from records.notes import Note, exception


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of bytes: of a file, given ones, or zeros where there is neither."""

    size: int
    path: Path | None = None
    at: int = 0
    data: bytes = b""


class _Joined(io.RawIOBase):
    """Pieces in a row; one file is open at a time."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._pieces = [each for each in pieces if each.size]
        self._ends = list(accumulate(each.size for each in self._pieces))
        self._at = 0
        self._path: Path | None = None
        self._file: BinaryIO | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at}.get(whence, self._size())
        if base + offset < 0:
            raise ValueError(f"negative seek position {base + offset}")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        number = bisect_right(self._ends, self._at)
        if number == len(self._pieces):
            return 0
        piece = self._pieces[number]
        within = self._at - (self._ends[number] - piece.size)
        data = self._read(piece, within, min(len(buffer), piece.size - within))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        super().close()

    def _size(self) -> int:
        return self._ends[-1] if self._ends else 0

    def _read(self, piece: Piece, within: int, size: int) -> bytes:
        if piece.path is None:
            return piece.data[within : within + size] or bytes(size)
        if self._path != piece.path:
            if self._file is not None:
                self._file.close()
            self._file, self._path = piece.path.open("rb"), piece.path
        assert self._file is not None
        self._file.seek(piece.at + within)
        return self._file.read(size)


def joined(pieces: Sequence[Piece]) -> BinaryIO:
    """The pieces as one file to read."""
    return io.BufferedReader(_Joined(pieces), CHUNK)


def volumes_of(opening: Opening) -> tuple[Piece, ...]:
    """The files of an opening as pieces; one that is missing is zeros of its neighbours' size."""
    paths = opening.volumes or (opening.path,)
    sizes = [each.stat().st_size if each.is_file() else -1 for each in paths]
    usual = max(sizes[:-1] or sizes)
    return tuple(
        Piece(size, path) if size >= 0 else Piece(max(usual, 0))
        for path, size in zip(paths, sizes, strict=True)
    )


def missing_of(opening: Opening) -> tuple[int, ...]:
    """Numbers, from 1, of the volumes of the set that are not there."""
    return tuple(number for number, each in enumerate(opening.volumes, 1) if not each.is_file())


def missing_text(absent: Sequence[int], opening: Opening) -> str:
    """What is said of volumes that are not there."""
    numbers = ", ".join(map(str, absent))
    said = f"Of {len(opening.volumes)} volumes these are missing: {numbers}"
    return f"{said}. Put all of them into one folder and ingest again"


def missing_notes(opening: Opening) -> Iterator[Note]:
    """An exception where volumes are not there."""
    absent = missing_of(opening)
    if absent:
        yield exception(Code.VOLUME_MISSING, missing_text(absent, opening), TOOL, VERSION)


def opened(opening: Opening) -> BinaryIO:
    """The whole container as one file to read, where its format lets volumes be joined."""
    if not opening.volumes:
        return opening.path.open("rb")
    return joined(volumes_of(opening))
