"""Pages as single-page TIFF: CCITT Group IV, WhiteIsZero, one strip (TIFF 6.0, sections 8 and 11).

pdfium renders in grey; black is what is darker than 200 of 255, but a page with flat mid-tones
(photographs, shading) becomes a JPG in colour, or is dithered where black and white is wanted:
any threshold would turn them solid black or lose them.
"""

import io
import math
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, TiffImagePlugin

from produce.imaging.raster import MAX_PIXELS, OpenDocument, fitting_dpi, paint

THRESHOLD = 200
_DARK, _LIGHT = 16, 232  # between them lie mid-tones
_FLAT = 16
_MIDTONE_SHARE = 0.001
_STEP = 3  # pixels; wider than the blurred edge of a letter
_GAMMA = 0.7
_PHOTOMETRIC, _ROWS_PER_STRIP = 262, 278


_QUALITY = 85
TIFF, JPG = "tif", "jpg"


@dataclass(frozen=True, slots=True)
class Written:
    """A page's file: its suffix, its resolution, and the one that was asked for."""

    suffix: str
    dpi: float
    asked: int


_current = OpenDocument()


def page_image(
    source: Path, number: int, dpi: int, target: Path, colour: str = "never", colour_dpi: int = 200
) -> Written:
    """Write one page of `source`: as TIFF, or where the colour rule says so as JPG.

    `colour` "auto" makes a JPG of a page with flat mid-tones, "always" of any, "never" of none. The
    page alone decides. The resolution is lower than asked on giant pages.
    """
    document = _current.get(source)
    width, height = document.get_page_size(number)
    if colour != "always":
        used = fitting_dpi(width, height, dpi)
        grey = paint(document, number, used, grey=True)
        toned = has_midtones(np.asarray(grey))
        if colour == "never" or not toned:
            ink = dithered(grey) if toned else cut(grey)
            target.write_bytes(encode(ink, used))
            return Written(TIFF, used, dpi)
    used = fitting_dpi(width, height, colour_dpi, MAX_PIXELS // 3)
    target.write_bytes(encode_jpg(paint(document, number, used, grey=False), used))
    return Written(JPG, used, colour_dpi)


def encode_jpg(image: Image.Image, dpi: float) -> bytes:
    """A whole JPG file; of one channel where there is no colour."""
    channels = image.split()
    grey = len(channels) == 1 or all(
        ImageChops.difference(channels[0], each).getbbox() is None for each in channels[1:]
    )
    whole = max(round(dpi), 1)
    target = io.BytesIO()
    (channels[0] if grey else image).save(
        target, "JPEG", quality=_QUALITY, subsampling=0, optimize=True, dpi=(whole, whole)
    )
    return target.getvalue()


def has_midtones(grey: NDArray[np.uint8]) -> bool:
    """Whether flat mid-tones cover more than 0.1 % of the page."""
    sample = grey[::_STEP, ::_STEP].astype(np.int16)
    here = sample[:-1, :-1]
    flat = (
        (here >= _DARK)
        & (here <= _LIGHT)
        & (np.abs(here - sample[1:, :-1]) <= _FLAT)
        & (np.abs(here - sample[:-1, 1:]) <= _FLAT)
    )
    return bool(np.count_nonzero(flat) > _MIDTONE_SHARE * max(flat.size, 1))


def cut(grey: Image.Image) -> Image.Image:
    """A one-bit image in which 1 is black ink: what is darker than the threshold."""
    return grey.point([255 if level < THRESHOLD else 0 for level in range(256)], "1")


def dithered(grey: Image.Image) -> Image.Image:
    """A one-bit image in which 1 is black ink, in dots as dense as the page is dark."""
    return grey.point(_STRETCHED).convert("1", dither=Image.Dither.FLOYDSTEINBERG)


def _stretched(level: int) -> int:
    """Ink for a grey level: dark tones are lifted, so that black on them can still be read."""
    light = math.pow(min(max((level - _DARK) / (_LIGHT - _DARK), 0.0), 1.0), _GAMMA)
    return 255 - round(light * 255)


_STRETCHED = [_stretched(level) for level in range(256)]


def encode(ink: Image.Image, dpi: float) -> bytes:
    """A whole TIFF file of a one-bit image in which 1 is ink."""
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[_ROWS_PER_STRIP] = ink.height
    target = io.BytesIO()
    ink.save(target, "TIFF", compression="group4", dpi=(dpi, dpi), tiffinfo=tags)
    return _white_is_zero(target.getvalue())


def _white_is_zero(data: bytes) -> bytes:
    """Say WhiteIsZero in the tag: the bits already mean it, and Pillow would loop over pixels."""
    start = struct.unpack_from("<2sHI", data)[2]
    for number in range(struct.unpack_from("<H", data, start)[0]):
        entry = start + 2 + 12 * number
        if struct.unpack_from("<H", data, entry)[0] == _PHOTOMETRIC:
            return data[: entry + 8] + struct.pack("<I", 0) + data[entry + 12 :]
    raise AssertionError("a TIFF without PhotometricInterpretation")
