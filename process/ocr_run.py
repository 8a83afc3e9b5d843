"""The coordinator of OCR: plans what waits, has pages looked at, read, and put on record.

A page is looked at first, which costs a twentieth of reading it: blank pages end there, and so do
pages whose picture was read before, be it of another document. Pages with the same picture that
are met while the first of them is being read wait for it. Documents with equal bytes share one
reading. Nothing but the commit is kept: after a kill, what is not on record is looked at again.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from process.batches import batched_by_cost
from process.interface import OcrBatch, OcrJob, OcrLook, OcrLooks, OcrPage, OcrResult, OcrWish
from process.ocr_record import Picture, commit_readings, known_readings
from process.ocr_worker import died, look_batch, ocr_batch
from records import tables
from records.case import Case
from records.engine import Engine, TaskFailure
from records.options import progress
from store import open_store

PAGES_IN_BATCH = 4
PAGES_LOOKED_AT = 16


@dataclass(frozen=True, slots=True)
class OcrDone:
    """Distinct pages that a run dealt with, and what became of them.

    `cached` are those whose picture had been read before, `read` those that Tesseract read.
    """

    pages: int
    read: int
    cached: int
    blank: int
    failed: int


def read_waiting(case: Case, engine: Engine, passwords: Sequence[str]) -> OcrDone:
    """Read all pages that wait for OCR, as the case's settings say."""
    wish = OcrWish(case.settings.ocr_languages)
    return read_jobs(case, engine, list(waiting_jobs(case)), wish, passwords)


def read_jobs(
    case: Case,
    engine: Engine,
    jobs: Sequence[OcrJob],
    wish: OcrWish,
    passwords: Sequence[str],
    *,
    again: bool = False,
) -> OcrDone:
    """Read the pages of these jobs; `again` also puts them in the place of earlier readings."""
    return _Reading(case, engine, wish, passwords, again=again).run(jobs)


def waiting_jobs(case: Case) -> Iterator[OcrJob]:
    """A job for each run of waiting pages of each distinct blob."""
    c = tables.documents.c
    query = (
        sa.select(c.sha256, c.type, c.ocr_pages)
        .where(sa.func.json_array_length(c.ocr_pages) > 0)
        .order_by(c.id)
    )
    with case.read() as connection:
        rows = connection.execute(query).all()
    yield from jobs_of((row.sha256, row.type, row.ocr_pages) for row in rows)


def jobs_of(wanted: Iterable[tuple[str, str, Iterable[int]]]) -> Iterator[OcrJob]:
    """Jobs for pages of blobs, given as (hash, type, pages); each page once."""
    gathered: dict[tuple[str, str], set[int]] = {}
    for sha256, kind, numbers in wanted:
        gathered.setdefault((sha256, kind), set()).update(numbers)
    for (sha256, kind), found in gathered.items():
        pages = sorted(found)
        for start in range(0, len(pages), PAGES_LOOKED_AT):
            yield OcrJob(sha256, kind, tuple(pages[start : start + PAGES_LOOKED_AT]))


class _Reading:
    """One run over jobs; pages are counted as they are committed."""

    def __init__(
        self, case: Case, engine: Engine, wish: OcrWish, passwords: Sequence[str], *, again: bool
    ) -> None:
        self._case = case
        self._engine = engine
        self._wish = wish
        self._passwords = tuple(passwords)
        self._again = again
        self._store = open_store(case.store_address)
        self._awaited: dict[Picture, list[tuple[str, int]]] = {}
        self._under_way: dict[tuple[str, int], Picture] = {}
        self._counts: Counter[str] = Counter()

    def run(self, jobs: Sequence[OcrJob]) -> OcrDone:
        with progress("OCR pages", sum(len(job.pages) for job in jobs)) as self._advance:
            for batch, result in self._engine.map_ordered(ocr_batch, self._to_read(jobs)):
                if isinstance(result, TaskFailure):
                    for single in self._page_by_page(batch):
                        self._commit_read(single)
                else:
                    self._commit_read(result)
        counts = {name: self._counts[name] for name in ("read", "cached", "blank", "failed")}
        return OcrDone(pages=sum(counts.values()), **counts)

    def _batch(self, jobs: tuple[OcrJob, ...]) -> OcrBatch:
        return OcrBatch(
            jobs, self._case.store_address, self._case.settings.limits, self._wish, self._passwords
        )

    def _to_read(self, jobs: Sequence[OcrJob]) -> Iterator[OcrBatch]:
        """Batches of pages whose picture must be read; the others are committed on the way."""
        groups = batched_by_cost(
            self._distinct(jobs), lambda job: len(job.pages), PAGES_IN_BATCH, PAGES_IN_BATCH
        )
        return map(self._batch, groups)

    def _distinct(self, jobs: Sequence[OcrJob]) -> Iterator[OcrJob]:
        groups = batched_by_cost(
            iter(jobs), lambda job: len(job.pages), PAGES_LOOKED_AT, PAGES_LOOKED_AT
        )
        looks = self._engine.map_ordered(look_batch, map(self._batch, groups))
        for batch, result in looks:
            if isinstance(result, TaskFailure):  # reading them finds out which page is at fault
                for job in batch.jobs:
                    yield from _single_pages(job)
            else:
                yield from self._sorted_out(result)

    def _sorted_out(self, found: Sequence[OcrLooks]) -> Iterator[OcrJob]:
        """Commit what a look settles; the pages left, each a job."""
        known = known_readings(
            self._case,
            [(look.image_sha256, look.settings) for each in found for look in each.pages],
        )
        settled: list[OcrResult] = []
        to_read: list[OcrJob] = []
        for looks in found:
            for look in looks.pages:
                page = self._settled(looks.job, look, known)
                if page is not None:
                    settled.append(OcrResult(looks.job.sha256, (page,)))
                elif (looks.job.sha256, look.page) in self._under_way:
                    to_read.append(replace(looks.job, pages=(look.page,)))
        self._commit(settled)
        yield from to_read

    def _settled(self, job: OcrJob, look: OcrLook, known: dict[Picture, OcrPage]) -> OcrPage | None:
        """The page's reading, if there is one; else it is to be read, or waits for its like."""
        if look.reading is not None:
            self._counts[look.reading.state] += 1
            return look.reading
        picture = (look.image_sha256, look.settings)
        reading = known.get(picture)
        if reading is not None and self._is_whole(reading):
            self._counts["cached"] += 1
            return replace(reading, page=look.page)
        if picture in self._awaited:
            self._awaited[picture].append((job.sha256, look.page))
        else:
            self._awaited[picture] = []
            self._under_way[job.sha256, look.page] = picture
        return None

    def _is_whole(self, reading: OcrPage) -> bool:
        """Whether the store still holds a remembered reading; else the picture is read again."""
        return all(map(self._store.exists, (reading.text_sha256, reading.words_sha256)))

    def _commit_read(self, results: Sequence[OcrResult]) -> None:
        """Commit readings, and with them the pages that waited for the same picture."""
        found = list(results)
        for result in results:
            for page in result.pages:
                self._counts[page.state] += 1
                picture = self._under_way.pop((result.sha256, page.page), None)
                like = self._awaited.pop(picture, []) if picture else []
                self._counts["cached" if page.state == "read" else page.state] += len(like)
                found += [
                    OcrResult(sha256, (replace(page, page=number),)) for sha256, number in like
                ]
        self._commit(found)

    def _commit(self, results: Sequence[OcrResult]) -> None:
        if results:
            commit_readings(self._case, self._store, results, again=self._again)
            self._advance(sum(len(result.pages) for result in results))

    def _page_by_page(self, batch: OcrBatch) -> Iterator[tuple[OcrResult, ...]]:
        """Find out which page of a batch kills its worker; the others are not to suffer."""
        singles = [self._batch((single,)) for job in batch.jobs for single in _single_pages(job)]
        for single, result in self._engine.map_ordered(ocr_batch, singles):
            if isinstance(result, TaskFailure):
                yield (self._died(single.jobs[0], result),)
            else:
                yield result

    def _died(self, job: OcrJob, failure: TaskFailure) -> OcrResult:
        with self._store.writing() as writer:
            pages = tuple(died(page, failure.reason, writer) for page in job.pages)
        return OcrResult(job.sha256, pages)


def _single_pages(job: OcrJob) -> Iterator[OcrJob]:
    return (replace(job, pages=(page,)) for page in job.pages)
