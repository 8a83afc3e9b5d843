"""Spreadsheets redacted by cell: drawn, and made anew by a worker."""

import functools
import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from produce.imaging.render import ask
from produce.redaction import record
from produce.redaction.codes import find_code
from produce.redaction.record import Drawn, Kind, Origin, Redaction, State
from produce.redaction.told import tokens
from produce.redaction.views import views
from produce.treatment import CONVERTED_TYPES
from records import tables
from records.case import Case
from records.control import control
from records.errors import RedactionError
from records.limits import Limits
from store import open_store

KINDS = ("xlsx", "xlsm", "csv", "tsv", *sorted(CONVERTED_TYPES))
_START_SECONDS = 120.0  # of LibreOffice
_D = tables.documents.c


@dataclass(frozen=True, slots=True)
class CellJob:
    """A spreadsheet and its redactions: (number, sheet, cells, code, hash that it was drawn on)."""

    document_id: int
    sha256: str
    type: str
    marks: tuple[tuple[int, str, str, str, str], ...]


@dataclass(frozen=True, slots=True)
class CellBatch:
    """Jobs for one worker."""

    jobs: tuple[CellJob, ...]
    store_address: str
    limits: Limits


@dataclass(frozen=True, slots=True)
class CellResult:
    """What was made, as the item's detail has it, or why nothing was.

    `changed` are redactions that were drawn on other bytes.
    """

    document_id: int
    made: dict[str, Any] | None
    changed: tuple[int, ...]
    reason: str


def redact_range(
    case: Case, document: int, sheet: str, cells: str, code: str, remark: str = ""
) -> list[Redaction]:
    """Redact a range of a spreadsheet, confirmed at once; raises `RedactionError` for no range."""
    with case.read() as connection:
        find_code(connection, code)
        row = connection.execute(
            sa.select(_D.sha256, _D.type).where(_D.id == document)
        ).one_or_none()
    if row is None or row.sha256 is None or row.type not in KINDS:
        what = "of the type " + row.type if row is not None else "not there"
        raise RedactionError(
            f"{control(document)} is {what}: cells can be redacted of {', '.join(KINDS)}. Withhold "
            "others"
        )
    with (
        open_store(case.store_address).local_path(row.sha256) as source,
        tempfile.TemporaryDirectory(prefix="redwell-") as folder,
    ):
        request = {"do": "values", "type": row.type, "sheet": sheet, "cells": cells}
        answer = _ask(case.settings.limits, request | {"source": str(source), "folder": folder})
    if "code" in answer:
        hint = ""
        if row.type in CONVERTED_TYPES:
            hint = ". Withhold it, or put a copy saved as XLSX in its place ('redwell replace')"
        raise RedactionError(f"{control(document)}: {answer['message']}{hint}")
    drawn = Drawn(
        document,
        Kind.CELLS,
        Origin.HAND,
        place=f"{sheet}!{cells.upper()}",
        found="\n".join(answer["values"]),
        reason=remark,
        native_sha256=row.sha256,
    )
    return record.add(case, code, [drawn], State.CONFIRMED)


def _ask(limits: Limits, request: dict[str, Any]) -> dict[str, Any]:
    seconds: float = limits.render_seconds
    if request["type"] in CONVERTED_TYPES:
        request, seconds = request | {"seconds": seconds}, seconds + _START_SECONDS
    return ask(limits.memory_mb, request, seconds)


def cell_batch(batch: CellBatch) -> tuple[CellResult, ...]:
    """Make all spreadsheets of a batch anew; doing it again gives the same bytes."""
    return tuple(_made(batch, job) for job in batch.jobs)


def _made(batch: CellBatch, job: CellJob) -> CellResult:
    changed = tuple(mark[0] for mark in job.marks if mark[4] != job.sha256)
    if changed:
        return CellResult(job.document_id, None, changed, "")
    store = open_store(batch.store_address)
    ext = job.type if job.type in ("csv", "tsv") else "xlsx"
    with (
        store.local_path(job.sha256) as source,
        tempfile.TemporaryDirectory(prefix="redwell-") as name,
    ):
        target, text = Path(name) / f"redacted.{ext}", Path(name) / "redacted.txt"
        request = {
            "do": "cells",
            "source": str(source),
            "type": job.type,
            "marks": [list(mark[1:4]) for mark in job.marks],
            "target": str(target),
            "text": str(text),
            "folder": name,
        }
        answer = _ask(batch.limits, request)
        if "code" in answer:
            return CellResult(job.document_id, None, (), str(answer["message"]))
        data = target.read_bytes()
        with store.writing() as writer:
            native, words = writer.put_bytes(data), writer.put_bytes(text.read_bytes())
    made = {
        "sha256": native.sha256,
        "ext": ext,
        "text_sha256": words.sha256,
        "hashes": _told(data, ext),
    }
    return CellResult(job.document_id, made, (), "")


def _told(data: bytes, ext: str) -> dict[str, str]:
    """What the load file says of the new file."""
    return {
        "MD5": hashlib.md5(data, usedforsecurity=False).hexdigest(),
        "SHA1": hashlib.sha1(data, usedforsecurity=False).hexdigest(),
        "SHA256": hashlib.sha256(data).hexdigest(),
        "FileSize": str(len(data)),
        "FileExt": ext,
    }


def marks_of(redactions: Sequence[Redaction]) -> tuple[tuple[int, str, str, str, str], ...]:
    """Cells and codes as a job has them."""
    found = []
    for each in redactions:
        if each.drawn.kind is Kind.CELLS:
            sheet, _, cells = each.drawn.place.rpartition("!")
            found.append((each.number, sheet, cells, each.code, each.drawn.native_sha256 or ""))
    return tuple(found)


@functools.cache
def vocabulary() -> frozenset[str]:
    """Words by which a workbook of ours names its own parts: those of one that is empty."""
    from produce.imaging.cells import empty_book

    return frozenset(word for view in views(empty_book()) for word in tokens(view.text))
