"""The report of a production: every number of it stands in the record, and nothing reveals."""

import json
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pypdf
import pytest
from click.testing import CliRunner, Result

from produce.commands import produce
from produce.plan import plan
from produce.report import report
from produce.run import run
from records.case import Case
from records.codes import Disposition
from records.errors import ProductionError
from tests.produce_matter import add, mail_family, matter, note, specification, tag, workshop


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with matter(tmp_path) as case:
        mail_family(case, 1)
        add(case, 4, name="broken.pdf", type_="pdf", disposition=Disposition.EXCEPTION)
        note(case, 4, "corrupt")
        add(case, 5, name="secret-name.txt", text="s", custodian=2)
        tag(case, "Responsive", range(1, 6))
        tag(case, "Privileged", [5])
        yield case


def made(case: Case, name: str = "ABC_PROD001", **values: object) -> dict[str, list[list[str]]]:
    plan(case, specification(name, exclude_tags=("Privileged",), **values))
    run(case, name, workshop())
    return {each.title: [list(row) for row in each.rows] for each in report(case, name)}


def command(case: Case, *arguments: str) -> Result:
    return CliRunner().invoke(produce, ["report", *arguments, "--case", str(case.folder)])


def test_every_section_says_what_the_volume_holds(case: Case) -> None:
    found = made(case)
    about = dict(found["Production"])
    assert (about["First number"], about["Last number"]) == ("ABC0000001", "ABC0000005")
    assert (about["Documents"], about["Pages"], about["Families"]) == ("4", "5", "3")
    assert ["prefix", "ABC"] in found["Specification"]
    assert ["documents", "4", "4"] in found["Counts"]
    assert found["Custodians"] == [["Brandt, Lev", "1", "1"], ["Okafor, Amara", "3", "4"]]
    assert found["Gaps"] == []
    assert [row[2:4] for row in found["Sheets in place of pages"]] == [
        ["native", "corrupt"],
        ["withheld", "tagged"],
        ["native", "type xlsx"],
    ]
    assert [row[1] for row in found["Exceptions"]] == ["corrupt"]
    assert ["withheld", "1"] in found["What the plan pointed out"]
    paths = [row[0] for row in found["Files"]]
    assert paths[-3:] == ["DATA/ABC_PROD001.dat", "DATA/ABC_PROD001.opt", "MANIFEST.sha256"]
    everything = json.dumps(found)
    assert "secret-name" not in everything
    assert "Mooring" not in everything.replace("Mooring tails; þ ® and more", "")


def test_a_gap_before_the_volume_is_told(case: Case) -> None:
    made(case)
    tag(case, "Again", [1])
    found = made(case, "ABC_PROD002", tag="Again", start=101)
    assert found["Gaps"] == [["ABC0000006", "ABC0000100", "held by no production of this case"]]


def test_as_a_workbook_a_pdf_and_json(case: Case, tmp_path: Path) -> None:
    made(case)
    book, page = tmp_path / "r.xlsx", tmp_path / "r.pdf"
    for path in (book, page):
        assert command(case, "ABC_PROD001", "--out", str(path)).exit_code == 0
        assert command(case, "ABC_PROD001", "--out", str(path)).exit_code != 0
    sheets = openpyxl.load_workbook(book)
    told = json.loads(command(case, "ABC_PROD001", "--json").stdout)
    assert sheets.sheetnames == list(told)
    assert sheets["Redactions"]["A2"].value == "None."
    text = " ".join(each.extract_text() for each in pypdf.PdfReader(page).pages)
    for title in told:
        assert title in text
    assert "email-dedup/1" in text
    assert "Sheets in place of pages" in command(case, "ABC_PROD001").stdout


def test_nothing_to_report(case: Case) -> None:
    plan(case, specification(exclude_tags=("Privileged",)))
    with pytest.raises(ProductionError, match="holds no Bates numbers"):
        report(case, "ABC_PROD001")
    with pytest.raises(ProductionError, match="no production"):
        report(case, "NOPE")
