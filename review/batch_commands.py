"""The command group `batch`."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from index.commands import warn_incomplete
from records import audit
from records.case import Case, opened
from records.control import control
from records.errors import ReviewError
from records.options import case_option, counted, json_option, print_json, print_table, say
from review import batches, checkout, cutting
from review.batches import Batch, BatchSet, Stand
from review.cutting import Cut, Wish
from review.page import Form, marking, page_options, print_reading
from review.panel import Panel, load
from review.reading import json_of, read
from review.targets import read_ids
from review.units import Unit

_set = click.argument("name", metavar="SET")
_number = click.argument("number", type=click.IntRange(min=1))
_maybe = click.argument("number", type=click.IntRange(min=1), required=False)


@click.group("batch")
def batch_group() -> None:
    """Batches of documents to be reviewed: cut from a search, taken, coded, returned.

    `batch:SET` in a search finds the documents of a set, `batch:SET/3` those of its batch 3.
    """


@batch_group.command("cut")
@_set
@click.argument("query", required=False)
@click.option(
    "--by",
    type=click.Choice([each.value for each in Unit]),
    help="What is never split over batches. [default: family]",
)
@click.option(
    "--size",
    type=click.IntRange(1, cutting.MOST),
    help=f"Documents a batch is filled up to. [default: {cutting.SIZE}]",
)
@click.option(
    "--group",
    "groups",
    multiple=True,
    help="A group of tags of which a document must bear one; repeatable. [default: those required]",
)
@click.option("--dry-run", is_flag=True, help="Say what would be cut; cut nothing.")
@case_option
@json_option
def cut_command(
    name: str,
    query: str | None,
    by: str | None,
    size: int | None,
    groups: tuple[str, ...],
    dry_run: bool,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Cut batches of the SET from what answers QUERY, with the whole families or threads.

    Run it again, without the query, and what its search finds since goes into new batches; nothing
    is cut twice. A unit larger than the size is a batch by itself.
    """
    wish = Wish(name, query, None if by is None else Unit(by), size, groups)
    with opened(case_folder) as case:
        done, result = cutting.cut(case, wish, dry_run=dry_run)
    warn_incomplete(result)
    if as_json:
        print_json({**asdict(done), "missing": result.missing, "dry_run": dry_run})
    else:
        click.echo(_cut(done, dry_run))


def _cut(done: Cut, dry_run: bool) -> str:
    along = f" and {done.along:,} more of their {_many(done.unit)}" if done.along else ""
    parts = [f"{counted(done.found)} found{along}"]
    if done.already:
        parts.append(f"{done.already:,} were in batches of '{done.name}'")
    for number, count in done.joined.items():
        parts.append(f"{count} joined batch {number}, which holds others of their {done.unit}")
    would = "would go" if dry_run else "went"
    if done.first is not None:
        count = (done.last or 0) - done.first + 1
        which = f"batch {done.first}" if count == 1 else f"batches {done.first} to {done.last}"
        parts.append(f"{done.documents:,} {would} into {which}")
        large = [each for each in done.sizes if each > done.size]
        if large:
            parts.append(f"{len(large)} of these hold one {done.unit} larger than {done.size}")
    else:
        parts.append("nothing new to cut")
    return f"{'; '.join(parts)}. To be coded: {', '.join(done.groups)}"


def _many(unit: str) -> str:
    return {"family": "families", "thread": "threads"}.get(unit, "units")


@batch_group.command("list")
@click.argument("name", metavar="[SET]", required=False)
@click.option("--mine", is_flag=True, help="Only batches that are checked out to you.")
@case_option
@json_option
def list_command(name: str | None, mine: bool, case_folder: Path | None, as_json: bool) -> None:
    """List the batches of a SET, or of all: their state, who has them, what is left to code."""
    with opened(case_folder) as case, case.read() as connection:
        chosen = batches.sets(connection) if name is None else [batches.find_set(connection, name)]
        rows = []
        for which in chosen:
            listed = (
                batches.held(connection, audit.actor(), which)
                if mine
                else batches.batches(connection, which)
            )
            counts = batches.counts(connection, which)
            rows += [_line(which, each, counts.get(each.id, (0, 0))) for each in listed]
    columns = ("set", "batch", "state", "reviewer", "documents", "left", "since")
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
        return
    print_table(columns, [["" if cell is None else cell for cell in row] for row in rows])
    if not rows:
        say("There are no such batches: 'redwell batch cut' makes some")


def _line(which: BatchSet, batch: Batch, counts: tuple[int, int]) -> tuple[Any, ...]:
    since = batch.returned_at or batch.out_at or batch.cut_at
    return (
        *(which.name, batch.number, batch.state, batch.reviewer),
        *(*counts, since),
    )


@batch_group.command("show")
@_set
@_number
@case_option
@json_option
def show_command(name: str, number: int, case_folder: Path | None, as_json: bool) -> None:
    """Show the documents of a batch, how each is coded, by whom, and what it lacks."""
    with opened(case_folder) as case, case.read() as connection:
        which = batches.find_set(connection, name)
        batch = batches.find(connection, which, number)
        panel = load(connection)
        found = batches.stand_of(connection, which, batch)
    lines = [_document(each, found, panel) for each in found.documents]
    if as_json:
        print_json({"set": which.name, **asdict(batch), "documents": lines})
        return
    columns = ("document", "coded", "by", "lacks")
    print_table(
        columns,
        [
            [each["document"], ", ".join(each["tags"]), ", ".join(each["by"]), _lacks(each)]
            for each in lines
        ],
    )


def _document(document: int, found: Stand, panel: Panel) -> dict[str, Any]:
    puts = found.puts.get(document, [])
    return {
        "document": control(document),
        "tags": [panel.tags[each.tag].name for each in puts],
        "by": sorted({each.actor for each in puts if each.actor is not None}),
        "lacks": [panel.groups[each].name for each in found.lacks.get(document, ())],
        "in_review": document not in found.gone,
    }


def _lacks(line: dict[str, Any]) -> str:
    return ", ".join(line["lacks"]) if line["in_review"] else "out of review since"


@batch_group.command("checkout")
@_set
@_maybe
@click.option("--to", help="Who is to have it, in place of you; for an admin to say.")
@click.option("--another", is_flag=True, help="Take one more beside the one you have.")
@case_option
@json_option
def checkout_command(
    name: str,
    number: int | None,
    to: str | None,
    another: bool,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Take the batch of this NUMBER of the SET, or the first that nobody has.

    It is yours alone until you return or release it. Who has one already is told that one again.
    """
    with opened(case_folder) as case:
        taken = checkout.checkout(case, name, number, to=to, another=another)
    if as_json:
        told = {"set": taken.set, **asdict(taken.batch), "documents": taken.documents}
        print_json({**told, "again": taken.again})
        return
    since = f" already, since {taken.batch.out_at}" if taken.again else ""
    click.echo(
        f"Batch {taken.batch.number} of '{taken.set}' is {taken.batch.reviewer}'s{since}: "
        f"{counted(taken.documents)}"
    )


@batch_group.command("release")
@_set
@_maybe
@case_option
@json_option
def release_command(name: str, number: int | None, case_folder: Path | None, as_json: bool) -> None:
    """Give a batch back unfinished, for anybody to take; what is coded stays coded."""
    with opened(case_folder) as case:
        stored, batch = checkout.release(case, name, number)
    if as_json:
        print_json({"set": stored, "batch": batch.number, "reviewer": batch.reviewer})
    else:
        click.echo(f"Batch {batch.number} of '{stored}', {batch.reviewer}'s until now, is open")


@batch_group.command("return")
@_set
@_maybe
@click.option(
    "--partial",
    is_flag=True,
    help="Leave what is not coded, with its whole units, to be cut again.",
)
@click.option("--force", is_flag=True, help="Return it though documents lack a choice.")
@case_option
@json_option
def return_command(
    name: str,
    number: int | None,
    partial: bool,
    force: bool,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Return a coded batch; where documents lack a choice, they are named and nothing is done."""
    if partial and force:
        raise click.UsageError("Give one of --partial and --force.")
    with opened(case_folder) as case:
        try:
            done = checkout.hand_in(case, name, number, partial=partial, force=force)
        except checkout.LackingError as error:
            if as_json:
                print_json({"returned": False, "lacks": error.lacks})
            raise
    if as_json:
        print_json(
            {
                "returned": True,
                "set": done.set,
                "batch": done.batch.number,
                "documents": done.documents,
                "lacks": done.lacks,
                "released": done.released,
                "gone": done.gone,
            }
        )
        return
    told = f"Batch {done.batch.number} of '{done.set}' is returned: {counted(done.documents)}"
    told += f", {done.batch.lacking} of them without a choice" if done.batch.lacking else ""
    if done.released:
        told += f"; {len(done.released)} wait to be cut again: 'redwell batch cut \"{done.set}\"'"
    told += f"; {len(done.gone)} are out of review since" if done.gone else ""
    click.echo(told)


def _mine(case: Case, name: str | None) -> tuple[BatchSet, Batch]:
    """The batch that who acts has; raises `ReviewError` unless it is one."""
    who = audit.actor()
    with case.read() as connection:
        which = None if name is None else batches.find_set(connection, name)
        mine = batches.held(connection, who, which)
        sets = {each.id: each for each in batches.sets(connection)}
    if len(mine) == 1:
        return sets[mine[0].set], mine[0]
    told = ", ".join(f"{each.number} of '{sets[each.set].name}'" for each in mine)
    if mine:
        raise ReviewError(f"{who} has the batches {told}: name the set, and --batch the number")
    raise ReviewError(
        f"{who} has no batch{'' if name is None else f' of {name!r}'}: 'redwell batch checkout' "
        "takes one"
    )


@batch_group.command("next")
@click.argument("name", metavar="[SET]", required=False)
@click.option("--batch", "number", type=click.IntRange(min=1), help="Which one of several.")
@click.option("--after", help="Go on behind this document, coded or not.")
@click.option(
    "--hits/--no-hits",
    default=True,
    show_default=True,
    help="Mark the hits of the search that the set was cut from.",
)
@page_options
@case_option
@json_option
def next_command(
    name: str | None,
    number: int | None,
    after: str | None,
    hits: bool,
    lines: int | None,
    pager: bool,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Show the next document of your batch that is not coded yet, with its text."""
    if number is not None and name is None:
        raise click.UsageError("Name the set of the batch.")
    with opened(case_folder) as case:
        if number is None:
            which, batch = _mine(case, name)
        with case.read() as connection:
            if number is not None:
                which = batches.find_set(connection, name or "")
                batch = batches.find(connection, which, number)
            panel = load(connection)
            found = batches.stand_of(connection, which, batch)
        document = _following(found, after)
        if document is None:
            _done(which, batch, found, as_json)
            return
        tree = marking(case, which.query) if hits else None
        reading, form = read(case, document, tree), Form(case.settings.zone, lines, pager, reach=2)
    place, left = found.documents.index(document) + 1, len(found.lacks)
    lacks = [panel.groups[each] for each in found.lacks.get(document, ())]
    if as_json:
        told = {"set": which.name, "batch": batch.number, "place": place, "left": left}
        print_json({**told, "lacks": [each.name for each in lacks], "document": json_of(reading)})
        return
    place_told = f"{place} of {len(found.documents)}, {left} left"
    above = [("", f"Batch {batch.number} of '{which.name}': {place_told}")]
    for each in lacks:
        choices = ", ".join(tag.name for tag in panel.members(each.id))
        above.append(("To code", f"{each.name}: {choices}"))
    print_reading(reading, form, above)


def _following(found: Stand, after: str | None) -> int | None:
    """The next document to be shown, None where all are coded or none is left."""
    if after is None:
        return next(iter(found.lacks), None)
    number = next(iter(read_ids([after])))
    if number not in found.documents:
        raise ReviewError(f"{control(number)} is not in this batch")
    rest = found.documents[found.documents.index(number) + 1 :]
    return next(iter(rest), None)


def _done(which: BatchSet, batch: Batch, found: Stand, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "set": which.name,
                "batch": batch.number,
                "left": len(found.lacks),
                "document": None,
            }
        )
        return
    told = (
        f"{len(found.lacks)} before it are not coded yet"
        if found.lacks
        else f"all are coded: 'redwell batch return \"{which.name}\"'"
    )
    click.echo(f"Batch {batch.number} of '{which.name}' has no further document; {told}")
