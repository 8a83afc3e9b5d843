"""The commands `index`, `index check` and `index rebuild`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from index.check import Report, check, count_segments
from index.rows import unprocessed
from records.case import Case, opened
from records.errors import IndexCheckError
from records.options import (
    case_option,
    counted,
    engine_for,
    json_option,
    print_json,
    progress,
    scheduler_option,
    workers_option,
)

if TYPE_CHECKING:
    from index.run import IndexSummary


@click.group("index", invoke_without_command=True)
@case_option
@workers_option
@scheduler_option
@click.option(
    "--merge/--no-merge",
    default=None,
    help="Merge all segments, or none. [default: when they are many]",
)
@json_option
@click.pass_context
def index_command(
    context: click.Context,
    case_folder: Path | None,
    workers: int | None,
    scheduler: str | None,
    merge: bool | None,
    as_json: bool,
) -> None:
    """Index what the index lacks.

    Documents that changed since, by OCR for one, are indexed anew. Segments are merged when they
    are many. The index is derived from the store and the record: 'redwell index rebuild' builds it
    anew beside the old one, 'redwell index check' looks whether it is whole.
    """
    if context.invoked_subcommand is not None:
        _require_bare(context)
        return
    from index.run import Merging, index_case  # imports Dask: a second that a search need not wait

    merging = {None: Merging.AUTO, True: Merging.ALL, False: Merging.NONE}[merge]
    with (
        opened(case_folder) as case,
        engine_for(case, workers, scheduler) as engine,
        _progress() as report,
    ):
        summary = index_case(case, engine, report, merging)
        waiting = _unprocessed(case)
    _say_unprocessed(waiting)
    _tell(summary, as_json=as_json)


def _require_bare(context: click.Context) -> None:
    """Options of `index` itself mean nothing to what is below it."""
    given = [
        each
        for each in context.params
        if context.get_parameter_source(each) is ParameterSource.COMMANDLINE
    ]
    if given:
        raise click.UsageError(
            f"Write the options behind '{context.invoked_subcommand}', as in "
            f"'redwell index {context.invoked_subcommand} --case FOLDER'."
        )


@index_command.command("rebuild")
@case_option
@workers_option
@scheduler_option
@json_option
def rebuild_command(
    case_folder: Path | None, workers: int | None, scheduler: str | None, as_json: bool
) -> None:
    """Build the index anew, and let it take the place of the old one.

    The old one answers searches until then, and stays where the new one cannot be built whole. Run
    again after a kill, it goes on where it stood.
    """
    from index.run import rebuild_case  # imports Dask

    with (
        opened(case_folder) as case,
        engine_for(case, workers, scheduler) as engine,
        _progress() as report,
    ):
        summary = rebuild_case(case, engine, report)
        waiting = _unprocessed(case)
    _say_unprocessed(waiting)
    _tell(summary, as_json=as_json)


@index_command.command("check")
@click.option(
    "--quick", is_flag=True, help="Compare checksums and documents, and read no postings."
)
@case_option
@json_option
def check_command(quick: bool, case_folder: Path | None, as_json: bool) -> None:
    """Look whether the index is whole, and say what to do where it is not.

    Every file against its checksums, every document of the case against the documents in the
    index, and what stands beside each segment against all of its postings. Changes nothing.
    """
    with opened(case_folder) as case, progress("Segments", count_segments(case)) as advance:
        report = check(case, advance, quick=quick)
        waiting = _unprocessed(case)
    _say_unprocessed(waiting)
    if as_json:
        print_json({**asdict(report), "whole": report.whole})
    else:
        _print_report(report)
    if not report.whole:
        raise IndexCheckError(f"the index is not as it should be: {report.findings[0].advice}")


def _unprocessed(case: Case) -> int:
    with case.read() as connection:
        return unprocessed(connection)


def _say_unprocessed(count: int) -> None:
    """On stderr: documents of which no index knows, so that "whole" is not taken for all."""
    if count:
        some = "1 document is" if count == 1 else f"{count:,} documents are"
        click.echo(
            f"{some} not processed yet, so not counted: run redwell process, then redwell index",
            err=True,
        )


def _print_report(report: Report) -> None:
    for each in report.findings:
        named = f" ({', '.join(each.documents)}{', …' * (each.count > len(each.documents))})"
        click.echo(f"{each.kind}: {each.what}{named if each.documents else ''}: {each.advice}")
    click.echo(
        f"{report.in_index} of {counted(report.expected)} in the index, in "
        f"{report.segments} segment{'s' * (report.segments != 1)}"
        + (": whole" if report.whole else "")
        + (", postings not read" if report.quick else "")
    )
    if report.leftovers:
        click.echo(f"{report.leftovers} leftover files; the next redwell index removes them")


def _tell(summary: "IndexSummary", *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(summary))
        return
    click.echo(
        f"{summary.in_index} of {summary.expected} documents are in the index: "
        f"{summary.already} were there, {summary.indexed} were added or replaced, "
        f"{summary.removed} removed"
    )
    if summary.merged:
        left = f"{summary.segments} segment{'s are' if summary.segments != 1 else ' is'} left"
        click.echo(f"{summary.merged} segments were merged; {left}")
    if summary.mended:
        many = f"{summary.mended} segment{'s' * (summary.mended != 1)}"
        click.echo(f"What stands beside {many} was made again")


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr when a person watches."""
    console = Console(stderr=True)
    columns = (TextColumn("Indexing"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("index", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
