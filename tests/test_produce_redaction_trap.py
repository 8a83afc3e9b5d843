"""The trap file: a word in some forty places, redacted, and none of it left by any reader."""

import io
import re
import shutil
import subprocess
import zlib
from pathlib import Path

import pikepdf
import pypdf
import pytest

from produce.imaging.burn import Mark, burn
from produce.imaging.characters import characters
from produce.plan import plan
from produce.redaction import draw, record
from produce.redaction.finding import boxes_of, find_term
from produce.redaction.leaks import leaks
from produce.redaction.record import State
from produce.redaction.told import hide
from produce.run import run
from tests.produce_matter import add, matter, specification, tag
from tests.redaction_matter import real_workshop, with_codes
from tests.redaction_trap import (
    IN_THE_FILE,
    ON_THE_PAGE,
    PLACES,
    WORD,
    Place,
    blank,
    layer,
    seen_in_a_picture,
    trap,
)

needs_tesseract = pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="Tesseract is absent: apt-get install tesseract-ocr"
)
HIDDEN = hide([WORD, WORD.replace("a", "á")], [])
_FORMS = [
    WORD.encode(),
    WORD.encode("utf-16-le"),
    WORD.encode("utf-16-be"),
    WORD.encode().hex().encode(),
    "".join(f"\\{ord(char):03o}" for char in WORD).encode(),
    " ".join(WORD).encode(),
]


def _left(data: bytes) -> list[str]:
    return [f"{each.where}: {each.word}" for each in leaks(data, HIDDEN)]


def _in_bytes(data: bytes) -> list[bytes]:
    """A search that is none of ours: every form, in the bytes and in whatever unpacks."""
    streams = [data]
    for found in re.finditer(rb"stream\r?\n", data):
        try:
            streams.append(zlib.decompressobj().decompress(data[found.end() :]))
        except zlib.error:
            continue
    return [form for form in _FORMS for each in streams if form.lower() in each.lower()]


def _read_by_others(path: Path) -> str:
    said = [page.extract_text() for page in pypdf.PdfReader(path).pages]
    with pikepdf.open(path) as pdf:
        said += [str(each) for each in pdf.objects]
    if shutil.which("pdftotext"):
        done = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, check=True)
        said.append(done.stdout.decode())
    found = subprocess.run(["strings", "-a", str(path)], capture_output=True, check=True)
    return "".join("\n".join([*said, found.stdout.decode()]).lower().split())


@pytest.mark.parametrize("place", PLACES, ids=lambda each: each.__name__)
def test_every_place_holds_the_word_by_itself(place: Place) -> None:
    assert _left(trap(place, whole=False)), place.__name__
    assert not _left(trap(whole=False))


def test_there_are_enough_places() -> None:
    assert len(PLACES) + len(IN_THE_FILE) >= 25
    data = trap()
    end = data.rindex(b"%%EOF")
    assert all(_left(part) for part in (data[:end], data[end:])), IN_THE_FILE


def _drawn_on_top() -> bytes:
    """What a careless tool does: black rectangles upon everything that is seen."""
    pdf = blank()
    for place in PLACES:
        place(pdf)
    page = pdf.pages[0]
    page.Contents = pdf.make_stream(page.Contents.read_bytes() + b"\n0 g 0 0 612 792 re f")
    data = io.BytesIO()
    pdf.save(data)
    return data.getvalue()


def test_a_black_rectangle_hides_nothing() -> None:
    assert len(set(_left(_drawn_on_top()))) > 20


@needs_tesseract
@pytest.mark.heavy
def test_burning_in_leaves_none(tmp_path: Path) -> None:
    source, target = tmp_path / "trap.pdf", tmp_path / "burned.pdf"
    source.write_bytes(trap(*PLACES, seen_in_a_picture))
    pages = characters(source, "eng", tmp_path)
    assert {"invisible text", "covered text", "ActualText"} <= set(pages[0].doubts)
    assert pages[1].source == "ocr"
    marks = {
        number: [
            Mark(box, "AC")
            for hit in find_term(page, WORD)
            for box in boxes_of(page, hit.start, hit.end)
        ]
        for number, page in enumerate(pages, 1)
    }
    assert len(marks[1]) >= 10
    assert len(marks[2]) == 1
    texts, again = burn(source, target, marks, "eng")
    assert again == 2
    assert "What is left is here" in texts[0]
    assert "A scan of" in texts[1]
    data = target.read_bytes()
    assert _left(data) == []
    assert _in_bytes(data) == []
    assert WORD.lower() not in _read_by_others(target)


@needs_tesseract
@pytest.mark.heavy
@pytest.mark.parametrize(("kind", "layered"), [("pdf", False), ("tiff", True)])
def test_a_production_holds_none_of_it(tmp_path: Path, kind: str, layered: bool) -> None:
    def silent(steps: int, note: str = "", *, more: int = 0) -> None:
        """Say nothing."""

    data = trap(*PLACES, *([layer] if layered else []), seen_in_a_picture)
    with matter(tmp_path) as case:
        add(case, 1, name=f"{WORD}.pdf", type_="pdf", data=data, text=f"All about {WORD}")
        with_codes(case)
        tag(case, "Responsive", [1])
        made, _ = draw.suggest(case, [1], "AC", [WORD], (), silent)
        record.decide(case, [each.number for each in made], State.CONFIRMED)
        plan(case, specification(kind=kind))
        volume = Path(run(case, "ABC_PROD001", real_workshop()).folder)
    files = [each for each in volume.rglob("*") if each.is_file()]
    assert len(files) == (5 if kind == "pdf" else 7)  # two pages, and a sheet of its comments
    for path in files:
        assert _left(path.read_bytes()) == [], path
        assert _in_bytes(path.read_bytes()) == [], path


def test_the_list_in_the_docs_is_that_of_the_trap() -> None:
    page = Path(__file__).parents[1] / "docs/redaction.md"
    told = page.read_text(encoding="utf-8")
    for place in (*PLACES, layer, seen_in_a_picture):
        assert f"`{place.__name__}`" in told, place.__name__
    assert len(ON_THE_PAGE) < len(PLACES)
