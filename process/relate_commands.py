"""The command `relate`, which `process` and `run` end with."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from process.relations import relate_case
from records import case as cases
from records.case import Case
from records.engine import Engine
from records.options import (
    case_option,
    engine_for,
    json_option,
    print_json,
    print_pairs,
    scheduler_option,
    workers_option,
)
from records.runs import recorded
from store import working


@click.command()
@case_option
@workers_option
@scheduler_option
@json_option
def relate(
    case_folder: Path | None, workers: int | None, scheduler: str | None, as_json: bool
) -> None:
    """Find near-duplicates, languages, threads and people among what was processed.

    redwell process ends with it; by itself it is for what was processed with --no-relations, and
    after near_threshold was set anew. Only what is new, or touched by it, is computed.
    """
    with (
        cases.opened(case_folder) as case,
        working(case, "relate"),
        engine_for(case, workers, scheduler) as engine,
    ):
        found = relate_on_record(case, engine)
    if as_json:
        print_json(found)
    else:
        print_pairs({name.replace("_", " "): count for name, count in found.items()})


def relate_on_record(case: Case, engine: Engine) -> dict[str, Any]:
    """Relate, within the case's lock, as a run on record; its counts."""
    with recorded(case, "relate", workers=engine.workers) as summary:
        summary.update(asdict(relate_case(case, engine)))
    return summary
