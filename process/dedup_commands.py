"""The command group `dedup`: what was suppressed as a duplicate, and in whose favour."""

import json
from collections.abc import Iterable
from pathlib import Path

import click

from process.kept import Kept, kept_documents
from records import case as cases
from records.options import case_option, json_option
from records.sheets import Sheet

_COLUMNS = ("document", "family", "custodian", "path", "copies", "custodians", "paths")


@click.group()
def dedup() -> None:
    """Duplicates: what was suppressed, and in whose favour."""


@dedup.command("report")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV for a spreadsheet.")
@case_option
@json_option
def report(as_csv: bool, case_folder: Path | None, as_json: bool) -> None:
    """List the kept documents that have suppressed copies.

    How many copies each has, of how many custodians, at how many paths; --csv and --json name
    them. Members of families are listed like others: each has copies of its own.
    """
    if as_csv and as_json:
        raise click.UsageError("Take --csv or --json, not both.")
    with cases.opened(case_folder) as case, case.read() as connection:
        found = kept_documents(connection)
        if as_json:
            _print_json(found)
        elif as_csv:
            _print_csv(found)
        else:
            _print_lines(found)


def _print_json(found: Iterable[Kept]) -> None:
    """One JSON list, written as the documents come."""
    click.echo("[", nl=False)
    for number, each in enumerate(found):
        text = json.dumps(each.to_json(), ensure_ascii=False)
        click.echo(f"{',' if number else ''}\n  {text}", nl=False)
    click.echo("\n]")


def _print_csv(found: Iterable[Kept]) -> None:
    columns = (*_COLUMNS, "all custodians", "all paths")
    sheet = Sheet(lambda data: click.echo(data, nl=False), columns)
    for each in found:
        told = each.to_json()
        values = [str(told[name]) for name in _COLUMNS]
        sheet.row(*values, "; ".join(each.all_custodians), "; ".join(each.all_paths))


def _print_lines(found: Iterable[Kept]) -> None:
    click.echo("\t".join(_COLUMNS))
    for each in found:
        told = each.to_json()
        click.echo("\t".join(str(told[name]) for name in _COLUMNS))
