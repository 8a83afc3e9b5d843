"""Habits of other programs: what means the same here is read, all else is refused with advice.

Tables for the lexer and the parser; what a form means elsewhere is told in docs/search.md.
"""

import re

QUOTED = "quotation marks around it, to search for its words, or another form"

OPERATORS = {"and": "and", "or": "or", "not": "not", "&&": "and", "||": "or", "|": "or"}
"""Words and signs that are operators, in lower case."""

FOREIGN_PROXIMITY = re.compile(
    r"(n|adj|onear|before|after|notw|nw|not|p|s)/\d+|"
    r"(?:w|near|pre)?/(?:s|p|sent|sentence|para|paragraph|seg|line)",
    re.ASCII,
)
HALF_PROXIMITY = re.compile(r"(w|pre|near)?/.*")

_SENTENCE = (
    "{!r}: sentences and paragraphs are not marked in the index",
    "a number of words, as w/15 for a sentence or w/50 for a paragraph",
)
FOREIGN_UNIT: dict[str | None, tuple[str, str]] = {
    None: _SENTENCE,
    "p": _SENTENCE,
    "s": _SENTENCE,
    "n": ("{!r} is no operator here", "w/N or pre/N"),
    "adj": ("{!r} is ordered in some programs and not in others", "w/N or pre/N"),
    "onear": ("{!r} is no operator here", "pre/N"),
    "before": ("{!r} is no operator here", "pre/N"),
    "after": ("{!r} is no operator here", "the words the other way round, as b pre/N a"),
    "notw": ("{!r} is no operator here", "NOT w/N"),
    "nw": ("{!r} is no operator here", "NOT w/N"),
    "not": ("{!r} is no operator here", "NOT w/N"),
}

LOUD = frozenset({"NEAR", "ONEAR", "ADJ", "BUTNOT", "ANDNOT"})
"""Operators elsewhere; only their capitals tell them from words."""


def loud_advice(text: str) -> tuple[str, str]:
    """Why such a word is refused, and what to write."""
    upper = text.upper()
    if upper in ("NEAR", "ADJ", "ONEAR"):
        return f"{text!r} has no number of words", "w/N or pre/N (or small letters, for the word)"
    if upper in ("BUTNOT", "ANDNOT"):
        return f"{text!r} is no operator here", "AND NOT"
    if upper == "ANDANY":
        return f"{text!r} asks for nothing: what is behind it may be missing", "OR, or nothing"
    return f"{text!r} is no operator here", "(a OR b) AND NOT (a AND b)"


def slop_advice(query: str, phrase: str, end: int) -> str:
    """What to write for `"a b"~5`: at two words exactly the same can be said."""
    number = re.match(r"\d{1,4}", query[end + 2 :], re.ASCII)
    parts = phrase.split()
    if number is None or len(parts) != 2 or int(number.group()) < 2:
        return "w/N or pre/N between the words"
    a, b, slop = *parts, int(number.group())
    return f"({a} pre/{slop + 1} {b}) OR ({b} pre/{slop - 1} {a}), which says the same"


FOREIGN_WORDS: tuple[tuple["re.Pattern[str]", str, str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), problem, expected)
    for pattern, problem, expected in (
        (r"\*:\*", "*:* is no field", "docid:>=1, for every document"),
        (r".*\\[*?=%~+!^-].*", "a backslash takes no meaning from a sign here", QUOTED),
        (r"['‘’‚‛].*", "single quotation marks hold no phrase", 'double ones, as in "natural gas"'),
        (r".+!", "! is no root expander here", "a wildcard, as in negligen*"),
        (r".*\|.*", "| stands inside this", "spaces around it, or OR"),
        (r".*&&.*", "&& stands inside this", "spaces around it, or AND"),
        (r"[^\W\d_]+&", "& searches for no synonyms here", "the synonyms, with OR"),
        (r"#+[^\W\d_]\w*", "# searches by no sound here", "% for other spellings, as b%anana"),
        (
            r"[\[{].*|.*[\]}]",
            "brackets are a range here, with both ends included, behind a field",
            "date:[2001-01 TO 2001-06], parentheses, or quotation marks",
        ),
        (r".*\^\d.*", "^ weighs words, which changes no result", "the word without it"),
        (r"[<>].*", "a comparison needs a field", "a form such as date:>=2001-05 or size:>1mb"),
    )
)
