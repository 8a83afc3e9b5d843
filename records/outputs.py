"""Files that a command writes where its user says: whole or not there, and over nothing."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from records.errors import OutputError, raise_if_full


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

    Raises `OutputError` where it cannot be written, `DiskFullError` where there is no room.
    """
    fresh = None
    try:
        fd, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        fresh = Path(name)
        with os.fdopen(fd, "wb") as file:
            yield file
            file.flush()
            os.fsync(fd)
        mask = os.umask(0)
        os.umask(mask)
        fresh.chmod(0o666 & ~mask)  # as any other file of the user's
        _move(fresh, path, overwrite=overwrite)
    except OSError as error:
        raise_if_full(error)
        raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        if fresh is not None:
            fresh.unlink(missing_ok=True)


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
