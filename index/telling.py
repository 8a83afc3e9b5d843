"""Prints the result of a search: as lines for people, as JSON, or into a file."""

import sys
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from index.columns import COLUMNS, LINE, SHEET, Document, Shown, Value, documents
from index.results import Found
from index.snippets import Piece, clean, snippets
from records.case import Case
from records.control import control
from records.exports import write_table
from records.options import counted, progress
from store import open_store

_JSON = ("control", "date", "custodian", "address", "type", "from", "subject")
_WIDTHS = {"Subject": 60, "From": 30, "To": 30, "Address": 60, "Control number": 14, "Date": 17}
_PLAIN_WIDTH = 16


def print_ids(found: Found) -> None:
    """Print control numbers, one a line."""
    for each in found.shown:
        click.echo(control(each))


def print_lines(case: Case, found: Found, columns: Sequence[str], *, marked: bool) -> None:
    """Print a line a document, with stretches around its hits, then the counts and the facets."""
    console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    kinds = found.along.kinds()
    for document, pieces in _documents(case, found, columns or LINE, marked=marked):
        cells = [clean(_written(each)) for each in document.values]
        if found.hits is not None and "hits" not in columns and document.id in found.result.ids:
            count = found.tallies[document.id].hits if document.id in found.tallies else 0
            cells.append("1 hit" if count == 1 else f"{count} hits")
        if "along" not in columns and document.id in kinds:
            cells.append(f"along: {kinds[document.id]}")
        if console.is_terminal:
            style = "bold" if document.id in found.result.ids else "dim"
            console.print(Text("  ".join(each for each in cells if each), style=style))
            for each in pieces:
                console.print(bold(each))
        else:
            click.echo("\t".join(cells))
            for each in pieces:
                click.echo(f"    {starred(each).strip()}")
    some = f", the first {found.first} shown" if found.first < found.count else ""
    click.echo(told(found) + some)
    print_facets(found)


def told(found: Found) -> str:
    """The counts of a result in words: found ones and those along, never added up."""
    text = counted(found.count)
    if found.hits is not None:
        text += f", {found.hits:,} hits" if found.hits != 1 else ", 1 hit"
    parts = [
        f"{len(ids):,} of their {name}"
        for ids, name in ((found.along.threads, "threads"), (found.along.families, "families"))
        if ids
    ]
    if parts:
        text += f", and along with them {' and '.join(parts)}"
    return text


def print_facets(found: Found) -> None:
    """Print each facet: documents, value, and the query that narrows to it."""
    for facet in found.facets:
        click.echo(f"\n{facet.name}")
        for each in facet.values:
            click.echo(f"{each.documents}\t{clean(each.value)}\t{each.query}".rstrip())


def json_of(
    case: Case, query: str, found: Found, columns: Sequence[str], *, marked: bool
) -> dict[str, Any]:
    """All of a result for `--json`."""
    result = found.result
    names = columns or _JSON
    kinds = found.along.kinds()
    listed = []
    for document, pieces in _documents(case, found, names, marked=marked):
        each: dict[str, Any] = dict(zip(names, document.values, strict=True))
        each["snippets"] = [starred(piece).strip() for piece in pieces]
        if found.hits is not None:
            each["hits"] = found.tallies[document.id].hits if document.id in found.tallies else 0
        if kinds:
            each["along"] = kinds.get(document.id)
        listed.append(each)
    return {
        "query": query,
        "count": found.count,
        "along": {"threads": len(found.along.threads), "families": len(found.along.families)},
        "hits": found.hits,
        "missing": result.missing,
        "unprocessed": result.unprocessed,
        "waiting_for_ocr": result.waiting_for_ocr,
        "cut": result.cut,
        "unmet": list(result.unmet),
        "facets": {
            facet.name: [
                {"value": v.value, "documents": v.documents, "query": v.query} for v in facet.values
            ]
            for facet in found.facets
        },
        "documents": listed,
    }


def export(
    case: Case, found: Found, columns: Sequence[str], path: Path, *, overwrite: bool
) -> None:
    """Write the documents into a CSV or a workbook, by the ending of the name; whole or not at all.

    Raises `OutputError` where the file cannot be written.
    """
    names = columns or tuple(each for each in SHEET if each != "hits" or found.hits is not None)
    if not columns and (found.along.threads or found.along.families):
        names = (*names, "along")
    headings = [COLUMNS[each].heading for each in names]
    widths = [_WIDTHS.get(each, _PLAIN_WIDTH) for each in headings]
    with (
        progress(f"Writing {path.name}", len(found.shown)) as advance,
        # Closed here: what an error keeps alive would else be closed after the database.
        closing(_rows(case, found, names, advance)) as rows,
    ):
        write_table(path, "Documents", headings, rows, overwrite=overwrite, widths=widths)


def _rows(
    case: Case, found: Found, names: Sequence[str], advance: Any
) -> Generator[Sequence[Value]]:
    for document, _ in _documents(case, found, names, marked=False):
        advance(1)
        yield document.values


def _documents(
    case: Case, found: Found, names: Sequence[str], *, marked: bool
) -> Iterator[tuple[Document, list[tuple[Piece, ...]]]]:
    """The documents to be shown, with stretches around the hits of those that were found."""
    shown = Shown(case.settings.zone, found.tallies, found.along.kinds())
    store, tree = open_store(case.store_address), found.result.tree
    with case.read() as connection:
        for each in documents(connection, found.shown, names, shown):
            wanted = marked and each.id in found.result.ids
            yield each, list(snippets(each.row, tree, store)) if wanted else []


def _written(value: Value) -> str:
    return "" if value is None else str(value)


def bold(pieces: Iterable[Piece], indent: str = "    ") -> Text:
    """Pieces for a terminal, hits in a style of their own."""
    text = Text(indent)
    for each in pieces:
        text.append(each.text, style="bold yellow" if each.hit else None)
    return text


def starred(pieces: Iterable[Piece]) -> str:
    """Pieces in plain text, hits between stars."""
    return "".join(f"**{each.text}**" if each.hit else each.text for each in pieces)
