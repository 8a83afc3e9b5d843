"""Mails met at the root of a family or inside it."""

import hashlib

from ingest import pgp, smime
from ingest.identity import mail_hash, mih
from ingest.interface import MailPart
from ingest.mail import parse_message
from ingest.text import decode_text
from process.reading import TOOL, VERSION, Family, Part, Reading, failed
from records.codes import Code, Disposition, Role
from records.notes import exception, warning

SEALED = "application/pkcs7-mime"
"""The type of what is encrypted for some key."""


def read_mail(part: Part, family: Family) -> Reading:
    """A message: its text and fields, its parts as documents, its identity."""
    data = family.keep(part).read_bytes()
    mail = parse_message(data, inline=family.inline)
    sums = [hashlib.sha256(each.data).hexdigest() for each in mail.parts]
    digest, weak = mail_hash(mail.fields, mail.body, sums)
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
        parts=[_document(each) for each in mail.parts],
        dedup_hash=digest if part.type == "email" else None,
        mih=mih(mail.fields.message_id),
    )


def _document(each: MailPart) -> Part:
    is_sealed = smime.is_encrypted(each.data) or pgp.is_encrypted(each.data)
    type = "email" if each.content_type in ("message/rfc822", "message/global") else ""
    mime = "message/rfc822" if each.content_type == "message/rfc822" else ""
    return Part(
        each.name,
        each.role,
        each.data,
        name_bytes=each.name_bytes,
        type="unknown" if is_sealed else type,
        mime=SEALED if is_sealed else mime,
        raw={"declared": each.content_type, "content_id": each.content_id},
    )


def read_sealed(part: Part, family: Family) -> Reading:
    """A part encrypted for some key: told from its bytes, and never opened."""
    message = "It is encrypted with S/MIME or OpenPGP; a key is needed"
    return failed(exception(Code.ENCRYPTED, message, TOOL, VERSION))


def source_text(part: Part, family: Family) -> str:
    """A message's source, for one that lies too deep to be taken apart."""
    with family.keep(part).open("rb") as file:
        data = file.read(family.limits.characters)
    return decode_text(data, None)[0]
