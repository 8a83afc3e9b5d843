"""Search term reports: counted as the page has them, complete, and never a term left out."""

import csv
import io
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner, Result
from pyroaring import BitMap

from index.families import Families, whole_families
from index.searching import search
from index.terms_commands import report_command
from records import tables
from records.case import Case
from records.errors import OutputError, QueryError, TermListError
from records.fields import Fields
from tests.index_cases import Doc, add, case_with, index_here
from tests.test_index_results import member

DOCS = [
    Doc("gas price", Fields(sent_at="2000-05-01T00:00:00Z")),  # 1
    Doc("price", Fields(), member(1, 1)),  # 2, of 1's family
    Doc("gas swap swaps", Fields(sent_at="2001-05-01T00:00:00Z"), {"custodian_id": 2}),  # 3
    Doc("oil", Fields(sent_at="2001-06-01T00:00:00Z")),  # 4
    Doc("swapping", Fields(), member(4, 1)),  # 5, of 4's family
    Doc("gas", Fields(), {"disposition": "duplicate", "duplicate_of_id": 1}),  # 6, suppressed
    *(Doc("nothing of it") for _ in range(20)),
]
TERMS = """1. gas
2. price;
3. swap*
4. "gas  price"
5. nosuchword, and
6. GAS
"""


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with case_with(tmp_path / "case", DOCS, ("Ann", "Bo")) as case:
        index_here(case)
        yield case


def run(case: Case, terms: str | list[str], *arguments: str) -> Result:
    files = []
    for number, text in enumerate([terms] if isinstance(terms, str) else terms, 1):
        path = case.folder.parent / f"list{number}.txt"
        path.write_text(text, encoding="utf-8")
        files += ["--terms", str(path)]
    return CliRunner().invoke(report_command, ["--case", str(case.folder), *files, *arguments])


def told(case: Case, terms: str | list[str], *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(case, terms, "--json", *arguments).stdout)
    return found


def test_the_counts(case: Case) -> None:
    found = told(case, TERMS, "--by", "custodian", "--by", "year")
    names = ("documents", "with_families", "unique", "unique_with_families", "alone_with_families")
    (report,) = found["lists"]
    assert [tuple(row[name] for name in names) for row in report["terms"]] == [
        (2, 3, 0, 0, 0),  # gas: in 1 and 3; what its family brings, others bring too
        (2, 2, 1, 2, 0),  # price: 2 is hit by it alone, and its family by others too
        (2, 3, 1, 2, 2),  # swap*: 5 is hit by it alone, and comes with 4
        (1, 2, 0, 0, 0),
        (0, 0, 0, 0, 0),
        (2, 3, 0, 0, 0),
    ]
    assert [row["remarks"] for row in report["terms"]] == [
        ["few unique: 0.0 % of its documents", "says the same as term 6"],
        [],
        [],
        ["few unique: 0.0 % of its documents"],
        ["no document"],
        ["few unique: 0.0 % of its documents", "says the same as term 1"],
    ]
    assert report["terms"][0]["by"] == {
        "custodian": {"Ann": 1, "Bo": 1},
        "year": {"2000": 1, "2001": 1, "no year": 0},
    }
    total = report["total"]
    assert (total["documents"], total["with_families"]) == (4, 5)
    assert total["by"]["year"] == {"2000": 1, "2001": 1, "no year": 2}
    about = found["about"]
    assert (about["documents"], about["with_families"], about["without_text"]) == (25, 25, 0)
    assert (about["missing"], about["cut"], about["waiting_for_ocr"]) == (0, 0, 0)


def test_every_count_is_that_of_a_search(case: Case) -> None:
    lines = ["gas", "price OR oil", "NOT gas", "swap* w/1 gas", "docid:4", "gas AND NOT price"]
    written = "\n".join(f"- {line}" for line in lines)
    found = told(case, written, "--scope", "docid:1..9", "--by", "custodian")
    sets = [search(case, f"({line}) AND docid:1..9").ids for line in lines]
    with case.read() as connection:
        for at, row in enumerate(found["lists"][0]["terms"]):
            others = BitMap.union(BitMap(), *(each for i, each in enumerate(sets) if i != at))
            unique = sets[at] - others
            assert row["documents"] == len(sets[at])
            assert row["unique"] == len(unique)
            assert row["with_families"] == len(whole_families(connection, sets[at]))
            assert row["unique_with_families"] == len(whole_families(connection, unique))
            alone = whole_families(connection, sets[at]) - BitMap.union(
                BitMap(), *(whole_families(connection, s) for i, s in enumerate(sets) if i != at)
            )
            assert row["alone_with_families"] == len(alone)
            bo = search(case, f"({lines[at]}) AND docid:1..9 AND custodian:bo").ids
            assert row["by"]["custodian"]["Bo"] == len(bo)


def test_a_term_of_several_lines_is_pointed_out(case: Case) -> None:
    rows = told(case, "gas\nprice OR\nNOT swap\n")["lists"][0]["terms"]
    assert [row["term"] for row in rows] == ["gas", "price OR NOT swap"]
    assert rows[1]["remarks"][-1] == "lines 2 to 3 are one term"


def test_families_of_many_sets_at_once(case: Case) -> None:
    rng = random.Random(3)
    with case.read() as connection:
        families = Families(connection)
        for _ in range(50):
            ids = BitMap(rng.sample(range(1, 27), rng.randint(0, 6)))
            assert families.whole(ids) == whole_families(connection, ids)


def test_terms_that_cannot_be_read_are_never_left_out(case: Case) -> None:
    terms = "gas\r\n(price\r\n\r\ntag:nosuch\r\ngas w/5\r\n  contract(s)\r\nswap"
    done = run(case, terms, "--json")
    assert isinstance(done.exception, TermListError)
    assert done.exception.exit_code == 47
    rows = json.loads(done.stdout)["lists"][0]["terms"]
    # An open parenthesis goes on in the next line, and an operator at the end of a line too.
    assert [(row["line"], row["last_line"], row["term"]) for row in rows] == [
        (1, 1, "gas"),
        (2, 7, "(price tag:nosuch gas w/5 contract(s) swap"),
    ]
    assert rows[1]["problem"]["line"] == 6  # contract(s), the first that is wrong
    done = run(case, "1. gas\n2. (price\n3. tag:nosuch\n4. gas w/\n5. contract(s)\n6. swap\n")
    rows = [line.split("\t") for line in done.stdout.split("list1.txt\n")[1].splitlines()]
    assert [row[0] for row in rows[:8]] == ["no", "1", "2", "3", "4", "5", "6", ""]
    assert rows[2][2:] == ["", "", "", "", "", "", "", "cannot be read at line 2, column 4"]
    assert "line 2, column 4: this parenthesis is never closed" in rows[8][0]
    assert "line 3, column 8: tag: cannot take 'nosuch'" in rows[9][0]
    assert "line 5, column 12" in rows[11][0]
    assert "4 of 6 terms could not be read" in str(done.exception)
    assert str(done.exception).count("\n") == 4
    assert "terms not read: 4" in done.stdout


def test_lists_that_are_no_lists(case: Case, tmp_path: Path) -> None:
    def refused(data: bytes) -> str:
        path = tmp_path / "odd.txt"
        path.write_bytes(data)
        arguments = ["--case", str(case.folder), "--terms", str(path)]
        error = CliRunner().invoke(report_command, arguments).exception
        assert isinstance(error, QueryError)
        return str(error)

    assert "not in UTF-8: byte 4" in refused(b"gas\xfc")
    assert "no text" in refused("gas".encode("utf-16-le"))
    assert "is empty" in refused(b"\n \n")
    missing = CliRunner().invoke(report_command, ["--terms", str(tmp_path / "none.txt")])
    assert (missing.exit_code, "does not exist" in missing.stderr) == (2, True)
    scope = run(case, "gas", "--scope", "gas AND")
    assert isinstance(scope.exception, QueryError)


def test_variants(case: Case) -> None:
    terms = "swap*\ngas AND NOT text:(sw?p w/2 price)\nfilename:t*\n"
    rows = told(case, terms, "--variants", "--scope", "docid:1..9")["lists"][0]["terms"]
    assert [tuple(each.values()) for each in rows[0]["variants"]] == [
        ("swap*", "swap", 1),
        ("swap*", "swapping", 1),
        ("swap*", "swaps", 1),
    ]
    assert [tuple(each.values()) for each in rows[1]["variants"]] == [("text:sw?p", "swap", 1)]
    assert [tuple(each.values()) for each in rows[2]["variants"]] == [("filename:t*", "txt", 8)]
    shown = run(case, "swap*", "--variants").stdout
    assert "term 1: swap* stands for 3 words: swap 1, swapping 1, swaps 1" in shown


def test_lists_beside_one_another(case: Case) -> None:
    found = told(case, ["gas\nprice", "gas\nswap*\noil"])
    (compared,) = found["comparisons"]
    assert (compared["same_terms"], compared["terms_only_first"]) == (1, [2])
    assert compared["terms_only_second"] == [2, 3]
    assert [compared[each]["documents"] for each in ("both", "only_first", "only_second")] == [
        *(2, 1, 2),
    ]
    assert found["total"]["documents"] == 5
    first, second = found["lists"]
    assert [row["unique"] for row in first["terms"]] == [1, 1]
    assert [row["unique"] for row in second["terms"]] == [1, 1, 1]
    assert "list1.txt beside list2.txt" in run(case, ["gas", "oil"]).stdout


def test_broad_terms_are_pointed_out_by_what_is_asked(case: Case) -> None:
    def remarks(*arguments: str) -> list[str]:
        found: list[str] = told(case, "nothing\ngas", *arguments)["lists"][0]["terms"][0]["remarks"]
        return found

    assert remarks() == ["broad: 80.0 % of the scope"]
    assert remarks("--broad", "80") == []
    assert remarks("--broad", "79.9", "--few", "0") == ["broad: 80.0 % of the scope"]


def test_the_state_of_the_index_is_told(case: Case) -> None:
    waiting = {"ocr_pages": [0]}
    add(case, [Doc("gas"), Doc("", extra=waiting), Doc("", extra={"disposition": "pending"})])
    with case.write() as connection:
        note = {"message": "m", "tool": "t", "tool_version": "", "attempts": 1, "at": "t"}
        row = {"document_id": 1, "severity": "warning", "code": "text-cut"}
        connection.execute(tables.notes.insert().values(**note, **row))
    about = told(case, "gas")["about"]
    names = ("missing", "unprocessed", "waiting_for_ocr", "cut", "without_text")
    assert [about[name] for name in names] == [3, 1, 1, 1, 1]
    assert "not in the index yet: 3" in run(case, "gas").stdout


def test_csv_and_workbook_hold_the_same(case: Case, tmp_path: Path) -> None:
    sheet, book = tmp_path / "r.csv", tmp_path / "r.xlsx"
    terms = TERMS + "7. =gas(\n"
    options = ("--variants", "--by", "year", "--csv", str(sheet), "--xlsx", str(book))
    done = run(case, [terms, "gas"], *options)
    assert isinstance(done.exception, TermListError)  # the rest is written all the same
    assert done.stdout == ""
    rows = list(csv.DictReader(io.StringIO(sheet.read_text(encoding="utf-8-sig"))))
    kinds = [row["row"] for row in rows]
    assert kinds[:10] == [*["term"] * 6, "not read", "total", "term", "total"]
    assert set(kinds) == {"term", "not read", "total", "compared", "variant", "about"}
    assert rows[6]["term"] == "'=gas("
    assert (rows[2]["documents"], rows[2]["year 2001"], rows[7]["documents"]) == ("2", "1", "4")
    found = openpyxl.load_workbook(book)
    assert found.sheetnames == ["About", "Terms list1.txt", "Terms list2.txt", "Lists", "Variants"]
    cells = [[cell.value for cell in row] for row in found["Terms list1.txt"].iter_rows()]
    head = cells[0]
    for line, row in zip(cells[1:7], rows[:6], strict=True):
        for name in ("documents", "with families", "unique", "alone with families", "year 2001"):
            assert str(line[head.index(name)]) == row[name]
    again = run(case, "gas", "--csv", str(sheet))
    assert isinstance(again.exception, OutputError)
