"""Compares the manifest of each collection with the audit chain, the logs and the documents."""

from collections.abc import Iterator, Sequence
from itertools import batched
from pathlib import Path
from typing import BinaryIO

import sqlalchemy as sa

from ingest import custody
from ingest.addressing import path_address
from ingest.completed import Done, complete, not_collected
from ingest.findings import Finding, Findings
from ingest.names import shown
from ingest.referenced import Told, audited
from records import tables
from records.case import Case
from records.codes import Role
from records.control import control
from records.errors import StoreError
from store import Store, sha256_of

_AT_ONCE = 500


def verify_manifests(
    case: Case, connection: sa.Connection, store: Store, findings: Findings
) -> int:
    """Check the manifests of all complete collections; how many there are."""
    told = audited(connection)
    found = complete(connection)
    for each in found:
        for text in _faults(case, connection, store, each, told.get(each.id)):
            findings.add(Finding("manifest", each.manifest, text, each.id))
    return len(found)


def _faults(
    case: Case, connection: sa.Connection, store: Store, done: Done, told: Told | None
) -> Iterator[str]:
    if told is None or told.manifest != done.manifest:
        yield "the audit chain names another manifest than the collection does"
    folder = custody.log_folder(case, done.id)
    copies = {custody.MANIFEST: done.manifest}
    if told is not None:
        copies[custody.RECORD] = told.custody
    for name, sha256 in copies.items():
        yield from _copy_faults(folder / name, sha256)
    try:
        with store.open(done.manifest) as manifest:
            yield from _row_faults(connection, done, manifest, _missing(store, told))
    except (StoreError, OSError, ValueError) as error:
        yield f"the manifest cannot be read: {error}"


def _copy_faults(path: Path, sha256: str) -> Iterator[str]:
    try:
        with path.open("rb") as file:
            found = sha256_of(file)
    except OSError as error:
        yield f"its copy {path} cannot be read: {error.strerror or error}"
        return
    if found != sha256:
        yield f"its copy {path} is not what was kept: its SHA-256 is {found}"


def _missing(store: Store, told: Told | None) -> set[str]:
    """Addresses of files that were there and could not be collected."""
    if told is None:
        return set()
    try:
        return {path_address(path) for path in not_collected(store, told.custody)}
    except StoreError:  # it is found to be missing or damaged itself
        return set()


def _row_faults(
    connection: sa.Connection, done: Done, manifest: BinaryIO, missing: set[str]
) -> Iterator[str]:
    """Lines without a document, and documents of the collection without a line."""
    own = 0
    for lines in batched(custody.entries(manifest), _AT_ONCE):
        wanted = {path_address(path): (path, sha256) for path, sha256 in lines}
        rows = _files(connection, done.same_source, list(wanted))
        rows |= _received(connection, done.id, list(wanted))
        for address, (path, sha256) in wanted.items():
            if (address, sha256) not in rows:
                yield f"no document is on record for its line {sha256}  {shown(path)}"
            own += done.id in rows.get((address, sha256), ())
    c = tables.documents.c
    of_it = (c.collection_id == done.id) & (c.role == Role.FILE) & c.sha256.is_not(None)
    held = connection.execute(sa.select(sa.func.count()).where(of_it)).scalar_one()
    if held != own:
        manifest.seek(0)
        known = {path_address(path) for path, _ in custody.entries(manifest)} | missing
        for row in connection.execute(sa.select(c.id, c.address).where(of_it).order_by(c.id)):
            if row.address not in known:
                yield f"it has no line for {control(row.id)}, {row.address}"


def _received(
    connection: sa.Connection, collection: int, addresses: Sequence[str]
) -> dict[tuple[str, str | None], set[int]]:
    """Files of a received volume: they are on record as such, and are no documents."""
    f, v = tables.received_files.c, tables.received.c
    query = (
        sa.select(f.address, f.sha256)
        .join(tables.received, v.id == f.volume_id)
        .where(v.collection_id == collection, f.address.in_(addresses))
    )
    return {(row.address, row.sha256): set() for row in connection.execute(query)}


def _files(
    connection: sa.Connection, collections: Sequence[int], addresses: Sequence[str]
) -> dict[tuple[str, str | None], set[int]]:
    """Files on record at these addresses: address and hash → the collections that have them.

    A file that was replaced stands with the bytes that were collected.
    """
    c = tables.documents.c
    replaced = tables.replacements.c
    first = (
        sa.select(replaced.document_id, sa.func.min(replaced.id).label("id"))
        .group_by(replaced.document_id)
        .subquery("first")
    )
    query = (
        sa.select(
            *(c.address, c.collection_id, c.sha256, replaced.old_sha256),
            first.c.id.label("replaced"),
        )
        .outerjoin(first, first.c.document_id == c.id)
        .outerjoin(tables.replacements, replaced.id == first.c.id)
        .where(c.collection_id.in_(collections), c.address.in_(addresses), c.role == Role.FILE)
    )
    found: dict[tuple[str, str | None], set[int]] = {}
    for row in connection.execute(query):
        sha256 = row.sha256 if row.replaced is None else row.old_sha256
        found.setdefault((row.address, sha256), set()).add(row.collection_id)
    return found
