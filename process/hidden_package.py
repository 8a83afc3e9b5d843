"""Zip packages of XML parts (OOXML, ODF) read for a look: bounded, without entities or trees."""

import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import unquote
from xml.parsers import expat

from ingest.salvage import directory_size
from process.hidden import Findings

MOST_PART = 64 << 20
_MOST_BYTES = 256 << 20
_MOST_ELEMENTS = 3_000_000
_MOST_DIRECTORY = 64 << 20
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"\0<", b"<\0")
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    OSError,
    ValueError,
    RuntimeError,  # a part that is encrypted
    NotImplementedError,
    EOFError,
    IndexError,
)

Start = Callable[[str, Mapping[str, str]], None]
End = Callable[[str], None]
Text = Callable[[str], None]


class NotPackageError(Exception):
    """The file is no zip that can be opened."""


class Relation(NamedTuple):
    """One relationship of a part: its id, the last word of its type, its target."""

    id: str
    type: str
    target: str
    external: bool


class _StopError(Exception):
    """The part is read no further; the message says why."""


class Package:
    """The parts of a package; what is wrong with it goes to `findings.faults`."""

    def __init__(self, path: Path, findings: Findings) -> None:
        self._findings = findings
        self._bytes = _MOST_BYTES
        self._elements = _MOST_ELEMENTS
        self._file = path.open("rb")
        try:
            if directory_size(self._file) > _MOST_DIRECTORY:
                raise NotPackageError("its directory is too large")
            self._zip = zipfile.ZipFile(self._file)
        except NotPackageError:
            self._file.close()
            raise
        except _DAMAGED as error:
            self._file.close()
            raise NotPackageError(str(error)) from error
        self.names = tuple(dict.fromkeys(self._zip.namelist()))
        self._known = {name.lower().lstrip("/"): name for name in self.names}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: object, trace: TracebackType | None
    ) -> None:
        self._zip.close()
        self._file.close()

    def matching(self, pattern: re.Pattern[str]) -> list[str]:
        """Names of parts that a pattern matches whole, in natural order."""
        found = [name for name in self.names if pattern.fullmatch(name)]
        return sorted(found, key=lambda name: (len(name), name))

    def read(self, name: str) -> bytes:
        """A part's bytes; none where there is no such part, or it cannot be read."""
        known = self._known.get(name.lower().lstrip("/"))
        if known is None:
            return b""
        most = min(MOST_PART, self._bytes)
        try:
            with self._zip.open(known) as member:
                data = member.read(most + 1)
        except _DAMAGED as error:
            self._findings.fault(f"a part cannot be read ({type(error).__name__})")
            return b""
        self._bytes -= min(len(data), most)
        if len(data) > most:
            self._findings.fault("a part is too large to be looked at")
            return b""
        return data

    def parse(
        self, data: bytes, start: Start, end: End | None = None, text: Text | None = None
    ) -> None:
        """Walk the XML of a part; names are local ones, those of attributes too."""
        if not data:
            return
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._counting(start)
        if end is not None:
            parser.EndElementHandler = lambda name: end(name.rpartition(":")[2])
        if text is not None:
            parser.CharacterDataHandler = text
        parser.EntityDeclHandler = _refuse
        try:
            parser.Parse(data, True)
        except (expat.ExpatError, _StopError, ValueError, LookupError) as error:
            self._findings.fault(f"a part was not looked at to its end ({error})")

    def _counting(self, start: Start) -> Start:
        def counted(name: str, attributes: Mapping[str, str]) -> None:
            self._elements -= 1
            if self._elements < 0:
                raise _StopError("there are too many elements")
            if attributes:
                attributes = _local(attributes)
            start(name.rpartition(":")[2], attributes)

        return counted

    def relations(self, part: str) -> tuple[Relation, ...]:
        """The relationships of a part; targets within the package are names of parts."""
        folder, name = posixpath.split(part)
        data = self.read(posixpath.join(folder, "_rels", f"{name}.rels"))
        found: list[Relation] = []

        def start(name: str, attributes: Mapping[str, str]) -> None:
            if name == "Relationship":
                found.append(_relation(folder, attributes))

        self.parse(data, start)
        return tuple(found)

    def external(self) -> Iterator[Relation]:
        """Relationships of all parts that lead out of the package."""
        for name in self.names:
            if name.endswith(".rels") and "_rels/" in name:
                data = self.read(name)
                if may_have(data, _EXTERNAL):
                    folder, _, base = name.rpartition("_rels/")
                    part = f"{folder}{base.removesuffix('.rels')}"
                    yield from (each for each in self.relations(part) if each.external)


_EXTERNAL = re.compile(rb"External")


def _refuse(*_: object) -> None:
    raise _StopError("it declares entities, as no such part does")


def _local(attributes: Mapping[str, str]) -> dict[str, str]:
    """Attributes by their local names; of two such, the one with a prefix (`r:id`) counts."""
    found = dict(attributes)
    for name, value in attributes.items():
        if ":" in name:
            found[name.rpartition(":")[2]] = value
    return found


def _relation(folder: str, attributes: Mapping[str, str]) -> Relation:
    kind = attributes.get("Type", "").rpartition("/")[2]
    target = attributes.get("Target", "")
    external = attributes.get("TargetMode", "").lower() == "external"
    if not external:
        target = unquote(target)
        target = target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
        target = posixpath.normpath(target)
    return Relation(attributes.get("Id", ""), kind, target, external)


def may_have(data: bytes, pattern: re.Pattern[bytes]) -> bool:
    """Whether a part is worth a walk: the pattern is in it, or it is UTF-16 and may hide it."""
    return bool(data) and (data[:2] in _WIDE or pattern.search(data) is not None)


def is_on(value: str | None) -> bool:
    """A switch of OOXML: on where it is there, unless it says no (ISO 29500-1, 22.9.2.7)."""
    return value is None or value.lower() not in ("0", "false", "off", "none")
