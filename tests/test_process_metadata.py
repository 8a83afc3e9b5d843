"""Typed fields out of what documents say of themselves, and dates with their certainty."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import docx
import pikepdf
import pytest

from process import worker
from process.dates import Dates, Stated, exif_date, iso_date, pdf_date
from process.metadata import camera, degrees, edit_minutes, fields_from, split_keywords
from process.tika import Node
from process.xmp import read_xmp
from records.codes import Code
from records.fields import FIELD_NAMES
from tests.process_samples import Bench, codes, pdf

DOCS = Path(__file__).parent.parent / "docs"
OPEN_XML = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.fixture(scope="module", autouse=True)
def _children() -> Iterator[None]:
    yield
    worker.close_children()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.mark.parametrize(
    ("text", "at", "certain"),
    [
        ("2001-05-14T16:39:00Z", "2001-05-14T16:39:00Z", True),
        ("2001-05-14T16:39:00+02:00", "2001-05-14T14:39:00Z", True),
        ("2010-05-09T21:34:38+0200", "2010-05-09T19:34:38Z", True),
        ("2014-09-24T14:32:20.012925938", "2014-09-24T14:32:20Z", False),
        ("2001-05-14T16:39", "2001-05-14T16:39:00Z", False),
        ("2001-05-14", "2001-05-14T00:00:00Z", False),
        ("2001-05", "2001-05-01T00:00:00Z", False),
        ("1470704524", "2016-08-09T01:02:04Z", True),
        ("1470704524000", "2016-08-09T01:02:04Z", True),
        ("1601-01-01T00:06:31Z", None, True),
        ("1899-12-30T00:00:00", None, True),
        ("1904-01-01T00:00:00Z", None, True),
        ("1970-01-01T00:00:00Z", None, True),
        ("1970-01-01T00:00:01Z", "1970-01-01T00:00:01Z", True),
        ("9999-12-31T23:59:59-14:00", None, True),
        ("0001-01-01T00:00:00+14:00", None, True),
        ("2001-02-30T00:00:00Z", None, True),
        ("yesterday", None, True),
        ("", None, True),
    ],
)
def test_dates_of_xml(text: str, at: str | None, certain: bool) -> None:
    assert iso_date(text) == Stated(at, certain)


@pytest.mark.parametrize(
    ("text", "at", "certain"),
    [
        ("D:20010514163900-07'00'", "2001-05-14T23:39:00Z", True),
        ("D:20010514163900-07'00", "2001-05-14T23:39:00Z", True),
        ("D:20010514163900-0730", "2001-05-15T00:09:00Z", True),
        ("D:20010514163900Z", "2001-05-14T16:39:00Z", True),
        ("D:20010514163900Z00'00'", "2001-05-14T16:39:00Z", True),
        ("D:20010514163900+02", "2001-05-14T14:39:00Z", True),
        ("D:20010514163900", "2001-05-14T16:39:00Z", False),
        ("20010514163900", "2001-05-14T16:39:00Z", False),
        ("D:2001051416", "2001-05-14T16:00:00Z", False),
        ("D:2001", "2001-01-01T00:00:00Z", False),
        ("D:20011314163900Z", None, True),
        ("14 May 2001", None, True),
        ("", None, True),
    ],
)
def test_dates_of_pdf(text: str, at: str | None, certain: bool) -> None:
    assert pdf_date(text) == Stated(at, certain)


def test_dates_of_exif_have_a_zone_only_by_the_field_beside_them() -> None:
    assert exif_date("2009:08:11 09:09:45") == Stated("2009-08-11T09:09:45Z", certain=False)
    assert exif_date("2009:08:11 09:09:45\0", "+02:00\0") == Stated("2009-08-11T07:09:45Z")
    assert exif_date("    :  :     :  :  ") == Stated(None)
    assert exif_date("0000:00:00 00:00:00") == Stated(None)


def test_what_is_no_date_is_said_and_what_is_none_is_not() -> None:
    dates = Dates()
    assert dates.take("created_at", "soon", iso_date("soon")) is None
    assert dates.take("printed_at", "", iso_date("")) is None
    (note,) = dates.notes("tool", "1")
    assert (note.severity, note.code) == ("warning", Code.WEAK_DATE)
    assert "created_at (soon)" in note.message
    assert "printed_at" not in note.message


def test_fields_of_tikas_names() -> None:
    fields, notes = fields_from(
        Node(
            "",
            {
                "Content-Type": OPEN_XML,
                "dc:title": "The title",
                "dc:creator": ["Ann", "Ben"],
                "dc:subject": ["lease", "rent; lease"],
                "meta:keyword": "rent; lease",
                "meta:last-author": "Cora",
                "dcterms:created": "2001-05-14T16:39:00Z",
                "dcterms:modified": "2001-05-15T16:39:00",
                "meta:print-date": "1601-01-01T00:00:00Z",
                "extended-properties:Company": "Acme",
                "extended-properties:Application": "Word",
                "extended-properties:Template": "Normal.dotm",
                "extended-properties:Manager": "Dora",
                "extended-properties:TotalTime": "90",
                "cp:category": "Deeds",
                "cp:revision": "7",
                "w:Comments": "To be signed",
                "meta:page-count": "3",
                "meta:word-count": "812",
                "msoffice:excel:has-hidden-rows": "true",
                "msoffice:excel:has-hidden-cols": "false",
                "msoffice:ppt:has-hidden-slides": "true",
            },
            "",
            None,
        )
    )
    assert notes == []
    assert fields.to_json() == {
        "title": "The title",
        "author": "Ann; Ben",
        "subject": "lease",
        "keywords": ("rent", "lease"),
        "last_author": "Cora",
        "created_at": "2001-05-14T16:39:00Z",
        "modified_at": "2001-05-15T16:39:00Z",
        "uncertain": ("modified_at",),
        "company": "Acme",
        "application": "Word",
        "template": "Normal.dotm",
        "manager": "Dora",
        "edit_minutes": 90,
        "category": "Deeds",
        "revision": "7",
        "comments": "To be signed",
        "stated_pages": 3,
        "stated_words": 812,
        "hidden": ("hidden-rows", "hidden-slides"),
    }


def test_dates_of_rich_text_are_uncertain_whatever_is_made_of_them() -> None:
    rich = Node(
        "", {"Content-Type": "application/rtf", "dcterms:created": "2011-08-29T05:20:00Z"}, "", None
    )
    fields, _ = fields_from(rich)
    assert (fields.created_at, fields.uncertain) == ("2011-08-29T05:20:00Z", ("created_at",))


def test_a_date_before_computers_is_a_weak_one() -> None:
    old = Node("", {"Content-Type": OPEN_XML, "dcterms:created": "1601-01-01T00:00:00Z"}, "", None)
    fields, (note,) = fields_from(old)
    assert (fields.created_at, fields.uncertain) == (None, ())
    assert note.code is Code.WEAK_DATE


@pytest.mark.parametrize(
    ("text", "mime", "minutes"),
    [
        ("90", OPEN_XML, 90),
        ("90", "application/vnd.ms-excel.sheet.macroenabled.12", 90),
        ("1800000000", "application/msword", 3),
        ("62070000000", "application/vnd.ms-powerpoint", 103),
        ("PT02H03M24S", "application/vnd.oasis.opendocument.text", 123),
        ("P1DT2M", "application/vnd.oasis.opendocument.text", 1442),
        ("99999999999", OPEN_XML, None),
        ("-5", OPEN_XML, None),
        ("Px", "", None),
        ("", OPEN_XML, None),
    ],
)
def test_minutes_of_editing(text: str, mime: str, minutes: int | None) -> None:
    assert edit_minutes(text, mime) == minutes


def test_small_rules() -> None:
    assert camera("Canon", "Canon EOS 40D") == "Canon EOS 40D"
    assert camera("NIKON\0", "D90 ") == "NIKON D90"
    assert camera("", "") == ""
    assert degrees("-54.1234", 90) == -54.1234
    assert degrees("91", 90) is None
    assert degrees("nan", 90) is None
    assert split_keywords("one; two, one;;") == ("one", "two")


PACKET = b"""<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:DUB="http://purl.org/dc/elements/1.1/" xmlns:xap="http://ns.adobe.com/xap/1.0/">
<rdf:Description rdf:about="" xap:CreatorTool="Maker 1">
<DUB:title><rdf:Alt><rdf:li xml:lang="de">Titel</rdf:li>
<rdf:li xml:lang="x-default">Title</rdf:li></rdf:Alt></DUB:title>
<DUB:creator><rdf:Seq><rdf:li>Ann</rdf:li><rdf:li>Ben</rdf:li></rdf:Seq></DUB:creator>
<DUB:subject><rdf:Bag><rdf:li>rent</rdf:li></rdf:Bag></DUB:subject>
<xap:CreateDate>2001-05-14T16:39:00+02:00</xap:CreateDate>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""


def test_xmp_is_read_by_its_schemas_not_its_prefixes() -> None:
    assert read_xmp(b"before" + PACKET + b"after") == {
        "xmp:CreatorTool": "Maker 1",
        "dc:title": ["Title", "Titel"],
        "dc:creator": ["Ann", "Ben"],
        "dc:subject": ["rent"],
        "xmp:CreateDate": "2001-05-14T16:39:00+02:00",
    }


def test_xmp_that_is_broken_or_hostile_gives_what_came_before() -> None:
    assert read_xmp(b"no packet") == {}
    half = PACKET[: PACKET.index(b"<DUB:subject>")]
    assert read_xmp(half)["dc:creator"] == ["Ann", "Ben"]
    bomb = PACKET.replace(b"<rdf:Description", b"<!DOCTYPE a [<!ENTITY b 'c'>]><rdf:Description")
    assert read_xmp(bomb) == {}


def test_pdf_tells_both_what_its_information_and_its_xmp_say(bench: Bench) -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf("Some words on a page"))) as document:
        document.docinfo["/Title"] = "Shown title"
        document.docinfo["/Company"] = "Acme"
        document.docinfo["/Keywords"] = "one, two"
        document.docinfo["/CreationDate"] = "D:20010514163900"
        document.docinfo["/ModDate"] = "D:16010101000000Z"
        document.Root.Metadata = pikepdf.Stream(document, PACKET)
        document.Root.Lang = pikepdf.String("en-GB")
        document.save(out)
    (item,) = bench.extract(out.getvalue(), "a.pdf")
    fields = item.fields
    assert (fields.title, fields.company, fields.language) == ("Shown title", "Acme", "en-GB")
    assert fields.keywords == ("one", "two")
    assert fields.created_at == "2001-05-14T16:39:00Z"
    assert (fields.modified_at, fields.uncertain) == (None, ("created_at",))
    assert item.raw["Title"] == "Shown title"
    assert item.raw["xmp"]["dc:title"] == ["Title", "Titel"]
    assert codes(item) == [("warning", Code.WEAK_DATE, 1)]


def test_pdf_without_information_is_described_by_its_xmp(bench: Bench) -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf("Some words on a page"))) as document:
        del document.trailer["/Info"]
        document.Root.Metadata = pikepdf.Stream(document, PACKET)
        document.save(out)
    (item,) = bench.extract(out.getvalue(), "a.pdf")
    assert (item.fields.title, item.fields.author) == ("Title", "Ann; Ben")
    assert item.fields.created_at == "2001-05-14T14:39:00Z"
    assert (item.fields.uncertain, item.fields.application) == ((), "Maker 1")


@pytest.mark.heavy
def test_word_properties_come_through_tika(bench: Bench) -> None:
    document = docx.Document()
    core = document.core_properties
    core.author, core.last_modified_by, core.category = "Ann", "Ben", "Deeds"
    core.keywords, core.comments, core.revision = "rent; lease", "To be signed", 7
    document.add_paragraph("words")
    out = io.BytesIO()
    document.save(out)
    (item,) = bench.extract(out.getvalue(), "a.docx")
    fields = item.fields
    assert (fields.author, fields.last_author, fields.category) == ("Ann", "Ben", "Deeds")
    assert (fields.keywords, fields.comments) == (("rent", "lease"), "To be signed")
    assert (fields.revision, fields.uncertain) == ("7", ())


@pytest.mark.heavy
def test_a_date_without_zone_does_not_depend_on_the_machines_zone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = rb"{\rtf1{\info{\creatim\yr2011\mo8\dy29\hr5\min20}}words\par}"
    worker.close_children()
    monkeypatch.setenv("TZ", "America/New_York")
    try:
        (item,) = Bench(tmp_path).extract(data, "a.rtf")
    finally:
        worker.close_children()  # the next test's child starts in its own zone
    assert item.fields.created_at == "2011-08-29T05:20:00Z"
    assert item.fields.uncertain == ("created_at",)


def test_every_field_is_documented() -> None:
    page = (DOCS / "metadata.md").read_text()
    table = page.partition("## Fields")[2].partition("\n## ")[0]
    assert {*re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)} == set(FIELD_NAMES)
