"""Bring the index up to the record: build what it lacks, adopt, and prove that it is all there."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace

import sqlalchemy as sa

from index.adopt import adopt, held
from index.build import build_segment
from index.interface import IndexBatch, IndexDocument, SegmentBuilt
from index.rows import Wanted, load_documents, wanted
from index.sending import received
from records import audit, tables, times
from records.case import Case
from records.control import control
from records.engine import Engine, TaskFailure
from records.errors import IndexStateError
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


@dataclass(frozen=True, slots=True)
class IndexSummary:
    """What a run did; `in_index` equals `expected` unless `failed` documents are named."""

    expected: int
    already: int
    indexed: int
    removed: int
    in_index: int
    failed: tuple[int, ...]


def index_case(case: Case, engine: Engine, progress: Progress) -> IndexSummary:
    """Index all that the index lacks and drop what it should not hold.

    Resumable: whatever was adopted before a crash is in the index and is not done again. Raises
    `CaseBusyError` while another stage writes, `IndexStateError` where documents could not be
    indexed, after all others were.
    """
    with working(case, "index"):
        with case.read() as connection:
            target = wanted(connection)
        before = held(case.index_folder)
        missing = [i for i, revision in target.revisions.items() if before.get(i) != revision]
        extra = [i for i in before if i not in target.revisions]
        run = _begin(case, len(missing))
        failed = _build(case, engine, progress, missing, target)
        if extra:
            adopt(case.index_folder, (), extra)
        summary = _summarise(case, target, len(missing), len(extra), failed)
        _finish(case, run, summary)
    _require_whole(summary)
    return summary


def _build(
    case: Case, engine: Engine, progress: Progress, missing: list[int], target: Wanted
) -> list[int]:
    """Build and adopt in order; the ids of the documents whose worker died each time."""
    done = 0
    failed: list[int] = []
    for ready in _built(case, engine, _plan(missing, target, engine.workers), failed):
        adopt(case.index_folder, ready)
        done += sum(each.documents for each in ready)
        progress(done, len(missing))
    return failed


def _pieces(batch: IndexBatch) -> list[IndexBatch]:
    """Half of the documents each."""
    return [replace(batch, documents=tuple(half)) for half in halves(batch.documents)]


def _built(
    case: Case, engine: Engine, plan: Sequence[list[int]], failed: list[int]
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


def _plan(missing: Iterable[int], target: Wanted, workers: int) -> list[list[int]]:
    """Cut the work into batches, the largest first.

    Each takes a share of what is left, down to a sixth of a worker's own: few segments, and no
    worker is busy for long when the others are done.
    """
    weights = [(each, target.characters[each] + _OVERHEAD) for each in missing]
    left = sum(weight for _, weight in weights)
    crew = max(workers, 1)
    least = max(left // (6 * crew), _SMALLEST_BATCH)
    plan: list[list[int]] = []
    sizes: list[int] = []
    room = 0
    for each, weight in weights:
        full = weight > room and left > least // 2
        if not plan or full or len(plan[-1]) == _BATCH_DOCUMENTS:
            plan.append([])
            sizes.append(0)
            room = min(max(2 * left // (3 * crew), least), _BATCH_CHARACTERS)
        plan[-1].append(each)
        sizes[-1] += weight
        room, left = room - weight, left - weight
    order = sorted(range(len(plan)), key=sizes.__getitem__, reverse=True)
    return [plan[each] for each in order]


def _batches(case: Case, plan: Iterable[list[int]], scratch: str) -> Iterator[IndexBatch]:
    for ids in plan:
        with case.read() as connection:
            documents = load_documents(connection, ids)
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
        last = connection.execute(sa.select(sa.func.max(c.id))).scalar() or 0
        connection.execute(
            tables.runs.insert().values(
                id=last + 1,
                stage="index",
                state="running",
                actor=audit.actor(),
                started_at=times.now(),
                settings=case.settings.model_dump(mode="json"),
                summary={"to_index": documents},
            )
        )
    return last + 1


def _finish(case: Case, run: int, summary: IndexSummary) -> None:
    values = {**asdict(summary), "failed": list(summary.failed)}
    with case.write() as connection:
        connection.execute(
            tables.runs.update()
            .where(tables.runs.c.id == run)
            .values(state="complete", finished_at=times.now(), summary=values)
        )
        audit.append(connection, "indexed", run=run, **values)


def _summarise(
    case: Case, target: Wanted, missing: int, removed: int, failed: Sequence[int]
) -> IndexSummary:
    after = held(case.index_folder)
    current = sum(1 for i, revision in target.revisions.items() if after.get(i) == revision)
    expected = len(target.revisions)
    return IndexSummary(
        expected=expected,
        already=expected - missing,
        indexed=missing - len(failed),
        removed=removed,
        in_index=current,
        failed=tuple(failed),
    )


def _require_whole(summary: IndexSummary) -> None:
    if summary.in_index == summary.expected:
        return
    named = ", ".join(control(each) for each in summary.failed[:20])
    raise IndexStateError(
        f"{summary.expected - summary.in_index} of {summary.expected} documents could not be "
        f"indexed: the worker died on each try ({named}). Give the workers more "
        "memory and run 'redwell index' again"
    )
