"""Reads a query into its tree, or refuses it with the position and what was expected.

Binding, from the tightest: field, proximity (w/N, pre/N, NOT w/N), NOT, AND (also by mere
adjacency), OR. What two readers could take in two ways is refused: two proximities without
parentheses, AND on both sides of a proximity. AND on one side distributes: `(a AND b) w/5 c` is
`a w/5 c AND b w/5 c`.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from index.interface import SavedQueries
from index.leaves import OPERAND, LeafReader
from index.lexer import RefusedError, Token, refuse, tokens
from index.lists import Term, terms
from index.schema import TEXT_FIELDS
from index.tree import And, Edge, Field, Inner, Near, Node, Not, NotNear, Or, Value, children
from index.tree import walk as walk_tree
from records.errors import QueryError

_DEPTH = 100
_OPERATOR = re.compile(r"(>=|<=|>|<|=)?(.*)", re.DOTALL)
_SIGNED = ("plus", "minus")
_SAVED = "saved"
_MOST_SAVED = 1000  # saved searches in one query, those within others counted each time


@dataclass(frozen=True, slots=True)
class Language:
    """What a case lets a query say.

    `value_fields` are those that the database answers; `saved` the searches that `saved:` names.
    With `stemming` plain words outside quotation marks stand for all words of their stem.
    """

    value_fields: Sequence[str]
    saved: SavedQueries | None = None
    stemming: bool = False


def parse(
    query: str,
    value_fields: Sequence[str],
    *,
    saved: SavedQueries | None = None,
    stemming: bool = False,
    as_list: bool = False,
) -> Node:
    """Read a query, or a list of terms of which any will do; raises `QueryError`.

    See `Language` for what it may say; with `as_list` each line is a term.
    """
    return _read(query, as_list, _Reading(Language(value_fields, saved, stemming)))


def parse_term(query: str, term: Term, language: Language) -> Node:
    """Read one term of a list; raises `QueryError` with its place in the whole."""
    return _Parser(query, term, _Reading(language)).parse()


@dataclass(frozen=True, slots=True)
class _Reading:
    """What reading is at: the language, the saved searches around, and how many were opened."""

    language: Language
    around: tuple[str, ...] = ()
    opened: list[str] = field(default_factory=list)


def _read(query: str, as_list: bool, reading: _Reading) -> Node:
    parts = [_Parser(query, term, reading).parse() for term in terms(query, as_list=as_list)]
    if not parts:
        raise refuse(query, 1, "the list is empty", "a term on each line")
    return parts[0] if len(parts) == 1 else Or(tuple(parts), parts[0].column)


class _Parser:
    def __init__(self, query: str, term: Term, reading: _Reading) -> None:
        self._query = query
        self._reading = reading
        self._tokens = tokens(query, term.start, term.end)
        self._leaves = LeafReader(query, reading.language.stemming)
        self._at = 0
        self._depth = 0
        self._field = ""
        named = () if reading.language.saved is None else (_SAVED,)
        self._values = frozenset((*reading.language.value_fields, *named))
        self._texts = (*TEXT_FIELDS, "participants")

    def parse(self) -> Node:
        node = self._or()
        if self._now.kind != "end":
            raise self._refuse(self._now, "this parenthesis was never opened", "the end")
        self._check_edges(node)
        return node

    def _check_edges(self, node: Node) -> None:
        if isinstance(node, Edge):
            raise refuse(
                self._query,
                node.column,
                "the start or end of a document is no word",
                "a proximity, as in a w/10 xfirstword",
            )
        if not isinstance(node, Near | NotNear):
            for each in children(node):
                self._check_edges(each)

    @property
    def _now(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _refuse(self, token: Token, problem: str, expected: str) -> QueryError:
        return refuse(self._query, token.column, problem, expected)

    def _or(self) -> Node:
        begins = [self._at]
        parts = [self._and()]
        while self._now.kind == "or":
            self._take()
            begins.append(self._at)
            parts.append(self._and())
        if len(parts) == 1:
            return parts[0]
        self._check_unsigned(begins)
        return Or(tuple(parts), parts[0].column)

    def _check_unsigned(self, begins: Sequence[int]) -> None:
        """Refuse signs beside OR: elsewhere they reach over it."""
        depth = 0
        for token in self._tokens[begins[0] : self._at]:
            depth += (token.kind == "open") - (token.kind == "close")
            if token.kind in _SIGNED and not depth:
                raise self._refuse(
                    token,
                    f"{token.text} beside OR can be read in two ways",
                    "AND, NOT and parentheses",
                )

    def _and(self) -> Node:
        signs: list[Token] = []
        parts = [self._part(signs)]
        while self._now.kind not in ("or", "close", "end"):
            if self._now.kind == "and":
                self._take()
            parts.append(self._part(signs))
        self._check_signs(signs)
        return parts[0] if len(parts) == 1 else And(tuple(parts), parts[0].column)

    def _part(self, signs: list[Token]) -> Node:
        """One of the things side by side, with the sign before it."""
        token = self._now
        signs.append(token)
        if token.kind not in _SIGNED:
            return self._not()
        self._take()
        node = self._primary()
        if (found := self._operator()) is not None:
            raise self._refuse(
                found[0],
                f"{token.text} before a proximity can be read in two ways",
                "NOT and parentheses, as in NOT (a w/5 b)",
            )
        return node if token.kind == "plus" else Not(node, token.column)

    def _check_signs(self, signs: Sequence[Token]) -> None:
        plus = next((each for each in signs if each.kind == "plus"), None)
        bare = next((each for each in signs if each.kind not in (*_SIGNED, "not")), None)
        if plus is not None and bare is not None:
            raise self._refuse(
                plus,
                "a leading + makes what has none optional in other programs",
                "AND between words, or + before each",
            )
        if plus is None and signs[0].kind == "minus":
            raise self._refuse(
                signs[0], "a leading - begins the query", "NOT before the word, or no hyphen"
            )

    def _not(self) -> Node:
        marks: list[Token] = []
        while self._now.kind == "not":
            marks.append(self._take())
        node = self._near()
        # Two NOTs undo each other; a loop, so that a long row of them needs no depth.
        return Not(node, marks[-1].column) if len(marks) % 2 else node

    def _near(self) -> Node:
        left = self._primary()
        found = self._operator()
        if found is None:
            return left
        token, negated = found
        self._at += 2 if negated else 1
        if self._now.kind == "not":
            raise self._refuse(self._now, f"NOT cannot stand after {token.text!r}", "a NOT w/5 b")
        right = self._primary()
        if (again := self._operator()) is not None:
            raise self._refuse(
                again[0],
                "two proximity operators in a row can be read in two ways",
                "parentheses, as in (a w/5 b) w/3 c",
            )
        return self._joined(left, right, token, negated)

    def _operator(self) -> tuple[Token, bool] | None:
        """The proximity operator that stands here, and whether a NOT is before it."""
        if self._now.kind == "proximity":
            return self._now, False
        if self._now.kind == "not" and self._tokens[self._at + 1].kind == "proximity":
            return self._tokens[self._at + 1], True
        return None

    def _joined(self, left: Node, right: Node, token: Token, negated: bool) -> Node:
        for side in (left, right):
            self._check_operand(side, token)
        both = [any(isinstance(n, And) for n in walk_tree(side)) for side in (left, right)]
        if negated and any(both):
            raise self._refuse(
                token, "AND beside NOT w/N can be read in two ways", "a single thing on each side"
            )
        if all(both):
            raise self._refuse(
                token,
                f"AND on both sides of {token.text!r} can be read in two ways",
                "AND on one side at most",
            )
        kind = NotNear if negated else Near
        return _distribute(
            left,
            lambda one: _distribute(
                right,
                lambda two: kind(one, two, token.distance, token.ordered, left.column),
            ),
        )

    def _check_operand(self, side: Node, token: Token) -> None:
        for node in walk_tree(side):
            if isinstance(node, Not):
                raise refuse(
                    self._query,
                    node.column,
                    f"NOT cannot stand inside {token.text!r}",
                    "a NOT w/5 b for an a with no b nearby",
                )
            if isinstance(node, Field):
                raise refuse(
                    self._query,
                    node.column,
                    f"a field cannot be one side of {token.text!r}",
                    f"the field around it all, as in {node.name}:(a w/5 b)",
                )
            if isinstance(node, Value | Inner):
                name = _SAVED if isinstance(node, Inner) else node.field
                raise refuse(
                    self._query,
                    node.column,
                    f"{name}: has no words to be near to",
                    f"AND instead of {token.text!r}",
                )

    def _primary(self) -> Node:
        token = self._take()
        match token.kind:
            case "open":
                return self._group(token)
            case "field":
                return self._fielded(token)
            case "phrase" | "word" if self._field in self._values:
                return self._value(token)
            case "range":
                return self._between(token)
            case "edge" | "regex" if self._field in self._values:
                raise self._refuse(
                    token, f"{self._field}: takes values, not words", "a value after the colon"
                )
            case "edge":
                return Edge(token.text == "xlastword", token.column)
            case "regex":
                return self._leaves.regex(token)
            case "phrase":
                return self._leaves.phrase(token)
            case "word":
                self._check_contains(token)
                return self._leaves.word(token)
            case "end":
                raise self._refuse(token, "the query ends too early", OPERAND)
            case "close" if self._tokens[max(self._at - 2, 0)].kind == "open":
                raise self._refuse(token, "these parentheses are empty", OPERAND)
        raise self._refuse(token, f"{token.text!r} cannot stand here", OPERAND)

    def _check_contains(self, token: Token) -> None:
        """Refuse dtSearch's `subject contains x`, which could be three words as well."""
        name = token.text.lower()
        if (
            (name in self._values or name in self._texts)
            and self._now.kind == "word"
            and self._now.text.lower() == "contains"
        ):
            raise self._refuse(
                self._now,
                "'contains' behind the name of a field can be read in two ways",
                f"{name}:(…) for the field, or quotation marks for the words",
            )

    def _group(self, token: Token) -> Node:
        self._depth += 1
        if self._depth > _DEPTH:
            raise self._refuse(token, "parentheses nest too deep", f"at most {_DEPTH} levels")
        node = self._or()
        if self._now.kind != "close":
            raise self._refuse(token, "this parenthesis is never closed", "a closing one")
        self._take()
        self._depth -= 1
        return node

    def _fielded(self, token: Token) -> Node:
        self._check_field(token)
        if self._now.kind not in ("word", "phrase", "open", "regex", "range", "edge"):
            raise self._refuse(
                self._now, f"{token.text}: lacks its value", "a word, a phrase or a group"
            )
        self._field = token.text
        node = self._primary()
        self._field = ""
        return node if token.text in self._values else Field(token.text, node, token.column)

    def _check_field(self, token: Token) -> None:
        if self._field:
            raise self._refuse(
                token, f"{token.text}: stands inside {self._field}:", "one field at a time"
            )
        if token.text in self._values or token.text in self._texts:
            return
        names = ", ".join(sorted({*self._texts, *self._values}))
        raise self._refuse(
            token,
            f"there is no field {token.text!r}",
            f"one of {names} (or quotation marks, to search for the words)",
        )

    def _between(self, token: Token) -> Node:
        """Lucene's `date:[x TO y]`, with both ends included."""
        if self._field not in self._values - {_SAVED}:
            raise self._refuse(
                token,
                "brackets are a range of values, and stand behind a field that has them",
                "date:[2001-01 TO 2001-06], 12~~24 for numbers, or quotation marks",
            )
        low, high = token.text.strip('"'), token.upper.strip('"')
        if low == high == "*":
            raise self._refuse(token, "this range has no end at all", "at least one value")
        if low == "*":
            return Value(self._field, "<=", high, None, token.column)
        if high == "*":
            return Value(self._field, ">=", low, None, token.column)
        return Value(self._field, "range", low, high, token.column)

    def _value(self, token: Token) -> Node:
        operator, value, upper = "=", token.text.strip(), None
        if token.kind == "word" and (value[0] in "[{" or value[-1] in "]}"):
            raise self._refuse(
                token,
                "brackets are a range with both ends",
                "a form such as date:[2001-01 TO 2001-06], or quotation marks",
            )
        if token.kind == "word":
            found = _OPERATOR.fullmatch(token.text)
            assert found is not None
            operator, value = found.group(1) or "=", found.group(2)
            if not found.group(1) and ".." in value:
                operator, value, upper = _range(value)
        if not value or upper == "":
            raise self._refuse(token, f"{self._field}: lacks its value", "a value after the colon")
        if self._field == _SAVED:
            if operator != "=":
                raise self._refuse(
                    token, "saved: has no order", "the name of a saved search, in quotation marks"
                )
            return self._saved(token, value)
        return Value(self._field, operator, value, upper, token.column)

    def _saved(self, token: Token, name: str) -> Inner:
        """A saved search in the place of its name."""
        reading = self._reading
        saved, around, opened = reading.language.saved, reading.around, reading.opened
        assert saved is not None
        try:
            found = saved.find(name)
        except ValueError as error:
            raise self._refuse(
                token, f"saved: cannot take {name!r}: {error}", "the name of a saved search"
            ) from error
        if found.name in around:
            way = " > ".join(f"'{each}'" for each in (*around, found.name))
            raise self._refuse(token, f"this saved search is within itself: {way}", "another one")
        opened.append(found.name)
        if len(opened) > _MOST_SAVED:
            raise self._refuse(
                token,
                "saved searches name one another too often",
                f"at most {_MOST_SAVED:,} of them in all",
            )
        within = _Reading(reading.language, (*around, found.name), opened)
        try:
            part = _read(found.query, found.as_list, within)
        except RefusedError as error:
            raise self._refuse(
                token,
                f"the saved search '{found.name}' cannot be read: {error.problem}",
                f"one that can be: 'redwell saved show \"{found.name}\"' has its words",
            ) from error
        return Inner(f"saved search {found.name}", found.query, part, token.column)


def _range(text: str) -> tuple[str, str, str | None]:
    lower, _, upper = text.partition("..")
    if lower and upper:
        return "range", lower, upper
    return (">=", lower, None) if lower else ("<=", upper, None)


def _distribute(node: Node, make: Callable[[Node], Node]) -> Node:
    """Apply `make` below every AND, so that no AND is left inside a proximity."""
    if isinstance(node, And):
        return And(tuple(_distribute(each, make) for each in node.parts), node.column)
    if isinstance(node, Or) and any(isinstance(each, And) for each in walk_tree(node)):
        return Or(tuple(_distribute(each, make) for each in node.parts), node.column)
    return make(node)
