"""Taking acts back: what was before is again, it is on record, and later acts are not lost."""

import json
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index import search
from records import audit, tables
from records.case import Case, opened
from records.errors import TagError
from review import acts, panel, tags, undo
from review.commands import tag_group
from review.history import history, standing
from review.undo import LaterChangeError
from tests.index_cases import Doc, case_with, index_here

SPAWN = multiprocessing.get_context("spawn")
type Coding = set[tuple[str, int, str | None]]


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with case_with(tmp_path / "case", [Doc(str(n)) for n in range(6)]) as case:
        panel.add_group(case, "Call", single=True, tags=("Yes", "No"))
        for name in ("Hot", "Privileged"):
            panel.define(case, name)
        yield case


def coding(case: Case) -> Coding:
    d, t = tables.document_tags.c, tables.tags.c
    query = sa.select(t.name, d.document_id, d.basis).join_from(
        tables.document_tags, tables.tags, t.id == d.tag_id
    )
    with case.read() as connection:
        return {(row[0], row[1], row[2]) for row in connection.execute(query)}


def run(case: Case, *arguments: str) -> Result:
    return CliRunner().invoke(tag_group, [*arguments, "--case", str(case.folder)])


def test_an_act_is_taken_back_whole(case: Case) -> None:
    tags.change(case, "add", "Yes", [1, 2], {})
    tags.change(case, "add", "Privileged", [1], {}, basis="old")
    before = coding(case)
    options: dict[str, Any] = {"on_conflict": "replace", "basis": "new"}
    third = tags.change(case, "add", ["No", "Privileged"], [1, 2, 3], {}, **options)
    assert third.act == 3
    told = undo.undo(case, 3, {}, dry_run=True)
    assert (told.changed, told.act) == (3, None)
    assert ("No", 3, "new") in coding(case)
    done = undo.undo(case, 3, {})
    assert (done.act, done.undid, done.changed, done.left) == (4, 3, 3, ())
    assert done.put_on == {"Privileged": 1, "Yes": 2}
    assert done.taken_off == {"Privileged": 3, "No": 3}
    assert coding(case) == before
    assert [each.undone for each in history(case, act=3)] == [2, 1, 3, 3]
    assert {each.undoes for each in history(case, act=4)} == {3}
    with case.read() as connection:
        audit.verify(connection)
        last = list(audit.entries(connection))[-1]
    assert (last.act, json.loads(last.details)["undid"]) == ("coding undone", 3)


def test_an_undo_can_be_taken_back_once_and_the_act_then_again(case: Case) -> None:
    tags.change(case, "add", "Hot", [1, 2], {})
    after = coding(case)
    undo.undo(case, 1, {})
    with pytest.raises(TagError, match=r"taken back by act 2 already\. 'redwell tag undo 2' lets"):
        undo.undo(case, 1, {})
    assert undo.undo(case, 2, {}).act == 3
    assert coding(case) == after
    with pytest.raises(TagError, match="let another act stand again"):
        undo.undo(case, 3, {})
    assert [each.undone for each in history(case)] == [0, 2, 0]
    undo.undo(case, 1, {})
    assert coding(case) == set()


def test_later_acts_are_in_the_way(case: Case) -> None:
    tags.change(case, "add", "Hot", [1, 2, 3], {})
    tags.change(case, "remove", "Hot", [2], {})
    tags.change(case, "add", "Hot", [2], {})
    tags.change(case, "add", "Yes", [1], {})  # of another tag: not in the way
    state = coding(case)
    with pytest.raises(LaterChangeError, match=r"on 1 documents \(as RW-00000002\)") as caught:
        undo.undo(case, 1, {})
    assert [each.documents for each in caught.value.left] == [(2,), (2,)]
    assert coding(case) == state
    assert undo.undo(case, 1, {}, dry_run=True).changed == 0
    done = undo.undo(case, 1, {}, on_conflict="keep")
    assert done.changed == 2
    assert coding(case) == {("Hot", 2, None), ("Yes", 1, None)}
    undo.undo(case, 3, {})
    undo.undo(case, 2, {})
    assert undo.undo(case, 1, {}).changed == 1  # what was left
    assert coding(case) == {("Yes", 1, None)}


def test_rules_are_in_the_way_too(case: Case) -> None:
    tags.change(case, "add", "Yes", [1], {})
    tags.change(case, "remove", "Yes", [1], {})
    tags.change(case, "add", "No", [1], {})
    with pytest.raises(LaterChangeError, match="'Yes' would meet 'No'"):
        undo.undo(case, 2, {})
    panel.change_group(case, "Call", required=True)
    tags.change(case, "add", "Hot", [1], {})
    with pytest.raises(LaterChangeError, match="requires a choice"):
        undo.undo(case, 3, {})
    assert coding(case) == {("No", 1, None), ("Hot", 1, None)}


def test_a_later_undo_of_an_earlier_act_stops_the_return_of_an_undone_one(case: Case) -> None:
    tags.change(case, "add", "Hot", [1], {})
    tags.change(case, "remove", "Hot", [1], {})
    undo.undo(case, 2, {})
    undo.undo(case, 1, {})
    with pytest.raises(LaterChangeError, match="act 4 of"):
        undo.undo(case, 3, {})
    assert coding(case) == set()


def test_undone_coding_is_no_coding(case: Case) -> None:
    index_here(case)
    tags.change(case, "add", "Hot", [1, 2], {})
    tags.change(case, "add", "Yes", [2], {})
    undo.undo(case, 1, {})
    found = [set(search(case, query, scope_all=True).ids) for query in ("coded:yes", "coded:no")]
    assert found == [{2}, {1, 3, 4, 5, 6}]
    assert set(search(case, f"reviewer:{audit.actor()}", scope_all=True).ids) == {2}


def test_acts_that_are_not_there(case: Case) -> None:
    with pytest.raises(TagError, match="no act 1: nothing was tagged yet"):
        undo.undo(case, 1, {})
    tags.change(case, "add", "Hot", [1], {})
    with pytest.raises(TagError, match="no act 2; there are 1"):
        undo.undo(case, 2, {})


def test_the_commands(case: Case) -> None:
    tags.change(case, "add", "Hot", [1, 2], {})
    tags.change(case, "remove", "Hot", [2], {})
    refused = run(case, "undo", "1", "--json")
    assert isinstance(refused.exception, LaterChangeError)
    told = json.loads(refused.stdout)
    assert (told["written"], told["left"][0]["documents"]) == (False, ["RW-00000002"])
    assert "In the way: act 2 of " in refused.stderr
    told = run(case, "undo", "1", "--on-conflict", "keep").stdout
    assert told.startswith("Act 1 of ")
    assert told.endswith(" taken back on 1 document: 'Hot' taken off 1 (act 3)\n")
    shown = [line.split("\t") for line in run(case, "history").stdout.splitlines()]
    assert [(each[0], each[-1]) for each in shown] == [
        ("1", "undone on 1"),
        ("2", '{"families": false}'),
        ("3", "undoes act 1"),
    ]
    assert json.loads(run(case, "undo", "2", "--json").stdout)["put_on"] == {"Hot": 1}
    assert run(case, "undo", "0").exit_code == 2


_steps = st.lists(
    st.tuples(
        st.sampled_from(["add", "remove", "replace", "undo"]),
        st.sampled_from(["Yes", "No", "Hot"]),
        st.sets(st.integers(1, 4), min_size=1),
        st.sampled_from([None, "a", "b"]),
        st.integers(1, 12),
    ),
    max_size=14,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_steps)
def test_undoing_all_from_the_newest_leads_back_through_every_state(
    case: Case, steps: list[tuple[str, str, set[int], str | None, int]]
) -> None:
    """Whatever was done in between, undone or not, the pile comes down as it was built."""
    _empty(case)
    piled: list[tuple[int, Coding]] = []  # acts that stand, with the state before each
    for action, name, ids, basis, number in steps:
        before = coding(case)
        if action == "undo":
            if piled and number % 2:
                act, old = piled.pop()
                undo.undo(case, act, {})
                assert coding(case) == old
            continue
        removing = action == "remove"
        done = tags.change(
            case,
            "remove" if removing else "add",
            name,
            ids,
            {},
            basis=None if removing else basis,
            on_conflict="replace" if action == "replace" else "keep",
        )
        if done.act is not None:
            piled.append((done.act, before))
    for act, old in reversed(piled):
        undo.undo(case, act, {})
        assert coding(case) == old
        with pytest.raises(TagError):
            undo.undo(case, act, {})
    assert coding(case) == set()


def _empty(case: Case) -> None:
    """Examples share a case: take all acts off the record."""
    with case.write() as connection:
        for table in (tables.tag_event_documents, tables.tag_events, tables.document_tags):
            connection.execute(table.delete())


def _many(case: Case, count: int) -> None:
    with case.write() as connection:
        row = dict(connection.execute(sa.select(tables.documents).limit(1)).one()._mapping)
        rows = [{**row, "id": n, "family_id": n, "address": str(n)} for n in range(7, count + 1)]
        connection.execute(tables.documents.insert(), rows)


def _tags_in_parts(folder: Path, name: str, count: int) -> None:
    with opened(folder) as case:
        for part in range(10):
            tags.change(case, "add", name, range(part + 1, count + 1, 10), {})


def test_two_processes_at_once_lose_nothing(case: Case) -> None:
    _many(case, 2000)
    names = ("Hot", "Privileged", "Hot")
    workers = [
        SPAWN.Process(target=_tags_in_parts, args=(case.folder, name, 2000)) for name in names
    ]
    for each in workers:
        each.start()
    for each in workers:
        each.join(120)
        assert each.exitcode == 0
    every = {(name, number, None) for name in names for number in range(1, 2001)}
    assert coding(case) == every
    found = history(case)
    assert [each.act for each in found] == list(range(1, 21))  # of two that did the same, one did
    assert sum(each.documents for each in found) == 4000
    with case.read() as connection:
        audit.verify(connection)


def _tags_and_stops(folder: Path, where: str, reached: Any) -> None:
    """Tag all, and wait to be killed before or after one of the writes."""
    plain = getattr(acts if where != "append" else audit, where)

    def stop(*given: Any, **named: Any) -> Any:
        told = plain(*given, **named)
        reached.set()
        time.sleep(600)
        return told

    setattr(acts if where != "append" else audit, where, stop)
    with opened(folder) as case:
        tags.change(case, "add", ["No", "Hot"], range(1, 7), {}, on_conflict="replace")


@pytest.mark.parametrize("where", ["event", "take_off", "put_on", "append"])
def test_a_kill_leaves_all_or_nothing(case: Case, where: str) -> None:
    tags.change(case, "add", "Yes", [1, 2], {})
    before, events = coding(case), history(case)
    reached = SPAWN.Event()
    child = SPAWN.Process(target=_tags_and_stops, args=(case.folder, where, reached))
    child.start()
    assert reached.wait(60)
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    assert (coding(case), history(case)) == (before, events)
    with case.read() as connection:
        audit.verify(connection)
    assert tags.change(case, "add", "Hot", range(1, 7), {}).act == 2


def test_who_put_a_tag_on_is_told_after_an_undo(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDWELL_USER", "ann")
    tags.change(case, "add", "Hot", [1], {})
    monkeypatch.setenv("REDWELL_USER", "bob")
    tags.change(case, "remove", "Hot", [1], {})
    undo.undo(case, 2, {})
    (borne,) = standing(case, 1)
    assert (borne.actor, borne.act) == ("ann", 1)
