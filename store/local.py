"""The store in a local folder: `aa/bb/<sha256>`, read-only files.

A writer stages its blobs under `staging/` and makes a whole batch durable at once: sync, rename
each, sync again. A crash before the renames leaves files in `staging/` that `sweep` removes; a
crash among them leaves whole blobs that nobody refers to yet and that the next run meets again.
"""

import ctypes
import hashlib
import io
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from records.errors import StoreError
from store.interface import BlobTooLargeError, Digests, is_hash

CHUNK = 1 << 20
_FRESH = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


class Hashing:
    """SHA-256, SHA-1 and MD5 of a stream in one pass."""

    def __init__(self) -> None:
        self._hashes = (
            hashlib.sha256(),
            hashlib.sha1(usedforsecurity=False),
            hashlib.md5(usedforsecurity=False),
        )
        self._size = 0

    def update(self, data: bytes) -> None:
        """Take in the next bytes."""
        for each in self._hashes:
            each.update(data)
        self._size += len(data)

    def digests(self) -> Digests:
        """What came so far."""
        sha256, sha1, md5 = (each.hexdigest() for each in self._hashes)
        return Digests(sha256, sha1, md5, self._size)


def digests_of(data: bytes) -> Digests:
    """Digests of bytes at hand."""
    hashing = Hashing()
    hashing.update(data)
    return hashing.digests()


def copy_hashing(
    source: BinaryIO | io.RawIOBase, write: Callable[[bytes], object], limit: int | None = None
) -> Digests:
    """Copy a stream while it is hashed; raises `BlobTooLargeError` past `limit` bytes."""
    hashing = Hashing()
    seen = 0
    while chunk := source.read(CHUNK):
        seen += len(chunk)
        if limit is not None and seen > limit:
            raise BlobTooLargeError(limit)
        hashing.update(chunk)
        write(chunk)
    return hashing.digests()


def sha256_of(source: BinaryIO) -> str:
    """SHA-256 of all that a stream still holds, in hexadecimal."""
    digest = hashlib.sha256()
    while chunk := source.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def sync_file_system(folder: Path) -> bool:
    """Flush the whole file system of `folder` (Linux `syncfs`); False where there is none."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "syncfs"):
        return False
    fd = os.open(folder, os.O_RDONLY)
    try:
        if libc.syncfs(fd) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(folder))
        return True
    finally:
        os.close(fd)


def sync_path(path: Path) -> None:
    """Flush one file or folder to the disk."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


class LocalStore:
    """Blobs in a folder of this machine, or of a file system that all workers mount."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.address = str(root)

    def path(self, sha256: str) -> Path:
        """Where a blob stands, whether or not it is there."""
        return self.root / sha256[:2] / sha256[2:4] / sha256

    @contextmanager
    def writing(self) -> Iterator["LocalWriter"]:
        """Write blobs; see `Store.writing`."""
        writer = LocalWriter(self)
        try:
            yield writer
            writer.commit()
        finally:
            writer.close()

    def open(self, sha256: str) -> BinaryIO:
        """Open a blob; see `Store.open`."""
        try:
            return self.path(sha256).open("rb")
        except FileNotFoundError as error:
            raise StoreError(
                f"The store {self.root} lacks the blob {sha256}; restore it from a backup"
            ) from error

    @contextmanager
    def local_path(self, sha256: str) -> Iterator[Path]:
        """Give the blob's own file; see `Store.local_path`."""
        self.open(sha256).close()
        yield self.path(sha256)

    def read_bytes(self, sha256: str) -> bytes:
        """Read a whole blob."""
        with self.open(sha256) as file:
            return file.read()

    def exists(self, sha256: str) -> bool:
        """Tell whether the blob is there."""
        return os.path.isfile(f"{self.root}/{sha256[:2]}/{sha256[2:4]}/{sha256}")  # noqa: PTH113

    def verify(self, sha256: str) -> bool:
        """Hash the blob again."""
        with self.open(sha256) as file:
            return sha256_of(file) == sha256

    def hashes(self) -> Iterator[str]:
        """Every blob's hash, in order."""
        for path, is_blob in self._files():
            if is_blob:
                yield path.rpartition("/")[2]

    def strays(self) -> Iterator[str]:
        """Every file that is no blob; see `Store.strays`."""
        for path, is_blob in self._files():
            if not is_blob:
                yield path

    def _files(self) -> Iterator[tuple[str, bool]]:
        """Every file but those in `staging/`, by its path, in order; whether it is a blob."""
        folders = [""] if self.root.is_dir() else []
        while folders:
            folder = folders.pop()
            with os.scandir(self.root / folder) as entries:
                found = sorted(
                    (f"{folder}{each.name}", each.is_dir(follow_symlinks=False), each.is_symlink())
                    for each in entries
                )
            for path, is_folder, is_link in found:
                if not is_folder:
                    name = path.rpartition("/")[2]
                    at_home = is_hash(name) and path == f"{name[:2]}/{name[2:4]}/{name}"
                    yield path, at_home and not is_link
            folders.extend(
                f"{path}/"
                for path, is_folder, _ in reversed(found)
                if is_folder and path != "staging"
            )

    def sweep(self) -> int:
        """Remove staging folders of writers that died. Call only while no one else writes."""
        removed = 0
        for folder in (self.root / "staging").glob("*"):
            removed += sum(1 for each in folder.iterdir())
            shutil.rmtree(folder)
        return removed

    def send(self, file: Path) -> str:
        """Lay a file down for another process; see `Store.send`."""
        name = secrets.token_hex(16)
        folder = self.root / "staging" / name
        folder.mkdir(parents=True)
        shutil.copyfile(file, folder / "sent")
        return name

    def take(self, name: str, target: Path) -> None:
        """Take what was laid down; see `Store.take`."""
        folder = self.root / "staging" / name
        try:
            shutil.copyfile(folder / "sent", target)
        except FileNotFoundError as error:
            raise StoreError(f"The store {self.root} lacks {name}, which was sent") from error
        shutil.rmtree(folder)


class _Rejoined(io.RawIOBase):
    """A stream whose start was read already."""

    def __init__(self, start: tuple[bytes, ...], rest: BinaryIO) -> None:
        self._start, self._rest = list(start), rest

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._start.pop(0) if self._start else self._rest.read(size)


class LocalWriter:
    """One batch of blobs on its way into a `LocalStore`."""

    def __init__(self, store: LocalStore) -> None:
        self._store = store
        self._staging = store.root / "staging" / secrets.token_hex(8)
        self._staging.mkdir(parents=True)
        self._pending: set[str] = set()
        self._met = False  # a blob that another writer has renamed, and maybe not yet synced

    def put_stream(self, stream: BinaryIO, limit: int | None = None) -> Digests:
        """Store a stream; see `StoreWriter.put_stream`."""
        start = stream.read(CHUNK)
        more = stream.read(CHUNK) if start else b""
        if not more:
            if limit is not None and len(start) > limit:
                raise BlobTooLargeError(limit)
            return self.put_bytes(start)
        temporary = self._staging / "incoming"
        with temporary.open("wb") as file:
            digests = copy_hashing(_Rejoined((start, more), stream), file.write, limit)
        if self._is_new(digests.sha256):
            temporary.chmod(0o444)
            temporary.rename(self._staging / digests.sha256)
            self._pending.add(digests.sha256)
        else:
            temporary.unlink()
        return digests

    def put_bytes(self, data: bytes) -> Digests:
        """Store bytes at hand."""
        digests = digests_of(data)
        if self._is_new(digests.sha256):
            fd = os.open(f"{self._staging}/{digests.sha256}", _FRESH, 0o444)
            try:
                left = memoryview(data)
                while left:
                    left = left[os.write(fd, left) :]
            finally:
                os.close(fd)
            self._pending.add(digests.sha256)
        return digests

    def _is_new(self, sha256: str) -> bool:
        """Whether neither this batch nor the store has a blob."""
        if sha256 in self._pending:
            return False
        if self._store.exists(sha256):
            self._met = True
            return False
        return True

    def open(self, sha256: str) -> BinaryIO:
        """Open a blob, one just written included."""
        if sha256 in self._pending:
            return (self._staging / sha256).open("rb")
        return self._store.open(sha256)

    @contextmanager
    def local_path(self, sha256: str) -> Iterator[Path]:
        """Give a blob's own file, one just written included."""
        if sha256 in self._pending:
            yield self._staging / sha256
            return
        with self._store.local_path(sha256) as path:
            yield path

    def commit(self) -> None:
        """Make every blob of the batch durable and visible."""
        if not self._pending and not self._met:
            return
        whole = sync_file_system(self._staging)
        root, staging = str(self._store.root), str(self._staging)
        folders: set[str] = set()
        for sha256 in sorted(self._pending):
            if not whole:
                sync_path(self._staging / sha256)
            above = f"{root}/{sha256[:2]}"
            folder = f"{above}/{sha256[2:4]}"
            if folder not in folders:
                os.makedirs(folder, exist_ok=True)  # noqa: PTH103 - a million times a day
                folders.update((above, folder))
            os.rename(f"{staging}/{sha256}", f"{folder}/{sha256}")  # noqa: PTH104
        if whole:
            sync_file_system(self._store.root)
        else:
            for folder in (*sorted(folders), root):
                sync_path(Path(folder))
        self._pending.clear()

    def close(self) -> None:
        """Drop what was not committed."""
        shutil.rmtree(self._staging, ignore_errors=True)
