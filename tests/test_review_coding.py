"""Groups of tags and their rules: what is refused, shown, kept, replaced, and taken along."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from index import search
from records import audit, tables
from records.case import Case
from records.errors import SelectionError, TagError
from review import panel, rules, tags
from review.commands import tag_group
from review.history import history, standing
from review.panel import Kind
from review.tags import ConflictError
from tests.index_cases import Doc, case_with, index_here


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    """1 with its attachment 2; 3 kept, 4 its suppressed copy; 5 and 6 one thread, 7 alone."""
    docs = [
        Doc("gas letter"),
        Doc("gas sheet", extra={"family_id": 1, "position": 1}),
        Doc("other"),
        Doc("other", extra={"disposition": "duplicate", "duplicate_of_id": 3}),
        Doc("first mail"),
        Doc("second mail"),
        Doc("alone"),
    ]
    with case_with(tmp_path / "case", docs) as case:
        index_here(case)
        _thread(case, 5, 6)
        panel.add_group(case, "Call", single=True, tags=("Responsive", "Not responsive"))
        panel.add_group(case, "Issues", Kind.ISSUES, tags=("Price", "Storage"))
        panel.define(case, "Privileged", needs_basis=True)
        panel.define(case, "Hot")
        yield case


def _thread(case: Case, *ids: int) -> None:
    same = {"thread_id": ids[0], "position": 0, "depth": 0, "basis": "references"}
    with case.write() as connection:
        connection.execute(tables.threads.insert(), [{"document_id": each, **same} for each in ids])


def bearing(case: Case, name: str) -> set[int]:
    return set(search(case, f'tag:"{name}"', scope_all=True).ids)


def acts(case: Case) -> int:
    with case.read() as connection:
        return audit.verify(connection)[0]


def run(case: Case, *arguments: str) -> Result:
    return CliRunner().invoke(tag_group, [*arguments, "--case", str(case.folder)])


def test_a_single_choice_stops_before_anything_is_written(case: Case) -> None:
    tags.change(case, "add", "Responsive", [1, 3], {})
    before = acts(case)
    with pytest.raises(ConflictError, match="on 2 documents, nothing was written") as caught:
        tags.change(case, "add", "Not responsive", [1, 2, 3], {})
    (conflict,) = caught.value.conflicts
    assert (conflict.documents, conflict.named) == ((1, 3), 2)
    assert (conflict.tag, conflict.against) == ("Not responsive", "Responsive")
    assert (acts(case), bearing(case, "Not responsive")) == (before, set())


def test_keep_leaves_them_and_replace_takes_the_other_off(case: Case) -> None:
    tags.change(case, "add", "Responsive", [1, 3], {})
    kept = tags.change(case, "add", "Not responsive", [1, 2, 3], {}, on_conflict="keep")
    assert (kept.changed, kept.left, kept.taken_off) == (1, 2, {})
    assert (bearing(case, "Responsive"), bearing(case, "Not responsive")) == ({1, 3}, {2})
    done = tags.change(case, "add", "Not responsive", [1, 7], {}, on_conflict="replace")
    assert (done.changed, done.taken_off) == (2, {"Responsive": 1})
    assert (bearing(case, "Responsive"), bearing(case, "Not responsive")) == ({3}, {1, 2, 7})
    events = [(each.action, each.tag) for each in history(case, document=1)]
    assert events[1:] == [("remove", "Responsive"), ("add", "Not responsive")]
    assert len({each.act for each in history(case, document=1)}) == 2


def test_a_dry_run_tells_of_conflicts(case: Case) -> None:
    tags.change(case, "add", "Responsive", [1], {})
    told = tags.change(case, "add", "Not responsive", [1, 2], {}, dry_run=True)
    assert (told.changed, len(told.conflicts), told.act) == (0, 1, None)


@pytest.mark.parametrize(
    ("names", "options", "says"),
    [
        (("Responsive", "Not responsive"), {}, "cannot be put on together: 'Call' allows"),
        ("Privileged", {}, "'Privileged' needs a basis"),
        ("Privileged", {"basis": "  "}, "'Privileged' needs a basis"),
        ("Hot", {"basis": " "}, "says something"),
        ("Hot", {"take_off": ["Hot"]}, "put on and taken off at once"),
        ("Cold", {}, "no tag 'Cold'; there are: 'Hot'"),
        ("Hot", {"take_off": ["Cold"]}, "no tag 'Cold'"),
    ],
)
def test_acts_that_are_refused(
    case: Case, names: str | tuple[str, ...], options: dict[str, Any], says: str
) -> None:
    with pytest.raises(TagError) as caught:
        tags.change(case, "add", names, [1], {}, **options)
    assert says in str(caught.value)
    assert history(case) == []


def test_exclusive_pairs(case: Case) -> None:
    assert panel.exclude(case, "hot", "PRICE") == ("Price", "Hot")
    before = acts(case)
    panel.exclude(case, "price", "hot")  # is there already
    assert acts(case) == before
    tags.change(case, "add", "Hot", [1], {})
    with pytest.raises(ConflictError, match="exclude each other"):
        tags.change(case, "add", "Price", [1], {})
    tags.change(case, "add", "Price", [1], {}, take_off=["Hot"])
    assert (bearing(case, "Hot"), bearing(case, "Price")) == (set(), {1})
    panel.exclude(case, "Hot", "Price", lift=True)
    tags.change(case, "add", "Hot", [1], {})
    for pair in (("Hot", "Price"), ("Hot", "Storage")):
        with pytest.raises(TagError, match="No rule says"):
            panel.exclude(case, *pair, lift=True)
    with pytest.raises(TagError, match="exclude itself"):
        panel.exclude(case, "Hot", "hot")


def test_a_required_group(case: Case) -> None:
    panel.change_group(case, "Call", required=True)
    with pytest.raises(ConflictError, match="'Call' requires a choice of 'Responsive', 'Not"):
        tags.change(case, "add", "Hot", [1], {})
    with pytest.raises(ConflictError):
        tags.change(case, "add", "Hot", [1], {}, on_conflict="replace")
    assert tags.change(case, "add", "Hot", [1], {}, on_conflict="keep").left == 1
    tags.change(case, "add", ["Hot", "Responsive"], [1], {})
    tags.change(case, "add", "Responsive", [2], {})
    with pytest.raises(ConflictError, match="on 1 document,"):
        tags.change(case, "remove", "Responsive", [1, 2], {})
    done = tags.change(case, "remove", "Responsive", [1, 2], {}, on_conflict="keep")
    assert (done.changed, done.left, bearing(case, "Responsive")) == (1, 1, {1})
    tags.change(case, "add", "Not responsive", [1], {}, on_conflict="replace")
    tags.change(case, "remove", ["Hot", "Not responsive"], [1], {})
    assert bearing(case, "Not responsive") == set()


def test_a_replacement_that_would_lose_a_required_choice_is_refused(case: Case) -> None:
    panel.change_group(case, "Call", required=True)
    panel.exclude(case, "Responsive", "Hot")
    tags.change(case, "add", ["Responsive", "Price"], [1], {})
    with pytest.raises(ConflictError, match="requires a choice"):
        tags.change(case, "add", "Hot", [1], {}, on_conflict="replace")
    assert bearing(case, "Responsive") == {1}


def test_bases(case: Case) -> None:
    tags.change(case, "add", "Privileged", [1, 2], {}, basis="advice  on the lease ")
    assert standing(case, 1)[0].basis == "advice on the lease"
    assert tags.change(case, "add", "Privileged", [1], {}, basis="advice on the lease").changed == 0
    with pytest.raises(ConflictError, match="another basis than 'work product'"):
        tags.change(case, "add", "Privileged", [1, 3], {}, basis="work product")
    given: dict[str, Any] = {"basis": "work product", "on_conflict": "replace"}
    assert tags.change(case, "add", "Privileged", [1, 3], {}, **given).changed == 2
    assert [each.basis for n in (1, 2, 3) for each in standing(case, n)] == [
        *("work product", "advice on the lease", "work product")
    ]
    events = [(each.action, each.basis) for each in history(case, document=1)]
    old, new = "advice on the lease", "work product"
    assert events == [("add", old), ("remove", old), ("add", new)]


def test_what_comes_along(case: Case) -> None:
    done = tags.change(case, "add", "Hot", [2], {}, families=True)
    assert (done.families, bearing(case, "Hot")) == (1, {1, 2})
    for asked in (3, 4):
        done = tags.change(case, "add", "Price", [asked], {}, duplicates=True)
        assert (done.duplicates, done.suppressed, bearing(case, "Price")) == (1, (), {3, 4})
        tags.change(case, "remove", "Price", [3, 4], {})
    done = tags.change(case, "add", "Storage", [6], {"ids": "6"}, threads=True)
    assert (done.threads, bearing(case, "Storage")) == (1, {5, 6})
    assert history(case, document=5)[0].origin == {"ids": "6", "families": False, "threads": True}


def test_the_family_of_a_thread_and_the_copies_of_all_come_along(case: Case) -> None:
    with case.write() as connection:
        c = tables.documents.c
        connection.execute(tables.documents.update().where(c.id == 7).values(family_id=5))
        copy = {"disposition": "duplicate", "duplicate_of_id": 7}
        connection.execute(tables.documents.update().where(c.id == 4).values(copy))
    every: dict[str, Any] = {"threads": True, "families": True, "duplicates": True}
    done = tags.change(case, "add", "Hot", [6], {}, **every)
    assert (done.threads, done.families, done.duplicates) == (1, 1, 1)
    assert bearing(case, "Hot") == {4, 5, 6, 7}


def test_conflicts_of_what_comes_along_are_told_apart(case: Case) -> None:
    tags.change(case, "add", "Not responsive", [2], {})
    told = run(case, "add", "Responsive", "--ids", "1", "--families", "--json")
    assert isinstance(told.exception, ConflictError)
    shown = json.loads(told.stdout)
    assert shown["written"] is False
    assert [(each["documents"], each["named"]) for each in shown["conflicts"]] == [
        (["RW-00000002"], 0)
    ]
    assert "1, 1 of them came along: RW-00000002" in told.stderr
    told = run(case, "add", "Responsive", "--ids", "1", "--families", "--on-conflict", "keep")
    assert told.stdout == (
        "1 document and 1 more of their families: 'Responsive' was put on 1, 0 had it already, "
        "1 left as they are (act 2)\n"
    )
    assert (bearing(case, "Responsive"), bearing(case, "Not responsive")) == ({1}, {2})


def test_levels_keep_their_order_and_are_one(case: Case) -> None:
    kind = Kind.CONFIDENTIALITY
    panel.add_group(case, "Level", kind, tags=("Public", "Confidential", "Eyes Only"))
    panel.define(case, "Sealed", group="level")
    level = panel.groups(case)[-1]
    assert (level.single, level.tags) == (True, ("Public", "Confidential", "Eyes Only", "Sealed"))
    with pytest.raises(TagError, match="one level"):
        panel.change_group(case, "Level", single=False)
    tags.change(case, "add", "Public", [1], {})
    with pytest.raises(ConflictError):
        tags.change(case, "add", "Sealed", [1], {})


def test_tags_and_groups_that_cannot_be(case: Case) -> None:
    for name in ("call", "", 'a"b'):
        with pytest.raises(TagError):
            panel.add_group(case, name)
    with pytest.raises(TagError, match="'Hot' is there already"):
        panel.add_group(case, "New", tags=("Cold", "HOT"))
    assert "New" not in [each.name for each in panel.groups(case)]  # nothing of it
    with pytest.raises(TagError, match="no group 'Cal' of tags; there are: 'Call', 'Issues'"):
        panel.define(case, "Maybe", group="Cal")
    with pytest.raises(TagError, match="no group"):
        panel.change_group(case, "Cal", single=True)
    with pytest.raises(SelectionError):
        standing(case, 99)


def test_a_rule_that_comes_later_shows_what_breaks_it(case: Case) -> None:
    tags.change(case, "add", ["Price", "Storage"], [1], {})
    tags.change(case, "add", "Hot", [2], {})
    assert rules.broken(case) == []
    told = run(case, "group", "change", "Issues", "--single")
    assert "The tags of 1 documents break a rule now" in told.stderr
    assert run(case, "check").stdout == (
        "RW-00000001\t'Price' and 'Storage': 'Issues' allows a single choice\n"
    )
    assert run(case, "change", "Hot", "--needs-basis", "--group", "Issues").exit_code == 0
    assert [(each.tag, each.documents) for each in rules.broken(case)] == [
        ("Price", (1,)),
        ("Hot", (2,)),
    ]
    tags.change(case, "add", "Price", [1], {}, on_conflict="replace")  # mends it
    assert bearing(case, "Storage") == set()
    panel.change_group(case, "Call", required=True)
    assert [each.documents for each in rules.broken(case)] == [(1, 2), (2,)]


def test_the_commands_show_rules(case: Case) -> None:
    run(case, "group", "add", "Level", "--kind", "confidentiality", "--tag", "Low", "--tag", "High")
    run(case, "exclude", "Low", "Hot")
    tags.change(case, "add", "Privileged", [1], {}, basis="advice")
    shown = run(case, "list").stdout.splitlines()
    assert shown[:2] == ["0\tHigh\t\tgroup Level", "0\tHot\t\texcludes Low"]
    assert "1\tPrivileged\t\tneeds a basis" in shown
    assert "0\tLow\t\tgroup Level, excludes Hot" in shown
    groups = run(case, "group", "list").stdout.splitlines()
    assert groups[2] == "0\tLevel\tconfidentiality, single\tLow, High"
    assert json.loads(run(case, "group", "list", "--json").stdout)[0]["tags"] == [
        *("Responsive", "Not responsive")
    ]
    shown = run(case, "show", "1").stdout.split("\t")
    assert (shown[0], shown[1], shown[2], shown[5]) == ("", "Privileged", "advice", "1\n")
    assert run(case, "check").stderr == "All tags keep the rules\n"
    refused = run(case, "group", "add", "L", "--kind", "confidentiality", "--several")
    assert isinstance(refused.exception, TagError)
    assert run(case, "change", "Hot", "--group", "Call", "--no-group").exit_code == 2


def test_queries_see_coding_at_once(case: Case) -> None:
    def found(query: str) -> set[int]:
        return set(search(case, query).ids)

    assert found("coded:no") == {1, 2, 3, 5, 6, 7}
    tags.change(case, "add", "Responsive", [1], {})
    tags.change(case, "add", "Hot", [2], {})
    tags.change(case, "remove", "Hot", [2], {})
    assert found("coded:yes") == {1, 2}
    assert found("tagged:yes") == {1}
    assert found("coded:call") == {1}
    assert found("coded:Issues") == set()
    assert found(f"reviewer:{audit.actor()} AND gas") == {1, 2}
    for query, says in (
        ("coded:maybe", "there are 'Call', 'Issues'"),
        ("reviewer:nobody", f"there are '{audit.actor()}'"),
        ("coded:>1", "no order"),
    ):
        with pytest.raises(Exception, match=says):
            found(query)
