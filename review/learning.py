"""Learning on record: what it is on, what was given out, and how it stands.

A learning is on a frozen set of documents. Documents are judged by the ordinary coding with two
tags; all that is asked of it is asked of the coding as it stands. Of a control set's documents the
coding is not looked at until the rounds come to them by themselves: they are neither trained on nor
left out of the ranking, so that what was met of them tells what was met of all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from pyroaring import BitMap

from records import sets, tables
from records.errors import LearningError
from records.naming import alike
from review import samples, stopping
from review.labels import Calls, Judged, judged
from review.panel import load
from review.stopping import Knee, Target

_L, _R, _G = tables.learnings.c, tables.learning_rounds.c, tables.learning_documents.c


@dataclass(frozen=True, slots=True)
class Learning:
    """A learning as it was started, and whether it was stopped.

    `settings` are those of the method and of stopping, `incomplete` counts documents that the
    search for its scope could not cover, `stop` is what the rules said when it was stopped.
    """

    id: int
    name: str
    tag_id: int
    other_tag_id: int
    scope: str
    population_count: int
    population_sha256: str
    incomplete: dict[str, int]
    control_id: int | None
    seed_query: str
    seed_documents: list[int]
    seed: str
    settings: dict[str, Any]
    state: str
    actor: str
    at: str
    stopped_by: str | None
    stopped_at: str | None
    stop: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Round:
    """A round: what it was trained on, and what came of it once all its documents were coded."""

    number: int
    size: int
    relevant: BitMap
    other: BitMap
    presumed: BitMap
    vectors_sha256: str
    model: dict[str, Any]
    tools: dict[str, str]
    actor: str
    at: str
    closed_by: str | None
    closed_at: str | None
    found: int | None
    stopping: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Rules:
    """What the rules of stopping say after the last round that is coded whole.

    `target` is None without a target or a control set, or while `control_open` documents of it are
    not coded.
    """

    rounds: int
    knee: Knee
    target: Target | None
    control_open: int


@dataclass(frozen=True, slots=True)
class State:
    """A learning with its documents. `given` holds each document's round, in the order of review;
    `judged` is the coding of all its documents as it stands."""

    learning: Learning
    calls: Calls
    population: BitMap
    control: BitMap
    given: Mapping[int, int]
    rounds: Sequence[Round]
    judged: Judged

    @property
    def hidden(self) -> BitMap:
        """Documents of the control set that no round has come to."""
        return self.control - BitMap(self.given)

    @property
    def relevant(self) -> BitMap:
        """Judged relevant, and known to the learning."""
        return self.judged.relevant - self.hidden

    @property
    def other(self) -> BitMap:
        """Judged not relevant, and known to the learning."""
        return self.judged.other - self.hidden

    @property
    def waiting(self) -> BitMap:
        """Documents that were given out and are not judged."""
        return BitMap(self.given) - self.judged.documents

    @property
    def candidates(self) -> BitMap:
        """Documents that a round may give out."""
        return self.population - self.relevant - self.other - BitMap(self.given)

    @property
    def null_set(self) -> BitMap:
        """Documents that are judged by nobody."""
        return self.population - self.judged.documents

    def rules(self) -> Rules:
        """What the rules say, by the rounds up to the first with a document not judged."""
        waiting = self.waiting
        last = min((self.given[each] for each in waiting), default=len(self.rounds) + 1) - 1
        reviewed = [each for each, number in self.given.items() if number <= last]
        settings = self.learning.settings
        gains = [each in self.judged.relevant for each in reviewed]
        found = stopping.knee(gains, settings["knee_least"])
        control_open = len(self.control - self.judged.documents)
        target = None
        if settings["target"] is not None and self.control and not control_open:
            relevant = self.judged.relevant & self.control
            met = len(relevant & BitMap(reviewed))
            wanted, confidence = settings["target"], settings["confidence"]
            target = stopping.target(met, len(relevant), wanted, confidence)
        return Rules(last, found, target, control_open)


def known(connection: sa.Connection) -> list[Learning]:
    """All learnings in the order they were started."""
    columns = [getattr(_L, each) for each in Learning.__slots__]
    rows = connection.execute(sa.select(*columns).order_by(_L.id)).mappings()
    return [Learning(**row) for row in rows]


def find(connection: sa.Connection, name: str) -> Learning:
    """The learning of this name, whatever its case; raises `LearningError` where there is none."""
    found = known(connection)
    if (learning := alike(name, found, lambda each: each.name)) is not None:
        return learning
    names = ", ".join(repr(each.name) for each in found) or "none yet"
    raise LearningError(f"There is no learning {name!r}; there are: {names}")


def state_of(connection: sa.Connection, name: str) -> State:
    """A learning with all that is on record of it; raises `LearningError` where there is none."""
    learning = find(connection, name)
    blob = connection.execute(sa.select(_L.population).where(_L.id == learning.id)).scalar_one()
    population = sets.from_bytes(blob)
    tags = load(connection).tags
    pair = Calls(tags[learning.tag_id], tags[learning.other_tag_id])
    control = BitMap()
    if learning.control_id is not None:
        (sample,) = (x for x in samples.known(connection) if x.id == learning.control_id)
        control = BitMap(samples.documents(connection, sample))
    query = sa.select(_G.document_id, _G.round).where(_G.learning_id == learning.id)
    given = connection.execute(query.order_by(_G.round, _G.position))
    return State(
        learning=learning,
        calls=pair,
        population=population,
        control=control,
        given={row[0]: row[1] for row in given},
        rounds=_rounds(connection, learning.id),
        judged=judged(connection, pair, population),
    )


def _rounds(connection: sa.Connection, learning: int) -> list[Round]:
    rest = [getattr(_R, name) for name in Round.__slots__ if name != "number"]
    query = sa.select(_R.round.label("number"), *rest).where(_R.learning_id == learning)
    found = []
    for row in connection.execute(query.order_by(_R.round)).mappings():
        blobs = {name: sets.from_bytes(row[name]) for name in ("relevant", "other", "presumed")}
        found.append(Round(**{**row, **blobs}))
    return found
