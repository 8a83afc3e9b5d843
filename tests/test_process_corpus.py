"""Extraction and OCR against real documents and the facts known of them."""

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from process import worker
from process.interface import ExtractedItem
from records.codes import Code, Disposition
from records.limits import Limits
from tests.process_samples import Bench, codes

CORPUS = Path(
    os.environ.get("REDWELL_CORPUS", Path(__file__).resolve().parents[2] / "shared" / "corpus")
)
pytestmark = [
    pytest.mark.corpus,
    pytest.mark.heavy,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real files is not here"),
]
PASSWORDS = ("Password1234_", "tika", "Tika", "letmein", "openpassword", "test")


@pytest.fixture(scope="module", autouse=True)
def _children() -> Iterator[None]:
    yield
    worker.close_children()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def read(
    bench: Bench, name: str, passwords: tuple[str, ...] = (), limits: Limits | None = None
) -> tuple[ExtractedItem, ...]:
    path = CORPUS / name
    return bench.extract(path.read_bytes(), path.name, limits, passwords)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("office/encrypted/ecma376standard_password.docx", "lorem ipsum"),
        ("office/encrypted/rc4cryptoapi_password.doc", "lorem ipsum"),
        ("office/encrypted/rc4cryptoapi_password.xls", "lorem ipsum"),
        ("office/tika/testWORD_protected_passtika.doc", "encrypted"),
        ("office/tika/testWORD_protected_passtika.docx", "encrypted"),
        ("office/tika/testEXCEL_protected_passtika.xls", "encrypted"),
        ("office/tika/testEXCEL_protected_passtika.xlsx", "encrypted"),
        ("office/tika/testPPT_protected_passtika.ppt", "encrypted"),
        ("office/tika/testPPT_protected_passtika.pptx", "encrypted"),
        ("pdf/py-pdf/libreoffice-writer-password.pdf", ""),
        ("pdf/pdfplumber/password-example.pdf", ""),
    ],
)
def test_passwords_open_what_is_locked(bench: Bench, name: str, words: str) -> None:
    closed = read(bench, name, ("wrong",))
    assert len(closed) == 1
    assert codes(closed[0]) == [("exception", Code.ENCRYPTED, 1)]
    opened = read(bench, name, PASSWORDS)
    assert opened[0].outcome is Disposition.REVIEWABLE
    text = bench.text(opened[0])
    assert words in text.lower()
    assert text.strip()
    assert not [note for note in opened[0].notes if note.severity == "exception"]


def test_pages_with_a_password_is_encrypted(bench: Bench) -> None:
    (item,) = read(bench, "office/tika/testPagesPwdProtected.pages", PASSWORDS)
    assert codes(item) == [("exception", Code.ENCRYPTED, 1)]


def test_documents_in_documents_are_found_to_the_last(bench: Bench) -> None:
    members = read(bench, "office/tika/test_recursive_embedded.docx")
    texts = {each.name: bench.text(each).strip() for each in members if each.type == "txt"}
    assert sorted(texts) == [
        "embed1a.txt",
        "embed1b.txt",
        "embed2a.txt",
        "embed2b.txt",
        "embed3.txt",
        "embed4.txt",
    ]
    assert texts["embed4.txt"] == "embed_4"
    assert [each.type for each in members].count("zip") == 4


def test_worksheet_in_a_document_is_read_though_tika_stumbles_over_it(bench: Bench) -> None:
    members = read(bench, "office/tika/EmbeddedDocument.docx")
    assert [each.role for each in members] == ["file", "inline", "embedded"]
    assert members[2].type == "xls"
    assert "Sheet1" in bench.text(members[2])


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("docx_billion_laughs.docx", Code.BOMB),
        ("zip_truncated.zip", Code.TRUNCATED),
    ],
)
def test_hostile_roots_end_as_exceptions(bench: Bench, name: str, code: Code) -> None:
    root = read(bench, f"adversarial/{name}")[0]
    assert root.outcome is Disposition.EXCEPTION
    assert code in {note.code for note in root.notes}


def test_a_bomb_is_the_exception_of_what_would_come_out(bench: Bench) -> None:
    root, inner = read(bench, "adversarial/gzipbomb_512MiB.gz")
    assert (root.outcome, inner.outcome) == (Disposition.CONTAINER, Disposition.EXCEPTION)
    assert Code.BOMB in {note.code for note in inner.notes}


@pytest.mark.parametrize("name", ["zipbomb_flat_512MiB.zip", "zipbomb_nested_8x4_40GB.zip"])
def test_zip_bombs_end_within_the_limits(bench: Bench, name: str) -> None:
    members = read(bench, f"adversarial/{name}", limits=Limits(unpacked_mb=128))
    assert sum(each.digests.size for each in members[1:] if each.digests) <= 128 << 20
    assert Code.BOMB in {note.code for each in members for note in each.notes}


def test_only_the_safe_member_comes_out_of_zip_slip(bench: Bench) -> None:
    members = read(bench, "adversarial/zip_slip.zip")
    good = [each.name for each in members if each.outcome is Disposition.REVIEWABLE]
    assert good == ["ok.txt"]


def test_sixty_nested_mails_keep_the_innermost_words(bench: Bench) -> None:
    deep = read(bench, "adversarial/eml_nested_60.eml", limits=Limits(depth=80))
    assert "THE-INNERMOST-TEXT-60" in bench.text(deep[-1])
    assert not [note for each in deep for note in each.notes if note.severity == "exception"]
    shallow = read(bench, "adversarial/eml_nested_60.eml")
    assert codes(shallow[-1]) == [("exception", Code.TOO_DEEP, 1)]
    assert "THE-INNERMOST-TEXT-60" in bench.text(shallow[-1])


def test_external_entity_is_not_read(bench: Bench) -> None:
    (item,) = read(bench, "adversarial/svg_xxe.svg")
    assert "root:" not in bench.text(item)


def test_html_of_20000_nested_boxes(bench: Bench) -> None:
    (item,) = read(bench, "adversarial/html_nested_20000_divs.html")
    assert "DEEPTEXT" in bench.text(item)


def test_portfolio_gives_its_files(bench: Bench) -> None:
    members = read(bench, "pdf/tika/testPDFPackage.pdf")
    assert [each.name for each in members[1:]] == ["PDF1.pdf", "PDF2.pdf"]
    assert [bench.text(each).strip() for each in members[1:]] == ["PDF1", "PDF2"]


def words_of(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text.lower()))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "truth", "least"),
    [
        ("generated/image_only_3p.pdf", "generated/image_only_3p.gt.txt", 0.95),
        ("generated/multipage_3p.tif", "generated/multipage_3p.gt.txt", 0.97),
        (
            "generated/scan_05_200dpi_skew0_noise0_rot90.pdf",
            "generated/scan_05_200dpi_skew0_noise0_rot90.gt.txt",
            0.90,
        ),
        (
            "generated/scan_06_200dpi_skew0_noise0_rot180.tif",
            "generated/scan_06_200dpi_skew0_noise0_rot180.gt.txt",
            0.97,
        ),
        (
            "generated/scan_07_100dpi_skew0_noise0_rot0.jpg",
            "generated/scan_07_100dpi_skew0_noise0_rot0.gt.txt",
            0.95,
        ),
        ("tesseract-test/phototest-rotated-L.png", "tesseract-test/phototest.gold.txt", 0.99),
        ("ocrmypdf/linn.pdf", "ocrmypdf/linn.txt", 0.95),
    ],
)
def test_ocr_finds_the_words(bench: Bench, name: str, truth: str, least: float) -> None:
    (item,) = read(bench, f"ocr/{name}")
    wanted = words_of((CORPUS / "ocr" / truth).read_text(errors="replace"))
    found = words_of(bench.ocr_text(item))
    assert (wanted & found).total() / wanted.total() >= least
