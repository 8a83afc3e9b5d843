"""How long a reader may take over one item, by its kind and size: the one table of multipliers."""

from collections.abc import Callable

from records.limits import Limits

_SHARES = {
    **dict.fromkeys(("email", "mhtml", "txt", "csv", "ics", "vcf"), 0.25),
    **dict.fromkeys(("html", "tnef", "msg"), 0.5),
}
"""Shares of the setting `limits.seconds`: these kinds are read in milliseconds, and one that is
not is stuck. A kind that is not named has the whole of it."""

_LARGE_MB = 16
_SECONDS_FOR_MB = 1.0  # added for each MB past that, for a reader that is merely slow
_MOST = 4.0  # times the setting, however large the item is
_LONELY = 2.0  # times as long where a document is read alone, having failed among others


def seconds_for(limits: Limits, size: int, *, lonely: bool = False) -> Callable[[str], float]:
    """Seconds for an item of a kind, asked by the supervisor each time the reader gets on.

    `size` is that of the level-1 document in bytes, which all in it may need.
    """
    more = max(0.0, (size >> 20) - _LARGE_MB) * _SECONDS_FOR_MB
    factor = _LONELY if lonely else 1.0

    def seconds(kind: str) -> float:
        share = _SHARES.get(kind, 1.0) * limits.seconds
        return factor * min(share + more, _MOST * limits.seconds)

    return seconds
