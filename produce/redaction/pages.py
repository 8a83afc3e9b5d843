"""The pages that redactions are drawn on: made as a production makes them, and kept.

They are rendered by the very job that a run hands out, so that the same document gives the same
bytes. The header block of a mail names its attachments and uses a time zone: those of a planned
production, or else the case's zone and all attachments but what a tag of privilege withholds today.
What office pages show beside the text is all of it, and spreadsheets have no pages, or it is as a
planned production has it.
"""

import hashlib
import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from itertools import batched
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from produce.imaging.characters import PageCharacters
from produce.imaging.render import ask, render_batch, tool_of
from produce.imaging.route import way
from produce.interface import OfficeRule, RenderBatch, RenderJob
from produce.record import Production, items
from produce.redaction.record import Kind, confirmed
from produce.rendering import render_job
from produce.selection import in_chunks, load_families, tagged
from produce.treating import Tree
from records import tables, times
from records.case import Case
from records.control import control
from records.errors import RedactionError
from records.roles import UserRole
from review.meanings import privilege_names
from store import Store, open_store

_D, _P = tables.documents.c, tables.redaction_pages.c
_JOBS = 16
_SECONDS_A_PAGE = 20.0
_MANNER = "redwell-pages/2"

type Counted = dict[tuple[int, str], int]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document as pages; where there are none, `reason` says why."""

    document: int
    render_sha256: str
    pages: tuple[PageCharacters, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Rules:
    """What pages depend on beside the document: those of a production, or of the case."""

    zone: str
    office: OfficeRule
    sheets: str
    sheet_pages: int


def _rules(case: Case, production: Production | None) -> _Rules:
    if production is None:
        usual = RenderBatch((), "", case.settings.limits, (), case.settings.time_zone)
        return _Rules(usual.time_zone, usual.office, usual.sheets, usual.sheet_pages)
    told = production.specification
    return _Rules(told.time_zone, told.office, told.sheets, told.sheet_pages)


def pages_of(
    case: Case, document: int, production: Production | None, unnamed: frozenset[int]
) -> Prepared:
    """The pages of one document; raises `RedactionError` where it cannot be imaged."""
    found = next(prepare(case, [document], production, unnamed))
    if found.reason:
        raise RedactionError(
            f"{control(document)} has no pages to redact: {found.reason}. Redact a spreadsheet by "
            "'redwell redact cells', or where a planned production prints it with --production "
            "NAME, and withhold what cannot be redacted"
        )
    return found


def prepare(
    case: Case, documents: Iterable[int], production: Production | None, unnamed: frozenset[int]
) -> Iterator[Prepared]:
    """Pages of documents, in order; those that were made before are taken from the store.

    `unnamed` are documents whose names no header block tells.
    """
    rules = _rules(case, production)
    store = open_store(case.store_address)
    for chunk in batched(documents, _JOBS):
        with case.read() as connection:
            jobs = _jobs(connection, chunk, rules.zone, production, unnamed)
            keys = {each.document_id: _job_hash(case, each, rules) for each in jobs}
            known = {each: _known(connection, store, each, key) for each, key in keys.items()}
        fresh = [each for each in jobs if known[each.document_id] is None]
        made: dict[int, Prepared] = {}
        if fresh:  # a stage that starts sweeps the store, so that none may while it is written
            with case.exclusive("redact", UserRole.REVIEWER):
                made = _render(case, store, fresh, keys, rules)
        for each in chunk:
            if each not in keys:
                yield Prepared(each, "", (), "its bytes are not there")
            else:
                found = known[each] or made[each]
                yield found


def _jobs(
    connection: sa.Connection,
    documents: Sequence[int],
    zone: str,
    production: Production | None,
    unnamed: frozenset[int],
) -> list[RenderJob]:
    names = _attachments(connection, set(documents), production, unnamed)
    masked = _masked(connection, documents)
    rows = connection.execute(
        sa.select(
            *(_D.id, _D.sha256, _D.size, _D.type, _D.mime, _D.name, _D.text_sha256, _D.fields)
        )
        .where(_D.id.in_(documents), _D.sha256.is_not(None))
        .order_by(_D.id)
    )
    return [
        render_job(row, names.get(row.id, ()), ZoneInfo(zone), masked.get(row.id, ()))
        for row in rows
    ]


def _masked(connection: sa.Connection, documents: Iterable[int]) -> dict[int, list[str]]:
    """Fields that were redacted by hand."""
    found: dict[int, list[str]] = {}
    for each in confirmed(connection, documents):
        if each.drawn.kind is Kind.FIELD:
            found.setdefault(each.drawn.document, []).append(each.drawn.place)
    return found


def _attachments(
    connection: sa.Connection,
    documents: set[int],
    production: Production | None,
    unnamed: frozenset[int],
) -> dict[int, tuple[str, ...]]:
    """What a mail's header block names, as a plan has it that withholds what is privileged."""
    if production is not None:
        planned = items(connection, production.id)
        return {each.document_id: tuple(each.detail["attachments"]) for each in planned}
    withheld = tagged(connection, privilege_names(connection))
    found = {}
    for family in load_families(connection, documents):
        tree = Tree(family, withheld, unnamed)
        for member in family.members:
            found[member.id] = tree.attachments(member.id)
    return found


def _job_hash(case: Case, job: RenderJob, rules: _Rules) -> str:
    kind, reason = way(job, rules.sheets)
    tool = ("", "") if reason else tool_of(kind)
    told = json.dumps([_MANNER, astuple(job), astuple(rules), tool, case.settings.ocr_languages])
    return hashlib.sha256(told.encode()).hexdigest()


def _known(
    connection: sa.Connection, store: Store, document: int, job_sha256: str
) -> Prepared | None:
    row = connection.execute(
        sa.select(_P.render_sha256, _P.characters_sha256)
        .where(_P.document_id == document, _P.job_sha256 == job_sha256)
        .order_by(_P.at.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    return Prepared(document, row.render_sha256, read_pages(store, row.characters_sha256))


def read_pages(store: Store, characters_sha256: str) -> tuple[PageCharacters, ...]:
    """Pages as they were written to the store."""
    found: list[dict[str, Any]] = json.loads(store.read_bytes(characters_sha256))
    return tuple(PageCharacters.from_json(each) for each in found)


def drawn_on(
    connection: sa.Connection, store: Store, document: int, render_sha256: str
) -> tuple[PageCharacters, ...]:
    """The pages of record that a redaction was drawn on."""
    sha256 = connection.execute(
        sa.select(_P.characters_sha256).where(
            _P.document_id == document, _P.render_sha256 == render_sha256
        )
    ).scalar_one()
    return read_pages(store, sha256)


def pages_drawn_on(connection: sa.Connection, documents: Iterable[int]) -> Counted:
    """How many pages documents had when they were drawn on: by document and pages."""
    rows = in_chunks(
        connection,
        lambda ids: sa.select(_P.document_id, _P.render_sha256, _P.pages).where(
            _P.document_id.in_(ids)
        ),
        documents,
    )
    return {(row.document_id, row.render_sha256): row.pages for row in rows}


def _render(
    case: Case, store: Store, jobs: Sequence[RenderJob], keys: dict[int, str], rules: _Rules
) -> dict[int, Prepared]:
    batch = RenderBatch(
        *(tuple(jobs), case.store_address, case.settings.limits, ()),
        *(rules.zone, rules.office, rules.sheets, rules.sheet_pages),
    )
    found, rows = {}, []
    for result in render_batch(batch):
        number = result.document_id
        if result.pdf_sha256 is None or result.reason:
            found[number] = Prepared(number, "", (), result.reason or "it has no pages")
            continue
        data, reason = _characters(case, store, result.pdf_sha256, result.pages)
        if reason:
            found[number] = Prepared(number, "", (), reason)
            continue
        with store.writing() as writer:
            sha256 = writer.put_bytes(data).sha256
        found[number] = Prepared(number, result.pdf_sha256, read_pages(store, sha256))
        rows.append((number, result.pdf_sha256, keys[number], sha256, result.pages))
    _keep(case, rows)
    return found


def _keep(case: Case, rows: Sequence[tuple[int, str, str, str, int]]) -> None:
    names = ("document_id", "render_sha256", "job_sha256", "characters_sha256", "pages")
    with case.write(UserRole.REVIEWER) as connection:
        for row in rows:
            values = dict(zip(names, row, strict=True)) | {"at": times.now()}
            here = (_P.document_id == row[0]) & (_P.render_sha256 == row[1])
            table = tables.redaction_pages
            if not connection.execute(table.update().where(here).values(**values)).rowcount:
                connection.execute(table.insert().values(**values))


def _characters(case: Case, store: Store, pdf_sha256: str, pages: int) -> tuple[bytes, str]:
    """The characters of a PDF of ours as JSON, or why they cannot be had."""
    limits = case.settings.limits
    with (
        store.local_path(pdf_sha256) as source,
        tempfile.TemporaryDirectory(prefix="redwell-") as name,
    ):
        target = Path(name) / "characters.json"
        request = {
            "do": "characters",
            "source": str(source),
            "target": str(target),
            "folder": name,
            "languages": case.settings.ocr_languages,
        }
        answer = ask(limits.memory_mb, request, limits.render_seconds + pages * _SECONDS_A_PAGE)
        if "code" in answer:
            return b"", str(answer["message"])
        return target.read_bytes(), ""
