"""Mails met at the root of a family or inside it."""

import hashlib

from ingest.identity import mail_hash, mih
from ingest.mail import parse_message
from ingest.text import decode_text
from process.reading import TOOL, VERSION, Family, Part, Reading
from records.codes import Code, Disposition, Role
from records.notes import warning


def read_mail(part: Part, family: Family) -> Reading:
    """A message: its text and fields, its parts as documents, its identity."""
    data = family.keep(part).read_bytes()
    mail = parse_message(data, inline=family.inline)
    sums = [hashlib.sha256(each.data).hexdigest() for each in mail.parts]
    digest, weak = mail_hash(mail.fields, mail.body, [*sums, *mail.sealed])
    notes = list(mail.notes)
    if weak and part.type == "email" and part.role is Role.FILE:
        message = "Without a date or a sender its identity rests on what is left"
        notes.append(warning(Code.WEAK_IDENTITY, message, TOOL, VERSION))
    lost = any(note.severity == "exception" for note in notes)
    return Reading(
        text=mail.body,
        outcome=Disposition.EXCEPTION if lost else Disposition.REVIEWABLE,
        fields=mail.fields,
        raw={"headers": [list(each) for each in mail.headers], **mail.raw},
        notes=notes,
        parts=[
            Part(
                each.name,
                each.role,
                each.data,
                name_bytes=each.name_bytes,
                type="email" if each.content_type in ("message/rfc822", "message/global") else "",
                mime="message/rfc822" if each.content_type == "message/rfc822" else "",
                raw={"declared": each.content_type, "content_id": each.content_id},
            )
            for each in mail.parts
        ],
        dedup_hash=digest if part.type == "email" else None,
        mih=mih(mail.fields.message_id),
    )


def source_text(part: Part, family: Family) -> str:
    """A message's source, for one that lies too deep to be taken apart."""
    with family.keep(part).open("rb") as file:
        data = file.read(family.limits.characters)
    return decode_text(data, None)[0]
