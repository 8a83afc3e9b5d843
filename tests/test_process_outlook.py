"""Items of Outlook put through extraction: their families, identity and raw metadata."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.mapi import Item
from ingest.members import Budget
from ingest.msgwrite import write_msg
from process import worker
from process.extract import Reader
from process.mail import read_outlook, read_tnef
from process.reading import Family, Part
from records.codes import Code, Disposition, Role
from records.limits import Limits
from tests.outlook_samples import (
    Value,
    attached,
    bag,
    embedded,
    recipient,
    ticks,
    tnef,
    tnef_properties,
)
from tests.process_samples import Bench, codes, mail


@pytest.fixture(scope="module", autouse=True)
def _children() -> Iterator[None]:
    yield
    worker.close_children()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def _item(message_class: str = "IPM.Note", *pairs: tuple[str, Value]) -> Item:
    """What `tests.process_samples.mail` writes, as an item."""
    return Item(
        bag(
            ("MessageClass", message_class),
            ("Subject", "Term sheet"),
            ("SenderName", "Ann Ames"),
            ("SenderEmailAddress", "ann@example.com"),
            ("ClientSubmitTime", ticks(989_883_540)),
            ("InternetMessageId", "<term-sheet-1@example.com>"),
            ("Body", "the largest words\r\n"),
            *pairs,
        ),
        (recipient(1, "", "bob@example.com"),),
        (attached("a.txt", b"attached words"),),
    )


def test_a_mail_and_its_item_have_one_identity(bench: Bench) -> None:
    source = mail("the largest words\n", ("a.txt", b"attached words")).as_bytes()
    one = bench.extract(source, "a.eml")
    other = bench.extract(write_msg(_item()), "a.msg")
    assert [each.type for each in other] == ["msg", "txt"]
    assert one[0].dedup_hash == other[0].dedup_hash is not None
    assert one[0].mih == other[0].mih is not None
    assert one[1].digests == other[1].digests
    assert bench.text(other[0]) == "the largest words\n"
    assert codes(other[0]) == []
    assert other[0].raw["mapi"]["properties"]["PidTagSubject"] == "Term sheet"
    assert other[0].raw["headers"][0] == ["From", "Ann Ames <ann@example.com>"]


def test_items_in_items_are_a_family(bench: Bench) -> None:
    inner = _item("IPM.Contact", ("MobileTelephoneNumber", "+1 555"))
    outer = Item(_item().bag, (), (embedded(inner, "Card"), attached("b.msg", write_msg(_item()))))
    family = bench.extract(write_msg(outer), "a.msg")
    assert [(each.name, each.type, each.parent, each.role) for each in family] == [
        ("a.msg", "msg", None, Role.FILE),
        ("Card.msg", "msg", 0, Role.ATTACHMENT),
        ("a.txt", "txt", 1, Role.ATTACHMENT),
        ("b.msg", "msg", 0, Role.ATTACHMENT),
        ("a.txt", "txt", 3, Role.ATTACHMENT),
    ]
    assert "Mobile telephone number: +1 555" in bench.text(family[1])
    assert bench.data(family[1]) == write_msg(inner)
    assert {each.outcome for each in family} == {Disposition.REVIEWABLE}


@pytest.mark.parametrize(
    ("message_class", "is_hashed"),
    [
        ("IPM.Note", True),
        ("IPM.Schedule.Meeting.Request", True),
        ("IPM.Post", True),
        ("REPORT.IPM.Note.NDR", True),
        ("IPM.Contact", False),
        ("IPM.Appointment", False),
        ("IPM.Task", False),
        ("IPM.StickyNote", False),
        ("IPM.DistList", False),
        ("IPM.Activity", False),
        ("IPM.Unknown", False),
    ],
)
def test_what_the_recipe_does_not_tell_apart_has_no_hash(
    bench: Bench, message_class: str, is_hashed: bool
) -> None:
    root = bench.extract(write_msg(_item(message_class)), "a.msg")[0]
    assert (root.dedup_hash is not None) == is_hashed


def test_a_draft_has_a_weak_identity(bench: Bench) -> None:
    draft = Item(bag(("MessageClass", "IPM.Note"), ("Body", "draft")))
    (root,) = bench.extract(write_msg(draft), "a.msg")
    assert root.dedup_hash is not None
    assert codes(root) == [("warning", Code.WEAK_IDENTITY, 1)]


def test_winmail_dat_by_itself(bench: Bench) -> None:
    found = _item()
    parts = [(2, 0x69002, bytes(14)), (2, 0x69005, tnef_properties(found.attachments[0].bag))]
    whole = tnef((1, 0x69003, tnef_properties(found.bag)), *parts)
    family = bench.extract(whole, "winmail.dat")
    assert [(each.name, each.type) for each in family] == [
        ("winmail.dat", "tnef"),
        ("a.txt", "txt"),
    ]
    assert family[0].dedup_hash is not None
    nobody = tnef((1, 0x69003, tnef_properties(bag(("Body", "words")))), *parts)
    (root, _) = bench.extract(nobody, "winmail.dat")
    assert (root.dedup_hash, codes(root)) == (None, [])
    assert bench.text(root) == "words"


def test_what_holds_nothing_says_so(bench: Bench) -> None:
    (root,) = bench.extract(b"\x78\x9f\x3e\x22", "winmail.dat")
    assert (root.type, root.outcome) == ("tnef", Disposition.REVIEWABLE)
    assert codes(root) == [("warning", Code.TRUNCATED, 1), ("warning", Code.NO_TEXT, 1)]


@pytest.mark.parametrize("reader", [read_outlook, read_tnef])
def test_what_cannot_be_read_is_an_exception(reader: Reader, tmp_path: Path) -> None:
    limits = Limits()
    family = Family(tmp_path, limits, (), {}, Budget(0, limits))
    reading = reader(Part("a.msg", Role.FILE, b"neither of them"), family)
    assert reading.outcome is Disposition.EXCEPTION
    assert [(each.severity, each.code) for each in reading.notes] == [("exception", Code.CORRUPT)]
