"""EDRM XML, versions 1.0 to 1.2: documents with their tags, files and relationships as rows.

A document type declaration is refused: it can only name entities, which are not to be expanded.
"""

from pathlib import Path
from typing import Any
from xml.parsers import expat

from produce.received.interface import Row

_LINK = {"Native": "NativeLink", "Text": "TextLink"}
_BEG, _PARENT = "BegBates", "ParentBates"


class EdrmError(Exception):
    """The file is no EDRM XML that can be read; says why."""


class _Reader:
    """Collects what the parser meets."""

    def __init__(self) -> None:
        self.documents: list[dict[str, str]] = []
        self.lines: list[int] = []
        self.images: dict[int, list[str]] = {}
        self.parents: list[tuple[str, str]] = []
        self._kind = ""
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.StartDoctypeDeclHandler = _refuse

    def read(self, path: Path) -> None:
        """Parse a file; raises `EdrmError`."""
        try:
            with path.open("rb") as file:
                self._parser.ParseFile(file)
        except expat.ExpatError as error:
            raise EdrmError(f"it is no XML that can be read: {error}") from error

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        found = {each.casefold(): value for each, value in attributes.items()}
        if name == "Document":
            self.documents.append({_BEG: found.get("docid", "")})
            self.lines.append(self._parser.CurrentLineNumber)
            kind = found.get("doctype", "")
            self.documents[-1] |= {"DocType": kind} if kind else {}
        elif name == "Relationship":
            if found.get("type", "").casefold() in ("attachment", "container", ""):
                self.parents.append((found.get("childdocid", ""), found.get("parentdocid", "")))
        elif self.documents:
            self._part(name, found)

    def _part(self, name: str, found: dict[str, str]) -> None:
        document = self.documents[-1]
        if name == "Tag" and found.get("tagname"):
            document.setdefault(found["tagname"].lstrip("#"), found.get("tagvalue", ""))
        elif name == "File":
            self._kind = found.get("filetype", "")
        elif name == "ExternalFile":
            parts = (found.get("filepath", ""), found.get("filename", ""))
            path = "\\".join(each.strip("\\/") for each in parts if each)
            if self._kind == "Image":
                self.images.setdefault(len(self.documents) - 1, []).append(path)
            elif self._kind in _LINK:
                document.setdefault(_LINK[self._kind], path)
                if self._kind == "Native" and len(found.get("hash", "")) in (32, 40, 64):
                    name_of = {32: "MD5", 40: "SHA1", 64: "SHA256"}
                    document.setdefault(name_of[len(found["hash"])], found["hash"])


def _refuse(*_: Any) -> None:
    raise EdrmError("it holds a document type declaration, which is refused")


def read_edrm(path: Path) -> tuple[tuple[str, ...], tuple[Row, ...], dict[int, tuple[str, ...]]]:
    """The columns, a row for each document, and the image paths by the row's place.

    Raises `EdrmError`.
    """
    reader = _Reader()
    reader.read(path)
    if not reader.documents:
        raise EdrmError("it names no document")
    parents = dict(reader.parents)
    columns = dict.fromkeys((_BEG, _PARENT))
    for document in reader.documents:
        document.setdefault(_PARENT, parents.get(document[_BEG], ""))
        columns |= dict.fromkeys(document)
    rows = tuple(
        Row(line, tuple(document.get(name, "") for name in columns), "")
        for line, document in zip(reader.lines, reader.documents, strict=True)
    )
    return tuple(columns), rows, {place: tuple(paths) for place, paths in reader.images.items()}


def is_edrm(head: str) -> bool:
    """Whether the first characters are those of EDRM XML."""
    return "DataInterchangeType" in head and "<Root" in head
