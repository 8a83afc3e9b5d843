"""First phase of a run: each document that is imaged becomes unstamped pages in the store.

Each batch's transaction is its commit point. What cannot be imaged turns into a native with a
slip sheet, with the reason on record.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from produce.interface import RenderBatch, RenderJob, RenderResult
from produce.record import (
    AnyRow,
    Mapper,
    PlannedItem,
    Production,
    Render,
    items,
    update_items,
    write_notes,
)
from produce.redaction.interface import REDACTED
from produce.rendered import Rendered
from produce.selection import in_chunks
from produce.treating import closed_by, native_or_slip
from produce.treatment import BOOK_TYPES, CONVERTED_TYPES, MAILS, OFFICE_TYPES, Treatment
from produce.values import mail_header
from records import tables
from records.case import Case
from records.engine import TaskFailure
from records.errors import ProductionError
from records.fields import Fields
from records.options import Advance

_JOBS = 16
_COMMITTED = 500
# LibreOffice takes long to start: its documents are handed out together.
_TOGETHER = OFFICE_TYPES | BOOK_TYPES
_BYTES = 32 << 20
# Fields of the load file → what the header block of a mail calls them.
_LABELS = {
    "From": "From",
    "To": "To",
    "CC": "CC",
    "BCC": "BCC",
    "EmailSubject": "Subject",
    "DateSent": "Sent",
    "TimeSent": "Sent",
    "AttachmentNames": "Attachments",
}
NO_OFFICE = "LibreOffice is not installed"


@dataclass(frozen=True, slots=True)
class _Work:
    """A document to render and what it costs to hand out."""

    item: PlannedItem
    job: RenderJob
    size: int


def waiting(connection: sa.Connection, production_id: int) -> list[PlannedItem]:
    """Items that are still to be rendered."""
    i = tables.production_items.c
    return items(connection, production_id, i.state == "planned", i.treatment == Treatment.IMAGE)


def office_waiting(connection: sa.Connection, production: Production) -> list[PlannedItem]:
    """Items that LibreOffice is still to turn into pages, or into XLSX to be redacted by cell."""
    d, i = tables.documents.c, tables.production_items.c
    pending = waiting(connection, production.id)
    natives = items(connection, production.id, i.treatment == Treatment.NATIVE)
    made_anew = [each for each in natives if is_made_anew(each)]
    types = OFFICE_TYPES | (BOOK_TYPES if production.specification.sheets == "printed" else set())
    rows = in_chunks(
        connection,
        lambda ids: sa.select(d.id).where(d.id.in_(ids), d.type.in_(types)),
        {each.document_id for each in pending},
    )
    converted = in_chunks(
        connection,
        lambda ids: sa.select(d.id).where(d.id.in_(ids), d.type.in_(CONVERTED_TYPES)),
        {each.document_id for each in made_anew},
    )
    office = {row.id for row in (*rows, *converted)}
    return [each for each in (*pending, *made_anew) if each.document_id in office]


def is_made_anew(item: PlannedItem) -> bool:
    """Whether a native that is redacted by cell is still to be made."""
    return bool(item.detail.get("redactions")) and "redacted_native" not in item.detail


def slip_office(case: Case, production: Production) -> int:
    """Produce office documents natively for want of LibreOffice; how many there were."""
    with case.write() as connection:
        found = office_waiting(connection, production)
        update_items(connection, production.id, [_native(each, NO_OFFICE) for each in found])
    return len(found)


def render_all(
    case: Case,
    production: Production,
    mapper: Mapper,
    render: Render,
    passwords: tuple[str, ...],
    pending: Sequence[PlannedItem],
    advance: Advance,
) -> None:
    """Render what is still to be rendered. A batch that kills its worker is tried one by one."""
    with case.read() as connection:
        work = _work(connection, production, pending)
    rendered = Rendered(case, _batch(case, production, (), passwords))
    work = _known(case, production, work, rendered, advance)
    again: list[_Work] = []
    for size in (_JOBS, 1):
        by_id = {each.job.document_id: each for each in work}
        batches = (_batch(case, production, each, passwords) for each in _split(work, size))
        for batch, result in mapper.map_ordered(render, batches):
            group = [by_id[job.document_id] for job in batch.jobs]
            if not isinstance(result, TaskFailure):
                _commit(case, production, group, result)
                rendered.keep(batch.jobs, result)
            elif size > 1:
                again.extend(group)
                continue
            else:
                reason = "imaging it ended the worker process"
                _commit(case, production, group, [_failed(each, reason) for each in group])
            advance(len(group))
        work, again = again, []


def _known(
    case: Case,
    production: Production,
    work: Sequence[_Work],
    rendered: Rendered,
    advance: Advance,
) -> list[_Work]:
    """Take over pages that were made before; what is left to be made."""
    found = rendered.find(each.job for each in work)
    for group in batched((each for each in work if each.job.document_id in found), _COMMITTED):
        _commit(case, production, group, [found[each.job.document_id] for each in group])
        advance(len(group))
    return [each for each in work if each.job.document_id not in found]


def _failed(work: _Work, reason: str) -> RenderResult:
    return RenderResult(work.job.document_id, None, 0, reason, ())


def _work(
    connection: sa.Connection, production: Production, planned: Sequence[PlannedItem]
) -> list[_Work]:
    pending = {each.document_id: each for each in planned}
    d = tables.documents.c
    zone = ZoneInfo(production.specification.time_zone)
    rows = in_chunks(
        connection,
        lambda ids: sa.select(
            d.id, d.sha256, d.size, d.type, d.mime, d.name, d.text_sha256, d.fields
        ).where(d.id.in_(ids)),
        pending,
    )
    work = []
    for row in rows:
        detail = pending[row.id].detail
        job = render_job(row, detail["attachments"], zone, detail.get("masked", ()))
        work.append(_Work(pending[row.id], job, row.size))
    return sorted(work, key=lambda each: (each.job.type in _TOGETHER, each.item.position))


def render_job(
    row: AnyRow, attachments: Sequence[str], zone: ZoneInfo, masked: Sequence[str] = ()
) -> RenderJob:
    """What is asked of the imaging for a document: one answer for a run and for redaction.

    `masked` are fields of the load file that the header block of a mail must not tell.
    """
    header: tuple[tuple[str, str], ...] = ()
    fields = Fields.from_json(row.fields)
    if row.type in MAILS:
        hide = {_LABELS[each] for each in masked if each in _LABELS}
        header = tuple(
            (label, REDACTED if label in hide else value)
            for label, value in mail_header(fields, attachments, zone)
        )
    return RenderJob(
        *(row.id, row.sha256, row.type, row.mime, row.name, row.text_sha256, header),
        tuple(sorted(fields.hidden)),
    )


def _split(work: Sequence[_Work], most: int) -> Iterator[list[_Work]]:
    group: list[_Work] = []
    size = 0
    for each in work:
        if group and (len(group) >= most or size + each.size > _BYTES):
            yield group
            group, size = [], 0
        group.append(each)
        size += each.size
    if group:
        yield group


def _batch(
    case: Case, production: Production, work: Sequence[_Work], passwords: tuple[str, ...]
) -> RenderBatch:
    specification = production.specification
    return RenderBatch(
        jobs=tuple(each.job for each in work),
        store_address=case.store_address,
        limits=case.settings.limits,
        passwords=passwords,
        time_zone=specification.time_zone,
        office=specification.office,
        sheets=specification.sheets,
        sheet_pages=specification.sheet_pages,
        languages=case.settings.ocr_languages,
    )


def _commit(
    case: Case, production: Production, group: Sequence[_Work], results: Sequence[RenderResult]
) -> None:
    if [each.document_id for each in results] != [each.job.document_id for each in group]:
        raise ProductionError(
            f"Imaging gave back other documents than it was given, near "
            f"{group[0].job.document_id}: this is an error of the program"
        )
    rendered = []
    natives = []
    for work, result in zip(group, results, strict=True):
        if result.pdf_sha256 is None or result.pages < 1 or result.reason:
            natives.append(_native(work.item, result.reason or "it has no pages"))
        else:
            rendered.append(
                {
                    "position": work.item.position,
                    "state": "rendered",
                    "pages": result.pages,
                    "render_sha256": result.pdf_sha256,
                    "detail": work.item.detail | _own_text(result),
                }
            )
    with case.write() as connection:
        update_items(connection, production.id, rendered)
        update_items(connection, production.id, natives)
        write_notes(connection, {each.document_id: each.notes for each in results})


def _own_text(result: RenderResult) -> dict[str, Any]:
    return {} if result.text_sha256 is None else {"text_of_pages": result.text_sha256}


def _native(item: PlannedItem, reason: str) -> dict[str, Any]:
    treatment, why = native_or_slip(reason, closed_by(item.detail))
    return {"position": item.position, "treatment": treatment, "reason": why, "pages": 1}
