"""The order of a result: by several keys, each either way, ties by control number."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from pyroaring import BitMap

from index.dates import dated
from index.hits import NOTHING, Tally
from records import tables
from records.naming import name_key
from records.numbers import table_of

_D, _C, _T = tables.documents.c, tables.custodians.c, tables.threads.c
_R = tables.documents.alias("root")

type _Columns = tuple[sa.ColumnElement[Any], ...]


@dataclass(frozen=True, slots=True)
class Order:
    """One key of an order; `turned`: the other way round than it goes by itself."""

    key: str
    turned: bool


def _said(*path: str | int) -> sa.ColumnElement[Any]:
    """What a field of the metadata says; nothing where it is empty."""
    found = _D.fields[path[0]] if len(path) == 1 else _D.fields[path]
    return sa.func.nullif(found.as_string(), "")


def _sender() -> sa.ColumnElement[Any]:
    """The first sender, else the author: by the name, else by the address."""
    return sa.func.coalesce(
        _said("sender", 0, "name"), _said("sender", 0, "address"), _said("author")
    )


_OF_RECORD: dict[str, Callable[[], _Columns]] = {
    "custodian": lambda: (_C.name,),
    "date": lambda: (dated(),),
    "ext": lambda: (sa.func.nullif(_D.ext, ""),),
    "family": lambda: (_D.family_id, _D.position),
    "family-date": lambda: (dated(_R.c),),
    "from": lambda: (_sender(),),
    "language": lambda: (_D.language,),
    "name": lambda: (_D.name,),
    "pages": lambda: (_D.pages,),
    "sent": lambda: (_D.sent_at,),
    "size": lambda: (_D.size,),
    "subject": lambda: (sa.func.coalesce(_said("subject"), _said("title"), _D.name),),
    "thread": lambda: (_T.thread_id, _T.position),
    "type": lambda: (_D.type,),
}
KEYS = tuple(sorted((*_OF_RECORD, "hits", "id", "relevance")))


def read_order(text: str) -> tuple[Order, ...]:
    """Read `custodian,-date`; raises `ValueError` naming a key that there is not."""
    found = []
    for written in text.split(","):
        key = written.strip().removeprefix("-").lower()
        if key not in KEYS:
            raise ValueError(f"there is no key {key!r}; there are {', '.join(KEYS)}")
        found.append(Order(key, written.strip().startswith("-")))
    return tuple(found)


def ordered(
    connection: sa.Connection,
    ids: BitMap,
    order: Sequence[Order],
    tallies: Mapping[int, Tally],
) -> list[int]:
    """The ids in an order. What lacks a key stands last, whichever way the key goes.

    `hits` and `relevance` go from the most to the least by themselves, all others upwards.
    """
    found = list(ids)
    for each in reversed(order):
        if each.key == "id":
            found.sort(reverse=each.turned)
            continue
        values = _values(connection, ids, each.key, tallies)
        there = [number for number in found if number in values]
        there.sort(key=values.__getitem__, reverse=each.turned)
        found = there + [number for number in found if number not in values]
    return found


def _values(
    connection: sa.Connection, ids: BitMap, key: str, tallies: Mapping[int, Tally]
) -> dict[int, Any]:
    """What a key is of each document that has it."""
    if key == "hits":
        return {each: -tallies.get(each, NOTHING).hits for each in ids}
    if key == "relevance":
        return {each: -tallies.get(each, NOTHING).relevance for each in ids}
    given = table_of(connection, ids)
    query = (
        sa.select(_D.id, *_OF_RECORD[key]())
        .select_from(tables.documents)
        .join(given, given.c.id == _D.id)
    )
    match key:
        case "custodian":
            query = query.join(tables.custodians, _C.id == _D.custodian_id)
        case "family-date":
            query = query.join(_R, _R.c.id == _D.family_id)
        case "thread":
            query = query.join(tables.threads, _T.document_id == _D.id)
    rows = connection.execute(query)
    return {row[0]: tuple(map(_comparable, row[1:])) for row in rows if row[1] is not None}


def _comparable(value: Any) -> Any:
    """Words by their letters, whatever their case or the database's language."""
    return name_key(value) if isinstance(value, str) else value
