"""The store's contract: bytes by their SHA-256, written once and never changed."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

_DIGITS = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Digests:
    """The identity of some bytes; hexadecimal in lower case, size in bytes."""

    sha256: str
    sha1: str
    md5: str
    size: int


class StoreWriter(Protocol):
    """Takes blobs in; they are durable, and to be seen by others, when its context ends well."""

    def put_stream(self, stream: BinaryIO, limit: int | None = None) -> Digests:
        """Store all that `stream` still holds and return its digests.

        Raises `BlobTooLargeError` once more than `limit` bytes came; nothing is kept then.
        """

    def put_bytes(self, data: bytes) -> Digests:
        """Store `data` and return its digests."""

    def open(self, sha256: str) -> BinaryIO:
        """Open a blob of this store, one just written included."""

    def local_path(self, sha256: str) -> AbstractContextManager[Path]:
        """Give a blob, one just written included, as a file; see `Store.local_path`."""


def is_hash(name: str) -> bool:
    """Whether a name is that of a blob."""
    return len(name) == 64 and not set(name) - _DIGITS


class Store(Protocol):
    """Blobs by hash; every back end passes tests/test_store_conformance.py."""

    address: str

    def writing(self) -> AbstractContextManager[StoreWriter]:
        """Write blobs; the end of the context makes all of them durable, an error none."""

    def open(self, sha256: str) -> BinaryIO:
        """Open a blob for reading; raises `StoreError` where it is missing."""

    def local_path(self, sha256: str) -> AbstractContextManager[Path]:
        """Give the blob as a file for programs that need one. It must not be written to."""

    def read_bytes(self, sha256: str) -> bytes:
        """Read a whole blob; raises `StoreError` where it is missing."""

    def exists(self, sha256: str) -> bool:
        """Tell whether the blob is there."""

    def verify(self, sha256: str) -> bool:
        """Hash the blob again; False where its bytes are not those of its name."""

    def hashes(self) -> Iterator[str]:
        """Every blob's hash, in order."""

    def strays(self) -> Iterator[str]:
        """Every file that stands where blobs do and is none, by its path in the store."""

    def sweep(self) -> int:
        """Remove what writers that died left behind; the number of files removed."""

    def send(self, file: Path) -> str:
        """Lay a file down for another process, by a name; no blob, and swept with the rest."""

    def take(self, name: str, target: Path) -> None:
        """Take what was laid down, and remove it; raises `StoreError` where it is missing."""


class BlobTooLargeError(Exception):
    """More bytes came than the caller allowed; none of them were kept."""
