"""Collections that are complete, as verifying and handing over take them."""

import json
from dataclasses import dataclass

import sqlalchemy as sa

from ingest import custody
from records import tables
from records.case import Case
from records.errors import CustodyError, StoreError
from store import Store


@dataclass(frozen=True, slots=True)
class Done:
    """A complete collection: how many files and bytes were found, and which collections of the same
    source there are up to it, itself included.
    """

    id: int
    custodian: str
    source: str
    manifest: str
    files: int
    bytes: int
    same_source: tuple[int, ...]


def complete(connection: sa.Connection) -> list[Done]:
    """The complete collections, oldest first."""
    c, who = tables.collections.c, tables.custodians.c
    rows = connection.execute(
        sa.select(c.id, c.custodian_id, who.name, c.source, c.manifest_sha256, c.counts)
        .join(tables.custodians, who.id == c.custodian_id)
        .where(c.state == "complete", c.manifest_sha256.is_not(None))
        .order_by(c.id)
    )
    seen: dict[tuple[int, str], tuple[int, ...]] = {}
    found = []
    for row in rows:
        key = (row.custodian_id, row.source)
        seen[key] = (*seen.get(key, ()), row.id)
        counts = (row.counts.get("manifest_files", 0), row.counts.get("bytes_found", 0))
        made = (row.id, row.name, row.source, row.manifest_sha256)
        found.append(Done(*made, *counts, seen[key]))
    return found


def chosen(case: Case, collection: int | None) -> list[Done]:
    """The collection of this number, or all that are complete. Raises `CustodyError`."""
    with case.read() as connection:
        found = complete(connection)
    if collection is None:
        return found
    if wanted := [each for each in found if each.id == collection]:
        return wanted
    known = ", ".join(str(each.id) for each in found) or "none yet"
    raise CustodyError(
        f"There is no complete collection {collection}; complete are: {known}. See "
        "'redwell custody list'"
    )


def not_collected(store: Store, record: str) -> list[bytes]:
    """Paths that a custody record says could not be collected; raises `StoreError`."""
    try:
        told = json.loads(store.read_bytes(record)).get("not_collected")
        data = store.read_bytes(told["sha256"]) if told else b""
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"The custody record {record} cannot be read: {error}") from error
    return [custody.decoded(line) for line in data.split(b"\n") if line]
