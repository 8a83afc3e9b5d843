"""The documents that a mail holds, out of whatever wraps them."""

import importlib
import io

from ingest.apple import Forks, applefile, binhex
from ingest.cids import cid_key, cid_references
from ingest.headers import Decoding, header_text, parameter_text
from ingest.interface import MailPart, ParsedMail
from ingest.mailreading import Held, Reading
from ingest.mime import Part
from ingest.types import HEAD, identify
from records.codes import Code, Role

_MESSAGES = frozenset({"message/rfc822", "message/global"})
_TNEF = b"\x78\x9f\x3e\x22"


def take(part: Part, data: bytes, reading: Reading) -> None:
    """Keep a part's document, unwrapped; what stays behind is noted."""
    if data.startswith(_TNEF) and (opened := _opened_tnef(data)) is not None:
        _take_tnef(part, opened, reading)
        return
    if part.content_type == "message/partial":
        _name_piece(part, reading)
    forks = applefile(data) or binhex(data[: 1 << 30] if _may_be_binhex(part, data) else b"")
    if forks is not None and forks.data is not None:
        data = _take_forks(part, forks, forks.data, reading)
    reading.hold(part, data)


def is_beside(data: bytes, part: Part, reading: Reading) -> bool:
    """Tell an AppleDouble header, whose file is the part beside it; its resources are noted."""
    forks = applefile(data)
    if forks is None or forks.data is not None:
        return False
    _note_resources(part, forks, reading)
    return True


def _may_be_binhex(part: Part, data: bytes) -> bool:
    declared = part.content_type in ("application/mac-binhex40", "application/mac-binhex")
    return declared or b"must be converted with BinHex" in data[:1024]


def _take_forks(part: Part, forks: Forks, data: bytes, reading: Reading) -> bytes:
    part.filename = part.filename or forks.name.decode("mac_roman")
    _note_resources(part, forks, reading)
    return data


def _note_resources(part: Part, forks: Forks, reading: Reading) -> None:
    if forks.resource:
        name = part.filename or forks.name.decode("mac_roman")
        message = (
            f"The resource fork ({forks.resource} bytes) of {name[:80]!r} was left in the mail"
        )
        reading.warn(Code.PARTIAL, message)


def _name_piece(part: Part, reading: Reading) -> None:
    """A piece of a message that was sent in several (RFC 2046 section 5.2.2)."""
    number = part.parameters.get("number", "?")[:10]
    total = part.parameters.get("total", "?")[:10]
    message = f"It holds piece {number} of {total} of a message; the others are mails of their own"
    reading.warn(Code.PARTIAL, message)
    part.filename = part.filename or f"piece-{number}-of-{total}.txt"


def _opened_tnef(data: bytes) -> ParsedMail | None:
    """What a TNEF holds; None where it cannot be read."""
    try:
        outlook = importlib.import_module("ingest.outlook")
        tnef = importlib.import_module("ingest.tnef")
    except ModuleNotFoundError:
        return None
    try:
        opened: ParsedMail = outlook.opened_tnef(data)
    except tnef.NotTnefError:
        return None
    return opened


def _take_tnef(part: Part, opened: ParsedMail, reading: Reading) -> None:
    reading.opened.append(opened)
    reading.notes.extend(opened.notes)
    name = parameter_text(part.filename, reading.decoding) or "winmail.dat"
    reading.warn(Code.TNEF_OPENED, f"{name[:80]!r} was opened: {len(opened.parts)} documents")
    reading.documents.extend(Held(part, each.data, ready=each) for each in opened.parts)


def documents(reading: Reading, *, inline: bool) -> tuple[MailPart, ...]:
    """The documents; of several pictures under one Content-ID, the first is the one shown.

    Without `inline` every picture is an attachment.
    """
    wanted = {key for html in reading.html for key in cid_references(html)} if inline else set()
    return tuple(
        _document(number, held, wanted, reading.decoding, inline=inline)
        for number, held in enumerate(reading.documents, 1)
    )


def _document(
    number: int, held: Held, wanted: set[str], decoding: Decoding, *, inline: bool
) -> MailPart:
    """One document; a picture whose key is wanted is inline, and is then wanted no more."""
    part, data = held.part, held.data
    if held.ready is not None:
        role = held.ready.role if inline else Role.ATTACHMENT
        return MailPart(
            held.ready.name,
            held.ready.name_bytes,
            role,
            held.ready.content_type,
            held.ready.content_id,
            data,
        )
    name, name_bytes = _name(number, part, decoding)
    content_id = header_text(part.first("content-id") or b"", decoding).strip("<> ")
    is_inline = cid_key(content_id) in wanted and _is_picture(data, name)
    if is_inline:
        wanted.remove(cid_key(content_id))
    return MailPart(
        name=name,
        name_bytes=name_bytes,
        role=Role.INLINE if is_inline else Role.ATTACHMENT,
        content_type=part.content_type,
        content_id=content_id,
        data=data,
    )


def _name(number: int, part: Part, decoding: Decoding) -> tuple[str, bytes]:
    name = parameter_text(part.filename, decoding)
    if not name:
        is_message = part.content_type in _MESSAGES
        name = f"attached-message-{number}.eml" if is_message else f"unnamed-{number}"
        return name, name.encode()
    raw = part.filename.encode("utf-8", "surrogateescape")
    return name, name.encode() if "=?" in part.filename else raw


def _is_picture(data: bytes, name: str) -> bool:
    """Tell a picture by its bytes: what a part declares itself to be counts for nothing."""
    return identify(data[:HEAD], name, io.BytesIO(data)).mime.startswith("image/")
