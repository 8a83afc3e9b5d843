"""The common fields of an Outlook item."""

import base64
import datetime as dt
import struct
from dataclasses import replace

from ingest.mapi import Bag, Item, Named
from ingest.outlook_people import organizer, recipients, reply_to, sender
from ingest.property_names import PUBLIC_STRINGS, lid, tag
from records import times
from records.fields import Fields

# How message classes begin, the longer before the shorter, and the kinds they make.
_KINDS = (
    ("ipm.schedule.", "meeting"),
    ("ipm.appointment", "appointment"),
    ("ipm.ole.class.{00061055", "appointment"),  # an exception of a recurring one
    ("ipm.contact", "contact"),
    ("ipm.abchperson", "contact"),
    ("ipm.distlist", "list"),
    ("ipm.taskrequest", "task"),
    ("ipm.task", "task"),
    ("ipm.stickynote", "note"),
    ("ipm.activity", "journal"),
    ("ipm.post", "post"),
    ("ipm.recall.report", "report"),
    ("ipm.outlook.recall", "mail"),
    ("ipm.replication", "mail"),
    ("ipm.resend", "mail"),
    ("ipm.sharing", "mail"),
    ("ipm.note", "mail"),
    ("report.", "report"),
)
_IMPORTANCE = {0: "low", 1: "normal", 2: "high"}
_SENSITIVITY = {1: "personal", 2: "private", 3: "confidential"}
_READ, _UNSENT = 1, 8
_FLAGS, _FLAG_STATUS, _VERB = tag("MessageFlags"), tag("FlagStatus"), tag("LastVerbExecuted")
_VERBS = {102: "answered", 103: "answered", 104: "forwarded"}
_FLAG = {1: "completed", 2: "flagged"}
_KEYWORDS = Named(PUBLIC_STRINGS, "Keywords")
_STARTS = (lid("AppointmentStartWhole"), lid("TaskStartDate"), lid("LogStart"), lid("CommonStart"))
_ENDS = (lid("AppointmentEndWhole"), lid("TaskDueDate"), lid("LogEnd"), lid("CommonEnd"))
_TIMED = frozenset({"meeting", "appointment", "task", "journal"})
_SENT_KINDS = frozenset({"mail", "meeting", "post", "report"})
_NO_DATE = 4500  # the year 4501 stands for "none"
_VOTE = 4


def kind_of(item: Item) -> str:
    """What the item is, by its message class; one without a class that was sent is a mail."""
    name = item.bag.text(tag("MessageClass")).lower()
    for begin, kind in _KINDS:
        if name.startswith(begin):
            return kind
    return "mail" if name in ("", "ipm") else "other"


def read_fields(item: Item, headers: Fields) -> Fields:
    """The fields by the item's properties and its transport headers as they were read."""
    bag, kind = item.bag, kind_of(item)
    people = recipients(item, headers)
    subject = _subject(bag) or headers.subject
    fields = replace(
        _identity(bag, headers),
        to=people["to"],
        cc=people["cc"],
        bcc=people["bcc"],
        subject=subject,
        title="" if kind in _SENT_KINDS else subject or bag.text(tag("DisplayName")),
        sender=sender(item, headers) or organizer(item),
        reply_to=reply_to(bag, headers),
        kind=kind,
        last_author=bag.text(tag("LastModifierName")),
        created_at=stamp(bag, tag("CreationTime")),
        modified_at=stamp(bag, tag("LastModificationTime")),
    )
    return _state(bag, kind, headers, fields)


def _identity(bag: Bag, headers: Fields) -> Fields:
    """What tells one message from another, and which it answers."""
    sent = headers.sent_at or stamp(bag, tag("ClientSubmitTime"))
    references = tuple(bag.text(tag("InternetReferences")).split())
    index = bag.binary(tag("ConversationIndex"))
    return Fields(
        sent_at=sent,
        sent_offset=headers.sent_offset if headers.sent_at else None,
        received_at=stamp(bag, tag("MessageDeliveryTime")) or headers.received_at,
        message_id=bag.text(tag("InternetMessageId")).strip() or headers.message_id,
        in_reply_to=bag.text(tag("InReplyToId")).strip() or headers.in_reply_to,
        references=tuple(dict.fromkeys(references)) or headers.references,
        conversation_index=base64.b64encode(index).decode() or headers.conversation_index,
        conversation_topic=bag.text(tag("ConversationTopic")) or headers.conversation_topic,
    )


def _state(bag: Bag, kind: str, headers: Fields, fields: Fields) -> Fields:
    flags = bag.integer(_FLAGS)
    is_timed = kind in _TIMED
    return replace(
        fields,
        importance=_IMPORTANCE.get(_number(bag, tag("Importance")), headers.importance),
        sensitivity=_SENSITIVITY.get(_number(bag, tag("Sensitivity")), headers.sensitivity),
        is_read=None if flags is None or kind not in _SENT_KINDS else bool(flags & _READ),
        is_draft=None if flags is None or kind not in _SENT_KINDS else bool(flags & _UNSENT),
        flags=_flags(bag),
        categories=tuple(each for each in bag.texts(_KEYWORDS) if each) or headers.categories,
        voting=voting(bag.binary(lid("VerbStream"))),
        vote=bag.text(lid("VerbResponse")),
        starts_at=_first(bag, (*_STARTS, tag("StartDate"))) if is_timed else None,
        ends_at=_first(bag, (*_ENDS, tag("EndDate"))) if is_timed else None,
        location=bag.text(lid("Location")) or bag.text(lid("Where")),
    )


def _number(bag: Bag, key: int) -> int:
    value = bag.integer(key)
    return -1 if value is None else value


def _subject(bag: Bag) -> str:
    """The subject; two characters before it may tell how long its prefix is ([MS-PST] 2.5.3.1)."""
    text = bag.text(tag("Subject"))
    if text[:1] == "\1":
        text = text[2:]
    if not text.strip():
        text = bag.text(tag("SubjectPrefix")) + bag.text(tag("NormalizedSubject"))
    return " ".join(text.split())


def _flags(bag: Bag) -> tuple[str, ...]:
    found = (
        _FLAG.get(_number(bag, _FLAG_STATUS), ""),
        _VERBS.get(_number(bag, _VERB), ""),
    )
    return tuple(each for each in found if each)


def stamp(bag: Bag, key: int | Named) -> str | None:
    """A time as the record keeps it; None where there is none."""
    moment: dt.datetime | None = bag.time(key)
    return None if moment is None or moment.year >= _NO_DATE else times.stamp(moment)


def _first(bag: Bag, keys: tuple[int | Named, ...]) -> str | None:
    return next((found for each in keys if (found := stamp(bag, each)) is not None), None)


def voting(stream: bytes) -> tuple[str, ...]:
    """The choices in a PidLidVerbStream ([MS-OXOMSG] section 2.2.1.74)."""
    try:
        at, count = 6, struct.unpack_from("<I", stream, 2)[0]
        chosen: list[bool] = []
        plain: list[str] = []
        for _ in range(min(count, 64)):
            kind = struct.unpack_from("<I", stream, at)[0]
            at += 4
            texts = []
            for _ in range(4):  # name, class, an internal string, the name again
                size = stream[at]
                texts.append(stream[at + 1 : at + 1 + size])
                at += 1 + size
            at += 29
            chosen.append(kind == _VOTE)
            plain.append(texts[0].decode("cp1252", "replace"))
        wide = _wide_names(stream, at + 2, len(chosen))
    except (struct.error, IndexError):
        return ()
    names = wide if len(wide) == len(plain) else plain
    return tuple(name for name, is_vote in zip(names, chosen, strict=True) if is_vote and name)


def _wide_names(stream: bytes, at: int, count: int) -> list[str]:
    """The same names in UTF-16, each twice, as later versions of Outlook add them."""
    names: list[str] = []
    for _ in range(count):
        pair = []
        for _ in range(2):
            if at >= len(stream):
                return names
            size = 2 * stream[at]
            pair.append(stream[at + 1 : at + 1 + size].decode("utf-16-le", "replace"))
            at += 1 + size
        names.append(pair[0])
    return names
