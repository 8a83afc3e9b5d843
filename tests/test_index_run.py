"""Bringing the index up to the record."""

import heapq
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from index import held, search
from index.build import build_segment
from index.interface import IndexBatch, SegmentBuilt
from index.rows import Wanted
from index.run import _plan, index_case
from records import audit, tables
from records.case import Case
from records.codes import Disposition
from records.engine import Engine, started
from records.errors import CaseBusyError, IndexStateError, StoreError
from records.fields import Fields
from store import open_store
from tests.index_cases import Doc, add, case_with, index_here, put
from tests.ingest_engines import Inline


class FragileEngine(Inline):
    """Works in this process; a batch that holds a document of `deadly` kills its worker."""

    def __init__(self, deadly: set[int]) -> None:
        super().__init__()
        self._deadly_documents = deadly

    def kills(self, _function: Callable[[Any], Any], batch: Any) -> bool:
        documents = batch.documents if isinstance(batch, IndexBatch) else ()
        return any(each.document_id in self._deadly_documents for each in documents)


@pytest.fixture
def engine() -> Engine:
    return FragileEngine(set())


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    docs = [Doc(f"letter {n} about gas") for n in range(1, 8)]
    docs.append(Doc("a copy of gas", extra={"disposition": Disposition.DUPLICATE}))
    docs.append(Doc("gas inside", extra={"disposition": Disposition.CONTAINER}))
    docs.append(Doc("gas later", extra={"disposition": "pending", "state": "collected"}))
    with case_with(tmp_path / "case", docs) as case:
        yield case


def quiet(_done: int, _total: int) -> None:
    """Nobody watches."""


def test_from_nothing_and_again(case: Case, engine: Engine) -> None:
    told: list[tuple[int, int]] = []
    with pytest.raises(IndexStateError, match="none of 8 processed documents"):
        search(case, "gas")
    summary = index_case(case, engine, lambda done, total: told.append((done, total)))
    assert (summary.expected, summary.already, summary.indexed) == (8, 0, 8)
    assert (summary.in_index, summary.removed, summary.failed) == (8, 0, ())
    assert told[-1] == (8, 8)
    assert held(case.index_folder) == dict.fromkeys(range(1, 9), 1)
    result = search(case, "gas")
    assert (set(result.ids), result.missing, result.unprocessed) == (set(range(1, 8)), 0, 1)
    again = index_case(case, engine, quiet)
    assert (again.already, again.indexed, again.in_index) == (8, 0, 8)
    assert not case.scratch_folder.exists() or not any(case.scratch_folder.rglob("*.seg"))


def test_new_revisions_new_documents_and_lost_ones(case: Case, engine: Engine) -> None:
    index_case(case, engine, quiet)
    add(case, [Doc("a further letter")])
    sha256 = put(case, "read again by OCR")
    with case.write() as connection:
        d = tables.documents
        connection.execute(d.update().where(d.c.id == 2).values(text_sha256=sha256, revision=2))
        connection.execute(
            d.update().where(d.c.id == 3).values(disposition="container", outcome="container")
        )
    assert search(case, "OCR").missing == 2
    summary = index_case(case, engine, quiet)
    assert (summary.expected, summary.indexed, summary.removed, summary.in_index) == (8, 2, 1, 8)
    assert set(search(case, "OCR").ids) == {2}
    assert set(search(case, "letter").ids) == {1, 4, 5, 6, 7, 11}


def test_what_a_cut_off_run_adopted_is_not_done_again(case: Case, engine: Engine) -> None:
    index_here(case, [1, 2, 3])
    summary = index_case(case, engine, quiet)
    assert (summary.already, summary.indexed, summary.in_index) == (3, 5, 8)


def test_the_run_is_on_record(case: Case, engine: Engine) -> None:
    index_case(case, engine, quiet)
    with case.read() as connection:
        run = connection.execute(sa.select(tables.runs)).one()
        assert (run.stage, run.state, run.summary["in_index"]) == ("index", "complete", 8)
        assert [entry.act for entry in audit.entries(connection)][-1] == "indexed"
        audit.verify(connection)


@pytest.mark.slow
def test_real_workers(case: Case) -> None:
    with started(2) as workers:
        summary = index_case(case, workers, quiet)
    assert (summary.in_index, summary.indexed) == (8, 8)
    assert set(search(case, "gas").ids) == set(range(1, 8))


def test_a_busy_case(case: Case, engine: Engine) -> None:
    with case.exclusive("process"), pytest.raises(CaseBusyError):
        index_case(case, engine, quiet)


def test_a_missing_blob_stops_the_run_and_leaves_the_index(case: Case, engine: Engine) -> None:
    index_here(case, [1])
    with case.write() as connection:
        d = tables.documents
        connection.execute(d.update().where(d.c.id == 2).values(text_sha256="0" * 64))
    with pytest.raises(StoreError, match="lacks the blob"):
        index_case(case, engine, quiet)
    assert held(case.index_folder) == {1: 1}
    with case.write() as connection:
        d = tables.documents
        connection.execute(d.update().where(d.c.id == 2).values(text_sha256=put(case, "x")))
    assert index_case(case, engine, quiet).in_index == 8
    with case.read() as connection:
        states = connection.execute(sa.select(tables.runs.c.state)).scalars().all()
    assert states == ["interrupted", "complete"]


def test_documents_that_kill_their_worker_are_named_and_all_others_indexed(case: Case) -> None:
    with pytest.raises(IndexStateError, match=r"2 of 8 .*RW-00000003, RW-00000008"):
        index_case(case, FragileEngine({3, 8}), quiet)
    assert set(held(case.index_folder)) == {1, 2, 4, 5, 6, 7}
    assert search(case, "gas").missing == 2
    summary = index_case(case, FragileEngine(set()), quiet)
    assert (summary.already, summary.indexed, summary.in_index) == (6, 2, 8)


def test_long_fields_go_in_several_batches(tmp_path: Path) -> None:
    long = Fields(subject="word " * 500_000)
    with case_with(tmp_path / "case", [Doc("x", long), Doc("y", long), Doc("z")]) as case:
        summary = index_case(case, FragileEngine(set()), quiet)
        assert summary.in_index == 3
        assert len(list(case.index_folder.glob("*.seg"))) == 2


def test_batches_are_large_but_enough_for_all_workers() -> None:
    assert planned([20_000_000, 6_000_000, 5], 1) == [[1], [2, 3]]
    assert planned([5, 6_000_000, 20_000_000], 1) == [[3], [1, 2]]
    assert max(map(len, planned([0] * 10_000, 1))) <= 5_000
    assert planned([], 2) == []


def planned(characters: Sequence[int], workers: int) -> list[list[int]]:
    """Batches of documents with so many characters, numbered from 1."""
    ids = np.arange(1, len(characters) + 1)
    target = Wanted(ids, np.ones_like(ids), np.array(characters, np.int64))
    return [each.tolist() for each in _plan(target, workers)]


@pytest.mark.parametrize("workers", [1, 2, 4, 16])
@pytest.mark.parametrize("longest", [3_000, 40_000, 400_000])
def test_no_worker_is_busy_for_long_when_the_others_are_done(workers: int, longest: int) -> None:
    chance = random.Random(longest)
    characters = [chance.choice((200, chance.randint(0, longest))) for _ in range(10_000)]
    plan = planned(characters, workers)
    assert sorted(each for batch in plan for each in batch) == list(range(1, 10_001))
    assert all(batch == sorted(batch) for batch in plan)
    sizes = [sum(characters[each - 1] + 1_500 for each in batch) for batch in plan]
    assert sizes == sorted(sizes, reverse=True)
    ends = [0] * workers
    for size in sizes:
        heapq.heapreplace(ends, ends[0] + size)
    share = sum(sizes) / workers
    assert max(ends) - min(ends) <= max(share / 4, 500_000) + longest
    # Each is a segment, and many segments make a search slow.
    assert len(plan) <= max(4 * workers, share * workers / 20_000_000)


def test_segments_come_through_the_store_from_workers_that_do_not_see_the_case(
    case: Case, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = index_case(case, engine, quiet)
    with case.write() as connection:
        connection.execute(
            tables.documents.update().values(revision=tables.documents.c.revision + 1)
        )
    monkeypatch.setattr(FragileEngine, "apart", True)
    batches: list[IndexBatch] = []

    def build(batch: IndexBatch) -> SegmentBuilt:
        batches.append(batch)
        return build_segment(batch)

    monkeypatch.setattr("index.run.build_segment", build)
    summary = index_case(case, engine, quiet)
    assert (summary.in_index, summary.indexed) == (expected.in_index, expected.in_index)
    assert {each.scratch for each in batches} == {""}
    assert list(search(case, "gas").ids) == list(range(1, 8))
    assert open_store(case.store_address).sweep() == 0  # nothing that was sent is left
