"""How often the second level overturned the first: by reviewer and by tag, with exact intervals.

A document is overturned where the second level gives it other tags of the sample's groups than it
bore when it was drawn. Intervals are Clopper and Pearson's; they take the sample for one out of a
population without end, and so are rather too wide than too narrow.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pyroaring import BitMap

from records.case import Case
from review.decisions import borne, tags_of
from review.intervals import clopper_pearson
from review.panel import Panel, load
from review.qc import Drawn, Sample, documents, find


@dataclass(frozen=True, slots=True)
class Rate:
    """`overturned` of `judged` documents; `low` and `high` bound the share, None where none was."""

    key: str
    judged: int
    overturned: int
    low: float | None
    high: float | None

    @property
    def share(self) -> float | None:
        """The share that was overturned."""
        return self.overturned / self.judged if self.judged else None


@dataclass(frozen=True, slots=True)
class Change:
    """An overturned document: what it bore, by whom, and what it should bear, by whom."""

    document: int
    first: tuple[str, ...]
    by: tuple[str, ...]
    second: tuple[str, ...]
    judge: str
    at: str
    note: str


@dataclass(frozen=True, slots=True)
class Report:
    """How a sample came out.

    `taken_off` tells by tag how many of the judged documents that bore it should not, `put_on` how
    many of those that did not should. `since` documents were coded otherwise after they were drawn,
    which changes none of this.
    """

    sample: Sample
    drawn: int
    whole: Rate
    reviewers: tuple[Rate, ...]
    taken_off: tuple[Rate, ...]
    put_on: tuple[Rate, ...]
    changes: tuple[Change, ...]
    since: int


def report(case: Case, name: str, confidence: float = 0.95) -> Report:
    """Count the overturns of a sample; raises `ReviewError` where there is none of this name."""
    with case.read() as connection:
        sample = find(connection, name)
        panel = load(connection)
        drawn = documents(connection, sample)
        of_tag = tags_of(panel, sample.groups)
        now = borne(connection, of_tag, BitMap([each.document for each in drawn]))
    judged = [each for each in drawn if each.second is not None]
    overturned = {each.document for each in judged if _changed(each, of_tag)}

    def rate(key: str, of: Iterable[int], hits: Iterable[int]) -> Rate:
        size, found = len({*of}), len({*hits})
        if not size:
            return Rate(key, 0, 0, None, None)
        return Rate(key, size, found, *clopper_pearson(found, size, confidence))

    reviewers = sorted({who for each in judged for who in each.first_reviewers})
    by_reviewer = []
    for who in reviewers:
        mine = [each for each in judged if who in each.first_reviewers]
        wrong = [each.document for each in mine if _changed(each, _answered(each, who, of_tag))]
        by_reviewer.append(rate(who, [each.document for each in mine], wrong))
    taken, put = [], []
    for tag in of_tag:
        bore = {each.document for each in judged if tag in each.first_tags}
        should = {each.document for each in judged if each.second and tag in each.second.tags}
        taken.append(rate(panel.tags[tag].name, bore, bore - should))
        every = {each.document for each in judged}
        put.append(rate(panel.tags[tag].name, every - bore, should - bore))
    since = sum(
        {one.tag for one in now.get(each.document, ())} != each.first_tags for each in drawn
    )
    return Report(
        sample,
        len(drawn),
        rate("all", [each.document for each in judged], overturned),
        tuple(by_reviewer),
        tuple(taken),
        tuple(put),
        tuple(_change(panel, each) for each in judged if each.document in overturned),
        since,
    )


def _changed(each: Drawn, tags: Iterable[int]) -> bool:
    """Whether the second level decided otherwise on any of some tags."""
    return each.second is not None and bool((each.first_tags ^ each.second.tags) & {*tags})


def _answered(each: Drawn, who: str, of_tag: dict[int, int]) -> set[int]:
    """The tags that a reviewer answers for: those of the groups he chose in, and of those in which
    nobody chose anything.
    """
    chosen = {of_tag[put.tag]: put.actor for put in each.first if put.tag in of_tag}
    return {tag for tag, group in of_tag.items() if chosen.get(group, who) == who}


def _change(panel: Panel, each: Drawn) -> Change:
    assert each.second is not None
    return Change(
        each.document,
        _names(panel, each.first_tags),
        tuple(sorted(each.first_reviewers)),
        _names(panel, each.second.tags),
        each.second.actor,
        each.second.at,
        each.second.note,
    )


def _names(panel: Panel, tags: Iterable[int]) -> tuple[str, ...]:
    found: Sequence[int] = sorted(tags)
    return tuple(panel.tags[each].name for each in found)
