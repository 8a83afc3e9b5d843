"""The number on a page image is read, and another one is told by what it is."""

import io
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from PIL import Image

from produce.check_child import Due, inspect
from produce.imaging.stamp import stamp_pdf
from produce.imaging.tiff import page_image
from produce.number_reader import misread

NUMBER = "AB-0123456789"


def _stamped(folder: Path, number: str, size: tuple[float, float], legend: str = "") -> Path:
    source, target = folder / "blank.pdf", folder / f"{number}.pdf"
    with pikepdf.new() as document:
        document.add_blank_page(page_size=size)
        document.save(source)
    stamp_pdf(source, target, [number], legend)
    return target


def _corner(path: Path, dpi: int) -> Image.Image:
    with pypdfium2.PdfDocument(path) as document:
        page = document[0]
        image: Image.Image = page.render(scale=dpi / 72, grayscale=True).to_pil()
        page.close()
    width, height = image.size
    return image.crop((width // 2, height * 9 // 10, width, height))


@pytest.mark.parametrize("size", [(612, 792), (792, 612), (595, 842), (300, 400), (2000, 3000)])
def test_every_digit_is_told_from_every_other(tmp_path: Path, size: tuple[float, float]) -> None:
    corner = _corner(_stamped(tmp_path, NUMBER, size, "CONFIDENTIAL"), 300)
    assert misread(corner, NUMBER) is None
    for due in _others():
        assert misread(corner, due) == NUMBER


@pytest.mark.parametrize("dpi", [72, 100, 150, 200])
def test_at_low_resolution_nothing_is_told_wrongly(tmp_path: Path, dpi: int) -> None:
    corner = _corner(_stamped(tmp_path, NUMBER, (612, 792)), dpi)
    assert misread(corner, NUMBER) is None
    assert {misread(corner, due) for due in _others()} <= {None, NUMBER}


def _others() -> list[str]:
    """Every number that differs in one digit."""
    return [
        NUMBER[:place] + digit + NUMBER[place + 1 :]
        for place in range(3, len(NUMBER))
        for digit in "0123456789"
        if NUMBER[place] != digit
    ]


def test_what_cannot_be_told_is_not_judged(tmp_path: Path) -> None:
    tiny = _corner(_stamped(tmp_path, "AB0001", (60, 80)), 72)
    assert misread(tiny, "AB0002") is None
    assert misread(Image.new("L", (300, 90), 255), "AB0002") is None
    assert misread(Image.new("L", (300, 90), 0), "AB0002") is None


def test_a_swapped_page_is_found(tmp_path: Path) -> None:
    stamped = _stamped(tmp_path, "AB0000012", (612, 792), "CONFIDENTIAL")
    page_image(stamped, 0, 300, tmp_path / "page.tif", "never", 200)
    right = Due("page.tif", "tiff", bates=("AB0000012",))
    assert inspect(str(tmp_path), right).findings == ()
    [found] = inspect(str(tmp_path), Due("page.tif", "tiff", bates=("AB0000013",))).findings
    assert found.code == "image-number"
    assert "AB0000012 where AB0000013 is due" in found.message


def test_noise_is_never_another_number() -> None:
    noise = Image.effect_noise((400, 120), 120)
    buffer = io.BytesIO()
    noise.save(buffer, "PNG")
    assert misread(noise.convert("L"), "AB0000012") in (None, "AB0000012")
