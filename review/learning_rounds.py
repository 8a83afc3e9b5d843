"""Rounds of learning: cut when the one before is coded, with all that they rest on.

A round, its documents, the closing of the one before and the audit entries are one transaction;
that commit makes them real. A kill before it leaves nothing, and the same command cuts the same
round again. Of two that cut at once, one does, and the other is told.
"""

import hashlib
import importlib.metadata
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from pyroaring import BitMap

from index import learnable
from records import audit, roles, sets, tables, times
from records.case import Case
from records.control import control
from records.errors import LearningError
from records.options import counted
from records.roles import UserRole
from review import autotar, labels
from review.autotar import Learner, Ranked
from review.learning import State, state_of

_R, _G = tables.learning_rounds.c, tables.learning_documents.c
_TOOLS = ("redwell", "scikit-learn", "scipy", "numpy")
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Cut:
    """A round that was cut: its documents with their scores, the best first."""

    name: str
    number: int
    size: int
    documents: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class Closed:
    """A round whose documents are all coded: how many there are, and how many are relevant."""

    number: int
    documents: int
    found: int


def following(case: Case, name: str) -> Cut:
    """Close the round that is coded, and cut the next one.

    Raises `LearningError` where learning was stopped, where documents wait to be coded, where none
    are left, or where somebody else cut this round meanwhile; `IndexStateError`, `RoleError`.
    """
    with case.read() as connection:
        roles.require(connection, UserRole.REVIEWER)
        before = state_of(connection, name)
    _require_running(before)
    require_coded(before)
    if not before.candidates:
        raise LearningError(
            f"No document of {before.learning.name!r} is left to give out: all are judged. End it "
            "with 'redwell learn stop'"
        )
    number = len(before.rounds) + 1
    vectors = learnable.load(case, before.population)
    ranked = rank(
        Learner(vectors, before.learning.seed, before.learning.seed_query), before, number
    )
    with case.write(UserRole.REVIEWER) as connection:
        now = state_of(connection, name)
        _require_running(now)
        if len(now.rounds) >= number:
            each = now.rounds[-1]
            raise LearningError(
                f"Round {each.number} of {now.learning.name!r} was cut meanwhile, by {each.actor} "
                f"at {each.at}: see 'redwell learn show'"
            )
        require_coded(now)
        close(connection, now)
        _write(connection, before, number, ranked, vectors.sha256)
    return Cut(before.learning.name, number, autotar.size_of(number), ranked.listed)


def rank(learner: Learner, state: State, number: int) -> Ranked:
    """The list of a round; raises `LearningError` where nothing relevant is known any more."""
    try:
        return learner.rank(number, state.relevant, state.other, state.candidates)
    except ValueError as error:
        raise LearningError(
            f"Nothing relevant is known to {state.learning.name!r} any more: code a relevant "
            f"document of its scope as '{state.calls.relevant.name}'"
        ) from error


def record(case: Case, name: str) -> Closed | None:
    """Close the round that is coded, without cutting another; None where all are closed.

    Raises `LearningError` where documents wait to be coded, `RoleError`.
    """
    with case.write(UserRole.REVIEWER) as connection:
        state = state_of(connection, name)
        require_coded(state)
        return close(connection, state)


def list_sha256(listed: Iterable[tuple[int, float]]) -> str:
    """The hash of a round's list: control number and score of each document, a line each."""
    text = "".join(f"{control(document)} {score:.5f}\n" for document, score in listed)
    return hashlib.sha256(text.encode()).hexdigest()


def _require_running(state: State) -> None:
    each = state.learning
    if each.state != "running":
        raise LearningError(
            f"{each.name!r} was stopped at {each.stopped_at} by {each.stopped_by}: "
            "'redwell learn reopen' goes on with it"
        )


def require_coded(state: State) -> None:
    """Raise `LearningError` where a document that was given out is not judged."""
    waiting = state.waiting
    if waiting:
        shown = ", ".join(control(each) for each in list(waiting)[:_SHOWN])
        more = f" and {len(waiting) - _SHOWN} more" if len(waiting) > _SHOWN else ""
        pair = state.calls
        raise LearningError(
            f"{counted(len(waiting))} of {state.learning.name!r} must be coded first, as "
            f"'{pair.relevant.name}' or '{pair.other.name}': {shown}{more}"
        )


def close(connection: sa.Connection, state: State) -> Closed | None:
    """Put on record how the last round was coded, and by whom; all of it must be."""
    if not state.rounds or state.rounds[-1].closed_at is not None:
        return None
    learning, last = state.learning, state.rounds[-1]
    ids = BitMap(each for each, number in state.given.items() if number == last.number)
    coders = labels.who(connection, state.calls, ids)
    rows = []
    for each in ids:
        by = coders.get(each)
        rows.append(
            {
                "document": each,
                "was": each in state.judged.relevant,
                "who": by and by.actor,
                "when": by and by.at,
                "how": by and by.act,
            }
        )
    connection.execute(
        tables.learning_documents.update()
        .where(_G.learning_id == learning.id, _G.document_id == sa.bindparam("document"))
        .values(
            relevant=sa.bindparam("was"),
            coded_by=sa.bindparam("who"),
            coded_at=sa.bindparam("when"),
            coded_act=sa.bindparam("how"),
        ),
        rows,
    )
    found = sum(row["was"] is True for row in rows)
    told = asdict(state.rules())
    connection.execute(
        tables.learning_rounds.update()
        .where(_R.learning_id == learning.id, _R.round == last.number)
        .values(closed_by=audit.actor(), closed_at=times.now(), found=found, stopping=told)
    )
    audit.append(
        connection,
        "learning round coded",
        learning=learning.name,
        round=last.number,
        documents=len(rows),
        found=found,
        coders=dict(sorted(Counter(str(row["who"] or "unknown") for row in rows).items())),
        stopping=told,
    )
    return Closed(last.number, len(rows), found)


def _write(
    connection: sa.Connection, state: State, number: int, ranked: Ranked, vectors_sha256: str
) -> None:
    learning = state.learning
    tools = {each: importlib.metadata.version(each) for each in _TOOLS}
    model: dict[str, Any] = asdict(ranked.model)
    connection.execute(
        tables.learning_rounds.insert().values(
            learning_id=learning.id,
            round=number,
            size=autotar.size_of(number),
            relevant=sets.to_bytes(state.relevant),
            other=sets.to_bytes(state.other),
            presumed=sets.to_bytes(ranked.presumed),
            vectors_sha256=vectors_sha256,
            model=model,
            tools=tools,
            actor=audit.actor(),
            at=times.now(),
        )
    )
    listed = [
        {
            "learning_id": learning.id,
            "round": number,
            "position": position,
            "document_id": document,
            "score": score,
        }
        for position, (document, score) in enumerate(ranked.listed, 1)
    ]
    connection.execute(tables.learning_documents.insert(), listed)
    audit.append(
        connection,
        "learning round cut",
        learning=learning.name,
        round=number,
        documents=len(listed),
        list_sha256=list_sha256(ranked.listed),
        trained={
            "relevant": len(state.relevant),
            "other": len(state.other),
            "presumed": len(ranked.presumed),
        },
        vectors_sha256=vectors_sha256,
        model_sha256=ranked.model.sha256,
        tools=tools,
    )
