"""What a dry run says of pages, bytes and time, and the cross-reference of numbers."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from produce.commands import produce
from produce.estimate import CHARACTERS, CORE_SECONDS, IMAGE_BYTES
from produce.plan import plan
from produce.record import productions
from produce.run import run
from records import tables
from records.case import Case
from records.codes import Disposition
from tests.produce_matter import add, mail_family, matter, specification, tag, workshop


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with matter(tmp_path) as opened:
        mail_family(opened, 1)  # a mail, a spreadsheet, and a picture within the mail
        add(opened, 4, text="x" * (3 * CHARACTERS - 1))
        add(opened, 5, type_="pdf", text="two\fpages", custodian=2)
        with opened.write() as connection:
            d = tables.documents
            connection.execute(d.update().where(d.c.id == 5).values(pages=2))
        tag(opened, "Responsive", [1, 4, 5])
        yield opened


def _estimate(case: Case, **values: Any) -> Any:
    found = plan(case, specification("DRY", **values), dry_run=True).estimate
    assert found is not None
    return found


def test_pages_rest_on_text_on_processing_and_on_slip_sheets(case: Case) -> None:
    found = _estimate(case)
    assert found.pages == 1 + 1 + 3 + 2  # mail, slip sheet, text by its length, PDF as counted
    assert found.image_bytes == 7 * IMAGE_BYTES["tiff"]
    assert found.native_bytes == len(b"bytes of 2")
    assert found.text_bytes == 3 * CHARACTERS - 1 + len("the body\fpage two10\n20two\fpages")
    assert found.rests_on[:3] == (
        f"pages of 2 documents: {CHARACTERS} characters of text a page",
        "pages of 1 documents: counted when they were processed",
        "pages of 1 documents: one slip sheet each",
    )
    with case.read() as connection:
        assert productions(connection) == []


def test_half_the_resolution_is_a_quarter_of_the_bytes(case: Case) -> None:
    assert _estimate(case, dpi=150).image_bytes == 7 * IMAGE_BYTES["tiff"] // 4
    assert _estimate(case, kind="pdf").image_bytes == 7 * IMAGE_BYTES["pdf"]
    assert _estimate(case, text_encoding="utf-16le").text_bytes == 2 * _estimate(case).text_bytes


def test_native_production_has_no_pages(case: Case) -> None:
    found = _estimate(case, kind="none", load_files=("dat",))
    assert (found.pages, found.image_bytes) == (0, 0)
    assert found.native_bytes > len(b"bytes of 2")
    assert CORE_SECONDS["none"] == 0


def test_earlier_volumes_tell_more(case: Case) -> None:
    plan(case, specification("VOL1"))
    made = run(case, "VOL1", workshop())
    found = _estimate(case)
    assert found.pages == made.counts["pages"]
    images = sum(each.stat().st_size for each in Path(made.folder).glob("IMAGES/*/*"))
    assert found.image_bytes == images
    assert "pages of 3 documents: imaged before in this case" in found.rests_on
    assert any("earlier volumes" in each for each in found.rests_on)


def test_average_of_a_type_counts_from_ten_on(case: Case) -> None:
    for number in range(10, 20):
        add(case, number, type_="docx", text="one\ftwo\fthree\ffour")
    tag(case, "First", range(10, 20))
    plan(case, specification("VOL1", tag="First"))
    run(case, "VOL1", workshop())
    add(case, 30, type_="docx", text="short")
    tag(case, "Second", [30])
    found = _estimate(case, tag="Second")
    assert found.pages == 4
    assert "average of their type" in found.rests_on[0]


def test_dry_run_on_the_screen_and_as_json(case: Case) -> None:
    call = ["plan", "DRY", "--tag", "Responsive", "--dry-run", "--case", str(case.folder)]
    shown = CliRunner().invoke(produce, call).stdout
    assert "Estimate" in shown
    assert "core seconds a page" in shown
    found = json.loads(CliRunner().invoke(produce, [*call, "--json"]).stdout)["estimate"]
    assert found["pages"] == 7
    assert found["gigabytes"] == round(
        (found["image_bytes"] + found["text_bytes"] + found["native_bytes"]) / 1e9, 3
    )
    wet = CliRunner().invoke(produce, [each for each in call if each != "--dry-run"])
    assert "Estimate" not in wet.stdout


def test_cross_reference_has_every_number_and_copies_behind_theirs(
    case: Case, tmp_path: Path
) -> None:
    add(case, 6, disposition=Disposition.DUPLICATE, duplicate_of=4, custodian=2)
    for name in ("VOL1", "VOL2"):
        plan(case, specification(name))
    run(case, "VOL1", workshop())
    file = tmp_path / "numbers.csv"
    call = ["crossref", "--export", str(file), "--case", str(case.folder)]
    assert CliRunner().invoke(produce, call).exit_code == 0
    rows = list(csv.DictReader(file.read_text("utf-8-sig").splitlines()))
    assert [(each["control number"], each["BegBates"], each["copy of"]) for each in rows] == [
        ("RW-00000004", "ABC0000001", ""),
        ("RW-00000006", "ABC0000001", "RW-00000004"),
        ("RW-00000005", "ABC0000002", ""),
        ("RW-00000001", "ABC0000004", ""),
        ("RW-00000002", "ABC0000006", ""),
    ]
    assert {each["production"] for each in rows} == {"VOL1"}  # the other has no numbers yet
    assert rows[1]["custodian"] == "Brandt, Lev"
    again = CliRunner().invoke(produce, ["crossref", "VOL2", "--case", str(case.folder)])
    assert "Nothing has Bates numbers yet" in again.stderr
    assert CliRunner().invoke(produce, call).exit_code != 0  # over nothing unasked
