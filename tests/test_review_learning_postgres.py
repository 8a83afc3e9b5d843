"""Samples and learning on PostgreSQL: the same as on SQLite, and two at once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyroaring import BitMap

from bench import postgres
from index import search
from records import audit
from records import case as cases
from records.case import Case
from review import estimates, learning_report, learning_rounds, learning_stop, panel, samples
from review import learning_start as starting
from tests import test_review_learning as learning
from tests.index_cases import INFO, add, index_here
from tests.postgres_here import DICTIONARY, needs_postgres, server

__all__ = ["server"]
pytestmark = [needs_postgres, pytest.mark.heavy]


@pytest.fixture
def case(server: postgres.Server, tmp_path: Path) -> Iterator[Case]:
    cases.create(tmp_path / "c", INFO, [], ["Ann"], database=server.database(*DICTIONARY))
    with cases.opened(tmp_path / "c") as case:
        add(case, learning.texts())
        index_here(case)
        panel.add_group(case, "Call", single=True, tags=("Responsive", "Not responsive"))
        yield case


def test_a_review_with_a_control_set_and_a_sample_of_what_it_left(case: Case) -> None:
    for by in samples.Stratify:
        drawn = samples.draw(case, f"By {by}", learning.ALL, size=20, stratify=by, seed="s")
        assert sum(each.drawn for each in drawn.strata) == 20
    control = samples.draw(case, "Control", learning.ALL, size=50, seed="c")
    with case.read() as connection:
        held = BitMap(samples.documents(connection, control))
    learning.code(case, held)
    done = estimates.estimate(
        case, "Control", "Responsive", "Not responsive", retrieved=search(case, "storage").ids
    )
    assert done.recall is not None
    starting.start(case, learning.asked(scope=None, control="Control", target=0.5))
    for _ in range(8):
        cut = learning_rounds.following(case, "Gas")
        learning.code(case, BitMap(document for document, _ in cut.documents) - held)
    assert search(case, 'learn:"Gas#3"').ids
    samples.draw(case, "Null", "nullset:Gas", size=20, seed="n")
    learning.code(case, search(case, "sample:Null").ids)
    stopped = learning_stop.stop(case, "Gas", sample="Null", reason="as agreed")
    assert stopped.validation is not None
    found = list(learning_report.replay(case, "Gas"))
    assert [(e.comparable, e.differing, e.score_difference) for e in found] == [(True, 0, 0.0)] * 8
    learning_stop.reopen(case, "Gas", "more")
    with case.read() as connection:
        audit.verify(connection)
        report = learning_report.report(connection, "Gas")
    assert (report["state"], report["stop"], len(report["rounds"])) == ("running", None, 8)


def test_of_two_that_cut_at_once_one_does(case: Case) -> None:
    starting.start(case, learning.asked())
    learning.turn(case)
    number, told = learning.both_cut(case)
    assert number == 2
    assert "was cut meanwhile" in told or "must be coded first" in told
    assert [each.number for each in learning.state(case).rounds] == [1, 2]
