"""PDF by PDFium: page texts, what is hidden in forms and notes, attachments, pages wanting OCR.

XFA forms, and files that PDFium cannot open, go to Tika.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as c

from process import pdf_hidden, pdf_metadata, pdf_pages
from process.hidden import Findings
from process.office import merge_hidden, read_by_tika
from process.reading import Family, Part, Reading, failed
from records.codes import Code, Role
from records.notes import Note, exception, warning

TOOL = "pdfium"
VERSION = str(pdfium.PYPDFIUM_INFO)
_PAGE_END = "\f"
_TAIL = 2048
_LOCKED = (c.FPDF_ERR_PASSWORD, c.FPDF_ERR_SECURITY)


class LockedPdfError(Exception):
    """No password of the list opens the document."""


def open_pdf(path: Path, passwords: tuple[str, ...]) -> pdfium.PdfDocument:
    """Open with no password, then with each; raises `LockedPdfError` or `PdfiumError`."""
    for password in (None, *passwords):
        try:
            return pdfium.PdfDocument(path, password=password)
        except pdfium.PdfiumError as error:
            if error.err_code not in _LOCKED:
                raise
    raise LockedPdfError


def read_pdf(part: Part, family: Family) -> Reading:
    """Read a PDF; what cannot be opened at all is tried by Tika before it is an exception."""
    path = family.keep(part)
    try:
        document = open_pdf(path, family.passwords)
    except LockedPdfError:
        message = "The PDF is protected by a password that is not in the list"
        return failed(exception(Code.ENCRYPTED, message, TOOL, VERSION))
    except pdfium.PdfiumError as error:
        return _unreadable(part, path, family, str(error))
    try:
        reading = _read(document, path, family)
    finally:
        document.close()
    if not _has_end(path):
        message = "The file does not end as a PDF must; pages may be missing"
        reading.notes.append(_note(Code.TRUNCATED, message))
    if reading.raw.get("form") == "xfa":
        _add_xfa(reading, part, family)
    return reading


def _read(document: pdfium.PdfDocument, path: Path, family: Family) -> Reading:
    with suppress(pdfium.PdfiumError):
        document.init_forms()
    told = pdf_metadata.describe(document, path, family.passwords)
    findings = Findings(family.limits.characters)
    pdf_hidden.look_document(document, findings, told.off)
    texts, wanted, notes = [], [], list[Note]()
    attached: list[Part] = []
    left = family.limits.characters
    for number in range(len(document)):
        try:
            page = document[number]
            content = pdf_pages.read_page(page)
            text = "\n".join([content.text, *pdf_pages.annotations(document, page, attached)])
            pdf_hidden.look_page(page, number, findings, told.off)
            page.close()
        except pdfium.PdfiumError as error:
            texts.append("")
            notes.append(_note(Code.PARTIAL, f"Page {number + 1} cannot be read: {error}"))
            continue
        texts.append(text[: max(0, left)])
        left -= len(text)
        if content.wants_ocr:
            wanted.append(number)
    if left < 0:
        notes.append(family.cut_note())
    titles = _outline(document)
    if titles and texts:
        texts[-1] = "\n".join((texts[-1], *titles))
    parts = [*_attachments(document, notes), *attached]
    reading = Reading(
        text=_PAGE_END.join(texts),
        pages=len(document),
        ocr_pages=tuple(wanted),
        fields=told.fields,
        raw=told.raw,
        notes=[*notes, *told.notes],
        parts=parts,
    )
    if parts:
        findings.flag("embedded-objects")
    merge_hidden(reading, findings, family)
    if not reading.text.strip() and not wanted:
        message = "There is no text and nothing to read by OCR in it"
        reading.notes.append(_note(Code.NO_TEXT, message))
    return reading


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


def _add_xfa(reading: Reading, part: Part, family: Family) -> None:
    """XFA forms keep their words in XML that PDFium does not show; Tika reads them."""
    found = read_by_tika(part, "pdf", family)
    reading.text = f"{reading.text}\n{found.text}"


def _note(code: Code, message: str) -> Note:
    return warning(code, message, TOOL, VERSION)
