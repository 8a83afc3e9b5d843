"""Commands of what comes after the freeze: `produce deliver`, `clawback`, `history`."""

from pathlib import Path

import click

from produce.clawback import claw_back
from produce.delivery import Wish, deliver
from produce.history import history
from records.case import Case, opened
from records.errors import ProductionError
from records.options import (
    case_option,
    counted,
    json_option,
    print_json,
    print_pairs,
    print_table,
    say,
)
from review.choosing import choosing, chosen

_sender = click.option(
    "--from", "sender", help="Who signs; else the names of the case's own side, or the user."
)


@click.command("deliver")
@click.argument("name")
@click.option("--to", "recipient", required=True, help="Who gets it, as the letter names them.")
@_sender
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="The folder to be made."
)
@click.option(
    "--password-out",
    type=click.Path(path_type=Path),
    help="Make a password and write it into this new FILE, which goes apart.",
)
@click.option(
    "--password-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Take the password in the first line of this FILE.",
)
@click.option(
    "--allow-replaced",
    is_flag=True,
    help="Deliver though a frozen replacement holds newer versions of some of its documents.",
)
@click.option("--line", "lines", multiple=True, help="A paragraph for the letter; repeatable.")
@case_option
@json_option
def deliver_command(
    name: str,
    recipient: str,
    sender: str | None,
    out: Path,
    password_out: Path | None,
    password_file: Path | None,
    lines: tuple[str, ...],
    allow_replaced: bool,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Make what goes to the other side of the frozen production NAME.

    A folder with an encrypted 7z (AES-256, file names too), a transmittal letter as PDF, a list of
    contents and SHA256SUMS. The archive is read back whole before it counts. The password is
    written elsewhere; it is not on record.
    """
    if (password_out is None) == (password_file is None):
        raise click.UsageError("Take one of --password-out and --password-file.")
    password = None if password_file is None else _password(password_file)
    with opened(case_folder) as case:
        who = (name, recipient, sender or _ours(case))
        wish = Wish(*who, out, password, password_out, lines, allow_replaced)
        made = deliver(case, wish)
    if as_json:
        print_json(made.to_json())
        return
    print_pairs(
        {
            "production": made.production,
            "to": made.recipient,
            "folder": made.folder,
            "archive": f"{made.archive}, {made.archive_size:,} bytes",
            "sha256": made.archive_sha256,
        }
    )
    if made.password_file:
        say(f"The password stands in {made.password_file}: send it by another way")


def _password(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ProductionError(f"{path} cannot be read as UTF-8 text: {error}") from error
    return text.splitlines()[0].strip() if text.strip() else ""


def _ours(case: Case) -> str:
    """Who signs where nobody is named."""
    from records import audit

    return audit.actor()


@click.command("clawback")
@choosing
@click.option("--to", "recipient", required=True, help="Who has the documents.")
@_sender
@click.option("--reason", required=True, help="The claim and its basis, as the notice states it.")
@click.option(
    "--order", help="The FRE 502(d) order; else order_502d of case.toml; an empty one for none."
)
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="The folder to be made."
)
@case_option
@json_option
def clawback_command(
    query: str | None,
    ids: str | None,
    from_file: Path | None,
    recipient: str,
    sender: str | None,
    reason: str,
    order: str | None,
    out: Path,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Ask back produced documents named by one of --query, --ids or --from-file.

    'bates:ABC0000012' is a query. Makes a folder with the notice (PDF and text) and the list of
    what is to be returned: every file of these documents in every frozen volume with its hash, and
    what else there contains them or has their bytes.
    """
    with opened(case_folder) as case:
        found, _ = chosen(case, query, ids, from_file)
        made = claw_back(case, found, recipient, sender or _ours(case), reason, out, order)
    if as_json:
        print_json(made.to_json())
        return
    click.echo(f"Clawback {made.number}: {counted(len(made.documents))}, in {made.folder}")
    for each in made.ranges:
        click.echo(f"  {each}")
    if made.consider:
        say("Consider these too, which are listed beside them:")
        for each in made.consider:
            say(f"  {each}")


@click.command("history")
@click.argument("bates")
@case_option
@json_option
def history_command(bates: str, case_folder: Path | None, as_json: bool) -> None:
    """Tell what became of the number BATES: its document, its volume, all that was done since."""
    with opened(case_folder) as case:
        found = history(case, bates)
    if as_json:
        print_json(found.to_json())
        return
    print_pairs(
        {
            "number": f"{found.bates}, page {found.page} of {found.pages}",
            "document": found.document,
            "range": found.range,
            "production": f"{found.production} ({found.state})",
            "produced as": found.treatment + (f" ({found.reason})" if found.reason else ""),
            "versions": "; ".join(found.versions),
            "elsewhere": "; ".join(found.elsewhere) or "nowhere",
        }
    )
    print_table(("at", "by", "what"), [[each.at, each.actor, each.what] for each in found.events])
