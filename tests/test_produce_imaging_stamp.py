"""Stamping: the number upright in its corner whatever the page's geometry, the content unmoved."""

import itertools
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2
import pytest
from numpy.typing import NDArray
from pikepdf import Array, Dictionary, Name

from produce.imaging.endorse import BAND
from produce.imaging.errors import RenderError
from produce.imaging.stamp import stamp_pdf

NUMBER, LEGEND = "ABC0000001", "CONFIDENTIAL"


def _page_pdf(path: Path, extra: dict[str, object], content: bytes = b"") -> Path:
    """A page with a black square at a third of its visible box, and a word in the middle."""
    box = [float(each) for each in extra.get("/CropBox", extra["/MediaBox"])]  # type: ignore[attr-defined]
    left, bottom = min(box[0], box[2]), min(box[1], box[3])
    width, height = abs(box[2] - box[0]), abs(box[3] - box[1])
    x, y, side = left + width / 3, bottom + height / 3, min(width, height) / 3
    drawing = f"0 g {x} {y} {side} {side} re f\n".encode() + content
    pdf = pikepdf.new()
    page = Dictionary(Type=Name.Page, Contents=pdf.make_stream(drawing), Resources=Dictionary())
    for key, value in extra.items():
        page[key] = Array(value) if isinstance(value, list) else value
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
    pdf.save(path)
    return path


GEOMETRIES: dict[str, dict[str, object]] = {
    "letter": {"/MediaBox": [0, 0, 612, 792]},
    "turned 90": {"/MediaBox": [0, 0, 612, 792], "/Rotate": 90},
    "turned 180": {"/MediaBox": [0, 0, 612, 792], "/Rotate": 180},
    "turned 270": {"/MediaBox": [0, 0, 612, 792], "/Rotate": 270},
    "turned -90": {"/MediaBox": [0, 0, 612, 792], "/Rotate": -90},
    "cropped": {"/MediaBox": [0, 0, 800, 1000], "/CropBox": [100, 150, 700, 900]},
    "cropped, turned": {
        "/MediaBox": [0, 0, 800, 1000],
        "/CropBox": [100, 150, 700, 900],
        "/Rotate": 90,
    },
    "negative origin": {"/MediaBox": [-300, -400, 312, 392]},
    "negative, turned": {"/MediaBox": [-300, -400, 312, 392], "/Rotate": 270},
    "corners swapped": {"/MediaBox": [612, 792, 0, 0]},
    "landscape": {"/MediaBox": [0, 0, 792, 612]},
    "huge": {"/MediaBox": [0, 0, 2448, 3168]},
    "tiny": {"/MediaBox": [0, 0, 144, 90]},
}


def _picture(path: Path, width: int) -> NDArray[np.uint8]:
    document = pypdfium2.PdfDocument(path)
    page = document[0]
    image = page.render(scale=width / page.get_width(), grayscale=True).to_pil()
    document.close()
    return np.asarray(image)


def _ink(picture: NDArray[np.uint8]) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of what is dark, as shares of the picture."""
    rows, columns = np.nonzero(picture < 128)
    height, width = picture.shape
    return (
        float(columns.min()) / width,
        float(rows.min()) / height,
        float(columns.max() + 1) / width,
        float(rows.max() + 1) / height,
    )


def _boxes(path: Path, word: str) -> list[tuple[float, float, float, float]]:
    """The boxes of each letter of `word`, found by pdfium's own text extraction."""
    document = pypdfium2.PdfDocument(path)
    text = document[0].get_textpage()
    everything = text.get_text_range()
    start = everything.index(word)
    boxes = [text.get_charbox(start + offset) for offset in range(len(word))]
    document.close()
    return boxes


@pytest.mark.parametrize("name", GEOMETRIES)
def test_number_stands_bottom_right_and_content_only_shrinks(name: str, tmp_path: Path) -> None:
    source = _page_pdf(tmp_path / "in.pdf", GEOMETRIES[name])
    target = tmp_path / "out.pdf"
    stamp_pdf(source, target, [NUMBER], LEGEND)

    before, after = pypdfium2.PdfDocument(source), pypdfium2.PdfDocument(target)
    width, height = before[0].get_size()
    assert after[0].get_size() == pytest.approx((width, height), abs=0.01)
    before.close()
    after.close()

    boxes = _boxes(target, NUMBER)
    assert all(left[0] < right[0] for left, right in itertools.pairwise(boxes))
    assert max(box[3] for box in boxes) < 0.16 * height  # in the band
    assert min(box[1] for box in boxes) > 0
    assert width * 0.94 < boxes[-1][2] < width
    assert boxes[0][0] > width / 2
    legend = _boxes(target, LEGEND)
    assert 0 < legend[0][0] < 0.06 * width
    assert legend[-1][2] < boxes[0][0]

    old, new = _picture(source, 900), _picture(target, 900)
    band = max(box[3] for box in boxes) / height
    new = new[: round(new.shape[0] * (1 - band)) - 2].copy()
    full = old.shape[0]
    left, top, right, bottom = _ink(old)
    rows, columns = np.nonzero(new < 128)
    scale = (columns.max() + 1 - columns.min()) / 900 / (right - left)
    assert 0.84 < scale < 1
    assert columns.min() / 900 == pytest.approx(left * scale + (1 - scale) / 2, abs=0.005)
    assert rows.min() / full == pytest.approx(top * scale, abs=0.005)
    assert (rows.max() + 1) / full == pytest.approx(bottom * scale, abs=0.005)


def test_letter_shrinks_by_the_band(tmp_path: Path) -> None:
    source = _page_pdf(tmp_path / "in.pdf", GEOMETRIES["letter"])
    stamp_pdf(source, tmp_path / "out.pdf", [NUMBER], "")
    old, new = _ink(_picture(source, 2000)), _ink(_picture(tmp_path / "out.pdf", 2000)[:2400])
    assert (new[2] - new[0]) / (old[2] - old[0]) == pytest.approx(1 - BAND, abs=0.003)


def test_user_unit_is_baked_in(tmp_path: Path) -> None:
    source = _page_pdf(tmp_path / "in.pdf", {"/MediaBox": [0, 0, 300, 400], "/UserUnit": 2.0})
    stamp_pdf(source, tmp_path / "out.pdf", [NUMBER], LEGEND)
    document = pypdfium2.PdfDocument(tmp_path / "out.pdf")
    assert document[0].get_size() == (600, 800)
    document.close()
    left, _, right, _ = _ink(_picture(tmp_path / "out.pdf", 600)[:700])
    assert (right - left) == pytest.approx(0.975 / 3, abs=0.005)
    assert _boxes(tmp_path / "out.pdf", NUMBER)[-1][2] > 560
    assert left == pytest.approx(1 / 3, abs=0.01)


@pytest.mark.parametrize(
    "leak", [b"q 0.1 0 0 0.1 0 0 cm\n", b"BT 300 Tz 3 Tr\n", b"q q q 1 g\n", b"0 0 1 1 re W n\n"]
)
def test_what_a_page_leaves_open_does_not_reach_the_stamp(leak: bytes, tmp_path: Path) -> None:
    plain = _page_pdf(tmp_path / "plain.pdf", GEOMETRIES["letter"])
    open_ended = _page_pdf(tmp_path / "open.pdf", GEOMETRIES["letter"], leak)
    for source in (plain, open_ended):
        stamp_pdf(source, source.with_suffix(".out"), [NUMBER], LEGEND)
    band = slice(round(1000 * 792 / 612 * 0.975) + 1, None)
    stamped = [_picture(each.with_suffix(".out"), 1000)[band] for each in (plain, open_ended)]
    assert (stamped[0] < 128).sum() > 500
    assert np.array_equal(stamped[0], stamped[1])


def test_nothing_of_the_page_lies_under_the_stamp(tmp_path: Path) -> None:
    source = _page_pdf(tmp_path / "in.pdf", GEOMETRIES["letter"], b"0 g 0 0 612 792 re f")
    stamp_pdf(source, tmp_path / "out.pdf", [NUMBER], "")
    picture = _picture(tmp_path / "out.pdf", 1224)
    lowest_content = np.nonzero(picture[:, 30] < 128)[0].max()
    number_top = picture.shape[0] - max(box[3] for box in _boxes(tmp_path / "out.pdf", NUMBER)) * 2
    assert lowest_content < number_top


def test_several_content_streams_and_shared_ones(tmp_path: Path) -> None:
    pdf = pikepdf.new()
    first, second = pdf.make_stream(b"q 0 g 100 400"), pdf.make_stream(b" 50 50 re f Q")
    for _ in range(2):
        page = Dictionary(
            Type=Name.Page, MediaBox=[0, 0, 612, 792], Contents=Array([first, second])
        )
        pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
    pdf.save(tmp_path / "in.pdf")
    stamp_pdf(tmp_path / "in.pdf", tmp_path / "out.pdf", ["A1", "A2"], "")
    document = pypdfium2.PdfDocument(tmp_path / "out.pdf")
    assert [page.get_textpage().get_text_range() for page in document] == ["A1", "A2"]
    assert (np.asarray(document[1].render(grayscale=True).to_pil())[:700] < 128).sum() > 2000
    document.close()


def test_same_input_same_bytes(tmp_path: Path) -> None:
    source = _page_pdf(tmp_path / "in.pdf", GEOMETRIES["cropped, turned"])
    for legend in (LEGEND, "КОНФИДЕНЦИАЛЬНО"):
        stamp_pdf(source, tmp_path / "a.pdf", [NUMBER], legend)
        stamp_pdf(source, tmp_path / "b.pdf", [NUMBER], legend)
        assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()


def test_a_legend_in_other_letters_can_be_read_back(tmp_path: Path) -> None:
    source = _page_pdf(tmp_path / "in.pdf", GEOMETRIES["letter"])
    stamp_pdf(source, tmp_path / "out.pdf", [NUMBER], "КОНФИДЕНЦИАЛЬНО")
    assert _boxes(tmp_path / "out.pdf", "КОНФИДЕНЦИАЛЬНО")[0][0] < 40
    assert _boxes(tmp_path / "out.pdf", NUMBER)[-1][2] > 570


def test_a_long_legend_never_meets_the_number(tmp_path: Path) -> None:
    source = _page_pdf(tmp_path / "in.pdf", GEOMETRIES["letter"])
    legend = "HIGHLY CONFIDENTIAL - OUTSIDE COUNSEL ONLY - SUBJECT TO PROTECTIVE ORDER " * 2
    stamp_pdf(source, tmp_path / "out.pdf", [NUMBER], legend.strip())
    assert (
        _boxes(tmp_path / "out.pdf", legend.strip())[-1][2]
        < (_boxes(tmp_path / "out.pdf", NUMBER)[0][0])
    )


def test_pages_and_numbers_that_disagree_are_refused(tmp_path: Path) -> None:
    source = _page_pdf(tmp_path / "in.pdf", GEOMETRIES["letter"])
    with pytest.raises(RenderError, match="1 pages, 2 numbers"):
        stamp_pdf(source, tmp_path / "out.pdf", ["A1", "A2"], "")
