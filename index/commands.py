"""The command `search`."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from index.columns import COLUMNS
from index.facets import NAMES as FACETS
from index.lists import read_terms
from index.results import Found, Wish, prepared
from index.searching import Result, kept_within, read, search
from index.sorting import KEYS, Order, read_order
from index.telling import export, json_of, print_facets, print_ids, print_lines, told
from index.tree import explain
from records.case import Case, opened
from records.exports import check_target, export_options
from records.options import (
    case_option,
    counted,
    json_option,
    print_json,
    say,
)

if TYPE_CHECKING:
    pass

_SHOWN = 20


def _sort(_context: click.Context, _option: click.Parameter, text: str) -> tuple[Order, ...]:
    try:
        return read_order(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _among(known: Iterable[str], what: str) -> Callable[..., tuple[str, ...]]:
    """Reads names parted by commas; refuses one that is not known."""

    def read_names(
        _context: click.Context, _option: click.Parameter, text: str | None
    ) -> tuple[str, ...]:
        names = tuple(each.strip().lower() for each in (text or "").split(",") if each.strip())
        for each in names:
            if each not in known:
                raise click.BadParameter(
                    f"there is no {what} {each!r}; there are {', '.join(known)}"
                )
        return names

    return read_names


_CHOOSING = (
    click.option(
        "--terms",
        "list_path",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Read a list of terms, one a line, in place of QUERY; any of them will do.",
    ),
    click.option("--within", help="Keep to what answers this query too, as saved:NAME."),
    click.option(
        "--scope",
        type=click.Choice(["review", "all"]),
        default="review",
        show_default=True,
        help="all: duplicates, containers, system files and what was culled too.",
    ),
    click.option("--explain", "only_tree", is_flag=True, help="Print how the query is read."),
)
_SHOWING = (
    click.option("--ids", "only_ids", is_flag=True, help="Print control numbers only, one a line."),
    click.option("--count", "only_count", is_flag=True, help="Print the number of documents only."),
    click.option(
        "--limit",
        type=click.IntRange(min=0),
        help="Show at most so many of those found. [table: 20]",
    ),
    click.option(
        "--sort",
        "order",
        default="id",
        show_default=True,
        callback=_sort,
        help=f"Keys parted by commas, - before one turns it: {', '.join(KEYS)}.",
    ),
    click.option(
        "--columns",
        callback=_among(COLUMNS, "column"),
        help=f"Columns parted by commas: {', '.join(COLUMNS)}.",
    ),
    click.option(
        "--with",
        "company",
        type=click.Choice(["families", "threads"]),
        multiple=True,
        help="Show the rest of families, or of threads, along with what was found; repeatable.",
    ),
    click.option("--families", is_flag=True, help="The same as --with families."),
    click.option("--snippets/--no-snippets", default=None, help="Show the text around the hits."),
    click.option("--hits", is_flag=True, help="Count the hits in each document."),
    click.option(
        "--facets",
        callback=_among(FACETS, "facet"),
        help=f"Count what was found by these, parted by commas: {', '.join(FACETS)}.",
    ),
)


def _options[F: Callable[..., Any]](command: F) -> F:
    command = export_options(command)
    for option in reversed((*_CHOOSING, *_SHOWING)):
        command = option(command)
    return command


@click.command("search")
@click.argument("query", required=False)
@case_option
@json_option
@_options
def search_command(
    query: str | None,
    case_folder: Path | None,
    as_json: bool,
    list_path: Path | None,
    within: str | None,
    scope: str,
    only_tree: bool,
    only_ids: bool,
    only_count: bool,
    limit: int | None,
    order: tuple[Order, ...],
    columns: tuple[str, ...],
    company: tuple[str, ...],
    families: bool,
    snippets: bool | None,
    hits: bool,
    facets: tuple[str, ...],
    target: Path | None,
    overwrite: bool,
) -> None:
    """Find the documents that answer QUERY.

    All of them, counted exactly. The language is that of docs/search.md: AND, OR, NOT, "phrases",
    wild*, w/5, pre/5, field:value, date:2024-01..2024-03, tag:NAME, saved:NAME. A list whose lines
    are all numbered or bulleted may be pasted: any of its terms will do.
    """
    if (query is None) == (list_path is None):
        raise click.UsageError("Give either QUERY or --terms FILE.")
    if only_ids and (facets or only_count):
        raise click.UsageError(
            "--ids prints control numbers alone: leave out --count and --facets."
        )
    text = query if query is not None else read_terms(list_path or Path())
    as_list = list_path is not None
    check_target(target, overwrite=overwrite)
    with opened(case_folder) as case:
        if only_tree:
            tree = read(case, text, as_list=as_list)
            form = explain(tree if within is None else kept_within(case, tree, within))
            if as_json:
                print_json({"query": text, "read_as": form})
            else:
                click.echo(form)
            return
        result = search(case, text, scope_all=scope == "all", as_list=as_list, within=within)
        warn_incomplete(result)
        form = "json" if as_json else "count" if only_count else "ids" if only_ids else "lines"
        if limit is None and form == "lines" and target is None:
            limit = _SHOWN
        wish = Wish(
            order,
            0 if only_count and target is None else limit,
            families or "families" in company,
            "threads" in company,
            hits,
            columns,
            facets,
        )
        found = prepared(case, result, wish)
        if target is not None:
            export(case, found, columns, target, overwrite=overwrite)
            say(f"Wrote {counted(len(found.shown))} to {target}")
            found = replace(found, shown=found.shown if only_ids else ())
        _put_out(case, text, found, form, columns, snippets=snippets, written=target is not None)


def _put_out(
    case: Case,
    text: str,
    found: Found,
    form: str,
    columns: tuple[str, ...],
    *,
    snippets: bool | None,
    written: bool,
) -> None:
    """Print a result in one form; of one that was `written`, only what was asked for beside."""
    if form == "json":
        print_json(json_of(case, text, found, columns, marked=bool(snippets)))
    elif form == "count":
        click.echo(found.every)
        if found.every != found.count:
            say(told(found))
        print_facets(found)
    elif form == "ids":
        print_ids(found)
    elif written:
        print_facets(found)
    else:
        print_lines(case, found, columns, marked=snippets is not False)


def warn_incomplete(result: Result) -> None:
    """Say on stderr what an answer cannot cover, and which values of the query no document has."""
    for each in result.unmet:
        click.echo(f"{each[0].upper()}{each[1:]}", err=True)
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
    if result.cut:
        click.echo(
            f"{_documents(result.cut)} searched up to the limit of characters only, where the "
            "text was cut: see redwell exceptions --warnings --code text-cut",
            err=True,
        )


def _documents(count: int) -> str:
    return "1 document is" if count == 1 else f"{count} documents are"
