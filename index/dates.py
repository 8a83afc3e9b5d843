"""Dates of a query: `2001`, `2001-05`, `2001-05-14` or `2001-05-14T10:30`, in the case's zone.

And which of its dates a document goes by.
"""

import datetime as dt
import re
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from records import tables, times
from records.storable import ByBytes

_FORM = re.compile(
    r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ](\d{2}):(\d{2}))?)?)?", re.ASCII | re.IGNORECASE
)
_D = tables.documents.c
_LAST = "9999-12-31T23:59:60Z"  # behind every time on record


def dated(documents: Any = _D) -> sa.ColumnElement[Any]:
    """The date of a document as `date:` has it: sent, else changed, else made."""
    return sa.func.coalesce(documents.sent_at, unsent(documents))


def unsent(documents: Any = _D) -> sa.ColumnElement[Any]:
    """The date of a document that was not sent: changed, else made."""
    return sa.func.coalesce(modified(documents), created(documents))


def modified(documents: Any = _D) -> sa.ColumnElement[Any]:
    """The document's own date of change if it tells one, else its file's."""
    return sa.func.coalesce(_told(documents, "modified_at"), documents.modified_at)


def created(documents: Any = _D) -> sa.ColumnElement[Any]:
    """When the document says that it was made."""
    return _told(documents, "created_at")


def _told(documents: Any, name: str) -> sa.ColumnElement[Any]:
    return ByBytes(documents.fields[name].as_string())


def period(text: str, zone: ZoneInfo) -> tuple[str, str]:
    """The time from which, and before which, a date of the query reaches; as the record has them.

    Raises `ValueError` for what is no date.
    """
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise ValueError("write a date as 2001, 2001-05, 2001-05-14 or 2001-05-14T10:30")
    year, month, day, hour, minute = (int(each) if each else None for each in found.groups())
    assert year is not None
    start = dt.datetime(year, month or 1, day or 1, hour or 0, minute or 0, tzinfo=zone)
    try:
        return times.stamp(start), times.stamp(_after(start, month, day, hour))
    except OverflowError:
        return times.stamp(start.replace(tzinfo=dt.UTC)), _LAST


def _after(start: dt.datetime, month: int | None, day: int | None, hour: int | None) -> dt.datetime:
    if month is None:
        return start.replace(year=start.year + 1) if start.year < 9999 else _overflow()
    if day is None:
        months = start.year * 12 + month  # the next one, counted from 0
        return (
            start.replace(year=months // 12, month=months % 12 + 1)
            if months < 120_000
            else _overflow()
        )
    if hour is None:
        # Wall-clock arithmetic: the day of a change of clocks is 23 or 25 hours long.
        return start + dt.timedelta(days=1)
    return (start.astimezone(dt.UTC) + dt.timedelta(minutes=1)).astimezone(start.tzinfo)


def _overflow() -> dt.datetime:
    raise OverflowError
