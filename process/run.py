"""The coordinator of processing: hands out batches, and alone writes what came of them.

A batch's transaction is its commit point. Results are committed in the order of the control
numbers of their roots, so the numbers that children get do not depend on workers or on kills.
Pages that want OCR are read beside, by workers for whom no document waits to be read.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import sqlalchemy as sa

from process.batches import batched_by_cost
from process.cost import seconds_to_read
from process.families import Committed, commit_families
from process.interface import (
    ExtractBatch,
    ExtractedItem,
    ExtractJob,
    FamilyResult,
    Text,
)
from process.ocr_run import OcrDone, Reading
from process.ocr_waiting import Waiting
from process.relate import relate
from process.worker import extract_batch
from records import notes, tables
from records.case import Case
from records.codes import Code, Disposition, Role
from records.engine import Engine, Stream, TaskFailure
from records.fields import Fields
from records.options import Advance, progress
from records.streams import halves
from store import Digests

BATCH_SECONDS = 1.0
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
    count = _waiting_count(case)
    with ExitStack() as stack:
        reading = _Families(case, stack.enter_context(progress("Reading", count)))
        most = min(BATCH_COUNT, max(1, count // (4 * engine.workers)))
        streams: list[Stream[Any, Any]] = [_stream(case, engine, passwords, most, reading.take)]
        pages = None
        if ocr:
            waiting = Waiting(case)
            advance = stack.enter_context(progress("OCR pages", waiting.pages))
            pages = Reading(case, engine.workers, waiting.following, passwords, advance)
            streams += pages.streams()
            reading.tell = partial(_tell, waiting, advance)
        engine.serve(*streams)
    duplicates = relate(case)
    done = pages.done() if pages else OcrDone(0, 0, 0, 0, 0)
    return Summary(
        *(reading.read, reading.documents, done.pages),
        *(duplicates.families, duplicates.documents),
        *(done.cached, done.blank, done.failed),
    )


def _tell(waiting: Waiting, advance: Advance, committed: Committed) -> None:
    waiting.add(committed.ocr)
    advance(0, more=committed.ocr_pages)


class _Families:
    """Commits what was read, in order, and tells of it."""

    def __init__(self, case: Case, advance: Advance) -> None:
        self._case = case
        self._advance = advance
        self.tell: Callable[[Committed], None] = lambda _committed: None
        self.read = 0
        self.documents = 0

    def take(self, batch: ExtractBatch, result: tuple[FamilyResult, ...] | TaskFailure) -> None:
        """Commit a batch; a document that killed its worker each time becomes an exception."""
        if isinstance(result, TaskFailure):
            result = tuple(_poison(job, result) for job in batch.jobs)
        committed = commit_families(self._case, result)
        self.read += len(result)
        self.documents += committed.documents
        self._advance(len(result))
        self.tell(committed)


def _stream(
    case: Case,
    engine: Engine,
    passwords: Sequence[str],
    most: int,
    take: Callable[[ExtractBatch, Any], None],
) -> Stream[ExtractBatch, tuple[FamilyResult, ...]]:
    settings = case.settings
    batches = (
        ExtractBatch(
            jobs,
            case.store_address,
            settings.limits,
            tuple(passwords),
            inline=settings.inline_images == "parent",
        )
        for jobs in _batches(_jobs(case), most)
    )
    return Stream(
        extract_batch,
        lambda: next(batches, None),
        take,
        _BATCHES_AHEAD * engine.workers,
        cost=_cost,
        pieces=pieces,
    )


def pieces(batch: ExtractBatch) -> list[ExtractBatch]:
    """Half of the documents each, for a batch that lost its worker; nothing for a single one."""
    return [replace(batch, jobs=tuple(jobs)) for jobs in halves(batch.jobs)]


def _poison(job: ExtractJob, failure: TaskFailure) -> FamilyResult:
    note = notes.exception(
        Code.CRASH,
        f"the worker died reading it: {failure.reason}",
        "redwell",
        "",
        attempts=failure.attempts,
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
    """What takes longer than a batch should is begun first; the others are read in their order,
    so that they are committed as they come.
    """
    seconds = sum(map(seconds_to_read, batch.jobs))
    return seconds if seconds > BATCH_SECONDS else 0.0
