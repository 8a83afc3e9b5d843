"""Moments as calendars state them: UTC, local to a named or described zone, or of no zone.

A zone is taken from the time zone database where its name is one of it (RFC 5545 section
3.2.19), else from the calendar's own VTIMEZONE, else from the names that Windows uses.
"""

import datetime as dt
import re
from zoneinfo import ZoneInfo, available_timezones

from ingest.contentlines import Component, Line
from records import times

_MOMENT = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)(?:T(\d\d):?(\d\d):?(\d\d)?(?:\.\d+)?(Z|[+-]\d\d:?\d\d)?)?\Z"
)
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)?(?::?(\d\d))?\Z")
_DURATION = re.compile(
    r"([+-])?P(?:(\d{1,6})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,9})S)?)?\Z"
)
_BY_DAY = re.compile(r"([+-]?\d)?(MO|TU|WE|TH|FR|SA|SU)\Z")
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_ZONES = available_timezones()
# Unicode CLDR, supplemental/windowsZones.xml, territory 001.
WINDOWS = {
    "dateline standard time": "Etc/GMT+12",
    "hawaiian standard time": "Pacific/Honolulu",
    "alaskan standard time": "America/Anchorage",
    "pacific standard time": "America/Los_Angeles",
    "us mountain standard time": "America/Phoenix",
    "mountain standard time": "America/Denver",
    "central america standard time": "America/Guatemala",
    "central standard time": "America/Chicago",
    "central standard time (mexico)": "America/Mexico_City",
    "canada central standard time": "America/Regina",
    "sa pacific standard time": "America/Bogota",
    "eastern standard time": "America/New_York",
    "us eastern standard time": "America/Indiana/Indianapolis",
    "venezuela standard time": "America/Caracas",
    "atlantic standard time": "America/Halifax",
    "sa western standard time": "America/La_Paz",
    "pacific sa standard time": "America/Santiago",
    "newfoundland standard time": "America/St_Johns",
    "e. south america standard time": "America/Sao_Paulo",
    "argentina standard time": "America/Argentina/Buenos_Aires",
    "azores standard time": "Atlantic/Azores",
    "utc": "Etc/UTC",
    "gmt standard time": "Europe/London",
    "greenwich standard time": "Atlantic/Reykjavik",
    "w. europe standard time": "Europe/Berlin",
    "central europe standard time": "Europe/Budapest",
    "romance standard time": "Europe/Paris",
    "central european standard time": "Europe/Warsaw",
    "w. central africa standard time": "Africa/Lagos",
    "gtb standard time": "Europe/Bucharest",
    "middle east standard time": "Asia/Beirut",
    "egypt standard time": "Africa/Cairo",
    "south africa standard time": "Africa/Johannesburg",
    "fle standard time": "Europe/Kiev",
    "turkey standard time": "Europe/Istanbul",
    "israel standard time": "Asia/Jerusalem",
    "arabic standard time": "Asia/Baghdad",
    "arab standard time": "Asia/Riyadh",
    "belarus standard time": "Europe/Minsk",
    "russian standard time": "Europe/Moscow",
    "e. africa standard time": "Africa/Nairobi",
    "iran standard time": "Asia/Tehran",
    "arabian standard time": "Asia/Dubai",
    "azerbaijan standard time": "Asia/Baku",
    "georgian standard time": "Asia/Tbilisi",
    "afghanistan standard time": "Asia/Kabul",
    "west asia standard time": "Asia/Tashkent",
    "pakistan standard time": "Asia/Karachi",
    "india standard time": "Asia/Calcutta",
    "nepal standard time": "Asia/Katmandu",
    "bangladesh standard time": "Asia/Dhaka",
    "se asia standard time": "Asia/Bangkok",
    "china standard time": "Asia/Shanghai",
    "singapore standard time": "Asia/Singapore",
    "taipei standard time": "Asia/Taipei",
    "w. australia standard time": "Australia/Perth",
    "korea standard time": "Asia/Seoul",
    "tokyo standard time": "Asia/Tokyo",
    "cen. australia standard time": "Australia/Adelaide",
    "aus central standard time": "Australia/Darwin",
    "e. australia standard time": "Australia/Brisbane",
    "aus eastern standard time": "Australia/Sydney",
    "tasmania standard time": "Australia/Hobart",
    "new zealand standard time": "Pacific/Auckland",
    "fiji standard time": "Pacific/Fiji",
}


def moment(line: Line | None, calendar: Component) -> tuple[str | None, str]:
    """A line's moment in UTC, and why it is in doubt; None where there is none that can be."""
    if line is None or not line.value.strip():
        return None, ""
    found = _MOMENT.match(line.value.strip().split("/")[0])
    naive = None if found is None else _naive(found)
    if found is None or naive is None:
        return None, f"The time {line.value[:80]!r} cannot be read"
    zone = found[7]
    if zone == "Z":
        return _stamp(naive, dt.timedelta(0)), ""
    if zone:
        return _stamp(naive, _offset(zone)), ""
    if found[4] is None:
        return _stamp(naive, dt.timedelta(0)), ""  # a whole day is of no zone
    offset, doubt = _local(naive, line.parameters.get("TZID", ""), calendar)
    return _stamp(naive, offset), doubt


def duration(text: str) -> dt.timedelta | None:
    """A duration (RFC 5545 section 3.3.6)."""
    found = _DURATION.match(text.strip().upper())
    if found is None:
        return None
    weeks, days, hours, minutes, seconds = (int(each or 0) for each in found.groups()[1:])
    length = dt.timedelta(days, seconds, 0, 0, minutes, hours, weeks)
    return -length if found[1] == "-" else length


def later(stamp: str, length: dt.timedelta) -> str | None:
    """A moment so much later; None where there is no such moment."""
    try:
        return times.stamp(dt.datetime.fromisoformat(stamp) + length)
    except (ValueError, OverflowError):
        return None


def _naive(found: re.Match[str]) -> dt.datetime | None:
    try:
        year, month, day, hour, minute, second = (int(each or 0) for each in found.groups()[:6])
        return dt.datetime(year, month, day, hour, minute, min(second, 59))  # noqa: DTZ001
    except ValueError:
        return None


def _stamp(naive: dt.datetime, offset: dt.timedelta) -> str | None:
    try:
        return times.stamp(naive.replace(tzinfo=dt.UTC) - offset)
    except OverflowError:
        return None


def _offset(text: str) -> dt.timedelta:
    found = _OFFSET.match(text.strip())
    if found is None:
        return dt.timedelta(0)
    hours, minutes, seconds = (int(each or 0) for each in found.groups()[1:])
    length = dt.timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return -length if found[1] == "-" else length


def _local(naive: dt.datetime, tzid: str, calendar: Component) -> tuple[dt.timedelta, str]:
    """The offset of a local time, and why it is in doubt."""
    if not tzid:
        zone = calendar.first("TZ")  # vCalendar 1.0
        if zone is not None and _OFFSET.match(zone.value.strip()):
            return _offset(zone.value), ""
        return dt.timedelta(0), "A time of no zone; taken as UTC"
    name = _known(tzid)
    if name is None:
        described = [each for each in calendar.walk() if each.name == "VTIMEZONE"]
        for each in described:
            if each.text("TZID") == tzid and (offset := _described(naive, each)) is not None:
                return offset, ""
        name = WINDOWS.get(tzid.strip().lower())
    if name is None:
        return dt.timedelta(0), f"The zone {tzid[:80]!r} is not known; taken as UTC"
    return naive.replace(tzinfo=ZoneInfo(name)).utcoffset() or dt.timedelta(0), ""


def _known(tzid: str) -> str | None:
    """The zone of the database that a TZID names, behind whatever path a program put before it."""
    pieces = tzid.strip().strip("/").split("/")
    for count in (3, 2, 1):
        if len(pieces) >= count and "/".join(pieces[-count:]) in _ZONES:
            return "/".join(pieces[-count:])
    return None


def _described(naive: dt.datetime, zone: Component) -> dt.timedelta | None:
    """The offset that a VTIMEZONE gives (RFC 5545 section 3.6.5): of its latest onset before."""
    best: tuple[dt.datetime, dt.timedelta] | None = None
    fallback: dt.timedelta | None = None
    for rule in zone.children:
        start = rule.first("DTSTART")
        found = None if start is None else _MOMENT.match(start.value.strip())
        begin = None if found is None else _naive(found)
        if not rule.text("TZOFFSETTO") or begin is None:
            continue
        offset = _offset(rule.text("TZOFFSETTO"))
        fallback = offset if fallback is None or rule.name == "STANDARD" else fallback
        onset = _latest(naive, begin, rule)
        if onset is not None and (best is None or onset >= best[0]):
            best = onset, offset
    return best[1] if best else fallback


def _latest(naive: dt.datetime, begin: dt.datetime, rule: Component) -> dt.datetime | None:
    """The latest onset of a rule at or before a moment."""
    if begin > naive:
        return None
    yearly = dict(
        part.split("=", 1) for part in rule.text("RRULE").upper().split(";") if "=" in part
    )
    day = _BY_DAY.match(yearly.get("BYDAY", ""))
    month = yearly.get("BYMONTH", "")
    if (
        yearly.get("FREQ") != "YEARLY"
        or not day
        or not month.isdecimal()
        or not 0 < int(month) < 13
    ):
        return begin
    until = _MOMENT.match(yearly.get("UNTIL", ""))
    last = _naive(until) if until else None
    for year in (naive.year, naive.year - 1):
        onset = _nth(year, int(month), _DAYS.index(day[2]), int(day[1] or 1), begin)
        if onset is not None and begin <= onset <= naive and (last is None or onset <= last):
            return onset
    return begin


def _nth(year: int, month: int, weekday: int, nth: int, at: dt.datetime) -> dt.datetime | None:
    """The n-th such weekday of a month, counted from its end where n is negative."""
    if nth == 0 or not 1 <= year < 9999:
        return None
    first = dt.datetime(year, month, 1, at.hour, at.minute, at.second)  # noqa: DTZ001
    if nth > 0:
        return first + dt.timedelta((weekday - first.weekday()) % 7 + 7 * (nth - 1))
    after = first.replace(year=year + month // 12, month=month % 12 + 1)
    last = after - dt.timedelta(1)
    return last - dt.timedelta((last.weekday() - weekday) % 7 + 7 * (-nth - 1))
