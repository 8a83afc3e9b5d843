"""Text, CSV, HTML, calendars and cards: read without Tika, and without losing words."""

from collections.abc import Callable
from pathlib import Path

from ingest.calendars import parse_calendar
from ingest.cards import parse_cards
from ingest.contentlines import ParsedEntries
from ingest.html import html_text
from ingest.text import decode_text, is_guess
from ingest.versions import TOOL, VERSION
from process.reading import Family, Part, Reading
from records.codes import Code
from records.notes import warning

_BYTES_A_CHARACTER = 4


def read_text(part: Part, family: Family) -> Reading:
    """Plain text in whatever charset; the charset used is kept with the metadata."""
    data, reading = _bytes(part, family)
    reading.text, charset = decode_text(data, None)
    reading.raw = {"charset": charset}
    if is_guess(None, charset):
        message = f"No charset is declared; the text was read as {charset}"
        reading.notes.append(warning(Code.CHARSET_GUESSED, message, TOOL, VERSION))
    return _judged(reading)


def read_html(part: Part, family: Family) -> Reading:
    """The text of an HTML page, hidden parts and attributes that hold words included."""
    data, reading = _bytes(part, family)
    reading.text = html_text(data, None)
    return _judged(reading)


def read_calendar(part: Part, family: Family) -> Reading:
    """A calendar's entries for people to read, with the fields of its first."""
    return _entries(parse_calendar, part, family)


def read_cards(part: Part, family: Family) -> Reading:
    """Cards for people to read, their pictures as documents."""
    return _entries(parse_cards, part, family)


def _entries(parse: Callable[[bytes], ParsedEntries], part: Part, family: Family) -> Reading:
    data, reading = _bytes(part, family)
    found = parse(data)
    reading.text, reading.fields, reading.raw = found.text, found.fields, found.raw
    reading.notes += found.notes
    reading.parts = [
        Part(each.name, each.role, each.data, each.name_bytes, raw={"declared": each.content_type})
        for each in found.parts
    ]
    return _judged(reading)


def _bytes(part: Part, family: Family) -> tuple[bytes, Reading]:
    """The file's bytes, as many as can matter under the limit of characters."""
    path: Path = family.keep(part)
    limit = family.limits.characters * _BYTES_A_CHARACTER
    with path.open("rb") as file:
        data = file.read(limit + 1)
    reading = Reading()
    if len(data) > limit:
        reading.notes.append(family.cut_note())
        data = data[:limit]
    return data, reading


def _judged(reading: Reading) -> Reading:
    if not reading.text.strip():
        reading.notes.append(warning(Code.NO_TEXT, "There is no text in it", TOOL, VERSION))
    return reading
