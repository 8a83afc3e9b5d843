"""How dates, times and names are written in load files; each form by the name it is asked for."""

import datetime as dt
import re
from collections.abc import Callable

# %Y does not pad every year, so days are put together by hand.
DATE_FORMATS: dict[str, Callable[[dt.datetime], str]] = {
    "MM/DD/YYYY": lambda t: f"{t.month:02}/{t.day:02}/{t.year:04}",
    "DD/MM/YYYY": lambda t: f"{t.day:02}/{t.month:02}/{t.year:04}",
    "YYYY/MM/DD": lambda t: f"{t.year:04}/{t.month:02}/{t.day:02}",
    "YYYY-MM-DD": lambda t: f"{t.year:04}-{t.month:02}-{t.day:02}",
    "YYYYMMDD": lambda t: f"{t.year:04}{t.month:02}{t.day:02}",
}
TIME_FORMATS: dict[str, Callable[[dt.datetime], str]] = {
    "HH:MM:SS": lambda t: f"{t.hour:02}:{t.minute:02}:{t.second:02}",
    "HH:MM": lambda t: f"{t.hour:02}:{t.minute:02}",
    "HH:MM:SS AM": lambda t: f"{_twelve(t):02}:{t.minute:02}:{t.second:02} {_half(t)}",
    "HH:MM AM": lambda t: f"{_twelve(t):02}:{t.minute:02} {_half(t)}",
}

_PARTICLES = frozenset(
    {*("van", "von", "der", "den", "de", "del", "della", "di", "da", "dos", "du", "la", "le")}
    | {*("ter", "ten", "zu", "zum", "zur", "al", "bin", "ibn", "st.", "st")}
)
_SUFFIXES = frozenset({"jr", "jr.", "sr", "sr.", "ii", "iii", "iv", "esq", "esq."})
_WORD = re.compile(r"[^\W\d_][\w.'’-]*")


def _twelve(moment: dt.datetime) -> int:
    return moment.hour % 12 or 12


def _half(moment: dt.datetime) -> str:
    return "AM" if moment.hour < 12 else "PM"


def last_first(name: str) -> str:
    """A person's name as `Last, First`; what is no plain name of several words stays as it is.

    So do names in scripts without capitals, of which many begin with the family's.
    `Ludwig van Berg Jr.` becomes `van Berg, Ludwig, Jr.`
    """
    words = name.split()
    plain = all(_WORD.fullmatch(each) and each.upper() != each.lower() for each in words)
    if len(words) < 2 or not plain:
        return name
    tail = words.pop() if words[-1].casefold() in _SUFFIXES and len(words) > 2 else ""
    first = len(words) - 1
    while first > 1 and words[first - 1].casefold() in _PARTICLES:
        first -= 1
    turned = f"{' '.join(words[first:])}, {' '.join(words[:first])}"
    return f"{turned}, {tail}" if tail else turned
