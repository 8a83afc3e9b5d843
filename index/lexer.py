"""Cuts a query into tokens with their columns."""

import re
import unicodedata
from dataclasses import dataclass

from records.errors import QueryError

_QUOTES = '"“”„‟«»＂'
_SPACE = re.compile(r"\s+")
_BARE = re.compile(rf"[^\s(){_QUOTES}]+")
_FIELD = re.compile(r"([A-Za-z]\w*):")
_PROXIMITY = re.compile(r"(w|pre)?/(\d+)", re.IGNORECASE | re.ASCII)
_HALF_PROXIMITY = re.compile(r"(w|pre)?/.*", re.IGNORECASE)
_FOREIGN = re.compile(r"(near|n|adj|onear|before|after|notw|nw|p|s)/(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a query.

    `kind`: word, phrase, field, proximity, and, or, not, open, close, end. `distance` and
    `ordered` are those of a proximity.
    """

    kind: str
    text: str
    column: int
    distance: int = 0
    ordered: bool = False


def refuse(query: str, column: int, problem: str, expected: str) -> QueryError:
    """The error that says what is wrong where, and what was expected there."""
    shown = "".join(" " if unicodedata.category(c).startswith("C") else c for c in query)
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in shown[: column - 1])
    return QueryError(
        f"The query cannot be read: {problem} (column {column}); expected {expected}\n"
        f"  {shown}\n  {' ' * (column - 1 + wide)}^"
    )


def tokens(query: str) -> list[Token]:
    """All tokens of a query, the end included; raises `QueryError`."""
    found: list[Token] = []
    at = 0
    while at < len(query):
        if space := _SPACE.match(query, at):
            at = space.end()
            continue
        token, at = _next(query, at)
        found.append(token)
    found.append(Token("end", "", len(query) + 1))
    return _within(query, found)


def _next(query: str, at: int) -> tuple[Token, int]:
    char, column = query[at], at + 1
    if char in "()":
        return Token("open" if char == "(" else "close", char, column), at + 1
    if char in _QUOTES:
        return _phrase(query, at)
    if (field := _FIELD.match(query, at)) and not query.startswith("//", field.end()):
        return Token("field", field.group(1).lower(), column), field.end()
    bare = _BARE.match(query, at)
    assert bare is not None
    return _bare(query, bare.group(), column), bare.end()


def _phrase(query: str, at: int) -> tuple[Token, int]:
    for end in range(at + 1, len(query)):
        if query[end] in _QUOTES:
            return Token("phrase", query[at + 1 : end], at + 1), end + 1
    raise refuse(query, at + 1, "this quotation mark is never closed", "a closing one")


def _bare(query: str, text: str, column: int) -> Token:
    lower = text.lower()
    if lower in ("and", "or", "not"):
        return Token(lower, text, column)
    if found := _PROXIMITY.fullmatch(text):
        ordered = (found.group(1) or "").lower() == "pre"
        return proximity(query, text, column, found.group(2), ordered=ordered)
    if found := _FOREIGN.fullmatch(text):
        raise refuse(query, column, f"{text!r} is no operator here", "w/N or pre/N")
    if _HALF_PROXIMITY.fullmatch(text):
        raise refuse(
            query,
            column,
            f"{text!r} looks like a proximity operator without a number of words",
            'a form such as w/5 or pre/5 (or quotation marks, to search for the words: "w/o")',
        )
    return Token("word", text, column)


def proximity(query: str, text: str, column: int, number: str, *, ordered: bool) -> Token:
    """A proximity operator; its distance is 1 to 10,000 words."""
    distance = int(number) if len(number) < 6 else 0
    if not 1 <= distance <= 10_000:
        raise refuse(query, column, f"{text!r} has no usable distance", "1 to 10000 words")
    return Token("proximity", text, column, distance, ordered)


def _within(query: str, found: list[Token]) -> list[Token]:
    """Read `within 5` as one operator."""
    joined: list[Token] = []
    rest = iter(range(len(found)))
    for i in rest:
        token = found[i]
        number = found[i + 1] if i + 1 < len(found) else None
        if (
            token.kind == "word"
            and token.text.lower() == "within"
            and number is not None
            and number.kind == "word"
            and re.fullmatch(r"\d+", number.text, re.ASCII)
        ):
            text = f"{token.text} {number.text}"
            token = proximity(query, text, token.column, number.text, ordered=False)
            next(rest)
        joined.append(token)
    return joined
