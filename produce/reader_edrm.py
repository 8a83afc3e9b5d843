"""Reads EDRM XML as the receiving party does. Shares no code with what wrote it.

It is read as hostile: a file that declares a document type or entities is refused.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from produce.reader import UnreadableError

_CHUNK = 1 << 16


@dataclass(slots=True)
class EdrmRecord:
    """A document as it stands: `files` are (type, path with forward slashes, size, hash)."""

    number: str
    kind: str
    mime: str
    custodian: str = ""
    location: str = ""
    files: list[tuple[str, str, str, str]] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class EdrmBatch:
    """A whole file: its documents in order, and (parent, child) for each relationship."""

    name: str = ""
    records: list[EdrmRecord] = field(default_factory=list)
    kin: list[tuple[str, str]] = field(default_factory=list)


def read_edrm(path: Path) -> EdrmBatch:
    """Parse a file; raises `UnreadableError` where a platform could not, or should not."""
    building = _Building()
    parser = expat.ParserCreate()
    parser.StartElementHandler = building.start
    parser.EndElementHandler = building.end
    parser.CharacterDataHandler = building.text
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    try:
        for chunk in _chunks(path):
            parser.Parse(chunk)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise UnreadableError(f"is no XML: {error}") from error
    except KeyError as error:
        raise UnreadableError(f"an element lacks {error}") from error
    return building.batch


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _refuse(*_: object) -> None:
    raise UnreadableError("declares a document type or entities")


class _Building:
    """What has been read so far."""

    def __init__(self) -> None:
        self.batch = EdrmBatch()
        self._above: list[str] = []
        self._kind = ""
        self._text: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if not self._above and name != "Root":
            raise UnreadableError(f"begins with {name}, not with Root")
        self._above.append(name)
        self._text = []
        match name:
            case "Batch":
                self.batch.name = attributes.get("name", "")
            case "Document":
                kind, mime = attributes.get("DocType", ""), attributes.get("MimeType", "")
                self.batch.records.append(EdrmRecord(attributes["DocID"], kind, mime))
            case "File":
                self._kind = attributes.get("FileType", "")
            case "ExternalFile":
                folder = attributes["FilePath"].replace("\\", "/")
                path = f"{folder}/{attributes['FileName']}"
                size, digest = attributes.get("FileSize", ""), attributes.get("Hash", "")
                self._last().files.append((self._kind, path, size, digest))
            case "Tag":
                self._tag(attributes["TagName"], attributes["TagValue"])
            case "Relationship":
                self.batch.kin.append((attributes["ParentDocID"], attributes["ChildDocID"]))

    def _tag(self, name: str, value: str) -> None:
        tags = self._last().tags
        if name in tags:
            raise UnreadableError(f"{self._last().number} has the tag {name} twice")
        tags[name] = value

    def _last(self) -> EdrmRecord:
        if not self.batch.records:
            raise UnreadableError("a file or a tag stands outside of a document")
        return self.batch.records[-1]

    def text(self, data: str) -> None:
        """Text goes on."""
        self._text.append(data)

    def end(self, name: str) -> None:
        """An element ends."""
        self._above.pop()
        if name == "Custodian":
            self._last().custodian = "".join(self._text)
        if name == "LocationURI":
            self._last().location = "".join(self._text)
