"""Pictures to PDF pages: one page a frame, without loss where PDF knows the format."""

import io
from collections.abc import Iterator
from pathlib import Path

import img2pdf
import pikepdf
import pillow_heif
from PIL import Image, ImageFile, ImageOps, ImageSequence, UnidentifiedImageError

from produce.imaging.errors import RenderError
from produce.imaging.geometry import LETTER
from records.codes import Code

MAX_FRAMES = 5_000
_MARGIN = 36.0
_SCAN_INCHES = (3.0, 18.0)  # between them a stated resolution is believed
_LARGEST = 72 / 48  # points a pixel
_PLAIN_MODES = ("1", "L", "RGB")


def image_pdf(source: Path, target: Path) -> int:
    """Write one page for each frame; the number of pages."""
    pillow_heif.register_heif_opener()
    ImageFile.LOAD_TRUNCATED_IMAGES = False  # WeasyPrint sets it for the whole process
    try:
        with Image.open(source) as image:
            pages = [_page(frame) for frame in _frames(image, source)]
    except Image.DecompressionBombError as error:
        raise RenderError(Code.TOO_LARGE, "picture too large", str(error)) from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise RenderError(Code.CORRUPT, "damaged picture", str(error)) from error
    _write(pages, target)
    return len(pages)


def _frames(image: Image.Image, source: Path) -> Iterator[bytes]:
    frames = getattr(image, "n_frames", 1)
    if frames > MAX_FRAMES:
        raise RenderError(Code.TOO_MANY, f"more than {MAX_FRAMES:,} frames")
    if frames == 1 and image.format in ("JPEG", "PNG") and _passes(image):
        image.load()  # a damaged one is to be found now
        yield source.read_bytes()
        return
    for frame in ImageSequence.Iterator(image):
        yield _as_png(frame)


def _passes(image: Image.Image) -> bool:
    """Whether img2pdf takes the file's own bytes over."""
    return image.mode in _PLAIN_MODES or (image.mode == "P" and "transparency" not in image.info)


def _as_png(frame: Image.Image) -> bytes:
    dpi = frame.info.get("dpi")
    image = ImageOps.exif_transpose(_plain(frame))
    target = io.BytesIO()
    image.save(target, "PNG", dpi=dpi if dpi and all(1 <= each <= 10_000 for each in dpi) else None)
    return target.getvalue()


def _plain(image: Image.Image) -> Image.Image:
    """Down to black and white, grey or RGB, on white paper."""
    if image.mode in _PLAIN_MODES:
        return image.copy()
    if image.mode.startswith("I") or image.mode == "F":
        low, high = image.convert("F").getextrema()
        span = max(float(high) - float(low), 1e-9)  # type: ignore[arg-type]
        return image.convert("F").point(lambda v: (v - low) * (255 / span)).convert("L")
    if "A" in image.getbands() or "transparency" in image.info:
        layered = image.convert("RGBA")
        paper = Image.new("RGBA", layered.size, "white")
        return Image.alpha_composite(paper, layered).convert("RGB")
    return image.convert("RGB")


def _page(data: bytes) -> bytes:
    try:
        result: bytes = img2pdf.convert(
            data, layout_fun=_layout, nodate=True, rotation=img2pdf.Rotation.ifvalid
        )
    except Exception as error:
        raise RenderError(Code.CORRUPT, "damaged picture", str(error)) from error
    return result


def _layout(width: int, height: int, dpi: tuple[float, float]) -> tuple[float, float, float, float]:
    """(page width, page height, picture width, picture height) in points.

    A scan keeps the size that its resolution states; anything else is fitted onto Letter, small
    ones at no less than 48 pixels an inch.
    """
    inches = width / max(dpi[0], 1), height / max(dpi[1], 1)
    if all(_SCAN_INCHES[0] <= each <= _SCAN_INCHES[1] for each in inches) and min(dpi) > 96:
        return inches[0] * 72, inches[1] * 72, inches[0] * 72, inches[1] * 72
    paper = LETTER if height >= width else LETTER[::-1]
    room = ((paper[0] - 2 * _MARGIN) / width, (paper[1] - 2 * _MARGIN) / height)
    ratio = min(*room, _LARGEST)
    return paper[0], paper[1], width * ratio, height * ratio


def _write(pages: list[bytes], target: Path) -> None:
    pdf = pikepdf.new()
    for data in pages:
        with pikepdf.open(io.BytesIO(data)) as single:
            pdf.pages.extend(single.pages)
    pdf.save(target, deterministic_id=True)
