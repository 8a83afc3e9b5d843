"""`redwell status`: what the case holds, and what is to be done next."""

from pathlib import Path

import click

import index
from records import case as cases
from records.codes import Disposition
from records.errors import IndexStateError
from records.options import case_option, json_option, print_json, print_pairs
from records.status import Status, status_of


@click.command()
@case_option
@json_option
def status(case_folder: Path | None, as_json: bool) -> None:
    """Show what the case holds and what is to be done next.

    Over a damaged index all else is shown, and the command ends with exit code 43.
    """
    damage = None
    with cases.opened(case_folder) as case:
        found = status_of(case)
        try:
            unindexed: int | None = index.lacking(case)
        except IndexStateError as error:
            unindexed, damage = None, error
    advice = "redwell index rebuild" if unindexed is None else _advice(found, unindexed)
    if as_json:
        print_json({**found.to_json(), "not_in_the_index": unindexed, "advice": advice})
    else:
        _print(found, unindexed, advice)
    if damage is not None:
        raise damage


def _print(found: Status, unindexed: int | None, advice: str) -> None:
    print_pairs(found.case)
    for title, rows in found.sections():
        if rows:
            click.echo(f"\n{title}")
            print_pairs({f"  {name}": count for name, count in rows.items()})
    if unindexed:
        click.echo(f"\nNot in the index yet: {unindexed}")
    click.echo(f"\nNext: {advice}")


def _advice(found: Status, unindexed: int) -> str:
    if any("(running)" in state for state in found.collections.values()):
        return "a collection was cut off: run the same 'redwell ingest' again"
    if not found.documents:
        return "redwell ingest SOURCE --custodian NAME"
    if found.dispositions.get(Disposition.PENDING) or found.ocr_waiting:
        return "redwell process"
    if unindexed:
        return "redwell index"
    for name, counts in found.known_files.items():
        if counts["not_compared_yet"] or counts["to_compare_again_since_a_list_was_lifted"]:
            return f"redwell denist with the list {name} again: documents wait to be compared"
    if found.not_culled:
        return "redwell cull apply"
    for name, state in found.productions.items():
        if state != "frozen":
            return f"redwell produce run {name}"
    return "nothing is left to be done; redwell search QUERY, redwell tag, redwell produce plan"
