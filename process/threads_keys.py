"""What a mail is joined to others by: the keys, taken from its fields."""

import base64
import binascii
import hashlib
import re
import sys
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from process.threads_interface import Message
from process.threads_subject import parse_subject
from records import tables
from records.times import parse

MAIL_TYPES = ("email", "msg", "tnef")
_KINDS = frozenset({"", "mail", "meeting", "post", "report"})
_PEOPLE = ("sender", "to", "cc", "bcc")

MOST_REFERENCES = 1000
_LONGEST_KEY = 200
_LONGEST_ADDRESS = 320  # RFC 5321 section 4.5.3.1: 64 and 255 octets and the @
_LONGEST_INDEX = 1 << 16

_ID = re.compile(r"<([^<>]{1,2000})>")
_HEX = re.compile(r"01[0-9a-f]{42,}", re.I)
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]")
_HEADER = 22  # bytes, [MS-OXOMSG] 2.2.1.3
_LEVEL = 5

type Key = tuple[str, str]
"""Its kind, and what it is."""

D = tables.documents.c
COLUMNS = (D.id, D.fields, D.sent_at, D.dedup_hash, D.sha256, D.family_id)


def is_mail(fields: Mapping[str, Any]) -> bool:
    """Whether an item of a mail's format is one; contacts, notes and the like are not."""
    return fields.get("kind", "") in _KINDS


def message_of(row: "sa.Row[*tuple[Any, ...]]") -> Message:
    """Read a document's row with the columns `COLUMNS`."""
    fields: dict[str, Any] = row.fields
    return Message(
        id=row.id,
        message_id=next(iter(_ids(fields.get("message_id", ""))), ""),
        references=_references(fields),
        index=conversation(fields.get("conversation_index", "")),
        subject=parse_subject(fields.get("subject", "")),
        sent=_seconds(row.sent_at),
        sender=_addresses(fields, "sender"),
        recipients=_addresses(fields, "to", "cc", "bcc"),
        copy=f"mail:{row.dedup_hash}" if row.dedup_hash else f"file:{row.sha256 or row.id}",
        attached=row.family_id != row.id,
    )


def keys_of(message: Message) -> dict[Key, int]:
    """What a mail shares with others of its thread; each with its place among its kind."""
    found: dict[Key, int] = {("copy", message.copy): 0}
    if message.message_id:
        found["id", message.message_id] = 0
    for place, each in enumerate(message.references):
        found["reference", each] = place
    if message.index:
        found["index", message.index[:_HEADER].hex()] = 0
    if message.subject.base and message.sent is not None:
        found["subject", _short(message.subject.base)] = 0
    return found


def address_keys(fields: Mapping[str, Any]) -> dict[Key, int]:
    """The addresses of a mail's people; each with a number for the name shown, 0 for none."""
    found: dict[Key, int] = {}
    for name in _PEOPLE:
        for each in fields.get(name, ()):
            address = each["address"]
            if is_address(address):
                found["address", address] = found.get(("address", address)) or name_number(
                    each["name"], address
                )
    return found


def is_address(text: str) -> bool:
    """Whether it can be kept as a person's: an internet address, or one of Exchange's."""
    return 0 < len(text) <= _LONGEST_ADDRESS and text.isprintable()


def name_number(name: str, address: str) -> int:
    """A number for a name that is shown with an address; 0 for one that says nothing."""
    if not name or name.casefold() == address:
        return 0
    return (zlib.crc32(name.encode("utf-8", "surrogatepass")) & 0x7FFFFFFF) or 1


def shown_names(fields: Mapping[str, Any]) -> dict[str, list[str]]:
    """The names that a mail shows with each address."""
    found: dict[str, list[str]] = {}
    for name in _PEOPLE:
        for each in fields.get(name, ()):
            found.setdefault(each["address"], []).append(each["name"])
    return found


def conversation(text: str) -> bytes:
    """A Conversation-Index's bytes up to its last whole level; nothing for what is none.

    Padding may be missing and odd letters strewn in; what Tika gives in hexadecimal is taken too.
    """
    text = "".join(text[:_LONGEST_INDEX].split())
    if _HEX.fullmatch(text) and len(text) % 2 == 0:
        data = bytes.fromhex(text)
    else:
        plain = _NOT_BASE64.sub("", text.replace("-", "+").replace("_", "/"))
        plain = plain[: len(plain) - (len(plain) % 4 == 1)]
        try:
            data = base64.b64decode(plain + "=" * (-len(plain) % 4))
        except binascii.Error:
            return b""
    if len(data) < _HEADER or not any(data[6:_HEADER]):
        return b""
    return data[: len(data) - (len(data) - _HEADER) % _LEVEL]


def _ids(text: str) -> list[str]:
    """Message-IDs without their angle brackets; or the bare word, where it can be one.

    Each is held once, however many mails name it.
    """
    found = _ID.findall(text)
    if not found and "@" in text and not text.strip().count(" "):
        found = [text.strip()]
    plain = ("".join(each.split()) for each in found)
    return [sys.intern(_short(each)) for each in plain if each]


def _references(fields: Mapping[str, Any]) -> tuple[str, ...]:
    """The chain that a mail states (RFC 5322 section 3.6.4): References, then In-Reply-To."""
    texts: Iterable[str] = (*fields.get("references", ()), fields.get("in_reply_to", ""))
    found = tuple(dict.fromkeys(each for text in texts for each in _ids(text)))
    if len(found) > MOST_REFERENCES:
        return (found[0], *found[1 - MOST_REFERENCES :])
    return found


def _short(text: str) -> str:
    """As it is, or its hash where a database's index would not take it."""
    if len(text) <= _LONGEST_KEY and text.isprintable():
        return text
    return "#" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _addresses(fields: Mapping[str, Any], *names: str) -> tuple[str, ...]:
    found = (each["address"] for name in names for each in fields.get(name, ()))
    return tuple(sorted({sys.intern(each) for each in found if each}))


def _seconds(text: str | None) -> int | None:
    return None if text is None else int(parse(text).timestamp())
