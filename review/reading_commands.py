"""The command `show`, and how all commands that show a document print it."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from records.case import opened
from records.options import case_option, json_option, print_json
from review.reading import Reading, read
from review.targets import read_ids

_OPTIONS = (
    click.option("--lines", type=click.IntRange(min=0), help="Print so many lines of the text."),
    click.option("--pager/--no-pager", default=False, help="Read the text page by page."),
)


def shown[F: Callable[..., Any]](command: F) -> F:
    """Give a command the options `lines` and `pager`, for `print_reading`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def print_reading(reading: Reading, lines: int | None, pager: bool, above: str = "") -> None:
    """Print a document: `above`, its head, its text."""
    head = [f"{name + ':':<11}{value}" for name, value in reading.head()]
    found = reading.text.rstrip("\n").split("\n") if reading.text.strip() else ["(no text)"]
    cut = found if lines is None else found[:lines]
    more = [f"… {len(found) - len(cut)} more lines"] if len(cut) < len(found) else []
    page = "\n".join([*([above] if above else []), *head, "", *cut, *more]) + "\n"
    if pager:
        click.echo_via_pager(page)
    else:
        click.echo(page, nl=False)


@click.command("show")
@click.argument("document")
@shown
@case_option
@json_option
def show_command(
    document: str, lines: int | None, pager: bool, case_folder: Path | None, as_json: bool
) -> None:
    """Show a DOCUMENT, named by its control number: its head, its coding and its text."""
    number = next(iter(read_ids([document])))
    with opened(case_folder) as case:
        found = read(case, number)
    if as_json:
        print_json(asdict(found))
    else:
        print_reading(found, lines, pager)
