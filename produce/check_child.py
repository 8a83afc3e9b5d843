"""The checking child: opens and hashes files of a volume, whose content came from evidence.

Run as `python -m produce.check_child` by `ingest.child.Child`; called directly for files that
hold nothing hostile.
"""

import hashlib
import warnings
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pypdfium2
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.TiffImagePlugin import TiffImageFile
from pypdf import PdfReader
from pypdf.errors import PyPdfError

from ingest.child_loop import progress, serve
from produce.findings import Finding
from produce.number_reader import misread

_USUAL_ZONE = "bottom-right"
_COMPRESSION, _PHOTOMETRIC, _X, _Y, _UNIT = 259, 262, 282, 283, 296
_HUGE = 150_000_000
_ENCODINGS = {
    "utf-8": (b"", "utf-8"),
    "utf-8-sig": (b"\xef\xbb\xbf", "utf-8"),
    "utf-16le": (b"\xff\xfe", "utf-16-le"),
}
_GROUP4, _WHITE_IS_ZERO, _INCH = 4, 0, 2
_LEAST_JPG_DPI, _CONTRAST = 100, 100
_EDGE = 15  # hundredths of the page's height


@dataclass(frozen=True, slots=True)
class Due:
    """A file and what it must be: `kind` is tiff, jpg, pdf, text or other.

    `bates` are the numbers of its pages, in order, `shows` texts of each page of a PDF; `place` is
    where an image shows its number; `exact` a text's only permitted content.
    """

    path: str
    kind: str
    dpi: int = 300
    bates: tuple[str, ...] = ()
    legend: str = ""
    exact: str | None = None
    place: str | None = _USUAL_ZONE
    shows: tuple[str, ...] = ()
    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True)
class Inspected:
    """What a file is: its hashes, and what is wrong with it."""

    path: str
    sha256: str
    sha1: str
    md5: str
    findings: tuple[Finding, ...]


def handle(request: dict[str, Any]) -> dict[str, Any]:
    """Inspect the files of a request."""
    found = []
    for due in request["dues"]:
        progress(due["path"])
        due |= {name: tuple(due[name]) for name in ("bates", "shows")}
        found.append(asdict(inspect(request["volume"], Due(**due))))
    return {"files": found}


def inspect(volume: str, due: Due) -> Inspected:
    """Hash one file and look into it."""
    path = Path(volume) / due.path
    digests = [hashlib.sha256(), hashlib.sha1(usedforsecurity=False)]
    digests.append(hashlib.md5(usedforsecurity=False))
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            for digest in digests:
                digest.update(chunk)
    look = _LOOKS.get(due.kind)
    findings = tuple(look(path, due)) if look else ()
    sha256, sha1, md5 = (each.hexdigest() for each in digests)
    return Inspected(due.path, sha256, sha1, md5, findings)


def _look_at_tiff(path: Path, due: Due) -> Iterator[Finding]:
    try:
        # Not Image.open: it refuses large drawings, and warns where a reader must not go on.
        with warnings.catch_warnings(action="error"), TiffImageFile(path) as image:
            tags = dict(image.tag_v2)
            frames = image.n_frames
            image.load()
            width, height = image.size
            corner = image.convert("L").crop(_zone(due.place or "", width, height))
    except (OSError, ValueError, SyntaxError, LookupError, MemoryError, Warning) as error:
        yield Finding("image-unreadable", due.path, f"does not open as TIFF: {error}")
        return
    if tags.get(_COMPRESSION) != _GROUP4:
        yield Finding("image-compression", due.path, "is not CCITT Group IV")
    if tags.get(_PHOTOMETRIC) != _WHITE_IS_ZERO:
        yield Finding("image-photometric", due.path, "is not WhiteIsZero")
    dpi = (tags.get(_X), tags.get(_Y), tags.get(_UNIT, _INCH))
    huge = dpi[0] == dpi[1] and width * height >= _HUGE  # no reader takes more pixels
    if dpi != (due.dpi, due.dpi, _INCH) and not huge:
        yield Finding("image-dpi", due.path, f"is {dpi[0]} by {dpi[1]}, not {due.dpi} dpi")
    if frames != 1:
        yield Finding("image-pages", due.path, f"holds {frames} pages")
    if due.place is not None and corner.getextrema() != (0, 255):
        yield Finding("image-stamp", due.path, f"shows no number {due.place.replace('-', ' ')}")
    else:
        yield from _other_number(corner, due)


def _other_number(corner: Image.Image, due: Due) -> Iterator[Finding]:
    """Whether the page shows another number than its own; told where it stands by convention."""
    if due.bates and due.place == _USUAL_ZONE and (shown := misread(corner, due.bates[0])):
        message = f"shows the number {shown} where {due.bates[0]} is due"
        yield Finding("image-number", due.path, message)


def _zone(place: str, width: int, height: int) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the part of a page that a number in this zone is in."""
    edge, _, side = place.partition("-")
    left = {"left": 0, "center": width // 4}.get(side, width // 2)
    depth = max(height * _EDGE // 100, 1)
    top = 0 if edge == "top" else height - depth
    return left, top, left + (width + 1) // 2, top + depth


def _look_at_jpg(path: Path, due: Due) -> Iterator[Finding]:
    try:
        with warnings.catch_warnings(action="error"), JpegImageFile(path) as image:
            image.load()
            dpi = image.info.get("dpi", (0, 0))
            width, height = image.size
            corner = image.convert("L").crop(_zone(due.place or "", width, height))
    except (OSError, ValueError, SyntaxError, LookupError, MemoryError, Warning) as error:
        yield Finding("image-unreadable", due.path, f"does not open as JPG: {error}")
        return
    if dpi[0] != dpi[1] or (dpi[0] < _LEAST_JPG_DPI and width * height < _HUGE // 4):
        yield Finding("image-dpi", due.path, f"is {dpi[0]} by {dpi[1]} dpi")
    if image.mode not in ("L", "RGB"):
        yield Finding("image-colour", due.path, f"is {image.mode}, neither grey nor RGB")
    darkest, lightest = corner.getextrema()
    faint = int(lightest) - int(darkest) < _CONTRAST  # type: ignore[arg-type]
    if due.place is not None and faint:
        yield Finding("image-stamp", due.path, f"shows no number {due.place.replace('-', ' ')}")
    else:
        yield from _other_number(corner, due)


def _look_at_pdf(path: Path, due: Due) -> Iterator[Finding]:
    try:
        pages = len(PdfReader(path, strict=False).pages)
        texts = _pdf_texts(path)
    except (PyPdfError, pypdfium2.PdfiumError, OSError, ValueError, RecursionError) as error:
        yield Finding("image-unreadable", due.path, f"does not open as PDF: {error}")
        return
    if pages != len(due.bates) or len(texts) != len(due.bates):
        yield Finding("image-pages", due.path, f"has {pages} pages where {len(due.bates)} are due")
    for bates, text in zip(due.bates, texts, strict=False):
        if bates not in text:
            yield Finding("image-stamp", due.path, f"the page {bates} does not show its number")
        if " ".join(due.legend.split()) not in " ".join(text.split()):
            yield Finding("image-legend", due.path, f"the page {bates} does not show the legend")
        for each in due.shows:
            if " ".join(each.split()) not in " ".join(text.split()):
                yield Finding(
                    "image-endorsement", due.path, f"the page {bates} does not show {each!r}"
                )


def _pdf_texts(path: Path) -> list[str]:
    texts = []
    with closing(pypdfium2.PdfDocument(path)) as document:
        for index in range(len(document)):
            with closing(document[index]) as page, closing(page.get_textpage()) as textpage:
                texts.append(str(textpage.get_text_bounded()))
    return texts


def _look_at_text(path: Path, due: Due) -> Iterator[Finding]:
    mark, codec = _ENCODINGS[due.encoding]
    data = path.read_bytes()
    if not data.startswith(mark):
        yield Finding("text-encoding", due.path, f"does not begin with the mark of {due.encoding}")
        return
    try:
        text = data[len(mark) :].decode(codec)
    except UnicodeDecodeError as error:
        yield Finding("text-encoding", due.path, f"does not decode as {due.encoding}: {error}")
        return
    if due.exact is not None and text.strip() != due.exact:
        yield Finding("withheld-text", due.path, "the text of a withheld document is in the set")


_LOOKS = {"tiff": _look_at_tiff, "jpg": _look_at_jpg, "pdf": _look_at_pdf, "text": _look_at_text}


if __name__ == "__main__":
    serve(handle)
