"""Cuts a query into tokens with their columns; habits of other programs are met here."""

import re
import unicodedata
from dataclasses import dataclass

from index.habits import (
    FOREIGN_PROXIMITY,
    FOREIGN_UNIT,
    HALF_PROXIMITY,
    LOUD,
    OPERATORS,
    loud_advice,
    slop_advice,
)
from index.words import visible
from records.errors import QueryError

QUOTES = '"“”„‟«»＂「」『』'
_SPACE = re.compile("[\\s\u200b]+")
_BARE = re.compile(rf"[^\s\u200b()（）{QUOTES}]+")
_FIELD = re.compile(r"([A-Za-z]\w*)[:：]")
_PROXIMITY = re.compile(r"(w|pre|near)?/(\d+)", re.IGNORECASE | re.ASCII)
_BRACKETS = re.compile(r"\[\s*(\S+)\s+TO\s+([^\s\]]+)\s*\](?=[\s)）]|$)")
_SIGNS = {"+": "plus", "-": "minus", "–": "minus", "—": "minus", "−": "minus"}
_WESTLAW = re.compile(r"\+(\d+|[sp])", re.IGNORECASE | re.ASCII)
_THINGS = frozenset({"word", "phrase", "regex", "edge", "range", "close"})
_BEGINS = frozenset({"word", "phrase", "regex", "edge", "range", "open", "field"})


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a query.

    `kind`: word, phrase, regex, edge, field, range, proximity, and, or, not, plus, minus, open,
    close, end. `end` is the offset behind it; `distance` and `ordered` are those of a proximity,
    `upper` the second value of a range.
    """

    kind: str
    text: str
    column: int
    end: int
    distance: int = 0
    ordered: bool = False
    upper: str = ""


class RefusedError(QueryError):
    """A query that is refused at a place: its line and its column there, from 1."""

    def __init__(
        self, message: str, *, line: int, column: int, problem: str, expected: str
    ) -> None:
        super().__init__(message)
        self.line, self.column = line, column
        self.problem, self.expected = problem, expected


def refuse(query: str, column: int, problem: str, expected: str) -> RefusedError:
    """The error that says what is wrong where, and what was expected there."""
    before = query[: column - 1]
    line, start = before.count("\n") + 1, before.rfind("\n") + 1
    where = f"line {line}, column" if "\n" in query.strip() else "column"
    text = query[start:].partition("\n")[0]
    column -= start
    shown = "".join(" " if unicodedata.category(c).startswith("C") else c for c in text)
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in shown[: column - 1])
    return RefusedError(
        f"The query cannot be read: {problem} ({where} {column}); expected {expected}\n"
        f"  {shown}\n  {' ' * (column - 1 + wide)}^",
        line=line,
        column=column,
        problem=problem,
        expected=expected,
    )


def tokens(query: str, start: int = 0, end: int | None = None) -> list[Token]:
    """All tokens of a query, or of a stretch of it, the end included; raises `QueryError`."""
    lexer = _Lexer(query, len(query) if end is None else end)
    found: list[Token] = []
    at = start
    while at < lexer.end:
        if space := _SPACE.match(query, at, lexer.end):
            at = space.end()
            continue
        token = lexer.token(at)
        if found:
            _check_glued(query, found[-1], token, at)
        found.append(token)
        at = token.end
    found.append(Token("end", "", lexer.end + 1, lexer.end))
    return _within(query, found)


def _check_glued(query: str, before: Token, token: Token, at: int) -> None:
    """Things without a space between them are no two words side by side: `contract(s)`."""
    if before.end == at and before.kind in _THINGS and token.kind in _BEGINS:
        raise refuse(
            query,
            at + 1,
            "this stands against what is before it, without a space",
            "a space or an operator; for contract(s) write (contract OR contracts)",
        )


class _Lexer:
    def __init__(self, query: str, end: int) -> None:
        self._query = query
        self.end = end

    def token(self, at: int) -> Token:
        """The token that begins at an offset."""
        query, char, column = self._query, self._query[at], at + 1
        if char in "()（）":
            return Token("open" if char in "(（" else "close", char, column, at + 1)
        if char in QUOTES:
            return self._phrase(at)
        if query.startswith("##", at):
            return self._regex(at)
        if char == "[" and (found := _BRACKETS.match(query, at, self.end)):
            low, high = found.groups()
            return Token("range", low, column, found.end(), upper=high)
        field = _FIELD.match(query, at, self.end)
        if field and not query.startswith("//", field.end()):
            return Token("field", field.group(1).lower(), column, field.end())
        bare = _BARE.match(query, at, self.end)
        assert bare is not None
        return self._bare(bare.group(), column, bare.end())

    def _closing(self, at: int) -> int:
        for end in range(at + 1, self.end):
            if self._query[end] in QUOTES:
                return end
        raise refuse(self._query, at + 1, "this quotation mark is never closed", "a closing one")

    def _phrase(self, at: int) -> Token:
        query, end = self._query, self._closing(at)
        text = query[at + 1 : end]
        after = query[end + 1 : end + 2] if end + 1 < self.end else ""
        if after == "~":
            raise refuse(
                query,
                end + 2,
                "~ behind a phrase counts moves of words",
                slop_advice(query, text, end),
            )
        if after == "^":
            raise refuse(
                query, end + 2, "^ weighs words, which changes no result", "nothing in its place"
            )
        if text.startswith("##") and not re.search(r"\s", text):
            return Token("regex", text[2:], at + 4, end + 1)
        return Token("phrase", text, at + 1, end + 1)

    def _regex(self, at: int) -> Token:
        if self._query[at + 2 : at + 3] not in tuple(QUOTES) or at + 2 >= self.end:
            raise refuse(
                self._query,
                at + 3,
                "a regular expression needs quotation marks",
                'a form such as ##"199[0-9]"',
            )
        end = self._closing(at + 2)
        return Token("regex", self._query[at + 3 : end], at + 4, end + 1)

    def _bare(self, text: str, column: int, end: int) -> Token:
        query, lower = self._query, visible(text).lower()
        if lower in OPERATORS:
            return Token(OPERATORS[lower], text, column, end)
        if lower in ("xfirstword", "xlastword"):
            return Token("edge", lower, column, end)
        if found := _PROXIMITY.fullmatch(lower):
            ordered = found.group(1) == "pre"
            return proximity(query, text, column, end, found.group(2), ordered=ordered)
        if found := FOREIGN_PROXIMITY.fullmatch(lower):
            problem, expected = FOREIGN_UNIT[found.group(1)]
            raise refuse(query, column, problem.format(text), expected)
        if HALF_PROXIMITY.fullmatch(lower):
            raise refuse(
                query,
                column,
                f"{text!r} looks like a proximity operator without a number of words",
                "a form such as w/5 or pre/5 (or quotation marks, to search for the words: "
                '"w/o"; a regular expression is written ##"…")',
            )
        if visible(text) in LOUD or lower in ("andany", "xor"):
            raise refuse(query, column, *loud_advice(text))
        return self._signed(text, column, end)

    def _signed(self, text: str, column: int, end: int) -> Token:
        """A sign that stands right before something, or a word."""
        query = self._query
        follows = len(text) > 1 or (end < self.end and query[end] in f"(（{QUOTES}")
        if text[0] == "!" and follows:
            return Token("not", "!", column, column)
        if text[0] in _SIGNS and follows:
            if _WESTLAW.fullmatch(text):
                raise refuse(
                    query,
                    column,
                    f"{text!r} can be read in two ways",
                    "pre/5, or AND between words",
                )
            return Token(_SIGNS[text[0]], text[0], column, column)
        return Token("word", text, column, end)


def proximity(query: str, text: str, column: int, end: int, number: str, *, ordered: bool) -> Token:
    """A proximity operator; its distance is 1 to 10,000 words."""
    distance = int(number) if len(number) < 6 else 0
    if not 1 <= distance <= 10_000:
        raise refuse(query, column, f"{text!r} has no usable distance", "1 to 10000 words")
    return Token("proximity", text, column, end, distance, ordered)


def _within(query: str, found: list[Token]) -> list[Token]:
    """Read `within 5`, and `within 5 words of`, as one operator; refuse `but not`."""
    joined: list[Token] = []
    at = 0
    while at < len(found):
        token = found[at]
        lower = token.text.lower() if token.kind == "word" else ""
        following = [each.text.lower() for each in found[at + 1 : at + 4] if each.kind == "word"]
        if lower == "within" and following and re.fullmatch(r"\d+", following[0], re.ASCII):
            last = found[at + _length_of_within(query, found, at, following)]
            text = query[token.column - 1 : last.end]
            token = proximity(query, text, token.column, last.end, following[0], ordered=False)
            while found[at] is not last:
                at += 1
        elif lower == "but" and found[at + 1].kind == "not":
            raise refuse(query, token.column, "BUT is no operator here", "AND NOT, or NOT alone")
        joined.append(token)
        at += 1
    return joined


def _length_of_within(query: str, found: list[Token], at: int, following: list[str]) -> int:
    """How many tokens behind `within` belong to it."""
    unit = following[1] if len(following) > 1 and found[at + 2].kind == "word" else ""
    if re.fullmatch(r"words?", unit) and following[2:] == ["of"]:
        return 3
    if re.fullmatch(r"(words?|sentences?|paragraphs?|lines?|pages?)", unit):
        raise refuse(
            query,
            found[at + 2].column,
            f"{found[at + 2].text!r} can be read in two ways here",
            "a form such as within 5, or within 5 words of",
        )
    return 1
