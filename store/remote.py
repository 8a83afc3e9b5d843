"""The store behind any fsspec address: `s3://…`, `gs://…`, `file:///mnt/…`.

Object stores show an object only when it is whole, so a blob is put under its name at once; on
other file systems a batch is written beside, then moved. Where that is a file system that this
machine mounts, all of the batch is on the disk before a blob of it gets its name.
"""

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import fsspec
from fsspec.implementations.local import LocalFileSystem

from records.errors import StoreError
from store.cache import BlobCache
from store.interface import Digests, StoreWriter, is_hash
from store.local import CHUNK, LocalStore, sha256_of, sync_file_system, sync_path

# These show an object only when it is whole; on others a blob is written beside and moved.
_OBJECT_STORES = frozenset({"memory", "s3", "s3a", "gs", "gcs", "abfs", "az"})
_PART = ".part"
_SENT = "sent"
_cache = BlobCache()


class FsspecStore:
    """Blobs behind an fsspec file system."""

    def __init__(self, address: str) -> None:
        self.address = address
        try:
            # No listing is kept: other workers write while we look.
            self._fs, self._root = fsspec.core.url_to_fs(address, use_listings_cache=False)
        except (ImportError, ValueError) as error:
            raise StoreError(f"The store {address} cannot be opened: {error}") from error
        protocols = self._fs.protocol
        names = {protocols} if isinstance(protocols, str) else set(protocols)
        self._whole_objects = bool(names & _OBJECT_STORES)
        self._is_mounted = isinstance(self._fs, LocalFileSystem)

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
            written = [
                (self._put(staging.path(each), self._key(each)), self._key(each))
                for each in staging.hashes()
                if not self.exists(each)
            ]
            if not self._whole_objects:
                self._move(written)

    def _put(self, path: Path, key: str) -> str:
        """Write a file's bytes, whole, under a key or beside it; where they are."""
        # fsspec's own transactions belong to the file system object, which threads share.
        written = key if self._whole_objects else f"{key}.{secrets.token_hex(8)}{_PART}"
        self._fs.makedirs(key.rsplit("/", 1)[0], exist_ok=True)
        self._fs.put_file(str(path), written)
        size = self._fs.info(written)["size"]
        if size != path.stat().st_size:
            self._fs.rm_file(written)
            raise StoreError(
                f"The store {self.address} took {size} of {path.stat().st_size} bytes of a blob: "
                "see that it has room, and run the same command again"
            )
        return written

    def _move(self, written: list[tuple[str, str]]) -> None:
        """Give blobs their names, all of them durable before the first and after the last."""
        if not written:
            return
        whole = self._is_mounted and sync_file_system(Path(self._root))
        for source, target in written:
            if self._is_mounted:
                Path(source).chmod(0o444)
                if not whole:
                    sync_path(Path(source))
            self._fs.mv(source, target)
        if whole:
            sync_file_system(Path(self._root))

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
        """Give the blob's own file where it is mounted, else a copy; see `Store.local_path`."""
        if self._is_mounted:
            self.open(sha256).close()
            yield Path(self._key(sha256))
            return
        with _cache.held(sha256, lambda path: self._fetch(sha256, path)) as path:
            yield path

    def _fetch(self, sha256: str, path: Path) -> None:
        with self.open(sha256) as source, path.open("wb") as target:
            shutil.copyfileobj(source, target, CHUNK)

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
        """Remove what writers that died left half-written, and what was sent to nobody."""
        where = f"{self._root}/{_SENT}" if self._whole_objects else self._root
        if not self._fs.isdir(where):
            return 0
        left = [key for key in self._fs.find(where) if key.endswith(_PART)]
        for key in left:
            self._fs.rm_file(key)
        return len(left)

    def send(self, file: Path) -> str:
        """Lay a file down for another process; see `Store.send`."""
        name = f"{secrets.token_hex(16)}{_PART}"
        self._fs.makedirs(f"{self._root}/{_SENT}", exist_ok=True)
        self._fs.put_file(str(file), f"{self._root}/{_SENT}/{name}")
        return name

    def take(self, name: str, target: Path) -> None:
        """Take what was laid down; see `Store.take`."""
        key = f"{self._root}/{_SENT}/{name}"
        try:
            self._fs.get_file(key, str(target))
        except FileNotFoundError as error:
            raise StoreError(f"The store {self.address} lacks {name}, which was sent") from error
        self._fs.rm_file(key)


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
