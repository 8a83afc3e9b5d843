"""Puts a repaired file in the place of a damaged one; both stay in the store and on record.

The file is read before anything is written: what cannot be read replaces nothing. Then one
transaction does it all: the document gets the bytes, its family is merged as retrying does, what a
container holds becomes documents, and the replacement has a row, a warning and a line in the audit
chain. What the first file held and the second does not stays beside it.
"""

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ingest import record
from ingest.addressing import INTO
from ingest.containers import CONTAINERS
from ingest.interface import CollectResult, FileType
from ingest.names import shown
from ingest.plan import own_folders
from ingest.types import HEAD, identify
from ingest.versions import TOOL, VERSION
from process.families import AnyRow, write_notes
from process.interface import ExtractJob, FamilyResult
from process.retry import read_again
from process.retry_containers import Reopening, collection_of, item_of, open_again, reopen
from process.retry_plan import known_before
from process.retry_write import Again, Outcome, produced, relate_again, write_again
from process.run import process_case
from records import audit, tables, times
from records.case import Case
from records.codes import Code
from records.control import control
from records.engine import Engine, TaskFailure
from records.errors import ReplacementError, SourceError, raise_if_full
from records.known import READ_AGAIN
from records.notes import Note, warning
from store import Digests, open_store

REPLACED = "document replaced"  # the act in the audit chain
_D, _N = tables.documents.c, tables.notes.c


@dataclass(frozen=True, slots=True)
class Replaced:
    """What putting a file in the place of a document did.

    `copies` are other documents with the bytes that were replaced, `beside` members of the family
    that only the first file held.
    """

    document: str
    old_sha256: str | None
    new_sha256: str
    outcome: str
    changed: tuple[str, ...]
    new: int
    beside: tuple[str, ...]
    copies: tuple[str, ...]
    produced: bool
    read: int
    ocr_pages: int

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _New:
    """The file that is to stand in the place."""

    digests: Digests
    type: FileType
    source: str
    reason: str


def check(case: Case, document: int, file: Path, reason: str) -> AnyRow:
    """The row that is to be replaced; raises `ReplacementError` or `SourceError`."""
    if not reason.strip():
        raise ReplacementError("Say why the file is replaced: --reason 'repaired by …'")
    if not file.is_file() or not os.access(file, os.R_OK):
        raise SourceError(f"{file} is no file that can be read")
    if any(ours in file.resolve().parents for ours in own_folders(case)):
        raise SourceError(f"{file} lies in the case's own folder; take a file from elsewhere")
    with case.read() as connection:
        row = connection.execute(sa.select(tables.documents).where(_D.id == document)).one_or_none()
        if row is None:
            raise ReplacementError(f"The case has no document {control(document)}")
        theirs = tables.received_documents.c.document_id
        is_received = connection.execute(sa.select(theirs).where(theirs == document)).first()
        if is_received:
            raise ReplacementError(
                f"{control(document)} was produced by another party: load what they send in its "
                "place with 'redwell receive load FOLDER --party NAME --replaces VOLUME'"
            )
        _require_root(row)
        state = connection.execute(
            sa.select(tables.collections.c.state).where(
                tables.collections.c.id == row.collection_id
            )
        ).scalar_one()
    if state != "complete":
        raise ReplacementError(
            f"The collection of {control(document)} is not complete: let 'redwell ingest' end first"
        )
    if row.state != "processed":
        raise ReplacementError(
            f"{control(document)} is not read yet: 'redwell process' comes first"
        )
    return row


def _require_root(row: AnyRow) -> None:
    if row.id != row.family_id:
        raise ReplacementError(
            f"{control(row.id)} lies inside {control(row.family_id)}, whose bytes hold it: repair "
            f"that file and replace {control(row.family_id)}, or ingest the repaired member as a "
            "source of its own"
        )


def replace_document(
    case: Case,
    engine: Engine,
    row: AnyRow,
    file: Path,
    reason: str,
    passwords: Sequence[str] = (),
    *,
    anyway: bool = False,
    ocr: bool = True,
) -> Replaced:
    """Put `file` in the place of a level-1 document; `anyway`: also where it cannot be read."""
    job = _Job(case, row, _stored(case, row, file, reason))
    if job.new.type.type in CONTAINERS:
        found = job.opened(engine, passwords)
        _require_read(row.id, found.items[0].notes, anyway=anyway)
        with case.write() as connection:
            job.commit_container(connection, found)
        open_again(case, engine, {}, passwords)  # what a large mailbox holds comes in parts
    else:
        family = job.read(engine, passwords)
        _require_read(row.id, family.members[0].notes, anyway=anyway)
        with case.write() as connection:
            job.commit_family(connection, family)
    summary = process_case(case, engine, passwords, ocr=ocr)
    return job.told(summary.read, summary.ocr_pages)


def _stored(case: Case, row: AnyRow, file: Path, reason: str) -> _New:
    """The file in the store, and what it is; raises `ReplacementError` for the bytes there are."""
    try:
        with open_store(case.store_address).writing() as writer, file.open("rb") as stream:
            digests = writer.put_stream(stream)
            stream.seek(0)
            found = identify(stream.read(HEAD), row.name, stream)
    except OSError as error:
        raise_if_full(error)
        raise SourceError(f"{file} cannot be read: {error.strerror}") from error
    if digests.sha256 == row.sha256:
        raise ReplacementError(f"{file} holds the very bytes that {control(row.id)} has")
    if not digests.size:
        raise ReplacementError(f"{file} is empty")
    with case.read() as connection:
        other = connection.execute(
            sa.select(_D.id).where(
                _D.collection_id == row.collection_id,
                _D.address == row.address,
                _D.sha256 == digests.sha256,
            )
        ).scalar()
    if other is not None:
        raise ReplacementError(
            f"{control(other)} stands at the same address with these bytes: they are on record"
        )
    return _New(digests, found, shown(bytes(file.resolve())), reason.strip())


def _require_read(document: int, notes: Sequence[Note], *, anyway: bool) -> None:
    said = next((note.message for note in notes if note.severity == "exception"), None)
    if said is not None and not anyway:
        raise ReplacementError(
            f"The file that is to stand in the place of {control(document)} cannot be read either: "
            f"{said}. Nothing was changed; --passwords gives a list, --anyway takes it as it is"
        )


class _Job:
    """One replacement on its way."""

    def __init__(self, case: Case, row: AnyRow, new: _New) -> None:
        self.new = new
        self._case, self._row = case, row
        self._outcome = Outcome()
        self._rows = 0
        self._beside: list[int] = []

    def read(self, engine: Engine, passwords: Sequence[str]) -> FamilyResult:
        """The family of the new bytes, read by a worker."""
        digests, found = self.new.digests, self.new.type
        job = ExtractJob(
            *(self._row.id, digests.sha256, digests.size, self._row.name),
            *(found.mime, found.type, known_before(self._row.fields)),
        )
        [[again]] = read_again(self._case, engine, [job], passwords)
        if again.family is None:
            raise ReplacementError("The worker that read the file died of it; nothing was changed")
        root, *members = again.family.members
        whole = replace(root, digests=digests)  # of what it was given a worker tells one hash
        return replace(again.family, members=(whole, *members))

    def opened(self, engine: Engine, passwords: Sequence[str]) -> CollectResult:
        """What the new bytes hold, opened by a worker."""
        item = replace(
            item_of(self._row, self.new.digests),
            mime=self.new.type.mime,
            type=self.new.type.type,
        )
        batch = Reopening(
            container=self._row.id,
            documents=(),
            items=(item,),
            depth=self._row.address.count(INTO),
            store_address=self._case.store_address,
            limits=self._case.settings.limits,
            passwords=tuple(passwords),
        )
        [(_, result)] = engine.map_ordered(reopen, [batch])
        if isinstance(result, TaskFailure):
            raise ReplacementError(
                "The worker that opened the file died of it; nothing was changed"
            )
        return result

    def commit_family(self, connection: sa.Connection, family: FamilyResult) -> None:
        """Put the new bytes and all that they hold on record, within the caller's transaction."""
        self._record(connection)
        again = Again(self._row.id, family)
        scope = self._case.settings.dedup_scope
        self._outcome = write_again(connection, scope, [again], replaced=True)
        self._note_those_beside(connection, family)

    def _note_those_beside(self, connection: sa.Connection, family: FamilyResult) -> None:
        """Say of members that only the first file held that they are of that one."""
        held = {item.digests.sha256 for item in family.members if item.digests}
        query = sa.select(_D.id, _D.sha256).where(
            _D.family_id == self._row.id, _D.id != self._row.id, _D.id.not_in(self._outcome.new)
        )
        self._beside = [row.id for row in connection.execute(query) if row.sha256 not in held]
        text = "It was in the file that was collected, and is not in the one that replaced it"
        note = warning(Code.REPLACED, text, TOOL, VERSION)
        write_notes(connection, [(each, note) for each in self._beside])

    def commit_container(self, connection: sa.Connection, found: CollectResult) -> None:
        """Put the new container and its members on record, within the caller's transaction."""
        self._record(connection)
        number, item = self._row.id, found.items[0]
        values: dict[str, Any] = asdict(self.new.digests) | {
            "mime": item.mime,
            "type": item.type,
            "outcome": item.outcome,
            "disposition": item.outcome,
            "duplicate_of_id": None,
            "known_by_id": None,
            "text_sha256": None,
            "text_source": "none",
            "text_chars": 0,
            "ocr_pages": [],
            "pages": None,
            "dedup_hash": None,
            "mih": None,
            "revision": _D.revision + 1,
        }
        connection.execute(tables.documents.update().where(_D.id == number).values(values))
        connection.execute(
            tables.notes.update()
            .where(_N.document_id == number, _N.severity == "exception")
            .values(severity="resolved")
        )
        for table in (tables.raw_metadata, tables.ocr_pages):
            connection.execute(table.delete().where(table.c.document_id == number))
        write_notes(connection, [(number, note) for note in item.notes])
        made = record.commit(connection, collection_of(connection, number), found)
        self._outcome.changed.append(number)
        self._rows = made.new_items
        told = {"mended": [], "changed": [number], "new": made.new_items, "filled": [number]}
        audit.append(connection, READ_AGAIN, document=number, **told)
        relate_again(connection, self._case.settings.dedup_scope, [number])

    def _record(self, connection: sa.Connection) -> None:
        """The replacement itself: its row, its warning, its line in the audit chain."""
        row, digests = self._row, self.new.digests
        last = connection.execute(sa.select(sa.func.max(tables.replacements.c.id))).scalar() or 0
        facts: dict[str, Any] = {
            "old_sha256": row.sha256,
            "old_size": row.size,
            "new_sha256": digests.sha256,
            "new_size": digests.size,
            "source": self.new.source,
            "reason": self.new.reason,
        }
        connection.execute(
            tables.replacements.insert().values(
                id=last + 1, document_id=row.id, actor=audit.actor(), at=times.now(), **facts
            )
        )
        was = f"SHA-256 {row.sha256}" if row.sha256 else "no bytes"
        text = f"In the place of {was} stands SHA-256 {digests.sha256}: {self.new.reason}"
        note = warning(Code.REPLACED, text, TOOL, VERSION)
        write_notes(connection, [(row.id, note)])
        audit.append(connection, REPLACED, document=row.id, **facts)

    def told(self, read: int, ocr_pages: int) -> Replaced:
        """What was done."""
        row = self._row
        with self._case.read() as connection:
            outcome = connection.execute(sa.select(_D.outcome).where(_D.id == row.id)).scalar_one()
            same = sa.select(_D.id).where(_D.sha256 == row.sha256, _D.id != row.id).order_by(_D.id)
            copies = connection.execute(same).scalars().all() if row.sha256 else ()
            is_produced = bool(produced(connection, [row.id]))
        return Replaced(
            document=control(row.id),
            old_sha256=row.sha256,
            new_sha256=self.new.digests.sha256,
            outcome=outcome,
            changed=tuple(control(each) for each in self._outcome.touched if each != row.id),
            new=len(self._outcome.new) + self._rows,
            beside=tuple(control(each) for each in self._beside),
            copies=tuple(control(each) for each in copies),
            produced=is_produced,
            read=read,
            ocr_pages=ocr_pages,
        )
