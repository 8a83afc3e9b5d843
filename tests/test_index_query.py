"""Reading queries: trees, and refusals with their positions."""

import pytest

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
        ("a w/s b", 3, "without a number"),
        ("a w/0 b", 3, "no usable distance"),
        ("a w/99999999999 b", 3, "no usable distance"),
        ("a near/5 b", 3, "no operator"),
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
        ("thread:5", 1, "not supported yet"),
        ("subject:(from:a)", 10, "inside subject"),
        ("subject: AND a", 10, "lacks its value"),
        ("tag:", 5, "lacks its value"),
        ("date:..", 6, "lacks its value"),
        ("size:>", 6, "lacks its value"),
        ("x * y", 3, "stands alone"),
        ("a-* b", 3, "stands alone"),
        ("apply~", 1, "stemming"),
        ("ba%nana", 1, "fuzzy"),
        ("12~~24", 1, "numeric ranges"),
        ('##"x.*"', 1, "regular expressions"),
        ("a w/5 xfirstword", 7, "not supported yet"),
        ("'natural gas'", 1, "single quotation marks"),
        ("-draft", 1, "leading -"),
        ("+draft", 1, "leading +"),
        ("negligen!", 1, "root expander"),
        ("a|b", 1, "| is no operator"),
        ("a && b", 3, "&& is no operator"),
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
