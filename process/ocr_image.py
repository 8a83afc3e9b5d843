"""A page's picture as OCR takes it: a PDF page drawn, or a frame of a picture file.

Pixels are those of the page upright as it is shown (by a PDF's /Rotate, by a picture's EXIF), with
square dots; all boxes of words on record are in them.
"""

import hashlib
from pathlib import Path

import pypdfium2 as pdfium
from PIL import Image, ImageFile, ImageOps

from process.pdf import LockedPdfError, open_pdf

DPI = 200
_MOST_PIXELS = 40_000_000  # an A3 page at 400 dpi


class PageError(Exception):
    """A page that gives no image; the message says why."""


def page_image(
    path: Path, kind: str, page: int, passwords: tuple[str, ...], dpi: int | None = None
) -> tuple[Image.Image, int]:
    """A page or frame as a grey or black-and-white image, and its dots an inch.

    `dpi` is what a PDF page is drawn at, `DPI` unless given; a picture has its own. Raises
    `PageError`.
    """
    if kind == "pdf":
        return _pdf_image(path, page, passwords, dpi or DPI)
    ImageFile.LOAD_TRUNCATED_IMAGES = True  # the document's record says already that it is cut
    try:
        with Image.open(path) as image:
            image.seek(page)
            return _grey(image)
    except Image.DecompressionBombError as error:
        raise PageError(f"The picture has too many pixels: {error}") from error
    except (OSError, SyntaxError, ValueError, EOFError, TypeError, KeyError) as error:
        raise PageError(f"The picture cannot be opened: {error}") from error
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False


def image_hash(image: Image.Image, dpi: int) -> str:
    """SHA-256 of a page's picture: its size, its dots an inch and its pixels."""
    digest = hashlib.sha256(f"{image.mode} {image.width} {image.height} {dpi}\n".encode())
    digest.update(image.tobytes())
    return digest.hexdigest()


def _pdf_image(
    path: Path, number: int, passwords: tuple[str, ...], wanted: int
) -> tuple[Image.Image, int]:
    try:
        document = open_pdf(path, passwords)
    except (LockedPdfError, pdfium.PdfiumError) as error:
        raise PageError(f"The PDF cannot be opened: {error}") from error
    try:
        page = document[number]
        width, height = page.get_size()
        inches = max(1.0, width * height) / 72**2
        dpi = min(float(wanted), (_MOST_PIXELS / inches) ** 0.5)
        bitmap = page.render(scale=dpi / 72, grayscale=True)
        return bitmap.to_pil(), max(1, round(dpi))
    except (pdfium.PdfiumError, IndexError, ValueError) as error:
        raise PageError(f"Page {number + 1} cannot be drawn: {error}") from error
    finally:
        document.close()


def _grey(image: Image.Image) -> tuple[Image.Image, int]:
    """A frame ready for Tesseract: upright by its EXIF, on white, 8 bits or 1, square dots."""
    across, down = _dots(image)
    turned = ImageOps.exif_transpose(image)
    if turned.has_transparency_data:
        white = Image.new("RGBA", turned.size, "white")
        turned = Image.alpha_composite(white, turned.convert("RGBA"))
    if turned.mode.startswith(("I", "F")):
        turned = _scaled_to_8_bits(turned)
    grey = turned if turned.mode in ("1", "L") else turned.convert("L")
    if across and down and not 0.95 < across / down < 1.05:  # faxes: 204 by 98 dots
        size = (
            round(grey.width * max(across, down) / across),
            round(grey.height * max(across, down) / down),
        )
        if size[0] * size[1] <= _MOST_PIXELS:
            grey = grey.convert("L").resize(size)
    if grey.width * grey.height > _MOST_PIXELS:
        share = (_MOST_PIXELS / (grey.width * grey.height)) ** 0.5
        grey = grey.convert("L").resize((int(grey.width * share), int(grey.height * share)))
        across = across * share
    dpi = round(max(across, down))
    return grey, dpi if 70 <= dpi <= 2400 else _guessed_dpi(grey)


def _dots(image: Image.Image) -> tuple[float, float]:
    """Dots an inch as the file states them, across and down; zeros where it does not."""
    stated = image.info.get("dpi", (0, 0))
    try:
        across, down = float(stated[0]), float(stated[1])
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        return 0.0, 0.0
    return (across, down) if across >= 1 and down >= 1 else (0.0, 0.0)


def _guessed_dpi(image: Image.Image) -> int:
    """As if the picture were a Letter page, within what Tesseract works with."""
    return max(70, min(600, round(max(image.size) / 11)))


def _scaled_to_8_bits(image: Image.Image) -> Image.Image:
    wide = image.convert("F")
    low, high = wide.getextrema()
    assert isinstance(low, float)
    assert isinstance(high, float)
    span = max(high - low, 1e-9)
    return wide.point(lambda value: (value - low) * (255 / span)).convert("L")
