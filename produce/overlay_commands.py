"""The command group `overlay`: what changed of documents that were produced already."""

from pathlib import Path

import click

from produce.overlay_run import Overlaid, Report, overlay_custodians
from records import case as cases
from records.options import case_option, json_option, print_json, print_table, say


@click.group("overlay")
def overlay_group() -> None:
    """Tell the other side what changed of documents that were produced already."""


@overlay_group.command("custodians")
@click.option("--production", "name", help="Only this production.")
@click.option("--since", help="Only this production and those frozen after it.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The folder to make; else overlays/custodians-NNNN in the case.",
)
@click.option("--allow-unprocessed", is_flag=True, help="Though documents wait for 'process'.")
@click.option("--dry-run", is_flag=True, help="Count what changed; write nothing.")
@case_option
@json_option
def custodians_command(
    name: str | None,
    since: str | None,
    out: Path | None,
    allow_unprocessed: bool,
    dry_run: bool,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Write an overlay of AllCustodians and AllPaths for frozen productions.

    It holds the produced documents of which copies were suppressed since the volume was frozen,
    or since the last overlay: a DAT to load over the volume by BegBates, and a CSV for people
    with what was and what is. Nothing that the volume withheld or hid is told.
    """
    if name is not None and since is not None:
        raise click.UsageError("Take --production or --since, not both.")
    with cases.opened(case_folder) as case:
        report = overlay_custodians(
            case, name, since, out, dry_run=dry_run, allow_unprocessed=allow_unprocessed
        )
    if as_json:
        print_json(report.to_json())
    else:
        _print(report)


def _print(report: Report) -> None:
    columns = ("production", "documents", "changed", "withheld", "hidden", "dat")
    rows = [[getattr(each, name) for name in columns] for each in report.productions]
    print_table(
        ("production", "documents", "changed", "withheld since", "paths not told", "DAT"), rows
    )
    for each in report.productions:
        _say_withheld(each)
    if not report.productions:
        say("No production is frozen yet: there is nothing to overlay")
    elif not report.changed:
        say("Nothing changed of what was produced: no overlay was written")
    elif report.dry_run:
        say("Nothing was written (--dry-run)")
    else:
        click.echo(f"The overlay stands in {report.folder}")


def _say_withheld(each: Overlaid) -> None:
    if each.withheld:
        say(
            f"{each.production}: {each.withheld} produced documents carry tags that withhold them "
            "today and were left out; consider whether to claw them back"
        )
