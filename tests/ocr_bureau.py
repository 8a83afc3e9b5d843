"""Readers of pages that read a picture out of a table, on an engine that works in this process."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from process.interface import OcrBatch, OcrLook, OcrLooks, OcrPage, OcrResult, OcrWish
from process.ocr_worker import look_batch
from records.case import Case
from records.codes import Code
from records.notes import warning
from store import open_store
from tests.ingest_engines import Inline


class Bureau(Inline):
    """An engine that works here, and readers that read a page's picture out of a table.

    `pictures` has for each blob the picture of each page: its text, empty for a blank page.
    """

    def __init__(self, case: Case, pictures: dict[str, list[str]]) -> None:
        super().__init__()
        self.case = case
        self.pictures = pictures
        self.read: list[tuple[str, int]] = []
        self.looked: list[tuple[str, int]] = []
        self.fails: set[str] = set()
        self.deadly: set[str] = set()

    def kills(self, _function: Callable[[Any], Any], batch: OcrBatch) -> bool:
        shown = {self._picture(job.sha256, page) for job in batch.jobs for page in job.pages}
        return bool(self.deadly & shown)

    def result(self, function: Callable[[Any], Any], batch: OcrBatch) -> Any:
        return self.look(batch) if function is look_batch else self.reading(batch)

    def _picture(self, sha256: str, page: int) -> str:
        return self.pictures[sha256][page]

    def look(self, batch: OcrBatch) -> tuple[OcrLooks, ...]:
        found = []
        for job in batch.jobs:
            self.looked += [(job.sha256, page) for page in job.pages]
            found.append(OcrLooks(job, tuple(self._look(job.sha256, p, batch) for p in job.pages)))
        return tuple(found)

    def _look(self, sha256: str, page: int, batch: OcrBatch) -> OcrLook:
        text = self._picture(sha256, page)
        blank = None if text else self.page(page, "", batch.wish, state="blank")
        return OcrLook(page, digest(text), settings(batch.wish), blank)

    def reading(self, batch: OcrBatch) -> tuple[OcrResult, ...]:
        found = []
        for job in batch.jobs:
            self.read += [(job.sha256, page) for page in job.pages]
            pages = [self._read(job.sha256, page, batch.wish) for page in job.pages]
            found.append(OcrResult(job.sha256, tuple(pages)))
        return tuple(found)

    def _read(self, sha256: str, page: int, wish: OcrWish) -> OcrPage:
        text = self._picture(sha256, page)
        if text in self.fails:
            return self.page(page, "", wish, state="failed")
        return self.page(page, f"{text} {wish.languages}", wish)

    def page(self, page: int, text: str, wish: OcrWish, state: str = "read") -> OcrPage:
        with open_store(self.case.store_address).writing() as writer:
            stored = writer.put_bytes(text.encode()).sha256
            words = writer.put_bytes(json.dumps([[1, 2, 3, 4, 90.0, text]]).encode()).sha256
        picture = text.rpartition(" ")[0]
        poor = warning(Code.OCR_LOW_CONFIDENCE, "poor", "t", "1") if "poor" in text else None
        lost = warning(Code.OCR_FAILED, "lost", "t", "1") if state == "failed" else None
        return OcrPage(
            *(page, stored, words, len(text), 50.0 if poor else 90.0, 0, 200, "t 1"),
            tuple(each for each in (poor, lost) if each),
            *(state, digest(picture) if picture else None, wish.languages, 0.0, settings(wish)),
        )


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def settings(wish: OcrWish) -> str:
    return f"{wish.languages} {wish.dpi} {wish.psm}"
