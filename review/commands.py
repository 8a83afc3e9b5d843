"""The command group `tag`."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import click

from records.case import opened
from records.control import control
from records.options import case_option, counted, json_option, print_json
from review import history as histories
from review import tags
from review import undo as undoing
from review.choosing import choosing, chosen
from review.panel_commands import (
    change_command,
    check_command,
    define_command,
    exclude_command,
    group_group,
    list_command,
    said,
)
from review.tags import Action, Applied, OnConflict
from review.targets import read_ids
from review.undo import Undone

_SHOWN = 20
_families = click.option("--families", is_flag=True, help="Take whole families along.")
_duplicates = click.option("--duplicates", is_flag=True, help="Take all copies along.")
_threads = click.option("--threads", is_flag=True, help="Take the mails of the threads along.")
_dry_run = click.option("--dry-run", is_flag=True, help="Say what would change; change nothing.")


@click.group("tag")
def tag_group() -> None:
    """Tag documents by rules, see who tagged what, and take it back."""


for _each in (define_command, change_command, group_group, exclude_command, list_command):
    tag_group.add_command(_each)


@tag_group.command("add")
@click.argument("names", nargs=-1, required=True)
@choosing
@_families
@_duplicates
@_threads
@click.option("--basis", help="Why, as a privilege log tells it; some tags need one.")
@click.option("--remove", "take_off", multiple=True, help="Take this tag off at once; repeatable.")
@click.option(
    "--on-conflict",
    type=click.Choice(["stop", "keep", "replace"]),
    default="stop",
    show_default=True,
    help="Where a rule would be broken: write nothing, keep those documents as they are, or take "
    "off what stands against the tag.",
)
@_dry_run
@case_option
@json_option
def add_command(
    names: tuple[str, ...], case_folder: Path | None, as_json: bool, **options: Any
) -> None:
    """Put the tags NAMES on documents, as one act.

    They are named by one of --query, --ids or --from-file. Threads come along first, then
    families, then copies. Conflicts with the rules are shown, and nothing is written.
    """
    _change("add", names, case_folder, as_json, **options)


@tag_group.command("remove")
@click.argument("names", nargs=-1, required=True)
@choosing
@_families
@_duplicates
@_threads
@click.option(
    "--on-conflict",
    type=click.Choice(["stop", "keep"]),
    default="stop",
    show_default=True,
    help="Where a required choice would be lost: write nothing, or keep those documents as they "
    "are.",
)
@_dry_run
@case_option
@json_option
def remove_command(
    names: tuple[str, ...], case_folder: Path | None, as_json: bool, **options: Any
) -> None:
    """Take the tags NAMES off documents, as one act.

    They are named by one of --query, --ids or --from-file.
    """
    _change("remove", names, case_folder, as_json, **options)


def _change(
    action: Action,
    names: Sequence[str],
    case_folder: Path | None,
    as_json: bool,
    *,
    query: str | None,
    ids: str | None,
    from_file: Path | None,
    on_conflict: str,
    dry_run: bool,
    **options: Any,
) -> None:
    with opened(case_folder) as case:
        target, origin = chosen(case, query, ids, from_file)
        try:
            applied = tags.change(
                case,
                action,
                names,
                target,
                origin,
                on_conflict=cast(OnConflict, on_conflict),
                dry_run=dry_run,
                **options,
            )
        except tags.ConflictError as error:
            conflicts = [said(each) for each in error.conflicts]
            if as_json:
                print_json({"written": False, "conflicts": conflicts})
            _show(conflicts)
            raise
    if applied.suppressed:
        shown = ", ".join(control(each) for each in applied.suppressed[:_SHOWN])
        click.echo(
            f"{len(applied.suppressed)} of them are suppressed duplicates ({shown}): the tag does "
            "not reach the copies that were kept; --duplicates takes them along",
            err=True,
        )
    conflicts = [said(each) for each in applied.conflicts]
    _show(conflicts)
    if as_json:
        told = {**asdict(applied), "suppressed": [control(each) for each in applied.suppressed]}
        print_json({**told, "conflicts": conflicts, "dry_run": dry_run})
    else:
        click.echo(_told(applied, dry_run))


def _show(conflicts: Sequence[dict[str, Any]]) -> None:
    """Conflicts on stderr, each with some of its documents."""
    for each in conflicts:
        names = f"'{each['tag']}' meets '{each['against']}', " if each["against"] else ""
        along = each["count"] - each["named"]
        came = f", {along} of them came along" if along else ""
        shown = ", ".join(each["documents"][:_SHOWN])
        more = " …" if each["count"] > _SHOWN else ""
        click.echo(
            f"Conflict: {names}{each['rule']}: {each['count']}{came}: {shown}{more}", err=True
        )


def _told(applied: Applied, dry_run: bool) -> str:
    brought = (
        (applied.threads, "of their threads"),
        (applied.families, "of their families"),
        (applied.duplicates, "copies of them"),
    )
    along = "".join(f" and {count} more {what}" for count, what in brought if count)
    adding = applied.action == "add"
    done = "put on" if adding else "taken off"
    names = ", ".join(f"'{each}'" for each in applied.tags)
    every = applied.asked + applied.threads + applied.families + applied.duplicates
    unchanged = every - applied.changed - applied.left
    rest = "had it already" if adding else "did not have it"
    if applied.conflicts and dry_run and not applied.changed and not applied.left:
        return f"{counted(applied.asked)}{along}: conflicts, nothing would be written"
    told = (
        f"{counted(applied.asked)}{along}: {names} {'would be' if dry_run else 'was'} "
        f"{done} {applied.changed}, {unchanged} {rest}"
    )
    told += f", {applied.left} left as they are" if applied.left else ""
    gone = ", ".join(f"'{name}' from {count}" for name, count in applied.taken_off.items())
    told += f"; taken off: {gone}" if gone else ""
    return told + (f" (act {applied.act})" if applied.act else "")


@tag_group.command("undo")
@click.argument("act", type=click.IntRange(min=1))
@click.option(
    "--on-conflict",
    type=click.Choice(["stop", "keep"]),
    default="stop",
    show_default=True,
    help="Where later acts changed documents: write nothing, or keep those documents as they are.",
)
@_dry_run
@case_option
@json_option
def undo_command(
    act: int, on_conflict: str, dry_run: bool, case_folder: Path | None, as_json: bool
) -> None:
    """Take the ACT of this number back: all its documents are as they were before.

    That is an act on record too, and can be undone. A reviewer undoes only what he did.
    """
    with opened(case_folder) as case:
        try:
            done = undoing.undo(
                case,
                act,
                {"undo": act, "on_conflict": on_conflict},
                on_conflict="keep" if on_conflict == "keep" else "stop",
                dry_run=dry_run,
            )
        except undoing.LaterChangeError as error:
            if as_json:
                print_json({"written": False, "left": [_left(each) for each in error.left]})
            _show_left(error.left)
            raise
    _show_left(done.left)
    if as_json:
        left = [_left(each) for each in done.left]
        print_json({**asdict(done), "left": left, "dry_run": dry_run})
    else:
        click.echo(_undone(done, dry_run))


def _left(left: undoing.Left) -> dict[str, Any]:
    documents = [control(each) for each in left.documents]
    return {"reason": left.reason, "count": len(documents), "documents": documents}


def _show_left(left: Sequence[undoing.Left]) -> None:
    for each in left:
        shown = ", ".join(control(one) for one in each.documents[:_SHOWN])
        more = " …" if len(each.documents) > _SHOWN else ""
        click.echo(f"In the way: {each.reason}: {len(each.documents)}: {shown}{more}", err=True)


def _undone(done: Undone, dry_run: bool) -> str:
    sides = [f"'{name}' taken off {count}" for name, count in done.taken_off.items()]
    sides += [f"'{name}' put back on {count}" for name, count in done.put_on.items()]
    would = "would be " if dry_run else ""
    own = f" (act {done.act})" if done.act else ""
    return (
        f"Act {done.undid} of {done.by} at {done.at} {would}taken back on {counted(done.changed)}: "
        f"{', '.join(sides) or 'nothing'}{own}"
    )


@tag_group.command("show")
@click.argument("document")
@case_option
@json_option
def show_command(document: str, case_folder: Path | None, as_json: bool) -> None:
    """Show the tags that a DOCUMENT bears, with their bases, and who put them on."""
    with opened(case_folder) as case:
        found = histories.standing(case, next(iter(read_ids([document]))))
    if as_json:
        print_json([asdict(each) for each in found])
        return
    for each in found:
        cells = (each.group, each.tag, each.basis, each.actor, each.at, each.act)
        click.echo("\t".join("" if cell is None else str(cell) for cell in cells))


@tag_group.command("history")
@click.argument("document", required=False)
@click.option("--tag", "name", help="Only events of this tag.")
@click.option("--act", type=click.IntRange(min=1), help="Only events of this act.")
@case_option
@json_option
def history_command(
    document: str | None,
    name: str | None,
    act: int | None,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Show who tagged what, when and by which search.

    All events, or those of one DOCUMENT, named by its control number. What belongs to one act
    bears one number, which `tag undo` takes.
    """
    with opened(case_folder) as case:
        number = None if document is None else next(iter(read_ids([document])))
        found = histories.history(case, number, name, act)
    if as_json:
        print_json([asdict(each) for each in found])
        return
    for each in found:
        origin = json.dumps(each.origin, ensure_ascii=False, sort_keys=True)
        state = f"undone on {each.undone}" if each.undone else ""
        state = f"undoes act {each.undoes}" if each.undoes is not None else state
        cells = (each.act, each.at, each.actor, each.action, each.tag, each.documents, origin)
        click.echo("\t".join(str(cell) for cell in (*cells, each.basis or "", state)).rstrip())


tag_group.add_command(check_command)
