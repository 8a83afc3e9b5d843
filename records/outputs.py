"""Files that a command writes where its user says: whole or not there, and over nothing."""

import errno
import fcntl
import os
import re
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from records.errors import OutputError, raise_if_full

_RANDOM = "[a-z0-9_]{8}"  # what `tempfile` puts into a name


def require_writable(path: Path, endings: tuple[str, ...], *, overwrite: bool) -> None:
    """Refuse before long work what could not be written after it.

    Raises `OutputError` for a name that ends in none of `endings`, a file that is there already
    unless it may be overwritten, and a folder that is not there or takes no file.
    """
    if path.suffix.lower() not in endings:
        raise OutputError(
            f"{path}: the name says what is written, so end it in {' or '.join(endings)}"
        )
    if path.is_dir():
        raise OutputError(f"{path} is a folder: name a file in it")
    if path.exists() and not overwrite:
        raise _there(path)
    if not path.parent.is_dir():
        raise OutputError(f"{path} cannot be written: there is no folder {path.parent}; make it")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise OutputError(
            f"{path} cannot be written: you may not write in {path.parent}. Name another place"
        )


def _there(path: Path) -> OutputError:
    return OutputError(f"{path} is there already: name another file, or add --overwrite")


@contextmanager
def new_file(path: Path, *, overwrite: bool) -> Iterator[BinaryIO]:
    """A file that stands at `path` once all of it is written; an error leaves what was there.

    Until then it is `.NAME.….part` beside it, and locked; what a killed command left there is
    removed first. Raises `OutputError` where it cannot be written, `DiskFullError` where there is
    no room.
    """
    fresh = None
    try:
        _sweep(path)
        fd, fresh = _part(path)
        with os.fdopen(fd, "wb") as file:
            yield file
            file.flush()
            os.fsync(fd)
            mask = os.umask(0)
            os.umask(mask)
            fresh.chmod(0o666 & ~mask)  # as any other file of the user's
            _move(fresh, path, overwrite=overwrite)
    except OSError as error:
        raise_if_full(error, path.parent)
        raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        if fresh is not None:
            fresh.unlink(missing_ok=True)


def _part(path: Path) -> tuple[int, Path]:
    """An empty file beside the target that is ours until it is closed, or this process ends."""
    while True:
        fd, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        with suppress(OSError):  # a file system without locks: there nothing is swept either
            fcntl.flock(fd, fcntl.LOCK_EX)
        if os.fstat(fd).st_nlink:
            return fd, Path(name)
        os.close(fd)  # another command swept it before it was locked


def _sweep(path: Path) -> None:
    """Remove the parts of this target that no living command writes."""
    ours = re.compile(rf"\.{re.escape(path.name)}\.{_RANDOM}\.part")
    with suppress(OSError):  # a folder that takes files and does not list them
        for each in path.parent.iterdir():
            if ours.fullmatch(each.name):
                with suppress(OSError):  # it is locked, another's, or gone meanwhile
                    _remove_dead(each)


def _remove_dead(part: Path) -> None:
    fd = os.open(part, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if stat.S_ISREG(os.fstat(fd).st_mode):
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            part.unlink()
    finally:
        os.close(fd)


def _move(fresh: Path, path: Path, *, overwrite: bool) -> None:
    if overwrite:
        fresh.rename(path)
        return
    try:
        path.hardlink_to(fresh)  # unlike a rename it takes no other file's place
    except FileExistsError as error:
        raise _there(path) from error
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EXDEV, errno.ENOSYS):
            raise
        if path.exists():  # a file system without hard links
            raise _there(path) from error
        fresh.rename(path)
