"""Learning on record: rounds by the coding, the control set, stopping, roles, kills, the report."""

import csv
import io
import json
import multiprocessing
import os
import random
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from pyroaring import BitMap

from index import learnable, search
from records import audit, tables, users
from records.case import Case, opened
from records.control import control
from records.errors import IndexStateError, LearningError, RoleError, SampleError, TagError
from records.roles import UserRole
from review import (
    autotar,
    learning_report,
    learning_rounds,
    learning_start,
    learning_stop,
    panel,
    samples,
    tags,
)
from review.autotar import Learner
from review.intervals import clopper_pearson
from review.learn_commands import learn_group
from review.learning import State, state_of
from review.learning_start import Asked
from tests.index_cases import Doc, add, case_with, index_here, put

SPAWN = multiprocessing.get_context("spawn")
ALL = "docid:>=1"
COUNT = 120
TOPIC = frozenset(range(1, 25))
"""Documents 1 to 24 are on gas storage."""


def texts() -> list[Doc]:
    chance = random.Random(5)
    found = []
    for number in range(1, COUNT + 1):
        words = [f"word{chance.randrange(80)}" for _ in range(25)]
        words += chance.choices(["gas", "storage", "shortfall"], k=3) if number in TOPIC else []
        words += ["gas"] if chance.random() < 0.1 else []
        found.append(Doc(" ".join(words)))
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An indexed case, of which each test takes a copy."""
    folder = tmp_path_factory.mktemp("made") / "case"
    with case_with(folder, texts()) as case:
        index_here(case)
        panel.add_group(case, "Call", single=True, tags=("Responsive", "Not responsive"))
    return folder


@pytest.fixture
def case(made: Path, tmp_path: Path) -> Iterator[Case]:
    shutil.copytree(made, tmp_path / "case")
    with opened(tmp_path / "case") as case:
        yield case


def asked(**options: Any) -> Asked:
    given: dict[str, Any] = {"scope": ALL, "seed_query": "gas storage", "seed": "s"}
    return Asked("Gas", "Responsive", "Not responsive", **{**given, **options})


def state(case: Case, name: str = "Gas") -> State:
    with case.read() as connection:
        return state_of(connection, name)


def code(case: Case, ids: Any) -> None:
    wanted = set(ids)
    for tag, some in (("Responsive", wanted & TOPIC), ("Not responsive", wanted - TOPIC)):
        if some:
            tags.change(case, "add", tag, some, {})


def turn(case: Case) -> list[int]:
    """Cut a round and code it."""
    ids = [document for document, _ in learning_rounds.following(case, "Gas").documents]
    code(case, ids)
    return ids


def run(case: Case, *arguments: str) -> Result:
    return CliRunner().invoke(learn_group, [*arguments, "--case", str(case.folder)])


def acts(case: Case) -> list[tuple[str, dict[str, Any]]]:
    with case.read() as connection:
        audit.verify(connection)
        return [(each.act, json.loads(each.details)) for each in audit.entries(connection)]


def test_the_record_reviews_in_the_order_of_the_method(case: Case) -> None:
    """All rounds to the end, against the learner alone with a reviewer by the same labels."""
    started = learning_start.start(case, asked())
    assert (started.documents, started.judged, started.wordless) == (COUNT, 0, 0)
    done: list[int] = []
    while len(done) < COUNT:
        done += turn(case)
    every = BitMap(range(1, COUNT + 1))
    learner = Learner(learnable.load(case, every), "s", "gas storage")
    alone: list[int] = []
    number = 0
    while len(alone) < COUNT:
        number += 1
        judged = BitMap(alone)
        topic = BitMap(TOPIC)
        ranked = learner.rank(number, judged & topic, judged - topic, every - judged)
        alone += [document for document, _ in ranked.listed]
    assert done == alone
    assert sorted(done) == list(every)
    with pytest.raises(LearningError, match="No document of 'Gas' is left"):
        learning_rounds.following(case, "Gas")
    last = learning_rounds.record(case, "Gas")
    assert last is not None
    assert last.number == number
    assert learning_rounds.record(case, "Gas") is None
    assert state(case).null_set == BitMap()


def test_a_round_waits_until_it_is_coded_and_keeps_how_and_by_whom(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    learning_start.start(case, asked())
    first = learning_rounds.following(case, "Gas")
    with pytest.raises(LearningError, match="1 document of 'Gas' must be coded first"):
        learning_rounds.following(case, "Gas")
    with pytest.raises(LearningError, match="must be coded first"):
        learning_rounds.record(case, "Gas")
    with pytest.raises(LearningError, match="must be coded first"):
        learning_stop.stop(case, "Gas", reason="enough")
    assert len(state(case).rounds) == 1
    monkeypatch.setenv("REDWELL_USER", "ann")
    code(case, [first.documents[0][0]])
    monkeypatch.setenv("REDWELL_USER", "bob")
    turn(case)
    with case.read() as connection:
        row = next(learning_report.documents(connection, state(case)))
    relevant = first.documents[0][0] in TOPIC
    called = "Responsive" if relevant else "Not responsive"
    assert (row["coding"], row["coded_by"], row["coding_act"]) == (called, "ann", 1)
    one = state(case).rounds[0]
    assert (one.closed_by, one.found) == ("bob", int(relevant))
    names = [act for act, _ in acts(case) if act.startswith("learning")]
    assert names == [
        "learning started",
        "learning round cut",
        "learning round coded",
        "learning round cut",
    ]
    (told,) = (details for act, details in acts(case) if act == "learning round coded")
    assert told["coders"] == {"ann": 1}


def test_what_is_coded_by_others_means_is_trained_on_and_not_given_out(case: Case) -> None:
    code(case, [1, 2, 100, 101])
    learning_start.start(case, asked(seed_query="", seed_documents=BitMap([1, 2])))
    code(case, [50])
    given = turn(case) + turn(case) + turn(case)
    assert not set(given) & {1, 2, 50, 100, 101}
    first = state(case).rounds[0]
    assert (first.relevant, first.other) == (BitMap([1, 2]), BitMap([50, 100, 101]))
    assert len(first.presumed) == 100
    assert not first.presumed & BitMap([1, 2, 50, 100, 101])


def test_a_change_of_mind_counts_at_once_and_both_stay_on_record(case: Case) -> None:
    learning_start.start(case, asked())
    for _ in range(5):
        turn(case)
    learning_rounds.record(case, "Gas")
    before = state(case).rules().knee.relevant
    one = next(each for each in state(case).given if each in TOPIC)
    tags.change(case, "add", "Not responsive", [one], {}, on_conflict="replace")
    assert state(case).rules().knee.relevant == before - 1
    with case.read() as connection:
        rows = list(learning_report.documents(connection, state(case)))
    (row,) = (each for each in rows if each["control"] == control(one))
    assert (row["coding"], row["coding_now"]) == ("Responsive", "Not responsive")
    tags.change(case, "remove", "Not responsive", [one], {})
    with pytest.raises(LearningError, match=f"1 document .*{control(one)}"):
        learning_rounds.following(case, "Gas")
    # What the rules say rests on the rounds before the one that is open again.
    assert state(case).rules().rounds == state(case).given[one] - 1


def test_a_document_with_both_tags_is_not_judged(case: Case) -> None:
    panel.change_group(case, "Call", single=False)
    learning_start.start(case, asked())
    ids = [document for document, _ in learning_rounds.following(case, "Gas").documents]
    tags.change(case, "add", ["Responsive", "Not responsive"], ids, {})
    with pytest.raises(LearningError, match="must be coded first"):
        learning_rounds.following(case, "Gas")


def test_the_coding_of_the_control_set_is_not_looked_at_until_it_is_met(case: Case) -> None:
    sample = samples.draw(case, "Control", ALL, size=60, seed="c")
    with case.read() as connection:
        held = BitMap(samples.documents(connection, sample))
    code(case, held)
    started = learning_start.start(case, asked(scope=None, control="Control", target=0.5))
    assert (started.judged, started.control_open) == (0, 0)
    assert started.control_relevant == len(held & BitMap(TOPIC))
    order: list[int] = []
    for _ in range(12):
        cut = learning_rounds.following(case, "Gas")
        last = state(case).rounds[-1]
        # Trained on what was given out, and on nothing else of the control set.
        assert last.relevant | last.other == BitMap(order)
        ids = [document for document, _ in cut.documents]
        assert state(case).waiting == BitMap(ids) - held  # those met are coded already
        code(case, set(ids) - set(held))
        order += ids
    assert held & BitMap(order)
    # The order is that of a review which has no control set at all.
    panel.add_group(case, "Heat", single=True, tags=("Hot", "Cold"))
    learning_start.start(
        case, Asked("Other", "Hot", "Cold", ALL, seed_query="gas storage", seed="s")
    )
    alone: list[int] = []
    while len(alone) < len(order):
        ids = [document for document, _ in learning_rounds.following(case, "Other").documents]
        for tag, some in (("Hot", set(ids) & TOPIC), ("Cold", set(ids) - TOPIC)):
            if some:
                tags.change(case, "add", tag, some, {})
        alone += ids
    assert order == alone
    rules = state(case).rules()
    assert rules.target is not None
    met, relevant = len(held & BitMap(order) & BitMap(TOPIC)), len(held & BitMap(TOPIC))
    assert (rules.target.met_relevant, rules.target.relevant) == (met, relevant)
    assert (rules.target.low, rules.target.high) == clopper_pearson(met, relevant)


def test_a_control_set_that_is_not_coded_says_nothing(case: Case) -> None:
    sample = samples.draw(case, "Control", ALL, size=40, seed="c")
    with case.read() as connection:
        ids = list(samples.documents(connection, sample))
    code(case, ids[1:])
    learning_start.start(case, asked(scope=None, control="Control", target=0.8))
    rules = state(case).rules()
    assert (rules.target, rules.control_open) == (None, 1)
    code(case, ids[:1])
    assert state(case).rules().target is not None


def test_stopping_by_the_target(case: Case) -> None:
    sample = samples.draw(case, "Control", ALL, size=110, seed="c")
    with case.read() as connection:
        code(case, samples.documents(connection, sample))
    learning_start.start(case, asked(scope=None, control="Control", target=0.6))
    turn(case)
    with pytest.raises(LearningError, match=r"No rule says that 'Gas' may stop.*control set were"):
        learning_stop.stop(case, "Gas")
    while not (target := state(case).rules().target) or not target.met:
        turn(case)
    done = learning_stop.stop(case, "Gas")
    assert done.by == ("target",)
    found = len(BitMap(state(case).given) & BitMap(TOPIC))
    assert found / len(TOPIC) >= 0.6
    with pytest.raises(LearningError, match="stopped at"):
        learning_rounds.following(case, "Gas")
    with pytest.raises(LearningError, match="stopped already"):
        learning_stop.stop(case, "Gas", reason="twice")
    assert acts(case)[-1][1]["rules"]["target"]["met"] is True


def test_stopping_by_the_knee(case: Case) -> None:
    learning_start.start(case, asked(knee_least=10))
    while not state(case).rules().knee.met:
        turn(case)
        if len(state(case).given) == COUNT:
            break
    done = learning_stop.stop(case, "Gas", reason="at the end" if not _knee(case) else "")
    assert done.by == (("knee",) if _knee(case) else ())
    assert done.rules.knee.reviewed == len(state(case).given)


def _knee(case: Case) -> bool:
    return state(case).rules().knee.met


def test_stopping_for_a_reason_and_going_on(case: Case) -> None:
    learning_start.start(case, asked())
    turn(case)
    with pytest.raises(LearningError, match="1,000 documents \\(1 were reviewed\\)"):
        learning_stop.stop(case, "Gas", reason="  ")
    done = learning_stop.stop(case, "Gas", reason="the parties  agreed")
    assert (done.by, done.reason) == ((), "the parties agreed")
    assert state(case).learning.stop is not None
    with pytest.raises(LearningError, match="Say why"):
        learning_stop.reopen(case, "Gas", " ")
    learning_stop.reopen(case, "Gas", "more came")
    assert state(case).learning.stop is None
    with pytest.raises(LearningError, match="was not stopped"):
        learning_stop.reopen(case, "Gas", "again")
    turn(case)
    (told,) = (details for act, details in acts(case) if act == "learning reopened")
    assert told["reason"] == "more came"
    assert told["stopped_as"]["reason"] == "the parties agreed"


def test_a_sample_of_the_null_set_shows_the_recall(case: Case) -> None:
    learning_start.start(case, asked(target=0.5))
    for _ in range(10):
        turn(case)
    left = search(case, 'nullset:"Gas"').ids
    assert left == state(case).null_set == BitMap(range(1, COUNT + 1)) - BitMap(state(case).given)
    sample = samples.draw(case, "Null", "nullset:Gas", size=40, seed="n")
    with case.read() as connection:
        drawn = BitMap(samples.documents(connection, sample))
    with pytest.raises(SampleError, match="40 of the 40"):
        learning_stop.stop(case, "Gas", sample="Null")
    assert state(case).rounds[-1].closed_at is None  # nothing of it is done
    found = len(BitMap(state(case).given) & BitMap(TOPIC))
    code(case, drawn)
    hits = len(drawn & BitMap(TOPIC))
    high = clopper_pearson(hits, 40)[1]
    recall_low = found / (found + high * len(left))
    done = learning_stop.stop(case, "Gas", sample="Null", reason="as agreed")
    assert done.validation is not None
    assert (done.validation.elusion.hits, done.validation.recall.found) == (hits, found)
    assert done.validation.recall.low == pytest.approx(recall_low)
    assert done.validation.met is (recall_low >= 0.5)
    assert done.by == (("sample",) if recall_low >= 0.5 else ())


def test_a_sample_of_something_else_shows_nothing(case: Case) -> None:
    learning_start.start(case, asked(scope="docid:<=100"))
    for _ in range(4):
        turn(case)
    samples.draw(case, "Outside", "docid:>=1 AND NOT learn:Gas", size=5)
    samples.draw(case, "Part", "nullset:Gas AND docid:<=90", size=5)
    samples.draw(case, "Old", "nullset:Gas", size=5)
    turn(case)
    for name, says in (
        ("Outside", "20 documents .*not among"),
        ("Old", "5 documents .*given out by a round"),
        ("Part", "given out by a round|was not in the population"),
    ):
        with pytest.raises(SampleError, match=says):
            learning_stop.stop(case, "Gas", sample=name, reason="x")
    assert state(case).learning.state == "running"


def test_queries_see_what_was_given_out(case: Case) -> None:
    learning_start.start(case, asked())
    first, second = turn(case), turn(case)
    assert set(search(case, "learn:gas").ids) == {*first, *second}
    assert set(search(case, 'learn:"Gas#2"').ids) == set(second)
    for query, says in (
        ("learn:oil", "no such learning; there are: 'Gas'"),
        ('learn:"Gas#3"', "no round 3"),
        ("nullset:oil", "no such learning"),
        ("learn:>Gas", "no order"),
    ):
        with pytest.raises(Exception, match=says):
            search(case, query)
    learning_start.start(
        case, Asked("Request #2", "Responsive", "Not responsive", ALL, seed_query="gas")
    )
    assert search(case, 'learn:"Request #2"').ids == BitMap()


def test_what_cannot_be_started(case: Case) -> None:
    learning_start.start(case, asked())
    samples.draw(case, "Strata", ALL, size=20, stratify=samples.Stratify.TYPE)
    strata = samples.draw(case, "Control", ALL, size=20, seed="c")
    with case.read() as connection:
        held = next(iter(samples.documents(connection, strata)))
    code(case, [held, 1, 100])
    before = acts(case)

    def other(**options: Any) -> Asked:
        given: dict[str, Any] = {"scope": ALL, "seed_query": "gas", **options}
        return Asked("Other", "Responsive", "Not responsive", **given)

    for bad, says in (
        (asked(), "'Gas' is on record"),
        (other(scope="nothing"), "nothing to learn on"),
        (other(scope=None), "on a scope, or on"),
        (other(seed_query=" "), "begins with a query"),
        (other(seed_query="xyzzy"), "No two documents hold a word"),
        (other(seed_documents=BitMap([2])), "RW-00000002 is not coded 'Responsive'"),
        (other(seed_documents=BitMap([100])), "RW-00000100 is not coded"),
        (other(scope="docid:>=2", seed_documents=BitMap([1])), "not among the documents"),
        (other(scope=None, control="Control", seed_documents=BitMap([held])), "of the control set"),
        (Asked('"', "Responsive", "Not responsive", ALL, seed_query="gas"), "cannot be called"),
    ):
        with pytest.raises(LearningError, match=says):
            learning_start.start(case, bad)
    with pytest.raises(SampleError, match="no sample 'None'"):
        learning_start.start(case, other(scope=None, control="None"))
    with pytest.raises(TagError):
        learning_start.start(case, Asked("X", "Responsive", "Never", ALL, seed_query="gas"))
    with pytest.raises(TagError, match="both relevant and not"):
        learning_start.start(case, Asked("X", "Responsive", "responsive", ALL, seed_query="gas"))
    with pytest.raises(LearningError, match="no learning 'Oil'; there are: 'Gas'"):
        learning_rounds.following(case, "Oil")
    assert acts(case) == before


def test_a_stratified_control_set_is_refused(case: Case) -> None:
    with case.write() as connection:
        connection.execute(
            tables.documents.update().where(tables.documents.c.id < 10).values(type="email")
        )
    samples.draw(case, "Strata", ALL, size=20, stratify=samples.Stratify.TYPE)
    with pytest.raises(LearningError, match="'Strata' is stratified"):
        learning_start.start(case, asked(scope=None, control="Strata"))


def test_nothing_relevant_is_known_any_more(case: Case) -> None:
    code(case, [1])
    learning_start.start(case, asked(seed_query="", seed_documents=BitMap([1])))
    tags.change(case, "remove", "Responsive", [1], {})
    with pytest.raises(LearningError, match="Nothing relevant is known"):
        learning_rounds.following(case, "Gas")


def test_a_changed_document_needs_the_index_and_is_told_by_the_replay(case: Case) -> None:
    learning_start.start(case, asked())
    turn(case)
    turn(case)
    with case.write() as connection:
        connection.execute(
            tables.documents.update()
            .where(tables.documents.c.id == 7)
            .values(text_sha256=put(case, "gas storage word1 word2"), revision=2)
        )
    with pytest.raises(IndexStateError, match="RW-00000007"):
        learning_rounds.following(case, "Gas")
    index_here(case, [7])
    turn(case)
    found = list(learning_report.replay(case, "Gas"))
    assert [each.comparable for each in found] == [False, False, True]
    assert not any(each.differing for each in found)


def test_documents_that_come_later_are_no_part_of_it(case: Case) -> None:
    learning_start.start(case, asked())
    add(case, [Doc("gas storage shortfall gas storage")])
    index_here(case, [COUNT + 1])
    given: list[int] = []
    while len(given) < COUNT:
        given += turn(case)
    assert COUNT + 1 not in given
    shown = run(case, "status", "Gas")
    assert "1 document answer the scope now that did not" in shown.stderr


def test_a_replay_finds_what_was_changed_behind_the_program(case: Case) -> None:
    learning_start.start(case, asked())
    for _ in range(6):
        turn(case)
    same = list(learning_report.replay(case, "Gas"))
    assert [(e.comparable, e.differing, e.score_difference) for e in same] == [(True, 0, 0.0)] * 6
    g = tables.learning_documents
    with case.write() as connection:
        rows = connection.execute(sa.select(g).where(g.c.round == 5)).all()
        swap = {rows[0].document_id: 900, rows[1].document_id: 901}
        for document, place in swap.items():
            connection.execute(g.update().where(g.c.document_id == document).values(position=place))
    (bad,) = (each for each in learning_report.replay(case, "Gas") if each.differing)
    assert bad.number == 5
    done = run(case, "replay", "Gas")
    assert isinstance(done.exception, LearningError)
    assert done.stdout == "5 of 6 rounds give the same list\n"


def test_the_report_holds_all_that_a_round_rests_on(case: Case) -> None:
    sample = samples.draw(case, "Control", ALL, size=50, seed="c")
    with case.read() as connection:
        code(case, samples.documents(connection, sample))
    learning_start.start(case, asked(scope=None, control="Control", target=0.8))
    for _ in range(4):
        cut = learning_rounds.following(case, "Gas")
        code(case, {d for d, _ in cut.documents} - set(state(case).judged.documents))
    learning_rounds.record(case, "Gas")
    with case.read() as connection:
        report = learning_report.report(connection, "Gas")
    report = json.loads(json.dumps(report))
    assert (report["tag"], report["seed"], report["scope"]) == ("Responsive", "s", ALL)
    assert report["control_set"]["seed"] == "c"
    assert report["settings"]["regression"] == {
        "C": autotar.REGULARIZATION,
        "tolerance": autotar.TOLERANCE,
        "steps": autotar.STEPS,
    }
    last = report["rounds"][3]
    assert (last["round"], last["size"], last["reviewed"]) == (4, 4, 10)
    given = {each["control"] for each in report["documents"] if each["round"] < 4}
    trained = {*last["trained_relevant_documents"], *last["trained_other_documents"]}
    assert trained == given
    assert len(last["presumed_documents"]) == 100
    assert last["model"]["heaviest"]
    assert last["tools"].keys() == {"redwell", "scikit-learn", "scipy", "numpy"}
    assert {each["coding"] for each in report["documents"]} <= {"Responsive", "Not responsive"}
    (cut4,) = (d for a, d in acts(case) if a == "learning round cut" and d["round"] == 4)
    listed = [
        (int(each["control"][3:]), each["score"])
        for each in report["documents"]
        if each["round"] == 4
    ]
    assert cut4["list_sha256"] == learning_rounds.list_sha256(listed)


def test_roles(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    users.add(case, audit.actor(), UserRole.ADMIN)
    users.add(case, "ann", UserRole.REVIEWER)
    users.add(case, "eve", UserRole.READ_ONLY)
    learning_start.start(case, asked())
    monkeypatch.setenv("REDWELL_USER", "ann")
    with pytest.raises(RoleError):
        learning_start.start(case, asked())
    turn(case)
    learning_rounds.record(case, "Gas")
    with pytest.raises(RoleError):
        learning_stop.stop(case, "Gas", reason="x")
    monkeypatch.setenv("REDWELL_USER", "eve")
    with pytest.raises(RoleError):
        learning_rounds.following(case, "Gas")
    with pytest.raises(RoleError):
        learning_rounds.record(case, "Gas")
    assert run(case, "status", "Gas").exit_code == 0


def _cuts_and_stops(folder: Path, reached: Any) -> None:
    """Stand still at the end of a round's transaction, for ever."""

    def stand(*_: Any, **__: Any) -> None:
        reached.set()
        signal.pause()

    audit.append = stand
    with opened(folder) as case:
        learning_rounds.following(case, "Gas")


def test_a_kill_in_a_round_leaves_nothing_and_the_same_round_comes_again(case: Case) -> None:
    learning_start.start(case, asked())
    for _ in range(3):
        turn(case)
    before = acts(case)
    reached = SPAWN.Event()
    child = SPAWN.Process(target=_cuts_and_stops, args=(case.folder, reached))
    child.start()
    assert reached.wait(120)
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    child.join(60)
    assert acts(case) == before
    assert [each.closed_at is None for each in state(case).rounds] == [False, False, True]
    cut = learning_rounds.following(case, "Gas")
    assert cut.number == 4
    assert not any(each.differing for each in learning_report.replay(case, "Gas"))


def _cuts(folder: Path, start: Any, results: Any) -> None:
    with opened(folder) as case:
        start.wait(120)
        try:
            results.put(learning_rounds.following(case, "Gas").number)
        except LearningError as error:
            results.put(str(error))


def both_cut(case: Case) -> list[Any]:
    """Two processes cut the next round at once; what came of each."""
    start, results = SPAWN.Event(), SPAWN.Queue()
    workers = [SPAWN.Process(target=_cuts, args=(case.folder, start, results)) for _ in range(2)]
    for each in workers:
        each.start()
    start.set()
    found = [results.get(timeout=120) for _ in workers]
    for each in workers:
        each.join(60)
    return sorted(found, key=str)


def test_of_two_that_cut_at_once_one_does(case: Case) -> None:
    learning_start.start(case, asked())
    turn(case)
    number, told = both_cut(case)
    assert number == 2
    assert "was cut meanwhile" in told or "must be coded first" in told
    assert [each.number for each in state(case).rounds] == [1, 2]
    assert len(state(case).given) == 3
    acts(case)


def test_the_commands(case: Case) -> None:
    tag = ("--tag", "Responsive", "--not", "Not responsive")
    done = run(case, "start", "Gas", *tag, "--seed-query", "gas storage xyzzy", "--seed", "s")
    assert done.exit_code == 0
    assert "Documents      120\n" in done.stdout
    assert "words of the query: xyzzy\n" in done.stderr
    cut = run(case, "next", "Gas")
    assert cut.stderr == "Round 1: 1 document\n"
    ids = [int(each[3:]) for each in cut.stdout.split()]
    refused = run(case, "next", "Gas")
    assert isinstance(refused.exception, LearningError)
    code(case, ids)
    told = json.loads(run(case, "next", "gas", "--json").stdout)
    assert (told["round"], len(told["documents"])) == (2, 2)
    second = [each["control"] for each in told["documents"]]
    assert run(case, "show", "Gas", "--ids").stdout.split() == second
    assert run(case, "show", "Gas", "--round", "1", "--ids").stdout.split() == [control(ids[0])]
    assert isinstance(run(case, "show", "Gas", "--round", "9").exception, LearningError)
    code(case, [int(each[3:]) for each in second])
    assert run(case, "record", "Gas").stdout.startswith("Round 2: ")
    assert run(case, "record", "Gas").stdout == "Every round is on record already\n"
    status = run(case, "status", "Gas").stdout
    assert "Rounds            2, 3 documents given out\n" in status
    assert "go on: slope ratio" in status
    assert json.loads(run(case, "status", "Gas", "--json").stdout)["waiting"] == []
    rows = list(csv.DictReader(io.StringIO(run(case, "report", "Gas").stdout)))
    assert [row["reviewed"] for row in rows] == ["1", "3"]
    rows = list(csv.DictReader(io.StringIO(run(case, "report", "Gas", "--documents").stdout)))
    assert [row["control"] for row in rows] == [control(ids[0]), *second]
    assert run(case, "replay", "Gas").stdout == "2 of 2 rounds give the same list\n"
    assert isinstance(run(case, "stop", "Gas").exception, LearningError)
    stopped = run(case, "stop", "Gas", "--reason", "a test")
    assert "no rule: a test" in stopped.stdout
    assert "nullset" in stopped.stderr
    (listed,) = json.loads(run(case, "list", "--json").stdout)
    assert (listed["state"], listed["rounds"], listed["given"]) == ("stopped", 2, 3)
    assert run(case, "reopen", "Gas", "--reason", "more").exit_code == 0
    assert run(case, "reopen", "Gas").exit_code == 2
    both = run(case, "start", "X", *tag, "--scope", ALL, "--control", "Y", "--seed-query", "gas")
    assert both.exit_code == 2


def test_start_says_what_learning_will_not_see(case: Case) -> None:
    panel.change_group(case, "Call", single=False)
    add(case, [Doc("", extra={"name": "", "ext": ""})])
    index_here(case, [COUNT + 1])
    samples.draw(case, "Control", ALL, size=3, seed="c")
    tag = ("--tag", "Responsive", "--not", "Not responsive")
    options = ("--control", "Control", "--target", "0.8", "--seed-query", "gas")
    told = run(case, "start", "A", *tag, *options).stderr
    assert "1 document hold no word that another holds" in told
    assert "A document can bear both" in told
    assert "3 documents of the control set not coded" in told
    with case.read() as connection:
        code(case, samples.documents(connection, samples.find(connection, "Control")))
    told = run(case, "start", "B", *tag, *options).stderr
    assert "needs 17: draw a larger one" in told
