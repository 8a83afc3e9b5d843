"""Which PDF pages are sent to OCR: drawn pages of each sort, and the corpus's PDFs."""

import io
import os
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from PIL import Image
from reportlab.lib.pagesizes import LETTER
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from process.ocr_choice import look_at, wants_ocr
from process.pdf import LockedPdfError, open_pdf
from process.pdf_pages import layer
from tests.process_samples import page

CORPUS = Path(
    os.environ.get("REDWELL_CORPUS", Path(__file__).resolve().parents[2] / "shared" / "corpus")
)
PROSE = "The tenant shall keep the premises in good repair and pay all charges when due."


def chosen(document: pdfium.PdfDocument) -> list[int]:
    found = []
    for number in range(len(document)):
        drawn = document[number]
        text_page = drawn.get_textpage()
        if wants_ocr(layer(text_page), look_at(drawn, text_page)):
            found.append(number)
        text_page.close()
        drawn.close()
    return found


def drawn(
    lines: int, picture: tuple[float, float, float, float] | None = None, *, unseen: bool = False
) -> bool:
    """Whether a Letter page is chosen that has so many lines, and a picture (x, y, w, h)."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=LETTER, invariant=True)
    if picture is not None:
        x, y, width, height = picture
        canvas.drawImage(ImageReader(page("words", size=(850, 1100))), x, y, width, height)
    for row in range(lines):
        text = canvas.beginText(72, 740 - 13 * row)
        text.setTextRenderMode(3 if unseen else 0)
        text.textLine(PROSE)
        canvas.drawText(text)
    canvas.showPage()
    canvas.save()
    document = pdfium.PdfDocument(out.getvalue())
    try:
        return chosen(document) == [0]
    finally:
        document.close()


def test_a_page_of_text_is_not_chosen_nor_an_empty_one() -> None:
    assert not drawn(45)
    assert not drawn(1)
    assert not drawn(0)


def test_a_scan_is_chosen_unless_it_has_a_text_layer() -> None:
    whole = (0, 0, 612, 792)
    assert drawn(0, whole)
    assert drawn(1, whole)  # a court's stamp
    assert not drawn(45, whole, unseen=True)  # read by OCR before


def test_a_screenshot_below_a_letter_is_chosen_and_a_logo_is_not() -> None:
    assert drawn(20, (72, 60, 468, 300))
    assert not drawn(20, (72, 60, 120, 90))


def test_a_bullet_as_a_picture_is_no_reason() -> None:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=LETTER, invariant=True)
    for row in range(3):
        canvas.drawImage(ImageReader(Image.new("L", (12, 12), 0)), 60, 700 - 20 * row, 8, 8)
        canvas.drawString(72, 700 - 20 * row, "Item")
    canvas.save()
    document = pdfium.PdfDocument(out.getvalue())
    assert chosen(document) == []
    document.close()


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real files is not here")
@pytest.mark.parametrize(
    ("folder", "pages", "wanted"),
    [("court-filings", 15, 1), ("bad-redactions", 12, 0), ("verapdf", 62, 6), ("tika", 107, 5)],
)
def test_pages_of_the_corpus(folder: str, pages: int, wanted: int) -> None:
    seen = found = 0
    for path in sorted((CORPUS / "pdf" / folder).rglob("*.pdf")):
        try:
            document = open_pdf(path, ())
        except (pdfium.PdfiumError, LockedPdfError):
            continue
        seen += len(document)
        found += len(chosen(document))
        document.close()
    assert (seen, found) == (pages, wanted)
