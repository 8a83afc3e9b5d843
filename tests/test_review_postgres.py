"""Coding on PostgreSQL: the same acts, conflicts and undo as on SQLite, at once and when killed."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import postgres
from index.catalog import SqlCatalog
from records import audit, users
from records import case as cases
from records.case import Case
from records.errors import RoleError
from records.roles import UserRole
from review import document_notes, panel, tags, undo
from review.history import history
from review.tags import ConflictError
from tests import test_review_undo as undoing
from tests.index_cases import INFO, Doc, add
from tests.postgres_here import DICTIONARY, needs_postgres, server

__all__ = ["server"]
pytestmark = [needs_postgres, pytest.mark.heavy]


@pytest.fixture
def case(server: postgres.Server, tmp_path: Path) -> Iterator[Case]:
    cases.create(tmp_path / "c", INFO, [], ["Ann"], database=server.database(*DICTIONARY))
    with cases.opened(tmp_path / "c") as case:
        docs = [Doc(str(n)) for n in range(5)]
        add(case, [*docs, Doc("5", extra={"disposition": "duplicate", "duplicate_of_id": 5})])
        panel.add_group(case, "Call", single=True, tags=("Yes", "No"))
        for name in ("Hot", "Privileged"):
            panel.define(case, name)
        yield case


def test_acts_conflicts_and_undo(case: Case) -> None:
    tags.change(case, "add", "Yes", [1, 2], {})
    tags.change(case, "add", "Privileged", [1], {}, basis="old")
    before = undoing.coding(case)
    with pytest.raises(ConflictError):
        tags.change(case, "add", "No", [1, 3], {})
    names = ["No", "Privileged"]
    tags.change(case, "add", names, [1, 3], {}, basis="new", on_conflict="replace")
    after = undoing.coding(case)
    assert ("Privileged", 1, "new") in after
    assert undo.undo(case, 3, {}).changed == 2
    assert undoing.coding(case) == before
    undo.undo(case, 4, {})
    assert undoing.coding(case) == after
    done = tags.change(case, "add", "Hot", [5], {}, families=True, threads=True, duplicates=True)
    assert done.duplicates == 1
    assert document_notes.add(case, "ask", [2, 4], {}) == (1, 2)
    catalog = SqlCatalog(case)
    for field, value, ids in (
        ("coded", "no", {4}),
        ("coded", "call", {1, 2, 3}),
        ("reviewer", audit.actor(), {1, 2, 3, 5, 6}),
        ("has", "note", {2, 4}),
        ("note", "ASK", {2, 4}),
    ):
        assert (field, set(catalog.select(field, "=", value, None))) == (field, ids)


def test_roles(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    users.add(case, audit.actor(), UserRole.ADMIN)
    monkeypatch.setenv("REDWELL_USER", "eve")
    with pytest.raises(RoleError):
        tags.change(case, "add", "Hot", [1], {})
    with pytest.raises(RoleError), case.exclusive("process"):
        pass


def test_two_processes_at_once_lose_nothing(case: Case) -> None:
    names = ("Hot", "Privileged", "Hot")
    workers = [
        undoing.SPAWN.Process(target=undoing._tags_in_parts, args=(case.folder, name, 6))
        for name in names
    ]
    for each in workers:
        each.start()
    for each in workers:
        each.join(120)
        assert each.exitcode == 0
    assert undoing.coding(case) == {(name, n, None) for name in names for n in range(1, 7)}
    assert [each.act for each in history(case)] == list(range(1, 13))
    with case.read() as connection:
        audit.verify(connection)


@pytest.mark.parametrize("where", ["put_on", "append"])
def test_a_kill_leaves_all_or_nothing(case: Case, where: str) -> None:
    tags.change(case, "add", "Yes", [1, 2], {})
    before = undoing.coding(case)
    reached = undoing.SPAWN.Event()
    child = undoing.SPAWN.Process(
        target=undoing._tags_and_stops, args=(case.folder, where, reached)
    )
    child.start()
    assert reached.wait(60)
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    child.join(60)
    assert undoing.coding(case) == before
    assert tags.change(case, "add", "Hot", range(1, 7), {}).act == 2
