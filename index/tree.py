"""The tree of a query; `column` is where the node begins in the query, from 1."""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Word:
    """One word in the form of the index."""

    text: str
    column: int


@dataclass(frozen=True, slots=True)
class Wildcard:
    """A word with `*` (any characters), `?` (one character) or `=` (one digit)."""

    pattern: str
    column: int


@dataclass(frozen=True, slots=True)
class Stem:
    """All words that have the stem of `text`, as `apply~` or a plain word in a case that stems."""

    text: str
    column: int


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """Words that begin with `prefix`, and whose remainder is at most `edits` edits from `rest`.

    An edit puts in, leaves out or exchanges one character, or swaps two neighbours.
    """

    prefix: str
    rest: str
    edits: int
    column: int


@dataclass(frozen=True, slots=True)
class Numbers:
    """Words that are whole numbers from `low` to `high`, both included."""

    low: int
    high: int
    column: int


@dataclass(frozen=True, slots=True)
class Regex:
    """Words that a regular expression answers whole; see `index.regex`."""

    pattern: str
    column: int


@dataclass(frozen=True, slots=True)
class Edge:
    """The place before the first word of a field, or behind its last one (`last`)."""

    last: bool
    column: int


Family = Wildcard | Stem | Fuzzy | Numbers | Regex
"""What stands for one word of several."""

Single = Word | Family
"""What stands for one word."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words one after the other."""

    parts: "tuple[Single, ...]"
    column: int


@dataclass(frozen=True, slots=True)
class And:
    """All of the parts."""

    parts: "tuple[Node, ...]"
    column: int


@dataclass(frozen=True, slots=True)
class Or:
    """Any of the parts."""

    parts: "tuple[Node, ...]"
    column: int


@dataclass(frozen=True, slots=True)
class Not:
    """Everything else."""

    part: "Node"
    column: int


@dataclass(frozen=True, slots=True)
class Near:
    """`left` within `distance` words of `right`; `ordered`: and before it."""

    left: "Node"
    right: "Node"
    distance: int
    ordered: bool
    column: int


@dataclass(frozen=True, slots=True)
class NotNear:
    """An occurrence of `left` without any `right` within `distance` words (after it: `ordered`)."""

    left: "Node"
    right: "Node"
    distance: int
    ordered: bool
    column: int


@dataclass(frozen=True, slots=True)
class Field:
    """`part`, looked for in the text field `name`."""

    name: str
    part: "Node"
    column: int


@dataclass(frozen=True, slots=True)
class Value:
    """A field that the database answers."""

    field: str
    operator: str
    value: str
    upper: str | None
    column: int


@dataclass(frozen=True, slots=True)
class Inner:
    """Another query as a part of this one, as if it stood here in parentheses.

    A saved search, or what a search is kept within. The columns below `part` are those of `query`.
    """

    name: str
    query: str
    part: "Node"
    column: int


Leaf = Single | Phrase
Node = Leaf | Edge | And | Or | Not | Near | NotNear | Field | Value | Inner


def children(node: Node) -> "tuple[Node, ...]":
    """The nodes right below."""
    match node:
        case And(parts) | Or(parts):
            return parts
        case Not(part) | Field(_, part) | Inner(_, _, part):
            return (part,)
        case Near(left, right) | NotNear(left, right):
            return (left, right)
    return ()


def walk(node: Node) -> Iterator[Node]:
    """The node and all below."""
    yield node
    for child in children(node):
        yield from walk(child)


def meaning(node: Node) -> Hashable:
    """What a node says, wherever it stands: equal for nodes that are the same but for their place.

    An inner query means what stands in it.
    """
    if isinstance(node, Inner):
        return meaning(node.part)
    said = (getattr(node, each.name) for each in fields(node) if each.name != "column")
    return type(node).__name__, *(_meant(each) for each in said)


def _meant(value: object) -> Hashable:
    if isinstance(value, tuple):
        return tuple(_meant(each) for each in value)
    return meaning(value) if isinstance(value, Node) else value


def explain(node: Node, depth: int = 0) -> str:
    """The tree as indented lines, for people."""
    lines = ["  " * depth + _describe(node)]
    lines += [explain(child, depth + 1) for child in children(node)]
    return "\n".join(lines)


def written(leaf: Single) -> str:
    """One word of a query as a person writes it."""
    match leaf:
        case Word(text):
            return text
        case Wildcard(pattern):
            return pattern
        case Stem(text):
            return f"{text}~"
        case Fuzzy(prefix, rest, edits):
            return f"{prefix}{'%' * edits}{rest}"
        case Numbers(low, high):
            return f"{low}~~{high}"
        case Regex(pattern):
            return f'##"{pattern}"'


def _describe(node: Node) -> str:
    match node:
        case Word(text):
            return f"word {text}"
        case Wildcard(pattern):
            return f"wildcard {pattern}"
        case Stem(text):
            return f"words with the stem of {text}"
        case Fuzzy(prefix, rest, edits):
            begins = f"{prefix}, then " if prefix else ""
            spelt = f"{begins}{rest or 'nothing'}"
            return f"words spelt {spelt}, up to {edits} edit{'s' * (edits > 1)}"
        case Numbers(low, high):
            return f"numbers {low} to {high}"
        case Regex(pattern):
            return f"words that answer the regular expression {pattern}"
        case Edge(last):
            return "the end" if last else "the start"
        case Phrase(parts):
            return "phrase " + " ".join(written(each) for each in parts)
        case Near(_, _, distance, ordered):
            return f"{'before, ' if ordered else ''}within {distance} words"
        case NotNear(_, _, distance, ordered):
            where = "after it " if ordered else ""
            return f"the first, without the second {where}within {distance} words"
        case Field(name):
            return f"in {name}"
        case Inner(name):
            return name
        case Value(field, operator, value, upper):
            return (
                f"{field} {value}..{upper}" if upper is not None else f"{field} {operator} {value}"
            )
    return type(node).__name__.upper()
