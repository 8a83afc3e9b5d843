"""The coordinator of OCR: plans what waits, has pages looked at, read, and put on record.

A page is looked at first, which costs a twentieth of reading it: blank pages end there, and so do
pages whose picture was read before, be it of another document. Pages with the same picture that
are met while the first of them is being read wait for it. Documents with equal bytes share one
reading. Nothing but the commit is kept: after a kill, what is not on record is looked at again.

It is two streams of work, looks and readings, that run beside others: a document's pages may be
read while other documents are still to be opened. Neither depends on an order.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from math import ceil
from typing import Any

from process.interface import OcrBatch, OcrJob, OcrLook, OcrLooks, OcrPage, OcrResult, OcrWish
from process.ocr_record import Picture, commit_readings, known_readings, readings_of
from process.ocr_waiting import Waiting
from process.ocr_worker import died, look_batch, ocr_batch
from records.case import Case
from records.engine import Engine, Stream, TaskFailure
from records.options import Advance, progress
from records.streams import halves
from store import open_store

PAGES_IN_BATCH = 4
PAGES_LOOKED_AT = 16
_PIXELS_IN_BATCH = 16_000_000  # four pages of A4 at 200 dots an inch
_READ_AHEAD = 4  # batches a worker
_LOOKS_AHEAD = 2
_LOOKS_RANK, _READ_RANK = 1, 2  # behind all else


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
    waiting = Waiting(case)
    with progress("OCR pages", waiting.pages) as advance:
        reading = Reading(case, engine.workers, waiting.following, passwords, advance)
        engine.serve(*reading.streams())
    return reading.done()


def read_jobs(
    case: Case, engine: Engine, jobs: Sequence[OcrJob], wish: OcrWish, passwords: Sequence[str]
) -> OcrDone:
    """Read the pages of these jobs, and put them in the place of earlier readings."""
    source = iter(jobs)
    with progress("OCR pages", sum(len(job.pages) for job in jobs)) as advance:
        reading = Reading(
            case, engine.workers, lambda: next(source, None), passwords, advance, again=wish
        )
        engine.serve(*reading.streams())
    return reading.done()


class Reading:
    """One run over jobs; pages are counted as they are committed.

    `following` gives the next job, or None while there is none. `again`: how pages are read that
    take the place of earlier readings; else pages that wait are read as the case's settings say.
    """

    def __init__(
        self,
        case: Case,
        workers: int,
        following: Callable[[], OcrJob | None],
        passwords: Sequence[str],
        advance: Advance,
        *,
        again: OcrWish | None = None,
    ) -> None:
        self._case = case
        self._workers = workers
        self._source = following
        self._passwords = tuple(passwords)
        self._advance = advance
        self._again = again is not None
        self._wish = again or OcrWish(case.settings.ocr_languages)
        self._store = open_store(case.store_address)
        self._planned: set[tuple[str, int]] = set()
        self._looked_at = 0  # batches under way
        self._to_read: list[tuple[int, int, OcrJob]] = []
        self._awaited: dict[Picture, list[tuple[str, int]]] = {}
        self._under_way: dict[tuple[str, int], Picture] = {}
        self._committed: defaultdict[str, int] = defaultdict(int)  # pages, as bits
        self._counts: Counter[str] = Counter()

    def streams(self) -> tuple[Stream[OcrBatch, Any], Stream[OcrBatch, Any]]:
        """Looks and readings. They share the picture of what is under way: serve both at once."""
        looks: Stream[OcrBatch, tuple[OcrLooks, ...]] = Stream(
            look_batch,
            self._to_look_at,
            self._looked,
            _LOOKS_AHEAD * self._workers,
            rank=_LOOKS_RANK,
            ordered=False,
            pieces=_pieces,
        )
        readings: Stream[OcrBatch, tuple[OcrResult, ...]] = Stream(
            ocr_batch,
            self._following_pages,
            self._read,
            _READ_AHEAD * self._workers,
            rank=_READ_RANK,
            ordered=False,
            pieces=_pieces,
        )
        return looks, readings

    def done(self) -> OcrDone:
        """What was done until now."""
        counts = {name: self._counts[name] for name in ("read", "cached", "blank", "failed")}
        return OcrDone(pages=sum(counts.values()), **counts)

    def _batch(self, jobs: Iterable[OcrJob]) -> OcrBatch:
        limits = self._case.settings.limits
        return OcrBatch(tuple(jobs), self._case.store_address, limits, self._wish, self._passwords)

    def _to_look_at(self) -> OcrBatch | None:
        """Pages to look at, unless enough are known that are to be read."""
        if len(self._to_read) > _READ_AHEAD * self._workers * PAGES_IN_BATCH:
            return None
        jobs: list[OcrJob] = []
        while sum(len(job.pages) for job in jobs) < PAGES_LOOKED_AT:
            job = self._source()
            if job is None:
                break
            if (fresh := self._not_planned(job)).pages:
                jobs.append(fresh)
        self._looked_at += sum(len(job.pages) for job in jobs)
        return self._batch(jobs) if jobs else None

    def _not_planned(self, job: OcrJob) -> OcrJob:
        """What neither is under way for the same bytes nor was read for them in this run."""
        pages = [page for page in job.pages if (job.sha256, page) not in self._planned]
        if job.sha256 in self._committed and not self._again:
            had = self._committed[job.sha256]
            shared = readings_of(
                self._case, job.sha256, [page for page in pages if had >> page & 1]
            )
            if shared:
                self._commit([OcrResult(job.sha256, shared)])
            pages = [page for page in pages if page not in {each.page for each in shared}]
        self._planned.update((job.sha256, page) for page in pages)
        return replace(job, pages=tuple(pages))

    def _looked(self, batch: OcrBatch, result: tuple[OcrLooks, ...] | TaskFailure) -> None:
        self._looked_at -= sum(len(job.pages) for job in batch.jobs)
        if isinstance(result, TaskFailure):  # reading it will fail as well, and say so
            for job in batch.jobs:
                for page in job.pages:
                    self._add(replace(job, pages=(page,)), 0)
        else:
            self._sort_out(result)

    def _sort_out(self, found: Sequence[OcrLooks]) -> None:
        """Commit what a look settles; the pages left are to be read."""
        known = known_readings(
            self._case,
            [(look.image_sha256, look.settings) for each in found for look in each.pages],
        )
        settled: list[OcrResult] = []
        for looks in found:
            for look in looks.pages:
                page = self._settled(looks.job, look, known)
                if page is not None:
                    settled.append(OcrResult(looks.job.sha256, (page,)))
                elif (looks.job.sha256, look.page) in self._under_way:
                    self._add(replace(looks.job, pages=(look.page,)), look.pixels)
        self._commit(settled)

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

    def _add(self, page: OcrJob, pixels: int) -> None:
        """The largest pages are read first, so that none of them is begun at the very end."""
        self._counts["found"] += 1
        heappush(self._to_read, (-pixels, self._counts["found"], page))

    def _following_pages(self) -> OcrBatch | None:
        """Some pages to be read; fewer, so that all workers have some, where no more are coming."""
        most = PAGES_IN_BATCH
        if self._looked_at:
            if len(self._to_read) < most:
                return None
        else:
            most = min(most, ceil(len(self._to_read) / self._workers))
        jobs: list[OcrJob] = []
        room = _PIXELS_IN_BATCH
        while self._to_read and len(jobs) < most and (not jobs or -self._to_read[0][0] <= room):
            pixels, _, job = heappop(self._to_read)
            room += pixels
            jobs.append(job)
        return self._batch(jobs) if jobs else None

    def _read(self, batch: OcrBatch, result: tuple[OcrResult, ...] | TaskFailure) -> None:
        """Commit readings, and with them the pages that waited for the same picture."""
        if isinstance(result, TaskFailure):
            result = tuple(self._died(job, result) for job in batch.jobs)
        found = list(result)
        for each in result:
            for page in each.pages:
                self._counts[page.state] += 1
                picture = self._under_way.pop((each.sha256, page.page), None)
                like = self._awaited.pop(picture, []) if picture else []
                self._counts["cached" if page.state == "read" else page.state] += len(like)
                found += [
                    OcrResult(sha256, (replace(page, page=number),)) for sha256, number in like
                ]
        self._commit(found)

    def _commit(self, results: Sequence[OcrResult]) -> None:
        if not results:
            return
        taken = commit_readings(self._case, self._store, results, again=self._again)
        pages = [(result.sha256, page.page) for result in results for page in result.pages]
        for sha256, page in pages:
            self._committed[sha256] |= 1 << page
        self._planned.difference_update(pages)
        self._advance(len(pages) if self._again else taken)

    def _died(self, job: OcrJob, failure: TaskFailure) -> OcrResult:
        with self._store.writing() as writer:
            pages = tuple(died(page, failure.reason, writer) for page in job.pages)
        return OcrResult(job.sha256, pages)


def _pieces(batch: OcrBatch) -> list[OcrBatch]:
    """Half of the pages each: whoever kills the worker is found, and the others do not suffer."""
    pages = [replace(job, pages=(page,)) for job in batch.jobs for page in job.pages]
    return [replace(batch, jobs=tuple(half)) for half in halves(pages)]
