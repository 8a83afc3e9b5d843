"""Verifies a source against what was collected from it: the same, changed, gone, new.

The source is only read. What was collected is told by the collection's manifest.
"""

import hashlib
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import batched
from pathlib import Path
from typing import Any

from ingest import custody
from ingest.completed import Done, not_collected
from ingest.findings import Finding, Findings
from ingest.names import shown
from ingest.referenced import audited
from ingest.rehash import SourceBatch, SourceFault, SourceResult, hash_sources
from ingest.walk import root_of, walk
from records import audit
from records.case import Case
from records.engine import Engine, TaskFailure
from records.options import Advance
from records.streams import halves
from store import Store, open_store

BATCH_FILES = 100


@dataclass(frozen=True, slots=True)
class SourceReport:
    """What verifying a source found; `collected` = same + changed + gone + unreadable.

    `there` is false where the source as a whole is not there: then nothing was compared. `new`
    files came after the collection; `not_collected` could not be read then.
    """

    collection: int
    custodian: str
    source: str
    there: bool
    collected: int
    bytes: int
    same: int
    changed: int
    gone: int
    unreadable: int
    new: int
    not_collected: int

    @property
    def holds(self) -> bool:
        """Whether all that was collected is still there, as it was."""
        return not (self.changed or self.gone or self.unreadable)

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


def verify_source(
    case: Case,
    engine: Engine,
    done: Done,
    place: Path,
    findings: Findings,
    progress: Advance | None = None,
) -> SourceReport:
    """Hash the files of a source again and put on record that it was done."""
    job = _Job(case, done, findings, progress)
    there = place.exists()
    if there:
        job.compare(engine, place.resolve())
    counts = job.counts
    report = SourceReport(
        collection=done.id,
        custodian=done.custodian,
        source=shown(bytes(place)),
        there=there,
        collected=job.collected,
        bytes=job.bytes,
        same=job.collected - counts["changed"] - counts["gone"] - counts["unreadable"],
        **counts,
        not_collected=job.not_collected,
    )
    with case.write() as connection:
        audit.append(connection, "source verified", **report.to_json())
    return report


def _pieces(batch: SourceBatch) -> list[SourceBatch]:
    """Half of the files each."""
    return [SourceBatch(batch.root, tuple(half)) for half in halves(batch.lines)]


def _survived(batch: SourceBatch, result: SourceResult | TaskFailure) -> SourceResult:
    if not isinstance(result, TaskFailure):
        return result
    text = f"the worker that read it died: {result.reason}"
    return SourceResult(0, tuple(SourceFault(path, "unreadable", text) for path, _ in batch.lines))


class _Job:
    """One verification under way."""

    def __init__(
        self, case: Case, done: Done, findings: Findings, progress: Advance | None
    ) -> None:
        self.collected = self.bytes = self.not_collected = 0
        self.counts = {"changed": 0, "gone": 0, "unreadable": 0, "new": 0}
        self._case, self._done, self._findings = case, done, findings
        self._progress = progress
        self._started = time.monotonic()

    def compare(self, engine: Engine, place: Path) -> None:
        """Hash what is on the manifest, then walk for what is not."""
        store = open_store(self._case.store_address)
        seen: set[bytes] = set()  # 16 bytes a file
        batches = self._batches(store, root_of(place), seen)
        for batch, result in engine.map_ordered(hash_sources, batches, pieces=_pieces):
            self._take(_survived(batch, result), len(batch.lines))
        with self._case.read() as connection:
            told = audited(connection).get(self._done.id)
        lost = not_collected(store, told.custody) if told else []
        seen.update(_key(path) for path in lost)
        self.not_collected = len(lost)
        for file in walk(place):
            if _key(file.path) not in seen:
                self._found("new", file.path, "" if file.kind == "file" else file.kind)

    def _batches(self, store: Store, root: bytes, seen: set[bytes]) -> Iterator[SourceBatch]:
        with store.open(self._done.manifest) as manifest:
            for lines in batched(custody.entries(manifest), BATCH_FILES):
                seen.update(_key(path) for path, _ in lines)
                self.collected += len(lines)
                yield SourceBatch(root, lines)

    def _take(self, result: SourceResult, files: int) -> None:
        self.bytes += result.bytes
        for each in result.faults:
            self._found(each.state, each.path, each.message)
        if self._progress is not None:
            seconds = max(time.monotonic() - self._started, 0.001)
            self._progress(files, f"({self.bytes / 1e6 / seconds:,.0f} MB/s)")

    def _found(self, state: str, path: bytes, message: str) -> None:
        self.counts[state] += 1
        self._findings.add(Finding(state, shown(path), message, self._done.id))


def _key(path: bytes) -> bytes:
    return hashlib.blake2b(path, digest_size=16).digest()
