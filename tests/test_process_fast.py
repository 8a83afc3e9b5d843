"""The fast paths: what each keeps of its kind, and when it declines."""

import io
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pytest

from process import worker
from process.pdf import declines_page
from process.pdf_catalog import read_catalog
from process.plain import declines_html, declines_text
from records.codes import Code
from tests.process_samples import Bench, codes, pdf

RUSSIAN = "Договор поставки должен быть подписан сторонами до конца месяца. " * 3
GERMAN = "Die Verträge müssen für März geprüft und später bestätigt werden."


@pytest.fixture(scope="module", autouse=True)
def _children() -> Iterator[None]:
    yield
    worker.close_children()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def changed(data: bytes, change: str) -> bytes:
    """A PDF with something more in it."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as document:
        CHANGES[change](document)
        document.save(out)
    return out.getvalue()


def _script(document: pikepdf.Pdf) -> None:
    action = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert('zebra')"))
    document.Root.OpenAction = action


def _title(document: pikepdf.Pdf) -> None:
    with document.open_metadata(set_pikepdf_as_editor=False) as metadata:
        metadata["dc:title"] = "Quarterly & late"
    if "/Info" in document.trailer:
        del document.trailer.Info


def _two_files(document: pikepdf.Pdf) -> None:
    one, two = (document.make_stream(each) for each in (b"for this system", b"for that one"))
    spec = pikepdf.Dictionary(
        Type=pikepdf.Name.Filespec, F="notes.txt", EF=pikepdf.Dictionary(F=one, Unix=two)
    )
    names = pikepdf.Array([pikepdf.String("notes.txt"), document.make_indirect(spec)])
    document.Root.Names = pikepdf.Dictionary(EmbeddedFiles=pikepdf.Dictionary(Names=names))


def _associated(document: pikepdf.Pdf) -> None:
    spec = pikepdf.Dictionary(
        Type=pikepdf.Name.Filespec,
        F="data.txt",
        EF=pikepdf.Dictionary(F=document.make_stream(b"associated words")),
    )
    document.Root.AF = pikepdf.Array([document.make_indirect(spec)])


def _signature(document: pikepdf.Pdf) -> None:
    value = pikepdf.Dictionary(Type=pikepdf.Name.Sig, Name="Ada Signer", Reason="Approval")
    field = pikepdf.Dictionary(FT=pikepdf.Name.Sig, T="sig", V=value)
    document.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([field]))


def _hidden_layer(document: pikepdf.Pdf) -> None:
    layer = document.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.OCG, Name="Draft"))
    off = pikepdf.Dictionary(OFF=pikepdf.Array([layer]), Order=pikepdf.Array([layer]))
    document.Root.OCProperties = pikepdf.Dictionary(OCGs=pikepdf.Array([layer]), D=off)
    first = document.pages[0]
    resources = first.obj.Resources
    resources.Properties = pikepdf.Dictionary(L=layer)
    old = first.Contents.read_bytes()
    first.Contents = document.make_stream(b"/OC /L BDC\n" + old + b"\nEMC\n")


def _cycle(document: pikepdf.Pdf) -> None:
    field = document.make_indirect(pikepdf.Dictionary(T="loop"))
    field.Kids = pikepdf.Array([field, field])
    document.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([field]))


CHANGES = {
    "script": _script,
    "title": _title,
    "two files": _two_files,
    "associated": _associated,
    "signature": _signature,
    "layer": _hidden_layer,
    "cycle": _cycle,
}


def text_pdf() -> bytes:
    return pdf("The parties agree that the closing takes place on the first of June.")


def test_scripts_and_signatures_of_a_pdf_are_in_its_text(bench: Bench) -> None:
    (scripted,) = bench.extract(changed(text_pdf(), "script"), "a.pdf")
    assert "zebra" in bench.text(scripted)
    (signed,) = bench.extract(changed(text_pdf(), "signature"), "b.pdf")
    assert "Ada Signer" in bench.text(signed)
    assert "Approval" in bench.text(signed)
    assert bench.text(signed).count("\f") == 0


def test_the_title_of_xmp_stands_in_for_a_missing_one(bench: Bench) -> None:
    (item,) = bench.extract(changed(text_pdf(), "title"), "a.pdf")
    assert item.fields.title == "Quarterly & late"


def test_words_on_a_hidden_layer_are_read(bench: Bench) -> None:
    (item,) = bench.extract(changed(text_pdf(), "layer"), "a.pdf")
    assert "closing takes place" in bench.text(item)


@pytest.mark.heavy
def test_files_in_odd_places_are_left_to_tika(bench: Bench) -> None:
    root, *files = bench.extract(changed(text_pdf(), "two files"), "a.pdf")
    assert "closing takes place" in bench.text(root)
    assert sorted(bench.text(each).strip() for each in files) == ["for that one", "for this system"]


def test_why_files_are_left_to_tika(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    for change, odd in (("two files", True), ("associated", True), ("script", False)):
        path.write_bytes(changed(text_pdf(), change))
        assert bool(read_catalog(path, ()).odd_files) is odd


def test_a_form_that_holds_itself_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(changed(text_pdf(), "cycle"))
    assert read_catalog(path, ()).words == ()
    path.write_bytes(b"%PDF-1.4 and no more")
    assert read_catalog(path, ()).words == ()


def test_a_page_of_unmapped_letters_is_declined() -> None:
    assert declines_page("\x01\x04\x05 \x06\x07 \ue001\ufffd")
    assert not declines_page("A page with one odd \x02 sign in it, and else nothing but words")
    assert not declines_page("")


@pytest.mark.heavy
@pytest.mark.corpus
def test_a_page_that_pdfium_cannot_map_is_read_by_pdfbox(bench: Bench) -> None:
    path = Path("../shared/corpus/pdf/pdfbox/PDFBOX-3053-reduced.pdf")
    if not path.exists():
        pytest.skip("the corpus is not there")
    (item,) = bench.extract(path.read_bytes(), path.name)
    assert len(bench.text(item).split()) == 6
    assert (item.pages, item.ocr_pages) == (1, ())


def test_text_of_controls_and_pages_without_words_are_declined() -> None:
    assert declines_text("\x01\x02\x03\x04 abc")
    assert not declines_text("a log\x00 with one odd byte among many good ones")
    assert declines_html("<svg><x>words</x>words", "")
    assert not declines_html("<html><!-- words --><script>var words</script></html>", "")
    assert not declines_html("<p>words", "words")


def test_the_charset_of_text_is_told_by_its_letters(bench: Bench) -> None:
    (item,) = bench.extract(RUSSIAN.encode("koi8_r"), "a.txt")
    assert bench.text(item) == RUSSIAN
    assert item.raw == {"charset": "koi8_r", "charset_from": "evidence"}
    assert codes(item) == [("warning", Code.CHARSET_GUESSED, 1)]


def test_the_charset_of_a_page_is_what_it_states_even_late(bench: Bench) -> None:
    long = b"<!--" + b"x" * 20000 + b"-->"
    html = b"<html>" + long + b'<meta charset="windows-1251"><p>' + RUSSIAN.encode("cp1251")
    (item,) = bench.extract(html, "a.html")
    assert bench.text(item).split() == RUSSIAN.split()
    assert item.raw == {"charset": "windows-1251", "charset_from": "declared"}
    assert item.notes == ()


def test_a_charset_declared_wrongly_is_told(bench: Bench) -> None:
    html = b'<html><meta charset="utf-8"><p>' + RUSSIAN.encode("cp1251")
    (item,) = bench.extract(html, "a.html")
    assert bench.text(item).split() == RUSSIAN.split()
    assert item.raw["charset_declared"] == "utf-8"
    assert codes(item) == [("warning", Code.CHARSET_GUESSED, 1)]


def test_spoilt_text_is_told_in_every_kind(bench: Bench) -> None:
    spoilt = GERMAN.encode().decode("cp1252")
    (text,) = bench.extract(spoilt.encode(), "a.txt")
    assert codes(text) == [("warning", Code.MOJIBAKE, 1)]
    (html,) = bench.extract(f"<html><p>{spoilt}".encode(), "a.html")
    assert codes(html) == [("warning", Code.MOJIBAKE, 1)]
    head = "From: a@b.example\nDate: Tue, 1 May 2001 10:00:00 +0000\nContent-Type: text/plain;"
    (mail,) = bench.extract(f"{head} charset=utf-8\n\n{spoilt}".encode(), "a.eml")
    assert (mail.type, codes(mail)) == ("email", [("warning", Code.MOJIBAKE, 1)])
    assert mail.raw["charset"] == "utf-8"
    assert mail.raw["charset_from"] == "declared"


def test_notes_of_a_page_are_kept_as_often_as_they_stand_there(bench: Bench) -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(text_pdf())) as document:
        notes = [
            pikepdf.Dictionary(
                Type=pikepdf.Name.Annot,
                Subtype=pikepdf.Name.Text,
                Rect=pikepdf.Array([10, 10, 20, 20]),
                T="Reviewer",
                Contents=f"remark {number}",
            )
            for number in range(2)
        ]
        document.pages[0].Annots = pikepdf.Array([document.make_indirect(each) for each in notes])
        document.save(out)
    (item,) = bench.extract(out.getvalue(), "a.pdf")
    page, _, hidden = bench.text(item).partition("[Hidden: comments]")
    assert (page.count("Reviewer"), hidden.count("Reviewer")) == (2, 2)
