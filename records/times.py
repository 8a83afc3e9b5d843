"""Times as the record keeps them: ISO 8601 in UTC, to the second, with a final Z."""

import datetime as dt


def stamp(moment: dt.datetime) -> str:
    """Write an aware time; raises `ValueError` for a naive one."""
    if moment.tzinfo is None:
        raise ValueError(f"a time without a zone: {moment}")
    plain = moment.astimezone(dt.UTC).replace(microsecond=0, tzinfo=None)
    return plain.isoformat() + "Z"  # strftime's %Y does not pad a year before 1000


def now() -> str:
    """The present time, written."""
    return stamp(dt.datetime.now(dt.UTC))


def parse(text: str) -> dt.datetime:
    """Read what `stamp` wrote."""
    return dt.datetime.fromisoformat(text)
