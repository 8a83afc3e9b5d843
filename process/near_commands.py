"""The command group `near`, and `languages`: what texts are like, and in which language."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import click
import sqlalchemy as sa

from process import near_read
from process.near_read import Group
from records import case as cases
from records import tables
from records.control import parse_control
from records.errors import SelectionError
from records.options import case_option, json_option, print_json, print_pairs

_COLUMNS = ("principal", "document", "percent", "words", "custodian", "address")


@click.group()
def near() -> None:
    """Near-duplicates: groups of texts that are alike, each with its principal document."""


@near.command("list")
@case_option
@json_option
def list_groups(case_folder: Path | None, as_json: bool) -> None:
    """List all groups: the principal first, then its members, the nearest first.

    The percentage is the share of shingles, five words in a row, that a member has in common with
    its principal. The setting near_threshold says from which share on texts are near.
    """
    with cases.opened(case_folder) as case, case.read() as connection:
        _print(near_read.groups(connection), as_json)


@near.command("show")
@click.argument("document", metavar="DOCID")
@case_option
@json_option
def show(document: str, case_folder: Path | None, as_json: bool) -> None:
    """Show the group that DOCID is in; nothing where its text is like no other."""
    try:
        number = parse_control(document)
    except ValueError as error:
        raise SelectionError(str(error)) from error
    with cases.opened(case_folder) as case, case.read() as connection:
        d = tables.documents.c
        if connection.execute(sa.select(d.id).where(d.id == number)).first() is None:
            raise SelectionError(f"The case has no document {document}")
        found = near_read.group_of(connection, number)
        _print([] if found is None else [found], as_json)


def _print(groups: Iterable[Group], as_json: bool) -> None:
    """Print groups as they come."""
    if as_json:
        _print_json(groups)
        return
    click.echo("\t".join(_COLUMNS))
    for group in groups:
        for each in group.members:
            values = (group.principal, *asdict(each).values())
            click.echo("\t".join(str(value) for value in values))


def _print_json(groups: Iterable[Group]) -> None:
    click.echo("[", nl=False)
    for number, group in enumerate(groups):
        text = json.dumps(asdict(group), ensure_ascii=False)
        click.echo(f"{',' if number else ''}\n  {text}", nl=False)
    click.echo("\n]")


@click.command()
@case_option
@json_option
def languages(case_folder: Path | None, as_json: bool) -> None:
    """Count the reviewed documents by the main language of their text.

    ISO 639-1 codes; none stands for texts too short or too odd to tell.
    """
    with cases.opened(case_folder) as case, case.read() as connection:
        found = near_read.languages(connection)
    if as_json:
        print_json(found)
    else:
        print_pairs(found)
