"""Containers opened again from the store: what collecting could not unpack, with another password.

What comes out is put on record as collecting does: rows that lacked their bytes take them, members
that were never seen get new numbers, and both wait to be processed. It belongs to the collection
that the container came with.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import sqlalchemy as sa

from ingest import openings, record
from ingest.collect import collect_batch
from ingest.gather import Gatherer, Node, flattened
from ingest.interface import CollectBatch, CollectedItem, CollectResult, MailboxPart
from ingest.record import Collection
from ingest.versions import TOOL, VERSION
from ingest.volumes import volume_sets
from process.families import AnyRow, write_notes
from records import tables
from records.case import Case
from records.codes import Code, Disposition, Role
from records.engine import Engine, TaskFailure
from records.errors import RedwellError, raise_if_full
from records.limits import Limits
from records.notes import exception
from records.options import progress
from store import Digests, open_store

_D, _N = tables.documents.c, tables.notes.c


@dataclass(frozen=True, slots=True)
class Reopening:
    """A container for a worker to open, with the further volumes of its set.

    Its `documents` are those on whose account it is opened. `depth` counts the containers around.
    """

    container: int
    documents: tuple[int, ...]
    items: tuple[CollectedItem, ...]
    depth: int
    store_address: str
    limits: Limits
    passwords: tuple[str, ...] = field(repr=False)
    recover: bool = False


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a large mailbox that was found in one of them, to be opened in its turn."""

    collection: Collection
    batch: CollectBatch


@dataclass(slots=True)
class Reopened:
    """What opening containers again did."""

    containers: int = 0
    mended: int = 0  # rows that were opened, or got their bytes
    new: int = 0
    failing: int = 0  # documents that fail as before


def reopen(batch: Reopening | _Part) -> CollectResult:
    """Open a container, in a worker; what is inside, to the last member, is in the store then."""
    if isinstance(batch, _Part):
        return collect_batch(batch.batch)
    with open_store(batch.store_address).writing() as writer:
        gatherer = Gatherer(batch.limits, batch.passwords, writer, recover=batch.recover)
        nodes = [Node(item, batch.depth) for item in batch.items]
        try:
            gatherer.grow(nodes)
        except (RedwellError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - the item border: it becomes a record
            raise_if_full(error)
            note = exception(Code.CRASH, f"{type(error).__name__}: {error}", TOOL, VERSION)
            failed = replace(batch.items[0], outcome=Disposition.EXCEPTION, notes=(note,))
            return CollectResult((failed, *batch.items[1:]))
        return CollectResult(*flattened(nodes))


def open_again(
    case: Case, engine: Engine, wanted: Mapping[int, Sequence[int]], passwords: Sequence[str]
) -> Reopened:
    """Open containers again, each on account of some documents, and what a run before left."""
    job = _Job(case, tuple(passwords))
    with progress("Opening containers", len(wanted)) as advance:
        batches = job.batches(wanted)
        for batch, result in engine.map_ordered(reopen, batches, more=job.parts):
            job.commit(batch, result)
            advance(int(isinstance(batch, Reopening)))
    return job.done


class _Job:
    """One run over containers."""

    def __init__(self, case: Case, passwords: tuple[str, ...]) -> None:
        self.done = Reopened()
        self._case, self._passwords = case, passwords
        self._waiting: list[_Part] = []

    def batches(self, wanted: Mapping[int, Sequence[int]]) -> Iterator[Reopening | _Part]:
        """What a run before this one left of large mailboxes, then the containers, in order."""
        with self._case.read() as connection:
            for collection in _left_open(connection):
                self._queue(connection, collection, openings.under_way(connection, collection.id))
        yield from self.parts()
        for container, documents in sorted(wanted.items()):
            with self._case.read() as connection:
                reopening = self._reopening(connection, container, tuple(documents))
            yield reopening

    def parts(self) -> Iterator[_Part]:
        """Parts of mailboxes that were just put on record: they come next."""
        waiting, self._waiting = self._waiting, []
        return iter(waiting)

    def _reopening(
        self, connection: sa.Connection, container: int, documents: tuple[int, ...]
    ) -> Reopening:
        row = connection.execute(sa.select(tables.documents).where(_D.id == container)).one()
        return Reopening(
            container=container,
            documents=documents,
            items=tuple(item_of(each) for each in set_of(connection, row)),
            depth=_depth(connection, row.found_in_id),
            store_address=self._case.store_address,
            limits=self._case.settings.limits,
            passwords=self._passwords,
            recover=_recovers(connection, row.collection_id),
        )

    def commit(self, batch: Reopening | _Part, result: CollectResult | TaskFailure) -> None:
        """Put on record what came of a container, or of a part of a mailbox."""
        with self._case.write() as connection:
            if isinstance(batch, _Part):
                self._commit_part(connection, batch, result)
                return
            self.done.containers += 1
            if not isinstance(result, TaskFailure):
                collection = collection_of(connection, batch.container)
                self._put(connection, collection, result)
                renote(connection, batch.container, result.items)
            self.done.failing += count_attempt(connection, batch.documents)

    def _commit_part(
        self, connection: sa.Connection, batch: _Part, result: CollectResult | TaskFailure
    ) -> None:
        if isinstance(result, TaskFailure):
            text = f"The worker that read a part of its items died: {result.reason}"
            result = CollectResult((), notes=(exception(Code.CRASH, text, TOOL, VERSION),))
        self._put(connection, batch.collection, result, batch.batch.mailbox)

    def _put(
        self,
        connection: sa.Connection,
        collection: Collection,
        result: CollectResult,
        part: MailboxPart | None = None,
    ) -> None:
        made = record.commit(connection, collection, result, part)
        self.done.mended += made.mended_items
        self.done.new += made.new_items
        if made.openings:
            found = openings.under_way(connection, collection.id)
            begun = [each for each in found if each.document_id in made.openings]
            self._queue(connection, collection, begun)

    def _queue(
        self,
        connection: sa.Connection,
        collection: Collection,
        found: Sequence[openings.Opening],
    ) -> None:
        recover = _recovers(connection, collection.id)
        for part in (part for opening in found for part in opening.parts):
            batch = CollectBatch(
                root=b"",
                files=(),
                store_address=self._case.store_address,
                limits=self._case.settings.limits,
                passwords=self._passwords,
                mailbox=part,
                recover=recover,
            )
            self._waiting.append(_Part(collection, batch))


def item_of(row: AnyRow, digests: Digests | None = None) -> CollectedItem:
    """A row as collecting had it before it was opened, or with other bytes."""
    found = digests or Digests(row.sha256, row.sha1 or "", row.md5 or "", row.size)
    return CollectedItem(
        address=row.address,
        name=row.name,
        name_bytes=row.name_bytes,
        role=Role(row.role),
        found_in=None,
        digests=found,
        size=found.size,
        mime=row.mime,
        type=row.type,
        ext=row.ext,
        outcome=Disposition.PENDING,
        modified_at=row.modified_at,
        notes=(),
    )


def set_of(connection: sa.Connection, row: AnyRow) -> list[AnyRow]:
    """A container with the other volumes of the set that it belongs to, in their order."""
    folder = row.address.rpartition("/")[0]
    beside = sa.select(tables.documents).where(
        _D.collection_id == row.collection_id,
        _D.found_in_id.is_(None) if row.found_in_id is None else _D.found_in_id == row.found_in_id,
        _D.outcome.in_((Disposition.CONTAINER, Disposition.EXCEPTION)),
        _D.sha256.is_not(None),
        _D.role == row.role,
        _D.address.startswith(f"{folder}/" if folder else "", autoescape=True),
    )
    named = {
        each.name_bytes: each
        for each in connection.execute(beside)
        if each.address.rpartition("/")[0] == folder
    }
    for found in volume_sets(tuple(named)):
        if row.name_bytes in found.present:
            return [named[name] for name in found.present]
    return [row]


def collection_of(connection: sa.Connection, document: int) -> Collection:
    """The collection that a document came with, to be added to."""
    c, who = tables.collections.c, tables.custodians.c
    query = (
        sa.select(c.id, c.custodian_id, who.name, c.source, c.started_at)
        .join(tables.custodians, who.id == c.custodian_id)
        .join(tables.documents, _D.collection_id == c.id)
        .where(_D.id == document)
    )
    # `recover` here has mailboxes looked through again that were opened before.
    return Collection(*connection.execute(query).one(), resumed=True, recover=True)


def _left_open(connection: sa.Connection) -> list[Collection]:
    """Complete collections with mailboxes that a run before this one did not open to their end."""
    query = (
        sa.select(tables.openings.c.document_id)
        .join(tables.documents, _D.id == tables.openings.c.document_id)
        .join(tables.collections, tables.collections.c.id == _D.collection_id)
        .where(tables.collections.c.state == "complete")
        .order_by(_D.collection_id, _D.id)
    )
    ids = connection.execute(query).scalars().all()
    found = {each.id: each for each in (collection_of(connection, number) for number in ids)}
    return list(found.values())


def _recovers(connection: sa.Connection, collection: int) -> bool:
    c = tables.collections.c
    settings = connection.execute(sa.select(c.settings).where(c.id == collection)).scalar_one()
    return bool(settings.get("recover", False))


def _depth(connection: sa.Connection, holder: int | None) -> int:
    """How many containers lie around what `holder` holds."""
    depth = 0
    while holder is not None:
        depth += 1
        holder = connection.execute(sa.select(_D.found_in_id).where(_D.id == holder)).scalar_one()
    return depth


def renote(connection: sa.Connection, container: int, items: Sequence[CollectedItem]) -> None:
    """Say of a container that fails otherwise than before why it does now."""
    address = connection.execute(sa.select(_D.address).where(_D.id == container)).scalar_one()
    item = next(each for each in items if each.address == address)
    coming = [note for note in item.notes if note.severity == "exception"]
    standing = (_N.document_id == container) & (_N.severity == "exception")
    known = set(connection.execute(sa.select(_N.code).where(standing)).scalars())
    if coming and {note.code.value for note in coming} != known:
        connection.execute(tables.notes.update().where(standing).values(severity="resolved"))
        write_notes(connection, [(container, note) for note in coming])


def count_attempt(connection: sa.Connection, documents: Sequence[int]) -> int:
    """Count one more attempt at those documents that fail still; how many these are."""
    failing = (_N.document_id.in_(documents)) & (_N.severity == "exception")
    query = sa.select(sa.func.count(sa.distinct(_N.document_id))).where(failing)
    left: int = connection.execute(query).scalar_one()
    connection.execute(tables.notes.update().where(failing).values(attempts=_N.attempts + 1))
    return left
