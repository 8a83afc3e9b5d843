"""The command `run`: collect, read and index in one go, with one crew of workers."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from index.run import index_case
from ingest.archivers import require_worker_archivers
from ingest.plan import checked_source, survey
from ingest.record import custodian_id
from ingest.run import ingest
from process.commands import read_on_record, require_balance
from process.relate_commands import relate_on_record
from process.tools import checked_in, require_installed
from records import case as cases
from records.engine import Engine
from records.options import (
    case_option,
    engine_for,
    json_option,
    no_relations_option,
    passwords_option,
    print_json,
    print_pairs,
    progress,
    read_passwords,
    scheduler_option,
    workers_option,
)
from records.status import status_of
from store import working


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--custodian", required=True, help="Whose documents they are, as the case names it.")
@passwords_option
@click.option(
    "--no-ocr",
    is_flag=True,
    help="Leave pages without text waiting; redwell process reads them later.",
)
@no_relations_option
@workers_option
@scheduler_option
@json_option
@case_option
def run(
    source: Path,
    custodian: str,
    passwords_file: Path | None,
    no_ocr: bool,
    no_relations: bool,
    workers: int | None,
    scheduler: str | None,
    as_json: bool,
    case_folder: Path | None,
) -> None:
    """Collect SOURCE for a custodian, read it and index it, in one go.

    The same as redwell ingest, redwell process, redwell index and redwell relate, one after
    another, with workers that are started once. Run again after a kill, it goes on where it stood.
    """
    with cases.opened(case_folder) as case:
        custodian_id(case, custodian)
        place = checked_source(case, source)
        passwords = read_passwords(passwords_file)
        languages = None if no_ocr else case.settings.ocr_languages
        require_installed(languages)
        with engine_for(case, workers, scheduler, place) as engine:
            require_worker_archivers(engine)
            ready = checked_in(engine, case.settings.limits, languages, everywhere=False)
            found = {
                "ingest": _collect(case, engine, source, custodian, passwords, ready),
                "process": _read(case, engine, passwords, ocr=not no_ocr),
                "index": _index(case, engine),
            }
            if not no_relations:
                with working(case, "relate"):
                    found["relate"] = relate_on_record(case, engine)
    if as_json:
        print_json(found)
        return
    for stage, counts in found.items():
        click.echo(stage.capitalize())
        print_pairs({f"  {name.replace('_', ' ')}": each for name, each in counts.items()})


def _collect(
    case: cases.Case,
    engine: Engine,
    source: Path,
    custodian: str,
    passwords: tuple[str, ...],
    ready: Callable[[], None],
) -> dict[str, Any]:
    files = survey(source.resolve()).files
    with progress("Collecting files", files) as advance:
        summary = ingest(
            *(case, engine, source, custodian, passwords, lambda files, _items: advance(files)),
            ready=ready,
        )
    ready()  # also where there was nothing to collect
    return summary.to_json()


def _read(
    case: cases.Case, engine: Engine, passwords: tuple[str, ...], *, ocr: bool
) -> dict[str, Any]:
    with working(case, "process"):
        summary = read_on_record(case, engine, passwords, ocr=ocr)
    require_balance(status_of(case))
    return summary


def _index(case: cases.Case, engine: Engine) -> dict[str, Any]:
    return asdict(index_case(case, engine, lambda _done, _total: None))
