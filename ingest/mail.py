"""A message taken apart: fields, text to search, parts that are documents of their own."""

import re
from collections.abc import Iterator
from dataclasses import replace

from ingest import encoded, pgp, smime
from ingest.calendars import parse_calendar
from ingest.emlx import Emlx, read_emlx
from ingest.headers import Decoding, header_text
from ingest.html import decode_page, html_string_text
from ingest.identity import reduced
from ingest.interface import MailPart, ParsedMail
from ingest.mailfields import read_fields
from ingest.mailparts import documents, is_beside, take
from ingest.mailreading import Held, Reading
from ingest.mime import Part, content, leaves, parse
from ingest.versions import TOOL, VERSION
from records.codes import Code, Role
from records.fields import Fields
from records.notes import Note, warning

_REPORTS = frozenset(
    {
        "message/delivery-status",
        "message/disposition-notification",
        "message/feedback-report",
        "message/global-delivery-status",
        "message/global-disposition-notification",
    }
)
_READ_AS_TEXT = _REPORTS | {"text/plain", "text/enriched", "text/richtext", "text/rfc822-headers"}
_BOILERPLATE = re.compile(r"multi-?part|\bmime\b", re.I)
_LEADING = re.compile(rb"\A(?:\xef\xbb\xbf)?[\r\n]*(?=[!-9;-~]+[ \t]*:)")
_WORD = re.compile(r"[^\W_]{2,}")
_ADDRESS = re.compile(r"\b(?:https?|ftp|mailto|cid):\S*", re.I)
_ENVELOPES = 8
"""So many signed or compressed envelopes within one another are opened."""
_NO_EMLX = Emlx(b"")


def parse_message(data: bytes, *, inline: bool = True) -> ParsedMail:
    """Take a message apart; whatever the bytes are, something comes out.

    Searched text: every text part that is shown inline, in order; of alternatives the plain
    one, and the HTML too where it says much more. Attached messages keep their bytes exactly.
    Without `inline`, pictures that the HTML shows are attachments too.
    """
    emlx = read_emlx(data)
    root = parse(_LEADING.sub(b"", data if emlx is None else emlx.message, count=1))
    first_text = next((each for each in leaves(root) if each.parameters.get("charset")), root)
    reading = Reading(Decoding(first_text.parameters.get("charset")))
    body = "\n".join(piece for piece in _texts(root, reading) if piece)
    headers = tuple((name, header_text(raw, reading.decoding)) for name, raw in root.fields)
    reading.judge_sealed(body)
    _look_for_pgp(body, reading)
    html = "\n".join(reading.html) if reading.html else None
    for opened in reading.opened:
        if not body.strip():
            body, html = opened.body, opened.html
        elif _says_more(opened.body, body):
            body = f"{body}\n{opened.body}"
    parts = documents(reading, inline=inline)
    fields, doubts = read_fields(root, headers, reading.decoding)
    return ParsedMail(
        fields=_completed(fields, root, reading, parts, emlx or _NO_EMLX),
        body=body,
        html=html,
        headers=headers,
        parts=parts,
        notes=_notes(root, reading, doubts, emlx or _NO_EMLX),
        raw=reading.charset | ({"emlx": emlx.raw} if emlx is not None and emlx.raw else {}),
    )


def _says_more(other: str, body: str) -> bool:
    """Whether another form of a body is not the same: most of its words are new."""
    words = _words(other)
    return len(words - _words(body)) * 2 > len(words)


def _words(text: str) -> set[str]:
    return set(_WORD.findall(_ADDRESS.sub(" ", text).lower()))


def _texts(part: Part, reading: Reading) -> Iterator[str]:
    """The text of a part to be searched; on the way its documents are gathered."""
    if part.content_type == "multipart/alternative":
        yield from _alternatives(part, reading)
    elif part.content_type in _WRAPPED:
        yield from _WRAPPED[part.content_type](part, reading)
    else:
        for child in part.children:
            yield from _texts(child, reading)
    if not part.children:
        yield from _leaf(part, reading)
    reading.faults.extend(part.faults)
    for stray in part.strays:
        text = reading.decode(stray.strip(), None)
        if text and not (_BOILERPLATE.search(text) and len(text) < 1000):
            reading.faults.append("text where none belongs")
            yield text


def _alternatives(part: Part, reading: Reading) -> Iterator[str]:
    plain: list[str] = []
    marked: list[str] = []
    for child in part.children:
        pieces = list(_texts(child, reading))
        is_html = any(each.content_type == "text/html" for each in leaves(child))
        (marked if is_html else plain).extend(pieces)
    said, shown = len(reduced("".join(plain))), len(reduced("".join(marked)))
    yield from plain
    # a stub such as "your program shows no HTML", or words of its own
    if said * 2 < shown or _says_more("\n".join(marked), "\n".join(plain)):
        yield from marked


def _signed(part: Part, reading: Reading) -> Iterator[str]:
    """What is signed, and the signature beside it, which is no document (RFC 1847)."""
    for number, child in enumerate(part.children):
        kind = _signature_kind(child) if number else ""
        if not kind:
            yield from _texts(child, reading)
            continue
        reading.security.append(f"{kind}-signed")
        data = content(child)
        is_one = smime.is_signature if kind == "smime" else pgp.is_signature
        if not is_one(data):
            yield from _texts(child, reading)


def _signature_kind(part: Part) -> str:
    if part.content_type in smime.SIGNATURES:
        return "smime"
    return "pgp" if part.content_type == "application/pgp-signature" else ""


def _encrypted(part: Part, reading: Reading) -> Iterator[str]:
    """A version, which is no document, and what is encrypted (RFC 3156 section 4)."""
    reading.security.append("pgp-encrypted")
    for child in part.children:
        data = b"" if child.children else content(child)
        if b"-----BEGIN PGP MESSAGE" in data or child.content_type == "application/octet-stream":
            reading.documents.append(Held(child, data, is_sealed=True))
        elif not pgp.is_version(data):
            yield from _texts(child, reading)


def _double(part: Part, reading: Reading) -> Iterator[str]:
    """A Macintosh's file in two parts (RFC 1740); the document is its data fork."""
    for child in part.children:
        if child.children or not is_beside(content(child), child, reading):
            yield from _texts(child, reading)


_WRAPPED = {
    "multipart/signed": _signed,
    "multipart/encrypted": _encrypted,
    "multipart/appledouble": _double,
}


def _leaf(part: Part, reading: Reading) -> Iterator[str]:
    is_root = part.disposition != "attachment" and not part.filename
    data = content(part)
    if is_root and part.content_type == "text/html":
        yield _html(part, data, reading)
    elif is_root and part.content_type in _READ_AS_TEXT:
        reading.is_report = reading.is_report or part.content_type in _REPORTS
        yield _text(part, data, reading)
    elif part.content_type == "message/external-body":
        yield _elsewhere(part, data, reading)
    elif part.content_type in smime.TYPES or part.filename.lower().endswith(".p7m"):
        yield from _enveloped(part, data, reading)
    else:
        if part.content_type == "text/calendar" and part.disposition != "attachment":
            reading.invitation = reading.invitation or _invitation(part, data)
        take(part, data, reading)


def _html(part: Part, data: bytes, reading: Reading) -> str:
    found = decode_page(data, part.parameters.get("charset"))
    reading.guessed(part.parameters.get("charset"), found.charset, data)
    reading.used(found)
    html = found.text.replace("\0", " ")
    reading.html.append(html)
    return html_string_text(html)


def _text(part: Part, data: bytes, reading: Reading) -> str:
    """A text without the files that older programs put into it, which become documents."""
    found = encoded.extract(data)
    for name, file in found.files:
        held = Part((), b"", "application/octet-stream", disposition="attachment")
        held.filename = name.decode("utf-8", "surrogateescape")
        take(held, file, reading)
    reading.faults.extend(found.faults)
    return reading.decode(found.text, part.parameters.get("charset"))


def _elsewhere(part: Part, data: bytes, reading: Reading) -> str:
    """A part that lies elsewhere (RFC 2046 section 5.2.3): never fetched; where it is, is text."""
    said = {name: text for name, text in part.parameters.items() if name != "charset"}
    kind = said.get("access-type", "?")[:40]
    reading.warn(Code.PARTIAL, f"A part of it lies elsewhere ({kind}) and was not fetched")
    where = "\n".join(f"{name}: {text}" for name, text in said.items())
    return f"{where}\n{reading.decode(data, None)}"


def _enveloped(part: Part, data: bytes, reading: Reading) -> Iterator[str]:
    """S/MIME in one part: what is signed or compressed is read in its place."""
    found = smime.envelope(data)
    if found is not None and found.kind == "encrypted":
        reading.security.append("smime-encrypted")
        reading.documents.append(Held(part, data, is_sealed=True))
        return
    if found is not None and found.kind == "signed":
        reading.security.append("smime-signed")
    if found is None or not found.content or reading.depth >= _ENVELOPES:
        if found is not None and found.kind == "compressed":
            reading.warn(Code.PARTIAL, "Compressed content could not be unpacked within the limits")
        take(part, data, reading)
        return
    reading.depth += 1
    yield from _texts(parse(found.content), reading)
    reading.depth -= 1


def _invitation(part: Part, data: bytes) -> bytes | None:
    """A calendar that is the mail's own: it says what is to be done with it (RFC 6047)."""
    return data if part.parameters.get("method") or b"\nMETHOD:" in data[:4096] else None


def _look_for_pgp(body: str, reading: Reading) -> None:
    found = pgp.security(body)
    reading.security.extend(found)
    if "pgp-encrypted" in found:
        if pgp.is_all_encrypted(body):
            reading.fail(Code.ENCRYPTED, "Its text is encrypted with OpenPGP; a key is needed")
        else:
            reading.warn(Code.ENCRYPTED, "A part of its text is encrypted with OpenPGP")


def _completed(
    fields: Fields, root: Part, reading: Reading, parts: tuple[MailPart, ...], emlx: Emlx
) -> Fields:
    """The header's fields with what the parts and the mailbox's own program tell."""
    if reading.opened or emlx.fields is not _NO_EMLX.fields:
        fields = _merged(fields, [each.fields for each in reading.opened], emlx.fields)
    is_report = reading.is_report or root.content_type == "multipart/report"
    kind = fields.kind or ("report" if is_report else "mail")
    fields = replace(
        fields,
        kind=kind,
        security=tuple(dict.fromkeys(reading.security)),
        attachment_names=tuple(each.name for each in parts if each.role is Role.ATTACHMENT),
    )
    if reading.invitation is None:
        return fields
    event = parse_calendar(reading.invitation).fields
    return replace(
        fields,
        kind="meeting",
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        location=event.location,
    )


def _merged(fields: Fields, opened: list[Fields], emlx: Fields) -> Fields:
    """The header's fields before all, then a TNEF's, then what Apple Mail says."""
    values = emlx.to_json()
    for each in reversed(opened):
        values |= {name: value for name, value in each.to_json().items() if name in _OF_TNEF}
    return Fields.from_json(values | fields.to_json())


# What a winmail.dat tells where the mail's header does not.
_OF_TNEF = (
    "kind",
    "starts_at",
    "ends_at",
    "location",
    "categories",
    "sensitivity",
    "voting",
    "vote",
    "conversation_topic",
)


def _notes(root: Part, reading: Reading, doubts: list[str], emlx: Emlx) -> tuple[Note, ...]:
    faults = reading.faults
    if not root.fields:
        faults.append("there is no header")
    found = [(Code.MALFORMED_MAIL, each) for each in (*faults, emlx.fault) if each]
    found += [(Code.CHARSET_GUESSED, each) for each in reading.decoding.guessed]
    found += [(Code.WEAK_DATE, each) for each in doubts]
    warnings = (
        warning(code, text[:1].upper() + text[1:], TOOL, VERSION)
        for code, text in dict.fromkeys(found)
    )
    return tuple(dict.fromkeys((*reading.notes, *warnings)))
