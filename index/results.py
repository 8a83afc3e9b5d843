"""What a search gives out: the documents in their order, what comes along, hits and facets."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pyroaring import BitMap

from index import along, facets
from index.along import Along
from index.catalog import SqlCatalog
from index.columns import TALLIED, lengths
from index.evaluate import Evaluator
from index.facets import Facet
from index.hits import Tally, tally
from index.searching import Result, open_segments
from index.sorting import Order, ordered
from index.tree import Node
from records.case import Case


@dataclass(frozen=True, slots=True)
class Wish:
    """How a result is wanted: its order, how many found documents, what comes along with them."""

    order: tuple[Order, ...] = (Order("id", False),)
    limit: int | None = None
    families: bool = False
    threads: bool = False
    hits: bool = False
    columns: tuple[str, ...] = ()
    facets: tuple[str, ...] = ()

    @property
    def tallied(self) -> bool:
        """Whether the hits of all documents are to be counted."""
        return (
            self.hits
            or any(each.key in TALLIED for each in self.order)
            or any(each in TALLIED for each in self.columns)
        )


@dataclass(frozen=True, slots=True)
class Found:
    """A result as it is wanted.

    `shown` are the documents to be shown in their order, with those along, `first` the number of
    found ones among them. `hits` is the sum over all that was found, None where none were counted.
    """

    result: Result
    along: Along
    shown: tuple[int, ...]
    first: int
    hits: int | None
    tallies: Mapping[int, Tally] = field(default_factory=dict)
    facets: tuple[Facet, ...] = ()

    @property
    def count(self) -> int:
        """How many documents were found."""
        return len(self.result.ids)

    @property
    def every(self) -> int:
        """How many documents there are with those along."""
        return self.count + len(self.along.threads) + len(self.along.families)


def prepared(case: Case, result: Result, wish: Wish) -> Found:
    """Put a result in order, bring along, count hits and facets."""
    tallies = tallies_of(case, result.tree, result.ids) if wish.tallied else {}
    with case.read() as connection:
        brought = along.brought(
            connection, result.ids, threads=wish.threads, families=wish.families
        )
        order = ordered(connection, result.ids, wish.order, tallies)[: wish.limit]
        first = len(order)
        if wish.threads or wish.families:
            order = along.placed(connection, order, brought)
        counted = tuple(
            facets.facet(connection, result.ids, name, case.settings.zone) for name in wish.facets
        )
    hits = sum(each.hits for each in tallies.values()) if wish.tallied else None
    return Found(result, brought, tuple(order), first, hits, tallies, counted)


def tallies_of(case: Case, tree: Node, ids: BitMap) -> dict[int, Tally]:
    """The hits of a query in some documents, and their weights."""
    with case.read() as connection:
        characters = lengths(connection)
    with open_segments(case.index_folder) as segments:
        return tally(Evaluator(segments, SqlCatalog(case)), segments, tree, ids, characters)
