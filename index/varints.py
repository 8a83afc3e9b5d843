"""Whole numbers in as few bytes as they need, many at once.

Seven bits a byte, the highest first; the last byte of a number is below 128.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

type Numbers = NDArray[np.int64]
_MOST = 9  # bytes: 63 bits


def encode(numbers: Numbers) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The bytes of numbers from 0 to 2⁶³ - 1, one after another, and how many each takes."""
    widths = np.ones(len(numbers), np.int64)
    highest = int(numbers.max(initial=0))
    for step in range(1, _MOST):
        if highest < 1 << 7 * step:
            break
        widths += numbers >= 1 << 7 * step
    ends = np.cumsum(widths)
    out = np.empty(int(ends[-1]) if len(ends) else 0, np.uint8)
    out[ends - 1] = numbers & 0x7F
    at, left, rest = ends - 1, numbers, widths
    while True:
        (more,) = np.nonzero(rest > 1)
        if not len(more):
            return out, widths
        at, left, rest = at[more] - 1, left[more] >> 7, rest[more] - 1
        out[at] = (left & 0x7F) | 0x80


def decode(data: "memoryview | NDArray[Any]") -> tuple[Numbers, NDArray[np.int64]]:
    """The numbers, and where in `data` the last byte of each stands."""
    found = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(found < 0x80)
    numbers = found[ends].astype(np.int64)
    higher = np.flatnonzero(found >= 0x80)
    # All bytes before one are ends or higher ones, so its place tells whose byte it is.
    whose = higher - np.arange(len(higher))
    shifts = 7 * (ends[whose] - higher)
    np.add.at(numbers, whose, (found[higher].astype(np.int64) & 0x7F) << shifts)
    return numbers, ends
