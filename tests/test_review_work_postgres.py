"""Review work on PostgreSQL: batches at once, samples, conflicts and the screen, as on SQLite."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import postgres
from index import search
from records import case as cases
from records import counsel
from records.case import Case
from records.counsel import Counsel
from records.fields import Address, Fields
from review import checkout, cutting, overturns, privilege_terms, qc, qc_apply, tags
from review.conflicts import Kind, Wanted, report
from review.cutting import Wish
from review.progress import By, progress
from review.qc import Source
from review.screen import screen
from tests import test_review_batches as batching
from tests.index_cases import INFO, Doc, add, index_here
from tests.postgres_here import DICTIONARY, needs_postgres, server

__all__ = ["server"]
pytestmark = [needs_postgres, pytest.mark.heavy]
ANN = Fields(sender=(Address("", "ann@ray.law"),))


@pytest.fixture
def case(server: postgres.Server, tmp_path: Path) -> Iterator[Case]:
    cases.create(tmp_path / "c", INFO, [], ["Ann"], database=server.database(*DICTIONARY))
    with cases.opened(tmp_path / "c") as case:
        child = Doc("gas", extra={"family_id": 1, "position": 1})
        add(case, [Doc("gas"), child, *(Doc("gas") for _ in range(17)), Doc("gas", ANN)])
        index_here(case)
        batching.prepare(case)
        yield case


def test_reviewers_at_once_never_get_the_same_batch(case: Case) -> None:
    batching.cut(case, size=1)
    assert sum(batching.contend(case, 19).values()) == 19


def test_the_whole_of_it(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    batching.thread(case, 3, 5)
    cutting.cut(case, Wish("First", "gas", size=5))
    monkeypatch.setenv("REDWELL_USER", "bob")
    checkout.checkout(case, "First")
    tags.change(case, "add", "Yes", [1, 3, 4], {})
    tags.change(case, "add", "No", [2], {})
    done = checkout.hand_in(case, "First", partial=True)
    assert done.released == ("RW-00000005",)
    assert set(search(case, "batch:first/1").ids) == {1, 2, 3, 4}
    assert cutting.cut(case, Wish("First"))[0].documents == 1
    (found,) = progress(case, None, By.REVIEWER)
    assert [(each.key, each.coded) for each in found.lines] == [("bob", 4)]
    source = Source(search(case, "gas").ids, {})
    sample = qc.draw(case, "S", source, size=10, seed=1)
    assert set(sample.population) == {1, 2, 3, 4}
    monkeypatch.setenv("REDWELL_USER", "carla")
    qc.judge(case, "S", [3], ["No"])
    assert overturns.report(case, "S").whole.overturned == 1
    assert qc_apply.apply(case, "S").changed == 1
    tags.change(case, "add", "Yes", [20], {})
    counsel.add(case, [Counsel("Ann Ray", addresses=("ann@ray.law",))])
    terms = privilege_terms.read(None)
    assert [each.document for each in screen(case, "gas", terms).documents] == [20]
    told = report(case, Wanted(frozenset(Kind), tuple(terms), production="tag:yes"))
    assert [(each.kind, len(each.documents)) for each in told.conflicts] == [
        *((Kind.FAMILY, 2), (Kind.NEAR, 5), (Kind.PRIVILEGE, 1)),
    ]
