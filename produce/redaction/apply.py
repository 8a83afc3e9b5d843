"""Redactions in a run: burned into the rendered pages, before these are numbered.

Each batch's transaction is its commit point; an item whose detail has `burned` or `redacted_native`
is done. The number of pages stays what it was.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import batched

import sqlalchemy as sa

from produce.imaging.render import tool_of
from produce.record import Mapper, PlannedItem, Production, items, update_items, write_notes
from produce.redaction.burning import burn_batch
from produce.redaction.interface import BurnBatch, BurnJob, BurnMark, BurnResult
from produce.redaction.pages import Counted, pages_drawn_on
from produce.redaction.record import Redaction, confirmed
from produce.redaction.sheets import CellBatch, CellJob, CellResult, cell_batch, marks_of
from produce.selection import in_chunks
from produce.treating import closed_by, native_or_slip
from produce.treatment import CONVERTED_TYPES, Treatment
from records import tables
from records.case import Case
from records.codes import Code
from records.control import control
from records.engine import TaskFailure
from records.errors import ProductionError, RedactionError
from records.notes import warning
from records.options import Advance

_JOBS = 4
_SHOWN = 20
NOT_CONVERTED = "cells could not be redacted"

type Progress = Callable[[str, int], AbstractContextManager[Advance]]


def waiting(connection: sa.Connection, production: Production) -> list[PlannedItem]:
    """Items whose redactions are not burned in, or whose new native is not made yet."""
    return [each for each in items(connection, production.id) if _is_waiting(each)]


def _is_waiting(item: PlannedItem) -> bool:
    if not item.detail.get("redactions"):
        return False
    done = {Treatment.IMAGE: "burned", Treatment.NATIVE: "redacted_native"}.get(item.treatment)
    return done is not None and done not in item.detail


def require_redacted(production: Production, planned: Sequence[PlannedItem]) -> None:
    """Raise `ProductionError` where something would get its number unredacted."""
    open_ones = [each for each in planned if _is_waiting(each)]
    if open_ones:
        raise ProductionError(
            f"{control(open_ones[0].document_id)} of {production.name} is to be redacted and is "
            "not yet; run again"
        )


def redact(case: Case, production: Production, mapper: Mapper, progress: Progress) -> None:
    """Burn in what is to be redacted. Raises `RedactionError` naming what cannot be."""
    with case.read() as connection:
        work = waiting(connection, production)
        found = confirmed(connection, sorted(each.document_id for each in work))
        counted = pages_drawn_on(connection, {each.drawn.document for each in found})
    if not work:
        return
    by_document: dict[int, list[Redaction]] = {}
    for each in found:
        by_document.setdefault(each.drawn.document, []).append(each)
    imaged = [each for each in work if each.treatment is Treatment.IMAGE]
    moved: list[str] = []
    with progress("Burning in redactions", sum(each.pages for each in imaged)) as advance:
        batches = _batches(case, imaged, by_document, counted)
        for batch, result in mapper.map_ordered(burn_batch, batches):
            group = [each for each in imaged if each.document_id in _ids(batch)]
            if isinstance(result, TaskFailure):
                raise RedactionError(
                    f"Burning in redactions of {control(batch.jobs[0].document_id)} or those after "
                    f"it ended the worker process: {result.reason}. Run again; if it recurs, give "
                    "it more memory"
                )
            moved += [_moved(item, each) for item, each in zip(group, result, strict=True)]
            _commit(case, production, group, result)
            advance(sum(each.pages for each in group))
    _refuse_moved(production, [each for each in moved if each])
    sheets = [each for each in work if each.treatment is Treatment.NATIVE]
    if sheets:
        with progress("Redacting spreadsheets", len(sheets)) as advance:
            _make_natives(case, production, mapper, sheets, by_document, advance)


def _make_natives(
    case: Case,
    production: Production,
    mapper: Mapper,
    work: Sequence[PlannedItem],
    redactions: dict[int, list[Redaction]],
    advance: Advance,
) -> None:
    """Make the natives of spreadsheets that are redacted by cell."""
    by_id = {each.document_id: each for each in work}
    with case.read() as connection:
        d = tables.documents.c
        rows = in_chunks(
            connection, lambda ids: sa.select(d.id, d.sha256, d.type).where(d.id.in_(ids)), by_id
        )
        jobs = [CellJob(r.id, r.sha256, r.type, marks_of(redactions.get(r.id, []))) for r in rows]
    batches = (
        CellBatch((each,), case.store_address, case.settings.limits)
        for each in sorted(jobs, key=lambda job: by_id[job.document_id].position)
    )
    for batch, result in mapper.map_ordered(cell_batch, batches):
        item = by_id[batch.jobs[0].document_id]
        if isinstance(result, TaskFailure):
            raise RedactionError(
                f"Redacting {control(item.document_id)} ended its worker process: {result.reason}"
            )
        _require_unchanged(item, result[0])
        if result[0].made is None and batch.jobs[0].type in CONVERTED_TYPES:
            _keep_back(case, production, item, result[0].reason)
        else:
            _require_made(item, result[0])
            detail = item.detail | {"redacted_native": result[0].made}
            with case.write() as connection:
                row = {"position": item.position, "detail": detail}
                update_items(connection, production.id, [row])
        advance(1)


def _keep_back(case: Case, production: Production, item: PlannedItem, reason: str) -> None:
    """A slip sheet without native or text for what could not be converted; the record says why."""
    treatment, why = native_or_slip(NOT_CONVERTED, closed_by(item.detail))
    row = {"position": item.position, "treatment": treatment, "reason": why, "pages": 1}
    message = f"not redacted by cell, and so not produced: {reason}"
    note = warning(Code.UNSUPPORTED, message, *tool_of("office"))
    with case.write() as connection:
        update_items(connection, production.id, [row])
        write_notes(connection, {item.document_id: (note,)})


def _require_unchanged(item: PlannedItem, result: CellResult) -> None:
    name = control(item.document_id)
    if result.changed:
        raise RedactionError(
            f"Redaction {', '.join(map(str, result.changed))} of {name} was drawn on other bytes "
            "than it has now: withdraw it ('redwell redact remove') and draw it anew"
        )


def _require_made(item: PlannedItem, result: CellResult) -> None:
    if result.made is None:
        name = control(item.document_id)
        raise RedactionError(f"{name} cannot be redacted by cell: {result.reason}")


def _ids(batch: BurnBatch) -> set[int]:
    return {each.document_id for each in batch.jobs}


def _batches(
    case: Case,
    work: Sequence[PlannedItem],
    redactions: dict[int, list[Redaction]],
    counted: Counted,
) -> Iterator[BurnBatch]:
    for group in batched(work, _JOBS):
        yield BurnBatch(
            jobs=tuple(_job(each, redactions.get(each.document_id, []), counted) for each in group),
            store_address=case.store_address,
            limits=case.settings.limits,
            languages=case.settings.ocr_languages,
        )


def _job(item: PlannedItem, redactions: Sequence[Redaction], counted: Counted) -> BurnJob:
    assert item.render_sha256 is not None
    marks = tuple(_mark(each, counted) for each in redactions if each.drawn.page is not None)
    return BurnJob(item.document_id, item.render_sha256, item.pages, marks)


def _mark(redaction: Redaction, counted: Counted) -> BurnMark:
    drawn = redaction.drawn
    render = drawn.render_sha256 or ""
    return BurnMark(
        redaction.number,
        drawn.page or 0,
        drawn.boxes,
        redaction.code,
        render,
        drawn.picture_sha256 or "",
        counted.get((drawn.document, render), 0),
    )


def _commit(
    case: Case, production: Production, group: Sequence[PlannedItem], results: Sequence[BurnResult]
) -> None:
    pairs = [pair for pair in zip(group, results, strict=True) if not pair[1].changed]
    for item, result in pairs:
        _require(item, result)
    rows = [
        {
            "position": item.position,
            "render_sha256": result.pdf_sha256,
            "detail": item.detail
            | {"burned": {"of": item.render_sha256, "text_sha256": result.text_sha256}},
        }
        for item, result in pairs
    ]
    with case.write() as connection:
        update_items(connection, production.id, rows)


def _require(item: PlannedItem, result: BurnResult) -> None:
    if result.pdf_sha256 is None or result.pages != item.pages:
        reason = result.reason or f"{result.pages} pages came of {item.pages}"
        raise RedactionError(
            f"{control(item.document_id)} cannot be redacted: {reason}. Nothing of it was "
            "produced: mend that (see 'redwell doctor'), or withhold the document"
        )


def _moved(item: PlannedItem, result: BurnResult) -> str:
    """Redactions that were drawn on other pages; nothing where there are none."""
    listed = ", ".join(map(str, result.changed))
    return f"{control(item.document_id)}: {listed}" if listed else ""


def _refuse_moved(production: Production, moved: Sequence[str]) -> None:
    if not moved:
        return
    lines = [f"  {each}" for each in moved[:_SHOWN]]
    if len(moved) > _SHOWN:
        lines.append(f"  … and {len(moved) - _SHOWN} more documents")
    raise RedactionError(
        "\n".join(
            (
                f"Redactions of {len(moved)} documents were drawn on other pages than "
                f"{production.name} has; nothing was moved, and no number is given:",
                *lines,
                "Withdraw them ('redwell redact remove') and draw or suggest them anew on the "
                f"pages of this production ('redwell redact add' and 'suggest' with --production "
                f"{production.name}; 'redwell redact show DOCUMENT --page 1 --production "
                f"{production.name} --out page.png' shows them), then plan it again. The header "
                "block of a mail is another where one of its attachments was withheld meanwhile, "
                "and office pages are where the keys of [office] say so",
            )
        )
    )
