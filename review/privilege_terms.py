"""The terms of a privilege screen, each with its points: the list that is shipped, or another.

A line that begins with `#` is a comment, `[30]` gives the points of the terms below it (else
`POINTS`), and each other line is a term in the language of the search.
"""

import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from index.lists import read_terms
from records.errors import QueryError

POINTS = 10
_MOST = 1000
_HEAD = re.compile(r"\[\s*([0-9]{1,4})\s*\]")


@dataclass(frozen=True, slots=True)
class Term:
    """A query, and the points that a document has which answers it."""

    query: str
    points: int


def default_text() -> str:
    """The list that is shipped."""
    return resources.files("review").joinpath("privilege_terms.txt").read_text(encoding="utf-8")


def read(path: Path | None) -> list[Term]:
    """The terms of a file, or of the list that is shipped; raises `QueryError`."""
    where = "the list that is shipped" if path is None else str(path)
    found = []
    points = POINTS
    text = default_text() if path is None else read_terms(path)
    for number, line in enumerate(text.splitlines(), 1):
        term = line.strip()
        if not term or (term.startswith("#") and not term.startswith("##")):
            continue  # two signs begin a regular expression
        head = _HEAD.fullmatch(term)
        if head is None and term.startswith("["):
            raise QueryError(f"{where}, line {number}: {term!r} is no number of points, as [30]")
        if head is not None:
            points = int(head.group(1))
            if points > _MOST:
                raise QueryError(f"{where}, line {number}: the most points are {_MOST}")
        else:
            found.append(Term(term, points))
    if not found:
        raise QueryError(f"{where} holds no term: write one a line")
    return found
