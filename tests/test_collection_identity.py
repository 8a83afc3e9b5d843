"""One mail met in many places is one document; two that only say the same stay two."""

import zipfile
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
import sqlalchemy as sa

from ingest import opener
from ingest.mapi import Item
from ingest.msgwrite import write_msg
from ingest.run import ingest
from process import worker
from process.run import process_case
from records import case as cases
from records import tables
from records.case import Case, CaseInfo
from tests.ingest_engines import Inline
from tests.outlook_samples import attached, bag, recipient, ticks

INFO = CaseInfo("1:24-cv-1", "Doe v. Roe", "", "UTC", "ABC", 7)
FROM = b"From ann@example.com Mon May 14 23:39:00 2001\n"


@pytest.fixture(autouse=True)
def _children() -> Iterator[None]:
    yield
    worker.close_children()
    opener.close_children()


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    cases.create(tmp_path / "case", INFO, [], ["Ann Lee", "Bob Ray"])
    with cases.opened(tmp_path / "case") as case:
        yield case


def _mail(attachment: bytes, identifier: str = "1") -> bytes:
    message = EmailMessage()
    message["From"], message["To"] = "Ann Ames <ann@example.com>", "bob@example.com"
    message["Date"], message["Subject"] = "Mon, 14 May 2001 23:39:00 +0000", "Term sheet"
    message["Message-ID"] = f"<{identifier}@example.com>"
    message.set_content("Please see attached.\n")
    message.add_attachment(attachment, "application", "octet-stream", filename="a.bin")
    return message.as_bytes()


def _item(attachment: bytes) -> bytes:
    """The same mail as Outlook saves it."""
    item = bag(
        ("MessageClass", "IPM.Note"),
        ("Subject", "Term sheet"),
        ("SenderName", "Ann Ames"),
        ("SenderEmailAddress", "ann@example.com"),
        ("ClientSubmitTime", ticks(989_883_540)),
        ("Body", "Please see attached.\r\n"),
    )
    to = recipient(1, "", "bob@example.com")
    return write_msg(Item(item, (to,), (attached("a.bin", attachment),)))


def _settled(case: Case, source: Path, custodian: str) -> None:
    ingest(case, Inline(), source, custodian)
    process_case(case, Inline(), (), ocr=False)


def _rows(case: Case) -> dict[str, tuple[str, int | None]]:
    c = tables.documents.c
    with case.read() as connection:
        rows = connection.execute(
            sa.select(c.address, c.disposition, c.duplicate_of_id).where(c.role != "attachment")
        )
        return {row.address: (row.disposition, row.duplicate_of_id) for row in rows}


def test_a_mail_is_one_as_eml_in_mbox_in_zip_and_as_msg(case: Case, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    data = _mail(b"the terms")
    (source / "a.eml").write_bytes(data)
    other_ends = data.replace(b"\n", b"\r\n")
    (source / "b.mbox").write_bytes(FROM + data + b"\n" + FROM + other_ends + b"\r\n")
    with zipfile.ZipFile(source / "c.zip", "w") as archive:
        archive.writestr("copy.eml", _mail(b"the terms", identifier="another"))
    (source / "d.msg").write_bytes(_item(b"the terms"))
    _settled(case, source, "Ann Lee")
    assert _rows(case) == {
        "a.eml": ("reviewable", None),
        "b.mbox": ("container", None),
        "b.mbox!/message-00001.eml": ("duplicate", 1),
        "b.mbox!/message-00002.eml": ("duplicate", 1),
        "c.zip": ("container", None),
        "c.zip!/copy.eml": ("duplicate", 1),
        "d.msg": ("duplicate", 1),
    }


def test_mails_that_say_see_attached_and_attach_other_things_stay_two(
    case: Case, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "one.eml").write_bytes(_mail(b"the terms"))
    (source / "two.eml").write_bytes(_mail(b"the price"))
    (source / "two.msg").write_bytes(_item(b"the price"))
    _settled(case, source, "Ann Lee")
    assert _rows(case) == {
        "one.eml": ("reviewable", None),
        "two.eml": ("reviewable", None),
        "two.msg": ("duplicate", 2),
    }
