"""Bring the index up to the record: build what it lacks, adopt, and prove that it is all there."""

import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from index.adopt import adopt, held_keys, is_replaced, mend, sweep
from index.adopt import replace as replace_index
from index.build import build_segment
from index.folder import read_contents
from index.interface import IndexBatch, IndexDocument, SegmentBuilt
from index.merge import Merge, merge_segments, planned
from index.rows import Wanted, ids_of, load_documents, wanted
from index.sending import received
from records import audit, tables, times
from records.case import Case
from records.control import control
from records.engine import Engine, TaskFailure
from records.errors import IndexStateError
from records.numbers import next_number
from records.streams import halves
from store import open_store, working

Progress = Callable[[int, int], None]
"""Told the documents done and those to be done."""

_BATCH_CHARACTERS = 24_000_000  # about 4 M words, what a builder holds in memory
_BATCH_DOCUMENTS = 5_000
_SMALLEST_BATCH = 500_000
_OVERHEAD = 1_500  # characters that the fields of a document count for
_FIELD_CHARACTERS = 4_000_000  # of all documents of a batch
_ADOPT_AT_ONCE = 4
_ADOPT_SECONDS = 10.0  # a crash costs no more work than this, and a batch


class Merging(StrEnum):
    """Whether segments are merged when all documents are in: when they are many, all, or not."""

    AUTO = "auto"
    ALL = "all"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class IndexSummary:
    """What a run did; `in_index` equals `expected` unless `failed` documents are named.

    `segments` is how many the index has now, `merged` how many were merged into others, `mended`
    beside how many the files were made again.
    """

    expected: int
    already: int
    indexed: int
    removed: int
    in_index: int
    failed: tuple[int, ...]
    segments: int
    merged: int
    mended: int


def index_case(
    case: Case, engine: Engine, progress: Progress, merging: Merging = Merging.AUTO
) -> IndexSummary:
    """Index all that the index lacks, drop what it should not hold, and merge many segments.

    Resumable: whatever was adopted before a crash is in the index and is not done again. Raises
    `CaseBusyError` while another stage writes, `IndexStateError` where the index is damaged or
    documents could not be indexed, after all others were.
    """
    with working(case, "index"):
        sweep_replaced(case)
        summary = _brought_up(case, engine, progress, case.index_folder, merging)
    _require_whole(summary)
    return summary


def rebuild_case(case: Case, engine: Engine, progress: Progress) -> IndexSummary:
    """Build the index anew beside the old one, which answers until the new one takes its place.

    Resumable: what was built before a crash is not built again. Raises as `index_case` does, and
    then leaves the old index.
    """
    with working(case, "index rebuild"):
        sweep_replaced(case)
        new = case.rebuild_folder
        try:
            read_contents(new)
        except IndexStateError:
            shutil.rmtree(new)  # nothing of it can be used
        summary = _brought_up(case, engine, progress, new, Merging.AUTO)
        _require_whole(summary)
        if new.is_dir():
            replace_index(case.index_folder, new)
    return summary


def sweep_replaced(case: Case) -> None:
    """Remove what a rebuild that was cut off at its very end left beside the new index."""
    new = case.rebuild_folder
    if new.is_dir() and is_replaced(case.index_folder, new):
        shutil.rmtree(new)


def _brought_up(
    case: Case, engine: Engine, progress: Progress, folder: Path, merging: Merging
) -> IndexSummary:
    """Bring the index in a folder up to the record."""
    with case.read() as connection:
        target = wanted(connection)
    if folder.is_dir():
        sweep(folder, read_contents(folder))
    mended = mend(folder)
    before = held_keys(folder)
    missing = target.without(before)
    extra = BitMap(np.setdiff1d(ids_of(before), target.ids))
    run = _begin(case, len(missing))
    failed: list[int] = []
    done = 0
    for ready in _built(case, engine, _plan(missing, engine.workers), failed):
        adopt(folder, ready)
        done += sum(each.documents for each in ready)
        progress(done, len(missing))
    if extra:
        adopt(folder, (), extra)
    merged = _merge(case, engine, progress, folder, merging, len(missing))
    summary = IndexSummary(
        expected=len(target),
        already=len(target) - len(missing),
        indexed=len(missing) - len(failed),
        removed=len(extra),
        in_index=len(target) - len(target.without(held_keys(folder))),
        failed=tuple(failed),
        segments=len(read_contents(folder).segments),
        merged=merged,
        mended=mended,
    )
    _finish(case, run, summary)
    return summary


def _merge(
    case: Case, engine: Engine, progress: Progress, folder: Path, merging: Merging, done: int
) -> int:
    """Merge segments until there are few enough; how many went into others.

    Documents of merged segments count as so many more to be done.
    """
    if merging is Merging.NONE:
        return 0
    merged, everything = 0, merging is Merging.ALL
    while groups := planned(read_contents(folder).segments, everything=everything):
        everything = False
        scratch = str(case.scratch_folder / "index")
        work = [Merge(str(folder), group, scratch) for group in groups]
        sizes = {s.segment_id(): s.doc_count() for s in read_contents(folder).segments}
        total = done + sum(sizes[name] for group in groups for name in group)
        progress(done, total)
        for merge, built in _merged(engine, work):
            adopt(folder, [built], instead_of=merge.names)
            merged += len(merge.names)
            done += built.documents
            progress(done, total)
    return merged


def _merged(engine: Engine, work: Sequence[Merge]) -> Iterator[tuple[Merge, SegmentBuilt]]:
    """Merge in the workers, or here where they do not see the index or die of it."""
    if engine.apart:
        yield from ((merge, merge_segments(merge)) for merge in work)
        return
    for merge, built in engine.map_ordered(merge_segments, work, window=engine.workers):
        yield merge, merge_segments(merge) if isinstance(built, TaskFailure) else built


def _pieces(batch: IndexBatch) -> list[IndexBatch]:
    """Half of the documents each."""
    return [replace(batch, documents=tuple(half)) for half in halves(batch.documents)]


def _built(
    case: Case, engine: Engine, plan: Sequence[NDArray[np.int64]], failed: list[int]
) -> Iterator[list[SegmentBuilt]]:
    """Segments as they come, several at a time; documents that end their worker go to `failed`."""
    ready: list[SegmentBuilt] = []
    adopted = time.monotonic()
    store, scratch = open_store(case.store_address), case.scratch_folder / "index"
    batches = _batches(case, plan, "" if engine.apart else str(scratch))
    for batch, result in engine.map_ordered(
        build_segment, batches, window=2 * engine.workers, pieces=_pieces
    ):
        if isinstance(result, TaskFailure):
            failed += [each.document_id for each in batch.documents]
            continue
        ready.append(received(result, store, scratch))
        if len(ready) >= _ADOPT_AT_ONCE or time.monotonic() - adopted > _ADOPT_SECONDS:
            yield ready
            ready, adopted = [], time.monotonic()
    if ready:
        yield ready


def _plan(missing: Wanted, workers: int) -> list[NDArray[np.int64]]:
    """Cut the work into batches, the largest first.

    Each takes a share of what is left, down to a sixth of a worker's own: few segments, and no
    worker is busy for long when the others are done.
    """
    weights = missing.characters + _OVERHEAD
    left = int(weights.sum())
    crew = max(workers, 1)
    least = max(left // (6 * crew), _SMALLEST_BATCH)
    begins: list[int] = []
    sizes: list[int] = []
    room = 0
    for at, weight in enumerate(map(int, weights)):
        full = weight > room and left > least // 2
        if not begins or full or at - begins[-1] == _BATCH_DOCUMENTS:
            begins.append(at)
            sizes.append(0)
            room = min(max(2 * left // (3 * crew), least), _BATCH_CHARACTERS)
        sizes[-1] += weight
        room, left = room - weight, left - weight
    plan = np.split(missing.ids, begins[1:]) if begins else []
    order = sorted(range(len(plan)), key=sizes.__getitem__, reverse=True)
    return [plan[each] for each in order]


def _batches(case: Case, plan: Iterable[NDArray[np.int64]], scratch: str) -> Iterator[IndexBatch]:
    for ids in plan:
        with case.read() as connection:
            documents = load_documents(connection, ids.tolist())
        for part in _parts(documents):
            yield IndexBatch(part, case.store_address, scratch)


def _parts(documents: Sequence[IndexDocument]) -> Iterator[tuple[IndexDocument, ...]]:
    """Cut documents where their fields grow too long to pass through the scheduler at once."""
    part: list[IndexDocument] = []
    room = _FIELD_CHARACTERS
    for each in documents:
        size = sum(len(text) for _, text in each.fields)
        if part and size > room:
            yield tuple(part)
            part, room = [], _FIELD_CHARACTERS
        part.append(each)
        room -= size
    if part:
        yield tuple(part)


def _begin(case: Case, documents: int) -> int:
    c = tables.runs.c
    with case.write() as connection:
        # The lock is ours: whatever still says that it runs was cut off.
        connection.execute(
            tables.runs.update()
            .where(c.stage == "index", c.state == "running")
            .values(state="interrupted")
        )
        number = next_number(connection, c.id)
        connection.execute(
            tables.runs.insert().values(
                id=number,
                stage="index",
                state="running",
                actor=audit.actor(),
                started_at=times.now(),
                settings=case.settings.model_dump(mode="json"),
                summary={"to_index": documents},
            )
        )
    return number


def _finish(case: Case, run: int, summary: IndexSummary) -> None:
    values = {**asdict(summary), "failed": list(summary.failed)}
    with case.write() as connection:
        connection.execute(
            tables.runs.update()
            .where(tables.runs.c.id == run)
            .values(state="complete", finished_at=times.now(), summary=values)
        )
        audit.append(connection, "indexed", run=run, **values)


def _require_whole(summary: IndexSummary) -> None:
    if summary.in_index == summary.expected:
        return
    named = ", ".join(control(each) for each in summary.failed[:20])
    raise IndexStateError(
        f"{summary.expected - summary.in_index} of {summary.expected} documents could not be "
        f"indexed: the worker died on each try ({named}). Give the workers more "
        "memory and run 'redwell index' again"
    )
