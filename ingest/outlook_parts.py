"""The attachments of an Outlook item as documents of their own."""

import io
from dataclasses import dataclass

from ingest.cids import cid_key
from ingest.compound_write import CompoundTooLargeError
from ingest.interface import MailPart
from ingest.mapi import BINARY, OBJECT, Attachment, Bag, Item
from ingest.msgnames import TooManyNamesError
from ingest.msgwrite import write_msg
from ingest.property_names import tag
from ingest.types import HEAD, identify
from ingest.versions import TOOL, VERSION
from records.codes import Code, Role
from records.notes import Note, warning

MSG = "application/vnd.ms-outlook"
_DATA = tag("AttachDataBinary")
_METHOD = tag("AttachMethod")
_BY_REFERENCE = frozenset({2, 3, 4, 7})
_NAMES = (tag("AttachLongFilename"), tag("AttachFilename"), tag("AttachTransportName"))
_DISPLAY = tag("DisplayName")


@dataclass(frozen=True, slots=True)
class Parts:
    """The documents, and what could not be made one."""

    parts: tuple[MailPart, ...]
    notes: tuple[Note, ...]


def read_parts(item: Item, shown: frozenset[str], skip: Attachment | None = None) -> Parts:
    """All attachments but `skip`; `shown` are the keys of those that the HTML refers to.

    Of several pictures under one Content-ID, the first is the one shown.
    """
    parts: list[MailPart] = []
    notes: list[Note] = []
    wanted = set(shown)
    for number, each in enumerate(item.attachments, 1):
        if each is skip:
            continue
        try:
            data = data_of(each)
        except (CompoundTooLargeError, TooManyNamesError) as error:
            notes.append(_lost(f"Attachment {number} could not be written: {error}"))
            continue
        if data is None:
            notes.append(_lost(_why(each.bag, number)))
        else:
            parts.append(_part(number, each, data, wanted))
    return Parts(tuple(parts), tuple(notes))


def data_of(attachment: Attachment) -> bytes | None:
    """An attachment's bytes, an item's as MSG; None where there are none."""
    if attachment.message is not None:
        return write_msg(attachment.message)
    found = attachment.bag.find(_DATA, BINARY) or attachment.bag.find(_DATA, OBJECT)
    return found.data if found is not None and isinstance(found.data, bytes) else None


def _part(number: int, attachment: Attachment, data: bytes, wanted: set[str]) -> MailPart:
    bag = attachment.bag
    name = name_of(number, attachment)
    content_id = bag.text(tag("AttachContentId")).strip("<> \t\r\n")
    kind = MSG if attachment.message is not None else _mime(bag)
    key = cid_key(content_id)
    is_inline = key in wanted and _is_picture(data, name)
    if is_inline:
        wanted.remove(key)
    return MailPart(
        name=name,
        name_bytes=name.encode(),
        role=Role.INLINE if is_inline else Role.ATTACHMENT,
        content_type=kind,
        content_id=content_id,
        data=data,
    )


def _is_picture(data: bytes, name: str) -> bool:
    return identify(data[:HEAD], name, io.BytesIO(data)).mime.startswith("image/")


def _mime(bag: Bag) -> str:
    declared = bag.text(tag("AttachMimeTag")).partition(";")[0].strip().lower()
    return declared if "/" in declared else "application/octet-stream"


def name_of(number: int, attachment: Attachment) -> str:
    """The name to show: the file's, an item's subject, or a number."""
    bag = attachment.bag
    if attachment.message is not None:
        inner = attachment.message.bag
        name = bag.text(_DISPLAY) or inner.text(tag("Subject")) or f"attached-item-{number}"
        name = _tidy(name.removeprefix("\1"))
        return name if name.lower().endswith(".msg") else f"{name}.msg"
    name = next((found for each in _NAMES if (found := _tidy(bag.text(each)))), "")
    name = name or _tidy(bag.text(_DISPLAY))
    if name:
        return name
    extension = _tidy(bag.text(tag("AttachExtension")))
    return f"unnamed-{number}{extension}"


def _tidy(name: str) -> str:
    return " ".join(name.split())


def _why(bag: Bag, number: int) -> str:
    name = next((found for each in (*_NAMES, _DISPLAY) if (found := bag.text(each))), "")
    path = bag.text(tag("AttachLongPathname")) or bag.text(tag("AttachPathname"))
    if bag.integer(_METHOD) in _BY_REFERENCE or path:
        return f"Attachment {number} {name!r} is only a reference: {path[:500]}"
    return f"Attachment {number} {name!r} has no content"


def _lost(message: str) -> Note:
    return warning(Code.EMBEDDED_LOST, message, TOOL, VERSION)
