"""A large stream seen through a buffer that only moves forward."""

import io
import re
from typing import BinaryIO

CHUNK = 1 << 20
BEHIND = 4
"""So many bytes before the place looked at are always kept."""


MARGIN = 1 << 10
"""What is looked for may begin so far before the end of what was read, and be cut there."""


class Window:
    """Bytes of a seekable stream from `held` on, as far as they were asked for.

    While something is looked for, bytes from `held` on are kept up to `limit` of them; past it
    they are let go, and then `begin` lies behind `held`.
    """

    def __init__(self, stream: BinaryIO, at: int, limit: int) -> None:
        self.size = stream.seek(0, io.SEEK_END)
        self.data = bytearray()
        self.begin = at
        self.held = at
        self._stream = stream
        self._limit = limit
        stream.seek(at)

    @property
    def end(self) -> int:
        """Offset of the first byte not yet read."""
        return self.begin + len(self.data)

    def reach(self, offset: int) -> None:
        """Read on until the bytes before `offset`, or all there are, are in the buffer."""
        if self.begin + len(self.data) >= offset:
            return
        self._forget(self.held - BEHIND)
        while self.end < min(offset, self.size) and self._more():
            pass

    def cut(self, start: int, end: int) -> bytes:
        """Bytes that are in the buffer."""
        return bytes(memoryview(self.data)[start - self.begin : end - self.begin])

    def peek(self, start: int, end: int) -> bytes:
        """Bytes from anywhere behind `begin`, without moving the buffer."""
        if end <= self.end or self.end == self.size:
            return self.cut(start, end)
        self._stream.seek(start)
        found = self._stream.read(end - start)
        self._stream.seek(self.end)
        return found

    def find(self, wanted: re.Pattern[bytes], at: int) -> int:
        """Offset of `wanted` at or after `at`; the stream's size where there is none.

        `wanted` looks at no more than `MARGIN` bytes.
        """
        while (found := wanted.search(self.data, max(0, at - self.begin))) is None:
            at = max(at, self.end - MARGIN)
            within = self.end - self.held <= self._limit + 2 * MARGIN
            kept = self.held if within else at - BEHIND
            self._forget(min(kept, at - BEHIND))
            if not self._more():
                return self.size
        return self.begin + found.start()

    def hold(self, offset: int) -> None:
        """Go on at `offset`: what lies before it is let go, read or not."""
        self.held = offset
        if offset - BEHIND > self.end:
            self.data.clear()
            self.begin = offset - BEHIND
            self._stream.seek(self.begin)

    def _forget(self, offset: int) -> None:
        if offset > self.begin:
            del self.data[: offset - self.begin]
            self.begin = offset

    def _more(self) -> bool:
        chunk = self._stream.read(CHUNK)
        self.data += chunk
        if not chunk:
            self.size = self.end  # it ends sooner than it said
        return bool(chunk)
