"""When a review by learning may stop: where its gain curve has a knee, and where a target is met.

**The knee** (Cormack and Grossman, *Engineering quality and reliability in technology-assisted
review*, SIGIR 2016, 75-84). Of the first s documents in the order of review, r(s) are relevant. The
knee is the rank i below s at which the gain curve stands highest above the line from its start to
(s, r(s)). The slope ratio is

    (r(i) / i) / ((1 + r(s) - r(i)) / (s - i))

and the review may stop when it is at least 156 - min(r(s), 150): 6 once 150 relevant documents were
found, and more the fewer there are. It is asked at the end of a round only, and not before 1,000
documents were reviewed (as Yang, Lewis and Frieder, DocEng 2021, have the rule).

**The target.** Of a control set, drawn at random and judged beforehand, m documents are relevant;
the review has met j of them when it comes to them by itself. j of m has an exact interval, and the
target is met when its lower bound reaches it. As m is fixed and j only grows, this is to stop at
the first j that is enough, so that asking in every round does not weaken it (Lewis, Yang and
Frieder, *Certifying one-phase technology-assisted reviews*, CIKM 2021).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from review.intervals import clopper_pearson

KNEE_LEAST = 1000


@dataclass(frozen=True, slots=True)
class Knee:
    """The knee after `reviewed` documents: its rank (0 where there is none), and what it says."""

    reviewed: int
    relevant: int
    rank: int
    ratio: float
    bound: int
    least: int
    met: bool


@dataclass(frozen=True, slots=True)
class Target:
    """How much of a control set's relevant documents the review has met, with its interval.

    `needed` relevant documents met are enough; None where the control set has too few for any.
    """

    met_relevant: int
    relevant: int
    low: float
    high: float
    target: float
    needed: int | None
    met: bool


def knee(gains: Sequence[bool], least: int = KNEE_LEAST) -> Knee:
    """The knee of a review: whether each document, in the order of review, was relevant."""
    curve = np.cumsum(np.asarray(gains, np.int64))
    reviewed, relevant = len(curve), int(curve[-1]) if len(curve) else 0
    bound = 156 - min(relevant, 150)
    if reviewed < 2 or not relevant:
        return Knee(reviewed, relevant, 0, 0.0, bound, least, False)
    ranks = np.arange(1, reviewed)
    rank = int(np.argmax(reviewed * curve[:-1] - ranks * relevant)) + 1
    before = int(curve[rank - 1])
    ratio = (before / rank) / ((1 + relevant - before) / (reviewed - rank))
    met = ratio >= bound and reviewed >= least
    return Knee(reviewed, relevant, rank, ratio, bound, least, met)


def target(found: int, relevant: int, wanted: float, confidence: float) -> Target:
    """Whether `found` of a control set's relevant documents are enough for a recall."""
    low, high = clopper_pearson(found, relevant, confidence)
    enough = range(relevant + 1)
    needed = next(
        (n for n in enough if clopper_pearson(n, relevant, confidence)[0] >= wanted), None
    )
    return Target(found, relevant, low, high, wanted, needed, low >= wanted)


def relevant_needed(wanted: float, confidence: float) -> int:
    """How many relevant documents a control set needs to show a recall at all, if all are met."""
    count = 1
    while clopper_pearson(count, count, confidence)[0] < wanted:
        count += 1
    return count
