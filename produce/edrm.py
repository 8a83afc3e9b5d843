"""Writes EDRM XML 1.2: the documents of a volume with their files, places, tags and kinship.

Root > Fields/Field*; Batch > Documents/Document > Files/File > ExternalFile; Tags/Tag;
Locations/Location > Custodian, LocationURI; Relationships/Relationship. An export beside the DAT.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO
from xml.sax.saxutils import escape

TAGS = {
    "From": "#From",
    "To": "#To",
    "CC": "#CC",
    "BCC": "#BCC",
    "EmailSubject": "#Subject",
    "DateSent": "#DateSent",
    "DateReceived": "#DateReceived",
    "DateCreated": "#DateCreated",
    "DateModified": "#DateModified",
    "AttachmentCount": "#AttachmentCount",
    "AttachmentNames": "#AttachmentNames",
    "FileName": "#FileName",
    "FileExt": "#FileExtension",
    "FileSize": "#FileSize",
    "Title": "#Title",
    "Author": "#Author",
    "Language": "#Language",
}
"""Standard fields that EDRM has a name for; all others go by their own."""

MOMENTS = frozenset({"DateSent", "DateReceived", "DateCreated", "DateModified"})
"""Fields whose tag is a moment, in UTC, whatever form of days the DAT has."""

# What XML 1.0 cannot hold even as a reference: section 2.2 of the recommendation.
_IMPOSSIBLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPACES = {"\t": "&#9;", "\n": "&#10;", "\r": "&#13;", '"': "&quot;"}


@dataclass(frozen=True, slots=True)
class EdrmFile:
    """A file of a document: `kind` is Native, Text or Image; `path` has forward slashes."""

    kind: str
    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class EdrmTag:
    """A field of a document; `kind` is Text or DateTime."""

    name: str
    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class EdrmDocument:
    """A document: `kind` is Message or File, `parent` empty or the number it is attached to."""

    number: str
    kind: str
    mime: str
    parent: str
    custodian: str
    location: str
    files: tuple[EdrmFile, ...]
    tags: tuple[EdrmTag, ...]


def write_edrm(
    file: BinaryIO,
    volume: str,
    fields: Iterable[tuple[str, str]],
    documents: Iterable[EdrmDocument],
) -> None:
    """Write a whole file, document by document; `fields` are names of tags with their kind."""
    kin: list[tuple[str, str]] = []
    root = 'DataInterchangeType="Update" MajorVersion="1" MinorVersion="2" Locale="US"'
    _put(file, f'<?xml version="1.0" encoding="UTF-8"?>\n<Root {root}>\n<Fields>\n')
    for name, kind in fields:
        _put(file, f"<Field{_attributes(Name=name, DataType=kind, Key=name)}/>\n")
    _put(file, f"</Fields>\n<Batch{_attributes(name=volume)}>\n<Documents>\n")
    for each in documents:
        _put(file, _document(each))
        if each.parent:
            kin.append((each.parent, each.number))
    _put(file, "</Documents>\n<Relationships>\n")
    for parent, child in kin:
        related = _attributes(Type="Attachment", ParentDocID=parent, ChildDocID=child)
        _put(file, f"<Relationship{related}/>\n")
    _put(file, "</Relationships>\n</Batch>\n</Root>\n")


def _put(file: BinaryIO, text: str) -> None:
    file.write(text.encode("utf-8"))


def _document(each: EdrmDocument) -> str:
    mime = {"MimeType": each.mime} if each.mime else {}
    return "".join(
        (
            f"<Document{_attributes(DocID=each.number, DocType=each.kind, **mime)}>\n<Files>\n",
            *(_file(file) for file in each.files),
            "</Files>\n<Locations><Location>",
            f"<Custodian>{_text(each.custodian)}</Custodian>",
            f"<LocationURI>{_text(each.location)}</LocationURI>" if each.location else "",
            "</Location></Locations>\n<Tags>\n",
            *(
                f"<Tag{_attributes(TagName=t.name, TagDataType=t.kind, TagValue=t.value)}/>\n"
                for t in each.tags
            ),
            "</Tags>\n</Document>\n",
        )
    )


def _file(each: EdrmFile) -> str:
    folder, _, name = each.path.rpartition("/")
    place = _attributes(
        FilePath=folder.replace("/", "\\"),
        FileName=name,
        FileSize=str(each.size),
        Hash=each.sha256,
    )
    return f"<File{_attributes(FileType=each.kind)}><ExternalFile{place}/></File>\n"


def _attributes(**values: str) -> str:
    return "".join(f' {name}="{_text(value)}"' for name, value in values.items())


def _text(value: str) -> str:
    return escape(_IMPOSSIBLE.sub("\ufffd", value), _SPACES)
