"""The command `show`: a document to be read on the terminal, with its hits."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from index.columns import COLUMNS
from index.lists import read_terms
from index.reading import Opened, Part, Relative, around, opened_document
from index.searching import read
from index.snippets import clean, excerpts, marked, shown
from index.telling import bold, starred
from index.tree import Node
from records.case import opened
from records.control import control, parse_control
from records.errors import SelectionError
from records.options import case_option, json_option, print_json

_REACH = 5  # neighbours on each side
_TITLES = {"filename": "file name", "path": "address"}


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
@case_option
@json_option
def show_command(
    document: str,
    query: str | None,
    list_path: Path | None,
    how: str,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Read a DOCUMENT, named by its control number: its fields, family, thread and text.

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
            tree = read(case, query)
        elif list_path is not None:
            tree = read(case, read_terms(list_path), as_list=True)
        found = opened_document(case, number, tree)
    if as_json:
        print_json(_json(found, with_text=how != "none"))
    else:
        _print(found, tree, how)


def _print(found: Opened, tree: Node | None, how: str) -> None:
    console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    for name, value in found.facts:
        if value not in (None, ""):
            _line(console, COLUMNS[name].heading, clean(str(value)))
    for part in found.parts:
        if part.name != "text":
            _say(console, part, _TITLES.get(part.name, part.name))
    for at, who, note in found.notes:
        _line(console, "Note", f"{clean(note)} ({clean(who)}, {at})")
    if len(found.family) > 1:
        _relatives(console, found, found.family, "Family", f"family:{control(found.id)}")
    if len(found.thread) > 1:
        _relatives(console, found, found.thread, "Thread", f"thread:{control(found.id)}")
    if tree is not None:
        _line(console, "Hits", _counts(found))
    text = next((part for part in found.parts if part.name == "text"), None)
    if how == "none":
        return
    click.echo()
    if text is None:
        click.echo("(no text)")
    elif how == "hits" and tree is not None:
        for pieces in excerpts(text.text, tree, "text"):
            _pieces(console, bold(pieces), "    " + starred(pieces))
    else:
        whole = [shown(each) for each in marked(text.text, text.marks)]
        _pieces(console, bold(whole, indent=""), starred(whole))


def _counts(found: Opened) -> str:
    parts = [f"{part.name} {len(part.marks):,}" for part in found.parts if part.marks]
    return f"{found.hits:,}" + (f" ({', '.join(parts)})" if parts else "")


def _line(console: Console, title: str, text: str) -> None:
    styled = Text.assemble((f"{title}: ", "dim"), text)
    _pieces(console, styled, f"{title}: {text}")


def _say(console: Console, part: Part, name: str) -> None:
    pieces = [shown(each, flat=True) for each in marked(part.text, part.marks)]
    title = name.capitalize()
    styled = Text.assemble((f"{title}: ", "dim"), bold(pieces, indent=""))
    _pieces(console, styled, f"{title}: {starred(pieces)}")


def _pieces(console: Console, styled: Text, plain: str) -> None:
    if console.is_terminal:
        console.print(styled)
    else:
        click.echo(plain)


def _relatives(
    console: Console, found: Opened, relatives: Sequence[Relative], title: str, query: str
) -> None:
    first, after = around(relatives, found.id, _REACH)
    left = len(relatives) - (after - first)
    more = f", {left} of them not shown: redwell search {query}" if left else ""
    _line(console, title, f"{len(relatives)} documents{more}")
    for each in relatives[first:after]:
        mark = ">" if each.id == found.id else " "
        click.echo(f" {mark} {each.control}  {'  ' * min(each.depth, 8)}{each.type}  {each.told}")


def _json(found: Opened, *, with_text: bool) -> dict[str, Any]:
    relatives = {
        name: [
            {"control": each.control, "depth": each.depth, "type": each.type, "told": each.told}
            for each in group
        ]
        for name, group in (("family", found.family), ("thread", found.thread))
    }
    return {
        **dict(found.facts),
        "hits": found.hits,
        "parts": [
            {
                "name": part.name,
                "hits": [{"start": start, "end": end} for start, end in part.marks],
                "text": part.text,
            }
            for part in found.parts
            if with_text or part.name != "text"
        ],
        **relatives,
        "notes": [{"at": at, "actor": who, "text": text} for at, who, text in found.notes],
    }
