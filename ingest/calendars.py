"""Calendars: iCalendar (RFC 5545) and vCalendar 1.0; each file is one document."""

from collections import Counter
from typing import Any

from ingest.contentlines import (
    Component,
    Line,
    ParsedEntries,
    parts_of,
    read_components,
    shown_lines,
)
from ingest.text import decode_text
from ingest.versions import TOOL, VERSION
from ingest.zones import duration, later, moment
from records.codes import Code
from records.fields import Address, Fields
from records.notes import warning

_KINDS = {"VEVENT": "appointment", "VTODO": "task", "VJOURNAL": "journal", "VFREEBUSY": "other"}
_LABELS = {
    "VCALENDAR": "Calendar",
    "VEVENT": "Appointment",
    "VTODO": "Task",
    "VJOURNAL": "Journal entry",
    "VFREEBUSY": "Free and busy times",
    "VALARM": "Reminder",
    "VTIMEZONE": "Time zone",
    "SUMMARY": "Subject",
    "DESCRIPTION": "Description",
    "LOCATION": "Location",
    "ORGANIZER": "Organizer",
    "ATTENDEE": "Attendee",
    "DTSTART": "Starts",
    "DTEND": "Ends",
    "DUE": "Due",
    "CATEGORIES": "Categories",
    "COMMENT": "Comment",
    "CONTACT": "Contact",
    "X-WR-CALNAME": "Calendar name",
    "X-WR-CALDESC": "Calendar description",
}
_SENSITIVITY = {"PRIVATE": "private", "CONFIDENTIAL": "confidential"}
_OPTIONAL = frozenset({"OPT-PARTICIPANT", "NON-PARTICIPANT", "FYI"})


def parse_calendar(data: bytes) -> ParsedEntries:
    """Take a calendar apart; of several entries the fields are the first one's.

    Whatever cannot be understood stays in the text; where there is no entry at all, the text is
    the file's own.
    """
    root = read_components(data)
    everything = list(root.walk())
    calendar = next((each for each in everything if each.name == "VCALENDAR"), root)
    entries = [each for each in everything if each.name in _KINDS]
    raw: dict[str, Any] = {"entries": dict(Counter(_KINDS[each.name] for each in entries))}
    for name in ("METHOD", "PRODID", "VERSION"):
        if value := calendar.text(name):
            raw[name.lower()] = value
    if not entries:
        fields = Fields(title=calendar.text("X-WR-CALNAME"))
        text = decode_text(data)[0] if len(everything) == 1 else _text(root)
        return ParsedEntries(fields, text, parts_of(root), raw, ())
    fields, doubts = _fields(entries[0], calendar)
    if uid := entries[0].text("UID"):
        raw["uid"] = uid
    notes = tuple(warning(Code.WEAK_DATE, each, TOOL, VERSION) for each in dict.fromkeys(doubts))
    return ParsedEntries(fields, _text(root), parts_of(root), raw, notes)


def _text(root: Component) -> str:
    return "\n".join(shown_lines(root, _LABELS)).strip("\n") + "\n"


def _fields(entry: Component, calendar: Component) -> tuple[Fields, list[str]]:
    starts, ends, doubts = _times(entry, calendar)
    created = moment(entry.first("CREATED") or entry.first("DCREATED"), calendar)[0]
    fields = Fields(
        title=calendar.text("X-WR-CALNAME"),
        kind=_KINDS[entry.name],
        subject=entry.text("SUMMARY"),
        sender=tuple(_party(each) for each in entry.all("ORGANIZER")[:1]),
        to=_parties(entry, optional=False),
        cc=_parties(entry, optional=True),
        starts_at=starts,
        ends_at=ends,
        created_at=created,
        modified_at=moment(entry.first("LAST-MODIFIED"), calendar)[0],
        location=entry.text("LOCATION"),
        categories=_categories(entry),
        sensitivity=_SENSITIVITY.get(entry.text("CLASS").upper(), ""),
        importance=_importance(entry.text("PRIORITY")),
    )
    return fields, doubts


def _times(entry: Component, calendar: Component) -> tuple[str | None, str | None, list[str]]:
    starts, doubt = moment(entry.first("DTSTART"), calendar)
    ends, other = moment(entry.first("DTEND") or entry.first("DUE"), calendar)
    length = duration(entry.text("DURATION"))
    if ends is None and starts is not None and length is not None:
        ends = later(starts, length)
    return starts, ends, [each for each in (doubt, other) if each]


def _parties(entry: Component, *, optional: bool) -> tuple[Address, ...]:
    found = (
        _party(each)
        for each in entry.all("ATTENDEE")
        if (each.parameters.get("ROLE", "").upper() in _OPTIONAL) is optional
    )
    return tuple(dict.fromkeys(each for each in found if each.name or each.address))


def _party(line: Line) -> Address:
    """A calendar user: `mailto:` and a name, or, in vCalendar 1.0, a mail address in full."""
    value = line.text.strip()
    name = line.parameters.get("CN", "")
    if value.endswith(">") and "<" in value:
        before, _, inside = value.rpartition("<")
        name, value = name or before.strip(' "'), inside.rstrip(">")
    if value[:7].lower() == "mailto:":
        value = value[7:]
    if "@" not in value and not name:
        return Address(value, "")
    return Address(" ".join(name.split()), value.strip().lower() if "@" in value else "")


def _categories(entry: Component) -> tuple[str, ...]:
    found = (
        piece
        for line in entry.all("CATEGORIES")
        for whole in line.value.split(";")
        for piece in Line("", {}, whole).pieces(",")
    )
    return tuple(dict.fromkeys(each for each in found if each))


def _importance(priority: str) -> str:
    if not priority[:1].isdecimal() or priority[:1] == "0":
        return ""
    number = int(priority[:1])
    return "high" if number < 5 else "normal" if number == 5 else "low"
