"""Mailboxes in mbox form as containers: their messages as members, and the parts of large ones."""

import io
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from ingest.interface import FileType
from ingest.mbox import PASSED, MboxMessage, Range, messages, plan
from ingest.members import Member, Opening
from ingest.versions import TOOL, VERSION
from records.codes import Code, Role
from records.fields import Fields
from records.notes import Note, exception, warning

_EMAIL = FileType("message/rfc822", "email")


def expand_mbox(opening: Opening) -> Iterator[Member | Note]:
    """The messages of a mailbox, or of one part of it, as members named by their number."""
    part: dict[str, Any] = opening.part or {"start": 0, "end": None, "first": 1}
    fields = Fields(folder=_folder(opening.name_bytes))
    with opening.path.open("rb") as file:
        found = messages(file, part["start"], part["end"])
        for number, message in enumerate(found, part["first"]):
            yield _member(message, number, fields)


def plan_mbox(opening: Opening) -> tuple[dict[str, Any], ...]:
    """The parts of a mailbox: byte ranges of whole messages."""
    with opening.path.open("rb") as file:
        return tuple(_part(each) for each in plan(file))


def _part(found: Range) -> dict[str, Any]:
    return asdict(found) | {"items": found.count}


def _member(message: MboxMessage, number: int, fields: Fields) -> Member:
    name = f"message-{number:05}.eml"
    size = message.left_out or len(message.data)
    return Member(
        name=name,
        name_bytes=name.encode(),
        stream=None if message.left_out else io.BytesIO(message.data),
        size=size,
        modified_at=None,
        notes=tuple(_notes(message)),
        role=Role.MESSAGE,
        known=_EMAIL,
        fields=fields,
    )


def _notes(message: MboxMessage) -> Iterator[Note]:
    if message.left_out:
        text = f"A message of {message.left_out} bytes at {message.offset}; left out"
        yield exception(Code.TOO_LARGE, text, TOOL, VERSION)
    if message.passed:
        yield warning(Code.MALFORMED_MAIL, PASSED, TOOL, VERSION)


def _folder(name: bytes) -> str:
    """The mail folder that a mailbox's name is: without the extension."""
    shown = name.rpartition(b"/")[2].decode("utf-8", "backslashreplace")
    stem, dot, ext = shown.rpartition(".")
    return stem if dot and stem and ext.lower() in ("mbox", "mbx", "mbs") else shown
