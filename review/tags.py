"""Tags: definitions, the events that put them on documents and take them off, the current state.

An event, the documents it changed, the current table and the audit entry are one transaction.
Only documents that really changed are part of an event; where none did, nothing is written.
"""

import json
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from pyroaring import BitMap

from index.families import whole_families
from records import audit, tables, times
from records.case import Case
from records.codes import Disposition
from records.control import control, parse_control
from records.errors import SelectionError, TagError

Action = Literal["add", "remove"]

_LONGEST = 100
_NAMED = 20


@dataclass(frozen=True, slots=True)
class TagCount:
    """A tag and how many documents bear it now."""

    name: str
    description: str
    documents: int


@dataclass(frozen=True, slots=True)
class Applied:
    """What an add or remove did, or would do.

    `asked` documents were named, `families` came along with them, `changed` were changed.
    `suppressed` are named documents that are suppressed duplicates: what is done to them is not
    done to the copy that was kept.
    """

    tag: str
    action: str
    asked: int
    families: int
    changed: int
    suppressed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TagEvent:
    """One event of the history."""

    at: str
    actor: str
    action: str
    tag: str
    documents: int
    origin: dict[str, Any]


def define(case: Case, name: str, description: str = "") -> str:
    """Make a tag; its name as it was stored. Raises `TagError` for a bad or taken name."""
    name = _checked(name)
    with case.write() as connection:
        for row in connection.execute(sa.select(tables.tags.c.name)):
            if _key(row.name) == _key(name):
                raise TagError(f"The tag {row.name!r} is there already; take another name")
        last = connection.execute(sa.select(sa.func.max(tables.tags.c.id))).scalar() or 0
        connection.execute(
            tables.tags.insert().values(
                id=last + 1,
                name=name,
                description=description,
                created_at=times.now(),
                created_by=audit.actor(),
            )
        )
        audit.append(connection, "tag defined", tag=name, description=description)
    return name


def change(
    case: Case,
    action: Action,
    name: str,
    ids: Iterable[int],
    origin: dict[str, Any],
    *,
    families: bool = False,
    dry_run: bool = False,
) -> Applied:
    """Put a tag on documents or take it off; what changed is one event.

    `origin` says how the documents were named (query, ids or file). Raises `TagError` for an
    unknown tag, `SelectionError` for ids that name no document.
    """
    asked = BitMap(ids)
    manner = case.read if dry_run else case.write
    with manner() as connection:
        tag_id, tag = _tag(connection, name)
        _require_known(connection, asked)
        target = whole_families(connection, asked) if families else asked
        bearing = _documents(connection, tag_id)
        changed = target - bearing if action == "add" else target & bearing
        applied = Applied(
            tag=tag,
            action=action,
            asked=len(asked),
            families=len(target) - len(asked),
            changed=len(changed),
            suppressed=tuple(_suppressed(connection, asked)),
        )
        if changed and not dry_run:
            _write(connection, action, tag_id, changed, {**origin, "families": families})
            audit.append(
                connection,
                f"tag {'added' if action == 'add' else 'removed'}",
                tag=tag,
                documents=len(changed),
                origin=origin,
                families=families,
            )
    return applied


def listing(case: Case) -> list[TagCount]:
    """All tags by name, with their counts."""
    t, d = tables.tags.c, tables.document_tags.c
    query = (
        sa.select(t.name, t.description, sa.func.count(d.document_id))
        .select_from(tables.tags.outerjoin(tables.document_tags, d.tag_id == t.id))
        .group_by(t.id, t.name, t.description)
    )
    with case.read() as connection:
        found = [TagCount(*row) for row in connection.execute(query)]
    return sorted(found, key=lambda each: _key(each.name))


def history(case: Case, document: int | None = None, name: str | None = None) -> list[TagEvent]:
    """Tag events, oldest first: all, those of a document, those of a tag, or of both."""
    e, t, d = tables.tag_events.c, tables.tags.c, tables.tag_event_documents.c
    query = (
        sa.select(e.at, e.actor, e.action, t.name, e.count, e.origin)
        .join_from(tables.tag_events, tables.tags, t.id == e.tag_id)
        .order_by(e.id)
    )
    with case.read() as connection:
        if document is not None:
            _require_known(connection, BitMap([document]))
            query = query.where(e.id.in_(sa.select(d.event_id).where(d.document_id == document)))
        if name is not None:
            query = query.where(e.tag_id == _tag(connection, name)[0])
        return [TagEvent(*row) for row in connection.execute(query)]


def read_ids(texts: Iterable[str]) -> BitMap:
    """Read control numbers; raises `SelectionError` naming those that are none."""
    found, bad = BitMap(), []
    for text in texts:
        try:
            found.add(parse_control(text))
        except ValueError:
            bad.append(text)
    if bad:
        raise SelectionError(
            f"{_listed(bad)} cannot be read as control numbers; write them as RW-00000001"
        )
    return found


def _checked(name: str) -> str:
    name = " ".join(unicodedata.normalize("NFC", name).split())
    if not name or len(name) > _LONGEST:
        raise TagError(f"A tag needs a name of 1 to {_LONGEST} characters, such as 'Responsive'")
    if '"' in name or any(unicodedata.category(c).startswith("C") for c in name):
        raise TagError(
            f"The tag name {json.dumps(name)} holds a quotation mark or a control character, "
            "which no query could name; leave it out"
        )
    return name


def _key(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _tag(connection: sa.Connection, name: str) -> tuple[int, str]:
    rows = connection.execute(sa.select(tables.tags.c.id, tables.tags.c.name)).all()
    for row in rows:
        if _key(row.name) == _key(name):
            return row.id, row.name
    known = ", ".join(sorted(f"'{row.name}'" for row in rows)) or "none yet"
    raise TagError(
        f"There is no tag {name!r}; there are: {known}. Define one with "
        f"'redwell tag define \"{name}\"'"
    )


def _require_known(connection: sa.Connection, ids: BitMap) -> None:
    known = BitMap(row[0] for row in connection.execute(sa.select(tables.documents.c.id)))
    if unknown := ids - known:
        named = _listed([control(each) for each in unknown])
        raise SelectionError(f"The case has no document {named}; it has {len(known)} documents")


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _documents(connection: sa.Connection, tag_id: int) -> BitMap:
    c = tables.document_tags.c
    query = sa.select(c.document_id).where(c.tag_id == tag_id)
    return BitMap(row[0] for row in connection.execute(query))


def _suppressed(connection: sa.Connection, ids: BitMap) -> BitMap:
    c = tables.documents.c
    query = sa.select(c.id).where(c.disposition == Disposition.DUPLICATE)
    return ids & BitMap(row[0] for row in connection.execute(query))


def _write(
    connection: sa.Connection, action: Action, tag_id: int, ids: BitMap, origin: dict[str, Any]
) -> None:
    last = connection.execute(sa.select(sa.func.max(tables.tag_events.c.id))).scalar() or 0
    connection.execute(
        tables.tag_events.insert().values(
            id=last + 1,
            tag_id=tag_id,
            action=action,
            actor=audit.actor(),
            at=times.now(),
            origin=origin,
            count=len(ids),
        )
    )
    connection.execute(
        tables.tag_event_documents.insert(),
        [{"event_id": last + 1, "document_id": each} for each in ids],
    )
    rows = [{"tag_id": tag_id, "document_id": each} for each in ids]
    if action == "add":
        connection.execute(tables.document_tags.insert(), rows)
    else:
        c = tables.document_tags.c
        connection.execute(
            tables.document_tags.delete().where(
                c.tag_id == sa.bindparam("b_tag"), c.document_id == sa.bindparam("b_document")
            ),
            [{"b_tag": tag_id, "b_document": each} for each in ids],
        )
