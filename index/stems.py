"""Stems of English words: the Snowball algorithm (Porter 2) that comes with Whoosh."""

from functools import lru_cache

from whoosh.lang.snowball.english import EnglishStemmer

_STEMMER = EnglishStemmer()


@lru_cache(1 << 18)
def stem(word: str) -> str:
    """The stem of a word in the form of the index; a word without one is its own stem."""
    found: str = _STEMMER.stem(word)
    return found


def beginning(stemmed: str) -> str:
    """With what every word of a stem begins, so that not a whole lexicon need be stemmed.

    A rule of the algorithm exchanges at most the last two letters of what becomes the stem
    (`-bility` to `-ble`); the few irregular words keep their first letter (`dying`, `die`).
    """
    return stemmed[: max(len(stemmed) - 2, 1)]
