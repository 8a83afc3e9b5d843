"""Temporary folders of a worker, each swept by the next worker if its own one is killed."""

import atexit
import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_PREFIX = "redwell-work-"
_FRESH = "redwell-fresh-"  # not locked yet, so not under the name that is swept
_LOCK = "lock"


@dataclass(slots=True)
class _Mine:
    """This process's folder and the descriptor that holds its lock."""

    folder: Path | None = None
    lock: int = -1
    pid: int = 0


_mine = _Mine()


@contextmanager
def workspace() -> Iterator[Path]:
    """A fresh folder, gone afterwards."""
    with tempfile.TemporaryDirectory(dir=_folder()) as folder:
        yield Path(folder)


def _folder() -> Path:
    """The worker's folder: made, locked and others' remains swept at first need."""
    if _mine.folder is None or _mine.pid != os.getpid() or not _mine.folder.is_dir():
        sweep(Path(tempfile.gettempdir()))
        _mine.folder, _mine.lock = _locked_folder()
        _mine.pid = os.getpid()
        atexit.register(shutil.rmtree, _mine.folder, ignore_errors=True)
    return _mine.folder


def _locked_folder() -> tuple[Path, int]:
    """A folder that gets its name only once it is locked: no sweep ever meets it unlocked."""
    fresh = Path(tempfile.mkdtemp(prefix=_FRESH))
    lock = os.open(fresh / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return fresh.rename(fresh.with_name(_PREFIX + fresh.name.removeprefix(_FRESH))), lock


def sweep(folder: Path) -> int:
    """Remove what killed workers left; the number of folders removed.

    A living worker holds its folder's lock, in whatever container it runs.
    """
    removed = 0
    for found in folder.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            lock = os.open(found / _LOCK, os.O_RDWR)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(found)
                removed += 1
            finally:
                os.close(lock)
    return removed
