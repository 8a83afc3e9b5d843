"""OCR through the real Tesseract, and what its answers mean."""

import json
import math
import pickle
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from process import tesseract, worker
from process.interface import (
    ExtractedItem,
    OcrBatch,
    OcrJob,
    OcrLook,
    OcrLooks,
    OcrPage,
    OcrResult,
    OcrWish,
)
from process.ocr_image import PageError, page_image
from process.ocr_worker import look_batch
from records.codes import Code
from records.limits import Limits
from records.notes import warning
from tests.process_samples import Bench, page, picture

LINES = (
    "The undersigned hereby certifies that",
    "the shipment of seventeen crates was",
    "received in good order at Rotterdam",
    "on the fourth of March and accepted",
)

MORE = "charter party demurrage laytime freight vessel master owners brokers notice cargo hold"


@pytest.fixture(scope="module", autouse=True)
def _children() -> Iterator[None]:
    yield
    worker.close_children()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


WANTED = words(" ".join(LINES))


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("kind", "mode", "turn"),
    [
        ("TIFF", "1", 0),
        ("PNG", "RGBA", 0),
        ("JPEG", "L", 180),
        ("PNG", "I;16", 0),
        ("PDF", "L", 0),
        ("GIF", "P", 90),
    ],
)
def test_words_are_read_whatever_the_picture(bench: Bench, kind: str, mode: str, turn: int) -> None:
    image = page(*LINES)
    if mode == "RGBA":
        clear = Image.new("RGBA", image.size, (0, 0, 0, 0))
        clear.putalpha(image.point(lambda value: 255 - value))
        image = clear
    elif mode == "I;16":
        image = image.convert("I").point(lambda value: value * 257).convert("I;16")
    else:
        image = image.convert(mode)
    data = picture(image.rotate(turn, expand=True), kind)
    (item,) = bench.extract(data, f"scan.{kind.lower()}")
    (read,) = bench.ocr(item)
    assert words(bench.store.read_bytes(read.text_sha256).decode()) == WANTED
    rows = json.loads(bench.store.read_bytes(read.words_sha256))
    assert words(" ".join(row[5] for row in rows)) == WANTED
    assert all(len(row) == 6 and row[2] > 0 and row[3] > 0 for row in rows)
    assert read.confidence > 80
    assert read.engine.startswith("tesseract 5")
    assert read.notes == ()
    if turn == 180:
        assert read.rotation == 180


@pytest.mark.heavy
def test_blank_page_has_no_words_and_no_fault(bench: Bench) -> None:
    (item,) = bench.extract(picture(page(*LINES), "TIFF", (page(),)), "scan.tif")
    asked = bench.ocr(_with_pages(item, (1,)))
    assert [(each.page, each.chars, each.confidence, each.notes) for each in asked] == [
        (1, 0, 0.0, ())
    ]


@pytest.mark.heavy
def test_page_that_is_not_there_says_so(bench: Bench) -> None:
    (item,) = bench.extract(picture(page(*LINES)), "scan.png")
    (read,) = bench.ocr(_with_pages(item, (5,)))
    assert [note.code for note in read.notes] == [Code.OCR_FAILED]
    assert bench.store.read_bytes(read.text_sha256) == b""
    assert json.loads(bench.store.read_bytes(read.words_sha256)) == []


@pytest.mark.heavy
def test_page_that_takes_too_long_is_given_up_and_the_next_is_read(bench: Bench) -> None:
    dense = page(*[" ".join(LINES)] * 100, size=(6600, 9900))
    (item,) = bench.extract(picture(dense, "TIFF", (page(*LINES),)), "scan.tif")
    (slow,) = bench.ocr(_with_pages(item, (0,)), Limits(ocr_seconds=1))
    (fine,) = bench.ocr(_with_pages(item, (1,)))
    assert [(note.code, note.attempts) for note in slow.notes] == [(Code.OCR_FAILED, 2)]
    assert "timeout" in slow.notes[0].message
    assert words(bench.store.read_bytes(fine.text_sha256).decode()) == WANTED


def _drawn() -> tuple[Image.Image, dict[str, tuple[int, int, int, int]]]:
    """A page of words of one size, and where the ink of each stands."""
    image = Image.new("L", (1700, 2200), 255)
    font = ImageFont.load_default(size=44)
    draw = ImageDraw.Draw(image)
    boxes = {}
    for number, word in enumerate(dict.fromkeys(words(" ".join((*LINES, MORE))))):
        at = (150 + 350 * (number % 4), 200 + 130 * (number // 4))
        draw.text(at, word, fill=0, font=font)
        left, top, right, bottom = draw.textbbox(at, word, font=font)
        boxes[word] = (int(left), int(top), int(right), int(bottom))
    return image, boxes


def _turned(
    box: tuple[int, int, int, int], size: tuple[int, int], to: tuple[int, int], degrees: float
) -> list[float]:
    """The upright box around a box on a picture that Pillow turned about its middle."""
    turn = math.radians(degrees)
    xs, ys = [], []
    for x in (box[0] - size[0] / 2, box[2] - size[0] / 2):
        for y in (box[1] - size[1] / 2, box[3] - size[1] / 2):
            xs.append(x * math.cos(turn) + y * math.sin(turn) + to[0] / 2)
            ys.append(-x * math.sin(turn) + y * math.cos(turn) + to[1] / 2)
    return [min(xs), min(ys), max(xs), max(ys)]


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("degrees", "rotation"), [(0.0, 0), (4.0, 0), (-11.0, 0), (90.0, 90), (183.0, 180)]
)
def test_boxes_lie_on_the_ink_however_the_page_lies(
    bench: Bench, degrees: float, rotation: int
) -> None:
    straight, boxes = _drawn()
    image = straight.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    (item,) = bench.extract(picture(image), "scan.png")
    (read,) = bench.ocr(item)
    assert (read.state, read.rotation, read.dpi) == ("read", rotation, 200)
    assert read.skew == pytest.approx(rotation - degrees, abs=0.25)
    rows = json.loads(bench.store.read_bytes(read.words_sha256))
    found = {row[5].lower(): row for row in rows}
    met = sorted(boxes.keys() & found.keys())
    assert len(met) >= 0.9 * len(boxes)
    for word in met:
        left, top, right, bottom = _turned(boxes[word], straight.size, image.size, degrees)
        row = found[word]
        assert left - 25 < row[0] < left + 12
        assert top - 25 < row[1] < top + 12
        assert right - 12 < row[0] + row[2] < right + 25
        assert bottom - 12 < row[1] + row[3] < bottom + 25


@pytest.mark.heavy
def test_a_look_finds_blank_pages_and_like_pictures(bench: Bench) -> None:
    first = picture(page(*LINES), "TIFF", (page(), page(*LINES[:2])))
    other = picture(page(*LINES).convert("RGB"))
    found = []
    for data, name, pages in ((first, "a.tif", (0, 1, 2)), (other, "b.png", (0,))):
        job = OcrJob(bench.job(data, name).sha256, "picture", pages)
        batch = OcrBatch((job,), bench.store.address, Limits(), OcrWish("eng"), ())
        (looks,) = look_batch(batch)
        assert looks.job == job
        found.append(looks.pages)
    (one, blank, two), (same,) = found
    assert one.reading is None
    assert (one.image_sha256, one.settings) == (same.image_sha256, same.settings)
    assert two.image_sha256 not in (one.image_sha256, blank.image_sha256)
    assert blank.reading is not None
    assert (blank.reading.state, blank.reading.chars, blank.reading.notes) == ("blank", 0, ())
    assert re.fullmatch(r"redwell-ocr/1 tesseract \S+ eng dpi=own", one.settings)


@pytest.mark.heavy
def test_wishes_reach_tesseract(bench: Bench) -> None:
    (item,) = bench.extract(picture(page(*LINES), "PDF"), "scan.pdf")
    (read,) = bench.ocr(item, wish=OcrWish("eng", dpi=150, psm=6))
    assert (read.dpi, read.languages) == (150, "eng")
    assert read.engine.endswith(" psm 6")
    assert read.settings.endswith("psm 6 eng dpi=150")
    assert words(bench.store.read_bytes(read.text_sha256).decode()) == WANTED


@pytest.mark.heavy
def test_light_print_on_a_dark_page_is_read(bench: Bench) -> None:
    night = page(*LINES).point(lambda value: 255 - value)
    (item,) = bench.extract(picture(night), "night.png")
    assert words(bench.ocr_text(item)) == WANTED


def test_looks_and_results_cross_to_workers_and_back() -> None:
    job = OcrJob("ab", "pdf", (0, 1))
    note = warning(Code.OCR_FAILED, "m", "t", "1")
    read = OcrPage(0, "cd", "ef", 1, 2.0, 90, 200, "t 1", (note,), "read", "01", "eng", 0.5, "s")
    batch = OcrBatch((job,), "/store", Limits(), OcrWish("eng", 300, 6), ("secret",))
    for each in (batch, OcrLooks(job, (OcrLook(0, "01", "s", read),)), OcrResult("ab", (read,))):
        assert pickle.loads(pickle.dumps(each)) == each


def _with_pages(item: ExtractedItem, pages: tuple[int, ...]) -> ExtractedItem:
    return replace(item, ocr_pages=pages)


@pytest.mark.heavy
def test_probe_names_version_and_languages() -> None:
    found = tesseract.probe()
    assert re.match(r"\d+\.\d+", found.version)
    assert found.lacking("eng+xyz") == ("xyz",)


def test_tesseract_gets_one_thread_whoever_started_the_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "tesseract"
    row = r"5\t1\t1\t1\t1\t1\t1\t2\t3\t4\t90\t"
    fake.write_text(f'#!/bin/sh\nprintf "{row}$OMP_THREAD_LIMIT\\n"\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.delenv("OMP_THREAD_LIMIT", raising=False)
    assert tesseract.read(tmp_path / "page.pgm", "eng", 200).text == "1"


def test_tsv_becomes_lines_paragraphs_and_boxes() -> None:
    head = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight"
    rows = [
        head + "\tconf\ttext",
        "1\t1\t0\t0\t0\t0\t0\t0\t900\t900\t-1\t",
        "5\t1\t1\t1\t1\t1\t10\t20\t30\t40\t96.5\tNo",
        '5\t1\t1\t1\t1\t2\t50\t20\t30\t40\t80.5\t"quote',
        "5\t1\t1\t1\t2\t1\t10\t70\t30\t40\t90\tnext",
        "5\t1\t2\t1\t1\t1\t10\t200\t30\t40\t-1\tblock",
        "5\t1\t2\t1\t1\t2\t10\t200\t30\t40\t95\t ",
    ]
    read = tesseract.interpret("\n".join(rows).encode())
    assert read.text == 'No "quote\nnext\n\nblock'
    first = read.words[0]
    assert (first.left, first.top, first.width, first.height) == (10, 20, 30, 40)
    assert read.confidence == round((96.5 + 80.5 + 90 + 0) / 4, 2)


def test_fax_with_oblong_dots_is_made_square(tmp_path: Path) -> None:
    path = tmp_path / "fax.tif"
    page(*LINES).resize((1728, 1075)).convert("1").save(path, dpi=(204, 98))
    image, dpi = page_image(path, "tiff", 0, ())
    assert (image.size, dpi) == ((1728, 2238), 204)


def test_picture_upright_by_its_exif(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    page(*LINES).save(path, exif=exif)
    assert page_image(path, "jpg", 0, ())[0].size == (1100, 1700)


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "no.png"
    path.write_bytes(b"no picture")
    with pytest.raises(PageError, match="cannot be opened"):
        page_image(path, "png", 0, ())
    with pytest.raises(PageError, match="cannot be opened"):
        page_image(path, "pdf", 0, ())
