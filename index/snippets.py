"""Texts with their hits marked: whole, and in stretches around the hits."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from index.hits import TextSource, hits, joined
from index.rows import field_texts
from index.tree import Node
from store import Store

Row = sa.Row[*tuple[Any, ...]]

_AROUND = 60
_SNIPPETS = 2
_JOINERS = "\u200c\u200d"  # they belong to words of some scripts
_ENDS = re.compile("\r\n?|[\v\f\x85\u2028\u2029]")  # of lines, beside the line feed
FIELD_ORDER = ("subject", "title", "filename", "from", "to", "cc", "bcc", "author", "path")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text; `hit` ones are marked."""

    text: str
    hit: bool


def clean(text: str) -> str:
    """Evidence on a terminal: control characters become spaces, all on one line."""
    return " ".join("".join(" " if _control(c) else c for c in text).split())


def _control(char: str) -> bool:
    return unicodedata.category(char).startswith("C") and char not in _JOINERS


def text_of(row: Row, store: Store) -> str:
    """The text of a document; empty where it has none."""
    if row.text_sha256 is None:
        return ""
    return store.read_bytes(row.text_sha256).decode("utf-8", errors="replace")


def snippets(row: Row, tree: Node, store: Store) -> Iterator[tuple[Piece, ...]]:
    """Some stretches of a document around its hits, of the text first."""
    found = 0
    if text := text_of(row, store):
        for pieces in excerpts(text, tree, "text"):
            yield pieces
            found += 1
            if found == _SNIPPETS:
                return
    texts = dict(field_texts(row))
    for name in FIELD_ORDER:
        for pieces in excerpts(texts.get(name, ""), tree, name):
            if found < _SNIPPETS:
                yield (Piece(f"{name}: ", False), *pieces)
            found += 1


def marks_of(text: str, tree: Node, field: str) -> list[tuple[int, int]]:
    """Where the hits of one field begin and end in its text, in order, overlapping ones as one."""
    source = TextSource(text)
    return [
        (source.tokens[first].start, source.tokens[last].end)
        for first, last in joined(hits(tree, field, source))
    ]


def marked(text: str, marks: Sequence[tuple[int, int]]) -> Iterator[Piece]:
    """A whole text in its pieces; nothing in them is flattened."""
    at = 0
    for first, last in marks:
        if last > at:
            yield Piece(text[at : max(first, at)], False)
            yield Piece(text[max(first, at) : last], True)
            at = last
    yield Piece(text[at:], False)


def shown(piece: Piece, *, flat: bool = False) -> Piece:
    """A piece as a terminal takes it: of what controls only the ends of lines and tabs stay."""
    if flat:
        return Piece(_flat(piece.text), piece.hit)
    text = _ENDS.sub("\n", piece.text)
    return Piece("".join(" " if _control(c) and c not in "\n\t" else c for c in text), piece.hit)


def first_lines(pieces: Sequence[Piece], lines: int) -> tuple[list[Piece], list[Piece]]:
    """Pieces parted behind so many lines; the line feed between is in neither part."""
    for at, piece in enumerate(pieces):
        ends = piece.text.split("\n")
        if len(ends) > lines:
            kept = [*pieces[:at], Piece("\n".join(ends[:lines]), piece.hit)]
            return kept, [Piece("\n".join(ends[lines:]), piece.hit), *pieces[at + 1 :]]
        lines -= len(ends) - 1
    return list(pieces), []


def excerpts(
    text: str, tree: Node, field: str, around: int = _AROUND
) -> Iterator[tuple[Piece, ...]]:
    """Stretches of a text around its hits, none overlapping."""
    marks = marks_of(text, tree, field)
    at = end = 0
    while at < len(marks):
        start = max(marks[at][0] - around, end)
        inside = [marks[at]]
        while at + 1 < len(marks) and marks[at + 1][0] < inside[-1][1] + around:
            at += 1
            inside.append(marks[at])
            if inside[-1][1] - start > 4 * around:
                break
        at += 1
        last = marks[at][0] if at < len(marks) else len(text)
        end = min(inside[-1][1] + around, last)
        yield tuple(_pieces(text, start, end, inside))


def _pieces(text: str, start: int, end: int, marks: Sequence[tuple[int, int]]) -> Iterator[Piece]:
    yield Piece("…" if start else "", False)
    at = start
    for first, last in marks:
        if first >= at:
            yield Piece(_flat(text[at:first]), False)
        if last > at:
            yield Piece(_flat(text[max(first, at) : last]), True)
            at = last
    yield Piece(_flat(text[at:end]) + ("…" if end < len(text) else ""), False)


def _flat(text: str) -> str:
    return "".join(" " if _control(c) or c.isspace() else c for c in text)
