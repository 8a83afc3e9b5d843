"""The coordinator of retrying: opens containers again, reads families again, then what came of it.

Each batch is one transaction: a run that was cut off is taken up by the same command, which finds
nothing to do in what it mended. What fails as before counts one more attempt.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from process.batches import batched_by_cost
from process.interface import ExtractBatch, ExtractJob
from process.retry_containers import Reopened, open_again
from process.retry_plan import Plan, jobs_for
from process.retry_write import Again, Outcome, produced, write_again
from process.run import pieces, process_case
from process.worker import extract_batch
from records.case import Case
from records.control import control
from records.engine import Engine, TaskFailure
from records.options import progress

BATCH_BYTES = 16 << 20
BATCH_COUNT = 16
_MOST_NAMED = 1000


@dataclass(frozen=True, slots=True)
class Retried:
    """What a run did.

    Of `tried` documents `mended` stand now, by the code that they had, and `failing` do not.
    `changed` were read otherwise than before, `new` found for the first time; `families_left`
    lacked something that is on record and stand as they were. `produced` documents are in a frozen
    production and have other text or fields now.
    """

    tried: int
    families: int
    containers: int
    mended: dict[str, int]
    mended_documents: int
    opened: int
    failing: int
    changed: int
    new: int
    families_left: tuple[str, ...]
    produced: tuple[str, ...]
    read: int
    ocr_pages: int
    to_collect_again: list[dict[str, Any]]

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


def retry(
    case: Case,
    engine: Engine,
    plan: Plan,
    passwords: Sequence[str],
    *,
    refresh: bool = False,
    ocr: bool = True,
) -> Retried:
    """Try again what a plan names; the case's settings hold the limits that are to be used."""
    opened = open_again(case, engine, plan.containers, passwords)
    outcome = read_families(case, engine, plan.families, passwords, refresh=refresh)
    summary = process_case(case, engine, passwords, ocr=ocr)
    with case.read() as connection:
        in_productions = produced(connection, outcome.touched)
    return _retried(plan, opened, outcome, in_productions, (summary.read, summary.ocr_pages))


def _retried(
    plan: Plan,
    opened: Reopened,
    outcome: Outcome,
    in_productions: Sequence[int],
    processed: tuple[int, int],
) -> Retried:
    codes = Counter(code for each in outcome.mended.values() for code in each)
    return Retried(
        tried=len(plan.documents),
        families=outcome.families,
        containers=opened.containers,
        mended=dict(sorted(codes.items())),
        mended_documents=len(outcome.mended),
        opened=opened.mended,
        failing=len(set(outcome.failing)) + opened.failing,
        changed=len(outcome.changed),
        new=len(outcome.new) + opened.new,
        families_left=tuple(control(each) for each in outcome.left[:_MOST_NAMED]),
        produced=tuple(control(each) for each in in_productions),
        read=processed[0],
        ocr_pages=processed[1],
        to_collect_again=plan.to_json()["to_collect_again"],
    )


def read_families(
    case: Case,
    engine: Engine,
    roots: Sequence[int],
    passwords: Sequence[str],
    *,
    refresh: bool = False,
) -> Outcome:
    """Read families again from their roots' bytes in the store, and write what is better."""
    with case.read() as connection:
        jobs = jobs_for(connection, roots)
    found = Outcome()
    with progress("Reading again", len(jobs)) as advance:
        for results in read_again(case, engine, jobs, passwords):
            with case.write() as connection:
                scope = case.settings.dedup_scope
                found.add(write_again(connection, scope, results, refresh=refresh))
            advance(len(results))
    return found


def read_again(
    case: Case, engine: Engine, jobs: Sequence[ExtractJob], passwords: Sequence[str]
) -> Iterator[tuple[Again, ...]]:
    """Have workers read families, in order; nothing is written."""
    share = max(1, min(BATCH_COUNT, len(jobs) // (2 * engine.workers)))
    batches = (
        _batch(case, some, passwords)
        for some in batched_by_cost(iter(jobs), lambda job: job.size, BATCH_BYTES, share)
    )
    for batch, result in engine.map_ordered(extract_batch, batches, pieces=pieces):
        if isinstance(result, TaskFailure):
            yield tuple(
                Again(job.document_id, None, attempts=result.attempts) for job in batch.jobs
            )
        else:
            yield tuple(Again(each.document_id, each) for each in result)


def _batch(case: Case, jobs: Iterable[ExtractJob], passwords: Sequence[str]) -> ExtractBatch:
    settings = case.settings
    inline = settings.inline_images == "parent"
    return ExtractBatch(
        tuple(jobs), case.store_address, settings.limits, tuple(passwords), inline=inline
    )


def hints(exceptions: dict[str, int]) -> Iterator[str]:
    """What may be tried again, as a person is told at the end of a run."""
    for code, (what, options) in _HINTS.items():
        count = exceptions.get(code, 0)
        if count:
            said = "1 document" if count == 1 else f"{count:,} documents"
            needs = what if count == 1 else what.replace("needs", "need")
            yield f"{said} {needs}: redwell retry --code {code}{options}"


_HINTS = {
    "encrypted": ("needs a password", " --passwords FILE"),
    "timeout": ("took too long", " --seconds 600"),
    "memory": ("took too much memory", " --memory-mb 8192"),
    "crash": ("could not be read, for its reader died", ""),
}
