"""What a case holds and what is still to be done, in counts that reconcile."""

from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from records import tables
from records.case import Case
from records.codes import Disposition
from records.culls import balance, by_rule, not_judged
from records.known import known_lists


@dataclass(frozen=True, slots=True)
class Status:
    """Counts of a case. `dispositions` sum to `documents`, and so does `review`.

    `known_files` gives for each list applied the documents that stand on it and those still to be
    compared with it; `culling` the documents that each rule puts aside, of which one document may
    have several; `not_culled` the families that no rule was asked about yet.
    """

    case: dict[str, Any]
    collections: dict[str, str]
    documents: int
    dispositions: dict[str, int]
    exceptions: dict[str, int]
    warnings: dict[str, int]
    ocr_waiting: int
    tags: dict[str, int]
    productions: dict[str, str]
    known_files: dict[str, dict[str, int]]
    review: dict[str, int]
    culling: dict[str, int]
    not_culled: int

    def to_json(self) -> dict[str, Any]:
        """All of it, for `--json`."""
        return asdict(self)

    def sections(self) -> list[tuple[str, dict[str, Any]]]:
        """Titled groups in the order a person reads them."""
        return [
            ("Collections", self.collections),
            ("Documents", {"in all": self.documents, **self.dispositions}),
            ("On lists of known files", _flat(self.known_files)),
            ("Review", self.review if self.culling else {}),
            ("Put aside by culling, by rule", self._culling()),
            ("Exceptions", self.exceptions),
            ("Warnings", self.warnings),
            ("Waiting for OCR", {"documents": self.ocr_waiting} if self.ocr_waiting else {}),
            ("Tags", self.tags),
            ("Productions", self.productions),
        ]

    def _culling(self) -> dict[str, int]:
        late = {"families to be judged: redwell cull apply": self.not_culled}
        return self.culling | (late if self.not_culled else {})


def _flat(lists: dict[str, dict[str, int]]) -> dict[str, int]:
    return {
        name if kind == "documents" else f"  {name}: {kind.replace('_', ' ')}": count
        for name, counts in lists.items()
        for kind, count in counts.items()
        if count or kind == "documents"
    }


def status_of(case: Case) -> Status:
    """Count."""
    info = case.info()
    documents = tables.documents.c
    with case.read() as connection:
        dispositions = _counts(connection, documents.disposition)
        return Status(
            case={
                "case": f"{info.number}, {info.caption}",
                "court": info.court,
                "folder": str(case.folder),
                "custodians": ", ".join(
                    connection.execute(sa.select(tables.custodians.c.name)).scalars()
                ),
                "time zone": info.time_zone,
                "Bates prefix": info.bates_prefix,
            },
            collections=_collections(connection),
            documents=sum(dispositions.values()),
            dispositions=dispositions,
            exceptions=exception_counts(connection),
            warnings=_note_counts(connection, "warning"),
            ocr_waiting=_ocr_waiting(connection),
            tags=_tags(connection),
            productions=_productions(connection),
            known_files={
                each.name: {
                    "documents": each.documents,
                    "not_compared_yet": each.not_compared,
                    "to_compare_again_since_a_list_was_lifted": each.to_repeat,
                }
                for each in known_lists(connection)
                if each.state == "applied"
            },
            review=balance(connection),
            culling=by_rule(connection),
            not_culled=not_judged(connection),
        )


def _pairs(rows: sa.CursorResult[str, Any]) -> dict[str, Any]:
    return {row[0]: row[1] for row in rows}


def _counts(connection: sa.Connection, column: sa.Column[str]) -> dict[str, int]:
    rows = connection.execute(sa.select(column, sa.func.count()).group_by(column).order_by(column))
    return _pairs(rows)


def _collections(connection: sa.Connection) -> dict[str, str]:
    c = tables.collections.c
    rows = connection.execute(
        sa.select(c.id, c.source, c.state, tables.custodians.c.name)
        .join(tables.custodians, tables.custodians.c.id == c.custodian_id)
        .order_by(c.id)
    )
    return {f"{row.id} {row.name}": f"{row.source} ({row.state})" for row in rows}


def exception_counts(connection: sa.Connection, custodian: str | None = None) -> dict[str, int]:
    """Documents whose disposition is exception, by the code of their newest exception."""
    notes, documents = tables.notes.c, tables.documents.c
    newest = (
        sa.select(sa.func.max(notes.id))
        .where(notes.severity == "exception")
        .group_by(notes.document_id)
    )
    query = (
        sa.select(notes.code, sa.func.count())
        .join(tables.documents, documents.id == notes.document_id)
        .where(notes.id.in_(newest), documents.disposition == Disposition.EXCEPTION)
        .group_by(notes.code)
        .order_by(notes.code)
    )
    if custodian is not None:
        who = tables.custodians.c
        query = query.join(tables.custodians, who.id == documents.custodian_id)
        query = query.where(who.name == custodian)
    return _pairs(connection.execute(query))


def _note_counts(connection: sa.Connection, severity: str) -> dict[str, int]:
    notes = tables.notes.c
    rows = connection.execute(
        sa.select(notes.code, sa.func.count(sa.distinct(notes.document_id)))
        .where(notes.severity == severity)
        .group_by(notes.code)
        .order_by(notes.code)
    )
    return _pairs(rows)


def _ocr_waiting(connection: sa.Connection) -> int:
    waiting = sa.func.json_array_length(tables.documents.c.ocr_pages) > 0
    query = sa.select(sa.func.count()).select_from(tables.documents).where(waiting)
    return connection.execute(query).scalar_one()


def _tags(connection: sa.Connection) -> dict[str, int]:
    rows = connection.execute(
        sa.select(tables.tags.c.name, sa.func.count(tables.document_tags.c.document_id))
        .join_from(tables.tags, tables.document_tags, isouter=True)
        .group_by(tables.tags.c.id)
        .order_by(tables.tags.c.name)
    )
    return _pairs(rows)


def _productions(connection: sa.Connection) -> dict[str, str]:
    c = tables.productions.c
    rows = connection.execute(sa.select(c.name, c.state).order_by(c.id))
    return _pairs(rows)
