"""Loads a received volume: files to the store, then a document for each row, family by family.

The commit of a batch of documents makes them real; a crash before it leaves blobs and rows of
files, which the next run of the same command meets again. The volume is complete when its defects
and its manifest are on record.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa

from ingest import custody
from ingest import record as collections
from ingest.interface import SourceFile
from ingest.names import shown
from ingest.plan import checked_source
from ingest.record import Collection
from ingest.walk import root_of, walk
from process.interface import ExtractJob
from produce.received import documents, record, replacing
from produce.received.assemble import Volume, assemble
from produce.received.defects import find_defects
from produce.received.families import join_families
from produce.received.interface import Entry, FileFacts, FoundFile
from produce.received.look import Look, look
from produce.received.mapping import Mapping
from produce.received.spool import Spool
from produce.received.take import Made, MakeBatch, MakeJob, TakeBatch, Wanted, make, take_files
from records import runs, tables
from records.case import Case
from records.engine import TaskFailure
from records.errors import ReceiptError, RedwellError
from records.options import progress
from records.streams import halves
from store import working

_FILES, _BYTES = 100, 64 << 20
_DOCUMENTS = 200
STAGE = "receive"


class Crew(Protocol):
    """What loading needs of the parallel engine; see `records.engine.Engine.map_ordered`."""

    def map_ordered[T, R](
        self,
        function: Callable[[T], R],
        batches: Iterable[T],
        *,
        pieces: Callable[[T], Sequence[T]],
    ) -> Iterator[tuple[T, R | TaskFailure]]:
        """Run `function` on each batch; results come in the order of the batches."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What loading a volume did; `already` where nothing was left to do.

    documents = rows - rows kept raw + documents without a row.
    """

    volume: str
    party: str
    collection: int
    already: bool
    resumed: bool
    counts: dict[str, Any]
    defects: dict[str, int]
    manifest_sha256: str

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


def load(
    case: Case,
    engine: Crew,
    folder: Path,
    party: str,
    mapping: Mapping | None = None,
    name: str | None = None,
    replaces: str | None = None,
) -> Summary:
    """Load a volume of a party. Raises `ReceiptError` where it cannot be, before it is begun.

    Running again goes on where a run was cut off, and does nothing to a volume that is complete.
    """
    place = checked_source(case, folder)
    found = look(place)
    taken = _settled(found, mapping)
    title = name or taken.volume
    with working(case, STAGE):
        done = _complete(case, title, party, str(shown(bytes(place))))
        if done is not None:
            return done
        job = _Job(case, engine, place, found.files, party)
        with Spool(case.scratch_folder / "received" / "rows") as spool:
            ready = job.prepare(spool, taken, title, replaces)
            owner = record.party_custodian(case, party)
            with runs.recorded(
                case, STAGE, source=shown(bytes(place)), party=party, volume=title
            ) as outcome:
                summary = job.run(ready, spool, owner, taken, title)
                outcome.update(summary.to_json())
    return summary


def _settled(found: Look, mapping: Mapping | None) -> Mapping:
    """The mapping to go by; raises `ReceiptError` where looking left a question open."""
    if mapping is not None:
        return mapping
    if found.questions:
        raise ReceiptError(
            f"{found.folder} cannot be loaded as it is: {'; '.join(found.questions)}. Write a "
            f"mapping file with 'redwell receive look {found.folder} --map FILE', settle it there, "
            "and hand it in with --map FILE"
        )
    return found.mapping


def _complete(case: Case, title: str, party: str, source: str) -> Summary | None:
    """The volume of this name where it is complete; raises `ReceiptError` for another's name."""
    with case.read() as connection:
        known = [each for each in record.volumes(connection) if _same(each.name, title)]
        if not known:
            return None
        (had,) = known
        if (had.source, had.party.casefold()) != (source, party.casefold()):
            raise ReceiptError(
                f"A volume {had.name} of {had.party} was received already, from {had.source}: give "
                "this one another name with --name, and say --replaces where it replaces that one"
            )
        if had.state != "complete":
            return None
        manifest = connection.execute(
            sa.select(tables.collections.c.manifest_sha256).where(
                tables.collections.c.id == had.collection
            )
        ).scalar_one()
        codes = record.by_code(record.defects_of(connection, had.id))
    return Summary(
        had.name, had.party, had.collection, True, False, had.counts, codes, manifest or ""
    )


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


@dataclass(frozen=True, slots=True)
class _Ready:
    """A volume that may be loaded."""

    volume: Volume
    families: list[list[Entry]]
    plan: replacing.Plan


class _Job:
    """One volume on its way."""

    def __init__(
        self, case: Case, engine: Crew, place: Path, files: Sequence[FoundFile], party: str
    ) -> None:
        self._case, self._engine, self._place = case, engine, place
        self._files, self._party = files, party
        self._facts: dict[str, FileFacts] = {}
        self._lost: list[bytes] = []

    def prepare(self, spool: Spool, mapping: Mapping, title: str, replaces: str | None) -> _Ready:
        """Put the volume together and see that it may be loaded; nothing is written."""
        volume = assemble(self._place, mapping, self._files, spool)
        families = join_families(volume, spool)
        if not volume.entries:
            raise ReceiptError(
                f"{self._place} holds no document: no load file of it gives a row or an image. "
                "See what was found with 'redwell receive look'"
            )
        with self._case.read() as connection:
            plan = replacing.plan(connection, volume, self._party, title, replaces)
        if plan.staying:
            held = {each.beg for each in volume.entries if plan.parent_of(each) is not None}
            volume.defects = [
                each
                for each in volume.defects
                if each.code != "family-parent-missing" or each.beg not in held
            ]
        return _Ready(volume, families, plan)

    def run(self, ready: _Ready, spool: Spool, owner: int, mapping: Mapping, title: str) -> Summary:
        """Take the files, commit the documents, find the defects, end it."""
        case = self._case
        volume, families, plan = ready.volume, ready.families, ready.plan
        source = shown(bytes(self._place))
        collection = _collection(case, owner, self._party, source)
        number = record.begin(case, title, self._party, collection.id, mapping, plan.volume_id)
        with custody.Manifest(case) as manifest:
            self._take(number, volume, manifest)
            self._commit(number, collection, volume, families, spool, plan)
            manifest.flush()
            summary = self._finish(number, collection, volume, spool, manifest, title)
        return replace(summary, resumed=collection.resumed)

    def _take(self, number: int, volume: Volume, manifest: custody.Manifest) -> None:
        """All files of the volume into the store and on the manifest."""
        known = record.known_files(self._case, number)
        walked = list(walk(self._place))
        left = [each for each in walked if shown(each.path) not in known]
        self._facts = known
        with progress("Taking files", len(left)) as advance:
            for batch, result in self._engine.map_ordered(
                take_files, self._batches(left, volume), pieces=_files_in_halves
            ):
                found = _survived(batch, result)
                rows = [
                    (file.path, file.use, facts)
                    for file, facts in zip(batch.files, found, strict=True)
                ]
                record.add_files(self._case, number, rows)
                self._facts.update((each.path, each) for each in found)
                advance(len(found))
        for file in walked:
            manifest.add(file.path, self._facts[shown(file.path)].sha256)

    def _batches(self, files: Sequence[SourceFile], volume: Volume) -> Iterator[TakeBatch]:
        limits = self._case.settings.limits
        root, store = root_of(self._place), self._case.store_address
        some: list[Wanted] = []
        size = 0
        for file in files:
            path = shown(file.path)
            some.append(Wanted(file.path, path, volume.uses.get(path, "unlisted")))
            size += file.size
            if len(some) >= _FILES or size >= _BYTES:
                yield TakeBatch(root, tuple(some), store, limits)
                some, size = [], 0
        if some:
            yield TakeBatch(root, tuple(some), store, limits)

    def _commit(
        self,
        number: int,
        collection: Collection,
        volume: Volume,
        families: Sequence[Sequence[Entry]],
        spool: Spool,
        plan: replacing.Plan,
    ) -> None:
        """Documents, whole families at a time, in the order of their roots."""
        done = record.committed(self._case, number)
        left = [family for family in families if family[0].place not in done]
        writer = documents.Writer(self._case, number, collection, volume, spool, self._facts, plan)
        batches = list(_by_families(left))
        waiting = deque(batches)
        made: dict[int, Made] = {}
        jobs = (self._make_batch(each, volume) for each in batches)
        with progress("Documents", sum(map(len, left))) as advance:

            def commit_ready(*, everything: bool) -> None:
                while waiting and (everything or self._is_ready(waiting[0], volume, made)):
                    some = waiting.popleft()
                    writer.commit(some, made)
                    for each in (entry for family in some for entry in family):
                        made.pop(each.place, None)
                    advance(sum(map(len, some)))

            for batch, result in self._engine.map_ordered(
                make, (each for each in jobs if each.jobs), pieces=_jobs_in_halves
            ):
                made.update((each.place, each) for each in _made(batch, result))
                commit_ready(everything=False)
            commit_ready(everything=True)

    def _is_ready(
        self, families: Sequence[Sequence[Entry]], volume: Volume, made: dict[int, Made]
    ) -> bool:
        wanted = self._make_batch(families, volume).jobs
        return all(each.place in made for each in wanted)

    def _make_batch(self, families: Sequence[Sequence[Entry]], volume: Volume) -> MakeBatch:
        jobs = tuple(
            job
            for family in families
            for entry in family
            if (job := self._job_of(entry)) is not None
        )
        return MakeBatch(jobs, self._case.store_address, self._case.settings.limits)

    def _job_of(self, entry: Entry) -> MakeJob | None:
        """What is to be made for a document: its pages bound, or its native read."""
        native = self._facts.get(entry.native)
        if native is not None and native.sha256:
            text = self._facts.get(entry.text)
            if entry.has_text_field or (text is not None and text.chars):
                return None
            name = entry.native.rpartition("/")[2]
            return MakeJob(
                entry.place,
                native=ExtractJob(
                    entry.place, native.sha256, native.size, name, native.mime, native.type
                ),
            )
        pages = [(self._facts.get(page.path), page.frame) for page in entry.images]
        there = tuple((each.sha256, frame) for each, frame in pages if each and each.sha256)
        if documents.is_one_file(entry, self._facts) or not there:
            return None
        return MakeJob(entry.place, pages=there)

    def _finish(
        self,
        number: int,
        collection: Collection,
        volume: Volume,
        spool: Spool,
        manifest: custody.Manifest,
        title: str,
    ) -> Summary:
        """Find the defects, keep the custody record, make the volume complete."""
        with self._case.read() as connection:
            defects = find_defects(connection, number, self._party, volume, spool, self._facts)
            on_record = len(record.committed(self._case, number))
        counts = _counts(volume, self._facts, on_record)
        _reconcile(counts, volume, len(self._facts))
        told = {
            **counts,
            "files_found": len(self._facts),
            "bytes_found": sum(each.size for each in self._facts.values()),
            "manifest_files": manifest.files,
            "items": on_record,
            "received": title,
        }
        listed, kept = custody.keep(self._case, collection, manifest.path, told)
        with self._case.write() as connection:
            record.finish(connection, number, counts, defects)
            collections.complete(connection, collection, told, listed, kept)
        return Summary(
            *(title, self._party, collection.id, False, False, counts),
            record.by_code(defects),
            listed,
        )


def _collection(case: Case, owner: int, party: str, source: str) -> Collection:
    """The collection that keeps the volume's custody; marked as one that was received."""
    found = collections.begin(case, owner, party, source, 0)
    c = tables.collections
    with case.write() as connection:
        row = connection.execute(sa.select(c.c.settings).where(c.c.id == found.id)).one()
        if not row.settings.get("received"):
            connection.execute(
                c.update()
                .where(c.c.id == found.id)
                .values(settings={**row.settings, "received": True})
            )
    return found


def _files_in_halves(batch: TakeBatch) -> list[TakeBatch]:
    return [replace(batch, files=tuple(each)) for each in halves(batch.files)]


def _jobs_in_halves(batch: MakeBatch) -> list[MakeBatch]:
    return [replace(batch, jobs=tuple(each)) for each in halves(batch.jobs)]


def _survived(
    batch: TakeBatch, result: tuple[FileFacts, ...] | TaskFailure
) -> tuple[FileFacts, ...]:
    if not isinstance(result, TaskFailure):
        return result
    text = f"The worker that took it died: {result.reason}"
    return tuple(FileFacts(each.shown, None, why=text) for each in batch.files)


def _made(batch: MakeBatch, result: tuple[Made, ...] | TaskFailure) -> tuple[Made, ...]:
    if not isinstance(result, TaskFailure):
        return result
    text = f"The worker that made it ready died: {result.reason}"
    return tuple(Made(each.place, why=text) for each in batch.jobs)


def _by_families(families: Iterable[Sequence[Entry]]) -> Iterator[list[Sequence[Entry]]]:
    some: list[Sequence[Entry]] = []
    size = 0
    for family in families:
        some.append(family)
        size += len(family)
        if size >= _DOCUMENTS:
            yield some
            some, size = [], 0
    if some:
        yield some


def _counts(volume: Volume, facts: dict[str, FileFacts], documents: int) -> dict[str, Any]:
    uses = Counter(volume.uses.get(path, "unlisted") for path in facts)
    return {
        **{name: count for name, count in sorted(volume.counts.items()) if count},
        "documents": documents,
        "families": sum(1 for each in volume.entries if each.parent is None),
        "files": len(facts),
        "files by use": dict(sorted(uses.items())),
        "files not read": sum(1 for each in facts.values() if each.sha256 is None),
    }


def _reconcile(counts: dict[str, Any], volume: Volume, files: int) -> None:
    """Every row, image line and file is accounted for, or the run is no good."""
    c = volume.counts
    rows = c["rows"] - c["rows kept raw"] + c["documents without a row"]
    lines = c["pages"] + c["image lines unread"] + c["image lines of a second list"]
    if counts["documents"] != rows or c["image lines"] != lines or files != len(volume.uses):
        raise RedwellError(
            f"The volume does not reconcile: {counts['documents']} documents for {rows}, "
            f"{lines} image lines accounted for of {c['image lines']}, {files} files of "
            f"{len(volume.uses)}. This is an error of the program: keep the case and report it"
        )
