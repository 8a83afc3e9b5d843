"""The conflict report: what should agree and does not, and what goes out that may be privileged."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import cli
from records import counsel, tables
from records.case import Case
from records.counsel import Counsel
from records.errors import ReviewError
from records.fields import Address, Fields
from review import panel, privilege_terms, tags
from review.conflicts import Conflict, Kind, Report, Wanted, report
from tests.index_cases import Doc, case_with, index_here

SAME = {"sha256": "a" * 64}
ANN = Address("Ann Ray", "ann@ray.law")
DOCS = (
    *(Doc("one"), Doc("two", extra={"family_id": 1, "position": 1, "role": "attachment"})),  # 1, 2
    *(Doc("three", extra=SAME), Doc("four", extra=SAME)),  # 3, 4: the same bytes
    Doc("five"),
    Doc("six", extra={"disposition": "duplicate", "duplicate_of_id": 5}),
    *(Doc("seven"), Doc("seven"), Doc("nine"), Doc("ten")),  # 7, 8: one text; 9, 10: near
    *(Doc("eleven"), Doc("twelve"), Doc("thirteen")),  # 11 holds 12, and 12 holds 13
    Doc("legal advice on the lease"),  # 14
    Doc("thanks", Fields(sender=(ANN,)), {"type": "email"}),  # 15
)


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with case_with(tmp_path / "case", DOCS) as case:
        with case.write() as connection:
            rows = [
                {"document_id": 9, "principal_id": 9, "percent": 100.0},
                {"document_id": 10, "principal_id": 9, "percent": 96.0},
            ]
            connection.execute(tables.near_duplicates.insert(), rows)
            mail = {"thread_id": 11, "position": 0, "depth": 0, "basis": "x", "spare_of_id": None}
            threads = [
                mail | {"document_id": 11, "inclusive": True, "contained_in": "last"},
                mail | {"document_id": 12, "inclusive": False, "contained_in": "RW-00000011"},
                mail | {"document_id": 13, "inclusive": False, "contained_in": "RW-00000012"},
            ]
            connection.execute(tables.threads.insert(), threads)
        index_here(case)
        panel.add_group(case, "Call", single=True, tags=("Responsive", "Not responsive"))
        panel.add_group(case, "Issues", tags=("Price",))
        panel.define(case, "Privileged")
        yield case


def yes(case: Case, *ids: int) -> None:
    tags.change(case, "add", "Responsive", ids, {})


def no(case: Case, *ids: int) -> None:
    tags.change(case, "add", "Not responsive", ids, {})


def look(case: Case, *kinds: Kind, **options: object) -> Report:
    wanted = {"kinds": frozenset(kinds or Kind), "terms": tuple(privilege_terms.read(None))}
    return report(case, Wanted(**wanted | options))  # type: ignore[arg-type]


def told(found: Report) -> list[tuple[Kind, dict[int, str]]]:
    return [(each.kind, _codes(each)) for each in found.conflicts]


def _codes(conflict: Conflict) -> dict[int, str]:
    return {each.document: ", ".join(each.tags) for each in conflict.documents}


YES, NO = "Responsive", "Not responsive"


def test_each_kind_of_tie(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDWELL_USER", "ann")
    yes(case, 1, 3, 5, 7, 9, 11, 12)
    monkeypatch.setenv("REDWELL_USER", "bob")
    no(case, 2, 4, 6, 8, 10, 13)
    found = look(case)
    assert told(found) == [
        (Kind.FAMILY, {1: YES, 2: NO}),
        (Kind.COPIES, {3: YES, 4: NO}),
        (Kind.COPIES, {5: YES, 6: NO}),
        (Kind.NEAR, {7: YES, 8: NO}),
        (Kind.NEAR, {9: YES, 10: NO}),
        (Kind.THREAD, {11: YES, 12: YES, 13: NO}),
    ]
    family = found.conflicts[0]
    assert (family.about, family.group) == ("family RW-00000001", "Call")
    assert [each.by for each in family.documents] == [("ann",), ("bob",)]
    assert all(each.at for each in family.documents)
    details = {each.document: each.detail for c in found.conflicts for each in c.documents}
    assert details[2] == "attachment"
    assert details[6] == "suppressed copy"
    assert details[10] == "96 % of RW-00000009"
    assert (details[11], details[13]) == ("inclusive mail", "held by RW-00000011")


def test_what_agrees_is_no_conflict(case: Case) -> None:
    yes(case, *range(1, 15))
    tags.change(case, "add", "Price", [1, 3], {})  # of a group of several choices
    assert told(look(case, Kind.FAMILY, Kind.COPIES, Kind.NEAR, Kind.THREAD)) == []
    assert told(look(case, Kind.NEAR, near=0.0)) == []


def test_what_nobody_coded_only_where_it_is_asked(case: Case) -> None:
    yes(case, 1, 5, 7)
    kinds = (Kind.FAMILY, Kind.COPIES, Kind.NEAR)
    assert told(look(case, *kinds)) == []
    assert told(look(case, *kinds, uncoded=True)) == [
        (Kind.FAMILY, {1: YES, 2: ""}),
        (Kind.NEAR, {7: YES, 8: ""}),  # the suppressed copy of 5 is not to be coded
    ]


def test_how_near_is_said(case: Case) -> None:
    yes(case, 9)
    no(case, 10)
    assert told(look(case, Kind.NEAR, near=97.0)) == []
    assert told(look(case, Kind.NEAR, near=96.0)) == [(Kind.NEAR, {9: YES, 10: NO})]


def test_copies_are_not_told_again_as_near(case: Case) -> None:
    with case.write() as connection:
        both = tables.documents.c.id.in_((3, 4))
        text = connection.execute(tables.documents.select().where(both)).first()
        assert text is not None
        same = tables.documents.update().where(both).values(text_sha256=text.text_sha256)
        connection.execute(same)
    yes(case, 3)
    no(case, 4)
    assert told(look(case, Kind.COPIES, Kind.NEAR)) == [(Kind.COPIES, {3: YES, 4: NO})]


def test_privilege_among_what_goes_out(case: Case) -> None:
    counsel.add(case, [Counsel("Ann Ray", addresses=("ann@ray.law",))])
    yes(case, 1, 14, 15)
    found = look(case, Kind.PRIVILEGE)
    assert told(found) == [(Kind.PRIVILEGE, {14: YES}), (Kind.PRIVILEGE, {15: YES})]
    assert found.production == 'tag:"Responsive"'
    assert found.privileged == 'tag:"Privileged"'
    detail = found.conflicts[1].documents[0].detail
    assert detail == "40 points: attorney-wrote +40 (Ann Ray)"
    tags.change(case, "add", "Privileged", [14], {})
    assert told(look(case, Kind.PRIVILEGE)) == [(Kind.PRIVILEGE, {15: YES})]
    assert told(look(case, Kind.PRIVILEGE, production="docid:14", privileged="docid:14")) == []


def test_nothing_says_what_goes_out(case: Case) -> None:
    with case.write() as connection:
        t = tables.tags.c
        connection.execute(tables.tags.update().where(t.id == 1).values(name="Nonresponsive"))
    found = look(case, Kind.PRIVILEGE)
    assert (found.production, found.conflicts) == (None, ())
    assert told(look(case, Kind.PRIVILEGE, production="docid:14")) == [(Kind.PRIVILEGE, {14: ""})]


def test_a_group_of_several_choices_is_not_compared(case: Case) -> None:
    with pytest.raises(ReviewError, match="'Issues' allows several choices"):
        look(case, groups=("Issues",))


def run(case: Case, *arguments: str) -> Result:
    folder = ["--case", str(case.folder)]
    return CliRunner().invoke(cli.redwell, ["review", "conflicts", *arguments, *folder])


def test_the_command(case: Case, tmp_path: Path) -> None:
    yes(case, 1, 14)
    no(case, 2)
    lines = run(case).stdout.splitlines()
    assert lines[0] == "conflict\tkind\tabout\tgroup\tdocument\tcoded\tby\tat\tdetail"
    assert lines[-1] == "2 conflicts: 1 of family, 1 of privilege"
    found = json.loads(run(case, "--json", "--kind", "family").stdout)
    assert found["count"] == 1
    assert [each["document"] for each in found["conflicts"][0]["documents"]] == [
        *("RW-00000001", "RW-00000002"),
    ]
    terms = tmp_path / "t.txt"
    terms.write_text("one\n")
    target = tmp_path / "c.csv"
    told = run(case, "--kind", "privilege", "--terms", str(terms), "--export", str(target))
    assert told.stdout.endswith("1 conflict: 1 of privilege\n")
    rows = list(csv.DictReader(io.StringIO(target.read_text("utf-8-sig"))))
    assert [(each["document"], each["detail"]) for each in rows] == [("RW-00000001", "term one")]
