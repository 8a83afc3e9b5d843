"""What a reader gives for one document, and the family that is built from it in the child."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ingest.members import Budget
from ingest.mojibake import find_mojibake
from ingest.types import extension
from ingest.versions import TOOL, VERSION
from process.tika import Node
from records.codes import Code, Disposition, Role
from records.fields import Address, Fields
from records.limits import Limits
from records.notes import Note, exception, warning


@dataclass(slots=True)
class Part:
    """A document on its way to being read: the root, or something found inside another.

    `type` is empty until its bytes were looked at; `node` is what Tika made of it already.
    """

    name: str
    role: Role
    data: Path | bytes
    name_bytes: bytes = b""
    mime: str = ""
    type: str = ""
    node: Node | None = None
    notes: tuple[Note, ...] = ()
    fields: Fields | None = None
    raw: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Reading:
    """What a reader made of one document; `parts` may be lazy, with notes on the holder."""

    text: str = ""
    outcome: Disposition = Disposition.REVIEWABLE
    pages: int | None = None
    ocr_pages: tuple[int, ...] = ()
    fields: Fields = field(default_factory=Fields)
    raw: dict[str, Any] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    parts: Iterable[Part | Note] = ()
    dedup_hash: str | None = None
    mih: str | None = None


def failed(note: Note, text: str = "") -> Reading:
    """A reading that only says why there is none; `text` is what was saved all the same."""
    return Reading(text=text, outcome=Disposition.EXCEPTION, notes=[note])


@dataclass(slots=True)
class Item:
    """A member of the family as the child reports it; the parent makes an `ExtractedItem`."""

    parent: int | None
    part: Part
    path: Path
    size: int
    mime: str
    type: str
    reading: Reading = field(default_factory=Reading)
    text_path: Path | None = None
    text: str | None = None  # a short one, which needs no file
    chars: int = 0

    def add(self, note: Note) -> None:
        """Put a note on this document's record; an exception changes its outcome."""
        self.reading.notes.append(note)
        if note.severity == "exception":
            self.reading.outcome = Disposition.EXCEPTION

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON; bytes in hexadecimal."""
        reading = self.reading
        name = clean(self.part.name)
        return {
            "parent": self.parent,
            "role": self.part.role,
            "name": name,
            "name_bytes": (self.part.name_bytes or name.encode()).hex(),
            "path": str(self.path),
            "mime": clean(self.mime),
            "type": self.type,
            "ext": clean(extension(self.part.name)),
            "outcome": reading.outcome,
            "text_path": None if self.text_path is None else str(self.text_path),
            "text": self.text,
            "chars": self.chars,
            "pages": reading.pages,
            "ocr_pages": reading.ocr_pages,
            "fields": cleaned(_known(self.part, reading)),
            "raw": cleaned(self.part.raw | reading.raw),
            "notes": [cleaned(asdict(note)) for note in (*self.part.notes, *reading.notes)],
            "dedup_hash": reading.dedup_hash,
            "mih": reading.mih,
        }


def _known(part: Part, reading: Reading) -> dict[str, Any]:
    """The reader's fields as JSON, completed by what the container said of its member."""
    said = {} if part.fields is None else part.fields.to_json()
    return said | reading.fields.to_json()


@dataclass(slots=True)
class Family:
    """The root and all that is found inside, within the limits; files go to `folder`.

    Not read are the items in `avoid` and, where too many killed their reader, all from
    `avoid_from` on; past the item `end` nothing more is asked of any holder.
    """

    folder: Path
    limits: Limits
    passwords: tuple[str, ...]
    avoid: dict[int, Note]
    budget: Budget
    avoid_from: int | None = None
    end: int | None = None
    inline: bool = True  # whether pictures that a mail shows are inline
    items: list[Item] = field(default_factory=list)
    unpacked: int = 0
    files: int = 0
    sendable: int = 1 << 20  # bytes of text that may still go into the report itself

    def avoided(self, number: int) -> Note | None:
        """Why an item is not to be read; None where it is."""
        if number in self.avoid or self.avoid_from is None or number < self.avoid_from:
            return self.avoid.get(number)
        message = "Not read: too much before it in this family killed its reader"
        return exception(Code.CRASH, message, TOOL, VERSION)

    def new_path(self) -> Path:
        """A fresh path in the folder; names of evidence never become paths."""
        if not self.files:  # most families need no file of their own, and so no folder
            self.folder.mkdir(exist_ok=True)
        self.files += 1
        return self.folder / str(self.files)

    def new_folder(self) -> Path:
        """A fresh folder in the folder."""
        path = self.new_path()
        path.mkdir()
        return path

    def keep(self, part: Part) -> Path:
        """The part's bytes as a file."""
        if isinstance(part.data, Path):
            return part.data
        path = self.new_path()
        path.write_bytes(part.data)
        part.data = path
        return path

    def keep_text(self, item: Item) -> None:
        """Keep the item's text for the report or in a file, cut at the limit of characters."""
        text = item.reading.text.replace("\0", "")
        item.reading.text = ""
        if len(text) > self.limits.characters:
            text = text[: self.limits.characters]
            if self.cut_note() not in item.reading.notes:
                item.add(self.cut_note())
        item.chars = len(text)
        if not text.strip():
            return
        if (spoilt := find_mojibake(text)) is not None:
            message = f"{spoilt.count} places look as if read in {spoilt.charset} by mistake"
            item.add(warning(Code.MOJIBAKE, message, TOOL, VERSION))
        data = text.encode("utf-8", "replace")
        if len(data) <= min(_TEXT_SENT, self.sendable):
            self.sendable -= len(data)
            item.text = data.decode()
        else:
            item.text_path = self.new_path()
            item.text_path.write_bytes(data)

    def cut_note(self) -> Note:
        """The warning of a text that was cut."""
        message = f"The text was cut at {self.limits.characters} characters"
        return warning(Code.TEXT_CUT, message, TOOL, VERSION)

    def report(self) -> dict[str, str]:
        """All members as JSON: itself where it is short, else the file that holds it."""
        told = json.dumps([each.to_dict() for each in self.items])
        if len(told) <= _REPORT_SENT:
            return {"members": told}
        path = self.new_path()
        path.write_text(told, encoding="ascii")
        return {"report": str(path)}


def clean(text: str) -> str:
    """Text that UTF-8 and any database can hold: lone surrogates escaped, no NUL."""
    if "\0" in text:
        text = text.replace("\0", "")
    if text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode()


_RAW_VALUE = 32_768
_TEXT_SENT = 1 << 16
_REPORT_SENT = 8 << 20


def cleaned(value: Any) -> Any:
    """`clean` for everything inside a JSON value; a huge string keeps its first 32 K."""
    if isinstance(value, str):
        return clean(value[:_RAW_VALUE])
    if isinstance(value, dict):
        return {clean(str(name)): cleaned(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(each) for each in value]
    if isinstance(value, Address):
        return {"name": clean(value.name), "address": clean(value.address)}
    return value


def head_of(path: Path, size: int = 65536) -> bytes:
    """The first bytes of a file."""
    with path.open("rb") as file:
        return file.read(size)
