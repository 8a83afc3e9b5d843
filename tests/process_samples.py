"""Small documents made for the tests of processing, and the way through the worker."""

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from email.message import EmailMessage
from pathlib import Path

import docx
import msoffcrypto
import pikepdf
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.pagesizes import LETTER
from reportlab.pdfgen.canvas import Canvas

from ingest.types import HEAD, identify
from process.interface import (
    ExtractBatch,
    ExtractedItem,
    ExtractJob,
    OcrBatch,
    OcrJob,
    OcrPage,
    OcrWish,
)
from process.ocr_worker import ocr_batch
from process.worker import extract_batch
from records.codes import Code
from records.limits import Limits
from store import LocalStore


class Bench:
    """A store in a folder, and documents put through extraction and OCR."""

    def __init__(self, folder: Path) -> None:
        self.store = LocalStore(folder / "store")

    def job(self, data: bytes, name: str, number: int = 1) -> ExtractJob:
        with self.store.writing() as writer:
            digests = writer.put_bytes(data)
        found = identify(data[:HEAD], name, io.BytesIO(data))
        return ExtractJob(number, digests.sha256, digests.size, name, found.mime, found.type)

    def extract(
        self, data: bytes, name: str, limits: Limits | None = None, passwords: tuple[str, ...] = ()
    ) -> tuple[ExtractedItem, ...]:
        batch = ExtractBatch(
            (self.job(data, name, 7),), self.store.address, limits or Limits(), passwords
        )
        (family,) = extract_batch(batch)
        assert family.document_id == 7
        return family.members

    def text(self, item: ExtractedItem) -> str:
        if item.text.sha256 is None:
            return ""
        text = self.store.read_bytes(item.text.sha256).decode()
        assert len(text) == item.text.chars
        return text

    def data(self, item: ExtractedItem) -> bytes:
        """The bytes of an item that has them."""
        assert item.digests is not None
        return self.store.read_bytes(item.digests.sha256)

    def ocr(
        self, item: ExtractedItem, limits: Limits | None = None, wish: OcrWish | None = None
    ) -> tuple[OcrPage, ...]:
        assert item.digests is not None
        job = OcrJob(item.digests.sha256, item.type, item.ocr_pages)
        how = wish or OcrWish("eng")
        batch = OcrBatch((job,), self.store.address, limits or Limits(), how, ())
        (result,) = ocr_batch(batch)
        assert result.sha256 == item.digests.sha256
        return result.pages

    def ocr_text(self, item: ExtractedItem) -> str:
        pages = (self.store.read_bytes(page.text_sha256).decode() for page in self.ocr(item))
        return "\f".join(pages)


def codes(item: ExtractedItem) -> list[tuple[str, Code, int]]:
    return [(note.severity, note.code, note.attempts) for note in item.notes]


def mail(body: str, *attached: tuple[str, bytes], subject: str = "Term sheet") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Ann Ames <ann@example.com>"
    message["To"] = "bob@example.com"
    message["Date"] = "Mon, 14 May 2001 16:39:00 -0700"
    message["Message-ID"] = "<term-sheet-1@example.com>"
    message["Subject"] = subject
    message.set_content(body)
    for name, data in attached:
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return message


def word(text: str, picture: bytes | None = None) -> bytes:
    document = docx.Document()
    document.core_properties.author = "Cora Case"
    document.core_properties.title = "Draft"
    document.add_paragraph(text)
    if picture is not None:
        document.add_picture(io.BytesIO(picture))
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def holding_word(text: str, *embedded: bytes) -> bytes:
    """A document that holds others as embedded packages."""
    document = docx.Document()
    document.add_paragraph(text)
    for number, data in enumerate(embedded, 1):
        uri = PackURI(f"/word/embeddings/inner{number}.docx")
        held = Part(uri, CONTENT_TYPE.WML_DOCUMENT, data, document.part.package)
        document.part.relate_to(held, RELATIONSHIP_TYPE.PACKAGE)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def locked_word(text: str, password: str) -> bytes:
    out = io.BytesIO()
    msoffcrypto.OfficeFile(io.BytesIO(word(text))).encrypt(password, out)
    return out.getvalue()


def pdf(*pages: str, attached: Mapping[str, bytes] | None = None, password: str = "") -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=LETTER, invariant=True)
    for text in pages:
        for row, line in enumerate(text.splitlines()):
            canvas.drawString(72, 700 - 14 * row, line)
        canvas.showPage()
    canvas.save()
    if not attached and not password:
        return out.getvalue()
    changed = io.BytesIO()
    with pikepdf.open(out) as document:
        for name, data in (attached or {}).items():
            document.attachments[name] = data
        lock = pikepdf.Encryption(user=password, owner=password) if password else None
        document.save(changed, encryption=lock if lock else False)
    return changed.getvalue()


def page(*lines: str, size: tuple[int, int] = (1700, 1100)) -> Image.Image:
    """A page at 200 dots an inch with lines of large print."""
    image = Image.new("L", size, 255)
    font = ImageFont.load_default(size=48)
    for row, line in enumerate(lines):
        ImageDraw.Draw(image).text((120, 120 + 90 * row), line, fill=0, font=font)
    return image


def picture(image: Image.Image, kind: str = "PNG", frames: tuple[Image.Image, ...] = ()) -> bytes:
    out = io.BytesIO()
    more = {"save_all": True, "append_images": list(frames)} if frames else {}
    image.save(out, format=kind, dpi=(200, 200), **more)
    return out.getvalue()


def zipped(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def huge_png(side: int = 19_000) -> bytes:
    """A small file that takes a byte for each of its many dots once it is opened."""
    row = b"\0" + b"\0" * ((side + 7) // 8)
    packer = zlib.compressobj(1)
    packed = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in (
            (b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)),
            (b"IDAT", packed),
            (b"IEND", b""),
        )
    )


def endless_tiff(frames: int = 4000, side: int = 5000) -> bytes:
    """A TIFF whose many frames are all the same large strip: it takes minutes to look at."""
    strip = b"\0" * (side * ((side + 7) // 8))
    at = 8 + len(strip)
    out = bytearray(struct.pack("<2sHI", b"II", 42, at) + strip)
    for number in range(frames):
        entries = (
            (256, 4, 1, side),
            (257, 4, 1, side),
            (258, 3, 1, 1),
            (259, 3, 1, 1),
            (262, 3, 1, 0),
            (273, 4, 1, 8),
            (277, 3, 1, 1),
            (278, 4, 1, side),
            (279, 4, 1, len(strip)),
        )
        size = 2 + 12 * len(entries) + 4
        following = at + size * (number + 1) if number + 1 < frames else 0
        out += struct.pack("<H", len(entries))
        out += b"".join(struct.pack("<HHII", *each) for each in entries)
        out += struct.pack("<I", following)
    return bytes(out)
