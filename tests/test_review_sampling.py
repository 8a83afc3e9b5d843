"""Samples: the published algorithm, exact intervals, and estimates that nothing slips into."""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from index import search
from index.commands import search_command
from records import audit, tables, times, users
from records.case import Case
from records.control import control
from records.errors import QueryError, RoleError, SampleError, TagError
from records.fields import Fields
from records.roles import UserRole
from review import estimates, panel, samples, sampling, tags
from review.estimates import Share
from review.intervals import clopper_pearson
from review.sample_commands import sample_group
from review.samples import Sample, Stratify, Stratum
from tests.index_cases import Doc, add, case_with, index_here

ALL = "docid:>=1"


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    """40 documents: 1 to 30 are texts of 2001, 31 to 40 mails, half of them of 2002."""
    texts = [Doc(f"gas {n}", Fields(sent_at="2001-03-01T00:00:00Z")) for n in range(30)]
    mails = [
        Doc(
            f"mail {n}",
            Fields(sent_at="2002-01-01T02:00:00Z" if n < 5 else None),
            {"type": "email"},
        )
        for n in range(10)
    ]
    with case_with(tmp_path / "case", [*texts, *mails]) as case:
        index_here(case)
        panel.add_group(case, "Call", single=True, tags=("Responsive", "Not responsive"))
        yield case


def code(case: Case, ids: Any, relevant: set[int]) -> None:
    """Code documents, those of `relevant` as responsive."""
    wanted = set(ids)
    for tag, some in (
        ("Responsive", wanted & relevant),
        ("Not responsive", wanted - relevant),
    ):
        if some:
            tags.change(case, "add", tag, some, {})


def drawn(case: Case, sample: Sample) -> list[int]:
    with case.read() as connection:
        return list(samples.documents(connection, sample))


def run(case: Case, *arguments: str) -> Result:
    return CliRunner().invoke(sample_group, [*arguments, "--case", str(case.folder)])


@pytest.mark.parametrize(
    ("hits", "size", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 17 (1998), table I, method 5.
        (81, 263, 0.2527, 0.3676),
        (15, 148, 0.0578, 0.1617),
        (0, 20, 0.0, 0.1684),
        (1, 29, 0.0009, 0.1776),
        # Hald, Statistical Tables (1952), and every textbook since.
        (5, 10, 0.1871, 0.8129),
    ],
)
def test_intervals_are_the_published_ones(hits: int, size: int, low: float, high: float) -> None:
    assert clopper_pearson(hits, size) == pytest.approx((low, high), abs=0.00005)
    turned = clopper_pearson(size - hits, size)
    assert turned == pytest.approx((1 - high, 1 - low), abs=0.00005)


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_bounds_that_have_a_formula(confidence: float) -> None:
    tail = (1 - confidence) / 2
    assert clopper_pearson(0, 50, confidence) == pytest.approx((0, 1 - tail ** (1 / 50)))
    assert clopper_pearson(50, 50, confidence) == pytest.approx((tail ** (1 / 50), 1))
    assert clopper_pearson(0, 0, confidence) == (0, 1)
    for bad in ((1, 0, 0.9), (-1, 5, 0.9), (1, 5, 1.0), (1, 5, 0.0)):
        with pytest.raises(ValueError, match=r"of|between"):
            clopper_pearson(*bad)


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="there is no sha256sum")
def test_the_order_can_be_repeated_with_sha256sum() -> None:
    def by_hand(number: int) -> str:
        text = f"round 7\nRW-{number:08d}".encode()
        done = subprocess.run(["sha256sum"], input=text, capture_output=True, check=True)
        return done.stdout.decode()

    ids = range(95, 125)
    assert sampling.first("round 7", ids, 30) == sorted(ids, key=by_hand)
    assert sampling.first("round 7", reversed(ids), 4) == sorted(ids, key=by_hand)[:4]
    assert sampling.first("round 8", ids, 30) != sampling.first("round 7", ids, 30)


@given(
    st.dictionaries(st.text(min_size=1), st.integers(1, 500), min_size=1, max_size=12), st.data()
)
def test_allocation_is_by_largest_remainders(strata: dict[str, int], data: st.DataObject) -> None:
    total = sum(strata.values())
    size = data.draw(st.integers(1, total))
    found = sampling.allocate(strata, size)
    assert sum(found.values()) == size
    for name, count in found.items():
        share = strata[name] * size / total
        assert int(share) <= count <= min(int(share) + 1, strata[name])


def test_allocation_by_hand() -> None:
    # 10 of 100: 6.1, 2.5, 1.4 give 6, 2, 1, and the one left goes to the largest rest.
    assert sampling.allocate({"a": 61, "b": 25, "c": 14}, 10) == {"a": 6, "b": 3, "c": 1}
    assert sampling.allocate({"b": 1, "a": 1}, 1) == {"b": 0, "a": 1}


@pytest.mark.parametrize("margin", [0.02, 0.05, 0.1])
def test_a_margin_gives_the_least_even_size_that_keeps_it(margin: float) -> None:
    size = sampling.size_for(margin, 0.95)

    def width(size: int) -> float:
        low, high = clopper_pearson(size // 2, size)
        return (high - low) / 2

    assert width(size) <= margin < width(size - 2)
    normal = 1.959964**2 / 4 / margin**2
    assert normal < size < normal * 1.1 + 2
    assert all(width_of(hits, size) <= width(size) for hits in range(0, size, size // 10))


def width_of(hits: int, size: int) -> float:
    low, high = clopper_pearson(hits, size)
    return (high - low) / 2


def test_the_same_seed_and_population_draw_the_same(case: Case) -> None:
    first = samples.draw(case, "A", ALL, size=12, seed="s")
    again = samples.draw(case, "B", "type:text OR type:email", size=12, seed="s")
    larger = samples.draw(case, "C", ALL, size=20, seed="s")
    other = samples.draw(case, "D", ALL, size=12)
    assert drawn(case, first) == drawn(case, again) == drawn(case, larger)[:12]
    assert drawn(case, first) == sampling.first("s", range(1, 41), 12)
    assert drawn(case, other) == sampling.first(other.seed, range(1, 41), 12) != drawn(case, first)
    assert set(search(case, 'sample:"a"').ids) == set(drawn(case, first))


def test_the_population_is_on_record(case: Case) -> None:
    sample = samples.draw(case, "A", "gas", size=5, seed="s")
    printed = CliRunner().invoke(search_command, ["gas", "--ids", "--case", str(case.folder)])
    assert sample.population_sha256 == hashlib.sha256(printed.stdout_bytes).hexdigest()
    with case.read() as connection:
        assert set(samples.population(connection, sample)) == set(range(1, 31))
        audit.verify(connection)
        last = list(audit.entries(connection))[-1]
        assert samples.find(connection, "a") == sample
    assert last.act == "sample drawn"
    told = json.loads(last.details)
    assert (told["query"], told["population_count"], told["seed"]) == ("gas", 30, "s")
    ids = "".join(f"{control(each)}\n" for each in sorted(drawn(case, sample)))
    assert told["sample_sha256"] == hashlib.sha256(ids.encode()).hexdigest()
    tags.change(case, "add", "Responsive", [1], {})
    add(case, [Doc("gas again")])
    index_here(case, [41])
    with case.read() as connection:  # what comes later changes nothing
        assert set(samples.population(connection, sample)) == set(range(1, 31))


@pytest.mark.parametrize(
    ("by", "strata"),
    [
        (Stratify.TYPE, {"email": 10, "text": 30}),
        (Stratify.CUSTODIAN, {"Ray, Ann": 40}),
        # The case's zone is New York, where the mails' date is of 2001.
        (Stratify.YEAR, {"2001": 35, "none": 5}),
    ],
)
def test_strata(case: Case, by: Stratify, strata: dict[str, int]) -> None:
    sample = samples.draw(case, "A", ALL, size=8, stratify=by, seed="s")
    assert {each.name: each.documents for each in sample.strata} == strata
    counts = sampling.allocate(strata, 8)
    assert {each.name: each.drawn for each in sample.strata} == counts
    with case.read() as connection:
        found = samples.documents(connection, sample)
        population = samples.population(connection, sample)
    assert {name: list(found.values()).count(name) for name in strata} == counts
    if by is Stratify.TYPE:
        mails = [each for each, name in found.items() if name == "email"]
        assert mails == sampling.first("s", range(31, 41), 2)
    assert list(found) == sampling.first("s", found, 8)
    assert set(found) <= set(population)


def test_what_cannot_be_drawn(case: Case) -> None:
    samples.draw(case, "A", ALL, size=5)
    with case.read() as connection:
        before = audit.verify(connection)
    for name, query, options, says in (
        ("a", ALL, {"size": 5}, "'A' is on record"),
        ("B", ALL, {"size": 41}, "41 cannot be drawn from 40"),
        ("B", "nothing", {"size": 1}, "no population"),
        ("", ALL, {"size": 1}, "cannot be called"),
        ("B", ALL, {"size": 1, "seed": ""}, "seed '' cannot be taken"),
        ("B", ALL, {}, "a size or a margin"),
    ):
        with pytest.raises(SampleError, match=says):
            samples.draw(case, name, query, **options)
    with pytest.raises(QueryError):
        samples.draw(case, "B", "(", size=1)
    with case.read() as connection:
        assert audit.verify(connection) == before
        with pytest.raises(SampleError, match="no sample 'B'; there are: 'A'"):
            samples.find(connection, "B")
    with pytest.raises(Exception, match="no such sample; there are: 'A'"):
        search(case, "sample:B")


def test_a_margin_that_needs_more_takes_all_and_then_shares_are_certain(case: Case) -> None:
    sample = samples.draw(case, "All", ALL, margin=0.05)
    assert (sample.size, sample.margin) == (40, 0.05)
    code(case, range(1, 41), {1, 2})
    done = estimates.estimate(case, "All", "Responsive", "Not responsive")
    assert done.share == Share(2, 40, 0.05, 0.05, 0.05)


def test_documents_not_coded_block_the_estimate(case: Case) -> None:
    sample = samples.draw(case, "A", ALL, size=10, seed="s")
    ids = drawn(case, sample)
    code(case, ids[:9], set(ids[:2]))
    tags.change(case, "add", "Responsive", set(range(1, 41)) - set(ids), {})
    with pytest.raises(SampleError, match=f"1 of the 10 documents of 'A'.*{control(ids[9])}"):
        estimates.estimate(case, "A", "Responsive", "Not responsive")
    panel.change_group(case, "Call", single=False)
    tags.change(case, "add", "Responsive", [ids[8], ids[9]], {})
    with pytest.raises(SampleError, match=r"1 of the 10 .*1 bear both"):
        estimates.estimate(case, "A", "Responsive", "Not responsive")
    tags.change(case, "remove", "Responsive", [ids[8]], {})
    done = estimates.estimate(case, "A", "Responsive", "Not responsive")
    assert (done.share.hits, done.share.size, done.share.value) == (3, 10, 0.3)
    assert (done.share.low, done.share.high) == clopper_pearson(3, 10)
    with case.read() as connection:
        told = [each for each in audit.entries(connection) if each.act == "sample estimated"]
    assert len(told) == 1
    assert json.loads(told[0].details)["share"]["hits"] == 3


def test_elusion_and_the_recall_that_follows(case: Case) -> None:
    """25 found; of 12 left two are drawn as relevant among 6: recall = 25 / (25 + 2/6 · 12)."""
    code(case, range(1, 29), set(range(1, 26)))
    sample = samples.draw(
        case,
        "Null",
        'NOT tag:Responsive AND NOT tag:"Not responsive"',
        size=6,
        seed="s",
    )
    assert sample.population_count == 12
    ids = drawn(case, sample)
    code(case, ids, set(ids[:2]))
    found = search(case, "tag:Responsive").ids
    assert len(found) == 27  # two of which the sample itself came upon: they are not found twice
    done = estimates.estimate(case, "Null", "Responsive", "Not responsive", found=found)
    low, high = clopper_pearson(2, 6)
    recall = done.recall_by_elusion
    assert recall is not None
    assert (recall.found, recall.null_set) == (25, 12)
    assert recall.missed == pytest.approx(4)
    assert recall.value == pytest.approx(25 / 29)
    assert recall.low == pytest.approx(25 / (25 + 12 * high))
    assert recall.high == pytest.approx(25 / (25 + 12 * low))


def test_recall_by_elusion_where_there_is_nothing() -> None:
    none = estimates.share(0, 10, 0.95)
    nothing = estimates.recall_by_elusion(0, 100, none)
    assert (nothing.value, nothing.low, nothing.high) == (None, 0, 1)
    found = estimates.recall_by_elusion(5, 100, none)
    assert (found.value, found.high) == (1, 1)
    assert found.low == pytest.approx(5 / (5 + 100 * (1 - 0.025**0.1)))


def test_a_control_set_gives_recall_and_precision(case: Case) -> None:
    sample = samples.draw(case, "Control", ALL, size=20, seed="s")
    ids = drawn(case, sample)
    code(case, ids, set(ids[:8]))
    retrieved = BitMap([*ids[:6], *ids[10:14]])  # 6 of 8 relevant, 6 of 10 are relevant
    done = estimates.estimate(case, "Control", "Responsive", "Not responsive", retrieved=retrieved)
    assert done.recall == Share(6, 8, 0.75, *clopper_pearson(6, 8))
    assert done.precision == Share(6, 10, 0.6, *clopper_pearson(6, 10))
    assert done.share == Share(8, 20, 0.4, *clopper_pearson(8, 20))
    empty = estimates.estimate(case, "Control", "Responsive", "Not responsive", retrieved=BitMap())
    assert (empty.recall, empty.precision) == (
        Share(0, 8, 0.0, *clopper_pearson(0, 8)),
        Share(0, 0, None, 0.0, 1.0),
    )


def test_a_stratified_sample(case: Case) -> None:
    sample = samples.draw(case, "A", ALL, size=10, stratify=Stratify.TYPE, seed="s")
    assert [(each.name, each.drawn) for each in sample.strata] == [("email", 3), ("text", 7)]
    ids = drawn(case, sample)
    code(case, ids, set(range(31, 41)))
    done = estimates.estimate(case, "A", "Responsive", "Not responsive")
    assert done.strata["text"] == Share(0, 7, 0.0, *clopper_pearson(0, 7))
    assert done.strata["email"] == Share(3, 3, 1.0, *clopper_pearson(3, 3))
    # A quarter are mails, three in ten were drawn: the share may be off by 0.05.
    low, high = clopper_pearson(3, 10)
    assert (done.share.low, done.share.high) == pytest.approx((low - 0.05, high + 0.05))
    with pytest.raises(SampleError, match="need a simple random sample"):
        estimates.estimate(case, "A", "Responsive", "Not responsive", retrieved=BitMap([1]))


def test_a_stratum_that_was_drawn_whole_is_certain() -> None:
    strata = (Stratum("a", 2, 2), Stratum("b", 8, 3))
    sample = Sample(*(1, "S", "q", 10, "", "s", 5, None, 0.95, "type", strata, {}, "", ""))
    found = estimates._by_stratum(sample, {"a": 1, "b": 0}, 0.95)
    assert found["a"] == Share(1, 2, 0.5, 0.5, 0.5)
    assert found["b"].high == pytest.approx(1 - 0.025 ** (1 / 3))


def test_roles(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    users.add(case, audit.actor(), UserRole.ADMIN)
    users.add(case, "ann", UserRole.REVIEWER)
    users.add(case, "eve", UserRole.READ_ONLY)
    samples.draw(case, "A", ALL, size=2, seed="s")
    code(case, range(1, 41), set())
    monkeypatch.setenv("REDWELL_USER", "ann")
    with pytest.raises(RoleError):
        samples.draw(case, "B", ALL, size=2)
    estimates.estimate(case, "A", "Responsive", "Not responsive")
    monkeypatch.setenv("REDWELL_USER", "eve")
    with pytest.raises(RoleError):
        estimates.estimate(case, "A", "Responsive", "Not responsive")


def test_the_commands(case: Case) -> None:
    done = run(case, "draw", "First", ALL, "--size", "10", "--stratify", "type", "--seed", "s")
    assert done.exit_code == 0
    assert "Population  40 documents\n" in done.stdout
    assert done.stdout.endswith("type\tdocuments\tdrawn\nemail\t10\t3\ntext\t30\t7\n")
    told = json.loads(run(case, "show", "FIRST", "--json").stdout)
    assert (told["size"], told["seed"], told["strata"][0]["drawn"]) == (10, "s", 3)
    listed = run(case, "show", "First", "--ids").stdout.split()
    assert len(listed) == 10
    assert json.loads(run(case, "show", "First", "--ids", "--json").stdout) == listed
    tag = ("--tag", "Responsive", "--not", "Not responsive")
    refused = run(case, "estimate", "First", *tag)
    assert isinstance(refused.exception, SampleError)
    ids = [int(each[3:]) for each in listed]
    code(case, ids, set(ids[:4]))
    shown = run(case, "estimate", "First", *tag).stdout
    assert "Share of 'Responsive'  40.00% (" in shown
    assert "4 of 10" in shown
    simple = run(case, "draw", "Second", ALL, "--margin", "0.1", "--seed", "s", "--json")
    assert json.loads(simple.stdout)["size"] == 40
    report = run(case, "report", "First", *tag).stdout.splitlines()
    assert report[0].startswith("position,control,stratum,coding,coded_by")
    assert report[1].startswith(f"1,{listed[0]},")
    assert ",Responsive," in report[1]
    whole = json.loads(run(case, "report", "First", *tag, "--json").stdout)
    assert len(whole["estimates"]) == 1
    assert whole["documents"][9]["coding"] == "Not responsive"
    assert [each["name"] for each in json.loads(run(case, "list", "--json").stdout)] == [
        *("First", "Second")
    ]
    assert run(case, "draw", "X", ALL, "--size", "3", "--margin", "0.1").exit_code == 2
    assert run(case, "draw", "X", ALL).exit_code == 2
    both = run(case, "estimate", "First", *tag, "--found", "gas", "--retrieved", "gas")
    assert both.exit_code == 2
    same = run(case, "estimate", "First", "--tag", "Responsive", "--not", "responsive")
    assert isinstance(same.exception, TagError)


def test_texts_that_were_cut_are_put_on_record(case: Case) -> None:
    row = {"document_id": 1, "severity": "warning", "code": "text-cut"}
    note = {"message": "m", "tool": "t", "tool_version": "", "attempts": 1, "at": times.now()}
    with case.write() as connection:
        connection.execute(tables.notes.insert().values(**row, **note))
    done = run(case, "draw", "A", "gas", "--size", "3", "--seed", "s")
    assert "1 document with a text that was cut when it was drawn" in done.stderr
    assert "Not covered: with a text that was cut  1" in done.stdout


def test_an_index_that_lacks_documents_is_told_and_blocks_what_rests_on_it(case: Case) -> None:
    add(case, [Doc("gas late")])
    done = run(case, "draw", "A", "gas", "--size", "3", "--seed", "s")
    assert "1 document not indexed when it was drawn" in done.stderr
    assert "Not covered: not indexed  1" in done.stdout
    code(case, range(1, 31), {1})
    tag = ("--tag", "Responsive", "--not", "Not responsive")
    refused = run(case, "estimate", "A", *tag, "--retrieved", "gas")
    assert isinstance(refused.exception, SampleError)
    assert run(case, "estimate", "A", *tag).exit_code == 0
