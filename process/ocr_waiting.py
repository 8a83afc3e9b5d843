"""Documents whose pages wait for OCR: those on record, and those that reading finds meanwhile."""

from array import array
from collections import deque
from collections.abc import Iterable, Iterator

import sqlalchemy as sa

from process.interface import OcrJob
from records import tables
from records.case import Case

_PAGES_IN_JOB = 16
_LOADED = 200  # documents at once
_D = tables.documents.c
_WAITS = sa.func.json_array_length(_D.ocr_pages) > 0


class Waiting:
    """A queue of documents; of those that were not reached yet only the number is kept.

    `pages` are those that waited at the start, of distinct documents or not.
    """

    def __init__(self, case: Case) -> None:
        self._case = case
        self._jobs: deque[OcrJob] = deque()
        with case.read() as connection:
            rows = connection.execute(sa.select(_D.id).where(_WAITS).order_by(_D.id))
            self._ids = array("q", rows.scalars())
            pages = sa.func.sum(sa.func.json_array_length(_D.ocr_pages))
            self.pages: int = connection.execute(sa.select(pages)).scalar() or 0

    def add(self, ids: Iterable[int]) -> None:
        """Documents that were committed with pages that wait."""
        self._ids.extend(ids)

    def following(self) -> OcrJob | None:
        """The next job, or None where nothing waits just now. A job's pages still wait, or not."""
        while not self._jobs and self._ids:
            ids, self._ids = self._ids[:_LOADED], self._ids[_LOADED:]
            self._jobs.extend(self._loaded(ids.tolist()))
        return self._jobs.popleft() if self._jobs else None

    def _loaded(self, ids: list[int]) -> Iterator[OcrJob]:
        query = sa.select(_D.sha256, _D.type, _D.ocr_pages).where(_D.id.in_(ids), _WAITS)
        with self._case.read() as connection:
            rows = connection.execute(query.order_by(_D.id)).all()
        return jobs_of((row.sha256, row.type, row.ocr_pages) for row in rows)


def waiting_jobs(case: Case) -> Iterator[OcrJob]:
    """All that waits for OCR."""
    return iter(Waiting(case).following, None)


def jobs_of(wanted: Iterable[tuple[str, str, Iterable[int]]]) -> Iterator[OcrJob]:
    """Jobs for pages of blobs, given as (hash, type, pages); each page once."""
    gathered: dict[tuple[str, str], set[int]] = {}
    for sha256, kind, numbers in wanted:
        gathered.setdefault((sha256, kind), set()).update(numbers)
    for (sha256, kind), found in gathered.items():
        pages = sorted(found)
        for start in range(0, len(pages), _PAGES_IN_JOB):
            yield OcrJob(sha256, kind, tuple(pages[start : start + _PAGES_IN_JOB]))
