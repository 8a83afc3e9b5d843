"""The coordinator of processing: hands out batches, and alone writes what came of them.

A batch's transaction is its commit point. Results are committed in the order of the control
numbers of their roots, so the numbers that children get do not depend on workers or on kills.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from process import ocr_run
from process.batches import batched_by_cost
from process.cost import seconds_to_read
from process.families import commit_families
from process.interface import (
    ExtractBatch,
    ExtractedItem,
    ExtractJob,
    FamilyResult,
    Text,
)
from process.ocr_run import OcrDone
from process.relate import relate
from process.worker import extract_batch
from records import notes, tables
from records.case import Case
from records.codes import Code, Disposition, Role
from records.engine import ALONE, ATTEMPTS, Engine, TaskFailure
from records.fields import Fields
from records.options import progress
from store import Digests

BATCH_SECONDS = 2.0
BATCH_COUNT = 250
_BATCHES_AHEAD = 12  # a worker: the costly ones among them are read first
_PAGE = 5_000


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run of processing did. `read` level-1 documents gave `documents` in all."""

    read: int
    documents: int
    ocr_pages: int
    duplicate_families: int
    duplicate_documents: int
    ocr_cached: int = 0  # of the pages, those whose picture had been read before
    ocr_blank: int = 0
    ocr_failed: int = 0


def process_case(
    case: Case, engine: Engine, passwords: Sequence[str], *, ocr: bool = True
) -> Summary:
    """Read all that was collected and not yet processed, OCR what wants it, relate duplicates."""
    waiting = _waiting_count(case)
    read, found = 0, 0
    with progress("Reading", waiting) as advance:
        for families in _extract(case, engine, passwords):
            found += commit_families(case, families)
            read += len(families)
            advance(len(families))
    duplicates = relate(case)
    done = ocr_run.read_waiting(case, engine, passwords) if ocr else OcrDone(0, 0, 0, 0, 0)
    return Summary(
        *(read, found, done.pages, duplicates.families, duplicates.documents),
        *(done.cached, done.blank, done.failed),
    )


def _extract(
    case: Case, engine: Engine, passwords: Sequence[str]
) -> Iterator[tuple[FamilyResult, ...]]:
    def batches_of(count: int) -> Iterator[ExtractBatch]:
        settings = case.settings
        inline = settings.inline_images == "parent"
        for jobs in _batches(_jobs(case), count):
            yield ExtractBatch(
                jobs, case.store_address, settings.limits, tuple(passwords), inline=inline
            )

    share = max(1, _waiting_count(case) // (4 * engine.workers))
    batches = batches_of(min(BATCH_COUNT, share))
    window = _BATCHES_AHEAD * engine.workers
    for batch, result in engine.map_ordered(extract_batch, batches, window, cost=_cost):
        if isinstance(result, TaskFailure):
            yield _one_by_one(engine, batch)
        else:
            yield result


def _one_by_one(engine: Engine, batch: ExtractBatch) -> tuple[FamilyResult, ...]:
    """Find out which document of a batch kills its worker; the others are not to suffer.

    One at a time, so that none is blamed for another.
    """
    singles = [replace(batch, jobs=(job,)) for job in batch.jobs]
    found: list[FamilyResult] = []
    for single, result in engine.map_ordered(extract_batch, singles, 1, cost=lambda _: ALONE):
        if isinstance(result, TaskFailure):
            found.append(_poison(single.jobs[0], result))
        else:
            found.extend(result)
    return tuple(found)


def _poison(job: ExtractJob, failure: TaskFailure) -> FamilyResult:
    note = notes.exception(
        Code.CRASH,
        f"the worker died reading it: {failure.reason}",
        "redwell",
        "",
        attempts=ATTEMPTS,
    )
    root = ExtractedItem(
        parent=None,
        role=Role.FILE,
        name=job.name,
        name_bytes=b"",
        digests=Digests(job.sha256, "", "", job.size),
        mime=job.mime,
        type=job.type,
        ext="",
        outcome=Disposition.EXCEPTION,
        text=Text(None, "none", 0),
        pages=None,
        ocr_pages=(),
        fields=Fields(),
        raw={},
        notes=(note,),
        dedup_hash=None,
        mih=None,
    )
    return FamilyResult(job.document_id, (root,))


def _pending() -> sa.ColumnElement[bool]:
    c = tables.documents.c
    return (c.state == "collected") & (c.outcome == Disposition.PENDING)


def _waiting_count(case: Case) -> int:
    with case.read() as connection:
        query = sa.select(sa.func.count()).select_from(tables.documents).where(_pending())
        return connection.execute(query).scalar_one()


def _jobs(case: Case) -> Iterator[ExtractJob]:
    """Level-1 documents still to be read, in order, fetched a page at a time."""
    c = tables.documents.c
    columns = (c.id, c.sha256, c.size, c.name, c.mime, c.type, c.fields)
    last = 0
    while True:
        query = sa.select(*columns).where(_pending(), c.id > last).order_by(c.id).limit(_PAGE)
        with case.read() as connection:
            rows = connection.execute(query).all()
        if not rows:
            return
        for row in rows:
            yield ExtractJob(*row)
        last = rows[-1].id


def _batches(jobs: Iterator[ExtractJob], most: int) -> Iterator[tuple[ExtractJob, ...]]:
    return batched_by_cost(jobs, seconds_to_read, BATCH_SECONDS, most)


def _cost(batch: ExtractBatch) -> float:
    return sum(map(seconds_to_read, batch.jobs))
