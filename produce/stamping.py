"""Third phase of a run: numbered pages and slip sheets are written into the volume.

A batch's files are synced by the worker that wrote them; the transaction that lists them and
calls their items done is the commit point. Files of a batch that did not commit are written
again under the same names.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from produce.interface import ImageBatch, ImageJob, ImageResult, with_suffix
from produce.layout import Place, endorsements, legend_of, places
from produce.record import (
    Image,
    Mapper,
    PlannedItem,
    Production,
    items,
    update_items,
    write_notes,
)
from produce.specification import Specification
from produce.treating import closed_by, native_or_slip
from produce.treatment import BLANK_LINE, Treatment, slip_lines
from records import tables
from records.case import Case
from records.engine import TaskFailure
from records.errors import ProductionError
from records.options import Advance

_PAGES = 100
_JOBS = 25


def waiting(connection: sa.Connection, production: Production) -> list[Place]:
    """Places of items whose pages are not written yet."""
    return [
        each
        for each in places(production.specification, items(connection, production.id))
        if each.item.state != "done"
    ]


def stamp_all(
    case: Case,
    production: Production,
    volume: Path,
    mapper: Mapper,
    image: Image,
    advance: Advance,
) -> None:
    """Write what is still to be written. Raises `ProductionError` for a document that cannot."""
    with case.read() as connection:
        work = waiting(connection, production)
    again: list[Place] = []
    for size in (_JOBS, 1):
        by_id = {each.item.document_id: each for each in work}
        batches = (_batch(case, production, volume, each) for each in _split(work, size))
        for batch, result in mapper.map_ordered(image, batches):
            group = [by_id[job.document_id] for job in batch.jobs]
            if isinstance(result, TaskFailure):
                _refuse_last_failure(group, result, size)
                again.extend(group)
                continue
            _commit(case, production, group, result)
            advance(sum(each.item.pages for each in group))
        work, again = again, []


def _refuse_last_failure(group: Sequence[Place], failure: TaskFailure, size: int) -> None:
    if size == 1:
        raise ProductionError(
            f"Stamping {group[0].item.first} (document {group[0].item.document_id}) ended its "
            f"worker process: {failure.reason}. Run again; if it recurs, give it more memory"
        )


def _split(work: Iterable[Place], most: int) -> Iterator[list[Place]]:
    group: list[Place] = []
    pages = 0
    for each in work:
        if group and (len(group) >= most or pages + each.item.pages > _PAGES):
            yield group
            group, pages = [], 0
        group.append(each)
        pages += each.item.pages
    if group:
        yield group


def _batch(case: Case, production: Production, volume: Path, group: Sequence[Place]) -> ImageBatch:
    specification = production.specification
    return ImageBatch(
        jobs=tuple(_job(each, specification) for each in group),
        store_address=case.store_address,
        volume=str(volume),
        kind=specification.kind,
        dpi=specification.dpi,
        limits=case.settings.limits,
        colour=specification.colour,
        colour_dpi=specification.colour_dpi,
        page_size=specification.page_size,
        zones=endorsements(specification),
        placement=specification.placement,
    )


def _job(place: Place, specification: Specification) -> ImageJob:
    item = place.item
    imaged = item.render_sha256 is not None
    filled = int(item.detail.get("filled", 0))
    own = (BLANK_LINE,) if filled else ()
    return ImageJob(
        document_id=item.document_id,
        pdf_sha256=item.render_sha256 if imaged else None,
        slip=own if imaged else slip_lines(item.treatment, item.reason, specification),
        bates=place.bates,
        legend=legend_of(item, specification),
        targets=place.images,
        sheets=filled if imaged else 0,
    )


def _commit(
    case: Case, production: Production, group: Sequence[Place], results: Sequence[ImageResult]
) -> None:
    for place, result in zip(group, results, strict=True):
        if result.document_id != place.item.document_id or not _as_told(place, result):
            raise ProductionError(
                f"Stamping {place.item.first} wrote other files than it was told: this is an "
                "error of the program"
            )
    f = tables.production_files
    rows = [
        {
            "production_id": production.id,
            "path": file.path,
            "sha256": file.sha256,
            "size": file.size,
        }
        for result in results
        for file in result.files
    ]
    with case.write() as connection:
        connection.execute(f.insert(), rows)
        done = [{"position": each.item.position, "state": "done"} for each in group]
        update_items(connection, production.id, done)
        failed = {each.document_id for each in results if _has_failed_page(each)}
        lost = [_native(each.item) for each in group if each.item.document_id in failed]
        update_items(connection, production.id, lost)
        write_notes(connection, {each.document_id: each.notes for each in results})


def _as_told(place: Place, result: ImageResult) -> bool:
    """Whether the files are those asked for; a TIFF may have become a JPG."""
    if len(result.files) != len(place.images):
        return False
    return all(
        file.path in (path, with_suffix(path, "jpg") if path.endswith(".tif") else path)
        for file, path in zip(result.files, place.images, strict=True)
    )


def _has_failed_page(result: ImageResult) -> bool:
    return any(note.severity == "exception" for note in result.notes)


def _native(item: PlannedItem) -> dict[str, Any]:
    """A page that says it could not be imaged loses content: the native goes with it."""
    if item.treatment is not Treatment.IMAGE:
        return {
            "position": item.position,
            "treatment": item.treatment,
            "reason": item.reason,
        }
    treatment, why = native_or_slip("a page could not be imaged", closed_by(item.detail))
    return {"position": item.position, "treatment": treatment, "reason": why}
