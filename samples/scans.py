"""Page images, pictures and the PDF and TIFF files made of them."""

import io
import math
import textwrap
import zlib

import pikepdf
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import simpleSplit
from reportlab.pdfgen.canvas import Canvas

from samples.tree import Item, seeded

_DPI = 200
_PAGE = (1654, 2339)


def text_pdf(name: str, title: str, pages: list[str]) -> Item:
    """A PDF made by a program: text that can be read without OCR."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, invariant=1, pageCompression=1)
    canvas.setTitle(title)
    for number, page in enumerate(pages, 1):
        down = A4[1] - 70
        for paragraph in page.split("\n"):
            for line in simpleSplit(paragraph, "Times-Roman", 11, A4[0] - 140) or [""]:
                canvas.setFont("Times-Roman", 11)
                canvas.drawString(70, down, line)
                down -= 15
        canvas.drawCentredString(A4[0] / 2, 40, f"Page {number}")
        canvas.showPage()
    canvas.save()
    return Item(name, buffer.getvalue(), "pdf", "\n\n".join(pages), title)


def scanned_pdf(name: str, pages: list[str], *, first: Item | None = None) -> Item:
    """A PDF of page images; `first` is a text PDF whose pages go before them."""
    document = pikepdf.open(io.BytesIO(first.data)) if first else pikepdf.new()
    for page in pages:
        _add_scan(document, _page_image(page))
    buffer = io.BytesIO()
    document.save(buffer, deterministic_id=True)
    text = "\n\n".join([first.text, *pages] if first else pages)
    return Item(name, buffer.getvalue(), "pdf", text, ocr_pages=len(pages))


def tiff(name: str, pages: list[str]) -> Item:
    """A fax-like TIFF with one G4 page for each text."""
    images = [_page_image(page) for page in pages]
    buffer = io.BytesIO()
    images[0].save(
        buffer,
        "TIFF",
        compression="group4",
        dpi=(_DPI, _DPI),
        save_all=True,
        append_images=images[1:],
    )
    return Item(name, buffer.getvalue(), "tiff", "\n\n".join(pages), ocr_pages=len(pages))


def picture(name: str, text: str, *, size: tuple[int, int] = (460, 150)) -> Item:
    """A small PNG with a few readable words, as for a logo or a label."""
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((4, 4, size[0] - 5, size[1] - 5), outline=(20, 60, 110), width=3)
    draw.multiline_text((30, 35), text, font=_font(38), fill=(15, 30, 60), spacing=14)
    return Item(name, _png(image), "png", text, ocr_pages=1)


def screenshot(name: str, title: str, rows: list[str]) -> Item:
    """A PNG that looks like a window of a program."""
    image = Image.new("RGB", (1200, 140 + 62 * len(rows)), (244, 246, 248))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 1200, 70), fill=(225, 232, 240))
    draw.text((30, 18), title, font=_font(34), fill="black")
    for number, row in enumerate(rows):
        top = 100 + 62 * number
        draw.rectangle((30, top, 1170, top + 54), fill="white")
        draw.text((50, top + 10), row, font=_font(30), fill=(25, 25, 25))
    return Item(name, _png(image), "png", "\n".join([title, *rows]), ocr_pages=1)


def photo(name: str, key: str) -> Item:
    """A JPEG of a made-up quay at dusk: nothing to read in it."""
    pick = seeded(f"photo {key}")
    image = Image.new("RGB", (900, 600))
    draw = ImageDraw.Draw(image)
    for row in range(600):
        glow = int(110 + 90 * math.sin(row / 190))
        shade = (glow, 90 + row // 8, 120 + row // 10) if row < 360 else (30, 60 + row // 20, 90)
        draw.line((0, row, 900, row), fill=shade)
    for _ in range(24):
        left, wide, high = pick.randint(0, 860), pick.randint(30, 120), pick.randint(20, 150)
        tone = pick.randint(40, 90)
        draw.rectangle((left, 360 - high, left + wide, 370), fill=(tone, tone + 8, tone + 16))
    for _ in range(90):
        left, top = pick.randint(0, 880), pick.randint(375, 595)
        draw.line((left, top, left + pick.randint(20, 90), top), fill=(150, 130, 120), width=2)
    soft = image.filter(ImageFilter.GaussianBlur(3))
    buffer = io.BytesIO()
    soft.save(buffer, "JPEG", quality=82, dpi=(72, 72))
    return Item(name, buffer.getvalue(), "jpeg", ocr_pages=1)


def cut_short(name: str, pages: list[str]) -> Item:
    """A PDF whose writing stopped within the last page's content.

    As with writers that put the content of the pages first, neither the catalogue nor the page
    tree is there yet, so that no reader can mend it.
    """
    data = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
    for number, page in enumerate(pages, 1):
        lines = " ".join(f"({line}) '" for line in textwrap.wrap(page, 80))
        packed = zlib.compress(f"BT /F1 11 Tf 15 TL 70 770 Td {lines} ET".encode())
        head = f"{number} 0 obj\n<</Length {len(packed)}/Filter/FlateDecode>>\nstream\n"
        data += head.encode() + packed + b"\nendstream\nendobj\n"
    return Item(name, data[:-120], "pdf", exception="truncated")


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=size)


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True, dpi=(96, 96))
    return buffer.getvalue()


def _page_image(text: str) -> Image.Image:
    """An A4 page at 200 dpi, black on white."""
    image = Image.new("L", _PAGE, 255)
    draw = ImageDraw.Draw(image)
    down = 190
    for number, paragraph in enumerate(text.split("\n")):
        font = _font(46 if number == 0 else 34)
        for line in textwrap.wrap(paragraph, 72) or [""]:
            draw.text((170, down), line, font=font, fill=0)
            down += 66 if number == 0 else 52
    return image.point(lambda value: 255 if value > 150 else 0).convert("1")


def _add_scan(document: pikepdf.Pdf, image: Image.Image) -> None:
    """Adds the image as a page, G4 packed as scanners do (PDF 32000-1, 7.4.6)."""
    buffer = io.BytesIO()
    image.save(buffer, "TIFF", compression="group4", tiffinfo={278: image.height})
    with Image.open(io.BytesIO(buffer.getvalue())) as packed:
        tags = getattr(packed, "tag_v2")  # noqa: B009 - only TIFF images have it
        offset, length, photometric = tags[273][0], tags[279][0], tags[262]
    strip = pikepdf.Stream(
        document,
        b"",
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Image,
        Width=image.width,
        Height=image.height,
        ColorSpace=pikepdf.Name.DeviceGray,
        BitsPerComponent=1,
    )
    parms = pikepdf.Dictionary(
        K=-1, Columns=image.width, Rows=image.height, BlackIs1=photometric == 1
    )
    strip.write(
        buffer.getvalue()[offset : offset + length],
        filter=pikepdf.Name.CCITTFaxDecode,
        decode_parms=parms,
    )
    wide, high = (side * 72 / _DPI for side in image.size)
    page = document.add_blank_page(page_size=(wide, high))
    page.add_resource(strip, pikepdf.Name.XObject, pikepdf.Name.Scan)
    page.contents_add(f"q {wide:.2f} 0 0 {high:.2f} 0 0 cm /Scan Do Q".encode())
