"""Originals, texts and page images by content hash."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from store.interface import BlobTooLargeError, Digests, Store, StoreWriter, is_hash
from store.local import (
    LocalStore,
    copy_hashing,
    digests_of,
    sha256_of,
    sync_file_system,
    sync_path,
)

if TYPE_CHECKING:
    from records.case import Case

__all__ = [
    "BlobTooLargeError",
    "Digests",
    "LocalStore",
    "Store",
    "StoreWriter",
    "copy_hashing",
    "digests_of",
    "is_hash",
    "open_store",
    "sha256_of",
    "sync_file_system",
    "sync_path",
    "working",
]


@contextmanager
def working(case: "Case", stage: str) -> Iterator[None]:
    """Hold the case for a stage that writes, its store swept of what dead writers left."""
    with case.exclusive(stage):
        open_store(case.store_address).sweep()
        yield


def open_store(address: str) -> Store:
    """Open the store at a local folder or at an fsspec address such as `s3://bucket/case`."""
    if "://" in address:
        from store.remote import FsspecStore  # children that read evidence need none of it

        return FsspecStore(address)
    return LocalStore(Path(address))
