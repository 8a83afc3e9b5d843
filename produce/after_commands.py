"""Commands of what comes after the freeze: `produce deliver`, `clawback`, `history`."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

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


class _Size(click.ParamType[int]):
    """A number of bytes with a unit, as 7-Zip takes it."""

    name = "SIZE"
    _units: ClassVar = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"([1-9][0-9]{0,8})([kmg])", str(value).strip().lower())
        if match is None:
            self.fail(f"{value!r} is no size: write 650m or 4g", param, ctx)
        return int(match[1]) * self._units[match[2]]


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
@click.option(
    "--split",
    type=_Size(),
    default=0,
    help="Write the archive in parts of at most SIZE, as 650m or 4g (of 1024 x 1024 bytes and "
    "more; FAT32 takes 4095m).",
)
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
    split: int,
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
        wish = Wish(*who, out, password, password_out, lines, split, allow_replaced)
        made = deliver(case, wish)
    if as_json:
        print_json(made.to_json())
        return
    print_pairs(
        {
            "production": made.production,
            "to": made.recipient,
            "folder": made.folder,
            "archive": f"{made.archive}, {made.archive_size:,} bytes{_in_parts(made.parts)}",
            "sha256": made.archive_sha256,
        }
    )
    if made.password_file:
        say(f"The password stands in {made.password_file}: send it by another way")


def _in_parts(parts: Sequence[str]) -> str:
    if len(parts) < 2:
        return f" in one part, {parts[0]}" if parts else ""
    return f" in {len(parts)} parts, {parts[0]} to {parts[-1]}"


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
