"""Tracked changes, comments, notes and hidden content of office documents, by the rule."""

import io
import pickle
import zipfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pikepdf
import pptx
import pypdfium2
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import RGBColor
from openpyxl.comments import Comment

from produce.imaging import libreoffice, render_batch
from produce.imaging.changes import show
from produce.imaging.frozen import computes_fields, freeze
from produce.imaging.render import child
from produce.interface import OfficeRule, RenderBatch, RenderJob, RenderResult
from records.codes import Code
from records.limits import Limits
from store import LocalStore

LIMITS = Limits(render_seconds=60)
ALL, NONE = OfficeRule(), OfficeRule("final", comments=False, notes=False, hidden=False)
RTF = (
    rb"{\rtf1{\*\revtbl{Unknown;}{Anna;}}The price is {\revised\revauth1 insertedword }"
    rb"{\deleted\revauthdel1 deletedword }fixed. {\v vanishedword }end}"
)
needs_libreoffice = pytest.mark.skipif(libreoffice.program() is None, reason="no LibreOffice")


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "store")


@pytest.fixture(scope="module", autouse=True)
def _end_children() -> Iterator[None]:
    yield
    child(LIMITS.memory_mb).close()


def _render(
    store: LocalStore,
    *files: tuple[str, bytes],
    rule: OfficeRule = ALL,
    sheets: str = "native",
    sheet_pages: int = 200,
) -> tuple[RenderResult, ...]:
    with store.writing() as writer:
        hashes = [writer.put_bytes(data).sha256 for _, data in files]
    jobs = tuple(
        RenderJob(number, sha256, kind, "", f"a.{kind}", None, ())
        for number, (sha256, (kind, _)) in enumerate(zip(hashes, files, strict=True))
    )
    batch = RenderBatch(jobs, store.address, LIMITS, (), "UTC", rule, sheets, sheet_pages)
    assert pickle.loads(pickle.dumps(batch)) == batch
    return render_batch(batch)


def _job(store: LocalStore, kind: str, data: bytes, text: str, name: str = "") -> RenderJob:
    with store.writing() as writer:
        own, words = writer.put_bytes(data).sha256, writer.put_bytes(text.encode()).sha256
    return RenderJob(1, own, kind, "", name or f"a.{kind}", words, ())


def _pages(store: LocalStore, result: RenderResult) -> list[str]:
    assert result.pdf_sha256 is not None, result
    document = pypdfium2.PdfDocument(store.path(result.pdf_sha256))
    pages = [page.get_textpage().get_text_range() for page in document]
    document.close()
    return pages


def _unseen(result: RenderResult) -> list[str]:
    return [note.message for note in result.notes if note.code == Code.NOT_SHOWN]


def _tracked(tag: str, word: str, author: str, number: str) -> Any:
    change = OxmlElement(tag)
    for name, value in (("id", number), ("author", author), ("date", "2001-05-01T10:00:00Z")):
        change.set(qn(f"w:{name}"), value)
    run = OxmlElement("w:r")
    text = OxmlElement("w:delText" if tag == "w:del" else "w:t")
    text.text = word
    text.set(qn("xml:space"), "preserve")
    run.append(text)
    change.append(run)
    return change


def _docx() -> bytes:
    document = docx.Document()
    first = document.add_paragraph("The price is ")
    first._p.append(_tracked("w:ins", "insertedword ", "Anna", "1"))
    first._p.append(_tracked("w:del", "deletedword ", "Lev", "2"))
    first.add_run("fixed.")
    first.add_run(" vanishedword").font.hidden = True
    second = document.add_paragraph("A clause.")
    document.add_comment(second.runs, text="commentword", author="Carl", initials="C")
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def _slides() -> bytes:
    presentation = pptx.Presentation()
    for number in range(2):
        slide = presentation.slides.add_slide(presentation.slide_layouts[5])
        slide.shapes.title.text = f"slideword{number}"
    presentation.slides[0].notes_slide.notes_text_frame.text = "spokenword"
    presentation.slides[1]._element.set("show", "0")
    target = io.BytesIO()
    presentation.save(target)
    return target.getvalue()


def _workbook(rows: int = 3) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.create_sheet("Shown", 0)
    for row in range(1, rows + 1):
        sheet.cell(row, 1, f"cellword{row}")
    sheet.row_dimensions[2].hidden = True
    sheet["A1"].comment = Comment("commentword", "Carl")
    book.create_sheet("Secret")["A1"] = "secretword"
    book["Secret"].sheet_state = "hidden"
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


@needs_libreoffice
@pytest.mark.heavy
def test_all_that_a_text_document_holds_is_shown(store: LocalStore) -> None:
    data = _docx()
    result, again = _render(store, ("docx", data), ("docx", data))
    assert result.pdf_sha256 == again.pdf_sha256
    page, sheet = _pages(store, result)
    assert "insertedword deletedword fixed" in page
    for word in ("insertedword", "deletedword", "Anna", "Lev", "vanishedword", "commentword"):
        assert word in sheet
    assert _unseen(result) == []


@needs_libreoffice
@pytest.mark.heavy
def test_what_the_rule_leaves_out_is_noted(store: LocalStore) -> None:
    (result,) = _render(store, ("docx", _docx()), rule=NONE)
    (page,) = _pages(store, result)
    assert "The price is insertedword fixed." in page
    assert "commentword" not in page
    assert "vanishedword" not in page
    assert _unseen(result) == [
        "shown as if its tracked changes were accepted",
        "not shown by rule: comments (1)",
        "not shown by rule: hidden text (1)",
    ]


@needs_libreoffice
@pytest.mark.heavy
def test_older_formats_follow_the_rule_too(store: LocalStore) -> None:
    (shown,), (final,) = (_render(store, ("rtf", RTF), rule=rule) for rule in (ALL, NONE))
    assert "deletedword" in _pages(store, shown)[0]
    assert "insertedword" in _pages(store, final)[0]
    assert "deletedword" not in "".join(_pages(store, final))
    assert "shown as if its tracked changes were accepted" in _unseen(final)


@needs_libreoffice
@pytest.mark.heavy
def test_slides_with_their_notes_and_hidden_ones(store: LocalStore) -> None:
    (shown,), (plain,) = (_render(store, ("pptx", _slides()), rule=rule) for rule in (ALL, NONE))
    text = "\f".join(_pages(store, shown))
    for word in ("slideword0", "slideword1", "spokenword"):
        assert word in text
    assert _unseen(shown) == []
    (page,) = _pages(store, plain)
    assert "slideword0" in page
    assert _unseen(plain) == [
        "not shown by rule: speaker's notes (1)",
        "not shown by rule: hidden slides (1)",
    ]


@needs_libreoffice
@pytest.mark.heavy
def test_workbooks_are_printed_when_asked_up_to_a_limit(store: LocalStore) -> None:
    (native,) = _render(store, ("xlsx", _workbook()))
    assert native.reason == "spreadsheet"
    short, long, csv = _render(
        store,
        ("xlsx", _workbook()),
        ("xlsx", _workbook(400)),
        ("csv", b"name,price\nanna,3\n"),
        sheets="printed",
        sheet_pages=3,
    )
    page, sheet = _pages(store, short)
    assert "cellword1" in page
    assert "cellword2" not in page
    for word in ("commentword", "secretword", "cellword2"):
        assert word in sheet
    assert long.reason == "more than 3 pages when printed"
    assert "anna,3" in _pages(store, csv)[0]


@pytest.mark.parametrize("rule", [ALL, NONE])
def test_words_of_a_pdfs_notes_go_on_a_sheet(rule: OfficeRule, store: LocalStore) -> None:
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(612, 792))
    look = pikepdf.Stream(pdf, b"1 0 0 rg 0 0 20 20 re f", BBox=[0, 0, 20, 20])
    look["/Type"], look["/Subtype"] = pikepdf.Name.XObject, pikepdf.Name.Form
    note = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot,
        Subtype=pikepdf.Name.Text,
        Rect=[100, 100, 120, 120],
        T="Carl",
        Contents="stickyword",
        AP=pikepdf.Dictionary(N=look),
    )
    page["/Annots"] = pikepdf.Array([pdf.make_indirect(note)])
    data = io.BytesIO()
    pdf.save(data)
    (result,) = _render(store, ("pdf", data.getvalue()), rule=rule)
    text = "\f".join(_pages(store, result))
    assert ("Page 1, Carl: stickyword" in text) == rule.comments
    assert _unseen(result) == ([] if rule.comments else ["not shown by rule: comments (1)"])


def test_a_calendar_and_a_card_are_pages_to_read(store: LocalStore) -> None:
    calendar = (
        b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTIMEZONE\r\nTZID:Paris\r\n"
        b"END:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:1@x\r\nDTSTART;TZID=Paris:20010501T100000\r\n"
        b"SUMMARY:Meeting\\, long\r\nATTENDEE;CN=Anna:mailto:anna@example.com\r\n"
        b"DESCRIPTION:First line\\nsecond line\r\nX-ODD:kept\r\nBEGIN:VALARM\r\n"
        b"TRIGGER:-PT15M\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    card = (
        b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Anna Li\r\nN:Li;Anna;;;\r\n"
        b"item1.EMAIL;TYPE=work:anna@example.com\r\nEND:VCARD\r\n"
    )
    results = _render(store, ("ics", calendar), ("vcf", card), ("ics", b"no calendar at all"))
    text = _pages(store, results[0])[0]
    for line in ("Appointment:", "Meeting, long", "2001-05-01 10:00:00 (Paris)", "second line"):
        assert line in text
    for line in ("anna@example.com (Anna)", "kept", "When -PT15M"):
        assert line in text
    assert "BEGIN:" not in text
    assert "DTSTART" not in text
    assert "anna@example.com (work)" in _pages(store, results[1])[0]
    assert "no calendar at all" in _pages(store, results[2])[0]


@needs_libreoffice
@pytest.mark.heavy
def test_a_damaged_one_costs_the_others_nothing(store: LocalStore) -> None:
    whole = _docx()
    place = whole.index(b"word/document.xml") + 200
    broken = whole[:place] + bytes(200) + whole[place + 200 :]
    results = _render(store, ("docx", broken), ("rtf", RTF), ("docx", whole))
    assert results[0].reason == "LibreOffice cannot open it"
    assert [each.reason for each in results[1:]] == ["", ""]


def test_a_package_without_a_switch_says_so(tmp_path: Path) -> None:
    broken = tmp_path / "a.docx"
    broken.write_bytes(b"PK\x03\x04 damaged")
    assert not show(broken, "docx", shown=False)
    assert broken.read_bytes() == b"PK\x03\x04 damaged"


def _with_field(instruction: str, result: str) -> bytes:
    document = docx.Document()
    run = document.add_paragraph("Kept as saved: ").add_run()
    for kind, text in (
        ("begin", ""), ("", instruction), ("separate", ""), ("result", result), ("end", ""),
    ):  # fmt: skip
        if kind in ("begin", "separate", "end"):
            part = OxmlElement("w:fldChar")
            part.set(qn("w:fldCharType"), kind)
        else:
            part = OxmlElement("w:t" if kind else "w:instrText")
            part.text = text
        run._r.append(part)
    data = io.BytesIO()
    document.save(data)
    return data.getvalue()


@needs_libreoffice
@pytest.mark.heavy
@pytest.mark.parametrize("instruction", [" FILENAME \\p ", " DATE "])
def test_a_binary_document_shows_its_fields_as_they_were_saved(
    store: LocalStore, tmp_path: Path, instruction: str
) -> None:
    source = tmp_path / "before" / "first.docx"
    source.parent.mkdir()
    source.write_bytes(_with_field(instruction, "as it was"))
    fates = libreoffice.convert([source], "doc", source.parent, tmp_path / "profile", 60)
    assert fates == {source: ""}
    saved = source.with_suffix(".doc")
    assert computes_fields(saved)
    [result] = _render(store, ("doc", saved.read_bytes()))
    assert not [each for each in result.notes if "computed anew" in each.message]
    shown = "\n".join(_pages(store, result))
    assert "redwell-" not in shown  # the copy that was imaged
    freeze(saved, "doc")
    assert not computes_fields(saved)
    if "FILENAME" in instruction:
        assert "before/first.docx" in "".join(shown.split())


@needs_libreoffice
@pytest.mark.heavy
@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])
def test_a_printed_workbook_tells_nothing_of_its_copy(
    store: LocalStore, tmp_path: Path, kind: str
) -> None:
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet["A1"] = "figures"
    sheet.oddFooter.center.text = "Schedule R&&D &[Path]&[File] &D"
    source = tmp_path / "book.xlsx"
    book.save(source)
    if kind != "xlsx":
        assert not libreoffice.convert([source], kind, tmp_path, tmp_path / "profile", 60)[source]
    [result] = _render(store, (kind, source.with_suffix(f".{kind}").read_bytes()), sheets="printed")
    shown = "\n".join(_pages(store, result))
    assert "Schedule R&D" in shown
    for told in ("in0", "/redwell", "???"):
        assert told not in shown
    if kind != "ods":  # which says what the day was when it was saved
        assert f"{datetime.now(tz=UTC):%Y}" not in shown


def _with_shown_comment(path: Path) -> None:
    """A workbook at `path` whose comment always shows, beside the cell and over the next ones."""
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet["A1"] = "figures"
    sheet["A1"].comment = Comment("commentword", "Carl")
    sheet.page_setup.cellComments = "asDisplayed"  # a list of them behind
    data = io.BytesIO()
    book.save(data)
    with zipfile.ZipFile(data) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            part = old.read(name).replace(b"visibility:hidden", b"visibility:visible")
            part = part.replace(b"<x:MoveWithCells", b"<x:Visible/><x:MoveWithCells")
            new.writestr(name, part)


@needs_libreoffice
@pytest.mark.heavy
@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])
def test_comments_that_always_show_cover_no_cells(
    store: LocalStore, tmp_path: Path, kind: str
) -> None:
    source = tmp_path / "book.xlsx"
    _with_shown_comment(source)
    for target in (libreoffice.sheets(9), kind):
        if target != "xlsx":
            fates = libreoffice.convert([source], target, tmp_path, tmp_path / "profile", 60)
            assert fates == {source: ""}
    with closing(pypdfium2.PdfDocument(source.with_suffix(".pdf"))) as printed:
        assert "commentword" in printed[0].get_textpage().get_text_range()
    book = (kind, source.with_suffix(f".{kind}").read_bytes())
    (shown,), (without,) = (
        _render(store, book, rule=rule, sheets="printed") for rule in (ALL, NONE)
    )
    page, sheet = _pages(store, shown)
    assert "figures" in page
    assert "commentword" not in page
    assert "commentword" in sheet
    assert "commentword" not in "".join(_pages(store, without))


def with_comment() -> bytes:
    document = docx.Document()
    document.add_comment(document.add_paragraph().add_run(""), "commentword", "Carl", "C")
    data = io.BytesIO()
    document.save(data)
    return data.getvalue()


@needs_libreoffice
@pytest.mark.heavy
def test_blank_pages_of_what_has_words_are_none(store: LocalStore) -> None:
    empty, white = docx.Document(), docx.Document()
    white.add_paragraph().add_run("unseen").font.color.rgb = RGBColor(0xFF, 0xFF, 0xFF)
    data = []
    for each in (empty, white):
        target = io.BytesIO()
        each.save(target)
        data.append(target.getvalue())
    jobs = (
        _job(store, "docx", data[0], " \n"),
        _job(store, "docx", data[0], "words"),
        _job(store, "docx", data[1], ""),
        _job(store, "html", b"<p style='display:none'>unseen</p>", "unseen"),
        _job(store, "html", b"<p> </p>", ""),
        _job(store, "svg", b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", ""),
    )
    batch = RenderBatch(jobs, store.address, LIMITS, (), "UTC", ALL, "native", 9)
    blank, lost, pale, page, nothing, drawing = render_batch(batch)
    assert blank.pages == nothing.pages == 1
    assert pale.pages == 2  # the sheet behind tells of it
    assert lost.reason == drawing.reason == "its pages come out blank"
    assert [note.code for note in (*lost.notes, *drawing.notes)] == [Code.UNSUPPORTED] * 2
    assert "unseen" in _pages(store, page)[0]
    few = OfficeRule(comments=False)
    two = (_job(store, "rtf", rb"{\rtf1\ansi }", "w"), _job(store, "docx", with_comment(), "w"))
    batch = RenderBatch(two, store.address, LIMITS, (), "UTC", few, "native", 9)
    lost, kept_off = render_batch(batch)
    assert lost.reason == "its pages come out blank"
    assert kept_off.pages == 1  # its native would show the comment
    assert "its pages come out blank" in [note.message for note in kept_off.notes]
    assert "its pages come out blank" in page.notes[0].message
