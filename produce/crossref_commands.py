"""The command `produce crossref`: control numbers against Bates numbers."""

from dataclasses import asdict
from pathlib import Path

import click

from produce.crossref import COLUMNS, references
from produce.record import production
from records import case as cases
from records.exports import check_target, export_options, write_table
from records.options import case_option, json_option, print_json, print_table, say

_SHOWN = 20


@click.command("crossref")
@click.argument("name", required=False)
@export_options
@case_option
@json_option
def crossref_command(
    name: str | None,
    target: Path | None,
    overwrite: bool,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """List control numbers with the Bates numbers they were produced under.

    Of the production NAME, or of all that have numbers. Suppressed copies stand behind the kept
    document that was produced for them. The list is for your own side: it tells what a volume
    withheld and left out.
    """
    check_target(target, overwrite=overwrite)
    with cases.opened(case_folder) as case, case.read() as connection:
        number = None if name is None else production(connection, name).id
        found = list(references(connection, number))
    if target is not None:
        rows = (each.row for each in found)
        write_table(target, "Bates numbers", COLUMNS, rows, overwrite=overwrite)
    if as_json:
        print_json([asdict(each) for each in found])
    elif target is not None:
        say(f"{len(found)} references are in {target}")
    else:
        print_table(COLUMNS[:8], [each.row[:8] for each in found[:_SHOWN]])
        if len(found) > _SHOWN:
            say(f"… and {len(found) - _SHOWN} more: --export FILE.csv, or --json")
        if not found:
            say("Nothing has Bates numbers yet: 'redwell produce run NAME' gives them")
