"""Commands of production: plan, run, check, list."""

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from produce.after_commands import clawback_command, deliver_command, history_command
from produce.check import check
from produce.check_terms import Terms
from produce.crossref_commands import crossref_command
from produce.facts import facts_of
from produce.plan import plan
from produce.plan_commands import print_plan
from produce.privilege_commands import log_command
from produce.record import Mapper, printable, production, productions
from produce.redaction.verify import verify
from produce.replacement_check import check_replacement
from produce.replacement_commands import replace_command
from produce.report_commands import report_command
from produce.run import Summary, Workshop, failed, final_folder, run
from produce.spec_commands import for_case, spec_group, terms_from
from records import case as cases
from records.errors import CheckFailedError, ProductionError
from records.options import (
    case_option,
    engine_for,
    json_option,
    passwords_option,
    print_json,
    print_pairs,
    print_table,
    progress,
    read_passwords,
    say,
    scheduler_option,
    workers_option,
)


@click.group()
def produce() -> None:
    """Make Bates-numbered productions, and check them as the receiving party does."""


for _command in (
    *(spec_group, crossref_command, log_command, report_command),
    *(deliver_command, clawback_command, history_command, replace_command),
):
    produce.add_command(_command)


@produce.command("plan")
@click.argument("name")
@click.option(
    "--spec",
    metavar="FILE|PROFILE",
    help="What the volume is to be: a file, or esi, sec, doj-antitrust, pdf or native. Options "
    "given beside it overrule it; tags that withhold are added.",
)
@click.option("--query", help="Produce what this search finds.")
@click.option("--tag", help="Produce what carries this tag.")
@click.option("--group", help="The group of the tag; alone: what carries any of its tags.")
@click.option("--request", help="A request for production: a tag of a group of issues.")
@click.option(
    "--from",
    "date_from",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Only families dated on this day or later, in the production's zone.",
)
@click.option(
    "--to",
    "date_to",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Only families dated on this day or before.",
)
@click.option(
    "--supplements",
    metavar="VOLUME",
    help="Leave out what the frozen VOLUME and its supplements produced. Without --spec all that "
    "is not given is as in VOLUME.",
)
@click.option("--prefix", help="What Bates numbers begin with; the case's own unless given.")
@click.option("--digits", type=int, help="Digits of a Bates number; the case's own unless given.")
@click.option("--start", type=int, help="The first number; else the next free one.")
@click.option(
    "--kind",
    type=click.Choice(["tiff", "pdf"]),
    default="tiff",
    show_default=True,
    help="Single-page Group IV TIFF, or one PDF for each document.",
)
@click.option("--producing-party", help="Who produces, where a field tells it.")
@click.option("--legend", default="", help="Confidentiality legend, bottom left on each page.")
@click.option("--dpi", type=int, default=300, show_default=True, help="Resolution of TIFF pages.")
@click.option(
    "--exclude-tag",
    "exclude_tags",
    multiple=True,
    help="Withhold documents with this tag as privileged; may be repeated.",
)
@click.option(
    "--exclude-group",
    "exclude_groups",
    multiple=True,
    help="Withhold documents with a tag of this group, but for those that begin with not.",
)
@click.option(
    "--allow-tag",
    "allow_tags",
    multiple=True,
    help="Produce documents with this tag though its name means privilege; may be repeated.",
)
@click.option(
    "--allow-unprocessed",
    is_flag=True,
    help="Plan though documents of the case wait for 'redwell process'.",
)
@click.option(
    "--allow-received",
    is_flag=True,
    help="Plan though documents of the selection are of another party's production.",
)
@click.option(
    "--allow-clawed-back",
    is_flag=True,
    help="Plan though documents of the selection were asked back of another party.",
)
@click.option("--no-families", is_flag=True, help="Produce only what was selected itself.")
@click.option(
    "--inline",
    type=click.Choice(["parent", "own"]),
    default="parent",
    show_default=True,
    help="Pictures shown in a mail: in its pages only, or documents of their own.",
)
@click.option(
    "--max-files", type=int, default=1000, show_default=True, help="Most files in a folder."
)
@click.option(
    "--newline",
    type=click.Choice(["crlf", "lf"]),
    default="crlf",
    show_default=True,
    help="Line ends of the text files.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be planned and write nothing.")
@case_option
@json_option
@click.pass_context
def plan_command(
    context: click.Context,
    /,
    name: str,
    spec: str | None,
    no_families: bool,
    dry_run: bool,
    case_folder: Path | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Plan the production NAME: what is in it, in which order, imaged or native.

    Planning a name again replaces its plan until numbers are reserved by 'produce run'.
    """
    with cases.opened(case_folder) as case:
        asked = {key: value for key, value in given.items() if _is_given(context, key)}
        if _is_given(context, "no_families"):
            asked["families"] = not no_families
        found = plan(case, for_case(case, name, spec, asked), dry_run)
    if as_json:
        print_json(found.to_json() | {"dry_run": dry_run})
    else:
        print_plan(found, dry_run)


def _is_given(context: click.Context, name: str) -> bool:
    """Whether an option stands on the command line, and not its default alone."""
    return context.get_parameter_source(name) is not ParameterSource.DEFAULT


@produce.command("run")
@click.argument("name")
@click.option(
    "--slip-missing",
    is_flag=True,
    help="Without LibreOffice, produce office documents natively with slip sheets.",
)
@passwords_option
@workers_option
@scheduler_option
@case_option
@json_option
def run_command(
    name: str,
    slip_missing: bool,
    passwords_file: Path | None,
    workers: int | None,
    scheduler: str | None,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Make the volume of the planned production NAME, check it and freeze it.

    Run it again after it was cut off: it goes on where it stood. Run on a frozen production it
    verifies that the volume still is what was frozen.
    """
    # Here, for what they bring along takes long to load.
    from produce.imaging import image_batch, libreoffice, render_batch

    passwords = read_passwords(passwords_file)
    with cases.opened(case_folder) as case:

        @contextmanager
        def start() -> Iterator[Mapper]:
            with engine_for(case, workers, scheduler) as engine:
                engine.require_folder(case.folder)
                yield engine

        workshop = Workshop(
            workers=start,
            render=render_batch,
            image=image_batch,
            progress=progress,
            office=lambda: libreoffice.program() is not None,
            passwords=passwords,
            slip_missing=slip_missing,
        )
        made = run(case, name, workshop)
    if as_json:
        print_json(made.to_json())
    else:
        _print_summary(made)


def _print_summary(made: Summary) -> None:
    if made.already_frozen:
        say(f"{made.name} is frozen already; every file was hashed again and is unchanged")
    print_pairs(
        {
            "production": made.name,
            "folder": made.folder,
            **({"replaces documents of": made.replaces} if made.replaces else {}),
            "Bates numbers": f"{made.first_bates} to {made.last_bates}",
            **made.counts,
            "values changed for the load file": made.qc,
            "manifest SHA-256": made.manifest_sha256,
        }
    )


@produce.command("check")
@click.argument("target", metavar="NAME|PATH")
@click.option(
    "--dpi", type=int, default=300, show_default=True, help="Resolution due; for a bare volume."
)
@click.option(
    "--spec",
    metavar="FILE|PROFILE",
    help="What a bare volume is to be; else a typical ESI protocol.",
)
@click.option(
    "--replacement",
    is_flag=True,
    help="A bare volume replaces documents of another: it has gaps and parts of families.",
)
@case_option
@json_option
def check_command(
    target: str,
    dpi: int,
    spec: str | None,
    replacement: bool,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Check a volume as the receiving party does, from the disk alone.

    NAME is a production of the case, compared with its registry too, and with the specification
    that it was made by; PATH any volume's folder.
    """
    if _is_folder(target):
        volume = Path(target)
        terms = terms_from(spec) if spec else Terms(dpi=dpi)
        with progress("Checking the volume", 0) as advance:
            agreed = replace(terms, replacement=replacement)
            findings = check(volume, terms=agreed, advance=advance)
    else:
        with cases.opened(case_folder) as case, case.read() as connection:
            found = production(connection, target)
            volume = final_folder(case, found)
            if found.state != "frozen":
                raise ProductionError(
                    f"The production {target} is {found.state}, so there is no volume to check "
                    f"yet: 'redwell produce run {target}' makes one"
                )
            with progress("Checking the volume", 0) as advance:
                findings = check(volume, facts_of(connection, found), advance=advance)
            with progress("Looking for what was redacted", 0) as advance:
                findings += verify(case, found, volume, advance)
            findings += check_replacement(case, found, volume)
    if as_json:
        rows = [{"code": f.code, "where": f.where, "message": f.message} for f in findings]
        print_json({"volume": str(volume), "findings": rows})
    if findings:
        raise CheckFailedError(failed(volume.name, volume, findings))
    if not as_json:
        click.echo(f"{volume} holds all that a receiving party checks")


def _is_folder(target: str) -> bool:
    """Whether a volume's folder is named; what is on the disk and is none is refused."""
    if not target:
        return False  # it would be the folder one stands in
    try:
        found = Path(target).stat()
    except FileNotFoundError:
        return False
    except (OSError, ValueError) as error:
        if "/" not in target:
            return False  # a name that no file can have may be looked up all the same
        raise ProductionError(f"{printable(target)} cannot be looked at: {error}") from error
    if not stat.S_ISDIR(found.st_mode):
        raise ProductionError(
            f"{printable(target)} is a file: name a production or a volume's folder"
        )
    return True


@produce.command("list")
@case_option
@json_option
def list_command(case_folder: Path | None, as_json: bool) -> None:
    """List the productions of the case, oldest first."""
    with cases.opened(case_folder) as case, case.read() as connection:
        found = productions(connection)
    names = {each.id: each.name for each in found}
    rows = [
        {
            "name": each.name,
            "state": each.state,
            "replaces": names.get(each.replaces or 0, ""),
            "documents": each.counts["plan"]["documents"],
            "pages": each.counts.get("made", {}).get("pages"),
            "created_at": each.created_at,
            "frozen_at": each.frozen_at,
            "manifest_sha256": each.manifest_sha256,
        }
        for each in found
    ]
    if as_json:
        print_json(rows)
    else:
        shown = ("name", "state", "documents", "pages", "created_at", "frozen_at", "replaces")
        print_table(shown, [["" if r[n] is None else r[n] for n in shown] for r in rows])
