"""One page read by OCR in the child: drawn, looked at, put straight, handed to Tesseract.

Two requests: a *look* gives the hash of the page's picture and whether it is blank, so that the
coordinator may find the same picture read before; a reading gives text and words.
"""

import json
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from process import ocr_ink, tesseract
from process.interface import OcrWish
from process.ocr_image import PageError, image_hash, page_image
from process.ocr_straight import Straight, prepared
from process.tesseract import PageReading, TesseractError
from records.codes import Code
from records.notes import Note, warning

MANNER = "redwell-ocr/1"
"""How pages are prepared; a change of it makes earlier readings of the same picture another's."""

_POOR = 65.0  # mean confidence below which a page may stand on its side or its head
_FEW = 5  # words; fewer may be a page on its side, too
_SURE = 1.0  # orientation confidence below which Tesseract guesses


@dataclass(frozen=True, slots=True)
class Found:
    """What was read on a page, in pixels of the page's picture at `dpi`."""

    reading: PageReading
    rotation: int
    skew: float


def read_page(request: dict[str, Any]) -> dict[str, Any]:
    """Look at one page or read it; the answer names the files of its text and of its words."""
    folder = Path(request["folder"])
    wish = OcrWish(request["languages"], request.get("dpi"), request.get("psm", tesseract.PSM))
    answer: dict[str, Any] = {
        "engine": engine(wish.psm),
        "languages": wish.languages,
        "settings": settings(wish),
    }
    try:
        image, dpi = page_image(
            Path(request["path"]),
            request["type"],
            request["page"],
            tuple(request["passwords"]),
            wish.dpi,
        )
        answer |= {"image_sha256": image_hash(image, dpi), "dpi": dpi}
        if ocr_ink.is_blank(image, dpi):
            return answer | {"state": "blank"} | _written(None, (), folder)
        if request.get("look"):
            return answer | {"state": "ink", "pixels": image.width * image.height}
        drawn = replace(wish, dpi=None) if request["type"] == "pdf" else wish
        found = _read(Straight(image, dpi), drawn, folder)
    except (PageError, TesseractError) as error:
        notes = (_note(Code.OCR_FAILED, str(error)[:1000]),)
        return answer | {"state": "failed"} | _written(None, notes, folder)
    return answer | {"state": "read"} | _written(found, _doubts(found), folder)


def _read(page: Straight, wish: OcrWish, folder: Path) -> Found:
    """Read the page straightened; one that reads poorly is turned as its letters stand."""
    straight = prepared(page, wish.dpi)
    degrees, upwards = ocr_ink.skew(straight.image, straight.dpi)
    if degrees:
        straight = straight.levelled(degrees)
    first = None
    if not upwards:
        first = _run(straight, wish, folder)
        if first.confidence >= _POOR and len(first.words) >= _FEW:
            return _placed(first, straight, page, 0, degrees)
    rotation, sure = tesseract.orientation(_save(straight, folder), straight.dpi)
    if first is None and (rotation == 0 or sure < _SURE):
        first = _run(straight, wish, folder)
    if rotation == 0 or sure < _SURE:
        assert first is not None
        return _placed(first, straight, page, 0, degrees)
    turned = straight.turned(rotation)
    second = _run(turned, wish, folder)
    if first is None and second.confidence < _POOR:
        first = _run(straight, wish, folder)
    if first is not None and _worth(second) <= _worth(first):
        return _placed(first, straight, page, 0, degrees)
    return _placed(second, turned, page, rotation, degrees)


def _run(straight: Straight, wish: OcrWish, folder: Path) -> PageReading:
    return tesseract.read(_save(straight, folder), wish.languages, straight.dpi, wish.psm)


def _placed(
    reading: PageReading, straight: Straight, page: Straight, rotation: int, degrees: float
) -> Found:
    words = straight.on_page(reading.words, page.image.size)
    return Found(PageReading(reading.text, words), rotation, degrees)


def _worth(reading: PageReading) -> float:
    """How much was read: words weighted by confidence."""
    return sum(word.confidence * len(word.text) for word in reading.words)


def _save(straight: Straight, folder: Path) -> Path:
    """Uncompressed, which costs a thirtieth of PNG."""
    path = folder / ("page.pbm" if straight.image.mode == "1" else "page.pgm")
    straight.image.save(path, format="PPM")
    return path


def _doubts(found: Found) -> tuple[Note, ...]:
    if not found.reading.words or found.reading.confidence >= tesseract.LOW:
        return ()
    message = f"Mean confidence of the words is {found.reading.confidence:.0f} of 100"
    return (_note(Code.OCR_LOW_CONFIDENCE, message),)


def _written(found: Found | None, notes: tuple[Note, ...], folder: Path) -> dict[str, Any]:
    reading = found.reading if found else PageReading("", ())
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
        "rotation": found.rotation if found else 0,
        "skew": found.skew if found else 0.0,
        "notes": [asdict(note) for note in notes],
    }


def settings(wish: OcrWish) -> str:
    """All that a reading depends on but the picture, as one line."""
    dpi = "own" if wish.dpi is None else str(wish.dpi)
    return f"{MANNER} {engine(wish.psm)} {wish.languages} dpi={dpi}"


def engine(psm: int = tesseract.PSM) -> str:
    """The engine with its version, and its mode where it is not the usual one."""
    return f"tesseract {_version()}" + (f" psm {psm}" if psm != tesseract.PSM else "")


@cache
def _version() -> str:
    return tesseract.probe().version


def _note(code: Code, message: str) -> Note:
    return warning(code, message, tesseract.TOOL, _version())
