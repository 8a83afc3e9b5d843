"""How review goes: documents coded and left, by reviewer, batch or day, how fast, how long still.

A document is coded when it bears a tag of each group of its set. The decision is that of whoever
put on the last of these tags that stands, at that moment. The time that coding took is measured by
the decisions: the gaps between what one person does, from taking a batch on, as long as none is
longer than `BREAK`; longer ones are breaks and count for nothing. So a rate says how fast decisions
came while somebody was at work, and nothing of the hours in the office.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from pyroaring import BitMap

from records import tables, times
from records.case import Case
from review.batches import OUT, Batch, BatchSet, batches, find_set, sets
from review.decisions import Put, borne, lacking, tags_of
from review.panel import load
from review.targets import in_review

BREAK = dt.timedelta(minutes=15)
_M = tables.batch_documents.c
UNKNOWN = "(unknown)"


class By(StrEnum):
    """What progress is told by."""

    REVIEWER = "reviewer"
    BATCH = "batch"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Line:
    """A reviewer, a batch or a day: documents coded, those still to be, and hours at work.

    `per_hour` is None where no time was seen; `hours_left` tells how long the rest takes at the
    rate of this line, else of the whole set.
    """

    key: str
    state: str
    coded: int
    left: int
    hours: float
    per_hour: float | None
    hours_left: float | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How a set stands: `documents` = coded + left + those out of review since (`gone`)."""

    set: str
    documents: int
    gone: int
    total: Line
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class _Decided:
    """A document that is coded: in which batch, by whom, when."""

    document: int
    batch: int
    actor: str
    at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class _Set:
    which: BatchSet
    batches: tuple[Batch, ...]
    members: Mapping[int, int]  # documents with their batches
    decided: tuple[_Decided, ...]
    left: BitMap
    gone: BitMap


def progress(case: Case, name: str | None, by: By) -> list[Progress]:
    """How a set of batches stands, or each of them; raises `ReviewError` for one not there."""
    with case.read() as connection:
        chosen = sets(connection) if name is None else [find_set(connection, name)]
        read = [_read(connection, each) for each in chosen]
    return [_progress(each, by, case.settings.zone) for each in read]


def _read(connection: sa.Connection, which: BatchSet) -> _Set:
    of_tag = tags_of(load(connection), which.groups)
    query = sa.select(_M.document_id, _M.batch_id).where(_M.set_id == which.id)
    members = {row[0]: row[1] for row in connection.execute(query)}
    every = BitMap(members)
    puts = borne(connection, of_tag, every)
    coded = {
        document: found
        for document, found in puts.items()
        if not lacking(which.groups, of_tag, found)
    }
    decided = [_decided(each, members[each], found) for each, found in coded.items()]
    left = every - BitMap(coded)
    there = in_review(connection)
    return _Set(
        which,
        tuple(batches(connection, which)),
        members,
        tuple(decided),
        left & there,
        left - there,
    )


def _decided(document: int, batch: int, puts: Sequence[Put]) -> _Decided:
    last = max(puts, key=lambda each: (each.at or "", each.act or 0))
    at = None if last.at is None else times.parse(last.at)
    return _Decided(document, batch, last.actor or UNKNOWN, at)


def _progress(found: _Set, by: By, zone: ZoneInfo) -> Progress:
    begun = [
        (each.reviewer, times.parse(each.out_at))
        for each in found.batches
        if each.reviewer is not None and each.out_at is not None
    ]
    total = _line("all", "", found.decided, len(found.left), begun, None)
    return Progress(
        set=found.which.name,
        documents=len(found.members),
        gone=len(found.gone),
        total=total,
        lines=tuple(_LINES[by](found, begun, total.per_hour, zone)),
    )


type _Begun = Sequence[tuple[str, dt.datetime]]


def _line(
    key: str,
    state: str,
    decided: Sequence[_Decided],
    left: int,
    begun: _Begun,
    usual: float | None,
) -> Line:
    hours = _hours(decided, begun)
    timed = sum(each.at is not None for each in decided)
    rate = timed / hours if hours else None
    pace = rate or usual
    return Line(key, state, len(decided), left, hours, rate, left / pace if pace else None)


def _hours(decided: Iterable[_Decided], begun: _Begun) -> float:
    """The time between what each person did, without breaks."""
    moments: dict[str, set[dt.datetime]] = {}
    for each in decided:
        if each.at is not None:
            moments.setdefault(each.actor, set()).add(each.at)
    for actor, at in begun:
        if actor in moments:
            moments[actor].add(at)
    spent = dt.timedelta()
    for every in moments.values():
        gaps = (later - sooner for sooner, later in pairwise(sorted(every)))
        spent += sum((gap for gap in gaps if gap <= BREAK), dt.timedelta())
    return spent / dt.timedelta(hours=1)


def _by_reviewer(
    found: _Set, begun: _Begun, usual: float | None, _zone: ZoneInfo
) -> Iterable[Line]:
    """Everybody who decided or has a batch; what is left is that of the batches he has."""
    has = {each.id: each.reviewer or "" for each in found.batches if each.state == OUT}
    decided = _grouped(found.decided, lambda each: each.actor)
    left = Counter(has[batch] for each in found.left if (batch := found.members[each]) in has)
    for who in sorted({*decided, *has.values()}):
        numbers = [str(each.number) for each in found.batches if has.get(each.id) == who]
        state = f"has {', '.join(numbers)}" if numbers else ""
        own = [each for each in begun if each[0] == who]
        yield _line(who, state, decided.get(who, []), left[who], own, usual)


def _by_batch(found: _Set, begun: _Begun, usual: float | None, _zone: ZoneInfo) -> Iterable[Line]:
    decided = _grouped(found.decided, lambda each: each.batch)
    left = Counter(found.members[each] for each in found.left)
    for batch in found.batches:
        started = []
        if batch.reviewer is not None and batch.out_at is not None:
            started = [(batch.reviewer, times.parse(batch.out_at))]
        state = f"{batch.state}, {batch.reviewer}" if batch.reviewer else batch.state
        mine = decided.get(batch.id, [])
        yield _line(str(batch.number), state, mine, left[batch.id], started, usual)


def _grouped[K](
    decided: Iterable[_Decided], key: Callable[[_Decided], K]
) -> dict[K, list[_Decided]]:
    found: dict[K, list[_Decided]] = {}
    for each in decided:
        found.setdefault(key(each), []).append(each)
    return found


def _by_day(found: _Set, begun: _Begun, usual: float | None, zone: ZoneInfo) -> Iterable[Line]:
    """Days on which decisions were made that stand; `left` is what was left when each ended."""
    days = _grouped(
        found.decided,
        lambda each: UNKNOWN if each.at is None else str(each.at.astimezone(zone).date()),
    )
    left = len(found.left) + len(found.decided)
    for day in sorted(days):
        left -= len(days[day])
        same = [each for each in begun if str(each[1].astimezone(zone).date()) == day]
        yield _line(day, "", days[day], left, same, usual)


_LINES = {By.REVIEWER: _by_reviewer, By.BATCH: _by_batch, By.DAY: _by_day}
