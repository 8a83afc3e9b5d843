"""Random samples of what a search finds: drawn once, on record with their population.

A sample, its documents and the audit entry are one transaction. Nothing of it changes afterwards:
how its documents are coded is asked when it is asked.
"""

import secrets
from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from pyroaring import BitMap

from index.dates import dated
from index.searching import Result, search
from records import audit, sets, tables, times
from records.case import Case
from records.errors import SampleError
from records.naming import alike, plain_name
from records.numbers import next_number, table_of
from review import sampling

_D, _S, _M = tables.documents.c, tables.samples.c, tables.sample_documents.c
WHOLE = "all"
"""The one stratum of a sample that is not stratified."""


class Stratify(StrEnum):
    """What the population can be parted by."""

    CUSTODIAN = "custodian"
    TYPE = "type"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Stratum:
    """A part of the population, and how many were drawn of it."""

    name: str
    documents: int
    drawn: int


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample as it was drawn.

    `population_sha256` is of the control numbers, a line each. `margin` is what the size was made
    for, None where a size was asked. `incomplete` counts documents that the search could not cover.
    """

    id: int
    name: str
    query: str
    population_count: int
    population_sha256: str
    seed: str
    size: int
    margin: float | None
    confidence: float
    stratify: str | None
    strata: tuple[Stratum, ...]
    incomplete: dict[str, int]
    actor: str
    at: str


def draw(
    case: Case,
    name: str,
    query: str,
    *,
    size: int | None = None,
    margin: float | None = None,
    confidence: float = 0.95,
    stratify: Stratify | None = None,
    seed: str | None = None,
) -> Sample:
    """Draw a sample of `size`, or of the size that `margin` needs, from what a query finds.

    A margin that needs more than there is takes everything. Without a seed one is made up. Raises
    `QueryError`, and `SampleError` for a bad or taken name, a size that cannot be drawn, or a
    population of nothing.
    """
    name, seed = _checked(name), checked_seed(seed)
    if (size is None) == (margin is None):
        raise SampleError("A sample needs a size or a margin, and not both")
    with case.read() as connection:
        _refuse_taken(connection, name)
    result = search(case, query)
    count = len(result.ids)
    if not count:
        raise SampleError(f"Nothing answers {query!r}: there is no population to draw from")
    wanted = min(sampling.size_for(margin, confidence), count) if margin is not None else size
    assert wanted is not None
    if not 0 < wanted <= count:
        raise SampleError(
            f"A sample of {wanted:,} cannot be drawn from {count:,} documents: ask for "
            "fewer, or give --margin, which takes no more than there are"
        )
    with case.write() as connection:
        _refuse_taken(connection, name)
        parts = _parted(connection, result.ids, stratify, case.settings.zone)
        shares = sampling.allocate({each: len(ids) for each, ids in parts.items()}, wanted)
        strata = tuple(Stratum(each, len(ids), shares[each]) for each, ids in parts.items())
        sample = Sample(
            id=next_number(connection, _S.id),
            name=name,
            query=query,
            population_count=count,
            population_sha256=sampling.population_sha256(result.ids),
            seed=seed,
            size=wanted,
            margin=margin,
            confidence=confidence,
            stratify=None if stratify is None else str(stratify),
            strata=strata,
            incomplete=incomplete(result),
            actor=audit.actor(),
            at=times.now(),
        )
        _write(connection, sample, result.ids, parts)
    return sample


def checked_seed(seed: str | None) -> str:
    """A seed as it is kept, one made up where none is given; raises `SampleError`."""
    if seed is None:
        return secrets.token_hex(8)
    try:
        return plain_name(seed)
    except ValueError as error:
        raise SampleError(f"The seed {seed!r} cannot be taken: {error}") from error


def incomplete(result: Result) -> dict[str, int]:
    """What a search could not cover, for the record; empty where it covered all."""
    counts = {
        "not indexed": result.missing,
        "not processed": result.unprocessed,
        "waiting for OCR": result.waiting_for_ocr,
        "with a text that was cut": result.cut,
    }
    return {name: count for name, count in counts.items() if count}


def _checked(name: str) -> str:
    try:
        return plain_name(name)
    except ValueError as error:
        raise SampleError(f"A sample cannot be called {name!r}: {error}") from error


def _refuse_taken(connection: sa.Connection, name: str) -> None:
    taken = alike(name, connection.execute(sa.select(_S.name)).scalars(), str)
    if taken is not None:
        raise SampleError(f"The sample {taken!r} is on record; take another name")


def _parted(
    connection: sa.Connection, ids: BitMap, stratify: Stratify | None, zone: ZoneInfo
) -> dict[str, BitMap]:
    """The strata by name, in the order of their names."""
    if stratify is None:
        return {WHOLE: ids}
    column = {
        Stratify.CUSTODIAN: tables.custodians.c.name,
        Stratify.TYPE: _D.type,
        Stratify.YEAR: dated(),
    }[stratify]
    given = table_of(connection, ids)
    query = (
        sa.select(_D.id, column)
        .join(tables.custodians, tables.custodians.c.id == _D.custodian_id)
        .where(_D.id.in_(sa.select(given.c.id)))
    )
    parts: defaultdict[str, BitMap] = defaultdict(BitMap)
    for document, value in connection.execute(query):
        parts[_stratum(stratify, value, zone)].add(document)
    return dict(sorted(parts.items()))


def _stratum(stratify: Stratify, value: str | None, zone: ZoneInfo) -> str:
    """The name of the stratum that a value belongs to; years are those of the case's zone."""
    if value and stratify is Stratify.YEAR:
        return f"{times.parse(value).astimezone(zone).year:04}"
    return value or "none"


def _write(
    connection: sa.Connection, sample: Sample, population: BitMap, parts: dict[str, BitMap]
) -> None:
    strata = [[each.name, each.documents, each.drawn] for each in sample.strata]
    told = {
        each: getattr(sample, each) for each in Sample.__slots__ if each not in ("id", "strata")
    }
    connection.execute(
        tables.samples.insert().values(
            **told, id=sample.id, strata=strata, population=sets.to_bytes(population)
        )
    )
    drawn = {
        document: each.name
        for each in sample.strata
        for document in sampling.first(sample.seed, parts[each.name], each.drawn)
    }
    ordered = sampling.first(sample.seed, drawn, len(drawn))
    rows = [
        {"sample_id": sample.id, "position": at, "document_id": each, "stratum": drawn[each]}
        for at, each in enumerate(ordered, 1)
    ]
    connection.execute(tables.sample_documents.insert(), rows)
    told = {name: value for name, value in told.items() if name not in ("actor", "at")}
    told["sample_sha256"] = sampling.population_sha256(BitMap(ordered))
    audit.append(connection, "sample drawn", **told, strata=strata)


def find(connection: sa.Connection, name: str) -> Sample:
    """The sample of this name, whatever its case; raises `SampleError` where there is none."""
    found = known(connection)
    if (sample := alike(name, found, lambda each: each.name)) is not None:
        return sample
    names = ", ".join(repr(each.name) for each in found) or "none yet"
    raise SampleError(f"There is no sample {name!r}; there are: {names}")


def known(connection: sa.Connection) -> list[Sample]:
    """All samples in the order they were drawn."""
    columns = [getattr(_S, each) for each in Sample.__slots__]
    rows = connection.execute(sa.select(*columns).order_by(_S.id)).mappings()
    return [_read(dict(row)) for row in rows]


def _read(row: dict[str, Any]) -> Sample:
    return Sample(**row | {"strata": tuple(Stratum(*each) for each in row["strata"])})


def documents(connection: sa.Connection, sample: Sample) -> dict[int, str]:
    """The documents of a sample in the order they were drawn, each with its stratum."""
    query = sa.select(_M.document_id, _M.stratum).where(_M.sample_id == sample.id)
    return {row[0]: row[1] for row in connection.execute(query.order_by(_M.position))}


def population(connection: sa.Connection, sample: Sample) -> BitMap:
    """The documents that a sample was drawn from."""
    query = sa.select(_S.population).where(_S.id == sample.id)
    return sets.from_bytes(connection.execute(query).scalar_one())
