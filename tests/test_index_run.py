"""Bringing the index up to the record, by real workers."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from index import held, index_case, search
from records import audit, tables
from records.case import Case
from records.codes import Disposition
from records.engine import Engine, started
from records.errors import CaseBusyError, StoreError
from tests.index_cases import Doc, add, case_with, index_here, put


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with started(2) as engine:
        yield engine


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
    before = search(case, "gas")
    assert (set(before.ids), before.missing, before.unprocessed) == (set(), 8, 1)
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
        connection.execute(d.update().where(d.c.id == 3).values(disposition="container"))
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
