"""What is on record of a learning, so that it can be defended, and done again from the record."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from index import learnable
from records import tables
from records.case import Case
from records.control import control
from review import samples
from review.autotar import Learner
from review.learning import Round, State, state_of

_G = tables.learning_documents.c

ROUND_COLUMNS = (
    *("round", "size", "given", "found", "reviewed", "relevant", "trained_relevant"),
    *("trained_other", "presumed", "knee_rank", "slope_ratio", "ratio_needed", "knee_met"),
    *("target_low", "target_high", "target_met", "cut_by", "cut_at", "coded_through"),
    *("vectors_sha256", "model_sha256"),
)
DOCUMENT_COLUMNS = (
    *("round", "position", "control", "score", "control_set", "coding", "coded_by", "coded_at"),
    *("coding_act", "coding_now"),
)


@dataclass(frozen=True, slots=True)
class Replayed:
    """A round done again from the record: in how many places another document stands, and by how
    much scores differ at most. It cannot be compared where the index held other words of the
    documents than it does now."""

    number: int
    comparable: bool
    differing: int
    score_difference: float


def rounds(state: State) -> Iterator[dict[str, object]]:
    """Each round as a row of `ROUND_COLUMNS`; what is not known yet is empty."""
    sizes = Counter(state.given.values())
    reviewed = relevant = 0
    for each in state.rounds:
        given = sizes[each.number]
        reviewed += given
        relevant += each.found or 0
        yield dict(zip(ROUND_COLUMNS, _round(each, given, reviewed, relevant), strict=True))


def _round(each: Round, given: int, reviewed: int, relevant: int) -> tuple[object, ...]:
    rules = each.stopping or {}
    knee, target = rules.get("knee") or {}, rules.get("target") or {}
    closed = each.closed_at is not None
    return (
        *(each.number, each.size, given, each.found if closed else "", reviewed),
        *(relevant if closed else "", len(each.relevant), len(each.other), len(each.presumed)),
        *(knee.get("rank", ""), knee.get("ratio", ""), knee.get("bound", "")),
        *(knee.get("met", ""), target.get("low", ""), target.get("high", "")),
        *(target.get("met", ""), each.actor, each.at, each.closed_at or ""),
        *(each.vectors_sha256, each.model["sha256"]),
    )


def documents(connection: sa.Connection, state: State) -> Iterator[dict[str, object]]:
    """Each document that was given out as a row of `DOCUMENT_COLUMNS`, in the order of review."""
    columns = (_G.round, _G.position, _G.document_id, _G.score, _G.relevant)
    query = sa.select(*columns, _G.coded_by, _G.coded_at, _G.coded_act)
    mine = query.where(_G.learning_id == state.learning.id)
    names = {True: state.calls.relevant.name, False: state.calls.other.name, None: ""}
    for row in connection.execute(mine.order_by(_G.round, _G.position)):
        now = ""
        if row.document_id in state.judged.documents:
            now = names[row.document_id in state.judged.relevant]
        values = (
            *(row.round, row.position, control(row.document_id), row.score),
            *(row.document_id in state.control, names[row.relevant], row.coded_by or ""),
            *(row.coded_at or "", row.coded_act or "", now),
        )
        yield dict(zip(DOCUMENT_COLUMNS, values, strict=True))


def report(connection: sa.Connection, name: str) -> dict[str, Any]:
    """All that is on record of a learning; raises `LearningError` where there is none."""
    state = state_of(connection, name)
    learning = state.learning
    control_sample = None
    if learning.control_id is not None:
        found = (x for x in samples.known(connection) if x.id == learning.control_id)
        control_sample = asdict(next(found))
    told = {each: getattr(learning, each) for each in type(learning).__slots__}
    for each in ("id", "tag_id", "other_tag_id", "control_id"):
        told.pop(each)
    seeds = [control(each) for each in told.pop("seed_documents")]
    return {
        **told,
        "tag": state.calls.relevant.name,
        "other_tag": state.calls.other.name,
        "seed_documents": seeds,
        "control_set": control_sample,
        "judged_relevant_now": len(state.judged.relevant),
        "judged_other_now": len(state.judged.other),
        "bearing_both_tags": [control(each) for each in state.judged.both],
        "null_set": len(state.null_set),
        "rules_now": asdict(state.rules()),
        "rounds": [
            row | {"model": each.model, "tools": each.tools} | _trained(each)
            for row, each in zip(rounds(state), state.rounds, strict=True)
        ],
        "documents": list(documents(connection, state)),
    }


def _trained(each: Round) -> dict[str, list[str]]:
    """The documents that a round was trained on."""
    sets = {
        "trained_relevant_documents": each.relevant,
        "trained_other_documents": each.other,
        "presumed_documents": each.presumed,
    }
    return {name: [control(document) for document in ids] for name, ids in sets.items()}


def replay(case: Case, name: str) -> Iterator[Replayed]:
    """Do each round again from the record and compare; raises `LearningError`, `IndexStateError`.

    Nothing is written.
    """
    with case.read() as connection:
        state = state_of(connection, name)
        query = sa.select(_G.round, _G.document_id, _G.score)
        mine = query.where(_G.learning_id == state.learning.id)
        rows = connection.execute(mine.order_by(_G.round, _G.position)).all()
    listed: dict[int, list[tuple[int, float]]] = {each.number: [] for each in state.rounds}
    for row in rows:
        listed[row.round].append((row.document_id, row.score))
    vectors = learnable.load(case, state.population)
    learner = Learner(vectors, state.learning.seed, state.learning.seed_query)
    for each in state.rounds:
        if each.vectors_sha256 != vectors.sha256:
            yield Replayed(each.number, False, 0, 0.0)
            continue
        candidates = state.population - each.relevant - each.other
        again = learner.rank(each.number, each.relevant, each.other, candidates)
        yield _compared(each.number, dict(again.listed), dict(listed[each.number]))


def _compared(number: int, one: dict[int, float], other: dict[int, float]) -> Replayed:
    """Compare two lists: documents by their places, scores by their documents."""
    longer = max(len(one), len(other))
    differing = longer - sum(a == b for a, b in zip(one, other, strict=False))
    scores = (abs(one[each] - other[each]) for each in one.keys() & other.keys())
    return Replayed(number, True, differing, max(scores, default=0.0))
