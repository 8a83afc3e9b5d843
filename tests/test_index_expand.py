"""What wildcards, stems, misspellings, numbers and regular expressions stand for."""

import random
import re
import time
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import regex
from index.expand import edit_distances, expand
from index.regex import Automaton, RegexError, RegexSizeError
from index.stems import beginning, stem
from index.tree import Family, Fuzzy, Numbers, Regex, Stem, Wildcard

LEXICON = ["0012", "12", "13x", "24", "25", "5", "a", "a\u0308b", "aab", "ab", "b", "banana"]
LEXICON += ["bananas", "bandana", "bnanaa", "café", "cafe", "x5"]


@pytest.mark.parametrize(
    ("leaf", "terms"),
    [
        (Wildcard("a*", 1), ["a", "a\u0308b", "aab", "ab"]),
        (Wildcard("*b", 1), ["a\u0308b", "aab", "ab", "b"]),
        (Wildcard("a*b", 1), ["a\u0308b", "aab", "ab"]),
        (Wildcard("a**a*b", 1), ["aab"]),
        (Wildcard("a?b", 1), ["a\u0308b", "aab"]),
        (Wildcard("=*", 1), ["0012", "12", "13x", "24", "25", "5"]),
        (Numbers(12, 24, 1), ["0012", "12", "24"]),
        (Fuzzy("", "banana", 1, 1), ["banana", "bananas", "bandana"]),
        (Fuzzy("b", "anana", 2, 1), ["banana", "bananas", "bandana", "bnanaa"]),
        (Fuzzy("banana", "", 1, 1), ["banana", "bananas"]),
        (Fuzzy("", "abnana", 1, 1), ["banana"]),
        (Fuzzy("", "xxxxxxxxxx", 2, 1), []),
        (Stem("bananas", 1), ["banana", "bananas"]),
        (Regex("ban.*", 1), ["banana", "bananas", "bandana"]),
        (Regex("[0-9]{2}|CAF[EÉ]", 1), ["12", "24", "25", "café", "cafe"]),
        (Regex(r"^\d+\D$", 1), ["13x"]),
        (Regex("a*", 1), ["a"]),
    ],
)
def test_what_stands_for_what(leaf: Family, terms: list[str]) -> None:
    assert expand("\n".join(LEXICON), leaf) == terms
    assert expand("", leaf) == []


def test_a_wildcard_of_many_stars_takes_no_longer() -> None:
    lexicon = "\n".join("a" * 255 for _ in range(100))
    began = time.process_time()
    assert expand(lexicon, Wildcard("*a" * 20 + "*b", 1)) == []
    assert time.process_time() - began < 5


@cache
def edits(one: str, other: str) -> int:
    """The definition, recursively."""
    if not one or not other:
        return len(one) + len(other)
    found = min(
        edits(one[1:], other) + 1,
        edits(one, other[1:]) + 1,
        edits(one[1:], other[1:]) + (one[0] != other[0]),
    )
    if len(one) > 1 and len(other) > 1 and one[0] == other[1] and one[1] == other[0]:
        found = min(found, edits(one[2:], other[2:]) + 1)
    return found


SHORT = st.text("abcé", max_size=6)


@given(SHORT, st.lists(SHORT, max_size=8))
def test_edits_are_those_of_the_definition(word: str, others: list[str]) -> None:
    assert edit_distances(word, others).tolist() == [edits(word, each) for each in others]


def expressions() -> st.SearchStrategy[str]:
    ones = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\d", "c", "[a-c]", "1", "[^1-9b]"])
    repeats = st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{0,}", "{2,}", "{0}"])
    return st.recursive(
        ones,
        lambda inner: st.one_of(
            st.tuples(inner, inner).map("".join),
            st.tuples(inner, inner).map(lambda two: f"({two[0]}|{two[1]})"),
            st.tuples(inner, repeats).map(lambda two: f"(?:{two[0]}){two[1]}"),
        ),
        max_leaves=6,
    )


@given(expressions(), st.sets(st.text("abc1", min_size=1, max_size=6), max_size=30))
def test_a_regular_expression_means_what_it_means_to_python(pattern: str, words: set[str]) -> None:
    try:
        automaton = Automaton(pattern)
    except RegexError:
        assert re.search(r"[{*+]", pattern)  # too large, by repeats within repeats
        return
    found = list(automaton.answers(sorted(words)))
    assert found == [each for each in sorted(words) if re.fullmatch(pattern, each)]


@given(st.text("ab(){}[]|*+?^$\\d-1,:.é", max_size=12))
def test_any_text_is_a_regular_expression_or_refused_at_its_place(pattern: str) -> None:
    refused: RegexError | None = None
    try:
        Automaton(pattern)
    except RegexError as error:
        refused = error
    if refused is not None:
        assert 0 <= refused.at <= len(pattern)
        assert refused.expected


def test_what_makes_others_run_away_is_soon_read() -> None:
    words = sorted("a" * length + "x" for length in range(1, 200))
    began = time.process_time()
    assert list(Automaton("((a+)+)+b").answers(words)) == []
    assert list(Automaton("(a|a|a?)*c").answers(words)) == []
    assert time.process_time() - began < 5


def test_an_expression_that_grows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regex, "MOST_STEPS", 1_000)
    rng = random.Random(1)
    words = sorted("".join(rng.choices("ab", k=40)) for _ in range(500))
    with pytest.raises(RegexSizeError):
        list(Automaton("(a|b)*a.{30}").answers(words))


@pytest.mark.parametrize(
    ("word", "stemmed"),
    [
        *(("apply", "appli"), ("applies", "appli"), ("applying", "appli"), ("possibly", "possibl")),
        *(("possibility", "possibl"), ("dying", "die"), ("skies", "sky"), ("2001", "2001")),
        *(("café", "café"), ("contracts", "contract"), ("organization", "organ"), ("y", "y")),
    ],
)
def test_stems(word: str, stemmed: str) -> None:
    assert stem(word) == stemmed
    assert word.startswith(beginning(stemmed))


ENDS = [
    *(
        "",
        "s",
        "ies",
        "ied",
        "ing",
        "ed",
        "ization",
        "ational",
        "biliti",
        "bility",
        "bly",
        "ousness",
    ),
    *(
        "fulness",
        "iveness",
        "icate",
        "ical",
        "ement",
        "ency",
        "ably",
        "ologi",
        "eedly",
        "y",
        "ying",
    ),
]


@given(st.text("abdeilnosty", min_size=1, max_size=7), st.sampled_from(ENDS))
def test_a_word_begins_with_the_beginning_of_its_stem(start: str, end: str) -> None:
    assert (start + end).startswith(beginning(stem(start + end)))
