"""Reads a query into its tree, or refuses it with the position and what was expected.

Binding, from the tightest: field, proximity (w/N, pre/N, NOT w/N), NOT, AND (also by mere
adjacency), OR. What two readers could take in two ways is refused: two proximities without
parentheses, AND on both sides of a proximity. AND on one side distributes: `(a AND b) w/5 c` is
`a w/5 c AND b w/5 c`.
"""

import re
from collections.abc import Callable, Sequence

from index import words
from index.lexer import Token, refuse, tokens
from index.schema import TEXT_FIELDS
from index.tree import And, Field, Leaf, Near, Node, Not, NotNear, Or, Phrase, Value, Wildcard, Word
from index.tree import walk as walk_tree
from records.errors import QueryError

_DEPTH = 100
_OPERAND = "a word, a quoted phrase, field:value or a group in parentheses"
_LATER_FIELDS = ("thread", "lang")
_OPERATOR = re.compile(r"(>=|<=|>|<|=)?(.*)", re.DOTALL)
_QUOTED = "quotation marks around it, to search for its words, or another form"

# Forms of the trade's syntax that come later, and forms of other languages that would be read
# as something else: (what it looks like, the problem, what to write).
_FOREIGN: tuple[tuple[re.Pattern[str], str, str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), problem, expected)
    for pattern, problem, expected in (
        (r"##.*", "regular expressions are not supported yet", _QUOTED),
        (r".*~~.*", "numeric ranges are not supported yet", _QUOTED),
        (r".*~\d*", "stemming (~) is not supported yet", "wildcards, as in appl*"),
        (r".*%.*", "fuzzy search (%) is not supported yet", _QUOTED),
        (r"x(first|last)word", "document start and end are not supported yet", _QUOTED),
        (r"['‘’‚‛].*", "single quotation marks hold no phrase", 'double ones, as in "natural gas"'),
        (r"[-!].+", "a leading - or ! is no operator here", "NOT before the word"),
        (r"\+.+", "a leading + is no operator here", "AND between words"),
        (r".+!", "! is no root expander here", "a wildcard, as in negligen*"),
        (r".*\|.*", "| is no operator here", "OR"),
        (r"&&", "&& is no operator here", "AND"),
        (r"[\[{].*|.*[\]}]", "brackets are no operator here", "parentheses, or quotation marks"),
        (r".*\^\d.*", "^ is no operator here", _QUOTED),
        (r"[<>].*", "a comparison needs a field", "a form such as date:>=2001-05 or size:>1mb"),
    )
)


def parse(query: str, value_fields: Sequence[str]) -> Node:
    """Read a query; `value_fields` are those that the database answers. Raises `QueryError`."""
    return _Parser(query, value_fields).parse()


class _Parser:
    def __init__(self, query: str, value_fields: Sequence[str]) -> None:
        self._query = query
        self._tokens = tokens(query)
        self._at = 0
        self._depth = 0
        self._field = ""
        self._values = frozenset(value_fields)
        self._texts = (*TEXT_FIELDS, "participants")

    def parse(self) -> Node:
        node = self._or()
        if self._now.kind != "end":
            raise self._refuse(self._now, "this parenthesis was never opened", "the end")
        return node

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
        parts = [self._and()]
        while self._now.kind == "or":
            self._take()
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else Or(tuple(parts), parts[0].column)

    def _and(self) -> Node:
        parts = [self._not()]
        while self._now.kind not in ("or", "close", "end"):
            if self._now.kind == "and":
                self._take()
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else And(tuple(parts), parts[0].column)

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
            if isinstance(node, Value):
                raise refuse(
                    self._query,
                    node.column,
                    f"{node.field}: has no words to be near to",
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
            case "phrase":
                return self._words(token, token.column + 1)
            case "word":
                self._check_word(token)
                return self._words(token, token.column)
            case "end":
                raise self._refuse(token, "the query ends too early", _OPERAND)
            case "close" if self._tokens[max(self._at - 2, 0)].kind == "open":
                raise self._refuse(token, "these parentheses are empty", _OPERAND)
        raise self._refuse(token, f"{token.text!r} cannot stand here", _OPERAND)

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
        if self._now.kind not in ("word", "phrase", "open"):
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
        if token.text in _LATER_FIELDS:
            raise self._refuse(
                token, f"the field {token.text}: is not supported yet", f"one of {names}"
            )
        raise self._refuse(
            token,
            f"there is no field {token.text!r}",
            f"one of {names} (or quotation marks, to search for the words)",
        )

    def _value(self, token: Token) -> Node:
        operator, value, upper = "=", token.text.strip(), None
        if token.kind == "word":
            found = _OPERATOR.fullmatch(token.text)
            assert found is not None
            operator, value = found.group(1) or "=", found.group(2)
            if not found.group(1) and ".." in value:
                operator, value, upper = _range(value)
        if not value or upper == "":
            raise self._refuse(token, f"{self._field}: lacks its value", "a value after the colon")
        return Value(self._field, operator, value, upper, token.column)

    def _check_word(self, token: Token) -> None:
        for pattern, problem, expected in _FOREIGN:
            if pattern.fullmatch(token.text):
                raise self._refuse(token, problem, expected)

    def _words(self, token: Token, column: int) -> Leaf:
        found = list(words.scan(token.text, words.WILDCARDS))
        parts: list[Word | Wildcard] = []
        for i, each in enumerate(found):
            if any(c.isalnum() for c in each.text):
                parts.append(_leaf(each.text, column + each.start))
            elif not (set(each.text) == {"*"} and _touches(found, i)):
                raise refuse(
                    self._query,
                    column + each.start,
                    f"the wildcard {each.text!r} stands alone",
                    "a letter or digit beside it",
                )
        if not parts:
            raise self._refuse(
                token, f"{token.text!r} holds no letter or digit to search for", _OPERAND
            )
        return parts[0] if len(parts) == 1 else Phrase(tuple(parts), token.column)


def _leaf(text: str, column: int) -> Word | Wildcard:
    return Wildcard(text, column) if set(text) & set(words.WILDCARDS) else Word(text, column)


def _touches(found: Sequence[words.Token], at: int) -> bool:
    """A `*` right beside a character that is a word by itself, as in `中*`: nothing to add."""
    before = at > 0 and found[at - 1].end == found[at].start
    after = at + 1 < len(found) and found[at + 1].start == found[at].end
    return before or after


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
