"""The tree of a query; `column` is where the node begins in the query, from 1."""

from collections.abc import Iterator
from dataclasses import dataclass


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
class Phrase:
    """Words one after the other."""

    parts: "tuple[Word | Wildcard, ...]"
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


Leaf = Word | Wildcard | Phrase
Node = Word | Wildcard | Phrase | And | Or | Not | Near | NotNear | Field | Value


def children(node: Node) -> "tuple[Node, ...]":
    """The nodes right below."""
    match node:
        case And(parts) | Or(parts):
            return parts
        case Not(part) | Field(_, part):
            return (part,)
        case Near(left, right) | NotNear(left, right):
            return (left, right)
    return ()


def walk(node: Node) -> Iterator[Node]:
    """The node and all below."""
    yield node
    for child in children(node):
        yield from walk(child)


def explain(node: Node, depth: int = 0) -> str:
    """The tree as indented lines, for people."""
    lines = ["  " * depth + _describe(node)]
    lines += [explain(child, depth + 1) for child in children(node)]
    return "\n".join(lines)


def _describe(node: Node) -> str:
    match node:
        case Word(text):
            return f"word {text}"
        case Wildcard(pattern):
            return f"wildcard {pattern}"
        case Phrase(parts):
            return "phrase " + " ".join(
                each.text if isinstance(each, Word) else each.pattern for each in parts
            )
        case Near(_, _, distance, ordered):
            return f"{'before, ' if ordered else ''}within {distance} words"
        case NotNear(_, _, distance, ordered):
            where = "after it " if ordered else ""
            return f"the first, without the second {where}within {distance} words"
        case Field(name):
            return f"in {name}"
        case Value(field, operator, value, upper):
            return (
                f"{field} {value}..{upper}" if upper is not None else f"{field} {operator} {value}"
            )
    return type(node).__name__.upper()
