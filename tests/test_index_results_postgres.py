"""Results, facets, saved searches and term reports on PostgreSQL as on SQLite."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import postgres
from index import facets
from index.columns import COLUMNS, Shown, documents
from index.results import Wish, prepared
from index.searching import search
from index.sorting import KEYS, read_order
from index.term_report import Report, Wanted, report
from records import case as cases
from records.case import Case
from review import panel, saved, tags
from tests.index_cases import INFO, add, case_with, index_here
from tests.postgres_here import DICTIONARY, needs_postgres, server
from tests.test_index_results import CUSTODIANS, DOCS

__all__ = ["server"]
pytestmark = [needs_postgres, pytest.mark.heavy]


@pytest.fixture
def both(server: postgres.Server, tmp_path: Path) -> Iterator[tuple[Case, Case]]:
    """The same case in either database."""
    address = server.database(*DICTIONARY)
    cases.create(tmp_path / "p", INFO, [], CUSTODIANS, database=address)
    with case_with(tmp_path / "s", DOCS, CUSTODIANS) as plain, cases.opened(tmp_path / "p") as own:
        add(own, DOCS)
        for case in (plain, own):
            index_here(case)
            panel.define(case, "Hot")
            tags.change(case, "add", "Hot", [1, 5], {})
            saved.save(case, "Gas", "gas OR price")
            saved.change(case, "gas", "gas OR price OR nothing")
        yield plain, own


def _no_progress(steps: int, note: str = "", *, more: int = 0) -> None:
    """Nobody watches."""


def test_they_say_the_same(both: tuple[Case, Case], tmp_path: Path) -> None:
    for key in KEYS:
        wish = Wish(read_order(f"-{key},date"), families=True, threads=True, hits=True)
        found = [prepared(case, search(case, "saved:gas"), wish) for case in both]
        assert found[0].shown == found[1].shown, key
        assert found[0].tallies == found[1].tallies
    told = []
    for case in both:
        ids = search(case, "docid:>=1").ids
        with case.read() as connection:
            shown = Shown(case.settings.zone)
            rows = documents(connection, list(ids), tuple(COLUMNS), shown)
            values = [each.values for each in rows]
            counted = [facets.facet(connection, ids, n, case.settings.zone) for n in facets.NAMES]
        told.append((values, counted))
    assert told[0] == told[1]
    path = tmp_path / "terms.txt"
    path.write_text("gas\nsaved:gas\nga? w/3 price\n", encoding="utf-8")
    wanted = Wanted("saved:gas", tuple(facets.NAMES), variants=True)
    reports = [report(case, [path], wanted, _no_progress) for case in both]
    assert _counts(reports[0]) == _counts(reports[1])
    saved.delete(both[1], "Gas")
    assert [each.act for each in saved.history(both[1], "gas")] == ["saved", "changed", "deleted"]


def _counts(found: Report) -> object:
    rows = [(row.counts, row.unique, row.variants) for each in found.lists for row in each.rows]
    return rows, found.groups, found.total
