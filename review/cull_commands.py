"""The command group `cull`."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import click

from index.catalog import read_size
from records.case import opened
from records.errors import CullError
from records.options import (
    case_option,
    counted,
    json_option,
    print_csv,
    print_json,
    print_pairs,
    say,
)
from review import culled, culling
from review.conditions import Condition
from review.culled import CulledDocument
from review.culling import Culled

_dry_run = click.option(
    "--dry-run", is_flag=True, help="Say what would be put aside; change nothing."
)


@click.group("cull")
def cull_group() -> None:
    """Put documents aside before review by rules, and take rules back.

    Nothing is deleted: what a rule puts aside leaves the searches, until the rule is lifted.
    `is:culled` finds it.
    """


@cull_group.command("add")
@click.argument("name")
@click.option("--query", help="What answers a search; needs an index.")
@click.option("--sent-before", metavar="DATE", help="Dated before DATE, as 2001 or 2001-05-14.")
@click.option("--sent-after", metavar="DATE", help="Dated after DATE, that day not included.")
@click.option("--type", "types", multiple=True, help="Of this type, as email or pdf; repeatable.")
@click.option("--ext", "exts", multiple=True, help="Of this extension, as log; repeatable.")
@click.option("--custodian", "custodians", multiple=True, help="Of this custodian; repeatable.")
@click.option(
    "--path", "paths", multiple=True, metavar="GLOB", help="At this address; * is any text."
)
@click.option("--larger", metavar="SIZE", help="Larger than SIZE, as 500kb or 1.5mb.")
@click.option("--smaller", metavar="SIZE", help="Smaller than SIZE.")
@click.option("--invert", is_flag=True, help="Keep only what answers; put all else aside.")
@_dry_run
@case_option
@json_option
def add_command(
    name: str,
    query: str | None,
    sent_before: str | None,
    sent_after: str | None,
    types: tuple[str, ...],
    exts: tuple[str, ...],
    custodians: tuple[str, ...],
    paths: tuple[str, ...],
    larger: str | None,
    smaller: str | None,
    invert: bool,
    dry_run: bool,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Put aside the families that answer all that is asked, as the rule NAME.

    A family is judged by its root and put aside whole. Its date is when it was sent, else when it
    was modified, in the case's time zone; what has no date is never put aside by one. A kept
    document stays while any suppressed copy of it would.
    """
    with opened(case_folder) as case:
        condition = Condition(
            query=query,
            sent_before=sent_before,
            sent_after=sent_after,
            types=tuple(each.lower() for each in types),
            exts=tuple(each.lower().removeprefix(".") for each in exts),
            custodians=custodians,
            paths=paths,
            larger=_bytes(larger),
            smaller=_bytes(smaller),
            invert=invert,
            time_zone=case.settings.time_zone,
        )
        done = culling.add(case, name, condition, dry_run=dry_run)
    _print(done, dry_run, as_json)


def _bytes(size: str | None) -> int | None:
    try:
        return None if size is None else read_size(size)
    except ValueError as error:
        raise CullError(f"The size {size!r} cannot be read: {error}") from error


@cull_group.command("apply")
@_dry_run
@case_option
@json_option
def apply_command(dry_run: bool, case_folder: Path | None, as_json: bool) -> None:
    """Judge documents that came or changed since by the active rules."""
    with opened(case_folder) as case:
        done = culling.apply(case, dry_run=dry_run)
    if as_json:
        print_json([asdict(each) | {"dry_run": dry_run} for each in done])
        return
    for each in done:
        click.echo(
            f"{each.name}: {counted(each.put_aside)} put aside, {each.returned} back in review"
        )
    if not done:
        say("No culling rule is active")
    elif dry_run:
        say("Nothing was changed: this was a dry run")


@cull_group.command("lift")
@click.argument("name")
@case_option
@json_option
def lift_command(name: str, case_folder: Path | None, as_json: bool) -> None:
    """Take the rule NAME back: what it alone puts aside returns to review."""
    with opened(case_folder) as case:
        returned = culling.lift(case, name)
    if as_json:
        print_json({"name": name, "returned": returned})
    else:
        click.echo(f"Lifted {name}: {counted(returned)} back in review")


@cull_group.command("list")
@case_option
@json_option
def list_command(case_folder: Path | None, as_json: bool) -> None:
    """List the rules with what each puts aside, and where all documents stand."""
    with opened(case_folder) as case:
        rules, balance = culled.listing(case)
    if as_json:
        print_json({"rules": [asdict(each) for each in rules], "balance": balance})
        return
    for each in rules:
        click.echo(
            f"{each.name}\t{each.state}\t{each.documents}\t{each.families}\t{each.condition}"
        )
    _print_balance(balance)


@cull_group.command("report")
@click.argument("name")
@case_option
@json_option
def report_command(name: str, case_folder: Path | None, as_json: bool) -> None:
    """List the documents of the families that the rule NAME meets, as CSV."""
    with opened(case_folder) as case:
        _print_report(culled.report(case, name), as_json)


def _print_report(found: Iterable[CulledDocument], as_json: bool) -> None:
    if as_json:
        print_json([asdict(each) for each in found])
        return
    columns = CulledDocument.__slots__
    print_csv(columns, ([getattr(each, name) for name in columns] for each in found))


def _print(done: Culled, dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json(asdict(done) | {"dry_run": dry_run})
        return
    pairs: dict[str, object] = {
        "Rule": done.name,
        "Families that it meets": done.families,
        "Documents in them": done.documents,
    }
    pairs |= {f"  {name}": count for name, count in done.became.items()}
    for title, count in (
        ("Families without a date, not judged by it", done.undated),
        ("Families not read whole, not judged by words", done.unread),
        ("Documents not processed, not judged yet", done.not_processed),
    ):
        pairs |= {title: count} if count else {}
    pairs["Documents that leave review"] = done.put_aside
    pairs |= {f"  custodian {name}": count for name, count in done.by_custodian.items()}
    pairs |= {f"  type {name}": count for name, count in done.by_type.items()}
    print_pairs(pairs)
    _print_balance(done.balance)
    if dry_run:
        say("Nothing was changed: this was a dry run")
    elif done.not_processed:
        say("Next: redwell process, then redwell cull apply")


def _print_balance(balance: dict[str, int]) -> None:
    click.echo(f"\nDocuments of the case: {sum(balance.values())}")
    print_pairs({f"  {name}": count for name, count in balance.items()})
