"""Writes families that were read into the record: the commit point of processing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from process.interface import ExtractedItem, FamilyResult
from process.relate import relate_families
from records import tables, times
from records.case import Case
from records.notes import Note

type AnyRow = sa.Row[*tuple[Any, ...]]


@dataclass(slots=True)
class _Batch:
    """Statements' values, gathered so that each statement runs once a batch."""

    roots: list[dict[str, Any]] = field(default_factory=list)
    children: list[dict[str, Any]] = field(default_factory=list)
    raw: list[dict[str, Any]] = field(default_factory=list)
    notes: list[tuple[int, Note]] = field(default_factory=list)
    ocr: list[int] = field(default_factory=list)
    ocr_pages: int = 0


@dataclass(frozen=True, slots=True)
class Committed:
    """What a transaction put on record.

    `ocr` are the documents, by id, that have pages to be read by OCR, and `ocr_pages` how many.
    """

    documents: int
    ocr: tuple[int, ...]
    ocr_pages: int


def commit_families(case: Case, families: Sequence[FamilyResult]) -> Committed:
    """Write and relate a batch of families in one transaction."""
    batch = _Batch()
    with case.write() as connection:
        c = tables.documents.c
        ids = [family.document_id for family in families]
        columns = (c.id, c.collection_id, c.custodian_id, c.address, c.revision)
        rows = connection.execute(sa.select(*columns).where(c.id.in_(ids)))
        roots = {row.id: row for row in rows}
        following = connection.execute(sa.select(sa.func.max(c.id))).scalar_one() + 1
        for family in families:
            following = _gather(batch, roots[family.document_id], family, following)
        _write(connection, batch)
        relate_families(connection, case.settings.dedup_scope, ids)
    return Committed(
        sum(len(family.members) for family in families), tuple(batch.ocr), batch.ocr_pages
    )


def _write(connection: sa.Connection, batch: _Batch) -> None:
    documents = tables.documents
    if batch.roots:
        names = [name for name in batch.roots[0] if name != "root_id"]
        values = {name: sa.bindparam(name, type_=documents.c[name].type) for name in names}
        statement = documents.update().where(documents.c.id == sa.bindparam("root_id"))
        connection.execute(statement.values(values), batch.roots)
    if batch.children:
        connection.execute(documents.insert(), batch.children)
    if batch.raw:
        connection.execute(tables.raw_metadata.insert(), batch.raw)
    write_notes(connection, batch.notes)


def _gather(
    batch: _Batch, root: sa.Row[int, int, int, str, int], family: FamilyResult, following: int
) -> int:
    """Take a family into the batch; the next free id."""
    ids = [root.id, *range(following, following + len(family.members) - 1)]
    first = found_values(family.members[0])
    batch.roots.append({"root_id": root.id, "revision": root.revision + 1, **first})
    addresses = [root.address]
    taken = {root.address}
    for position, item in enumerate(family.members[1:], 1):
        assert item.parent is not None
        addresses.append(child_address(addresses[item.parent], item.name, taken))
        place = Place(ids[position], ids[item.parent], position, addresses[position])
        batch.children.append(child_row(root, place, item))
    for document_id, item in zip(ids, family.members, strict=True):
        if item.raw:
            batch.raw.append({"document_id": document_id, "found": item.raw})
        batch.notes.extend((document_id, note) for note in item.notes)
        if item.ocr_pages:
            batch.ocr.append(document_id)
            batch.ocr_pages += len(item.ocr_pages)
    return following + len(family.members) - 1


@dataclass(frozen=True, slots=True)
class Place:
    """Where a child stands: its own id and its holder's, its position and address."""

    id: int
    found_in: int
    position: int
    address: str


def child_row(root: AnyRow, place: Place, item: ExtractedItem) -> dict[str, Any]:
    """The row of something found inside `root`, at its place."""
    return {
        "id": place.id,
        "collection_id": root.collection_id,
        "custodian_id": root.custodian_id,
        "found_in_id": place.found_in,
        "family_id": root.id,
        "position": place.position,
        "role": item.role,
        "address": place.address,
        "name": item.name,
        "name_bytes": item.name_bytes,
        "ext": item.ext,
        "duplicate_of_id": None,
        "modified_at": None,
        "revision": 1,
        **bytes_values(item),
        **found_values(item),
    }


def child_address(parent: str, name: str, taken: set[str]) -> str:
    """The child's address; a second child of the same name gets `#2`, and so on."""
    plain = address = f"{parent}!/{name}"
    count = 1
    while address in taken:
        count += 1
        address = f"{plain}#{count}"
    taken.add(address)
    return address


def bytes_values(item: ExtractedItem) -> dict[str, Any]:
    """What a row says of the bytes."""
    digests = item.digests
    return {
        "sha256": digests and digests.sha256,
        "sha1": digests and digests.sha1,
        "md5": digests and digests.md5,
        "size": digests.size if digests else 0,
    }


def found_values(item: ExtractedItem) -> dict[str, Any]:
    """What a row says of the reading."""
    return {
        "mime": item.mime,
        "type": item.type,
        "state": "processed",
        "outcome": item.outcome,
        "disposition": item.outcome,
        "dedup_hash": item.dedup_hash,
        "mih": item.mih,
        "text_sha256": item.text.sha256,
        "text_source": item.text.source,
        "text_chars": item.text.chars,
        "pages": item.pages,
        "ocr_pages": list(item.ocr_pages),
        "sent_at": item.fields.sent_at,
        "fields": item.fields.to_json(),
    }


def write_notes(connection: sa.Connection, notes: Sequence[tuple[int, Note]]) -> None:
    """Put exceptions and warnings on record, each with its document."""
    if notes:
        at = times.now()
        connection.execute(
            tables.notes.insert(),
            [
                {
                    "document_id": document_id,
                    "severity": note.severity,
                    "code": note.code,
                    "message": note.message,
                    "tool": note.tool,
                    "tool_version": note.tool_version,
                    "attempts": note.attempts,
                    "at": at,
                }
                for document_id, note in notes
            ],
        )
