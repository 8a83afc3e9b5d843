"""The `retry` command: what could not be read once more, with passwords or more room."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError

from process.retry import Retried, retry
from process.retry_plan import CODES, Plan, plan_of
from process.tools import require_tools
from records import case as cases
from records import tables
from records.case import Case
from records.codes import Code
from records.control import control, parse_control
from records.engine import Engine
from records.errors import SelectionError, SettingError, SourceError
from records.limits import Limits
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

_LIMITS = {
    "seconds": (1, 86_400, "Seconds to read one document"),
    "memory_mb": (256, 1 << 20, "Memory of the process that reads, in MB"),
    "depth": (1, 100, "How deep containers and attachments may nest"),
    "embedded": (1, 1_000_000, "Items that one mail or document may hold"),
    "members": (1, 10_000_000, "Members that one archive may hold"),
    "unpacked_mb": (1, 1 << 20, "MB that one container may unpack to"),
}


def _limit_options(command: Any) -> Any:
    """A flag for each limit that may be set for one run."""
    for name, (least, most, text) in reversed(_LIMITS.items()):
        option = click.option(
            f"--{name.replace('_', '-')}",
            name,
            type=click.IntRange(least, most),
            help=f"{text}, in this run.",
        )
        command = option(command)
    return command


@click.command("retry")
@click.option(
    "--code",
    "codes",
    multiple=True,
    type=click.Choice(CODES),
    metavar="CODE",
    help="Try again what has an exception of this code, as encrypted; may be given several times.",
)
@click.option(
    "--document",
    "documents",
    multiple=True,
    metavar="RW-…",
    help="Read this document's family again, whatever became of it; may be given several times.",
)
@passwords_option
@click.option("--ask", is_flag=True, help="Ask for one password at the terminal.")
@_limit_options
@click.option("--no-ocr", is_flag=True, help="Leave pages that want OCR waiting.")
@click.option("--dry-run", is_flag=True, help="Say what would be tried again; change nothing.")
@workers_option
@scheduler_option
@case_option
@json_option
def retry_command(
    codes: tuple[str, ...],
    documents: tuple[str, ...],
    passwords_file: Path | None,
    ask: bool,
    no_ocr: bool,
    dry_run: bool,
    workers: int | None,
    scheduler: str | None,
    case_folder: Path | None,
    as_json: bool,
    **limits: int | None,
) -> None:
    """Try again what could not be had, with passwords, other limits or newer tools.

    Documents are read again with their families, containers opened again, from the bytes in the
    store. What was found before keeps its number, tags and productions; a reading takes the place
    of another only where it is better; what is found for the first time gets new numbers. Limits
    hold for this run and are not kept. What was collected and waits to be read is read too.
    """
    if bool(codes) == bool(documents):
        raise click.UsageError("Name a --code or a --document; 'redwell exceptions' lists them.")
    with cases.opened(case_folder) as case:
        passwords = _passwords(passwords_file, ask)
        if Code.ENCRYPTED in codes and not passwords and not dry_run:
            raise SourceError(
                "Without a password nothing that is encrypted opens: name a list with --passwords "
                "FILE, or type one with --ask"
            )
        _set_limits(case, limits)
        with case.read() as connection:
            ids = _ids(connection, documents)
            plan = plan_of(connection, codes, ids)
        if dry_run or plan.is_empty:
            _print_plan(plan, dry_run, as_json)
            return
        require_tools(None if no_ocr else case.settings.ocr_languages)
        with working(case, "retry"), engine_for(case, workers, scheduler) as engine:
            with case.read() as connection:
                plan = plan_of(connection, codes, ids)  # nobody else writes any more
            done = _recorded(case, engine, plan, passwords, codes, ocr=not no_ocr)
    _print_done(done, plan, as_json)


def _recorded(
    case: Case,
    engine: Engine,
    plan: Plan,
    passwords: Sequence[str],
    codes: Sequence[str],
    *,
    ocr: bool,
) -> Retried:
    """The run itself, on record with its settings but not its passwords."""
    settings = {
        "workers": engine.workers,
        "codes": list(codes),
        "documents": [] if codes else [control(each) for each in plan.documents],
        "passwords": len(passwords),
        "ocr": ocr,
    }
    with recorded(case, "retry", **settings) as summary:
        done = retry(case, engine, plan, passwords, refresh=not codes, ocr=ocr)
        summary.update(done.to_json())
    return done


def _passwords(file: Path | None, ask: bool) -> tuple[str, ...]:
    listed = read_passwords(file)
    if not ask:
        return listed
    typed: str = click.prompt("Password", hide_input=True, err=True)
    return (typed, *(each for each in listed if each != typed))


def _set_limits(case: Case, limits: dict[str, int | None]) -> None:
    """Have the case work by other limits while it is open; its file is left alone."""
    asked = {name: value for name, value in limits.items() if value is not None}
    try:
        changed = TypeAdapter(Limits).validate_python(asdict(case.settings.limits) | asked)
    except ValidationError as error:
        raise SettingError(f"These limits cannot be taken: {error.errors()[0]['msg']}") from error
    case.settings = case.settings.model_copy(update={"limits": changed})


def _ids(connection: sa.Connection, documents: Sequence[str]) -> list[int]:
    try:
        ids = [parse_control(each) for each in documents]
    except ValueError as error:
        raise SelectionError(str(error)) from error
    c = tables.documents.c
    known = set(connection.execute(sa.select(c.id).where(c.id.in_(ids))).scalars())
    if unknown := [control(each) for each in ids if each not in known]:
        raise SelectionError(f"The case has no document {', '.join(unknown)}")
    return ids


def _print_plan(plan: Plan, dry_run: bool, as_json: bool) -> None:
    told = plan.to_json() | {"dry_run": dry_run}
    if as_json:
        print_json(told)
        return
    print_pairs(
        {
            "Documents to try again": told["documents"],
            "  families to read": told["families_to_read"],
            "  containers to open": told["containers_to_open"],
            "Level-1 documents not read yet": plan.pending,
        }
    )
    _say_rest(plan)
    if dry_run:
        say("Nothing was changed: this was a dry run")
    elif not plan.documents:
        say("Nothing to try again")


def _print_done(done: Retried, plan: Plan, as_json: bool) -> None:
    if as_json:
        print_json(done.to_json())
    else:
        print_pairs(
            {
                "Tried again": counted(done.tried),
                "  families read": done.families,
                "  containers opened": done.containers,
                "Mended": done.mended_documents + done.opened,
                **{f"  {code}": count for code, count in done.mended.items()},
                "  opened or unpacked": done.opened,
                "Fail as before": done.failing,
                "Read otherwise than before": done.changed,
                "Found for the first time": done.new,
                "Level-1 documents read for the first time": done.read,
                "OCR pages": done.ocr_pages,
            }
        )
    if done.families_left:
        say(
            "Left as they were, for the new reading lacked something that is on record: "
            f"{', '.join(done.families_left)}"
        )
    if done.produced:
        say(
            f"{counted(len(done.produced))} of a frozen production changed: "
            f"{', '.join(done.produced)}. What was produced stands; the other side may need an "
            "overlay or a replacement"
        )
    _say_rest(plan)
    if done.mended_documents or done.changed or done.new or done.read:
        say("Next: redwell index")


def _say_rest(plan: Plan) -> None:
    """What only a person can go on with."""
    for each, told in zip(plan.sources, plan.to_json()["to_collect_again"], strict=True):
        say(
            f"{counted(each.documents)} can only be collected again, from {each.source}: "
            f"{told['command']}"
        )
    if plan.busy:
        say(f"{counted(plan.busy)} are of a collection that is not complete: ingest goes on first")
