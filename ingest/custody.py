"""The custody record of a collection: what was taken, from where, by whom, and its hashes."""

import json
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from ingest.names import shown
from ingest.record import Collection, tool_versions
from records import audit, times
from records.case import Case
from store import open_store

MANIFEST = "manifest-sha256.txt"
MISSING = "not-collected.txt"
RECORD = "custody.json"


_ENCODED = ((b"%", b"%25"), (b"\n", b"%0A"), (b"\r", b"%0D"))


class Manifest:
    """The manifest of a collection while it is written: `<sha256>  <path>` a line.

    Lines are those of a BagIt manifest (RFC 8493 section 2.1.3) but for `data/`: paths are
    relative to the source, with "/", and line ends and "%" in them are percent-encoded. The bytes
    of a path are those of the file system. Files whose bytes could not be had stand in a list of
    their own, path by path.
    """

    def __init__(self, case: Case) -> None:
        case.scratch_folder.mkdir(parents=True, exist_ok=True)
        self.path = case.scratch_folder / MANIFEST
        self.missing = case.scratch_folder / MISSING
        self._file: BinaryIO = self.path.open("wb")
        self._missing: BinaryIO = self.missing.open("wb")
        self.files = 0

    def add(self, path: bytes, sha256: str | None) -> None:
        """Add a file; one whose bytes could not be had goes on the other list."""
        if sha256 is None:
            self._missing.write(encoded(path) + b"\n")
            return
        self._file.write(sha256.encode() + b"  " + encoded(path) + b"\n")
        self.files += 1

    def flush(self) -> None:
        """Write out what is held back."""
        self._file.flush()
        self._missing.flush()

    def __enter__(self) -> "Manifest":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._missing.close()


def encoded(path: bytes) -> bytes:
    """A path as a manifest has it."""
    for raw, code in _ENCODED:
        path = path.replace(raw, code)
    return path


def decoded(path: bytes) -> bytes:
    """A path of a manifest as it was."""
    for raw, code in reversed(_ENCODED):
        path = path.replace(code, raw)
    return path


def entries(manifest: BinaryIO) -> Iterator[tuple[bytes, str]]:
    """Path and SHA-256 of each line of a manifest; raises `ValueError` for what is none."""
    for line in manifest:
        sha256, gap, path = line[:64], line[64:66], line[66:-1]
        if gap != b"  " or not path or not line.endswith(b"\n"):
            raise ValueError(f"a line is none of a manifest: {shown(line)}")
        yield decoded(path), sha256.decode("ascii", "replace")


def keep(
    case: Case, collection: Collection, manifest: Path, counts: dict[str, Any]
) -> tuple[str, str]:
    """Put manifest and custody record into the store and the case's logs; their SHA-256."""
    folder = log_folder(case, collection.id)
    folder.mkdir(parents=True, exist_ok=True)
    missing = manifest.with_name(MISSING)
    store = open_store(case.store_address)
    with store.writing() as writer:
        with manifest.open("rb") as file:
            listed = writer.put_stream(file).sha256
        with missing.open("rb") as file:
            lost = writer.put_stream(file)
        told = _record(case, collection, listed, counts)
        told["not_collected"] = {"name": MISSING, "sha256": lost.sha256, "bytes": lost.size}
        text = json.dumps(told, ensure_ascii=False, indent=2)
        record = writer.put_bytes(text.encode() + b"\n").sha256
    _replace(folder / MANIFEST, lambda target: shutil.copyfile(manifest, target))
    _replace(folder / MISSING, lambda target: shutil.copyfile(missing, target))
    _replace(folder / RECORD, lambda target: target.write_text(text + "\n", encoding="utf-8"))
    return listed, record


def log_folder(case: Case, collection: int) -> Path:
    """Where a collection's manifest and custody record stand for people to read."""
    return case.folder / "logs" / f"collection-{collection:04d}"


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file beside and move it, so that no half of one is ever seen."""
    new = path.with_suffix(".new")
    write(new)
    new.replace(path)


def _record(
    case: Case, collection: Collection, manifest: str, counts: dict[str, Any]
) -> dict[str, Any]:
    info = case.info()
    return {
        "case": {"number": info.number, "caption": info.caption},
        "collection": collection.id,
        "custodian": collection.custodian,
        "source": collection.source,
        "collected_by": audit.actor(),
        "host": socket.gethostname(),
        "started_at": collection.started_at,
        "finished_at": times.now(),
        "settings": case.settings.model_dump(),
        "tools": tool_versions(),
        "counts": counts,
        "manifest": {"name": MANIFEST, "sha256": manifest},
    }
