"""Mails met at the root of a family or inside it."""

import hashlib
from typing import Any

from ingest import tnef
from ingest.identity import mail_hash, mih
from ingest.interface import MailPart, ParsedMail
from ingest.mail import parse_message
from ingest.mapi import Item
from ingest.msgfile import NotMsgError, read_msg
from ingest.outlook import parse_item
from ingest.properties import all_properties
from ingest.text import decode_text
from process.reading import TOOL, VERSION, Family, Part, Reading, failed
from records.codes import Code, Role
from records.notes import exception, warning

# Kinds of items that the recipe tells apart; others differ in what it does not look at.
_HASHED = frozenset({"mail", "meeting", "post", "report"})


def read_mail(part: Part, family: Family) -> Reading:
    """A message: its text and fields, its parts as documents, its identity."""
    data = family.keep(part).read_bytes()
    mail = parse_message(data)
    digest, weak = mail_hash(
        mail.fields, mail.body, [hashlib.sha256(each.data).hexdigest() for each in mail.parts]
    )
    notes = list(mail.notes)
    if weak and part.type == "email" and part.role is Role.FILE:
        message = "Without a date or a sender its identity rests on what is left"
        notes.append(warning(Code.WEAK_IDENTITY, message, TOOL, VERSION))
    return Reading(
        text=mail.body,
        fields=mail.fields,
        raw={"headers": [list(each) for each in mail.headers]},
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


def read_outlook(part: Part, family: Family) -> Reading:
    """An item of Outlook kept as MSG or OFT: its text and fields, its parts, its identity."""
    try:
        item = read_msg(family.keep(part))
    except NotMsgError as error:
        return failed(exception(Code.CORRUPT, f"It cannot be read: {error}", TOOL, VERSION))
    return _reading_of(item, part, keeps_weak=True)


def read_tnef(part: Part, family: Family) -> Reading:
    """A winmail.dat by itself. Its headers were those of its mail: often it has no identity."""
    try:
        item = tnef.read_tnef(family.keep(part).read_bytes())
    except tnef.NotTnefError as error:
        return failed(exception(Code.CORRUPT, f"It cannot be read: {error}", TOOL, VERSION))
    return _reading_of(item, part, keeps_weak=False)


def _reading_of(item: Item, part: Part, *, keeps_weak: bool) -> Reading:
    """An item as a document; `keeps_weak`: without date or sender it has an identity still."""
    mail = parse_item(item)
    digest, weak = mail_hash(
        mail.fields, mail.body, [hashlib.sha256(each.data).hexdigest() for each in mail.parts]
    )
    is_hashed = mail.fields.kind in _HASHED and (keeps_weak or not weak)
    notes = list(mail.notes)
    if weak and is_hashed and part.role is Role.FILE:
        message = "Without a date or a sender its identity rests on what is left"
        notes.append(warning(Code.WEAK_IDENTITY, message, TOOL, VERSION))
    if not mail.body.strip() and not mail.parts:
        notes.append(warning(Code.NO_TEXT, "There is no text in it", TOOL, VERSION))
    return Reading(
        text=mail.body,
        fields=mail.fields,
        raw=_raw(mail, item),
        notes=notes,
        parts=[_document(each) for each in mail.parts],
        dedup_hash=digest if is_hashed else None,
        mih=mih(mail.fields.message_id),
    )


def _raw(mail: ParsedMail, item: Item) -> dict[str, Any]:
    return {"headers": [list(each) for each in mail.headers], "mapi": all_properties(item)}


def _document(each: MailPart) -> Part:
    """A part as a document; what it is, its bytes say, for here anybody declares anything."""
    return Part(
        each.name,
        each.role,
        each.data,
        name_bytes=each.name_bytes,
        raw={"declared": each.content_type, "content_id": each.content_id},
    )


def source_text(part: Part, family: Family) -> str:
    """A message's source, for one that lies too deep to be taken apart."""
    with family.keep(part).open("rb") as file:
        data = file.read(family.limits.characters)
    return decode_text(data, None)[0]
