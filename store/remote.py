"""The store behind any fsspec address: `s3://…`, `gs://…`, `memory://…`.

Object stores show an object only when it is whole, so a blob is put under its name at once; on
other file systems it is written beside and moved.
"""

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import fsspec

from records.errors import StoreError
from store.interface import Digests, StoreWriter, is_hash
from store.local import CHUNK, LocalStore, sha256_of

# These show an object only when it is whole; on others a blob is written beside and moved.
_OBJECT_STORES = frozenset({"memory", "s3", "s3a", "gs", "gcs", "abfs", "az"})
_PART = ".part"


class FsspecStore:
    """Blobs behind an fsspec file system."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._fs, self._root = fsspec.core.url_to_fs(address)
        protocols = self._fs.protocol
        names = {protocols} if isinstance(protocols, str) else set(protocols)
        self._whole_objects = bool(names & _OBJECT_STORES)

    def _key(self, sha256: str) -> str:
        return f"{self._root}/{sha256[:2]}/{sha256[2:4]}/{sha256}"

    @contextmanager
    def writing(self) -> Iterator["FsspecWriter"]:
        """Write blobs; see `Store.writing`."""
        with tempfile.TemporaryDirectory(prefix="redwell-") as folder:
            staging = LocalStore(Path(folder))
            with staging.writing() as writer:
                proxy = FsspecWriter(self, writer)
                yield proxy
            for sha256 in staging.hashes():
                self._upload(staging.path(sha256), sha256)

    def _upload(self, path: Path, sha256: str) -> None:
        if self.exists(sha256):
            return
        key = self._key(sha256)
        self._fs.makedirs(key.rsplit("/", 1)[0], exist_ok=True)
        # fsspec's own transactions belong to the file system object, which threads share.
        written = key if self._whole_objects else f"{key}.{secrets.token_hex(8)}{_PART}"
        with path.open("rb") as source, self._fs.open(written, "wb") as target:
            shutil.copyfileobj(source, target, CHUNK)
        if written != key:
            self._fs.mv(written, key)

    def open(self, sha256: str) -> BinaryIO:
        """Open a blob; see `Store.open`."""
        try:
            return cast(BinaryIO, self._fs.open(self._key(sha256), "rb"))
        except FileNotFoundError as error:
            raise StoreError(
                f"The store {self.address} lacks the blob {sha256}; restore it from a backup"
            ) from error

    @contextmanager
    def local_path(self, sha256: str) -> Iterator[Path]:
        """Give a copy of the blob as a file; see `Store.local_path`."""
        with tempfile.TemporaryDirectory(prefix="redwell-") as folder:
            path = Path(folder) / sha256
            with self.open(sha256) as source, path.open("wb") as target:
                shutil.copyfileobj(source, target, CHUNK)
            yield path

    def read_bytes(self, sha256: str) -> bytes:
        """Read a whole blob."""
        with self.open(sha256) as file:
            return file.read()

    def exists(self, sha256: str) -> bool:
        """Tell whether the blob is there."""
        return bool(self._fs.isfile(self._key(sha256)))

    def verify(self, sha256: str) -> bool:
        """Hash the blob again."""
        with self.open(sha256) as file:
            return sha256_of(file) == sha256

    def hashes(self) -> Iterator[str]:
        """Every blob's hash, in order."""
        if self._fs.isdir(self._root):
            keys = self._fs.find(self._root)
            yield from sorted(key.rsplit("/", 1)[1] for key in keys if self._is_blob(key))

    def strays(self) -> Iterator[str]:
        """Every file that is no blob; see `Store.strays`."""
        if self._fs.isdir(self._root):
            for key in sorted(self._fs.find(self._root)):
                if not self._is_blob(key) and not key.endswith(_PART):
                    yield key.removeprefix(f"{self._root}/")

    def _is_blob(self, key: str) -> bool:
        name = key.rsplit("/", 1)[1]
        return is_hash(name) and key == self._key(name)

    def sweep(self) -> int:
        """Remove what writers that died left half-written."""
        if self._whole_objects or not self._fs.isdir(self._root):
            return 0
        left = [key for key in self._fs.find(self._root) if key.endswith(_PART)]
        for key in left:
            self._fs.rm_file(key)
        return len(left)


class FsspecWriter:
    """One batch of blobs, staged locally."""

    def __init__(self, store: FsspecStore, staging: StoreWriter) -> None:
        self._store = store
        self._staging = staging
        self._written: set[str] = set()

    def put_stream(self, stream: BinaryIO, limit: int | None = None) -> Digests:
        """Store a stream; see `StoreWriter.put_stream`."""
        digests = self._staging.put_stream(stream, limit)
        self._written.add(digests.sha256)
        return digests

    def put_bytes(self, data: bytes) -> Digests:
        """Store bytes at hand."""
        digests = self._staging.put_bytes(data)
        self._written.add(digests.sha256)
        return digests

    def open(self, sha256: str) -> BinaryIO:
        """Open a blob, one just written included."""
        if sha256 in self._written:
            return self._staging.open(sha256)
        return self._store.open(sha256)

    @contextmanager
    def local_path(self, sha256: str) -> Iterator[Path]:
        """Give a blob as a file, one just written included."""
        holder: StoreWriter | FsspecStore = (
            self._staging if sha256 in self._written else self._store
        )
        with holder.local_path(sha256) as path:
            yield path
