"""The coordinator of OCR: pages that want it, each distinct one read once.

Documents with equal bytes share one reading. A batch's transaction is its commit point: it puts
the pages on record, and where a document's last page came in, its text becomes the native text
and the pages' words, page by page.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import sqlalchemy as sa

from process.batches import batched_by_cost
from process.families import write_notes
from process.interface import OcrBatch, OcrJob, OcrPage, OcrResult
from process.worker import ocr_batch
from records import notes, tables
from records.case import Case
from records.codes import Code
from records.engine import Engine, TaskFailure
from records.options import progress
from store import Store, open_store

PAGES_IN_BATCH = 4
PAGES_IN_JOB = 4
PAGE_BREAK = "\f"


def read_waiting(case: Case, engine: Engine, passwords: Sequence[str]) -> int:
    """Read all pages that wait for OCR; the number of distinct pages read."""
    jobs = list(_jobs(case))
    store = open_store(case.store_address)
    pages = 0
    with progress("OCR pages", sum(len(job.pages) for job in jobs)) as advance:
        for results in _read(case, engine, jobs, passwords):
            _commit(case, store, results)
            done = sum(len(result.pages) for result in results)
            pages += done
            advance(done)
    return pages


def _read(
    case: Case, engine: Engine, jobs: Sequence[OcrJob], passwords: Sequence[str]
) -> Iterator[tuple[OcrResult, ...]]:
    settings = case.settings
    batches = (
        OcrBatch(
            group, case.store_address, settings.limits, settings.ocr_languages, tuple(passwords)
        )
        for group in batched_by_cost(
            iter(jobs), lambda job: len(job.pages), PAGES_IN_BATCH, PAGES_IN_BATCH
        )
    )
    for batch, result in engine.map_ordered(ocr_batch, batches):
        if isinstance(result, TaskFailure):
            yield from _page_by_page(case, engine, batch)
        else:
            yield result


def _page_by_page(case: Case, engine: Engine, batch: OcrBatch) -> Iterator[tuple[OcrResult, ...]]:
    """Find out which page of a batch kills its worker; the others are not to suffer."""
    singles = (
        replace(batch, jobs=(replace(job, pages=(page,)),))
        for job in batch.jobs
        for page in job.pages
    )
    for single, result in engine.map_ordered(ocr_batch, singles):
        if isinstance(result, TaskFailure):
            yield (_failed(case, single.jobs[0], result),)
        else:
            yield result


def _failed(case: Case, job: OcrJob, failure: TaskFailure) -> OcrResult:
    """An empty reading with the reason, so that the pages do not wait for ever."""
    note = notes.warning(
        Code.OCR_FAILED, f"the worker died reading it: {failure.reason}", "redwell", ""
    )
    with open_store(case.store_address).writing() as writer:
        empty, words = writer.put_bytes(b"").sha256, writer.put_bytes(b"[]").sha256
    return OcrResult(
        job.sha256,
        tuple(
            OcrPage(page, empty, words, 0, 0.0, 0, 0, "none", (note,), "failed")
            for page in job.pages
        ),
    )


def _jobs(case: Case) -> Iterator[OcrJob]:
    """A job for each run of waiting pages of each distinct blob."""
    c = tables.documents.c
    query = (
        sa.select(c.sha256, c.type, c.ocr_pages)
        .where(sa.func.json_array_length(c.ocr_pages) > 0)
        .order_by(c.id)
    )
    with case.read() as connection:
        rows = connection.execute(query).all()
    waiting: dict[tuple[str, str], set[int]] = {}
    for row in rows:
        waiting.setdefault((row.sha256, row.type), set()).update(row.ocr_pages)
    for (sha256, kind), found in waiting.items():
        pages = sorted(found)
        for start in range(0, len(pages), PAGES_IN_JOB):
            yield OcrJob(sha256, kind, tuple(pages[start : start + PAGES_IN_JOB]))


def _commit(case: Case, store: Store, results: Sequence[OcrResult]) -> None:
    c = tables.documents.c
    hashes = {result.sha256 for result in results}
    by_hash: dict[str, list[OcrPage]] = {}
    for result in results:
        by_hash.setdefault(result.sha256, []).extend(result.pages)
    with case.write() as connection:
        waiting = connection.execute(
            sa.select(c.id, c.sha256, c.ocr_pages, c.text_sha256, c.revision)
            .where(c.sha256.in_(hashes), sa.func.json_array_length(c.ocr_pages) > 0)
            .order_by(c.id)
        ).all()
        for row in waiting:
            wanted = [page for page in by_hash[row.sha256] if page.page in row.ocr_pages]
            for page in wanted:
                _insert_page(connection, row.id, page)
            read = {page.page for page in wanted}
            left = [page for page in row.ocr_pages if page not in read]
            values: dict[str, object] = {"ocr_pages": left}
            if not left:
                values |= _merged(connection, store, row.id, row.text_sha256)
                values["revision"] = row.revision + 1
            connection.execute(tables.documents.update().where(c.id == row.id).values(**values))


def _insert_page(connection: sa.Connection, document_id: int, page: OcrPage) -> None:
    connection.execute(
        tables.ocr_pages.insert().values(
            document_id=document_id,
            page=page.page,
            text_sha256=page.text_sha256,
            words_sha256=page.words_sha256,
            confidence=page.confidence,
            rotation=page.rotation,
            engine=page.engine,
            state=page.state,
            image_sha256=page.image_sha256,
            languages=page.languages,
            dpi=page.dpi,
            skew=page.skew,
        )
    )
    write_notes(connection, [(document_id, note) for note in page.notes])


def _merged(
    connection: sa.Connection, store: Store, document_id: int, native_sha256: str | None
) -> dict[str, object]:
    """The document's text with what OCR read, page by page, and where it came from."""
    c = tables.ocr_pages.c
    rows = connection.execute(
        sa.select(c.page, c.text_sha256).where(c.document_id == document_id).order_by(c.page)
    )
    read = {row.page: _text(store, row.text_sha256) for row in rows}
    native = _text(store, native_sha256) if native_sha256 else ""
    text = merge_pages(native, read)
    if not text.strip():
        return {"text_sha256": None, "text_source": "none", "text_chars": 0}
    with store.writing() as writer:
        digests = writer.put_bytes(text.encode())
    sources = ["native"] * bool(native.strip()) + ["ocr"] * any(map(str.strip, read.values()))
    return {
        "text_sha256": digests.sha256,
        "text_source": "+".join(sources),
        "text_chars": len(text),
    }


def _text(store: Store, sha256: str) -> str:
    return store.read_bytes(sha256).decode("utf-8")


def merge_pages(native: str, read: dict[int, str]) -> str:
    """Add each page's OCR text after its native text; pages are parted by form feeds."""
    pages = native.split(PAGE_BREAK)
    pages += [""] * (max(read, default=-1) + 1 - len(pages))
    for page, text in read.items():
        pages[page] = "\n".join(each for each in (pages[page].rstrip(), text.strip()) if each)
    return PAGE_BREAK.join(pages)
