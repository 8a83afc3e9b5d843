"""The command group `saved`."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from index.commands import warn_incomplete
from index.lists import read_terms
from index.saved import Version
from index.searching import search
from records.case import Case, opened
from records.errors import IndexStateError
from records.options import case_option, counted, json_option, print_json, print_table, say
from review import saved

_list_option = click.option(
    "--terms",
    "list_path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Save a list of terms, one a line, in place of QUERY.",
)
_SHORT = 60


@click.group("saved")
def saved_group() -> None:
    """Keep searches under names, for `saved:NAME` in any other query.

    A saved search means what it means at the moment: the documents it finds now. Everything it was
    before stays on record.
    """


@saved_group.command("add")
@click.argument("name")
@click.argument("query", required=False)
@_list_option
@click.option("--description", default="", help="What the search is for.")
@case_option
@json_option
def add_command(
    name: str,
    query: str | None,
    list_path: Path | None,
    description: str,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Save QUERY under NAME. One that cannot be read is refused."""
    text, as_list = _given(query, list_path)
    with opened(case_folder) as case:
        made = saved.save(case, name, text, as_list=as_list, description=description)
        _tell(case, made, as_json)


@saved_group.command("change")
@click.argument("name")
@click.argument("query", required=False)
@_list_option
@click.option("--description", help="What the search is for; else it stays.")
@case_option
@json_option
def change_command(
    name: str,
    query: str | None,
    list_path: Path | None,
    description: str | None,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Give the saved search NAME another QUERY; what rests on it changes with it."""
    text, as_list = _given(query, list_path)
    with opened(case_folder) as case:
        made = saved.change(case, name, text, as_list=as_list, description=description)
        _tell(case, made, as_json)


@saved_group.command("list")
@case_option
@json_option
def list_command(case_folder: Path | None, as_json: bool) -> None:
    """List the saved searches."""
    with opened(case_folder) as case:
        found = saved.listing(case)
    if as_json:
        print_json([asdict(each) for each in found])
        return
    rows = [
        (each.name, each.version, each.actor, each.at, _short(each.query), each.description)
        for each in found
    ]
    print_table(("name", "version", "by", "at", "query", "description"), rows)


@saved_group.command("show")
@click.argument("name")
@case_option
@json_option
def show_command(name: str, case_folder: Path | None, as_json: bool) -> None:
    """Show all that the saved search NAME was, the present version last."""
    with opened(case_folder) as case:
        found = saved.history(case, name)
    if as_json:
        print_json([asdict(each) for each in found])
        return
    for each in found:
        told = f": {each.description}" if each.description else ""
        click.echo(
            f"{each.name}, version {each.version}, {each.act} by {each.actor} at {each.at}{told}"
        )
        for line in each.query.splitlines():
            click.echo(f"    {line}")


@saved_group.command("delete")
@click.argument("name")
@case_option
@json_option
def delete_command(name: str, case_folder: Path | None, as_json: bool) -> None:
    """Delete the saved search NAME, unless others name it; its versions stay on record."""
    with opened(case_folder) as case:
        gone = saved.delete(case, name)
    if as_json:
        print_json(asdict(gone))
    else:
        click.echo(f"Deleted the saved search '{gone.name}'; 'redwell saved add' brings it back")


def _given(query: str | None, list_path: Path | None) -> tuple[str, bool]:
    if (query is None) == (list_path is None):
        raise click.UsageError("Give either QUERY or --terms FILE.")
    return (query, False) if query is not None else (read_terms(list_path or Path()), True)


def _tell(case: Case, made: Version, as_json: bool) -> None:
    """Say what it finds now, if there is an index to ask."""
    count = None
    try:
        result = search(case, f'saved:"{made.name}"')
    except IndexStateError as error:
        say(str(error))
    else:
        warn_incomplete(result)
        count = len(result.ids)
    told: dict[str, Any] = {**asdict(made), "count": count}
    if as_json:
        print_json(told)
    else:
        found = "not searched yet" if count is None else counted(count)
        click.echo(f"'{made.name}', version {made.version}: {found}; search saved:\"{made.name}\"")


def _short(query: str) -> str:
    line = " ".join(query.split())
    return line if len(line) <= _SHORT else line[: _SHORT - 1] + "…"
