"""Writes a collection as a bag (RFC 8493): its files, as collected, with manifests and custody.

The bag is made in `.NAME.redwell-new` beside its place and renamed when it is whole; the rename
and the act's entry in the audit chain are one transaction. Payload comes from the store and is
hashed on its way: what is not what the manifest of the collection says stops the bag.
"""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from ingest import custody
from ingest.bag_names import Names
from ingest.bag_tags import Labels, bag_info, percent, write_not_collected
from ingest.completed import Done, not_collected
from ingest.names import shown
from ingest.plan import own_folders
from ingest.referenced import Told, audited
from records import audit
from records.case import Case
from records.errors import CustodyError, DiskFullError, StoreError
from records.options import Advance
from records.sheets import Sheet
from store import Store, copy_hashing, open_store, sync_file_system, sync_path

HASHES = ("sha256", "sha1", "md5")
_TAGS = "redwell"  # the folder of our own tag files


@dataclass(frozen=True, slots=True)
class BagReport:
    """A bag that was made; `renamed` files could not keep their names on disk."""

    collection: int
    folder: str
    files: int
    bytes: int
    renamed: int
    not_collected: int
    hashes: tuple[str, ...]
    tagmanifest_sha256: str

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


def bag(
    case: Case,
    done: Done,
    folder: Path,
    hashes: Sequence[str] = ("sha256",),
    labels: Labels | None = None,
    progress: Advance | None = None,
) -> BagReport:
    """Write a collection as a bag. Raises `CustodyError` before anything is written.

    Raises `StoreError` where the store does not hold what was collected; no bag is left then.
    """
    plain = folder.name not in ("", "..")
    target = folder.parent.resolve() / folder.name if plain else folder.resolve()
    wanted = tuple(each for each in HASHES if each == "sha256" or each in hashes)
    _refuse(case, target)
    with case.read() as connection:
        told = audited(connection).get(done.id)
    if told is None:
        raise CustodyError(f"The audit chain tells nothing of collection {done.id}")
    with _partial(target) as partial:
        job = _Bag(case, done, told, partial, wanted, progress)
        job.write(labels or Labels())
        if not sync_file_system(partial):
            os.sync()
        report = job.report(target)
        _make_real(case, partial, target, report)
    return report


def _make_real(case: Case, partial: Path, target: Path, report: BagReport) -> None:
    """Rename, and say so in the audit chain; where that cannot be said, rename back."""
    renamed = False
    try:
        with case.write() as connection:
            audit.append(connection, "collection bagged", **report.to_json())
            partial.rename(target)
            renamed = True
            sync_path(target.parent)
    except BaseException:
        if renamed:
            target.rename(partial)
        raise


def _refuse(case: Case, target: Path) -> None:
    if os.path.lexists(target):
        raise CustodyError(f"{target} is there already; name a folder that is not")
    if not target.parent.is_dir():
        raise CustodyError(f"There is no folder {target.parent} to make the bag in")
    for ours in own_folders(case):
        if ours in target.parents:
            raise CustodyError(f"{target} lies in the case's own {ours}; name a folder elsewhere")


@contextmanager
def _partial(target: Path) -> Iterator[Path]:
    """The folder that a bag is made in, empty; what a run that was cut off left is removed.

    It is held by a lock while it is written, so that two runs never write the same one. After an
    error it is removed; what is still there when the system dies is not.
    """
    partial = target.with_name(f".{target.name}.redwell-new")
    partial.mkdir(exist_ok=True)
    fd = os.open(partial, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CustodyError(f"Another process is making {target}") from error
        for each in partial.iterdir():
            shutil.rmtree(each) if each.is_dir() and not each.is_symlink() else each.unlink()
        try:
            yield partial
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
    finally:
        os.close(fd)


@dataclass(slots=True)
class _Tally:
    files: int = 0
    bytes: int = 0
    renamed: int = 0
    lost: int = 0
    tagmanifest: str = ""
    tags: list[str] = field(default_factory=list)


class _Bag:
    """One bag on its way."""

    def __init__(
        self,
        case: Case,
        done: Done,
        told: Told,
        folder: Path,
        hashes: tuple[str, ...],
        progress: Advance | None,
    ) -> None:
        self._case, self._done, self._told = case, done, told
        self._folder, self._hashes, self._progress = folder, hashes, progress
        self._store: Store = open_store(case.store_address)
        self._tally = _Tally()

    def write(self, labels: Labels) -> None:
        """Write payload, manifests and tag files."""
        self._refuse_full_disk()
        (self._folder / "data").mkdir()
        (self._folder / _TAGS).mkdir()
        with ExitStack() as held:
            manifests = {
                name: held.enter_context(self._tag(f"manifest-{name}.txt")) for name in self._hashes
            }
            names = held.enter_context(self._tag(f"{_TAGS}/names.csv"))
            self._payload(manifests, names)
        self._custody()
        lost = not_collected(self._store, self._told.custody)
        self._tally.lost = len(lost)
        with self._tag(f"{_TAGS}/not-collected.csv") as file:
            write_not_collected(self._case, self._done, lost, file)
        with self._tag("bagit.txt") as file:
            file.write(b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
        with self._tag("bag-info.txt") as file:
            oxum = f"{self._tally.bytes}.{self._tally.files}"
            text = bag_info(self._case, self._done, labels, self._told.custody, oxum)
            file.write(text.encode())
        self._tag_manifests()

    def report(self, target: Path) -> BagReport:
        """What was made."""
        tally = self._tally
        return BagReport(
            collection=self._done.id,
            folder=str(target),
            files=tally.files,
            bytes=tally.bytes,
            renamed=tally.renamed,
            not_collected=tally.lost,
            hashes=self._hashes,
            tagmanifest_sha256=tally.tagmanifest,
        )

    def _refuse_full_disk(self) -> None:
        needed = self._done.bytes
        free = shutil.disk_usage(self._folder).free
        if needed > free:
            raise DiskFullError(
                f"The bag needs {needed:,} bytes and {self._folder.parent} has {free:,} free: make "
                "room or name a folder elsewhere"
            )

    def _tag(self, path: str) -> BinaryIO:
        self._tally.tags.append(path)
        return (self._folder / path).open("xb")

    def _payload(self, manifests: dict[str, BinaryIO], renamed: BinaryIO) -> None:
        names = Names(self._folder / "data")
        sheet = Sheet(
            renamed.write, ("name in the bag", "path as collected", "path, percent-encoded")
        )
        with self._store.open(self._done.manifest) as manifest:
            for path, sha256 in custody.entries(manifest):
                name, file = names.open(path)
                with file:
                    digests = self._copied(sha256, path, file)
                for algorithm, target in manifests.items():
                    line = f"{digests[algorithm]}  data/".encode() + custody.encoded(name.encode())
                    target.write(line + b"\n")
                if name.encode() != path:
                    self._tally.renamed += 1
                    sheet.row(f"data/{name}", shown(path), percent(path))
                if self._progress is not None:
                    self._progress(1)

    def _copied(self, sha256: str, path: bytes, target: BinaryIO) -> dict[str, str]:
        with self._store.open(sha256) as source:
            found = copy_hashing(source, target.write)
        if found.sha256 != sha256:
            raise StoreError(
                f"The store holds other bytes than {sha256} under that name (for {shown(path)}): "
                "restore the blob from a backup; 'redwell verify store' names all that is damaged"
            )
        self._tally.files += 1
        self._tally.bytes += found.size
        return {"sha256": found.sha256, "sha1": found.sha1, "md5": found.md5}

    def _custody(self) -> None:
        """The custody record and the manifest as they were kept when the collection ended."""
        for name, sha256 in (
            (custody.RECORD, self._told.custody),
            (custody.MANIFEST, self._done.manifest),
        ):
            with self._store.open(sha256) as source, self._tag(f"{_TAGS}/{name}") as target:
                found = copy_hashing(source, target.write)
            if found.sha256 != sha256:
                raise StoreError(f"The store holds other bytes than {sha256} under that name")

    def _tag_manifests(self) -> None:
        """Hashes of all tag files but the tag manifests themselves (section 2.2.1)."""
        found = {path: _hashed(self._folder / path) for path in sorted(self._tally.tags)}
        for algorithm in self._hashes:
            text = "".join(f"{digests[algorithm]}  {path}\n" for path, digests in found.items())
            (self._folder / f"tagmanifest-{algorithm}.txt").write_text(text, encoding="utf-8")
            if algorithm == "sha256":
                self._tally.tagmanifest = hashlib.sha256(text.encode()).hexdigest()


def _hashed(path: Path) -> dict[str, str]:
    with path.open("rb") as file:
        found = copy_hashing(file, lambda _: None)
    return {"sha256": found.sha256, "sha1": found.sha1, "md5": found.md5}
