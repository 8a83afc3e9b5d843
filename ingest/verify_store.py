"""Verifies the store against the record: every blob hashed again, none missing, none too many.

The list of what must be there and the list of what is there come in the order of the hashes, so
they are compared as they pass by and neither is ever held.
"""

import random
import secrets
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import batched
from typing import Any

import sqlalchemy as sa

from ingest import referenced
from ingest.findings import Finding, Findings
from ingest.referenced import Expected
from ingest.rehash import BlobBatch, BlobResult, hash_blobs
from ingest.verify_manifests import verify_manifests
from records import audit
from records.case import Case
from records.engine import Engine, TaskFailure
from records.options import Advance
from records.streams import halves
from store import Store, open_store

BATCH_BLOBS = 200
BATCH_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class StoreReport:
    """What verifying the store found; `expected` = hashed + missing + left out by the sample.

    `seed` drew the sample: the same seed draws the same blobs of the same record again.
    """

    expected: int
    hashed: int
    bytes: int
    sample: int | None
    seed: int | None
    missing: int
    damaged: int
    not_hashed: int
    extra: int
    strays: int
    collections: int
    manifest_faults: int

    @property
    def holds(self) -> bool:
        """Whether the store holds all that the record says, as the record says it."""
        return not (self.missing or self.damaged or self.not_hashed or self.manifest_faults)

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self) | {"holds": self.holds}


def verify_store(
    case: Case,
    engine: Engine,
    findings: Findings,
    sample: int | None = None,
    progress: Advance | None = None,
) -> StoreReport:
    """Verify the store and put on record that it was done. The caller holds the case."""
    seed = None if sample is None else secrets.randbits(32)
    store = open_store(case.store_address)
    job = _Job(case, store, findings, progress)
    with case.read() as connection:
        present = job.present(connection)
        if sample is not None:
            present = iter(_drawn(present, sample, seed))
        job.hash(engine, present)
        for path in store.strays():
            findings.add(Finding("stray", path, "no blob"))
        collections = verify_manifests(case, connection, store, findings)
    counts = findings.counts
    report = StoreReport(
        expected=job.expected,
        hashed=job.hashed,
        bytes=job.bytes,
        sample=sample,
        seed=seed,
        missing=counts["missing"],
        damaged=counts["damaged"],
        not_hashed=counts["not hashed"],
        extra=counts["extra"],
        strays=counts["stray"],
        collections=collections,
        manifest_faults=counts["manifest"],
    )
    with case.write() as connection:
        audit.append(connection, "store verified", **report.to_json())
    return report


def _drawn(blobs: Iterable[Expected], count: int, seed: int | None) -> list[Expected]:
    """So many of the blobs, each as likely as the others, in their order (reservoir sampling)."""
    chance = random.Random(seed)  # noqa: S311 - a sample, no secret
    kept: list[tuple[int, Expected]] = []
    for number, blob in enumerate(blobs):
        if len(kept) < count:
            kept.append((number, blob))
        elif (place := chance.randrange(number + 1)) < count:
            kept[place] = (number, blob)
    return [blob for _, blob in sorted(kept, key=lambda each: each[0])]


def _pieces(batch: BlobBatch) -> list[BlobBatch]:
    """Half of the blobs each."""
    return [BlobBatch(batch.store_address, tuple(half)) for half in halves(batch.blobs)]


class _Job:
    """One verification under way."""

    def __init__(
        self, case: Case, store: Store, findings: Findings, progress: Advance | None
    ) -> None:
        self.expected = self.hashed = self.bytes = 0
        self._case, self._store, self._findings = case, store, findings
        self._progress = progress
        self._started = time.monotonic()

    def present(self, connection: sa.Connection) -> Iterator[Expected]:
        """What the record refers to and the store has; the others become findings."""
        stored = self._store.hashes()
        at = next(stored, None)
        for blob in referenced.expected(connection, self._store):
            self.expected += 1
            while at is not None and at < blob.sha256:
                self._findings.add(Finding("extra", at, "nothing on record refers to it"))
                at = next(stored, None)
            if at == blob.sha256:
                at = next(stored, None)
                yield blob
            else:
                self._findings.add(Finding("missing", blob.sha256, "not in the store"))
        while at is not None:
            self._findings.add(Finding("extra", at, "nothing on record refers to it"))
            at = next(stored, None)

    def hash(self, engine: Engine, blobs: Iterator[Expected]) -> None:
        """Hash them all, by the workers."""
        batches = (BlobBatch(self._case.store_address, each) for each in _batched(blobs))
        for batch, result in engine.map_ordered(hash_blobs, batches, pieces=_pieces):
            if isinstance(result, TaskFailure):
                self._lost(batch, result)
            else:
                self._take(batch, result)
            if self._progress is not None:
                seconds = max(time.monotonic() - self._started, 0.001)
                self._progress(len(batch.blobs), f"({self.bytes / 1e6 / seconds:,.0f} MB/s)")

    def _take(self, batch: BlobBatch, result: BlobResult) -> None:
        gone = sum(1 for each in result.faults if each.state == "missing")
        self.hashed += len(batch.blobs) - gone
        self.bytes += result.bytes
        for each in result.faults:
            self._findings.add(Finding(each.state, each.sha256, each.message))

    def _lost(self, batch: BlobBatch, failure: TaskFailure) -> None:
        for each in batch.blobs:
            text = f"the worker that hashed it died: {failure.reason}"
            self._findings.add(Finding("not hashed", each.sha256, text))


def _batched(blobs: Iterator[Expected]) -> Iterator[tuple[Expected, ...]]:
    """So many to a batch that none takes long; the size of what Redwell made is not known."""
    some: list[Expected] = []
    size = 0
    for each in blobs:
        some.append(each)
        size += max((known.size for known in each.originals), default=0)
        if len(some) >= BATCH_BLOBS or size >= BATCH_BYTES:
            yield tuple(some)
            some, size = [], 0
    if some:
        yield tuple(some)


def described(case: Case, findings: Findings) -> Iterator[dict[str, Any]]:
    """The findings with the documents that they concern."""
    with case.read() as connection:
        for some in batched(findings, 500):
            hashes = [each.what for each in some if each.state in ("missing", "damaged")]
            hashes += [each.what for each in some if each.state == "not hashed"]
            known = referenced.holders(connection, hashes) if hashes else {}
            for each in some:
                row: dict[str, Any] = {"state": each.state, "what": each.what}
                row |= {"message": each.message} if each.message else {}
                row |= {"collection": each.collection} if each.collection is not None else {}
                held = [asdict(holder) for holder in known.get(each.what, ())]
                yield row | ({"held_by": held} if held else {})
