"""Tables for people as files: CSV or XLSX, whole or not there, and nothing in them a formula."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from records.errors import ReviewError
from records.sheets import Sheet, cell

_FORMS = (".csv", ".xlsx")
_LONGEST = 32_000  # characters of a cell; Excel takes 32,767
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

export_option = click.option(
    "--export",
    "export",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the whole of it to a file, FILE.csv or FILE.xlsx.",
)


def check(path: Path | None) -> None:
    """Raise `ReviewError` for a file that no table can be written to, before work begins."""
    if path is None:
        return
    if path.suffix.lower() not in _FORMS:
        raise ReviewError(f"{path} is neither CSV nor XLSX: let its name end in .csv or .xlsx")
    if not path.parent.is_dir():
        raise ReviewError(f"{path.parent} is no folder: make it first, or name another one")


def write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table in the form that the name of the file says."""
    check(path)
    fresh = path.with_name(f".{path.name}.new")
    try:
        if path.suffix.lower() == ".csv":
            _csv(fresh, columns, rows)
        else:
            _xlsx(fresh, columns, rows)
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise ReviewError(f"{path} cannot be written: {error.strerror or error}") from error


def _csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("wb") as file:
        sheet = Sheet(file.write, columns)
        for row in rows:
            sheet.row(*(_text(each) for each in row))


def _xlsx(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    import openpyxl  # a quarter of a second that only this needs to wait

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Redwell")
    sheet.freeze_panes = "A2"
    sheet.append(list(columns))
    for row in rows:
        sheet.append([each if isinstance(each, int) else _cell(_text(each)) for each in row])
    book.save(path)


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _cell(text: str) -> str:
    clean = _UNWRITABLE.sub("\ufffd", text)
    return cell(clean if len(clean) <= _LONGEST else f"{clean[:_LONGEST]}…")
