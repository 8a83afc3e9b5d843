"""Hashing again, by workers: blobs of the store, and files of a source."""

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

from ingest import sources
from ingest.referenced import Expected
from records.errors import StoreError
from store import Digests, Store, copy_hashing, open_store, sha256_of


@dataclass(frozen=True, slots=True)
class BlobBatch:
    """Blobs for one worker to hash."""

    store_address: str
    blobs: tuple[Expected, ...]


@dataclass(frozen=True, slots=True)
class BlobFault:
    """A blob that is not as the record has it: missing, damaged or unreadable."""

    sha256: str
    state: str
    message: str


@dataclass(frozen=True, slots=True)
class BlobResult:
    """What hashing a batch gave."""

    bytes: int
    faults: tuple[BlobFault, ...]


def hash_blobs(batch: BlobBatch) -> BlobResult:
    """Hash blobs again: SHA-256 of all, SHA-1 and MD5 too of originals."""
    store = open_store(batch.store_address)
    read, faults = 0, []
    for blob in batch.blobs:
        try:
            size, wrong = _checked(store, blob)
        except StoreError:
            faults.append(BlobFault(blob.sha256, "missing", "gone while the store was verified"))
            continue
        except OSError as error:
            text = f"cannot be read: {error.strerror or error}"
            faults.append(BlobFault(blob.sha256, "damaged", text))
            continue
        read += size
        if wrong:
            faults.append(BlobFault(blob.sha256, "damaged", wrong))
    return BlobResult(read, tuple(faults))


def _checked(store: Store, blob: Expected) -> tuple[int, str]:
    """The size of a blob, and what is wrong with it; empty where nothing is."""
    with store.open(blob.sha256) as file:
        _past_the_cache(file)
        if not blob.originals:
            sha256 = sha256_of(file)
            wrong = "" if sha256 == blob.sha256 else f"its SHA-256 is {sha256}"
            return file.tell(), wrong
        found = copy_hashing(file, lambda _: None)
    return found.size, _compared(blob, found)


def _past_the_cache(file: BinaryIO) -> None:
    """Have the disk read, not the memory that the system keeps of it (posix_fadvise(2))."""
    with suppress(OSError, AttributeError, ValueError):
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _compared(blob: Expected, found: Digests) -> str:
    if found.sha256 != blob.sha256:
        return f"its SHA-256 is {found.sha256}, its size {found.size}"
    for known in blob.originals:
        if known.sha1 not in (None, found.sha1):
            return f"its SHA-1 is {found.sha1}, on record {known.sha1}"
        if known.md5 not in (None, found.md5):
            return f"its MD5 is {found.md5}, on record {known.md5}"
        if known.size != found.size:
            return f"its size is {found.size}, on record {known.size}"
    return ""


@dataclass(frozen=True, slots=True)
class SourceBatch:
    """Files of a source for one worker to hash; each with the SHA-256 that was collected."""

    root: bytes
    lines: tuple[tuple[bytes, str], ...]


@dataclass(frozen=True, slots=True)
class SourceFault:
    """A file that is not what was collected: changed, gone or unreadable."""

    path: bytes
    state: str
    message: str


@dataclass(frozen=True, slots=True)
class SourceResult:
    """What hashing a batch gave."""

    bytes: int
    faults: tuple[SourceFault, ...]


def hash_sources(batch: SourceBatch) -> SourceResult:
    """Hash files of a source again; nothing is written, and no access time moved that need not."""
    read, faults = 0, []
    for path, sha256 in batch.lines:
        full = os.path.join(batch.root, path)  # noqa: PTH118 - bytes
        try:
            found = os.lstat(full)
        except (FileNotFoundError, NotADirectoryError):
            faults.append(SourceFault(path, "gone", ""))
            continue
        except OSError as error:
            faults.append(SourceFault(path, "unreadable", str(error.strerror or error)))
            continue
        if not stat.S_ISREG(found.st_mode):
            faults.append(SourceFault(path, "changed", "no plain file any more"))
            continue
        try:
            seen, size = sources.hashed(full)
        except sources.SourceReadError as error:
            faults.append(SourceFault(path, "unreadable", str(error)))
            continue
        read += size
        if seen != sha256:
            faults.append(SourceFault(path, "changed", f"its SHA-256 is {seen}"))
    return SourceResult(read, tuple(faults))
