"""Documents made for the tests of hidden content."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pikepdf
import pptx
from docx.oxml import parse_xml
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.workbook.defined_name import DefinedName
from pptx.dml.color import RGBColor
from pptx.util import Inches
from reportlab.lib.pagesizes import LETTER
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from process.hidden import Findings
from process.hidden_look import look
from tests.process_samples import page, picture

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def found(folder: Path, data: bytes, kind: str, room: int = 100_000) -> Findings:
    """What the look finds in these bytes."""
    path = folder / "document"
    path.write_bytes(data)
    findings = Findings(room)
    look(path, kind, findings)
    return findings


def word(*paragraphs: str, comment: str = "", settings: str = "", first_header: str = "") -> bytes:
    """A document whose paragraphs are what stands inside `w:p`."""
    document = docx.Document()
    for inner in paragraphs:
        element = parse_xml(f"<w:p {W}>{inner}</w:p>")
        document.element.body.insert(0, element)
    if comment:
        run = document.add_paragraph("commented").runs[0]
        document.add_comment(run, text=comment, author="Ann Ames", initials="AA")
    section = document.sections[0]
    if first_header:
        section.first_page_header.paragraphs[0].text = first_header
        section.different_first_page_header_footer = settings == "titlePg"
    return _saved(document)


def run(text: str, properties: str = "", tag: str = "t") -> str:
    """A run of Word with its properties."""
    return f"<w:r><w:rPr>{properties}</w:rPr><w:{tag}>{text}</w:{tag}></w:r>"


def book() -> bytes:
    """A workbook with something of each kind."""
    workbook = openpyxl.Workbook()
    plain: Any = workbook.active
    plain.title = "Plain"
    for row in range(1, 5):
        for column in range(1, 5):
            plain.cell(row, column, f"r{row}c{column}")
    plain.row_dimensions[2].hidden = True
    plain.column_dimensions["C"].hidden = True
    plain["D4"].number_format = ";;;"
    plain["A4"].font = Font(color="FFFFFFFF")
    plain["B4"].font = Font(color="FFFFFFFF")
    plain["B4"].fill = PatternFill("solid", fgColor="FF000080")
    plain["A1"].comment = Comment("check this", "Ben Bell")
    for title, state in (("Away", "hidden"), ("Deep", "veryHidden")):
        sheet = workbook.create_sheet(title)
        sheet["A1"], sheet["B1"] = f"words of {title}", 7
        sheet.sheet_state = state
    name = DefinedName("Secret_rate", attr_text="0.07", hidden=True)
    workbook.defined_names["Secret_rate"] = name
    return _saved(workbook)


def show() -> bytes:
    """A presentation: a plain slide with notes, a hidden one, a hidden shape, white letters."""
    presentation = pptx.Presentation()
    layout = presentation.slide_layouts[6]
    for number in (1, 2, 3):
        slide = presentation.slides.add_slide(layout)
        box = slide.shapes.add_textbox(Inches(1), Inches(1), Inches(4), Inches(1))
        box.text_frame.text = f"Words of slide {number}"
        if number == 1:
            slide.notes_slide.notes_text_frame.text = "Say this aloud"
        if number == 2:
            slide._element.set("show", "0")
        if number == 3:
            box._element.nvSpPr.cNvPr.set("hidden", "1")
            white = slide.shapes.add_textbox(Inches(1), Inches(3), Inches(4), Inches(1))
            letters = white.text_frame.paragraphs[0].add_run()
            letters.text = "White letters"
            letters.font.color.rgb = RGBColor.from_string("FFFFFF")  # type: ignore[no-untyped-call]
    return _saved(presentation)


def _saved(document: Any) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def changed(data: bytes, parts: Mapping[str, bytes | None]) -> bytes:
    """A package with other parts; None takes one away."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", 8) as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, part in parts.items():
            if part is not None:
                new.writestr(name, part)
    return out.getvalue()


def part(data: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return package.read(name)


_NAMES = {
    **{name: name for name in ("office", "text", "table", "style", "presentation")},
    "draw": "drawing",
}
ODF = " ".join(
    (
        *(
            f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
            for prefix, name in _NAMES.items()
        ),
        'xmlns:dc="http://purl.org/dc/elements/1.1/"',
        'xmlns:xlink="http://www.w3.org/1999/xlink"',
    )
)


def open_document(body: str, styles: str = "", kind: str = "text", macro: bool = False) -> bytes:
    out = io.BytesIO()
    content = (
        f"<office:document-content {ODF}><office:automatic-styles>{styles}"
        f"</office:automatic-styles><office:body>{body}</office:body></office:document-content>"
    )
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}")
        package.writestr("content.xml", content)
        if macro:
            package.writestr("Basic/Own/Module1.xml", "<m/>")
    return out.getvalue()


def pdf_page(*steps: tuple[str, Any], layers: bool = False) -> bytes:
    """One page drawn by steps: text, white, invisible, off, box (dark), scan."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=LETTER, invariant=True)
    for number, (what, value) in enumerate(steps):
        at = 700 - 30 * number
        if what == "scan":
            image = io.BytesIO(picture(page("Scanned words", size=(850, 1100))))
            canvas.drawImage(ImageReader(image), 0, 0, *LETTER)
        elif what == "box":
            canvas.setFillColorRGB(0, 0, 0.4)
            canvas.rect(60, 700 - 30 * (number + 1) - 5, 300, 25, fill=1, stroke=0)
        else:
            letters = canvas.beginText(72 if what != "off" else 900, at)
            letters.setFillColorRGB(*((1, 1, 1) if what == "white" else (0, 0, 0)))
            letters.setTextRenderMode(3 if what == "invisible" else 0)
            letters.textLine(value)
            canvas.drawText(letters)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def with_layer(data: bytes, *, off: bool) -> bytes:
    """A PDF with a layer that holds words of its own."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as document:
        layer = document.make_indirect(
            pikepdf.Dictionary(Type=pikepdf.Name.OCG, Name=pikepdf.String("Draft marks"))
        )
        config = pikepdf.Dictionary(OFF=[layer] if off else [], Order=[layer])
        document.Root.OCProperties = pikepdf.Dictionary(OCGs=[layer], D=config)
        sheet = document.pages[0]
        sheet.Resources.Properties = pikepdf.Dictionary(MC0=layer)
        words = b"/OC /MC0 BDC BT /F1 12 Tf 72 400 Td (Layer words) Tj ET EMC"
        sheet.contents_add(pikepdf.Stream(document, words))
        document.save(out)
    return out.getvalue()


def with_annotation(data: bytes, flags: int) -> bytes:
    """A PDF with a note of these flags."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as document:
        note = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Text, Rect=[10, 10, 30, 30], F=flags,
            Contents=pikepdf.String("Not agreed"), T=pikepdf.String("Ann Ames"),
            M=pikepdf.String("D:20010514163900Z"),
        )  # fmt: skip
        document.pages[0].Annots = pikepdf.Array([note])
        document.save(out)
    return out.getvalue()
