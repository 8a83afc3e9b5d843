"""The way back: boxes of a straightened page lie on the ink of the page as it is shown."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from process.ocr_straight import Straight, prepared
from process.tesseract import Word
from tests.process_samples import page

SIZE = (600, 800)
MARKS = [(50, 60, 180, 84), (400, 70, 530, 110), (80, 700, 240, 730), (350, 420, 352, 470)]


def marked() -> Image.Image:
    image = Image.new("L", SIZE, 255)
    for left, top, right, bottom in MARKS:
        ImageDraw.Draw(image).rectangle((left, top, right - 1, bottom - 1), fill=0)
    return image


def seen(image: Image.Image) -> list[Word]:
    """A word for each dark spot, as Tesseract would box it."""
    dark = np.asarray(image.convert("L")) < 128
    found = []
    while dark.any():
        y, x = (int(each[0]) for each in np.nonzero(dark))
        spot = np.zeros_like(dark)
        spot[y, x] = True
        while True:
            wider = spot.copy()
            wider[1:] |= spot[:-1]
            wider[:-1] |= spot[1:]
            wider[:, 1:] |= spot[:, :-1]
            wider[:, :-1] |= spot[:, 1:]
            wider &= dark
            if (wider == spot).all():
                break
            spot = wider
        rows, columns = np.nonzero(spot)
        top, left = int(rows.min()), int(columns.min())
        size = int(columns.max()) - left + 1, int(rows.max()) - top + 1
        found.append(Word(left, top, *size, 90.0, "x"))
        dark &= ~spot
    return found


def boxes(words: tuple[Word, ...]) -> list[tuple[int, int, int, int]]:
    return sorted((w.left, w.top, w.left + w.width, w.top + w.height) for w in words)


@pytest.mark.parametrize("quarter", [0, 90, 180, 270])
@pytest.mark.parametrize("scale", [1.0, 1.5, 0.7])
def test_turned_and_scaled_boxes_come_back_to_the_pixel(quarter: int, scale: float) -> None:
    straight = Straight(marked(), 200)
    if scale != 1.0:
        straight = straight.scaled(scale)
    if quarter:
        straight = straight.turned(quarter)
    found = boxes(straight.on_page(seen(straight.image), SIZE))
    assert straight.dpi == round(200 * scale)
    for got, true in zip(found, sorted(MARKS), strict=True):
        assert np.abs(np.subtract(got, true)).max() <= (0 if scale == 1.0 else 2)


@pytest.mark.parametrize(
    ("degrees", "quarter"), [(-14.0, 0), (-3.0, 90), (0.4, 180), (5.0, 270), (12.0, 0), (7.0, 180)]
)
def test_levelled_boxes_cover_their_ink_and_little_more(degrees: float, quarter: int) -> None:
    straight = Straight(marked(), 200).scaled(1.4).levelled(degrees)
    if quarter:
        straight = straight.turned(quarter)
    found = boxes(straight.on_page(seen(straight.image), SIZE))
    slack = 6 + 220 * abs(np.sin(np.deg2rad(degrees)))
    for got, true in zip(found, sorted(MARKS), strict=True):
        assert got[0] <= true[0] + 1
        assert got[1] <= true[1] + 1
        assert got[2] >= true[2] - 1
        assert got[3] >= true[3] - 1
        assert np.abs(np.subtract(got, true)).max() <= slack


def test_boxes_stay_on_the_page() -> None:
    straight = Straight(marked(), 200).levelled(10.0)
    edge = Word(0, 0, straight.image.width, straight.image.height, 5.0, "x")
    (word,) = straight.on_page([edge], SIZE)
    assert (word.left, word.top, word.width, word.height) == (0, 0, *SIZE)


def test_light_on_dark_is_inverted_and_coarse_is_enlarged() -> None:
    night = page("one", "two").point(lambda value: 255 - value)
    assert np.median(np.asarray(prepared(Straight(night, 200), None).image)) == 255
    small = Straight(Image.new("L", (850, 1100), 255), 100)
    assert prepared(small, None).image.size == (1700, 2200)
    assert prepared(small, 300).image.size == (2550, 3300)
    assert prepared(Straight(small.image, 200), None) == Straight(small.image, 200)
    photo = Straight(Image.new("L", (6000, 4000), 255), 72)
    assert prepared(photo, None).image.size == (6000, 4000)
