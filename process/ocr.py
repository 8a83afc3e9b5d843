"""One page read by OCR in the child: rendered, put upright, handed to Tesseract uncompressed."""

import json
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
from PIL import Image, ImageFile, ImageOps

from process import tesseract
from process.image import CONTRAST, SMALLEST
from process.pdf import LockedPdfError, open_pdf
from process.tesseract import PageReading, TesseractError
from records.codes import Code
from records.notes import Note, warning

DPI = 300
_MOST_PIXELS = 40_000_000  # an A3 page at 400 dpi
_POOR = 65.0  # mean confidence below which a page may stand on its side or its head
_FEW = 5  # words; fewer may be a page on its side, too
_SURE = 1.0  # orientation confidence below which Tesseract guesses
_LOW = 60.0


class PageError(Exception):
    """A page that gives no image; the message says why."""


def read_page(request: dict[str, Any]) -> dict[str, Any]:
    """Read one page; the answer names the files of its text and of its words."""
    folder = Path(request["folder"])
    notes: list[Note] = []
    reading, rotation, dpi = PageReading("", ()), 0, DPI
    try:
        image, dpi = page_image(
            Path(request["path"]), request["type"], request["page"], tuple(request["passwords"])
        )
        reading, rotation = _read(image, dpi, request["languages"], folder)
    except (PageError, TesseractError) as error:
        notes.append(_note(Code.OCR_FAILED, str(error)[:1000]))
    if reading.words and reading.confidence < _LOW:
        message = f"Mean confidence of the words is {reading.confidence:.0f} of 100"
        notes.append(_note(Code.OCR_LOW_CONFIDENCE, message))
    return _answer(reading, rotation, dpi, notes, folder)


def page_image(
    path: Path, kind: str, page: int, passwords: tuple[str, ...]
) -> tuple[Image.Image, int]:
    """A page or frame as a grey or black-and-white image, and its dots an inch."""
    if kind == "pdf":
        return _pdf_image(path, page, passwords)
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


def _pdf_image(path: Path, number: int, passwords: tuple[str, ...]) -> tuple[Image.Image, int]:
    try:
        document = open_pdf(path, passwords)
    except (LockedPdfError, pdfium.PdfiumError) as error:
        raise PageError(f"The PDF cannot be opened: {error}") from error
    try:
        page = document[number]
        width, height = page.get_size()
        inches = max(1.0, width * height) / 72**2
        dpi = min(float(DPI), (_MOST_PIXELS / inches) ** 0.5)
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


def _read(image: Image.Image, dpi: int, languages: str, folder: Path) -> tuple[PageReading, int]:
    """Read the page; one that reads poorly is turned as its letters stand and read again."""
    low, high = image.getextrema()
    assert isinstance(low, int | float)
    assert isinstance(high, int | float)
    if min(image.size) < SMALLEST or high - low < CONTRAST:
        return PageReading("", ()), 0
    path = _save(image, folder)
    first = tesseract.read(path, languages, dpi)
    if first.confidence >= _POOR and len(first.words) >= _FEW:
        return first, 0
    rotation, sure = tesseract.orientation(path, dpi)
    if rotation == 0 or sure < _SURE:
        return first, 0
    turned = image.rotate(-rotation, expand=True)
    second = tesseract.read(_save(turned, folder), languages, dpi)
    if _worth(second) <= _worth(first):
        return first, 0
    return second, rotation


def _worth(reading: PageReading) -> float:
    """How much was read: words weighted by confidence."""
    return sum(word.confidence * len(word.text) for word in reading.words)


def _save(image: Image.Image, folder: Path) -> Path:
    """Uncompressed, which costs a thirtieth of PNG."""
    path = folder / ("page.pbm" if image.mode == "1" else "page.pgm")
    image.save(path, format="PPM")
    return path


def _answer(
    reading: PageReading, rotation: int, dpi: int, notes: list[Note], folder: Path
) -> dict[str, Any]:
    text, words = folder / "text", folder / "words"
    text.write_bytes(reading.text.encode("utf-8", "replace"))
    rows = [
        [word.left, word.top, word.width, word.height, word.confidence, word.text]
        for word in reading.words
    ]
    words.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    return {
        "text_path": str(text),
        "words_path": str(words),
        "chars": len(reading.text),
        "confidence": reading.confidence,
        "rotation": rotation,
        "dpi": dpi,
        "engine": f"tesseract {_version()}",
        "notes": [asdict(note) for note in notes],
    }


@cache
def _version() -> str:
    return tesseract.probe().version


def _note(code: Code, message: str) -> Note:
    return warning(code, message, tesseract.TOOL, _version())
