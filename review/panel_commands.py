"""Commands of the group `tag` that make tags, groups and rules, and show them."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from records.case import Case, opened
from records.control import control
from records.errors import TagError
from records.options import case_option, json_option, print_json, say
from review import panel, rules
from review.panel import Kind
from review.rules import Conflict

_basis = click.option(
    "--needs-basis/--no-basis",
    default=None,
    help="Whether it is put on only with a --basis, as privilege is.",
)
_single = click.option(
    "--single/--several", default=None, help="Whether a document bears one of its tags at most."
)
_required = click.option(
    "--required/--optional",
    default=None,
    help="Whether a document that bears any tag must bear one of these.",
)


def said(conflict: Conflict) -> dict[str, Any]:
    """A conflict as JSON has it."""
    documents = [control(each) for each in conflict.documents]
    return {**asdict(conflict), "count": len(documents), "documents": documents}


@click.command("define")
@click.argument("name")
@click.option("--description", default="", help="What the tag is for.")
@click.option("--group", help="The group it stands in, as its last tag.")
@_basis
@case_option
@json_option
def define_command(
    name: str,
    description: str,
    group: str | None,
    needs_basis: bool | None,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Make a tag NAME."""
    with opened(case_folder) as case:
        stored = panel.define(case, name, description, group=group, needs_basis=bool(needs_basis))
    told = {"tag": stored, "description": description, "group": group}
    _print(f"Tag '{stored}' is defined", told | {"needs_basis": bool(needs_basis)}, as_json)


@click.command("change")
@click.argument("name")
@click.option("--description", help="What the tag is for.")
@click.option("--group", help="The group it goes to, as its last tag.")
@click.option("--no-group", is_flag=True, help="Take it out of its group.")
@_basis
@case_option
@json_option
def change_command(
    name: str,
    description: str | None,
    group: str | None,
    no_group: bool,
    needs_basis: bool | None,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Change what is said of the tag NAME; documents keep the tags that they bear."""
    if group is not None and no_group:
        raise click.UsageError("Give one of --group and --no-group.")
    with opened(case_folder) as case:
        stored = panel.change_tag(
            case,
            name,
            description=description,
            group=group,
            ungrouped=no_group,
            needs_basis=needs_basis,
        )
        _tell_broken(case)
    _print(f"Tag '{stored}' is changed", {"tag": stored}, as_json)


@click.group("group")
def group_group() -> None:
    """Groups of tags and their rules: a single choice, a required one, levels, issues."""


@group_group.command("add")
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice([each.value for each in Kind]),
    default=Kind.CHOICES.value,
    show_default=True,
    help="confidentiality: levels from the lowest, always a single choice.",
)
@click.option("--description", default="", help="What the group is for.")
@_single
@_required
@click.option("--tag", "names", multiple=True, help="A new tag in it; repeatable, in this order.")
@case_option
@json_option
def group_add_command(
    name: str,
    kind: str,
    description: str,
    single: bool | None,
    required: bool | None,
    names: tuple[str, ...],
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Make a group NAME of tags."""
    if single is False and kind == Kind.CONFIDENTIALITY:
        raise TagError("A document has one level of confidentiality; leave --several out")
    with opened(case_folder) as case:
        stored = panel.add_group(
            case,
            name,
            Kind(kind),
            description,
            single=bool(single),
            required=bool(required),
            tags=names,
        )
    _print(f"Group '{stored}' is made", {"group": stored, "kind": kind, "tags": names}, as_json)


@group_group.command("change")
@click.argument("name")
@_single
@_required
@case_option
@json_option
def group_change_command(
    name: str,
    single: bool | None,
    required: bool | None,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Change the rules of the group NAME; `tag check` lists what breaks them from before."""
    with opened(case_folder) as case:
        stored = panel.change_group(case, name, single=single, required=required)
        _tell_broken(case)
    _print(f"Group '{stored}' is changed", {"group": stored}, as_json)


@group_group.command("list")
@case_option
@json_option
def group_list_command(case_folder: Path | None, as_json: bool) -> None:
    """List the groups with their rules and tags, and how many documents bear one of them."""
    with opened(case_folder) as case:
        found = panel.groups(case)
    if as_json:
        print_json([asdict(each) for each in found])
        return
    for each in found:
        marks = [each.kind, *(["single"] if each.single else [])]
        marks += ["required"] if each.required else []
        shown = ", ".join(each.tags)
        click.echo(f"{each.documents}\t{each.name}\t{', '.join(marks)}\t{shown}".rstrip())


@click.command("exclude")
@click.argument("one")
@click.argument("other")
@click.option("--lift", is_flag=True, help="Take the rule back.")
@case_option
@json_option
def exclude_command(
    one: str, other: str, lift: bool, case_folder: Path | None, as_json: bool
) -> None:
    """Let no document bear both the tags ONE and OTHER."""
    with opened(case_folder) as case:
        pair = panel.exclude(case, one, other, lift=lift)
        _tell_broken(case)
    rule = "may stand together" if lift else "exclude each other"
    _print(f"'{pair[0]}' and '{pair[1]}' {rule}", {"tags": pair, "lifted": lift}, as_json)


@click.command("list")
@case_option
@json_option
def list_command(case_folder: Path | None, as_json: bool) -> None:
    """List the tags, their rules, and how many documents bear each."""
    with opened(case_folder) as case:
        found = panel.listing(case)
    if as_json:
        print_json([asdict(each) for each in found])
        return
    for each in found:
        marks = [f"group {each.group}"] if each.group else []
        marks += ["needs a basis"] if each.needs_basis else []
        marks += [f"excludes {name}" for name in each.excludes]
        told = f"{each.documents}\t{each.name}\t{each.description}\t{', '.join(marks)}"
        click.echo(told.rstrip())


@click.command("check")
@case_option
@json_option
def check_command(case_folder: Path | None, as_json: bool) -> None:
    """List the documents whose tags break a rule, as one that was made after them."""
    with opened(case_folder) as case:
        found = rules.broken(case)
    if as_json:
        print_json([said(each) for each in found])
        return
    for each in found:
        names = f"'{each.tag}' and '{each.against}': " if each.against else ""
        for document in each.documents:
            click.echo(f"{control(document)}\t{names}{each.rule}")
    if not found:
        say("All tags keep the rules")


def _tell_broken(case: Case) -> None:
    """Say on stderr how many documents break a rule now."""
    found = rules.broken(case)
    count = len({each for conflict in found for each in conflict.documents})
    if count:
        say(f"The tags of {count} documents break a rule now: 'redwell tag check' lists them")


def _print(told: str, data: Mapping[str, object], as_json: bool) -> None:
    if as_json:
        print_json(data)
    else:
        click.echo(told)
