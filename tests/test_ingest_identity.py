"""Which mails are the same: the recipe email-dedup/1, worked out by hand, and the MIH."""

import hashlib
from dataclasses import replace

import pytest

from ingest.identity import mail_hash, mih
from records.fields import Address, Fields

FIELDS = Fields(
    subject="Budget  for\tMay",
    sender=(Address("Ann", "ann@a.example"),),
    to=(Address("", "zoe@b.example"), Address("Bob", "bob@b.example")),
    cc=(Address("", "bob@b.example"),),
    bcc=(Address("", "carl@c.example"), Address("A name only", "")),
    sent_at="2001-05-14T23:39:00Z",
)


def test_the_recipe_by_hand() -> None:
    lines = (
        "2001-05-14T23:39:00Z\nann@a.example\nbob@b.example,carl@c.example,zoe@b.example\n"
        "Budget for May\nDearBobfi42Gruß\n11,22,22"
    )
    expected = hashlib.sha256(lines.encode()).hexdigest()
    assert mail_hash(FIELDS, "Dear_Bob, \ufb01 (42)\r\n Gruß!", ["22", "11", "22"]) == (
        expected,
        False,
    )


def test_white_space_and_line_ends_make_no_difference() -> None:
    one = mail_hash(FIELDS, "See the\nattached file.", ["11"])
    assert mail_hash(FIELDS, "See  the attached\r\nfile. ", ["11"]) == one


@pytest.mark.parametrize(
    "other",
    [
        replace(FIELDS, sent_at="2001-05-14T23:39:01Z"),
        replace(FIELDS, sender=(Address("Ann", "ann@other.example"),)),
        replace(FIELDS, bcc=()),
        replace(FIELDS, subject="Budget for june"),
    ],
)
def test_each_field_counts(other: Fields) -> None:
    assert mail_hash(other, "text", [])[0] != mail_hash(FIELDS, "text", [])[0]


def test_mails_that_differ_by_date_and_attachment_alone_stay_apart() -> None:
    """One open-source tool leaves both out, and merges all that say "please see attached"."""
    later = replace(FIELDS, sent_at="2001-05-15T08:00:00Z")
    hashes = {
        mail_hash(fields, "please see attached", [attachment])[0]
        for fields in (FIELDS, later)
        for attachment in ("11", "22")
    }
    assert len(hashes) == 4


def test_weak_without_date_or_sender() -> None:
    assert mail_hash(replace(FIELDS, sent_at=None), "x", [])[1]
    assert mail_hash(replace(FIELDS, sender=(Address("Ann", ""),)), "x", [])[1]


def test_the_published_vector_of_the_mih() -> None:
    message_id = "<CALckR-a8UDkRjO4xJyjd_s0GPxQWw@mail.gmail.com>"
    assert mih(message_id) == "1de319c276884bd0c9e2f1621ada26cc"
    assert mih(f" {message_id}\r\n") == mih(message_id)


def test_no_message_id_no_mih() -> None:
    assert mih("") is None
    assert mih(" \r\n ") is None
