"""A message taken apart: fields, text to search, parts that are documents of their own."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ingest.addresses import parse_addresses
from ingest.cids import cid_key, cid_references
from ingest.headers import Decoding, Moment, header_text, parameter_text, parse_date
from ingest.html import decode_html, html_string_text
from ingest.identity import reduced
from ingest.interface import MailPart, ParsedMail
from ingest.mime import Part, content, leaves, parse
from ingest.text import decode_text, is_guess
from ingest.types import HEAD, identify
from ingest.versions import TOOL, VERSION
from records.codes import Code, Role
from records.fields import Address, Fields
from records.notes import Note, warning

_READ_AS_TEXT = frozenset(
    {
        "text/plain",
        "text/enriched",
        "text/richtext",
        "text/rfc822-headers",
        "message/delivery-status",
        "message/disposition-notification",
        "message/feedback-report",
    }
)
_MESSAGES = frozenset({"message/rfc822", "message/global"})
_BOILERPLATE = re.compile(r"multi-?part|\bmime\b", re.I)
_IDS = re.compile(r"<[^<>]*>|[^\s<>,]+")
_LEADING = re.compile(rb"\A(?:\xef\xbb\xbf)?[\r\n]*(?=[!-9;-~]+[ \t]*:)")
_PRIORITIES = {"1": "high", "2": "high", "3": "normal", "4": "low", "5": "low"}
_PRIORITY_WORDS = {
    "urgent": "high",
    "high": "high",
    "normal": "normal",
    "non-urgent": "low",
    "low": "low",
}


@dataclass(slots=True)
class _Reading:
    """What is gathered while the parts of one message are gone through."""

    decoding: Decoding
    faults: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    documents: list[tuple[Part, bytes]] = field(default_factory=list)


def parse_message(data: bytes) -> ParsedMail:
    """Take a message apart; whatever the bytes are, something comes out.

    Searched text: every text part that is shown inline, in order; of alternatives the plain
    one, and the HTML too where it says much more. Attached messages keep their bytes exactly.
    """
    root = parse(_LEADING.sub(b"", data, count=1))
    first_text = next((each for each in leaves(root) if each.parameters.get("charset")), root)
    reading = _Reading(Decoding(first_text.parameters.get("charset")))
    body = "\n".join(piece for piece in _texts(root, reading) if piece)
    headers = tuple((name, header_text(raw, reading.decoding)) for name, raw in root.fields)
    parts = _documents(reading)
    fields, doubts = _fields(root, headers, parts, reading.decoding)
    return ParsedMail(
        fields=fields,
        body=body,
        html="\n".join(reading.html) if reading.html else None,
        headers=headers,
        parts=parts,
        notes=_notes(root, reading, doubts),
    )


def _texts(part: Part, reading: _Reading) -> Iterator[str]:
    """The text of a part to be searched; on the way its documents are gathered."""
    if part.content_type == "multipart/alternative":
        yield from _alternatives(part, reading)
    else:
        for child in part.children:
            yield from _texts(child, reading)
    if not part.children:
        yield from _leaf(part, reading)
    reading.faults.extend(part.faults)
    for stray in part.strays:
        text = _decode(stray.strip(), None, reading)
        if text and not (_BOILERPLATE.search(text) and len(text) < 1000):
            reading.faults.append("text where none belongs")
            yield text


def _alternatives(part: Part, reading: _Reading) -> Iterator[str]:
    plain: list[str] = []
    marked: list[str] = []
    for child in part.children:
        pieces = list(_texts(child, reading))
        is_html = any(each.content_type == "text/html" for each in leaves(child))
        (marked if is_html else plain).extend(pieces)
    said, shown = len(reduced("".join(plain))), len(reduced("".join(marked)))
    yield from plain
    if said * 2 < shown:  # a stub such as "your program shows no HTML"
        yield from marked


def _leaf(part: Part, reading: _Reading) -> Iterator[str]:
    is_root = part.disposition != "attachment" and not part.filename
    if is_root and part.content_type == "text/html":
        data = content(part)
        html, used = decode_html(data, part.parameters.get("charset"))
        _guessed(part.parameters.get("charset"), used, data, reading)
        html = html.replace("\0", " ")
        reading.html.append(html)
        yield html_string_text(html)
    elif is_root and part.content_type in _READ_AS_TEXT:
        yield _decode(content(part), part.parameters.get("charset"), reading)
    else:
        reading.documents.append((part, content(part)))


def _decode(data: bytes, charset: str | None, reading: _Reading) -> str:
    text, used = decode_text(data, charset)
    _guessed(charset, used, data, reading)
    return text.replace("\0", " ").replace("\r\n", "\n").replace("\r", "\n")


def _guessed(charset: str | None, used: str, data: bytes, reading: _Reading) -> None:
    if is_guess(charset, used) and not data.isascii():
        reading.decoding.guessed.append(f"a text in {charset or 'no charset'}, read as {used}")


def _documents(reading: _Reading) -> tuple[MailPart, ...]:
    """The documents; of several pictures under one Content-ID, the first is the one shown."""
    wanted = {key for html in reading.html for key in cid_references(html)}
    return tuple(
        _document(number, part, data, wanted, reading.decoding)
        for number, (part, data) in enumerate(reading.documents, 1)
    )


def _document(
    number: int, part: Part, data: bytes, wanted: set[str], decoding: Decoding
) -> MailPart:
    """One document; a picture whose key is wanted is inline, and is then wanted no more."""
    name = parameter_text(part.filename, decoding)
    raw = part.filename.encode("utf-8", "surrogateescape")
    name_bytes = name.encode() if "=?" in part.filename else raw
    if not name:
        is_message = part.content_type in _MESSAGES
        name = f"attached-message-{number}.eml" if is_message else f"unnamed-{number}"
        name_bytes = b""
    content_id = header_text(part.first("content-id") or b"", decoding).strip("<> ")
    is_inline = cid_key(content_id) in wanted and _is_picture(data, name)
    if is_inline:
        wanted.remove(cid_key(content_id))
    return MailPart(
        name=name,
        name_bytes=name_bytes or name.encode(),
        role=Role.INLINE if is_inline else Role.ATTACHMENT,
        content_type=part.content_type,
        content_id=content_id,
        data=data,
    )


def _is_picture(data: bytes, name: str) -> bool:
    """Tell a picture by its bytes: what a part declares itself to be counts for nothing."""
    return identify(data[:HEAD], name, io.BytesIO(data)).mime.startswith("image/")


def _fields(
    root: Part,
    headers: tuple[tuple[str, str], ...],
    parts: tuple[MailPart, ...],
    decoding: Decoding,
) -> tuple[Fields, list[str]]:
    """The common fields; with them what is doubtful about the date."""
    values: dict[str, str] = {}
    for name, value in headers:
        values.setdefault(name.lower(), value)
    sent, doubts = _sent(values.get("date"))
    received = parse_date(values.get("received", "").rpartition(";")[2])
    people = {name: _people(root, name, decoding) for name in ("from", "to", "cc", "bcc")}
    fields = Fields(
        subject=" ".join(values.get("subject", "").split()),
        sender=people["from"] or _people(root, "sender", decoding),
        to=people["to"],
        cc=people["cc"],
        bcc=people["bcc"],
        sent_at=sent.at if sent else None,
        sent_offset=sent.offset if sent else None,
        received_at=received.at if received else None,
        message_id=values.get("message-id", "").strip(),
        in_reply_to=next(iter(_ids(values.get("in-reply-to", ""))), ""),
        references=_ids(values.get("references", "")),
        conversation_index="".join(values.get("thread-index", "").split()),
        importance=_importance(values),
        attachment_names=tuple(each.name for each in parts if each.role is Role.ATTACHMENT),
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


def _importance(values: dict[str, str]) -> str:
    word = values.get("importance", "").strip().lower() or values.get("priority", "").lower()
    if word in _PRIORITY_WORDS:
        return _PRIORITY_WORDS[word]
    return _PRIORITIES.get(values.get("x-priority", "").strip()[:1], "")


def _notes(root: Part, reading: _Reading, doubts: list[str]) -> tuple[Note, ...]:
    faults = reading.faults
    if not root.fields:
        faults.append("there is no header")
    found = [(Code.MALFORMED_MAIL, each) for each in faults]
    found += [(Code.CHARSET_GUESSED, each) for each in reading.decoding.guessed]
    found += [(Code.WEAK_DATE, each) for each in doubts]
    return tuple(
        warning(code, text[:1].upper() + text[1:], TOOL, VERSION)
        for code, text in dict.fromkeys(found)
    )
