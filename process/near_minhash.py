"""MinHash: a short signature by which near texts are found without comparing all with all.

A signature has 128 numbers, each the least that one hash function gives over a text's shingles.
Two texts agree in each of them with a probability equal to their Jaccard (Broder 1997), so the
share of equal numbers estimates it without bias, with a deviation of sqrt(J (1 - J) / 128).

The functions are h(x) = (a x + b mod 2^64) >> 32 with odd a, over shingles that are well mixed
hashes already. They are our own because a signature kept on record must mean the same in every
version: nothing here may change without a new `VERSION` in process/analyse.py.

**Bands** (LSH). A signature is cut into b bands of r numbers; texts that are equal in a band are
candidates. A pair of similarity J is missed with probability (1 - J^r)^b. For a threshold t the
largest r is taken for which floor(128 / r) bands miss less than 1 in 10,000 at J = t: 21 bands of 6
at 0.85 (4.8e-5), 64 of 2 at 0.5 (1.0e-8), 128 numbers in one band at 1.0. **The estimate** parts
the candidates: those that agree in fewer numbers than a pair at the threshold would in all but 1 of
10,000 cases are not compared (at 0.85: fewer than 92 of 128). So a pair at the threshold is missed
with less than 2 in 10,000; nearer ones far less.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from process.near_words import Hashes, combined

PERMUTATIONS = 128
_MISS = 1e-4
_BLOCK = 1024  # shingles hashed in one go
_MOST_ROWS = 8

type Signature = NDArray[np.uint32]


def _constants() -> tuple[Hashes, Hashes]:
    """The multipliers and summands: splitmix64 of 1, 2, 3, …, written out by the rule alone."""
    drawn = combined([np.arange(1, 2 * PERMUTATIONS + 1, dtype=np.uint64)])
    return drawn[:PERMUTATIONS, None] | np.uint64(1), drawn[PERMUTATIONS:, None]


_FACTORS, _SUMMANDS = _constants()


def signature(shingles: Hashes) -> Signature:
    """The signature of a set of shingles, which must not be empty."""
    least = np.full(PERMUTATIONS, np.iinfo(np.uint32).max, np.uint32)
    for start in range(0, len(shingles), _BLOCK):
        values = shingles[None, start : start + _BLOCK] * _FACTORS
        values += _SUMMANDS
        np.minimum(least, (values.min(axis=1) >> np.uint64(32)).astype(np.uint32), out=least)
    return least


def pack(size: int, found: Signature) -> bytes:
    """For the record: the number of distinct shingles and the signature, little-endian."""
    return size.to_bytes(4, "little") + found.astype("<u4").tobytes()


def unpack(data: bytes) -> tuple[int, Signature]:
    """What `pack` wrote."""
    return int.from_bytes(data[:4], "little"), np.frombuffer(data, "<u4", offset=4)


@dataclass(frozen=True, slots=True)
class Banding:
    """How signatures are cut for a threshold, and what is compared.

    `points`: the threshold in 1/10,000. `least`: the equal numbers of two signatures below which
    they are not compared.
    """

    points: int
    bands: int
    rows: int
    least: int

    def near(self, shared: int, either: int) -> bool:
        """Whether a Jaccard reaches the threshold, in whole numbers."""
        return shared * 10_000 >= self.points * either

    def may_be_near(self, one: int, other: int) -> bool:
        """Whether sets of these sizes can be near: no ratio is above the smaller by the larger."""
        return self.near(min(one, other), max(one, other))

    def keys(self, signatures: Signature) -> NDArray[np.int64]:
        """A key for each signature (row) and band (column), as the database's integers."""
        wide = signatures.astype(np.uint64)
        found = np.empty((len(wide), self.bands), np.uint64)
        for band in range(self.bands):
            block = wide[:, band * self.rows : (band + 1) * self.rows]
            found[:, band] = _folded(block)
        return found.view(np.int64)

    def keys_of(self, signatures: Sequence[Signature]) -> list[list[int]]:
        """The keys of some signatures, as plain numbers."""
        found: list[list[int]] = self.keys(np.array(signatures)).tolist() if signatures else []
        return found


def _folded(block: Hashes) -> Hashes:
    """One hash a row."""
    total = np.zeros(len(block), np.uint64)
    for start in range(0, block.shape[1], _MOST_ROWS - 1):
        part = block[:, start : start + _MOST_ROWS - 1]
        total = combined([total, *np.ascontiguousarray(part.T)])
    return total


@cache
def banding(threshold: float) -> Banding:
    """The choice for a threshold, by the rule above."""
    rows = max(
        rows
        for rows in range(1, PERMUTATIONS + 1)
        if (1 - threshold**rows) ** (PERMUTATIONS // rows) < _MISS
    )
    return Banding(round(threshold * 10_000), PERMUTATIONS // rows, rows, _least(threshold))


def _least(threshold: float) -> int:
    """The largest k for which fewer than k equal numbers are that improbable at the threshold."""
    below = 0.0
    for k in range(PERMUTATIONS + 1):
        ways = math.comb(PERMUTATIONS, k)
        below += ways * threshold**k * (1 - threshold) ** (PERMUTATIONS - k)
        if below > _MISS:
            return k
    return PERMUTATIONS
