"""The custody record of a collection: what was taken, from where, by whom, and its hashes."""

import json
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from ingest.record import Collection, tool_versions
from records import audit, times
from records.case import Case
from store import open_store

MANIFEST = "manifest-sha256.txt"
RECORD = "custody.json"


class Manifest:
    """The manifest of a collection while it is written: `<sha256>  <path>` a line.

    As in BagIt (RFC 8493 section 2.1.3): paths are relative to the source, with "/", and line
    ends and "%" in them are percent-encoded. The bytes of a path are those of the file system.
    """

    def __init__(self, case: Case) -> None:
        case.scratch_folder.mkdir(parents=True, exist_ok=True)
        self.path = case.scratch_folder / MANIFEST
        self._file: BinaryIO = self.path.open("wb")
        self.files = 0

    def add(self, path: bytes, sha256: str | None) -> None:
        """Add a file; one whose bytes could not be had has no line."""
        if sha256 is None:
            return
        for raw, encoded in ((b"%", b"%25"), (b"\n", b"%0A"), (b"\r", b"%0D")):
            path = path.replace(raw, encoded)
        self._file.write(sha256.encode() + b"  " + path + b"\n")
        self.files += 1

    def flush(self) -> None:
        """Write out what is held back."""
        self._file.flush()

    def __enter__(self) -> "Manifest":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def keep(
    case: Case, collection: Collection, manifest: Path, counts: dict[str, Any]
) -> tuple[str, str]:
    """Put manifest and custody record into the store and the case's logs; their SHA-256."""
    folder = case.folder / "logs" / f"collection-{collection.id:04d}"
    folder.mkdir(parents=True, exist_ok=True)
    store = open_store(case.store_address)
    with store.writing() as writer:
        with manifest.open("rb") as file:
            listed = writer.put_stream(file).sha256
        text = json.dumps(_record(case, collection, listed, counts), ensure_ascii=False, indent=2)
        told = writer.put_bytes(text.encode() + b"\n").sha256
    _replace(folder / MANIFEST, lambda target: shutil.copyfile(manifest, target))
    _replace(folder / RECORD, lambda target: target.write_text(text + "\n", encoding="utf-8"))
    return listed, told


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
