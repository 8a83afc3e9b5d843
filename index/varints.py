"""Whole numbers in as few bytes as they need, many at once.

Seven bits a byte, the highest first; the last byte of a number is below 128.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

type Numbers = NDArray[np.int64]
_MOST = 9  # bytes: 63 bits
_SHARE = 1 << 16  # bytes that are decoded at once


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


def decode(
    data: "memoryview | NDArray[Any]", kind: type[np.signedinteger[Any]] = np.int64
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """The numbers, as `kind`, which they fit, and where in `data` the last byte of each stands."""
    found = np.frombuffer(data, np.uint8)
    if len(found) <= _SHARE:
        return _decoded(found, kind)
    # In shares that stay in the processor's cache.
    parts, start = [], 0
    while start < len(found):
        end = min(start + _SHARE, len(found))
        while found[end - 1] >= 0x80:
            end -= 1
        numbers, ends = _decoded(found[start:end], kind)
        ends += start
        parts.append((numbers, ends))
        start = end
    return np.concatenate([each for each, _ in parts]), np.concatenate([each for _, each in parts])


def _decoded(
    found: NDArray[np.uint8], kind: type[np.signedinteger[Any]]
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    ends = np.flatnonzero(found < 0x80)
    numbers = found[ends].astype(kind)
    higher = np.flatnonzero(found >= 0x80)
    # All bytes before one are ends or higher ones, so its place tells whose byte it is.
    whose = higher - np.arange(len(higher))
    shifts = (7 * (ends[whose] - higher)).astype(kind)
    np.add.at(numbers, whose, (found[higher] & 0x7F).astype(kind) << shifts)
    return numbers, ends
