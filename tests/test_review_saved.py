"""Saved searches: kept, used in queries, changed by whom they belong to, never lost."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from index.commands import search_command
from index.query import parse
from index.saved import SavedSearches
from index.searching import search
from index.tree import explain
from records import audit, tables, users
from records.case import Case
from records.errors import QueryError, RoleError, SavedSearchError
from records.roles import UserRole
from review import culling, panel, saved
from review.conditions import Condition
from review.saved_commands import saved_group
from tests.index_cases import Doc, case_with, index_here

DOCS = [
    Doc("gas price"),
    Doc("gas"),
    Doc("oil price"),
    Doc("gas", extra={"disposition": "duplicate", "duplicate_of_id": 2}),
]


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with case_with(tmp_path / "case", DOCS) as case:
        index_here(case)
        yield case


def found(case: Case, query: str, within: str | None = None) -> list[int]:
    return list(search(case, query, within=within).ids)


def run(case: Case, *arguments: str) -> Result:
    return CliRunner().invoke(saved_group, [*arguments, "--case", str(case.folder)])


def test_a_saved_search_stands_for_its_query_in_parentheses(case: Case) -> None:
    saved.save(case, "Gas or oil", "gas OR oil")
    saved.save(case, "Priced", 'saved:"gas or OIL" AND price')
    saved.save(case, "Copies", "is:duplicate")
    assert found(case, 'saved:"Gas or oil" price') == found(case, "(gas OR oil) price") == [1, 3]
    assert found(case, "saved:priced AND NOT oil") == [1]
    assert found(case, "NOT saved:priced") == found(case, "NOT ((gas OR oil) price)") == [2]
    assert found(case, "gas AND saved:copies") == found(case, "gas AND is:duplicate") == [4]
    assert found(case, "price", "saved:copies OR saved:priced") == [1, 3]
    assert found(case, "saved:(priced copies)") == []


def test_lists_are_kept_as_lists(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "terms.txt"
    path.write_text("oil\n\ngas AND price\n", encoding="utf-8")
    told = json.loads(run(case, "add", "List", "--terms", str(path), "--json").stdout)
    assert (told["count"], told["as_list"]) == (2, True)
    assert found(case, "saved:list") == [1, 3]


def test_explain_and_marks(case: Case) -> None:
    saved.save(case, "Priced", "subject:x OR price")
    arguments = ["gas AND saved:priced", "--case", str(case.folder)]
    told = CliRunner().invoke(search_command, [*arguments, "--explain"]).stdout
    assert told == (
        "AND\n  word gas\n  saved search Priced\n    OR\n      in subject\n        word x\n"
        "      word price\n"
    )
    assert "**gas** **price**" in CliRunner().invoke(search_command, arguments).stdout


def test_a_change_changes_what_rests_on_it(case: Case) -> None:
    saved.save(case, "A", "gas")
    saved.save(case, "B", "saved:a AND price")
    assert found(case, "saved:b") == [1]
    saved.change(case, "a", "oil", description=" new  words ")
    assert found(case, "saved:b") == [3]
    assert [(v.version, v.act, v.query, v.description) for v in saved.history(case, "A")] == [
        (1, "saved", "gas", ""),
        (2, "changed", "oil", "new words"),
    ]


def test_what_would_be_within_itself_is_refused(case: Case) -> None:
    saved.save(case, "A", "gas")
    saved.save(case, "B", "saved:A")
    saved.save(case, "C", "saved:B")
    for query in ("saved:A", "saved:b", "price OR saved:C"):
        with pytest.raises(QueryError, match="within itself"):
            saved.change(case, "a", query)
    with pytest.raises(QueryError, match="within itself"):
        saved.save(case, "D", "saved:D")
    assert found(case, "saved:c") == [1, 2]


def test_searches_that_name_one_another_too_often_are_refused(case: Case) -> None:
    saved.save(case, "L0", "gas")
    for level in range(1, 9):
        saved.save(case, f"L{level}", f"saved:L{level - 1} OR saved:L{level - 1}")
    with pytest.raises(QueryError, match="too often"):
        saved.save(case, "L9", "saved:L8 OR saved:L8")
    assert found(case, "saved:L8") == [1, 2]


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("saved:none", r"no such saved search; there are 'A' \(column 7\)"),
        ("price saved:", "lacks its value"),
        ("saved:>=A", "has no order"),
        ("saved:[A TO B]", "brackets"),
        ("saved:A w/5 price", "no words to be near to"),
        ("subject:(saved:A)", "stands inside subject:"),
    ],
)
def test_refused(case: Case, query: str, problem: str) -> None:
    saved.save(case, "A", "gas")
    with pytest.raises(QueryError, match=problem):
        search(case, query)


def test_what_cannot_be_read_or_answered_is_not_saved(case: Case) -> None:
    for query in ("gas AND", "tag:nosuch", "w/5"):
        with pytest.raises(QueryError):
            saved.save(case, "Bad", query)
    assert saved.listing(case) == []
    for name in ("", 'a"b', "x" * 101):
        with pytest.raises(SavedSearchError, match="cannot be named"):
            saved.save(case, name, "gas")


def test_one_that_cannot_be_answered_any_more_names_itself(case: Case) -> None:
    panel.define(case, "Hot")
    saved.save(case, "Hot ones", "gas AND tag:hot")
    with case.write() as connection:
        connection.execute(tables.tags.update().values(name="Cold"))
    with pytest.raises(QueryError, match=r"saved search Hot ones cannot be answered.*column 13"):
        search(case, 'price saved:"hot ones"')
    with pytest.raises(QueryError, match="tag: cannot take 'hot'"):
        search(case, "price", within='saved:"hot ones"')


def test_delete(case: Case) -> None:
    saved.save(case, "A", "gas")
    saved.save(case, "B", "saved:a")
    culling.add(case, "rule", Condition(query="saved:b"))
    with pytest.raises(
        SavedSearchError, match=r"named by the saved search 'B', the culling rule 'rule'"
    ):
        saved.delete(case, "a")
    with pytest.raises(SavedSearchError, match="named by the culling rule 'rule'"):
        saved.delete(case, "B")
    culling.lift(case, "rule")
    saved.delete(case, "b")
    saved.delete(case, "A")
    assert saved.listing(case) == []
    with pytest.raises(SavedSearchError, match="no saved search 'a'"):
        saved.delete(case, "a")
    assert [v.act for v in saved.history(case, "a")] == ["saved", "deleted"]
    assert saved.save(case, "a", "oil").version == 3
    assert [v.name for v in saved.listing(case)] == ["A"]


def test_a_taken_name(case: Case) -> None:
    saved.save(case, "A", "gas")
    with pytest.raises(SavedSearchError, match="already"):
        saved.save(case, " a ", "oil")


def test_roles_and_the_audit_chain(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    users.add(case, audit.actor(), UserRole.ADMIN)
    users.add(case, "Bo", UserRole.REVIEWER)
    users.add(case, "Cy", UserRole.READ_ONLY)
    saved.save(case, "A", "gas", description="why")
    monkeypatch.setenv("REDWELL_USER", "Bo")
    with pytest.raises(RoleError, match="'A' is"):
        saved.change(case, "A", "oil")
    saved.save(case, "B", "oil")
    saved.change(case, "B", "saved:A")
    monkeypatch.setenv("REDWELL_USER", "Cy")
    with pytest.raises(RoleError):
        saved.save(case, "C", "oil")
    assert found(case, "saved:B") == [1, 2]
    monkeypatch.delenv("REDWELL_USER")
    saved.delete(case, "B")
    with case.read() as connection:
        audit.verify(connection)
        acts = [(e.act, json.loads(e.details)) for e in audit.entries(connection)]
    told = [(act, d["name"], d["query"]) for act, d in acts if act.startswith("search ")]
    assert told == [
        ("search saved", "A", "gas"),
        ("search saved", "B", "oil"),
        ("search changed", "B", "saved:A"),
        ("search deleted", "B", "saved:A"),
    ]


def test_commands(case: Case) -> None:
    assert run(case, "add", "A", "gas", "--description", "d").stdout == (
        "'A', version 1: 2 documents; search saved:\"A\"\n"
    )
    assert run(case, "change", "a", "oil OR\ngas").stdout.startswith("'A', version 2: 3 documents")
    lines = run(case, "list").stdout.splitlines()
    assert [line.split("\t")[0::4] for line in lines] == [["name", "query"], ["A", "oil OR gas"]]
    shown = run(case, "show", "A").stdout.splitlines()
    assert shown[0].startswith("A, version 1, saved by ")
    assert [line.strip() for line in shown if line.startswith("    ")] == ["gas", "oil OR", "gas"]
    assert [each["version"] for each in json.loads(run(case, "show", "a", "--json").stdout)] == [
        *(1, 2),
    ]
    assert run(case, "delete", "A").stdout.startswith("Deleted the saved search 'A'")
    assert isinstance(run(case, "show", "nix").exception, SavedSearchError)
    assert "either QUERY or --terms" in run(case, "add", "B").stderr


def test_a_case_without_an_index_saves_all_the_same(tmp_path: Path) -> None:
    with case_with(tmp_path / "case", DOCS) as case:
        done = run(case, "add", "A", "gas")
        assert done.stdout.startswith("'A', version 1: not searched yet")
        assert "run 'redwell index' first" in done.stderr


def test_the_record_is_read_once_a_query(case: Case) -> None:
    saved.save(case, "A", "gas")
    shelf = SavedSearches(case)
    assert explain(parse("saved:a", (), saved=shelf)) == "saved search A\n  word gas"
    saved.change(case, "A", "oil")
    assert shelf.find("a").query == "gas"  # one query sees one record
    assert SavedSearches(case).find("a").query == "oil"
