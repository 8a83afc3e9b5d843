"""The command group `tag`."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from pyroaring import BitMap

from index.commands import warn_incomplete
from index.searching import search
from records.case import Case, opened
from records.control import control
from records.errors import SelectionError
from records.options import case_option, counted, json_option, print_json
from review import tags
from review.tags import Action, Applied

_query = click.option("--query", help="The documents that answer a search.")
_ids = click.option("--ids", help="Control numbers, parted by commas.")
_file = click.option(
    "--from-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A file of control numbers, one a line.",
)
_families = click.option("--families", is_flag=True, help="Take whole families along.")
_dry_run = click.option("--dry-run", is_flag=True, help="Say what would change; change nothing.")


@click.group("tag")
def tag_group() -> None:
    """Tag documents, and see who tagged what."""


@tag_group.command("define")
@click.argument("name")
@click.option("--description", default="", help="What the tag is for.")
@case_option
@json_option
def define_command(name: str, description: str, case_folder: Path | None, as_json: bool) -> None:
    """Make a tag NAME."""
    with opened(case_folder) as case:
        stored = tags.define(case, name, description)
    told = {"tag": stored, "description": description}
    click.echo(json.dumps(told, ensure_ascii=False) if as_json else f"Tag '{stored}' is defined")


@tag_group.command("add")
@click.argument("name")
@_query
@_ids
@_file
@_families
@_dry_run
@case_option
@json_option
def add_command(name: str, case_folder: Path | None, as_json: bool, **options: Any) -> None:
    """Put the tag NAME on documents.

    They are named by one of --query, --ids or --from-file.
    """
    _change("add", name, case_folder, as_json, **options)


@tag_group.command("remove")
@click.argument("name")
@_query
@_ids
@_file
@_families
@_dry_run
@case_option
@json_option
def remove_command(name: str, case_folder: Path | None, as_json: bool, **options: Any) -> None:
    """Take the tag NAME off documents.

    They are named by one of --query, --ids or --from-file.
    """
    _change("remove", name, case_folder, as_json, **options)


def _change(
    action: Action,
    name: str,
    case_folder: Path | None,
    as_json: bool,
    *,
    query: str | None,
    ids: str | None,
    from_file: Path | None,
    families: bool,
    dry_run: bool,
) -> None:
    with opened(case_folder) as case:
        target, origin = _selected(case, query, ids, from_file)
        applied = tags.change(
            case, action, name, target, origin, families=families, dry_run=dry_run
        )
    if applied.suppressed:
        shown = ", ".join(control(each) for each in applied.suppressed[:20])
        click.echo(
            f"{len(applied.suppressed)} of them are suppressed duplicates ({shown}): the tag does "
            "not reach the copies that were kept",
            err=True,
        )
    told = {**asdict(applied), "suppressed": [control(each) for each in applied.suppressed]}
    told["dry_run"] = dry_run
    click.echo(json.dumps(told, ensure_ascii=False) if as_json else _told(applied, dry_run))


def _selected(
    case: Case, query: str | None, ids: str | None, from_file: Path | None
) -> tuple[BitMap, dict[str, Any]]:
    if sum(each is not None for each in (query, ids, from_file)) != 1:
        raise click.UsageError("Name the documents by one of --query, --ids or --from-file.")
    if query is not None:
        result = search(case, query)
        warn_incomplete(result)
        return result.ids, {"query": query, "missing": result.missing}
    if ids is not None:
        found = tags.read_ids(each for each in ids.split(",") if each.strip())
        return _some(found, "--ids"), {"ids": ids}
    assert from_file is not None
    return _some(_read_file(from_file), str(from_file)), {"file": str(from_file)}


def _some(found: BitMap, where: str) -> BitMap:
    """An empty list is a failed export, not a wish to tag nothing."""
    if not found:
        raise SelectionError(f"{where} names no document")
    return found


def _read_file(path: Path) -> BitMap:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SelectionError(
            f"{path} cannot be read: {error}. Give a text file with one control number a line"
        ) from error
    return tags.read_ids(line for line in text.splitlines() if line.strip())


def _told(applied: Applied, dry_run: bool) -> str:
    along = f" and {applied.families} more of their families" if applied.families else ""
    adding = applied.action == "add"
    done = "put on" if adding else "taken off"
    unchanged = applied.asked + applied.families - applied.changed
    rest = "had it already" if adding else "did not have it"
    return (
        f"{counted(applied.asked)}{along}: '{applied.tag}' {'would be' if dry_run else 'was'} "
        f"{done} {applied.changed}, {unchanged} {rest}"
    )


@tag_group.command("list")
@case_option
@json_option
def list_command(case_folder: Path | None, as_json: bool) -> None:
    """List the tags and how many documents bear each."""
    with opened(case_folder) as case:
        found = tags.listing(case)
    if as_json:
        print_json([asdict(each) for each in found])
        return
    for each in found:
        click.echo(f"{each.documents}\t{each.name}\t{each.description}".rstrip())


@tag_group.command("history")
@click.argument("document", required=False)
@click.option("--tag", "name", help="Only events of this tag.")
@case_option
@json_option
def history_command(
    document: str | None, name: str | None, case_folder: Path | None, as_json: bool
) -> None:
    """Show who tagged what, when and by which search.

    All events, or those of one DOCUMENT, named by its control number.
    """
    with opened(case_folder) as case:
        number = None if document is None else next(iter(tags.read_ids([document])))
        found = tags.history(case, number, name)
    if as_json:
        print_json([asdict(each) for each in found])
        return
    for each in found:
        origin = json.dumps(each.origin, ensure_ascii=False, sort_keys=True)
        click.echo(
            f"{each.at}\t{each.actor}\t{each.action}\t{each.tag}\t{each.documents}\t{origin}"
        )
