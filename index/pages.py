"""Files mapped into memory whose pages are checked when they are first read.

A page that does not answer to its checksum is damage that is named: no answer is made of it.
"""

import mmap
import zlib
from array import array
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from records.errors import IndexStateError

PAGE = 1 << 15
"""Bytes that one checksum vouches for."""


def checksums(path: Path, size: int | None = None) -> "array[int]":
    """The CRC-32 of each page of a file, or of its first `size` bytes; the last may be short."""
    found = array("I")
    left = path.stat().st_size if size is None else size
    with path.open("rb") as file:
        while left > 0:
            found.append(zlib.crc32(file.read(min(PAGE, left))))
            left -= PAGE
    return found


class Mapped:
    """A file that is only read; `view` gives a stretch of it, checked, without copying it."""

    def __init__(self, path: Path, advice: str) -> None:
        self.path, self._advice = path, advice
        with path.open("rb") as file:
            self.size = file.seek(0, 2)
            if not self.size:
                raise self.damaged("it is empty")
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._whole = memoryview(self._map)
        self._sums: Sequence[int] = ()
        self._seen = bytearray()

    def trust(self, sums: Sequence[int], size: int) -> None:
        """Check pages by these checksums, from now on, in the first `size` bytes of the file."""
        if len(sums) != -(-size // PAGE) or size > self.size:
            raise self.damaged("its checksums are of another length")
        self._sums, self._seen = sums, bytearray(len(sums))
        self._trusted = size

    def view(self, start: int, end: int) -> memoryview:
        """The bytes from `start` to before `end`; raises `IndexStateError` for damaged ones."""
        if self._sums and end > start:
            for page in range(start // PAGE, (end - 1) // PAGE + 1):
                if page >= len(self._seen) or not self._seen[page]:
                    self._check(page)
        return self._whole[start:end]

    def _check(self, page: int) -> None:
        if page < len(self._sums):
            data = self._whole[page * PAGE : min(page * PAGE + PAGE, self._trusted)]
            if zlib.crc32(data) == self._sums[page]:
                self._seen[page] = 1
                return
        raise self.damaged(f"its bytes from {page * PAGE:,} on are not those that were written")

    def damages(self) -> list[int]:
        """The pages that do not answer to their checksums; all pages are read."""
        found = []
        for page, sum_ in enumerate(self._sums):
            data = self._whole[page * PAGE : min(page * PAGE + PAGE, self._trusted)]
            if zlib.crc32(data) != sum_:
                found.append(page)
        return found

    def damaged(self, what: str) -> IndexStateError:
        """The error that names this file."""
        return IndexStateError(f"{self.path} is damaged: {what}. {self._advice}")

    def close(self) -> None:
        """Let go of the file; it stays mapped as long as arrays that look into it live."""
        with suppress(BufferError):
            self._whole.release()
            self._map.close()
