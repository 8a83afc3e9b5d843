"""Reads pages again with other settings; the earlier readings stand until the new are committed.

Nothing is kept of a run that was cut off but what it committed: the same command again finds the
pages that it had read by their pictures, and reads the rest.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from process import image
from process.interface import OcrJob, OcrWish
from process.ocr_run import OcrDone, read_jobs
from process.ocr_waiting import jobs_of
from records import tables
from records.case import Case
from records.engine import Engine

_PAGE = 500
_D = tables.documents.c


@dataclass(frozen=True, slots=True)
class Redo:
    """What is to be read again. `documents` share their bytes with those that were asked for.

    `without` counts the documents asked for that have no such page.
    """

    jobs: tuple[OcrJob, ...]
    documents: int
    without: int

    @property
    def pages(self) -> int:
        """Distinct pages."""
        return sum(len(job.pages) for job in self.jobs)


def plan(case: Case, ids: Iterable[int], *, all_pages: bool) -> Redo:
    """The pages of these documents that OCR has read, or wants to; or all that can be drawn."""
    asked = list(ids)
    found: list[tuple[int, str, str, set[int]]] = []
    for start in range(0, len(asked), _PAGE):
        found.extend(_pages(case, asked[start : start + _PAGE], all_pages=all_pages))
    jobs = tuple(jobs_of((sha256, kind, pages) for _, sha256, kind, pages in found))
    documents = _sharing(case, sorted({job.sha256 for job in jobs}))
    return Redo(jobs, documents, len(asked) - len(found))


def _pages(
    case: Case, ids: Sequence[int], *, all_pages: bool
) -> Iterator[tuple[int, str, str, set[int]]]:
    o = tables.ocr_pages.c
    columns = (_D.id, _D.sha256, _D.type, _D.mime, _D.pages, _D.ocr_pages)
    with case.read() as connection:
        rows = connection.execute(
            sa.select(*columns)
            .where(_D.id.in_(ids), _D.state == "processed", _D.sha256.is_not(None))
            .order_by(_D.id)
        ).all()
        read: dict[int, set[int]] = {}
        for each in connection.execute(
            sa.select(o.document_id, o.page).where(o.document_id.in_(ids))
        ):
            read.setdefault(each.document_id, set()).add(each.page)
    for row in rows:
        wanted = read.get(row.id, set()) | set(row.ocr_pages)
        if all_pages and _can_be_drawn(row.type, row.mime):
            wanted |= set(range(row.pages or 0))
        if wanted:
            yield row.id, row.sha256, row.type, wanted


def _can_be_drawn(kind: str, mime: str) -> bool:
    return kind == "pdf" or kind in image.TYPES or mime in image.RASTER


def _sharing(case: Case, hashes: Sequence[str]) -> int:
    """How many documents have these bytes."""
    count = 0
    with case.read() as connection:
        for start in range(0, len(hashes), _PAGE):
            query = sa.select(sa.func.count()).where(
                _D.sha256.in_(hashes[start : start + _PAGE]), _D.state == "processed"
            )
            count += connection.execute(query).scalar_one()
    return count


def run(case: Case, engine: Engine, redo: Redo, wish: OcrWish, passwords: Sequence[str]) -> OcrDone:
    """Read what was planned, and put it in the place of what is on record."""
    return read_jobs(case, engine, redo.jobs, wish, passwords)
