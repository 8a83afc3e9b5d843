"""What a search shows of a document: its line, and its text around the hits with these marked."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from pyroaring import BitMap

from index.evaluate import TextSource, hits
from index.rows import field_texts
from index.tree import Node
from records import tables, times
from records.control import control
from records.fields import Fields
from store import Store

Row = sa.Row[*tuple[Any, ...]]

_AROUND = 60
_SNIPPETS = 2
_FIELD_ORDER = ("subject", "title", "filename", "from", "to", "cc", "bcc", "author", "path")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a snippet; `hit` ones are marked."""

    text: str
    hit: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One document of a result, made ready to be shown; times in the case's zone."""

    document_id: int
    control: str
    date: str
    custodian: str
    address: str
    type: str
    author: str
    subject: str
    snippets: tuple[tuple[Piece, ...], ...]


def lines(
    connection: sa.Connection,
    ids: Sequence[int],
    zone: ZoneInfo,
    tree: Node | None,
    store: Store,
) -> Iterator[Line]:
    """The lines of some documents, in the order of `ids`; with snippets if `tree` is given."""
    d, c = tables.documents, tables.custodians
    query = sa.select(d, c.c.name.label("custodian")).join(c, c.c.id == d.c.custodian_id)
    for start in range(0, len(ids), 500):
        part = ids[start : start + 500]
        rows = {row.id: row for row in connection.execute(query.where(d.c.id.in_(part)))}
        for each in part:
            yield _line(rows[each], zone, tree, store)


def _line(row: Row, zone: ZoneInfo, tree: Node | None, store: Store) -> Line:
    fields = Fields.from_json(row.fields)
    date = row.sent_at or fields.modified_at or row.modified_at or fields.created_at
    return Line(
        document_id=row.id,
        control=control(row.id),
        date=times.parse(date).astimezone(zone).strftime("%Y-%m-%d %H:%M") if date else "",
        custodian=clean(row.custodian),
        address=row.address,
        type=row.type,
        author=clean("; ".join(str(each) for each in fields.sender) or fields.author),
        subject=clean(fields.subject or fields.title or row.name),
        snippets=tuple(_snippets(row, tree, store)) if tree is not None else (),
    )


def by_date(connection: sa.Connection, ids: BitMap) -> list[int]:
    """Ids in order of their date, those without one last."""
    c = tables.documents.c
    fields = c.fields
    date = sa.func.coalesce(
        c.sent_at,
        fields["modified_at"].as_string(),
        c.modified_at,
        fields["created_at"].as_string(),
    )
    rows = connection.execute(sa.select(c.id, date)).all()
    return [each for _, each in sorted((row[1] or "~", row[0]) for row in rows if row[0] in ids)]


def clean(text: str) -> str:
    """Evidence on a terminal: control characters become spaces, all on one line."""
    return " ".join("".join(" " if _control(c) else c for c in text).split())


def _control(char: str) -> bool:
    return unicodedata.category(char).startswith("C")


def _snippets(row: Row, tree: Node, store: Store) -> Iterator[tuple[Piece, ...]]:
    found = 0
    if row.text_sha256 is not None:
        text = store.read_bytes(row.text_sha256).decode("utf-8", errors="replace")
        for pieces in excerpts(text, tree, "text"):
            yield pieces
            found += 1
            if found == _SNIPPETS:
                return
    texts = dict(field_texts(row))
    for name in _FIELD_ORDER:
        for pieces in excerpts(texts.get(name, ""), tree, name):
            if found < _SNIPPETS:
                yield (Piece(f"{name}: ", False), *pieces)
            found += 1


def excerpts(text: str, tree: Node, field: str) -> Iterator[tuple[Piece, ...]]:
    """Stretches of a text around its hits, none overlapping."""
    source = TextSource(text)
    marks = sorted(
        (source.tokens[first].start, source.tokens[last].end)
        for first, last in hits(tree, field, source)
    )
    at = 0
    while at < len(marks):
        start = max(marks[at][0] - _AROUND, 0)
        inside = [marks[at]]
        while at + 1 < len(marks) and marks[at + 1][0] < inside[-1][1] + _AROUND:
            at += 1
            inside.append(marks[at])
            if inside[-1][1] - start > 4 * _AROUND:
                break
        at += 1
        end = max(last for _, last in inside) + _AROUND
        yield tuple(_pieces(text, start, min(end, len(text)), inside))


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
