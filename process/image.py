"""Pictures: frames, sizes and EXIF; their words come from OCR later."""

from typing import Any

import PIL
import pillow_heif
from PIL import Image, UnidentifiedImageError

from process.exif import describe
from process.reading import Family, Part, Reading, failed
from records.codes import Code
from records.notes import exception, warning

TOOL = "pillow"
VERSION = PIL.__version__
TYPES = frozenset({"tiff", "png", "jpg", "gif", "bmp", "heic", "webp"})
# Of the type "image" those that are made of dots; the others (EMF, WMF, PSD) are Tika's.
RASTER = frozenset(
    {
        "image/jp2",
        "image/jpx",
        "image/x-portable-bitmap",
        "image/x-portable-graymap",
        "image/x-portable-pixmap",
        "image/x-portable-anymap",
        "image/vnd.zbrush.pcx",
        "image/x-pcx",
    }
)
SMALLEST = 32  # pixels either side; less holds no words
MAX_PIXELS = 400_000_000
_FRAMES = 5000
CONTRAST = 24  # of 255; less is a blank page

pillow_heif.register_heif_opener()
Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2  # Pillow refuses at twice this


def read_image(part: Part, family: Family) -> Reading:
    """Count the frames and tell which of them want OCR."""
    path = family.keep(part)
    try:
        with Image.open(path) as image:
            return _read(image)
    except Image.DecompressionBombError as error:
        return failed(exception(Code.TOO_LARGE, f"Too many pixels: {error}", TOOL, VERSION))
    except UnidentifiedImageError:
        message = "It is no picture that can be opened, though it begins like one"
        return failed(exception(Code.CORRUPT, message, TOOL, VERSION))
    except (OSError, SyntaxError, ValueError, EOFError, TypeError, KeyError) as error:
        # what Pillow's readers throw at broken files
        return failed(exception(Code.CORRUPT, f"The picture is broken: {error}", TOOL, VERSION))


def _read(image: Image.Image) -> Reading:
    frames = frames_of(image)
    raw: dict[str, Any] = {
        "format": image.format,
        "width": image.width,
        "height": image.height,
        "mode": image.mode,
        "frames": getattr(image, "n_frames", 1),
    }
    told = describe(image)
    reading = Reading(text=told.text, pages=frames, fields=told.fields, raw=told.raw | raw)
    wanted = []
    for frame in range(min(frames, _FRAMES)):
        try:
            image.seek(frame)
            if _has_ink(image):
                wanted.append(frame)
        except (OSError, SyntaxError, ValueError, EOFError, TypeError) as error:
            wanted.append(frame)  # what is left of it may hold words
            _note_once(reading, f"Frame {frame + 1} is broken: {error}")
    reading.ocr_pages = tuple(wanted)
    if frames > _FRAMES:
        _note_once(reading, f"Only {_FRAMES} of {frames} frames are read")
    reading.notes += told.notes
    return reading


def frames_of(image: Image.Image) -> int:
    """Pages of a picture: all frames of a TIFF or HEIC, the first of an animation."""
    return getattr(image, "n_frames", 1) if image.format in ("TIFF", "HEIF") else 1


def _note_once(reading: Reading, message: str) -> None:
    if not reading.notes:
        code = Code.TRUNCATED if "truncated" in message else Code.PARTIAL
        reading.notes.append(warning(code, message, TOOL, VERSION))


def _has_ink(image: Image.Image) -> bool:
    """Whether the present frame is large enough for words and not all of one shade."""
    if image.width < SMALLEST or image.height < SMALLEST:
        return False
    image.draft("L", (1600, 1600))
    if image.has_transparency_data:
        return True
    wide = image.mode.startswith(("I", "F"))
    low, high = (image if wide else image.convert("L")).getextrema()[:2]
    return wide or float(high) - float(low) >= CONTRAST  # type: ignore[arg-type]
