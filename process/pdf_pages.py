"""One PDF page: its text, its notes and form fields, and whether its picture wants OCR."""

import ctypes
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as c

from process.reading import Part
from records.codes import Role

_OBJECTS = 3000  # a page's objects looked at; a page with more is a drawing
_MOST_ATTACHED = 1 << 30
_WORD = re.compile(r"[^\W\d_]{2,}")
_VOWEL = re.compile(r"[aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüýαεηιουωаеёиоуыэюяіїє]", re.I)
_LATIN = re.compile(r"^[A-Za-zÀ-ɏ]+$")


@dataclass(frozen=True, slots=True)
class PageContent:
    """A page's text layer and whether OCR should read the page as well."""

    text: str
    wants_ocr: bool


def read_page(page: pdfium.PdfPage) -> PageContent:
    """Read one page; raises `PdfiumError`."""
    text_page = page.get_textpage()
    try:
        text = text_page.get_text_range().replace("\r\n", "\n").replace("\r", "\n")
    finally:
        text_page.close()
    text = text.replace("\ufffe", "-").replace("\x02", "-")  # PDFium's mark of a broken word
    return PageContent(text, wants_ocr(text, *_pictures(page)))


def wants_ocr(text: str, images: int, paths: int, covered: float) -> bool:
    """The rule that told 90 % of the pages that needed OCR among 826.

    `covered` is the share of the page under images.
    """
    solid = "".join(text.split())
    if len(solid) < 100 and (images > 0 or paths > 100):
        return True
    if covered > 0.3 and len(solid) < 400:
        return True
    if not solid or (not images and not paths and len(solid) < 100):
        return False
    return _is_garbled(text, solid)


def _is_garbled(text: str, solid: str) -> bool:
    """A text layer that is there but says nothing: unmapped glyphs, no words, no vowels."""
    bad = sum(1 for each in solid if each == "\ufffd" or each < " " or "\ue000" <= each <= "\uf8ff")
    if bad > len(solid) * 0.1:
        return True
    if len(solid) < 100 or not any(each.isalpha() for each in solid):
        return False
    words = _WORD.findall(text)
    letters = sum(len(word) for word in words)
    if letters < sum(1 for each in solid if each.isalpha()) * 0.3:
        return True
    latin = [word for word in words if len(word) > 3 and _LATIN.match(word)]
    mute = sum(1 for word in latin if not _VOWEL.search(word))
    return len(latin) >= 10 and mute > len(latin) * 0.5


def _pictures(page: pdfium.PdfPage) -> tuple[int, int, float]:
    """Numbers of images and of paths, and the share of the page that images cover."""
    images, paths, area = 0, 0, 0.0
    width, height = page.get_size()
    for number, thing in enumerate(page.get_objects(max_depth=8)):
        if number >= _OBJECTS:
            break
        if thing.type == c.FPDF_PAGEOBJ_IMAGE:
            images += 1
            with suppress(pdfium.PdfiumError):
                area += _area(thing.get_bounds(), width, height)
        elif thing.type in (c.FPDF_PAGEOBJ_PATH, c.FPDF_PAGEOBJ_SHADING):
            paths += 1
    return images, paths, min(1.0, area / max(1.0, width * height))


def _area(bounds: tuple[float, float, float, float], width: float, height: float) -> float:
    left, bottom, right, top = bounds
    across = min(right, width) - max(left, 0.0)
    return max(0.0, across) * max(0.0, min(top, height) - max(bottom, 0.0))


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
