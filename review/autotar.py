"""Continuous active learning as AutoTAR has it (Cormack and Grossman, arXiv:1504.06868).

Each round trains a logistic regression on the tf-idf of all judged documents, of a synthetic one
made of the seed query, and of 100 random ones that are not judged and presumed not relevant, for
this round only; then lists the documents that score highest. Rounds grow by a tenth, rounded up:
1, 2, 3, … 10, 11, 13, 15, …

The same documents, judgments, seed and vectors give the same lists: what is random comes of
`review.sampling`, the algebra runs in one thread, the regression is brought near to its only
minimum, and of scores that are equal to five places the order of the seed decides.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from pyroaring import BitMap
from threadpoolctl import threadpool_limits

from index.vectors import Vectors
from review import sampling

PRESUMED = 100
REGULARIZATION = 1.0
"""Inverse strength, scikit-learn's C."""
TOLERANCE = 1e-8
STEPS = 10_000
_PLACES = 5
_TERMS = 20


@dataclass(frozen=True, slots=True)
class Model:
    """What a round's regression came to. `heaviest` words speak most for relevance, `lightest`
    against it; `sha256` is of all weights, rounded to five places."""

    features: int
    intercept: float
    steps: int
    heaviest: tuple[tuple[str, float], ...]
    lightest: tuple[tuple[str, float], ...]
    sha256: str


@dataclass(frozen=True, slots=True)
class Ranked:
    """The documents of a round with their scores (log-odds), the best first."""

    listed: tuple[tuple[int, float], ...]
    presumed: BitMap
    model: Model


def sizes() -> Iterator[int]:
    """The size of each round, from the first."""
    size = 1
    while True:
        yield size
        size += -(-size // 10)


def size_of(number: int) -> int:
    """The size of a round, counted from 1."""
    return next(size for at, size in enumerate(sizes(), 1) if at == number)


def untrained() -> Any:
    """A regression; its library takes seconds to load, which only those who rank need wait."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=REGULARIZATION, tol=TOLERANCE, max_iter=STEPS)


class Learner:
    """Ranks the documents of a set of vectors, round after round; keeps nothing between them."""

    def __init__(self, vectors: Vectors, seed: str, query: str = "") -> None:
        self._vectors = vectors
        self._seed = seed
        self._query, self.unknown = vectors.of_text(query)
        self.seeded = bool(self._query.nnz)

    def rank(self, number: int, relevant: BitMap, other: BitMap, candidates: BitMap) -> Ranked:
        """List the documents of round `number`, of those that are not judged.

        Raises `ValueError` where nothing relevant is known, neither a document nor the query.
        """
        presumed = sampling.first(f"{self._seed}\n{number}", candidates, PRESUMED)
        whole = self.order(relevant, other, BitMap(presumed), candidates)
        return replace(whole, listed=whole.listed[: size_of(number)])

    def order(
        self, relevant: BitMap, other: BitMap, presumed: BitMap, candidates: BitMap
    ) -> Ranked:
        """All documents that are not judged, the best first; raises `ValueError` as `rank` does."""
        if not relevant and not self.seeded:
            raise ValueError("nothing relevant is known")
        regression = untrained()  # before the limit, which holds for what is loaded by then
        with threadpool_limits(1):
            model = self._trained(regression, relevant, other, presumed)
            scores = self._scores(regression, candidates)
        listed = sorted(
            zip(candidates, scores.tolist(), strict=True),
            key=lambda each: (-each[1], sampling.key(self._seed, each[0])),
        )
        return Ranked(tuple(listed), presumed, model)

    def _trained(self, regression: Any, relevant: BitMap, other: BitMap, presumed: BitMap) -> Model:
        """Train on rows in the order of ids, the query first."""
        vectors = self._vectors
        negative = other | presumed
        parts = [self._query] if self.seeded else []
        parts += [vectors.matrix[vectors.rows(each)] for each in (relevant, negative)]
        rows = sp.vstack(parts, format="csr").astype(np.float64)
        classes = np.repeat([1, 0], [rows.shape[0] - len(negative), len(negative)])
        regression.fit(rows, classes)
        weights = np.round(regression.coef_[0], _PLACES) + 0.0
        order = np.argsort(weights, kind="stable")
        return Model(
            features=len(weights),
            intercept=round(float(regression.intercept_[0]), _PLACES),
            steps=int(regression.n_iter_[0]),
            heaviest=self._told(weights, order[::-1], above=True),
            lightest=self._told(weights, order, above=False),
            sha256=hashlib.sha256(weights.astype("<f8").tobytes()).hexdigest(),
        )

    def _told(
        self, weights: NDArray[np.float64], order: NDArray[np.int64], *, above: bool
    ) -> tuple[tuple[str, float], ...]:
        words = ((self._vectors.vocabulary[at], float(weights[at])) for at in order[:_TERMS])
        return tuple((word, weight) for word, weight in words if (weight > 0) is above and weight)

    def _scores(self, regression: Any, candidates: BitMap) -> NDArray[np.float64]:
        matrix = self._vectors.matrix[self._vectors.rows(candidates)]
        found = matrix @ regression.coef_[0] + regression.intercept_[0]
        return np.asarray(np.round(found, _PLACES) + 0.0, np.float64)
