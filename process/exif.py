"""What pictures say of themselves: EXIF, XMP, IPTC and comments, in whatever format carries them.

All tags stay in what was found. Titles, captions and keywords are words and go to the text too.
"""

import struct
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import PIL
from PIL import ExifTags, Image

from process.dates import Dates, Stated, exif_date, iso_date
from process.metadata import camera, degrees, split_keywords
from process.xmp import Value, every, first, read_xmp
from records.codes import Code
from records.fields import Fields
from records.notes import Note, warning

TOOL = "pillow"
VERSION = PIL.__version__
_MOST_TAGS = 1000
_MOST_TEXT = 32_768
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    ZeroDivisionError,
    OverflowError,
    struct.error,
)
"""What Pillow throws at tags that are not as they should be."""

_IPTC = {
    5: "title", 25: "keywords", 55: "date", 60: "time", 80: "author", 90: "city", 92: "place",
    95: "state", 101: "country", 105: "headline", 110: "credit", 115: "source", 116: "copyright",
    120: "caption", 122: "caption-writer",
}  # fmt: skip
_CAPTIONS = ("comment", "Comment", "Description", "Title", "Author", "Copyright", "Software")
_UTF8 = b"\x1b%G"  # ISO 2022's way of saying UTF-8 (IPTC-IIM 1:90)


@dataclass(frozen=True, slots=True)
class Described:
    """A picture's own words about itself; `text` holds those that a person wrote."""

    fields: Fields = field(default_factory=Fields)
    raw: dict[str, Any] = field(default_factory=dict)
    text: str = ""
    notes: tuple[Note, ...] = ()


@dataclass(slots=True)
class _Found:
    """The sources by name; tags of EXIF by their usual names."""

    tags: dict[str, Any] = field(default_factory=dict)
    xmp: dict[str, Value] = field(default_factory=dict)
    iptc: dict[str, list[str]] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def tag(self, name: str) -> str:
        """A tag as text."""
        return _text(self.tags.get(name))

    def iptc_first(self, name: str) -> str:
        """The first value of an IPTC field."""
        return (self.iptc.get(name) or [""])[0]


def describe(image: Image.Image) -> Described:
    """Read what an open picture carries beside its dots."""
    found = _Found()
    _read_tags(image, found)
    info = image.info
    packet = info.get("xmp") or info.get("XML:com.adobe.xmp") or b""
    found.xmp = read_xmp(packet.encode() if isinstance(packet, str) else bytes(packet))
    found.iptc = read_iptc(_iptc_block(info, found.tags))
    for name in _CAPTIONS:
        if words := _text(info.get(name)):
            found.said[name] = words
    dates = Dates()
    fields = _fields(found, dates)
    raw = {name: _plain(value) for name, value in found.tags.items()}
    for name, more in (("xmp", found.xmp), ("iptc", found.iptc), ("said", found.said)):
        if more:
            raw[name] = more
    notes = dates.notes(TOOL, VERSION)
    if found.faults:
        message = f"Not all of its EXIF can be read: {'; '.join(found.faults)}"[:500]
        notes.append(warning(Code.PARTIAL, message, TOOL, VERSION))
    return Described(fields, raw, _words(fields, found), tuple(notes))


def _read_tags(image: Image.Image, found: _Found) -> None:
    try:
        exif = image.getexif()
        parts = [dict(exif)]
    except _BROKEN as error:
        found.faults.append(f"{type(error).__name__}: {error}")
        return
    for part, names in (
        (ExifTags.IFD.Exif, ExifTags.TAGS),
        (ExifTags.IFD.GPSInfo, ExifTags.GPSTAGS),
    ):
        try:
            inside = dict(exif.get_ifd(part))
        except _BROKEN as error:
            found.faults.append(f"{type(error).__name__}: {error}")
            continue
        found.tags |= {names.get(tag, f"tag-{tag}"): value for tag, value in inside.items()}
    for tag, value in parts[0].items():
        found.tags.setdefault(ExifTags.TAGS.get(tag, f"tag-{tag}"), value)
    if len(found.tags) > _MOST_TAGS:
        found.faults.append(f"there are more than {_MOST_TAGS} tags")
        found.tags = dict(list(found.tags.items())[:_MOST_TAGS])


def _fields(found: _Found, dates: Dates) -> Fields:
    xmp, tag = found.xmp, found.tag
    keywords = (*every(xmp, "dc:subject"), *found.iptc.get("keywords", ()))
    keywords = keywords or split_keywords(tag("XPKeywords"))
    captions = _captions(found)
    return Fields(
        title=first(xmp, "dc:title")
        or found.iptc_first("title")
        or tag("XPTitle")
        or found.said.get("Title", ""),
        author=tag("Artist")
        or "; ".join(every(xmp, "dc:creator"))
        or found.iptc_first("author")
        or tag("XPAuthor")
        or found.said.get("Author", ""),
        subject=tag("XPSubject") or found.iptc_first("headline"),
        comments=captions[0] if captions else "",
        keywords=tuple(dict.fromkeys(each.strip() for each in keywords if each.strip())),
        application=tag("Software")
        or first(xmp, "xmp:CreatorTool")
        or found.said.get("Software", ""),
        camera=camera(
            tag("Make") or first(xmp, "tiff:Make"), tag("Model") or first(xmp, "tiff:Model")
        ),
        location=", ".join(
            part
            for name in ("place", "city", "state", "country")
            if (part := found.iptc_first(name))
        ),
        taken_at=_date(found, dates, "taken_at", "DateTimeOriginal", "OffsetTimeOriginal"),
        created_at=_date(found, dates, "created_at", "DateTimeDigitized", "OffsetTimeDigitized"),
        modified_at=_date(found, dates, "modified_at", "DateTime", "OffsetTime"),
        latitude=place(found.tags.get("GPSLatitude"), tag("GPSLatitudeRef"), 90),
        longitude=place(found.tags.get("GPSLongitude"), tag("GPSLongitudeRef"), 180),
        uncertain=tuple(dates.uncertain),
    )


_XMP_DATES = {
    "taken_at": ("exif:DateTimeOriginal", "photoshop:DateCreated"),
    "created_at": ("xmp:CreateDate",),
    "modified_at": ("xmp:ModifyDate",),
}


def _date(found: _Found, dates: Dates, name: str, tag: str, offset: str) -> str | None:
    text = found.tag(tag).strip(" :")  # a clock that was never set leaves blanks or zeros
    stated = exif_date(text, found.tag(offset))
    if said := first(found.xmp, *_XMP_DATES[name]):
        told = iso_date(said)
        same = _digits(said)[:14] == _digits(text)[:14]
        if stated.at is None or (same and told.certain):  # XMP has the zone that EXIF lacks
            text, stated = said, told
    if stated.at is None and name == "taken_at" and (day := found.iptc_first("date")):
        text, stated = day, _iptc_date(day, found.iptc_first("time"))
    return dates.take(name, text if text.strip("0 :") else "", stated)


def _digits(text: str) -> str:
    return "".join(each for each in text if each.isdigit())


def _iptc_date(day: str, time: str) -> Stated:
    """IPTC's CCYYMMDD and HHMMSS±HHMM."""
    clock = f"T{time[:2]}:{time[2:4]}:{time[4:6]}{time[6:11]}" if len(time) >= 6 else ""
    return iso_date(f"{day[:4]}-{day[4:6]}-{day[6:8]}{clock}")


def place(value: Any, reference: str, most: int) -> float | None:
    """Degrees, minutes and seconds, north or east where nothing else is said, as degrees."""
    try:
        parts = (
            [float(each) for each in value] if isinstance(value, tuple | list) else [float(value)]
        )
        size = sum(part / 60**power for power, part in enumerate(parts[:3]))
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    sign = -1 if reference.strip().upper()[:1] in ("S", "W") else 1
    return degrees(str(abs(size) * sign if reference.strip() else size), most)


def _captions(found: _Found) -> list[str]:
    """What a person may have written about the picture, each once."""
    every_one = [
        found.tag("ImageDescription"),
        *every(found.xmp, "dc:description"),
        *found.iptc.get("caption", ()),
        _user_comment(found.tags.get("UserComment")),
        found.tag("XPComment"),
        *(found.said.get(name, "") for name in ("Description", "comment", "Comment")),
    ]
    return list(dict.fromkeys(each.strip() for each in every_one if each.strip()))


def _words(fields: Fields, found: _Found) -> str:
    """Titles, captions and keywords as marked lines of text."""
    lines = [("title", fields.title), ("subject", fields.subject)]
    lines += [("caption", each) for each in _captions(found)]
    lines.append(("keywords", "; ".join(fields.keywords)))
    return "\n".join(f"[Metadata: {name}] {words}" for name, words in lines if words)


def _user_comment(value: Any) -> str:
    """A comment with its character code before it (EXIF 2.32, 4.6.6 UserComment)."""
    if not isinstance(value, bytes):
        return _text(value)
    code, words = value[:8], value[8:]
    if code.startswith(b"UNICODE"):
        wide = "utf-16-be" if words[:1] == b"\0" else "utf-16-le"
        return _clean(words.decode(wide, "replace"))
    if code.startswith((b"ASCII", b"\0")):
        return _clean(words.decode("utf-8", "replace"))
    return _clean(words.decode("cp932", "replace")) if code.startswith(b"JIS") else ""


def _text(value: Any) -> str:
    """A tag's value as text; the wide strings of Windows' own tags are bytes."""
    if isinstance(value, tuple | list) and value and all(isinstance(each, int) for each in value):
        value = bytes(each & 0xFF for each in value)
    if isinstance(value, bytes):
        wide = len(value) > 1 and value[1::2].count(0) * 2 >= len(value[1::2]) > 0
        value = value.decode("utf-16-le" if wide else "utf-8", "replace")
    if isinstance(value, str) and not value.isascii():
        # Pillow takes all for Latin-1; many writers put UTF-8 there
        with suppress(UnicodeError):
            value = value.encode("latin-1").decode("utf-8")
    return "" if value is None else _clean(str(value))


def _clean(text: str) -> str:
    return text.replace("\0", " ").strip()[:_MOST_TEXT]


def _iptc_block(info: dict[Any, Any], tags: dict[str, Any]) -> bytes:
    """The IPTC record: in Photoshop's resources of a JPEG, or in a tag of a TIFF."""
    resources = info.get("photoshop")
    block = resources.get(0x0404) if isinstance(resources, dict) else None
    for value in (block, tags.get("IptcNaaInfo"), tags.get("tag-33723")):
        if isinstance(value, bytes) and value:
            return value
    return b""


def read_iptc(data: bytes) -> dict[str, list[str]]:
    """The fields of an IPTC-IIM record of which we know the names."""
    found: dict[str, list[str]] = {}
    at, charset = 0, "cp1252"
    for _ in range(_MOST_TAGS):
        if at + 5 > len(data) or data[at] != 0x1C:
            break
        record, number, size = struct.unpack_from(">BBH", data, at + 1)
        if size & 0x8000:  # an extended length: nothing that is text has one
            break
        value = data[at + 5 : at + 5 + size]
        at += 5 + size
        if (record, number) == (1, 90) and value.startswith(_UTF8):
            charset = "utf-8"
        elif record == 2 and number in _IPTC:
            words = _clean(_decoded(value, charset))
            if words:
                found.setdefault(_IPTC[number], []).append(words)
    return found


def _decoded(value: bytes, charset: str) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode(charset, "replace")


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value[:4096].hex()
    if isinstance(value, str):
        return value[:_MOST_TEXT]
    if isinstance(value, int):
        return value
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value[:100]]
    return str(value)[:_MOST_TEXT]
