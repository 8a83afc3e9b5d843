"""The coordinator of collecting: plans batches, commits what came of them, reconciles.

The commit of a batch makes its documents real; a crash before it leaves blobs that nobody refers
to and that the next run meets again. A run that was cut off is taken up by the same command: it
goes on behind the last committed batch, and documents get the numbers they would have had.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import batched, chain
from math import inf
from pathlib import Path
from typing import Any

from ingest import custody, openings, record
from ingest.addressing import path_address
from ingest.collect import collect_batch, lost_file, sets_of
from ingest.interface import (
    CollectBatch,
    CollectedItem,
    CollectResult,
    Deferred,
    MailboxPart,
    SourceFile,
)
from ingest.names import shown
from ingest.plan import BATCH_COST, Planned, batches, checked_source, cost
from ingest.record import Collection
from ingest.versions import TOOL, VERSION
from ingest.walk import root_of, walk
from records import runs
from records.case import Case
from records.codes import Code, Role
from records.engine import Engine, TaskFailure
from records.errors import RedwellError
from records.notes import exception
from records.streams import halves
from store import working

type Report = Callable[[int, int], None]
"""Told of files and items as they are committed."""

_LOOKED_UP_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run of collecting did; `files_found` is the sum of the three kinds of files.

    `items` are all rows of the collection, files and what was found in their containers, by
    outcome in `outcomes`; exceptions and warnings count documents, which may have several.
    """

    collection: int
    source: str
    custodian: str
    resumed: bool
    files_found: int
    bytes_found: int
    files_new: int
    files_taken_up: int  # committed by an earlier, unfinished run of the same collection
    files_already_collected: int
    files_gone_since: int  # committed by that earlier run, no longer in the source
    items: int
    items_already_collected: int
    items_mended: int  # of those: what could not be had or opened before and now was
    by_role: dict[str, int]
    outcomes: dict[str, int]
    exceptions: dict[str, int]
    warnings: dict[str, int]
    manifest_files: int
    manifest_sha256: str

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


@dataclass(slots=True)
class _Tally:
    """Counts of this run."""

    found: int = 0
    bytes: int = 0
    new: int = 0
    taken_up: int = 0
    already: int = 0
    gone: int = 0
    already_items: int = 0
    mended: int = 0
    seen: set[str] = field(default_factory=set)  # of a resumed run only


def ingest(
    case: Case,
    engine: Engine,
    source: Path,
    custodian: str,
    passwords: Sequence[str] = (),
    report: Report = lambda files, items: None,
    *,
    recover: bool = False,
    ready: Callable[[], None] = lambda: None,
) -> Summary:
    """Collect a source for a custodian; `report` is told of files and items as they are committed.

    `ready` is asked, once, before the first document is committed, and may refuse by raising.
    Raises `CustodianError` and `SourceError` before anything is written, `CaseBusyError` while
    another stage works on the case. Running again does only what is not done.
    """
    owner = record.custodian_id(case, custodian)
    root = checked_source(case, source)
    with working(case, "ingest"):
        shown_source = shown(bytes(root))
        with runs.recorded(case, "ingest", source=shown_source, custodian=custodian) as outcome:
            collection = record.begin(
                case, owner, custodian, shown_source, len(passwords), recover=recover
            )
            with custody.Manifest(case) as manifest:
                job = _Job(case, engine, root, collection, manifest)
                job.collect(tuple(passwords), report, ready)
                summary = job.finish()
            outcome.update(summary.to_json())
    return summary


def _cost(batch: CollectBatch) -> float:
    """Parts of a mailbox, for which others wait, come before all, then files that take long.

    The others cost nothing, for in their order they are committed as they come.
    """
    if batch.mailbox is not None:
        return inf
    total = sum(map(cost, batch.files))
    return total if total > BATCH_COST else 0.0


class _Job:
    """One run over one source."""

    def __init__(
        self,
        case: Case,
        engine: Engine,
        source: Path,
        collection: Collection,
        manifest: custody.Manifest,
    ) -> None:
        self._case = case
        self._engine = engine
        self._source = source
        self._collection = collection
        self._tally = _Tally()
        self._manifest = manifest
        self._under_way: deque[tuple[Planned, ...]] = deque()
        self._pieces: list[tuple[CollectBatch, CollectResult]] = []  # of the first of these
        self._waiting: list[openings.Opening] = []
        self._passwords: tuple[str, ...] = ()

    def collect(
        self, passwords: tuple[str, ...], report: Report, ready: Callable[[], None]
    ) -> None:
        """Work through the source and commit each batch, once all is `ready`."""
        self._passwords = passwords
        self._take_up()
        batches = self._batches()
        results = self._engine.map_ordered(
            collect_batch, batches, more=self._parts, cost=_cost, pieces=_pieces
        )
        for number, (batch, result) in enumerate(results):
            if not number:
                ready()
            survived = self._survived(batch, result)
            if batch.mailbox is not None:
                self._commit(survived, batch.mailbox)
                report(0, len(survived.items))
                continue
            self._pieces.append((batch, survived))
            if not self._is_whole():
                continue
            planned = self._under_way.popleft()
            done = _joined([piece for _, piece in self._pieces])
            self._pieces.clear()
            if done.items:
                self._commit(done)
            self._list(planned, done)
            report(len(planned), len(done.items))
        self._list_those_gone()
        self._manifest.flush()

    def _take_up(self) -> None:
        """Mailboxes of which a run before this one left parts come first, as they would have."""
        if self._collection.resumed:
            with self._case.read() as connection:
                self._waiting.extend(openings.under_way(connection, self._collection.id))

    def _batches(self) -> Iterator[CollectBatch]:
        yield from self._parts()
        for planned in batches(self._planned()):
            self._under_way.append(planned)
            yield self._batch(tuple(each.file for each in planned if not each.done))

    def _parts(self) -> Iterator[CollectBatch]:
        """The parts of mailboxes that wait to be opened: they follow the batch that found them."""
        waiting, self._waiting = self._waiting, []
        return (self._batch((), part) for opening in waiting for part in opening.parts)

    def _batch(
        self, files: tuple[SourceFile, ...], mailbox: MailboxPart | None = None
    ) -> CollectBatch:
        return CollectBatch(
            root=root_of(self._source),
            files=files,
            store_address=self._case.store_address,
            limits=self._case.settings.limits,
            passwords=self._passwords,
            recover=self._collection.recover,
            mailbox=mailbox,
        )

    def _planned(self) -> Iterator[Planned]:
        """All files of the source; those that a run before this one committed are marked."""
        for files in batched(walk(self._source), _LOOKED_UP_AT_ONCE):
            done: dict[bytes, str | None] = {}
            if self._collection.resumed:
                done = record.collected_files(self._case, self._collection, files)
            for file in files:
                yield Planned(file, file.path in done, done.get(file.path))

    def _is_whole(self) -> bool:
        """Whether all pieces of the first batch are there: it is committed in one transaction.

        What a mailbox in it holds comes after all its files, whether or not it lost its worker.
        """
        had = sum(len(batch.files) for batch, _ in self._pieces)
        return had == sum(not each.done for each in self._under_way[0])

    def _survived(self, batch: CollectBatch, result: CollectResult | TaskFailure) -> CollectResult:
        """What came of a batch, also where it killed its worker."""
        if not isinstance(result, TaskFailure):
            return result
        if batch.mailbox is None:
            text = f"The worker that read it died: {result.reason}"
            note = exception(Code.CRASH, text, TOOL, VERSION, attempts=result.attempts)
            return CollectResult(tuple(lost_file(each, note, batch.root) for each in batch.files))
        items = batch.mailbox.part.get("items", "some")
        text = f"The worker that read {items} of its items died: {result.reason}"
        return CollectResult(
            (), notes=(exception(Code.CRASH, text, TOOL, VERSION, attempts=result.attempts),)
        )

    def _commit(self, result: CollectResult, mailbox: MailboxPart | None = None) -> None:
        with self._case.write() as connection:
            made = record.commit(connection, self._collection, result, mailbox)
            under_way = openings.under_way(connection, self._collection.id) if made.openings else []
        self._waiting.extend(each for each in under_way if each.document_id in made.openings)
        self._tally.new += made.new_files
        self._tally.already += made.known_files
        self._tally.already_items += made.known_items
        self._tally.mended += made.mended_items

    def _list(self, planned: tuple[Planned, ...], result: CollectResult) -> None:
        """Count the files of a batch and put them on the manifest, in the order of the walk."""
        collected = iter([each for each in result.items if each.role is Role.FILE])
        for each in planned:
            self._tally.found += 1
            self._tally.bytes += each.file.size
            sha256 = each.sha256
            if each.done:
                self._tally.taken_up += 1
            else:
                digests = next(collected).digests
                sha256 = digests.sha256 if digests else None
            self._manifest.add(each.file.path, sha256)
            if self._collection.resumed:
                self._tally.seen.add(path_address(each.file.path))

    def _list_those_gone(self) -> None:
        """Put files on the manifest that were committed before this run and are gone since."""
        if not self._collection.resumed:
            return
        with self._case.read() as connection:
            for address, path, sha256 in record.file_hashes(connection, self._collection):
                if address not in self._tally.seen:
                    self._tally.gone += 1
                    self._manifest.add(path, sha256)

    def finish(self) -> Summary:
        """Reconcile, keep the custody record, make the collection complete."""
        tally, collection = self._tally, self._collection
        with self._case.read() as connection:
            by_role = record.rows_of(connection, collection)
            outcomes = record.outcomes_of(connection, collection)
            exceptions = record.codes_of(connection, collection, "exception")
            warnings = record.codes_of(connection, collection, "warning")
        _reconcile(tally, by_role[Role.FILE])
        counts: dict[str, Any] = {
            "files_found": tally.found,
            "bytes_found": tally.bytes,
            "files_new": tally.new,
            "files_taken_up": tally.taken_up,
            "files_already_collected": tally.already,
            "files_gone_since": tally.gone,
            "items": by_role.total(),
            "items_already_collected": tally.already_items,
            "items_mended": tally.mended,
            "by_role": dict(sorted(by_role.items())),
            "outcomes": outcomes,
            "exceptions": exceptions,
            "warnings": warnings,
            "manifest_files": self._manifest.files,
        }
        listed, told = custody.keep(self._case, collection, self._manifest.path, counts)
        record.finish(self._case, collection, counts, listed, told)
        return Summary(
            collection=collection.id,
            source=collection.source,
            custodian=collection.custodian,
            resumed=collection.resumed,
            manifest_sha256=listed,
            **counts,
        )


def _pieces(batch: CollectBatch) -> list[CollectBatch]:
    """Half of the files each; volumes of one set stay together."""
    sets = list(sets_of(batch.files))
    return [replace(batch, files=tuple(chain.from_iterable(half))) for half in halves(sets)]


def _joined(results: Sequence[CollectResult]) -> CollectResult:
    """One result of several, whose items are one after another."""
    items: list[CollectedItem] = []
    deferred: list[Deferred] = []
    for result in results:
        shift = len(items)
        deferred.extend(replace(each, item=each.item + shift) for each in result.deferred)
        items.extend(
            each if each.found_in is None else replace(each, found_in=each.found_in + shift)
            for each in result.items
        )
    return CollectResult(tuple(items), tuple(deferred))


def _reconcile(tally: _Tally, rows: int) -> None:
    """Every file that was walked is on record exactly once, or the run is no good."""
    walked = tally.new + tally.taken_up + tally.already
    on_record = tally.new + tally.taken_up + tally.gone
    if tally.found != walked or rows != on_record:
        raise RedwellError(
            f"The collection does not reconcile: {tally.found} files were found, {walked} "
            f"accounted for; {rows} rows stand where {on_record} should. This is an error of the "
            "program: keep the case as it is and report it"
        )
