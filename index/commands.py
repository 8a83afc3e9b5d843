"""The command `search`."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import click
from pyroaring import BitMap
from rich.console import Console
from rich.text import Text

from index.families import whole_families
from index.lists import read_terms
from index.searching import Result, read, search
from index.snippets import Line, Piece, by_date, lines
from index.tree import explain
from records.case import Case, opened
from records.control import control
from records.options import (
    case_option,
    counted,
    json_option,
    print_json,
)
from store import open_store

_SHOWN = 20


@click.command("search")
@click.argument("query", required=False)
@case_option
@json_option
@click.option(
    "--terms",
    "list_path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Read a list of terms, one a line, in place of QUERY; any of them will do.",
)
@click.option("--ids", "only_ids", is_flag=True, help="Print control numbers only, one a line.")
@click.option("--count", "only_count", is_flag=True, help="Print the number of documents only.")
@click.option("--limit", type=click.IntRange(min=0), help="Show at most so many. [table: 20]")
@click.option("--snippets/--no-snippets", default=None, help="Show the text around the hits.")
@click.option("--sort", type=click.Choice(["id", "date"]), default="id", show_default=True)
@click.option("--families", is_flag=True, help="Take in the whole families of what was found.")
@click.option("--explain", "only_tree", is_flag=True, help="Print how the query is read.")
@click.option(
    "--scope",
    type=click.Choice(["review", "all"]),
    default="review",
    show_default=True,
    help="all: duplicates, containers, system files and what was culled too.",
)
def search_command(
    query: str | None,
    case_folder: Path | None,
    as_json: bool,
    list_path: Path | None,
    only_ids: bool,
    only_count: bool,
    limit: int | None,
    snippets: bool | None,
    sort: str,
    families: bool,
    only_tree: bool,
    scope: str,
) -> None:
    """Find the documents that answer QUERY.

    All of them, counted exactly. The language is that of docs/search.md: AND, OR, NOT, "phrases",
    wild*, w/5, pre/5, field:value, date:2024-01..2024-03, tag:NAME. A list whose lines are all
    numbered or bulleted may be pasted: any of its terms will do.
    """
    if (query is None) == (list_path is None):
        raise click.UsageError("Give either QUERY or --terms FILE.")
    text = query if query is not None else read_terms(list_path or Path())
    as_list = list_path is not None
    with opened(case_folder) as case:
        if only_tree:
            click.echo(explain(read(case, text, as_list=as_list)))
            return
        result = search(case, text, scope_all=scope == "all", as_list=as_list)
        warn_incomplete(result)
        ids = _with_families(case, result.ids) if families else result.ids
        if only_count:
            click.echo(len(ids))
            return
        shown = _ordered(case, ids, sort)
        if only_ids:
            _print_ids(shown if limit is None else shown[:limit])
            return
        marked = (not as_json) if snippets is None else snippets
        limit = limit if limit is not None or as_json else _SHOWN
        with case.read() as connection:
            found = lines(
                connection,
                shown if limit is None else shown[:limit],
                case.settings.zone,
                result.tree if marked else None,
                open_store(case.store_address),
            )
            if as_json:
                _print_json(text, len(ids), result, found)
            else:
                _print_table(len(ids), found, limit)


def warn_incomplete(result: Result) -> None:
    """Say on stderr what an answer cannot cover."""
    if result.missing:
        click.echo(
            f"{_documents(result.missing)} not in the index yet: run redwell index", err=True
        )
    if result.unprocessed:
        click.echo(
            f"{_documents(result.unprocessed)} not processed yet: run redwell process, then "
            "redwell index",
            err=True,
        )
    if result.waiting_for_ocr:
        click.echo(
            f"{_documents(result.waiting_for_ocr)} searched without pages that wait for OCR: run "
            "redwell process, then redwell index",
            err=True,
        )


def _documents(count: int) -> str:
    return "1 document is" if count == 1 else f"{count} documents are"


def _with_families(case: Case, ids: BitMap) -> BitMap:
    with case.read() as connection:
        return whole_families(connection, ids)


def _ordered(case: Case, ids: BitMap, sort: str) -> Sequence[int]:
    if sort == "id":
        return list(ids)
    with case.read() as connection:
        return by_date(connection, ids)


def _print_ids(ids: Iterable[int]) -> None:
    for each in ids:
        click.echo(control(each))


def _print_json(query: str, count: int, result: Result, found: Iterable[Line]) -> None:
    documents = [
        {
            "control": line.control,
            "date": line.date,
            "custodian": line.custodian,
            "address": line.address,
            "type": line.type,
            "from": line.author,
            "subject": line.subject,
            "snippets": [_starred(each) for each in line.snippets],
        }
        for line in found
    ]
    print_json(
        {
            "query": query,
            "count": count,
            "missing": result.missing,
            "unprocessed": result.unprocessed,
            "waiting_for_ocr": result.waiting_for_ocr,
            "documents": documents,
        }
    )


def _print_table(count: int, found: Iterable[Line], limit: int | None) -> None:
    console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    for line in found:
        cells = (line.control, line.date, line.custodian, line.type, line.author, line.subject)
        if console.is_terminal:
            console.print(Text("  ".join(each for each in cells if each), style="bold"))
            for pieces in line.snippets:
                console.print(_bold(pieces))
        else:
            click.echo("\t".join(cells))
            for pieces in line.snippets:
                click.echo(f"    {_starred(pieces)}")
    click.echo(
        counted(count)
        + (f", the first {limit} shown" if limit is not None and limit < count else "")
    )


def _bold(pieces: Iterable[Piece]) -> Text:
    text = Text("    ")
    for each in pieces:
        text.append(each.text, style="bold yellow" if each.hit else None)
    return text


def _starred(pieces: Iterable[Piece]) -> str:
    return "".join(f"**{each.text}**" if each.hit else each.text for each in pieces).strip()
