"""OCR through the real Tesseract, and what its answers mean."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from process import tesseract, worker
from process.interface import ExtractedItem
from process.ocr_image import PageError, page_image
from records.codes import Code
from records.settings import Limits
from tests.process_samples import Bench, page, picture

LINES = (
    "The undersigned hereby certifies that",
    "the shipment of seventeen crates was",
    "received in good order at Rotterdam",
    "on the fourth of March and accepted",
)


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


def _with_pages(item: ExtractedItem, pages: tuple[int, ...]) -> ExtractedItem:
    return replace(item, ocr_pages=pages)


@pytest.mark.heavy
def test_probe_names_version_and_languages() -> None:
    found = tesseract.probe()
    assert re.match(r"\d+\.\d+", found.version)
    assert found.lacking("eng+xyz") == ("xyz",)


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
