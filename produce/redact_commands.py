"""The command group `redact`: what is to be made unreadable, and whether it is."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from produce.record import Production, production
from produce.redaction import codes, draw, record, sheets, show
from produce.redaction.personal import NAMES
from produce.redaction.record import Redaction, State
from produce.verify_commands import inspect_command, read_lines, verify_command
from records.case import Case, opened
from records.control import control, parse_control
from records.errors import RedactionError, SelectionError
from records.options import (
    case_option,
    json_option,
    print_json,
    print_table,
    progress,
    say,
)
from review.choosing import choosing, chosen
from review.targets import read_ids

_SHOWN = 60

code_option = click.option("--code", required=True, help="The reason code, as AC or PII.")
production_option = click.option(
    "--production",
    "planned",
    help="Draw on the pages as this planned production has them.",
)


class _Box(click.ParamType[record.Box]):
    name = "LEFT,TOP,RIGHT,BOTTOM"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        if isinstance(value, tuple):
            return value
        try:
            left, top, right, bottom = (float(each) for each in str(value).split(","))
        except ValueError:
            self.fail(f"{value!r} is no LEFT,TOP,RIGHT,BOTTOM in points", param, ctx)
        if not (left < right and top < bottom and abs(right) < 1e6 and abs(bottom) < 1e6):
            self.fail(f"{value!r}: LEFT must be less than RIGHT, TOP less than BOTTOM", param, ctx)
        return left, top, right, bottom


def _document(text: str) -> int:
    try:
        return parse_control(text)
    except ValueError as error:
        raise SelectionError(str(error)) from error


def _planned(case: Case, name: str | None) -> Production | None:
    if name is None:
        return None
    with case.read() as connection:
        return production(connection, name)


@click.group("redact")
def redact_group() -> None:
    """Make parts of documents unreadable in what is produced, and prove it.

    Boxes are in points (1/72 inch) from the upper left corner of the page as it is seen.
    """


@redact_group.command("add")
@click.argument("document")
@click.option("--page", "pages", type=click.IntRange(min=1), multiple=True, help="A page, from 1.")
@click.option("--box", "boxes", type=_Box(), multiple=True, help="A box on it; may be repeated.")
@click.option("--whole-page", is_flag=True, help="Cover the pages whole.")
@click.option("--all-pages", is_flag=True, help="On every page of the document.")
@code_option
@click.option("--remark", default="", help="Why; kept on record, never shown.")
@production_option
@case_option
@json_option
def add_command(
    document: str,
    pages: tuple[int, ...],
    boxes: tuple[record.Box, ...],
    whole_page: bool,
    all_pages: bool,
    code: str,
    remark: str,
    planned: str | None,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Redact boxes or whole pages of DOCUMENT; what a person draws counts at once."""
    if bool(pages) == all_pages or bool(boxes) == whole_page:
        raise click.UsageError("Give --page or --all-pages, and --box or --whole-page.")
    with opened(case_folder) as case:
        made = draw.draw(
            *(case, _document(document), pages, boxes, code, remark), _planned(case, planned)
        )
    _report(made, as_json, "drawn and confirmed")


@redact_group.command("field")
@click.argument("document")
@click.argument("fields", nargs=-1, required=True)
@code_option
@click.option("--remark", default="", help="Why; kept on record, never shown.")
@case_option
@json_option
def field_command(
    document: str,
    fields: tuple[str, ...],
    code: str,
    remark: str,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Mask FIELDS of DOCUMENT in the load file, as FileName or EmailSubject."""
    with opened(case_folder) as case:
        made = draw.redact_fields(case, _document(document), fields, code, remark)
    _report(made, as_json, "masked")


@redact_group.command("cells")
@click.argument("document")
@click.option("--sheet", default="", help="The sheet's name; none for CSV and TSV.")
@click.option("--range", "cells", required=True, help="Cells, as B2, A1:C9, B:B or 3:5.")
@code_option
@click.option("--remark", default="", help="Why; kept on record, never shown.")
@case_option
@json_option
def cells_command(
    document: str,
    sheet: str,
    cells: str,
    code: str,
    remark: str,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Redact cells of the spreadsheet DOCUMENT: a new native is made of what is left."""
    with opened(case_folder) as case:
        made = sheets.redact_range(case, _document(document), sheet, cells, code, remark)
    _report(made, as_json, "drawn and confirmed")


@redact_group.command("suggest")
@choosing
@click.option("--term", "terms", multiple=True, help="A word or phrase; a * at its end is open.")
@click.option(
    "--terms-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A file of terms, one a line.",
)
@click.option(
    "--personal",
    type=click.Choice(["all", *NAMES]),
    multiple=True,
    help="Personal data of this kind; may be repeated.",
)
@code_option
@production_option
@case_option
@json_option
def suggest_command(
    query: str | None,
    ids: str | None,
    from_file: Path | None,
    terms: tuple[str, ...],
    terms_file: Path | None,
    personal: tuple[str, ...],
    code: str,
    planned: str | None,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Suggest redactions for terms and personal data; they count once a person confirms them."""
    wanted = [each for each in (*terms, *read_lines(terms_file)) if each.strip()]
    kinds = NAMES if "all" in personal else personal
    odd = [each for each in wanted if not any(char.isalnum() for char in each)]
    if odd or not (wanted or kinds):
        raise click.UsageError(f"Nothing to look for{f' in {odd[0]!r}' if odd else ''}.")
    with opened(case_folder) as case:
        found, _ = chosen(case, query, ids, from_file)
        with progress("Looking at pages", len(found)) as advance:
            made, unseen = draw.suggest(
                *(case, list(found), code, wanted, kinds, advance), _planned(case, planned)
            )
    if as_json:
        told = {control(each): why for each, why in unseen.items()}
        print_json({"suggested": [each.to_json() for each in made], "without_pages": told})
        return
    _table(made)
    for each, why in unseen.items():
        say(f"{control(each)} was not looked at: {why}")
    say(f"{_count(len(made))} suggested; confirm what is right: redwell redact confirm NUMBER …")


def _deciding(state: State, name: str, help_: str) -> click.Command:
    def decide(
        numbers: tuple[int, ...],
        from_file: Path | None,
        documents: tuple[str, ...],
        least: float,
        case_folder: Path | None,
        as_json: bool,
    ) -> None:
        with opened(case_folder) as case:
            wanted = _wanted(case, numbers, from_file, documents, least, state)
            changed = record.decide(case, wanted, state)
        _report(changed, as_json, str(state))

    options = (
        click.argument("numbers", type=click.IntRange(min=1), nargs=-1),
        click.option(
            "--from-file",
            type=click.Path(path_type=Path, exists=True, dir_okay=False),
            help="A file of numbers, one a line, or what 'redact list --json' wrote.",
        ),
        click.option("--document", "documents", multiple=True, help="All of this document."),
        click.option(
            "--least",
            type=click.FloatRange(0, 1),
            default=0.0,
            help="With --document: only those at least as sure.",
        ),
        case_option,
        json_option,
    )
    for option in reversed(options):
        decide = option(decide)
    return click.command(name, help=help_)(decide)


def _wanted(
    case: Case,
    numbers: Sequence[int],
    from_file: Path | None,
    documents: Sequence[str],
    least: float,
    state: State,
) -> list[int]:
    wanted = [*numbers, *_numbers(from_file)]
    if documents:
        states = (State.CONFIRMED,) if state is State.WITHDRAWN else (State.SUGGESTED,)
        with case.read() as connection:
            found = record.listing(connection, read_ids(documents), states)
        wanted += [each.number for each in found if (each.drawn.confidence or 1.0) >= least]
    if not wanted:
        raise RedactionError(
            "Name redactions by their numbers, by --from-file or by --document; there is nothing "
            f"that could be {state}"
        )
    return wanted


def _numbers(path: Path | None) -> list[int]:
    text = "\n".join(read_lines(path))
    try:
        if text.lstrip().startswith(("[", "{")):
            data = json.loads(text)
            rows = data["suggested"] if isinstance(data, dict) else data
            return [int(each["number"]) for each in rows]
        return [int(line) for line in text.split()]
    except (ValueError, KeyError, TypeError) as error:
        raise SelectionError(f"{path} holds no list of numbers of redactions: {error}") from error


redact_group.add_command(
    _deciding(State.CONFIRMED, "confirm", "Confirm redactions: from now on they count.")
)
redact_group.add_command(
    _deciding(
        State.REJECTED, "reject", "Reject suggested redactions; they are not suggested again."
    )
)
redact_group.add_command(
    _deciding(
        State.WITHDRAWN, "remove", "Withdraw redactions; they stay on record and do not count."
    )
)


@redact_group.command("list")
@click.argument("documents", nargs=-1)
@click.option(
    "--state",
    "states",
    type=click.Choice([str(each) for each in State]),
    multiple=True,
    help="Only those in this state; may be repeated.",
)
@case_option
@json_option
def list_command(
    documents: tuple[str, ...],
    states: tuple[str, ...],
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """List redactions of all documents, or of DOCUMENTS named by their control numbers."""
    wanted = tuple(State(each) for each in states) or tuple(State)
    with opened(case_folder) as case, case.read() as connection:
        which = read_ids(documents) if documents else None
        found = record.listing(connection, which, wanted)
    if as_json:
        print_json([each.to_json() for each in found])
    else:
        _table(found)


def _table(found: Sequence[Redaction]) -> None:
    rows = [
        [
            *(each.number, each.where, each.drawn.kind, each.code, each.state),
            "" if each.drawn.confidence is None else f"{each.drawn.confidence:.2f}",
            each.drawn.reason,
            _short(each.drawn.context or each.drawn.found),
        ]
        for each in found
    ]
    print_table(("number", "where", "kind", "code", "state", "sure", "reason", "text"), rows)


def _count(number: int) -> str:
    return "1 redaction" if number == 1 else f"{number} redactions"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 2 * _SHOWN else f"{text[:_SHOWN]} … {text[-_SHOWN:]}"


def _report(made: Sequence[Redaction], as_json: bool, said: str) -> None:
    if as_json:
        print_json([each.to_json() for each in made])
        return
    for each in made:
        click.echo(f"{each.number}\t{each.where}\t{each.code}\t{_short(each.drawn.found)}")
    say(f"{_count(len(made))} {said}" if made else "Nothing new: they stand there already")


@redact_group.command("show")
@click.argument("document")
@click.option("--page", type=click.IntRange(min=1), default=1, show_default=True)
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="The PNG file to write."
)
@click.option("--dpi", type=click.IntRange(36, 300), default=100, show_default=True)
@click.option("--burned", is_flag=True, help="As it will be produced: black, confirmed ones alone.")
@production_option
@case_option
@json_option
def show_command(
    document: str,
    page: int,
    out: Path,
    dpi: int,
    burned: bool,
    planned: str | None,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Write a page of DOCUMENT as PNG with its redactions, confirmed and suggested ones."""
    with opened(case_folder) as case:
        shown = show.show_page(
            case, _document(document), page, out, dpi, burned, _planned(case, planned)
        )
    if as_json:
        print_json(shown)
    else:
        click.echo(
            f"{out}: page {page} of {shown['pages']}, {shown['width']:g} by {shown['height']:g} "
            f"points, with redactions: {len(shown['redactions'])}"
        )


for _command in (inspect_command, verify_command):
    redact_group.add_command(_command)


@redact_group.group("codes")
def codes_group() -> None:
    """Define the reason codes of the case, and list them."""


@codes_group.command("add")
@click.argument("code")
@click.argument("label")
@case_option
@json_option
def codes_add_command(code: str, label: str, case_folder: Path | None, as_json: bool) -> None:
    """Define CODE, which stands for LABEL: AC "Attorney-Client Privileged"."""
    with opened(case_folder) as case:
        made = codes.add_code(case, code, label)
    if as_json:
        print_json({"code": made.code, "label": made.label})
    else:
        click.echo(f"{made.code}: {made.label}")


@codes_group.command("list")
@case_option
@json_option
def codes_list_command(case_folder: Path | None, as_json: bool) -> None:
    """List the reason codes."""
    with opened(case_folder) as case, case.read() as connection:
        found = codes.codes(connection)
    if as_json:
        print_json([{"code": each.code, "label": each.label} for each in found])
    else:
        print_table(("code", "label"), [[each.code, each.label] for each in found])
