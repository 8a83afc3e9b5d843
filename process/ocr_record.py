"""Writes what OCR read into the record: the commit point of OCR, and its memory of pictures.

A batch's transaction puts the pages on record; where a document's last page came in, its text
becomes the native text and the pages' words, page by page. A reading is remembered by the hash of
the page's picture and by the settings that it depends on, so that the same picture, in whichever
document, is read once.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import sqlalchemy as sa

from process.families import write_notes
from process.interface import OcrPage, OcrResult
from process.ocr_text import merge_pages, native_pages
from records import notes, tables
from records.case import Case
from records.codes import Code
from records.notes import Note
from store import Store

type Picture = tuple[str, str]
"""The hash of a page's picture, and the settings of its reading."""

_PAGE = 400
_KEPT = (
    *("text_sha256", "words_sha256", "confidence", "rotation", "engine", "state"),
    *("image_sha256", "languages", "dpi", "skew"),
)
_D = tables.documents.c
_P = tables.ocr_pages.c
_R = tables.page_readings.c


def known_readings(case: Case, pictures: Iterable[Picture]) -> dict[Picture, OcrPage]:
    """Readings of these pictures that are on record; the page number in them means nothing."""
    wanted = sorted(set(pictures))
    found: dict[Picture, OcrPage] = {}
    with case.read() as connection:
        for start in range(0, len(wanted), _PAGE):
            hashes = {image for image, _ in wanted[start : start + _PAGE]}
            for row in connection.execute(
                sa.select(tables.page_readings).where(_R.image_sha256.in_(hashes))
            ):
                found[row.image_sha256, row.settings] = _from_json(row.found)
    return {picture: found[picture] for picture in wanted if picture in found}


def readings_of(case: Case, sha256: str, pages: Iterable[int]) -> tuple[OcrPage, ...]:
    """What is on record of these pages for a document with these bytes, as it was read.

    `settings` is empty, for it is not on record: such readings are remembered already.
    """
    query = (
        sa.select(tables.ocr_pages)
        .join(tables.documents, _D.id == _P.document_id)
        .where(_D.sha256 == sha256, _P.page.in_(list(pages)))
        .order_by(_P.document_id.desc())
    )
    with case.read() as connection:
        rows = {row.page: row for row in connection.execute(query)}
        return tuple(
            OcrPage(
                page=number,
                chars=0,  # of no use on record, where the text is what counts
                notes=_notes_of(connection, row.document_id, number),
                **{name: getattr(row, name) for name in _KEPT},
            )
            for number, row in sorted(rows.items())
        )


def _notes_of(connection: sa.Connection, document_id: int, page: int) -> tuple[Note, ...]:
    head = _head(page)
    rows = connection.execute(
        sa.select(tables.notes).where(_of_page(document_id, page)).order_by(tables.notes.c.id)
    )
    return tuple(
        Note(
            row.severity,
            Code(row.code),
            row.message.removeprefix(head),
            row.tool,
            row.tool_version,
            row.attempts,
        )
        for row in rows
    )


def _head(page: int) -> str:
    """How each note about a page begins."""
    return f"Page {page + 1}: "


def _of_page(document_id: int, page: int) -> sa.ColumnElement[bool]:
    """What was said of a page's reading and still holds."""
    n = tables.notes.c
    return (
        (n.document_id == document_id)
        & n.code.in_((Code.OCR_FAILED, Code.OCR_LOW_CONFIDENCE))
        & (n.severity == "warning")
        & n.message.startswith(_head(page), autoescape=True)
    )


def _to_json(page: OcrPage) -> dict[str, Any]:
    values = asdict(page)
    del values["page"]
    return values


def _from_json(values: Mapping[str, Any]) -> OcrPage:
    told = tuple(Note(**note | {"code": Code(note["code"])}) for note in values["notes"])
    return OcrPage(**{**values, "page": 0, "notes": told})


def commit_readings(
    case: Case, store: Store, results: Sequence[OcrResult], *, again: bool = False
) -> int:
    """Put readings on record for every document with these bytes, in one transaction.

    Only pages that wait are taken; `again` puts readings in the place of earlier ones too. Gives
    the number of pages, of all documents.
    """
    count = 0
    by_hash: dict[str, dict[int, OcrPage]] = defaultdict(dict)
    for result in results:
        by_hash[result.sha256].update((page.page, page) for page in result.pages)
    with case.write() as connection:
        _remember(connection, [page for result in results for page in result.pages])
        for row in _documents(connection, by_hash, again=again):
            pages = by_hash[row.sha256]
            taken = [
                page
                for number, page in sorted(pages.items())
                if number in row.ocr_pages
                or (again and row.pages is not None and number < row.pages)
            ]
            if taken:
                _Document(connection, store, row).take(taken)
                count += len(taken)
    return count


def _documents(
    connection: sa.Connection, hashes: Iterable[str], *, again: bool
) -> Sequence[sa.Row[Any]]:
    columns = (_D.id, _D.sha256, _D.pages, _D.ocr_pages, _D.text_sha256, _D.text_source)
    query = sa.select(*columns, _D.text_chars, _D.revision).where(
        _D.sha256.in_(list(hashes)), _D.state == "processed"
    )
    if not again:
        query = query.where(sa.func.json_array_length(_D.ocr_pages) > 0)
    found: Sequence[Any] = connection.execute(query.order_by(_D.id)).all()
    return found


def _remember(connection: sa.Connection, pages: Iterable[OcrPage]) -> None:
    fresh = {
        (page.image_sha256, page.settings): page
        for page in pages
        if page.state == "read" and page.image_sha256 and page.settings
    }
    if not fresh:
        return
    hashes = [image for image, _ in fresh]
    rows = connection.execute(
        sa.select(_R.image_sha256, _R.settings).where(_R.image_sha256.in_(hashes))
    )
    there = {(row.image_sha256, row.settings) for row in rows}
    values = [
        {"image_sha256": image, "settings": settings, "found": _to_json(page)}
        for (image, settings), page in fresh.items()
        if (image, settings) not in there
    ]
    if values:
        connection.execute(tables.page_readings.insert(), values)


class _Document:
    """One document that pages come in for."""

    def __init__(self, connection: sa.Connection, store: Store, row: "sa.Row[Any]") -> None:
        self._connection = connection
        self._store = store
        self._row = row

    def take(self, pages: Sequence[OcrPage]) -> None:
        """Put pages on record, and their text into the document's where none is left to come."""
        row = self._row
        earlier = self._on_record()
        native = self._native(earlier)
        for page in pages:
            self._put(page, earlier.get(page.page))
        read = {page.page for page in pages}
        left = [number for number in row.ocr_pages if number not in read]
        values: dict[str, object] = {} if left == row.ocr_pages else {"ocr_pages": left}
        if not left:
            merged = self._merged(native)
            had = (row.text_sha256, row.text_source, row.text_chars)
            if row.ocr_pages or tuple(merged.values()) != had:
                values |= merged | {"revision": row.revision + 1}
        if values:
            self._connection.execute(
                tables.documents.update().where(_D.id == row.id).values(**values)
            )

    def _on_record(self) -> dict[int, "sa.Row[Any]"]:
        query = sa.select(tables.ocr_pages).where(_P.document_id == self._row.id)
        return {row.page: row for row in self._connection.execute(query.order_by(_P.page))}

    def _native(self, earlier: Mapping[int, "sa.Row[Any]"]) -> str:
        """The document's own text; while pages are waiting, nothing has been added to it."""
        text = self._text(self._row.text_sha256) if self._row.text_sha256 else ""
        if self._row.ocr_pages:
            return text
        return native_pages(
            text, {number: self._text(row.text_sha256) for number, row in earlier.items()}
        )

    def _put(self, page: OcrPage, earlier: "sa.Row[Any] | None") -> None:
        head = _head(page.page)
        told = [replace(note, message=head + note.message) for note in page.notes]
        if earlier is not None and page.state == "failed" and earlier.state != "failed":
            write_notes(self._connection, [(self._row.id, _kept(note)) for note in told])
            return
        values = _row_of(page)
        if earlier is not None:
            if all(getattr(earlier, name) == value for name, value in values.items()):
                return
            here = (_P.document_id == self._row.id) & (_P.page == page.page)
            self._connection.execute(tables.ocr_pages.delete().where(here))
            self._resolve(page.page)
        self._connection.execute(
            tables.ocr_pages.insert().values(document_id=self._row.id, page=page.page, **values)
        )
        write_notes(self._connection, [(self._row.id, note) for note in told])

    def _resolve(self, page: int) -> None:
        """What was said of the page's earlier reading holds no longer."""
        said = _of_page(self._row.id, page)
        self._connection.execute(tables.notes.update().where(said).values(severity="resolved"))

    def _merged(self, native: str) -> dict[str, object]:
        """The text with what OCR read, and where it came from."""
        read = {number: self._text(row.text_sha256) for number, row in self._on_record().items()}
        text = merge_pages(native, read)
        if not text.strip():
            return {"text_sha256": None, "text_source": "none", "text_chars": 0}
        with self._store.writing() as writer:
            digests = writer.put_bytes(text.encode())
        sources = ["native"] * bool(native.strip()) + ["ocr"] * any(map(str.strip, read.values()))
        return {
            "text_sha256": digests.sha256,
            "text_source": "+".join(sources),
            "text_chars": len(text),
        }

    def _text(self, sha256: str) -> str:
        return self._store.read_bytes(sha256).decode("utf-8")


def _kept(note: Note) -> Note:
    """A second reading that fails leaves the first as it stands."""
    message = f"{note.message}; the earlier reading was kept"
    return notes.warning(note.code, message, note.tool, note.tool_version)


def _row_of(page: OcrPage) -> dict[str, object]:
    return {name: getattr(page, name) for name in _KEPT}
