"""The command `produce replace`."""

from pathlib import Path

import click

from produce.number_choice import documents_of
from produce.plan_commands import print_plan
from produce.replacement import Replacement, Wish, plan_replacement
from records.case import Case, opened
from records.options import case_option, counted, json_option, print_json, print_table, say
from review.choosing import choosing, chosen

_SHOWN = 20


@click.command("replace")
@click.argument("volume")
@click.argument("name", metavar="NEWNAME")
@choosing
@click.option(
    "--bates",
    help="Numbers and ranges of VOLUME, as ABC0000001,ABC0000010..ABC0000020; one of a document's "
    "pages stands for all of it.",
)
@click.option("--reason", required=True, help="Why they are replaced; it stands in the letter.")
@click.option("--exclude-tag", "exclude_tags", multiple=True,
              help="Withhold documents with this tag too; may be repeated.")  # fmt: skip
@click.option("--exclude-group", "exclude_groups", multiple=True,
              help="Withhold documents with a tag of this group too, but for those that begin with "
              "not.")  # fmt: skip
@click.option("--allow-tag", "allow_tags", multiple=True,
              help="Produce documents with this tag though its name means privilege.")  # fmt: skip
@click.option("--legend", help="Confidentiality legend in the place of that of VOLUME.")
@click.option("--allow-unprocessed", is_flag=True,
              help="Plan though documents of the case wait for 'redwell process'.")  # fmt: skip
@click.option("--allow-clawed-back", is_flag=True,
              help="Plan though documents that would be shown were asked back.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Show what would be planned and write nothing.")
@case_option
@json_option
def replace_command(
    volume: str,
    name: str,
    query: str | None,
    ids: str | None,
    from_file: Path | None,
    bates: str | None,
    reason: str,
    exclude_tags: tuple[str, ...],
    exclude_groups: tuple[str, ...],
    allow_tags: tuple[str, ...],
    legend: str | None,
    allow_unprocessed: bool,
    allow_clawed_back: bool,
    dry_run: bool,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Plan NEWNAME, which replaces documents of the frozen production VOLUME under their numbers.

    Name the documents by one of --query, --ids, --from-file or --bates. How each is produced is
    decided anew, by the tags, redactions and levels of today and the specification of VOLUME.
    Planning again replaces the plan until NEWNAME is frozen. Next: redwell produce run NEWNAME.
    """
    if sum(each is not None for each in (query, ids, from_file, bates)) != 1:
        raise click.UsageError(
            "Name the documents by one of --query, --ids, --from-file or --bates."
        )
    with opened(case_folder) as case:
        documents = _documents(case, volume, query, ids, from_file, bates)
        wish = Wish(
            volume=volume,
            name=name,
            documents=documents,
            reason=reason,
            strict=query is None,
            exclude_tags=exclude_tags,
            exclude_groups=exclude_groups,
            allow_tags=allow_tags,
            legend=legend,
            allow_unprocessed=allow_unprocessed,
            allow_clawed_back=allow_clawed_back,
        )
        found = plan_replacement(case, wish, dry_run)
    if as_json:
        print_json(found.to_json() | {"dry_run": dry_run})
    else:
        _print(found, dry_run)


def _documents(
    case: Case,
    volume: str,
    query: str | None,
    ids: str | None,
    from_file: Path | None,
    bates: str | None,
) -> frozenset[int]:
    if bates is None:
        return frozenset(chosen(case, query, ids, from_file)[0])
    with case.read() as connection:
        return documents_of(connection, volume, bates)


def _print(found: Replacement, dry_run: bool) -> None:
    say(f"Replaces {counted(len(found.changes))} of {found.replaces}: {found.reason}")
    columns = ("BegBates", "EndBates", "stands in", "was", "will be", "differs")
    rows = [
        (each.beg, each.end, each.stands_in, each.was, each.now, ", ".join(each.differs) or "-")
        for each in found.changes[:_SHOWN]
    ]
    print_table(columns, rows)
    if len(found.changes) > _SHOWN:
        click.echo(f"… and {len(found.changes) - _SHOWN} more, which --json lists")
    print_plan(found.plan, dry_run)
