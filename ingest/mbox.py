"""Mailboxes in mbox form, read as a stream, whole or in ranges (RFC 4155 and its dialects).

A message ends where a From_ line stands that is one (an address, a day, a time, a year) and that
a header field follows (or an empty line, where one stands before it too); a body line that merely
begins "From " splits nothing. A bare "From " line, as Thunderbird writes it, wants an empty line
before it and a mail's header behind it. Whether a line begins a message is told from the bytes
around it alone, so a reader that starts at the beginning of any message finds the same ones.

A Content-Length (mboxcl, mboxcl2) counts where it leads exactly to such a line or to the end of
the mailbox; lines like From_ lines before that are text. One ">" is taken from lines of ">From ",
">>From " and so on, as mboxrd writes them, unless a "From " line left as it was shows that the
writer quoted none (mboxcl2): a message's bytes are the ones received and equal those of the same
mail kept by itself. The From_ line, and the one empty line that a writer puts before the next,
are no part of a message.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from ingest.mailheads import FIELD, is_bare_separator, is_separator, looks_like_mail
from ingest.mboxwindow import BEHIND, CHUNK, Window

PASSED = "By its Content-Length it holds what looks like further messages of its mailbox"
"""What is to be said of a message with `passed`."""

type _Buffer = bytes | bytearray

_LOOK = 8192
"""How far behind a From_ line is looked to tell whether it is one."""
_LONGEST_FROM = 1024
_HEADER = 1 << 16
_LENGTH = re.compile(rb"(?:^|[\r\n])content-length[ \t]*:[ \t]*(\d{1,15})[ \t]*(?=[\r\n]|$)")


@dataclass(frozen=True, slots=True)
class _LineEnds:
    """What depends on how lines end: in a line feed, or, on old Macintoshes, without one."""

    end: bytes
    likely: re.Pattern[bytes]  # most From_ lines that are none are passed by quickly
    blank: re.Pattern[bytes]  # a line of white space
    empty: tuple[bytes, ...]  # what an empty line, with the line end before it, looks like
    quoted: re.Pattern[bytes]


_FEEDS = _LineEnds(
    b"\n",
    re.compile(rb"\nFrom (?=[^\r\n]{0,301}?(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)|[ \t\r\f\v]{0,300}\n)"),
    re.compile(rb"[ \t\r\f\v]*\n|[ \t\r\f\v]+\Z"),
    (b"\n\r\n", b"\n\n"),
    re.compile(rb"^>(>*From )", re.M),
)
_RETURNS = _LineEnds(
    b"\r",
    re.compile(rb"\rFrom (?=[^\r\n]{0,301}?(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)|[ \t\f\v]{0,300}\r)"),
    re.compile(rb"[ \t\f\v]*\r|[ \t\f\v]+\Z"),
    (b"\r\r",),
    re.compile(rb"(?:(?<=\r)|\A)>(>*From )"),
)


@dataclass(frozen=True, slots=True)
class MboxMessage:
    """One message: where its From_ line stands in the mailbox, and its bytes.

    `left_out` is the size of a message past the limit, whose bytes are not given. `passed` tells
    that its Content-Length made text of lines that would else have begun further messages.
    """

    offset: int
    data: bytes
    left_out: int = 0
    passed: bool = False


@dataclass(frozen=True, slots=True)
class Range:
    """Whole messages in a row: byte offsets, the number of the first (from 1), how many."""

    start: int
    end: int
    first: int
    count: int


class _Span(NamedTuple):
    """Where a message's From_ line, its own bytes and the next message begin.

    `told` is where its Content-Length ends it, -1 where that does not count.
    """

    start: int
    body: int
    told: int
    following: int


def messages(
    stream: BinaryIO, start: int = 0, end: int | None = None, limit: int = 1 << 30
) -> Iterator[MboxMessage]:
    """Split a mailbox; one message is in memory at a time, line ends stay as they are.

    `stream` is seekable. `start` and `end` are those of a `Range`, or any other places where
    messages begin. Bytes before the first From_ line, other than white space, come as a message
    of their own. A message of more than `limit` bytes is told without its bytes.
    """
    ends = _line_ends(stream)
    window, is_lead = _opened(stream, start, limit, ends)
    for span in _spans(window, is_lead, ends, window.size if end is None else end):
        yield _message(window, span, ends, limit)


def plan(
    stream: BinaryIO, messages_each: int = 2000, bytes_each: int = 64 << 20
) -> tuple[Range, ...]:
    """Cut a mailbox into ranges of whole messages, in one pass and in flat memory.

    No range is longer than asked for, unless one message is. Together they are all messages.
    """
    ends = _line_ends(stream)
    window, is_lead = _opened(stream, 0, 0, ends)
    found: list[Range] = []
    start, last, first, count = 0, 0, 1, 0
    for span in _spans(window, is_lead, ends, window.size):
        if count and (count >= messages_each or span.following - start > bytes_each):
            found.append(Range(start, last, first, count))
            first, count = first + count, 0
        start = start if count else span.start
        last, count = span.following, count + 1
    if count:
        found.append(Range(start, last, first, count))
    return tuple(found)


def _line_ends(stream: BinaryIO) -> _LineEnds:
    stream.seek(0)
    head = stream.read(_HEADER)
    return _RETURNS if b"\r" in head and b"\n" not in head else _FEEDS


def _opened(stream: BinaryIO, start: int, limit: int, ends: _LineEnds) -> tuple[Window, bool]:
    """A window that stands at the first message; whether that is what precedes all From_ lines."""
    if start:
        return Window(stream, start, limit), False
    at = _first_word(stream)
    window = Window(stream, max(0, at - BEHIND), limit)
    window.held = at
    window.reach(at + _LOOK)
    if at == window.size or _begins(window.data, at - window.begin, ends, is_first=True):
        return window, False
    return Window(stream, 0, limit), True


def _first_word(stream: BinaryIO) -> int:
    """Offset of the first byte that is no white space; that of the end where there is none."""
    at = stream.seek(0)
    while chunk := stream.read(CHUNK):
        if words := chunk.lstrip():
            return at + len(chunk) - len(words)
        at += len(chunk)
    return at


def _spans(window: Window, is_lead: bool, ends: _LineEnds, stop: int) -> Iterator[_Span]:
    """The messages from `held` on that begin before `stop`."""
    at = window.held
    while at < min(stop, window.size):
        body, told = at, None
        window.reach(at + _LONGEST_FROM + _HEADER)
        if not is_lead:
            body = _line_end(window, at, ends)
            told = _by_length(window, body, ends)
        is_lead = False
        span = _Span(at, body, *(told or (-1, _next(window, at, ends))))
        yield span
        at = span.following
        window.hold(at)


def _line_end(window: Window, at: int, ends: _LineEnds) -> int:
    found = window.data.find(ends.end, at - window.begin)
    return window.begin + found + 1 if found >= 0 else window.end


def _next(window: Window, at: int, ends: _LineEnds) -> int:
    """Offset of the next line that begins a message; the mailbox's end where there is none."""
    while (at := window.find(ends.likely, at)) < window.size:
        at += 1
        window.reach(at + _LOOK)
        if _begins(window.data, at - window.begin, ends):
            break
    return at


def _begins(data: _Buffer, at: int, ends: _LineEnds, *, is_first: bool = False) -> bool:
    """Tell whether the line there is a From_ line that begins a message.

    No more is looked at than the line before and `_LOOK` bytes from there on.
    """
    stop = data.find(ends.end, at, at + _LONGEST_FROM)
    if stop < 0:
        return False
    line = bytes(data[at:stop]).rstrip(b"\r\n")
    if is_separator(line):
        if FIELD.match(data, stop + 1, at + _LOOK):
            return True
        is_blank = ends.blank.match(data, stop + 1, at + _LOOK) is not None
        return is_blank and (is_first or _is_apart(data, at))
    if not is_bare_separator(line) or not (is_first or _is_apart(data, at)):
        return False
    return looks_like_mail(bytes(data[stop + 1 : at + _LOOK]), surely=True)


def _is_apart(data: _Buffer, at: int) -> bool:
    """Tell whether an empty line stands before a place that begins a line."""
    return bytes(data[max(0, at - 3) : at]).endswith((b"\n\n", b"\n\r\n", b"\r\r"))


def _by_length(window: Window, body: int, ends: _LineEnds) -> tuple[int, int] | None:
    """Where the message's Content-Length ends it, and where the next begins; None if it lies."""
    data, begin = window.data, body - window.begin
    likely = ends.empty if data[begin - 2 : begin] == b"\r\n" else ends.empty[::-1]
    end = data.find(likely[0], begin, begin + _HEADER)
    for other in likely[1:]:
        earlier = data.find(other, begin, begin + _HEADER if end < 0 else end + 1)
        end = earlier if earlier >= 0 else end
    header = bytes(data[begin : end + 1]).lower() if end >= 0 else b""
    if b"content-length" not in header or (length := _LENGTH.search(header)) is None:
        return None
    empty = 2 if data[end + 1 : end + 2] == ends.end else 3
    past = window.begin + end + empty + int(length[1])
    return None if past > window.size else _landed(window, past, ends)


def _landed(window: Window, end: int, ends: _LineEnds) -> tuple[int, int] | None:
    """That end and the next message's begin, if another message or nothing follows there."""
    near = window.peek(end - BEHIND, end + 2 + _LOOK)
    gap = 0
    if near.startswith((b"\r\n", ends.end), BEHIND):
        gap = 2 if near.startswith(b"\r\n", BEHIND) else 1
    if end + gap == window.size:
        return end, window.size
    starts_line = gap or near.startswith(ends.end, BEHIND - 1)
    if starts_line and near.startswith(b"From ", BEHIND + gap):
        return (end, end + gap) if _begins(near, BEHIND + gap, ends) else None
    return None


def _message(window: Window, span: _Span, ends: _LineEnds, limit: int) -> MboxMessage:
    end = span.told if span.told >= 0 else span.following
    if end - span.start > limit:
        return MboxMessage(span.start, b"", left_out=end - span.body)
    window.reach(end)
    data = window.cut(span.body, end)
    if span.told >= 0:
        if ends.end + b"From " in data:
            return MboxMessage(span.start, data, passed=_holds_others(data, ends))
    else:
        data = _without_last_line(data, ends)
    if b">From " in data:
        data = ends.quoted.sub(rb"\1", data)
    return MboxMessage(span.start, data)


def _holds_others(data: bytes, ends: _LineEnds) -> bool:
    at = -1
    while (at := data.find(ends.end + b"From ", at + 1)) >= 0:
        if _begins(data, at + 1, ends):
            return True
    return False


def _without_last_line(data: bytes, ends: _LineEnds) -> bytes:
    """A message without the empty line that parts it from the next."""
    if data.endswith(b"\r\n\r\n"):
        return data[:-2]
    return data[:-1] if data.endswith(ends.end * 2) else data
