"""Tables that a command writes for people, by the ending of the name: CSV or XLSX."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from records.outputs import new_file, require_writable
from records.sheets import Sheet

type Value = str | int | float | None

_ENDINGS = (".csv", ".xlsx")
_OPTIONS = (
    click.option(
        "--export",
        "target",
        type=click.Path(path_type=Path),
        help="Write all of it into this FILE.csv or FILE.xlsx.",
    ),
    click.option("--overwrite", is_flag=True, help="Let --export take the place of a file."),
)


def export_options[F: Callable[..., Any]](command: F) -> F:
    """Give a command the options `target` and `overwrite`, for `check_target` and `write_table`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def check_target(target: Path | None, *, overwrite: bool) -> None:
    """Refuse before long work what could not be written; raises `OutputError`."""
    if target is not None:
        require_writable(target, _ENDINGS, overwrite=overwrite)


def write_table(
    path: Path,
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Value]],
    *,
    overwrite: bool,
    widths: Sequence[int] = (),
) -> None:
    """Write a table, whole or not at all, nothing in it a formula.

    `title` names the sheets of a workbook, `widths` are those of its columns, in characters. Raises
    `OutputError` where it cannot be written.
    """
    with new_file(path, overwrite=overwrite) as file:
        if path.suffix.lower() == ".csv":
            sheet = Sheet(file.write, columns)
            for row in rows:
                sheet.row(*("" if each is None else str(each) for each in row))
        else:
            from records.workbooks import Book  # a fifth of a second that few commands need

            book = Book()
            book.sheet(title, columns, rows, widths)
            book.save(file)
