"""Items written as MSG files ([MS-OXMSG]), property for property.

The same item gives the same bytes. One thing is added where it is absent:
PidTagStoreSupportMask, by which Outlook knows that strings are Unicode (section 2.1.1.1). Named
properties get new ids, which only their file gives a meaning.
"""

import struct
from uuid import UUID

from ingest.compound import Compound, NotCompoundError
from ingest.compound_write import Storage, write_compound
from ingest.mapi import (
    FIXED,
    GUID,
    INTEGER32,
    MULTIPLE,
    OBJECT,
    STRING8,
    UNICODE,
    Attachment,
    Bag,
    Item,
    Property,
)
from ingest.msgnames import NAMES, Names
from ingest.ole import MAGIC

_CLASS = UUID("00020d0b-0000-0000-c000-000000000046").bytes_le
_PROPERTIES = "__properties_version1.0"
_SUPPORT_MASK, _UNICODE_OK = 0x340D, 0x00040000
_DATA = 0x3701
_FLAGS = 6  # readable and writeable
_ENTRY = struct.Struct("<HHI8s")
_SIZED = struct.Struct("<HHIII")
_EMBEDDED, _OLE = 1, 4
_NUL = {UNICODE: 2, STRING8: 1}


def write_msg(item: Item) -> bytes:
    """The MSG file of an item.

    Raises `ingest.compound_write.CompoundTooLargeError` past 2 GB and
    `ingest.msgnames.TooManyNamesError` past 32,766 named properties.
    """
    names = Names(item)
    root = _item(item, names, is_top=True)
    root.clsid = _CLASS
    root.storages.append((NAMES, names.storage()))
    return write_compound(root)


def _item(item: Item, names: Names, *, is_top: bool) -> Storage:
    storage = Storage()
    recipients, attachments = len(item.recipients), len(item.attachments)
    header = struct.pack("<8xIIII", recipients, attachments, recipients, attachments)
    added = b""
    if is_top:
        header += bytes(8)
        if item.bag.find(_SUPPORT_MASK) is None:
            value = struct.pack("<Q", _UNICODE_OK if _is_unicode(item.bag) else 0)
            added = _ENTRY.pack(INTEGER32, _SUPPORT_MASK, _FLAGS, value)
    _fill(storage, item.bag, names, header, added)
    for number, bag in enumerate(item.recipients):
        inner = Storage()
        _fill(inner, bag, names, bytes(8))
        storage.storages.append((f"__recip_version1.0_#{number:08X}", inner))
    for number, each in enumerate(item.attachments):
        inner = _attachment(each, names)
        storage.storages.append((f"__attach_version1.0_#{number:08X}", inner))
    return storage


def _is_unicode(bag: Bag) -> bool:
    return any(each.type & ~MULTIPLE == UNICODE for each in bag) or not any(
        each.type & ~MULTIPLE == STRING8 for each in bag
    )


def _attachment(attachment: Attachment, names: Names) -> Storage:
    storage = Storage()
    added = b""
    if attachment.message is not None:
        inner = _item(attachment.message, names, is_top=False)
        storage.storages.append((_name(_DATA, OBJECT), inner))
        added = _SIZED.pack(OBJECT, _DATA, _FLAGS, 0xFFFFFFFF, _EMBEDDED)
    _fill(storage, attachment.bag, names, bytes(8), added, holds=bool(added))
    return storage


def _fill(
    storage: Storage,
    bag: Bag,
    names: Names,
    header: bytes,
    added: bytes = b"",
    *,
    holds: bool = False,
) -> None:
    """Write a bag's properties; `holds`: the object of an attachment is there already."""
    ids = names.ids(bag)
    table = [header]
    for each in bag:
        id = ids.get((each.id, each.named), each.id)
        if holds and id == _DATA and each.type == OBJECT:
            continue
        table.append(_property(storage, id, each))
    table.append(added)
    storage.streams.append((_PROPERTIES, b"".join(table)))


def _property(storage: Storage, id: int, each: Property) -> bytes:
    """The entry of one property; its value, if it is no short one, goes into the storage."""
    type, data = each.type, each.data
    if isinstance(data, tuple):
        return _several(storage, id, type, data)
    if type in FIXED or type == 1:
        return _ENTRY.pack(type, id, _FLAGS, data)
    name = _name(id, type)
    if type == OBJECT and (ole := _unpacked(data)) is not None:
        storage.storages.append((name, ole))
        return _SIZED.pack(type, id, _FLAGS, 0xFFFFFFFF, _OLE)
    storage.streams.append((name, data))
    return _SIZED.pack(type, id, _FLAGS, len(data) + _NUL.get(type, 0), 0)


def _several(storage: Storage, id: int, type: int, values: tuple[bytes, ...]) -> bytes:
    """A multi-valued property: its values in one stream, or lengths and a stream for each."""
    base = type & ~MULTIPLE
    name = _name(id, type)
    if base in FIXED or base == GUID:
        data = b"".join(values)
    elif base in _NUL:
        data = struct.pack(f"<{len(values)}I", *(len(each) + _NUL[base] for each in values))
    else:
        data = b"".join(struct.pack("<Q", len(each)) for each in values)
    storage.streams.append((name, data))
    if base not in FIXED and base != GUID:
        storage.streams += [(f"{name}-{place:08X}", each) for place, each in enumerate(values)]
    return _SIZED.pack(type, id, _FLAGS, len(data), 0)


def _unpacked(data: bytes) -> Storage | None:
    """The storage that an OLE object's bytes are; None for other bytes or damaged ones."""
    if not data.startswith(MAGIC):
        return None
    try:
        compound = Compound(data)
        storage = compound.copy(compound.root)
    except (NotCompoundError, UnicodeDecodeError):
        return None
    return None if compound.faults else storage


def _name(id: int, type: int) -> str:
    return f"__substg1.0_{id:04X}{type:04X}"
