"""The command group `counsel`."""

from dataclasses import asdict
from pathlib import Path

import click

from records import counsel
from records.case import opened
from records.counsel import Counsel, Kind, Side
from records.options import case_option, json_option, print_json, print_table, say


@click.group("counsel")
def counsel_group() -> None:
    """Attorneys and firms of the case, and the client: what `privilege screen` goes by.

    An address is one person's, a domain that of all people of a firm or client. Give in-house
    attorneys addresses and no domain.
    """


@counsel_group.command("add")
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice([each.value for each in Kind]),
    default=Kind.ATTORNEY.value,
    show_default=True,
    help="client: whose people may read legal advice without breaking privilege.",
)
@click.option(
    "--side",
    type=click.Choice([each.value for each in Side]),
    default=Side.OURS.value,
    show_default=True,
    help="common: bound to ours by a common interest.",
)
@click.option("--firm", default="", help="The firm that an attorney is of.")
@click.option("--address", "addresses", multiple=True, help="A mail address; repeatable.")
@click.option("--domain", "domains", multiple=True, help="A mail domain, as firm.com; repeatable.")
@case_option
@json_option
def add_command(
    name: str,
    kind: str,
    side: str,
    firm: str,
    addresses: tuple[str, ...],
    domains: tuple[str, ...],
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Put NAME, an attorney, a firm or a client, on record."""
    entry = Counsel(name, Kind(kind), Side(side), firm, addresses, domains)
    with opened(case_folder) as case:
        stored = counsel.add(case, [entry])
    _tell(stored, as_json)


@counsel_group.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@case_option
@json_option
def import_command(file: Path, case_folder: Path | None, as_json: bool) -> None:
    """Put all entries of a CSV FILE on record, or none.

    Its first line names its columns: name, kind, side, firm, addresses, domains. All but the name
    may lack; several addresses or domains are parted by semicolons.
    """
    with opened(case_folder) as case:
        stored = counsel.add(case, counsel.read_csv(file))
    _tell(stored, as_json)


def _tell(stored: list[Counsel], as_json: bool) -> None:
    if as_json:
        print_json([asdict(each) for each in stored])
        return
    for each in stored:
        known = ", ".join((*each.addresses, *each.domains)) or "by name only"
        click.echo(f"{each.kind} '{each.name}' ({each.side}) is on record: {known}")


@counsel_group.command("remove")
@click.argument("name")
@case_option
@json_option
def remove_command(name: str, case_folder: Path | None, as_json: bool) -> None:
    """Take NAME off; the audit chain keeps what was on record."""
    with opened(case_folder) as case:
        gone = counsel.remove(case, name)
    if as_json:
        print_json(asdict(gone))
    else:
        click.echo(f"{gone.kind} '{gone.name}' is off the record")


@counsel_group.command("list")
@case_option
@json_option
def list_command(case_folder: Path | None, as_json: bool) -> None:
    """List attorneys, firms and clients."""
    with opened(case_folder) as case, case.read() as connection:
        found = counsel.listed(connection)
    if as_json:
        print_json([asdict(each) for each in found])
        return
    rows = [
        (each.name, each.kind, each.side, each.firm, "; ".join((*each.addresses, *each.domains)))
        for each in found
    ]
    print_table(("name", "kind", "side", "firm", "addresses and domains"), rows)
    if not found:
        say("No counsel is on record: 'redwell counsel add --help' tells how to add some")
