"""Times as the record keeps them: ISO 8601 in UTC, to the second, with a final Z."""

import datetime as dt
from zoneinfo import ZoneInfo


def stamp(moment: dt.datetime) -> str:
    """Write an aware time; raises `ValueError` for a naive one."""
    if moment.tzinfo is None:
        raise ValueError(f"a time without a zone: {moment}")
    plain = moment.astimezone(dt.UTC).replace(microsecond=0, tzinfo=None)
    return plain.isoformat() + "Z"  # strftime's %Y does not pad a year before 1000


def now() -> str:
    """The present time, written."""
    return stamp(dt.datetime.now(dt.UTC))


def local(text: str | None, zone: ZoneInfo) -> str:
    """What `stamp` wrote, as `2001-05-14 23:30` in a zone; empty for nothing."""
    if not text:
        return ""
    moment = parse(text)
    try:
        moment = moment.astimezone(zone)
    except OverflowError:  # at either end of what a date can be
        return text[:16].replace("T", " ")
    return moment.isoformat(" ", "minutes")[:16]


def zoned(text: str | None, zone: ZoneInfo) -> str:
    """The same with the name of the zone's time: `2001-05-14 23:30 EDT`."""
    if not text:
        return ""
    try:
        name = parse(text).astimezone(zone).tzname()
    except OverflowError:
        name = "UTC"
    return f"{local(text, zone)} {name}"


def parse(text: str) -> dt.datetime:
    """Read what `stamp` wrote."""
    return dt.datetime.fromisoformat(text)
