"""The command `produce report`."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import click

from produce.letters import Letter, Row
from produce.report import Section, report
from records import audit
from records.case import opened
from records.options import case_option, json_option, print_json, print_table
from records.outputs import new_file, require_writable

_ENDINGS = (".pdf", ".xlsx")
_SHOWN = 20


@click.command("report")
@click.argument("name")
@click.option("--out", type=click.Path(path_type=Path), help="The FILE.pdf or FILE.xlsx to write.")
@click.option("--overwrite", is_flag=True, help="Let --out take the place of a file.")
@case_option
@json_option
def report_command(
    name: str, out: Path | None, overwrite: bool, case_folder: Path | None, as_json: bool
) -> None:
    """Report on the production NAME: what it holds, what it does not, by which rules.

    Specification, counts, custodians, gaps, sheets in place of pages, redactions, exceptions, what
    the plan pointed out, files and hashes, the rule for duplicates. No subject, name or path of a
    document stands in it.
    """
    if out is not None:
        require_writable(out, _ENDINGS, overwrite=overwrite)
    with opened(case_folder) as case:
        sections = report(case, name)
        if out is not None:
            with new_file(out, overwrite=overwrite) as file:
                _write(file, out, f"Production {name}", sections)
            with case.write() as connection:
                digest = hashlib.sha256(out.read_bytes()).hexdigest()
                audit.append(
                    connection, "production reported", name=name, file=out.name, sha256=digest
                )
    if as_json:
        print_json({each.title: each.to_json() for each in sections})
    elif out is not None:
        click.echo(f"Written: {out}")
    else:
        _print(sections)


def _write(file: BinaryIO, path: Path, title: str, sections: Sequence[Section]) -> None:
    if path.suffix.lower() == ".xlsx":
        from records.workbooks import Book  # a fifth of a second that few commands need

        book = Book()
        for each in sections:
            rows = each.rows or ((each.empty, *[""] * (len(each.columns) - 1)),)
            book.sheet(each.title, each.columns, rows, [36] * len(each.columns))
        book.save(file)
        return
    parts: list[str | tuple[Row, ...]] = []
    headings: list[Row] = []
    for each in sections:
        parts.append(each.title)
        if each.rows:
            parts.append(each.rows)
            headings.append(each.columns)
        else:
            parts.append(each.empty)
    file.write(Letter(title, tuple(parts), tuple(headings)).pdf())


def _print(sections: Sequence[Section]) -> None:
    for each in sections:
        click.echo(f"\n{each.title}")
        if not each.rows:
            click.echo(each.empty)
            continue
        print_table(each.columns, [list(row) for row in each.rows[:_SHOWN]])
        if len(each.rows) > _SHOWN:
            click.echo(f"… and {len(each.rows) - _SHOWN:,} more: see --json or --out")
