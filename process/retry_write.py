"""Writes families that were read again: the commit point of retrying and of replacing.

One transaction writes a batch of families: rows that are better now, rows of what was found for
the first time, notes, and how all of them stand as duplicates. What was found before keeps its
number, its tags and its productions.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import batched
from typing import Any

import sqlalchemy as sa

from process.families import AnyRow, Place, bytes_values, child_address, child_row, found_values
from process.families import write_notes as insert_notes
from process.interface import ExtractedItem, FamilyResult
from process.relate import relate_families
from process.retry_merge import Act, Merged, Old, Placed, fails, mended, merge
from records import audit, tables
from records.codes import Code, Disposition
from records.known import READ_AGAIN
from records.notes import Note

_D, _N = tables.documents.c, tables.notes.c
_AT_ONCE = 500
# What tools note of a document that collecting knows nothing of.
_READERS = ("child", "pdfium", "pillow", "tesseract", "tika")


@dataclass(slots=True)
class Outcome:
    """What reading families again did; ids of documents but for `families`."""

    families: int = 0
    mended: dict[int, tuple[str, ...]] = field(default_factory=dict)  # with the codes they had
    changed: list[int] = field(default_factory=list)  # read differently, not for an exception
    failing: list[int] = field(default_factory=list)
    new: list[int] = field(default_factory=list)
    left: list[int] = field(default_factory=list)  # roots of families that lacked something

    def add(self, other: "Outcome") -> None:
        """Take another one in."""
        self.families += other.families
        self.mended |= other.mended
        self.changed += other.changed
        self.failing += other.failing
        self.new += other.new
        self.left += other.left

    def copy(self) -> "Outcome":
        """As it stands now."""
        return Outcome(
            *(self.families, dict(self.mended), list(self.changed)),
            *(list(self.failing), list(self.new), list(self.left)),
        )

    @property
    def touched(self) -> list[int]:
        """Documents on record before whose text, fields or standing are others now."""
        return [*self.mended, *self.changed]


@dataclass(frozen=True, slots=True)
class Again:
    """What came of reading a family again; `family` is None where its reader died of it."""

    document_id: int
    family: FamilyResult | None
    attempts: int = 1


def write_again(
    connection: sa.Connection,
    scope: str,
    results: Sequence[Again],
    *,
    refresh: bool = False,
    replaced: bool = False,
) -> Outcome:
    """Write and relate families that were read again, within the caller's transaction."""
    job = _Job(connection, [each.document_id for each in results], replaced=replaced)
    for each in results:
        if each.family is None:
            job.tried(job.old[each.document_id], each.attempts)
            continue
        members = each.family.members
        found = merge(job.old[each.document_id], members, refresh=refresh, replaced=replaced)
        if found.missing:
            job.outcome.left.append(each.document_id)
            job.tried(job.old[each.document_id], each.attempts)
        else:
            job.take(each.document_id, found)
    job.relate(scope)
    job.outcome.families = len(results)
    return job.outcome


class _Job:
    """A batch on its way into the record."""

    def __init__(self, connection: sa.Connection, roots: Sequence[int], *, replaced: bool) -> None:
        self.outcome = Outcome()
        self.old = families_of(connection, roots)
        self._connection, self._replaced = connection, replaced
        self._following: int = connection.execute(sa.select(sa.func.max(_D.id))).scalar_one() + 1
        self._changed: list[int] = []
        self._filled: list[int] = []

    def tried(self, members: Iterable[Old], attempts: int) -> None:
        """Count an attempt at what failed and fails still."""
        for each in members:
            if each.failing:
                self._tried(each, attempts)

    def _tried(self, old: Old, attempts: int) -> None:
        self.outcome.failing.append(old.id)
        self._connection.execute(
            tables.notes.update()
            .where(_N.document_id == old.id, _N.severity == "exception")
            .values(attempts=_N.attempts + attempts)
        )

    def _tried_again(self, old: Old, item: ExtractedItem) -> None:
        """Have the exceptions say what the last attempt said."""
        self.outcome.failing.append(old.id)
        said = {note.code: note for note in item.notes if note.severity == "exception"}
        query = sa.select(_N.id, _N.code).where(
            _N.document_id == old.id, _N.severity == "exception"
        )
        for number, code in self._connection.execute(query).all():
            if code in said:
                self._again(number, said[code])
            else:
                values = {"attempts": _N.attempts + 1}
                update = tables.notes.update().where(_N.id == number)
                self._connection.execute(update.values(values))

    def take(self, root: int, found: Merged) -> None:
        """Write what is better or new in a family, and the order of its members."""
        root_row = self._connection.execute(
            sa.select(_D.id, _D.collection_id, _D.custodian_id, _D.address).where(_D.id == root)
        ).one()
        before = self.outcome.copy()
        ids: list[int] = []
        addresses: list[str] = []
        taken = {each.address for each in self.old[root]}
        for position, placed in enumerate(found.members):
            if placed.old is not None:
                ids.append(placed.old.id)
                addresses.append(placed.old.address)
                self._existing(placed, position)
                continue
            assert placed.item is not None
            assert placed.parent is not None
            holder = addresses[placed.parent]
            addresses.append(child_address(holder, placed.item.name, taken))
            place = Place(self._following, ids[placed.parent], position, addresses[-1])
            ids.append(place.id)
            self._following += 1
            self._new(child_row(root_row, place, placed.item), placed.item)
        self._told(root, before)

    def _existing(self, placed: Placed, position: int) -> None:
        old, item = placed.old, placed.item
        assert old is not None
        if old.position != position:
            self._update(old.id, {"position": position})
        if placed.act is Act.TRIED:
            assert item is not None
            self._tried_again(old, item)
        elif placed.act is Act.TAKEN:
            assert item is not None
            self._taken(placed, old, item)
        elif old.failing and not self._replaced:
            self._tried(old, 1)

    def _taken(self, placed: Placed, old: Old, item: ExtractedItem) -> None:
        values = found_values(item) | {"revision": _D.revision + 1}
        if item.digests and item.digests.sha256 != old.sha256:
            values |= bytes_values(item) | {"known_by_id": None}
            self._filled.append(old.id)
        self._update(old.id, values)
        for table in (tables.raw_metadata, tables.ocr_pages):
            self._connection.execute(table.delete().where(table.c.document_id == old.id))
        if item.raw:
            row = {"document_id": old.id, "found": item.raw}
            self._connection.execute(tables.raw_metadata.insert(), row)
        self._renote(old, item)
        if mended(placed):
            self.outcome.mended[old.id] = tuple(sorted(old.exceptions))
            return
        self.outcome.changed.append(old.id)
        if fails(item):
            self.outcome.failing.append(old.id)

    def _renote(self, old: Old, item: ExtractedItem) -> None:
        """Have the notes say what the new reading says.

        An exception that does not come again is resolved, and so is a warning, but for what
        collecting noted of a root.
        """
        rows = self._connection.execute(
            sa.select(_N.id, _N.severity, _N.code, _N.message, _N.tool)
            .where(_N.document_id == old.id, _N.severity.in_(("exception", "warning")))
            .order_by(_N.id)
        ).all()
        coming = list(item.notes)
        resolved: list[int] = []
        for row in rows:
            same = next((note for note in coming if _is_same(row, note)), None)
            if same is not None:
                coming.remove(same)
                if row.severity == "exception":
                    self._again(row.id, same)
            elif row.severity == "exception" or old.id not in self.old or row.tool in _READERS:
                resolved.append(row.id)
        if resolved:
            self._connection.execute(
                tables.notes.update().where(_N.id.in_(resolved)).values(severity="resolved")
            )
        insert_notes(self._connection, [(old.id, note) for note in coming])

    def _again(self, number: int, note: Note) -> None:
        """An exception that came again: as it reads now, with all attempts."""
        self._connection.execute(
            tables.notes.update()
            .where(_N.id == number)
            .values(
                message=note.message,
                tool=note.tool,
                tool_version=note.tool_version,
                attempts=_N.attempts + note.attempts,
            )
        )

    def _new(self, row: dict[str, Any], item: ExtractedItem) -> None:
        self.outcome.new.append(row["id"])
        self._connection.execute(tables.documents.insert(), row)
        if item.raw:
            raw = {"document_id": row["id"], "found": item.raw}
            self._connection.execute(tables.raw_metadata.insert(), raw)
        insert_notes(self._connection, [(row["id"], note) for note in item.notes])

    def _update(self, number: int, values: dict[str, Any]) -> None:
        self._connection.execute(tables.documents.update().where(_D.id == number).values(**values))

    def _told(self, root: int, before: Outcome) -> None:
        """Put on the audit chain what became of a family; nothing where nothing did."""
        told = {
            "mended": [each for each in self.outcome.mended if each not in before.mended],
            "changed": self.outcome.changed[len(before.changed) :],
            "new": self.outcome.new[len(before.new) :],
        }
        told |= {"filled": self._filled} if self._filled else {}
        self._filled = []
        if any(told.values()):
            self._changed.append(root)
            audit.append(self._connection, READ_AGAIN, document=root, **told)

    def relate(self, scope: str) -> None:
        """Decide anew on the families that changed."""
        relate_again(self._connection, scope, self._changed)


def relate_again(connection: sa.Connection, scope: str, roots: Sequence[int]) -> None:
    """Decide anew on families that changed, and on those put aside in favour of them."""
    copies: set[int] = set()
    for some in batched(roots, _AT_ONCE):
        query = sa.select(_D.id).where(_D.id == _D.family_id, _D.duplicate_of_id.in_(some))
        copies.update(connection.execute(query).scalars())
    for families in batched(sorted({*roots, *copies}), _AT_ONCE):
        connection.execute(
            tables.documents.update()
            .where(_D.family_id.in_(families), _D.disposition != Disposition.PENDING)
            .values(disposition=_D.outcome, duplicate_of_id=None)
        )
        relate_families(connection, scope, families)


def _is_same(row: AnyRow, note: Note) -> bool:
    """Whether a note says again what stands on record; exceptions by their code alone."""
    same = (row.severity, row.code) == (note.severity, note.code)
    return same and (note.severity == "exception" or row.message == note.message)


def families_of(connection: sa.Connection, roots: Sequence[int]) -> dict[int, list[Old]]:
    """The members of families as the record has them, each family in its order."""
    rows = connection.execute(
        sa.select(
            *(_D.id, _D.family_id, _D.found_in_id, _D.position, _D.address, _D.sha256),
            *(_D.outcome, _D.text_chars, _D.text_sha256, _D.text_source, _D.pages, _D.fields),
        )
        .where(_D.family_id.in_(roots))
        .order_by(_D.family_id, _D.position, _D.id)
    ).all()
    codes: dict[int, set[str]] = {}
    beside: set[int] = set()
    for some in batched((row.id for row in rows), _AT_ONCE):
        query = sa.select(_N.document_id, _N.code).where(
            _N.document_id.in_(some), (_N.severity == "exception") | (_N.code == Code.REPLACED)
        )
        for number, code in connection.execute(query):
            if code == Code.REPLACED:
                beside.add(number)
            else:
                codes.setdefault(number, set()).add(code)
    found: dict[int, list[Old]] = {root: [] for root in roots}
    for row in rows:
        found[row.family_id].append(
            Old(
                id=row.id,
                found_in=row.found_in_id if row.id != row.family_id else None,
                position=row.position,
                address=row.address,
                sha256=row.sha256,
                outcome=row.outcome,
                chars=row.text_chars,
                text_sha256=row.text_sha256,
                text_source=row.text_source,
                pages=row.pages,
                fields=row.fields,
                exceptions=frozenset(codes.get(row.id, ())),
                is_beside=row.id in beside and row.id != row.family_id,
            )
        )
    return found


def produced(connection: sa.Connection, documents: Iterable[int]) -> list[int]:
    """Those among the documents that a frozen production holds."""
    p, i = tables.productions.c, tables.production_items.c
    found: set[int] = set()
    for some in batched(sorted(set(documents)), _AT_ONCE):
        query = (
            sa.select(i.document_id)
            .join(tables.productions, p.id == i.production_id)
            .where(p.state == "frozen", i.document_id.in_(some))
        )
        found.update(connection.execute(query).scalars())
    return sorted(found)
