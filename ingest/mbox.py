"""Mailboxes in mbox form, read as a stream (RFC 4155; `mboxrd` quoting).

A message ends where a From_ line stands that is one (an address, a day, a time, a year) and that
a header field follows (or an empty line, where one stands before it too); a body line that merely
begins "From " splits nothing. One ">" is taken
from lines of ">From ", ">>From " and so on, as mboxrd writes them, so that a message's bytes are
the ones received and equal those of the same mail kept by itself. The From_ line, and the one
empty line that a writer puts before the next, are no part of a message.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from ingest.interface import FileType
from ingest.mailheads import FIELD, is_separator
from ingest.members import Member, Opening
from ingest.versions import TOOL, VERSION
from records.codes import Code, Role
from records.notes import Note, exception

_QUOTED = re.compile(rb"^>(>*From )", re.M)
_LONGEST_LINE = 1 << 20


@dataclass(frozen=True, slots=True)
class MboxMessage:
    """One message: where its From_ line stands in the mailbox, and its bytes."""

    offset: int
    data: bytes


class MessageTooLargeError(Exception):
    """A message of more bytes than the caller allows to be held at once."""


def messages(stream: BinaryIO, limit: int = 1 << 30) -> Iterator[MboxMessage]:
    """Split a mailbox; one message is in memory at a time, line ends stay as they are.

    Bytes before the first From_ line, other than white space, come as a message of their own.
    Raises `MessageTooLargeError` at a message of more than `limit` bytes.
    """
    body, start, began = bytearray(), 0, False
    held = b""  # a From_ line that waits for the line after it
    for at, line in _lines(stream):
        if held and (FIELD.match(line) or (not line.strip() and _is_apart(body))):
            if began or body.strip():
                yield _message(start, body)
            body, start, began = bytearray(), at - len(held), True
        else:
            body += held
        held = b""
        if is_separator(line.rstrip(b"\r\n")):
            held = line
        else:
            body += line
        if len(body) > limit:
            raise MessageTooLargeError(limit)
    body += held
    if began or body.strip():
        yield _message(start, body)


def _is_apart(body: bytearray) -> bool:
    return not body or body.endswith((b"\n\n", b"\r\n\r\n"))


def _lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Lines with their ends and offsets; none longer than 1 MiB begins in the middle of one."""
    at = 0
    while line := stream.readline(_LONGEST_LINE):
        while not line.endswith(b"\n") and len(line) % _LONGEST_LINE == 0:
            more = stream.readline(_LONGEST_LINE)
            if not more:
                break
            line += more
        yield at, line
        at += len(line)


def _message(start: int, body: bytearray) -> MboxMessage:
    """A message without the empty line that parts it from the next."""
    for end in (b"\r\n\r\n", b"\n\n"):
        if body.endswith(end):
            del body[-len(end) // 2 :]
            break
    return MboxMessage(start, _QUOTED.sub(rb"\1", bytes(body)))


_EMAIL = FileType("message/rfc822", "email")


def expand_mbox(opening: Opening) -> Iterator[Member | Note]:
    """The messages of a mailbox, or of one part of it, as members named by their number."""
    try:
        with opening.path.open("rb") as file:
            for number, message in enumerate(messages(file), 1):
                name = f"message-{number:05}.eml"
                yield Member(
                    name=name,
                    name_bytes=name.encode(),
                    stream=io.BytesIO(message.data),
                    size=len(message.data),
                    modified_at=None,
                    role=Role.MESSAGE,
                    known=_EMAIL,
                )
    except MessageTooLargeError as error:
        text = f"A message of more than {error} bytes; it and those after it were left out"
        yield exception(Code.TOO_LARGE, text, TOOL, VERSION)


def plan_mbox(opening: Opening) -> tuple[dict[str, object], ...]:
    """The parts of a mailbox: one, so far."""
    return ()
