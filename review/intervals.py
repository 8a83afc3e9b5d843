"""Exact intervals of proportions."""


def clopper_pearson(hits: int, size: int, confidence: float = 0.95) -> tuple[float, float]:
    """The exact (Clopper-Pearson) interval of a proportion: `hits` of `size` drawn.

    From the quantiles of the beta distribution (Clopper and Pearson, Biometrika 26, 1934). Nothing
    drawn says nothing: 0 to 1. Raises `ValueError` for counts or a confidence that cannot be.
    """
    if not 0 <= hits <= size or not 0 < confidence < 1:
        raise ValueError(f"{hits} of {size} with confidence {confidence} is no proportion")
    if not size:
        return 0.0, 1.0
    from scipy import stats  # takes seconds that those who list or draw need not wait

    tail = (1 - confidence) / 2
    low = float(stats.beta.ppf(tail, hits, size - hits + 1)) if hits else 0.0
    high = float(stats.beta.ppf(1 - tail, hits + 1, size - hits)) if hits < size else 1.0
    return low, high
