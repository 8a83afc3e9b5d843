"""Hostile documents are laid out, and nothing leaves and no local file gets in."""

import zlib
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pypdfium2
import pytest

from produce.imaging import libreoffice, render_batch
from produce.imaging.render import child
from produce.interface import RenderBatch, RenderJob
from records.limits import Limits
from store import LocalStore
from tests.hostile_pages import SECRET, WORD, hostile_files, listening

LIMITS = Limits(render_seconds=60)
OFFICE = {"docx", "rtf", "odt", "pptx", "xlsx", "ods"}
EXPORTS = {"pptx": libreoffice.slides(True, False)} | dict.fromkeys(
    ("xlsx", "ods"), libreoffice.sheets(10)
)
needs_libreoffice = pytest.mark.skipif(libreoffice.program() is None, reason="no LibreOffice")


@pytest.fixture(scope="module", autouse=True)
def _end_children() -> Iterator[None]:
    yield
    child(LIMITS.memory_mb).close()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.txt"
    path.write_text(SECRET)
    return path


def _text(path: Path) -> str:
    document = pypdfium2.PdfDocument(path)
    text = "\f".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    return text


def _everything(path: Path) -> bytes:
    """Every stream of a PDF, unpacked, and the file itself."""
    found = [path.read_bytes()]
    with pikepdf.open(path) as pdf:
        for each in pdf.objects:
            if isinstance(each, pikepdf.Stream):
                try:
                    found.append(each.read_bytes())
                except (pikepdf.PdfError, zlib.error):
                    found.append(each.read_raw_bytes())
    return b"\n".join(found)


@needs_libreoffice
@pytest.mark.heavy
def test_no_request_leaves_and_no_local_file_gets_in(tmp_path: Path, secret: Path) -> None:
    store = LocalStore(tmp_path / "store")
    with listening() as (port, calls):
        files = hostile_files(port, secret)
        with store.writing() as writer:
            hashes = [writer.put_bytes(data).sha256 for data in files.values()]
        jobs = tuple(
            RenderJob(n, sha256, name.partition("-")[0], "", name, None, ())
            for n, (name, sha256) in enumerate(zip(files, hashes, strict=True))
        )
        batch = RenderBatch(jobs, store.address, LIMITS, (), "UTC", sheets="printed")
        results = render_batch(batch)
    assert calls == []
    for name, result in zip(files, results, strict=True):
        assert result.pdf_sha256 is not None, (name, result)
        path = store.path(result.pdf_sha256)
        assert WORD in _text(path), name
        assert SECRET not in _text(path), name
        assert SECRET.encode() not in _everything(path), name
        assert "scripted" not in _text(path), name


@needs_libreoffice
@pytest.mark.heavy
def test_the_profile_alone_keeps_libreoffice_in(tmp_path: Path, secret: Path) -> None:
    """Without the network namespace that the child moves into, which not every system grants."""
    (tmp_path / "out").mkdir()
    with listening() as (port, calls):
        files = hostile_files(port, secret)
        for name, data in files.items():
            kind = name.partition("-")[0]
            if kind not in OFFICE:
                continue
            source = tmp_path / f"{name}.{kind}"
            source.write_bytes(data)
            export = EXPORTS.get(kind, libreoffice.WRITER)
            out, profile = tmp_path / "out", tmp_path / "profile"
            assert libreoffice.convert([source], export, out, profile, 60) == {source: ""}
            assert WORD in _text(libreoffice.made(source, export, out)), name
            assert SECRET not in _text(libreoffice.made(source, export, out)), name
    assert calls == []
