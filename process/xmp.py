"""XMP packets (ISO 16684-1) of PDFs and pictures: plain values by name, without a tree.

Names are written with the prefixes that the specification gives its schemas, whatever the packet
calls them; a list keeps its order, of alternatives in several languages the default comes first.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from xml.parsers import expat

Value = str | list[str]

_SCHEMAS = {
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/xap/1.0/mm/": "xmpMM",
    "http://ns.adobe.com/xap/1.0/rights/": "xmpRights",
    "http://ns.adobe.com/pdf/1.3/": "pdf",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://ns.adobe.com/tiff/1.0/": "tiff",
    "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/": "Iptc4xmpCore",
    "http://ns.adobe.com/lightroom/1.0/": "lr",
    "http://www.aiim.org/pdfa/ns/id/": "pdfaid",
    "http://ns.adobe.com/pdfx/1.3/": "pdfx",
}
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XML_LANG = "http://www.w3.org/XML/1998/namespace lang"
_LISTS = frozenset({f"{_RDF} Seq", f"{_RDF} Bag", f"{_RDF} Alt"})
_MOST_BYTES = 4 << 20
_MOST_VALUES = 2000
_MOST_TEXT = 8192
_DEPTH = 60
_PACKET = re.compile(rb"<(?:\w+:)?(?:xmpmeta|xapmeta|RDF)\b")


class _StopError(Exception):
    """The packet is read no further."""


def read_xmp(data: bytes) -> dict[str, Value]:
    """The values of a packet; as many as could be read of a broken one."""
    start = _PACKET.search(data[:_MOST_BYTES])
    if start is None:
        return {}
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.EntityDeclHandler = _refuse
    end = data.find(b"<?xpacket", start.start())
    piece = data[start.start() : end if end > 0 else len(data)][:_MOST_BYTES]
    # what was read until something is wrong stands
    with suppress(expat.ExpatError, _StopError, ValueError, LookupError):
        parser.Parse(piece.strip(b"\0 \r\n\t"), True)
    return reader.found


def _refuse(*_: object) -> None:
    raise _StopError


class _Reader:
    """Follows the properties of a description, and those of structures within them."""

    def __init__(self) -> None:
        self.found: dict[str, Value] = {}
        self._path: list[str] = []
        self._words: list[str] = []
        self._default = False
        self._count = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element: a description, a property, a list, one of a list."""
        self._path.append(name)
        if len(self._path) > _DEPTH:
            raise _StopError
        self._words = []
        self._default = attributes.get(_XML_LANG) == "x-default"
        for key, value in attributes.items():  # simple properties may be attributes
            if not key.startswith((_RDF, "http://www.w3.org/XML")) and " " in key:
                self._keep([*self._path, key], value)
            elif key == f"{_RDF} resource":
                self._keep(self._path, value)

    def text(self, text: str) -> None:
        """Characters of a value."""
        self._words.append(text)

    def end(self, name: str) -> None:
        """The end of an element: where it has words of its own, they are a value."""
        words = "".join(self._words).strip()
        self._words = []
        if words:
            self._keep(self._path, words)
        if self._path:
            self._path.pop()

    def _keep(self, path: list[str], value: str) -> None:
        names = [_short(each) for each in path]
        key = "/".join(each for each in names if each)
        self._count += 1
        if self._count > _MOST_VALUES:
            raise _StopError
        if not key or not value.strip():
            return
        value = value.strip()[:_MOST_TEXT]
        known = self.found.get(key)
        if known is None:
            self.found[key] = [value] if _LISTS & set(path) else value
        elif isinstance(known, list):
            known.insert(0, value) if self._default else known.append(value)
        else:
            self.found[key] = [known, value]


def _short(name: str) -> str:
    """A name with its schema's usual prefix; nothing for what only gives the packet its shape."""
    space, _, local = name.rpartition(" ")
    if space == _RDF or local in ("xmpmeta", "xapmeta"):
        return ""
    prefix = _SCHEMAS.get(space)
    return f"{prefix}:{local}" if prefix else local


def first(values: Mapping[str, Value], *names: str) -> str:
    """The first value among these names, or an empty string."""
    for name in names:
        value = values.get(name)
        if isinstance(value, list):
            value = value[0] if value else ""
        if value:
            return value
    return ""


def every(values: Mapping[str, Value], name: str) -> tuple[str, ...]:
    """All values of a name."""
    value = values.get(name, ())
    return (value,) if isinstance(value, str) else tuple(value)
