"""The privilege screen: each reason with its points, what speaks against, ranking, the list."""

import json
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result

import cli
from index import search
from index.query import parse
from records import counsel, tables
from records.case import Case
from records.counsel import Counsel, Kind, Side
from records.errors import OutputError, QueryError
from records.fields import Address, Fields
from review import panel, privilege_terms
from review.privilege_terms import Term
from review.screen import MOST_FOR_TERMS, REASONS, Screen, counts, screen
from tests.index_cases import Doc, case_with, index_here

ANN = Address("Ray, Ann", "ann@ray.law")
CLERK = Address("", "clerk@mail.ray.law")
CLIENT = Address("Doe", "doe@doe.com")
OTHER = Address("", "x@other.com")
THEIRS = Address("", "roe@roe.law")
COUNSEL = (
    Counsel("Ann Ray", addresses=("ann@ray.law",)),
    Counsel("Ray LLP", Kind.FIRM, domains=("ray.law",)),
    Counsel("Kim Common", side=Side.COMMON, addresses=("kim@common.com",)),
    Counsel("Roe LLP", Kind.FIRM, Side.OPPOSING, domains=("roe.law",)),
    Counsel("Doe Ltd", Kind.CLIENT, domains=("doe.com",)),
)
TERMS = (Term("advice", 20), Term('"work product"', 30), Term("zzz*", 5))


def mail(sender: Address, *to: Address, text: str = "hello", cc: tuple[Address, ...] = ()) -> Doc:
    return Doc(text, Fields(sender=(sender,), to=to, cc=cc), {"type": "email", "role": "message"})


DOCS = (
    mail(ANN, CLIENT),  # 1
    mail(CLIENT, ANN, text="advice"),  # 2
    mail(CLIENT, CLIENT, cc=(ANN,)),  # 3
    mail(CLERK, CLIENT),  # 4
    mail(CLIENT, CLIENT, text="Ann Ray said so"),  # 5
    Doc("x", Fields(author="Ann Ray")),  # 6
    mail(CLIENT, CLIENT, text="advice: work product zzza"),  # 7
    mail(ANN, CLIENT, OTHER),  # 8
    mail(ANN, CLIENT, THEIRS),  # 9
    Doc("y", extra={"family_id": 1, "position": 1, "found_in_id": 1, "role": "attachment"}),  # 10
    Doc("y", extra={"family_id": 9, "position": 1, "found_in_id": 9, "role": "attachment"}),  # 11
    mail(CLIENT, CLIENT),  # 12, in the thread of 1
    mail(CLIENT, CLIENT),  # 13
    mail(Address("Ann Ray", ""), CLIENT),  # 14: by name
    mail(CLIENT, Address("Kim", "kim@common.com")),  # 15
    mail(Address("", "ann@ray.law.evil.com"), CLIENT),  # 16
    mail(ANN, CLIENT, text="advice"),  # 17: a suppressed copy
)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    with case_with(tmp_path_factory.mktemp("screen") / "case", DOCS) as case:
        with case.write() as connection:
            gone = tables.documents.c.id == 17
            connection.execute(
                tables.documents.update().where(gone).values(disposition="duplicate")
            )
            rows = [
                {"document_id": each, "thread_id": 1, "position": 0, "depth": 0, "basis": "x"}
                for each in (1, 12)
            ]
            connection.execute(tables.threads.insert(), rows)
        index_here(case)
        panel.define(case, "Maybe privileged")
        yield case


@pytest.fixture(scope="module")
def case(bare: Case) -> Case:
    counsel.add(bare, COUNSEL)
    return bare


def reasons(found: Screen) -> dict[int, dict[str, int]]:
    return {
        each.document: {one.reason: one.points for one in each.reasons} for each in found.documents
    }


def test_every_reason_and_its_points(case: Case) -> None:
    found = screen(case, "docid:>=1", TERMS)
    assert reasons(found) == {
        1: {"attorney-wrote": 40},
        2: {"attorney-received": 30, "term": 20},
        3: {"attorney-copied": 15},
        4: {"firm": 25},
        5: {"attorney-named": 10},
        6: {"attorney-wrote": 40},
        7: {"term": 0},  # the last of 30 and 15 and 0: no more than 45
        8: {"attorney-wrote": 40, "third-party": -25},
        9: {"attorney-wrote": 40, "opposing": -40},
        10: {"attached": 25},
        12: {"thread": 10},
        14: {"attorney-wrote": 40},
        15: {"attorney-received": 30},
    }
    (seven,) = (each for each in found.documents if each.document == 7)
    assert [each.points for each in seven.reasons] == [30, 15, 0]
    assert seven.score == MOST_FOR_TERMS
    assert (found.counsel, found.knows_client) == (5, True)
    assert counts(found.documents)["attorney-wrote"] == 5


def test_the_highest_first_whatever_speaks_against(case: Case) -> None:
    found = screen(case, "docid:>=1", TERMS)
    scores = [(each.score, -each.document) for each in found.documents]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == (50, -2)
    assert (0, -9) in scores


def test_the_attachment_of_a_mail_that_others_have_is_counted_against(case: Case) -> None:
    found = screen(case, "docid:>=1", (Term("y", 20),))
    assert reasons(found)[11] == {"term": 20, "opposing": -40}
    assert reasons(found)[10] == {"term": 20, "attached": 25}


def test_a_scope_still_sees_the_mails_around_it(case: Case) -> None:
    found = screen(case, "docid:10 OR docid:12 OR docid:13", TERMS)
    assert reasons(found) == {10: {"attached": 25}, 12: {"thread": 10}}


def test_points_can_be_changed(case: Case) -> None:
    found = screen(case, "docid:4 OR docid:8", TERMS, {"firm": 70, "third-party": -99})
    assert [(each.document, each.score) for each in found.documents] == [(4, 70), (8, -59)]


def test_the_list_that_is_shipped_can_be_read() -> None:
    found = privilege_terms.read(None)
    assert {each.points for each in found} == {30, 15, 5}
    for each in found:
        parse(each.query, ())
    assert not any(each.query.startswith(("#", "[")) for each in found)


def test_lists(tmp_path: Path) -> None:
    path = tmp_path / "t.txt"
    path.write_text('# words\n1. advice\n\n[ 7 ]\n##"adv.*"\n"a b",\n', encoding="utf-8-sig")
    assert privilege_terms.read(path) == [
        *(Term("1. advice", 10), Term('##"adv.*"', 7), Term('"a b",', 7)),
    ]
    for text, why in (
        ("[x]\na", r"line 1: '\[x\]' is no number"),
        ("# none", "no term"),
        ("[9999]\na", "the most points are 1000"),
    ):
        path.write_text(text)
        with pytest.raises(QueryError, match=why):
            privilege_terms.read(path)


def run(case: Case, *arguments: str) -> Result:
    return CliRunner().invoke(cli.redwell, ["privilege", *arguments, "--case", str(case.folder)])


def test_the_commands(case: Case, tmp_path: Path) -> None:
    terms = tmp_path / "t.txt"
    terms.write_text("[20]\n1. advice\n")
    told = run(case, "screen", "--terms", str(terms), "--limit", "1")
    assert told.stdout.splitlines()[:3] == [
        "points\tdocument\treasons",
        "50\tRW-00000002\tattorney-received +30 (Ann Ray); term +20 (1. advice)",
        "13 documents, the first 1 shown",
    ]
    found = json.loads(run(case, "screen", "--at-least", "40", "--json").stdout)
    assert found["count"] == len(found["documents"]) == 3
    assert {each["reason"] for each in found["documents"][0]["reasons"]} <= set(REASONS)
    for bad in ("firm", "term=4", "nobody=1", "firm=x", "firm=5000"):
        assert run(case, "screen", "--points", bad).exit_code == 2
    told = run(case, "screen", "--tag", "Maybe privileged", "--scope", "type:email")
    assert "'Maybe privileged' was put on" in told.stdout
    assert set(search(case, 'tag:"maybe privileged"').ids) == {1, 2, 14, 15}
    shipped = CliRunner().invoke(cli.redwell, ["privilege", "terms"]).stdout
    assert shipped == privilege_terms.default_text()


def test_the_export(case: Case, tmp_path: Path) -> None:
    book = tmp_path / "s.xlsx"
    assert run(case, "screen", "--export", str(book)).exit_code == 0
    rows = list(openpyxl.load_workbook(book).active.iter_rows(values_only=True))  # type: ignore[union-attr]
    assert rows[0] == ("rank", "document", "score", "reason", "points", "detail")
    assert {row[1] for row in rows[1:]} >= {"RW-00000001", "RW-00000009"}
    assert isinstance(run(case, "screen", "--export", str(book)).exception, OutputError)
    assert run(case, "screen", "--export", str(book), "--overwrite").exit_code == 0
    told = run(case, "screen", "--export", str(tmp_path / "s.doc"))
    assert isinstance(told.exception, OutputError)
