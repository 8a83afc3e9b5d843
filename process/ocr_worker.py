"""OCR inside a Dask worker: looks at pages and reads them in the child, keeps what they say.

Trouble with a page becomes that page's record; trouble with the store stops the batch.
"""

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ingest.child import KILLED_PAUSES
from ingest.interface import ChildFailure
from ingest.workspace import workspace
from process.interface import OcrBatch, OcrJob, OcrLook, OcrLooks, OcrPage, OcrResult
from process.worker import TOOL, VERSION, child_for
from records.codes import Code
from records.notes import Note, warning
from store import StoreWriter, open_store


def ocr_batch(batch: OcrBatch) -> tuple[OcrResult, ...]:
    """Read pages by OCR; a page that fails has no text and says so."""
    store = open_store(batch.store_address)
    found = []
    with store.writing() as writer:
        for job in batch.jobs:
            with store.local_path(job.sha256) as path:
                pages = tuple(_page(job, page, path, batch, writer) for page in job.pages)
            found.append(OcrResult(job.sha256, pages))
    return tuple(found)


def look_batch(batch: OcrBatch) -> tuple[OcrLooks, ...]:
    """Look at pages: which are blank, and what picture each of the others shows."""
    store = open_store(batch.store_address)
    found = []
    with store.writing() as writer:
        for job in batch.jobs:
            with store.local_path(job.sha256) as path:
                pages = tuple(_look(job, page, path, batch, writer) for page in job.pages)
            found.append(OcrLooks(job, pages))
    return tuple(found)


def _page(job: OcrJob, page: int, path: Path, batch: OcrBatch, writer: StoreWriter) -> OcrPage:
    with workspace() as folder:
        answer = _asked(_request(job, page, path, batch, folder), batch)
        if isinstance(answer, ChildFailure):
            return _failed_page(page, answer, writer)
        return _taken_over(page, answer, writer)


def _look(job: OcrJob, page: int, path: Path, batch: OcrBatch, writer: StoreWriter) -> OcrLook:
    with workspace() as folder:
        request = _request(job, page, path, batch, folder) | {"look": True}
        answer = _asked(request, batch)
        if isinstance(answer, ChildFailure):
            return OcrLook(page, "", "", _failed_page(page, answer, writer))
        reading = None if answer["state"] == "ink" else _taken_over(page, answer, writer)
        picture = answer.get("image_sha256", "")
        return OcrLook(page, picture, answer["settings"], reading, answer.get("pixels", 0))


def _asked(request: dict[str, Any], batch: OcrBatch) -> dict[str, Any] | ChildFailure:
    """Ask the child; a page that kills it, or takes too long, is tried once more, alone.

    A child that a stranger killed is nothing that the page can help: it is asked again.
    """
    answer: dict[str, Any] | ChildFailure = ChildFailure(Code.CRASH, "")
    for seconds in (1.0 * batch.limits.ocr_seconds, 2.0 * batch.limits.ocr_seconds):
        for pause in (*KILLED_PAUSES, 0.0):
            answer = child_for(batch.limits).call(request, seconds)
            if not isinstance(answer, ChildFailure):
                return answer
            if not answer.killed:
                break
            time.sleep(pause)
    return answer


def _request(job: OcrJob, page: int, path: Path, batch: OcrBatch, folder: Path) -> dict[str, Any]:
    return {
        "what": "ocr",
        "path": str(path.absolute()),
        "type": job.type,
        "page": page,
        "folder": str(folder),
        "passwords": batch.passwords,
        **asdict(batch.wish),
    }


def _taken_over(page: int, answer: dict[str, Any], writer: StoreWriter) -> OcrPage:
    return OcrPage(
        page=page,
        text_sha256=_put(Path(answer["text_path"]), writer),
        words_sha256=_put(Path(answer["words_path"]), writer),
        chars=answer["chars"],
        confidence=answer["confidence"],
        rotation=answer["rotation"],
        dpi=answer.get("dpi", 0),
        engine=answer["engine"],
        notes=tuple(Note(**note | {"code": Code(note["code"])}) for note in answer["notes"]),
        state=answer["state"],
        image_sha256=answer.get("image_sha256"),
        languages=answer["languages"],
        skew=answer["skew"],
        settings=answer["settings"],
    )


def _put(path: Path, writer: StoreWriter) -> str:
    with path.open("rb") as file:
        return writer.put_stream(file).sha256


def _failed_page(page: int, failure: ChildFailure, writer: StoreWriter) -> OcrPage:
    message = f"{failure.code}: {failure.message}"
    note = Note("warning", Code.OCR_FAILED, message, TOOL, VERSION, attempts=2)
    return unread(page, note, writer)


def unread(page: int, note: Note, writer: StoreWriter) -> OcrPage:
    """An empty reading with the reason, so that the page does not wait for ever."""
    empty, words = writer.put_bytes(b"").sha256, writer.put_bytes(b"[]").sha256
    return OcrPage(page, empty, words, 0, 0.0, 0, 0, "none", (note,), "failed")


def died(page: int, reason: str, writer: StoreWriter) -> OcrPage:
    """A page whose worker died each time it was read."""
    message = f"the worker died reading it: {reason}"
    return unread(page, warning(Code.OCR_FAILED, message, "redwell", ""), writer)
