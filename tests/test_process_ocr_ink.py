"""Blank pages, and how far a page's lines are from level, without Tesseract."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from process.ocr_ink import is_blank, is_grainy, skew
from tests.process_samples import page

SIZE = (1700, 2200)  # Letter at 200 dots an inch
WORDS = "the carrier shall be liable for loss of goods in its charge no claim later than one year"
LINES = [" ".join(np.random.default_rng(number).choice(WORDS.split(), 8)) for number in range(20)]


def sheet(shade: int = 250) -> Image.Image:
    return Image.new("L", SIZE, shade)


def sprinkled(image: Image.Image, share: float, seed: int) -> Image.Image:
    """Salt and pepper."""
    dice = np.random.default_rng(seed).random((image.height, image.width))
    pixels = np.asarray(image).copy()
    pixels[dice < share / 2] = 0
    pixels[dice > 1 - share / 2] = 255
    return Image.fromarray(pixels)


def scanned(image: Image.Image, seed: int) -> Image.Image:
    """A scanner's grey noise, uneven light, black edges, dust and a streak."""
    dice = np.random.default_rng(seed)
    pixels = np.asarray(image, np.float64) + dice.normal(0, 4, (image.height, image.width))
    pixels -= np.linspace(0, 25, image.width)
    found = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(found)
    draw.rectangle((0, 0, int(dice.integers(5, 40)), found.height), fill=20)
    draw.polygon([(0, 0), (found.width, 0), (found.width, int(dice.integers(5, 30)))], fill=10)
    for x, y in dice.integers(60, 1600, (30, 2)).tolist():
        draw.ellipse((x, y, x + 4, y + 3), fill=60)
    draw.line((1200, 0, 1212, found.height), fill=140, width=2)
    return found


@pytest.mark.parametrize("seed", range(4))
def test_noise_edges_dust_and_streaks_are_blank(seed: int) -> None:
    assert is_blank(scanned(sheet(), seed), 200)
    assert is_blank(sprinkled(sheet(), 0.001 * seed, seed), 200)
    assert is_blank(scanned(sheet(), seed).point(lambda v: 255 if v > 127 else 0).convert("1"), 200)


def test_empty_sheets_are_blank_in_any_shade() -> None:
    for shade in (255, 200, 128, 0):
        assert is_blank(sheet(shade), 200)
    assert is_blank(Image.new("L", (400, 10), 0), 200)


@pytest.mark.parametrize("text", ["7", "No.", "SEALED"])
@pytest.mark.parametrize("shade", [0, 170])
def test_the_least_word_is_not_blank(text: str, shade: int) -> None:
    image = sheet()
    font = ImageFont.load_default(size=28)  # ten points
    ImageDraw.Draw(image).text((830, 2050), text, fill=shade, font=font)
    assert not is_blank(image, 200)
    assert not is_blank(scanned(image, 1), 200)


def test_a_stroke_of_the_pen_is_not_blank() -> None:
    image = sheet()
    points = [(400 + 6 * x, 900 + 40 * np.sin(x / 7) + 3 * (x % 11)) for x in range(90)]
    ImageDraw.Draw(image).line(points, fill=40, width=3)
    assert not is_blank(image, 200)


@pytest.mark.parametrize("degrees", [-13.5, -0.6, 0.1, 2.5, 14.5])
@pytest.mark.parametrize("quarter", [0, 180, 270])
def test_skew_is_told_whichever_way_the_page_stands(degrees: float, quarter: int) -> None:
    image = page(*LINES, size=SIZE).rotate(quarter, expand=True)
    image = image.rotate(-degrees, resample=Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    found, upwards = skew(image, 200)
    assert found == pytest.approx(degrees if abs(degrees) >= 0.3 else 0.0, abs=0.21)
    assert upwards is (quarter in (90, 270))


def test_what_has_no_lines_has_no_skew() -> None:
    dice = np.random.default_rng(5)
    image = sheet()
    draw = ImageDraw.Draw(image)
    for x, y in dice.integers(100, 1600, (400, 2)).tolist():
        draw.ellipse((x, y, x + 12, y + 12), fill=0)
    assert skew(image, 200)[0] == 0.0
    assert skew(sheet(), 200) == (0.0, False)


def test_grain_is_told_from_print() -> None:
    clean = page(*LINES, size=SIZE)
    dice = np.random.default_rng(1)
    grain = np.asarray(clean, np.float64)
    dotted = np.where(dice.random(grain.shape) < 0.01, grain - 30, grain)
    assert not is_grainy(clean)
    assert not is_grainy(clean.convert("1"))
    assert is_grainy(Image.fromarray(dotted.clip(0, 255).astype(np.uint8)))
    assert not is_grainy(clean.filter(ImageFilter.MedianFilter(3)))
