"""Commands of processing: process, exceptions."""

from dataclasses import asdict
from pathlib import Path

import click
import sqlalchemy as sa

from process.run import process_case
from process.tools import require_tools
from records import case as cases
from records import tables
from records.codes import Disposition
from records.control import control
from records.errors import RedwellError
from records.options import (
    case_option,
    engine_for,
    json_option,
    passwords_option,
    print_json,
    print_pairs,
    print_table,
    read_passwords,
    scheduler_option,
    workers_option,
)
from records.runs import recorded
from records.status import Status, status_of
from store import working


@click.command()
@case_option
@passwords_option
@click.option(
    "--no-ocr",
    is_flag=True,
    help="Leave pages without text waiting; a later run without this flag reads them.",
)
@workers_option
@scheduler_option
@json_option
def process(
    case_folder: Path | None,
    passwords_file: Path | None,
    no_ocr: bool,
    workers: int | None,
    scheduler: str | None,
    as_json: bool,
) -> None:
    """Read what was collected and not yet read.

    Takes text and metadata of everything, attached and embedded items included, runs OCR where
    there is no text, and suppresses duplicate families. Run again after a kill, it goes on where
    it stood.
    """
    passwords = read_passwords(passwords_file)
    with cases.opened(case_folder) as case:
        require_tools(case.settings.ocr_languages if not no_ocr else None)
        with (
            working(case, "process"),
            engine_for(case, workers, scheduler) as engine,
            recorded(case, "process", workers=engine.workers, ocr=not no_ocr) as summary,
        ):
            summary.update(asdict(process_case(case, engine, passwords, ocr=not no_ocr)))
        found = status_of(case)
    _require_balance(found)
    shown = summary | {
        "dispositions": found.dispositions,
        "exceptions": found.exceptions,
        "waiting_for_ocr": found.ocr_waiting,
    }
    if as_json:
        print_json(shown)
    else:
        _print_summary(shown)


def _require_balance(found: Status) -> None:
    """Every document has one final disposition now; anything else is our own fault."""
    pending = found.dispositions.get(Disposition.PENDING, 0)
    if pending:
        raise RedwellError(f"{pending} documents were left without a disposition; report this")


def _print_summary(shown: dict[str, object]) -> None:
    for name, value in shown.items():
        if isinstance(value, dict):
            click.echo(f"{name.replace('_', ' ')}: {sum(value.values())}")
            print_pairs({f"  {key}": count for key, count in value.items()})
        else:
            click.echo(f"{name.replace('_', ' ')}: {value}")


@click.command()
@case_option
@click.option("--code", help="Only exceptions of this code, as encrypted.")
@click.option("--warnings", is_flag=True, help="List warnings instead.")
@json_option
def exceptions(case_folder: Path | None, code: str | None, warnings: bool, as_json: bool) -> None:
    """List the documents whose content could not be had, and why."""
    severity = "warning" if warnings else "exception"
    with cases.opened(case_folder) as case:
        rows = _noted(case, severity, code)
    if as_json:
        print_json(rows)
        return
    columns = ("document", "code", "message", "tool", "address")
    print_table(columns, [[row[name] for name in columns] for row in rows])


def _noted(case: cases.Case, severity: str, code: str | None) -> list[dict[str, object]]:
    notes, documents = tables.notes.c, tables.documents.c
    query = (
        sa.select(
            notes.document_id,
            notes.code,
            notes.message,
            notes.tool,
            notes.tool_version,
            notes.attempts,
            documents.disposition,
            documents.address,
            tables.custodians.c.name.label("custodian"),
        )
        .join(tables.documents, documents.id == notes.document_id)
        .join(tables.custodians, tables.custodians.c.id == documents.custodian_id)
        .where(notes.severity == severity)
        .order_by(notes.code, notes.document_id, notes.id)
    )
    if code is not None:
        query = query.where(notes.code == code)
    with case.read() as connection:
        rows = connection.execute(query).mappings().all()
    return [{"document": control(row["document_id"]), **row} for row in rows]
