"""The command group `review`: how review goes, and where its coding disagrees."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from records.case import opened
from records.control import control
from records.exports import check_target, export_options, write_table
from records.options import case_option, counted, json_option, print_json, print_table, say
from review import conflicts, privilege_terms, progress
from review.conflicts import Kind, Report, Wanted
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


@review_group.command("conflicts")
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice([each.value for each in Kind]),
    help="Only conflicts of this kind; repeatable.",
)
@click.option(
    "--group",
    "groups",
    multiple=True,
    help="Compare choices of this group only; repeatable. [default: all with a single choice]",
)
@click.option(
    "--near",
    type=click.FloatRange(0, 100),
    default=conflicts.NEAR,
    show_default=True,
    help="Near-duplicates that share so many percent with their principal.",
)
@click.option("--uncoded", is_flag=True, help="Show where some are coded and some are not, too.")
@click.option(
    "--production",
    metavar="QUERY",
    help="What goes out. [default: tags that say so by name, as Responsive]",
)
@click.option(
    "--privileged",
    metavar="QUERY",
    help="What is coded privileged. [default: tags that say so by name]",
)
@click.option(
    "--terms",
    "terms_path",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Privileged terms: any of them in what goes out is a conflict.",
)
@export_options
@case_option
@json_option
def conflicts_command(
    kinds: tuple[str, ...],
    groups: tuple[str, ...],
    near: float,
    uncoded: bool,
    production: str | None,
    privileged: str | None,
    terms_path: Path | None,
    target: Path | None,
    overwrite: bool,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Show where coding disagrees: who coded which document how, and when.

    Families, copies, near-duplicates, and inclusive mails with the mails they hold, that were given
    different choices; and documents that go out, are not coded privileged, and have 30 points in
    'redwell privilege screen'.
    """
    check_target(target, overwrite=overwrite)
    wanted = Wanted(
        kinds=frozenset(Kind(each) for each in kinds or Kind),
        terms=tuple(privilege_terms.read(terms_path)),
        groups=groups,
        near=near,
        uncoded=uncoded,
        production=production,
        privileged=privileged,
        listed=terms_path is not None,
    )
    with opened(case_folder) as case:
        found = conflicts.report(case, wanted)
    _warn(found, wanted)
    if target is not None:
        write_table(target, "Conflicts", _COLUMNS, _rows(found), overwrite=overwrite)
        say(f"Wrote {target}")
    if as_json:
        print_json(_told(found))
    else:
        _print(found)


def _warn(found: Report, wanted: Wanted) -> None:
    if found.missing:
        say(f"{found.missing} documents are not in the index yet: run redwell index")
    if Kind.PRIVILEGE in wanted.kinds and found.production is None:
        say(
            "Nothing says what goes out, so conflicts of privilege are not told: name it with "
            "--production QUERY"
        )
    if not found.groups and wanted.kinds != {Kind.PRIVILEGE}:
        say("No group of tags has a single choice, so there is nothing to compare")


_COLUMNS = ("conflict", "kind", "about", "group", "document", "coded", "by", "at", "detail")


def _rows(found: Report) -> Iterator[tuple[str | int, ...]]:
    for number, each in enumerate(found.conflicts, 1):
        for one in each.documents:
            yield (
                *(number, each.kind.value, each.about, each.group, control(one.document)),
                *(", ".join(one.tags) or "(none)", ", ".join(one.by), one.at or "", one.detail),
            )


def _print(found: Report) -> None:
    print_table(_COLUMNS, list(_rows(found)))
    counts = Counter(each.kind for each in found.conflicts)
    told = ", ".join(f"{counts[kind]} of {kind}" for kind in Kind if counts[kind])
    several = "1 conflict" if len(found.conflicts) == 1 else f"{len(found.conflicts):,} conflicts"
    click.echo(f"{several}{': ' if told else ''}{told}")


def _told(found: Report) -> dict[str, Any]:
    return {
        "groups": found.groups,
        "production": found.production,
        "privileged": found.privileged,
        "missing": found.missing,
        "count": len(found.conflicts),
        "conflicts": [
            {
                **asdict(each),
                "documents": [
                    {**asdict(one), "document": control(one.document)} for one in each.documents
                ],
            }
            for each in found.conflicts
        ],
    }
