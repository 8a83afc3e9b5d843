"""Tags: events, the current table, families, and the commands."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from index import search
from records import audit, tables
from records.case import Case
from records.errors import SelectionError, TagError
from review import panel, tags
from review.commands import tag_group
from review.history import history
from review.targets import read_ids
from tests.index_cases import Doc, add, case_with, index_here


@pytest.mark.parametrize("number", ["RW-9999999999", "4294967296"])
def test_numbers_that_no_document_can_have_are_named(number: str) -> None:
    with pytest.raises(SelectionError, match=number):
        read_ids(["RW-00000001", number])


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    docs = [
        Doc("gas letter"),
        Doc("gas sheet", extra={"family_id": 1}),
        Doc("other"),
        Doc("gas letter", extra={"disposition": "duplicate", "duplicate_of_id": 1}),
        Doc(None, extra={"family_id": 1, "disposition": "container"}),
    ]
    with case_with(tmp_path / "case", docs) as case:
        index_here(case)
        panel.define(case, "Privileged - AC", "attorney-client")
        yield case


def run(case: Case, *arguments: str) -> Result:
    return CliRunner().invoke(tag_group, [*arguments, "--case", str(case.folder)])


def acts(case: Case) -> list[str]:
    with case.read() as connection:
        audit.verify(connection)
        return [entry.act for entry in audit.entries(connection)][1:]


def tagged(case: Case) -> set[int]:
    return set(search(case, 'tag:"privileged - ac"', scope_all=True).ids)


@pytest.mark.parametrize("name", ["privileged - ac", "  PRIVILEGED -  AC ", "Ｐrivileged - AC"])
def test_names_differ_in_more_than_case(case: Case, name: str) -> None:
    with pytest.raises(TagError, match="'Privileged - AC' is there already"):
        panel.define(case, name)


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, 'so "hot"', "a\x00b", "a\u202eb"])
def test_names_that_cannot_be(case: Case, name: str) -> None:
    with pytest.raises(TagError):
        panel.define(case, name)
    assert [each.name for each in panel.listing(case)] == ["Privileged - AC"]


def test_only_what_changes_is_an_event(case: Case) -> None:
    first = tags.change(case, "add", "privileged - AC", [1, 3], {"ids": "1,3"})
    assert (first.tags, first.asked, first.changed) == (("Privileged - AC",), 2, 2)
    second = tags.change(case, "add", "privileged - AC", [1, 2], {"ids": "1,2"})
    assert (second.asked, second.changed) == (2, 1)
    assert tags.change(case, "add", "privileged - AC", [1], {}).changed == 0
    gone = tags.change(case, "remove", "privileged - AC", [3, 4], {})
    assert (gone.changed, gone.suppressed) == (1, (4,))
    assert tagged(case) == {1, 2}
    events = [(each.action, each.documents) for each in history(case)]
    assert events == [("add", 2), ("add", 1), ("remove", 1)]
    assert acts(case) == ["tag defined", "tag added", "tag added", "tag removed"]


def test_families_come_along_without_containers(case: Case) -> None:
    applied = tags.change(case, "add", "privileged - AC", [2], {}, families=True)
    assert (applied.asked, applied.families, applied.changed) == (1, 1, 2)
    assert tagged(case) == {1, 2}
    (event,) = history(case)
    assert event.origin == {"families": True}


def test_a_dry_run_changes_nothing(case: Case) -> None:
    assert tags.change(case, "add", "privileged - AC", [1], {}, dry_run=True).changed == 1
    assert tagged(case) == set()
    assert history(case) == []


def test_unknown_tags_and_documents(case: Case) -> None:
    with pytest.raises(TagError, match=r"no tag 'Hot'; there are: 'Privileged - AC'. Define"):
        tags.change(case, "add", "Hot", [1], {})
    with pytest.raises(SelectionError, match="no document RW-00000006, RW-00000077; it has 5"):
        tags.change(case, "add", "privileged - AC", [1, 6, 77], {})
    with pytest.raises(SelectionError, match="RW-00000099"):
        history(case, document=99)
    with pytest.raises(TagError):
        history(case, name="Hot")
    assert tagged(case) == set()


def test_history_of_a_document_and_of_a_tag(case: Case) -> None:
    panel.define(case, "Hot")
    tags.change(case, "add", "Hot", [1, 2], {"query": "gas"})
    tags.change(case, "add", "Privileged - AC", [1], {})
    assert [each.tag for each in history(case, document=1)] == ["Hot", "Privileged - AC"]
    assert [each.tag for each in history(case, document=2)] == ["Hot"]
    assert [each.documents for each in history(case, name="hot")] == [2]
    assert [each.tag for each in history(case, 1, "hot")] == ["Hot"]
    counts = [(each.name, each.documents) for each in panel.listing(case)]
    assert counts == [("Hot", 2), ("Privileged - AC", 1)]


def test_the_current_table_is_what_the_events_make(case: Case) -> None:
    for action, ids in (("add", {1, 2, 3}), ("remove", {2}), ("add", {2, 4}), ("remove", {1})):
        tags.change(case, "add" if action == "add" else "remove", "Privileged - AC", ids, {})
    current: set[int] = set()
    e, d = tables.tag_events, tables.tag_event_documents
    with case.read() as connection:
        for event in connection.execute(sa.select(e).order_by(e.c.id)):
            query = sa.select(d.c.document_id).where(d.c.event_id == event.id)
            ids = {row[0] for row in connection.execute(query)}
            assert len(ids) == event._mapping[e.c.count]
            current = current | ids if event.action == "add" else current - ids
    assert current == tagged(case) == {2, 3, 4}


@pytest.mark.slow
def test_a_hundred_thousand_documents_in_seconds(tmp_path: Path) -> None:
    with case_with(tmp_path / "case", [Doc(None)]) as case:
        with case.write() as connection:
            row = dict(connection.execute(sa.select(tables.documents)).one()._mapping)
            rows = [{**row, "id": n, "family_id": n, "address": str(n)} for n in range(2, 100_001)]
            connection.execute(tables.documents.insert(), rows)
        panel.define(case, "All")
        began = time.monotonic()
        for action in ("add", "remove"):
            applied = tags.change(
                case, "add" if action == "add" else "remove", "All", range(1, 100_001), {}
            )
            assert applied.changed == 100_000
        assert time.monotonic() - began < 30


def test_add_by_query_by_ids_and_by_file(case: Case, tmp_path: Path) -> None:
    told = run(case, "add", "privileged - ac", "--query", "gas")
    assert told.stdout == "2 documents: 'Privileged - AC' was put on 2, 0 had it already (act 1)\n"
    assert run(case, "remove", "Privileged - AC", "--ids", "RW-00000001, 2").exit_code == 0
    assert tagged(case) == set()
    listed = tmp_path / "ids.txt"
    listed.write_text("\ufeffRW-00000003\n\n1\n", encoding="utf-8")
    told = run(case, "add", "Privileged - AC", "--from-file", str(listed), "--json")
    assert json.loads(told.stdout) == {
        "tags": ["Privileged - AC"],
        "action": "add",
        "act": 3,
        "asked": 2,
        "threads": 0,
        "families": 0,
        "duplicates": 0,
        "changed": 2,
        "taken_off": {},
        "left": 0,
        "suppressed": [],
        "conflicts": [],
        "dry_run": False,
    }
    assert tagged(case) == {1, 3}
    listed_tags = json.loads(run(case, "list", "--json").stdout)
    assert listed_tags[0]["documents"] == 2
    events = json.loads(run(case, "history", "RW-00000001", "--json").stdout)
    assert [each["origin"].get("query") for each in events] == ["gas", None, None]


def test_what_the_commands_say(case: Case, tmp_path: Path) -> None:
    add(case, [Doc("gas again")])
    told = run(case, "add", "Privileged - AC", "--query", "gas", "--families", "--dry-run")
    assert told.stderr == "1 document is not in the index yet: run redwell index\n"
    assert told.stdout == "2 documents: 'Privileged - AC' would be put on 2, 0 had it already\n"
    told = run(case, "add", "Privileged - AC", "--ids", "4")
    assert "suppressed duplicates (RW-00000004)" in told.stderr
    assert run(case, "define", "Hot", "--description", "look").stdout == "Tag 'Hot' is defined\n"
    assert run(case, "list").stdout == "0\tHot\tlook\n1\tPrivileged - AC\tattorney-client\n"
    assert run(case, "history", "--tag", "hot").stdout == ""
    assert run(case, "history").stdout.split("\t")[3:6] == ["add", "Privileged - AC", "1"]


def test_what_the_commands_refuse(case: Case, tmp_path: Path) -> None:
    both = run(case, "add", "Privileged - AC", "--ids", "1", "--query", "gas")
    assert (both.exit_code, "by one of --query" in both.stderr) == (2, True)
    assert run(case, "add", "Privileged - AC").exit_code == 2
    bad = run(case, "add", "Privileged - AC", "--ids", "1,x,RW-y")
    assert isinstance(bad.exception, SelectionError)
    assert "x, RW-y cannot be read" in str(bad.exception)
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\x00")
    assert isinstance(
        run(case, "add", "Privileged - AC", "--from-file", str(binary)).exception, SelectionError
    )


def test_an_act_that_is_none_has_no_history(case: Case) -> None:
    assert isinstance(run(case, "history", "--act", "1").exception, TagError)
    run(case, "add", "Privileged - AC", "--ids", "1")
    assert run(case, "history", "--act", "1").exit_code == 0
    wrong = run(case, "history", "--act", "2").exception
    assert str(wrong).startswith("There is no act 2; there are 1 of them")


def test_a_list_of_control_numbers_in_utf_16(case: Case, tmp_path: Path) -> None:
    """What PowerShell makes of `redwell search --ids … > ids.txt`."""
    listed = tmp_path / "ids.txt"
    listed.write_text("RW-00000003\r\nRW-00000001\r\n", encoding="utf-16")
    told = run(case, "add", "Privileged - AC", "--from-file", str(listed), "--json")
    assert json.loads(told.stdout)["changed"] == 2
    assert tagged(case) == {1, 3}


def test_of_a_file_that_is_no_list_only_the_beginnings_of_lines_are_shown(
    case: Case, tmp_path: Path
) -> None:
    table = tmp_path / "found.csv"
    table.write_text("Control number," + "x" * 500, encoding="utf-8")
    wrong = run(case, "add", "Privileged - AC", "--from-file", str(table)).exception
    assert isinstance(wrong, SelectionError)
    assert "Control number,xxx" in str(wrong)
    assert len(str(wrong)) < 150


def test_a_tag_that_is_there_is_told_how_to_come_into_a_group(case: Case) -> None:
    wrong = run(case, "group", "add", "Call", "--tag", "Privileged - AC").exception
    assert isinstance(wrong, TagError)
    assert "redwell tag change" in str(wrong)
