"""One stream out of an outside program, cut up into the members that it is made of."""

from collections.abc import Callable, Sequence
from typing import Protocol

from ingest.members import CHUNK


class Run(Protocol):
    """A run of an outside program, or what is made of one."""

    def read(self, size: int, /) -> bytes:
        """Some of what it gives, none at the end."""

    def ended(self) -> tuple[int, str]:
        """Its exit code and what it said."""

    def close(self) -> None:
        """End it."""


class Flow:
    """What a run gives: for each block of an archive in a row, its members one after another.

    `sizes` are those of the members of all blocks of the archive, `row` the blocks of this run.
    """

    def __init__(self, run: Run, sizes: Sequence[Sequence[int]], row: range) -> None:
        self.run = run
        self._sizes, self._row = sizes, row
        self._at = (row.start, 0)
        self._ended = False

    def covers(self, block: int, index: int) -> bool:
        """Whether that member is still to come."""
        return block in self._row and (block, index) >= self._at

    def skip_to(self, block: int, index: int) -> None:
        """Pass over what stands before a member."""
        while self._at < (block, index):
            number, place = self._at
            if place < len(self._sizes[number]):
                self.skip(self._sizes[number][place])
            self.passed()

    def passed(self) -> None:
        """Count a member as passed."""
        number, place = self._at
        last = place + 1 >= len(self._sizes[number])
        self._at = (number + 1, 0) if last else (number, place + 1)

    def skip(self, size: int) -> None:
        """Pass over so many bytes."""
        read = self.stretch(size)
        while read(CHUNK):
            pass

    def stretch(self, size: int) -> Callable[[int], bytes]:
        """A function that reads the next `size` bytes bit by bit, and none after them."""
        left = size

        def read(most: int) -> bytes:
            nonlocal left
            data = self._next(min(most, left)) if left else b""
            left -= len(data)
            return data

        return read

    def _next(self, size: int) -> bytes:
        data = b"" if self._ended else self.run.read(size)
        self._ended = not data
        return data
