"""Tika's metadata names to the typed common fields. What the names are, docs/metadata.md tells."""

import base64
import re
from itertools import zip_longest
from typing import Any

from process import tika
from process.dates import Dates, iso_date
from process.tika import Node
from records.fields import Address, Fields
from records.notes import Note

_PEOPLE = {
    "sender": ("Message:From-Name", "Message:From-Email"),
    "to": ("Message:To-Name", "Message:To-Email"),
    "cc": ("Message:CC-Name", "Message:CC-Email"),
    "bcc": ("Message:BCC-Name", "Message:BCC-Email"),
}
_DATES = {
    "created_at": ("dcterms:created", "meta:creation-date"),
    "modified_at": ("dcterms:modified",),
    "printed_at": ("meta:print-date",),
    "taken_at": ("exif:DateTimeOriginal",),
}
_MAIL_DATES = {
    "sent_at": ("mapi:client-submit-time",),
    "received_at": ("mapi:message-delivery-time",),
}
# Typed fields that are one text, by the first of Tika's names that holds any.
_TEXTS = {
    "title": ("dc:title",),
    "last_author": ("meta:last-author",),
    "company": ("extended-properties:Company",),
    "language": ("dc:language",),
    "application": ("extended-properties:Application", "generator", "xmp:CreatorTool"),
    "template": ("extended-properties:Template",),
    "manager": ("extended-properties:Manager",),
    "category": ("cp:category",),
    "comments": ("w:Comments", "dc:description", "comment"),
    "revision": ("cp:revision", "editing-cycles"),
}
TIKA_FLAGS = {
    "msoffice:has-comments": "comments",
    "msoffice:has-track-changes": "tracked-changes",
    "msoffice:excel:has-hidden-sheets": "hidden-sheets",
    "msoffice:excel:has-very-hidden-sheets": "hidden-sheets",
    "msoffice:excel:has-hidden-cols": "hidden-columns",
    "msoffice:excel:has-hidden-rows": "hidden-rows",
    "msoffice:ppt:has-hidden-slides": "hidden-slides",
    "msoffice:doc:has-hidden-text": "hidden-text",
    "msoffice:has-linked-ole-objects": "linked-objects",
    "msoffice:has-external-ole-objects": "linked-objects",
    "msoffice:excel:has-external-links": "linked-objects",
}
_RTF = ("application/rtf", "text/rtf")
_OPEN_XML = ("application/vnd.openxmlformats-", "application/vnd.ms-")
_DURATION = re.compile(r"P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:\d+(?:[.,]\d+)?S)?", re.ASCII)
_TICKS = 600_000_000  # of 100 ns in a minute: [MS-OLEPS] 2.25.2, GKPIDSI_EDITTIME
_MOST_MINUTES = 10 * 366 * 24 * 60  # more than ten years is no time of editing
_MOST_COUNT = 10_000_000
_NEVER = ("1601-01-01", "1899-12-3", "1904-01-01")  # printed then: not printed


def fields_from(node: Node) -> tuple[Fields, list[Note]]:
    """The common fields of a document that Tika read, and what is odd about its dates."""
    dates = Dates()
    found: dict[str, Any] = {name: node.get(*names) for name, names in _TEXTS.items()}
    found |= {name: _date(node, dates, name, names) for name, names in _DATES.items()}
    if _is_mail(node):
        found |= {name: _date(node, dates, name, names) for name, names in _MAIL_DATES.items()}
    found |= {name: _people(node, name) for name in _PEOPLE}
    keywords = _keywords(node)
    fields = Fields(
        **found,
        author="; ".join(_distinct(node.values("dc:creator") or node.values("xmpDM:artist"))),
        subject=_subject(node),
        keywords=tuple(word for each in keywords for word in split_keywords(each)),
        edit_minutes=edit_minutes(node.get("extended-properties:TotalTime"), node.mime),
        stated_pages=_pages(node),
        stated_words=_count(node.get("meta:word-count")),
        camera=camera(node.get("tiff:Make"), node.get("tiff:Model")),
        latitude=degrees(node.get("geo:lat"), 90),
        longitude=degrees(node.get("geo:long"), 180),
        hidden=hidden_by_tika(node),
        message_id=_of_mail(node, "Message:Raw-Header:Message-ID", "mapi:internet-message-id"),
        in_reply_to=_of_mail(node, "Message:Raw-Header:In-Reply-To", "mapi:in-reply-to-id"),
        conversation_index=_index(_of_mail(node, "mapi:conversation-index")),
        uncertain=tuple(dates.uncertain),
    )
    return fields, dates.notes(tika.TOOL, tika.VERSION)


def _date(node: Node, dates: Dates, name: str, names: tuple[str, ...]) -> str | None:
    text = node.get(*names)
    if name == "printed_at" and text.startswith(_NEVER):
        return None
    # \creatim and its kin have no zone; Tika writes one all the same
    return dates.take(name, text, iso_date(text), local=node.mime in _RTF)


def split_keywords(text: str) -> tuple[str, ...]:
    """The words of a field of keywords, which writers part by commas or semicolons."""
    return _distinct(tuple(re.split(r"[;,\n]", text[:20_000])))


def _distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.strip() for each in values if each.strip()))


def _keywords(node: Node) -> tuple[str, ...]:
    """The keywords, by whichever name there are any."""
    names = ("meta:keyword", "Keywords", "keywords")
    return _distinct(next((found for name in names if any(found := node.values(name))), ()))


def _subject(node: Node) -> str:
    """The subject, which Tika puts together with the keywords."""
    own = node.get("pdf:docinfo:subject", "cp:subject")
    keywords = _keywords(node)
    others = [each for each in node.values("dc:subject") if each.strip() not in keywords]
    if node.mime.startswith("image/"):  # there it is keywords only
        return own
    return own or (others[0] if others else "")


def edit_minutes(text: str, mime: str) -> int | None:
    """Minutes of editing: OOXML counts them, OLE in units of 100 ns, ODF writes a duration."""
    if text.startswith("P"):
        found = _DURATION.fullmatch(text)
        if found is None:
            return None
        days, hours, minutes = (int(part or 0) for part in found.groups())
        return _bounded((days * 24 + hours) * 60 + minutes, _MOST_MINUTES)
    if not text.isascii() or not text.isdigit() or len(text) > 20:
        return None
    counted = mime.startswith(_OPEN_XML[0]) or (
        mime.startswith(_OPEN_XML[1]) and mime.endswith(".12")
    )
    return _bounded(int(text) if counted else int(text) // _TICKS, _MOST_MINUTES)


def _pages(node: Node) -> int | None:
    if node.mime == "application/pdf":
        return None
    return _count(node.get("meta:page-count", "meta:slide-count", "xmpTPg:NPages"))


def _count(text: str) -> int | None:
    if not text.isascii() or not text.isdigit() or len(text) > 10:
        return None
    return _bounded(int(text), _MOST_COUNT)


def _bounded(value: int, most: int) -> int | None:
    return value if value <= most else None


def camera(make: str, model: str) -> str:
    """Maker and model of a camera, the maker once."""
    make, model = (" ".join(each.replace("\0", " ").split()) for each in (make, model))
    if model.lower().startswith(make.lower()):
        return model
    return f"{make} {model}".strip()


def degrees(text: str, most: int) -> float | None:
    """A place as degrees; None for what is none."""
    try:
        value = float(text)
    except ValueError:
        return None
    return round(value, 7) if -most <= value <= most else None


def _index(text: str) -> str:
    """Outlook's conversation index as mails carry it: base64 of what Tika gives as hexadecimal."""
    try:
        return base64.b64encode(bytes.fromhex(text)).decode()
    except ValueError:
        return ""


def hidden_by_tika(node: Node) -> tuple[str, ...]:
    """The kinds of hidden content that Tika tells of."""
    found = {kind for name, kind in TIKA_FLAGS.items() if node.get(name).lower() == "true"}
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


def _is_mail(node: Node) -> bool:
    return node.mime == "application/vnd.ms-outlook"


def _of_mail(node: Node, *names: str) -> str:
    """What only messages have."""
    return node.get(*names) if _is_mail(node) else ""
