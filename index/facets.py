"""Facets: a result counted by custodian, type, year and the like, exactly.

Each value comes with the query that, added to the search with AND, finds what was counted.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from pyroaring import BitMap

from index.dates import dated
from index.lexer import QUOTES
from records import tables, times
from records.numbers import table_of

_D = tables.documents.c
_NO_DATE = "NOT date:<=9999"


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a facet; `query` is empty where no query can say it."""

    value: str
    documents: int
    query: str


@dataclass(frozen=True, slots=True)
class Facet:
    """A facet with all values that occur. `exclusive`: each document counts under one of them."""

    name: str
    exclusive: bool
    values: tuple[Value, ...]


type _Pairs = Iterable[tuple[int, str]]
type _Take = Callable[[sa.Connection, BitMap, ZoneInfo], list[tuple[str, BitMap]]]


def groups(
    connection: sa.Connection, ids: BitMap, name: str, zone: ZoneInfo
) -> list[tuple[str, BitMap]]:
    """The documents by each value of a facet; "" for those that have none."""
    return _FACETS[name].take(connection, ids, zone)


def facet(connection: sa.Connection, ids: BitMap, name: str, zone: ZoneInfo) -> Facet:
    """Count documents by the values of one facet, the most frequent first; years in their order."""
    known = _FACETS[name]
    found = groups(connection, ids, name, zone)
    if not known.in_order:
        found.sort(key=lambda each: (not each[0], -len(each[1]), each[0]))
    values = (
        Value(
            value or known.unknown or f"no {name}",
            len(held),
            known.query(value) if value else known.none,
        )
        for value, held in found
    )
    return Facet(name, known.exclusive, tuple(values))


def _gathered(pairs: _Pairs, ids: BitMap) -> list[tuple[str, BitMap]]:
    """Documents by value in the order of the values; those with none last."""
    found: dict[str, list[int]] = {}
    for document, value in pairs:
        found.setdefault(value, []).append(document)
    held = [(value, BitMap(found[value])) for value in sorted(found) if value]
    none = ids - BitMap.union(BitMap(), *(each for _, each in held))
    return [*held, ("", none)] if none else held


def _of(*columns: sa.ColumnElement[Any]) -> Callable[[sa.Connection, BitMap], Any]:
    """Rows of a document and the columns, for the documents given."""

    def rows(connection: sa.Connection, ids: BitMap) -> Any:
        given = table_of(connection, ids)
        query = sa.select(_D.id, *columns).join_from(tables.documents, given, given.c.id == _D.id)
        return connection.execute(query)

    return rows


def _column(column: sa.ColumnElement[Any]) -> _Take:
    rows = _of(column)
    return lambda connection, ids, zone: _gathered(
        ((row[0], row[1] or "") for row in rows(connection, ids)), ids
    )


def _period(length: int) -> _Take:
    rows = _of(dated())

    def take(connection: sa.Connection, ids: BitMap, zone: ZoneInfo) -> list[tuple[str, BitMap]]:
        return _gathered(
            ((row[0], times.local(row[1], zone)[:length]) for row in rows(connection, ids)), ids
        )

    return take


def _custodians(connection: sa.Connection, ids: BitMap, zone: ZoneInfo) -> list[tuple[str, BitMap]]:
    """By the custodians of each document and of its suppressed copies, as `custodian:` has it."""
    names = {row.id: row.name for row in connection.execute(sa.select(tables.custodians))}
    own = _of(_D.custodian_id)(connection, ids)
    given = table_of(connection, ids)
    copies = connection.execute(
        sa.select(_D.duplicate_of_id, _D.custodian_id)
        .join_from(tables.documents, given, given.c.id == _D.duplicate_of_id)
        .distinct()
    )
    pairs = {(document, names[custodian]) for rows in (own, copies) for document, custodian in rows}
    return _gathered(sorted(pairs), ids)


def _tags(connection: sa.Connection, ids: BitMap, zone: ZoneInfo) -> list[tuple[str, BitMap]]:
    borne, tags = tables.document_tags.c, tables.tags.c
    given = table_of(connection, ids)
    query = (
        sa.select(borne.document_id, tags.name)
        .join_from(tables.document_tags, given, given.c.id == borne.document_id)
        .join(tables.tags, tags.id == borne.tag_id)
    )
    return _gathered(((row[0], row[1]) for row in connection.execute(query)), ids)


def _notes(severity: str) -> _Take:
    def take(connection: sa.Connection, ids: BitMap, zone: ZoneInfo) -> list[tuple[str, BitMap]]:
        n, given = tables.notes.c, table_of(connection, ids)
        query = (
            sa.select(n.document_id, n.code)
            .join_from(tables.notes, given, given.c.id == n.document_id)
            .where(n.severity == severity)
            .distinct()
        )
        return _gathered(((row[0], row[1]) for row in connection.execute(query)), ids)

    return take


def _languages(connection: sa.Connection, ids: BitMap, zone: ZoneInfo) -> list[tuple[str, BitMap]]:
    """By language; `none` for texts that were looked at and have none."""
    rows = _of(_D.language, _D.analysed_sha256)(connection, ids)
    return _gathered(((row[0], row[1] or ("none" if row[2] else "")) for row in rows), ids)


def _quoted(field: str) -> Callable[[str], str]:
    return lambda value: "" if set(value) & set(QUOTES) else f'{field}:"{value}"'


def _bare(field: str) -> Callable[[str], str]:
    return lambda value: f"{field}:{value}"


@dataclass(frozen=True, slots=True)
class _Known:
    """How a facet is counted, and the queries of a value and of having none."""

    take: _Take
    query: Callable[[str], str]
    none: str = ""
    exclusive: bool = True
    in_order: bool = False
    unknown: str = ""  # what it is called to have none, where that says more than `no NAME`


_FACETS: dict[str, _Known] = {
    "custodian": _Known(_custodians, _quoted("custodian"), exclusive=False),
    "type": _Known(_column(sa.func.lower(_D.type)), _quoted("type")),
    "ext": _Known(_column(sa.func.lower(_D.ext)), _quoted("ext")),
    "year": _Known(_period(4), _bare("date"), _NO_DATE, in_order=True),
    "month": _Known(_period(7), _bare("date"), _NO_DATE, in_order=True),
    "tag": _Known(_tags, _quoted("tag"), "tagged:no", exclusive=False),
    "language": _Known(_languages, _bare("lang"), unknown="not looked at yet"),
    "disposition": _Known(_column(_D.disposition), _quoted("disposition")),
    "exception": _Known(
        _notes("exception"), _bare("exception"), "NOT has:exception", exclusive=False
    ),
    "warning": _Known(_notes("warning"), _bare("warning"), "NOT has:warning", exclusive=False),
}
NAMES = tuple(_FACETS)
