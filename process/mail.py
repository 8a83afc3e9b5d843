"""Mails met at the root of a family or inside it."""

import hashlib
from typing import Any

from ingest import pgp, smime, tnef
from ingest.identity import mail_hash, mih
from ingest.interface import MailPart, ParsedMail
from ingest.mail import parse_message
from ingest.mapi import Item
from ingest.msgfile import NotMsgError, read_msg
from ingest.outlook import parse_item
from ingest.properties import all_properties
from ingest.text import decode_text
from ingest.versions import TOOL, VERSION
from process.office import read_by_tika
from process.reading import Family, Part, Reading, failed
from records.codes import Code, Disposition, Role
from records.notes import exception, warning

SEALED = "application/pkcs7-mime"
"""The type of what is encrypted for some key."""

# Kinds of items that the recipe tells apart; others differ in what it does not look at.
_HASHED = frozenset({"mail", "meeting", "post", "report"})


def read_mail(part: Part, family: Family) -> Reading:
    """A message: its text and fields, its parts as documents, its identity."""
    mail = parse_message(family.keep(part).read_bytes(), inline=family.inline)
    raw = {"headers": [list(each) for each in mail.headers], **mail.raw}
    return _reading(mail, part, raw, hashed=part.type == "email", declared=True)


def read_outlook(part: Part, family: Family) -> Reading:
    """An item of Outlook kept as MSG or OFT: its text and fields, its parts, its identity."""
    try:
        item = read_msg(family.keep(part))
    except NotMsgError as error:
        return _declined(part, family, str(error))
    mail = parse_item(item, inline=family.inline)
    return _reading(mail, part, _raw(mail, item), hashed=mail.fields.kind in _HASHED)


def _declined(part: Part, family: Family, why: str) -> Reading:
    """An item that we do not understand: an exception, with what Tika still reads of it."""
    note = exception(Code.CORRUPT, f"It cannot be read: {why}", TOOL, VERSION)
    found = read_by_tika(part, part.type, family)
    reading = failed(note, found.text)
    reading.parts = found.parts
    return reading


def read_tnef(part: Part, family: Family) -> Reading:
    """A winmail.dat by itself. Its headers were those of its mail: often it has no identity."""
    try:
        item = tnef.read_tnef(family.keep(part).read_bytes())
    except tnef.NotTnefError as error:
        return failed(exception(Code.CORRUPT, f"It cannot be read: {error}", TOOL, VERSION))
    mail = parse_item(item, inline=family.inline)
    has_identity = bool(mail.fields.sent_at and any(each.address for each in mail.fields.sender))
    hashed = has_identity and mail.fields.kind in _HASHED
    return _reading(mail, part, _raw(mail, item), hashed=hashed)


def _reading(
    mail: ParsedMail, part: Part, raw: dict[str, Any], *, hashed: bool, declared: bool = False
) -> Reading:
    """A mail, in whatever form it was, as a document; `hashed`: the recipe gives its identity."""
    sums = [hashlib.sha256(each.data).hexdigest() for each in mail.parts]
    digest, weak = mail_hash(mail.fields, mail.body, sums)
    notes = list(mail.notes)
    if weak and hashed and part.role is Role.FILE:
        message = "Without a date or a sender its identity rests on what is left"
        notes.append(warning(Code.WEAK_IDENTITY, message, TOOL, VERSION))
    if not mail.body.strip() and not mail.parts and not declared:
        notes.append(warning(Code.NO_TEXT, "There is no text in it", TOOL, VERSION))
    lost = any(note.severity == "exception" for note in notes)
    return Reading(
        text=mail.body,
        outcome=Disposition.EXCEPTION if lost else Disposition.REVIEWABLE,
        fields=mail.fields,
        raw=raw,
        notes=notes,
        parts=[_document(each, declared=declared) for each in mail.parts],
        dedup_hash=digest if hashed else None,
        mih=mih(mail.fields.message_id),
    )


def _raw(mail: ParsedMail, item: Item) -> dict[str, Any]:
    return {"headers": [list(each) for each in mail.headers], "mapi": all_properties(item)}


def _document(each: MailPart, *, declared: bool = False) -> Part:
    """A part as a document; what it is, its bytes say, for items may declare anything.

    `declared`: a part that its mail calls a message is one.
    """
    if smime.is_encrypted(each.data) or pgp.is_encrypted(each.data):
        type, mime = "unknown", SEALED
    elif declared and each.content_type in ("message/rfc822", "message/global"):
        type, mime = "email", each.content_type
    else:
        type = mime = ""
    return Part(
        each.name,
        each.role,
        each.data,
        name_bytes=each.name_bytes,
        type=type,
        mime=mime,
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
