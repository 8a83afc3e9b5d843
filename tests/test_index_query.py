"""Reading queries: trees, and refusals with their positions."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.query import parse
from index.tree import explain
from records.errors import QueryError

FIELDS = ("tag", "date", "size", "custodian", "has")


def read(query: str) -> str:
    return " | ".join(line.strip() for line in explain(parse(query, FIELDS)).splitlines())


@pytest.mark.parametrize(
    ("query", "tree"),
    [
        ("merger", "word merger"),
        ("a b", "AND | word a | word b"),
        ("a and b Or c", "OR | AND | word a | word b | word c"),
        ("a AND NOT b", "AND | word a | NOT | word b"),
        ("a NOT b", "AND | word a | NOT | word b"),
        ("NOT NOT a", "word a"),
        ("NOT a w/3 b", "NOT | within 3 words | word a | word b"),
        ("(a OR b) c", "AND | OR | word a | word b | word c"),
        ('"natural gas"', "phrase natural gas"),
        ("“natural gas” x", "AND | phrase natural gas | word x"),
        ("kay.mann@firm.com", "phrase kay mann firm com"),
        ("e-mail*", "phrase e mail*"),
        ("a w/5 b", "within 5 words | word a | word b"),
        ("a /5 b", "within 5 words | word a | word b"),
        ("a within 5 b", "within 5 words | word a | word b"),
        ("a PRE/3 b", "before, within 3 words | word a | word b"),
        ("a NOT W/5 b", "the first, without the second within 5 words | word a | word b"),
        ("x a w/5 b y", "AND | word x | within 5 words | word a | word b | word y"),
        ("(a w/2 b) w/5 c", "within 5 words | within 2 words | word a | word b | word c"),
        (
            "(a AND b) w/5 c",
            "AND | within 5 words | word a | word c | within 5 words | word b | word c",
        ),
        (
            "c pre/5 (a OR (b AND d))",
            "OR | before, within 5 words | word c | word a"
            " | AND | before, within 5 words | word c | word b"
            " | before, within 5 words | word c | word d",
        ),
        ("subject:(a OR b)", "in subject | OR | word a | word b"),
        ('FROM:"kay mann"', "in from | phrase kay mann"),
        ("participants:kay", "in participants | word kay"),
        ("tag:privileged", "tag = privileged"),
        ('tag:"hot document"', "tag = hot document"),
        ("tag:(a OR NOT b)", "OR | tag = a | NOT | tag = b"),
        ("date:2001-01-01..2001-12-31", "date 2001-01-01..2001-12-31"),
        ("date:>=2001-05", "date >= 2001-05"),
        ("date:2001..", "date >= 2001"),
        ("date:..2001", "date <= 2001"),
        ("size:>1mb", "size > 1mb"),
        ('"w/5"', "phrase w 5"),
        ("10:30", "phrase 10 30"),
        ("http://x.org", "phrase http x org"),
        ("中国*", "phrase 中 国"),
        ('"within 5"', "phrase within 5"),
        ("a within 5 words of b", "within 5 words | word a | word b"),
        ("a near/5 b", "within 5 words | word a | word b"),
        ("apply~", "words with the stem of apply"),
        ("ba%nana", "words spelt ba, then nana, up to 1 edit"),
        ("b%a%nana", "words spelt b, then anana, up to 2 edits"),
        ("%%banana", "words spelt banana, up to 2 edits"),
        ("banana%", "words spelt banana, then nothing, up to 1 edit"),
        ("banana~2", "words spelt banana, up to 2 edits"),
        ("12~~24", "numbers 12 to 24"),
        ('##"19[0-9]+"', "words that answer the regular expression 19[0-9]+"),
        ('"##19[0-9]+"', "words that answer the regular expression 19[0-9]+"),
        ('"##[0-9]{3} ##[0-9]{2}"', 'phrase ##"[0-9]{3}" ##"[0-9]{2}"'),
        ('"apply~ for b%nana 1~~5 c*"', "phrase apply~ for b%nana 1~~5 c*"),
        ('"5% of 10 % and ~7"', "phrase 5 of 10 and 7"),
        ("É%té", "words spelt é, then té, up to 1 edit"),
        ("e-ma%il", "phrase e ma%il"),
        ("a w/10 xfirstword", "within 10 words | word a | the start"),
        ("XLASTWORD not w/3 a", "the first, without the second within 3 words | the end | word a"),
        ('"xfirstword"', "word xfirstword"),
        ("a && b || c", "OR | AND | word a | word b | word c"),
        ("a | b", "OR | word a | word b"),
        ("a !b", "AND | word a | NOT | word b"),
        ("!(a OR b)", "NOT | OR | word a | word b"),
        ("+a -b", "AND | word a | NOT | word b"),
        ('-a +"b c"', "AND | NOT | word a | phrase b c"),
        ("a –b", "AND | word a | NOT | word b"),
        ("+a NOT b", "AND | word a | NOT | word b"),
        ("date:[2001-01 TO 2001-06]", "date 2001-01..2001-06"),
        ("date:[* TO 2001]", "date <= 2001"),
        ("date:[2001 TO *]", "date >= 2001"),
        ("（a OR b） w/2 c", "within 2 words | OR | word a | word b | word c"),
        ("subject：x", "in subject | word x"),
        ("「天然 gas」", "phrase 天 然 gas"),
        ("a \u200bAND\ufeff b", "AND | word a | word b"),
        ("• gas AND oil", "AND | word gas | word oil"),
        ("Invoice #4411", "AND | word invoice | word 4411"),
    ],
)
def test_trees(query: str, tree: str) -> None:
    assert read(query) == tree


@pytest.mark.parametrize(
    ("query", "column", "says"),
    [
        ("", 1, "ends too early"),
        ("   ", 4, "ends too early"),
        ("merger AND", 11, "ends too early"),
        ("AND merger", 1, "'AND' cannot stand here"),
        ("a OR OR b", 6, "'OR' cannot stand here"),
        ("(a b", 1, "never closed"),
        ("a b)", 4, "never opened"),
        ("a ()", 4, "empty"),
        ('a "b c', 3, "never closed"),
        ('a ""', 3, "no letter or digit"),
        ("AT & T", 4, "no letter or digit"),
        ("w/5 b", 1, "cannot stand here"),
        ("a w/5", 6, "ends too early"),
        ("a w/ b", 3, "without a number"),
        ("a w/x b", 3, "without a number"),
        ("a w/s b", 3, "not marked"),
        ("a /p b", 3, "not marked"),
        ("a p/5 b", 3, "not marked"),
        ("a adj/5 b", 3, "ordered in some"),
        ("a onear/5 b", 3, "no operator"),
        ("a not/5 b", 3, "no operator"),
        ("a NEAR b", 3, "no number of words"),
        ("a ANDANY b", 3, "may be missing"),
        ("a XOR b", 3, "no operator"),
        ("a +s b", 3, "two ways"),
        ("/regex/", 1, "without a number"),
        ("date:[* TO *]", 6, "no end at all"),
        ("date:{2001 TO 2002}", 6, "brackets"),
        ("tag:[a TO b]x", 5, "brackets"),
        ("a but not b", 3, "BUT is no operator"),
        ("a within 5 lines b", 12, "two ways"),
        ("a within 5 words b", 12, "two ways"),
        ("a +5 b", 3, "two ways"),
        ("contract(s)", 9, "without a space"),
        ("(a)b", 4, "without a space"),
        ('"a b"c', 6, "without a space"),
        ("near(a b)", 5, "without a space"),
        ('"natural gas"~5', 14, "counts moves"),
        ('"natural gas"^5', 14, "changes no result"),
        ("gas^5", 1, "changes no result"),
        ("*:*", 1, "no field"),
        ("subject contains gas", 9, "two ways"),
        ("fast&", 1, "no synonyms"),
        ("#smith", 1, "by no sound"),
        ("a\\*", 1, "backslash"),
        ("a w/0 b", 3, "no usable distance"),
        ("a w/99999999999 b", 3, "no usable distance"),
        ("a n/5 b", 3, "no operator"),
        ("a w/5 b w/3 c", 9, "two ways"),
        ("a w/5 b NOT w/3 c", 13, "two ways"),
        ("(a AND b) w/5 (c AND d)", 11, "both sides"),
        ("(a b) w/5 (c d)", 7, "both sides"),
        ("(a AND b) NOT w/5 c", 15, "two ways"),
        ("a w/5 NOT b", 7, "NOT cannot stand"),
        ("a w/5 (b OR NOT c)", 13, "NOT cannot stand"),
        ("a w/5 subject:b", 7, "a field cannot be one side"),
        ("a w/5 tag:b", 11, "no words to be near to"),
        ("re:foo", 1, "no field 're'"),
        ("subject:(from:a)", 10, "inside subject"),
        ("subject: AND a", 10, "lacks its value"),
        ("tag:", 5, "lacks its value"),
        ("date:..", 6, "lacks its value"),
        ("size:>", 6, "lacks its value"),
        ("x * y", 3, "stands alone"),
        ("a-* b", 3, "stands alone"),
        ("~apply", 1, "before a letter"),
        ("appl*~", 1, "one ~"),
        ("apply~3", 1, "no fuzzy word"),
        ("apply~0.8", 1, "no fuzzy word"),
        ("ba%nan*", 1, "% alone"),
        ("50% gas", 3, "behind a number"),
        ("http://x.org/a%20b", 1, "an address"),
        ("a % b", 3, "behind a number"),
        ("b%%%%%%%%%%%anana", 1, "too many edits"),
        ("24~~12", 1, "less than"),
        ("1.5~~2.5", 1, "no range of numbers"),
        ('a ##"x(y"', 7, "never closed"),
        ('a ##"x*+"', 8, "two repeats"),
        ('##"a-b"', 5, "never inside a word"),
        ('##"a b"', 5, "never inside a word"),
        ('##"(?=a)b"', 4, "not supported"),
        ('##"(a)\\1"', 7, "not supported"),
        ('##""', 4, "is empty"),
        ('##"(a{50}){50}"', 4, "too large"),
        ('"gas ##a-b"', 9, "never inside a word"),
        ("##abc", 3, "needs quotation marks"),
        ('tag:##"a"', 8, "takes values"),
        ("xfirstword", 1, "is no word"),
        ("a AND (b OR xlastword)", 13, "is no word"),
        ("+a b", 1, "optional"),
        ("a -b OR c", 3, "beside OR"),
        ("+a OR b", 1, "beside OR"),
        ("a -b w/5 c", 6, "before a proximity"),
        ("subject:[a TO b]", 9, "brackets"),
        ("gas{2}", 1, "brackets"),
        ("'natural gas'", 1, "single quotation marks"),
        ("-draft", 1, "leading -"),
        ("negligen!", 1, "root expander"),
        ("a|b", 1, "| stands inside"),
        ("a&&b", 1, "&& stands inside"),
        ("[a TO b]", 1, "brackets"),
        (">5", 1, "needs a field"),
        ("(" * 200 + "a", 101, "too deep"),
    ],
)
def test_refusals(query: str, column: int, says: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(query, FIELDS)
    first, shown, caret = str(caught.value).split("\n")
    assert f"(column {column}); expected " in first
    assert says in first
    assert shown == f"  {query}"
    assert caret.index("^") == column + 1


def test_the_caret_stands_under_wide_characters() -> None:
    with pytest.raises(QueryError) as caught:
        parse("合同 )", FIELDS)
    assert str(caught.value).split("\n")[2] == "       ^"


def test_an_unknown_field_names_those_there_are() -> None:
    with pytest.raises(QueryError, match="bcc, cc, custodian, date, filename, from, has"):
        parse("sujet:x", FIELDS)


def test_a_long_row_of_words_is_read() -> None:
    tree = parse(" OR ".join(f"w{i}" for i in range(5_000)), FIELDS)
    assert len(explain(tree).splitlines()) == 5_001


def test_stemming_of_the_case_leaves_quotation_marks_alone() -> None:
    tree = parse('apply "apply" c* 12 "apply for"', FIELDS, stemming=True)
    assert [line.strip() for line in explain(tree).splitlines()] == [
        "AND",
        "words with the stem of apply",
        "word apply",
        "wildcard c*",
        "word 12",
        "phrase apply for",
    ]


def test_the_advice_for_two_words_with_slop_says_the_same() -> None:
    with pytest.raises(QueryError, match=r"\(natural pre/6 gas\) OR \(gas pre/4 natural\)"):
        parse('"natural gas"~5', FIELDS)


@pytest.mark.parametrize("opening", ["", "(", '"', '##"', "subject:", "a w/5 ", "-", "a AND NOT "])
@given(rest=st.text(st.sampled_from("ab ()\"“*?=%~#[]{}+-!|&^:/w5.'\\\n•é中\u200b"), max_size=25))
def test_whatever_is_written_is_read_or_refused_with_its_place(opening: str, rest: str) -> None:
    query = opening + rest
    told = ""
    try:
        explain(parse(query, FIELDS))
    except QueryError as error:
        told = str(error)
    if told:
        first, *_, shown, caret = told.split("\n")
        assert re.search(r"\((line \d+, )?column \d+\); expected .", first)
        assert len(caret) <= 2 * len(shown) + 2
