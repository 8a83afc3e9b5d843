"""The main language of a text: by its script, by its function words, and then by lingua.

Each step answers only where it is sure, and the cheap ones come first: most scripts are written by
one language; a fifth of an English text are words such as `the` and `of`; only what is left asks
lingua's models of letter sequences, which cost fifty times as much. A text is judged by up to
three pieces: its beginning, its middle and its end. One with too few letters has no language.
"""

import importlib.metadata
import re
import unicodedata
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING

from process.language_tables import ASKED_FOR, BLOCKS, FUNCTION_WORDS, OF_SCRIPT

if TYPE_CHECKING:
    from lingua import LanguageDetector

LINGUA = importlib.metadata.version("lingua-language-detector")

_PIECE = 1000  # characters of each of the three places
_FEWEST = 20  # letters; a character of Han, kana or Hangul counts as three
_DENSE = 3
_ASKED = 600  # characters that lingua is shown: a third each of beginning, middle and end
_SURE = 0.5  # lingua's confidence below which there is no answer

_STARTS = [start for start, _ in BLOCKS]
_DENSE_SCRIPTS = frozenset({"han", "kana", "hangul"})

_MEANT = {
    word: tuple(code for code, words in FUNCTION_WORDS.items() if word in words.split())
    for word in " ".join(FUNCTION_WORDS.values()).split()
}
_WORD = re.compile(r"[^\W\d_]+")
_ODD = re.compile(r"\S*[\d@/\\_<>=|]\S*")  # addresses, numbers, markup: no words of a language
# Function words there must be: at least so many, so large a share of the words, and so many times
# as many as of the next language. Tables and lists have fewer, and then more is asked for.
_ENOUGH = ((5, 0.2, 1.8), (8, 0.1, 3.0))


@dataclass(frozen=True, slots=True)
class Language:
    """ISO 639-1 code of a text's main language, and how sure that is, 0 to 1."""

    code: str | None
    confidence: float


_NONE = Language(None, 0.0)


def language_of(text: str) -> Language:
    """The main language of a text; none for one with too few letters, or that nothing fits."""
    sample = _sample(text, 3 * _PIECE)
    script, share = ("latin", 1.0) if sample.isascii() else _script(sample)
    if script in OF_SCRIPT:
        return Language(OF_SCRIPT[script], share)
    plain = _ODD.sub(" ", unicodedata.normalize("NFC", sample)).lower()
    words = _WORD.findall(plain)
    if sum(map(len, words)) < _FEWEST:
        return _NONE
    if script == "latin" and (sure := _by_function_words(words)) is not None:
        return sure
    return _by_lingua(" ".join(plain.split()))


def _sample(text: str, most: int) -> str:
    """A text of no more than so many characters, else a third of them each of three places."""
    if len(text) <= most:
        return text
    piece = most // 3
    middle = (len(text) - piece) // 2
    return "\n".join((text[:piece], text[middle : middle + piece], text[-piece:]))


def _script(sample: str) -> tuple[str, float]:
    """The script of most letters, and its share; none ("", 0) for too few letters.

    Japanese is told from Chinese by its kana, of which a text has many.
    """
    counts = Counter(
        BLOCKS[bisect_right(_STARTS, ord(char)) - 1][1] for char in sample if char.isalpha()
    )
    del counts[""]
    for dense in _DENSE_SCRIPTS & counts.keys():
        counts[dense] *= _DENSE
    if counts["kana"] * 10 > counts["han"]:
        counts["kana"] += counts.pop("han", 0)
    else:
        counts["han"] += counts.pop("kana", 0)
    total = counts.total()
    if total < _FEWEST:
        return "", 0.0
    script, most = max(counts.items(), key=lambda item: (item[1], item[0]))
    return script, most / total


def _by_function_words(words: list[str]) -> Language | None:
    """One of the languages with a list, where its words are many and those of no other are."""
    hits = Counter(chain.from_iterable(_MEANT[word] for word in words if word in _MEANT))
    (first, most), (_, following) = [*hits.most_common(2), ("", 0), ("", 0)][:2]
    if not any(
        most >= count and most >= share * len(words) and most >= ahead * following
        for count, share, ahead in _ENOUGH
    ):
        return None
    return Language(first, most / (most + following))


def _by_lingua(sample: str) -> Language:
    found = _detector().compute_language_confidence_values(_sample(sample, _ASKED))
    # Lingua adds in any order, which shows in the last digits: a case is to be the same each time.
    sure = round(found[0].value, 6) if found else 0.0
    if sure < _SURE:
        return _NONE
    code = found[0].language.iso_code_639_1.name.lower()
    return Language({"nb": "no", "nn": "no"}.get(code, code), sure)


@cache
def _detector() -> "LanguageDetector":
    """Lingua's detector; its models are loaded as they are needed, about 200 MB in all."""
    from lingua import IsoCode639_1, LanguageDetectorBuilder

    codes = [getattr(IsoCode639_1, code) for code in ASKED_FOR.split()]
    return LanguageDetectorBuilder.from_iso_codes_639_1(*codes).build()
