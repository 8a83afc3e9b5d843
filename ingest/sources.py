"""Reading one file of a source: by its own bytes, never through a link, never changing it."""

import io
import os
import stat
from dataclasses import dataclass

from ingest import origin
from ingest.origin import Origin
from store import Digests, StoreWriter, copy_hashing


class SourceReadError(Exception):
    """The source could not be read; trouble of the store is never this."""


class _Source(io.RawIOBase):
    """A descriptor to read from; its errors are told apart from those of the store."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        try:
            return os.read(self._fd, size if size >= 0 else 1 << 20)
        except OSError as error:
            raise SourceReadError(error.strerror or str(error)) from error


@dataclass(frozen=True, slots=True)
class Copied:
    """A file in the store, and whether it changed while it was read, twice.

    `origin` and `modified_ns` are of the moment before the bytes that were kept were read.
    """

    digests: Digests
    changed: bool
    origin: Origin
    modified_ns: int


def copy(full: bytes, writer: StoreWriter) -> Copied:
    """Copy a file into the store; read again, once, where it changed meanwhile.

    Raises `SourceReadError` where it cannot be read or is no longer a plain file.
    """
    first = _copy_once(full, writer)
    return _copy_once(full, writer) if first.changed else first


def hashed(full: bytes) -> tuple[str, int]:
    """SHA-256 and size of a file as it is now. Raises `SourceReadError`."""
    fd = opened(full)
    try:
        found = copy_hashing(_Source(fd), lambda _: None)
    finally:
        os.close(fd)
    return found.sha256, found.size


def _copy_once(full: bytes, writer: StoreWriter) -> Copied:
    fd = opened(full)
    try:
        before = os.fstat(fd)
        if not stat.S_ISREG(before.st_mode):
            raise SourceReadError("it is no plain file any more")
        facts = origin.of_descriptor(fd)
        digests = writer.put_stream(_Source(fd))  # type: ignore[arg-type]
        after = os.fstat(fd)
    finally:
        os.close(fd)
    if after.st_atime_ns != before.st_atime_ns:
        facts["access_time_moved"] = True  # its owner alone may read it without that
    same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    stable = same and digests.size == after.st_size
    return Copied(digests, not stable, facts, before.st_mtime_ns)


def opened(full: bytes, kind: int = 0) -> int:
    """Open without following a link, waiting for a pipe or, where it is allowed, touching times.

    `kind` is `os.O_DIRECTORY` for a folder. Raises `SourceReadError`.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | kind
    try:
        return os.open(full, flags | os.O_NOATIME)
    except PermissionError:  # only the owner may leave the access time alone
        try:
            return os.open(full, flags)
        except OSError as error:
            raise SourceReadError(error.strerror or str(error)) from error
    except OSError as error:
        raise SourceReadError(error.strerror or str(error)) from error
