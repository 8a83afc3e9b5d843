"""What documents hide is flagged, listed with its author and place, and marked in the text."""

import re
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from process import worker
from process.hidden import KINDS, Findings
from process.interface import ExtractedItem
from records.codes import Code
from records.limits import Limits
from tests.hidden_samples import (
    book,
    changed,
    found,
    open_document,
    part,
    pdf_page,
    run,
    show,
    with_annotation,
    with_layer,
    word,
)
from tests.process_samples import Bench, codes
from tests.test_process_corpus import CORPUS

DOCS = Path(__file__).parent.parent / "docs"
WHO = 'w:id="1" w:author="Ann Ames" w:date="2020-01-02T03:04:05Z"'
corpus = [
    pytest.mark.corpus,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real files is not here"),
]


@pytest.fixture(scope="module", autouse=True)
def _children() -> Iterator[None]:
    yield
    worker.close_children()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_plain_document_hides_nothing(tmp_path: Path) -> None:
    assert found(tmp_path, word(run("Plain words")), "docx") == Findings(100_000)


def test_changes_of_word_with_their_authors(tmp_path: Path) -> None:
    data = word(
        f"<w:del {WHO}>{run('ninety days', tag='delText')}</w:del>"
        f"<w:ins {WHO}>{run('thirty ')}{run('days')}</w:ins>{run(' notice')}",
        f"<w:moveFrom {WHO}>{run('clause nine')}</w:moveFrom>",
        f"<w:pPr><w:rPr><w:ins {WHO}/></w:rPr></w:pPr>{run('kept')}",
    )
    findings = found(tmp_path, data, "docx")
    assert findings.kinds == {"tracked-changes"}
    assert sorted(findings.passages["tracked-changes"]) == [
        "Deleted by Ann Ames, 2020-01-02T03:04:05Z: ninety days",
        "Inserted by Ann Ames, 2020-01-02T03:04:05Z: thirty days",
        "Moved away by Ann Ames, 2020-01-02T03:04:05Z: clause nine",
    ]


def test_a_change_of_format_alone_is_a_change_without_words(tmp_path: Path) -> None:
    old = f"<w:rPrChange {WHO}><w:rPr><w:vanish/></w:rPr></w:rPrChange>"
    findings = found(tmp_path, word(run("was hidden", old)), "docx")
    assert (findings.kinds, findings.passages) == ({"tracked-changes"}, {})


def test_comments_of_word(tmp_path: Path) -> None:
    findings = found(tmp_path, word(comment="Not agreed"), "docx")
    assert findings.kinds == {"comments"}
    (line,) = findings.passages["comments"]
    assert re.fullmatch(r"Ann Ames, \d{4}-\d\d-\d\dT[\d:]+Z: Not agreed", line)


@pytest.mark.parametrize(
    ("properties", "hidden"),
    [
        ("<w:vanish/>", True),
        ('<w:vanish w:val="1"/>', True),
        ('<w:vanish w:val="0"/>', False),
        ("<w:webHidden/>", False),
        ('<w:rStyle w:val="Away"/>', True),
        ('<w:rStyle w:val="AwayToo"/>', True),
        ('<w:rStyle w:val="Away"/><w:vanish w:val="false"/>', False),
    ],
)
def test_hidden_text_of_word(tmp_path: Path, properties: str, hidden: bool) -> None:
    data = word(run("seen ") + run("unseen", properties))
    styles = part(data, "word/styles.xml").replace(
        b"</w:styles>",
        b'<w:style w:type="character" w:styleId="Away"><w:rPr><w:vanish/></w:rPr></w:style>'
        b'<w:style w:type="character" w:styleId="AwayToo"><w:basedOn w:val="Away"/></w:style>'
        b"</w:styles>",
    )
    findings = found(tmp_path, changed(data, {"word/styles.xml": styles}), "docx")
    assert findings.passages == ({"hidden-text": ["unseen"]} if hidden else {})


@pytest.mark.parametrize(
    ("inner", "white"),
    [
        (run("pale", '<w:color w:val="FFFFFF"/>'), True),
        (run("pale", '<w:color w:val="ffffff"/><w:shd w:val="clear" w:fill="auto"/>'), True),
        (run("pale", '<w:color w:val="FFFFFF"/><w:shd w:val="clear" w:fill="000080"/>'), False),
        (run("pale", '<w:color w:val="FFFFFF"/><w:highlight w:val="black"/>'), False),
        (
            '<w:pPr><w:shd w:val="clear" w:fill="000000"/></w:pPr>'
            + run("pale", '<w:color w:val="FFFFFF"/>'),
            False,
        ),
        (run("dark", '<w:color w:val="000000"/>'), False),
    ],
)
def test_white_text_of_word(tmp_path: Path, inner: str, white: bool) -> None:
    findings = found(tmp_path, word(inner), "docx")
    assert findings.passages == ({"white-text": ["pale"]} if white else {})


def test_white_letters_in_a_dark_cell_are_seen(tmp_path: Path) -> None:
    cell = (
        '</w:p><w:tbl><w:tr><w:tc><w:tcPr><w:shd w:val="clear" w:fill="{}"/></w:tcPr>'
        f"<w:p>{run('pale', '<w:color w:val="FFFFFF"/>')}</w:p></w:tc></w:tr></w:tbl><w:p>"
    )
    for fill, white in (("1F497D", False), ("auto", True)):
        body = part(word(), "word/document.xml").replace(
            b"<w:sectPr", f"<w:p>{cell.format(fill)}</w:p><w:sectPr".encode(), 1
        )
        findings = found(tmp_path, changed(word(), {"word/document.xml": body}), "docx")
        assert ("white-text" in findings.kinds) is white


def test_a_header_of_first_pages_that_there_are_none_of(tmp_path: Path) -> None:
    unseen = found(tmp_path, word(first_header="Old letterhead"), "docx")
    assert unseen.passages == {"hidden-headers": ["header of first pages: Old letterhead"]}
    shown = found(tmp_path, word(first_header="Old letterhead", settings="titlePg"), "docx")
    assert shown.kinds == set()


def test_fields_and_relationships_that_link_to_elsewhere(tmp_path: Path) -> None:
    code = r' LINK Excel.Sheet.12 "C:\\Books\\rates.xlsx" Sheet1 \a '
    data = word(run(code, tag="instrText"), run(' HYPERLINK "http://a.example" ', tag="instrText"))
    rels = part(data, "word/_rels/document.xml.rels").replace(
        b"</Relationships>",
        b'<Relationship Id="rx1" Type="http://x/relationships/image" '
        b'Target="http://b.example/spy.png" TargetMode="External"/>'
        b'<Relationship Id="rx2" Type="http://x/relationships/hyperlink" '
        b'Target="http://c.example/" TargetMode="External"/></Relationships>',
    )
    findings = found(tmp_path, changed(data, {"word/_rels/document.xml.rels": rels}), "docx")
    assert set(findings.linked) == {r"C:\Books\rates.xlsx", "http://b.example/spy.png"}
    assert findings.kinds == {"linked-objects"}


def test_a_workbook_with_something_of_each_kind(tmp_path: Path) -> None:
    findings = found(tmp_path, book(), "xlsx")
    assert {kind: sorted(lines) for kind, lines in findings.passages.items()} == {
        "hidden-rows": ["Plain, row 2: r2c1\tr2c2\tr2c3\tr2c4"],
        "hidden-columns": [f"Plain, row {row}: r{row}c3" for row in (1, 2, 3, 4)],
        "hidden-text": ["Plain, row 4: r4c4"],
        "white-text": ["Plain, row 4: r4c1"],
        "hidden-sheets": [
            "Away, row 1: words of Away\t7",
            "Deep, row 1: words of Deep\t7",
            "hidden: Away",
            "veryHidden: Deep",
        ],
        "hidden-names": ["Secret_rate: 0.07"],
        "comments": ["A1 Ben Bell: check this"],
    }
    assert findings.faults == []


def test_a_presentation_with_something_of_each_kind(tmp_path: Path) -> None:
    assert found(tmp_path, show(), "pptx").passages == {
        "hidden-slides": ["Slide 2: Words of slide 2"],
        "speaker-notes": ["Slide 1: Say this aloud"],
        "hidden-text": ["Slide 3, hidden shape: Words of slide 3"],
        "white-text": ["Slide 3: White letters"],
    }


def record(number: int, body: bytes) -> bytes:
    """A record of [MS-XLSB] with a body of less than 128 bytes."""
    head = bytes((number,)) if number < 128 else bytes((number & 0x7F | 0x80, number >> 7))
    return head + bytes((len(body),)) + body


def test_a_binary_workbook(tmp_path: Path) -> None:
    def sheet(state: int, name: str) -> bytes:
        words = [struct.pack("<I", len(each)) + each.encode("utf-16-le") for each in ("rId1", name)]
        return record(156, struct.pack("<II", state, 1) + b"".join(words))

    def sheet_part(row: int, column: int) -> bytes:
        return record(0, struct.pack("<IIHBB", 0, 0, 300, 0, row) + bytes(5)) + record(
            60, struct.pack("<IIIIH", 0, 1, 2304, 0, column)
        )

    plain = {
        "xl/workbook.bin": sheet(0, "Plain"),
        "xl/worksheets/sheet1.bin": sheet_part(0x20, 2),
    }
    assert (
        found(tmp_path, changed(book(), plain), "xlsb").kinds
        == found(tmp_path, book(), "xlsx").kinds
    )
    empty = dict.fromkeys(("xl/workbook.xml", "xl/comments/comment1.xml"))
    assert found(tmp_path, changed(book(), {**empty, **plain}), "xlsb").kinds == set()
    hides = {
        "xl/workbook.bin": sheet(0, "Plain") + sheet(1, "Away") + sheet(2, "Deep"),
        "xl/worksheets/sheet1.bin": sheet_part(0x10, 1),
    }
    findings = found(tmp_path, changed(book(), {**empty, **hides}), "xlsb")
    assert findings.passages == {"hidden-sheets": ["hidden: Away", "veryHidden: Deep"]}
    assert findings.kinds == {"hidden-sheets", "hidden-rows", "hidden-columns"}
    words = "Anna: why?".encode("utf-16-le")
    said = record(637, b"\0" + struct.pack("<I", len(words) // 2) + words)
    comments = {"xl/comments1.bin": record(628, b"") + said + record(629, b"")}
    findings = found(tmp_path, changed(book(), {**empty, **plain, **comments}), "xlsb")
    assert findings.passages == {"comments": ["Anna: why?"]}
    cut = {"xl/comments1.bin": record(637, b"\0\x09\0\0\0ab")}
    assert found(tmp_path, changed(book(), {**empty, **plain, **cut}), "xlsb").faults


def test_white_letters_on_a_dark_slide_are_seen(tmp_path: Path) -> None:
    slide = part(show(), "ppt/slides/slide3.xml").replace(
        b"<p:spTree>",
        b'<p:bg><p:bgPr><a:solidFill><a:srgbClr val="000080"/></a:solidFill></p:bgPr></p:bg>'
        b"<p:spTree>",
    )
    findings = found(tmp_path, changed(show(), {"ppt/slides/slide3.xml": slide}), "pptx")
    assert "white-text" not in findings.kinds


def test_macros_and_embedded_objects_are_flags(tmp_path: Path) -> None:
    more = {"word/vbaProject.bin": b"x", "word/embeddings/oleObject1.bin": b"y"}
    findings = found(tmp_path, changed(word(), more), "docm")
    assert (findings.kinds, findings.passages) == ({"macros", "embedded-objects"}, {})


def test_hostile_parts_hinder_no_more_than_themselves(tmp_path: Path) -> None:
    bomb = (
        b'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
        b'<w:comments xmlns:w="w"><w:comment w:author="x"><w:t>&b;</w:t></w:comment></w:comments>'
    )
    data = changed(word(run("gone", "<w:vanish/>")), {"word/comments.xml": bomb})
    findings = found(tmp_path, data, "docx")
    assert findings.passages == {"hidden-text": ["gone"]}
    assert "entities" in findings.faults[0]
    wide = (
        '<?xml version="1.0" encoding="UTF-16"?>'
        + part(data, "word/document.xml").decode()[
            len("<?xml version='1.0' encoding='UTF-8' standalone='yes'?>") :
        ]
    )
    findings = found(tmp_path, changed(data, {"word/document.xml": wide.encode("utf-16")}), "docx")
    assert findings.passages == {"hidden-text": ["gone"]}
    cut = found(tmp_path, data[: len(data) // 2], "docx")
    assert "cannot be opened" in cut.faults[0]


def test_no_more_is_listed_than_there_is_room_for(tmp_path: Path) -> None:
    data = word(*[run("w" * 90, "<w:vanish/>")] * 20)
    findings = found(tmp_path, data, "docx", room=500)
    assert findings.cut
    assert len(findings.sections()) <= 500 + len("[Hidden: hidden-text]\n")


def test_an_open_text_document(tmp_path: Path) -> None:
    told = "<dc:creator>Ann</dc:creator><dc:date>2020-01-02T03:04:05</dc:date>"
    info = f"<office:change-info>{told}</office:change-info>"
    body = (
        "<office:text><text:tracked-changes>"
        f'<text:changed-region text:id="d1"><text:deletion>{info}<text:p>ninety</text:p>'
        "</text:deletion></text:changed-region>"
        f'<text:changed-region text:id="i1"><text:insertion>{info}</text:insertion>'
        "</text:changed-region></text:tracked-changes>"
        '<text:p>Within <text:change text:change-id="d1"/>'
        '<text:change-start text:change-id="i1"/>thirty<text:change-end text:change-id="i1"/>'
        f" days<office:annotation>{told}<text:p>Agreed?</text:p></office:annotation></text:p>"
        '<text:p>Seen <text:span text:style-name="T1">unseen</text:span></text:p>'
        '<text:section text:display="none" text:name="S"><text:p>whole part</text:p>'
        '</text:section><text:p><draw:image xlink:href="../pictures/a.png"/>'
        '<draw:image xlink:href="Pictures/b.png"/></text:p></office:text>'
    )
    styles = (
        '<style:style style:name="T1"><style:text-properties text:display="none"/></style:style>'
    )
    findings = found(tmp_path, open_document(body, styles, macro=True), "odt")
    assert findings.passages == {
        "tracked-changes": [
            "Deleted by Ann, 2020-01-02T03:04:05: ninety",
            "Inserted by Ann, 2020-01-02T03:04:05: thirty",
        ],
        "comments": ["Ann, 2020-01-02T03:04:05: Agreed?"],
        "hidden-text": ["unseen", "S: whole part"],
    }
    assert list(findings.linked) == ["../pictures/a.png"]


def test_an_open_spreadsheet_and_presentation(tmp_path: Path) -> None:
    styles = (
        '<style:style style:name="ta2"><style:table-properties table:display="false"/>'
        '</style:style><style:style style:name="dp2">'
        '<style:drawing-page-properties presentation:visibility="hidden"/></style:style>'
    )
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
    cells = cell.format("a") + cell.format("b")
    body = (
        '<office:spreadsheet><table:table table:name="One"><table:table-column/>'
        '<table:table-column table:visibility="collapse"/>'
        f"<table:table-row>{cells}</table:table-row>"
        f'<table:table-row table:visibility="filter">{cells}</table:table-row></table:table>'
        f'<table:table table:name="Two" table:style-name="ta2"><table:table-row>{cells}'
        "</table:table-row></table:table></office:spreadsheet>"
    )
    assert found(tmp_path, open_document(body, styles, "spreadsheet"), "ods").passages == {
        "hidden-columns": ["One, row 1: b", "One, row 2: b"],
        "hidden-rows": ["One, row 2: a\tb"],
        "hidden-sheets": ["hidden: Two", "Two, row 1: a\tb"],
    }
    slide = (
        '<draw:page draw:style-name="{}"><draw:frame><draw:text-box><text:p>shown</text:p>'
        "</draw:text-box></draw:frame><presentation:notes>"
        '<draw:frame presentation:class="notes"><draw:text-box><text:p>{}</text:p>'
        "</draw:text-box></draw:frame></presentation:notes></draw:page>"
    )
    body = slide.format("dp1", "aloud") + slide.format("dp2", "")
    findings = found(tmp_path, open_document(body, styles, "presentation"), "odp")
    assert findings.passages == {
        "speaker-notes": ["Slide 1: aloud"],
        "hidden-slides": ["Slide 2: shown"],
    }


def test_rich_text(tmp_path: Path) -> None:
    data = (
        (
            rb"{\rtf1\ansi\ansicpg1252 Seen {\v unseen caf\'e9}\par "
            rb"{\deleted\revauthdel1 ninety}{\revised\revauth1 thirty} days"
            rb"{\*\atnauthor Ann}{\*\annotation {\plain Agreed?}}"
            rb"{\field{\*\fldinst { LINK Excel.Sheet.8 'C:\\\\rates.xls' }}{\fldrslt 7}}"
            rb"{\object\objemb{\*\objdata 0105}}}"
        )
        .replace(b" 'C", b' "C')
        .replace(b"xls' ", b'xls" ')
    )
    findings = found(tmp_path, data, "rtf")
    assert findings.passages == {
        "hidden-text": ["unseen café"],
        "tracked-changes": ["Deleted: ninety", "Inserted: thirty"],
        "comments": ["Ann: Agreed?"],
    }
    assert findings.kinds == {*findings.passages, "linked-objects", "embedded-objects"}
    assert list(findings.linked) == [r"C:\rates.xls"]


def only(members: tuple[ExtractedItem, ...]) -> ExtractedItem:
    (item,) = members
    return item


@pytest.mark.parametrize(
    ("data", "kinds", "listed"),
    [
        (pdf_page(("text", "Seen")), (), []),
        (pdf_page(("text", "Seen"), ("white", "Pale")), ("white-text",), ["Page 1: Pale"]),
        (pdf_page(("text", "Seen"), ("box", None), ("white", "Pale")), (), []),
        (
            pdf_page(("text", "Seen"), ("invisible", "No ink")),
            ("invisible-text",),
            ["Page 1: No ink"],
        ),
        (pdf_page(("scan", None), ("invisible", "Scanned words")), ("ocr-layer",), []),
        (pdf_page(("text", "Seen"), ("off", "Outside")), ("off-page",), ["Page 1: Outside"]),
        (
            with_layer(pdf_page(("text", "Seen")), off=True),
            ("hidden-layers",),
            ["Layer: Draft marks", "Page 1: Layer words"],
        ),
        (with_layer(pdf_page(("text", "Seen")), off=False), (), []),
        (
            with_annotation(pdf_page(("text", "Seen")), 2),
            ("hidden-annotations",),
            ["Page 1, Ann Ames: Not agreed"],
        ),
        (
            with_annotation(pdf_page(("text", "Seen")), 4),
            ("comments",),
            ["Page 1, Ann Ames, D:20010514163900Z: Not agreed"],
        ),
    ],
)
def test_pdf(bench: Bench, data: bytes, kinds: tuple[str, ...], listed: list[str]) -> None:
    item = only(bench.extract(data, "a.pdf"))
    assert item.fields.hidden == kinds
    _, mark, section = bench.text(item).partition("[Hidden: ")
    assert section.splitlines()[1:] == listed
    assert bool(mark) is bool(listed)


@pytest.mark.heavy
def test_what_is_hidden_stands_marked_behind_the_whole_text(bench: Bench) -> None:
    data = word(run("Seen words "), run("unseen words", "<w:vanish/>"), comment="Not agreed")
    item = only(bench.extract(data, "a.docx"))
    text = bench.text(item)
    assert item.fields.hidden == ("comments", "hidden-text")
    own, _, hidden = text.partition("[Hidden: comments]")
    assert "Seen words" in own
    assert "unseen words" in own
    assert hidden.endswith("[Hidden: hidden-text]\nunseen words")
    assert item.notes == ()


@pytest.mark.heavy
def test_the_look_is_bounded_by_the_limit_of_characters(bench: Bench) -> None:
    data = word(*[run("w" * 90, "<w:vanish/>")] * 20)
    item = only(bench.extract(data, "a.docx", Limits(characters=2000)))
    assert item.text.chars == 2000
    assert codes(item) == [("warning", Code.TEXT_CUT, 1)]


def test_every_kind_is_documented() -> None:
    page = (DOCS / "metadata.md").read_text()
    table = page.partition("## Kinds of hidden content")[2].partition("\n## ")[0]
    assert {*re.findall(r"^\| `([\w-]+)` \|", table, re.MULTILINE)} == set(KINDS)


class TestCorpus:
    """Real files in the old formats, which nothing here can write."""

    pytestmark = corpus

    @pytest.mark.parametrize(
        ("name", "kind", "kinds"),
        [
            ("testComment.doc", "doc", {"comments"}),
            ("testWORD_2006ml.doc", "doc", {"comments", "embedded-objects", "tracked-changes"}),
            ("testWORD_macros.doc", "doc", {"macros"}),
            ("testComment.xls", "xls", {"comments"}),
            ("testEXCEL_macro.xls", "xls", {"macros"}),
            ("testComment.ppt", "ppt", {"comments"}),
            ("testPPT_comment.ppt", "ppt", {"comments"}),
            ("testPPT_skipBadCompressedObject.ppt", "ppt", {"embedded-objects", "speaker-notes"}),
            ("testRTFEmbeddedLink.rtf", "rtf", {"embedded-objects", "linked-objects"}),
            (
                "testPPT_various2.pptx",
                "pptx",
                {"comments", "embedded-objects", "hidden-slides", "speaker-notes"},
            ),
            ("testEXCEL.xls", "xls", set()),
            ("testWORD.doc", "doc", set()),
        ],
    )
    def test_old_formats(self, tmp_path: Path, name: str, kind: str, kinds: set[str]) -> None:
        findings = found(tmp_path, (CORPUS / "office/tika" / name).read_bytes(), kind)
        assert (findings.kinds, findings.faults) == (kinds, [])

    def test_a_locked_document_is_looked_at_with_its_password(self, bench: Bench) -> None:
        data = (CORPUS / "office/tika/testWORD_protected_passtika.doc").read_bytes()
        item = only(bench.extract(data, "a.doc", passwords=("tika",)))
        assert item.notes == ()
