"""Text, CSV, HTML, calendars and cards: read without Tika, and without losing words."""

import re
from collections.abc import Callable
from pathlib import Path

from ingest.calendars import parse_calendar
from ingest.cards import parse_cards
from ingest.contentlines import ParsedEntries
from ingest.html import html_string_text, own_charset
from ingest.text import Decoded, decode, is_guess
from ingest.versions import TOOL, VERSION
from process.office import read_by_tika
from process.reading import Family, Part, Reading
from records.codes import Code, Disposition
from records.notes import warning

_BYTES_A_CHARACTER = 4
_LOOKED_AT = 1 << 20
# Load files use 0x14 and the separators 0x1C to 0x1F; the C1 controls are letters read wrongly.
_CONTROLS = re.compile("[\0-\x06\x0e-\x13\x15-\x1a\x7f]")
_MARKUP = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style|template)\b.*?(?:</\1|\Z)|<[^>]*(?:>|\Z)", re.S | re.I
)


def read_text(part: Part, family: Family) -> Reading:
    """Plain text in whatever charset; the charset used is kept with the metadata."""
    data, reading = _bytes(part, family)
    found = decode(data)
    reading.text = found.text
    _tell_charset(reading, found, None)
    if declines_text(found.text):
        return _by_tika_or(reading, part, family)
    return _judged(reading)


def declines_text(text: str) -> bool:
    """Whether text is left to Tika: more than a twentieth of it are controls, so it is none.

    The head of a file, by which its type was told, may be text where the rest is not.
    """
    return len(_CONTROLS.findall(text)) > len(text) * 0.05


def read_html(part: Part, family: Family) -> Reading:
    """The text of an HTML page, hidden parts and attributes that hold words included."""
    data, reading = _bytes(part, family)
    declared = own_charset(data)
    found = decode(data, declared)
    reading.text = html_string_text(found.text)
    _tell_charset(reading, found, declared)
    if declines_html(found.text, reading.text):
        return _by_tika_or(reading, part, family)
    return _judged(reading)


def declines_html(source: str, text: str) -> bool:
    """Whether a page is left to Tika: no word was found in it, and yet there are some.

    Words are looked for in what remains without tags, comments, scripts and styles.
    """
    if any(each.isalnum() for each in text):
        return False
    return any(each.isalnum() for each in _MARKUP.sub(" ", source[:_LOOKED_AT]))


def _by_tika_or(own: Reading, part: Part, family: Family) -> Reading:
    """What Tika reads; where that has no words, what was read here stands."""
    found = read_by_tika(part, part.type, family)
    if not found.text.strip() or found.outcome is not Disposition.REVIEWABLE:
        return _judged(own)
    return found


def _tell_charset(reading: Reading, found: Decoded, declared: str | None) -> None:
    """Put on record which charset was used and why, and what is in doubt about it."""
    reading.raw = dict(found.to_raw())
    if found.refused:
        reading.raw["charset_declared"] = declared
        message = f"It says that it is in {declared}, which does not hold; read as {found.charset}"
    elif is_guess(None, found.charset) and found.source in ("evidence", "assumed"):
        message = f"No charset is declared; the text was read as {found.charset}"
        if found.source == "assumed":
            message += ", on little evidence"
    else:
        return
    reading.notes.append(warning(Code.CHARSET_GUESSED, message, TOOL, VERSION))


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
