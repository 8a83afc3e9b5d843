"""Writes Word, Excel, PowerPoint and OpenDocument files."""

import datetime as dt
import io
from xml.sax.saxutils import escape

import docx
import openpyxl
import pptx
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part as PackagePart
from docx.oxml import parse_xml
from docx.shared import Inches
from pptx.util import Inches as SlideInches

from samples.archives import settled, zip_bytes
from samples.tree import Item

_CREATED = dt.datetime(2024, 6, 28, 12, 0, 0)  # noqa: DTZ001 - the formats hold naive UTC
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
Rows = list[list[str | int | float]]


def word(
    name: str,
    text: str,
    *,
    author: str = "Amara Okafor",
    image: Item | None = None,
    book: Item | None = None,
    rows: Rows | None = None,
    revision: tuple[str, str] | None = None,
    comment: str = "",
) -> Item:
    """A Word document; the first line of the text is its title.

    `image` becomes a picture, `book` an embedded workbook, `rows` a table, `revision` a tracked
    deletion and insertion, and `comment` a remark on the last paragraph.
    """
    document = docx.Document()
    title, *paragraphs = [line for line in text.split("\n") if line]
    _describe(document.core_properties, title, author)
    last = document.add_heading(title, 1)
    for paragraph in paragraphs:
        last = document.add_paragraph(paragraph)
    extra = []
    if rows:
        table = document.add_table(len(rows), len(rows[0]))
        for down, row in enumerate(rows):
            for across, value in enumerate(row):
                table.cell(down, across).text = str(value)
        extra += [" ".join(str(value) for value in row) for row in rows]
    if comment:
        document.add_comment(last.runs, comment, author="Lev Brandt", initials="LB")
        extra.append(comment)
    if revision:
        document.element.body.insert(1, parse_xml(_revision(*revision)))
        extra.append(revision[1])
    if image:
        document.add_picture(io.BytesIO(image.data), width=Inches(3))
    if book:
        _embed(document, book)
    buffer = io.BytesIO()
    document.save(buffer)
    children = [item_inside(image, "image1.png", inline=True)] if image else []
    children += [item_inside(book, book.name)] if book else []
    aside = f"{title} {author} {revision[0] if revision else ''}"
    full = "\n".join([text, *extra])
    return Item(name, settled(buffer.getvalue()), "docx", full, aside, tuple(children))


def item_inside(item: Item, name: str, *, inline: bool = False) -> Item:
    """The item under the name it has inside an Office file."""
    return Item(
        name, item.data, item.kind, item.text, item.aside, item.children, inline, item.ocr_pages
    )


def workbook(name: str, sheets: dict[str, Rows], *, hidden: str = "", author: str = "") -> Item:
    """An Excel workbook; strings beginning with "=" are formulas without cached values."""
    book = openpyxl.Workbook()
    book.properties.creator = author or "Amara Okafor"
    book.properties.created = _CREATED
    first = book.active
    if first is not None:
        book.remove(first)
    words = []
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
            words.append(" ".join(str(v) for v in row if not str(v).startswith("=")))
        if title == hidden:
            sheet.sheet_state = "hidden"
    buffer = io.BytesIO()
    book.save(buffer)
    return Item(name, settled(buffer.getvalue()), "xlsx", "\n".join(words), " ".join(sheets))


def slides(
    name: str, title: str, pages: list[tuple[str, list[str], str]], *, image: Item | None = None
) -> Item:
    """A presentation of (heading, bullets, speaker notes); a picture goes on the last slide."""
    show = pptx.Presentation()
    _describe(show.core_properties, title, "Amara Okafor")
    words = []
    for heading, bullets, notes in pages:
        page = show.slides.add_slide(show.slide_layouts[1])
        if page.shapes.title is not None:
            page.shapes.title.text = heading
        page.placeholders[1].text = "\n".join(bullets)
        frame = page.notes_slide.notes_text_frame
        if frame is not None:
            frame.text = notes
        words += [heading, *bullets, notes]
        if image and len(words) and heading == pages[-1][0]:
            page.shapes.add_picture(
                io.BytesIO(image.data), SlideInches(5.5), SlideInches(5), SlideInches(3)
            )
    buffer = io.BytesIO()
    show.save(buffer)
    children = (item_inside(image, "image1.png", inline=True),) if image else ()
    return Item(name, settled(buffer.getvalue()), "pptx", "\n".join(words), title, children)


def open_text(name: str, text: str) -> Item:
    """An OpenDocument text, part by part as in ODF 1.3, part 2."""
    spaces = (
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
        'xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" office:version="1.3"'
    )
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    title, *paragraphs = [escape(line) for line in text.split("\n") if line]
    body = f'<text:h text:outline-level="1">{title}</text:h>' + "".join(
        f"<text:p>{paragraph}</text:p>" for paragraph in paragraphs
    )
    content = (
        f"{head}<office:document-content {spaces}><office:body><office:text>{body}"
        "</office:text></office:body></office:document-content>"
    )
    meta = (
        f"{head}<office:document-meta {spaces}><office:meta><dc:title>{title}</dc:title>"
        "<meta:creation-date>2024-06-28T12:00:00</meta:creation-date>"
        "<meta:initial-creator>Lev Brandt</meta:initial-creator>"
        "</office:meta></office:document-meta>"
    )
    kind = "application/vnd.oasis.opendocument.text"
    listed = [("/", kind), ("content.xml", "text/xml"), ("meta.xml", "text/xml")]
    manifest = (
        f'{head}<manifest:manifest manifest:version="1.3" '
        'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        + "".join(
            f'<manifest:file-entry manifest:full-path="{path}" manifest:media-type="{media}"/>'
            for path, media in listed
        )
        + "</manifest:manifest>"
    )
    data = zip_bytes(
        [
            ("mimetype", kind.encode()),
            ("content.xml", content.encode()),
            ("meta.xml", meta.encode()),
            ("META-INF/manifest.xml", manifest.encode()),
        ],
        stored=("mimetype",),
    )
    return Item(name, data, "odt", text, "Lev Brandt")


def _describe(properties: object, title: str, author: str) -> None:
    """Sets the core properties, which both Office libraries name alike."""
    values = {"title": title, "author": author, "last_modified_by": author, "comments": ""}
    for key, value in {**values, "created": _CREATED, "modified": _CREATED}.items():
        setattr(properties, key, value)


def _revision(deleted: str, inserted: str) -> str:
    who = 'w:author="Hester Quill" w:date="2024-01-09T10:00:00Z"'
    return (
        f'<w:p {_W}><w:r><w:t xml:space="preserve">Clause 7 now reads: </w:t></w:r>'
        f'<w:del w:id="901" {who}><w:r><w:delText>{escape(deleted)}</w:delText></w:r></w:del>'
        f'<w:ins w:id="902" {who}><w:r><w:t>{escape(inserted)}</w:t></w:r></w:ins></w:p>'
    )


def _embed(document: "docx.document.Document", book: Item) -> None:
    """Embeds a workbook as Word does: a package part and an OLE object that points to it."""
    uri = PackURI(f"/word/embeddings/{book.name}")
    part = PackagePart(uri, _XLSX, book.data, document.part.package)
    link = document.part.relate_to(part, RELATIONSHIP_TYPE.PACKAGE)
    document.element.body.insert(
        2,
        parse_xml(
            f'<w:p {_W} xmlns:v="urn:schemas-microsoft-com:vml" '
            'xmlns:o="urn:schemas-microsoft-com:office:office" '
            'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
            '<w:r><w:object w:dxaOrig="3000" w:dyaOrig="1200">'
            '<v:shape id="_x0000_i1025" style="width:150pt;height:60pt" o:ole=""/>'
            '<o:OLEObject Type="Embed" ProgID="Excel.Sheet.12" ShapeID="_x0000_i1025" '
            f'DrawAspect="Icon" ObjectID="_1700000001" r:id="{link}"/>'
            "</w:object></w:r></w:p>"
        ),
    )
