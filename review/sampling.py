"""How documents are drawn: an order that a seed and control numbers alone make.

Documents stand in the order of SHA-256 of the seed, a line end and the control number. Anyone can
repeat it: `printf 'SEED\\nRW-00000001' | sha256sum`. The first of a population are its sample, so
one seed and one population always give the same, and a larger sample holds the smaller.
"""

import hashlib
import heapq
from collections.abc import Iterable, Mapping
from fractions import Fraction

from pyroaring import BitMap

from records.control import control
from review.intervals import clopper_pearson


def key(seed: str, document: int) -> bytes:
    """What documents are ordered by."""
    return hashlib.sha256(f"{seed}\n{control(document)}".encode()).digest()


def first(seed: str, documents: Iterable[int], size: int) -> list[int]:
    """The first of the documents in the order of a seed; all where there are no more."""
    return heapq.nsmallest(size, documents, key=lambda each: key(seed, each))


def population_sha256(documents: BitMap) -> str:
    """The hash of the control numbers, a line each: `redwell search --ids QUERY | sha256sum`."""
    digest = hashlib.sha256()
    for each in documents:
        digest.update(f"{control(each)}\n".encode())
    return digest.hexdigest()


def allocate(strata: Mapping[str, int], size: int) -> dict[str, int]:
    """How many to draw of each stratum, in proportion to its documents.

    Largest remainders: each gets the whole part of its share, and those with the largest rest one
    more, of equal ones that whose name comes first. `size` is at most the documents there are.
    """
    total = sum(strata.values())
    shares = {name: Fraction(count * size, total) for name, count in strata.items()}
    drawn = {name: int(share) for name, share in shares.items()}
    by_rest = sorted(strata, key=lambda name: (drawn[name] - shares[name], name))
    for name in by_rest[: size - sum(drawn.values())]:
        drawn[name] += 1
    return drawn


def size_for(margin: float, confidence: float) -> int:
    """The size whose exact interval is at most `margin` to each side, were half of it relevant.

    No other share has a wider one. The usual calculators take the normal distribution and say
    some two in a hundred less, which the exact interval does not keep.
    """
    pairs = 1
    while _half_width(pairs, confidence) > margin:
        pairs *= 2
    low = pairs // 2  # too few, or none
    while pairs - low > 1:
        middle = (low + pairs) // 2
        if _half_width(middle, confidence) > margin:
            low = middle
        else:
            pairs = middle
    return 2 * pairs


def _half_width(pairs: int, confidence: float) -> float:
    low, high = clopper_pearson(pairs, 2 * pairs, confidence)
    return (high - low) / 2
