"""What pictures say of themselves, in each format that can say it."""

import io
import struct
from pathlib import Path
from typing import Any

import pytest
from PIL import ExifTags, Image, PngImagePlugin, TiffImagePlugin

import process.image  # registers HEIC
from process.exif import Described, describe, place, read_iptc
from records.codes import Code
from tests.process_samples import Bench
from tests.test_process_corpus import CORPUS
from tests.test_process_metadata import PACKET

assert process.image.TYPES


def exif() -> Image.Exif:
    tags = Image.Exif()
    tags[ExifTags.Base.Make] = "Maker"
    tags[ExifTags.Base.Model] = "Maker M1"
    tags[ExifTags.Base.Orientation] = 6
    tags[ExifTags.Base.ImageDescription] = "The loading dock"
    tags[ExifTags.Base.DateTime] = "2009:10:02 23:02:49"
    inside = tags.get_ifd(ExifTags.IFD.Exif)
    inside[ExifTags.Base.DateTimeOriginal] = "2009:08:11 09:09:45"
    inside[ExifTags.Base.UserComment] = b"UNICODE\0" + "Rampe".encode("utf-16-le")
    rational = TiffImagePlugin.IFDRational
    gps = tags.get_ifd(ExifTags.IFD.GPSInfo)
    gps[ExifTags.GPS.GPSLatitudeRef] = "S"
    gps[ExifTags.GPS.GPSLatitude] = (rational(12), rational(32), rational(3556, 100))
    gps[ExifTags.GPS.GPSLongitudeRef] = "E"
    gps[ExifTags.GPS.GPSLongitude] = (rational(14), rational(30), rational(0))
    return tags


def saved(kind: str, tags: Image.Exif | None = None, **more: Any) -> bytes:
    out = io.BytesIO()
    if kind == "TIFF":  # Pillow wants its directories otherwise there
        more = {"tiffinfo": directory(tags, more.get("xmp"))}
    elif tags is not None:
        more["exif"] = tags
    Image.new("RGB", (40, 40), "white").save(out, format=kind, **more)
    return out.getvalue()


def directory(tags: Image.Exif | None, packet: bytes | None) -> Any:
    found = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, value in dict(tags or {}).items():
        if tag not in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
            found[tag] = value
    if tags is not None:
        for part in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
            found[part] = dict(tags.get_ifd(part))
    if packet is not None:
        found.tagtype[700] = 1
        found[700] = packet
    return found


def told(data: bytes) -> Described:
    with Image.open(io.BytesIO(data)) as image:
        return describe(image)


@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "PNG", "WEBP", "HEIF"])
def test_places_times_and_captions_of_each_format(kind: str) -> None:
    found = told(saved(kind, exif()))
    fields = found.fields
    assert (fields.latitude, fields.longitude) == (-12.5432111, 14.5)
    assert (fields.taken_at, fields.modified_at) == (
        "2009-08-11T09:09:45Z",
        "2009-10-02T23:02:49Z",
    )
    assert fields.uncertain == ("taken_at", "modified_at")
    assert (fields.camera, fields.comments) == ("Maker M1", "The loading dock")
    assert found.text == "[Metadata: caption] The loading dock\n[Metadata: caption] Rampe"
    assert found.raw["GPSLatitudeRef"] == "S"
    assert found.raw["Make"] == "Maker"
    assert found.notes == ()


def test_an_offset_beside_it_makes_a_time_certain() -> None:
    fields = told(saved("JPEG", exif())).fields
    assert "taken_at" in fields.uncertain
    tags = exif()
    tags.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.OffsetTimeOriginal] = "+02:00"
    fields = told(saved("JPEG", tags)).fields
    assert (fields.taken_at, fields.uncertain) == ("2009-08-11T07:09:45Z", ("modified_at",))


def test_a_zone_in_xmp_serves_the_same_time_in_exif() -> None:
    tags = Image.Exif()
    tags.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeDigitized] = "2001:05:14 16:39:00"
    fields = told(saved("JPEG", tags, xmp=PACKET)).fields
    assert (fields.created_at, fields.uncertain) == ("2001-05-14T14:39:00Z", ())
    tags.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeDigitized] = "2001:05:14 16:40:00"
    fields = told(saved("JPEG", tags, xmp=PACKET)).fields
    assert (fields.created_at, fields.uncertain) == ("2001-05-14T16:40:00Z", ("created_at",))


@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "WEBP"])
def test_title_and_keywords_of_xmp_are_words_of_the_text(kind: str) -> None:
    found = told(saved(kind, xmp=PACKET))
    assert (found.fields.title, found.fields.keywords) == ("Title", ("rent",))
    assert found.text == "[Metadata: title] Title\n[Metadata: keywords] rent"


def test_text_chunks_of_png() -> None:
    chunks = PngImagePlugin.PngInfo()
    chunks.add_itxt("Title", "Häfen")
    chunks.add_text("Description", "Crates on a quay")
    chunks.add_itxt("XML:com.adobe.xmp", PACKET.decode())
    found = told(saved("PNG", pnginfo=chunks))
    assert found.fields.title == "Title"
    assert "[Metadata: caption] Crates on a quay" in found.text
    assert found.raw["said"]["Title"] == "Häfen"


def iptc(*entries: tuple[int, int, bytes]) -> bytes:
    return b"".join(
        struct.pack(">BBBH", 0x1C, record, number, len(value)) + value
        for record, number, value in entries
    )


def test_iptc_in_utf8_and_in_an_old_charset() -> None:
    data = iptc((1, 90, b"\x1b%G"), (2, 5, "Häfen".encode()), (2, 25, b"one"), (2, 25, b"two"))
    assert read_iptc(data) == {"title": ["Häfen"], "keywords": ["one", "two"]}
    assert read_iptc(iptc((2, 120, "Häfen".encode("cp1252")))) == {"caption": ["Häfen"]}
    assert read_iptc(data[:-1]) == {"title": ["Häfen"], "keywords": ["one", "tw"]}
    assert read_iptc(b"\x1c\x02\x05\xff\xff" + b"x" * 70_000) == {}
    assert read_iptc(b"") == {}


def test_places_that_are_none() -> None:
    assert place((12, 30, 0), "N", 90) == 12.5
    assert place((12, 30, 0), "", 90) == 12.5
    assert place((-54, 30, 0), "W", 180) == -53.5
    assert place((112, 30, 0), "N", 90) is None
    assert place((float("nan"), 0, 0), "N", 90) is None
    assert place(None, "N", 90) is None
    assert place(("x",), "N", 90) is None


def test_a_clock_never_set_is_no_date_and_nonsense_is_a_weak_one() -> None:
    found = told(saved("JPEG", exif()))
    assert found.notes == ()
    for text, weak in (("0000:00:00 00:00:00", 0), ("    :  :     :  :  ", 0), ("2009:99:99 1", 1)):
        tags = Image.Exif()
        tags.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = text
        found = told(saved("JPEG", tags))
        assert found.fields.taken_at is None
        assert [note.code for note in found.notes] == [Code.WEAK_DATE] * weak


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real files is not here")
def test_photographs_of_the_corpus(tmp_path: Path) -> None:
    with Image.open(CORPUS / "images/tika/testJPEG_GEO.jpg") as image:
        fields = describe(image).fields
    assert (fields.latitude, fields.longitude) == (12.54321, -54.1234)
    assert (fields.camera, fields.taken_at) == ("Canon EOS 40D", "2009-08-11T09:09:45Z")
    with Image.open(CORPUS / "images/tika/testJPEG_EXIF_emptyDateTime.jpg") as image:
        fields = describe(image).fields
    assert (fields.modified_at, fields.uncertain) == ("2012-05-03T17:36:11Z", ())
    data = (CORPUS / "images/tika/testJPEG_commented.jpg").read_bytes()
    (item,) = Bench(tmp_path).extract(data, "a.jpg")
    assert item.fields.keywords == ("grazelands", "nature reserve", "bird watching", "coast")
    assert item.text.source == "native"
    assert "Skåne" in Bench(tmp_path).text(item)
