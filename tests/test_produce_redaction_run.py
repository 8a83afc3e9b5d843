"""Redactions in a run: burned in, text and load file made of what is left, changes refused."""

import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from click.testing import CliRunner

from produce.commands import produce
from produce.plan import plan
from produce.privilege_log import log_of
from produce.reader import read_dat
from produce.record import items, production
from produce.redact_commands import redact_group
from produce.redaction import draw, record
from produce.redaction.interface import BurnBatch, BurnResult
from produce.redaction.record import State
from produce.redaction.verify import verify
from produce.report import report
from produce.run import run
from records.case import Case
from records.codes import Role
from records.errors import CheckFailedError, ProductionError, RedactionError, SpecificationError
from records.fields import Address, Fields
from tests.produce_matter import add, matter, specification, tag
from tests.redaction_matter import paper, pdf_text, real_workshop, with_codes

_MAIL = b"""From: Amara Okafor <amara@kestrel.example>
To: Lev <lev@kestrel.example>
Subject: Figures
Date: Tue, 12 Mar 2024 02:30:00 +0000
Message-ID: <1@kestrel.example>

The falcon figures are attached.
"""


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with matter(tmp_path) as opened:
        person = Address("Okafor, Amara", "amara@kestrel.example")
        fields = Fields(subject="Figures", sender=(person,), sent_at="2024-03-12T02:30:00Z")
        add(
            opened, 1, name="mail.eml", type_="email", data=_MAIL, fields=fields,
            text="The falcon figures are attached.", sent_at="2024-03-12T02:30:00Z",
        )  # fmt: skip
        pages = (
            ["The budget of Project Nightjar", "is 12,500 pounds."],
            ["Page two of the budget"],
        )
        add(
            opened, 2, name="nightjar budget.pdf", type_="pdf", data=paper(*pages),
            text="The budget of Project Nightjar", family=1, found_in=1, position=1,
            role=Role.ATTACHMENT, fields=Fields(title="Nightjar", author="Lev of the budget"),
        )  # fmt: skip
        add(opened, 3, name="other.txt", type_="txt", data=b"All of it about a nightjar.\n",
            text="All of it about a nightjar.")  # fmt: skip
        with_codes(opened)
        tag(opened, "Responsive", [1, 3])
        yield opened


def _suggested(case: Case, document: int, term: str) -> list[int]:
    def silent(steps: int, note: str = "", *, more: int = 0) -> None:
        """Say nothing."""

    made, _ = draw.suggest(case, [document], "AC", [term], (), silent)
    return [each.number for each in made]


def _confirmed(case: Case, document: int, term: str) -> None:
    record.decide(case, _suggested(case, document, term), State.CONFIRMED)


def _volume(case: Case, kind: str = "pdf", **changes: Any) -> Path:
    plan(case, specification(kind=kind))
    return Path(run(case, "ABC_PROD001", real_workshop(**changes)).folder)


def _rows(volume: Path) -> dict[str, dict[str, str]]:
    records = read_dat(volume / "DATA/ABC_PROD001.dat").records
    return {each["ControlNumber"]: dict(each) for each in records}


def test_what_is_redacted_is_gone_from_pages_text_and_load_file(case: Case) -> None:
    _confirmed(case, 2, "nightjar")
    volume = _volume(case)
    rows = _rows(volume)
    redacted, parent, other = (rows[f"RW-0000000{number}"] for number in (2, 1, 3))
    text = (volume / "TEXT/0001" / f"{redacted['BegBates']}.txt").read_text()
    left = "The budget of Project [AC] is 12,500 pounds. Page two of the budget"
    assert " ".join(text.split()) == left
    shown = pdf_text(volume / "IMAGES/0001" / f"{redacted['BegBates']}.pdf")
    assert "Nightjar" not in shown
    assert "Page two of the budget" in shown
    told = {name: redacted[name] for name in ("FileName", "Title", "Author", "SHA256", "Redacted")}
    assert told == {
        "FileName": "[redacted]",
        "Title": "[redacted]",
        "Author": "Lev of the budget",
        "SHA256": "",
        "Redacted": "Y",
    }
    assert redacted["PageCount"] == "2"
    assert parent["AttachmentNames"] == "[redacted]"
    assert parent["Redacted"] == "N"
    header = pdf_text(volume / "IMAGES/0001" / f"{parent['BegBates']}.pdf")
    assert "nightjar" not in header
    assert "[redacted]" in header
    assert other["FileName"] == "other.txt"  # its own word, which nobody redacted
    assert "nightjar" in (volume / "TEXT/0001" / f"{other['BegBates']}.txt").read_text()


def test_log_and_report_tell_the_reasons(case: Case) -> None:
    _confirmed(case, 2, "nightjar")
    volume = _volume(case)
    [entry] = log_of(case, ()).entries
    assert (entry.document, entry.treatment, entry.beg) == (
        2,
        "redacted",
        _rows(volume)["RW-00000002"]["BegBates"],
    )
    assert entry.basis == "AC (Attorney-Client Privileged)"
    assert entry.problems == ("no description",)
    sections = {each.title: each.rows for each in report(case, "ABC_PROD001")}
    assert sections["Redactions"] == ((entry.beg, entry.end, "AC 1", "RW-00000002"),)
    assert "ightjar" not in str(sections)


def test_suggestions_are_a_conflict_and_count_for_nothing(case: Case) -> None:
    _suggested(case, 2, "nightjar")
    found = plan(case, specification(kind="pdf"))
    key = "redactions suggested, neither confirmed nor rejected"
    assert found.conflicts[key] == ("RW-00000002",)
    volume = Path(run(case, "ABC_PROD001", real_workshop()).folder)
    assert _rows(volume)["RW-00000002"]["Redacted"] == "N"


def test_what_changed_since_the_plan_is_refused(case: Case) -> None:
    numbers = _suggested(case, 2, "nightjar")
    plan(case, specification(kind="pdf"))
    record.decide(case, numbers, State.CONFIRMED)
    with pytest.raises(ProductionError, match=r"^2 documents .*redacted otherwise"):
        run(case, "ABC_PROD001", real_workshop())
    plan(case, specification(kind="pdf"))
    record.decide(case, numbers, State.WITHDRAWN)
    with pytest.raises(ProductionError, match=r"redacted otherwise .*RW-00000002"):
        run(case, "ABC_PROD001", real_workshop())


def test_a_page_that_changed_is_named_and_nothing_is_moved(case: Case) -> None:
    first = draw.draw(case, 1, [1], [(50.0, 50.0, 300.0, 80.0)], "AC")
    draw.redact_fields(case, 2, ["FileName"], "PII")  # the parent's header block names it
    plan(case, specification(kind="pdf", time_zone="UTC"))
    with pytest.raises(RedactionError, match=f"RW-00000001: {first[0].number}\n"):
        run(case, "ABC_PROD001", real_workshop())
    record.decide(case, [first[0].number], State.WITHDRAWN)
    with case.read() as connection:
        planned = production(connection, "ABC_PROD001")
    with pytest.raises(ProductionError, match="redacted otherwise"):
        run(case, "ABC_PROD001", real_workshop())
    draw.draw(case, 1, [1], [(50.0, 50.0, 300.0, 80.0)], "AC", production=planned)
    plan(case, specification(kind="pdf", time_zone="UTC"))
    assert run(case, "ABC_PROD001", real_workshop()).counts["pages"] == 4


def _imaged(case: Case) -> list[int]:
    with case.read() as connection:
        found = items(connection, production(connection, "ABC_PROD001").id)
    return [each.document_id for each in found if each.state == "rendered"]


def test_all_that_was_drawn_on_other_pages_is_told_before_anything_else_is_imaged(
    case: Case,
) -> None:
    box = (50.0, 50.0, 300.0, 80.0)
    wrong = [draw.draw(case, 1, [1], [box], "AC")[0].number]
    _confirmed(case, 3, "nightjar")
    tag(case, "Privileged", [2])
    zone = case.settings.time_zone
    values: dict[str, Any] = {"kind": "pdf", "time_zone": zone, "exclude_tags": ("Privileged",)}
    plan(case, specification(**values))
    with pytest.raises(RedactionError, match=rf"of 1 documents.*\n  RW-00000001: {wrong[0]}\n"):
        run(case, "ABC_PROD001", real_workshop())
    assert sorted(_imaged(case)) == [1, 3]
    assert list(_burned(case, "ABC_PROD001")) == [3]
    record.decide(case, wrong, State.WITHDRAWN)
    draw.draw(case, 1, [1], [box], "AC")
    plan(case, specification(**values))
    assert run(case, "ABC_PROD001", real_workshop()).counts["documents"] == 3


def test_what_is_drawn_after_privilege_was_coded_is_on_the_pages_of_the_production(
    case: Case,
) -> None:
    tag(case, "Privileged", [2])
    draw.draw(case, 1, [1], [(50.0, 50.0, 300.0, 80.0)], "AC")
    zone = case.settings.time_zone
    plan(case, specification(kind="pdf", time_zone=zone, exclude_tags=("Privileged",)))
    volume = Path(run(case, "ABC_PROD001", real_workshop()).folder)
    assert _rows(volume)["RW-00000001"]["Redacted"] == "Y"


def test_a_redaction_that_would_not_be_applied_is_refused(case: Case) -> None:
    add(case, 4, type_="txt", data=b"A copy\n", text="A copy", duplicate_of=3,
        disposition="duplicate")  # type: ignore[arg-type]  # fmt: skip
    tag(case, "Responsive", [4])
    draw.draw(case, 4, [1], [], "AC")
    with pytest.raises(SpecificationError, match=r"RW-00000004 is redacted.*duplicate of RW-0000"):
        plan(case, specification(kind="pdf"))


def test_the_same_bytes_whether_at_once_or_after_a_kill(case: Case) -> None:
    _confirmed(case, 2, "nightjar")
    plan(case, specification(kind="tiff"))

    class _KilledError(Exception):
        pass

    def die(batch: Any) -> Any:
        raise _KilledError

    with pytest.raises(_KilledError):
        run(case, "ABC_PROD001", real_workshop(image=die))
    burned = _burned(case, "ABC_PROD001")
    assert list(burned) == [2]
    run(case, "ABC_PROD001", real_workshop())
    assert _burned(case, "ABC_PROD001") == burned
    plan(case, specification("ABC_PROD002", kind="tiff"))
    run(case, "ABC_PROD002", real_workshop())
    assert _burned(case, "ABC_PROD002") == burned


def _burned(case: Case, name: str) -> dict[int, Any]:
    with case.read() as connection:
        found = items(connection, production(connection, name).id)
    return {
        each.document_id: (each.render_sha256, each.detail["burned"])
        for each in found
        if "burned" in each.detail
    }


def test_natives_that_are_or_hold_what_is_redacted_stay_behind(case: Case) -> None:
    add(case, 10, name="box.zip", type_="zip", data=b"PK", disposition="container")  # type: ignore[arg-type]
    add(case, 11, name="in.xlsx", type_="xlsx", data=b"no workbook", family=10, found_in=10,
        position=1, role=Role.MEMBER)  # fmt: skip
    tag(case, "Responsive", [10])
    draw.redact_fields(case, 11, ["FileName"], "AC")
    plan(case, specification(kind="pdf"))
    run(case, "ABC_PROD001", real_workshop())
    with case.read() as connection:
        found = items(connection, production(connection, "ABC_PROD001").id)
    told = {each.document_id: (each.treatment, each.reason) for each in found}
    assert told[11][0] == "slip"
    assert told[11][1].endswith("; it is redacted")
    assert told[10][0] == "slip"


def test_nothing_gets_its_number_unredacted(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    _confirmed(case, 2, "nightjar")
    plan(case, specification(kind="pdf"))

    def fail(batch: BurnBatch) -> tuple[BurnResult, ...]:
        return tuple(
            BurnResult(each.document_id, None, None, 0, (), "no ink") for each in batch.jobs
        )

    monkeypatch.setattr("produce.redaction.apply.burn_batch", fail)
    with pytest.raises(RedactionError, match="RW-00000002 cannot be redacted: no ink"):
        run(case, "ABC_PROD001", real_workshop())
    with case.read() as connection:
        found = items(connection, production(connection, "ABC_PROD001").id)
    assert not any(each.first for each in found)


def test_a_redacted_word_that_is_put_back_is_found(case: Case, tmp_path: Path) -> None:
    _confirmed(case, 2, "nightjar")
    _confirmed(case, 2, "12,500")
    volume = _volume(case)
    with case.read() as connection:
        found = production(connection, "ABC_PROD001")
    assert verify(case, found, volume) == []
    rows = _rows(volume)
    own, other = rows["RW-00000002"]["BegBates"], rows["RW-00000001"]["BegBates"]
    text, page = f"TEXT/0001/{own}.txt", f"IMAGES/0001/{own}.pdf"
    damaged = {
        text: b"\nn i g h t j a r\nfor 12,500 pounds",
        page: b"\n9 0 obj<<>>stream\n"
        + zlib.compress(b"BT [(Nig)3(ht)-2(jar)] TJ")
        + b"\nendstream",
        f"TEXT/0001/{other}.txt": b"nightjar",
        "TEXT/notes.txt": b"Nightjar",
        "TEXT/0001/nightjar.txt": b"",
    }
    copy = tmp_path / "copy"
    shutil.copytree(volume, copy)
    for path, added in damaged.items():
        with (copy / path).open("ab") as file:
            file.write(added)
    told = verify(case, found, copy)
    assert {each.code for each in told} == {"redacted-word"}
    assert {each.where for each in told} == damaged.keys()
    assert len([each for each in told if each.where == text]) == 3  # 500, the phrase, the letters
    copy = tmp_path / "rows"
    shutil.copytree(volume, copy)
    load = copy / "DATA/ABC_PROD001.dat"
    load.write_bytes(load.read_bytes().replace(b"[redacted]", b"Nightjar.x", 1))
    assert verify(case, found, copy)
    allowed = tmp_path / "allowed"  # what the other document has of its own
    shutil.copytree(volume, allowed)
    third = allowed / "TEXT/0001" / f"{rows['RW-00000003']['BegBates']}.txt"
    third.write_bytes(third.read_bytes() + b"once more: nightjar\n")
    assert verify(case, found, allowed) == []


@pytest.mark.parametrize("kind", ["pdf", "tiff"])
def test_a_word_of_the_legend_is_looked_for_where_no_legend_stands(
    case: Case, tmp_path: Path, kind: str
) -> None:
    _confirmed(case, 2, "Project Nightjar")
    plan(case, specification(kind=kind, legend="Of Project Nightjar"))
    volume = Path(run(case, "ABC_PROD001", real_workshop()).folder)  # which verifies it
    with case.read() as connection:
        found = production(connection, "ABC_PROD001")
    assert verify(case, found, volume) == []
    own, other = (_rows(volume)[f"RW-0000000{number}"]["BegBates"] for number in (2, 1))
    added = [f"TEXT/0001/{own}.txt", f"TEXT/0001/{other}.txt", "NATIVES/0001/nightjar.txt"]
    copy = tmp_path / "copy"
    shutil.copytree(volume, copy)
    for path in added:
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        with (copy / path).open("ab") as file:
            file.write(b"\nNightjar")
    load = copy / "DATA/ABC_PROD001.dat"
    load.write_bytes(load.read_bytes().replace(b"[redacted]", b"Nightjar.x", 1))
    told = {each.where for each in verify(case, found, copy)}
    assert told - set(added) == {f"DATA/ABC_PROD001.dat {other}"}  # the first is of the parent
    assert told > set(added)


def test_a_page_says_a_word_of_the_legend_no_oftener_than_the_legend(
    case: Case, tmp_path: Path
) -> None:
    _confirmed(case, 2, "Project Nightjar")
    plan(case, specification(kind="pdf", legend="Of Project Nightjar", native_types=("txt",)))
    volume = Path(run(case, "ABC_PROD001", real_workshop()).folder)
    with case.read() as connection:
        found = production(connection, "ABC_PROD001")
    own = _rows(volume)["RW-00000002"]["BegBates"]
    page = f"IMAGES/0001/{own}.pdf"
    shown = {
        "(of a) Tj": "",
        "(Nightjar) Tj": "'nightjar'",
        "(Night-) Tj 0 -12 Td (jar) Tj": "'nightjar'",
        "(N i g h t j a r) Tj": "letters apart",
    }
    for number, (said, told) in enumerate(shown.items()):
        copy = tmp_path / f"copy{number}"
        shutil.copytree(volume, copy)
        with pikepdf.open(copy / page, allow_overwriting_input=True) as pdf:
            first = pdf.pages[0]
            font = pikepdf.Dictionary(
                Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
            )
            name = first.add_resource(font, pikepdf.Name.Font)
            text = f"q BT 3 Tr {name} 9 Tf 72 300 Td {said} ET Q".encode()
            first.contents_add(pdf.make_stream(text))
            pdf.save(copy / page)
        leaked = verify(case, found, copy)
        assert {each.where for each in leaked} == ({page} if told else set())
        assert {each.code for each in leaked} == ({"redacted-word"} if told else set())
        if told:
            assert any(
                each.message.startswith("page 1") and told in each.message for each in leaked
            )


def test_what_imaging_itself_writes_on_pages_is_no_leak(case: Case) -> None:
    add(
        case, 4, name="call.pdf", type_="pdf", data=paper(["By telephone, of a web page"]),
        text="By telephone, of a web page",
    )  # fmt: skip
    data = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Lev\r\nTEL:5551\r\nURL:x.example\r\nEND:VCARD\r\n"
    add(case, 5, name="lev.vcf", type_="vcf", data=data, text="Lev 5551 x.example")
    tag(case, "Responsive", [4, 5])
    for word in ("telephone", "page"):
        _confirmed(case, 4, word)
    plan(case, specification(kind="pdf", legend="PAGE OF KESTREL"))
    volume = Path(run(case, "ABC_PROD001", real_workshop()).folder)  # which verifies it
    card = _rows(volume)["RW-00000005"]["BegBates"]
    assert "Web page" in pdf_text(volume / f"IMAGES/0001/{card}.pdf")
    with (volume / f"TEXT/0001/{card}.txt").open("a") as file:
        file.write("\ntelephone")
    load = volume / "DATA/ABC_PROD001.dat"
    load.write_bytes(load.read_bytes().replace(b"lev.vcf", b"telephone"))
    with case.read() as connection:
        told = verify(case, production(connection, "ABC_PROD001"), volume)
    assert {each.where for each in told} == {
        f"TEXT/0001/{card}.txt",
        f"DATA/ABC_PROD001.dat {card}",
    }


def test_the_lines_of_a_slip_sheet_are_its_text_and_no_leak(case: Case) -> None:
    _confirmed(case, 2, "nightjar")
    add(
        case, 4, name="secret.pdf", type_="pdf", data=paper(["Advice"]), text="Advice",
        family=1, found_in=1, position=2, role=Role.ATTACHMENT,
    )  # fmt: skip
    tag(case, "Privileged", [4])
    line = "Nightjar Privilege"
    plan(case, specification(kind="pdf", withheld_line=line, exclude_tags=("Privileged",)))
    volume = Path(run(case, "ABC_PROD001", real_workshop()).folder)
    withheld = _rows(volume)["RW-00000004"]["BegBates"]
    assert "Nightjar" in (volume / "TEXT/0001" / f"{withheld}.txt").read_text()
    with case.read() as connection:
        found = production(connection, "ABC_PROD001")
    assert verify(case, found, volume) == []
    other = _rows(volume)["RW-00000001"]["BegBates"]
    with (volume / "TEXT/0001" / f"{other}.txt").open("a") as file:
        file.write("\nNightjar Privilege")
    assert [each.code for each in verify(case, found, volume)] == ["redacted-word"]


def test_the_check_and_the_command_tell_of_it(case: Case) -> None:
    _confirmed(case, 2, "nightjar")
    volume = _volume(case)
    run_ = CliRunner().invoke
    place = ["--case", str(case.folder)]
    good = run_(redact_group, ["verify", "ABC_PROD001", *place])
    assert good.exit_code == 0, good.output
    assert run_(produce, ["check", "ABC_PROD001", *place]).exit_code == 0
    own = _rows(volume)["RW-00000002"]["BegBates"]
    with (volume / "TEXT/0001" / f"{own}.txt").open("a") as file:
        file.write("\nNightjar")
    for group, command in ((redact_group, "verify"), (produce, "check")):
        bad = run_(group, [command, "ABC_PROD001", *place])
        assert isinstance(bad.exception, CheckFailedError)
        assert "redacted in RW-00000002" in str(bad.exception)
    by_path = run_(redact_group, ["verify", str(volume), *place])
    assert isinstance(by_path.exception, CheckFailedError)
