"""Lists of terms for a report: each term by itself, with its place, and what cannot be read."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.lexer import RefusedError, refuse
from index.lists import Term, read_terms, terms
from index.query import Language, parse_term
from index.tree import Family, Field, Inner, Node, Phrase, children


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a term cannot be read or answered, and where in the list, from 1."""

    line: int
    column: int
    text: str

    @classmethod
    def of(cls, error: RefusedError) -> "Problem":
        """What a refusal says."""
        return cls(error.line, error.column, f"{error.problem}; expected {error.expected}")

    @property
    def place(self) -> str:
        """Where it is, in short."""
        return f"cannot be read at line {self.line}, column {self.column}"

    def __str__(self) -> str:
        """All of it."""
        return f"{self.place}: {self.text}"


@dataclass(frozen=True, slots=True)
class Listed:
    """A term of a list: its number, the lines it stands on, its words, and its tree if it has one.

    Numbers go by the order of the list, whatever number the letter gives.
    """

    number: int
    line: int
    last_line: int
    written: str
    node: Node | None
    problem: Problem | None


@dataclass(frozen=True, slots=True)
class TermList:
    """A list as it was given; `text` is what columns and lines count in."""

    name: str
    sha256: str
    text: str
    terms: tuple[Listed, ...]


def read_lists(paths: Sequence[Path], language: Language) -> list[TermList]:
    """Read lists, a term a line; a term that cannot be read is kept with its problem.

    Lists bear the names of their files, or the whole paths where two have one name. Raises
    `QueryError` for a file that is no text or holds no term.
    """
    same = len({each.name for each in paths}) < len(paths)
    return [_read(path, str(path) if same else path.name, language) for path in paths]


def _read(path: Path, name: str, language: Language) -> TermList:
    text = read_terms(path)
    found = terms(text, as_list=True)
    if not found:
        raise refuse(text, 1, f"the list {path} is empty", "a term on each line")
    listed = (_listed(number, text, term, language) for number, term in enumerate(found, 1))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return TermList(name, digest, text, tuple(listed))


def _listed(number: int, text: str, term: Term, language: Language) -> Listed:
    node, problem = None, None
    try:
        node = parse_term(text, term, language)
    except RefusedError as error:
        problem = Problem.of(error)
    written = text[term.start : term.end]
    first = text.count("\n", 0, term.start) + 1
    return Listed(
        number, first, first + written.count("\n"), " ".join(written.split()), node, problem
    )


def signs(node: Node, field: str = "") -> Iterator[tuple[str, Family]]:
    """All that stands for words of several in a term, with the field that it is looked for in."""
    match node:
        case Phrase(parts):
            for part in parts:
                if isinstance(part, Family):
                    yield field, part
        case Field(name, part):
            yield from signs(part, name)
        case Inner(_, _, part):
            yield from signs(part)
        case _ if isinstance(node, Family):
            yield field, node
    if not isinstance(node, Field | Inner):
        for child in children(node):
            yield from signs(child, field)
