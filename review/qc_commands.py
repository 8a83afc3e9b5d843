"""The command group `qc`: second-level review of random samples."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from index.commands import warn_incomplete
from index.searching import search
from records import audit
from records.case import Case, opened
from records.control import control
from records.options import case_option, counted, json_option, print_json, print_table, say
from review import qc, qc_apply
from review.page import Form, marking, page_options, print_reading
from review.panel import Panel, load
from review.qc import Drawn, Sample, Source
from review.reading import json_of, read
from review.targets import read_ids

if TYPE_CHECKING:
    from review.overturns import Change, Rate, Report

_sample = click.argument("name", metavar="SAMPLE")


@click.group("qc")
def qc_group() -> None:
    """Second-level review: random samples of what was coded, judged by somebody else.

    `qc:SAMPLE` in a search finds its documents.
    """


@qc_group.command("draw")
@_sample
@click.argument("query", required=False)
@click.option("--batches", "set_name", metavar="SET", help="Draw from its returned batches.")
@click.option("--size", type=click.IntRange(min=1), help="So many documents.")
@click.option(
    "--percent",
    type=click.FloatRange(0, 100, min_open=True),
    help="A share of what is coded, rounded up.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    help="The number that decides what is drawn. [default: a random one, told]",
)
@click.option(
    "--group",
    "groups",
    multiple=True,
    help="A group of tags to be judged; repeatable. [default: those required]",
)
@case_option
@json_option
def draw_command(
    name: str,
    query: str | None,
    set_name: str | None,
    size: int | None,
    percent: float | None,
    seed: int | None,
    groups: tuple[str, ...],
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Draw a random SAMPLE of the coded documents that answer QUERY, or of returned batches.

    How each is coded at this moment is kept, and later changes do not touch it. The same seed draws
    the same documents from the same population.
    """
    if (query is None) == (set_name is None):
        raise click.UsageError("Give either QUERY or --batches SET.")
    if (size is None) == (percent is None):
        raise click.UsageError("Give either --size or --percent.")
    with opened(case_folder) as case:
        source = _source(case, query, set_name)
        found = qc.draw(case, name, source, size=size, percent=percent, seed=seed, groups=groups)
        with case.read() as connection:
            drawn = qc.documents(connection, found)
    if as_json:
        documents = [control(each.document) for each in drawn]
        print_json({**_told(found, drawn), "documents": documents})
        return
    short = f" (asked for {size})" if size is not None and len(drawn) < size else ""
    left = f"; {found.uncoded} more are not coded and were left out" if found.uncoded else ""
    click.echo(
        f"'{found.name}': {counted(len(drawn))} drawn{short} of {len(found.population):,} coded "
        f"ones, seed {found.seed}{left}"
    )


def _source(case: Case, query: str | None, set_name: str | None) -> Source:
    if query is not None:
        result = search(case, query)
        warn_incomplete(result)
        return Source(result.ids, {"query": query, "missing": result.missing})
    source, others = qc.returned(case, set_name or "")
    if others:
        say(f"{others} batches of '{source.told['set']}' are not returned yet, and left out")
    return source


def _told(sample: Sample, drawn: Sequence[Drawn]) -> dict[str, Any]:
    return {
        "sample": sample.name,
        "source": sample.source,
        "seed": sample.seed,
        "population": len(sample.population),
        "uncoded": sample.uncoded,
        "drawn": len(drawn),
        "judged": sum(each.second is not None for each in drawn),
        "created_at": sample.created_at,
        "created_by": sample.created_by,
    }


@qc_group.command("list")
@case_option
@json_option
def list_command(case_folder: Path | None, as_json: bool) -> None:
    """List the samples, how many documents were drawn of how many, and how many are judged."""
    with opened(case_folder) as case, case.read() as connection:
        found = [_told(each, qc.documents(connection, each)) for each in qc.samples(connection)]
    if as_json:
        print_json(found)
        return
    columns = ("sample", "drawn", "population", "judged", "seed", "created_by", "created_at")
    print_table(columns, [[each[name] for name in columns] for each in found])
    if not found:
        say("There are no samples yet: 'redwell qc draw' draws one")


@qc_group.command("show")
@_sample
@case_option
@json_option
def show_command(name: str, case_folder: Path | None, as_json: bool) -> None:
    """Show the documents of the SAMPLE in the order they were drawn, and both decisions on each.

    Not for who is still to judge them.
    """
    with opened(case_folder) as case, case.read() as connection:
        sample = qc.find(connection, name)
        panel = load(connection)
        drawn = qc.documents(connection, sample)
    lines = [_line(panel, each) for each in drawn]
    if as_json:
        print_json({**_told(sample, drawn), "documents": lines})
        return
    columns = ("document", "first", "by", "second", "judge")
    print_table(columns, [[_cell(each[name]) for name in columns] for each in lines])


def _line(panel: Panel, each: Drawn) -> dict[str, Any]:
    second = each.second
    return {
        "document": control(each.document),
        "first": [panel.tags[put.tag].name for put in each.first],
        "by": sorted(each.first_reviewers),
        "second": None if second is None else [panel.tags[one].name for one in sorted(second.tags)],
        "judge": None if second is None else second.actor,
        "note": None if second is None else second.note,
    }


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "(none)"
    return value or ""


@qc_group.command("next")
@_sample
@click.option("--with-coding", is_flag=True, help="Show how it is coded and noted now.")
@click.option(
    "--hits/--no-hits",
    default=True,
    show_default=True,
    help="Mark the hits of the search that it comes from.",
)
@page_options
@case_option
@json_option
def next_command(
    name: str,
    with_coding: bool,
    hits: bool,
    lines: int | None,
    pager: bool,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Show the next document of the SAMPLE that you can judge, without its first-level coding.

    Documents that you coded yourself at the first level are left for others.
    """
    who = audit.actor()
    with opened(case_folder) as case:
        with case.read() as connection:
            sample = qc.find(connection, name)
            panel = load(connection)
            drawn = qc.documents(connection, sample)
        todo = [each for each in drawn if each.second is None]
        able = [each for each in todo if not qc.is_own(each, who)]
        form = Form(case.settings.zone, lines, pager, reach=2)
        reading = None
        if able:
            blind = not with_coding
            query = qc.query_of(case, sample) if hits else None
            tree = None if query is None else marking(case, query, blind=blind)
            reading = read(case, able[0].document, tree, blind=blind)
    if as_json:
        told = {"sample": sample.name, "left": len(todo), "yours": len(able)}
        print_json({**told, "document": None if reading is None else json_of(reading)})
    elif reading is None:
        own = f"; {len(todo)} that {who} coded are left for others" if todo else ""
        click.echo(f"'{sample.name}' holds nothing more for {who} to judge{own}")
    else:
        place = drawn.index(able[0]) + 1
        above = f"'{sample.name}': {place} of {len(drawn)}, {len(todo)} left to judge"
        print_reading(reading, form, [("", above), *_choices(panel, sample)])


def _choices(panel: Panel, sample: Sample) -> Iterator[tuple[str, str]]:
    for each in sample.groups:
        choices = ", ".join(tag.name for tag in panel.members(each))
        yield "To judge", f"{panel.groups[each].name}: {choices}"


@qc_group.command("judge")
@_sample
@click.argument("documents")
@click.argument("tags", nargs=-1)
@click.option("--agree", is_flag=True, help="They should bear what they bore when drawn.")
@click.option("--no-tags", is_flag=True, help="They should bear none of the groups' tags.")
@click.option("--note", default="", help="Why; it goes into the report.")
@case_option
@json_option
def judge_command(
    name: str,
    documents: str,
    tags: tuple[str, ...],
    agree: bool,
    no_tags: bool,
    note: str,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Say which TAGS the DOCUMENTS of the SAMPLE, parted by commas, should bear.

    Name all of them out of the groups to be judged. This changes no coding: `qc apply` does. Who
    coded a document at the first level cannot judge it.
    """
    if sum((bool(tags), agree, no_tags)) != 1:
        raise click.UsageError("Give the tags, or one of --agree and --no-tags.")
    ids = list(read_ids(each for each in documents.split(",") if each.strip()))
    if not ids:
        raise click.UsageError("Name a document by its control number.")
    with opened(case_folder) as case:
        judged = qc.judge(case, name, ids, tags, agree=agree, note=note)
        with case.read() as connection:
            sample = qc.find(connection, name)
            drawn = len(qc.documents(connection, sample))
    if as_json:
        told = {"sample": sample.name, "documents": [control(each) for each in ids]}
        print_json({**told, "tags": tags, "agree": agree, "judged": judged, "drawn": drawn})
    else:
        click.echo(f"{counted(len(ids))} judged; {judged} of {drawn} of '{sample.name}' are now")


@qc_group.command("report")
@_sample
@click.option(
    "--confidence",
    type=click.FloatRange(0.5, 0.9999),
    default=0.95,
    show_default=True,
    help="Of the intervals.",
)
@case_option
@json_option
def report_command(name: str, confidence: float, case_folder: Path | None, as_json: bool) -> None:
    """Show how often the second level overturned the first, by reviewer and by tag.

    With exact intervals (Clopper-Pearson), and each overturned document.
    """
    from review import overturns  # scipy takes a second that other commands need not wait

    with opened(case_folder) as case:
        found = overturns.report(case, name, confidence)
    if as_json:
        print_json(_report(found, confidence))
        return
    judged = f"{found.whole.judged} of {found.drawn} judged"
    since = f"; {found.since} were coded otherwise since they were drawn" if found.since else ""
    click.echo(
        f"'{found.sample.name}', seed {found.sample.seed}: {judged}, drawn of "
        f"{len(found.sample.population):,} coded documents{since}"
    )
    rows = [["all", *_cells(found.whole)]]
    rows += [[f"coded by {each.key}", *_cells(each)] for each in found.reviewers]
    rows += [[f"bore {each.key}", *_cells(each)] for each in found.taken_off]
    rows += [[f"lacked {each.key}", *_cells(each)] for each in found.put_on]
    columns = ("documents that", "judged", "overturned", "share", f"{confidence:.0%} interval")
    print_table(columns, rows)
    if found.changes:
        click.echo("Overturned:")
        named = ("document", "first", "by", "second", "judge", "note")
        print_table(named, [_change(each) for each in found.changes])


def _change(each: "Change") -> list[str]:
    bore, should = ", ".join(each.first) or "(none)", ", ".join(each.second) or "(none)"
    return [control(each.document), bore, ", ".join(each.by), should, each.judge, each.note]


def _cells(rate: "Rate") -> list[str]:
    if rate.low is None or rate.high is None:
        return [str(rate.judged), str(rate.overturned), "", ""]
    interval = f"{rate.low:.1%} to {rate.high:.1%}"
    return [str(rate.judged), str(rate.overturned), f"{rate.share:.1%}", interval]


def _report(found: "Report", confidence: float) -> dict[str, Any]:
    def rates(of: Sequence["Rate"]) -> list[dict[str, Any]]:
        return [{**asdict(each), "share": each.share} for each in of]

    return {
        "sample": found.sample.name,
        "seed": found.sample.seed,
        "population": len(found.sample.population),
        "drawn": found.drawn,
        "confidence": confidence,
        "all": rates([found.whole])[0],
        "reviewers": rates(found.reviewers),
        "taken_off": rates(found.taken_off),
        "put_on": rates(found.put_on),
        "overturned": [
            {**asdict(each), "document": control(each.document)} for each in found.changes
        ],
        "coded_otherwise_since": found.since,
    }


@qc_group.command("apply")
@_sample
@click.option("--basis", help="Why, as a privilege log tells it; some tags need one.")
@click.option("--dry-run", is_flag=True, help="Say what would change; change nothing.")
@case_option
@json_option
def apply_command(
    name: str, basis: str | None, dry_run: bool, case_folder: Path | None, as_json: bool
) -> None:
    """Give the judged documents of the SAMPLE the tags that the second level decided on.

    One act, which `tag undo` takes back. What was coded otherwise since it was drawn is left.
    """
    with opened(case_folder) as case:
        done = qc_apply.apply(case, name, basis=basis, dry_run=dry_run)
    if done.since:
        shown_ids = ", ".join(control(each) for each in done.since[:20])
        say(
            f"{len(done.since)} were coded otherwise since they were drawn ({shown_ids}), and are "
            "left as they are"
        )
    if as_json:
        since = [control(each) for each in done.since]
        print_json({**asdict(done), "since": since, "dry_run": dry_run})
        return
    would = "would be " if dry_run else ""
    own = f" (act {done.act})" if done.act else ""
    click.echo(
        f"{counted(done.changed)} {would}coded as the second level decided, {done.same} were "
        f"already{own}"
    )
