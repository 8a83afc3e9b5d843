"""TIFF: Group IV, WhiteIsZero, one strip, 300 dpi; read by Pillow and by a reader of our own."""

import struct
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from PIL import Image, ImageDraw, TiffImagePlugin

from produce.imaging import raster, tiff
from produce.imaging.geometry import LETTER


def _tags(data: bytes) -> dict[int, tuple[int, int, int]]:
    """Tag: (type, count, value or offset), straight from the bytes (TIFF 6.0, section 2)."""
    order, magic, start = struct.unpack_from("<2sHI", data)
    assert (order, magic) == (b"II", 42)
    count = struct.unpack_from("<H", data, start)[0]
    tags = {}
    for number in range(count):
        tag, kind, values, value = struct.unpack_from("<HHII", data, start + 2 + 12 * number)
        tags[tag] = (kind, values, value & 0xFFFF if kind == 3 and values == 1 else value)
    assert struct.unpack_from("<I", data, start + 2 + 12 * count)[0] == 0  # a single page
    return tags


def _page(size: tuple[int, int] = (2550, 3300)) -> Image.Image:
    page = Image.new("L", size, 255)
    ImageDraw.Draw(page).rectangle((300, 400, 1299, 899), fill=0)
    return page


def _ink(grey: Image.Image) -> Image.Image:
    return tiff.dithered(grey) if tiff.has_midtones(np.asarray(grey)) else tiff.cut(grey)


def test_tags() -> None:
    data = tiff.encode(_ink(_page()), 300)
    tags = _tags(data)
    assert tags[256][2] == 2550
    assert tags[257][2] == 3300
    assert tags[258][2] == 1
    assert tags[259][2] == 4  # CCITT Group IV
    assert tags[262][2] == 0  # WhiteIsZero
    assert tags[273][1] == 1  # one strip …
    assert tags[278][2] == 3300  # … of all rows
    assert tags[273][2] + tags[279][2] <= len(data)
    assert tags[296][2] == 2  # inches
    for tag in (282, 283):
        assert struct.unpack_from("<II", data, tags[tag][2]) == (300, 1)


def test_pillow_reads_black_as_black(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(tiff.encode(_ink(_page()), 300))
    with Image.open(tmp_path / "a.tif") as image:
        assert isinstance(image, TiffImagePlugin.TiffImageFile)
        assert image.tag_v2[259] == 4
        assert image.tag_v2[262] == 0
        assert image.info["dpi"] == (300, 300)
        assert getattr(image, "n_frames", 1) == 1
        dark = np.asarray(image.convert("L")) == 0
    assert dark.sum() == 1000 * 500
    assert dark[400:900, 300:1300].all()


def test_a_photograph_is_dithered_and_text_is_not() -> None:
    grey = _page()
    assert not tiff.has_midtones(np.asarray(grey))
    assert len(np.unique(np.asarray(_ink(grey))[1000:])) == 1
    ImageDraw.Draw(grey).rectangle((300, 1000, 899, 1599), fill=128)
    assert tiff.has_midtones(np.asarray(grey))
    ink = np.asarray(_ink(grey))
    assert 0.3 < ink[1000:1600, 300:900].mean() < 0.7
    assert ink[420:880, 320:1280].all()
    assert not ink[2000:].any()


@pytest.mark.parametrize("background", [40, 128, 220])
def test_black_words_on_a_shade_stay_apart_from_it(background: int) -> None:
    grey = Image.new("L", (1200, 1200), background)
    ImageDraw.Draw(grey).rectangle((500, 500, 699, 699), fill=0)
    ink = np.asarray(_ink(grey))
    assert ink[510:690, 510:690].mean() > 0.99
    assert ink[:400].mean() < 0.85


def test_pale_noise_of_a_scan_stays_white() -> None:
    grey = np.full((1200, 1200), 250, np.uint8)
    grey[::7, ::11] = 235
    assert not np.asarray(_ink(Image.fromarray(grey))).any()


def _pdf(path: Path, width: float, height: float) -> Path:
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(width, height))
    pdf.save(path)
    return path


def test_letter_is_exactly_2550_by_3300(tmp_path: Path) -> None:
    used = tiff.page_image(_pdf(tmp_path / "a.pdf", *LETTER), 0, 300, tmp_path / "a.tif").dpi
    assert used == 300
    with Image.open(tmp_path / "a.tif") as image:
        assert image.size == (2550, 3300)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_giant_page_is_painted_at_a_resolution_that_fits(tmp_path: Path) -> None:
    used = tiff.page_image(_pdf(tmp_path / "a.pdf", 7200, 7200), 0, 300, tmp_path / "a.tif").dpi
    assert 100 < used < 200
    with Image.open(tmp_path / "a.tif") as image:
        assert image.width * image.height <= raster.MAX_PIXELS * 1.01
        assert image.info["dpi"][0] == pytest.approx(used, rel=0.01)


def test_the_open_document_follows_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    for size in ((100, 100), (200, 300)):
        path.unlink(missing_ok=True)
        tiff.page_image(_pdf(path, *size), 0, 72, tmp_path / "a.tif")
        with Image.open(tmp_path / "a.tif") as image:
            assert image.size == size
