"""Originals, texts and page images by content hash."""

from pathlib import Path

from store.interface import BlobTooLargeError, Digests, Store, StoreWriter
from store.local import LocalStore, digests_of
from store.remote import FsspecStore

__all__ = [
    "BlobTooLargeError",
    "Digests",
    "LocalStore",
    "Store",
    "StoreWriter",
    "digests_of",
    "open_store",
]


def open_store(address: str) -> Store:
    """Open the store at a local folder or at an fsspec address such as `s3://bucket/case`."""
    if "://" in address:
        return FsspecStore(address)
    return LocalStore(Path(address))
