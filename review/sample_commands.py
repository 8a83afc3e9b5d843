"""The command group `sample`."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa
from pyroaring import BitMap

from index.commands import warn_incomplete
from index.searching import search
from records import audit
from records.case import Case, opened
from records.control import control
from records.errors import SampleError
from records.options import (
    case_option,
    counted,
    json_option,
    print_csv,
    print_json,
    print_pairs,
    print_table,
    say,
)
from review import estimates, samples
from review.estimates import Estimate, Share
from review.labels import calls, judged, who
from review.samples import Sample, Stratify

confidence_option = click.option(
    "--confidence",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Of the intervals, as 0.95.",
)
tag_option = click.option("--tag", "relevant", required=True, help="The tag of what is relevant.")
other_option = click.option("--not", "other", required=True, help="The tag of what is not.")
_COLUMNS = ("position", "control", "stratum", "coding", "coded_by", "coded_at", "coding_act")


@click.group("sample")
def sample_group() -> None:
    """Draw random samples, and estimate from them with exact intervals."""


@sample_group.command("draw")
@click.argument("name")
@click.argument("query")
@click.option("--size", type=click.IntRange(min=1), help="How many documents.")
@click.option(
    "--margin",
    type=click.FloatRange(0.001, 0.5),
    help="As many as keep a share within this to each side, as 0.02.",
)
@click.option(
    "--confidence",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.95,
    show_default=True,
    help="Of the margin and of intervals.",
)
@click.option(
    "--stratify",
    type=click.Choice([each.value for each in Stratify]),
    help="Draw from each custodian, type or year in proportion.",
)
@click.option("--seed", help="Any text; the same draws the same. One is made up if none is given.")
@case_option
@json_option
def draw_command(
    name: str,
    query: str,
    size: int | None,
    margin: float | None,
    confidence: float,
    stratify: str | None,
    seed: str | None,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Draw a sample NAME from the documents that answer QUERY.

    The documents come in the order of SHA-256 of seed and control number; docs/sampling.md says how
    to repeat it by other means. `sample:NAME` finds them.
    """
    if (size is None) == (margin is None):
        raise click.UsageError("Give one of --size and --margin.")
    with opened(case_folder) as case:
        drawn = samples.draw(
            case,
            name,
            query,
            size=size,
            margin=margin,
            confidence=confidence,
            stratify=None if stratify is None else Stratify(stratify),
            seed=seed,
        )
    for what, count in drawn.incomplete.items():
        say(f"{counted(count)} {what} when it was drawn: the search may not have found all of them")
    _print_sample(drawn, as_json)


def _print_sample(sample: Sample, as_json: bool) -> None:
    if as_json:
        print_json(asdict(sample))
        return
    margin = "" if sample.margin is None else f", for a margin of {sample.margin:g}"
    print_pairs(
        {
            "Sample": sample.name,
            "Query": sample.query,
            "Population": f"{counted(sample.population_count)}",
            "  SHA-256": sample.population_sha256,
            "Size": f"{sample.size:,}{margin}",
            "Confidence": f"{sample.confidence:g}",
            "Seed": sample.seed,
            **{f"Not covered: {what}": count for what, count in sample.incomplete.items()},
            "Drawn": f"{sample.at} by {sample.actor}",
        }
    )
    if sample.stratify:
        click.echo()
        rows = [(each.name, each.documents, each.drawn) for each in sample.strata]
        print_table((sample.stratify, "documents", "drawn"), rows)


@sample_group.command("show")
@click.argument("name")
@click.option("--ids", "only_ids", is_flag=True, help="Print its control numbers only, as drawn.")
@case_option
@json_option
def show_command(name: str, only_ids: bool, case_folder: Path | None, as_json: bool) -> None:
    """Show how the sample NAME was drawn, or its documents."""
    with opened(case_folder) as case, case.read() as connection:
        sample = samples.find(connection, name)
        found = [control(each) for each in samples.documents(connection, sample)]
    if only_ids and as_json:
        print_json(found)
    elif only_ids:
        for each in found:
            click.echo(each)
    else:
        _print_sample(sample, as_json)


@sample_group.command("list")
@case_option
@json_option
def list_command(case_folder: Path | None, as_json: bool) -> None:
    """List the samples."""
    with opened(case_folder) as case, case.read() as connection:
        found = samples.known(connection)
    if as_json:
        print_json([asdict(each) for each in found])
        return
    columns = ("name", "size", "population_count", "stratify", "seed", "query")
    print_table(columns, [[getattr(each, name) or "" for name in columns] for each in found])


@sample_group.command("report")
@click.argument("name")
@tag_option
@other_option
@case_option
@json_option
def report_command(
    name: str, relevant: str, other: str, case_folder: Path | None, as_json: bool
) -> None:
    """List the documents of the sample NAME with their coding, as CSV.

    With --json, also how it was drawn, and every estimate that was made from it.
    """
    with opened(case_folder) as case, case.read() as connection:
        sample = samples.find(connection, name)
        rows = list(_coded(connection, sample, relevant, other))
        made = list(_estimates(connection, sample))
    if as_json:
        documents = [dict(zip(_COLUMNS, row, strict=True)) for row in rows]
        print_json({**asdict(sample), "documents": documents, "estimates": made})
    else:
        print_csv(_COLUMNS, rows)


def _coded(
    connection: sa.Connection, sample: Sample, relevant: str, other: str
) -> Iterator[tuple[object, ...]]:
    pair = calls(connection, relevant, other)
    strata = samples.documents(connection, sample)
    known = judged(connection, pair, BitMap(strata))
    coders = who(connection, pair, BitMap(strata))
    for position, (document, stratum) in enumerate(strata.items(), 1):
        coding = "not coded"
        for documents, called in (
            (known.relevant, pair.relevant.name),
            (known.other, pair.other.name),
            (known.both, "both"),
        ):
            coding = called if document in documents else coding
        by = coders.get(document)
        coder = (by.actor, by.at, by.act) if by else ("", "", "")
        yield (position, control(document), stratum, coding, *coder)


def _estimates(connection: sa.Connection, sample: Sample) -> Iterator[dict[str, Any]]:
    for entry in audit.entries(connection):
        if entry.act == "sample estimated":
            details = json.loads(entry.details)
            if details["sample"] == sample.name:
                yield {"at": entry.at, "actor": entry.actor, **details}


@sample_group.command("estimate")
@click.argument("name")
@tag_option
@other_option
@click.option(
    "--found",
    metavar="QUERY",
    help="NAME is of a null set: the recall of what answers QUERY outside of it and is relevant.",
)
@click.option(
    "--retrieved",
    metavar="QUERY",
    help="NAME is a control set: the recall and precision of what answers QUERY.",
)
@confidence_option
@case_option
@json_option
def estimate_command(
    name: str,
    relevant: str,
    other: str,
    found: str | None,
    retrieved: str | None,
    confidence: float | None,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Estimate the share of relevant documents in the population of the sample NAME.

    Every document of the sample must bear one of the two tags. Each estimate is put on record.
    """
    if found is not None and retrieved is not None:
        raise click.UsageError("Give one of --found and --retrieved.")
    asked = found if found is not None else retrieved
    with opened(case_folder) as case:
        answer = None if asked is None else _answer(case, asked)
        done = estimates.estimate(
            case,
            name,
            relevant,
            other,
            confidence=confidence,
            found=answer if found is not None else None,
            retrieved=answer if retrieved is not None else None,
            told={} if asked is None else {"query": asked},
        )
    if as_json:
        print_json(estimates.to_json(done))
    else:
        print_pairs(told(done))


def _answer(case: Case, query: str) -> BitMap:
    result = search(case, query)
    warn_incomplete(result)
    if result.missing or result.unprocessed:
        raise SampleError(
            f"The index is not complete, so what answers {query!r} is not known: run "
            "'redwell process' and 'redwell index', then estimate"
        )
    return result.ids


def told(done: Estimate) -> dict[str, object]:
    """An estimate in lines."""
    lines: dict[str, object] = {
        "Sample": done.sample,
        "Population": counted(done.population),
        "Confidence": f"{done.confidence:g}",
        f"Share of '{done.relevant_tag}'": share_told(done.share),
    }
    lines |= {f"  {name}": share_told(each) for name, each in done.strata.items()}
    if each := done.recall_by_elusion:
        lines["Elusion"] = share_told(done.share)
        lines["Relevant, found"] = f"{each.found:,}"
        lines["Relevant, in the null set"] = (
            f"{each.missed:,.0f} ({each.missed_low:,.0f} to {each.missed_high:,.0f})"
        )
        lines["Recall"] = bounds_told(each.value, each.low, each.high)
    if done.recall:
        lines["Recall"] = share_told(done.recall)
    if done.precision:
        lines["Precision"] = share_told(done.precision)
    return lines


def share_told(share: Share) -> str:
    """A share with its counts and interval."""
    return f"{bounds_told(share.value, share.low, share.high)}, {share.hits:,} of {share.size:,}"


def bounds_told(value: float | None, low: float, high: float) -> str:
    """A share and its interval in percent."""
    shown = "unknown" if value is None else f"{value:.2%}"
    return f"{shown} ({low:.2%} to {high:.2%})"
