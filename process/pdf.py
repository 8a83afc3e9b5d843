"""PDF by PDFium: page texts, what is hidden in forms and notes, attachments, pages wanting OCR.

What PDFium does not fully understand goes to Tika: files that it cannot open, XFA forms, files in
odd places (`process.pdf_catalog.odd_files`), and pages of unmapped letters (`declines_page`).
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as c

from ingest.passwords import Trial, opened_by
from process import pdf_catalog, pdf_hidden, pdf_metadata, pdf_pages, pdfbox
from process.hidden import Findings
from process.office import merge_hidden, read_by_tika
from process.reading import Family, Part, Reading, failed
from records.codes import Code, Role
from records.notes import Note, exception, warning

TOOL = "pdfium"
VERSION = str(pdfium.PYPDFIUM_INFO)
_PAGE_END = "\f"
_ODD = re.compile("[\ufffd\ue000-\uf8ff\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
_MOST_MENDED = 500
_TAIL = 2048
_LOCKED = (c.FPDF_ERR_PASSWORD, c.FPDF_ERR_SECURITY)


class LockedPdfError(Exception):
    """No password of the list opens the document."""


def open_pdf(path: Path, passwords: tuple[str, ...], seconds: float = 60.0) -> pdfium.PdfDocument:
    """Open with no password, then with each; raises `LockedPdfError` or `PdfiumError`."""
    trial = Trial(passwords, seconds)
    for password in chain((None,), trial):
        try:
            document = pdfium.PdfDocument(path, password=password)
        except pdfium.PdfiumError as error:
            if error.err_code not in _LOCKED:
                raise
            continue
        if password is not None:
            opened_by(password)
        return document
    raise LockedPdfError(trial.said)


def read_pdf(part: Part, family: Family) -> Reading:
    """Read a PDF; what cannot be opened at all is tried by Tika before it is an exception."""
    path = family.keep(part)
    try:
        document = open_pdf(path, family.passwords, family.limits.seconds / 2)
    except LockedPdfError as error:
        message = f"The PDF is protected by a password that is not in the list: {error}"
        return failed(exception(Code.ENCRYPTED, message, TOOL, VERSION))
    except pdfium.PdfiumError as error:
        return _unreadable(part, path, family, str(error))
    catalog = pdf_catalog.read_catalog(path, family.passwords)
    try:
        told = pdf_metadata.describe(document, path, family.passwords)
        findings = Findings(family.limits.characters)
        pages = _read(document, family, findings, told.off)
        _mend(pages, path, family.passwords)
        reading = _reading(document, pages, catalog, told)
    finally:
        document.close()
    if not _has_end(path):
        message = "The file does not end as a PDF must; pages may be missing"
        reading.notes.append(_note(Code.TRUNCATED, message))
    if reading.raw.get("form") == "xfa" or catalog.odd_files:
        _add_from_tika(reading, part, family, catalog)
    if reading.parts:
        findings.flag("embedded-objects")
    merge_hidden(reading, findings, family)
    if not reading.text.strip() and not reading.ocr_pages:
        reading.notes.append(_note(Code.NO_TEXT, "There is no text and nothing to read by OCR"))
    return reading


def declines_page(text: str) -> bool:
    """Whether a page's text is left to PDFBox: more than a tenth of it is no letter of any kind.

    PDFium gives such where a font neither says what its glyphs mean nor has a usual encoding.
    """
    if text.isprintable() and not _ODD.search(text):
        return False
    return len(_ODD.findall(text)) > len(text) * 0.1


@dataclass(slots=True)
class _Pages:
    """What reading the pages gave: texts, pages wanting OCR, files pinned to pages, oddities."""

    findings: Findings
    off: frozenset[str]  # layers that are not shown
    texts: list[str] = field(default_factory=list)
    wanted: list[int] = field(default_factory=list)
    declined: list[int] = field(default_factory=list)
    attached: list[Part] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


def _read(
    document: pdfium.PdfDocument, family: Family, findings: Findings, off: frozenset[str]
) -> _Pages:
    """Read all pages, within the limit of characters."""
    with suppress(pdfium.PdfiumError):
        document.init_forms()
    pdf_hidden.look_document(document, findings, off)
    pages = _Pages(findings, off)
    left = family.limits.characters
    for number in range(len(document)):
        text = _page(document, number, pages) if left >= 0 else ""
        pages.texts.append(text[: max(0, left)])
        left -= len(text)
    if left < 0:
        pages.notes.append(family.cut_note())
    return pages


def _page(document: pdfium.PdfDocument, number: int, pages: _Pages) -> str:
    try:
        page = document[number]
        content = pdf_pages.read_page(page)
        beside = pdf_pages.annotations(document, page, pages.attached)
        pdf_hidden.look_page(page, number, pages.findings, pages.off)
        page.close()
    except pdfium.PdfiumError as error:
        pages.notes.append(_note(Code.PARTIAL, f"Page {number + 1} cannot be read: {error}"))
        return ""
    if content.wants_ocr:
        pages.wanted.append(number)
    if declines_page(content.text):
        pages.declined.append(number)
    # a page's end is a form feed, so no page holds one
    return "\n".join([content.text, *beside]).replace(_PAGE_END, " ")


def _mend(pages: _Pages, path: Path, passwords: tuple[str, ...]) -> None:
    """Read by PDFBox the pages that PDFium made nothing of; where it does better, its text stays.

    What stands beside the page (notes, fields) stays too.
    """
    if not pages.declined:
        return
    found = pdfbox.page_texts(path, pages.declined[:_MOST_MENDED], passwords)
    for number, text in found.items():
        if text.strip() and not declines_page(text):
            beside = _ODD.sub("", pages.texts[number]).strip()
            mended = "\n".join((text.strip(), beside)) if beside else text.strip()
            pages.texts[number] = mended.replace(_PAGE_END, " ")
            pages.wanted = [each for each in pages.wanted if each != number]


def _reading(
    document: pdfium.PdfDocument,
    pages: _Pages,
    catalog: pdf_catalog.Catalog,
    told: pdf_metadata.Described,
) -> Reading:
    beside = [*_outline(document), *catalog.words]
    if beside and pages.texts:
        words = (each.replace(_PAGE_END, " ") for each in beside)
        pages.texts[-1] = "\n".join((pages.texts[-1], *words))
    parts = [*_attachments(document, pages.notes), *pages.attached]
    return Reading(
        text=_PAGE_END.join(pages.texts),
        pages=len(document),
        ocr_pages=tuple(pages.wanted),
        fields=told.fields,
        raw=told.raw,
        notes=[*pages.notes, *told.notes],
        parts=parts,
    )


def _outline(document: pdfium.PdfDocument) -> list[str]:
    """The bookmarks' titles: words that a reader sees beside the pages."""
    titles = []
    with suppress(pdfium.PdfiumError, RecursionError):
        titles = [mark.get_title() for mark in document.get_toc(max_depth=15)]
    return [title for title in titles if title]


def _attachments(document: pdfium.PdfDocument, notes: list[Note]) -> Iterator[Part]:
    """Files of the document's own list of embedded files."""
    for number in range(document.count_attachments()):
        try:
            attachment = document.get_attachment(number)
            name = attachment.get_name() or f"embedded-{number + 1}"
            data = pdf_pages.attachment_bytes(attachment.raw)
        except pdfium.PdfiumError as error:
            message = f"Embedded file {number + 1} could not be had: {error}"
            notes.append(_note(Code.EMBEDDED_LOST, message))
            continue
        if data is None:
            notes.append(_note(Code.EMBEDDED_LOST, f"The embedded file {name} could not be had"))
        else:
            yield Part(name, Role.EMBEDDED, data)


def _unreadable(part: Part, path: Path, family: Family, said: str) -> Reading:
    """What Tika still reads of a PDF that PDFium refuses, or why there is nothing."""
    reading = read_by_tika(part, "pdf", family)
    if reading.text.strip():
        message = f"PDFium cannot open it ({said}); the text is what Tika found"
        reading.notes.append(_note(Code.PARTIAL, message))
        return reading
    if not _has_end(path):
        message = f"The PDF is cut off before its end ({said})"
        return failed(exception(Code.TRUNCATED, message, TOOL, VERSION))
    return failed(exception(Code.CORRUPT, f"The PDF cannot be opened ({said})", TOOL, VERSION))


def _has_end(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - _TAIL))
        return b"%%EOF" in file.read()


def _add_from_tika(
    reading: Reading, part: Part, family: Family, catalog: pdf_catalog.Catalog
) -> None:
    """What PDFium does not show: the words of XFA forms, which are XML, and files in odd places."""
    found = read_by_tika(part, "pdf", family)
    if reading.raw.get("form") == "xfa":
        reading.text = f"{reading.text}\n{found.text}"
    if catalog.odd_files and found.parts:
        reading.parts = found.parts


def _note(code: Code, message: str) -> Note:
    return warning(code, message, TOOL, VERSION)
