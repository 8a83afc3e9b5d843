"""Dates of a load file: the order of day, month and year, told by all of them; and reading them."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from records.times import stamp

ORDERS = ("MDY", "DMY", "YMD")
_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}
_PARTS = re.compile(r"(\d{1,4})[/.\-](\d{1,2})[/.\-](\d{1,4})(?!\d)", re.ASCII)
_SOLID = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)(?!\d)", re.ASCII)
_NAMED = re.compile(
    r"(?:[a-z]{3,9},?\s+)?"
    r"(?:(\d{1,2})[ \-/.]+([a-z]{3})[a-z]*\.?|([a-z]{3})[a-z]*\.?[ \-]+(\d{1,2})),?"
    r"[ \-/]+(\d{4}|\d\d)(?!\d)",
    re.ASCII | re.IGNORECASE,
)
_TIME = re.compile(
    r"(\d{1,2}):?(\d\d)(?::?(\d\d))?(?:[.,]\d+)?\s*([ap])?\.?(?:m\b\.?)?\s*"
    r"(Z\b|UTC\b|GMT\b|[+-]\d\d:?\d\d)?",
    re.ASCII | re.IGNORECASE,
)
# No date at all: what vendors write where there is none.
_EMPTY = re.compile(r"[0/\-.:\s]*|n/?a|none|null|unknown", re.IGNORECASE)
_ZONES = {
    "utc": "UTC", "gmt": "UTC", "z": "UTC", "utc+0": "UTC", "coordinated universal time": "UTC",
    "est": "America/New_York", "edt": "America/New_York", "et": "America/New_York",
    "eastern": "America/New_York", "eastern standard time": "America/New_York",
    "eastern time": "America/New_York", "eastern daylight time": "America/New_York",
    "cst": "America/Chicago", "cdt": "America/Chicago", "ct": "America/Chicago",
    "central": "America/Chicago", "central standard time": "America/Chicago",
    "central time": "America/Chicago",
    "mst": "America/Denver", "mdt": "America/Denver", "mt": "America/Denver",
    "mountain": "America/Denver", "mountain standard time": "America/Denver",
    "pst": "America/Los_Angeles", "pdt": "America/Los_Angeles", "pt": "America/Los_Angeles",
    "pacific": "America/Los_Angeles", "pacific standard time": "America/Los_Angeles",
    "pacific time": "America/Los_Angeles",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Order:
    """How numeric dates are written, what says so, and whether anything does."""

    name: str
    why: str
    sure: bool


def order_of(values: Iterable[str]) -> Order:
    """The order of day, month and year in these dates."""
    seen: Counter[str] = Counter()
    for value in values:
        found = _PARTS.match(value.strip())
        if found is None:
            seen["other"] += bool(value.strip())
            continue
        first, second = found[1], found[2]
        if len(first) == 4:
            seen["YMD"] += 1
        elif int(first) > 12 >= int(second):
            seen["DMY"] += 1
        elif int(second) > 12 >= int(first):
            seen["MDY"] += 1
        else:
            seen["either"] += 1
    if seen["MDY"] and seen["DMY"]:
        best = "MDY" if seen["MDY"] >= seen["DMY"] else "DMY"
        why = f"{seen['MDY']} dates can only be MDY and {seen['DMY']} only DMY"
        return Order(best, why, sure=False)
    for name in ("MDY", "DMY"):
        if seen[name]:
            return Order(name, f"{seen[name]} dates cannot be read otherwise", sure=True)
    if seen["either"]:
        return Order("MDY", "no date tells day from month; this is the usual one", sure=False)
    return Order("YMD" if seen["YMD"] else "MDY", "no date can be read in two ways", sure=True)


def zone_of(name: str) -> ZoneInfo | None:
    """The zone of a name as load files have it; None for one that is not known."""
    text = name.strip()
    known = _ZONES.get(re.sub(r"^\(.*?\)\s*", "", text).casefold())
    try:
        return ZoneInfo(known or text) if text else None
    except (ValueError, OSError, LookupError):
        return None


def is_empty(value: str) -> bool:
    """Whether a value says that there is no date."""
    return _EMPTY.fullmatch(value.strip()) is not None


def read(value: str, time: str, order: str, zone: ZoneInfo) -> tuple[str | None, str]:
    """A date, with its time apart or behind it, as a stamp in UTC; else why it is none.

    Without a time it is the first moment of the day in the zone.
    """
    text = value.strip()
    day, rest = _day(text, order)
    if day is None:
        return None, rest
    clock = time.strip() or rest.lstrip(" T@,")
    hour, minute, second, offset = 0, 0, 0, None
    if clock and not (is_empty(clock) and ":" not in clock):
        found = _TIME.match(clock)
        if found is None:
            return None, f"the time {clock!r} cannot be read"
        hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
        if found[4]:
            hour = hour % 12 + (12 if found[4].lower() == "p" else 0)
        offset = found[5]
    try:
        moment = dt.datetime(*day, hour, minute, second, tzinfo=_offset(offset) or zone)
        return stamp(moment), ""
    except (ValueError, OverflowError) as error:
        return None, f"{error}"


def _offset(text: str | None) -> dt.tzinfo | None:
    if not text:
        return None
    if text[0] not in "+-":
        return dt.UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return dt.timezone(dt.timedelta(minutes=-minutes if text[0] == "-" else minutes))


def _day(text: str, order: str) -> tuple[tuple[int, int, int] | None, str]:
    """Year, month and day, and what stands behind them; or why there are none."""
    if found := _PARTS.match(text):
        first, second, third = int(found[1]), int(found[2]), int(found[3])
        if len(found[1]) == 4:
            day = (first, second, third)
        elif len(found[1]) == 3 or len(found[3]) == 3:
            return None, "the year has three digits"
        else:
            month, date = (first, second) if order != "DMY" else (second, first)
            day = (_year(third, found[3]), month, date)
    elif found := _SOLID.match(text):
        day = (int(found[1]), int(found[2]), int(found[3]))
    elif found := _NAMED.match(text):
        number = _MONTHS.get((found[2] or found[3]).lower())
        if number is None:
            return None, "it names no month"
        day = (_year(int(found[5]), found[5]), number, int(found[1] or found[4]))
    else:
        return None, "no order of day, month and year is known in it"
    if not 1 <= day[1] <= 12:
        return None, f"there is no month {day[1]} (read as {order})"
    return day, text[found.end() :]


def _year(number: int, text: str) -> int:
    if len(text) > 2:
        return number
    return number + (2000 if number < 70 else 1900)
