"""Commands of the case record: init, custodian, upgrade, audit."""

import shlex
from dataclasses import asdict
from pathlib import Path

import click

from records import audit as chain
from records import case as cases
from records import upgrade as upgrades
from records.errors import SettingError
from records.options import case_option, json_option, print_json, print_table
from records.settings import Settings


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--number", required=True, help="The case number, as 1:24-cv-01234.")
@click.option("--caption", required=True, help="The caption, as 'Doe v. Roe'.")
@click.option("--court", default="", help="The court.")
@click.option(
    "--party",
    "parties",
    multiple=True,
    metavar="ROLE=NAME",
    help="A party, as plaintiff='Doe Ltd'; may be repeated.",
)
@click.option("--custodian", "custodians", multiple=True, help="A custodian; may be repeated.")
@click.option(
    "--time-zone", default="UTC", show_default=True, help="Zone for dates, as America/New_York."
)
@click.option("--bates-prefix", required=True, help="What Bates numbers begin with, as ABC.")
@click.option(
    "--bates-digits",
    type=click.IntRange(4, 12),
    default=7,
    show_default=True,
    help="Digits of a Bates number.",
)
@click.option(
    "--database",
    default="",
    envvar="REDWELL_DATABASE",
    help="An empty PostgreSQL database, as postgresql+psycopg://user@host/name; else case.db.",
)
@click.option(
    "--store",
    default="",
    envvar="REDWELL_STORE",
    help="An empty shared store, as s3://bucket/case or file:///mnt/case; else FOLDER/store.",
)
def init(
    folder: Path,
    number: str,
    caption: str,
    court: str,
    parties: tuple[str, ...],
    custodians: tuple[str, ...],
    time_zone: str,
    bates_prefix: str,
    bates_digits: int,
    database: str,
    store: str,
) -> None:
    """Make a new case in FOLDER, which must be new or empty.

    --database and --store are for a case that several machines work on; they go into case.toml.
    No password does: PostgreSQL takes it from PGPASSWORD or ~/.pgpass.
    """
    _check_zone(time_zone)
    for option, value in (("--number", number), ("--caption", caption)):
        if not value.strip():
            raise SettingError(
                f"{option} is empty; it stands on every report and cannot be changed"
            )
    info = cases.CaseInfo(number, caption, court, time_zone, bates_prefix, bates_digits)
    cases.create(
        folder,
        info,
        [_party(each) for each in parties],
        list(dict.fromkeys(custodians)),
        database=database,
        store=store,
    )
    click.echo(f"Made the case {number}, {caption}, in {folder}")
    where = shlex.quote(str(folder))
    click.echo(f"Next: redwell ingest SOURCE --custodian NAME --case {where}")


def _check_zone(name: str) -> None:
    try:
        Settings.model_validate({"time_zone": name})
    except ValueError as error:
        raise SettingError(
            f"{name!r} is no time zone; take a name such as UTC or America/New_York"
        ) from error


def _party(text: str) -> tuple[str, str]:
    role, mark, name = text.partition("=")
    if not mark or not role.strip() or not name.strip():
        raise SettingError(f"--party {text!r} is not ROLE=NAME, as in plaintiff='Doe Ltd'")
    return role.strip(), name.strip()


@click.group()
def custodian() -> None:
    """The people whose documents are collected."""


@custodian.command("add")
@click.argument("name")
@case_option
def custodian_add(name: str, case_folder: Path | None) -> None:
    """Add a custodian to the case."""
    with cases.opened(case_folder) as case:
        cases.add_custodian(case, name)
    click.echo(f"Added the custodian {name}")


@click.command()
@click.option(
    "--no-copy",
    is_flag=True,
    help="Make no copy of the database first; for one that is backed up by other means.",
)
@case_option
@json_option
def upgrade(no_copy: bool, case_folder: Path | None, as_json: bool) -> None:
    """Bring a case that an older Redwell made to this version.

    A copy of case.db is put beside it first. Run again, it does nothing.
    """
    done = upgrades.upgrade(case_folder, make_copy=not no_copy)
    if as_json:
        print_json(asdict(done))
    elif done.before == done.after:
        click.echo(f"The case is of schema {done.after} already")
    else:
        click.echo(f"Upgraded the case from schema {done.before} to {done.after}")
        if done.copy:
            click.echo(f"The database as it was: {done.copy}")


@click.group()
def audit() -> None:
    """The record of every act, hash-chained."""


@audit.command("verify")
@case_option
@json_option
def audit_verify(case_folder: Path | None, as_json: bool) -> None:
    """Prove that no act on record was changed, removed or slipped in.

    Note the last hash outside the case: only so can a chain cut short at its end be told.
    """
    with cases.opened(case_folder) as case, case.read() as connection:
        count, last = chain.verify(connection)
    if as_json:
        print_json({"acts": count, "last_hash": last, "holds": True})
    else:
        click.echo(f"The chain holds: {count} acts, last hash {last}")


@audit.command("list")
@case_option
@json_option
@click.option("--last", type=click.IntRange(min=1), help="Only the newest N acts.")
def audit_list(case_folder: Path | None, as_json: bool, last: int | None) -> None:
    """List the acts, oldest first."""
    with cases.opened(case_folder) as case, case.read() as connection:
        found = list(chain.entries(connection))[-(last or 0) :]
    if as_json:
        names = chain.Entry.__slots__
        print_json([{name: getattr(each, name) for name in names} for each in found])
    else:
        rows = [(each.seq, each.at, each.actor, each.act, each.details) for each in found]
        print_table(("seq", "at", "who", "act", "details"), rows)
