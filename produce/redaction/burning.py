"""Redactions burned into rendered documents: the worker's side."""

import json
import tempfile
from pathlib import Path
from typing import Any

from produce.imaging.render import ask
from produce.redaction.interface import BurnBatch, BurnJob, BurnMark, BurnResult
from store import Store, open_store

_SECONDS_A_PAGE = 30.0  # OCR may have to read each of them


def burn_batch(batch: BurnBatch) -> tuple[BurnResult, ...]:
    """Burn in all jobs, in order; doing it again gives the same bytes."""
    store = open_store(batch.store_address)
    return tuple(_burn(batch, job, store) for job in batch.jobs)


def _burn(batch: BurnBatch, job: BurnJob, store: Store) -> BurnResult:
    with (
        store.local_path(job.pdf_sha256) as source,
        tempfile.TemporaryDirectory(prefix="redwell-") as name,
    ):
        folder = Path(name)
        try:
            changed = _changed(batch, job, source, folder)
            if changed:
                return BurnResult(job.document_id, None, None, 0, changed, "")
            return _burned(batch, job, source, folder, store)
        except _RefusedError as error:
            return BurnResult(job.document_id, None, None, 0, (), str(error))


class _RefusedError(Exception):
    """The child could not do it; the message says why."""


def _ask(batch: BurnBatch, job: BurnJob, request: dict[str, Any]) -> dict[str, Any]:
    seconds = batch.limits.render_seconds + job.pages * _SECONDS_A_PAGE
    answer = ask(batch.limits.memory_mb, request, seconds)
    if "code" in answer:
        raise _RefusedError(str(answer["message"]))
    return answer


def _changed(batch: BurnBatch, job: BurnJob, source: Path, folder: Path) -> tuple[int, ...]:
    """Redactions that were drawn on another page: neither these bytes nor a page that looks so.

    Where a document has more or less pages than it had, there are some that nobody looked at.
    """
    others = [each for each in job.marks if each.render_sha256 != job.pdf_sha256]
    if not others:
        return tuple(each.number for each in job.marks if not 1 <= each.page <= job.pages)
    target = folder / "characters.json"
    request = {"do": "characters", "source": str(source), "target": str(target)}
    _ask(batch, job, request | {"languages": "", "folder": str(folder)})
    pictures = [each["picture_sha256"] for each in json.loads(target.read_bytes())]
    return tuple(each.number for each in job.marks if not _is_its_page(each, pictures))


def _is_its_page(mark: BurnMark, pictures: list[str]) -> bool:
    if not 1 <= mark.page <= mark.pages == len(pictures):
        return False
    return pictures[mark.page - 1] == mark.picture_sha256


def _burned(batch: BurnBatch, job: BurnJob, source: Path, folder: Path, store: Store) -> BurnResult:
    target, text = folder / "burned.pdf", folder / "burned.txt"
    marks: dict[str, list[Any]] = {}
    for mark in job.marks:
        marks.setdefault(str(mark.page), []).extend((box, mark.code) for box in mark.boxes)
    request = {
        "do": "burn",
        "source": str(source),
        "target": str(target),
        "text": str(text),
        "marks": {page: sorted(found, key=_order) for page, found in marks.items()},
        "languages": batch.languages,
    }
    answer = _ask(batch, job, request)
    with store.writing() as writer:
        with target.open("rb") as stream:
            pdf = writer.put_stream(stream)
        words = writer.put_bytes(text.read_bytes())
    return BurnResult(job.document_id, pdf.sha256, words.sha256, answer["pages"], (), "")


def _order(mark: Any) -> Any:
    """From the top of the page to its end."""
    return mark[0][1], mark[0][0], mark
