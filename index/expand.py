"""Which words of a lexicon a wildcard, stem, misspelling, range of numbers or regex stands for.

A lexicon is all terms of a field in order, a line each, with an accented word under both its forms.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from index.regex import Automaton
from index.side import SideField
from index.stems import beginning, stem
from index.tree import Family, Fuzzy, Numbers, Regex, Stem, Wildcard

_AFTER = b"\xff"  # behind everything in UTF-8
_DIGITS = (b"0", b":")
_LITERAL = re.compile(r"\^?([a-zA-Z0-9]*)")
# Characters, each so many times: Python's own matching, a hundred times as fast, never goes back.
_FIXED = re.compile(
    r"\^?(?:(?:\[(?:[a-z]-[a-z]|[0-9]-[0-9]|[a-z0-9])+\]|\\d|[a-zA-Z0-9])"
    r"(?:\{[1-9][0-9]{0,2}\})?)+\$?",
    re.ASCII,
)
_ONE = re.compile(r"(?:\[[^\]]+\]|\\d|[a-zA-Z0-9])(?:\{([0-9]+)\})?")
_BEGINS_WITH_DIGIT = re.compile(r"\^?(?:\\d|\[0-9\])(?![*?]|\{0)")


def expand(lexicon: str, leaf: Family) -> list[str]:
    """The terms that a part of a query stands for; raises `index.regex.RegexSizeError`."""
    match leaf:
        case Wildcard(text):
            return pattern(text).findall(lexicon)
        case Stem(text):
            return _of_stem(lexicon, text)
        case Fuzzy():
            return _fuzzy(lexicon, leaf)
        case Numbers(low, high):
            digits = f"^0*[0-9]{{1,{len(str(high))}}}$"  # no more of them are read as numbers
            found = re.findall(digits, lexicon, re.MULTILINE)
            return [each for each in found if low <= int(each) <= high]
        case Regex(text) if _FIXED.fullmatch(text):
            return re.findall(f"^{_translated(text)}$", lexicon, re.MULTILINE)
        case Regex(text):
            return list(automaton(text).answers(_beginning(lexicon, "")))


def ranks(field: SideField, leaf: Family) -> NDArray[np.int64]:
    """The ranks, in one field of a segment, of the terms that a part of a query stands for.

    Raises `index.regex.RegexSizeError`.
    """
    low, high = _stretch(leaf)
    if not low:
        return field.ranks_of(_encoded(expand(field.text, leaf)), 0, field.count)
    first, after = field.bisect(low), field.bisect(high)
    if isinstance(leaf, Wildcard) and leaf.pattern.encode() == low + b"*":
        return np.arange(first, after)
    if isinstance(leaf, Regex) and _FIXED.fullmatch(leaf.pattern):
        answers = re.compile(_translated(leaf.pattern).encode()).fullmatch
        some = field.of_length(_length(leaf.pattern), first, after)
        return some[[answers(field.word(each)) is not None for each in some.tolist()]]
    found = expand(field.words(first, after).decode(), leaf)
    return field.ranks_of(_encoded(found), first, after)


def _translated(expression: str) -> str:
    """An expression of `_FIXED` in Python's own language."""
    return expression.strip("^$").lower().replace("\\d", "[0-9]")


def _length(expression: str) -> int:
    """How many characters answer an expression of `_FIXED`."""
    return sum(int(each.group(1) or 1) for each in _ONE.finditer(expression.strip("^$")))


def _encoded(terms: Sequence[str]) -> list[bytes]:
    return sorted(each.encode() for each in terms)


def _stretch(leaf: Family) -> tuple[bytes, bytes]:
    """Where, in the order of UTF-8, all terms of a family stand: from the first to before the last.

    Empty where nothing is known.
    """
    match leaf:
        case Numbers():
            return _DIGITS
        case Wildcard(text):
            prefix = re.split(r"[*?=]", text, maxsplit=1)[0]
        case Stem(text):
            prefix = beginning(stem(text))
        case Fuzzy(prefix):
            pass
        case Regex(text):
            if _BEGINS_WITH_DIGIT.match(text) and "|" not in text:
                return _DIGITS
            prefix = "" if "|" in text else _literal(text)
    return (prefix.encode(), prefix.encode() + _AFTER) if prefix else (b"", b"")


def _literal(expression: str) -> str:
    """The letters and digits with which a regular expression without alternatives begins."""
    found = _LITERAL.match(expression)
    assert found is not None  # it may be empty
    optional = expression[found.end() : found.end() + 1] in ("*", "?", "{")
    return found.group(1)[: -1 if optional else None].lower()


automaton = lru_cache(64)(Automaton)
"""The automaton of an expression, kept, for its states are worked out as words come by."""


def pattern(wildcard: str) -> "re.Pattern[str]":
    """The regular expression of a wildcard, for lines of a lexicon."""
    signs = {"?": ".", "=": "[0-9]"}
    first, *rest = (
        "".join(signs.get(c) or re.escape(c) for c in piece) for piece in re.split(r"\*+", wildcard)
    )
    # Atomic groups, as in fnmatch: a pattern of many stars must not take exponential time.
    middle = "".join(f"(?>.*?{piece})" for piece in rest[:-1])
    last = f".*{rest[-1]}" if rest else ""
    return re.compile(f"^{first}{middle}{last}$", re.MULTILINE)


def _beginning(lexicon: str, prefix: str) -> list[str]:
    """The terms that begin with a prefix."""
    if not prefix:
        return lexicon.split("\n") if lexicon else []
    return re.findall(rf"^{re.escape(prefix)}.*$", lexicon, re.MULTILINE)


def _of_stem(lexicon: str, word: str) -> list[str]:
    wanted = stem(word)
    return [each for each in _beginning(lexicon, beginning(wanted)) if stem(each) == wanted]


def _fuzzy(lexicon: str, leaf: Fuzzy) -> list[str]:
    skip = len(leaf.prefix)
    shortest, longest = len(leaf.rest) - leaf.edits, len(leaf.rest) + leaf.edits
    terms = [
        each for each in _beginning(lexicon, leaf.prefix) if shortest <= len(each) - skip <= longest
    ]
    found: list[str] = []
    for start in range(0, len(terms), 50_000):
        part = terms[start : start + 50_000]
        distances = edit_distances(leaf.rest, [each[skip:] for each in part])
        found += [part[at] for at in np.flatnonzero(distances <= leaf.edits)]
    return found


def edit_distances(word: str, others: Sequence[str]) -> NDArray[np.int64]:
    """Edits from a word to each of others; two neighbours that are swapped count as one edit.

    This is the optimal string alignment distance: no part of a word is edited twice. All others are
    worked out together, a column of the usual table at a time.
    """
    lengths = np.array([len(each) for each in others], dtype=np.int64)
    width = max(int(lengths.max(initial=0)), 1)
    letters = np.array(others, dtype=f"U{width}").view(np.uint32).reshape(len(others), width)
    # rows[i][:, j]: edits from the first i letters of the word to the first j of each other.
    size = (len(others), width + 1)
    above = before = np.broadcast_to(np.arange(width + 1, dtype=np.int64), size)
    for i, char in enumerate(word, 1):
        row = np.empty(size, dtype=np.int64)
        row[:, 0] = i
        same = (letters == ord(char)).astype(np.int64)
        swapped = letters[:, :-1] == ord(char) if i > 1 else None
        for j in range(1, width + 1):
            best = np.minimum(row[:, j - 1], above[:, j]) + 1
            best = np.minimum(best, above[:, j - 1] + (1 - same[:, j - 1]))
            if swapped is not None and j > 1:
                both = swapped[:, j - 2] & (letters[:, j - 1] == ord(word[i - 2]))
                best = np.where(both, np.minimum(best, before[:, j - 2] + 1), best)
            row[:, j] = best
        above, before = row, above
    found: NDArray[np.int64] = above[np.arange(len(others)), lengths]
    return found
