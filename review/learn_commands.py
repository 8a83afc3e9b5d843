"""The command group `learn`."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from pyroaring import BitMap

from index import search
from index.commands import warn_incomplete
from records.case import Case, opened
from records.control import control
from records.errors import LearningError
from records.options import (
    case_option,
    counted,
    json_option,
    print_csv,
    print_json,
    print_pairs,
    print_table,
    progress,
    say,
)
from review import learning, learning_report, learning_rounds, learning_start, learning_stop
from review.learning import State
from review.learning_start import Asked, Started
from review.learning_stop import Stopped
from review.sample_commands import bounds_told, other_option, share_told, tag_option
from review.stopping import KNEE_LEAST, relevant_needed
from review.targets import read_ids


@click.group("learn")
def learn_group() -> None:
    """Review by continuous active learning: rounds of what is most likely relevant.

    Start it, then take turns: `learn next` lists the documents to review, `tag add` codes them,
    until a rule says stop. Every round is on record with all that it rests on.
    """


@learn_group.command("start")
@click.argument("name")
@tag_option
@other_option
@click.option("--scope", metavar="QUERY", help="The documents to learn on; else all in review.")
@click.option("--control", "control_sample", metavar="SAMPLE", help="A control set; see below.")
@click.option("--seed-query", default="", metavar="TEXT", help="Words that tell what is relevant.")
@click.option("--seed-documents", metavar="IDS", help="Relevant documents, coded; by commas.")
@click.option(
    "--seed", help="Any text; what is random comes of it. One is made up if none is given."
)
@click.option(
    "--target",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="The recall to stop at, as 0.8.",
)
@click.option(
    "--confidence",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.95,
    show_default=True,
    help="Of the target's interval.",
)
@click.option(
    "--knee-least",
    type=click.IntRange(min=2),
    default=KNEE_LEAST,
    show_default=True,
    help="Documents before which the knee says nothing.",
)
@case_option
@json_option
def start_command(
    name: str,
    relevant: str,
    other: str,
    scope: str | None,
    control_sample: str | None,
    seed_query: str,
    seed_documents: str | None,
    seed: str | None,
    target: float | None,
    confidence: float,
    knee_least: int,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Start learning NAME: which documents are relevant, from a query or from some that are.

    With --control, it is on all that this sample was drawn from. The sample's documents are coded
    beforehand, and learning does not look at their coding until it comes to them by itself.
    """
    if scope is not None and control_sample is not None:
        raise click.UsageError("Give one of --scope and --control: a control set has its own.")
    if scope is None and control_sample is None:
        scope = "docid:>=1"
    asked = Asked(
        name=name,
        relevant=relevant,
        other=other,
        scope=scope,
        control=control_sample,
        seed_query=seed_query,
        seed_documents=_ids(seed_documents),
        seed=seed,
        target=target,
        confidence=confidence,
        knee_least=knee_least,
    )
    with opened(case_folder) as case:
        done = learning_start.start(case, asked)
    _warn_started(done, asked)
    if as_json:
        print_json(asdict(done))
        return
    print_pairs(
        {
            "Learning": done.name,
            "Documents": f"{done.documents:,}",
            "  SHA-256": done.population_sha256,
            "Judged before": f"{done.judged:,}",
            "Seed": done.seed,
        }
    )
    say(f"Next: redwell learn next {done.name!r}")


def _ids(text: str | None) -> BitMap:
    return BitMap() if text is None else read_ids(x for x in text.split(",") if x.strip())


def _warn_started(done: Started, asked: Asked) -> None:
    """Say on stderr what learning will not see, and what would spoil it."""
    for what, count in done.incomplete.items():
        say(f"{counted(count)} {what}: learning may not come to all of them")
    if done.wordless:
        say(
            f"{counted(done.wordless)} hold no word that another holds: words cannot rank them. "
            "They come last; review them by other means"
        )
    if done.unknown:
        say(f"No two documents hold these words of the query: {', '.join(done.unknown)}")
    if not done.exclusive:
        say(
            f"A document can bear both '{asked.relevant}' and '{asked.other}', and then counts as "
            "not coded: 'redwell tag exclude' keeps them apart"
        )
    if done.control_open:
        say(f"{counted(done.control_open)} of the control set not coded: no target is met before")
    elif done.control_relevant is not None and asked.target is not None:
        least = relevant_needed(asked.target, asked.confidence)
        if done.control_relevant < least:
            say(
                f"The control set has {done.control_relevant} relevant documents, and showing a "
                f"recall of {asked.target:g} needs {least}: draw a larger one"
            )


@learn_group.command("next")
@click.argument("name")
@click.option("--ids", "only_ids", is_flag=True, help="Print control numbers only, one a line.")
@case_option
@json_option
def next_command(name: str, only_ids: bool, case_folder: Path | None, as_json: bool) -> None:
    """Cut the next round of NAME: the documents to review now, the most likely ones first.

    The round before must be coded; how is put on record. `learn:NAME#3` finds the documents of
    round 3.
    """
    with opened(case_folder) as case:
        cut = learning_rounds.following(case, name)
    if as_json:
        print_json(
            {
                "name": cut.name,
                "round": cut.number,
                "size": cut.size,
                "documents": [
                    {"control": control(each), "score": score} for each, score in cut.documents
                ],
            }
        )
        return
    if not only_ids:
        say(f"Round {cut.number}: {counted(len(cut.documents))}")
    for each, _ in cut.documents:
        click.echo(control(each))


@learn_group.command("record")
@click.argument("name")
@case_option
@json_option
def record_command(name: str, case_folder: Path | None, as_json: bool) -> None:
    """Put on record how the last round of NAME was coded, without cutting another.

    `learn next` and `learn stop` do so by themselves.
    """
    with opened(case_folder) as case:
        done = learning_rounds.record(case, name)
    if as_json:
        print_json(None if done is None else asdict(done))
    elif done is None:
        click.echo("Every round is on record already")
    else:
        click.echo(f"Round {done.number}: {done.found} of {counted(done.documents)} relevant")


@learn_group.command("status")
@click.argument("name")
@case_option
@json_option
def status_command(name: str, case_folder: Path | None, as_json: bool) -> None:
    """Show how NAME stands, and what the rules of stopping say."""
    with opened(case_folder) as case:
        with case.read() as connection:
            state = learning.state_of(connection, name)
        outside = _outside(case, state)
    rules = state.rules()
    if as_json:
        print_json(
            {
                "name": state.learning.name,
                "state": state.learning.state,
                "documents": len(state.population),
                "rounds": len(state.rounds),
                "given": len(state.given),
                "waiting": [control(each) for each in state.waiting],
                "judged_relevant": len(state.judged.relevant),
                "judged_other": len(state.judged.other),
                "null_set": len(state.null_set),
                "outside": outside,
                "rules": asdict(rules),
                "stop": state.learning.stop,
            }
        )
        return
    print_pairs(_status(state))
    if outside:
        say(
            f"{counted(outside)} answer the scope now that did not when learning was started: they "
            "are no part of it. Learn on them by another, with relevant documents as its seed"
        )


def _outside(case: Case, state: State) -> int:
    """How many documents answer the scope by now and are no part of the learning."""
    result = search(case, state.learning.scope)
    warn_incomplete(result)
    return len(result.ids - state.population)


def _status(state: State) -> dict[str, object]:
    each, rules = state.learning, state.rules()
    stopped = f"stopped at {each.stopped_at} by {each.stopped_by}"
    lines: dict[str, object] = {
        "Learning": f"{each.name}, {'running' if each.state == 'running' else stopped}",
        "Documents": f"{len(state.population):,}",
        "Rounds": f"{len(state.rounds)}, {counted(len(state.given))} given out",
        "  not coded yet": len(state.waiting),
        f"'{state.calls.relevant.name}'": f"{len(state.judged.relevant):,}",
        f"'{state.calls.other.name}'": f"{len(state.judged.other):,}",
        "Null set": f"{len(state.null_set):,}",
    }
    knee = rules.knee
    lines["Knee"] = (
        f"{'stop' if knee.met else 'go on'}: slope ratio {knee.ratio:.1f}, needed {knee.bound}; "
        f"{knee.reviewed:,} reviewed, needed {knee.least:,}"
    )
    if rules.target:
        shown = share_of_control(state)
        needed = "" if rules.target.met else f"; {learning_stop.needed_told(state, rules)}"
        lines["Target"] = (
            f"{'stop' if rules.target.met else 'go on'}: recall {shown}, wanted "
            f"{rules.target.target:.0%}{needed}"
        )
    elif rules.control_open:
        lines["Target"] = f"unknown: {rules.control_open} of the control set not coded"
    return lines


def share_of_control(state: State) -> str:
    """The recall that the control set shows, with its interval and counts."""
    each = state.rules().target
    assert each is not None
    value = each.met_relevant / each.relevant if each.relevant else None
    return f"{bounds_told(value, each.low, each.high)}, {each.met_relevant} of {each.relevant}"


@learn_group.command("show")
@click.argument("name")
@click.option("--round", "number", type=click.IntRange(min=1), help="This one; else the last.")
@click.option("--ids", "only_ids", is_flag=True, help="Print control numbers only, one a line.")
@case_option
@json_option
def show_command(
    name: str, number: int | None, only_ids: bool, case_folder: Path | None, as_json: bool
) -> None:
    """Show the documents of a round of NAME with their scores and coding."""
    with opened(case_folder) as case, case.read() as connection:
        state = learning.state_of(connection, name)
        wanted = number or len(state.rounds)
        found = [
            each for each in learning_report.documents(connection, state) if each["round"] == wanted
        ]
    if not found:
        has = (
            f"has {len(state.rounds)} rounds, and none of number {wanted}"
            if wanted
            else "has no round"
        )
        raise LearningError(f"{state.learning.name!r} {has}: 'redwell learn next' cuts them")
    if as_json:
        print_json(found)
    elif only_ids:
        for each in found:
            click.echo(each["control"])
    else:
        columns = ("position", "control", "score", "coding_now")
        print_table(columns, [[each[name] for name in columns] for each in found])


@learn_group.command("list")
@case_option
@json_option
def list_command(case_folder: Path | None, as_json: bool) -> None:
    """List what is learnt, and how far it is."""
    with opened(case_folder) as case, case.read() as connection:
        states = [learning.state_of(connection, each.name) for each in learning.known(connection)]
    columns = ("name", "state", "documents", "rounds", "given", "relevant", "scope")
    rows = [
        (
            *(each.learning.name, each.learning.state, len(each.population), len(each.rounds)),
            *(len(each.given), len(each.judged.relevant), each.learning.scope),
        )
        for each in states
    ]
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table(columns, rows)


@learn_group.command("stop")
@click.argument("name")
@click.option(
    "--sample", metavar="SAMPLE", help="A sample of the null set, which shows the recall."
)
@click.option("--reason", default="", help="Why, where no rule says stop.")
@case_option
@json_option
def stop_command(
    name: str, sample: str | None, reason: str, case_folder: Path | None, as_json: bool
) -> None:
    """Stop NAME, because a rule says so or for a reason.

    A rule is the knee, the target by the control set, or the target by a sample of `nullset:NAME`
    whose documents are coded.
    """
    with opened(case_folder) as case:
        done = learning_stop.stop(case, name, sample=sample, reason=reason)
    if as_json:
        print_json(asdict(done))
        return
    print_pairs(_stopped(done))
    if done.validation is None and done.null_set:
        say(
            f"To show what was left: redwell sample draw NAME 'nullset:\"{done.name}\"' --size N, "
            "code it, redwell sample estimate NAME --found …"
        )


def _stopped(done: Stopped) -> dict[str, object]:
    lines: dict[str, object] = {
        "Stopped": done.name,
        "By": ", ".join(done.by) or f"no rule: {done.reason}",
        "Rounds": done.rounds,
        "Reviewed in rounds": f"{done.reviewed:,}",
        "Relevant": f"{done.found:,}",
        "Null set": f"{done.null_set:,}",
    }
    if each := done.validation:
        lines["Elusion"] = share_told(each.elusion)
        lines["Recall"] = bounds_told(each.recall.value, each.recall.low, each.recall.high)
    return lines


@learn_group.command("reopen")
@click.argument("name")
@click.option("--reason", required=True, help="Why it goes on.")
@case_option
@json_option
def reopen_command(name: str, reason: str, case_folder: Path | None, as_json: bool) -> None:
    """Go on with NAME, which was stopped."""
    with opened(case_folder) as case:
        learning_stop.reopen(case, name, reason)
    if as_json:
        print_json({"name": name, "state": "running", "reason": reason})
    else:
        click.echo(f"{name} goes on")


@learn_group.command("report")
@click.argument("name")
@click.option("--documents", "each_document", is_flag=True, help="A line a document, not a round.")
@case_option
@json_option
def report_command(name: str, each_document: bool, case_folder: Path | None, as_json: bool) -> None:
    """Print the record of NAME, a line a round, as CSV.

    --json prints all: settings, control set, every round with what it was trained on and its
    heaviest words, every document with its score, coding and coder.
    """
    with opened(case_folder) as case, case.read() as connection:
        if as_json:
            print_json(learning_report.report(connection, name))
            return
        state = learning.state_of(connection, name)
        if each_document:
            rows = learning_report.documents(connection, state)
            _print_rows(learning_report.DOCUMENT_COLUMNS, rows)
        else:
            _print_rows(learning_report.ROUND_COLUMNS, learning_report.rounds(state))


def _print_rows(columns: tuple[str, ...], rows: Iterable[dict[str, Any]]) -> None:
    print_csv(columns, ([row[each] for each in columns] for row in rows))


@learn_group.command("replay")
@click.argument("name")
@case_option
@json_option
def replay_command(name: str, case_folder: Path | None, as_json: bool) -> None:
    """Do all rounds of NAME again from the record, and compare their lists."""
    with opened(case_folder) as case:
        with case.read() as connection:
            count = len(learning.state_of(connection, name).rounds)
        found = []
        with progress("Replaying", count) as advance:
            for each in learning_report.replay(case, name):
                found.append(each)
                advance(1)
    if as_json:
        print_json([asdict(each) for each in found])
    same = sum(each.comparable and not each.differing for each in found)
    other = sum(not each.comparable for each in found)
    if not as_json:
        click.echo(f"{same} of {len(found)} rounds give the same list")
    if other:
        say(f"{other} rounds cannot be compared: the index holds other words of the documents now")
    if bad := [str(each.number) for each in found if each.differing]:
        raise LearningError(
            f"The lists of these rounds are not those on record: {', '.join(bad)}. See 'redwell "
            "audit verify', and whether the tools are those of the report"
        )
