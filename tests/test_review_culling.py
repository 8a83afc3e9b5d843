"""Culling: what rules meet, what stays, what comes back, and that the counts reconcile."""

import csv
import json
import multiprocessing
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from index import search
from produce.status import status
from records import audit, culls, tables, times
from records.case import Case, opened
from records.errors import CaseBusyError, CullError, IndexStateError, QueryError
from records.fields import Fields
from records.status import status_of
from review import culling
from review.conditions import Condition
from review.cull_commands import cull_group
from review.culled import listing, report
from tests.index_cases import Doc, add, case_with, index_here

NEW_YORK = "America/New_York"
ALL = {1, 2, 3, 4, 5, 6, 7, 8, 9}  # what is in review before any rule


def docs() -> list[Doc]:
    return [
        # 1 and 2: a mail and its sheet, sent on 14 May in New York and 15 May in London.
        _mail("gas price", "2001-05-15T03:30:00Z"),
        Doc(
            "the sheet",
            extra={
                "family_id": 1,
                "position": 1,
                "role": "attachment",
                "found_in_id": 1,
                "type": "xlsx",
                "ext": "xlsx",
            },
        ),
        _mail("old news", "1999-12-31T12:00:00Z", custodian_id=2),
        Doc(
            "letter",
            extra={
                "type": "docx",
                "ext": "DOCX",
                "address": "share/Legal/letter.docx",
                "modified_at": "2003-01-02T00:00:00Z",
            },
        ),
        Doc(
            "letter two",
            Fields(modified_at="2000-02-02T00:00:00Z"),
            {
                "type": "docx",
                "ext": "docx",
                "address": "share/legal/old.docx",
                "modified_at": "2020-01-01T00:00:00Z",
            },
        ),
        Doc("no date", extra={"type": "txt", "size": 9_000_000}),
        Doc(
            None,
            extra={
                "disposition": "exception",
                "type": "pdf",
                "ext": "pdf",
                "modified_at": "2001-06-01T00:00:00Z",
            },
        ),
        Doc("", extra={"disposition": "empty", "type": "", "size": 0}),
        # A mail kept, and its suppressed copy with another custodian.
        _mail("shared gas", "2001-07-01T12:00:00Z"),
        _mail(
            "shared gas",
            "2001-07-01T12:00:00Z",
            custodian_id=2,
            disposition="duplicate",
            duplicate_of_id=9,
        ),
        Doc(None, extra={"disposition": "container", "type": "zip", "ext": "zip"}),
        Doc(
            "dll",
            extra={
                "disposition": "system file",
                "outcome": "reviewable",
                "type": "exe",
                "ext": "dll",
            },
        ),
        Doc(None, extra={"disposition": "pending", "state": "collected", "type": "email"}),
    ]


def _mail(text: str, sent_at: str, **extra: Any) -> Doc:
    outcome = {"outcome": "reviewable"} if "disposition" in extra else {}
    return Doc(text, Fields(sent_at=sent_at), {"type": "email", "ext": "eml", **extra, **outcome})


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with case_with(tmp_path / "case", docs(), ("Ray, Ann", "Poe, Ed")) as case:
        yield case


def rule(**values: Any) -> Condition:
    return Condition(**({"time_zone": NEW_YORK} | values))


def aside(case: Case) -> set[int]:
    with case.read() as connection:
        found = culls.aside(connection)
        counts = culls.balance(connection)
        total = connection.execute(
            sa.select(sa.func.count()).select_from(tables.documents)
        ).scalar()
    assert sum(counts.values()) == total
    assert counts["put aside by culling"] == len(found)
    return found


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (rule(sent_before="2000"), {3}),
        (rule(sent_before="2001-05-15"), {1, 2, 3, 5}),
        (rule(sent_before="2001-05-14"), {3, 5}),
        (rule(sent_before="2001-05-15", time_zone="UTC"), {3, 5}),
        (rule(sent_after="2001-05-14"), {4, 7, 9}),
        (rule(sent_after="2001-05-13", sent_before="2001-05-15"), {1, 2}),
        (rule(types=("docx",)), {4, 5}),
        (rule(types=("docx", "pdf")), {4, 5, 7}),
        (rule(exts=("docx",)), {4, 5}),
        (rule(custodians=("Poe, Ed",)), {3}),  # 10 is a duplicate already
        (rule(custodians=("Ray, Ann",)), {1, 2, 4, 5, 6, 7, 8}),  # 9 stands for Ed's copy
        (rule(paths=("*/legal/*",)), {4, 5}),
        (rule(paths=("share/Legal/l?tter.docx",)), {4}),
        (rule(paths=("share/*.pdf", "*old.docx")), {5}),
        (rule(larger=8_999_999), {6}),
        (rule(larger=9_000_000), set()),
        (rule(smaller=1), {8}),
        (rule(types=("docx",), paths=("*old.docx",)), {5}),
        # Keeping: all else goes, but what cannot be told.
        (rule(types=("email",), invert=True), {4, 5, 6, 7, 8}),
        (rule(custodians=("Poe, Ed",), invert=True), {1, 2, 4, 5, 6, 7, 8}),
        (rule(sent_after="2000-12-31", sent_before="2002", invert=True), {3, 4, 5}),
        (rule(sent_before="2002", custodians=("Poe, Ed",), invert=True), {1, 2, 4, 5, 6, 7, 8}),
        (rule(sent_before="2002", custodians=("Ray, Ann",), invert=True), {3, 4}),
    ],
)
def test_what_a_rule_puts_aside(case: Case, condition: Condition, expected: set[int]) -> None:
    told = culling.add(case, "r", condition, dry_run=True)
    assert aside(case) == set()
    done = culling.add(case, "r", condition)
    assert done == told
    assert aside(case) == expected
    assert done.put_aside == len(expected)
    assert done.became.get("put aside", 0) == len(expected)
    assert sum(done.became.values()) == done.documents
    assert sum(done.by_custodian.values()) == sum(done.by_type.values()) == done.put_aside
    assert done.not_processed == 1
    index_here(case)
    assert set(search(case, "NOT docid:13").ids) == ALL - expected
    assert set(search(case, "is:culled").ids) == expected
    assert culling.lift(case, "R") == len(expected)
    assert aside(case) == set()
    assert set(search(case, "NOT docid:13").ids) == ALL


def test_documents_without_a_date_are_counted_and_stay(case: Case) -> None:
    done = culling.add(case, "r", rule(sent_before="2030"))
    assert aside(case) == ALL - {6, 8}
    assert (done.undated, done.unread) == (4, 0)  # 6, 8, the container and the system file
    assert culling.add(case, "k", rule(sent_after="2030", invert=True)).undated == 4
    assert aside(case) == ALL - {6, 8}


def test_what_has_no_bytes_is_not_judged_by_them(case: Case) -> None:
    with case.write() as connection:
        connection.execute(
            tables.documents.update().where(tables.documents.c.id == 7).values(sha256=None, size=0)
        )
    culling.add(case, "small", rule(smaller=1))
    culling.add(case, "others", rule(types=("email",), invert=True))
    assert aside(case) == {4, 5, 6, 8}


def test_rules_stack(case: Case) -> None:
    culling.add(case, "docs", rule(types=("docx",)))
    done = culling.add(case, "old", rule(sent_before="2001-05-14"))
    assert done.became == {"put aside": 2}
    assert done.put_aside == 1  # 5 is aside already
    assert status_of(case).culling == {"docs": 2, "old": 2}
    assert status_of(case).review["put aside by culling"] == 3
    assert [(each.control, each.other_rules) for each in report(case, "old")] == [
        ("RW-00000003", ""),
        ("RW-00000005", "docs"),
    ]
    assert culling.lift(case, "docs") == 1
    assert aside(case) == {3, 5}
    assert [each.stands for each in report(case, "docs")] == ["in review", "put aside"]
    rules, balance = listing(case)
    assert [(each.state, each.families, each.documents) for each in rules] == [
        ("lifted", 2, 0),
        ("active", 2, 2),
    ]
    assert balance == {
        "in review": 7,
        "put aside by culling": 2,
        "container": 1,
        "duplicate": 1,
        "pending": 1,
        "system file": 1,
    }


def test_a_kept_document_stands_for_copies_that_no_rule_meets(case: Case) -> None:
    done = culling.add(case, "Ann", rule(custodians=("Ray, Ann",)))
    assert done.became == {
        "container": 1,
        "in review for a copy": 1,
        "put aside": 7,
        "system file": 1,
    }
    assert 9 not in aside(case)
    done = culling.add(case, "Ed", rule(custodians=("Poe, Ed",)))
    assert done.became == {"duplicate": 1, "put aside": 1}
    assert done.put_aside == 2  # his own, and the kept one that no copy holds back now
    assert aside(case) == ALL
    assert status_of(case).culling == {"Ann": 8, "Ed": 1}
    assert culling.lift(case, "Ed") == 2


def test_a_copy_collected_later_brings_its_kept_one_back(case: Case) -> None:
    culling.add(case, "mail", rule(types=("email",)))
    assert aside(case) == {1, 2, 3, 9}
    copy = {"disposition": "duplicate", "duplicate_of_id": 3, "custodian_id": 1}
    add(case, [_mail("old news", "1999-12-31T12:00:00Z", **copy)])
    assert aside(case) == {1, 2, 9}
    (done,) = culling.apply(case)
    assert (done.put_aside, done.returned) == (1, 0)
    assert aside(case) == {1, 2, 3, 9}


def test_members_that_come_later_go_with_their_family(case: Case) -> None:
    culling.add(case, "mail", rule(types=("email",)))
    add(case, [Doc("late", extra={"family_id": 3, "position": 1, "found_in_id": 3})])
    assert aside(case) == {1, 2, 3, 9, 14}
    assert [each.control for each in report(case, "mail")][-1] == "RW-00000010"
    assert "RW-00000014" in {each.control for each in report(case, "mail")}


def test_apply_judges_what_came_since(case: Case) -> None:
    culling.add(case, "mail", rule(types=("email",)))
    culling.add(case, "docs", rule(types=("docx",)))
    assert status_of(case).not_culled == 0
    with case.write() as connection:
        processed = {"state": "processed", "outcome": "reviewable", "disposition": "reviewable"}
        c = tables.documents.c
        connection.execute(tables.documents.update().where(c.id == 13).values(**processed))
        connection.execute(tables.documents.update().where(c.id == 4).values(type="txt"))
    add(case, [_mail("more", "2002-01-01T00:00:00Z")])
    assert status_of(case).not_culled == 2
    told = culling.apply(case, dry_run=True)
    assert 14 not in aside(case)
    done = culling.apply(case)
    assert done == told
    assert [(each.put_aside, each.returned) for each in done] == [(2, 0), (0, 1)]
    assert aside(case) == {1, 2, 3, 5, 9, 13, 14}
    assert status_of(case).not_culled == 0
    again = culling.apply(case)
    assert [(each.put_aside, each.returned) for each in again] == [(0, 0), (0, 0)]
    with case.write() as connection:
        audit.append(connection, "missing bytes collected", document=7, sha256="ab")
    assert status_of(case).not_culled == 1


def test_queries(case: Case) -> None:
    index_here(case)
    culling.add(case, "gas", rule(query="gas"))
    assert aside(case) == {1, 2, 9}  # 10, the copy of 9, answers too
    culling.lift(case, "gas")
    culling.add(case, "sheet", rule(query="sheet"))  # an attachment's word, not its root's
    assert aside(case) == set()
    culling.add(case, "keep", rule(query="sheet OR letter", invert=True))
    assert aside(case) == {3, 6, 8, 9}  # 1 stays for its sheet, 7 could not be read
    done = culling.apply(case)
    assert [(each.put_aside, each.returned) for each in done] == [(0, 0), (0, 0)]
    assert done[1].unread == 1
    culling.lift(case, "keep")
    assert culling.add(case, "not", rule(query="NOT gas", types=("pdf", "email"))).unread == 1
    assert aside(case) == {3}


def test_a_query_that_keeps_needs_a_whole_index(case: Case) -> None:
    with pytest.raises(IndexStateError, match="index"):
        culling.add(case, "keep", rule(query="gas"))
    index_here(case, [1, 2, 3])
    for condition in (rule(query="gas", invert=True), rule(query="NOT gas")):
        with pytest.raises(IndexStateError, match="unsearched"):
            culling.add(case, "keep", condition)
    culling.add(case, "gas", rule(query="gas"))
    assert aside(case) == {1, 2}
    with pytest.raises(QueryError):
        culling.add(case, "bad", rule(query="gas AND"))


def test_what_waits_for_ocr_or_was_lost_is_not_put_aside_by_absence(case: Case) -> None:
    with case.write() as connection:
        c = tables.documents.c
        connection.execute(tables.documents.update().where(c.id == 6).values(ocr_pages=[0]))
        connection.execute(
            tables.notes.insert().values(
                document_id=3, severity="warning", code="embedded-lost", message="", tool="t",
                tool_version="", attempts=1, at=times.now(),
            )
        )  # fmt: skip
    index_here(case)
    done = culling.add(case, "keep", rule(query="gas", invert=True))
    assert aside(case) == {4, 5, 8}
    assert done.unread == 3


def test_reviewable_is_what_is_in_review(case: Case) -> None:
    index_here(case)
    culling.add(case, "docs", rule(types=("docx",)))
    assert set(search(case, "disposition:reviewable").ids) == {1, 2, 3, 6, 9}
    assert set(search(case, "disposition:duplicate").ids) == {10}
    assert set(search(case, "letter AND is:culled").ids) == {4, 5}
    assert set(search(case, "letter").ids) == set()
    assert set(search(case, "letter", scope_all=True).ids) == {4, 5}


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        (rule(), "asks nothing"),
        (rule(invert=True), "asks nothing"),
        (rule(types=("emial",)), "the type 'emial'. It has: docx, email"),
        (rule(exts=("xyz",), invert=True), "the ext 'xyz'"),
        (rule(custodians=("Ray",)), "the custodian 'Ray'. It has: Poe, Ed, Ray, Ann"),
        (rule(sent_before="May"), "write a date"),
        (rule(sent_after="2001-13"), "A date of the rule"),
    ],
)
def test_rules_that_are_refused(case: Case, condition: Condition, says: str) -> None:
    with pytest.raises(CullError) as caught:
        culling.add(case, "r", condition)
    assert says in str(caught.value)
    assert listing(case)[0] == []


def test_names(case: Case) -> None:
    culling.add(case, "Old  mail", rule(types=("email",)))
    with pytest.raises(CullError, match="'Old mail' is on record"):
        culling.add(case, "OLD MAIL", rule(types=("docx",)))
    with pytest.raises(CullError, match="cannot be called"):
        culling.add(case, 'a"b', rule(types=("docx",)))
    for act in (lambda: culling.lift(case, "x"), lambda: list(report(case, "x"))):
        with pytest.raises(CullError, match="there are: 'Old mail'"):
            act()
    culling.lift(case, "old mail")
    with pytest.raises(CullError, match="lifted already"):
        culling.lift(case, "old mail")


def test_conditions_read_back() -> None:
    whole = Condition("q", "2001", "2000", ("a",), ("b",), ("c",), ("d", "e"), 5, 6, True, NEW_YORK)
    assert Condition.from_json(json.loads(json.dumps(whole.to_json()))) == whole
    assert str(rule(types=("a", "b"), larger=5, invert=True)) == "all but types a, b and larger 5"


def test_every_act_is_on_record(case: Case) -> None:
    culling.add(case, "mail", rule(types=("email",)))
    culling.apply(case)
    culling.lift(case, "mail")
    with case.read() as connection:
        acts = [(each.act, json.loads(each.details)) for each in audit.entries(connection)][1:]
        audit.verify(connection)
    assert [act for act, _ in acts] == [
        "culling rule added",
        "culling rule applied",
        "culling rule lifted",
    ]
    assert all(told["condition"] == {"types": ["email"]} for _, told in acts)
    assert (acts[0][1]["put_aside"], acts[2][1]["returned"]) == (4, 4)
    assert sum(acts[0][1]["balance"].values()) == 13


def test_status_tells_of_it_and_what_to_do(case: Case) -> None:
    with case.write() as connection:  # nothing is to be processed
        values = {"state": "processed", "outcome": "empty", "disposition": "empty"}
        c = tables.documents.c
        connection.execute(tables.documents.update().where(c.id == 13).values(**values))
    index_here(case)

    def told() -> str:
        given = ["--case", str(case.folder)]
        return CliRunner().invoke(status, given, catch_exceptions=False).stdout

    assert "culling" not in told()
    culling.add(case, "mail", rule(types=("email",)))
    lines = [line.split() for line in told().splitlines()]
    assert ["put", "aside", "by", "culling", "5"] in lines
    assert ["mail", "5"] in lines
    add(case, [Doc("", extra={"disposition": "empty"})])
    index_here(case, [14])
    assert "families to be judged: redwell cull apply  1" in told()
    assert told().endswith("Next: redwell cull apply\n")


def test_a_case_in_use_is_not_culled(case: Case) -> None:
    with case.exclusive("process"), pytest.raises(CaseBusyError):
        culling.add(case, "r", rule(types=("email",)))


def _killed_in_the_midst(folder: Path) -> None:
    def die(*_: Any, **__: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    audit.append = die
    with opened(folder) as case:
        culling.add(case, "r", rule(types=("email",)))


def test_a_kill_leaves_all_or_nothing(case: Case) -> None:
    child = multiprocessing.get_context("spawn").Process(
        target=_killed_in_the_midst, args=(case.folder,)
    )
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    assert listing(case)[0] == []
    assert aside(case) == set()
    assert culling.add(case, "r", rule(types=("email",))).put_aside == 4


def run(case: Case, *arguments: str) -> Result:
    given = [arguments[0], "--case", str(case.folder), *arguments[1:]]
    return CliRunner().invoke(cull_group, given, catch_exceptions=False)


def test_the_commands(case: Case) -> None:
    given = ("add", "big", "--larger", "8mb", "--type", "TXT", "--ext", ".txt")
    told = json.loads(run(case, *given, "--dry-run", "--json").stdout)
    assert (told["dry_run"], told["put_aside"]) == (True, 1)
    assert told["condition"] == {"types": ["txt"], "exts": ["txt"], "larger": 8 << 20}
    out = run(case, *given).stdout.splitlines()
    assert ["custodian", "Ray,", "Ann", "1"] in [line.split() for line in out]
    assert out[-7] == "Documents of the case: 13"
    listed = run(case, "list").stdout.splitlines()[0].split("\t")
    assert listed == ["big", "active", "1", "1", "types txt and exts txt and larger 8388608"]
    assert json.loads(run(case, "list", "--json").stdout)["balance"]["put aside by culling"] == 1
    rows = list(csv.DictReader(run(case, "report", "big").stdout.splitlines()))
    assert [(each["control"], each["stands"]) for each in rows] == [("RW-00000006", "put aside")]
    assert json.loads(run(case, "report", "big", "--json").stdout)[0]["size"] == 9_000_000
    assert run(case, "apply").stdout == "big: 0 documents put aside, 0 back in review\n"
    assert run(case, "lift", "big").stdout == "Lifted big: 1 document back in review\n"
    with pytest.raises(CullError, match="size '8 elephants'"):
        run(case, "add", "b", "--larger", "8 elephants")
