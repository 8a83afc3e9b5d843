"""The privilege log: each withheld document once, bound to its numbers, in all its forms."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pypdf
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from produce.commands import produce
from produce.plan import plan
from produce.privilege_log import log_of
from produce.reader import read_dat
from produce.run import run
from records import audit, tables
from records.case import Case
from records.counsel import Counsel, Side
from records.counsel import add as add_counsel
from records.errors import ProductionError, TagError
from records.fields import Address, Fields
from review import panel, tags
from review.descriptions import describe
from tests.produce_matter import add, mail_family, matter, specification, tag, workshop

SAID = "E-mail asking counsel for advice on a charter"


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    """Two mail families, of which a mail, an attachment and a lone memorandum are privileged."""
    with matter(tmp_path) as case:
        add_counsel(
            case,
            [
                Counsel("Rosalind Thorne", addresses=("lev@kestrel.example",)),
                Counsel("Otto Opposing", side=Side.OPPOSING, addresses=("otto@n.example",)),
            ],
        )
        mail_family(case, 1)
        mail_family(case, 4, day="13")
        add(case, 7, name="memo.docx", type_="docx", text="x", fields=Fields(author="R. Thorne"))
        add(
            case,
            8,
            name="to-them.eml",
            type_="email",
            text="open",
            sent_at="2024-04-01T00:00:00Z",
            fields=Fields(
                subject="s",
                sender=(Address("O", "otto@n.example"),),
                sent_at="2024-04-01T00:00:00Z",
            ),
        )
        tag(case, "Responsive", range(1, 9))
        panel.define(case, "Privileged", needs_basis=True)
        tags.change(case, "add", "Privileged", [1, 5], {}, basis="attorney-client")
        tags.change(case, "add", "Privileged", [7], {}, basis="work product")
        yield case


def produced(case: Case, name: str = "ABC_PROD001") -> Path:
    plan(case, specification(name, exclude_tags=("Privileged",)))
    return Path(run(case, name, workshop()).folder)


def command(case: Case, *arguments: str) -> Result:
    return CliRunner().invoke(produce, ["log", *arguments, "--case", str(case.folder)])


def read(path: Path) -> list[dict[str, str]]:
    text = path.read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_every_withheld_document_once_at_its_numbers(case: Case) -> None:
    rows = read_dat(produced(case) / "DATA/ABC_PROD001.dat").records
    withheld = {
        (row["ControlNumber"], row["BegBates"], row["EndBates"], row["BegAttach"])
        for row in rows
        if row["Withheld"] == "Y"
    }
    entries = log_of(case, ()).entries
    assert len(entries) == len(withheld) == 3
    told = {(f"RW-{each.document:08d}", each.beg, each.end, each.family) for each in entries}
    assert told == withheld
    assert [each.log_id for each in entries] == ["PRIV-00001", "PRIV-00002", "PRIV-00003"]
    assert [(e.document, e.basis, e.relation, e.treatment) for e in entries] == [
        (7, "work product", "", "withheld"),
        (1, "attorney-client", "parent", "withheld"),
        (5, "attorney-client", "attachment", "withheld"),
    ]


def test_attorneys_bear_a_star_and_the_other_side_none(case: Case) -> None:
    tags.change(case, "add", "Privileged", [8], {}, basis="by error")
    produced(case)
    by_id = {each.document: each for each in log_of(case, ()).entries}
    assert by_id[1].to == ("Lev <lev@kestrel.example>*",)
    assert by_id[1].author == ("Okafor, Amara <amara@kestrel.example>",)
    assert by_id[7].author == ("R. Thorne",)
    assert by_id[8].author == ("O <otto@n.example>",)
    assert [each.name for each in log_of(case, ()).counsel] == ["Rosalind Thorne"]


def test_a_claim_that_lacks_something_is_no_log(case: Case, tmp_path: Path) -> None:
    produced(case)
    out = tmp_path / "log.csv"
    refused = command(case, "--out", str(out))
    assert isinstance(refused.exception, ProductionError)
    assert "no description: RW-00000007, RW-00000001, RW-00000005" in str(refused.exception)
    assert not out.exists()
    listed = command(case)
    assert "3 of them without a whole claim" in listed.stdout
    assert "PRIV-00001  ABC0000001  RW-00000007: no description" in listed.stderr
    assert command(case, "--out", str(out), "--draft").exit_code == 0
    assert command(case, "--form", "metadata", "--out", str(tmp_path / "m.csv")).exit_code == 0


def test_a_basis_that_went_is_told(case: Case) -> None:
    produced(case)
    tags.change(case, "remove", "Privileged", [7], {})
    with case.write() as connection:
        connection.execute(
            tables.document_tags.update()
            .where(tables.document_tags.c.document_id == 5)
            .values(basis=None)
        )
    by_id = {each.document: each.problems for each in log_of(case, ()).entries}
    assert by_id[7] == ("no tag withholds it any more",)
    assert by_id[5] == ("the tag 'Privileged' stands without a basis", "no description")


def test_what_is_withheld_with_another_has_its_claim(case: Case) -> None:
    """The picture that a mail shows is tagged: the mail goes with it, and answers for it."""
    tags.change(case, "add", "Privileged", [6], {}, basis="sketch for counsel")
    tags.change(case, "remove", "Privileged", [5], {})
    describe(case, {6: "Sketch drawn for counsel"}, {})
    produced(case)
    found = {each.document: each for each in log_of(case, ()).entries}
    assert (found[4].basis, found[4].description, found[4].problems) == (
        "sketch for counsel",
        "Sketch drawn for counsel",
        (),
    )


def test_a_suppressed_copy_speaks_for_the_kept_one(case: Case) -> None:
    with case.write() as connection:
        d = tables.documents
        values = {"duplicate_of_id": 8, "disposition": "duplicate"}
        connection.execute(d.update().where(d.c.id == 7).values(**values))
    describe(case, {7: "Memorandum of an attorney"}, {})
    produced(case)
    found = {each.document: each for each in log_of(case, ()).entries}
    assert 7 not in found
    assert (found[8].basis, found[8].problems) == ("work product", ())


def _described(case: Case) -> None:
    describe(case, {1: SAID, 5: "=Prices for counsel's advice", 7: "Memo of an attorney"}, {})


def test_document_by_document_in_csv(case: Case, tmp_path: Path) -> None:
    produced(case)
    _described(case)
    out = tmp_path / "log.csv"
    done = command(case, "--out", str(out))
    assert done.stdout.splitlines()[1:] == [
        f"Written: {out}",
        f"Written: {tmp_path / 'log-counsel.csv'}",
    ]
    rows = read(out)
    assert rows[1] == {
        "LogID": "PRIV-00002",
        "Production": "ABC_PROD001",
        "Bates": "ABC0000002",
        "FamilyID": "ABC0000002",
        "Relation": "parent",
        "Date": "03/11/2024",
        "From/Author": "Okafor, Amara <amara@kestrel.example>",
        "To": "Lev <lev@kestrel.example>*",
        "CC": "",
        "BCC": "",
        "Basis": "attorney-client",
        "Description": SAID,
        "DocType": "email",
        "FileExt": "eml",
        "Custodian": "Okafor, Amara",
        "Treatment": "withheld",
        "ControlNumber": "RW-00000001",
    }
    assert rows[2]["Description"] == "'=Prices for counsel's advice"
    assert "Mooring" not in out.read_text("utf-8-sig")  # a subject tells
    assert "Rosalind Thorne" in (tmp_path / "log-counsel.csv").read_text("utf-8-sig")
    again = command(case, "--out", str(out))
    assert again.exit_code != 0
    with case.read() as connection:
        acts = [each.act for each in audit.entries(connection)]
    assert acts.count("privilege log written") == 1


def test_xlsx_and_pdf(case: Case, tmp_path: Path) -> None:
    produced(case)
    _described(case)
    assert command(case, "--out", str(tmp_path / "log.xlsx")).exit_code == 0
    book = openpyxl.load_workbook(tmp_path / "log.xlsx")
    assert book.sheetnames == ["Privilege log", "Counsel"]
    assert [cell.value for cell in book["Privilege log"]["A"]] == [
        "LogID",
        *(f"PRIV-{number:05d}" for number in (1, 2, 3)),
    ]
    assert command(case, "--out", str(tmp_path / "log.pdf")).exit_code == 0
    text = "".join(page.extract_text() for page in pypdf.PdfReader(tmp_path / "log.pdf").pages)
    assert "PRIV-00003" in text.replace("\n", "")
    assert "Rosalind Thorne" in " ".join(text.split())


def test_topics_and_categories(case: Case, tmp_path: Path) -> None:
    produced(case)
    panel.add_group(case, "Topic", tags=("Charter", "Hull"))
    tags.change(case, "add", "Charter", [1, 5], {})
    assert command(case, "--form", "topic").exit_code == 2
    lacking = command(case, "--form", "topic", "--topics", "Topic", "--json")
    assert json.loads(lacking.stdout)["lacking"] == [
        {"log_id": "PRIV-00001", "problems": ["no tag of the group 'Topic'"]}
    ]
    assert isinstance(command(case, "--topics", "Nope").exception, TagError)
    tags.change(case, "add", "Hull", [7], {})
    for form in ("topic", "categorical"):
        out = tmp_path / f"{form}.csv"
        arguments = ("--form", form, "--topics", "Topic", "--out", str(out))
        assert command(case, *arguments).exit_code == 0
    rows = read(tmp_path / "topic.csv")
    assert [row["Topic"] for row in rows] == ["Hull", "Charter", "Charter"]
    groups = read(tmp_path / "categorical.csv")
    assert [(row["Category"], row["Documents"], row["Bates"]) for row in groups] == [
        ("Hull", "1", "ABC0000001"),
        ("Charter", "2", "ABC0000002; ABC0000006"),
    ]
    assert sum(int(row["Documents"]) for row in groups) == len(log_of(case, ()).entries)


def test_numbers_go_on_over_productions(case: Case) -> None:
    produced(case)
    before = log_of(case, ()).entries
    add(case, 9, name="later.txt", text="later")
    tag(case, "Second", [9])
    tags.change(case, "add", "Privileged", [9], {}, basis="attorney-client")
    plan(case, specification("ABC_PROD002", tag="Second", exclude_tags=("Privileged",)))
    run(case, "ABC_PROD002", workshop())
    after = log_of(case, ()).entries
    assert after[: len(before)] == before
    assert after[-1].log_id == "PRIV-00004"
    assert [each.log_id for each in log_of(case, ["ABC_PROD002"]).entries] == ["PRIV-00004"]


def test_productions_of_which_no_log_can_be(case: Case) -> None:
    with pytest.raises(ProductionError, match="No production of this case"):
        log_of(case, ())
    plan(case, specification(exclude_tags=("Privileged",)))
    with pytest.raises(ProductionError, match="holds no Bates numbers yet"):
        log_of(case, ["ABC_PROD001"])
    with pytest.raises(ProductionError, match="no production 'X'"):
        log_of(case, ["X"])
    with case.read() as connection:
        assert connection.execute(sa.select(tables.productions.c.state)).scalar() == "planned"
