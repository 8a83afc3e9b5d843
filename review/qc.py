"""Second-level review: a random sample of what was coded, looked at again by somebody else.

Who drew it, from what, by which seed, and how each document was coded at that moment is stored with
the sample; what first-level reviewers change later changes nothing in it. What the second level
decides is recorded beside it and changes no coding: `review.overturns` counts it, `review.qc_apply`
writes it.
"""

import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from pyroaring import BitMap

from records import audit, sets, tables, times
from records.case import Case
from records.control import control
from records.errors import ReviewError, RoleError
from records.naming import alike, name_key, plain_name
from records.numbers import next_number
from records.roles import UserRole
from review import sampling
from review.batches import RETURNED, batches, find_set, members
from review.decisions import Put, borne, groups_named, tags_of
from review.panel import Panel, Tag, load, named
from review.targets import in_review

_Q, _W, _J = tables.qc_samples.c, tables.qc_documents.c, tables.qc_decisions.c
_SEEDS = 2**31


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample as it is on record. `uncoded` documents of the source could not be drawn."""

    id: int
    name: str
    source: dict[str, Any]
    groups: tuple[int, ...]
    seed: int
    population: BitMap
    uncoded: int
    created_at: str
    created_by: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What the second level decided on a document: all tags of the groups that it should bear."""

    tags: frozenset[int]
    note: str
    actor: str
    at: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A document of a sample: its first-level coding when it was drawn, and the second decision."""

    document: int
    first: tuple[Put, ...]
    second: Judged | None

    @property
    def first_tags(self) -> frozenset[int]:
        """The tags that it bore."""
        return frozenset(each.tag for each in self.first)

    @property
    def first_reviewers(self) -> frozenset[str]:
        """Whose coding it was."""
        return frozenset(each.actor for each in self.first if each.actor is not None)


@dataclass(frozen=True, slots=True)
class Source:
    """What a sample is drawn from: the documents of a search, or of the returned batches of a set.

    `told` goes on record.
    """

    ids: BitMap
    told: dict[str, Any]


def returned(case: Case, name: str) -> tuple[Source, int]:
    """The returned batches of a set; and how many others it has. Raises `ReviewError`."""
    with case.read() as connection:
        which = find_set(connection, name)
        known = batches(connection, which)
        done = [each for each in known if each.state == RETURNED]
        ids = BitMap.union(BitMap(), *(BitMap(members(connection, each)) for each in done))
    told = {"set": which.name, "batches": [each.number for each in done]}
    return Source(ids, told), len(known) - len(done)


def query_of(case: Case, sample: Sample) -> str | None:
    """The search that a sample was drawn by, or that the batches it was drawn from were cut by."""
    if (query := sample.source.get("query")) is not None:
        return str(query)
    if (name := sample.source.get("set")) is None:
        return None
    with case.read() as connection:
        return find_set(connection, name).query


def draw(
    case: Case,
    name: str,
    source: Source,
    *,
    size: int | None = None,
    percent: float | None = None,
    seed: int | None = None,
    groups: Sequence[str] = (),
) -> Sample:
    """Draw a sample of what is coded: so many documents, or a share of them rounded up.

    A document is coded that bears a tag of any of the groups. Drawn are the first in the order of
    `sampling`. Raises `ReviewError` where nothing is coded or the name is taken, `TagError` for a
    group that is not there.
    """
    seed = secrets.randbelow(_SEEDS) if seed is None else seed
    with case.write() as connection:
        stored = _name(connection, name)
        panel = load(connection)
        chosen = tuple(each.id for each in groups_named(panel, groups))
        here = source.ids & in_review(connection)
        puts = borne(connection, tags_of(panel, chosen), here)
        population = BitMap(puts)
        wanted = size if percent is None else math.ceil(len(population) * percent / 100)
        if not population:
            raise ReviewError(
                f"Nothing to draw from: none of {len(here)} documents bears a tag of "
                f"{', '.join(panel.groups[each].name for each in chosen)}"
            )
        drawn = sampling.first(str(seed), population, wanted or 0)
        found = Sample(
            *(next_number(connection, _Q.id), stored, source.told, chosen, seed, population),
            *(len(here) - len(population), times.now(), audit.actor()),
        )
        _write(connection, found, drawn, puts)
    return found


def _name(connection: sa.Connection, name: str) -> str:
    try:
        stored = plain_name(name)
    except ValueError as error:
        raise ReviewError(f"A sample cannot be called {name!r}: {error}") from error
    taken = alike(stored, connection.execute(sa.select(_Q.name)).scalars(), str)
    if taken is not None:
        raise ReviewError(f"The sample '{taken}' is there already; take another name")
    return stored


def _write(
    connection: sa.Connection, found: Sample, drawn: Sequence[int], puts: dict[int, list[Put]]
) -> None:
    connection.execute(
        tables.qc_samples.insert().values(
            id=found.id,
            name=found.name,
            source=found.source,
            groups=list(found.groups),
            seed=found.seed,
            population=sets.to_bytes(found.population),
            uncoded=found.uncoded,
            created_at=found.created_at,
            created_by=found.created_by,
        )
    )
    rows = [
        {
            "sample_id": found.id,
            "document_id": document,
            "position": place,
            "first": [[each.tag, each.actor, each.at, each.act] for each in puts[document]],
        }
        for place, document in enumerate(drawn)
    ]
    connection.execute(tables.qc_documents.insert(), rows)
    audit.append(
        connection,
        "sample drawn",
        sample=found.name,
        source=found.source,
        seed=found.seed,
        population=len(found.population),
        population_sha256=sampling.population_sha256(found.population),
        uncoded=found.uncoded,
        documents=[control(each) for each in drawn],
    )


def samples(connection: sa.Connection) -> list[Sample]:
    """All samples in the order they were drawn."""
    rows = connection.execute(sa.select(tables.qc_samples).order_by(_Q.id))
    return [
        Sample(
            *(row.id, row.name, row.source, tuple(row.groups), row.seed),
            *(sets.from_bytes(row.population), row.uncoded, row.created_at, row.created_by),
        )
        for row in rows
    ]


def find(connection: sa.Connection, name: str) -> Sample:
    """The sample of this name, whatever its case; raises `ReviewError` where there is none."""
    known = samples(connection)
    if (found := alike(name, known, lambda each: each.name)) is not None:
        return found
    listed = ", ".join(f"'{each.name}'" for each in known) or "none yet"
    raise ReviewError(
        f"There is no sample {name!r}; there are: {listed}. 'redwell qc draw' draws one"
    )


def documents(connection: sa.Connection, sample: Sample) -> list[Drawn]:
    """The documents of a sample in the order they were drawn; the last decision of each counts."""
    query = sa.select(tables.qc_decisions).where(_J.sample_id == sample.id).order_by(_J.id)
    last = {
        row.document_id: Judged(frozenset(row.tags), row.note, row.actor, row.at)
        for row in connection.execute(query)
    }
    query = sa.select(tables.qc_documents).where(_W.sample_id == sample.id).order_by(_W.position)
    return [
        Drawn(
            row.document_id,
            tuple(Put(*each) for each in row.first),
            last.get(row.document_id),
        )
        for row in connection.execute(query)
    ]


def is_own(drawn: Drawn, who: str) -> bool:
    """Whether somebody coded a document at the first level, and so cannot judge it."""
    return name_key(who) in {name_key(each) for each in drawn.first_reviewers}


def judge(
    case: Case,
    name: str,
    ids: Sequence[int],
    tags: Sequence[str],
    *,
    agree: bool = False,
    note: str = "",
) -> int:
    """Record what the second level decides on documents of a sample; how many are judged now.

    `tags` are all that they should bear of the sample's groups; with `agree` what each bore when it
    was drawn. A later decision on a document stands in the place of the earlier one, which is kept.
    Raises `ReviewError`, `TagError` for tags that cannot stand together, `RoleError` for who coded
    one of them at the first level.
    """
    with case.write(UserRole.REVIEWER) as connection:
        sample = find(connection, name)
        panel = load(connection)
        every = {each.document: each for each in documents(connection, sample)}
        chosen = named(panel, tags)
        if not agree:
            _check(panel, sample, chosen)
        decided = frozenset(each.id for each in chosen)
        number = next_number(connection, _J.id)
        for place, each in enumerate(dict.fromkeys(ids)):
            drawn = _to_judge(sample, every, each)
            connection.execute(
                tables.qc_decisions.insert().values(
                    id=number + place,
                    sample_id=sample.id,
                    document_id=each,
                    tags=sorted(drawn.first_tags if agree else decided),
                    note=" ".join(note.split()),
                    actor=audit.actor(),
                    at=times.now(),
                )
            )
        audit.append(
            connection,
            "sample judged",
            sample=sample.name,
            documents=[control(each) for each in dict.fromkeys(ids)],
            tags="as the first level" if agree else [each.name for each in chosen],
            note=note,
        )
        return sum(each.second is not None for each in documents(connection, sample))


def _to_judge(sample: Sample, every: dict[int, Drawn], document: int) -> Drawn:
    if document not in every:
        raise ReviewError(f"{control(document)} was not drawn for '{sample.name}'")
    drawn = every[document]
    if is_own(drawn, audit.actor()):
        raise RoleError(
            f"{audit.actor()} coded {control(document)} at the first level, and somebody else must "
            "judge it. If you are somebody else, say so with --user or REDWELL_USER"
        )
    return drawn


def _check(panel: Panel, sample: Sample, chosen: Sequence[Tag]) -> None:
    """Raise unless the tags are a decision on the sample's groups that the rules allow."""
    names = ", ".join(f"'{panel.groups[each].name}'" for each in sample.groups)
    for tag in chosen:
        if tag.group not in sample.groups:
            raise ReviewError(f"'{tag.name}' is of no group of '{sample.name}', which has {names}")
        for other, rule in panel.opposed(tag.id).items():
            if panel.tags[other] in chosen:
                raise ReviewError(
                    f"'{tag.name}' and '{panel.tags[other].name}' cannot stand together: {rule}"
                )
    for number in sample.groups:
        group = panel.groups[number]
        if group.required and not any(each.group == number for each in chosen):
            choices = ", ".join(f"'{each.name}'" for each in panel.members(number))
            raise ReviewError(f"'{group.name}' requires a choice of {choices}")
