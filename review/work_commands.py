"""The command group `review`: how review goes, and where its coding disagrees."""

from dataclasses import asdict
from pathlib import Path

import click

from records.case import opened
from records.options import case_option, counted, json_option, print_json, print_table, say
from review import progress
from review.progress import By, Line


@click.group("review")
def review_group() -> None:
    """How review goes, and where its coding disagrees with itself."""


@review_group.command("progress")
@click.argument("name", metavar="[SET]", required=False)
@click.option(
    "--by",
    type=click.Choice([each.value for each in By]),
    default=By.REVIEWER.value,
    show_default=True,
    help="What the lines are; days are those of the case's time zone.",
)
@case_option
@json_option
def progress_command(name: str | None, by: str, case_folder: Path | None, as_json: bool) -> None:
    """Show what is coded and left of a SET of batches, or of all, how fast, and how long still.

    Hours are those between decisions of one person, without breaks of more than 15 minutes. What
    is left of a reviewer is that of the batches he has; of a day, what was left when it ended.
    """
    with opened(case_folder) as case:
        found = progress.progress(case, name, By(by))
    if as_json:
        print_json([asdict(each) for each in found])
        return
    for each in found:
        gone = f", {each.gone} out of review since" if each.gone else ""
        click.echo(
            f"{each.set}: {counted(each.documents)}, {each.total.coded} coded, "
            f"{each.total.left} left{gone}"
        )
        columns = (by, "state", "coded", "left", "hours", "an hour", "hours left")
        print_table(columns, [_cells(line) for line in (*each.lines, each.total)])
    if not found:
        say("There are no batches yet: 'redwell batch cut' makes some")


def _cells(line: Line) -> list[str]:
    rate = "" if line.per_hour is None else f"{line.per_hour:,.0f}"
    still = "" if line.hours_left is None else f"{line.hours_left:.1f}"
    return [
        *(line.key, line.state, str(line.coded), str(line.left)),
        *(f"{line.hours:.1f}", rate, still),
    ]
