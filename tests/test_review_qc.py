"""Second-level review: what is drawn, frozen, judged by another, counted and applied."""

import hashlib
import json
from collections.abc import Iterator
from math import comb
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import cli
from index import search
from records import audit
from records.case import Case
from records.errors import ReviewError, RoleError, TagError
from review import (
    checkout,
    cutting,
    document_notes,
    overturns,
    panel,
    qc,
    qc_apply,
    sampling,
    saved,
    tags,
)
from review.cutting import Wish
from review.intervals import clopper_pearson
from review.overturns import Rate
from review.qc import Sample, Source
from review.tags import ConflictError
from tests.index_cases import Doc, case_with, index_here


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Case]:
    """Of 12 documents ann coded 1 to 6 as Yes and 7 and 8 as No, bob 9 and 10 as Yes."""
    with case_with(tmp_path / "case", [Doc("gas") for _ in range(12)]) as case:
        index_here(case)
        panel.add_group(case, "Call", single=True, required=True, tags=("Yes", "No"))
        panel.add_group(case, "Issues", tags=("Price", "Storage"))
        panel.define(case, "Hot")
        coded_by(monkeypatch, case, "ann", "Yes", range(1, 7))
        coded_by(monkeypatch, case, "ann", "No", [7, 8])
        coded_by(monkeypatch, case, "bob", "Yes", [9, 10])
        monkeypatch.setenv("REDWELL_USER", "carla")
        yield case


def coded_by(
    patch: pytest.MonkeyPatch, case: Case, who: str, tag: str, ids: "range | list[int]"
) -> None:
    patch.setenv("REDWELL_USER", who)
    tags.change(case, "add", tag, ids, {})


def everything(case: Case) -> Source:
    return Source(search(case, "gas").ids, {"query": "gas"})


def draw(case: Case, name: str = "S", size: int = 12, seed: int = 1, **options: object) -> Sample:
    given: dict[str, object] = {"size": size, "seed": seed, **options}
    return qc.draw(case, name, everything(case), **given)  # type: ignore[arg-type]


def drawn(case: Case, name: str = "S") -> list[int]:
    with case.read() as connection:
        return [each.document for each in qc.documents(connection, qc.find(connection, name))]


def counted(rates: "tuple[Rate, ...]") -> dict[str, tuple[int, int]]:
    return {each.key: (each.judged, each.overturned) for each in rates}


def test_the_sample_is_that_of_its_seed(case: Case) -> None:
    found = draw(case, size=4)
    assert (set(found.population), found.uncoded) == (set(range(1, 11)), 2)

    def rank(number: int) -> str:
        return hashlib.sha256(f"1\nRW-{number:08d}".encode()).hexdigest()

    assert drawn(case) == sorted(range(1, 11), key=rank)[:4]
    draw(case, "Again", size=4)
    draw(case, "Other", size=4, seed=2)
    assert drawn(case, "Again") == drawn(case) != drawn(case, "Other")
    assert set(search(case, "qc:s").ids) == set(drawn(case))


def test_every_document_is_drawn_equally_often() -> None:
    times = dict.fromkeys(range(1, 21), 0)
    for seed in range(2000):
        for each in sampling.first(str(seed), times, 5):
            times[each] += 1
    assert all(400 < count < 600 for count in times.values())  # five standard deviations of 500


def test_shares_are_rounded_up_and_too_many_are_all(case: Case) -> None:
    draw(case, size=99)
    assert len(drawn(case)) == 10
    qc.draw(case, "Share", everything(case), percent=11, seed=1)
    assert len(drawn(case, "Share")) == 2


def test_what_cannot_be_drawn(case: Case) -> None:
    draw(case)
    with pytest.raises(ReviewError, match="The sample 'S' is there already"):
        draw(case, " s ")
    with pytest.raises(ReviewError, match="none of 12 documents bears a tag of Issues"):
        draw(case, "T", groups=("Issues",))
    with pytest.raises(ReviewError, match="no sample 'T'; there are: 'S'"):
        drawn(case, "T")


def test_first_level_coding_is_frozen(case: Case) -> None:
    draw(case)
    tags.change(case, "add", "No", [1, 2], {}, on_conflict="replace")
    qc.judge(case, "S", [1, 3], ["No"])
    found = overturns.report(case, "S")
    assert [(each.document, each.first, each.second) for each in found.changes] == [
        (each, ("Yes",), ("No",)) for each in drawn(case) if each in (1, 3)
    ]
    assert found.since == 2


def test_overturns_by_reviewer_and_tag(case: Case) -> None:
    draw(case)
    assert qc.judge(case, "S", [1, 2, 3, 8], [], agree=True) == 4
    qc.judge(case, "S", [7, 9], ["Yes"])
    qc.judge(case, "S", [4], ["No"], note="too  far\noff")
    found = overturns.report(case, "S")
    assert (found.drawn, found.whole.judged, found.whole.overturned) == (10, 7, 2)
    assert counted(found.reviewers) == {"ann": (6, 2), "bob": (1, 0)}
    assert counted(found.taken_off) == {"Yes": (5, 1), "No": (2, 1)}
    assert counted(found.put_on) == {"Yes": (2, 1), "No": (5, 1)}
    assert (found.whole.low, found.whole.high) == clopper_pearson(2, 7)
    assert {each.document: each.note for each in found.changes} == {4: "too far off", 7: ""}


def test_a_reviewer_answers_for_the_groups_he_chose_in(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    coded_by(monkeypatch, case, "bob", "Price", [1])
    monkeypatch.setenv("REDWELL_USER", "carla")
    draw(case, groups=("Call", "Issues"))
    qc.judge(case, "S", [1], ["Yes", "Storage"])
    qc.judge(case, "S", [2], ["Yes", "Price"])  # ann chose nothing there, and was wrong
    found = overturns.report(case, "S")
    assert counted(found.reviewers) == {"ann": (2, 1), "bob": (1, 1)}


def test_the_last_decision_counts_and_the_first_is_kept(case: Case) -> None:
    draw(case)
    qc.judge(case, "S", [1], ["No"])
    assert qc.judge(case, "S", [1], ["Yes"]) == 1
    assert overturns.report(case, "S").changes == ()
    with case.read() as connection:
        audit.verify(connection)
        told = [
            json.loads(e.details) for e in audit.entries(connection) if e.act == "sample judged"
        ]
    assert [each["tags"] for each in told] == [["No"], ["Yes"]]


def test_nobody_judges_his_own_coding(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    draw(case)
    monkeypatch.setenv("REDWELL_USER", " ANN ")
    with pytest.raises(RoleError, match="coded RW-00000001 at the first level"):
        qc.judge(case, "S", [9, 1], ["Yes"])
    assert overturns.report(case, "S").whole.judged == 0  # all of it or nothing
    assert qc.judge(case, "S", [9], ["Yes"]) == 1


def test_decisions_that_cannot_be(case: Case) -> None:
    draw(case, size=9)
    (other,) = {*range(1, 11)} - {*drawn(case)}
    for names, why in (
        (["Yes", "No"], "'Yes' and 'No' cannot stand together"),
        ([], "'Call' requires a choice"),
        (["Hot"], "'Hot' is of no group of 'S'"),
    ):
        with pytest.raises(ReviewError, match=why):
            qc.judge(case, "S", drawn(case)[:1], names)
    with pytest.raises(ReviewError, match="was not drawn for 'S'"):
        qc.judge(case, "S", [other], ["Yes"])
    with pytest.raises(TagError, match="no tag 'Maybe'"):
        qc.judge(case, "S", drawn(case)[:1], ["Maybe"])


def test_applying_is_one_act_that_spares_what_changed_since(case: Case) -> None:
    draw(case)
    qc.judge(case, "S", [1, 2], ["No"])
    qc.judge(case, "S", [3], ["Yes"])
    tags.change(case, "remove", "Yes", [2], {})
    dry = qc_apply.apply(case, "S", dry_run=True)
    assert (dry.act, dry.changed, dry.same, dry.since) == (None, 1, 1, (2,))
    done = qc_apply.apply(case, "S")
    assert done.act is not None
    assert set(search(case, "tag:no").ids) == {1, 7, 8}
    assert qc_apply.apply(case, "S").changed == 0
    assert overturns.report(case, "S").whole.overturned == 2


def test_applying_keeps_the_rules(case: Case) -> None:
    panel.add_group(case, "Priv", tags=("Privileged",))
    panel.change_tag(case, "Privileged", needs_basis=True)
    panel.exclude(case, "Privileged", "Hot")
    tags.change(case, "add", "Hot", [1], {})
    draw(case, groups=("Call", "Priv"))
    qc.judge(case, "S", [1], ["Yes", "Privileged"])
    with pytest.raises(TagError, match="'Privileged' needs a basis"):
        qc_apply.apply(case, "S")
    with pytest.raises(ConflictError, match="'Privileged' meets 'Hot'"):
        qc_apply.apply(case, "S", basis="advice")
    assert set(search(case, "tag:privileged").ids) == set()


def test_intervals_are_those_of_the_binomial() -> None:
    """The bounds are the shares at which what was seen, or more (less), has half the rest."""

    def tail(size: int, share: float, counts: range) -> float:
        return sum(comb(size, n) * share**n * (1 - share) ** (size - n) for n in counts)

    for hits, size in ((0, 10), (1, 5), (3, 20), (19, 20), (20, 20)):
        low, high = clopper_pearson(hits, size, 0.9)
        assert low == 0 if not hits else abs(tail(size, low, range(hits, size + 1)) - 0.05) < 1e-9
        assert high == 1 if hits == size else abs(tail(size, high, range(hits + 1)) - 0.05) < 1e-9
    assert clopper_pearson(0, 0) == (0, 1)
    for bad in ((2, 1, 0.95), (-1, 1, 0.95), (1, 2, 1.0)):
        with pytest.raises(ValueError, match="no proportion"):
            clopper_pearson(*bad)


def run(case: Case, *arguments: str) -> Result:
    return CliRunner().invoke(cli.redwell, [*arguments, "--case", str(case.folder)])


def test_the_commands(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    for bad in (["S"], ["S", "gas"], ["S", "gas", "--size", "1", "--percent", "5"]):
        assert run(case, "qc", "draw", *bad).exit_code == 2
    told = run(case, "qc", "draw", "S", "gas", "--size", "50", "--seed", "3")
    assert told.stdout == (
        "'S': 10 documents drawn (asked for 50) of 10 coded ones, seed 3; 2 more are not coded and "
        "were left out\n"
    )
    found = json.loads(run(case, "qc", "next", "S", "--json").stdout)
    assert (found["left"], found["yours"], found["document"]["coding"]) == (10, 10, None)
    shown = run(case, "qc", "next", "S", "--with-coding", "--lines", "1").stdout
    assert "Coding:     Call: " in shown
    first = found["document"]["control"]
    assert run(case, "qc", "judge", "S", first).exit_code == 2
    assert run(case, "qc", "judge", "S", first, "Yes").stdout == (
        "1 document judged; 1 of 10 of 'S' are now\n"
    )
    report = json.loads(run(case, "qc", "report", "S", "--json").stdout)
    assert (report["drawn"], report["all"]["judged"], report["seed"]) == (10, 1, 3)
    assert run(case, "qc", "report", "S").stdout.startswith("'S', seed 3: 1 of 10 judged")
    monkeypatch.setenv("REDWELL_USER", "bob")
    assert json.loads(run(case, "qc", "next", "S", "--json").stdout)["yours"] in (7, 8)
    assert json.loads(run(case, "qc", "list", "--json").stdout)[0]["judged"] == 1
    lines = json.loads(run(case, "qc", "show", "S", "--json").stdout)["documents"]
    assert lines[0] | {"first": 0} == {
        "document": first,
        "first": 0,
        "by": lines[0]["by"],
        "note": "",
        "second": ["Yes"],
        "judge": "carla",
    }


def test_who_judges_sees_the_hits_and_nothing_of_the_first_level(case: Case) -> None:
    saved.save(case, "Fuel", "gas AND tag:Yes")
    document_notes.add(case, "surely yes", range(1, 13), {})
    source = Source(search(case, "gas").ids, {"query": "saved:fuel"})
    qc.draw(case, "S", source, size=12, seed=1)
    told = run(case, "qc", "next", "S")
    lines = told.stdout.splitlines()
    assert lines[1] == "To judge:   Call: Yes, No"
    assert lines[-3:] == ["Hits:       1 (text 1)", "", "**gas**"]
    rest = "\n".join(lines[2:])
    assert not any(word in rest for word in ("Yes", "Coding", "Note", "surely", "ann", "bob"))
    found = json.loads(run(case, "qc", "next", "S", "--json").stdout)["document"]
    assert (found["coding"], found["notes"], "tags" in found, "bates" in found) == (
        *(None, [], False, False),
    )
    found = json.loads(run(case, "qc", "next", "S", "--json", "--with-coding").stdout)["document"]
    assert found["coding"][0]["tag"] in ("Yes", "No")
    assert (len(found["notes"]), "bates" in found) == (1, True)
    assert run(case, "qc", "next", "S", "--no-hits").stdout.endswith("\n\ngas\n")
    saved.delete(case, "Fuel")
    told = run(case, "qc", "next", "S")
    assert told.stdout.endswith("\n\ngas\n")
    assert told.stderr == (
        "No hits are marked: the search that it comes from cannot be read any more\n"
    )


def test_drawing_from_returned_batches(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    cutting.cut(case, Wish("First", "gas", size=4))
    checkout.checkout(case, "First")
    checkout.hand_in(case, "First")
    told = run(case, "qc", "draw", "S", "--batches", "first", "--percent", "50", "--seed", "1")
    assert told.stderr == "2 batches of 'First' are not returned yet, and left out\n"
    assert set(drawn(case)) < {1, 2, 3, 4}
    assert len(drawn(case)) == 2
    assert run(case, "qc", "next", "S").stdout.endswith("\n\n**gas**\n")  # of the set's search
