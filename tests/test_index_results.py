"""What a search gives out: order, columns, hits, facets, what comes along, exports."""

import csv
import io
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result
from pyroaring import BitMap

from index import along, facets
from index.columns import COLUMNS
from index.commands import search_command
from index.hits import TextSource, hits, joined
from index.results import Wish, prepared, tallies_of
from index.searching import search
from index.sorting import KEYS, read_order
from records import tables, times, workbooks
from records.case import Case
from records.errors import OutputError, QueryError
from records.fields import Address, Fields
from review import panel, tags
from tests.index_cases import Doc, add, case_with, index_here

CUSTODIANS = ("Ray, Ann", "Özil, Bo", '=cmd|"x"')


def mail(subject: str, sent_at: str, sender: str = "") -> Fields:
    return Fields(subject=subject, sender=(Address(sender, ""),), sent_at=sent_at)


def member(family: int, position: int) -> dict[str, object]:
    return {"family_id": family, "position": position, "role": "attachment", "found_in_id": family}


DOCS = [
    Doc("gas and gas", mail("=SUM(1)", "2001-01-01T03:00:00Z", "Zed")),  # 1: 2000 in New York
    Doc("gas price natural gas", mail("b", "2002-05-01T00:00:00Z", "ann"), {"custodian_id": 2}),
    Doc("nothing", mail("a", "1999-05-01T00:00:00Z"), member(2, 1)),
    Doc("no word", Fields(), member(2, 2) | {"ext": "PDF", "type": "pdf", "pages": 3}),
    Doc("gas", Fields(modified_at="2003-01-01T00:00:00Z"), {"custodian_id": 3, "language": "en"}),
    Doc("the reply", mail("re b", "2002-05-02T00:00:00Z"), {"custodian_id": 2}),
    Doc("gas", Fields(), {"disposition": "duplicate", "duplicate_of_id": 1, "custodian_id": 2}),
    Doc("gas", Fields(), {"analysed_sha256": "0", "disposition": "exception"}),
]


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with case_with(tmp_path / "case", DOCS, CUSTODIANS) as case:
        with case.write() as connection:
            thread = {"thread_id": 2, "basis": "references"}
            for number, position in ((2, 0), (6, 1)):
                place = {"document_id": number, "position": position, "depth": position}
                connection.execute(tables.threads.insert().values(thread | place))
            note = {"message": "m", "tool": "t", "tool_version": "", "attempts": 1, "at": "t"}
            for number, code in ((8, "encrypted"), (8, "corrupt")):
                row = {"document_id": number, "severity": "exception", "code": code}
                connection.execute(tables.notes.insert().values(**note, **row))
        index_here(case)
        panel.define(case, "Hot")
        tags.change(case, "add", "Hot", [1, 5], {})
        yield case


def run(case: Case, *arguments: str) -> Result:
    return CliRunner().invoke(search_command, ["--case", str(case.folder), *arguments])


def order(case: Case, keys: str, query: str = "docid:>=1") -> list[int]:
    found = prepared(case, search(case, query), Wish(read_order(keys)))
    return list(found.shown)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("id", [1, 2, 3, 4, 5, 6, 8]),
        ("-id", [8, 6, 5, 4, 3, 2, 1]),
        ("date", [3, 1, 2, 6, 5, 4, 8]),
        ("-date", [5, 6, 2, 1, 3, 4, 8]),  # what has no date stands last, either way
        ("custodian,-date", [5, 1, 3, 4, 8, 6, 2]),
        ("-size", [8, 6, 5, 4, 3, 2, 1]),
        ("family-date,family", [1, 2, 3, 4, 6, 5, 8]),
        ("from", [2, 1, 3, 4, 5, 6, 8]),
        ("thread,-id", [2, 6, 8, 5, 4, 3, 1]),
        ("pages", [4, 1, 2, 3, 5, 6, 8]),
        ("type,subject", [4, 5, 8, 1, 3, 2, 6]),
        ("hits", [1, 2, 3, 4, 5, 6, 8]),
    ],
)
def test_sort(case: Case, keys: str, expected: list[int]) -> None:
    assert order(case, keys) == expected


def test_every_key_sorts_everything(case: Case) -> None:
    for key in KEYS:
        for turn in ("", "-"):
            assert sorted(order(case, turn + key)) == [1, 2, 3, 4, 5, 6, 8], key


def test_hits_and_relevance_go_from_the_most(case: Case) -> None:
    assert order(case, "hits", "gas OR price OR nothing") == [2, 1, 3, 5, 8]
    # One document holds the rare word too; of the others the shorter come first.
    assert order(case, "relevance", "gas OR price") == [2, 5, 8, 1]
    weights = tallies_of(case, search(case, "gas OR price").tree, BitMap([1, 2, 5, 8]))
    assert weights[5].relevance == weights[8].relevance  # the same text: ties by number
    assert order(case, "-relevance", "gas OR price")[-1] == 2


def test_relevance_is_bm25(case: Case) -> None:
    import math

    found = tallies_of(case, search(case, "gas").tree, BitMap([1]))[1]
    lengths = [len(each.text or "") for each in DOCS]
    holding, every = 5, 8  # documents with the word, the suppressed one too
    rarity = math.log(1 + (every - holding + 0.5) / (holding + 0.5))
    size = 1.2 * (0.25 + 0.75 * lengths[0] / (sum(lengths) / every))
    assert found.relevance == pytest.approx(rarity * 2 * 2.2 / (2 + size))


def test_keys_and_columns_that_are_not_there(case: Case) -> None:
    for option, name, known in (
        ("--sort", "-colour", "family-date"),
        ("--columns", "colour", "custodians"),
        ("--facets", "colour", "exception"),
    ):
        done = run(case, "gas", option, name)
        assert done.exit_code == 2
        assert "'colour'" in done.stderr
        assert known in done.stderr


def test_columns(case: Case) -> None:
    done = run(case, "gas", "--columns", "control,custodians,tags,members,thread", "--no-snippets")
    assert done.stdout.split("\n")[:2] == [
        "RW-00000001\tRay, Ann; Özil, Bo\tHot\t1\t",
        "RW-00000002\tÖzil, Bo\t\t3\tRW-00000002",
    ]
    found = json.loads(run(case, "docid:8", "--columns", "exceptions,pages,size", "--json").stdout)
    assert found["documents"] == [
        {"exceptions": "corrupt; encrypted", "pages": None, "size": 8000, "snippets": []}
    ]
    every = json.loads(run(case, "docid:4", "--columns", ",".join(COLUMNS), "--json").stdout)
    assert set(every["documents"][0]) == {*COLUMNS, "snippets"}


def test_what_comes_along_is_marked_and_counted_apart(case: Case) -> None:
    done = run(case, "price", "--with", "families", "--with", "threads", "--no-snippets")
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert [(line[0], line[-1]) for line in lines[:-1]] == [
        ("RW-00000002", "b"),
        ("RW-00000003", "along: family"),
        ("RW-00000004", "along: family"),
        ("RW-00000006", "along: thread"),
    ]
    assert lines[-1] == [
        "1 document, and along with them 1 of their threads and 2 of their families"
    ]
    assert run(case, "price", "--families", "--count").stdout == "3\n"
    assert "1 document, and along" in run(case, "price", "--families", "--count").stderr
    told = json.loads(run(case, "price", "--with", "families", "--json").stdout)
    assert (told["count"], told["along"]) == (1, {"threads": 0, "families": 2})
    assert [each["along"] for each in told["documents"]] == [None, "family", "family"]
    # The members stand behind the one that brings them, whatever the order.
    assert run(case, "gas", "--ids", "--sort", "-id", "--families").stdout.split() == [
        f"RW-0000000{n}" for n in (8, 5, 2, 3, 4, 1)
    ]
    assert run(case, "gas", "--ids", "--limit", "2", "--families").stdout.split() == [
        f"RW-0000000{n}" for n in (1, 2, 3, 4)
    ]


def test_all_that_comes_along_has_its_place(case: Case) -> None:
    rng = random.Random(1)
    for _ in range(40):
        ids = BitMap(rng.sample([1, 2, 3, 4, 5, 6, 8], rng.randint(1, 7)))
        with case.read() as connection:
            brought = along.brought(connection, ids, threads=True, families=True)
            order = rng.sample(list(ids), len(ids))
            placed = along.placed(connection, order, brought)
        assert len(placed) == len(set(placed))
        assert set(placed) == set(ids | brought.threads | brought.families)
        assert [each for each in placed if each in ids] == order


def test_hits_by_the_index_are_those_of_the_texts(case: Case) -> None:
    for query in (
        "gas",
        '"natural gas" OR gas',
        "gas w/2 price",
        "g*",
        "subject:b OR gas NOT w/2 price",
    ):
        result = search(case, query)
        found = tallies_of(case, result.tree, result.ids)
        for number in result.ids:
            doc = DOCS[number - 1]
            texts = {"text": doc.text or "", "subject": doc.fields.subject}
            texts |= {"from": str(next(iter(doc.fields.sender), "")), "filename": f"{number}.txt"}
            count = sum(
                len(joined(hits(result.tree, name, TextSource(text))))
                for name, text in texts.items()
            )
            assert found[number].hits == count, (query, number)
    told = run(case, '"natural gas" OR gas', "--hits", "--no-snippets").stdout.splitlines()
    assert [line.rpartition("\t")[2] for line in told[:-1]] == [
        "2 hits",
        "2 hits",
        "1 hit",
        "1 hit",
    ]
    assert told[-1] == "4 documents, 6 hits"


def test_facets_are_exact_and_say_the_query_that_narrows_to_them(case: Case) -> None:
    for query in ("docid:>=1", "gas"):
        result = search(case, query)
        with case.read() as connection:
            found = [
                facets.facet(connection, result.ids, name, case.settings.zone)
                for name in facets.NAMES
            ]
        for facet in found:
            if facet.exclusive:
                assert sum(each.documents for each in facet.values) == len(result.ids)
            for each in facet.values:
                if each.query:
                    narrowed = search(case, f"({query}) AND {each.query}")
                    assert len(narrowed.ids) == each.documents, (facet.name, each)


def test_facets_as_they_are_told(case: Case) -> None:
    done = run(case, "gas", "--facets", "year,tag,exception,custodian,language", "--limit", "0")
    assert done.stdout.split("\n\n")[1:] == [
        "year\n1\t2000\tdate:2000\n2\t2002\tdate:2002\n1\tno year\tNOT date:<=9999",
        'tag\n2\tHot\ttag:"Hot"\n2\tno tag\ttagged:no',
        "exception\n1\tcorrupt\texception:corrupt\n1\tencrypted\texception:encrypted\n"
        "3\tno exception\tNOT has:exception",
        'custodian\n2\tRay, Ann\tcustodian:"Ray, Ann"\n2\tÖzil, Bo\tcustodian:"Özil, Bo"\n'
        '1\t=cmd|"x"',
        "language\n1\ten\tlang:en\n1\tnone\tlang:none\n2\tnot looked at yet\n",
    ]
    told = json.loads(run(case, "gas", "--facets", "type", "--json", "--limit", "0").stdout)
    assert told["facets"] == {"type": [{"value": "text", "documents": 4, "query": 'type:"text"'}]}


def test_a_csv_is_safe_and_whole(case: Case, tmp_path: Path) -> None:
    target = tmp_path / "found.csv"
    names = "control,custodian,subject,size,hits"
    done = run(case, "gas", "--columns", names, "--sort", "-size", "--export", str(target))
    assert done.stdout == ""
    assert "Wrote 4 documents" in done.stderr
    more = ("--export", str(tmp_path / "more.csv"), "--facets", "type")
    assert run(case, "gas", *more).stdout == '\ntype\n4\ttext\ttype:"text"\n'
    told = run(case, "gas", "--export", str(tmp_path / "json.csv"), "--json").stdout
    assert (json.loads(told)["count"], json.loads(told)["documents"]) == (4, [])
    assert target.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(target.read_text(encoding="utf-8-sig"))))
    assert rows == [
        ["Control number", "Custodian", "Subject", "Size", "Hits"],
        ["RW-00000008", "Ray, Ann", "8.txt", "8000", "1"],
        ["RW-00000005", '\'=cmd|"x"', "5.txt", "5000", "1"],
        ["RW-00000002", "Özil, Bo", "b", "2000", "2"],
        ["RW-00000001", "Ray, Ann", "'=SUM(1)", "1000", "2"],
    ]


def test_a_workbook_holds_numbers_and_no_formula(case: Case, tmp_path: Path) -> None:
    target = tmp_path / "found.XLSX"
    run(case, "gas", "--columns", "control,subject,size", "--export", str(target), "--families")
    (sheet,) = openpyxl.load_workbook(target).worksheets
    cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert cells[0] == ["Control number", "Subject", "Size"]
    assert cells[1] == ["RW-00000001", "'=SUM(1)", 1000]
    assert len(cells) == 1 + 6
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s", "n"}


def test_a_full_sheet_goes_on_in_the_next(tmp_path: Path) -> None:
    book = workbooks.Book(rows=3)
    assert book.sheet("S", ["n"], ([n] for n in range(4))) == 2
    assert book.sheet("none", ["n"], []) == 1
    book.sheet("odd", ["t"], [["a\x00\ud800b"], ["x" * 40_000]])
    with (tmp_path / "b.xlsx").open("wb") as file:
        book.save(file)
    found = openpyxl.load_workbook(tmp_path / "b.xlsx")
    held = {each.title: [row[0].value for row in each.iter_rows()] for each in found.worksheets}
    assert held["S"] == ["n", 0, 1]
    assert held["S 2"] == ["n", 2, 3]
    assert held["none"] == ["n"]
    assert held["odd"][1] == "a\ufffd\ufffdb"
    assert str(held["odd"][2]).endswith("cut here: a cell holds no more]")
    assert len(str(held["odd"][2])) == 32_767


def test_files_that_cannot_be_written(case: Case, tmp_path: Path) -> None:
    def refused(target: Path, *options: str) -> str:
        error = run(case, "gas", "--export", str(target), *options).exception
        assert isinstance(error, OutputError)
        return str(error)

    there = tmp_path / "there.csv"
    there.write_text("old")
    assert "--overwrite" in refused(there)
    assert there.read_text() == "old"
    assert ".csv or .xlsx" in refused(tmp_path / "found.ods")
    assert "no folder" in refused(tmp_path / "none" / "found.csv")
    (tmp_path / "d.csv").mkdir()
    assert "is a folder" in refused(tmp_path / "d.csv")
    run(case, "gas", "--export", str(there), "--overwrite")
    assert there.read_text(encoding="utf-8-sig").startswith("Control number")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["case", "d.csv", "there.csv"]


def test_an_export_that_fails_leaves_nothing(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", full)
    target = tmp_path / "found.csv"
    error = run(case, "gas", "--export", str(target)).exception
    assert isinstance(error, OutputError)
    assert "Input/output error" in str(error)
    assert [each.name for each in tmp_path.iterdir()] == ["case"]


def test_within_narrows_as_and_does(case: Case) -> None:
    assert run(case, "gas", "--within", "custodian:bo", "--ids").stdout.split() == [
        "RW-00000001",
        "RW-00000002",
    ]
    assert run(case, "gas", "--within", "is:duplicate", "--count").stdout == "1\n"
    assert "**custodian**" not in run(case, "gas", "--within", "price").stdout
    assert (
        "kept within\n    word price" in run(case, "gas", "--within", "price", "--explain").stdout
    )
    error = run(case, "gas", "--within", "a w/ b").exception
    assert isinstance(error, QueryError)
    assert "a w/ b" in str(error)


def test_texts_that_were_cut_are_told(case: Case) -> None:
    add(case, [Doc("gas")])
    with case.write() as connection:
        note = {"message": "m", "tool": "t", "tool_version": "", "attempts": 1, "at": times.now()}
        for severity, number in (("warning", 9), ("resolved", 1), ("warning", 7)):
            row = {"document_id": number, "severity": severity, "code": "text-cut"}
            connection.execute(tables.notes.insert().values(**note, **row))
    index_here(case, [9])
    assert "1 document is searched up to the limit" in run(case, "gas").stderr
    assert json.loads(run(case, "gas", "--json").stdout)["cut"] == 1
    assert json.loads(run(case, "gas", "--json", "--scope", "all").stdout)["cut"] == 2
