"""Bring the index up to the record: build what it lacks, adopt, and prove that it is all there."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from index.adopt import adopt, held
from index.build import build_segment
from index.interface import IndexBatch, IndexDocument, SegmentBuilt
from records import audit, tables, times
from records.case import Case
from records.codes import Disposition
from records.engine import Engine, TaskFailure
from records.errors import IndexStateError
from records.fields import Address, Fields

Progress = Callable[[int, int], None]
"""Told the documents done and those to be done."""

_BATCH_CHARACTERS = 24_000_000  # about 4 M words: a builder holds some 24 times its text
_BATCH_DOCUMENTS = 5_000
_SMALLEST_BATCH = 500_000
_OVERHEAD = 500  # characters that the fields of a document count for
_ADOPT_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class IndexSummary:
    """What a run did; `in_index` equals `expected` unless `failed` documents are named."""

    expected: int
    already: int
    indexed: int
    removed: int
    in_index: int
    failed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the record says should be in the index: each document's revision and length."""

    revisions: dict[int, int]
    characters: dict[int, int]


def wanted(connection: sa.Connection) -> Wanted:
    """All processed documents but containers; duplicates too, which the scope hides later."""
    c = tables.documents.c
    query = (
        sa.select(c.id, c.revision, c.text_chars)
        .where(c.state == "processed", c.disposition != Disposition.CONTAINER)
        .order_by(c.id)
    )
    rows = connection.execute(query).all()
    return Wanted({row[0]: row[1] for row in rows}, {row[0]: row[2] for row in rows})


def index_case(case: Case, engine: Engine, progress: Progress) -> IndexSummary:
    """Index all that the index lacks and drop what it should not hold.

    Resumable: whatever was adopted before a crash is in the index and is not done again. Raises
    `CaseBusyError` while another stage writes, `IndexStateError` where documents could not be
    indexed, after all others were.
    """
    with case.exclusive("index"):
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
    plan = _plan(missing, target, engine.workers)
    done = 0
    broken: list[int] = []
    for batch, ready in _built(case, engine, plan):
        if ready is None:
            broken.extend(batch)
            continue
        adopt(case.index_folder, ready)
        done += sum(each.documents for each in ready)
        progress(done, len(missing))
    failed: list[int] = []
    # One document can take its batch along: try each of them by itself before giving it up.
    for batch, ready in _built(case, engine, [[each] for each in broken]):
        if ready is None:
            failed.extend(batch)
            continue
        adopt(case.index_folder, ready)
        done += sum(each.documents for each in ready)
        progress(done, len(missing))
    return failed


def _built(
    case: Case, engine: Engine, plan: Sequence[list[int]]
) -> Iterator[tuple[list[int], list[SegmentBuilt] | None]]:
    """Segments as they come, several at a time; None with the ids of a batch that failed."""
    ready: list[SegmentBuilt] = []
    for batch, result in engine.map_ordered(
        build_segment, _batches(case, plan), window=2 * engine.workers
    ):
        if isinstance(result, TaskFailure):
            yield [each.document_id for each in batch.documents], None
            continue
        ready.append(result)
        if len(ready) >= _ADOPT_AT_ONCE:
            yield [], ready
            ready = []
    if ready:
        yield [], ready


def _plan(missing: Iterable[int], target: Wanted, workers: int) -> list[list[int]]:
    """Cut the work into batches: large ones, but enough of them for every worker."""
    weights = [(each, target.characters[each] + _OVERHEAD) for each in missing]
    share = sum(weight for _, weight in weights) // (2 * max(workers, 1))
    limit = min(max(share, _SMALLEST_BATCH), _BATCH_CHARACTERS)
    plan: list[list[int]] = []
    room, count = 0, 0
    for each, weight in weights:
        if not plan or weight > room or count == _BATCH_DOCUMENTS:
            plan.append([])
            room, count = limit, 0
        plan[-1].append(each)
        room, count = room - weight, count + 1
    return plan


def _batches(case: Case, plan: Iterable[list[int]]) -> Iterator[IndexBatch]:
    scratch = str(case.scratch_folder / "index")
    for ids in plan:
        with case.read() as connection:
            documents = load_documents(connection, ids)
        yield IndexBatch(documents, case.store_address, scratch)


def load_documents(connection: sa.Connection, ids: Sequence[int]) -> tuple[IndexDocument, ...]:
    """Read rows into what a worker indexes."""
    c = tables.documents.c
    columns = (c.id, c.revision, c.text_sha256, c.name, c.address, c.fields)
    found: list[IndexDocument] = []
    for start in range(0, len(ids), 500):
        query = sa.select(*columns).where(c.id.in_(ids[start : start + 500])).order_by(c.id)
        found.extend(
            IndexDocument(row.id, row.revision, row.text_sha256, field_texts(row))
            for row in connection.execute(query)
        )
    return tuple(found)


def field_texts(row: "sa.Row[*tuple[Any, ...]]") -> tuple[tuple[str, str], ...]:
    """The searchable text fields of a row; empty ones are left out."""
    fields = Fields.from_json(row.fields)
    texts = {
        "title": fields.title,
        "author": fields.author,
        "subject": fields.subject,
        "from": _people(fields.sender),
        "to": _people(fields.to),
        "cc": _people(fields.cc),
        "bcc": _people(fields.bcc),
        "filename": row.name,
        "path": row.address,
    }
    return tuple((name, text) for name, text in texts.items() if text)


def _people(addresses: Iterable[Address]) -> str:
    return "; ".join(str(each) for each in addresses)


def _begin(case: Case, documents: int) -> int:
    c = tables.runs.c
    with case.write() as connection:
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
    named = ", ".join(str(each) for each in summary.failed[:20]) or "none was named"
    raise IndexStateError(
        f"{summary.expected - summary.in_index} of {summary.expected} documents could not be "
        f"indexed: the worker died on each try (document ids: {named}). Give the workers more "
        "memory and run 'redwell index' again"
    )
