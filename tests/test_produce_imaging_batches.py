"""Whole batches, through the real child process: documents in, files of a volume out."""

import hashlib
import io
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import docx
import numpy as np
import pikepdf
import psutil
import pypdf
import pypdfium2
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from msoffcrypto.format.ooxml import OOXMLFile
from PIL import Image

from ingest.child import Child
from ingest.mapi import Item
from ingest.msgwrite import write_msg
from produce.imaging import image_batch, libreoffice, probes, render_batch
from produce.imaging.render import child
from produce.interface import (
    ImageBatch,
    ImageJob,
    ImageResult,
    RenderBatch,
    RenderJob,
    RenderResult,
)
from records.codes import Code
from records.errors import ProductionError
from records.limits import Limits
from store import LocalStore
from tests.outlook_samples import attached, bag

CORPUS = Path(__file__).resolve().parent.parent.parent / "shared" / "corpus"
LIMITS = Limits(render_seconds=60)
HEADER = (("From", "Anna <anna@example.com>"), ("Subject", "Prices"))
needs_libreoffice = pytest.mark.skipif(libreoffice.program() is None, reason="no LibreOffice")


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "store")


@pytest.fixture(scope="module", autouse=True)
def _end_children() -> Iterator[None]:
    yield
    child(LIMITS.memory_mb).close()


def _job(store: LocalStore, number: int, kind: str, data: bytes, name: str = "") -> RenderJob:
    with store.writing() as writer:
        sha256 = writer.put_bytes(data).sha256
    return RenderJob(number, sha256, kind, f"x/{kind}", name or f"a.{kind}", None, HEADER)


def _render(
    store: LocalStore, *jobs: RenderJob, limits: Limits = LIMITS, passwords: tuple[str, ...] = ()
) -> tuple[RenderResult, ...]:
    batch = RenderBatch(jobs, store.address, limits, passwords, "UTC")
    assert pickle.loads(pickle.dumps(batch)) == batch
    results = render_batch(batch)
    assert pickle.loads(pickle.dumps(results)) == results
    assert [each.document_id for each in results] == [each.document_id for each in jobs]
    return results


def _image(store: LocalStore, volume: Path, kind: str, *jobs: ImageJob) -> tuple[ImageResult, ...]:
    return image_batch(ImageBatch(jobs, store.address, str(volume), kind, 300, LIMITS))


def _text(store: LocalStore, sha256: str | None) -> str:
    assert sha256 is not None
    document = pypdfium2.PdfDocument(store.path(sha256))
    text = "\f".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    return text


def _mail(html: str = "", body: str = "") -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"] = "anna@example.com", "Prices"
    message.set_content(body or "plain")
    if html:
        message.add_alternative(html, subtype="html")
    return message.as_bytes()


def _picture(kind: str, frames: int = 1, mode: str = "RGB") -> bytes:
    colours: dict[str, int | tuple[int, ...]] = {
        "RGB": (200, 30, 30),
        "RGBA": (200, 30, 30, 128),
        "I;16": 40000,
        "1": 0,
        "L": 90,
    }
    images = [Image.new(mode, (120, 80), colours[mode]) for _ in range(frames)]
    target = io.BytesIO()
    if frames > 1:
        images[0].save(target, kind, save_all=True, append_images=images[1:])
    else:
        images[0].save(target, kind)
    return target.getvalue()


def _pdf(pages: int = 1) -> pikepdf.Pdf:
    pdf = pikepdf.new()
    for number in range(pages):
        page = pikepdf.Dictionary(
            Type=pikepdf.Name.Page,
            MediaBox=[0, 0, 612, 792],
            Contents=pdf.make_stream(f"0 g {100 + 50 * number} 500 40 40 re f".encode()),
        )
        pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
    return pdf


def _bytes(pdf: pikepdf.Pdf) -> bytes:
    target = io.BytesIO()
    pdf.save(target, deterministic_id=True)
    return target.getvalue()


def test_one_of_each_kind(store: LocalStore) -> None:
    jobs = [
        _job(store, 1, "email", _mail("<p>The <b>price</b></p>", "The price")),
        _job(store, 2, "email", _mail(body="The price, plainly")),
        _job(store, 3, "txt", "Прайс и цены\fpage two".encode("utf-16")),
        _job(store, 4, "html", b"<meta charset=utf-8><h1>Caf\xc3\xa9</h1>"),
        _job(store, 5, "pdf", _bytes(_pdf(3))),
        _job(store, 6, "tiff", _picture("TIFF", 3, "1")),
        _job(store, 7, "png", _picture("PNG", 1, "RGBA")),
        _job(store, 8, "png", _picture("PNG", 1, "I;16")),
        _job(store, 9, "jpg", _picture("JPEG")),
        _job(store, 10, "gif", _picture("GIF", 1, "L")),
        _job(
            store, 11, "svg", b'<svg xmlns="http://www.w3.org/2000/svg"><text y="9">hi</text></svg>'
        ),
    ]
    results = _render(store, *jobs)
    assert [each.reason for each in results] == [""] * len(jobs)
    assert [each.pages for each in results] == [1, 1, 2, 1, 3, 3, 1, 1, 1, 1, 1]
    assert all(each.notes == () for each in results)
    texts = [_text(store, each.pdf_sha256) for each in results]
    assert "Anna <anna@example.com>" in texts[0]
    assert "The price" in texts[0]
    assert "The price, plainly" in texts[1]
    assert texts[2].startswith("Прайс и цены")
    assert "page two" in texts[2].split("\f")[1]
    assert texts[3].strip() == "Café"
    child(LIMITS.memory_mb).close()  # the next one hashes its strings in another order
    again = _render(store, *jobs)
    assert again == results


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("xlsx", "spreadsheet"),
        ("csv", "spreadsheet"),
        ("video", "media"),
        ("zip", "container"),
        ("unknown", "unknown type"),
        ("executable", "program"),
        ("iwork", "no way to image iwork"),
    ],
)
def test_what_stays_native(kind: str, reason: str, store: LocalStore) -> None:
    (result,) = _render(store, _job(store, 1, kind, b"data"))
    assert result == RenderResult(1, None, 0, reason, ())


def test_damaged_ones_are_reasoned_and_noted(store: LocalStore) -> None:
    encrypted = io.BytesIO()
    _pdf().save(encrypted, encryption=pikepdf.Encryption(owner="o", user="letmein"))
    jobs = [
        _job(store, 1, "pdf", b"%PDF-1.4 nothing of the kind"),
        _job(store, 2, "png", _picture("PNG")[:60]),
        _job(store, 3, "pdf", encrypted.getvalue()),
        _job(store, 4, "epub", b"no text was extracted"),
    ]
    results = _render(store, *jobs)
    assert [each.reason for each in results] == [
        "damaged PDF",
        "damaged picture",
        "encrypted PDF",
        "no text",
    ]
    codes = [[note.code for note in each.notes] for each in results]
    assert codes == [[Code.CORRUPT], [Code.CORRUPT], [Code.ENCRYPTED], [Code.NO_TEXT]]
    assert all(note.severity == "exception" for each in results for note in each.notes)
    assert not any(store.address in note.message for each in results for note in each.notes)
    (opened,) = _render(store, jobs[2], passwords=("wrong", "letmein"))
    assert (opened.reason, opened.pages) == ("", 1)


def test_an_item_of_outlook_is_laid_out_as_a_mail(store: LocalStore) -> None:
    item = Item(
        bag(
            ("Subject", "Berth nine"),
            ("MessageClass", "IPM.Note"),
            ("Body", "The plain words"),
            ("Html", b"<p>The <b>marked</b> words</p>"),
        ),
        attachments=(attached("tally.csv", b"1,2"),),
    )
    jobs = [
        _job(store, 1, "msg", write_msg(item)),
        _job(store, 2, "msg", b"nothing of the kind"),
    ]
    shown, damaged = _render(store, *jobs)
    assert (shown.reason, shown.notes) == ("", ())
    text = _text(store, shown.pdf_sha256)
    assert "The marked words" in text
    assert "tally.csv" in text
    assert damaged.reason != ""


def test_a_layout_without_end_falls_back_to_plain_text(store: LocalStore) -> None:
    html = "<div>" * 30_000 + "DEEPTEXT" + "</div>" * 30_000
    limits = Limits(render_seconds=10)
    job = _job(store, 1, "email", _mail(html, "the words"))
    (result,) = _render(store, job, limits=limits)
    assert result.reason == ""
    assert [note.code for note in result.notes] == [Code.PARTIAL]
    assert "the words" in _text(store, result.pdf_sha256)


def test_time_and_memory_are_limited(store: LocalStore) -> None:
    rows = "".join(f"<tr><td>{number}<td><table><tr><td>x</table></tr>" for number in range(30_000))
    job = _job(store, 1, "html", f"<table>{rows}</table>".encode())
    started = time.monotonic()
    (result,) = _render(store, job, limits=Limits(render_seconds=3))
    assert time.monotonic() - started < 40
    assert result.reason == "took too long"
    assert [note.code for note in result.notes] == [Code.TIMEOUT]
    (after,) = _render(store, _job(store, 2, "txt", b"still at work"))
    assert after.reason == ""


def test_a_pdf_keeps_what_is_seen_and_loses_the_rest(store: LocalStore, tmp_path: Path) -> None:
    pdf = _pdf()
    shown = pdf.make_stream(b"0 g 0 0 50 50 re f")
    shown["/Type"], shown["/Subtype"] = pikepdf.Name.XObject, pikepdf.Name.Form
    shown["/BBox"] = pikepdf.Array([0, 0, 50, 50])
    stamp = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot,
        Subtype=pikepdf.Name.Stamp,
        Rect=[400, 100, 450, 150],
        F=4,
        AP=pikepdf.Dictionary(N=shown),
    )
    pdf.pages[0].obj["/Annots"] = pikepdf.Array([pdf.make_indirect(stamp)])
    script = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
    pdf.Root["/OpenAction"] = script
    pdf.attachments["secret.txt"] = b"EMBEDDED-BYTES"
    pdf.docinfo["/Author"] = "Secret Author"
    (result,) = _render(store, _job(store, 1, "pdf", _bytes(pdf)))
    assert result.pdf_sha256 is not None
    assert result.notes == ()
    reader = pypdf.PdfReader(store.path(result.pdf_sha256))
    assert not reader.attachments
    assert "/OpenAction" not in reader.root_object
    assert "/Annots" not in reader.pages[0]
    assert not reader.metadata or reader.metadata.author is None
    reader.close()
    document = pypdfium2.PdfDocument(store.path(result.pdf_sha256))
    seen = np.asarray(document[0].render(grayscale=True).to_pil())
    document.close()
    assert (seen[792 - 145 : 792 - 105, 405:445] == 0).all()


def test_what_cannot_be_flattened_is_painted(store: LocalStore) -> None:
    layered = _pdf()
    group = layered.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.OCG, Name="draft"))
    layered.pages[0].obj["/Resources"] = pikepdf.Dictionary(Properties=pikepdf.Dictionary(L0=group))
    layered.pages[0].obj["/Contents"] = layered.make_stream(
        b"/OC /L0 BDC 0 g 0 0 300 300 re f EMC 0 g 400 500 40 40 re f"
    )
    layered.Root["/OCProperties"] = pikepdf.Dictionary(
        OCGs=[group], D=pikepdf.Dictionary(OFF=[group])
    )
    marked = _pdf()
    square = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot,
        Subtype=pikepdf.Name.Square,
        Rect=[300, 100, 500, 300],
        C=[1, 0, 0],
        IC=[0, 0, 1],
        F=4,
    )
    marked.pages[0].obj["/Annots"] = pikepdf.Array([marked.make_indirect(square)])
    results = _render(
        store, _job(store, 1, "pdf", _bytes(layered)), _job(store, 2, "pdf", _bytes(marked))
    )
    pictures = []
    for result in results:
        assert [note.code for note in result.notes] == [Code.PARTIAL]
        assert result.pdf_sha256 is not None
        document = pypdfium2.PdfDocument(store.path(result.pdf_sha256))
        assert document[0].get_size() == (612, 792)
        pictures.append(np.asarray(document[0].render(grayscale=True).to_pil()))
        document.close()
    assert (pictures[0][792 - 290 :, 10:290] == 255).all()  # the layer that was off
    assert (pictures[0][792 - 535 : 792 - 505, 405:435] == 0).all()
    assert (pictures[1][792 - 280 : 792 - 120, 320:480] < 128).all()  # drawn by pdfium alone


def _volume(volume: Path) -> dict[str, str]:
    return {
        str(path.relative_to(volume)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(volume.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("kind", ["tiff", "pdf"])
def test_files_of_a_volume(kind: str, store: LocalStore, tmp_path: Path) -> None:
    (rendered,) = _render(store, _job(store, 1, "pdf", _bytes(_pdf(2))))
    names = ("ABC0000001", "ABC0000002")
    tiffs = tuple(f"IMAGES/0001/{name}.tif" for name in names)
    targets = tiffs if kind == "tiff" else ("IMAGES/0001/ABC0000001.pdf",)
    last = "IMAGES/0002/ABC0000003." + ("tif" if kind == "tiff" else "pdf")
    jobs = (
        ImageJob(1, rendered.pdf_sha256, (), names, "CONFIDENTIAL", targets),
        ImageJob(
            2, None, ("Document Produced Natively", "цены.xlsx"), ("ABC0000003",), "", (last,)
        ),
    )
    results = _image(store, tmp_path / "vol", kind, *jobs)
    assert pickle.loads(pickle.dumps(results)) == results
    assert [tuple(file.path for file in each.files) for each in results] == [targets, (last,)]
    assert all(each.notes == () for each in results)
    stated = {file.path: file.sha256 for each in results for file in each.files}
    assert stated == _volume(tmp_path / "vol")
    for each in results:
        for file in each.files:
            assert (tmp_path / "vol" / file.path).stat().st_size == file.size
    assert _image(store, tmp_path / "vol", kind, *jobs) == results
    assert _image(store, tmp_path / "other", kind, *jobs) == results
    assert _volume(tmp_path / "other") == stated
    if kind == "pdf":
        slip = pypdf.PdfReader(tmp_path / "vol" / last).pages[0].extract_text()
        assert "Document Produced Natively" in slip
        assert "цены.xlsx" in slip
        assert "ABC0000003" in slip


def test_a_page_that_cannot_be_stamped_still_has_its_file(
    store: LocalStore, tmp_path: Path
) -> None:
    with store.writing() as writer:
        broken = writer.put_bytes(b"%PDF-1.4 nothing").sha256
    job = ImageJob(1, broken, (), ("A1", "A2"), "C", ("IMAGES/A1.tif", "IMAGES/A2.tif"))
    (result,) = _image(store, tmp_path / "vol", "tiff", job)
    assert [file.path for file in result.files] == ["IMAGES/A1.tif", "IMAGES/A2.tif"]
    assert [note.severity for note in result.notes] == ["exception"]
    for file in result.files:
        with Image.open(tmp_path / "vol" / file.path) as image:
            assert image.size == (2550, 3300)
            assert (np.asarray(image.convert("L"))[1200:2000] == 0).any()
            assert (np.asarray(image.convert("L"))[3200:] == 0).any()


def test_a_plan_that_does_not_fit_together_is_refused(store: LocalStore, tmp_path: Path) -> None:
    with pytest.raises(ProductionError, match="2 Bates numbers and 1 files"):
        _image(store, tmp_path, "tiff", ImageJob(1, None, ("x",), ("A1", "A2"), "", ("a.tif",)))


def _dated_docx() -> bytes:
    document = docx.Document()
    paragraph = document.add_paragraph("Dated ")
    for kind, text in (
        ("begin", ""),
        ("", "DATE"),
        ("separate", ""),
        ("text", "March 3, 2011"),
        ("end", ""),
    ):
        run = paragraph.add_run(text if kind == "text" else "")
        if kind in ("begin", "separate", "end"):
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
            run._r.append(mark)
        elif kind == "":
            command = OxmlElement("w:instrText")
            command.text = f' {text} \\@ "MMMM d, yyyy" '
            run._r.append(command)
    document.add_paragraph("Привет, 世界")
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


@pytest.mark.heavy
@needs_libreoffice
def test_office_documents(store: LocalStore) -> None:
    rtf = rb"{\rtf1 Dated {\field{\*\fldinst {DATE }}{\fldrslt April 1, 2009}} end}"
    jobs = [
        _job(store, 1, "docx", _dated_docx()),
        _job(store, 2, "docx", b"PK\x03\x04 damaged"),
        _job(store, 3, "rtf", rtf),
    ]
    results = _render(store, *jobs)
    assert "Dated March 3, 2011" in _text(store, results[0].pdf_sha256)
    assert "Привет, 世界" in _text(store, results[0].pdf_sha256)
    assert "Dated April 1, 2009 end" in _text(store, results[2].pdf_sha256)
    assert results[0].notes == ()
    assert results[1].reason == "LibreOffice cannot open it"
    assert _render(store, *jobs) == results
    reader = pypdf.PdfReader(store.path(results[0].pdf_sha256 or ""))
    assert not reader.metadata
    reader.close()


@pytest.mark.heavy
@needs_libreoffice
def test_a_document_behind_a_password(store: LocalStore) -> None:
    locked = io.BytesIO()
    OOXMLFile(io.BytesIO(_dated_docx())).encrypt("letmein", locked)
    job = _job(store, 1, "docx", locked.getvalue())
    (refused,) = _render(store, job, passwords=("wrong",))
    assert refused.reason == "encrypted"
    assert [note.code for note in refused.notes] == [Code.ENCRYPTED]
    (opened,) = _render(store, job, passwords=("wrong", "letmein"))
    assert "Dated March 3, 2011" in _text(store, opened.pdf_sha256)


@pytest.mark.heavy
@needs_libreoffice
def test_libreoffice_that_hangs_is_ended_and_the_rest_is_done(tmp_path: Path) -> None:
    files = []
    for number in range(2):
        files.append(tmp_path / f"in{number}.rtf")
        files[-1].write_bytes(b"{\\rtf1 words}")
    slow = tmp_path / "slow.rtf"
    slow.write_bytes(b"{\\rtf1 " + b"word \\par " * 400_000 + b"}")
    files.insert(1, slow)
    fates = libreoffice.convert(files, libreoffice.WRITER, tmp_path, tmp_path / "profile", 4)
    assert fates[files[0]] == ""
    assert fates[files[1]] == "timeout"
    assert fates[files[2]] == ""
    here = psutil.Process().children(recursive=True)
    assert not [each for each in here if "soffice" in each.name()]


WORKER = """
import sys
from ingest.child import Child
child = Child("produce.imaging.child_main")
file = {"source": sys.argv[1], "type": "rtf", "target": sys.argv[2] + "/o.pdf"}
child.call({"do": "slip", "lines": ["x"], "target": sys.argv[2] + "/s.pdf"}, 60)
print(child.pid, flush=True)
child.call({"do": "office", "files": [file] * 500, "folder": sys.argv[2], "passwords": [],
            "seconds": 300, "rule": {}, "sheet_pages": 9}, 300)
"""


@pytest.mark.heavy
@needs_libreoffice
def test_no_orphans_when_the_worker_is_killed(tmp_path: Path) -> None:
    document = tmp_path / "a.rtf"
    document.write_bytes(b"{\\rtf1 " + b"word " * 200_000 + b"}")
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(document), str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent.parent,
    )
    assert worker.stdout is not None
    group = int(worker.stdout.readline())
    end = time.monotonic() + 60
    while not _office_processes(tmp_path) and time.monotonic() < end:
        time.sleep(0.05)
    assert _office_processes(tmp_path)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    worker.stdout.close()
    end = time.monotonic() + 10
    while (_office_processes(tmp_path) or psutil.pid_exists(group)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not _office_processes(tmp_path)
    assert not psutil.pid_exists(group)


def _office_processes(folder: Path) -> list[int]:
    found = []
    for process in psutil.process_iter(["pid", "cmdline", "status"]):
        arguments = process.info["cmdline"] or []
        if any(str(folder) in each and "UserInstallation" in each for each in arguments):
            found.append(process.info["pid"])
    return found


def test_the_child_dies_of_nothing_but_itself(store: LocalStore, tmp_path: Path) -> None:
    own = Child("produce.imaging.child_main")
    try:
        request = {"do": "image", "source": "/nowhere", "target": str(tmp_path / "x.pdf")}
        answer = own.call(request, 30)
        assert isinstance(answer, dict)
        assert answer["code"] == "corrupt"
        first = own.pid
        if os.getuid() == 0:
            ours, theirs = (Path(f"/proc/{each}/ns/net").readlink() for each in ("self", first))
            assert ours != theirs
        slip = {"do": "slip", "lines": ["x"], "target": str(tmp_path / "x.pdf")}
        assert own.call(slip, 30) == {"pages": 1, "odd": []}
        assert own.pid == first
    finally:
        own.close()


def test_probes_name_the_cost() -> None:
    found = {each.name: each for each in probes()}
    assert found["WeasyPrint"].found
    assert "Pango" in found["WeasyPrint"].version
    assert found["fonts, Latin"].found
    assert all(each.cost for each in found.values())
    assert found["LibreOffice"].found == (libreoffice.program() is not None)


@pytest.mark.corpus
@pytest.mark.slow
@pytest.mark.skipif(not CORPUS.is_dir(), reason="no ../shared/corpus")
def test_every_pdf_of_the_corpus_is_imaged_or_reasoned(store: LocalStore) -> None:
    paths = sorted((CORPUS / "pdf").rglob("*.pdf"))
    jobs = [
        _job(store, number, "pdf", path.read_bytes(), path.name)
        for number, path in enumerate(paths, 1)
    ]
    results = _render(store, *jobs, passwords=("openpassword", "test"))
    assert len(results) == len(paths) > 200
    failed = {
        path.name: each.reason for path, each in zip(paths, results, strict=True) if each.reason
    }
    assert all(each.pdf_sha256 and each.pages for each in results if not each.reason)
    assert set(failed.values()) <= {"encrypted PDF", "damaged PDF"}
    assert len(failed) <= 8
