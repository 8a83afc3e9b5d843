"""Tika's metadata names to the typed common fields."""

import base64
import datetime as dt
import re
from itertools import zip_longest

from process.tika import Node
from records.fields import Address, Fields
from records.times import stamp

_PEOPLE = {
    "sender": ("Message:From-Name", "Message:From-Email"),
    "to": ("Message:To-Name", "Message:To-Email"),
    "cc": ("Message:CC-Name", "Message:CC-Email"),
    "bcc": ("Message:BCC-Name", "Message:BCC-Email"),
}
_HIDDEN = {
    "msoffice:has-comments": "comments",
    "msoffice:has-track-changes": "tracked-changes",
    "msoffice:has-hidden-sheets": "hidden-sheets",
    "msoffice:has-very-hidden-sheets": "hidden-sheets",
    "msoffice:has-hidden-columns": "hidden-columns",
    "msoffice:has-hidden-rows": "hidden-rows",
    "msoffice:has-hidden-slides": "hidden-slides",
    "msoffice:has-hidden-text": "hidden-text",
}
_NO_YEAR = 1601  # where Windows counts from: an empty date
_ZONED = re.compile(r"(Z|[+-]\d\d:?\d\d)$")


def fields_from(node: Node) -> Fields:
    """The common fields of a document that Tika read."""
    return Fields(
        title=node.get("dc:title"),
        author="; ".join(node.values("dc:creator")),
        last_author=node.get("meta:last-author"),
        created_at=moment(node.get("dcterms:created")),
        modified_at=moment(node.get("dcterms:modified")),
        printed_at=moment(node.get("meta:print-date")),
        company=node.get("extended-properties:Company"),
        language=node.get("dc:language"),
        subject=node.get("dc:subject", "cp:subject"),
        hidden=_hidden(node),
        sender=_people(node, "sender"),
        to=_people(node, "to"),
        cc=_people(node, "cc"),
        bcc=_people(node, "bcc"),
        sent_at=moment(_of_mail(node, "mapi:client-submit-time")),
        received_at=moment(_of_mail(node, "mapi:message-delivery-time")),
        message_id=_of_mail(node, "Message:Raw-Header:Message-ID", "mapi:internet-message-id"),
        in_reply_to=_of_mail(node, "Message:Raw-Header:In-Reply-To", "mapi:in-reply-to-id"),
        conversation_index=_index(_of_mail(node, "mapi:conversation-index")),
    )


def moment(text: str) -> str | None:
    """Tika's time as the record keeps it; None for one without a zone, which could be any."""
    if not _ZONED.search(text):
        return None
    try:
        found = dt.datetime.fromisoformat(text)
        return stamp(found) if found.year > _NO_YEAR else None
    except (ValueError, OverflowError):
        return None


def _index(text: str) -> str:
    """Outlook's conversation index as mails carry it: base64 of what Tika gives as hexadecimal."""
    try:
        return base64.b64encode(bytes.fromhex(text)).decode()
    except ValueError:
        return ""


def _hidden(node: Node) -> tuple[str, ...]:
    found = {kind for name, kind in _HIDDEN.items() if node.get(name).lower() == "true"}
    if any(child.resource == "MACRO" for child in node.children):
        found.add("macros")
    return tuple(sorted(found))


def _people(node: Node, field: str) -> tuple[Address, ...]:
    """The parties of a message; an Exchange address stands where there is no SMTP one."""
    names, addresses = (node.values(each) for each in _PEOPLE[field])
    if field == "sender" and not names:
        names = node.values("mapi:from-representing-name")
    return tuple(
        Address(name.strip(), address.strip().lower())
        for name, address in zip_longest(names, addresses, fillvalue="")
    )


def _of_mail(node: Node, *names: str) -> str:
    """What only messages have."""
    return node.get(*names) if node.mime == "application/vnd.ms-outlook" else ""
