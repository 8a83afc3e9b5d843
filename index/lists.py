"""Lists of terms as a letter has them: one a line, numbered or with bullets, or with neither.

A document answers to a list if it answers to any of its terms. Where a line goes on in the next
(a parenthesis or quotation mark is still open, or an operator stands at the break) both are one
term. Several lines that are neither marked nor go on could be a list or one query that was
wrapped: that is refused, unless the caller says that it is a list.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from index.lexer import QUOTES, refuse
from records.errors import QueryError

_BULLET = r"[•◦▪▫‣⁃∙·●○■□]\s*"
_MARK = re.compile(
    rf"\s*(?:{_BULLET}|[-*–—]\s+|\(?(?:[0-9]{{1,4}}|[a-zA-Z]|[ivxIVX]{{1,6}})[.)]\s+)"
)
_ONLY_BULLET = re.compile(rf"\s*{_BULLET}(?=\S)")
_OPERATOR = r"(?:and|or|not|but|&&|\|\||(?:w|pre|near)?/\d+|within\s+\d+)"
_ENDS = re.compile(rf"(?:^|[\s)]){_OPERATOR}$", re.IGNORECASE)
_TAIL = re.compile(r"[;,]\s+(?:and|or)$|[;,]$|(?<!\.)\.$", re.IGNORECASE)
_BEGINS = re.compile(rf"\s*{_OPERATOR}(?=[\s(]|$)", re.IGNORECASE)
_ENOUGH = 60  # characters at the end of a line that show how it ends


@dataclass(frozen=True, slots=True)
class Term:
    """One term of a list: where it stands in the text, from `start` to before `end`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    text: str


def terms(text: str, *, as_list: bool = False) -> list[Term]:
    """The terms of a query or list; one, but for lists. Raises `QueryError`."""
    lines = list(_lines(text))
    if not as_list and len(lines) < 2:
        found = _ONLY_BULLET.match(text)
        return [Term(found.end() if found else 0, len(text))]
    grouped = list(_grouped(lines, text))
    marks = [_MARK.match(each.text) for each, *_ in grouped]
    if not as_list and len(grouped) > 1 and not all(marks):
        bare = grouped[marks.index(None)][0] if any(marks) else grouped[1][0]
        begins = bare.start + len(bare.text) - len(bare.text.lstrip()) + 1
        raise refuse(
            text,
            begins,
            "this line could be a term by itself, or go on with another",
            "a number or bullet before every term of a list, or one line for one query",
        )
    if not as_list and len(grouped) == 1 and not marks[0]:
        return [Term(0, len(text))]
    return [
        _term(text, group[0].start + (mark.end() if mark else 0), group[-1].end)
        for group, mark in zip(grouped, marks, strict=True)
    ]


def _lines(text: str) -> Iterator[_Line]:
    for found in re.finditer(r"[^\r\n]+", text):
        if found.group().strip("\ufeff \t\u00a0"):
            yield _Line(found.start(), found.end(), found.group())


def _grouped(lines: list[_Line], text: str) -> Iterator[list[_Line]]:
    """Lines that go on in the next, together."""
    group: list[_Line] = []
    for line in lines:
        if group and not _goes_on(text[group[0].start : group[-1].end], line.text):
            yield group
            group = []
        group.append(line)
    if group:
        yield group


def _goes_on(before: str, line: str) -> bool:
    if _MARK.match(line):
        return False
    if _open(before):
        return True
    end = before[-_ENOUGH:].rstrip()
    if _TAIL.search(end):
        return False
    return bool(_ENDS.search(end) or _BEGINS.match(line))


def _open(text: str) -> bool:
    """Whether a quotation mark or a parenthesis is open at the end."""
    mark = _MARK.match(text)
    depth, quoted = 0, False
    for char in text[mark.end() if mark else 0 :]:
        if char in QUOTES:
            quoted = not quoted
        elif not quoted:
            depth += (char in "(（") - (char in ")）")
    return quoted or depth > 0


def _term(text: str, start: int, end: int) -> Term:
    """A term without the comma, semicolon or stop, and the `and`, that end its line."""
    end = start + len(text[start:end].rstrip())
    found = _TAIL.search(text[max(start, end - _ENOUGH) : end])
    if found:
        end -= len(found.group())
    return Term(start, end)


def read_terms(path: Path) -> str:
    """The text of a file of terms, its lines ended by a line feed each.

    Raises `QueryError` for one that cannot be read, or is in another encoding.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise QueryError(f"The list {path} cannot be read: {error.strerror}") from error
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise QueryError(
            f"The list {path} is not in UTF-8: byte {error.start + 1} cannot be read. Save it as "
            "UTF-8 and try again, so that no quotation mark or letter is taken for another"
        ) from error
    if "\x00" in text:
        raise QueryError(f"The list {path} is no text: it holds zero bytes. Save it as UTF-8 text")
    return text.replace("\r\n", "\n").replace("\r", "\n")
