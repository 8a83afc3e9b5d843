"""Pages made anew: boxes where they were drawn, text of what is left, whatever the geometry."""

import io
from pathlib import Path

import numpy as np
import pikepdf
import pypdf
import pytest

from produce.imaging.burn import Mark, burn
from produce.imaging.characters import PageCharacters, characters, picture_of
from produce.imaging.geometry import view_of
from produce.imaging.raster import opened
from produce.redaction.finding import boxes_of, find_term
from tests.redaction_matter import paper

LINES = ["A memo about the co-op, page 12-34", "and Project Falcon of us", "The end"]
LEFT = "A memo about the co-op, page 12-34 and Project [AC] of us The end"


def _turned(path: Path, rotate: int, crop: tuple[int, int, int, int], unit: float) -> Path:
    with pikepdf.open(io.BytesIO(paper(LINES))) as pdf:
        page = pdf.pages[0].obj
        page.Rotate, page.CropBox, page.UserUnit = rotate, pikepdf.Array(crop), unit
        pdf.save(path)
    return path


def _mark(page: PageCharacters, term: str) -> Mark:
    (hit,) = find_term(page, term)
    (box,) = boxes_of(page, hit.start, hit.end)
    return Mark(box, "AC")


@pytest.mark.parametrize(
    ("rotate", "crop", "unit"),
    [
        (0, (0, 0, 612, 792), 1),
        (90, (0, 0, 612, 792), 1),
        (180, (50, 100, 600, 780), 1),
        (270, (50, 100, 600, 780), 1),
        (90, (50, 100, 600, 780), 2),
        (0, (-20, -30, 500, 780), 1),
    ],
)
def test_the_box_is_where_the_word_is_seen(
    tmp_path: Path, rotate: int, crop: tuple[int, int, int, int], unit: float
) -> None:
    source, target = _turned(tmp_path / "a.pdf", rotate, crop, unit), tmp_path / "b.pdf"
    (page,) = characters(source, "", tmp_path)
    mark = _mark(page, "Falcon")
    texts, again = burn(source, target, {1: [mark]}, "")
    # pdfium gives a page that is turned in an order of its own, and may take a hyphen for a break
    words, due = (sorted(each.replace("-", "").split()) for each in (texts[0], LEFT))
    assert (words, again) == (due, 0)
    first = target.read_bytes()
    burn(source, target, {1: [mark]}, "")
    assert target.read_bytes() == first
    with pikepdf.open(target) as pdf, opened(target) as document:
        view = view_of(pdf.pages[0].obj)
        assert view.size == pytest.approx((page.width, page.height), abs=0.1)
        picture = np.asarray(picture_of(document, 0, view, 144))
    left, top, right, bottom = (round(each * 2) for each in mark.box)
    inside = picture[top + 1 : bottom - 1, left + 1 : right - 1]
    assert inside[0].max() < 64  # the code stands in the middle
    assert inside.mean() < 100
    around = picture[top - 6 : bottom + 6, left - 6 : right + 6]
    assert around.max() > 200
    assert "Falcon" not in pypdf.PdfReader(target).pages[0].extract_text()


def test_only_pages_and_their_pictures_are_in_the_new_file(tmp_path: Path) -> None:
    source, target = tmp_path / "a.pdf", tmp_path / "b.pdf"
    source.write_bytes(paper(LINES, ["Page two"]))
    texts, _ = burn(source, target, {}, "")
    assert texts[1] == "Page two"
    with pikepdf.open(target) as pdf:
        assert set(pdf.Root.keys()) == {"/Type", "/Pages"}
        assert set(pdf.trailer.keys()) <= {
            *("/Root", "/Size", "/ID", "/Type", "/Length", "/Filter", "/W", "/Index"),
            "/DecodeParms",
        }
        for page in pdf.pages:
            keys = {"/Type", "/Parent", "/MediaBox", "/Resources", "/Contents"}
            assert set(page.obj.keys()) == keys
            assert set(page.Resources.keys()) == {"/XObject", "/Font"}
