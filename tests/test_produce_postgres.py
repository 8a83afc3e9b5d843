"""Selection, levels, estimate, run and cross-reference on PostgreSQL: the same as on SQLite."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from bench import postgres
from produce.crossref import references
from produce.history import history
from produce.plan import plan
from produce.reader import read_dat
from produce.record import items, productions
from produce.replacement import Wish, plan_replacement
from produce.run import run
from produce.spec_commands import for_case
from records.case import Case
from records.codes import Disposition
from review.panel import Kind, add_group, change_tag
from tests.postgres_here import DICTIONARY, needs_postgres, server
from tests.produce_matter import add, mail_family, matter, tag, workshop

__all__ = ["server"]
pytestmark = [needs_postgres, pytest.mark.heavy]


def _fill(case: Case) -> None:
    mail_family(case, 1)
    add(case, 4, text="one\ftwo")
    add(case, 5, disposition=Disposition.DUPLICATE, duplicate_of=4, custodian=2)
    add_group(case, "Levels", Kind.CONFIDENTIALITY)
    add_group(case, "Call", required=True)
    for name, ids, group in (
        ("Secret", [4], "Levels"),
        ("Responsive", [1, 4], "Call"),
        ("Withhold", [2], None),
    ):
        tag(case, name, ids)
        if group:
            change_tag(case, name, group=group)


def _made(case: Case) -> tuple[Any, ...]:
    """Everything that a plan, an estimate, a run and a cross-reference tell."""
    _fill(case)
    given = {
        "group": "Call",
        "date_from": dt.date(2024, 3, 1),
        "exclude_tags": ("Withhold",),
        "levels": {"Secret": "SECRET"},
        "load_files": ("dat", "opt", "lfp", "edrm"),
        "number_by": "document",
    }
    spec = for_case(case, "VOL1", "sec", given)
    dry = plan(case, spec, dry_run=True)
    assert dry.estimate is not None
    plan(case, spec)
    made = run(case, "VOL1", workshop())
    with case.read() as connection:
        stored = productions(connection)[0]
        listed = list(references(connection))
    rows = read_dat(Path(made.folder) / "DATA/VOL1.dat").records
    again = plan(case, for_case(case, "VOL2", "sec", given), dry_run=True).estimate
    assert again is not None
    told = (dry.estimate.pages, dry.estimate.image_bytes, again.pages, again.image_bytes)
    return (
        *(dry.counts, dry.conflicts, dry.rules, told, made.counts, made.manifest_sha256),
        *(stored.specification.fields, listed, rows),
    )


def test_everything_is_the_same(server: postgres.Server, tmp_path: Path) -> None:
    with matter(tmp_path / "sqlite") as case:
        one = _made(case)
    with matter(tmp_path / "postgres", server.database(*DICTIONARY)) as case:
        other = _made(case)
    assert one == other


def _replaced(case: Case) -> tuple[Any, ...]:
    """What a replacement, one of it, and a supplement tell."""
    _made(case)
    tag(case, "Withhold", [4])
    for name, document in (("REP1", 4), ("REP2", 4), ("REP3", 1)):
        plan_replacement(case, Wish("VOL1", name, frozenset([document]), "reason"))
        run(case, name, workshop())
    add(case, 9, text="late")
    tag(case, "Responsive", [9])
    given = {"supplements": "VOL1"}
    supplement = plan(case, for_case(case, "SUP1", None, given))
    made = run(case, "SUP1", workshop())
    with case.read() as connection:
        listed = list(references(connection))
        first = items(connection, 1)
    stands = [(each.document_id, each.replaced_by) for each in first]
    versions = [history(case, each.first).versions for each in first]
    return supplement.counts, supplement.conflicts, made.manifest_sha256, listed, stands, versions


def test_replacements_are_the_same(server: postgres.Server, tmp_path: Path) -> None:
    with matter(tmp_path / "sqlite") as case:
        one = _replaced(case)
    with matter(tmp_path / "postgres", server.database(*DICTIONARY)) as case:
        other = _replaced(case)
    assert one == other
    assert sorted(one[4]) == [(1, 4), (2, None), (4, 2)]
