"""The skeleton of a message: header fields and parts as slices of the bytes received.

The standard library's parser decodes and re-flows what it reads, and recurses as deep as a
message nests; here every part keeps its bytes exactly, so that a message inside a message is
stored as it was sent. Rules: RFC 5322 section 2.2, RFC 2045 and RFC 2046 section 5.1.
"""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from email.policy import Compat32

DEPTH = 50
"""Multiparts nest no deeper than this; what is deeper becomes an attachment as it stands."""

_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r|\Z)")
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:")
_MORE = re.compile(rb"[!-9;-~]+[ \t]*:|[ \t]+[^ \t\r\n]")  # a field, or one that goes on
_FOLDED = re.compile(rb"(?:[ \t]+[^ \t\r\n][^\r\n]*(?:\r\n|\n|\r)){1,20}[!-9;-~]+[ \t]*:")
_WORD = re.compile(rb"[0-9A-Za-z\x80-\xff]")
_FIRST_BOUNDARY = re.compile(rb"(?:\A|[\r\n])--([!-~ ]{1,200}?)[ \t]*(?=[\r\n])")
_BLANKS = b" \t\r\n\f\v"
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=\s]")
_PADDING = re.compile(rb"=[=\s]*")
_LONGEST_VALUE = 1 << 14  # the library takes time by the square of it


class _AsReceived(Compat32):
    """Hands out header values as they were put in; the library replaces what is not ASCII."""

    def header_fetch_parse(self, name: str, value: str) -> str:
        return value


_POLICY = _AsReceived()


@dataclass(slots=True)
class Part:
    """One node of a message: its header, its body's bytes as received, what it holds."""

    fields: tuple[tuple[str, bytes], ...]
    body: bytes
    content_type: str = "text/plain"
    parameters: dict[str, str] = field(default_factory=dict)
    disposition: str = ""
    filename: str = ""
    children: list["Part"] = field(default_factory=list)
    strays: list[bytes] = field(default_factory=list)  # text where none belongs
    faults: list[str] = field(default_factory=list)

    def first(self, name: str) -> bytes | None:
        """The first field of that (lower-case) name, unfolded; None where there is none."""
        return next((value for key, value in self.fields if key.lower() == name), None)


@dataclass(slots=True)
class Header:
    """The fields of a header, unfolded; where the body begins; lines that are no fields."""

    fields: tuple[tuple[str, bytes], ...]
    end: int
    strays: list[bytes]
    is_open: bool = False  # no empty line ends it


def split_header(data: bytes) -> Header:
    """Read the header. A line that is no field ends it, unless a field follows that line.

    A line without letters may also stand within a field that is folded.
    """
    found: list[tuple[str, list[bytes]]] = []
    strays: list[bytes] = []
    at, size = 0, len(data)
    while at < size:
        line = _LINE.match(data, at)
        assert line is not None
        text = line[0].rstrip(b"\r\n")
        if not text or (not text.strip(_BLANKS) and not _MORE.match(data, line.end())):
            return Header(_joined(found), line.end(), strays)
        name = _FIELD.match(text)
        if name is not None:
            found.append((name[1].decode("ascii"), [text[name.end() :]]))
        elif text[:1] in b" \t" and found:
            found[-1][1].append(text)
        elif text.startswith((b"From ", b">From ")) and not found:
            pass  # the envelope line of a mailbox
        elif _FIELD.match(data, line.end()) or (
            not _WORD.search(text) and _FOLDED.match(data, line.end())
        ):
            strays.append(text)
        else:
            return Header(_joined(found), at, strays, is_open=True)
        at = line.end()
    return Header(_joined(found), at, strays)


def _joined(found: list[tuple[str, list[bytes]]]) -> tuple[tuple[str, bytes], ...]:
    return tuple((name, b"".join(lines).strip(_BLANKS)) for name, lines in found)


def parse(data: bytes) -> Part:
    """Take a message apart."""
    return _part(data, "text/plain", 0)


def _part(data: bytes, default_type: str, depth: int) -> Part:
    header = split_header(data)
    part = Part(header.fields, data[header.end :], default_type, strays=header.strays)
    if header.strays:
        part.faults.append("a line of the header is no field")
    if header.is_open:
        part.faults.append("the header ends without an empty line")
    _describe(part, default_type)
    if part.content_type.startswith("multipart/"):
        _open(part, depth)
    return part


def _describe(part: Part, default_type: str) -> None:
    """Read Content-Type and Content-Disposition, which the library's `Message` takes apart."""
    declared, disposition = part.first("content-type"), part.first("content-disposition")
    if declared is None and disposition is None:
        return
    message = Message(_POLICY)
    for name, value in (("Content-Type", declared), ("Content-Disposition", disposition)):
        if value:
            message[name] = value[:_LONGEST_VALUE].decode("ascii", "surrogateescape")
    if declared:
        kind = message.get_content_type()
        part.content_type = kind if b"/" in declared else default_type
    part.parameters = _parameters(message, "content-type")
    if disposition:
        part.disposition = (message.get_content_disposition() or "").strip()
    part.filename = (
        _parameters(message, "content-disposition").get("filename")
        or part.parameters.get("name")
        or ""
    )


def _parameters(message: Message, header: str) -> dict[str, str]:
    """Parameters of a field, RFC 2231 joined; raw 8-bit stays as surrogate escapes."""
    found: dict[str, str] = {}
    for name, value in (message.get_params([], header) or [])[1:]:
        if isinstance(value, tuple):
            charset, _, text = value
            raw = text.encode("latin-1", "replace")
            found.setdefault(name.lower(), f"=?{charset or 'utf-8'}?b?{_b64(raw)}?=")
        else:
            found.setdefault(name.lower(), value.strip())
    return found


def _b64(raw: bytes) -> str:
    return binascii.b2a_base64(raw, newline=False).decode("ascii")


def _open(part: Part, depth: int) -> None:
    if depth >= DEPTH:
        part.faults.append(f"multiparts nest deeper than {DEPTH}")
        part.content_type, part.disposition = "application/octet-stream", "attachment"
        return
    boundary = part.parameters.get("boundary", "").encode("ascii", "surrogateescape").rstrip()
    slices = _slices(part, boundary) if boundary else []
    if not slices and (guess := _FIRST_BOUNDARY.search(part.body)):
        part.faults.append("its boundary is not the one declared")
        slices = _slices(part, guess[1])
    if not slices:
        part.faults.append("a multipart without parts")
        part.content_type = "text/plain"
        return
    part.body = b""  # held by the children now
    inner = "message/rfc822" if part.content_type == "multipart/digest" else "text/plain"
    part.children = [_part(each, inner, depth + 1) for each in slices]


def _slices(part: Part, boundary: bytes) -> list[bytes]:
    """The parts between the delimiter lines; the line end before a delimiter belongs to it."""
    delimiter = re.compile(rb"--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r\n|\n|\r|\Z)")
    body = part.body
    found: list[bytes] = []
    start, outside = -1, 0  # of the part under way; of what belongs to none
    for match in delimiter.finditer(body):
        before = _before_line_end(body, match.start())
        if before is None:
            continue
        if start >= 0:
            found.append(body[start:before])
        else:
            part.strays.append(body[outside:before])
        start = -1 if match[1] else _past_line_end(body, match.end())
        outside = _past_line_end(body, match.end())
        if start >= 0 and len(part.strays) > 1:
            part.faults.append("parts behind the closing boundary")
    if start >= 0:
        part.faults.append("no closing boundary")
        found.append(body[start:])
    elif found:
        part.strays.append(body[outside:])
    return found


def _before_line_end(data: bytes, at: int) -> int | None:
    """Where the line end before `at` begins; 0 at the start, None within a line."""
    if not at:
        return 0
    if data[at - 1] not in b"\r\n":
        return None
    return at - 2 if at > 1 and data.startswith(b"\r\n", at - 2) else at - 1


def _past_line_end(data: bytes, at: int) -> int:
    if data.startswith(b"\r\n", at):
        return at + 2
    return at + 1 if data[at : at + 1] in (b"\r", b"\n") else at


def leaves(part: Part) -> Iterator[Part]:
    """All parts that hold no others, in order."""
    if not part.children:
        yield part
    for child in part.children:
        yield from leaves(child)


def content(part: Part) -> bytes:
    """A part's bytes with the transfer encoding undone; faults are noted on the part."""
    encoding = (part.first("content-transfer-encoding") or b"").lower().strip(b" \t\"';")
    if encoding == b"base64":
        return _base64(part)
    if encoding == b"quoted-printable":
        return binascii.a2b_qp(part.body)
    if encoding in (b"x-uuencode", b"uuencode", b"x-uue", b"uue"):
        return _uuencoded(part)
    return part.body


def _base64(part: Part) -> bytes:
    body = part.body
    if _NOT_BASE64.search(body):
        part.faults.append("its base64 holds other characters")
        body = _NOT_BASE64.sub(b"", body)
    pieces = [piece.translate(None, _BLANKS) for piece in _PADDING.split(body)]
    out = []
    for piece in pieces:
        cut = len(piece) % 4 == 1
        if cut:
            part.faults.append("its base64 is cut off")
        whole = piece[: len(piece) - cut]
        out.append(binascii.a2b_base64(whole + b"=" * (-len(whole) % 4)))
    return b"".join(out)


def _uuencoded(part: Part) -> bytes:
    out: list[bytes] = []
    for line in part.body.splitlines():
        if line.startswith(b"begin ") or not line:
            continue
        if line.strip() == b"end":
            break
        try:
            out.append(binascii.a2b_uu(line))
        except binascii.Error:
            # Encoders that miscount leave trailing rubbish (the library's uu module does this).
            length = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                out.append(binascii.a2b_uu(line[:length]))
            except binascii.Error:
                part.faults.append("its uuencoding is damaged")
    return b"".join(out)
