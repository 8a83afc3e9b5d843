"""Replacement with the real imaging, redactions, delivery, and as another party receives it."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdf
import pypdfium2
import pytest
from PIL import Image

from produce.after_commands import deliver_command
from produce.delivery import Wish as Delivering
from produce.delivery import deliver
from produce.plan import plan
from produce.reader import read_dat, read_opt
from produce.received.record import defects_of, standing, volume
from produce.record import items, production
from produce.redaction import draw, record
from produce.redaction.record import State
from produce.redaction.verify import verify, verify_words
from produce.replacement import Wish, plan_replacement
from produce.report import report
from produce.run import run
from records import tables
from records.case import Case
from records.codes import Role
from records.errors import ProductionError
from records.fields import Fields
from store import open_store
from tests.archive_cases import needs_7z
from tests.produce_matter import add, mail_family, matter, specification, tag, workshop
from tests.received_volumes import documents, new_case, take
from tests.redaction_matter import paper, pdf_text, real_workshop, with_codes

OLD, NEW = "ABC_PROD001", "ABC_REP001"
SHEET = "Document Withheld - Privileged"


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    """A letter with a budget of two pages attached, and another file, to be produced as PDF."""
    with matter(tmp_path) as opened:
        add(opened, 1, name="letter.pdf", type_="pdf", data=paper(["The letter"]),
            text="The letter")  # fmt: skip
        pages = (["The budget of Project Nightjar", "is 12,500 pounds."], ["Page two"])
        add(opened, 2, name="nightjar budget.pdf", type_="pdf", data=paper(*pages),
            text="The budget of Project Nightjar is 12,500 pounds. Page two", family=1, found_in=1,
            position=1, role=Role.ATTACHMENT, fields=Fields(title="Nightjar"))  # fmt: skip
        add(opened, 3, name="other.txt", data=b"All of it.\n", text="All of it.")
        add(opened, 4, name="nightjar list.txt", data=b"A list.\n", text="A list.", family=1,
            found_in=1, position=2, role=Role.ATTACHMENT)  # fmt: skip
        with_codes(opened)
        tag(opened, "Responsive", [1, 3])
        yield opened


def produced(case: Case, kind: str) -> Path:
    plan(case, specification(kind=kind))
    return Path(run(case, OLD, real_workshop()).folder)


def made(case: Case, documents: list[int], name: str = NEW, **values: Any) -> Path:
    plan_replacement(case, Wish(OLD, name, frozenset(documents), "by mistake", **values))
    return Path(run(case, name, real_workshop()).folder)


def rows(folder: Path) -> dict[str, dict[str, str]]:
    found = read_dat(folder / "DATA" / f"{folder.name}.dat").records
    return {each["ControlNumber"]: dict(each) for each in found}


def redact(case: Case, document: int, term: str) -> None:
    def silent(steps: int, note: str = "", *, more: int = 0) -> None:
        """Say nothing."""

    found, _ = draw.suggest(case, [document], "AC", [term], (), silent)
    record.decide(case, [each.number for each in found], State.CONFIRMED)


def page_texts(path: Path) -> list[str]:
    with pypdfium2.PdfDocument(path) as document:
        return [" ".join(page.get_textpage().get_text_bounded().split()) for page in document]


def test_withheld_as_pdf_leaves_no_word(case: Case) -> None:
    before = produced(case, "pdf")
    beg = rows(before)["RW-00000002"]["BegBates"]
    tag(case, "Privileged", [2])
    folder = made(case, [1, 2], exclude_tags=("Privileged",))
    words = ["12,500", "budget", "pounds"]
    told = {each.message.rpartition(": ")[2] for each in verify_words(before, words)}
    assert {"'budget'", "'pounds'"} <= told
    assert verify_words(folder, words) == []
    sheets = page_texts(folder / f"IMAGES/0001/{beg}.pdf")
    end = rows(before)["RW-00000002"]["EndBates"]
    assert all(SHEET in each for each in sheets)
    assert [number in each for number, each in zip((beg, end), sheets, strict=True)] == [True] * 2
    assert rows(folder)["RW-00000001"]["AttachmentNames"] == "[withheld];nightjar list.txt"


def test_a_redaction_added_and_taken_back(case: Case) -> None:
    produced(case, "pdf")
    redact(case, 2, "nightjar")
    first = plan_replacement(case, Wish(OLD, NEW, frozenset([2]), "redaction missed"))
    assert first.changes[0].now == "image, redacted"
    assert first.plan.conflicts["redacted"] == ("RW-00000002",)
    folder = Path(run(case, NEW, real_workshop()).folder)
    row = rows(folder)["RW-00000002"]
    assert (row["Redacted"], row["FileName"], row["SHA256"], row["PageCount"]) == (
        "Y",
        "[redacted]",
        "",
        "2",
    )
    image = folder / f"IMAGES/0001/{row['BegBates']}.pdf"
    assert "ightjar" not in pdf_text(image)
    assert "Page two" in pdf_text(image)
    assert verify_words(folder, ["nightjar"]) == []
    parent = made(case, [1], "ABC_REP002")  # its attachment stands redacted in the first one
    assert rows(parent)["RW-00000001"]["AttachmentNames"] == "[redacted];[redacted]"
    assert verify_words(parent, ["nightjar"]) == []
    sections = {each.title: each.rows for each in report(case, NEW)}
    assert sections["Replacements"][0][2:4] == (f"image in {OLD}", "image, redacted")
    record.decide(case, [1], State.WITHDRAWN)
    again = made(case, [2], "ABC_REP003")
    whole = rows(again)["RW-00000002"]
    assert (whole["Redacted"], whole["FileName"]) == ("N", "nightjar budget.pdf")
    with case.read() as connection:
        found = production(connection, NEW)
    assert verify(case, found, folder) == []


def test_a_redaction_after_the_plan_stops_it(case: Case) -> None:
    produced(case, "pdf")
    plan_replacement(case, Wish(OLD, NEW, frozenset([2]), "a better copy"))
    redact(case, 2, "nightjar")
    with pytest.raises(ProductionError, match=r"redacted otherwise.*redwell produce replace"):
        run(case, NEW, real_workshop())


@pytest.mark.parametrize("kind", ["tiff", "pdf"])
def test_a_shorter_copy_is_filled_with_sheets(case: Case, kind: str) -> None:
    produced(case, kind)
    with open_store(case.store_address).writing() as writer:
        data = paper(["A better copy, one page"])
        put = writer.put_bytes(data)
    d = tables.documents
    with case.write() as connection:
        connection.execute(
            d.update().where(d.c.id == 2).values(sha256=put.sha256, md5=put.md5, sha1=put.sha1)
        )
    folder = made(case, [2, 3])
    row = rows(folder)["RW-00000002"]
    assert row["PageCount"] == "2"
    if kind == "pdf":
        shown = page_texts(folder / f"IMAGES/0001/{row['BegBates']}.pdf")
        assert "A better copy, one page" in shown[0]
        assert "Page Intentionally Left Blank in Replacement" in shown[1]
        assert row["EndBates"] in shown[1]
        return
    lines = read_opt(folder / f"DATA/{NEW}.opt")
    paths = [each.path[2:].replace("\\", "/") for each in lines][-2:]
    ink = []
    for path in paths:
        with Image.open(folder / path) as image:
            ink.append(image.size)
    assert ink == [(2550, 3300)] * 2
    with case.read() as connection:
        detail = {each.document_id: each.detail for each in items(connection, 2)}
    assert (detail[2]["filled"], detail[3]["filled"]) == (1, 0)


@needs_7z
def test_the_letter_tells_what_is_replaced_and_why(case: Case, tmp_path: Path) -> None:
    produced(case, "pdf")
    tag(case, "Privileged", [2])
    made(case, [2, 3], exclude_tags=("Privileged",))
    wish = Delivering(*(NEW, "Counsel for Roe", "us", tmp_path / "out"),
                      password="correct horse battery", password_file=None)  # fmt: skip
    folder = Path(deliver(case, wish).folder)
    letter = pypdf.PdfReader(folder / f"{NEW}-transmittal.pdf")
    said = " ".join(" ".join(page.extract_text() for page in letter.pages).split())
    for each in (
        f"replaces documents of {OLD} under their numbers. The reason: by mistake",
        "withheld, with a sheet on each number",
        "as an overlay keyed on its column BegBates",
    ):
        assert each in said
    text = (folder / f"{NEW}-contents.csv").read_text("utf-8-sig")
    assert f"DATA/{NEW}.dat" in {row["Path"] for row in csv.DictReader(io.StringIO(text))}
    old = Delivering(*(OLD, "Counsel for Poe", "us", tmp_path / "old"),
                     password="correct horse battery", password_file=None)  # fmt: skip
    with pytest.raises(ProductionError, match=f"by {NEW}.*--allow-replaced"):
        deliver(case, old)
    assert not (tmp_path / "old").exists()
    assert "--allow-replaced" in {o for p in deliver_command.params for o in p.opts}


def test_received_on_top_of_the_volume_it_replaces(tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir()
    with matter(tmp_path / "ours") as ours, new_case(tmp_path) as theirs:
        mail_family(ours, 1, day="01")
        add(ours, 7, name="alone.txt", text="alone")
        add(ours, 8, name="three.txt", text="falcon\fb\fc")
        mail_family(ours, 4, day="28")
        tag(ours, "Responsive", [1, 4, 7, 8])
        plan(ours, specification())
        first = Path(run(ours, OLD, workshop()).folder)
        tag(ours, "Privileged", [5, 8])
        wish = Wish(OLD, NEW, frozenset([5, 7, 8]), "r", exclude_tags=("Privileged",))
        plan_replacement(ours, wish)
        second = Path(run(ours, NEW, workshop()).folder)
        take(theirs, first, "Doe")
        take(theirs, second, "Doe", replaces=OLD)
        with theirs.read() as connection:
            now = {row.beg_bates: row for row in standing(connection)}
            odd = [each.code for each in defects_of(connection, volume(connection, NEW).id)]
        assert odd == []
        assert sorted(now) == [f"ABC{n:07d}" for n in (1, 3, 4, 5, 8, 10)]
        assert {each: now[each].volume for each in now} == {
            "ABC0000001": OLD,
            "ABC0000003": OLD,
            "ABC0000004": NEW,
            "ABC0000005": NEW,
            "ABC0000008": OLD,
            "ABC0000010": NEW,
        }
        by_id = {row["id"]: row for row in documents(theirs)}
        text = {each: by_id[row.document_id]["text"] for each, row in now.items()}
        assert text["ABC0000005"].strip() == "Document Withheld - Privileged"
        assert text["ABC0000004"] == "alone"
        got = {each: by_id[row.document_id] for each, row in now.items()}
        assert got["ABC0000010"]["found_in_id"] == now["ABC0000008"].document_id
        assert got["ABC0000010"]["sha256"] != got["ABC0000003"]["sha256"]
        third = Wish(OLD, "ABC_REP002", frozenset([1, 8]), "r", exclude_tags=("Privileged",))
        plan_replacement(ours, third)  # of one that was replaced, and one that was not
        take(theirs, Path(run(ours, "ABC_REP002", workshop()).folder), "Doe", replaces=OLD)
        with theirs.read() as connection:
            last = {row.beg_bates: row.volume for row in standing(connection)}
            wrong = defects_of(connection, volume(connection, "ABC_REP002").id)
        assert wrong == []
        changed = {f"ABC000000{n}": "ABC_REP002" for n in (1, 5)}
        assert last == {each: now[each].volume for each in now} | changed


def test_what_neither_volume_holds_is_still_missing(tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir()
    with matter(tmp_path / "ours") as ours, new_case(tmp_path) as theirs:
        mail_family(ours, 1, day="01")
        add(ours, 7, name="alone.txt", text="alone")
        add(ours, 8, name="last.txt", text="last")
        tag(ours, "Responsive", [1, 7, 8])
        plan(ours, specification())
        first = Path(run(ours, OLD, workshop()).folder)
        plan_replacement(ours, Wish(OLD, NEW, frozenset([1, 8]), "r"))
        second = Path(run(ours, NEW, workshop()).folder)
        for folder in (first, second):  # the attachment, and a file, never come
            for list_ in folder.glob("DATA/*"):
                lines = list_.read_bytes().split(b"\r\n")
                gone = tuple(
                    each + number
                    for each in (b"", b"\xc3\xbe")
                    for number in (b"ABC0000003", b"ABC0000004")
                )
                kept = [each for each in lines if not each.startswith(gone)]
                list_.write_bytes(b"\r\n".join(kept))
        take(theirs, first, "Doe")
        take(theirs, second, "Doe", replaces=OLD)
        with theirs.read() as connection:
            odd = {each.code for each in defects_of(connection, volume(connection, NEW).id)}
    assert {"bates-gap", "family-child-missing", "attachment-count", "family-range"} <= odd
