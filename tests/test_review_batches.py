"""Batches: whole units, nothing twice, nobody given what another was given, returned when coded."""

import json
import multiprocessing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

import cli
from index import search
from records import audit, tables, users
from records.case import Case, opened
from records.errors import QueryError, ReviewError, RoleError, TagError
from records.roles import UserRole
from review import batches, checkout, cutting, panel, saved, tags
from review.checkout import LackingError
from review.cutting import Cut, Wish
from review.units import Unit
from tests.index_cases import Doc, add, case_with, index_here

SPAWN = multiprocessing.get_context("spawn")


def child(number: int, root: int, text: str = "gas", **extra: Any) -> Doc:
    """A member of a family, at its place."""
    return Doc(text, extra={"family_id": root, "position": number - root, **extra})


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    """Families 1-2, 3, 4-5-6 (found by its last member only), 7, 8; 9 and 10 are not found."""
    docs = [
        *(Doc("gas"), child(2, 1, "sheet"), Doc("gas")),
        *(Doc("oil"), child(5, 4, "oil"), child(6, 4)),
        *(Doc("gas"), Doc("gas"), Doc("oil")),
        Doc("gas", extra={"disposition": "duplicate", "duplicate_of_id": 8}),
    ]
    with case_with(tmp_path / "case", docs) as case:
        index_here(case)
        prepare(case)
        yield case


def prepare(case: Case) -> None:
    panel.add_group(case, "Call", single=True, required=True, tags=("Yes", "No"))
    panel.add_group(case, "Issues", tags=("Price",))


def cut(case: Case, name: str = "First", query: str | None = "gas", **options: Any) -> Cut:
    return cutting.cut(case, Wish(name, query, **options))[0]


def contents(case: Case, name: str = "First") -> list[tuple[int, ...]]:
    with case.read() as connection:
        which = batches.find_set(connection, name)
        return [batches.members(connection, each) for each in batches.batches(connection, which)]


def states(case: Case) -> list[tuple[str, str | None]]:
    with case.read() as connection:
        return [(each.state, each.reviewer) for each in batches.batches(connection)]


def acts(case: Case) -> list[str]:
    with case.read() as connection:
        audit.verify(connection)
        return [each.act for each in audit.entries(connection)]


def thread(case: Case, *ids: int) -> None:
    with case.write() as connection:
        rows = [
            {"document_id": each, "thread_id": min(ids), "position": n, "depth": 0, "basis": "x"}
            for n, each in enumerate(ids)
        ]
        connection.execute(tables.threads.insert(), rows)


def test_families_are_whole_and_batches_filled_up(case: Case) -> None:
    done = cut(case, size=3)
    assert contents(case) == [(1, 2, 3), (4, 5, 6), (7, 8)]
    assert (done.found, done.along, done.documents, done.already) == (5, 3, 8, 0)
    assert (done.first, done.last, done.groups) == (1, 3, ("Call",))


def test_a_family_larger_than_the_size_has_a_batch_by_itself(case: Case) -> None:
    done = cut(case, size=2)
    assert contents(case) == [(1, 2), (3,), (4, 5, 6), (7, 8)]
    assert done.sizes == (2, 1, 3, 2)


def test_documents_by_themselves(case: Case) -> None:
    cut(case, unit=Unit.DOCUMENT, size=2)
    assert contents(case) == [(1, 3), (6, 7), (8,)]


def test_threads_with_all_families_of_their_mails(case: Case) -> None:
    thread(case, 3, 4)
    thread(case, 6, 8)  # an attached message and a mail: both families are one unit
    cut(case, unit=Unit.THREAD, size=2)
    assert contents(case) == [(1, 2), (3, 4, 5, 6, 8), (7,)]


def test_running_again_cuts_only_what_is_new(case: Case) -> None:
    cut(case, size=3)
    before = acts(case)
    again = cut(case, query=None)
    assert (again.documents, again.already, again.first, again.joined) == (0, 8, None, {})
    assert acts(case) == before
    add(case, [child(11, 1, "late"), Doc("gas"), child(13, 4, "late")])
    index_here(case, [11, 12, 13])
    checkout.checkout(case, "First")
    checkout.checkout(case, "First", 2)
    checkout.hand_in(case, "First", 2, force=True)
    fresh = cut(case, query=None)
    assert fresh.joined == {1: 1}  # its family lies in a batch that is not returned
    every = [each for batch in contents(case) for each in batch]
    assert sorted(every) == [1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13]
    assert contents(case)[:3] == [(1, 2, 3, 11), (4, 5, 6), (7, 8)]
    assert {*contents(case)[3]} == {12, 13}  # the family of 13 was returned: a new batch


def test_a_dry_run_and_a_set_that_differs(case: Case) -> None:
    told, _ = cutting.cut(case, Wish("First", "gas", size=3), dry_run=True)
    assert (told.documents, told.last) == (8, 3)
    with pytest.raises(ReviewError, match="no set of batches 'First'; there are: none yet"):
        contents(case)
    with pytest.raises(ReviewError, match="give the search"):
        cut(case, query=None)
    cut(case, size=3)
    for options in ({"size": 4}, {"query": "oil"}, {"unit": Unit.THREAD}, {"groups": ("Issues",)}):
        with pytest.raises(ReviewError, match="'First' was made with"):
            cut(case, " FIRST ", **options)
    with pytest.raises(QueryError):
        cut(case, "Other", "(gas")
    with pytest.raises(TagError, match="no group 'Hot'"):
        cut(case, "Other", groups=("Hot",))
    panel.change_group(case, "Call", required=False)
    with pytest.raises(ReviewError, match="name a group of tags with --group"):
        cut(case, "Other")
    assert cut(case, "Other", groups=("call", "Issues")).groups == ("Call", "Issues")


def test_culled_families_are_not_cut(case: Case) -> None:
    with case.write() as connection:
        rule = {"id": 1, "name": "r", "condition": {}, "state": "active", "actor": "a", "at": "t"}
        connection.execute(tables.cull_rules.insert().values(rule))
        connection.execute(tables.culled.insert().values(rule_id=1, document_id=1))
    cut(case)
    assert contents(case) == [(3, 4, 5, 6, 7, 8)]


def test_checkout_again_another_and_none_left(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    cut(case, size=3)
    monkeypatch.setenv("REDWELL_USER", "ann")
    taken = checkout.checkout(case, "first")
    assert (taken.batch.number, taken.documents, taken.again) == (1, 3, False)
    assert checkout.checkout(case, "First").again
    assert checkout.checkout(case, "First", another=True).batch.number == 2
    monkeypatch.setenv("REDWELL_USER", "bob")
    with pytest.raises(ReviewError, match="Batch 1 of 'First' is checked out to ann since"):
        checkout.checkout(case, "First", 1)
    assert checkout.checkout(case, "First").batch.number == 3
    monkeypatch.setenv("REDWELL_USER", "carla")
    with pytest.raises(ReviewError, match="no open batch: 3 of 3 are checked out"):
        checkout.checkout(case, "First")
    with pytest.raises(ReviewError, match="has no batch 9; it has 3"):
        checkout.checkout(case, "First", 9)
    monkeypatch.setenv("REDWELL_USER", "ann")
    with pytest.raises(ReviewError, match="ann has the batches 1, 2 of 'First': say which"):
        checkout.release(case, "First")
    checkout.release(case, "First", 2)
    assert states(case) == [("out", "ann"), ("open", None), ("out", "bob")]


def test_returning(case: Case) -> None:
    cut(case, size=3)
    checkout.checkout(case, "First")
    tags.change(case, "add", "Yes", [1, 3], {})
    with pytest.raises(LackingError, match=r"1 documents .*: RW-00000002 \(Call\)") as caught:
        checkout.hand_in(case, "First")
    assert caught.value.lacks == {"RW-00000002": ("Call",)}
    assert states(case)[0][0] == "out"
    tags.change(case, "add", "No", [2], {})
    done = checkout.hand_in(case, "First")
    assert (done.documents, done.lacks, done.released) == (3, {}, ())
    with pytest.raises(ReviewError, match="returned it already"):
        checkout.hand_in(case, "First", 1)
    with pytest.raises(ReviewError, match="nobody has it"):
        checkout.hand_in(case, "First", 2)
    with pytest.raises(ReviewError, match="has no batch of 'First'"):
        checkout.hand_in(case, "First")
    assert acts(case)[-1] == "batch returned"


def test_a_partial_return_leaves_whole_families_to_be_cut_again(case: Case) -> None:
    cut(case, size=3)
    checkout.checkout(case, "First")
    tags.change(case, "add", "Yes", [1, 3], {})
    done = checkout.hand_in(case, "First", partial=True)
    assert (done.released, done.documents) == (("RW-00000001", "RW-00000002"), 1)
    assert contents(case)[0] == (3,)
    assert cut(case, query=None).first == 4
    assert contents(case) == [(3,), (4, 5, 6), (7, 8), (1, 2)]


def test_a_forced_return_is_on_record(case: Case) -> None:
    cut(case, size=3)
    checkout.checkout(case, "First")
    done = checkout.hand_in(case, "First", force=True)
    assert (done.batch.lacking, len(done.lacks)) == (3, 3)
    assert cut(case, query=None).documents == 0
    with case.read() as connection:
        last = list(audit.entries(connection))[-1]
    assert (last.act, json.loads(last.details)["lacking"]) == ("batch returned", 3)


def test_what_left_review_since_needs_no_coding(case: Case) -> None:
    cut(case, size=3)
    checkout.checkout(case, "First")
    tags.change(case, "add", "Yes", [1, 2], {})
    with case.write() as connection:
        gone = tables.documents.c.id == 3
        connection.execute(tables.documents.update().where(gone).values(disposition="duplicate"))
    assert checkout.hand_in(case, "First").gone == ("RW-00000003",)


def test_roles(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    cut(case, size=3)
    users.add(case, audit.actor(), UserRole.ADMIN)
    for name in ("ann", "bob"):
        users.add(case, name, UserRole.REVIEWER)
    users.add(case, "eve", UserRole.READ_ONLY)
    assert checkout.checkout(case, "First", to="ANN").batch.reviewer == "ann"
    with pytest.raises(RoleError, match=r"eve may not code in this case; these may: .*ann, bob"):
        checkout.checkout(case, "First", to="eve")
    monkeypatch.setenv("REDWELL_USER", "bob")
    for act in (
        lambda: cut(case, "Other"),
        lambda: checkout.checkout(case, "First", to="ann"),
        lambda: checkout.release(case, "First", 1),
        lambda: checkout.hand_in(case, "First", 1, force=True),
    ):
        with pytest.raises(RoleError):
            act()
    monkeypatch.setenv("REDWELL_USER", "eve")
    with pytest.raises(RoleError):
        checkout.checkout(case, "First")
    monkeypatch.undo()
    assert checkout.release(case, "First", 1)[1].reviewer == "ann"
    assert {each[0] for each in states(case)} == {"open"}


def take_all(folder: Path, who: str, ready: Any, start: Any) -> None:
    """Take batches until there are none, as a process of its own."""
    import os

    os.environ["REDWELL_USER"] = who
    with opened(folder) as case:
        ready.release()
        start.wait()
        while True:
            try:
                checkout.checkout(case, "First", another=True)
            except ReviewError:
                return


def contend(case: Case, count: int) -> dict[str, int]:
    """Three processes take all batches at once; how many each has."""
    ready, start = SPAWN.Semaphore(0), SPAWN.Event()
    workers = [
        SPAWN.Process(target=take_all, args=(case.folder, who, ready, start))
        for who in ("ann", "bob", "carla")
    ]
    for each in workers:
        each.start()
    for _ in workers:
        assert ready.acquire(timeout=120)
    start.set()
    for each in workers:
        each.join(120)
        assert each.exitcode == 0
    found: dict[str, int] = {}
    for state, who in states(case):
        assert state == "out"
        found[who or ""] = found.get(who or "", 0) + 1
    with case.read() as connection:
        audit.verify(connection)
        entries = [json.loads(e.details) for e in audit.entries(connection) if "out" in e.act]
    taken = [(each["batch"], each["reviewer"]) for each in entries]
    assert sorted(number for number, _ in taken) == list(range(1, count + 1))
    assert {who: sum(one == who for _, one in taken) for who in found} == found
    return found


@pytest.mark.slow
def test_reviewers_at_once_never_get_the_same_batch(tmp_path: Path) -> None:
    with case_with(tmp_path / "case", [Doc("gas") for _ in range(40)]) as case:
        index_here(case)
        prepare(case)
        cut(case, size=1)
        assert sum(contend(case, 40).values()) == 40


def test_search_by_batch(case: Case) -> None:
    assert set(search(case, "batch:no").ids) == set(range(1, 10))
    cut(case, size=3)
    for query, ids in (
        ("batch:first", {1, 2, 3, 4, 5, 6, 7, 8}),
        ('batch:"First/2"', {4, 5, 6}),
        ("batch:first/3", {7, 8}),
        ("batch:yes", {1, 2, 3, 4, 5, 6, 7, 8}),
        ("batch:no", {9}),
    ):
        assert (query, set(search(case, query).ids)) == (query, ids)
    for query, why in (
        ("batch:second", "no such set of batches; there are 'First'"),
        ("batch:first/4", "this set has no batch 4"),
        ("batch:>first", "the field has no order"),
    ):
        with pytest.raises(QueryError, match=why):
            search(case, query)


def run(case: Case, *arguments: str) -> Result:
    return CliRunner().invoke(cli.redwell, [*arguments, "--case", str(case.folder)])


def test_the_commands(case: Case) -> None:
    told = run(case, "batch", "cut", "First", "gas", "--size", "3")
    assert told.stdout == (
        "5 documents found and 3 more of their families; 8 went into batches 1 to 3. To be coded: "
        "Call\n"
    )
    assert isinstance(run(case, "batch", "next").exception, ReviewError)
    run(case, "batch", "checkout", "First")
    told = run(case, "batch", "next", "--lines", "0")
    assert told.stdout.splitlines()[:3] == [
        "Batch 1 of 'First': 1 of 3, 3 left",
        "To code:    Call: Yes, No",
        "Document:   RW-00000001, text, reviewable, 1,000 bytes",
    ]
    found = json.loads(run(case, "batch", "next", "--json").stdout)
    assert (found["place"], found["left"], found["document"]["coding"]) == (1, 3, [])
    assert found["document"]["parts"][-1]["text"] == "gas"
    family = [each["control"] for each in found["document"]["family"]]
    assert family == ["RW-00000001", "RW-00000002"]
    found = json.loads(run(case, "batch", "next", "First", "--after", "3", "--json").stdout)
    assert (found["document"], found["left"]) == (None, 3)
    assert isinstance(run(case, "batch", "next", "--after", "9").exception, ReviewError)
    told = run(case, "batch", "return", "First", "--json")
    assert (json.loads(told.stdout)["returned"], type(told.exception)) == (False, LackingError)
    run(case, "tag", "add", "Yes", "--query", "batch:first/1")
    assert "all are coded: 'redwell batch return" in run(case, "batch", "next").stdout
    shown = json.loads(run(case, "batch", "show", "First", "1", "--json").stdout)
    assert [each["tags"] for each in shown["documents"]] == [["Yes"]] * 3
    assert run(case, "batch", "return", "First").stdout == (
        "Batch 1 of 'First' is returned: 3 documents\n"
    )
    listed = json.loads(run(case, "batch", "list", "--json").stdout)
    assert [(each["batch"], each["state"], each["left"]) for each in listed] == [
        *((1, "returned", 0), (2, "open", 3), (3, "open", 2)),
    ]
    assert run(case, "batch", "list", "--mine").stderr.startswith("There are no such batches")
    assert run(case, "batch", "return", "First", "--partial", "--force").exit_code == 2


def test_the_hits_of_the_search_of_the_set_are_marked(case: Case) -> None:
    saved.save(case, "Fuel", "gas OR diesel")
    cut(case, "First", "saved:fuel", size=3)
    cut(case, "All", "docid:>=1")
    checkout.checkout(case, "First")
    told = run(case, "batch", "next")
    assert told.stdout.endswith("\nHits:       1 (text 1)\n\n**gas**\n")
    assert run(case, "batch", "next", "--no-hits").stdout.endswith("\n\ngas\n")
    found = json.loads(run(case, "batch", "next", "--json").stdout)["document"]
    assert (found["hits"], found["parts"][-1]["hits"]) == (1, [{"start": 0, "end": 3}])
    saved.delete(case, "Fuel")
    told = run(case, "batch", "next")
    assert told.exit_code == 0
    assert told.stdout.endswith("\n\ngas\n")
    assert "Hits:" not in told.stdout
    assert told.stderr.startswith("No hits are marked: the search")
    assert "no such saved search" in told.stderr
    assert run(case, "batch", "next", "--no-hits").stderr == ""
    told = run(case, "batch", "next", "All", "--batch", "1")
    assert (told.stderr, "Hits:" in told.stdout) == ("", False)  # a search without words


def test_a_set_keeps_its_documents_in_one_batch_by_the_database_too(case: Case) -> None:
    cut(case, size=3)
    row = {"batch_id": 2, "set_id": 1, "document_id": 1, "position": 9}
    with pytest.raises(sa.exc.IntegrityError), case.write() as connection:
        connection.execute(tables.batch_documents.insert().values(row))
