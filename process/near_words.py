"""The words and shingles that near-duplicates are told by.

A word is a run of letters and digits, with the marks that belong to them, of the text in NFKC and
lower case; a character of a script that is written without spaces is a word by itself. A shingle
is five words in a row. Two texts are as near as their sets of shingles: the number that both have
by the number that either has (Jaccard).

Shingles are held as 64-bit hashes. Two different ones of a pair of texts with a million shingles
each are taken for one with a probability of about 1e-7; at a thousand each, 1e-13.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from itertools import chain

import numpy as np
from numpy.typing import NDArray

SHINGLE = 5  # words

type Hashes = NDArray[np.uint64]

_SLICE = 1 << 20  # characters looked at in one go
_REACH = 1 << 12  # so far on a space is looked for, to cut there
_CACHED = 200_000  # words
_CACHED_LENGTH = 32

_ASCII = re.compile(r"[a-z0-9]+")
# Han, kana, bopomofo; then Thai, Lao, Tibetan, Burmese, Khmer, marks included.
_SINGLE = (
    "\u2e80-\u2fdf\u3005-\u3007\u3041-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff\u0e01-\u0e3a\u0e40-\u0e4e\u0e50-\u0e59"
    "\u0e80-\u0eff\u0f00-\u109f\u1780-\u17ff"
)
# Marks of the alphabets, and whole blocks of the scripts of India but for the danda.
_MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u0610-\u061a"
    "\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff"
)
_WORD = re.compile(rf"[{_SINGLE}]|(?:[^\W_{_SINGLE}]|[{_MARKS}])+")

_SPACE = re.compile(r"\s")
_MULTIPLIERS = np.array(
    [
        *(0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93, 0xA0761D6478BD642F, 0xE7037ED1A0B428DB),
        *(0x8EBC6AF09C88C6E3, 0x589965CC75374CC3, 0x1D8E4E27C47D124F, 0xEB44ACCAB455D165),
    ],
    dtype=np.uint64,
)


def words_of(text: str) -> Iterator[list[str]]:
    """The words of a text in order, slice by slice, so that memory does not grow with it."""
    start = 0
    while start < len(text):
        end = start + _SLICE
        if end < len(text):
            space = _SPACE.search(text, end, end + _REACH)
            end = space.start() if space else end
        yield _words(text[start:end])
        start = end


def _words(text: str) -> list[str]:
    if text.isascii():
        return _ASCII.findall(text.lower())
    return _WORD.findall(unicodedata.normalize("NFKC", text).lower())


class _WordHashes(dict[str, int]):
    """The hashes of words, most of which come again and again."""

    def __missing__(self, word: str) -> int:
        digest = hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        found = int.from_bytes(digest, "little")
        if len(word) <= _CACHED_LENGTH:
            if len(self) >= _CACHED:
                self.clear()
            self[word] = found
        return found


_hashes = _WordHashes()


def word_hashes(text: str) -> Hashes:
    """A 64-bit hash of each word of a text, in order."""
    parts = [
        np.fromiter(map(_hashes.__getitem__, words), np.uint64, len(words))
        for words in words_of(text)
    ]
    return np.concatenate(parts) if parts else np.empty(0, np.uint64)


def shingles(words: Hashes) -> Hashes:
    """The distinct shingles of a text by the hashes of its words, sorted; none below five words."""
    count = len(words) - SHINGLE + 1
    if count < 1:
        return np.empty(0, np.uint64)
    found: Hashes = np.unique(combined([words[at : at + count] for at in range(SHINGLE)]))
    return found


def combined(columns: list[Hashes]) -> Hashes:
    """One hash for each row of up to eight columns of hashes; their order tells."""
    total = columns[0] * _MULTIPLIERS[0]
    for column, multiplier in zip(columns[1:], _MULTIPLIERS[1:], strict=False):
        total += column * multiplier
    return _mixed(total)


def _mixed(values: Hashes) -> Hashes:
    """Spread what differs over all bits: the finaliser of splitmix64. Changes `values`."""
    values ^= values >> np.uint64(30)
    values *= np.uint64(0xBF58476D1CE4E5B9)
    values ^= values >> np.uint64(27)
    values *= np.uint64(0x94D049BB133111EB)
    values ^= values >> np.uint64(31)
    return values


def common(one: Hashes, other: Hashes) -> int:
    """How many shingles two sorted sets have in common."""
    both = np.concatenate((one, other))
    both.sort(kind="stable")  # two sorted runs are merged
    return int(np.count_nonzero(both[1:] == both[:-1]))


def jaccard(one: Hashes, other: Hashes) -> tuple[int, int]:
    """What two sets of shingles have in common, and what either has: the parts of the ratio."""
    shared = common(one, other)
    return shared, len(one) + len(other) - shared


def shingle_words(text: str) -> set[tuple[str, ...]]:
    """The shingles as words, for whoever wants to see them; slow."""
    words = list(chain.from_iterable(words_of(text)))
    return {tuple(words[at : at + SHINGLE]) for at in range(len(words) - SHINGLE + 1)}
