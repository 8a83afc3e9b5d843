"""Pages painted by pdfium: grey for TIFF, colour for what must become a picture within a PDF."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pikepdf
import pypdfium2
from PIL import Image

from produce.imaging.errors import RenderError
from records.codes import Code

RASTER_DPI = 300
_SCREEN_DPI = 72
_WHITE = 255
MAX_PIXELS = 178_000_000  # Pillow and its like open no larger one
_EXACT = 1 - 1e-7  # Letter at 300 dpi is 2550 x 3300, not 3301


@contextmanager
def opened(source: Path, password: str = "") -> Iterator[pypdfium2.PdfDocument]:
    """A PDF in pdfium, its forms ready to be painted."""
    try:
        document = pypdfium2.PdfDocument(source, password=password or None)
    except pypdfium2.PdfiumError as error:
        raise RenderError(Code.CORRUPT, "damaged PDF", str(error)) from error
    try:
        document.init_forms()
        yield document
    finally:
        document.close()


def fitting_dpi(width: float, height: float, dpi: float, most: int = MAX_PIXELS) -> float:
    """`dpi`, or what keeps a page of this size in points within `most` pixels."""
    pixels = (width / 72 * dpi) * (height / 72 * dpi)
    return dpi if pixels <= most else dpi * (most / pixels) ** 0.5


def paint(document: pypdfium2.PdfDocument, number: int, dpi: float, grey: bool) -> Image.Image:
    """One page as pdfium sees it."""
    try:
        page = document[number]
    except pypdfium2.PdfiumError as error:
        raise RenderError(Code.CORRUPT, "unreadable page", f"page {number + 1}: {error}") from error
    try:
        bitmap = page.render(scale=dpi / 72 * _EXACT, grayscale=grey)
        image: Image.Image = bitmap.to_pil()
        return image if image.mode in ("L", "RGB") else image.convert("RGB")
    finally:
        page.close()


def is_blank(source: Path) -> bool:
    """Whether no page of a PDF of our own shows anything at all."""
    with opened(source) as document:
        sizes = (document.get_page_size(number) for number in range(len(document)))
        return all(
            paint(document, number, fitting_dpi(width, height, _SCREEN_DPI), grey=True).getextrema()
            == (_WHITE, _WHITE)
            for number, (width, height) in enumerate(sizes)
        )


def rasterise(source: Path, password: str, target: Path) -> int:
    """Make every page a picture; the number of pages."""
    pdf = pikepdf.new()
    with opened(source, password) as document:
        for number in range(len(document)):
            width, height = document.get_page_size(number)
            dpi = fitting_dpi(width, height, RASTER_DPI, MAX_PIXELS // 3)
            image = paint(document, number, dpi, grey=False)
            add_picture(pdf, image, width, height)
    pdf.save(target, deterministic_id=True)
    return len(pdf.pages)


def add_picture(pdf: pikepdf.Pdf, image: Image.Image, width: float, height: float) -> None:
    """Add a page of this size in points that shows the picture and nothing else."""
    channels = image.split() if image.mode == "RGB" else ()
    if channels and channels[0] == channels[1] == channels[2]:
        image = channels[0]
    picture = pikepdf.Stream(pdf, zlib.compress(image.tobytes(), 6))
    picture["/Type"] = pikepdf.Name.XObject
    picture["/Subtype"] = pikepdf.Name.Image
    picture["/Width"], picture["/Height"] = image.width, image.height
    picture["/BitsPerComponent"] = 8
    picture["/ColorSpace"] = (
        pikepdf.Name.DeviceGray if image.mode == "L" else pikepdf.Name.DeviceRGB
    )
    picture["/Filter"] = pikepdf.Name.FlateDecode
    page = pikepdf.Dictionary(
        Type=pikepdf.Name.Page,
        MediaBox=[0, 0, round(width, 4), round(height, 4)],
        Resources=pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=picture)),
        Contents=pdf.make_stream(f"{width:.4f} 0 0 {height:.4f} 0 0 cm /Im0 Do".encode()),
    )
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))


class OpenDocument:
    """The document of which pages are being painted one by one; kept open between requests."""

    def __init__(self) -> None:
        self._key: tuple[str, int, int] | None = None
        self._document: pypdfium2.PdfDocument | None = None

    def get(self, source: Path) -> pypdfium2.PdfDocument:
        """`source` in pdfium, opened anew only when it is another file."""
        status = source.stat()
        key = str(source), status.st_ino, status.st_mtime_ns
        if self._document is None or key != self._key:
            if self._document is not None:
                self._document.close()
                self._document = None
            try:
                self._document = pypdfium2.PdfDocument(source)
            except pypdfium2.PdfiumError as error:
                raise RenderError(Code.CORRUPT, "damaged PDF", str(error)) from error
            self._key = key
        return self._document
