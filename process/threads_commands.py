"""The command group `threads`: conversations of the case, and each as a tree."""

from pathlib import Path
from typing import Any

import click

from process.threads_shown import Line, Listed, thread_lines, threads_listed
from records import case as cases
from records.control import parse_control
from records.errors import SelectionError
from records.options import case_option, json_option, print_json, print_table


@click.group("threads")
def threads_group() -> None:
    """Threads: which mails are one conversation, and which say all of it."""


@threads_group.command("list")
@click.option("--all", "all_threads", is_flag=True, help="Mails that are alone in theirs, too.")
@case_option
@json_option
def list_threads(all_threads: bool, case_folder: Path | None, as_json: bool) -> None:
    """List the threads of several mails: how many, from when to when, and what joined them."""
    with cases.opened(case_folder) as case, case.read() as connection:
        found = list(threads_listed(connection, least=1 if all_threads else 2))
    if as_json:
        print_json([each.to_json() for each in found])
        return
    columns = Listed.__slots__
    print_table(columns, [_shown(each) for each in found])


def _shown(each: Listed) -> list[Any]:
    values = each.to_json() | {"basis": ", ".join(each.basis)}
    return ["" if value is None else value for value in values.values()]


@threads_group.command("show")
@click.argument("document", metavar="DOCID")
@case_option
@json_option
def show_thread(document: str, case_folder: Path | None, as_json: bool) -> None:
    """Show the thread of a mail as a tree, from its first message on.

    Marks: * is inclusive, = a spare, whose kept copy is named; others name the mail that holds all
    of them.
    """
    try:
        number = parse_control(document)
    except ValueError as error:
        raise SelectionError(str(error)) from error
    with cases.opened(case_folder) as case, case.read() as connection:
        found = thread_lines(connection, number)
    if as_json:
        print_json([each.to_json() for each in found])
        return
    for each in found:
        click.echo(_line(each))


def _line(each: Line) -> str:
    mark = "=" if each.spare_of else "*" if each.inclusive else " "
    note = each.contained_in or "not judged yet"
    cells = (each.sent_at or "no date", each.sender, each.subject, f"({note})")
    return f"{mark} {each.document}  {'  ' * each.depth}{'  '.join(cells)}"
