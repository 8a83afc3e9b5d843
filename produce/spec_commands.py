"""The command group `produce spec`: specifications as files, and the shipped profiles."""

import datetime as dt
from pathlib import Path
from typing import Any

import click

from produce.check_terms import Terms, any_volume, terms_of
from produce.record import printable, production
from produce.spec_file import SECTIONS, SpecFile, key_in_file, load, profiles, written
from produce.specification import Specification, problems, specify
from records import case as cases
from records.errors import SpecificationError
from records.options import case_option, json_option, print_json, print_table, say
from records.outputs import new_file, require_writable

_SELECTS = frozenset({"query", "tag", "group", "request"})
_ADDS = frozenset({"exclude_tags", "exclude_groups"})  # what withholds is never taken back
_KEYS = frozenset(key for keys in SECTIONS.values() for key in keys) | {"fields"}


def for_case(case: cases.Case, name: str, spec: str | None, given: dict[str, Any]) -> Specification:
    """The specification of a volume: options, then the file, then what the case has.

    Raises `SpecificationError` with all that is wrong, each key as the file has it.
    """
    info = case.info()
    values: dict[str, Any] = {"prefix": info.bates_prefix, "digits": info.bates_digits}
    values |= {"time_zone": case.settings.time_zone}
    if given.get("supplements") and spec is None:
        values |= _of_volume(case, given["supplements"])
    if spec is not None:
        found = load(spec)
        _refuse(spec, list(found.problems))
        values |= found.values
    if _SELECTS & given.keys():  # one way to select takes the place of another
        values = {key: value for key, value in values.items() if key not in _SELECTS}
    told = {key: _plain(value) for key, value in given.items()}
    for key in _ADDS & told.keys():
        filed = values.get(key, ())
        told[key] = (*filed, *told[key]) if isinstance(filed, list | tuple) else filed
    values |= {"name": name} | told
    if "{case}" in str(values.get("zones")):
        values = {"case_number": info.number} | values
    if spec is not None:
        _refuse(spec, problems(values))
    return specify(**values)


def _of_volume(case: cases.Case, name: str) -> dict[str, Any]:
    """The values of a production that another one goes on from; what it allowed is said anew."""
    with case.read() as connection:
        found = production(connection, name).specification
    again = {"name", "start", "supplements", "allow_unprocessed", "allow_clawed_back"}
    return {key: value for key, value in found.model_dump().items() if key not in again}


def _plain(value: Any) -> Any:
    return value.date() if isinstance(value, dt.datetime) else value


def _refuse(spec: str, found: list[tuple[str, str]]) -> None:
    if found:
        lines = "".join(f"\n  {line}" for line in _shown(found))
        count = f"{len(found)} reasons" if len(found) > 1 else "one reason"
        raise SpecificationError(f"The specification {spec} cannot be taken, for {count}:{lines}")


def _shown(found: list[tuple[str, str]]) -> list[str]:
    return [f"{key_in_file(key)}: {why}" if key else why for key, why in found]


def terms_from(spec: str) -> Terms:
    """What a volume made by a file or profile is to be, whatever its name and selection."""
    return any_volume(terms_of(specify(**_stood_in(_whole(spec).values))))


def _whole(spec: str) -> SpecFile:
    """A file or profile without a fault; raises `SpecificationError`."""
    found = load(spec)
    _refuse(spec, [*found.problems, *problems(_stood_in(found.values))])
    return found


def _stood_in(values: dict[str, Any]) -> dict[str, Any]:
    """Values with something in the place of what is only given when a volume is planned."""
    stand_in = {"name": "VOLUME", "prefix": "ABC", "case_number": "1", "producing_party": "Party"}
    if not _SELECTS & values.keys():
        stand_in["query"] = "*"
    return stand_in | {key: value for key, value in values.items() if value != ""}


@click.group("spec")
def spec_group() -> None:
    """Write, check and show specifications of productions."""


@spec_group.command("new")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--profile",
    default="esi",
    show_default=True,
    help="What to begin from: a shipped profile or another file.",
)
@click.option("--overwrite", is_flag=True, help="Let it take the place of a file.")
def new_command(file: Path, profile: str, overwrite: bool) -> None:
    """Write FILE.toml: every key of a specification with what it is for, to be edited."""
    require_writable(file, (".toml",), overwrite=overwrite)
    found = _whole(profile)
    with new_file(file, overwrite=overwrite) as target:
        target.write(written(found.values, found.description).encode("utf-8"))
    say(f"Next: edit {file}, then redwell produce spec check {file}")


@spec_group.command("check")
@click.argument("file", metavar="FILE|PROFILE")
@json_option
def check_command(file: str, as_json: bool) -> None:
    """Look whether FILE is a whole specification; all that is wrong is told at once."""
    found = load(file)
    wrong = [*found.problems, *problems(_stood_in(found.values))]
    if as_json:
        rows = [{"key": key_in_file(key), "reason": why} for key, why in wrong]
        print_json({"file": file, "problems": rows, "given_later": _later(found.values)})
    _refuse(file, wrong)
    if not as_json:
        click.echo(f"{file} is a whole specification")
        for each in _later(found.values):
            say(f"To be given when a volume is planned: {each}")


def _later(values: dict[str, Any]) -> list[str]:
    """What a file leaves to the command that plans a volume."""
    found = ["the name of the volume"]
    if not _SELECTS & values.keys():
        found.append("what is selected (selection.query, tag, group or request)")
    held = {held for _, held in dict(values.get("fields", {})).items()}
    if "ProducingParty" in held and not values.get("producing_party"):
        found.append("who produces (volume.producing_party, --producing-party)")
    return found


@spec_group.command("show")
@click.argument("file", metavar="[FILE|PROFILE]", required=False)
@click.option("--production", "name", help="The specification of this production of the case.")
@case_option
@json_option
def show_command(
    file: str | None, name: str | None, case_folder: Path | None, as_json: bool
) -> None:
    """Show a specification with all defaults, as a file that gives the same again.

    Without FILE the shipped profiles are listed.
    """
    if file is not None and name is not None:
        raise click.UsageError("Take a file or --production, not both.")
    if name is not None:
        with cases.opened(case_folder) as case, case.read() as connection:
            made = production(connection, name).specification
        _show(made.model_dump(), f"The production {printable(name)}", as_json)
    elif file is not None:
        found = _whole(file)
        _show(found.values, found.description, as_json)
    else:
        rows = [(each, load(each).description) for each in profiles()]
        if as_json:
            print_json([{"profile": each, "description": text} for each, text in rows])
        else:
            print_table(("profile", "what it makes"), rows)


def _show(values: dict[str, Any], description: str, as_json: bool) -> None:
    kept = {key: value for key, value in values.items() if key in _KEYS}
    if as_json:
        shown = {key: _shown_date(value) for key, value in kept.items()}
        print_json({"description": description, "values": shown})
    else:
        click.echo(written(kept, description), nl=False)


def _shown_date(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value
