"""Members and notes as JSON, on their way from the child that opens a container."""

from dataclasses import asdict
from typing import Any, BinaryIO

from ingest.interface import FileType
from ingest.members import Member
from records.codes import Code, Role
from records.fields import NO_FIELDS, Fields
from records.notes import Note


def member_message(member: Member) -> dict[str, Any]:
    """A member without its bytes, which follow it where `bytes` is true."""
    return {
        "what": "member",
        "name": member.name.encode("utf-8", "backslashreplace").decode(),
        "name_bytes": member.name_bytes.hex(),
        "bytes": member.stream is not None,
        "size": member.size,
        "modified_at": member.modified_at,
        "notes": [asdict(each) for each in member.notes],
        "role": member.role,
        "known": None if member.known is None else [member.known.mime, member.known.type],
        "fields": member.fields.to_json(),
    }


def note_message(note: Note) -> dict[str, Any]:
    """A note about the container itself."""
    return {"what": "note", "note": asdict(note)}


def member_of(message: dict[str, Any], stream: BinaryIO | None) -> Member:
    """The member that a message describes."""
    known = message["known"]
    return Member(
        name=message["name"],
        name_bytes=bytes.fromhex(message["name_bytes"]),
        stream=stream,
        size=message["size"],
        modified_at=message["modified_at"],
        notes=tuple(_note(each) for each in message["notes"]),
        role=Role(message["role"]),
        known=None if known is None else FileType(*known),
        fields=Fields.from_json(message["fields"]) if message["fields"] else NO_FIELDS,
    )


def note_of(message: dict[str, Any]) -> Note:
    """The note that a message holds."""
    return _note(message["note"])


def _note(values: dict[str, Any]) -> Note:
    return Note(**values | {"code": Code(values["code"])})
