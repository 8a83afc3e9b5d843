"""The `replace` command: a repaired file in the place of a damaged one."""

from pathlib import Path

import click

from process.replace import Replaced, check, replace_document
from process.tools import require_tools
from records import case as cases
from records.control import parse_control
from records.errors import SelectionError
from records.options import (
    case_option,
    counted,
    engine_for,
    json_option,
    passwords_option,
    print_json,
    print_pairs,
    read_passwords,
    say,
    scheduler_option,
    workers_option,
)
from records.runs import recorded
from store import working


@click.command("replace")
@click.argument("document", metavar="RW-…")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--reason", required=True, help="Why, and by whom or what it was repaired.")
@passwords_option
@click.option("--anyway", is_flag=True, help="Also where FILE cannot be read.")
@click.option("--no-ocr", is_flag=True, help="Leave pages that want OCR waiting.")
@workers_option
@scheduler_option
@case_option
@json_option
def replace_command(
    document: str,
    file: Path,
    reason: str,
    passwords_file: Path | None,
    anyway: bool,
    no_ocr: bool,
    workers: int | None,
    scheduler: str | None,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Put FILE, a repaired copy, in the place of a damaged document.

    The document keeps its number, name, place, tags and productions and gets the bytes of FILE;
    those that were collected stay in the store and on record, and 'redwell custody show RW-…' tells
    of both. Level-1 documents only: what lies inside one is replaced with it.
    """
    try:
        number = parse_control(document)
    except ValueError as error:
        raise SelectionError(str(error)) from error
    with cases.opened(case_folder) as case:
        passwords = read_passwords(passwords_file)
        check(case, number, file, reason)
        require_tools(None if no_ocr else case.settings.ocr_languages)
        with (
            working(case, "replace"),
            engine_for(case, workers or 1, scheduler) as engine,
            recorded(case, "replace", document=number, passwords=len(passwords)) as summary,
        ):
            row = check(case, number, file, reason)
            done = replace_document(
                *(case, engine, row, file, reason, passwords), anyway=anyway, ocr=not no_ocr
            )
            summary.update(done.to_json())
    _print(done, as_json)


def _print(done: Replaced, as_json: bool) -> None:
    if as_json:
        print_json(done.to_json())
    else:
        print_pairs(
            {
                "Replaced": done.document,
                "  SHA-256 before": done.old_sha256 or "no bytes",
                "  SHA-256 now": done.new_sha256,
                "  it is now": done.outcome,
                "Members read otherwise": len(done.changed),
                "Found for the first time": done.new,
                "Only in the first file": len(done.beside),
                "Level-1 documents read for the first time": done.read,
                "OCR pages": done.ocr_pages,
            }
        )
    if done.copies:
        say(
            f"{counted(len(done.copies))} hold the bytes that were replaced and were left alone: "
            f"{', '.join(done.copies)}"
        )
    if done.produced:
        say(
            f"{done.document} is in a frozen production, which stands as it is; the other side may "
            "need an overlay or a replacement"
        )
    say("Next: redwell index")
