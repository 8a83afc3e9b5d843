"""Items of Outlook, from MSG, TNEF or a mailbox, taken apart as mails are.

What is one message must have one identity (`ingest.identity`), whatever form it was kept in; so
the transport headers, where there are any, are read by the code that reads mails, and what
`IPM.Note.SMIME` items hold is handed to it whole.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ingest.cids import cid_references
from ingest.interface import ParsedMail
from ingest.mail import parse_message
from ingest.mapi import STRING8, UNICODE, Attachment, Item
from ingest.mime import split_header
from ingest.outlook_body import Body, read_body
from ingest.outlook_fields import kind_of, read_fields
from ingest.outlook_lines import lines_of
from ingest.outlook_parts import Parts, data_of, name_of, read_parts
from ingest.property_names import tag
from ingest.tnef import read_tnef
from ingest.versions import TOOL, VERSION
from records.codes import Code, Role
from records.fields import Fields
from records.notes import Note, warning

_HEADERS = tag("TransportMessageHeaders")
_NO_MAIL = ParsedMail(Fields(), "", None, (), (), ())
_SMIME = "ipm.note.smime"
_SIGNED_OID = bytes.fromhex("06092A864886F70D010702")
_ENVELOPED_OID = bytes.fromhex("06092A864886F70D010703")
_PKCS7 = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_DEPTH = 40
_HEAD = 65536


def opened_tnef(data: bytes) -> ParsedMail:
    """What a winmail.dat holds, taken apart.

    Raises `ingest.tnef.NotTnefError` where nothing can be read.
    """
    return parse_item(read_tnef(data))


def parse_item(item: Item, *, inline: bool = True) -> ParsedMail:
    """Take an item apart; whatever it holds, something comes out.

    Without `inline` a picture that the HTML shows is an attachment like any other.
    """
    transport = _transport(item)
    kind = kind_of(item)
    content_type = _header(transport, "content-type")
    envelope = _enveloped(item, content_type)
    if envelope is None:
        body = read_body(item.bag, content_type)
        shown = cid_references(body.html) if inline and body.html is not None else frozenset()
        found = read_parts(item, shown)
    else:
        body, found = _opened(item, envelope, inline=inline)
    fields = replace(
        read_fields(item, transport.fields),
        security=envelope.security if envelope is not None else transport.fields.security,
        attachment_names=tuple(each.name for each in found.parts if each.role is Role.ATTACHMENT),
    )
    lines = lines_of(item, kind)
    notes = (*item.notes, *_doubts(transport), *body.notes, *found.notes, *_inner_notes(item))
    return ParsedMail(
        fields=fields,
        body=f"{lines}\n\n{body.text}".strip("\n") if lines else body.text,
        html=body.html,
        headers=transport.headers or made_headers(fields),
        parts=found.parts,
        notes=tuple(dict.fromkeys(notes)),
        entry=lines,
    )


def _transport(item: Item) -> ParsedMail:
    """The headers with which the item came, read as a mail of nothing else."""
    found = item.bag.find(_HEADERS, UNICODE) or item.bag.find(_HEADERS, STRING8)
    if found is None or not isinstance(found.data, bytes):
        return _NO_MAIL
    raw = found.data
    if found.type == UNICODE:
        raw = raw.decode("utf-16-le", "replace").encode("utf-8")
    head = raw.rstrip(b"\0").replace(b"\0", b" ")
    return parse_message(head + b"\r\n\r\n") if head.strip() else _NO_MAIL


def _header(mail: ParsedMail, wanted: str) -> str:
    return next((value for name, value in mail.headers if name.lower() == wanted), "")


def _doubts(transport: ParsedMail) -> tuple[Note, ...]:
    """Of what was odd about the headers, what is not for want of a body."""
    return tuple(each for each in transport.notes if each.code is not Code.MALFORMED_MAIL)


@dataclass(frozen=True, slots=True)
class _Envelope:
    """An S/MIME message within an item: the attachment that holds it, as MIME."""

    attachment: Attachment
    mime: bytes
    security: tuple[str, ...]


def _enveloped(item: Item, content_type: str) -> _Envelope | None:
    """The true message of an S/MIME item ([MS-OXOSMIME] section 2.1); None for others.

    Where its own header is missing, that of the whole message (`content_type`) was taken off it.
    """
    if not item.bag.text(tag("MessageClass")).lower().startswith(_SMIME):
        return None
    for number, each in enumerate(item.attachments, 1):
        data = data_of(each) if each.message is None else None
        if not data:
            continue
        declared = each.bag.text(tag("AttachMimeTag"))
        kind = declared.partition(";")[0].strip().lower()
        if kind == "multipart/signed" or _is_multipart(data):
            return _signed(each, data, content_type)
        name = name_of(number, each)
        if kind in _PKCS7 or name.lower().endswith((".p7m", ".p7s")):
            return _opaque(each, data, name, declared if kind in _PKCS7 else "")
    return None


def _signed(attachment: Attachment, data: bytes, content_type: str) -> _Envelope:
    if not _is_multipart(data):
        stated = " ".join(content_type.split()) or "multipart/signed"
        data = f"Content-Type: {stated}\r\n\r\n".encode() + data
    is_pgp = b"pgp-signature" in data[:2000].lower()
    return _Envelope(attachment, data, ("pgp-signed" if is_pgp else "smime-signed",))


def _is_multipart(data: bytes) -> bool:
    """Tell whether bytes begin with a header of their own that declares parts."""
    fields = split_header(data[:_HEAD].lstrip()).fields
    return any(
        name.lower() == "content-type" and value.lower().startswith(b"multipart/")
        for name, value in fields
    )


def _opaque(attachment: Attachment, data: bytes, name: str, declared: str) -> _Envelope:
    is_encrypted = _ENVELOPED_OID in data[:64]
    security = ("smime-encrypted",) if is_encrypted else ()
    if _SIGNED_OID in data[:64]:
        security = ("smime-signed",)
    kind = declared or "application/pkcs7-mime"
    if "smime-type" not in kind:
        kind += f"; smime-type={'enveloped' if is_encrypted else 'signed'}-data"
    quoted = "".join(each for each in name if each.isprintable() and each not in '"\\')
    head = (
        f"MIME-Version: 1.0\r\nContent-Type: {' '.join(kind.split())}\r\n"
        "Content-Transfer-Encoding: base64\r\n"
        f'Content-Disposition: attachment; filename="{quoted}"\r\n\r\n'
    )
    return _Envelope(attachment, head.encode() + base64.encodebytes(data), security)


def _opened(item: Item, envelope: _Envelope, *, inline: bool) -> tuple[Body, Parts]:
    """What the envelope holds, as the code for mails reads it, and the other attachments."""
    mail = parse_message(envelope.mime, inline=inline)
    others = read_parts(item, frozenset(), skip=envelope.attachment)
    body = Body(mail.body, mail.html, mail.notes)
    if not mail.body.strip():
        own = read_body(item.bag)
        body = Body(own.text, mail.html or own.html, (*mail.notes, *own.notes))
    return body, Parts((*mail.parts, *others.parts), others.notes)


def _inner_notes(item: Item) -> Iterator[Note]:
    """What was odd about embedded items, which their MSG files do not tell any more."""
    known = {each.message for each in item.notes}
    waiting = [(each.message, 1) for each in item.attachments if each.message is not None]
    while waiting:
        inner, depth = waiting.pop(0)
        for each in inner.notes:
            if each.message not in known:
                known.add(each.message)
                yield warning(each.code, f"In an attached item: {each.message}", TOOL, VERSION)
        if depth < _DEPTH:
            waiting += [
                (each.message, depth + 1) for each in inner.attachments if each.message is not None
            ]


def made_headers(fields: Fields) -> tuple[tuple[str, str], ...]:
    """Headers made of the fields, for an item that came with none."""
    people = {
        "From": fields.sender,
        "Reply-To": fields.reply_to,
        "To": fields.to,
        "Cc": fields.cc,
        "Bcc": fields.bcc,
    }
    found = [(name, ", ".join(str(each) for each in some)) for name, some in people.items()]
    found += [
        ("Subject", fields.subject),
        ("Date", fields.sent_at or ""),
        ("Message-ID", fields.message_id),
        ("In-Reply-To", fields.in_reply_to),
        ("References", " ".join(fields.references)),
        ("Thread-Topic", fields.conversation_topic),
        ("Thread-Index", fields.conversation_index),
        ("Importance", fields.importance),
        ("Sensitivity", fields.sensitivity),
    ]
    return tuple((name, value) for name, value in found if value)
