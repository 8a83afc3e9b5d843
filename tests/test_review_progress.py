"""Progress of review: what is coded and left, by whom, and the time between decisions."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

import cli
from records import times
from records.case import Case
from records.errors import ReviewError
from review import checkout, cutting, panel, tags
from review.cutting import Wish
from review.progress import By, progress
from tests.index_cases import Doc, case_with, index_here


class Clock:
    """A clock that is set by the test."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch
        self.now = dt.datetime(2026, 3, 2, 15, tzinfo=dt.UTC)
        patch.setattr(times, "now", lambda: times.stamp(self.now))

    def at(self, minutes: int, who: str) -> None:
        """So many minutes later somebody acts."""
        self.now += dt.timedelta(minutes=minutes)
        self._patch.setenv("REDWELL_USER", who)


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with case_with(tmp_path / "case", [Doc("gas") for _ in range(12)]) as case:
        index_here(case)
        panel.add_group(case, "Call", single=True, required=True, tags=("Yes", "No"))
        yield case


def worked(case: Case, clock: Clock) -> None:
    """Ann takes 1-4 and codes two in ten minutes, one after an hour; bob codes two of 5-8."""
    cutting.cut(case, Wish("First", "gas", size=4))
    clock.at(0, "ann")
    checkout.checkout(case, "First")
    for minutes, document in ((5, 1), (5, 2), (60, 3)):
        clock.at(minutes, "ann")
        tags.change(case, "add", "Yes", [document], {})
    clock.at(0, "bob")
    checkout.checkout(case, "First")
    clock.at(12, "bob")
    tags.change(case, "add", "No", [5, 6], {})


def test_by_reviewer(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    worked(case, Clock(monkeypatch))
    (found,) = progress(case, "first", By.REVIEWER)
    assert (found.documents, found.total.coded, found.total.left, found.gone) == (12, 5, 7, 0)
    ann, bob = found.lines
    assert (ann.key, ann.coded, ann.left, ann.state) == ("ann", 3, 1, "has 1")
    assert ann.hours == pytest.approx(10 / 60)  # the hour between is a break
    assert ann.per_hour == pytest.approx(18)
    assert ann.hours_left == pytest.approx(1 / 18)
    assert (bob.coded, bob.left) == (2, 2)
    assert bob.per_hour == pytest.approx(10)
    assert found.total.hours == pytest.approx(22 / 60)
    assert found.total.hours_left == pytest.approx(7 * 22 / 60 / 5)


def test_by_batch_and_by_day_of_the_case(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    worked(case, clock)
    (found,) = progress(case, None, By.BATCH)
    assert [(each.key, each.state, each.coded, each.left) for each in found.lines] == [
        *(("1", "out, ann", 3, 1), ("2", "out, bob", 2, 2), ("3", "open", 0, 4)),
    ]
    assert found.lines[2].hours_left == pytest.approx(4 * 22 / 60 / 5)  # at the rate of all
    clock.at(12 * 60, "bob")  # past midnight in UTC, the evening in New York
    tags.change(case, "add", "No", [7], {})
    clock.at(3 * 60, "bob")
    tags.change(case, "add", "No", [8], {})
    (found,) = progress(case, None, By.DAY)
    days = [(each.key, each.coded, each.left) for each in found.lines]
    assert days == [("2026-03-02", 6, 6), ("2026-03-03", 1, 5)]


def test_a_decision_is_of_whoever_made_it_last(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    worked(case, clock)
    clock.at(1, "bob")
    tags.change(case, "add", "No", [1], {}, on_conflict="replace")
    (found,) = progress(case, None, By.REVIEWER)
    assert [(each.key, each.coded) for each in found.lines] == [("ann", 2), ("bob", 3)]


def test_the_command(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = ["--case", str(case.folder)]
    run = CliRunner().invoke
    told = run(cli.redwell, ["review", "progress", *folder])
    assert told.stderr == "There are no batches yet: 'redwell batch cut' makes some\n"
    assert isinstance(run(cli.redwell, ["review", "progress", "X", *folder]).exception, ReviewError)
    worked(case, Clock(monkeypatch))
    told = run(cli.redwell, ["review", "progress", *folder])
    assert told.stdout.splitlines()[:3] == [
        "First: 12 documents, 5 coded, 7 left",
        "reviewer\tstate\tcoded\tleft\thours\tan hour\thours left",
        "ann\thas 1\t3\t1\t0.2\t18\t0.1",
    ]
    (found,) = json.loads(run(cli.redwell, ["review", "progress", "--json", *folder]).stdout)
    assert found["total"]["left"] == 7
