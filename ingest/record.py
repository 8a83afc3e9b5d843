"""Collections and their documents in the database; only the coordinator writes them."""

import importlib.metadata
import platform
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Any

import sqlalchemy as sa

from ingest import openings
from ingest.addressing import path_address
from ingest.interface import CollectedItem, CollectResult, MailboxPart, SourceFile
from ingest.origin import path_of
from ingest.versions import PYTHON, VERSION
from records import audit, tables, times
from records.case import Case
from records.codes import Disposition, Role
from records.errors import CustodianError
from records.notes import Note

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection under way."""

    id: int
    custodian_id: int
    custodian: str
    source: str
    started_at: str
    resumed: bool
    recover: bool = False  # what mailboxes hold outside their folders is wanted too


@dataclass(frozen=True, slots=True)
class Committed:
    """What the commit of one batch did: new rows, and items that were on record before."""

    new_files: int
    new_items: int
    known_files: int
    known_items: int
    mended_items: int  # of those on record: what could not be had or opened then and now was
    openings: tuple[int, ...] = ()  # documents of mailboxes that are to be opened in parts


def custodian_id(case: Case, name: str) -> int:
    """The id of a custodian; raises `CustodianError` naming those the case knows."""
    with case.read() as connection:
        rows = connection.execute(
            sa.select(tables.custodians.c.name, tables.custodians.c.id).order_by("id")
        ).all()
    known: dict[str, int] = {row.name: row.id for row in rows}
    if name in known:
        return known[name]
    names = ", ".join(known) or "none yet"
    raise CustodianError(
        f"The case knows no custodian {name!r}. It knows: {names}. Take one of these, or add "
        f"this one with 'redwell custodian add {name!r}'"
    )


def begin(
    case: Case, owner: int, custodian: str, source: str, passwords: int, *, recover: bool = False
) -> Collection:
    """Take up the unfinished collection of this source and custodian, or start a new one.

    One that is taken up goes on as it was begun, whatever is asked for now.
    """
    with case.write() as connection:
        c = tables.collections.c
        row = connection.execute(
            sa.select(c.id, c.started_at, c.settings).where(
                c.custodian_id == owner, c.source == source, c.state == "running"
            )
        ).one_or_none()
        if row is not None:
            audit.append(connection, "collection resumed", collection=row.id)
            return Collection(
                *(row.id, owner, custodian, source, row.started_at),
                resumed=True,
                recover=row.settings.get("recover", False),
            )
        asked = {"passwords": passwords, "recover": recover}
        return _started(connection, case, owner, custodian, source, asked)


def _started(
    connection: sa.Connection,
    case: Case,
    owner: int,
    custodian: str,
    source: str,
    asked: dict[str, Any],
) -> Collection:
    number = (connection.execute(sa.select(sa.func.max(tables.collections.c.id))).scalar() or 0) + 1
    now = times.now()
    settings: dict[str, Any] = case.settings.model_dump() | asked
    connection.execute(
        tables.collections.insert().values(
            id=number,
            custodian_id=owner,
            source=source,
            state="running",
            actor=audit.actor(),
            started_at=now,
            settings=settings,
            tools=tool_versions(),
            counts={},
        )
    )
    audit.append(
        connection, "collection started", collection=number, custodian=custodian, source=source
    )
    return Collection(
        number, owner, custodian, source, now, resumed=False, recover=asked["recover"]
    )


def tool_versions() -> dict[str, str]:
    """What collecting works with."""
    return {
        "redwell": importlib.metadata.version("redwell"),
        "readers": VERSION,
        "python": PYTHON,
        "system": platform.platform(),
    }


def collected_files(
    case: Case, collection: Collection, files: Sequence[SourceFile]
) -> dict[bytes, str | None]:
    """Which of these files this collection has on record already, each with its SHA-256."""
    c = tables.documents.c
    found: dict[str, str | None] = {}
    addresses = {path_address(each.path): each.path for each in files}
    with case.read() as connection:
        for some in batched(addresses, _AT_ONCE):
            query = sa.select(c.address, c.sha256).where(
                c.custodian_id == collection.custodian_id,
                c.address.in_(some),
                c.collection_id == collection.id,
                c.role == Role.FILE,
            )
            found.update((row.address, row.sha256) for row in connection.execute(query))
    return {addresses[address]: sha256 for address, sha256 in found.items()}


def commit(
    connection: sa.Connection,
    collection: Collection,
    result: CollectResult,
    mailbox: MailboxPart | None = None,
) -> Committed:
    """Put a batch's items on record, within the caller's transaction.

    An item of the same source with the same address and the same bytes is on record already and
    gets no second row. One whose bytes could not be had before (encrypted, unreadable) and now can
    takes its old row over, to be processed. Ids go on from the highest, in the order of the items.
    """
    items = result.items
    known = _on_record(connection, collection, items)
    first = (connection.execute(sa.select(sa.func.max(tables.documents.c.id))).scalar() or 0) + 1
    holder = None if mailbox is None else mailbox.document_id
    rows = _New(collection, first, holder)
    mended: set[int] = set()
    for item in items:
        before = _before(known.get(item.address, {}), item)
        if before is None:
            rows.add(item)
            continue
        if item.digests and item.digests.sha256 not in known[item.address]:
            _fill(connection, before, item, rows.now)
            mended.add(before)
        elif item.outcome is Disposition.CONTAINER and _mend(connection, before):
            mended.add(before)
        rows.ids.append(before)
    rows.insert(connection)
    if mailbox is not None:
        notes = list(_notes(mailbox.document_id, result.notes, rows.now))
        openings.part_done(connection, mailbox, result.notes, notes)
    deferred = [(rows.ids[each.item], each) for each in result.deferred]
    begun = openings.begin(connection, collection.id, deferred, mended, again=collection.recover)
    return _counted(items, {row["address"] for row in rows.documents}, len(mended), begun)


class _New:
    """Rows on their way into the database; `ids` are those of all items, known ones included."""

    def __init__(self, collection: Collection, first: int, holder: int | None) -> None:
        self.ids: list[int] = []
        self.documents: list[dict[str, Any]] = []
        self.now = times.now()
        self._collection, self._first, self._holder = collection, first, holder
        self._notes: list[dict[str, Any]] = []

    def add(self, item: CollectedItem) -> None:
        """Add an item under the next number."""
        number = self._first + len(self.documents)
        found_in = self._holder if item.found_in is None else self.ids[item.found_in]
        self.ids.append(number)
        self.documents.append(_row(self._collection, number, found_in, item))
        self._notes.extend(_notes(number, item.notes, self.now))

    def insert(self, connection: sa.Connection) -> None:
        """Write them, and the act to the audit chain."""
        if self.documents:
            connection.execute(tables.documents.insert(), self.documents)
            first, last = self._first, self._first + len(self.documents) - 1
            audit.append(
                connection,
                "batch collected",
                collection=self._collection.id,
                first=first,
                last=last,
            )
        if self._notes:
            connection.execute(tables.notes.insert(), self._notes)


def _fill(connection: sa.Connection, number: int, item: CollectedItem, now: str) -> None:
    """Give a row the bytes that it lacked; why it lacked them stays on record as resolved."""
    c, n = tables.documents.c, tables.notes.c
    values = _row_values(item)
    connection.execute(tables.documents.update().where(c.id == number).values(**values))
    connection.execute(
        tables.notes.update()
        .where(n.document_id == number, n.severity == "exception")
        .values(severity="resolved")
    )
    notes = list(_notes(number, item.notes, now))
    if notes:
        connection.execute(tables.notes.insert(), notes)
    audit.append(connection, "missing bytes collected", document=number, sha256=values["sha256"])


def _mend(connection: sa.Connection, number: int) -> bool:
    """Make a container of one that could not be opened before and now is: by a password, a volume.

    One that was opened to its end is left as it is. A mailbox that is opened in parts has all of
    them before it again, and says anew what cannot be had.
    """
    c, n = tables.documents.c, tables.notes.c
    changed = connection.execute(
        tables.documents.update()
        .where(c.id == number, c.outcome == Disposition.EXCEPTION)
        .values(outcome=Disposition.CONTAINER, disposition=Disposition.CONTAINER)
    )
    if changed.rowcount:
        connection.execute(
            tables.notes.update()
            .where(n.document_id == number, n.severity == "exception")
            .values(severity="resolved")
        )
        audit.append(connection, "container opened", document=number)
    return bool(changed.rowcount)


def _counted(
    items: Sequence[CollectedItem], new: set[str], mended: int, begun: tuple[int, ...]
) -> Committed:
    files = sum(1 for each in items if each.role is Role.FILE)
    new_files = sum(1 for each in items if each.role is Role.FILE and each.address in new)
    known = len(items) - len(new)
    return Committed(new_files, len(new), files - new_files, known, mended, begun)


def _on_record(
    connection: sa.Connection, collection: Collection, items: Sequence[CollectedItem]
) -> dict[str, dict[str | None, int]]:
    """For each address that this source has on record: the rows there, by their bytes' hash.

    A document that was replaced is known by the bytes that were collected too.
    """
    c, collections, r = tables.documents.c, tables.collections.c, tables.replacements.c
    same_source = sa.select(collections.id).where(
        collections.custodian_id == collection.custodian_id, collections.source == collection.source
    )
    known: dict[str, dict[str | None, int]] = {}
    for some in batched((each.address for each in items), _AT_ONCE):
        query = sa.select(c.address, c.sha256, c.id).where(
            c.collection_id.in_(same_source), c.address.in_(some), c.family_id == c.id
        )
        replaced = (
            sa.select(c.address, r.old_sha256.label("sha256"), c.id)
            .join(tables.replacements, r.document_id == c.id)
            .where(c.collection_id.in_(same_source), c.address.in_(some), r.old_sha256.is_not(None))
        )
        for row in (*connection.execute(query), *connection.execute(replaced)):
            known.setdefault(row.address, {}).setdefault(row.sha256, row.id)
    return known


def _before(known: dict[str | None, int], item: CollectedItem) -> int | None:
    """The row that an item has already: of the same bytes, or where bytes lacked or lack now."""
    if item.digests is None:
        return known.get(None, next(iter(known.values()), None))
    return known.get(item.digests.sha256, known.get(None))


def _row(
    collection: Collection, number: int, found_in: int | None, item: CollectedItem
) -> dict[str, Any]:
    return {
        "id": number,
        "collection_id": collection.id,
        "custodian_id": collection.custodian_id,
        "found_in_id": found_in,
        "family_id": number,
        "position": 0,
        "role": item.role,
        "address": item.address,
        "name": item.name,
        "name_bytes": item.name_bytes,
        "text_source": "none",
        "text_chars": 0,
        "ocr_pages": [],
        "fields": item.fields.to_json(),
        "revision": 1,
        **_row_values(item),
    }


def _row_values(item: CollectedItem) -> dict[str, Any]:
    """What the bytes decide."""
    digests = item.digests
    return {
        "sha256": digests.sha256 if digests else None,
        "sha1": digests.sha1 if digests else None,
        "md5": digests.md5 if digests else None,
        "size": item.size,
        "mime": item.mime,
        "type": item.type,
        "ext": item.ext,
        "state": "collected" if item.outcome is Disposition.PENDING else "processed",
        "outcome": item.outcome,
        "disposition": item.outcome,
        "modified_at": item.modified_at,
        "origin": item.origin,
    }


def _notes(number: int, notes: Sequence[Note], now: str) -> Iterator[dict[str, Any]]:
    for each in notes:
        yield {
            "document_id": number,
            "severity": each.severity,
            "code": each.code,
            "message": each.message,
            "tool": each.tool,
            "tool_version": each.tool_version,
            "attempts": each.attempts,
            "at": now,
        }


def rows_of(connection: sa.Connection, collection: Collection) -> Counter[str]:
    """Rows of a collection's level-1 items by role: `file`, `member`, `message`."""
    c = tables.documents.c
    query = (
        sa.select(c.role, sa.func.count())
        .where(c.collection_id == collection.id, c.family_id == c.id)
        .group_by(c.role)
    )
    return Counter({str(role): int(count) for role, count in connection.execute(query)})


def outcomes_of(connection: sa.Connection, collection: Collection) -> dict[str, int]:
    """Rows of a collection's level-1 items by outcome."""
    c = tables.documents.c
    query = (
        sa.select(c.outcome, sa.func.count())
        .where(c.collection_id == collection.id, c.family_id == c.id)
        .group_by(c.outcome)
        .order_by(c.outcome)
    )
    return {str(outcome): int(count) for outcome, count in connection.execute(query)}


def codes_of(connection: sa.Connection, collection: Collection, severity: str) -> dict[str, int]:
    """Documents of a collection by the code of their exceptions or warnings."""
    c, n = tables.documents.c, tables.notes.c
    query = (
        sa.select(n.code, sa.func.count(sa.distinct(n.document_id)))
        .join(tables.documents, c.id == n.document_id)
        .where(c.collection_id == collection.id, c.family_id == c.id, n.severity == severity)
        .group_by(n.code)
        .order_by(n.code)
    )
    return {str(code): int(count) for code, count in connection.execute(query)}


def finish(
    case: Case, collection: Collection, counts: dict[str, Any], manifest: str, custody: str
) -> None:
    """Make a collection complete: its counts and manifest, in one transaction with the audit."""
    with case.write() as connection:
        complete(connection, collection, counts, manifest, custody)


def complete(
    connection: sa.Connection,
    collection: Collection,
    counts: dict[str, Any],
    manifest: str,
    custody: str,
) -> None:
    """The same within the caller's transaction."""
    connection.execute(
        tables.collections.update()
        .where(tables.collections.c.id == collection.id)
        .values(
            state="complete",
            finished_at=times.now(),
            counts=counts,
            manifest_sha256=manifest,
        )
    )
    audit.append(
        connection,
        "collection complete",
        collection=collection.id,
        counts=counts,
        manifest_sha256=manifest,
        custody_sha256=custody,
    )


def file_hashes(
    connection: sa.Connection, collection: Collection
) -> Iterator[tuple[str, bytes, str | None]]:
    """Address, path and SHA-256 of each source file that a collection has a row of."""
    c = tables.documents.c
    query = (
        sa.select(c.address, c.sha256, c.origin)
        .where(c.collection_id == collection.id, c.role == Role.FILE)
        .order_by(c.id)
    )
    for row in connection.execute(query):
        yield row.address, path_of(row.address, row.origin), row.sha256
