"""Documents of a received volume into the record, family by family: the commit point of loading."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from ingest.record import Collection
from ingest.types import extension
from process.families import write_notes
from produce.received.assemble import Volume
from produce.received.fields import typed
from produce.received.interface import Entry, FileFacts
from produce.received.numbers import number
from produce.received.replacing import Plan
from produce.received.spool import Spool
from produce.received.take import Made
from records import audit, tables
from records.case import Case
from records.codes import Code, Disposition, Role
from records.control import control
from records.fields import Fields
from records.notes import Note, exception, warning
from records.numbers import next_number
from store import StoreWriter, open_store

TOOL, VERSION = "receive", "1"
_MIMES = {"tiff": "image/tiff", "pdf": "application/pdf"}
_BEHIND = 1_000_000
_PAGED = ("pdf", "tiff", "jpg", "png", "gif", "bmp")


def is_one_file(entry: Entry, facts: Mapping[str, FileFacts]) -> str:
    """The one image file that is the whole document; empty where its pages are to be bound."""
    paths = {page.path for page in entry.images}
    if len(paths) != 1:
        return ""
    (path,) = paths
    found = facts.get(path)
    if found is None or found.sha256 is None:
        return ""
    frames = [page.frame for page in entry.images]
    whole = found.image[4] if found.image else 1
    is_all = frames == [0] or (len(frames) == whole and [f or 1 for f in frames] == _up_to(whole))
    return path if is_all else ""


def _up_to(count: int) -> list[int]:
    return list(range(1, count + 1))


@dataclass(slots=True)
class _Rows:
    """Statements' values, gathered so that each statement runs once a batch."""

    documents: list[dict[str, Any]] = field(default_factory=list)
    received: list[dict[str, Any]] = field(default_factory=list)
    pages: list[dict[str, Any]] = field(default_factory=list)
    raw: list[dict[str, Any]] = field(default_factory=list)
    notes: list[tuple[int, Note]] = field(default_factory=list)
    replaced: list[tuple[int, int]] = field(default_factory=list)  # old, new


@dataclass(slots=True)
class _Content:
    """What a document is made of."""

    sha256: str | None = None
    sha1: str = ""
    md5: str = ""
    size: int = 0
    mime: str = ""
    type: str = ""
    name: str = ""
    text_sha256: str | None = None
    chars: int = 0
    pages: int | None = None
    ocr_pages: tuple[int, ...] = ()
    outcome: str = Disposition.REVIEWABLE
    notes: list[Note] = field(default_factory=list)


class Writer:
    """Commits families of one volume."""

    def __init__(
        self,
        case: Case,
        volume_id: int,
        collection: Collection,
        volume: Volume,
        spool: Spool,
        facts: Mapping[str, FileFacts],
        plan: Plan,
    ) -> None:
        self._case, self._volume_id, self._collection = case, volume_id, collection
        self._volume, self._spool, self._facts, self._plan = volume, spool, facts, plan
        self._parents = {each.parent for each in volume.entries}

    def commit(self, families: Sequence[Sequence[Entry]], made: Mapping[int, Made]) -> None:
        """Put families on record in one transaction."""
        store = open_store(self._case.store_address)
        with self._case.write() as connection:
            rows = _Rows()
            first = following = next_number(connection, tables.documents.c.id)
            with store.writing() as writer:
                for family in families:
                    ids = {each.place: following + at for at, each in enumerate(family)}
                    following += len(family)
                    for entry in family:
                        self._add(rows, entry, ids, family[0].place, made, writer)
            self._insert(connection, rows)
            audit.append(
                connection,
                "received documents",
                volume=self._volume_id,
                collection=self._collection.id,
                first=first,
                last=following - 1,
            )

    def _insert(self, connection: sa.Connection, rows: _Rows) -> None:
        connection.execute(tables.documents.insert(), rows.documents)
        connection.execute(tables.received_documents.insert(), rows.received)
        if rows.pages:
            connection.execute(tables.received_pages.insert(), rows.pages)
        if rows.raw:
            connection.execute(tables.raw_metadata.insert(), rows.raw)
        write_notes(connection, rows.notes)
        d, r = tables.documents, tables.received_documents
        stay = {each.id for each in self._plan.staying.values()}
        for old, new in rows.replaced:
            connection.execute(
                d.update()
                .where(d.c.id == old)
                .values(disposition=Disposition.DUPLICATE, duplicate_of_id=new)
            )
            _adopt(connection, old, new, stay)
            connection.execute(r.update().where(r.c.document_id == old).values(replaced_by_id=new))

    def _add(
        self,
        rows: _Rows,
        entry: Entry,
        ids: Mapping[int, int],
        root: int,
        made: Mapping[int, Made],
        writer: StoreWriter,
    ) -> None:
        number_ = ids[entry.place]
        fields, raw, named, text = self._told(entry)
        content = self._content(entry, made.get(entry.place), text, writer)
        self._take_over(rows, entry, number_, content)
        name = named or content.name or (entry.beg or f"line {entry.line}")
        address = self._address(entry, raw, name)
        rows.documents.append(
            {
                "id": number_,
                "collection_id": self._collection.id,
                "custodian_id": self._collection.custodian_id,
                **self._place(entry, ids, root),
                "address": address,
                "name": name,
                "name_bytes": name.encode("utf-8", "surrogateescape"),
                "ext": raw.get("", "") or extension(name),
                "sha256": content.sha256,
                "sha1": content.sha1 or None,
                "md5": content.md5 or None,
                "size": content.size,
                "mime": content.mime,
                "type": content.type,
                "state": "processed",
                "outcome": content.outcome,
                "disposition": content.outcome,
                "duplicate_of_id": None,
                "dedup_hash": None,
                "mih": None,
                "text_sha256": content.text_sha256,
                "text_source": "native" if content.text_sha256 else "none",
                "text_chars": content.chars,
                "pages": content.pages,
                "ocr_pages": list(content.ocr_pages),
                "sent_at": fields.sent_at,
                "modified_at": fields.modified_at,
                "fields": fields.to_json(),
                "revision": 1,
            }
        )
        raw.pop("", None)
        if raw:
            rows.raw.append({"document_id": number_, "found": raw})
        rows.received.append(self._range(entry, number_))
        rows.pages.extend(self._pages(entry, number_))
        rows.notes.extend((number_, note) for note in content.notes)

    def _place(self, entry: Entry, ids: Mapping[int, int], root: int) -> dict[str, Any]:
        """Where it stands: in a family of the volume, or in one that stays of the replaced one."""
        above = self._plan.parent_of(self._volume.entries[root])
        if entry.parent is not None:
            found_in: int | None = ids[entry.parent]
        else:
            found_in = None if above is None else above.id
        return {
            "found_in_id": found_in,
            "family_id": ids[root] if above is None else above.family,
            # Behind all members that the family has of the other volume.
            "position": entry.position if above is None else _BEHIND + entry.place,
            "role": Role.RECEIVED if found_in is None else Role.ATTACHMENT,
        }

    def _told(self, entry: Entry) -> tuple[Fields, dict[str, str], str, str | None]:
        """Typed fields, raw columns (the extension under an empty name), name and text of a row."""
        if entry.row is None:
            return Fields(), {}, "", None
        data, values, raw, fault = self._spool.get(entry.row)
        columns = self._volume.columns[data]
        if fault:
            return Fields(), {"row as received": raw, "fault": fault}, "", None
        fields, _ = typed(columns, values)
        found = columns.raw(values)
        ext = columns.get(values, "FileExt").lstrip(".").lower()
        text = columns.broken(columns.get(values, "Text")) if entry.has_text_field else None
        return fields, {**found, "": ext}, columns.get(values, "FileName"), text

    def _content(
        self, entry: Entry, made: Made | None, text: str | None, writer: StoreWriter
    ) -> _Content:
        content = _Content()
        native, told = self._facts.get(entry.native), self._facts.get(entry.text)
        images = [self._facts.get(page.path) for page in entry.images]
        whole = self._facts.get(is_one_file(entry, self._facts))
        if told is not None and told.chars:
            content.text_sha256, content.chars = told.text_sha256, told.chars
        elif text:
            digests = writer.put_bytes(text.encode("utf-8", "replace"))
            content.text_sha256, content.chars = digests.sha256, len(text)
        if native is not None and native.sha256:
            self._from_native(content, entry, native, made)
        elif whole is not None and whole.sha256:
            _from_file(content, whole)
            content.name = entry.images[0].path.rpartition("/")[2]
            content.pages = whole.image[4] if whole.image else len(entry.images)
        elif made is not None and made.digests:
            digests = made.digests
            content.sha256, content.sha1, content.md5 = digests.sha256, digests.sha1, digests.md5
            content.size, content.type = digests.size, made.type
            content.mime = _MIMES[made.type]
            content.pages = sum(1 for each in images if each and each.sha256)
        elif told is not None and told.sha256 and told.chars:
            _from_file(content, told)
        if made is not None and made.why:
            message = f"Its pages could not be bound: {made.why}"
            content.notes.append(warning(Code.PARTIAL, message, TOOL, VERSION))
        self._judge(content, native)
        return content

    def _from_native(
        self, content: _Content, entry: Entry, native: FileFacts, made: Made | None
    ) -> None:
        _from_file(content, native)
        content.name = entry.native.rpartition("/")[2]
        if made is None:
            return
        content.text_sha256, content.chars = made.text_sha256, made.chars
        content.pages, content.ocr_pages = made.pages, made.ocr_pages
        content.notes.extend(made.notes)
        if made.outcome in (Disposition.EXCEPTION, Disposition.EMPTY):
            content.outcome = made.outcome
        if made.inside and entry.place not in self._parents:
            message = f"The native holds {made.inside} items that are no documents of the volume"
            content.notes.append(warning(Code.PARTIAL, message, TOOL, VERSION))

    def _judge(self, content: _Content, native: FileFacts | None) -> None:
        """Pages without text wait for OCR; a document of which nothing came is an exception."""
        if content.sha256 is None and not content.chars:
            message = "Neither native, image nor text of it came"
            content.outcome = Disposition.EXCEPTION
            content.notes.append(exception(Code.NOT_RECEIVED, message, TOOL, VERSION))
        elif native is None and not content.chars and content.type in _PAGED:
            content.ocr_pages = tuple(range(content.pages or 1))

    def _take_over(self, rows: _Rows, entry: Entry, number_: int, content: _Content) -> None:
        """Stand in the place of the documents of this number that the volume replaces."""
        for old in self._plan.replaced(entry):
            rows.replaced.append((old, number_))
            message = f"It takes the place of {control(old)}, in {self._plan.volume}"
            content.notes.append(warning(Code.REPLACED, message, TOOL, VERSION))

    def _address(self, entry: Entry, raw: Mapping[str, str], name: str) -> str:
        """Volume, number, and the path that the row tells, else the name."""
        path = name
        if entry.row is not None:
            data, values, _, fault = self._spool.get(entry.row)
            if not fault:
                path = self._volume.columns[data].get(values, "FilePath") or name
        return f"{entry.beg or f'line {entry.line}'}/{entry.place + 1}/{path}"

    def _range(self, entry: Entry, number_: int) -> dict[str, Any]:
        first, last = number(entry.beg), number(entry.end)
        whole = first is not None and last is not None and first.prefix == last.prefix
        return {
            "document_id": number_,
            "volume_id": self._volume_id,
            "place": entry.place,
            "line": entry.line,
            "beg_bates": entry.beg,
            "end_bates": entry.end,
            "prefix": first.prefix if first else None,
            "first": first.value if first else None,
            "last": (last.value if whole and last else first.value) if first else None,
        }

    def _pages(self, entry: Entry, number_: int) -> list[dict[str, Any]]:
        return [
            {
                "document_id": number_,
                "page": at,
                "key": page.key,
                "path": page.path,
                "frame": page.frame,
                "sha256": found.sha256 if (found := self._facts.get(page.path)) else None,
            }
            for at, page in enumerate(entry.images, 1)
        ]


def _adopt(connection: sa.Connection, old: int, new: int, stay: set[int]) -> None:
    """Members that stay when their parent or root is replaced go over to the new one."""
    d = tables.documents
    family = connection.execute(sa.select(d.c.family_id).where(d.c.id == new)).scalar_one()
    rows = connection.execute(
        sa.select(d.c.id, d.c.found_in_id).where(
            d.c.id != old, sa.or_(d.c.found_in_id == old, d.c.family_id == old)
        )
    ).all()
    for row in rows:
        if row.id in stay:
            above = new if row.found_in_id == old else row.found_in_id
            connection.execute(
                d.update()
                .where(d.c.id == row.id)
                .values(found_in_id=above, family_id=family, position=_BEHIND + row.id)
            )


def _from_file(content: _Content, found: FileFacts) -> None:
    content.sha256, content.sha1, content.md5 = found.sha256, found.sha1, found.md5
    content.size, content.mime, content.type = found.size, found.mime, found.type
