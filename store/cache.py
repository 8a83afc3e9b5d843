"""Copies of blobs in a worker, so that a large one is fetched once and not for each of its parts.

Bounded in bytes; the copies used least recently go first. The folder is locked while its process
lives, and what a killed one left is removed by the next.
"""

import atexit
import contextlib
import fcntl
import os
import shutil
import tempfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_PREFIX = "redwell-blobs-"
_LOCK = "lock"
MOST = 2 << 30


class BlobCache:
    """Files by hash. What is in use is never removed; one that is too large is kept by nobody."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self._used: dict[str, int] = {}
        self._folder: Path | None = None
        self._pid = 0

    @contextmanager
    def held(self, sha256: str, fetch: Callable[[Path], None]) -> Iterator[Path]:
        """Give the copy of a blob; `fetch` writes it where there is none."""
        path = self._home() / sha256
        self._used[sha256] = self._used.get(sha256, 0) + 1
        try:
            if sha256 not in self._sizes:
                part = path.with_suffix(f".{self._used[sha256]}")
                fetch(part)
                part.rename(path)
                self._sizes[sha256] = path.stat().st_size
            self._sizes.move_to_end(sha256)
            yield path
        finally:
            self._used[sha256] -= 1
            if not self._used[sha256]:
                del self._used[sha256]
            self._shrink()

    def _shrink(self) -> None:
        held = sum(self._sizes.values())
        for sha256 in [each for each in self._sizes if each not in self._used]:
            if held <= self._most:
                return
            held -= self._sizes.pop(sha256)
            (self._home() / sha256).unlink(missing_ok=True)

    def _home(self) -> Path:
        """This process's folder: made and locked, others' remains swept, at first need."""
        if self._folder is None or self._pid != os.getpid() or not self._folder.is_dir():
            _sweep(Path(tempfile.gettempdir()))
            self._folder, self._pid = _locked(), os.getpid()
            self._sizes, self._used = OrderedDict(), {}
            atexit.register(shutil.rmtree, self._folder, ignore_errors=True)
        return self._folder


def _locked() -> Path:
    """A folder that gets its name only once it is locked: no sweep ever meets it unlocked."""
    fresh = Path(tempfile.mkdtemp(prefix="redwell-fresh-"))
    lock = os.open(fresh / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)  # let go of when we end
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return fresh.rename(fresh.with_name(_PREFIX + fresh.name.removeprefix("redwell-fresh-")))


def _sweep(folder: Path) -> None:
    for found in folder.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            lock = os.open(found / _LOCK, os.O_RDWR)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(found)
            finally:
                os.close(lock)
