"""The command `show`: a document to be read, with its hits."""

from pathlib import Path

import click

from index.lists import read_terms
from index.searching import read as read_query
from index.tree import Node
from records.case import opened
from records.control import parse_control
from records.errors import SelectionError
from records.options import case_option, json_option, print_json
from review.page import Form, page_options, print_reading
from review.reading import json_of, read


@click.command("show")
@click.argument("document")
@click.option("--query", help="Mark the hits of this query.")
@click.option(
    "--terms",
    "list_path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Mark the hits of a list of terms, one a line.",
)
@click.option(
    "--text",
    "how",
    type=click.Choice(["whole", "hits", "none"]),
    default="whole",
    show_default=True,
    help="hits: only the text around them.",
)
@page_options
@case_option
@json_option
def show_command(
    document: str,
    query: str | None,
    list_path: Path | None,
    how: str,
    lines: int | None,
    pager: bool,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Read a DOCUMENT, named by its control number: its fields, coding, family, thread and text.

    With --query or --terms its hits are marked and counted, by the same rules as the search: of a
    proximity only the words that stand near enough.
    """
    if query is not None and list_path is not None:
        raise click.UsageError("Give one of --query and --terms.")
    if how == "hits" and query is None and list_path is None:
        raise click.UsageError("--text hits needs --query or --terms, whose hits are shown.")
    try:
        number = parse_control(document)
    except ValueError as error:
        raise SelectionError(str(error)) from error
    with opened(case_folder) as case:
        tree: Node | None = None
        if query is not None:
            tree = read_query(case, query)
        elif list_path is not None:
            tree = read_query(case, read_terms(list_path), as_list=True)
        reading = read(case, number, tree)
        form = Form(case.settings.zone, lines, pager, how)
    if as_json:
        print_json(json_of(reading, with_text=how != "none"))
    else:
        print_reading(reading, form)
