"""The command group `people`: who writes and receives the case's mail."""

from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa

from process import people
from records import case as cases
from records import tables
from records.options import case_option, json_option, print_json, print_table

_A, _P = tables.addresses.c, tables.people.c


@click.group("people")
def people_group() -> None:
    """People of the case's mail, and the addresses of each."""


@people_group.command("list")
@click.option("--domain", help="Only people with an address in this domain, as example.com.")
@case_option
@json_option
def list_people(domain: str | None, case_folder: Path | None, as_json: bool) -> None:
    """List people with their addresses, and in how many mails each address stands.

    The origin is 'derived' where Redwell put the addresses together, 'user' where you did.
    """
    with cases.opened(case_folder) as case, case.read() as connection:
        found = _listed(connection, domain)
    if as_json:
        print_json(found)
        return
    rows = [
        [each["name"], each["origin"], one["address"], one["name"], one["messages"]]
        for each in found
        for one in each["addresses"]
    ]
    print_table(("person", "origin", "address", "shown as", "mails"), rows)


def _listed(connection: sa.Connection, domain: str | None) -> list[dict[str, Any]]:
    query = sa.select(tables.addresses, _P.name.label("person"), _P.origin.label("of_person"))
    query = query.join(tables.people, _P.id == _A.person_id)
    if domain is not None:
        wanted = sa.select(_A.person_id).where(_A.domain == domain.strip().lower().lstrip("@"))
        query = query.where(_A.person_id.in_(wanted))
    found: dict[int, dict[str, Any]] = {}
    for row in connection.execute(query.order_by(_P.name, _P.id, _A.address)):
        person = {"name": row.person, "origin": row.of_person, "addresses": []}
        one = {name: getattr(row, name) for name in ("address", "domain", "name", "messages")}
        found.setdefault(row.person_id, person)["addresses"].append(one)
    return list(found.values())


@people_group.command("domains")
@case_option
@json_option
def list_domains(case_folder: Path | None, as_json: bool) -> None:
    """List the domains of all addresses, the most frequent first.

    Mails are counted once for each address that stands in them.
    """
    addresses, mails = sa.func.count(), sa.func.sum(_A.messages)
    query = (
        sa.select(_A.domain, addresses, mails).group_by(_A.domain).order_by(mails.desc(), _A.domain)
    )
    with cases.opened(case_folder) as case, case.read() as connection:
        rows = [list(row) for row in connection.execute(query)]
    columns = ("domain", "addresses", "mails")
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
        return
    print_table(columns, [[row[0] or "(none)", *row[1:]] for row in rows])


@people_group.command("merge")
@click.argument("name")
@click.argument("addresses", nargs=-1, required=True)
@case_option
def merge(name: str, addresses: tuple[str, ...], case_folder: Path | None) -> None:
    """Say that ADDRESSES are all one person's, called NAME.

    Processing does not overrule it. Addresses that are NAME's already stay so; merge one into
    another person to take it back, or split it off.
    """
    with cases.opened(case_folder) as case, case.exclusive("people"):
        moved = people.merge(case, name, addresses)
    click.echo(f"{moved} of {len(set(addresses))} addresses are {name}'s now, by your word")


@people_group.command("split")
@click.argument("address")
@case_option
def split(address: str, case_folder: Path | None) -> None:
    """Say that ADDRESS is a person of its own."""
    with cases.opened(case_folder) as case, case.exclusive("people"):
        name = people.split(case, address)
    click.echo(f"{address} is a person of its own now, by your word: {name}")
