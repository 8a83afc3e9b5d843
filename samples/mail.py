"""Writes mail as RFC 5322 and MIME bytes, by hand, so that each byte is ours to choose."""

import base64
import binascii
import datetime as dt
import hashlib
import quopri
import re
import textwrap
import urllib.parse
from dataclasses import dataclass, replace
from email.utils import format_datetime

from samples.facts import Person
from samples.tree import Item, MailFacts

_MIME = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "pdf": "application/pdf",
    "zip": "application/zip",
    "png": "image/png",
    "jpeg": "image/jpeg",
    "tiff": "image/tiff",
    "csv": "text/csv",
    "txt": "text/plain",
    "html": "text/html",
}


@dataclass(frozen=True)
class Part:
    """An attachment; `naming` says how its file name is written ("none" for no name)."""

    item: Item
    naming: str = "plain"
    cid: str = ""
    coding: str = "base64"


@dataclass(frozen=True)
class Nested:
    """A message attached to a message."""

    mail: "Mail"
    name: str = ""


@dataclass(frozen=True)
class Mail:
    """A message as its writer means it, before it is put on the wire."""

    sender: Person
    to: tuple[Person, ...]
    subject: str
    sent: dt.datetime
    body: str
    cc: tuple[Person, ...] = ()
    html: str = ""
    html_only: bool = False
    parts: tuple[Part | Nested, ...] = ()
    answers: "Mail | None" = None

    @property
    def message_id(self) -> str:
        """Fixed by the content of the header and of the attachments."""
        names = [p.item.name if isinstance(p, Part) else p.mail.message_id for p in self.parts]
        key = f"{self.sent.isoformat()} {self.sender.address} {self.subject} {names}"
        domain = self.sender.address.partition("@")[2]
        return f"<{hashlib.sha256(key.encode()).hexdigest()[:20]}@{domain}>"

    @property
    def references(self) -> tuple[str, ...]:
        """The message IDs from the start of the thread to the message answered."""
        if self.answers is None:
            return ()
        return (*self.answers.references, self.answers.message_id)


@dataclass(frozen=True)
class Wire:
    """How a message is put on the wire; two wires of one mail differ in bytes only."""

    eol: str = "\r\n"
    body: str = "quoted-printable"
    word: str = "B"
    width: int = 76
    trace: tuple[str, ...] = ()
    utc: bool = False
    shout: bool = False
    salt: str = ""


def eml(name: str, mail: Mail, wire: Wire | None = None) -> Item:
    """The message as a file or part, with its attachments as children."""
    wire = wire or Wire()
    children = _children(mail, wire)
    data = "".join(line + wire.eol for line in _message(mail, wire)).encode("utf-8")
    return Item(name, data, "email", mail.body, mail.html, children, mail=_facts(mail, children))


def mbox(name: str, messages: list[tuple[Mail, Wire]]) -> Item:
    """A Unix mailbox in the mboxrd way: each line of ">"s and "From " gets one more ">"."""
    chunks: list[bytes] = []
    children: list[Item] = []
    for number, (mail, wire) in enumerate(messages, 1):
        child = eml(f"message-{number:05}.eml", mail, replace(wire, eol="\n"))
        stamp = mail.sent.astimezone(dt.UTC).strftime("%a %b %e %H:%M:%S %Y")
        quoted = re.sub(rb"(?m)^(>*From )", rb">\1", child.data)
        chunks.append(f"From {mail.sender.address} {stamp}\n".encode() + quoted + b"\n")
        children.append(child)
    return Item(name, b"".join(chunks), "mbox", children=tuple(children))


def to_html(text: str, head: str = "", foot: str = "") -> str:
    """The same words as HTML."""
    blocks = "\n".join(
        f"<p>{block.replace('&', '&amp;').replace('<', '&lt;').replace(chr(10), '<br>')}</p>"
        for block in text.strip().split("\n\n")
    )
    return (
        '<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"></head>\n'
        f"<body>{head}\n{blocks}\n{foot}</body></html>\n"
    )


def _children(mail: Mail, wire: Wire) -> tuple[Item, ...]:
    found = []
    for place, part in enumerate(mail.parts, 1):
        if isinstance(part, Nested):
            found.append(eml(part.name or f"attached-message-{place}.eml", part.mail, wire))
        else:
            name = f"unnamed-{place}" if part.naming == "none" else part.item.name
            found.append(replace(part.item, name=name, inline=bool(part.cid)))
    return tuple(found)


def _facts(mail: Mail, children: tuple[Item, ...]) -> MailFacts:
    to = tuple(p.address for p in mail.to)
    cc = tuple(p.address for p in mail.cc)
    sent = mail.sent.astimezone(dt.UTC)
    lines = [
        sent.strftime("%Y-%m-%dT%H:%M:%SZ"),
        mail.sender.address,
        *sorted(address.lower() for address in (*to, *cc)),
        " ".join(mail.subject.split()),
        "".join(c for c in mail.body if c.isalnum()),
        *sorted(child.sha256 for child in children),
    ]
    dedup = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return MailFacts(
        mail.subject, mail.sender.address, mail.sender.name, to, cc, sent,
        mail.message_id, mail.references, dedup,
    )  # fmt: skip


def _message(mail: Mail, wire: Wire) -> list[str]:
    sent = mail.sent.astimezone(dt.UTC) if wire.utc else mail.sent
    lines = list(wire.trace)
    lines += [f"Date: {format_datetime(sent)}", f"From: {_mailbox(mail.sender, wire)}"]
    lines += _addresses("To", mail.to, wire) + _addresses("Cc", mail.cc, wire)
    lines += [_unstructured("Subject", mail.subject, wire), f"Message-ID: {mail.message_id}"]
    if mail.answers is not None:
        lines += [f"In-Reply-To: {mail.answers.message_id}"]
        lines += ["References: " + "\n ".join(mail.references)]
    lines += ["MIME-Version: 1.0"]
    flat = "\n".join(lines).split("\n")
    return flat + _entity(mail, wire)


def _entity(mail: Mail, wire: Wire) -> list[str]:
    """The content headers, the blank line and the body."""
    inline = [p for p in mail.parts if isinstance(p, Part) and p.cid]
    others = [p for p in mail.parts if not (isinstance(p, Part) and p.cid)]
    plain = _text(mail.body, "plain", wire)
    content = plain
    if mail.html:
        shown = _text(mail.html, "html", wire)
        if inline:
            shown = _multipart("related", [shown, *(_part(p, wire) for p in inline)], mail, wire)
        content = shown
        if not mail.html_only:
            content = _multipart("alternative", [plain, shown], mail, wire)
    if others:
        content = _multipart("mixed", [content, *(_part(p, wire) for p in others)], mail, wire)
    return content


def _multipart(kind: str, parts: list[list[str]], mail: Mail, wire: Wire) -> list[str]:
    mark = hashlib.sha256(f"{kind}{mail.message_id}{wire.salt}".encode()).hexdigest()[:18]
    boundary = f"=_{kind}_{mark}"
    lines = [f'Content-Type: multipart/{kind}; boundary="{boundary}"', ""]
    for part in parts:
        lines += [f"--{boundary}", *part]
    return [*lines, f"--{boundary}--"]


def _text(text: str, kind: str, wire: Wire) -> list[str]:
    head = f"Content-Type: text/{kind}; charset=utf-8"
    if wire.body == "base64":
        encoded = _base64(text.replace("\n", "\r\n").encode(), wire.width)
    elif wire.body == "quoted-printable":
        encoded = quopri.encodestring(text.encode()).decode("ascii").rstrip("\n").split("\n")
    else:
        encoded = text.rstrip("\n").split("\n")
    return [head, f"Content-Transfer-Encoding: {wire.body}", "", *encoded]


def _part(part: Part | Nested, wire: Wire) -> list[str]:
    if isinstance(part, Nested):
        name = f'; filename="{part.name}"' if part.name else ""
        head = ["Content-Type: message/rfc822", f"Content-Disposition: attachment{name}", ""]
        return [*head, *_message(part.mail, wire), ""]
    lines = [f"Content-Type: {_MIME.get(part.item.kind, 'application/octet-stream')}"]
    if part.cid:
        lines += [f"Content-ID: <{part.cid}>"]
    lines += [("Content-Disposition: inline" if part.cid else "Content-Disposition: attachment")]
    lines[-1] += _file_name(part)
    lines += [f"Content-Transfer-Encoding: {part.coding}", ""]
    flat = "\n".join(lines).split("\n")
    if part.coding == "quoted-printable":
        encoded = binascii.b2a_qp(part.item.data, istext=False).decode("ascii")
        return flat + encoded.split("\n")
    return flat + _base64(part.item.data, wire.width)


def _file_name(part: Part) -> str:
    name = part.item.name
    if part.naming == "none":
        return ""
    if part.naming == "rfc2047":
        return f';\n filename="{_words(name, "B", 10)}"'
    if part.naming == "rfc2231":
        quoted = urllib.parse.quote(name, safe="")
        pieces = re.findall(r"(?:%..|[^%]){1,16}", quoted)
        if len(pieces) == 1:
            return f";\n filename*=utf-8''{quoted}"
        pieces[0] = f"utf-8''{pieces[0]}"
        return "".join(f";\n filename*{i}*={piece}" for i, piece in enumerate(pieces))
    return f';\n filename="{name}"'


def _base64(data: bytes, width: int) -> list[str]:
    text = base64.b64encode(data).decode("ascii")
    return [text[i : i + width] for i in range(0, len(text), width)]


def _unstructured(field: str, text: str, wire: Wire) -> str:
    if text.isascii():
        return "\n ".join(textwrap.wrap(f"{field}: {text}", 76, break_long_words=False))
    return f"{field}: {_words(text, wire.word, 10)}"


def _addresses(field: str, people: tuple[Person, ...], wire: Wire) -> list[str]:
    if not people:
        return []
    return [f"{field}: " + ",\n ".join(_mailbox(p, wire, shout=wire.shout) for p in people)]


def _mailbox(person: Person, wire: Wire, *, shout: bool = False) -> str:
    name = person.name if person.name.isascii() else _words(person.name, wire.word, 10)
    address = person.address.title() if shout else person.address
    return f"{name} <{address}>"


def _words(text: str, coding: str, width: int) -> str:
    """RFC 2047 encoded words, folded; white space between two of them does not count."""
    pieces = [text[i : i + width] for i in range(0, len(text), width)]
    if coding == "B":
        return "\n ".join(
            f"=?utf-8?B?{base64.b64encode(p.encode()).decode('ascii')}?=" for p in pieces
        )
    return "\n ".join(f"=?utf-8?Q?{_q(p)}?=" for p in pieces)


def _q(text: str) -> str:
    return "".join(
        chr(b) if chr(b).isascii() and chr(b).isalnum() else f"={b:02X}" for b in text.encode()
    )
