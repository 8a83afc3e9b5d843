"""The command group `note`."""

from dataclasses import asdict
from pathlib import Path

import click

from records.case import opened
from records.control import control
from records.options import case_option, counted, json_option, print_json
from review import document_notes
from review.choosing import choosing, chosen
from review.document_notes import Note
from review.targets import read_ids


@click.group("note")
def note_group() -> None:
    """Write notes on documents, and read them.

    `has:note` in a search finds the documents that bear one, `note:WORDS` those whose notes say so.
    """


@note_group.command("add")
@click.argument("text")
@choosing
@case_option
@json_option
def add_command(
    text: str,
    query: str | None,
    ids: str | None,
    from_file: Path | None,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Write TEXT on each of the documents named by one of --query, --ids or --from-file."""
    with opened(case_folder) as case:
        found, origin = chosen(case, query, ids, from_file)
        first, last = document_notes.add(case, text, found, origin)
    if as_json:
        print_json({"first": first, "last": last, "documents": len(found)})
    else:
        click.echo(f"{counted(len(found))}: notes {first} to {last}")


@note_group.command("list")
@click.argument("documents", nargs=-1)
@click.option("--withdrawn", is_flag=True, help="Show withdrawn notes too.")
@case_option
@json_option
def list_command(
    documents: tuple[str, ...], withdrawn: bool, case_folder: Path | None, as_json: bool
) -> None:
    """List the notes of all documents, or of DOCUMENTS named by their control numbers."""
    with opened(case_folder) as case:
        which = read_ids(documents) if documents else None
        found = document_notes.listing(case, which, withdrawn=withdrawn)
    if as_json:
        print_json([{**asdict(each), "document": control(each.document)} for each in found])
        return
    for each in found:
        click.echo(_told(each))


def _told(note: Note) -> str:
    said = " ".join(note.text.split())
    gone = (
        f" (withdrawn by {note.withdrawn_by} at {note.withdrawn_at})" if note.withdrawn_at else ""
    )
    return f"{note.number}\t{control(note.document)}\t{note.at}\t{note.actor}\t{said}{gone}"


@note_group.command("withdraw")
@click.argument("number", type=click.IntRange(min=1))
@case_option
@json_option
def withdraw_command(number: int, case_folder: Path | None, as_json: bool) -> None:
    """Withdraw the note of this NUMBER; it stays on record."""
    with opened(case_folder) as case:
        note = document_notes.withdraw(case, number)
    if as_json:
        print_json({"number": number, "document": control(note.document)})
    else:
        click.echo(f"Note {number} on {control(note.document)} is withdrawn")
