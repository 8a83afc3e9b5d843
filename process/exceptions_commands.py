"""The `exceptions` command: what could not be had, how much of it, and what to do."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

import click
import sqlalchemy as sa

from process.exceptions import Exceptions, by_code, listed, warnings_by_code
from records import case as cases
from records.codes import Code
from records.errors import CustodianError, SourceError
from records.options import case_option, counted, json_option, print_json, print_table, say
from records.sheets import Sheet

_COLUMNS = ("document", "family", "code", "message", "tool", "attempts", "custodian", "address")
_CSV = (*_COLUMNS, "disposition", "type", "size", "tool_version")


@click.command()
@case_option
@click.option(
    "--code",
    type=click.Choice([each.value for each in Code]),
    metavar="CODE",
    help="List the documents with exceptions of this code, as encrypted.",
)
@click.option("--list", "as_list", is_flag=True, help="List all documents, whatever the code.")
@click.option("--warnings", is_flag=True, help="Warnings instead of exceptions.")
@click.option("--custodian", metavar="NAME", help="Only documents of this custodian.")
@click.option(
    "--csv",
    "csv_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the list to FILE, as CSV for a spreadsheet.",
)
@json_option
def exceptions(
    case_folder: Path | None,
    code: str | None,
    as_list: bool,
    warnings: bool,
    custodian: str | None,
    csv_file: Path | None,
    as_json: bool,
) -> None:
    """Count the documents whose content could not be had, by code, and say what to do.

    A document with several codes counts under each; "newest" counts it once, as 'redwell status'
    does. --code and --list name the documents.
    """
    severity = "warning" if warnings else "exception"
    with cases.opened(case_folder) as case, case.read() as connection:
        if custodian is not None and custodian not in (known := cases.custodian_names(case)):
            raise CustodianError(
                f"The case knows no custodian {custodian!r}. It knows: {', '.join(known)}"
            )
        rows = listed(connection, severity, code, custodian)
        if csv_file is not None:
            _write_csv(csv_file, rows)
        elif code is not None or as_list:
            _print_list(rows, as_json)
        elif warnings:
            _print_warnings(connection, custodian, as_json)
        else:
            _print_counts(by_code(connection, custodian), as_json)


def _write_csv(file: Path, rows: Iterable[dict[str, object]]) -> None:
    count = 0
    try:
        with file.open("xb") as target:
            sheet = Sheet(target.write, _CSV)
            for row in rows:
                sheet.row(*(str(row[name]) for name in _CSV))
                count += 1
    except OSError as error:
        raise SourceError(f"{file} cannot be written: {error.strerror}") from error
    say(f"Wrote {count:,} rows to {file}")


def _print_list(rows: Iterator[dict[str, object]], as_json: bool) -> None:
    if as_json:
        print_json(list(rows))
    else:
        print_table(_COLUMNS, [[row[name] for name in _COLUMNS] for row in rows])


def _print_warnings(connection: sa.Connection, custodian: str | None, as_json: bool) -> None:
    rows = warnings_by_code(connection, custodian)
    names = ("code", "documents", "what to do")
    if as_json:
        print_json([dict(zip(("code", "documents", "advice"), row, strict=True)) for row in rows])
    else:
        print_table(names, rows)


def _print_counts(found: Exceptions, as_json: bool) -> None:
    if as_json:
        print_json(asdict(found))
        return
    names = ("code", "documents", "newest", "roots", "children", "MB", "put aside", "what to do")
    print_table(
        names,
        [
            (
                *(each.code, each.documents, each.leading, each.roots, each.children),
                *(f"{each.bytes / 1e6:.1f}", each.aside, each.advice),
            )
            for each in found.codes
        ],
    )
    text = f"{counted(found.documents)} in all could not be had"
    if found.several:
        text += f"; {found.several} of them count under several codes"
    say(text)
    if any(each.aside for each in found.codes):
        say("Put aside: duplicates and system files, and documents of which a part could be had")
