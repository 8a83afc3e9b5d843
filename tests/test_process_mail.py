"""Mails, calendars and cards on their way through processing."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from process import worker
from process.interface import ExtractBatch
from process.worker import extract_batch
from records.codes import Code, Disposition, Role
from records.limits import Limits
from tests.process_samples import Bench, codes

HEAD = b"From: ann@a.example\nSubject: s\nDate: Mon, 14 May 2001 16:39:00 +0000\n"
ARMOR = b"-----BEGIN PGP MESSAGE-----\n\nhQEM%s\n-----END PGP MESSAGE-----\n"


@pytest.fixture(scope="module", autouse=True)
def _children() -> Iterator[None]:
    yield
    worker.close_children()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_an_encrypted_mail_is_an_exception_with_its_header(bench: Bench) -> None:
    def sealed(text: bytes) -> bytes:
        return HEAD + b"Content-Type: multipart/encrypted; boundary=q\n\n--q\n\n" + text + b"--q--"

    item, content = bench.extract(sealed(ARMOR % b"1"), "a.eml")
    assert item.outcome is Disposition.EXCEPTION
    assert codes(item) == [("exception", Code.ENCRYPTED, 1)]
    assert (item.fields.subject, item.fields.kind) == ("s", "mail")
    assert bench.data(content) == (ARMOR % b"1").strip()
    assert codes(content) == [("exception", Code.ENCRYPTED, 1)]
    other = bench.extract(sealed(ARMOR % b"2"), "a.eml")[0]
    assert item.dedup_hash != other.dedup_hash


def test_an_encrypted_text_stays_searchable_as_it_is(bench: Bench) -> None:
    (item,) = bench.extract(HEAD + b"\n" + ARMOR % b"1", "a.eml")
    assert item.outcome is Disposition.EXCEPTION
    assert "hQEM1" in bench.text(item)


PICTURE = b"""Content-Type: multipart/related; boundary=q

--q
Content-Type: text/html

<img src=cid:one>
--q
Content-Type: image/png; name=a.png
Content-ID: <one>
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--q--
"""


@pytest.mark.parametrize(("inline", "role"), [(True, Role.INLINE), (False, Role.ATTACHMENT)])
def test_the_case_says_what_pictures_are(bench: Bench, inline: bool, role: Role) -> None:
    batch = ExtractBatch((bench.job(HEAD + PICTURE, "a.eml"),), bench.store.address, Limits(), ())
    (family,) = extract_batch(replace(batch, inline=inline))
    assert [each.role for each in family.members[1:]] == [role]


def test_calendars_and_cards_have_fields_and_their_pictures(bench: Bench) -> None:
    calendar = b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:review\nDTSTART:20240101T100000Z\n"
    (item,) = bench.extract(calendar + b"END:VEVENT\nEND:VCALENDAR\n", "a.ics")
    assert (item.fields.kind, item.fields.starts_at) == ("appointment", "2024-01-01T10:00:00Z")
    assert item.raw == {"entries": {"appointment": 1}}
    assert "Subject: review" in bench.text(item)
    card = b"BEGIN:VCARD\nVERSION:3.0\nFN:Ann\nPHOTO;ENCODING=b;TYPE=PNG:iVBORw0KGgo=\nEND:VCARD\n"
    members = bench.extract(card, "a.vcf")
    assert [(each.name, each.role, each.type) for each in members] == [
        ("a.vcf", Role.FILE, "vcf"),
        ("photo-1.png", Role.ATTACHMENT, "png"),
    ]
    assert (members[0].fields.kind, members[0].fields.subject) == ("contact", "Ann")


def test_an_event_without_words_is_no_text(bench: Bench) -> None:
    (item,) = bench.extract(b" \n", "a.ics")
    assert codes(item) == [("warning", Code.NO_TEXT, 1)]
