"""Calendars and cards as lines of names and values (RFC 5545 section 3.1, RFC 6350 section 3.2).

The older forms are read too: vCalendar 1.0 and vCard 2.1 with quoted-printable, charsets of their
own for each line, and base64 that ends at an empty line. Whatever the bytes are, no line is lost.
"""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ingest.interface import MailPart
from ingest.text import decode_text
from records.codes import Role
from records.fields import Fields
from records.notes import Note

_DEPTH = 32
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r|\Z)")
_PARAMETER = re.compile(r';\s*([^=;:"]*)(?:=((?:"[^"]*"|[^";:])*))?')
_BASE64 = re.compile(rb"[A-Za-z0-9+/=]+\Z")
_ESCAPE = re.compile(r"\\(.)", re.S)
_OLD = re.compile(rb"(?im)^VERSION:(?:2\.1|1\.0)\s*$")
_DATA = re.compile(r"data:([^;,]*)(?:;[^;,]*)*?;base64,(.*)\Z", re.S | re.I)
_ENDINGS = {"jpeg": "jpg", "basic": "au", "plain": "txt", "x509": "cer", "pkix-cert": "cer"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line; `data` is set instead of `value` where it holds bytes."""

    name: str
    parameters: dict[str, str]
    value: str
    data: bytes | None = None

    @property
    def text(self) -> str:
        """The value with its escapes undone."""
        return _ESCAPE.sub(lambda found: "\n" if found[1] in "nN" else found[1], self.value)

    def pieces(self, mark: str) -> tuple[str, ...]:
        """The value's parts between marks that are not escaped."""
        found = re.split(rf"(?<!\\){re.escape(mark)}", self.value)
        return tuple(Line("", {}, each).text.strip() for each in found)


@dataclass(slots=True)
class Component:
    """What stands between BEGIN and END; `order` are its lines and components as they came.

    `name` is in capitals, `written` as received.
    """

    name: str
    written: str = ""
    order: list["Line | Component"] = field(default_factory=list)

    @property
    def children(self) -> list["Component"]:
        """The components in it."""
        return [each for each in self.order if isinstance(each, Component)]

    def all(self, name: str) -> list[Line]:
        """Its own lines of that name."""
        return [each for each in self.order if isinstance(each, Line) and each.name == name]

    def first(self, name: str) -> Line | None:
        """Its first line of that name."""
        return next(iter(self.all(name)), None)

    def text(self, name: str) -> str:
        """The value of its first line of that name on one line; empty where there is none."""
        found = self.first(name)
        return "" if found is None else " ".join(found.text.split())

    def walk(self) -> Iterator["Component"]:
        """Itself and all in it."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class ParsedEntries:
    """A calendar or a file of cards taken apart: the fields are those of its first entry."""

    fields: Fields
    text: str
    parts: tuple[MailPart, ...]
    raw: dict[str, Any]
    notes: tuple[Note, ...]


def read_components(data: bytes) -> Component:
    """All components, in a nameless one that holds what stands outside of any too."""
    text, charset = decode_text(data)
    if charset != "cp1252":
        data = text.encode("utf-8", "replace")
    root = Component("")
    open_ones = [root]
    for raw in _logical_lines(data):
        line = _line(raw)
        name = line.value.strip().upper()
        if line.name == "BEGIN" and name and len(open_ones) <= _DEPTH:
            child = Component(name, line.value.strip())
            open_ones[-1].order.append(child)
            open_ones.append(child)
        elif line.name == "END" and any(each.name == name for each in open_ones[1:]):
            while open_ones.pop().name != name:
                pass
        else:
            open_ones[-1].order.append(line)
    return root


def _logical_lines(data: bytes) -> Iterator[bytes]:
    """Lines put together again: folded ones, soft line breaks, base64 without folding.

    The older forms fold where there is white space, and keep it.
    """
    mark = 0 if _OLD.search(data[:4096]) else 1
    held: list[bytes] = []
    kind = b""
    for match in _LINE.finditer(data):
        line = match[0].rstrip(b"\r\n")
        if held and kind == b"q" and held[-1].endswith(b"="):
            held[-1] = held[-1][:-1]
            held.append(line.lstrip(b" \t") if line[:1] in b" \t" and line else line)
        elif held and line[:1] in (b" ", b"\t"):
            held.append(line.strip() if kind == b"b" else line[mark:])
        elif held and kind == b"b" and _BASE64.match(line):
            held.append(line)
        else:
            if held:
                yield b"".join(held)
            held, kind = ([line], _encoding(line)) if line.strip() else ([], b"")
    if held:
        yield b"".join(held)


def _encoding(line: bytes) -> bytes:
    head = line.partition(b":")[0].upper()
    if b"QUOTED-PRINTABLE" in head:
        return b"q"
    return b"b" if b";BASE64" in head or b"ENCODING=B" in head else b""


def _line(raw: bytes) -> Line:
    """Name, parameters and value; a line without a colon is all value."""
    head, value = _halves(raw)
    if value is None:
        return Line("", {}, decode_text(raw)[0])
    text = decode_text(head)[0]
    name = re.split(r"[;:]", text, maxsplit=1)[0]
    parameters: dict[str, list[str]] = {}
    for found in _PARAMETER.finditer(text, len(name)):
        key, said = found[1].strip().upper(), (found[2] or "").replace('"', "").strip()
        if found[2] is None:  # vCard 2.1 leaves the names of TYPE and ENCODING out
            is_encoding = key in {"QUOTED-PRINTABLE", "BASE64", "B", "8BIT", "7BIT"}
            key, said = "ENCODING" if is_encoding else "TYPE", found[1].strip()
        parameters.setdefault(key, []).append(said)
    joined = {key: ",".join(each) for key, each in parameters.items()}
    return _decoded(name.rpartition(".")[2].strip().upper(), joined, value)


def _halves(raw: bytes) -> tuple[bytes, bytes | None]:
    """What stands before and behind the first colon that is not within quotes."""
    at = raw.find(b":")
    while at >= 0 and raw.count(b'"', 0, at) % 2:
        at = raw.find(b":", at + 1)
        if at > 1 << 16:
            break
    if at < 0 and b":" in raw:
        at = raw.find(b":")
    return (raw, None) if at < 0 else (raw[:at], raw[at + 1 :])


def _decoded(name: str, parameters: dict[str, str], raw: bytes) -> Line:
    encoding = parameters.get("ENCODING", "").upper()
    if encoding == "QUOTED-PRINTABLE":
        raw = binascii.a2b_qp(raw)
    value = decode_text(raw, parameters.get("CHARSET") or None)[0]
    if encoding in {"BASE64", "B"}:
        data = _base64(value)
        return Line(name, parameters, value if data is None else "", data)
    if value[:5].lower() == "data:" and (found := _DATA.match(value)):
        data = _base64(found[2])
        if data is not None:
            return Line(name, {**parameters, "FMTTYPE": found[1]}, "", data)
    return Line(name, parameters, value)


def _base64(text: str) -> bytes | None:
    """The bytes; None where it is no base64, so that the text is kept."""
    packed = "".join(text.split()).rstrip("=")
    if not packed or not packed.isascii() or len(packed) % 4 == 1:
        return None
    try:
        return binascii.a2b_base64(packed + "=" * (-len(packed) % 4), strict_mode=True)
    except binascii.Error:
        return None


def parts_of(root: Component) -> tuple[MailPart, ...]:
    """The pictures, sounds, keys and attachments that lines hold, as documents."""
    found: list[MailPart] = []
    for component in root.walk():
        for line in component.order:
            if isinstance(line, Line) and line.data:
                found.append(_part(line, line.data, len(found) + 1))
    return tuple(found)


def _part(line: Line, data: bytes, number: int) -> MailPart:
    named = line.parameters
    name = named.get("X-FILENAME") or named.get("FILENAME") or named.get("X-APPLE-FILENAME") or ""
    kind = named.get("FMTTYPE") or named.get("MEDIATYPE") or ""
    given = name.encode()
    if not name:
        said = (kind or named.get("TYPE", "")).rpartition("/")[2].lower().split(",")[0]
        ending = _ENDINGS.get(said, said)
        name = f"{line.name.lower()}-{number}" + (f".{ending}" if ending.isalnum() else "")
    return MailPart(name, given or name.encode(), Role.ATTACHMENT, kind, "", data)


def shown_lines(component: Component, labels: dict[str, str]) -> Iterator[str]:
    """Every line for people to read and to search, with an empty line before each component."""
    for each in component.order:
        if isinstance(each, Component):
            yield ""
            yield labels.get(each.name, each.written)
            yield from shown_lines(each, labels)
        elif each.name or each.value.strip():
            yield _shown(each, labels)


def _shown(line: Line, labels: dict[str, str]) -> str:
    said = ", ".join(
        text if key in {"CN", "TYPE"} else f"{key}={text}"
        for key, text in line.parameters.items()
        if key not in {"ENCODING", "CHARSET", "VALUE"}
    )
    label = labels.get(line.name, line.name)
    marks = ";" if line.name in {"N", "ADR", "ORG"} else ""
    value = " ".join(each for each in line.pieces(";") if each) if marks else line.text
    if line.data is not None:
        value = f"[{len(line.data)} bytes]"
    return f"{label}{f' ({said})' if said else ''}: {value}" if label else value
