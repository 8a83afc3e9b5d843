"""Starting to learn: on which documents, from what, and by which rules to stop."""

from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from pyroaring import BitMap

from index import learnable
from index.schema import ANY_FIELD
from index.searching import search
from records import audit, roles, sets, tables, times
from records.case import Case
from records.control import control
from records.errors import LearningError
from records.naming import alike, plain_name
from records.numbers import next_number
from records.roles import UserRole
from review import autotar, labels, samples, sampling
from review.autotar import Learner
from review.labels import Calls
from review.samples import Sample

_L = tables.learnings.c


@dataclass(frozen=True, slots=True)
class Asked:
    """What a learning is to be: the two tags, the documents, the seed, the rules.

    The documents are those of `scope`, or the population of the sample `control`.
    """

    name: str
    relevant: str
    other: str
    scope: str | None = None
    control: str | None = None
    seed_query: str = ""
    seed_documents: BitMap = field(default_factory=BitMap)
    seed: str | None = None
    target: float | None = None
    confidence: float = 0.95
    knee_least: int = 1000


@dataclass(frozen=True, slots=True)
class Started:
    """A learning that was started. `wordless` documents cannot be ranked by words; `unknown` words
    of the seed query stand in no two documents; `judged` documents were coded before."""

    name: str
    documents: int
    population_sha256: str
    seed: str
    judged: int
    wordless: int
    unknown: tuple[str, ...]
    incomplete: dict[str, int]
    control_relevant: int | None
    control_open: int
    exclusive: bool


def start(case: Case, asked: Asked) -> Started:
    """Put a learning on record; the first round is cut by `learning_rounds.following`.

    Raises `LearningError` for a name, a seed or a control set that cannot be, `TagError`,
    `SampleError`, `QueryError`, `IndexStateError`, `RoleError`.
    """
    name, seed = _checked(asked.name), samples.checked_seed(asked.seed)
    if (asked.scope is None) == (asked.control is None):
        raise LearningError("Learning is on a scope, or on what a control sample was drawn from")
    if not asked.seed_query.strip() and not asked.seed_documents:
        raise LearningError("Learning begins with a query or with relevant documents: give one")
    with case.read() as connection:
        roles.require(connection, UserRole.ADMIN)
        _refuse_taken(connection, name)
    scope, population, incomplete, sample = _documents(case, asked)
    with case.read() as connection:
        pair = labels.calls(connection, asked.relevant, asked.other)
        _require_seeds(connection, asked, pair, population, sample)
    vectors = learnable.load(case, population)
    learner = Learner(vectors, seed, asked.seed_query)
    if not learner.seeded and not asked.seed_documents:
        raise LearningError(
            f"No two documents hold a word of the seed query {asked.seed_query!r}: take words that "
            "relevant documents hold"
        )
    with case.write() as connection:
        _refuse_taken(connection, name)
        told: dict[str, Any] = {
            "name": name,
            "scope": scope,
            "population_count": len(population),
            "population_sha256": sampling.population_sha256(population),
            "incomplete": incomplete,
            "seed_query": asked.seed_query,
            "seed_documents": list(asked.seed_documents),
            "seed": seed,
            "settings": _settings(asked),
        }
        connection.execute(
            tables.learnings.insert().values(
                **told,
                id=next_number(connection, _L.id),
                tag_id=pair.relevant.id,
                other_tag_id=pair.other.id,
                population=sets.to_bytes(population),
                control_id=None if sample is None else sample.id,
                state="running",
                actor=audit.actor(),
                at=times.now(),
            )
        )
        tags = {"tag": pair.relevant.name, "other_tag": pair.other.name}
        control_name = None if sample is None else sample.name
        vector_hash = {"vectors_sha256": vectors.sha256}
        audit.append(
            connection, "learning started", **told, **tags, **vector_hash, control=control_name
        )
        held = BitMap() if sample is None else BitMap(samples.documents(connection, sample))
        known = labels.judged(connection, pair, population)
        return Started(
            name=name,
            documents=len(population),
            population_sha256=told["population_sha256"],
            seed=seed,
            judged=len(known.documents - held),
            wordless=len(vectors.wordless()),
            unknown=learner.unknown,
            incomplete=incomplete,
            control_relevant=None if sample is None else len(known.relevant & held),
            control_open=len(held - known.documents),
            exclusive=labels.opposed(connection, pair),
        )


def _checked(name: str) -> str:
    try:
        return plain_name(name)
    except ValueError as error:
        raise LearningError(f"Learning cannot be called {name!r}: {error}") from error


def _refuse_taken(connection: sa.Connection, name: str) -> None:
    taken = alike(name, connection.execute(sa.select(_L.name)).scalars(), str)
    if taken is not None:
        raise LearningError(f"The learning {taken!r} is on record; take another name")


def _documents(case: Case, asked: Asked) -> tuple[str, BitMap, dict[str, int], Sample | None]:
    """The query, what it finds, what it could not cover, and the control sample if there is one."""
    if asked.control is not None:
        with case.read() as connection:
            sample = samples.find(connection, asked.control)
            population = samples.population(connection, sample)
        if len(sample.strata) > 1:
            raise LearningError(
                f"{sample.name!r} is stratified, and a control set needs to be a simple random "
                "sample: draw one without --stratify"
            )
        return sample.query, population, sample.incomplete, sample
    assert asked.scope is not None
    result = search(case, asked.scope)
    if not result.ids:
        raise LearningError(f"Nothing answers {asked.scope!r}: there is nothing to learn on")
    return asked.scope, result.ids, samples.incomplete(result), None


def _require_seeds(
    connection: sa.Connection, asked: Asked, pair: Calls, population: BitMap, sample: Sample | None
) -> None:
    """Seed documents must be judged relevant, in the set, and no secret of the control set."""
    seeds = asked.seed_documents
    known = labels.judged(connection, pair, population)
    held = BitMap() if sample is None else BitMap(samples.documents(connection, sample))
    for bad, why in (
        (seeds - population, "not among the documents to learn on"),
        (seeds & held, "of the control set, which learning must not see"),
        (seeds - known.relevant, f"not coded '{pair.relevant.name}': code the seed first"),
    ):
        if bad:
            raise LearningError(f"The seed document {control(bad[0])} is {why}")


def _settings(asked: Asked) -> dict[str, Any]:
    return {
        "method": "AutoTAR",
        "presumed": autotar.PRESUMED,
        "first_round": 1,
        "growth": "a tenth, rounded up",
        "regression": {
            "C": autotar.REGULARIZATION,
            "tolerance": autotar.TOLERANCE,
            "steps": autotar.STEPS,
        },
        "fields": list(ANY_FIELD),
        "knee_least": asked.knee_least,
        "target": asked.target,
        "confidence": asked.confidence,
    }
