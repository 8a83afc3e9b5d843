"""What the coding of a random sample says of its population, with exact intervals.

- Every sample: the share of relevant documents. Of a null set it is the *elusion*, and with what
  was found elsewhere it gives recall = found / (found + elusion × null set), whose bounds are those
  of the elusion put into it.
- A control set, drawn before the search that it is to judge: *recall* is the share of its
  relevant documents that the search retrieves, *precision* the share of those retrieved that are
  relevant.

Intervals are those of Clopper and Pearson; drawing without replacement makes them wide, not narrow.
A sample of the whole population is no sample: its shares are certain. Of a stratified sample each
stratum is a simple one. For its whole share, the strata being drawn in proportion, the interval of
the pooled count holds too (Hoeffding, *Annals of Mathematical Statistics* 27, 1956); it is widened
by all that rounding the numbers drawn can have moved it. A share of a part of a stratified sample
has no such interval, so recall and precision need a simple one.

Documents that bear neither tag, or both, are never counted as not relevant: nothing is estimated.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from fractions import Fraction

import sqlalchemy as sa
from pyroaring import BitMap

from records import audit
from records.case import Case
from records.control import control
from records.errors import SampleError
from records.roles import UserRole
from review import samples
from review.intervals import clopper_pearson
from review.labels import Calls, Judged, calls, judged
from review.samples import Sample

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `size`: their share (None of nothing) and its exact interval."""

    hits: int
    size: int
    value: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Recall:
    """Recall by elusion: `found` relevant documents and those that the null set is estimated to
    hold (`missed`); no value where neither are any."""

    found: int
    null_set: int
    missed: float
    missed_low: float
    missed_high: float
    value: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a sample says. `strata` hold each stratum's own share, where there are several.

    `recall_by_elusion` stands where what was found elsewhere is known, `recall` and `precision`
    where a search is judged by a control set.
    """

    sample: str
    relevant_tag: str
    other_tag: str
    confidence: float
    population: int
    share: Share
    strata: dict[str, Share]
    recall_by_elusion: Recall | None
    recall: Share | None
    precision: Share | None


def share(hits: int, size: int, confidence: float, *, certain: bool = False) -> Share:
    """A share with its interval; `certain` where nothing was left to chance."""
    if certain and size:
        return Share(hits, size, hits / size, hits / size, hits / size)
    low, high = clopper_pearson(hits, size, confidence)
    return Share(hits, size, hits / size if size else None, low, high)


def recall_by_elusion(found: int, null_set: int, elusion: Share) -> Recall:
    """Recall of what was found, by the share of relevant documents in the null set."""
    least, missed, most = (
        (each or 0.0) * null_set for each in (elusion.low, elusion.value, elusion.high)
    )
    value = found / (found + missed) if found + missed else None
    low = found / (found + most) if found + most else 0.0
    high = found / (found + least) if found + least else 1.0
    return Recall(found, null_set, missed, least, most, value, low, high)


def whole_share(sample: Sample, hits: dict[str, int], confidence: float) -> Share:
    """The share of a whole sample, from the relevant documents drawn of each stratum."""
    total = sum(hits.values())
    pooled = share(total, sample.size, confidence, certain=sample.size == sample.population_count)
    if len(sample.strata) == 1:
        return pooled
    moved = sum(
        abs(Fraction(each.documents, sample.population_count) - Fraction(each.drawn, sample.size))
        for each in sample.strata
    )
    low, high = pooled.low - float(moved) / 2, pooled.high + float(moved) / 2
    return replace(pooled, low=max(0.0, low), high=min(1.0, high))


def sample_share(
    sample: Sample, strata: Mapping[int, str], known: Judged, pair: Calls, confidence: float
) -> Share:
    """The share of relevant documents in a sample; raises `SampleError` unless all are coded."""
    return whole_share(sample, _hits(sample, strata, known, pair), confidence)


def _hits(sample: Sample, strata: Mapping[int, str], known: Judged, pair: Calls) -> dict[str, int]:
    """The relevant documents of each stratum."""
    drawn = BitMap(strata)
    _require_judged(sample, drawn, known, pair)
    hits = {each.name: 0 for each in sample.strata}
    for document in known.relevant & drawn:
        hits[strata[document]] += 1
    return hits


def _require_judged(sample: Sample, drawn: BitMap, known: Judged, pair: Calls) -> None:
    """Raise unless each document of a sample bears one of two tags."""
    left = drawn - known.documents
    if not left:
        return
    both = f" ({len(known.both & drawn)} bear both)" if known.both & drawn else ""
    shown = ", ".join(control(each) for each in list(left)[:_SHOWN])
    more = f" and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
    raise SampleError(
        f"{len(left)} of the {sample.size} documents of {sample.name!r} do not bear one of "
        f"'{pair.relevant.name}' and '{pair.other.name}'{both}: {shown}{more}. Nothing is "
        "estimated until they are coded, for none may be taken for not relevant"
    )


def estimate(
    case: Case,
    name: str,
    relevant: str,
    other: str,
    *,
    confidence: float | None = None,
    found: BitMap | None = None,
    retrieved: BitMap | None = None,
    told: dict[str, str] | None = None,
) -> Estimate:
    """Estimate from a sample by its coding, and put it on record that this was done.

    `found` are documents in which the relevant ones outside of the population were looked for,
    `retrieved` what a search finds that the sample is to judge; `told` says which searches these
    were, for the record. Raises `SampleError` where documents of the sample are not coded, or the
    sample cannot say what is asked; `TagError`, `RoleError`.
    """
    with case.write(UserRole.REVIEWER) as connection:
        sample = samples.find(connection, name)
        pair = calls(connection, relevant, other)
        done = _estimated(connection, sample, pair, confidence, found, retrieved)
        audit.append(connection, "sample estimated", **to_json(done), **(told or {}))
    return done


def _estimated(
    connection: sa.Connection,
    sample: Sample,
    pair: Calls,
    confidence: float | None,
    found: BitMap | None,
    retrieved: BitMap | None,
) -> Estimate:
    confidence = sample.confidence if confidence is None else confidence
    strata = samples.documents(connection, sample)
    drawn = BitMap(strata)
    known = judged(connection, pair, drawn)
    hits = _hits(sample, strata, known, pair)
    whole = whole_share(sample, hits, confidence)
    by_elusion = None
    if found is not None:
        outside = found - samples.population(connection, sample)
        count = len(judged(connection, pair, outside).relevant)
        by_elusion = recall_by_elusion(count, sample.population_count, whole)
    recall = precision = None
    if retrieved is not None:
        if len(sample.strata) > 1:
            raise SampleError(
                f"{sample.name!r} is stratified, and recall and precision by a control set need "
                "a simple random sample: draw one without --stratify"
            )
        both = len(known.relevant & retrieved)
        certain = sample.size == sample.population_count
        recall = share(both, len(known.relevant), confidence, certain=certain)
        precision = share(both, len(drawn & retrieved), confidence, certain=certain)
    return Estimate(
        sample=sample.name,
        relevant_tag=pair.relevant.name,
        other_tag=pair.other.name,
        confidence=confidence,
        population=sample.population_count,
        share=whole,
        strata=_by_stratum(sample, hits, confidence),
        recall_by_elusion=by_elusion,
        recall=recall,
        precision=precision,
    )


def _by_stratum(sample: Sample, hits: dict[str, int], confidence: float) -> dict[str, Share]:
    if len(sample.strata) == 1:
        return {}
    return {
        each.name: share(
            hits[each.name], each.drawn, confidence, certain=each.drawn == each.documents
        )
        for each in sample.strata
    }


def to_json(done: Estimate) -> dict[str, object]:
    """An estimate as JSON has it; what was not asked is left out."""
    return {name: value for name, value in asdict(done).items() if value not in (None, {})}
