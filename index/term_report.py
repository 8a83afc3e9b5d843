"""Search term reports: what each term of a list finds in a scope, alone and beside the others.

- *documents*: those of the scope that answer the term; *with families*: these and all reviewed
  members of their families, in the scope or not.
- *unique*: hit by no other term of the list; *unique with families*: these and their families.
- *alone with families*: what comes in by this term only, families included: what the review would
  lose without it.
- totals are of the union, never a sum.

All terms share one evaluator, so that what stands in several is looked up once.
"""

import importlib.metadata
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import sqlalchemy as sa
from pyroaring import BitMap

from index import facets
from index.catalog import SqlCatalog
from index.evaluate import Evaluator
from index.families import Families
from index.lexer import RefusedError
from index.searching import (
    gaps_of,
    language_of,
    open_segments,
    read,
    scope_of,
)
from index.term_lists import Listed, Problem, TermList, read_lists, signs
from index.tree import meaning, written
from records import audit, tables, times
from records.case import Case
from records.numbers import table_of
from records.options import Advance


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a report is wanted.

    `scope` is a query, empty for all that is in review; `by` are facets that each count is parted
    by. `broad` is the share of the scope above which a term is pointed out, `few` the share of
    unique documents among its own below which it is; both in percent.
    """

    scope: str = ""
    by: tuple[str, ...] = ()
    variants: bool = False
    broad: float = 15.0
    few: float = 5.0


@dataclass(frozen=True, slots=True)
class Counts:
    """Documents, the same with their families, and documents by each group of the report."""

    documents: int
    with_families: int
    groups: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Variant:
    """A word that a part of a term stands for, and the documents of the scope that hold it."""

    sign: str
    word: str
    documents: int


@dataclass(frozen=True, slots=True)
class Row:
    """One term; `counts` is None for one that could not be read, and `problem` says why."""

    term: Listed
    problem: Problem | None
    counts: Counts | None
    unique: int = 0
    unique_with_families: int = 0
    alone_with_families: int = 0
    remarks: tuple[str, ...] = ()
    variants: tuple[Variant, ...] = ()


@dataclass(frozen=True, slots=True)
class ListReport:
    """All terms of a list in its order, and what they find together."""

    list: TermList
    rows: tuple[Row, ...]
    total: Counts

    @property
    def unread(self) -> int:
        """How many terms could not be read or answered: the total is without them."""
        return sum(row.counts is None for row in self.rows)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two lists: what both find, what only one does, and the terms that say the same in both."""

    first: str
    second: str
    both: Counts
    only_first: Counts
    only_second: Counts
    same_terms: int
    terms_only_first: tuple[int, ...]
    terms_only_second: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class About:
    """What a report rests on. `missing`, `unprocessed` and `waiting_for_ocr` are of the whole case,
    `cut` (searched up to the limit of characters) and `without_text` of the scope.
    """

    case: str
    made_at: str
    made_by: str
    version: str
    scope: str
    documents: int
    with_families: int
    missing: int
    unprocessed: int
    waiting_for_ocr: int
    cut: int
    without_text: int
    stemming: bool


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report; `groups` are the headings of the counts by group: facet and value."""

    about: About
    wanted: Wanted
    groups: tuple[tuple[str, str], ...]
    lists: tuple[ListReport, ...]
    total: Counts
    comparisons: tuple[Comparison, ...]

    @property
    def unread(self) -> int:
        """How many terms of all lists could not be read."""
        return sum(each.unread for each in self.lists)


def report(case: Case, paths: Sequence[Path], wanted: Wanted, progress: Advance) -> Report:
    """Report on lists of terms; `progress` is told of each term that is done.

    Raises `QueryError` for a scope or a file that cannot be read, `IndexStateError` where there is
    no index. A term that cannot be read is a row with its problem.
    """
    language = language_of(case)
    lists = read_lists(paths, language)
    scope_tree = read(case, wanted.scope) if wanted.scope else None
    catalog = SqlCatalog(case)
    with open_segments(case.index_folder) as segments:
        evaluator = Evaluator(segments, catalog)
        scope = catalog.scope()
        if scope_tree is not None:
            scope = evaluator.evaluate(scope_tree, wanted.scope, scope_of(catalog, scope_tree))
        gaps = gaps_of(case, segments)
        with case.read() as connection:
            counter = _Counter(case, connection, scope, wanted)
        progress(0, more=sum(len(each.terms) for each in lists))
        reports = [_of_list(each, evaluator, counter, progress) for each in lists]
    info = case.info()
    about = About(
        f"{info.number}, {info.caption}",
        times.now(),
        audit.actor(),
        importlib.metadata.version("redwell"),
        wanted.scope,
        len(scope),
        len(counter.whole(scope)),
        gaps.missing,
        gaps.unprocessed,
        gaps.waiting_for_ocr,
        len(scope & gaps.cut),
        counter.without_text,
        language.stemming,
    )
    union = BitMap.union(BitMap(), *(each.union for each in reports))
    return Report(
        about,
        wanted,
        tuple(heading for heading, _ in counter.groups),
        tuple(each.report for each in reports),
        counter.counts(union),
        tuple(_compared(one, other, counter) for one, other in combinations(reports, 2)),
    )


class _Counter:
    """Counts sets of documents within a scope."""

    def __init__(
        self, case: Case, connection: sa.Connection, scope: BitMap, wanted: Wanted
    ) -> None:
        self.scope, self.wanted = scope, wanted
        self.whole = Families(connection).whole
        self.groups = [
            ((name, value or f"no {name}"), held)
            for name in wanted.by
            for value, held in facets.groups(connection, scope, name, case.settings.zone)
        ]
        given, d = table_of(connection, scope), tables.documents.c
        empty = sa.select(sa.func.count()).where(d.id.in_(sa.select(given.c.id)), d.text_chars == 0)
        self.without_text = int(connection.execute(empty).scalar_one())

    def counts(self, ids: BitMap) -> Counts:
        """Count a set of documents of the scope."""
        groups = (ids.intersection_cardinality(held) for _, held in self.groups)
        return Counts(len(ids), len(self.whole(ids)), tuple(groups))


@dataclass(frozen=True, slots=True)
class _Counted:
    """A list with what its terms find together, and the meanings of its terms by their numbers."""

    report: ListReport
    union: BitMap
    meanings: dict[int, Hashable]


def _of_list(
    found: TermList, evaluator: Evaluator, counter: _Counter, progress: Advance
) -> _Counted:
    sets: dict[int, BitMap] = {}
    problems: dict[int, Problem] = {}
    variants: dict[int, tuple[Variant, ...]] = {}
    for term in found.terms:
        if term.node is not None:
            try:
                sets[term.number] = evaluator.evaluate(term.node, found.text, counter.scope)
                if counter.wanted.variants:
                    variants[term.number] = _variants(term, evaluator, counter.scope)
            except RefusedError as error:
                problems[term.number] = Problem.of(error)
        progress(1)
    meanings = {each.number: meaning(each.node) for each in found.terms if each.node is not None}
    families = {number: counter.whole(ids) for number, ids in sets.items()}
    unique, alone = _once(sets.values()), _once(families.values())
    rows = []
    for term in found.terms:
        if term.number not in sets:
            rows.append(Row(term, term.problem or problems[term.number], None))
            continue
        ids = sets[term.number]
        own = ids & unique
        row = Row(
            term,
            None,
            counter.counts(ids),
            len(own),
            len(counter.whole(own)),
            len(families[term.number] & alone),
            variants=variants.get(term.number, ()),
        )
        rows.append(_remarked(row, counter, meanings))
    union = BitMap.union(BitMap(), *sets.values())
    return _Counted(ListReport(found, tuple(rows), counter.counts(union)), union, meanings)


def _once(sets: Iterable[BitMap]) -> BitMap:
    """What stands in exactly one of the sets."""
    any_of, more = BitMap(), BitMap()
    for each in sets:
        more |= any_of & each
        any_of |= each
    return any_of - more


def _remarked(row: Row, counter: _Counter, meanings: dict[int, Hashable]) -> Row:
    """The row with what is to be pointed out."""
    assert row.counts is not None
    documents, wanted = row.counts.documents, counter.wanted
    remarks = []
    if not documents:
        remarks.append("no document")
    else:
        if (share := percent(documents, len(counter.scope))) > wanted.broad:
            remarks.append(f"broad: {share:.1f} % of the scope")
        if (share := percent(row.unique, documents)) < wanted.few:
            remarks.append(f"few unique: {share:.1f} % of its documents")
    if row.term.last_line > row.term.line:
        remarks.append(f"lines {row.term.line} to {row.term.last_line} are one term")
    same = [
        number
        for number, said in meanings.items()
        if number != row.term.number and said == meanings[row.term.number]
    ]
    if same:
        remarks.append(f"says the same as term {', '.join(map(str, same))}")
    return replace(row, remarks=tuple(remarks))


def percent(part: int, whole: int) -> float:
    """A share in percent; 0 of nothing."""
    return 100 * part / whole if whole else 0.0


def _variants(term: Listed, evaluator: Evaluator, scope: BitMap) -> tuple[Variant, ...]:
    """The words of each sign of a term, the most frequent first."""
    assert term.node is not None
    found: list[Variant] = []
    distinct = {(field, written(leaf)): leaf for field, leaf in signs(term.node)}
    for (field, said), leaf in distinct.items():
        sign = f"{field}:{said}" if field else said
        words = evaluator.variants(leaf, field, scope).items()
        by_count = sorted(((len(ids), word) for word, ids in words), key=lambda e: (-e[0], e[1]))
        found += (Variant(sign, word, count) for count, word in by_count)
    return tuple(found)


def _compared(one: _Counted, other: _Counted, counter: _Counter) -> Comparison:
    first, second = Counter(one.meanings.values()), Counter(other.meanings.values())
    return Comparison(
        one.report.list.name,
        other.report.list.name,
        counter.counts(one.union & other.union),
        counter.counts(one.union - other.union),
        counter.counts(other.union - one.union),
        len(first.keys() & second.keys()),
        tuple(number for number, said in one.meanings.items() if said not in second),
        tuple(number for number, said in other.meanings.items() if said not in first),
    )
