"""Exact intervals for shares that a random sample shows."""

from scipy.stats import beta


def clopper_pearson(hits: int, size: int, confidence: float = 0.95) -> tuple[float, float]:
    """The exact two-sided interval of a share, of which a sample of `size` shows `hits`.

    Clopper and Pearson, Biometrika 26 (1934): the bounds are quantiles of beta distributions. Of
    nothing sampled everything may be true: (0, 1). Raises `ValueError` for what cannot be.
    """
    if not 0 <= hits <= size:
        raise ValueError(f"{hits} of {size}")
    if not 0 < confidence < 1:
        raise ValueError(f"the confidence lies between 0 and 1, not at {confidence}")
    tail = (1 - confidence) / 2
    low = float(beta.ppf(tail, hits, size - hits + 1)) if hits else 0.0
    high = float(beta.ppf(1 - tail, hits + 1, size - hits)) if hits < size else 1.0
    return low, high
