"""The method of learning and the rules of stopping, by themselves."""

import math
import random
from itertools import islice

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap
from scipy.stats import binom

from index.vectors import Vectors
from review import autotar, sampling, stopping
from review.autotar import Learner
from review.intervals import clopper_pearson


def made(documents: int = 300, topic: int = 30, seed: int = 1) -> Vectors:
    """Documents of random words; the first `topic` hold two words that few others do."""
    chance = random.Random(seed)
    vocabulary = sorted(["alpha", "beta", *(f"w{n:03}" for n in range(200))])
    rows = np.zeros((documents, len(vocabulary)))
    for at in range(documents):
        for _ in range(30):
            rows[at, vocabulary.index(f"w{chance.randrange(200):03}")] += 1
        for word in ("alpha", "beta"):
            if chance.random() < (0.8 if at < topic else 0.02):
                rows[at, vocabulary.index(word)] += 1
    rows /= np.linalg.norm(rows, axis=1)[:, None]
    matrix = sp.csr_array(rows.astype(np.float32))
    ids = np.arange(1, documents + 1) * 3
    return Vectors(ids, tuple(vocabulary), np.ones(len(vocabulary)), matrix, "x")


def test_rounds_grow_by_a_tenth_rounded_up() -> None:
    expected = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 21, 24, 27, 30, 33, 37]
    assert list(islice(autotar.sizes(), 21)) == expected
    assert [autotar.size_of(number) for number in (1, 12, 21)] == [1, 13, 37]
    size = 1
    for number in range(2, 120):
        size += math.ceil(size / 10)
        assert autotar.size_of(number) == size


def test_a_topic_is_found_long_before_chance_would() -> None:
    vectors = made()
    topic = BitMap(range(3, 91, 3))
    every = BitMap(vectors.ids.tolist())
    learner = Learner(vectors, "s", "alpha")
    order: list[int] = []
    number = 0
    while len(order) < len(every):
        number += 1
        judged = BitMap(order)
        ranked = learner.rank(number, judged & topic, judged - topic, every - judged)
        assert len(ranked.listed) == min(autotar.size_of(number), len(every) - len(order))
        scores = [score for _, score in ranked.listed]
        assert scores == sorted(scores, reverse=True)
        order += [document for document, _ in ranked.listed]
    assert sorted(order) == sorted(every)
    ranks = [at for at, document in enumerate(order, 1) if document in topic]
    assert ranks[26] < 80  # nine in ten of thirty; by chance some 271 of 300


def test_what_is_trained_on() -> None:
    """The query and the judged documents, and of the others a hundred by the seed and round."""
    vectors = made()
    learner = Learner(vectors, "s", "alpha nosuchword")
    assert learner.unknown == ("nosuchword",)
    every = BitMap(vectors.ids.tolist())
    relevant, other = BitMap([3, 6]), BitMap([900])
    left = every - relevant - other
    ranked = learner.rank(2, relevant, other, left)
    assert ranked.presumed == BitMap(sampling.first("s\n2", left, 100))
    assert learner.rank(3, relevant, other, left).presumed != ranked.presumed
    few = BitMap(list(left)[:5])
    assert learner.rank(2, relevant, other, few).presumed == few
    assert ranked.model.heaviest[0][0] in ("alpha", "beta")
    assert all(weight > 0 for _, weight in ranked.model.heaviest)
    assert all(weight < 0 for _, weight in ranked.model.lightest)


def test_the_regression_is_at_its_minimum() -> None:
    """The gradient of the loss, computed by hand, is nought; so it is the regression meant."""
    vectors = made(60, 10)
    learner = Learner(vectors, "s", "alpha")
    relevant, other = BitMap([3, 6, 9]), BitMap([150, 153])
    presumed = BitMap([120, 99])
    regression = autotar.untrained()
    learner._trained(regression, relevant, other, presumed)
    query = vectors.of_text("alpha")[0].toarray()
    rows = vectors.matrix.toarray().astype(float)
    at = [each // 3 - 1 for each in (3, 6, 9, 99, 120, 150, 153)]
    x = np.vstack([query, rows[at]])
    y = np.array([1, 1, 1, 1, 0, 0, 0, 0])
    weights = regression.coef_[0]
    p = 1 / (1 + np.exp(-(x @ weights + regression.intercept_[0])))
    assert np.abs(x.T @ (p - y) + weights).max() < 1e-5  # C = 1: the penalty is half of its square
    assert abs((p - y).sum()) < 1e-5


def test_the_same_is_given_every_time_and_ties_go_by_the_seed() -> None:
    vectors = made()
    every = BitMap(vectors.ids.tolist())
    judged = (BitMap([3, 6]), BitMap([900, 897]))
    left = every - judged[0] - judged[1]
    one = Learner(vectors, "s", "alpha").rank(30, *judged, left)
    assert Learner(made(), "s", "alpha").rank(30, *judged, left) == one
    # Documents of the same words, as copies are: their order is the seed's, not that of numbers.
    same = Vectors(
        vectors.ids,
        vectors.vocabulary,
        vectors.weights,
        sp.csr_array(np.repeat(vectors.matrix[[5]].toarray(), 300, axis=0)),
        "y",
    )
    ranked = Learner(same, "s", "alpha").rank(12, BitMap(), BitMap(), every)
    ids = [document for document, _ in ranked.listed]
    assert ids == sampling.first("s", every, 13)


def test_nothing_to_begin_with() -> None:
    learner = Learner(made(), "s", "nosuchword")
    assert not learner.seeded
    with pytest.raises(ValueError, match="nothing relevant"):
        learner.rank(1, BitMap(), BitMap([3]), BitMap([6]))
    assert learner.rank(1, BitMap([3]), BitMap(), BitMap([6])).listed[0][0] == 6


def brute_knee(gains: list[bool]) -> tuple[int, float]:
    """The knee by the geometry: the rank farthest from the line, then the two slopes."""
    s, r = len(gains), sum(gains)
    best, rank = -1.0, 0
    for i in range(1, s):
        distance = (sum(gains[:i]) * s - i * r) / math.hypot(s, r)
        if distance > best + 1e-12:
            best, rank = distance, i
    before = sum(gains[:rank])
    return rank, (before / rank) / ((1 + r - before) / (s - rank))


@given(st.lists(st.booleans(), min_size=2, max_size=60).filter(any))
def test_the_knee_is_that_of_the_geometry(gains: list[bool]) -> None:
    found = stopping.knee(gains, 2)
    curve = np.cumsum(gains)
    highest = max(len(gains) * curve[i - 1] - i * curve[-1] for i in range(1, len(gains)))
    assert len(gains) * curve[found.rank - 1] - found.rank * curve[-1] == highest
    rank, ratio = brute_knee(gains)
    if rank == found.rank:
        assert found.ratio == pytest.approx(ratio)
    assert found.bound == 156 - sum(gains)


def test_a_knee_by_hand() -> None:
    """200 relevant in the first 250, 9 in the next 1,000: (200/250) / (10/1000) = 80."""
    head = [True] * 200 + [False] * 50
    random.Random(1).shuffle(head)
    head[-1], head[head.index(True)] = True, head[-1]
    tail = ([False] * 110 + [True]) * 9 + [False]
    found = stopping.knee([*head, *tail])
    assert (found.reviewed, found.relevant, found.rank) == (1250, 209, 250)
    assert found.ratio == pytest.approx(80)
    assert (found.bound, found.met) == (6, True)


@pytest.mark.parametrize(
    ("relevant", "rest", "least", "met"),
    [
        (150, 5_000, 1000, True),  # (1) / (1 / 5000), far above 6
        (150, 800, 1000, False),  # a knee, and too few documents
        (150, 800, 900, True),
        (20, 100, 2, False),  # 100 is below the 136 that 20 relevant documents ask for
        (20, 140, 2, True),
        (0, 5_000, 2, False),
    ],
)
def test_when_the_knee_says_stop(relevant: int, rest: int, least: int, met: bool) -> None:
    found = stopping.knee([True] * relevant + [False] * rest, least)
    assert found.met is met
    assert found.bound == 156 - min(relevant, 150)
    if relevant:
        assert found.ratio == pytest.approx(rest)


def test_no_knee_where_there_is_no_curve() -> None:
    for gains in ([], [True], [False] * 10):
        assert not stopping.knee(gains, 2).met
    assert stopping.knee([True] * 2000).ratio == pytest.approx(1, abs=0.01)


def test_the_target() -> None:
    found = stopping.target(40, 50, 0.8, 0.95)
    assert (found.low, found.high) == clopper_pearson(40, 50)
    assert not found.met
    assert found.needed == 46
    assert clopper_pearson(45, 50)[0] < 0.8 <= clopper_pearson(46, 50)[0]
    assert stopping.target(46, 50, 0.8, 0.95).met
    assert stopping.relevant_needed(0.8, 0.95) == 17  # 0.025 ** (1 / 17) is the first above 0.8
    few = stopping.target(16, 16, 0.8, 0.95)
    assert (few.needed, few.met) == (None, False)
    assert stopping.target(0, 0, 0.8, 0.95).needed is None


@pytest.mark.parametrize("relevant", [17, 30, 80])
def test_looking_in_every_round_does_not_weaken_the_target(relevant: int) -> None:
    """Stopping at the first number that is enough has the recall wanted as often as is said.

    Of m control documents the review has reached a share of all relevant ones that is below the
    target when the needed one is met with the chance that so many of m lie below it.
    """
    needed = stopping.target(0, relevant, 0.8, 0.95).needed
    assert needed is not None
    assert binom.sf(needed - 1, relevant, 0.8) <= 0.025 < binom.sf(needed - 2, relevant, 0.8)
