"""The real thing: Dask workers, the imaging child, LibreOffice and WeasyPrint, tiff and pdf."""

import functools
import hashlib
import io
import json
import shutil
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import docx
import pytest
from click.testing import CliRunner
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from produce.commands import produce
from produce.reader import read_dat
from records.case import Case
from records.codes import Role
from records.fields import Address, Fields
from tests.produce_matter import add, matter, tag

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Port .* is already in use"),  # another cluster here
]


@functools.cache  # its bytes are not the same twice
def _mail() -> bytes:
    message = EmailMessage()
    message["From"] = "Amara Okafor <amara@kestrel.example>"
    message["To"] = "lev@kestrel.example"
    message["Subject"] = "Mooring tails"
    message["Date"] = "Tue, 12 Mar 2024 02:30:00 +0000"
    message.set_content("See the prices.\n")
    message.add_attachment(b"PK-prices", "application", "zip", filename="prices.xlsx")
    return message.as_bytes()


def _pdf(pages: int) -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, invariant=1)
    for page in range(pages):
        canvas.drawString(72, 700, f"Page {page + 1} of the survey")
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


@functools.cache  # its bytes are not the same twice
def _docx() -> bytes:
    document = docx.Document()
    document.add_paragraph("A letter about rope.")
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (300, 200), "white").save(buffer, "PNG")
    return buffer.getvalue()


def _fill(case: Case) -> None:
    fields = Fields(
        subject="Mooring tails",
        sender=(Address("Amara Okafor", "amara@kestrel.example"),),
        to=(Address("", "lev@kestrel.example"),),
        sent_at="2024-03-12T02:30:00Z",
    )
    add(case, 1, name="m.eml", type_="email", data=_mail(), text="See the prices.\n",
        sent_at="2024-03-12T02:30:00Z", fields=fields, mime="message/rfc822")  # fmt: skip
    add(case, 2, name="prices.xlsx", type_="xlsx", data=b"PK-prices", family=1, found_in=1,
        position=1, role=Role.ATTACHMENT, text="10")  # fmt: skip
    add(case, 3, name="advice.txt", data=b"privileged advice", family=1, found_in=1, position=2,
        role=Role.ATTACHMENT, text="privileged advice")  # fmt: skip
    add(case, 4, name="survey.pdf", type_="pdf", data=_pdf(3), text="Page 1\fPage 2\fPage 3")
    add(case, 5, name="letter.docx", type_="docx", data=_docx(), text="A letter about rope.")
    add(case, 6, name="scan.png", type_="png", data=_png())
    add(case, 7, name="note.txt", data="Grüße, 早上好".encode(), text="Grüße, 早上好")
    add(case, 8, name="broken.pdf", type_="pdf", data=b"%PDF-1.4 cut short")
    add(case, 9, name="database.bin", type_="unknown", data=b"\x00\x01")
    tag(case, "Responsive", range(1, 10))
    tag(case, "Privileged", [3])


def _call(case: Case, *arguments: str) -> dict[str, object]:
    whole = [*arguments, "--case", str(case.folder), "--json"]
    result = CliRunner().invoke(produce, whole, catch_exceptions=False)
    assert result.exit_code == 0
    found: dict[str, object] = json.loads(result.stdout)
    return found


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with matter(tmp_path) as opened:
        _fill(opened)
        yield opened


def test_plan_run_check_in_both_kinds(case: Case, tmp_path: Path) -> None:
    if not shutil.which("soffice"):
        pytest.skip("LibreOffice is not installed")
    for kind, pages in (("tiff", 11), ("pdf", 11)):
        name = f"VOL_{kind}"
        _call(
            case, "plan", name, "--tag", "Responsive", "--exclude-tag", "Privileged", "--kind",
            kind, "--legend", "CONFIDENTIAL – § 5",
        )  # fmt: skip
        made = _call(case, "run", name, "--workers", "1")
        assert made["counts"] == {
            "documents": 9,
            "pages": pages,
            "produced as image": 5,
            "produced as native": 3,
            "produced as slip": 0,
            "produced as withheld": 1,
        }
        assert _call(case, "check", name)["findings"] == []
        folder = Path(str(made["folder"]))
        rows = read_dat(folder / f"DATA/{name}.dat").records
        natives = [each["ControlNumber"] for each in rows if each["NativeLink"]]
        assert natives == ["RW-00000008", "RW-00000009", "RW-00000002"]
        everything = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
        assert b"advice" not in everything
    assert _call(case, "run", "VOL_pdf")["already_frozen"] is True


def test_two_cases_give_the_same_bytes(case: Case, tmp_path: Path) -> None:
    def made(one: Case, workers: str) -> dict[str, str]:
        _call(one, "plan", "V", "--tag", "Responsive", "--exclude-tag", "Privileged")
        folder = Path(str(_call(one, "run", "V", "--workers", workers, "--slip-missing")["folder"]))
        return {
            path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    with matter(tmp_path / "other") as other:
        _fill(other)
        assert made(case, "1") == made(other, "2")
