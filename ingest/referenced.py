"""Every blob that the record refers to, and who does; for checking the store against the record."""

import heapq
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from records import tables
from records.control import control
from records.errors import StoreError
from store import Store, is_hash

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Known:
    """The other digests of an original, as a document on record has them."""

    sha1: str | None
    md5: str | None
    size: int


@dataclass(frozen=True, slots=True)
class Expected:
    """A blob that the store must hold; `originals` is empty for what Redwell made itself."""

    sha256: str
    originals: tuple[Known, ...] = ()


@dataclass(frozen=True, slots=True)
class Holder:
    """What on record refers to a blob: a document as its original, text, words or pages."""

    document: str
    what: str
    address: str


def expected(connection: sa.Connection, store: Store) -> Iterator[Expected]:
    """Every blob that the record refers to, once, in the order of the hashes."""
    query = _union()
    rows = connection.execute(
        sa.select(query).order_by(query.c.sha256, query.c.sha1, query.c.md5, query.c.size),
        execution_options={"stream_results": True, "yield_per": _PAGE},
    )
    told = sorted({*_of_runs(connection), *_of_custody(connection, store)})
    found = ((row.sha256, None if row.size is None else Known(*row[1:])) for row in rows)
    merged = heapq.merge(found, ((each, None) for each in told), key=lambda each: each[0])
    for sha256, group in groupby(merged, key=lambda each: each[0]):
        yield Expected(sha256, tuple(known for _, known in group if known is not None))


def count(connection: sa.Connection) -> int:
    """How many blobs the rows of documents and the like refer to."""
    query = _union()
    return connection.execute(sa.select(sa.func.count(sa.distinct(query.c.sha256)))).scalar_one()


def _union() -> sa.Subquery:
    d = tables.documents.c
    parts = [sa.select(d.sha256, d.sha1, d.md5, d.size).where(d.sha256.is_not(None))]
    nothing = (sa.null().label("sha1"), sa.null().label("md5"), sa.null().label("size"))
    for column, _ in _MADE:
        parts.append(sa.select(column.label("sha256"), *nothing).where(column.is_not(None)))
    f = tables.received_files.c
    parts.append(sa.select(f.sha256, f.sha1, f.md5, f.size).where(f.sha256.is_not(None)))
    parts.append(
        sa.select(f.text_sha256.label("sha256"), *nothing).where(f.text_sha256.is_not(None))
    )
    manifest = tables.collections.c.manifest_sha256
    parts.append(sa.select(manifest.label("sha256"), *nothing).where(manifest.is_not(None)))
    return sa.union(*parts).subquery()


_MADE: tuple[tuple[sa.Column[Any], str], ...] = (
    (tables.documents.c.text_sha256, "text"),
    (tables.replacements.c.old_sha256, "original, as it was before it was replaced"),
    (tables.ocr_pages.c.text_sha256, "text of a page"),
    (tables.ocr_pages.c.words_sha256, "words of a page"),
    (tables.production_items.c.render_sha256, "pages for a production"),
    (tables.received_pages.c.sha256, "page of a received production"),
)


def _of_runs(connection: sa.Connection) -> Iterator[str]:
    """Blobs that runs put on record in their summary, under `blobs`."""
    r = tables.runs.c
    for row in connection.execute(sa.select(r.summary).where(r.state == "complete")):
        yield from (each for each in row.summary.get("blobs", ()) if is_hash(str(each)))


@dataclass(frozen=True, slots=True)
class Told:
    """The hashes of a collection's manifest and custody record."""

    manifest: str
    custody: str


def audited(connection: sa.Connection) -> dict[int, Told]:
    """What the audit chain says of each complete collection."""
    a = tables.audit.c
    rows = connection.execute(sa.select(a.details).where(a.act == "collection complete"))
    told = (json.loads(row.details) for row in rows)
    return {
        each["collection"]: Told(each["manifest_sha256"], each["custody_sha256"]) for each in told
    }


def _of_custody(connection: sa.Connection, store: Store) -> Iterator[str]:
    """The custody records, and the list that each names of what was not collected."""
    for told in audited(connection).values():
        yield told.custody
        try:
            record = json.loads(store.read_bytes(told.custody))
            yield record["not_collected"]["sha256"]
        except (StoreError, OSError, ValueError, KeyError, TypeError):
            continue  # an older record, or one that is found to be missing or damaged itself


def holders(connection: sa.Connection, hashes: Sequence[str]) -> dict[str, list[Holder]]:
    """Who on record refers to some hundred blobs, blob by blob."""
    d = tables.documents.c
    found: dict[str, list[Holder]] = {each: [] for each in hashes}
    for column, what in ((d.sha256, "original"), *_MADE):
        query = sa.select(column.label("blob"), d.id, d.address).distinct()
        if column.table is not tables.documents:
            query = query.join_from(
                tables.documents, column.table, d.id == column.table.c.document_id
            )
        for row in connection.execute(query.where(column.in_(hashes)).order_by(d.id)):
            found[row.blob].append(Holder(control(row.id), what, row.address))
    c = tables.collections.c
    query = sa.select(c.manifest_sha256.label("blob"), c.id, c.source.label("address"))
    for row in connection.execute(query.where(c.manifest_sha256.in_(hashes)).order_by(c.id)):
        found[row.blob].append(Holder("", f"manifest of collection {row.id}", row.address))
    for collection, told in audited(connection).items():
        if told.custody in found:
            holder = Holder("", f"custody record of collection {collection}", "")
            found[told.custody].append(holder)
    return found
