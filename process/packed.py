"""Containers met inside a family: what they hold becomes documents of the family."""

import shutil
from collections.abc import Iterator

from ingest.containers import expand
from ingest.members import Member, Opening
from ingest.names import last_part
from ingest.versions import TOOL, VERSION
from process.reading import Family, Part, Reading
from records.codes import Code, Disposition, Role
from records.fields import Fields
from records.notes import Note, exception

_CHUNK = 1 << 20


def read_container(part: Part, family: Family) -> Reading:
    """What a container holds as parts, taken out one by one while they are walked."""
    return Reading(outcome=Disposition.CONTAINER, parts=_parts(part, family))


def _parts(part: Part, family: Family) -> Iterator[Part | Note]:
    opening = Opening(
        path=family.keep(part),
        name_bytes=part.name_bytes or part.name.encode("utf-8", "surrogateescape"),
        type=part.type,
        limits=family.limits,
        passwords=family.passwords,
        budget=family.budget,
        scratch=family.new_folder(),
    )
    count = locked = 0
    for found in expand(opening):
        if isinstance(found, Note):
            yield found
            continue
        count += 1
        locked += any(note.code is Code.ENCRYPTED for note in found.notes)
        yield _part(found, family)
    shutil.rmtree(opening.scratch, ignore_errors=True)
    if count and locked == count:
        message = "Every member is protected by a password that is not in the list"
        yield exception(Code.ENCRYPTED, message, TOOL, VERSION)


def _part(member: Member, family: Family) -> Part:
    """A member with its bytes as a file; an empty one where they could not be had."""
    target = family.new_path()
    with target.open("wb") as kept:
        if member.stream is not None:
            shutil.copyfileobj(member.stream, kept, _CHUNK)
    known = member.known
    told = {"modified_at": member.modified_at} if member.modified_at else {}
    return Part(
        last_part(member.name),
        Role.ATTACHMENT,
        target,
        name_bytes=member.name_bytes,
        mime=known.mime if known else "",
        type=known.type if known else "",
        notes=member.notes,
        fields=Fields.from_json(told | member.fields.to_json()),
        raw={"path": member.name},
    )
