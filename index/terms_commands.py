"""The command group `terms`."""

from pathlib import Path

import click

from index.facets import NAMES as FACETS
from index.term_output import (
    about_lines,
    comparison_lines,
    json_of,
    problem_lines,
    table,
    variant_lines,
    write_csv,
    write_workbook,
)
from index.term_report import Report, Wanted, report
from records.case import opened
from records.errors import TermListError
from records.options import (
    case_option,
    json_option,
    print_json,
    print_table,
    progress,
    say,
)
from records.outputs import require_writable

_PERCENT = click.FloatRange(0, 100)


@click.group("terms")
def terms_group() -> None:
    """Lists of search terms, as the parties negotiate them."""


@terms_group.command("report")
@click.option(
    "--terms",
    "paths",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    required=True,
    help="A list, a term a line; several are reported each and compared.",
)
@click.option("--scope", default="", help="A query that the counts keep to. [all in review]")
@click.option(
    "--by",
    type=click.Choice(FACETS),
    multiple=True,
    help="Count by this too, a column a value; repeatable.",
)
@click.option("--variants", is_flag=True, help="List the words that wildcards and signs stand for.")
@click.option("--broad", type=_PERCENT, default=15.0, show_default=True, help="Point out above.")
@click.option("--few", type=_PERCENT, default=5.0, show_default=True, help="Point out below.")
@click.option("--csv", "csv_file", type=click.Path(path_type=Path), help="Write this FILE.csv.")
@click.option("--xlsx", "book_file", type=click.Path(path_type=Path), help="Write this FILE.xlsx.")
@click.option("--overwrite", is_flag=True, help="Let them take the place of files.")
@case_option
@json_option
def report_command(
    paths: tuple[Path, ...],
    scope: str,
    by: tuple[str, ...],
    variants: bool,
    broad: float,
    few: float,
    csv_file: Path | None,
    book_file: Path | None,
    overwrite: bool,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Report what each term of a list finds, alone and beside the others.

    Documents, with families, unique (hit by no other term of the list), and what comes in by a term
    alone; totals are of the union. Pointed out are terms that hit over --broad percent of the
    scope, have under --few percent unique documents, or hit none. A term that cannot be read
    stands in the report with its line and column, and the exit code is 47.
    """
    for target, ending in ((csv_file, ".csv"), (book_file, ".xlsx")):
        if target is not None:
            require_writable(target, (ending,), overwrite=overwrite)
    wanted = Wanted(scope, tuple(dict.fromkeys(by)), variants, broad, few)
    with opened(case_folder) as case, progress("Terms", 0) as advance:
        found = report(case, paths, wanted, advance)
    if csv_file is not None:
        write_csv(found, csv_file, overwrite=overwrite)
        say(f"Wrote {csv_file}")
    if book_file is not None:
        write_workbook(found, book_file, overwrite=overwrite)
        say(f"Wrote {book_file}")
    if as_json:
        print_json(json_of(found))
    elif csv_file is None and book_file is None:
        _print(found)
    if found.unread:
        raise TermListError(_unread(found))


def _print(found: Report) -> None:
    for name, value in about_lines(found):
        click.echo(f"{name}: {value}")
    for each in found.lists:
        click.echo(f"\n{each.list.name}")
        print_table(*table(each, found))
        for line in problem_lines(each):
            click.echo(line)
    for each in found.lists:
        lines = list(variant_lines(each))
        if lines:
            click.echo(f"\n{each.list.name}: words")
        for line in lines:
            click.echo(line)
    lines = list(comparison_lines(found))
    if lines:
        click.echo()
    for line in lines:
        click.echo(line)


def _unread(found: Report) -> str:
    problems = [f"  {line}" for each in found.lists for line in problem_lines(each)]
    terms = sum(len(each.rows) for each in found.lists)
    return "\n".join(
        (
            f"{found.unread} of {terms} terms could not be read, and no count has them. Mend the "
            "list and run the report again",
            *problems,
        )
    )
