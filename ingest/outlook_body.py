"""The body of an Outlook item: which of the forms it is kept in is the one to search."""

from dataclasses import dataclass

from ingest.codepages import codec_of
from ingest.html import decode_html, html_string_text
from ingest.identity import reduced
from ingest.mapi import BINARY, STRING8, UNICODE, Bag
from ingest.properties import whole_text
from ingest.property_names import tag
from ingest.rtf import NotRtfError, RtfBody, rtf_body
from ingest.text import decode_text, is_guess
from ingest.versions import TOOL, VERSION
from records.codes import Code
from records.notes import Note, warning

_BODY, _HTML, _RTF = tag("Body"), tag("Html"), tag("RtfCompressed")
_CODEPAGE = tag("InternetCodepage")
_MOST_RTF = 256 << 20


@dataclass(frozen=True, slots=True)
class Body:
    """What an item says, its HTML as decoded if there is any, and what was odd about them."""

    text: str
    html: str | None
    notes: tuple[Note, ...]


def read_body(bag: Bag, content_type: str = "") -> Body:
    """The body, as reading the mail's MIME would have chosen it.

    `content_type` is what the transport headers declare. Where that is HTML alone, Outlook's
    plain text is only its own rendering and the HTML counts; otherwise the plain text does, and
    the HTML too where it says much more (as in `ingest.mail`).
    """
    notes: list[Note] = []
    said = _plain(bag, notes)
    html = _html(bag, notes)
    rtf = _rtf(bag, notes) if html is None else None
    if rtf is not None:
        html = rtf.html
        if html is not None or not said.strip():
            notes += [_odd(each) for each in rtf.faults]
    other = html_string_text(html) if html is not None else rtf.text if rtf is not None else ""
    if not said.strip() and rtf is not None and reduced(other):
        message = "The body was kept as rich text only"
        notes.append(warning(Code.RTF_BODY, message, TOOL, VERSION))
    is_said_in_html = html is not None and _is_html_alone(content_type) and bool(reduced(other))
    if is_said_in_html or not said.strip():
        text = other
    elif len(reduced(said)) * 2 < len(reduced(other)):
        text = f"{said}\n{other}"
    else:
        text = said
    return Body(text, html, tuple(notes))


def _is_html_alone(content_type: str) -> bool:
    kind, _, parameters = content_type.lower().partition(";")
    if kind.strip() == "multipart/related":
        return "text/html" in parameters
    return kind.strip() == "text/html"


def _plain(bag: Bag, notes: list[Note]) -> str:
    found = bag.find(_BODY, UNICODE) or bag.find(_BODY, STRING8)
    if found is None or not isinstance(found.data, bytes):
        return ""
    if found.type == STRING8 and not found.data.isascii():
        used = decode_text(found.data, bag.codepage)[1]
        if is_guess(bag.codepage, used):
            notes.append(_guessed("A text", bag.codepage, used))
    return _lines(whole_text(bag, found))


def _html(bag: Bag, notes: list[Note]) -> str | None:
    found = bag.find(_HTML, BINARY) or bag.find(_HTML, UNICODE, STRING8)
    if found is None or not isinstance(found.data, bytes) or not found.data.strip(b"\0 \r\n"):
        return None
    if found.type != BINARY:
        return whole_text(bag, found)
    declared = codec_of(bag.integer(_CODEPAGE))
    html, used = decode_html(found.data, declared)
    if is_guess(declared, used) and not found.data.isascii() and declared is not None:
        notes.append(_guessed("An HTML body", declared, used))
    return html.replace("\0", " ")


def _rtf(bag: Bag, notes: list[Note]) -> RtfBody | None:
    data = bag.binary(_RTF)
    if not data:
        return None
    try:
        body = rtf_body(data, _MOST_RTF)
    except NotRtfError as error:
        message = f"Its rich text cannot be read: {error}"
        notes.append(warning(Code.PARTIAL, message, TOOL, VERSION))
        return None
    return RtfBody(body.html, _lines(body.text), body.wraps, body.faults)


def _odd(fault: str) -> Note:
    return warning(Code.MALFORMED_MAIL, fault[:1].upper() + fault[1:], TOOL, VERSION)


def _guessed(what: str, declared: str, used: str) -> Note:
    message = f"{what} in {declared}, read as {used}"
    return warning(Code.CHARSET_GUESSED, message, TOOL, VERSION)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
