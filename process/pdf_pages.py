"""One PDF page: its text, its notes and form fields, and whether its picture wants OCR."""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as c

from process.ocr_choice import look_at, wants_ocr
from process.reading import Part
from records.codes import Role

_MOST_ATTACHED = 1 << 30


@dataclass(frozen=True, slots=True)
class PageContent:
    """A page's text layer and whether OCR should read the page as well."""

    text: str
    wants_ocr: bool


def read_page(page: pdfium.PdfPage) -> PageContent:
    """Read one page; raises `PdfiumError`."""
    text_page = page.get_textpage()
    try:
        text = layer(text_page)
        look = look_at(page, text_page)
    finally:
        text_page.close()
    return PageContent(text, wants_ocr(text, look))


def layer(text_page: pdfium.PdfTextPage) -> str:
    """A page's text layer."""
    text: str = text_page.get_text_range().replace("\r\n", "\n").replace("\r", "\n")
    return text.replace("\ufffe", "-").replace("\x02", "-")  # PDFium's mark of a broken word


def annotations(
    document: pdfium.PdfDocument, page: pdfium.PdfPage, attached: list[Part]
) -> list[str]:
    """Words of notes, form fields and links on a page; files pinned to it go to `attached`."""
    found: list[str] = []
    for number in range(c.FPDFPage_GetAnnotCount(page)):
        annotation = c.FPDFPage_GetAnnot(page, number)
        if not annotation:
            continue
        try:
            _annotation(document, annotation, found, attached)
        finally:
            c.FPDFPage_CloseAnnot(annotation)
    return [text for text in found if text.strip()]


def _annotation(
    document: pdfium.PdfDocument, annotation: Any, found: list[str], attached: list[Part]
) -> None:
    kind = c.FPDFAnnot_GetSubtype(annotation)
    if kind == c.FPDF_ANNOT_POPUP:
        return
    if kind == c.FPDF_ANNOT_WIDGET:
        if document.formenv:
            found.append(_field(document.formenv, annotation))
        return
    if kind == c.FPDF_ANNOT_LINK:
        found.append(_link(document, annotation))
    if kind == c.FPDF_ANNOT_FILEATTACHMENT:
        pinned = c.FPDFAnnot_GetFileAttachment(annotation)
        data = attachment_bytes(pinned) if pinned else None
        if data is not None:
            name = _wide(lambda b, n: c.FPDFAttachment_GetName(pinned, b, n))
            attached.append(Part(name or "attachment", Role.EMBEDDED, data))
    for key in (b"T", b"Subj", b"Contents"):  # a note's author, subject and words
        found.append(_string(annotation, key))


def _string(annotation: Any, key: bytes) -> str:
    return _wide(lambda b, n: c.FPDFAnnot_GetStringValue(annotation, key, b, n))


def _field(form: Any, annotation: Any) -> str:
    """A form field as `name: value`."""
    name = _wide(lambda b, n: c.FPDFAnnot_GetFormFieldName(form, annotation, b, n))
    value = _wide(lambda b, n: c.FPDFAnnot_GetFormFieldValue(form, annotation, b, n))
    return f"{name}: {value}" if value else name


def _link(document: pdfium.PdfDocument, annotation: Any) -> str:
    link = c.FPDFAnnot_GetLink(annotation)
    action = c.FPDFLink_GetAction(link) if link else None
    if not action:
        return ""
    size = c.FPDFAction_GetURIPath(document, action, None, 0)
    if not size:
        return ""
    buffer = ctypes.create_string_buffer(size)
    c.FPDFAction_GetURIPath(document, action, buffer, size)
    return buffer.value.decode("utf-8", "replace")


def _wide(call: Callable[[Any, int], int]) -> str:
    """Fetch a UTF-16 string from a PDFium function that is asked for the size first."""
    size = call(None, 0)
    if size <= 2:
        return ""
    buffer = (c.FPDF_WCHAR * (size // 2))()
    call(buffer, size)
    return bytes(buffer).decode("utf-16-le", "replace").rstrip("\0")


def attachment_bytes(attachment: Any) -> bytes | None:
    """An embedded file's bytes; None where PDFium cannot give them."""
    size = ctypes.c_ulong()
    if not c.FPDFAttachment_GetFile(attachment, None, 0, size) or size.value > _MOST_ATTACHED:
        return None
    buffer = ctypes.create_string_buffer(size.value)
    if size.value and not c.FPDFAttachment_GetFile(attachment, buffer, size.value, size):
        return None
    return buffer.raw[: size.value]
