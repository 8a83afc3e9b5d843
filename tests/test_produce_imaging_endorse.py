"""Zones of endorsements, paper sizes, places inside the page, and the colour rule."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pypdfium2
import pytest
from PIL import Image

from produce.check import check
from produce.check_child import Due, inspect
from produce.imaging import image_batch, render_batch, tiff
from produce.imaging.endorse import PLACES, Style, fill
from produce.imaging.stamp import stamp_pdf
from produce.imaging.write import refuse_style
from produce.interface import ImageBatch, ImageResult
from produce.plan import plan
from produce.reader import read_opt
from produce.run import run
from records.case import Case
from records.errors import ProductionError
from records.limits import Limits
from tests.produce_matter import add, matter, specification, tag, workshop

NUMBER, LEGEND = "ABC0000001", "CONFIDENTIAL"
SIX = tuple((place, f"At {place} {{bates}}") for place in PLACES)


def _pdf(path: Path, size: tuple[float, float], content: bytes) -> Path:
    pdf = pikepdf.new()
    page = pikepdf.Dictionary(
        Type=pikepdf.Name.Page, MediaBox=[0, 0, *size], Contents=pdf.make_stream(content)
    )
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
    pdf.save(path)
    return path


def _box(path: Path, words: str) -> tuple[float, float, float, float]:
    """Left, bottom, right, top of some words as shares of the page, by pdfium's own reading."""
    document = pypdfium2.PdfDocument(path)
    page = document[0]
    text = page.get_textpage()
    start = text.get_text_range().index(words)
    boxes = np.array([text.get_charbox(start + each) for each in range(len(words))])
    left, bottom = boxes[:, :2].min(axis=0)
    right, top = boxes[:, 2:].max(axis=0)
    width, height = page.get_size()
    document.close()
    return left / width, bottom / height, right / width, top / height


def _size(path: Path) -> tuple[float, float]:
    with pikepdf.open(path) as pdf:
        return float(pdf.pages[0].mediabox[2]), float(pdf.pages[0].mediabox[3])


def _ink(path: Path, scale: float = 2.0) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    document = pypdfium2.PdfDocument(path)
    picture = np.asarray(document[0].render(scale=scale, grayscale=True).to_pil())
    document.close()
    return picture


@pytest.mark.parametrize("size", [(612, 792), (792, 612), (400, 150), (3000, 2000)])
def test_six_zones_stand_at_their_edges_and_on_no_content(
    size: tuple[float, float], tmp_path: Path
) -> None:
    black = f"0 g 0 0 {size[0]} {size[1]} re f".encode()
    source = _pdf(tmp_path / "in.pdf", size, black)
    stamp_pdf(source, tmp_path / "out.pdf", [NUMBER], LEGEND, Style(SIX))
    assert _size(tmp_path / "out.pdf") == size
    picture = _ink(tmp_path / "out.pdf") < 128
    solid = picture[:, picture.shape[1] // 3].nonzero()[0]
    boxes = [_box(tmp_path / "out.pdf", fill(text, NUMBER, LEGEND)) for _, text in SIX]
    for place, (left, bottom, right, top) in zip(PLACES, boxes, strict=True):
        edge, side = place.split("-")
        middle = (left + right) / 2
        assert (bottom > 0.85) if edge == "top" else (top < 0.15), place
        expected = {"left": middle < 1 / 3, "center": abs(middle - 0.5) < 0.02}
        assert expected.get(side, middle > 2 / 3), place
    for row in (boxes[:3], boxes[3:]):
        assert row[0][2] < row[1][0]
        assert row[1][2] < row[2][0]
    block = _block(picture)
    assert max(box[3] for box in boxes[3:]) <= 1 - (block[1] + 1) / picture.shape[0] + 0.01
    assert min(box[1] for box in boxes[:3]) >= 1 - block[0] / picture.shape[0] - 0.01
    assert solid.size


def _block(picture: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> tuple[int, int]:
    """First and last row of the black content: rows that are ink for the most part."""
    rows = np.nonzero(picture.mean(axis=1) > 0.6)[0]
    return int(rows[0]), int(rows[-1])


@pytest.mark.parametrize("placement", ["margin", "inside"])
@pytest.mark.parametrize("size", [(10, 10), (60, 60), (20, 500), (500, 20)])
def test_a_page_too_small_for_its_texts_gets_more_paper(
    size: tuple[float, float], placement: str, tmp_path: Path
) -> None:
    source = _pdf(tmp_path / "in.pdf", size, f"0 g 0 0 {size[0]} {size[1]} re f ".encode())
    stamp_pdf(source, tmp_path / "out.pdf", [NUMBER], LEGEND, Style(placement=placement))
    width, height = _size(tmp_path / "out.pdf")
    assert width >= size[0]
    assert height >= size[1]
    left, bottom, right, top = _box(tmp_path / "out.pdf", NUMBER)
    assert (top - bottom) * height > 0.6 * 6  # digits are some 0.7 of the type's size
    assert _box(tmp_path / "out.pdf", LEGEND)[2] < left
    assert right < 1
    black = _ink(tmp_path / "out.pdf", 4.0) < 128
    area = black[: round(black.shape[0] * (1 - top)) - 1].sum() / 16
    shrunk = min(1.0, height * (1 - top) / size[1])
    assert area == pytest.approx(size[0] * size[1] * shrunk**2, rel=0.12)


def test_texts_that_share_a_place_stand_below_each_other(tmp_path: Path) -> None:
    source = _pdf(tmp_path / "in.pdf", (612, 792), b"")
    zones = (("bottom-right", "{bates}"), ("bottom-right", "Case 1:01-cv-1"), ("top-left", ""))
    stamp_pdf(source, tmp_path / "out.pdf", [NUMBER], "", Style(zones))
    upper, lower = _box(tmp_path / "out.pdf", NUMBER), _box(tmp_path / "out.pdf", "Case 1:01-cv-1")
    assert upper[1] > lower[3]
    assert upper[2] == pytest.approx(lower[2], abs=0.01)


def test_inside_keeps_the_size_and_finds_a_blank_place(tmp_path: Path) -> None:
    footer = b"0 g 0 0 612 40 re f 100 300 50 50 re f"
    source = _pdf(tmp_path / "in.pdf", (612, 792), footer)
    style = Style(placement="inside")
    assert stamp_pdf(source, tmp_path / "out.pdf", [NUMBER], LEGEND, style) == []
    assert _box(tmp_path / "out.pdf", NUMBER)[1] > 40 / 792
    assert _box(tmp_path / "out.pdf", LEGEND)[1] > 40 / 792
    before, after = _ink(source) < 128, _ink(tmp_path / "out.pdf") < 128
    assert (after & before == before).all()  # nothing moved


def test_a_page_that_is_blank_nowhere_is_endorsed_in_its_margin(tmp_path: Path) -> None:
    source = _pdf(tmp_path / "in.pdf", (612, 792), b"0.8 g 0 0 612 792 re f")
    style = Style(placement="inside")
    assert stamp_pdf(source, tmp_path / "out.pdf", [NUMBER], LEGEND, style) == [0]
    stamp_pdf(source, tmp_path / "margin.pdf", [NUMBER], LEGEND)
    assert (_ink(tmp_path / "out.pdf") == _ink(tmp_path / "margin.pdf")).all()


@pytest.mark.parametrize(
    ("size", "paper", "expected", "scale"),
    [
        ((842, 1191), "letter", (612, 792), 792 * 0.975 / 1191),
        ((1191, 842), "letter", (792, 612), 792 / 1191),
        ((612, 792), "a4", (595.276, 841.89), 595.276 / 612),
        ((200, 300), "letter", (612, 792), 1.0),
    ],
)
def test_pages_fit_the_paper_and_are_never_enlarged(
    size: tuple[float, float],
    paper: str,
    expected: tuple[float, float],
    scale: float,
    tmp_path: Path,
) -> None:
    source = _pdf(tmp_path / "in.pdf", size, f"0 g 0 0 {size[0]} {size[1]} re f".encode())
    stamp_pdf(source, tmp_path / "out.pdf", [NUMBER], "", Style(page_size=paper))
    assert _size(tmp_path / "out.pdf") == pytest.approx(expected, abs=0.01)
    columns = np.nonzero((_ink(tmp_path / "out.pdf") < 128).mean(axis=0) > 0.2)[0]
    assert (columns[-1] + 1 - columns[0]) / 2 == pytest.approx(size[0] * scale, abs=1.5)


def _photograph(path: Path) -> Path:
    shades = np.linspace(40, 220, 400, dtype=np.uint8)
    picture = Image.fromarray(
        np.stack([np.tile(shades, (300, 1))] * 2 + [np.full((300, 400), 90)], 2).astype(np.uint8)
    )
    data = io.BytesIO()
    picture.save(data, "JPEG")
    pdf = pikepdf.new()
    image = pikepdf.Stream(pdf, data.getvalue())
    image["/Type"], image["/Subtype"] = pikepdf.Name.XObject, pikepdf.Name.Image
    image["/Width"], image["/Height"], image["/BitsPerComponent"] = 400, 300, 8
    image["/ColorSpace"], image["/Filter"] = pikepdf.Name.DeviceRGB, pikepdf.Name.DCTDecode
    page = pikepdf.Dictionary(
        Type=pikepdf.Name.Page,
        MediaBox=[0, 0, 612, 792],
        Resources=pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im=image)),
        Contents=pdf.make_stream(b"400 0 0 300 100 300 cm /Im Do"),
    )
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
    pdf.save(path)
    return path


@pytest.mark.parametrize(
    ("colour", "toned", "plain"),
    [("never", "tif", "tif"), ("auto", "jpg", "tif"), ("always", "jpg", "jpg")],
)
def test_the_colour_rule(colour: str, toned: str, plain: str, tmp_path: Path) -> None:
    text = _pdf(tmp_path / "text.pdf", (612, 792), b"0 g 100 100 200 3 re f")
    sources = ((_photograph(tmp_path / "photo.pdf"), toned), (text, plain))
    for source, expected in sources:
        target = tmp_path / "page"
        written = tiff.page_image(source, 0, 300, target, colour, 150)
        assert written.suffix == expected
        first = target.read_bytes()
        tiff.page_image(source, 0, 300, target, colour, 150)
        assert target.read_bytes() == first
        with Image.open(target) as image:
            if expected == "tif":
                assert (image.format, image.mode, image.size) == ("TIFF", "1", (2550, 3300))
            else:
                assert (image.format, image.size) == ("JPEG", (1275, 1650))
                assert image.info["dpi"] == (150, 150)
                assert image.mode == ("RGB" if source != text else "L")


def _coloured(batch: ImageBatch) -> tuple[ImageResult, ...]:
    return image_batch(replace(batch, colour="always"))


def test_a_volume_of_jpg_is_taken_up_and_checks_clean(tmp_path: Path) -> None:
    with matter(tmp_path) as case:
        for number in (1, 2):
            add(case, number, text=f"document {number}\fpage two")
        tag(case, "Responsive", [1, 2])
        plan(case, specification())
        works = workshop(image=_coloured, render=render_batch)
        made = run(case, specification().name, works)
        volume = Path(made.folder)
        images = sorted(each.name for each in (volume / "IMAGES/0001").iterdir())
        assert images
        assert all(each.endswith(".jpg") for each in images)
        entries = read_opt(volume / f"DATA/{made.name}.opt")
        assert sorted(each.path.rpartition("\\")[2] for each in entries) == images
        assert check(volume) == []


@pytest.mark.parametrize(
    "odd",
    [
        {"zones": (("middle", "{bates}"),)},
        {"zones": (("top-left", "no number"),)},
        {"colour": "sometimes"},
        {"page_size": "folio"},
        {"placement": "over"},
    ],
)
def test_what_is_no_endorsement_is_refused(odd: dict[str, str]) -> None:
    batch = ImageBatch((), "s", "v", "tiff", 300, Limits())
    refuse_style(batch)
    with pytest.raises(ProductionError, match="mend the specification"):
        refuse_style(replace(batch, **odd))  # type: ignore[arg-type]


class _StopError(Exception):
    """The run is cut off."""


def _matter(case: Case) -> None:
    for number in (1, 2, 3):
        add(case, number, text=f"document {number}\fpage two")
    tag(case, "Responsive", [1, 2, 3])
    plan(case, specification())


def _tree(folder: Path) -> dict[str, bytes]:
    files = (each for each in sorted(folder.rglob("*")) if each.is_file())
    return {each.relative_to(folder).as_posix(): each.read_bytes() for each in files}


def test_a_volume_of_jpg_that_was_cut_off_and_lost_a_page_ends_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("produce.stamping._JOBS", 1)
    seen = []

    def cut_off(batch: ImageBatch) -> tuple[ImageResult, ...]:
        result = _coloured(batch)
        seen.append(batch)
        if len(seen) == 3:
            raise _StopError  # its files are written, its rows are not
        return result

    whole = workshop(image=_coloured, render=render_batch)
    with matter(tmp_path / "a") as case:
        _matter(case)
        with pytest.raises(_StopError):
            run(case, specification().name, workshop(image=cut_off, render=render_batch))
        next(case.productions_folder.rglob("*.jpg")).unlink()
        resumed = _tree(Path(run(case, specification().name, whole).folder))
    with matter(tmp_path / "b") as case:
        _matter(case)
        unbroken = _tree(Path(run(case, specification().name, whole).folder))
    assert resumed == unbroken
    assert {name[-3:] for name in resumed if name.startswith("IMAGES/")} == {"jpg"}


@pytest.mark.parametrize(
    ("odd", "code"),
    [
        ({"dpi": (50, 50)}, "image-dpi"),
        ({"mode": "CMYK"}, "image-colour"),
        ({"blank": True}, "image-stamp"),
        ({"cut": 200}, "image-unreadable"),
    ],
)
def test_odd_jpg_is_found(odd: dict[str, Any], code: str, tmp_path: Path) -> None:
    picture = Image.new("RGB", (850, 1100), "white")
    if not odd.get("blank"):
        picture.paste("black", (700, 1050, 840, 1090))
    data = io.BytesIO()
    picture.convert(odd.get("mode", "RGB")).save(data, "JPEG", dpi=odd.get("dpi", (200, 200)))
    (tmp_path / "a.jpg").write_bytes(data.getvalue()[: odd.get("cut")])
    found = inspect(str(tmp_path), Due("a.jpg", "jpg"))
    assert [each.code for each in found.findings] == [code]
