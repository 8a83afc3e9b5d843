"""Outlook for Mac archives: one that the tests make, hostile ones, and the corpus's."""

import io
import struct
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest

from ingest.mapi import BINARY, Item, Named
from ingest.members import Budget, Member, Opening
from ingest.msgfile import read_msg
from ingest.olm import expand_olm
from ingest.olm_items import message_ids, when
from ingest.olm_xml import XmlError, elements
from ingest.property_names import PUBLIC_STRINGS
from ingest.pst import MSG
from records.codes import Code, Role
from records.limits import Limits
from records.notes import Note

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus" / "mail" / "olm"
INBOX = "Accounts/ann@a.example/com.microsoft.__Messages/Inbox"
FILE = f"{INBOX}/com.microsoft.__Attachments/x_0000"
MAIL = f"""<emails elementCount="1"><email xml:space="preserve">
<OPFMessageCopySubject>Grapes &amp; wine</OPFMessageCopySubject>
<OPFMessageCopyBody>plain body</OPFMessageCopyBody>
<OPFMessageCopyHTMLBody>&lt;p&gt;gr\u00fcn&lt;/p&gt;</OPFMessageCopyHTMLBody>
<OPFMessageCopyMessageID>one@a.example</OPFMessageCopyMessageID>
<OPFMessageCopyReferences>&lt;x@a.example&gt; y@a.example</OPFMessageCopyReferences>
<OPFMessageCopySentTime>2011-06-21T23:51:07</OPFMessageCopySentTime>
<OPFMessageCopyModDate>2011-06-22T08:00:00</OPFMessageCopyModDate>
<OPFMessageCopyThreadIndex>AQIDBA==</OPFMessageCopyThreadIndex>
<OPFMessageGetIsRead>1E0</OPFMessageGetIsRead>
<OPFMessageGetPriority>1</OPFMessageGetPriority>
<OPFMessageGetMentionedMe>0E0</OPFMessageGetMentionedMe>
<OPFMessageCopyFromAddresses><emailAddress OPFContactEmailAddressAddress="ann@a.example"
 OPFContactEmailAddressName="Ann" OPFContactEmailAddressType="0"/></OPFMessageCopyFromAddresses>
<OPFMessageCopyToAddresses><emailAddress OPFContactEmailAddressAddress="bo@a.example"
 OPFContactEmailAddressName="Bo"/><emailAddress OPFContactEmailAddressAddress="cy@a.example"/>
</OPFMessageCopyToAddresses>
<OPFMessageCopyBCCAddresses><emailAddress><OPFContactEmailAddressAddress>di@a.example
</OPFContactEmailAddressAddress></emailAddress></OPFMessageCopyBCCAddresses>
<OPFMessageCopyCategoryList><category OPFCategoryCopyName="Red"/><category
 OPFCategoryCopyName="Blue"/></OPFMessageCopyCategoryList>
<OPFMessageCopySource>X-One: 1&#10;Subject: x&#10;&#10;body</OPFMessageCopySource>
<OPFMessageCopyAttachmentList><messageAttachment OPFAttachmentName="a.txt"
 OPFAttachmentContentType="text/plain" OPFAttachmentContentID="c1" OPFAttachmentURL="{FILE}"/>
</OPFMessageCopyAttachmentList>
</email></emails>"""
OTHERS = {
    "Local/Address Book/Contacts.xml": """<contacts><contact>
<OPFContactCopyDisplayName>Eva M</OPFContactCopyDisplayName>
<OPFContactCopyEmailAddressList><contactEmailAddress
 OPFContactEmailAddressAddress="eva@a.example"/></OPFContactCopyEmailAddressList></contact>
<contact><OPFContactCopyDisplayName>Fay</OPFContactCopyDisplayName></contact></contacts>""",
    "Local/Calendar/Calendar.xml": """<appointments><appointment>
<OPFCalendarEventCopySummary>Lunch</OPFCalendarEventCopySummary>
<OPFCalendarEventCopyStartTime>2024-01-15T10:00:00Z</OPFCalendarEventCopyStartTime>
<OPFCalendarEventCopyAttendeeList><appointmentAttendee OPFCalendarAttendeeType="2"
 OPFCalendarAttendeeAddress="opt@a.example"/></OPFCalendarEventCopyAttendeeList>
</appointment></appointments>""",
    "Local/Tasks/Tasks.xml": "<tasks><task><OPFTaskCopyName>Do</OPFTaskCopyName></task></tasks>",
    "Local/Notes/Notes.xml": """<notes><note><OPFNoteCopyTitle>N</OPFNoteCopyTitle>
<OPFNoteCopyText>line</OPFNoteCopyText></note></notes>""",
    "Categories.xml": "<categories><category/></categories>",
    "Local/odd.bin": "odd",
}


@pytest.fixture
def opened(tmp_path: Path) -> Callable[..., Opening]:
    def opened(files: dict[str, str | bytes] | bytes, **limits: int) -> Opening:
        path = tmp_path / "a.olm"
        if isinstance(files, bytes):
            path.write_bytes(files)
        else:
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, data in files.items():
                    archive.writestr(name, data)
        some = Limits(**limits)
        budget = Budget(path.stat().st_size, some)
        return Opening(path, b"a.olm", "olm", some, (), budget, tmp_path)

    return opened


def _taken(opening: Opening) -> tuple[dict[str, tuple[Member, bytes]], list[Note]]:
    members: dict[str, tuple[Member, bytes]] = {}
    notes = list[Note]()
    for each in expand_olm(opening):
        if isinstance(each, Note):
            notes.append(each)
        else:
            assert each.name not in members
            members[each.name] = (each, b"" if each.stream is None else each.stream.read())
    return members, notes


def _mail(opening: Opening) -> tuple[Member, Item]:
    members, notes = _taken(opening)
    assert notes == []
    member, data = members["Accounts/ann@a.example/Inbox/message_00000.msg"]
    return member, read_msg(data)


class TestMail:
    """One mail with all that there is."""

    FILES: ClassVar = {f"{INBOX}/message_00000.xml": MAIL, FILE: b"hello"}

    def test_what_the_archive_says_of_it(self, opened: Callable[..., Opening]) -> None:
        member, _ = _mail(opened(self.FILES))
        assert (member.role, member.known, member.notes) == (Role.MESSAGE, MSG, ())
        assert member.fields.folder == "Accounts/ann@a.example/Inbox"
        assert (member.fields.is_read, member.modified_at) == (True, "2011-06-22T08:00:00Z")

    def test_its_properties(self, opened: Callable[..., Opening]) -> None:
        _, item = _mail(opened(self.FILES))
        bag = item.bag
        texts = {0x001A: "IPM.Note", 0x0037: "Grapes & wine", 0x1000: "plain body"}
        texts |= {0x1035: "<one@a.example>", 0x1039: "<x@a.example> <y@a.example>"}
        texts |= {0x0C1F: "ann@a.example", 0x0042: "Ann", 0x0E04: "Bo; cy@a.example"}
        texts |= {0x007D: "X-One: 1\r\nSubject: x"}
        assert {id: bag.text(id) for id in texts} == texts
        assert bag.binary(0x1013) == "<p>gr\u00fcn</p>".encode()
        assert (bag.integer(0x3FDE), bag.integer(0x0017)) == (65001, 2)
        assert bag.binary(0x0071) == b"\1\2\3\4"
        assert str(bag.time(0x0039)) == "2011-06-21 23:51:07+00:00"
        assert bag.integer(0x0E07) == 0x11
        assert bag.texts(Named(PUBLIC_STRINGS, "Keywords")) == ("Red", "Blue")

    def test_its_people(self, opened: Callable[..., Opening]) -> None:
        _, item = _mail(opened(self.FILES))
        people = [
            (each.integer(0x0C15), each.text(0x3001), each.text(0x39FE)) for each in item.recipients
        ]
        assert people == [
            (1, "Bo", "bo@a.example"),
            (1, "cy@a.example", "cy@a.example"),
            (3, "di@a.example", "di@a.example"),
        ]

    def test_its_attachment(self, opened: Callable[..., Opening]) -> None:
        _, item = _mail(opened(self.FILES))
        (attachment,) = item.attachments
        bag = attachment.bag
        assert (bag.text(0x3707), bag.text(0x370E), bag.text(0x3712)) == (
            "a.txt",
            "text/plain",
            "c1",
        )
        assert bag.find(0x3701, BINARY) is not None
        assert bag.binary(0x3701) == b"hello"

    def test_nothing_else_is_lost(self, opened: Callable[..., Opening]) -> None:
        _, item = _mail(opened(self.FILES))
        named = {each.named.name: each for each in item.bag if each.named is not None}
        assert item.bag.text(named["OPFMessageGetMentionedMe"].id) == "0E0"
        assert item.bag.text(named["OPFMessageCopyMessageID"].id) == "one@a.example"
        kind = "OPFMessageCopyFromAddresses/emailAddress/OPFContactEmailAddressType"
        assert item.bag.text(named[kind].id) == "0"
        assert "OPFMessageCopyBody" not in named

    def test_a_missing_attachment_is_said(self, opened: Callable[..., Opening]) -> None:
        member, item = _mail(opened({f"{INBOX}/message_00000.xml": MAIL}))
        assert [each.code for each in member.notes] == [Code.EMBEDDED_LOST]
        assert [each.bag.text(0x3707) for each in item.attachments] == ["a.txt"]

    def test_html_that_is_not_escaped(self, opened: Callable[..., Opening]) -> None:
        body = '<p class="x">a &lt; b</p> end'
        text = f"<email><OPFMessageCopyHTMLBody>{body}</OPFMessageCopyHTMLBody></email>"
        _, item = _mail(opened({f"{INBOX}/message_00000.xml": text}))
        assert item.bag.binary(0x1013) == body.encode()

    def test_the_older_form_with_a_namespace(self, opened: Callable[..., Opening]) -> None:
        text = MAIL.replace("<emails ", '<emails xmlns="http://a.example/mac/2011" ')
        _, item = _mail(opened({f"{INBOX}/message_00000.xml": text, FILE: b"hello"}))
        assert item.bag.text(0x0037) == "Grapes & wine"
        assert item.attachments[0].bag.binary(0x3701) == b"hello"


def test_every_kind_of_item_and_every_other_file(opened: Callable[..., Opening]) -> None:
    members, notes = _taken(opened(dict(OTHERS)))
    assert notes == []
    items = {name: read_msg(data) for name, (one, data) in members.items() if one.known == MSG}
    assert {name: each.bag.text(0x001A) for name, each in items.items()} == {
        "Local/Address Book/Contacts-contact-00001.msg": "IPM.Contact",
        "Local/Address Book/Contacts-contact-00002.msg": "IPM.Contact",
        "Local/Calendar/Calendar-appointment-00001.msg": "IPM.Appointment",
        "Local/Tasks/Tasks-task-00001.msg": "IPM.Task",
        "Local/Notes/Notes-note-00001.msg": "IPM.StickyNote",
    }
    others = {name: data for name, (one, data) in members.items() if one.known is None}
    assert others == {name: OTHERS[name].encode() for name in ("Categories.xml", "Local/odd.bin")}
    contact = items["Local/Address Book/Contacts-contact-00001.msg"].bag
    found = [each.named for each in contact if each.named is not None]
    assert 0x8083 in [each.name for each in found]
    lunch = items["Local/Calendar/Calendar-appointment-00001.msg"]
    assert [each.integer(0x0C15) for each in lunch.recipients] == [2]
    assert str(lunch.bag.time(0x0060)) == "2024-01-15 10:00:00+00:00"


def test_an_attachment_that_no_message_names_comes_too(opened: Callable[..., Opening]) -> None:
    members, _ = _taken(opened({FILE: b"alone"}))
    assert [data for _, data in members.values()] == [b"alone"]
    assert [one.role for one, _ in members.values()] == [Role.MEMBER]


class TestHostile:
    """Archives that break the rules, or mean harm."""

    @pytest.mark.parametrize(
        "text",
        [
            '<!DOCTYPE a [<!ENTITY x "y">]><emails><email>&x;</email></emails>',
            '<!DOCTYPE a SYSTEM "file:///etc/passwd"><emails><email/></emails>',
            "<emails><email>" + "<a>" * 500 + "</a>" * 500 + "</email></emails>",
            "<emails><email><OPFMessageCopySubject>cut",
        ],
    )
    def test_bad_xml_is_kept_as_it_is(self, text: str, opened: Callable[..., Opening]) -> None:
        members, notes = _taken(opened({f"{INBOX}/message_00000.xml": text}))
        ((member, data),) = members.values()
        assert (data, notes) == (text.encode(), [])
        assert [(each.code, each.severity) for each in member.notes] == [
            (Code.CORRUPT, "exception")
        ]

    def test_items_before_the_damage_come(self, opened: Callable[..., Opening]) -> None:
        text = "<contacts><contact/><contact/><contact>cut"
        members, _ = _taken(opened({"Local/Contacts.xml": text}))
        assert [one.known == MSG for one, _ in members.values()] == [True, True, False]

    def test_names_lead_nowhere_and_are_told_apart(self, opened: Callable[..., Opening]) -> None:
        mail = "<emails><email/></emails>"
        files: dict[str, str | bytes] = {"../../x/m.xml": mail, "/x/m.xml": mail, "x/m.xml": mail}
        members, _ = _taken(opened(files))
        assert sorted(members) == ["\\x2e\\x2e/\\x2e\\x2e/x/m.msg", "x/m (2).msg", "x/m.msg"]

    def test_a_bomb_ends(self, opened: Callable[..., Opening]) -> None:
        big = "<emails><email>" + " " * (80 << 20)
        opening = opened({f"{INBOX}/message_00000.xml": big, f"{INBOX}/message_00001.xml": MAIL})
        members, _ = _taken(opening)
        codes = [[note.code for note in one.notes] for one, _ in members.values()]
        assert codes == [[Code.BOMB], [Code.BOMB]]

    def test_a_file_past_memory_is_kept_as_it_is(self, opened: Callable[..., Opening]) -> None:
        big = "<emails><email>" + " " * (28 << 20) + "</email></emails>"
        opening = opened({f"{INBOX}/message_00000.xml": big}, memory_mb=256)
        ((member, data),) = _taken(opening)[0].values()
        assert [each.code for each in member.notes] == [Code.TOO_LARGE]
        assert len(data) == len(big)

    def test_a_damaged_archive_is_opened_as_a_zip(self, opened: Callable[..., Opening]) -> None:
        whole = io.BytesIO()
        with zipfile.ZipFile(whole, "w") as archive:
            archive.writestr("Local/m.xml", MAIL)
        members, notes = _taken(opened(whole.getvalue()[:-30]))
        assert [data.decode() for _, data in members.values()] == [MAIL]
        assert {each.severity for each in notes} == {"exception"}

    def test_no_archive_at_all(self, opened: Callable[..., Opening]) -> None:
        members, notes = _taken(opened(b"no archive"))
        assert members == {}
        assert notes[0].code == Code.CORRUPT


def test_values() -> None:
    assert message_ids("a@b, <c@d>\n e@f") == "<a@b> <c@d> <e@f>"
    assert when("2011-06-21T23:51:07+02:00") == when("2011-06-21T21:51:07")
    assert when("1601-01-01T00:00:01") == struct.pack("<Q", 10_000_000)
    assert when("no time") is None
    assert when("0001-01-01T00:00:00") is None


def test_elements_are_given_up_to_the_damage() -> None:
    stream = io.BytesIO(b"<r><x>1</x><y/><x>2</x><x>3")
    some = elements(stream.read, frozenset({"x"}))
    assert [next(some).text(), next(some).text()] == ["1", "2"]
    with pytest.raises(XmlError):
        next(some)


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared/corpus is not there")
def test_the_corpus_archive(tmp_path: Path) -> None:
    path = CORPUS / "SampleOLM.olm"
    limits = Limits()
    budget = Budget(path.stat().st_size, limits)
    opening = Opening(path, b"a.olm", "olm", limits, (), budget, tmp_path)
    members, notes = _taken(opening)
    assert notes == []
    assert all(one.notes == () for one, _ in members.values())
    assert Counter(one.role for one, _ in members.values()) == {Role.MESSAGE: 25, Role.MEMBER: 1}
    items = [read_msg(data) for one, data in members.values() if one.known == MSG]
    assert Counter(each.bag.text(0x001A) for each in items) == {"IPM.Note": 22, "IPM.Contact": 3}
    attachments = [each.bag for item in items for each in item.attachments]
    assert len(attachments) == 38
    assert Counter(each.text(0x370E) for each in attachments) == {
        "image/png": 20,
        "message/rfc822": 7,
        "image/gif": 4,
        "image/jpeg": 4,
        "text/plain": 2,
        "application/octet-stream": 1,
    }
    with zipfile.ZipFile(path) as archive:
        stored = [each for each in archive.infolist() if "__Attachments/" in each.filename]
        sizes = Counter(each.file_size for each in stored if not each.is_dir())
    assert Counter(len(each.binary(0x3701)) for each in attachments) == sizes
    assert sum(len(each.recipients) for each in items) == 22
    assert sum(bool(each.bag.text(0x1035)) for each in items) == 22
    folders = Counter(one.fields.folder for one, _ in members.values() if one.known == MSG)
    assert folders["Local/Outlook2 PST/Sent Items"] == 6
    assert folders["Local/Outlook2 PST/Inbox"] == 6
