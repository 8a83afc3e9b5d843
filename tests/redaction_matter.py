"""Documents and a case for the tests of redaction: real pages, made by the real imaging."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pypdfium2
from reportlab.lib.pagesizes import letter
from reportlab.pdfgen import canvas

from produce.imaging import image_batch, render_batch
from produce.redaction import codes
from produce.run import Workshop
from records.case import Case
from tests.produce_matter import workshop


def paper(*pages: Sequence[str], font: str = "Helvetica") -> bytes:
    """A PDF of lines of text, Letter, 12 points, from the top; the same each time."""
    data = io.BytesIO()
    sheet = canvas.Canvas(data, pagesize=letter, invariant=True)
    for lines in pages:
        sheet.setFont(font, 12)
        for number, line in enumerate(lines):
            sheet.drawString(72, 700 - 18 * number, line)
        sheet.showPage()
    sheet.save()
    return data.getvalue()


def with_codes(case: Case) -> None:
    """The codes that the tests use."""
    codes.add_code(case, "AC", "Attorney-Client Privileged")
    codes.add_code(case, "PII", "Personal Information")


def real_workshop(**changes: Any) -> Workshop:
    """A workshop with the real imaging, in this process."""
    return workshop(**({"render": render_batch, "image": image_batch} | changes))


def pdf_text(path: Path) -> str:
    """All text of a PDF, as pdfium has it."""
    with pypdfium2.PdfDocument(path) as document:
        return "\n".join(str(page.get_textpage().get_text_bounded()) for page in document)
