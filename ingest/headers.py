"""Header fields to text: RFC 2047 words, raw 8-bit, dates (RFC 5322 section 3.3)."""

import binascii
import datetime as dt
import re
from dataclasses import dataclass, field
from email.utils import parsedate_tz

from ingest.text import decode_text, known_charset
from records import times

_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=(?:[ \t\r\n]+(?==\?))?")
_ZONE = re.compile(
    r"(?:[+-]\d{4}|\b(?:UT|UTC|GMT|Z|AST|ADT|EST|EDT|CST|CDT|MST|MDT|PST|PDT))\s*(?:\(.*)?$", re.I
)
_COLON_ZONE = re.compile(r"([+-]\d\d):(\d\d)\b(?=\s*(?:\(.*)?$)")


@dataclass(slots=True)
class Decoding:
    """What decoding one message met with: charsets that had to be guessed."""

    hint: str | None = None  # the charset of the body, for headers in raw 8-bit
    guessed: list[str] = field(default_factory=list)


def header_text(raw: bytes, decoding: Decoding) -> str:
    """Decode a header value: raw 8-bit first, then its encoded words."""
    if raw.isascii():
        text = raw.decode("ascii")
    else:
        try:
            text = raw.decode("utf-8")  # RFC 6532
        except UnicodeDecodeError:
            text, charset = decode_text(raw, decoding.hint)
            decoding.guessed.append(f"raw 8-bit in a header, read as {charset}")
    return clean(decode_words(text, decoding))


def parameter_text(value: str, decoding: Decoding) -> str:
    """Decode a parameter that may hold surrogate escapes and encoded words."""
    return header_text(value.encode("utf-8", "surrogateescape"), decoding)


def clean(text: str) -> str:
    """Drop NULs, which no database takes, and line ends, which no header value holds."""
    if text.isprintable():
        return text
    return text.replace("\0", " ").replace("\r", "").replace("\n", " ")


def decode_words(text: str, decoding: Decoding) -> str:
    """Decode the encoded words in `text`; neighbours in one charset are joined as bytes first."""
    if "=?" not in text:
        return text
    out: list[str] = []
    pending, charset, at = b"", "", 0
    for match in _WORD.finditer(text):
        own = match[1].partition("*")[0].lower()
        if match.start() != at or own != charset:
            out.append(_decoded(pending, charset, decoding))
            pending, charset = b"", own
            out.append(text[at : match.start()])
        pending += _word_bytes(match[2], match[3])
        at = match.end()
    out.append(_decoded(pending, charset, decoding))
    out.append(text[at:])
    return "".join(out)


def _word_bytes(kind: str, text: str) -> bytes:
    raw = text.encode("utf-8", "surrogateescape")
    if kind in "qQ":
        return binascii.a2b_qp(raw.replace(b"_", b" "), header=False)
    cleaned = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
    cleaned = cleaned[: len(cleaned) - (len(cleaned) % 4 == 1)]
    return binascii.a2b_base64(cleaned + b"=" * (-len(cleaned) % 4))


def _decoded(raw: bytes, charset: str, decoding: Decoding) -> str:
    if not raw:
        return ""
    text, used = decode_text(raw, charset)
    if known_charset(charset) is None or used != charset:
        decoding.guessed.append(f"an encoded word in {charset}, read as {used}")
    return text


@dataclass(frozen=True, slots=True)
class Moment:
    """A date as a header states it."""

    at: str  # ISO 8601 in UTC
    offset: int  # minutes east of UTC
    weak: str  # why it is in doubt; empty where it is not


def parse_date(text: str) -> Moment | None:
    """Read a date; None where it is none at all."""
    text = _COLON_ZONE.sub(r"\1\2", " ".join(text.split())[:200])
    try:
        parts = parsedate_tz(text)
        if parts is None:
            return None
        seconds = parts[9] or 0
        naive = dt.datetime(*parts[:5], min(parts[5], 59), tzinfo=dt.UTC)
        moment = naive - dt.timedelta(seconds=seconds)
        stamp = times.stamp(moment)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
    weak = "" if _ZONE.search(text) else "it names no zone that is known; taken as UTC"
    if not 1970 <= moment.year <= 2100:
        weak = f"the year {moment.year}"
        if moment.year < 1000:
            return None
    if abs(seconds) > 16 * 3600:
        weak = "its offset is of no zone on Earth"
    return Moment(stamp, seconds // 60, weak)
