"""Writes families that were read into the record: the commit point of processing."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from process.interface import ExtractedItem, FamilyResult
from process.relate import relate_families
from records import tables, times
from records.case import Case
from records.notes import Note


def commit_families(case: Case, families: Sequence[FamilyResult]) -> int:
    """Write and relate a batch of families in one transaction; the number of their documents."""
    with case.write() as connection:
        c = tables.documents.c
        ids = [family.document_id for family in families]
        rows = connection.execute(sa.select(tables.documents).where(c.id.in_(ids)))
        roots = {row.id: row for row in rows}
        following = connection.execute(sa.select(sa.func.max(c.id))).scalar_one() + 1
        for family in families:
            following = _commit_family(connection, roots[family.document_id], family, following)
        relate_families(connection, case.settings.dedup_scope, ids)
    return sum(len(family.members) for family in families)


def _commit_family(
    connection: sa.Connection, root: sa.Row[Any], family: FamilyResult, following: int
) -> int:
    ids = [root.id, *range(following, following + len(family.members) - 1)]
    connection.execute(
        tables.documents.update()
        .where(tables.documents.c.id == root.id)
        .values(**_found(family.members[0]), revision=root.revision + 1)
    )
    addresses = [root.address]
    taken = {root.address}
    rows = []
    for position, item in enumerate(family.members[1:], 1):
        assert item.parent is not None
        addresses.append(_address(addresses[item.parent], item.name, taken))
        rows.append(
            {
                "id": ids[position],
                "collection_id": root.collection_id,
                "custodian_id": root.custodian_id,
                "found_in_id": ids[item.parent],
                "family_id": root.id,
                "position": position,
                "role": item.role,
                "address": addresses[position],
                "name": item.name,
                "name_bytes": item.name_bytes,
                "sha256": item.digests and item.digests.sha256,
                "sha1": item.digests and item.digests.sha1,
                "md5": item.digests and item.digests.md5,
                "size": item.digests.size if item.digests else 0,
                "ext": item.ext,
                "duplicate_of_id": None,
                "modified_at": None,
                "revision": 1,
                **_found(item),
            }
        )
    if rows:
        connection.execute(tables.documents.insert(), rows)
    for document_id, item in zip(ids, family.members, strict=True):
        _write_raw(connection, document_id, item)
        write_notes(connection, document_id, item.notes)
    return following + len(rows)


def _address(parent: str, name: str, taken: set[str]) -> str:
    """The child's address; a second child of the same name gets `#2`, and so on."""
    plain = address = f"{parent}!/{name}"
    count = 1
    while address in taken:
        count += 1
        address = f"{plain}#{count}"
    taken.add(address)
    return address


def _found(item: ExtractedItem) -> dict[str, Any]:
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


def _write_raw(connection: sa.Connection, document_id: int, item: ExtractedItem) -> None:
    if item.raw:
        connection.execute(
            tables.raw_metadata.insert().values(document_id=document_id, found=item.raw)
        )


def write_notes(connection: sa.Connection, document_id: int, notes: Sequence[Note]) -> None:
    """Put exceptions and warnings on record with their document."""
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
                for note in notes
            ],
        )
