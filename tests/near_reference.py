"""Near-duplicates by their definition, all with all: slow, written apart from process/."""

import re
import unicodedata
from collections.abc import Mapping
from fractions import Fraction

_WORD = re.compile(r"[^\W_]+")


def shingles(text: str) -> frozenset[tuple[str, ...]]:
    """The distinct runs of five words; for alphabets whose letters need no marks."""
    words = _WORD.findall(unicodedata.normalize("NFKC", text).lower())
    return frozenset(zip(*(words[at:] for at in range(5)), strict=False))


def words(text: str) -> int:
    """How many words a text has."""
    return len(_WORD.findall(unicodedata.normalize("NFKC", text).lower()))


def jaccard(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> Fraction:
    """Exact."""
    return Fraction(len(one & other), len(one | other))


def groups(texts: Mapping[str, str], threshold: Fraction) -> dict[str, tuple[str, Fraction]]:
    """For each text, by its key: its principal and how near it is. Texts too short are left out."""
    sets = {key: shingles(text) for key, text in texts.items()}
    order = sorted((key for key in texts if sets[key]), key=lambda key: (-words(texts[key]), key))
    principals: list[str] = []
    found: dict[str, tuple[str, Fraction]] = {}
    for key in order:
        near = [(jaccard(sets[key], sets[each]), -at) for at, each in enumerate(principals)]
        ratio, place = max(near, default=(Fraction(0), 0))
        if ratio >= threshold:
            found[key] = (principals[-place], ratio)
        else:
            found[key] = (key, Fraction(1))
            principals.append(key)
    return found
