"""The command group `user`."""

from dataclasses import asdict
from pathlib import Path

import click

from records import audit, roles, users
from records.case import opened
from records.options import case_option, json_option, print_json, print_table, say
from records.roles import UserRole

_role = click.argument(
    "role", type=click.Choice([each.value for each in UserRole if each is not UserRole.NONE])
)


@click.group("user")
def user_group() -> None:
    """Who may do what in the case.

    A case without users is open: everyone may do all. With users, an admin may do all, a reviewer
    tags, writes notes and undoes what he did, and everyone else only reads.
    """


@user_group.command("add")
@click.argument("name")
@_role
@case_option
@json_option
def add_command(name: str, role: str, case_folder: Path | None, as_json: bool) -> None:
    """Make NAME, as the system or REDWELL_USER calls the person, a user with a ROLE.

    The first one must be an admin.
    """
    with opened(case_folder) as case:
        stored = users.add(case, name, UserRole(role))
        with case.read() as connection:
            own = roles.role_of(connection, audit.actor())
    if as_json:
        print_json({"name": stored, "role": role})
    else:
        click.echo(f"{stored} is {role} now")
    if own is UserRole.NONE:
        say(f"The case has users now, and {audit.actor()} is none of them: you may only read")


@user_group.command("role")
@click.argument("name")
@_role
@case_option
@json_option
def role_command(name: str, role: str, case_folder: Path | None, as_json: bool) -> None:
    """Give the user NAME another ROLE."""
    _change(name, UserRole(role), case_folder, as_json)


@user_group.command("remove")
@click.argument("name")
@case_option
@json_option
def remove_command(name: str, case_folder: Path | None, as_json: bool) -> None:
    """Take NAME off the users; what the person did stays on record."""
    _change(name, UserRole.NONE, case_folder, as_json)


def _change(name: str, role: UserRole, case_folder: Path | None, as_json: bool) -> None:
    with opened(case_folder) as case:
        stored, before = users.change_role(case, name, role)
    if as_json:
        print_json({"name": stored, "before": before, "role": role})
    else:
        what = "no user any more" if role is UserRole.NONE else f"{role} now"
        click.echo(f"{stored} was {before}, and is {what}")


@user_group.command("list")
@case_option
@json_option
def list_command(case_folder: Path | None, as_json: bool) -> None:
    """List the users with their roles."""
    with opened(case_folder) as case:
        found = users.listing(case)
    if as_json:
        print_json([asdict(each) for each in found])
        return
    columns = ("name", "role", "created_at", "created_by")
    print_table(columns, [[getattr(each, name) for name in columns] for each in found])
    if not found:
        say("The case has no users: everyone may do all")
