"""What the commands of all stages share: options, output and progress."""

import csv
import datetime as dt
import json
import re
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Column, Table
from rich.text import Text

from records import case as cases
from records.errors import SourceError
from records.sheets import cell

if TYPE_CHECKING:
    from records.engine import Engine

_SAID_EVERY = 60.0  # seconds between two lines of progress where no terminal shows a bar


class Advance(Protocol):
    """Tells of steps that are done, and of `more` to do; `note` is shown beside them."""

    def __call__(self, steps: int, note: str = "", *, more: int = 0) -> None:
        """Go on by so many steps."""


def unseen(steps: int, note: str = "", *, more: int = 0) -> None:
    """Progress that nobody watches."""


case_option = click.option(
    "--case",
    "case_folder",
    type=click.Path(path_type=Path),
    help="The case folder; else REDWELL_CASE, else this folder or one above it.",
)
no_relations_option = click.option(
    "--no-relations",
    is_flag=True,
    help="Leave near-duplicates, threads and people to redwell relate.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")
workers_option = click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="Worker processes; one for each core unless case.toml says otherwise.",
)
scheduler_option = click.option(
    "--scheduler", help="Address of a running Dask scheduler, as tcp://host:8786."
)
passwords_option = click.option(
    "--passwords",
    "passwords_file",
    type=click.Path(path_type=Path),
    help="A file of passwords to try on encrypted items, one a line.",
)


@contextmanager
def engine_for(
    case: cases.Case, workers: int | None, scheduler: str | None, *places: Path
) -> Iterator["Engine"]:
    """Start or join the workers that flags and settings name.

    Those of a scheduler are asked first whether they are able: raises `SchedulerError`. `places`
    are sources that they must see.
    """
    from records import cluster, engine  # Dask takes a second to import; few commands need it

    settings = case.settings
    address = scheduler or settings.scheduler
    watched = Console(stderr=True).is_terminal
    with engine.started(workers or settings.workers, address, dashboard=watched) as running:
        if running.dashboard:
            say(f"Watch the workers at {running.dashboard}")
        if address:
            able = cluster.require_able(running, case.store_address, case.folder, places)
            running.elsewhere, running.apart = True, not able
        yield running


def read_passwords(file: Path | None) -> tuple[str, ...]:
    """One password a line, as UTF-8; raises `SourceError`.

    A line is tried as it stands, with the spaces around it; where there are any, it is tried
    without them too, after all others. Empty lines and a byte order mark are left out.
    """
    if file is None:
        return ()
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise SourceError(f"The password list {file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SourceError(f"The password list {file} is not UTF-8 text; save it as such") from error
    lines = [line for line in re.split("\r\n|\n|\r", text) if line]
    bare = [line.strip() for line in lines if line.strip()]
    return tuple(dict.fromkeys((*lines, *bare)))


@contextmanager
def progress(label: str, total: int) -> Iterator[Advance]:
    """A progress bar on stderr while a person watches; otherwise a line now and then.

    Several stand below one another.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines(label, total)
        return
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
        console=console,
    ) as bar:
        task = bar.add_task(label, total=total, note="", rate="")
        rate = _Rate(total)

        def advance(steps: int, note: str = "", *, more: int = 0) -> None:
            rate.add(steps, more)
            bar.update(task, advance=steps, total=rate.total, note=note, rate=rate.told())

        yield advance


class _Rate:
    """How fast steps are done, since the first, and how long the rest will take."""

    def __init__(self, total: int) -> None:
        self.total, self.done = total, 0
        self._started = time.monotonic()

    def add(self, steps: int, more: int) -> None:
        """Count steps that are done, and more that are to be."""
        self.done += steps
        self.total += more

    def _a_second(self) -> float:
        return self.done / max(time.monotonic() - self._started, 1e-3)

    def told(self) -> str:
        """Steps a second."""
        speed = self._a_second()
        return f"{speed:,.0f}/s" if speed >= 10 else f"{speed:.1f}/s"

    def left(self) -> str:
        """The time left, as h:mm:ss; empty before anything is done."""
        if not self.done:
            return ""
        seconds = max(0, self.total - self.done) / self._a_second()
        return str(dt.timedelta(seconds=round(seconds)))


class _Lines:
    """Progress for a log: a line each minute."""

    def __init__(self, label: str, total: int) -> None:
        self._label = label
        self._rate = _Rate(total)
        self._said = time.monotonic()

    def __call__(self, steps: int, note: str = "", *, more: int = 0) -> None:
        self._rate.add(steps, more)
        if time.monotonic() > self._said + _SAID_EVERY:
            self._said = time.monotonic()
            done = f"{self._label}: {self._rate.done:,} of {self._rate.total:,} {note}".rstrip()
            say(f"{done}, {self._rate.told()}, {self._rate.left()} left")


def say(message: str) -> None:
    """Talk to the person, on stderr."""
    click.echo(message, err=True)


def counted(count: int) -> str:
    """A number of documents in words."""
    return "1 document" if count == 1 else f"{count:,} documents"


def print_json(data: object) -> None:
    """Print one JSON value on stdout."""
    click.echo(json.dumps(data, ensure_ascii=False, indent=2, default=str))


def print_pairs(pairs: Mapping[str, object]) -> None:
    """Print names and values, a line each, in a form that a terminal and a pipe both take."""
    width = max((len(name) for name in pairs), default=0)
    for name, value in pairs.items():
        click.echo(f"{name:<{width}}  {value}")


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print a table: drawn for a terminal, tab-separated for a pipe."""
    if not sys.stdout.isatty():
        for row in (columns, *rows):
            click.echo("\t".join(str(each) for each in row))
        return
    table = Table(*(Column(Text(each)) for each in columns), box=None, header_style="bold")
    for row in rows:
        table.add_row(*(Text(str(each)) for each in row))  # a bracket in it is no markup
    Console().print(table)


def print_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print CSV for people (RFC 4180): no value is taken for a formula by a spreadsheet.

    The first row is asked for before anything is printed, so that an error leaves nothing.
    """
    writer = csv.writer(sys.stdout, lineterminator="\r\n")
    following = iter(rows)
    first = list(islice(following, 1))
    writer.writerow(columns)
    for row in chain(first, following):
        writer.writerow([cell(_encodable(str(each))) for each in row])


def _encodable(value: str) -> str:
    return value.encode("utf-8", "backslashreplace").decode("utf-8")
