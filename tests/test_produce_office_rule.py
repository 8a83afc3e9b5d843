"""What office pages show, as a specification says: pages, texts and redactions follow it."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.comments import Comment

from produce.imaging import libreoffice
from produce.imaging.office import SHEETS
from produce.imaging.route import way
from produce.interface import OfficeRule, RenderBatch, RenderJob, RenderResult
from produce.plan import plan
from produce.reader import read_dat
from produce.record import production
from produce.redaction import draw, record
from produce.redaction.record import State
from produce.redaction.sheets import redact_range
from produce.run import run
from produce.spec_file import load
from produce.specification import Specification, problems
from produce.treatment import BOOK_TYPES, SHEET_TYPES
from records.case import Case
from records.errors import RedactionError, SpecificationError
from records.fields import Fields
from tests.hidden_samples import word
from tests.produce_matter import add, matter, plain_render, specification, tag, workshop
from tests.redaction_matter import paper, pdf_text, real_workshop, with_codes

needs_libreoffice = pytest.mark.skipif(libreoffice.program() is None, reason="no LibreOffice")
FINAL: dict[str, Any] = {
    "office_changes": "final",
    "office_comments": False,
    "office_notes": False,
    "office_hidden": False,
}
TEXT = "A clause.\ncommented\n\n[Hidden: comments]\nAnn Ames: counselsays no"
LINE = (40.0, 60.0, 400.0, 110.0)


def book(rows: int = 2) -> bytes:
    """A workbook with a comment and a formula that was never calculated."""
    found = Workbook()
    sheet = found.worksheets[0]
    sheet.title = "Prices"
    for row in range(1, rows + 1):
        sheet.append([f"item {row}", 4710 + row])
    sheet["A1"].comment = Comment("counselsays no", "Carl")
    data = io.BytesIO()
    found.save(data)
    return data.getvalue()


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with matter(tmp_path) as opened:
        data = word("<w:r><w:t>A clause.</w:t></w:r>", comment="counselsays no")
        add(opened, 1, type_="docx", data=data, text=TEXT)
        add(opened, 2, type_="xlsx", data=book(), text="item 1 4711 counselsays no")
        add(opened, 3, type_="xlsx", data=book(400), text="many")
        add(opened, 4, type_="csv", data=b"name,price\nanna,3\n", text="name price")
        with_codes(opened)
        yield opened


def _treated(case: Case, spec: Specification) -> dict[int, tuple[str, str]]:
    found = plan(case, spec)
    return {each.member.id: (str(each.treatment), each.reason) for each in found.items}


def _volume(case: Case, name: str, **values: Any) -> Path:
    plan(case, specification(name, kind="pdf", **values))
    return Path(run(case, name, real_workshop()).folder)


def _rows(volume: Path) -> dict[str, dict[str, str]]:
    records = read_dat(volume / f"DATA/{volume.name}.dat").records
    return {each["ControlNumber"][-1]: dict(each) for each in records}


def _shown(volume: Path, row: dict[str, str]) -> tuple[str, str]:
    """The text of the pages, and the text file."""
    text = volume / row["TextLink"][2:].replace("\\", "/")
    return pdf_text(volume / f"IMAGES/0001/{row['BegBates']}.pdf"), text.read_text()


def test_a_file_says_it_and_a_stored_specification_without_it_has_the_defaults(
    tmp_path: Path,
) -> None:
    file = tmp_path / "production.toml"
    file.write_text('[office]\nchanges = "final"\nhidden = false\nsheets = "printed"\n')
    found = specification(**load(str(file)).values)
    assert found.office == OfficeRule("final", comments=True, notes=True, hidden=False)
    assert (found.sheets, found.sheet_pages) == ("printed", 200)
    stored = specification().model_dump(mode="json")
    old = {each: value for each, value in stored.items() if "office" not in each}
    old = {each: value for each, value in old.items() if not each.startswith("sheet")}
    assert len(stored) - len(old) == 6
    assert Specification.model_validate(old) == specification()
    usual = RenderBatch((), "", None, (), "UTC")  # type: ignore[arg-type]
    again = Specification.model_validate(old)
    assert (again.office, again.sheets, again.sheet_pages) == (
        *(usual.office, usual.sheets),
        usual.sheet_pages,
    )


def test_a_value_that_is_none_of_it_is_told_with_its_key(tmp_path: Path) -> None:
    wrong = problems(
        {"name": "V", "prefix": "A", "tag": "x", "office_changes": "no", "sheet_pages": 0}
    )
    assert {key for key, _ in wrong} == {"office_changes", "sheet_pages"}
    none = {"name": "V", "prefix": "A", "tag": "x", "kind": "none", "load_files": ["dat"]}
    assert problems(none) == []
    wrong = problems(none | {"sheets": "printed", "office_notes": False})
    assert {key for key, _ in wrong} == {"sheets", "office_notes"}


def test_natives_that_hold_what_pages_would_not_show_are_listed(case: Case) -> None:
    hidden = Fields(hidden=("comments", "macros", "hidden-rows"))
    add(case, 6, type_="xlsx", text="a", fields=hidden)
    add(case, 7, type_="docx", text="a", fields=hidden)
    tag(case, "Responsive", [2, 6, 7])
    kind = "natives that hold what [office] keeps off pages"
    assert kind not in plan(case, specification()).conflicts
    assert kind not in plan(case, specification(office_notes=False)).conflicts
    for off in (specification(office_comments=False), specification(office_hidden=False)):
        assert plan(case, off).conflicts[kind] == ("RW-00000006",)
    printed = plan(case, specification(office_comments=False, sheets="printed"))
    assert kind not in printed.conflicts


def test_sheet_types_are_those_that_imaging_prints() -> None:
    assert SHEETS == BOOK_TYPES
    for kind in (*SHEET_TYPES, "audio", "docx", "mpp"):
        job = RenderJob(1, "0", kind, "", f"a.{kind}", None, ())
        changes = way(job, "printed") != way(job, "native")
        assert changes == (kind in SHEET_TYPES)


def test_printed_spreadsheets_are_imaged_whatever_is_native(case: Case) -> None:
    tag(case, "Responsive", [1, 2, 4])
    assert _treated(case, specification()) == {
        1: ("image", ""),
        2: ("native", "type xlsx"),
        4: ("native", "type csv"),
    }
    printed = _treated(case, specification(sheets="printed"))
    assert set(printed.values()) == {("image", "")}
    asked: list[RenderBatch] = []

    def render(batch: RenderBatch) -> tuple[RenderResult, ...]:
        asked.append(batch)
        return plain_render(batch)

    plan(case, specification(sheets="printed", sheet_pages=7, **FINAL))
    run(case, "ABC_PROD001", workshop(render=render))
    (batch,) = asked
    assert (batch.sheets, batch.sheet_pages) == ("printed", 7)
    assert batch.office == OfficeRule("final", comments=False, notes=False, hidden=False)


def test_printed_workbooks_want_libreoffice(case: Case) -> None:
    tag(case, "Responsive", [2, 4])
    plan(case, specification(sheets="printed"))
    found = run(case, "ABC_PROD001", workshop(office=lambda: False, slip_missing=True))
    assert (found.counts["produced as native"], found.counts["produced as image"]) == (1, 1)


def test_an_estimate_counts_printed_pages_up_to_the_limit(case: Case) -> None:
    add(case, 9, type_="xlsx", text="x" * 18_000)
    tag(case, "Responsive", [9])
    for values, pages in (({}, 1), ({"sheets": "printed"}, 10)):
        found = plan(case, specification(**values), dry_run=True).estimate
        assert found is not None
        assert found.pages == pages
    found = plan(case, specification(sheets="printed", sheet_pages=9), dry_run=True).estimate
    assert found is not None
    assert found.pages == 1
    assert "over office.sheet_pages" in found.rests_on[0]


@needs_libreoffice
@pytest.mark.heavy
def test_what_the_rule_keeps_off_the_pages_is_not_in_the_text_either(case: Case) -> None:
    tag(case, "Responsive", [1])
    whole = _volume(case, "ABC_PROD001")
    page, text = _shown(whole, _rows(whole)["1"])
    assert "counselsays" in page
    assert text == TEXT
    bare = _volume(case, "ABC_PROD002", **FINAL)
    row = _rows(bare)["1"]
    page, text = _shown(bare, row)
    assert "A clause." in page
    assert "A clause." in text
    assert "counselsays" not in page + text
    assert row["PageCount"] == "1"
    again = _volume(case, "ABC_PROD003", **FINAL)  # of the cache, the text too
    third = _rows(again)["1"]
    assert _shown(again, third)[1] == text
    last = _volume(case, "ABC_PROD004")
    assert "counselsays" in _shown(last, _rows(last)["1"])[1]
    assert _rows(last)["1"]["PageCount"] == "2"


@needs_libreoffice
@pytest.mark.heavy
def test_where_it_cannot_be_told_the_text_is_that_of_the_pages(case: Case) -> None:
    add(case, 6, type_="rtf", data=rb"{\rtf1 A plain letter}", text="A plain letter counselsays no")
    data = word("<w:r><w:t>A clause.</w:t></w:r>")
    told = Fields(hidden=("comments", "ocr-layer"))  # which imaging does not find
    add(case, 7, type_="docx", data=data, text="A clause. counselsays no", fields=told)
    add(case, 8, type_="pdf", data=paper(["A page"]), text="A page counselsays no", fields=told)
    tag(case, "Responsive", [6, 7, 8])
    bare = _volume(case, "ABC_PROD001", office_comments=False)
    for number, left in (("6", "A plain letter"), ("7", "A clause."), ("8", "A page")):
        assert _shown(bare, _rows(bare)[number])[1].split() == left.split()
    whole = _volume(case, "ABC_PROD002", office_hidden=False)
    assert "counselsays" not in _shown(whole, _rows(whole)["6"])[1]
    for number in ("7", "8"):  # comments are shown by this rule, and an OCR layer is seen
        assert "counselsays" in _shown(whole, _rows(whole)[number])[1]


@needs_libreoffice
@pytest.mark.heavy
def test_printed_spreadsheets_have_pages_up_to_the_limit(case: Case) -> None:
    add(case, 5, type_="csv", data=b"name,price\n" + b"anna,3\n" * 400, text="long")
    tag(case, "Responsive", [2, 3, 4, 5])
    volume = _volume(case, "ABC_PROD001", sheets="printed", sheet_pages=3)
    rows = _rows(volume)
    assert "counselsays" in _shown(volume, rows["2"])[0]
    assert "anna,3" in _shown(volume, rows["4"])[0]
    for each in ("3", "5"):
        assert rows[each]["NativeLink"]
        assert "more than 3 pages when printed" in pdf_text(
            volume / f"IMAGES/0001/{rows[each]['BegBates']}.pdf"
        )
    assert not rows["2"]["NativeLink"]
    bare = _volume(case, "ABC_PROD002", sheets="printed", office_comments=False)
    page, text = _shown(bare, _rows(bare)["2"])
    assert "item 1" in page
    assert "item 1" in text
    assert "counselsays" not in page + text


@needs_libreoffice
@pytest.mark.heavy
def test_redactions_drawn_by_another_rule_are_refused(case: Case) -> None:
    tag(case, "Responsive", [1])
    drawn = draw.draw(case, 1, [1, 2], [LINE], "AC")  # page 2 is the sheet of comments
    plan(case, specification("ABC_PROD001", kind="pdf", office_comments=False))
    numbers = f"{drawn[0].number}, {drawn[1].number}"
    with pytest.raises(RedactionError, match=f"RW-00000001: {numbers}\n"):
        run(case, "ABC_PROD001", real_workshop())
    record.decide(case, [each.number for each in drawn], State.WITHDRAWN)
    with case.read() as connection:
        planned = production(connection, "ABC_PROD001")
    draw.draw(case, 1, [1], [LINE], "AC", production=planned)
    volume = _volume(case, "ABC_PROD001", office_comments=False)
    page, text = _shown(volume, _rows(volume)["1"])
    assert "counselsays" not in page + text
    plan(case, specification("ABC_PROD002", kind="pdf"))  # with a sheet that nobody looked at
    with pytest.raises(RedactionError, match=r"RW-00000001: \d+\n"):
        run(case, "ABC_PROD002", real_workshop())


@needs_libreoffice
@pytest.mark.heavy
def test_a_spreadsheet_is_redacted_on_the_pages_of_a_production_that_prints_it(
    case: Case,
) -> None:
    tag(case, "Responsive", [2])
    with pytest.raises(RedactionError, match="has no pages to redact: spreadsheet"):
        draw.draw(case, 2, [1], [LINE], "AC")
    plan(case, specification("ABC_PROD001", kind="pdf", sheets="printed", **FINAL))
    with case.read() as connection:
        planned = production(connection, "ABC_PROD001")
    (made,) = draw.draw(case, 2, [1], [LINE], "AC", production=planned)
    assert "item 1" in made.drawn.found
    volume = _volume(case, "ABC_PROD001", sheets="printed", **FINAL)
    row = _rows(volume)["2"]
    page, text = _shown(volume, row)
    assert "4711" not in page + text
    assert (row["Redacted"], row["NativeLink"]) == ("Y", "")
    native = plan(case, specification("ABC_PROD002", kind="pdf"))
    assert [(str(each.treatment), each.reason) for each in native.items] == [
        ("slip", "type xlsx; it is redacted")
    ]
    assert native.conflicts["redacted, and so not produced natively"] == ("RW-00000002",)
    slip = Path(run(case, "ABC_PROD002", real_workshop()).folder)
    assert not list(slip.glob("NATIVES/*/*"))
    assert "4711" not in _shown(slip, _rows(slip)["2"])[1]
    redact_range(case, 2, "Prices", "B1", "PII")
    with pytest.raises(SpecificationError, match="by cell and on its pages"):
        plan(case, specification("ABC_PROD003", kind="pdf", sheets="printed"))
