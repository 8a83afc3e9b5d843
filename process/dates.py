"""Dates as documents state them, with what is certain about them.

A date without a zone is taken as UTC and is said to be uncertain. A date before computers kept
any, or far in the future, is none: most are the zero of some clock (1601, 1899, 1904, 1970).
"""

import datetime as dt
import re
from dataclasses import dataclass, field

from records.codes import Code
from records.notes import Note, warning
from records.times import stamp

_FIRST, _LAST = 1905, 2100
_UNIX_ZERO = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_SECONDS = re.compile(r"\d{9,10}|\d{13}", re.ASCII)  # since 1970, or thousandths of them
# W3CDTF and its kin; what is missing after the year is the first there can be.
_ISO = re.compile(
    r"(\d{4})(?:-(\d\d?)(?:-(\d\d?)(?:[T ](\d\d?):(\d\d)(?::(\d\d)(?:[.,]\d{1,12})?)?)?)?)?"
    r"\s?(Z|[+-]\d\d:?(?:\d\d)?)?",
    re.ASCII | re.IGNORECASE,
)
# ISO 32000-1, 7.9.4: D:YYYYMMDDHHmmSSOHH'mm', everything after the year optional
_PDF = re.compile(
    r"(?:D:)?\s*(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?\s*"
    r"(Z|[+-]\s?\d\d)?'?(\d\d)?'?(?:00'?00'?)?",
    re.ASCII | re.IGNORECASE,
)
_EXIF = re.compile(r"(\d{4})[:/-](\d\d?)[:/-](\d\d?)[ T](\d\d?):(\d\d)(?::(\d\d))?", re.ASCII)
_OFFSET = re.compile(r"([+-])\s?(\d\d):?(\d\d)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Stated:
    """A date that was read. `at` is None for one that cannot be; `certain`: its zone is told."""

    at: str | None
    certain: bool = True


NOTHING = Stated(None)


def iso_date(text: str) -> Stated:
    """A date as XML formats and Tika write it, or seconds since 1970."""
    text = text.strip()
    if _SECONDS.fullmatch(text):
        return _checked(_UNIX_ZERO + dt.timedelta(seconds=int(text[:10])), certain=True)
    found = _ISO.fullmatch(text)
    return NOTHING if found is None else _stated(found.groups()[:6], found.group(7) or "")


def pdf_date(text: str) -> Stated:
    """A date of a PDF's information."""
    found = _PDF.match(text.strip())
    if found is None:
        return NOTHING
    zone = (found.group(7) or "").replace(" ", "")
    if zone[:1] in ("+", "-"):
        zone += f":{found.group(8) or '00'}"
    return _stated(found.groups()[:6], zone)


def exif_date(text: str, offset: str = "") -> Stated:
    """A date of EXIF, which has no zone unless a field beside it tells the offset."""
    found = _EXIF.match(text.strip("\0 "))
    return NOTHING if found is None else _stated(found.groups(), offset.strip("\0 "))


def _stated(parts: tuple[str | None, ...], zone: str) -> Stated:
    year, month, day = (int(part or 1) for part in parts[:3])
    hour, minute, second = (int(part or 0) for part in parts[3:])
    try:
        told = _zone(zone)
        second = min(second, 59)  # a leap second, which datetime does not know
        plain = dt.datetime(year, month, day, hour, minute, second, tzinfo=told or dt.UTC)
        return _checked(plain, certain=told is not None)
    except (ValueError, OverflowError):
        return NOTHING


def _zone(text: str) -> dt.tzinfo | None:
    """A zone as written; None where none is. Raises `ValueError` for one past a day."""
    if text[:1] in ("Z", "z"):
        return dt.UTC
    found = _OFFSET.fullmatch(text)
    if found is None:
        return None
    size = dt.timedelta(hours=int(found.group(2)), minutes=int(found.group(3) or 0))
    return dt.timezone(-size if found.group(1) == "-" else size)


def _checked(moment: dt.datetime, *, certain: bool) -> Stated:
    if not _FIRST <= moment.year <= _LAST or moment == _UNIX_ZERO:
        return NOTHING
    return Stated(stamp(moment), certain)


@dataclass(slots=True)
class Dates:
    """The dates of one document as they are read: which are uncertain, which were none."""

    uncertain: list[str] = field(default_factory=list)
    weak: list[str] = field(default_factory=list)

    def take(self, name: str, text: str, stated: Stated, *, local: bool = False) -> str | None:
        """The value of the field `name`, of which the document says `text`.

        `local`: the format has no zone, whatever the reader that gave `text` made of it.
        """
        if stated.at is None:
            if text.strip():
                self.weak.append(f"{name} ({text.strip()[:40]})")
        elif local or not stated.certain:
            self.uncertain.append(name)
        return stated.at

    def notes(self, tool: str, version: str) -> list[Note]:
        """The warning of what was stated and is no date."""
        if not self.weak:
            return []
        message = f"No date can be made of {', '.join(self.weak)}"
        return [warning(Code.WEAK_DATE, message, tool, version)]
