"""The one definition of a word."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import words
from index.words import MAX_LENGTH, cut, folded, forms, pattern_words, scan, stretches

# Every kind of character that has a rule, and a lone surrogate, and NUL.
KINDS = "aZß9éЖёπςİıſﬁ中あガｶﾞ한ㅎก่ึकि²™½㎏Ⅷª_-.@'’ \n\t\x00\u00ad\u200d\u200b\u0301\ufeff\ud800ﷺ"
ANY_TEXT = st.text(st.one_of(st.sampled_from(KINDS), st.characters()), max_size=60)


def texts(text: str) -> list[str]:
    return [token.text for token in scan(text)]


def postings(text: str) -> dict[str, list[int]]:
    """The places of each term, as `forms` gives them."""
    found, again = forms(text)
    table: dict[str, list[int]] = {}
    place = -1
    for at, form in enumerate(found):
        place += at not in set(again)
        table.setdefault(cut(form).decode(), []).append(place)
    return table


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("closed.Next disk_usage", ["closed", "next", "disk", "usage"]),
        ("Kay.Mann@firm.com", ["kay", "mann", "firm", "com"]),
        ("don't — $1,250.75", ["don", "t", "1", "250", "75"]),
        ("STRASSE Straße", ["strasse", "strasse"]),
        ("con\u00adtract zero\u200bwidth", ["contract", "zero", "width"]),
        ("price² Enron™ 1½", ["price", "2", "enron", "tm", "1", "1", "2"]),
        ("ﬁle ＦＵＬＬ", ["file", "full"]),
        ("王小明ab", ["王", "小", "明", "ab"]),
        ("ガス ｶﾞｽ", ["ガ", "ス", "ガ", "ス"]),
        ("한국어 계약", ["한국어", "계약"]),
        ("Мёд ΣΟΦΟΣ", ["мёд", "σοφοσ"]),
        ("\ud800a\x00b", ["a", "b"]),
        ("ﷺ", ["صلى", "الله", "عليه", "وسلم"]),
        ("", []),
    ],
)
def test_splitting(text: str, expected: list[str]) -> None:
    assert texts(text) == expected


WESTERN = "".join(bytes([each]).decode("cp1252", "ignore") for each in range(256))


@given(st.one_of(st.text(st.sampled_from(WESTERN)), ANY_TEXT))
def test_folded_words_are_those_of_the_scan(text: str) -> None:
    assert folded(text) == [token.folded or token.text for token in scan(text)]


def test_every_two_western_characters_fold_as_in_the_scan() -> None:
    every = "\n".join(f"x{one}{other}y {one}{other}" for one in WESTERN for other in WESTERN)
    assert folded(every) == [token.folded or token.text for token in scan(every)]
    for sign in WESTERN:
        text = f"Ab{sign}cD{sign} {sign * 300}"
        assert folded(text) == [token.folded or token.text for token in scan(text)]


def test_decomposed_text_is_the_same_words() -> None:
    assert texts("cafe\u0301") == texts("café") == ["café"]
    assert texts("\u1112\u1161\u11ab") == ["한"]


def test_accents_stand_at_the_same_position_as_the_plain_word() -> None:
    assert postings("un café noir") == {"un": [0], "café": [1], "cafe": [1], "noir": [2]}


def test_voiced_kana_are_no_accents() -> None:
    assert set(postings("がか")) == {"が", "か"}
    assert postings("がか")["か"] == [1]


def test_offsets_lead_back_to_the_original() -> None:
    text = "Der «Größen­wahn» kostet 5²\nun caf\u0065\u0301!"
    shown = [text[token.start : token.end] for token in scan(text)]
    assert shown == ["Der", "Größen­wahn", "kostet", "5", "²", "un", "cafe\u0301"]


@pytest.mark.parametrize("letter", ["x", "é", "ß"])
def test_long_words_are_cut_alike_in_text_and_query(letter: str) -> None:
    long = letter * 70_000
    (token,) = scan(long)
    assert len(token.text) == MAX_LENGTH
    assert pattern_words(long) == [token.text]
    assert token.text in postings(f"a {long} b")
    assert postings(f"a {long} b")["b"] == [2]


def test_wildcards_stay_in_a_pattern() -> None:
    assert pattern_words("Contra*.b?d 555=") == ["contra*", "b?d", "555="]
    assert pattern_words("É*t") == ["é*t"]


@given(ANY_TEXT)
def test_the_index_holds_what_scanning_gives(text: str) -> None:
    expected: dict[str, list[int]] = {}
    for position, token in enumerate(scan(text)):
        for term in {token.text, token.folded} - {""}:
            expected.setdefault(term, []).append(position)
    assert postings(text) == expected


@given(ANY_TEXT, st.integers(1, 30))
def test_a_text_in_stretches_is_the_same_words(text: str, size: int) -> None:
    parts = list(stretches(text, size))
    assert "".join(parts) == text
    assert all(len(part) <= size or " " not in part[size:] for part in parts)
    assert [form for part in parts for form in forms(part)[0]] == forms(text)[0]


def test_long_words_are_remembered_alike() -> None:
    for text in ("é" * 63 + "x", "é" * 64 + "x", "é" * 65 + "x"):
        assert list(postings(f"a {text} {text}")) == ["a", text, "e" * (len(text) - 1) + "x"]


@given(ANY_TEXT, st.data())
def test_a_stretch_of_a_text_is_the_same_words_in_a_query(text: str, data: st.DataObject) -> None:
    tokens = list(scan(text))
    if not tokens:
        return
    first = data.draw(st.integers(0, len(tokens) - 1))
    last = data.draw(st.integers(first, len(tokens) - 1))
    start, end = tokens[first].start, tokens[last].end
    inside = [t.text for t in tokens if start <= t.start and t.end <= end]
    assert texts(text[start:end]) == inside


@given(st.text("abcXYZ089éÉüßжЖώ_-. ,@\n", max_size=80))
def test_plain_scripts_follow_the_rule_as_written(text: str) -> None:
    assert texts(text) == re.findall(r"[^\W_]+", words.normal(text))
