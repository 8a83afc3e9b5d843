"""Stopping a learning, by a rule or for a reason, and going on with one that was stopped."""

from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from pyroaring import BitMap

from records import audit, tables, times
from records.case import Case
from records.control import control
from records.errors import LearningError, SampleError
from review import estimates, samples, stopping
from review.estimates import Recall, Share
from review.labels import judged
from review.learning import Rules, State, state_of
from review.learning_rounds import close, require_coded

_L = tables.learnings.c


@dataclass(frozen=True, slots=True)
class Validation:
    """What a random sample of the null set says of the recall; `met` if its lower bound reaches
    the target, where there is one."""

    sample: str
    elusion: Share
    recall: Recall
    met: bool


@dataclass(frozen=True, slots=True)
class Stopped:
    """A learning that was stopped: what it rests on, and what the rules said."""

    name: str
    rounds: int
    reviewed: int
    found: int
    null_set: int
    rules: Rules
    validation: Validation | None
    by: tuple[str, ...]
    reason: str


def stop(case: Case, name: str, *, sample: str | None = None, reason: str = "") -> Stopped:
    """Stop a learning because a rule says so, or for a reason; both are put on record.

    `sample` is one of the null set, which judges the recall. Raises `LearningError` where documents
    wait to be coded or where no rule is met and no reason is given, `SampleError` where the sample
    is not one of the null set, or not coded; `RoleError`.
    """
    reason = " ".join(reason.split())
    with case.write() as connection:
        state = state_of(connection, name)
        if state.learning.state != "running":
            raise LearningError(f"{state.learning.name!r} was stopped already")
        require_coded(state)
        close(connection, state)
        rules = state.rules()
        validation = None if sample is None else _validated(connection, state, sample)
        by = _met(rules, validation)
        if not by and not reason:
            raise LearningError(_unmet(state, rules, validation))
        done = Stopped(
            name=state.learning.name,
            rounds=rules.rounds,
            reviewed=len(state.given),
            found=len(state.judged.relevant),
            null_set=len(state.null_set),
            rules=rules,
            validation=validation,
            by=by,
            reason=reason,
        )
        told = asdict(done)
        values: dict[str, Any] = {"state": "stopped", "stopped_by": audit.actor(), "stop": told}
        values["stopped_at"] = times.now()
        _update(connection, state, values)
        audit.append(connection, "learning stopped", **told)
    return done


def reopen(case: Case, name: str, reason: str) -> None:
    """Go on with a learning that was stopped; raises `LearningError` for one that runs."""
    reason = " ".join(reason.split())
    if not reason:
        raise LearningError("Say why it goes on")
    with case.write() as connection:
        state = state_of(connection, name)
        if state.learning.state == "running":
            raise LearningError(f"{state.learning.name!r} was not stopped")
        stopped = state.learning.stop
        empty = {"stopped_by": None, "stopped_at": None, "stop": sa.null()}
        _update(connection, state, {"state": "running", **empty})
        audit.append(
            connection,
            "learning reopened",
            learning=state.learning.name,
            reason=reason,
            stopped_as=stopped,
        )


def _update(connection: sa.Connection, state: State, values: dict[str, Any]) -> None:
    row = tables.learnings.update().where(_L.id == state.learning.id)
    connection.execute(row.values(**values))


def _met(rules: Rules, validation: Validation | None) -> tuple[str, ...]:
    """The rules that say stop."""
    met = {
        "knee": rules.knee.met,
        "target": rules.target is not None and rules.target.met,
        "sample": validation is not None and validation.met,
    }
    return tuple(rule for rule, holds in met.items() if holds)


def _validated(connection: sa.Connection, state: State, name: str) -> Validation:
    """What a sample of the null set says; it must have been drawn of what was left at the end."""
    sample = samples.find(connection, name)
    learning, drawn_from = state.learning, samples.population(connection, sample)
    for bad, why in (
        (drawn_from - state.population, "is not among the documents that it learns on"),
        (drawn_from & BitMap(state.given), "was given out by a round: draw from the null set anew"),
        (state.null_set - drawn_from, "is left and was not in the population of the sample"),
    ):
        if bad:
            raise SampleError(
                f"{sample.name!r} is no sample of what {learning.name!r} left. Of {len(bad)} "
                f"documents ({control(bad[0])} first) each {why}"
            )
    confidence = learning.settings["confidence"]
    strata = samples.documents(connection, sample)
    known = judged(connection, state.calls, drawn_from)
    pair = state.calls
    whole = estimates.sample_share(sample, strata, known, pair, confidence)
    found = len(state.judged.relevant - drawn_from)
    recall = estimates.recall_by_elusion(found, sample.population_count, whole)
    target = learning.settings["target"]
    return Validation(sample.name, whole, recall, target is not None and recall.low >= target)


def _unmet(state: State, rules: Rules, validation: Validation | None) -> str:
    """Why nothing says stop, and what can be done."""
    knee = rules.knee
    parts = [
        f"the slope ratio is {knee.ratio:.1f}, and {knee.bound} is needed, after {knee.least:,} "
        f"documents ({knee.reviewed:,} were reviewed)"
    ]
    if rules.target is not None:
        each = rules.target
        parts.append(
            f"{each.met_relevant} of the {each.relevant} relevant documents of the control set "
            f"were met, and {needed_told(state, rules)}"
        )
    elif rules.control_open:
        parts.append(f"{rules.control_open} documents of the control set are not coded")
    if validation is not None:
        parts.append(f"the sample shows a recall of {validation.recall.low:.1%} at least")
    return (
        f"No rule says that {state.learning.name!r} may stop: {'; '.join(parts)}. Go on with "
        "'redwell learn next', or stop it with --reason"
    )


def needed_told(state: State, rules: Rules) -> str:
    """How many relevant documents of the control set are needed, or that it has too few."""
    assert rules.target is not None
    if rules.target.needed is not None:
        return f"{rules.target.needed} are needed"
    settings = state.learning.settings
    least = stopping.relevant_needed(settings["target"], settings["confidence"])
    return f"it needs {least} relevant documents to show this recall at all"
