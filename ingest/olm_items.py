"""Items of Outlook for Mac archives as the properties that Outlook for Windows gives them.

What an element says is a property of its own where there is one, and in any case, but for the
bulky ones that are carried whole, a named string called as the element is: nothing is lost.
"""

import base64
import binascii
import datetime as dt
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ingest.mapi import (
    BINARY,
    BOOLEAN,
    INTEGER32,
    MULTIPLE,
    TIME,
    UNICODE,
    Attachment,
    Bag,
    Item,
    Named,
    Property,
)
from ingest.olm_mapping import CLASSES, MAPPED, Kind
from ingest.olm_xml import Element
from ingest.property_names import ADDRESS, PUBLIC_STRINGS
from records.notes import Note

_WHOLE = frozenset({Kind.TEXT, Kind.HTML})
_RECIPIENTS = {
    "OPFMessageCopyToAddresses": (1, 0x0E04),
    "OPFMessageCopyCCAddresses": (2, 0x0E03),
    "OPFMessageCopyBCCAddresses": (3, 0x0E02),
}
_FROM, _SENDER = "OPFMessageCopyFromAddresses", "OPFMessageCopySenderAddress"
_REPLY_TO, _SOURCE = "OPFMessageCopyReplyToAddresses", "OPFMessageCopySource"
_ATTENDEES, _ORGANIZER = "OPFCalendarEventCopyAttendeeList", "OPFCalendarEventCopyOrganizer"
_PRIORITIES = ("OPFMessageGetPriority", "OPFTaskGetPriority")
_READ = "OPFMessageGetIsRead"
_ADDRESS_KEY, _NAME_KEY = "OPFContactEmailAddressAddress", "OPFContactEmailAddressName"
_CATEGORY, _ATTACHMENT = "OPFCategoryCopyName", "messageAttachment"
_URL, _UTF8 = "OPFAttachmentURL", 65001
_EPOCH = dt.datetime(1601, 1, 1, tzinfo=dt.UTC)
_HAS_ATTACHMENTS = 0x10


@dataclass(slots=True)
class _Making:
    """Properties on their way, with ids of their own for the named ones."""

    found: list[Property] = field(default_factory=list)
    named: dict[Named, int] = field(default_factory=dict)

    def add(self, key: int | Named, type: int, data: bytes | tuple[bytes, ...]) -> None:
        """Take a property in; the first of one key stays."""
        if isinstance(key, Named):
            if key in self.named or len(self.named) > 0x7FF0:
                return
            self.named[key] = 0x8000 + len(self.named)
            self.found.append(Property(self.named[key], type, data, key))
        else:
            self.found.append(Property(key, type, data))

    def text(self, key: int | Named, text: str) -> None:
        """Take in a string, unless it is empty."""
        if text:
            self.add(key, UNICODE, wide(text))

    def number(self, key: int | Named, number: int) -> None:
        """Take in a whole number."""
        self.add(key, INTEGER32, struct.pack("<i", number))

    def bag(self) -> Bag:
        """What was taken in."""
        return Bag(self.found)


def wide(text: str) -> bytes:
    """A string as a property's value."""
    return text.encode("utf-16-le", "surrogatepass")


def make_item(
    element: Element, attach: Callable[[Element], tuple[bytes | None, tuple[Note, ...]]]
) -> Item:
    """An item of its element; `attach` gives an attachment's bytes, None where it has none."""
    making = _Making()
    making.text(0x001A, CLASSES[element.name])
    for each in element.children():
        for key, kind in MAPPED.get(each.name, ()):
            _map(making, key, kind, each.text())
    _people(making, element)
    recipients = tuple(_recipients(making, element))
    attachments, notes = list[Attachment](), list[Note]()
    for each in element.walk():
        if each.name == _ATTACHMENT or _URL in each.attributes:
            data, odd = attach(each)
            attachments.append(_attachment(each, data))
            notes += odd
    _state(making, element, bool(attachments))
    _emails_of_contact(making, element)
    _rest(making, element)
    return Item(making.bag(), recipients, tuple(attachments), tuple(notes))


def _map(making: _Making, key: int | Named, kind: Kind, text: str) -> None:
    if kind is Kind.TEXT:
        making.text(key, text)
    elif kind is Kind.HTML and text:
        making.add(key, BINARY, text.encode("utf-8", "replace"))
        making.number(0x3FDE, _UTF8)
    elif kind is Kind.MESSAGE_ID:
        making.text(key, message_ids(text))
    elif kind is Kind.TIME and (moment := when(text)) is not None:
        making.add(key, TIME, moment)
    elif kind is Kind.BOOLEAN and text.strip():
        making.add(key, BOOLEAN, struct.pack("<H", int(_is_true(text))))
    elif kind is Kind.BASE64 and text.strip():
        try:
            making.add(key, BINARY, base64.b64decode(text, validate=False))
        except binascii.Error:
            return  # it stays as the string that it is, see `_rest`


def message_ids(text: str) -> str:
    """Message-IDs with the angle brackets that Outlook for Mac leaves off."""
    return " ".join(
        each if each.startswith("<") else f"<{each}>" for each in text.replace(",", " ").split()
    )


def when(text: str) -> bytes | None:
    """A time as a property's value; None where it is none."""
    try:
        moment = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    ticks = (moment - _EPOCH) // dt.timedelta(microseconds=1) * 10
    return struct.pack("<Q", ticks) if ticks > 0 else None


def _is_true(text: str) -> bool:
    """Whether a flag is set, which may be written 1, 1E0 or true."""
    text = text.strip().lower()
    try:
        return bool(float(text))
    except ValueError:
        return text in {"true", "yes"}


def _parties(element: Element, name: str) -> Iterator[tuple[str, str]]:
    """Names and addresses in the element of that name."""
    for group in element.children(name):
        inner = list(group.children())
        for each in inner:
            shown, address = (_said(each, key) for key in (_NAME_KEY, _ADDRESS_KEY))
            if shown or address:
                yield shown, address
        if not inner and group.text().strip():
            yield "", group.text().strip()


def _said(element: Element, key: str) -> str:
    """What an attribute says, or an element within that is called so."""
    inner = element.child(key)
    return element.attributes.get(key) or ("" if inner is None else inner.text().strip())


def _people(making: _Making, element: Element) -> None:
    authors = list(_parties(element, _FROM))
    senders = list(_parties(element, _SENDER)) or authors
    authors = authors or senders or list(_parties(element, _ORGANIZER))
    for found, ids in (
        (authors, (0x0042, 0x0064, 0x0065, 0x5D02)),
        (senders or authors, (0x0C1A, 0x0C1E, 0x0C1F, 0x5D01)),
    ):
        for shown, address in found[:1]:
            making.text(ids[0], shown or address)
            if address:
                making.text(ids[1], "SMTP")
                making.text(ids[2], address)
                making.text(ids[3], address)
    replies = "; ".join(address or shown for shown, address in _parties(element, _REPLY_TO))
    making.text(0x0050, replies)


def _recipients(making: _Making, element: Element) -> Iterator[Bag]:
    number = 0
    for name, (kind, shown_in) in _RECIPIENTS.items():
        found = list(_parties(element, name))
        making.text(shown_in, "; ".join(shown or address for shown, address in found))
        for shown, address in found:
            yield _recipient(number, kind, shown, address)
            number += 1
    for each in (each for group in element.children(_ATTENDEES) for each in group.children()):
        shown, address = (_said(each, f"OPFCalendarAttendee{key}") for key in ("Name", "Address"))
        stated = _said(each, "OPFCalendarAttendeeType").strip()
        yield _recipient(number, int(stated) if stated in {"1", "2", "3"} else 1, shown, address)
        number += 1


def _recipient(number: int, kind: int, shown: str, address: str) -> Bag:
    making = _Making()
    making.number(0x3000, number)
    making.number(0x0C15, kind)
    making.text(0x3001, shown or address)
    if address:
        making.text(0x3002, "SMTP")
        making.text(0x3003, address)
        making.text(0x39FE, address)
    return making.bag()


def _state(making: _Making, element: Element, has_attachments: bool) -> None:
    read = element.child(_READ)
    if read is not None:
        flags = int(_is_true(read.text())) | (_HAS_ATTACHMENTS if has_attachments else 0)
        making.number(0x0E07, flags)
    for name in _PRIORITIES:
        each = element.child(name)
        level = "" if each is None else each.text().strip()
        if level in {"1", "2", "3", "4", "5"}:
            making.number(0x0017, 1 + (int(level) < 3) - (int(level) > 3))
    categories = [
        each.attributes[_CATEGORY] for each in element.walk() if each.attributes.get(_CATEGORY)
    ]
    if categories:
        key = Named(PUBLIC_STRINGS, "Keywords")
        making.add(key, UNICODE | MULTIPLE, tuple(map(wide, categories)))
    source = element.child(_SOURCE)
    if source is not None:
        making.text(0x007D, _head(source.text()))


def _head(source: str) -> str:
    """The header of a whole message."""
    plain = source.replace("\r\n", "\n").lstrip("\n")
    return plain.partition("\n\n")[0].replace("\n", "\r\n")


def _emails_of_contact(making: _Making, element: Element) -> None:
    found = [
        (each.attributes.get(_NAME_KEY, ""), each.attributes[_ADDRESS_KEY])
        for each in element.walk()
        if element.name == "contact" and each.attributes.get(_ADDRESS_KEY)
    ]
    for (shown, address), first in zip(found, (0x8080, 0x8090, 0x80A0), strict=False):
        making.text(Named(ADDRESS, first), shown or address)
        making.text(Named(ADDRESS, first + 2), "SMTP")
        making.text(Named(ADDRESS, first + 3), address)


def _attachment(element: Element, data: bytes | None) -> Attachment:
    making = _Making()
    name = _said(element, "OPFAttachmentName")
    making.number(0x3705, 1)
    making.number(0x370B, -1)
    making.text(0x3707, name)
    making.text(0x3001, name)
    making.text(0x370E, _said(element, "OPFAttachmentContentType"))
    making.text(0x3712, _said(element, "OPFAttachmentContentID"))
    if data is not None:
        making.number(0x0E20, min(len(data), 0x7FFFFFFF))
        making.add(0x3701, BINARY, data)
    for key, each in element.attributes.items():
        making.text(Named(PUBLIC_STRINGS, key), each)
    return Attachment(making.bag())


def _rest(making: _Making, element: Element) -> None:
    """What the element says, as strings called as it calls them."""
    said: dict[str, list[str]] = {}
    whole: set[str] = set()
    for each in element.children():
        kinds = {kind for _, kind in MAPPED.get(each.name, ())}
        if kinds and kinds <= _WHOLE and each.name not in whole and not each.attributes:
            whole.add(each.name)
            continue
        _flatten(each, each.name, said)
    for name, text in element.attributes.items():
        said.setdefault(name, []).append(text)
    for name, texts in said.items():
        key = Named(PUBLIC_STRINGS, name)
        if len(texts) == 1:
            making.text(key, texts[0])
        else:
            making.add(key, UNICODE | MULTIPLE, tuple(map(wide, texts)))


def _flatten(element: Element, path: str, said: dict[str, list[str]]) -> None:
    if element.name == _ATTACHMENT:
        return
    text = "".join(each for each in element.content if isinstance(each, str))
    if text.strip():
        said.setdefault(path, []).append(text)
    for key, each in element.attributes.items():
        said.setdefault(f"{path}/{key}", []).append(each)
    for inner in element.children():
        _flatten(inner, f"{path}/{inner.name}", said)
