"""The columns that a result can be shown and written with: what each is of a document."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from index.hits import NOTHING, Tally
from index.snippets import clean
from records import tables, times
from records.control import control
from records.fields import Address, Fields
from records.numbers import table_of

type Value = str | int | float | None
type Row = sa.Row[*tuple[Any, ...]]
type Load = Callable[[sa.Connection, Sequence[int]], dict[int, Value]]

_D = tables.documents.c
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Shown:
    """What a result knows of its documents beside the record.

    `tallies` are those of its hits; `along` says what brought a document that is none of them.
    """

    zone: ZoneInfo
    tallies: Mapping[int, Tally] = field(default_factory=dict)
    along: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """One document, as columns take it."""

    row: Row
    fields: Fields
    shown: Shown
    loaded: Mapping[str, Mapping[int, Value]]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, its value of a document, and what is loaded for it."""

    heading: str
    take: Callable[[Facts], Value]
    load: Load | None = None


def dated(row: Row, fields: Fields) -> str | None:
    """The date of a document as `date:` has it: sent, else changed, else made."""
    found: str | None = row.sent_at or fields.modified_at or row.modified_at or fields.created_at
    return found


def _time(facts: Facts, stamp: str | None) -> str:
    return times.local(stamp, facts.shown.zone)


def _people(addresses: Iterable[Address]) -> str:
    return clean("; ".join(str(each) for each in addresses))


def _listed(rows: Iterable[Any]) -> dict[int, Value]:
    """Names by document, parted by semicolons in the order they come."""
    found: dict[int, dict[str, None]] = {}
    for document, name in rows:
        found.setdefault(document, {})[clean(name)] = None
    return {document: "; ".join(names) for document, names in found.items()}


def _custodians(connection: sa.Connection, ids: Sequence[int]) -> dict[int, Value]:
    """The custodians of a document and of its suppressed copies, its own first."""
    copy, name = tables.documents.alias("copy").c, tables.custodians.c
    given = table_of(connection, ids)
    own = sa.select(_D.id.label("document"), _D.custodian_id, sa.literal(0).label("far"))
    others = sa.select(copy.duplicate_of_id, copy.custodian_id, sa.literal(1)).where(
        copy.duplicate_of_id.in_(sa.select(given.c.id))
    )
    every = sa.union_all(own.where(_D.id.in_(sa.select(given.c.id))), others).subquery()
    query = (
        sa.select(every.c.document, name.name)
        .join(tables.custodians, name.id == every.c.custodian_id)
        .order_by(every.c.document, every.c.far, name.name)
    )
    return _listed(connection.execute(query))


def _tags(connection: sa.Connection, ids: Sequence[int]) -> dict[int, Value]:
    borne, tags = tables.document_tags.c, tables.tags.c
    given = table_of(connection, ids)
    query = (
        sa.select(borne.document_id, tags.name)
        .join(tables.tags, tags.id == borne.tag_id)
        .where(borne.document_id.in_(sa.select(given.c.id)))
        .order_by(borne.document_id, tags.name)
    )
    return _listed(connection.execute(query))


def _notes(severity: str) -> Load:
    def load(connection: sa.Connection, ids: Sequence[int]) -> dict[int, Value]:
        n, given = tables.notes.c, table_of(connection, ids)
        chosen = (n.severity == severity) & n.document_id.in_(sa.select(given.c.id))
        query = sa.select(n.document_id, n.code).where(chosen).order_by(n.document_id, n.code)
        return _listed(connection.execute(query))

    return load


def _members(connection: sa.Connection, ids: Sequence[int]) -> dict[int, Value]:
    """How many documents are in the family, suppressed ones and all."""
    member, given = tables.documents.alias("member"), table_of(connection, ids)
    query = (
        sa.select(_D.id, sa.func.count())
        .join(member, member.c.family_id == _D.family_id)
        .where(_D.id.in_(sa.select(given.c.id)))
        .group_by(_D.id)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def _threads(connection: sa.Connection, ids: Sequence[int]) -> dict[int, Value]:
    t, given = tables.threads.c, table_of(connection, ids)
    query = sa.select(t.document_id, t.thread_id).where(t.document_id.in_(sa.select(given.c.id)))
    return {row[0]: control(row[1]) for row in connection.execute(query)}


def _bates(connection: sa.Connection, ids: Sequence[int]) -> dict[int, Value]:
    i, given = tables.production_items.c, table_of(connection, ids)
    query = (
        sa.select(i.document_id, i.beg_bates, i.end_bates)
        .where(i.document_id.in_(sa.select(given.c.id)), i.beg_bates.is_not(None))
        .order_by(i.document_id, i.production_id)
    )
    r = tables.received_documents.c
    theirs = (
        sa.select(r.document_id, r.beg_bates, r.end_bates)
        .where(r.document_id.in_(sa.select(given.c.id)), r.beg_bates != "")
        .order_by(r.document_id)
    )
    rows = (*connection.execute(query), *connection.execute(theirs))
    return _listed((row[0], f"{row[1]} - {row[2]}" if row[2] else row[1]) for row in rows)


def _loaded(name: str) -> Callable[[Facts], Value]:
    return lambda facts: facts.loaded[name].get(facts.row.id, "")


def _tally(facts: Facts) -> Tally:
    return facts.shown.tallies.get(facts.row.id, NOTHING)


COLUMNS: dict[str, Column] = {
    "control": Column("Control number", lambda f: control(f.row.id)),
    "date": Column("Date", lambda f: _time(f, dated(f.row, f.fields))),
    "sent": Column("Sent", lambda f: _time(f, f.row.sent_at)),
    "received": Column("Received", lambda f: _time(f, f.fields.received_at)),
    "modified": Column("Modified", lambda f: _time(f, f.fields.modified_at or f.row.modified_at)),
    "created": Column("Created", lambda f: _time(f, f.fields.created_at)),
    "custodian": Column("Custodian", lambda f: clean(f.row.custodian)),
    "custodians": Column("All custodians", _loaded("custodians"), _custodians),
    "type": Column("Type", lambda f: str(f.row.type)),
    "ext": Column("Extension", lambda f: clean(f.row.ext)),
    "from": Column("From", lambda f: _people(f.fields.sender) or clean(f.fields.author)),
    "to": Column("To", lambda f: _people(f.fields.to)),
    "cc": Column("CC", lambda f: _people(f.fields.cc)),
    "bcc": Column("BCC", lambda f: _people(f.fields.bcc)),
    "subject": Column("Subject", lambda f: clean(f.fields.subject or f.fields.title or f.row.name)),
    "title": Column("Title", lambda f: clean(f.fields.title)),
    "author": Column("Author", lambda f: clean(f.fields.author)),
    "name": Column("File name", lambda f: clean(f.row.name)),
    "address": Column("Address", lambda f: str(f.row.address)),
    "size": Column("Size", lambda f: int(f.row.size)),
    "pages": Column("Pages", lambda f: f.row.pages),
    "characters": Column("Characters of text", lambda f: int(f.row.text_chars)),
    "language": Column("Language", lambda f: f.row.language or ""),
    "family": Column("Family", lambda f: control(f.row.family_id)),
    "members": Column("Members of family", _loaded("members"), _members),
    "thread": Column("Thread", _loaded("thread"), _threads),
    "along": Column("Along by", lambda f: f.shown.along.get(f.row.id, "")),
    "hits": Column("Hits", lambda f: _tally(f).hits),
    "relevance": Column("Relevance", lambda f: round(_tally(f).relevance, 3)),
    "tags": Column("Tags", _loaded("tags"), _tags),
    "exceptions": Column("Exceptions", _loaded("exceptions"), _notes("exception")),
    "warnings": Column("Warnings", _loaded("warnings"), _notes("warning")),
    "disposition": Column("Disposition", lambda f: str(f.row.disposition)),
    "bates": Column("Bates numbers", _loaded("bates"), _bates),
    "sha256": Column("SHA-256", lambda f: f.row.sha256 or ""),
    "md5": Column("MD5", lambda f: f.row.md5 or ""),
}
LINE = ("control", "date", "custodian", "type", "from", "subject")
"""The columns of the table that a search prints."""
SHEET = (
    *("control", "date", "custodians", "type", "from", "to", "cc", "subject", "name", "size"),
    *("pages", "family", "thread", "tags", "exceptions", "hits", "address"),
)
"""The columns that are exported unless others are named."""
TALLIED = frozenset({"hits", "relevance"})


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a result: its values in the order of the columns, and its row."""

    id: int
    values: tuple[Value, ...]
    row: Row


def documents(
    connection: sa.Connection, ids: Sequence[int], names: Sequence[str], shown: Shown
) -> Iterator[Document]:
    """The values of some documents, in the order of `ids` and of the columns `names`."""
    chosen = [COLUMNS[name] for name in names]
    loads = {name: COLUMNS[name].load for name in names}
    c = tables.custodians.c
    query = sa.select(tables.documents, c.name.label("custodian")).join(
        tables.custodians, c.id == _D.custodian_id
    )
    for start in range(0, len(ids), _AT_ONCE):
        part = ids[start : start + _AT_ONCE]
        rows = {row.id: row for row in connection.execute(query.where(_D.id.in_(part)))}
        loaded = {name: load(connection, part) for name, load in loads.items() if load is not None}
        for each in part:
            row = rows[each]
            facts = Facts(row, Fields.from_json(row.fields), shown, loaded)
            yield Document(each, tuple(column.take(facts) for column in chosen), row)


def lengths(connection: sa.Connection) -> dict[int, int]:
    """The characters of each document's text, of all that are processed."""
    query = sa.select(_D.id, _D.text_chars).where(_D.state == "processed")
    return {row[0]: row[1] for row in connection.execute(query)}
