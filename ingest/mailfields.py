"""The fields of a mail as its header and the mailbox it lay in tell them."""

import re
from collections.abc import Mapping
from dataclasses import replace

from ingest.addresses import parse_addresses
from ingest.headers import Decoding, Moment, header_text, parse_date
from ingest.mime import Part
from ingest.text import decode_text
from records.fields import Address, Fields

_IDS = re.compile(r"<[^<>]*>|[^\s<>,]+")
_PRIORITIES = {"1": "high", "2": "high", "3": "normal", "4": "low", "5": "low"}
_PRIORITY_WORDS = {
    "urgent": "high",
    "high": "high",
    "normal": "normal",
    "non-urgent": "low",
    "low": "low",
}
# RFC 4021 section 2.1.55, and what Outlook writes.
_SENSITIVITY = {
    "personal": "personal",
    "private": "private",
    "confidential": "confidential",
    "company-confidential": "confidential",
}
# The letters of Status and X-Status, as Berkeley Mail, elm and Dovecot write them.
_LETTERS = {"A": "answered", "F": "flagged", "D": "trashed"}
# Bits of X-Mozilla-Status and X-Mozilla-Status2 (nsMsgMessageFlags.idl).
_MOZILLA = {
    0x0002: "answered",
    0x0004: "flagged",
    0x0008: "expunged",
    0x1000: "forwarded",
    0x00200000: "trashed",
}
# Fields in which the program that keeps a mail says what became of it.
_KEPT = frozenset(
    {
        "keywords",
        "status",
        "x-gmail-labels",
        "x-keywords",
        "x-message-flag",
        "x-mozilla-draft-info",
        "x-mozilla-keys",
        "x-mozilla-status",
        "x-mozilla-status2",
        "x-status",
        "x-unsent",
    }
)
_GMAIL = {"starred": "flagged", "trash": "trashed", "spam": "spam", "important": "important"}


def read_fields(
    root: Part, headers: tuple[tuple[str, str], ...], decoding: Decoding
) -> tuple[Fields, list[str]]:
    """The common fields; with them what is doubtful about the date."""
    values: dict[str, str] = {}
    for name, value in headers:
        values.setdefault(name.lower(), value)
    sent, doubts = _sent(values.get("date"))
    received = parse_date(values.get("received", "").rpartition(";")[2])
    names = ("from", "to", "cc", "bcc", "reply-to")
    people = {name: _people(root, name, decoding) for name in names}
    fields = Fields(
        subject=" ".join(values.get("subject", "").split()),
        sender=people["from"] or _people(root, "sender", decoding),
        to=people["to"],
        cc=people["cc"],
        bcc=people["bcc"],
        reply_to=people["reply-to"],
        sent_at=sent.at if sent else None,
        sent_offset=sent.offset if sent else None,
        received_at=received.at if received else None,
        message_id=values.get("message-id", "").strip(),
        in_reply_to=next(iter(_ids(values.get("in-reply-to", ""))), ""),
        references=_ids(values.get("references", "")),
        conversation_index="".join(values.get("thread-index", "").split()),
        conversation_topic=" ".join(values.get("thread-topic", "").split()),
        importance=_importance(values),
        sensitivity=_SENSITIVITY.get(values.get("sensitivity", "").strip().lower(), ""),
    )
    if not _KEPT.isdisjoint(values):
        fields = replace(
            fields,
            categories=_categories(values),
            is_read=_is_read(values),
            is_draft=_is_draft(values),
            flags=_flags(values),
        )
    return fields, doubts


def _sent(value: str | None) -> tuple[Moment | None, list[str]]:
    if value is None:
        return None, []
    moment = parse_date(value)
    if moment is None:
        return None, [f"The date {value[:80]!r} cannot be read"]
    return moment, [f"The date {value[:80]!r}: {moment.weak}"] if moment.weak else []


def _people(root: Part, name: str, decoding: Decoding) -> tuple[Address, ...]:
    """All addresses of all fields of that name; words are decoded after the list is parted."""
    found: list[Address] = []
    for key, raw in root.fields:
        if key.lower() == name:
            raw_text = header_text(raw, decoding) if b"=?" not in raw else _undecoded(raw, decoding)
            found.extend(parse_addresses(raw_text, decoding))
    return tuple(found)


def _undecoded(raw: bytes, decoding: Decoding) -> str:
    return decode_text(raw, decoding.hint)[0].replace("\0", " ")


def _ids(value: str) -> tuple[str, ...]:
    """Message-IDs in a field, in their angle brackets, each once."""
    found = _IDS.findall(value)
    bracketed = [each for each in found if each.startswith("<")] or [
        f"<{each}>" for each in found if "@" in each
    ]
    return tuple(dict.fromkeys("".join(each.split()) for each in bracketed))


def _importance(values: Mapping[str, str]) -> str:
    for name in ("importance", "priority", "x-msmail-priority"):
        word = values.get(name, "").strip().lower()
        if word in _PRIORITY_WORDS:
            return _PRIORITY_WORDS[word]
    return _PRIORITIES.get(values.get("x-priority", "").strip()[:1], "")


def _categories(values: Mapping[str, str]) -> tuple[str, ...]:
    """Keywords and labels: of the sender, of the server, of the reader's own program."""
    by_comma = ("x-gmail-labels", "keywords")
    found = [piece for name in by_comma for piece in _listed(values.get(name, ""))]
    for name in ("x-keywords", "x-mozilla-keys"):
        found += values.get(name, "").replace(",", " ").split()
    return tuple(dict.fromkeys(found))


def _listed(value: str) -> list[str]:
    pieces = (" ".join(each.split()).strip('" ') for each in value.split(","))
    return [each for each in pieces if each]


def _labels(values: Mapping[str, str]) -> frozenset[str]:
    return frozenset(each.lower() for each in _listed(values.get("x-gmail-labels", "")))


def _mozilla(values: Mapping[str, str]) -> int | None:
    """Both fields of flags that Mozilla's programs write, as one number; None without them."""
    if "x-mozilla-status" not in values and "x-mozilla-status2" not in values:
        return None
    return _hexadecimal(values.get("x-mozilla-status", "")) | (
        _hexadecimal(values.get("x-mozilla-status2", "")) & 0xFFFF0000
    )


def _hexadecimal(text: str) -> int:
    text = text.strip()
    return int(text, 16) if re.fullmatch(r"[0-9A-Fa-f]{1,8}", text) else 0


def _is_read(values: Mapping[str, str]) -> bool | None:
    """Whether it was read; None where no program that kept it says so."""
    mozilla = _mozilla(values)
    if mozilla is not None:
        return bool(mozilla & 1)
    status = values.get("status", "").strip()
    if re.fullmatch(r"[NROUD]{1,4}", status):
        return "R" in status
    labels = _labels(values)
    if labels & {"unread", "opened"}:
        return "unread" not in labels
    return None


def _is_draft(values: Mapping[str, str]) -> bool | None:
    is_draft = (
        values.get("x-unsent", "").strip() == "1"
        or "x-mozilla-draft-info" in values
        or "T" in _letters(values)
        or bool(_labels(values) & {"drafts", "draft"})
    )
    return True if is_draft else None


def _letters(values: Mapping[str, str]) -> str:
    found = (values.get(name, "").strip() for name in ("status", "x-status"))
    return "".join(each for each in found if re.fullmatch(r"[A-Z]{1,8}", each))


def _flags(values: Mapping[str, str]) -> tuple[str, ...]:
    letters, bits, labels = _letters(values), _mozilla(values) or 0, _labels(values)
    found = [flag for letter, flag in _LETTERS.items() if letter in letters]
    found += [flag for bit, flag in _MOZILLA.items() if bits & bit]
    found += [flag for label, flag in _GMAIL.items() if label in labels]
    if values.get("x-message-flag", "").strip():
        found.append("flagged")
    return tuple(dict.fromkeys(found))
