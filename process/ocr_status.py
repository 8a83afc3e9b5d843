"""Where OCR stands: what waits, what was read, and what was read of one document."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from process.tesseract import LOW
from records import tables
from records.case import Case
from records.errors import SelectionError
from store import open_store

_P = tables.ocr_pages.c


@dataclass(frozen=True, slots=True)
class OcrStatus:
    """Pages of documents by what became of them; a page of two documents counts twice.

    `pictures` are the distinct pictures whose readings are remembered; `by_languages` has pages
    and mean confidence for each choice of languages.
    """

    waiting_documents: int
    waiting_pages: int
    read: int
    blank: int
    failed: int
    low_confidence: int
    pictures: int
    by_languages: dict[str, tuple[int, float]]


def status_of(case: Case) -> OcrStatus:
    """Count pages from the record."""
    d = tables.documents.c
    waiting = sa.func.json_array_length(d.ocr_pages)
    with case.read() as connection:
        documents, pages = connection.execute(
            sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(waiting), 0)).where(waiting > 0)
        ).one()
        states = {
            row[0]: row[1]
            for row in connection.execute(sa.select(_P.state, sa.func.count()).group_by(_P.state))
        }
        low = connection.execute(
            sa.select(sa.func.count()).where(
                _P.state == "read", _P.confidence > 0, _P.confidence < LOW
            )
        ).scalar_one()
        languages = connection.execute(
            sa.select(_P.languages, sa.func.count(), sa.func.avg(_P.confidence))
            .where(_P.state == "read")
            .group_by(_P.languages)
            .order_by(_P.languages)
        ).all()
        pictures = connection.execute(
            sa.select(sa.func.count()).select_from(tables.page_readings)
        ).scalar_one()
    return OcrStatus(
        waiting_documents=documents,
        waiting_pages=int(pages),
        read=states.get("read", 0),
        blank=states.get("blank", 0),
        failed=states.get("failed", 0),
        low_confidence=low,
        pictures=pictures,
        by_languages={row[0]: (row[1], round(float(row[2]), 2)) for row in languages},
    )


@dataclass(frozen=True, slots=True)
class ShownPage:
    """One page as OCR read it; `words` are [left, top, width, height, confidence, word]."""

    page: int
    state: str
    text: str
    confidence: float
    rotation: int
    skew: float
    dpi: int
    languages: str
    engine: str
    image_sha256: str | None
    words: list[list[Any]]


def shown(case: Case, document_id: int, page: int | None = None) -> Iterator[ShownPage]:
    """The pages that OCR read of a document, or one of them; pages count from 1.

    Raises `SelectionError` where there is none.
    """
    query = sa.select(tables.ocr_pages).where(_P.document_id == document_id)
    if page is not None:
        query = query.where(_P.page == page - 1)
    with case.read() as connection:
        rows = connection.execute(query.order_by(_P.page)).all()
    if not rows:
        none = "No page" if page is None else f"No page {page}"
        raise SelectionError(
            f"{none} of this document was read by OCR. See 'redwell ocr status' for what "
            "waits, and 'redwell ocr redo --all-pages' for pages that have a text of their own"
        )
    store = open_store(case.store_address)
    for row in rows:
        yield ShownPage(
            page=row.page + 1,
            state=row.state,
            text=store.read_bytes(row.text_sha256).decode("utf-8"),
            confidence=row.confidence,
            rotation=row.rotation,
            skew=row.skew,
            dpi=row.dpi,
            languages=row.languages,
            engine=row.engine,
            image_sha256=row.image_sha256,
            words=json.loads(store.read_bytes(row.words_sha256)),
        )
