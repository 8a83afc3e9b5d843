"""Outlook's items taken apart: one identity in all forms, addresses, kinds, parts."""

import base64
import hashlib
import json
import struct
from email.message import EmailMessage

import compressed_rtf
import pytest

from ingest.identity import mail_hash
from ingest.interface import ParsedMail
from ingest.mail import parse_message
from ingest.mapi import BINARY, OBJECT, STRING8, Attachment, Bag, Item, Named, Property
from ingest.msgfile import read_msg
from ingest.msgwrite import write_msg
from ingest.outlook import opened_tnef, parse_item
from ingest.outlook_fields import kind_of, voting
from ingest.properties import all_properties
from ingest.property_names import PUBLIC_STRINGS, lid, tag
from ingest.tnef import read_tnef
from records.codes import Code, Role
from records.fields import Address
from tests.outlook_samples import (
    Value,
    attached,
    bag,
    embedded,
    prop,
    recipient,
    ticks,
    tnef,
    tnef_properties,
)

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="
)
SENT = 1_000_000_000  # 2001-09-09T01:46:40Z


def _hash(mail: ParsedMail) -> str:
    digests = [hashlib.sha256(each.data).hexdigest() for each in mail.parts]
    digest, weak = mail_hash(mail.fields, mail.body, digests)
    assert not weak
    return digest


def _message() -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Ann Ames <Ann@A.example>"
    message["To"] = "Bob <bob@b.example>, c@c.example"
    message["Cc"] = "Dora <dora@d.example>"
    message["Subject"] = "Re: Größe"
    message["Date"] = "Sun, 09 Sep 2001 03:46:40 +0200"
    message["Message-ID"] = "<1@a.example>"
    message["References"] = "<0@a.example>"
    message.set_content("Hello Bob,\n\nthe größte.\n")
    return message


def _source(message: EmailMessage) -> bytes:
    return message.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _head(message: EmailMessage) -> str:
    return _source(message).partition(b"\r\n\r\n")[0].decode() + "\r\n"


PEOPLE = (
    recipient(1, "Bob", "BOB@b.example"),
    recipient(1, "c@c.example", "c@c.example"),
    recipient(2, "Dora", "/o=x/cn=dora", "EX", "Dora@d.example"),
)


def _item(*pairs: tuple[str, Value], attachments: tuple[Attachment, ...] = ()) -> Item:
    """The same message as `_message` gives, with properties added."""
    return Item(
        bag(
            ("MessageClass", "IPM.Note"),
            ("Subject", "Re: Größe"),
            ("SentRepresentingName", "Ann Ames"),
            ("SentRepresentingAddressType", "EX"),
            ("SentRepresentingEmailAddress", "/o=x/cn=ann"),
            ("SentRepresentingSmtpAddress", "ann@a.example"),
            ("ClientSubmitTime", ticks(SENT)),
            ("InternetMessageId", "<1@a.example>"),
            *pairs,
        ),
        PEOPLE,
        attachments,
    )


PLAIN = ("Body", "Hello Bob,\r\n\r\nthe größte.\r\n")


def test_a_mail_is_one_in_all_its_forms() -> None:
    message = _message()
    message.add_attachment(b"\0binary", maintype="a", subtype="b", filename="Übersicht.bin")
    message.add_attachment(PNG, maintype="image", subtype="png", filename="p.png")
    wanted = parse_message(_source(message))
    files = (attached("Übersicht.bin", b"\0binary"), attached("p.png", PNG))
    item = _item(PLAIN, attachments=files)
    rows = struct.pack("<I", len(PEOPLE)) + b"".join(tnef_properties(each) for each in PEOPLE)
    winmail = tnef(
        (1, 0x69003, tnef_properties(item.bag)),
        (1, 0x69004, rows),
        *(
            attribute
            for each in files
            for attribute in (
                (2, 0x69002, bytes(14)),
                (2, 0x69005, tnef_properties(each.bag)),
            )
        ),
    )
    forms = [
        parse_item(item),
        parse_item(read_msg(write_msg(item))),
        parse_item(_item(PLAIN, ("TransportMessageHeaders", _head(message)), attachments=files)),
        opened_tnef(winmail),
    ]
    assert [_hash(each) for each in forms] == [_hash(wanted)] * 4
    for each in forms:
        assert each.fields.message_id == wanted.fields.message_id
        assert each.fields.sender == wanted.fields.sender
        assert each.fields.subject == wanted.fields.subject
        assert each.fields.attachment_names == ("Übersicht.bin", "p.png")
        assert each.notes == ()
    assert forms[2].headers == wanted.headers
    assert (forms[2].fields.sent_offset, forms[0].fields.sent_offset) == (120, None)


def test_eight_bit_strings_and_unicode_are_one() -> None:
    eight = [
        Property(each.id, STRING8, each.data.decode("utf-16-le").encode("cp1252"), each.named)
        if each.type == 0x1F and isinstance(each.data, bytes)
        else each
        for each in _item(PLAIN).bag
    ]
    item = Item(Bag(eight), PEOPLE)
    assert _hash(parse_item(read_msg(write_msg(item)))) == _hash(parse_item(_item(PLAIN)))


def test_the_date_of_the_headers_counts_to_the_second() -> None:
    head = "Date: Sun, 9 Sep 2001 01:46:39 +0100\r\nSubject: other\r\n"
    fields = parse_item(_item(PLAIN, ("TransportMessageHeaders", head))).fields
    assert (fields.sent_at, fields.sent_offset) == ("2001-09-09T00:46:39Z", 60)
    assert fields.subject == "Re: Größe"
    weak = parse_item(_item(PLAIN, ("TransportMessageHeaders", "Date: nonsense\r\n")))
    assert (weak.fields.sent_at, weak.fields.sent_offset) == ("2001-09-09T01:46:40Z", None)
    assert [each.code for each in weak.notes] == [Code.WEAK_DATE]


@pytest.mark.parametrize(
    ("kind", "is_html_alone"),
    [
        ("text/html; charset=utf-8", True),
        ('multipart/related; type="text/html"; boundary=x', True),
        ("multipart/alternative; boundary=x", False),
        ('multipart/related; type="multipart/alternative"; boundary=x', False),
        ("text/plain", False),
    ],
)
def test_html_counts_where_the_mail_was_html_alone(kind: str, is_html_alone: bool) -> None:
    """Outlook's plain text of an HTML mail is its own rendering, which no other form has."""
    html = "<p>Hello <b>Bob</b>, <a href='http://x.example/'>here</a></p>"
    item = _item(
        ("Body", "Hello Bob, here <http://x.example/> and what Outlook adds"),
        ("Html", html.encode()),
        ("InternetCodepage", 65001),
        ("TransportMessageHeaders", f"Content-Type: {kind}\r\n"),
    )
    mail = parse_item(item)
    assert mail.html == html
    assert ("Outlook adds" not in mail.body) == is_html_alone
    message = _message()
    message.set_content(html, subtype="html")
    assert (_hash(mail) == _hash(parse_message(_source(message)))) == is_html_alone


def test_of_alternatives_the_plain_one_counts_unless_it_is_a_stub() -> None:
    html = "<p>" + "word " * 50 + "</p>"
    for plain in ("word " * 40, "see HTML"):
        message = _message()
        message.set_content(plain)
        message.add_alternative(html, subtype="html")
        item = _item(("Body", plain), ("Html", html.encode()))
        assert _hash(parse_item(item)) == _hash(parse_message(_source(message)))
    assert "see HTML" in parse_item(item).body
    assert "word word" in parse_item(item).body


def _rtf(text: bytes) -> tuple[str, Value]:
    packed: bytes = compressed_rtf.compress(text)
    return "RtfCompressed", packed


def test_a_body_that_is_rich_text_only() -> None:
    mail = parse_item(_item(_rtf(rb"{\rtf1\ansi Hello Bob,\par\par the gr\'f6\'dfte.\par}")))
    assert mail.body == "Hello Bob,\n\nthe größte.\n"
    assert [each.code for each in mail.notes] == [Code.RTF_BODY]
    assert _hash(mail) == _hash(parse_message(_source(_message())))


def test_html_within_rich_text() -> None:
    wrapped = rb"{\rtf1\ansi\fromhtml1{\*\htmltag19 <p>}Hello{\*\htmltag27 </p>}}"
    mail = parse_item(_item(("Body", "Hello"), _rtf(wrapped)))
    assert (mail.html, mail.body, mail.notes) == ("<p>Hello</p>", "Hello", ())


def test_a_body_that_holds_a_nul_loses_nothing() -> None:
    assert parse_item(_item(("Body", "before\0after\0"))).body == "before after"


def test_rich_text_that_cannot_be_read_is_noted() -> None:
    mail = parse_item(_item(PLAIN, ("RtfCompressed", b"x" * 40)))
    assert mail.body.startswith("Hello")
    assert [each.code for each in mail.notes] == [Code.PARTIAL]


SIGNED = (
    b'Content-Type: multipart/signed; protocol="application/x-pkcs7-signature"; boundary=s\r\n'
    b"\r\n--s\r\nContent-Type: text/plain\r\n\r\nsigned text\r\n"
    b"--s\r\nContent-Type: application/x-pkcs7-signature; name=smime.p7s\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--s--\r\n"
)
PEOPLE_OF_EML = (
    b"From: ann@a.example\r\nTo: bob@b.example, c@c.example\r\nCc: dora@d.example\r\n"
    b"Subject: =?utf-8?q?Re=3A_Gr=C3=B6=C3=9Fe?=\r\nDate: Sun, 9 Sep 2001 01:46:40 +0000\r\n"
)


def _secured(message_class: str, data: bytes, kind: str) -> Item:
    item = _item(attachments=(attached("smime.p7m", data, ("AttachMimeTag", kind)),))
    properties = [each for each in item.bag if each.id != tag("MessageClass")]
    return Item(
        Bag([prop(tag("MessageClass"), message_class), *properties]),
        item.recipients,
        item.attachments,
    )


def test_a_signed_mail_is_what_it_signs() -> None:
    eml = parse_message(PEOPLE_OF_EML + SIGNED)
    mail = parse_item(_secured("IPM.Note.SMIME.MultipartSigned", SIGNED, "multipart/signed"))
    assert mail.body.strip() == "signed text"
    assert [(each.name, each.data) for each in mail.parts] == [("smime.p7s", b"\0\1\2")]
    assert mail.fields.security == ("smime-signed",)
    assert _hash(mail) == _hash(eml)


def test_a_signed_mail_whose_own_header_was_taken_off() -> None:
    head, _, rest = SIGNED.partition(b"\r\n\r\n")
    item = _secured("IPM.Note.SMIME.MultipartSigned", rest, "multipart/signed")
    with_head = Item(
        Bag([*item.bag, prop(tag("TransportMessageHeaders"), head.decode())]),
        item.recipients,
        item.attachments,
    )
    for each in (item, with_head):
        assert _hash(parse_item(each)) == _hash(parse_message(PEOPLE_OF_EML + SIGNED))


@pytest.mark.parametrize(("oid", "security"), [(2, "smime-signed"), (3, "smime-encrypted")])
def test_an_opaque_mail_is_its_envelope(oid: int, security: str) -> None:
    data = bytes.fromhex("3080 06092A864886F70D0107") + bytes([oid, 0x80])
    eml = parse_message(
        PEOPLE_OF_EML
        + b"Content-Type: application/pkcs7-mime; name=smime.p7m\r\n"
        + b"Content-Transfer-Encoding: base64\r\n\r\n"
        + base64.b64encode(data)
    )
    mail = parse_item(_secured("IPM.Note.SMIME", data, "application/pkcs7-mime"))
    assert mail.fields.security == (security,)
    assert [each.data for each in mail.parts] == [data]
    assert _hash(mail) == _hash(eml)


def _from(*pairs: tuple[str, Value]) -> tuple[Address, ...]:
    return parse_item(Item(bag(*pairs))).fields.sender


HEADERS = (
    "From: Ann Ames <ann@a.example>\r\nTo: Bob <bob@b.example>, Cy <cy@c.example>\r\n"
    "Cc: Someone <dora@d.example>\r\n"
)


def test_the_sender_is_whom_it_was_sent_for() -> None:
    secretary: tuple[tuple[str, Value], ...] = (
        ("SenderName", "Sec"),
        ("SenderAddressType", "SMTP"),
        ("SenderEmailAddress", "SEC@a.example"),
    )
    assert _from(*secretary) == (Address("Sec", "sec@a.example"),)
    chief: tuple[str, Value] = ("SentRepresentingEmailAddress", "chief@a.example")
    assert _from(*secretary, chief) == (Address("", "chief@a.example"),)


def test_exchange_addresses_are_resolved_as_far_as_can_be() -> None:
    exchange: tuple[tuple[str, Value], ...] = (
        ("SentRepresentingName", "Ann Ames"),
        ("SentRepresentingAddressType", "EX"),
        ("SentRepresentingEmailAddress", "/O=X/CN=ANN"),
    )
    assert _from(*exchange) == (Address("Ann Ames", "/o=x/cn=ann"),)
    smtp: tuple[str, Value] = ("SentRepresentingSmtpAddress", "a@x.example")
    headers: tuple[str, Value] = ("TransportMessageHeaders", HEADERS)
    assert _from(*exchange, headers) == (Address("Ann Ames", "ann@a.example"),)
    assert _from(*exchange, headers, smtp) == (Address("Ann Ames", "a@x.example"),)


def test_recipients_are_resolved_by_name_or_as_the_only_one_left() -> None:
    item = Item(
        bag(("TransportMessageHeaders", HEADERS)),
        (
            recipient(1, "Bob", "/o=x/cn=bob", "EX"),
            recipient(1, "Cyrus", "/o=x/cn=cy", "EX"),
            recipient(2, "Dora", "/o=x/cn=dora", "EX"),
            recipient(3, "Eve", "/o=x/cn=eve", "EX"),
        ),
    )
    fields = parse_item(item).fields
    assert fields.to == (Address("Bob", "bob@b.example"), Address("Cyrus", "cy@c.example"))
    assert fields.cc == (Address("Dora", "dora@d.example"),)
    assert fields.bcc == (Address("Eve", "/o=x/cn=eve"),)


def test_without_a_table_the_headers_or_the_names_displayed_count() -> None:
    shown: tuple[str, Value] = ("DisplayTo", "Zed; 'y@y.example'")
    assert parse_item(Item(bag(shown))).fields.to == (
        Address("Zed", ""),
        Address("", "y@y.example"),
    )
    fields = parse_item(Item(bag(shown, ("TransportMessageHeaders", HEADERS)))).fields
    assert [each.address for each in fields.to] == ["bob@b.example", "cy@c.example"]


def _one_off(name: str, address: str) -> bytes:
    provider = bytes.fromhex("812B1FA4BEA310199D6E00DD010F5402")
    texts = "".join(f"{each}\0" for each in (name, "SMTP", address)).encode("utf-16-le")
    return bytes(4) + provider + struct.pack("<HH", 0, 0x9001) + texts


def test_entry_ids_that_say_an_address() -> None:
    entry = _one_off("Rae", "Rae@r.example")
    listed = struct.pack("<I", len(entry)) + entry + bytes(-len(entry) % 4)
    flat = struct.pack("<II", 2, 2 * len(listed)) + listed + listed
    fields = parse_item(Item(bag(("ReplyRecipientEntries", flat)))).fields
    assert fields.reply_to == (Address("Rae", "rae@r.example"),) * 2
    assert _from(("SenderEntryId", entry)) == (Address("Rae", "rae@r.example"),)


def test_fields_in_full() -> None:
    item = _item(
        PLAIN,
        ("ConversationIndex", b"\1\2\3"),
        ("ConversationTopic", "Größe"),
        ("Importance", 2),
        ("Sensitivity", 3),
        ("MessageFlags", 9),
        ("FlagStatus", 2),
        ("LastVerbExecuted", 103),
        ("InReplyToId", "<0@a.example>"),
        ("InternetReferences", "<a@a.example> <0@a.example>"),
        ("MessageDeliveryTime", ticks(SENT + 60)),
        ("@VerbResponse", "Yes"),
    )
    keywords = prop(Named(PUBLIC_STRINGS, "Keywords"), ("red", "blue"), 0x9000)
    fields = parse_item(Item(Bag([*item.bag, keywords]), item.recipients)).fields
    assert (fields.kind, fields.title) == ("mail", "")
    assert (fields.conversation_index, fields.conversation_topic) == ("AQID", "Größe")
    assert (fields.importance, fields.sensitivity) == ("high", "confidential")
    assert (fields.is_read, fields.is_draft) == (True, True)
    assert fields.flags == ("flagged", "answered")
    assert fields.in_reply_to == "<0@a.example>"
    assert fields.references == ("<a@a.example>", "<0@a.example>")
    assert fields.received_at == "2001-09-09T01:47:40Z"
    assert (fields.categories, fields.vote) == (("red", "blue"), "Yes")


def test_the_prefix_mark_before_a_subject_is_none_of_it() -> None:
    assert parse_item(Item(bag(("Subject", "\1\5Re: x")))).fields.subject == "Re: x"
    parted = bag(("SubjectPrefix", "Re: "), ("NormalizedSubject", "x"))
    assert parse_item(Item(parted)).fields.subject == "Re: x"


def test_choices_of_a_vote() -> None:
    """The stream of [MS-OXOMSG] 4.5."""
    stream = bytes.fromhex(
        "020103000000040000000359657308 49504D2E4E6F7465 000359657300000000 00000000000100000002"
        "000000020000000100 0000FFFFFFFF 04000000024E6F0849504D2E4E6F746500024E6F000000000000000000"
        "01000000020000000200000002000000FFFFFFFF04000000054D617962650849504D2E4E6F746500054D61"
        "796265000000000000000000010000000200000002000000 03000000FFFFFFFF 0401 03590065007300"
        "03590065007300024E006F00024E006F00054D006100790062006500054D0061007900620065 00"
    )
    assert voting(stream) == ("Yes", "No", "Maybe")
    assert voting(stream[:100]) == ()
    assert voting(b"") == ()


@pytest.mark.parametrize(
    ("message_class", "kind"),
    [
        ("IPM.Note", "mail"),
        ("ipm.note.smime.multipartsigned", "mail"),
        ("", "mail"),
        ("IPM.Schedule.Meeting.Request", "meeting"),
        ("IPM.Appointment", "appointment"),
        ("IPM.OLE.CLASS.{00061055-0000-0000-C000-000000000046}", "appointment"),
        ("IPM.Contact.Custom", "contact"),
        ("IPM.DistList", "list"),
        ("IPM.Task", "task"),
        ("IPM.TaskRequest.Accept", "task"),
        ("IPM.StickyNote", "note"),
        ("IPM.Activity", "journal"),
        ("IPM.Post.RSS", "post"),
        ("REPORT.IPM.Note.NDR", "report"),
        ("IPM.Document.Word", "other"),
    ],
)
def test_kinds(message_class: str, kind: str) -> None:
    assert kind_of(Item(bag(("MessageClass", message_class)))) == kind


def _lines(message_class: str, *pairs: tuple[str, Value]) -> list[str]:
    mail = parse_item(Item(bag(("MessageClass", message_class), *pairs)))
    return mail.body.split("\n")


def test_a_contact_says_all_in_its_text() -> None:
    assert _lines(
        "IPM.Contact",
        ("DisplayName", "Ann Ames"),
        ("MobileTelephoneNumber", "+1 555"),
        ("@WorkAddress", "1 Street\r\nTown"),
        ("@Email1EmailAddress", "ann@a.example"),
        ("ChildrensNames", ("Bo", "Cy")),
        ("Birthday", ticks(86400)),
        ("Gender", 1),
        ("Body", "remarks"),
    ) == [
        "Display name: Ann Ames",
        "Email1 email address: ann@a.example",
        "Mobile telephone number: +1 555",
        "Work address: 1 Street",
        "Town",
        "Birthday: 1970-01-02T00:00:00Z",
        "Children's names: Bo; Cy",
        "Gender: female",
        "",
        "remarks",
    ]


def test_an_appointment_and_a_task() -> None:
    pairs: tuple[tuple[str, Value], ...] = (
        ("@AppointmentStartWhole", ticks(SENT)),
        ("@AppointmentEndWhole", ticks(SENT + 3600)),
        ("@Location", "Room 5"),
        ("@BusyStatus", 3),
        ("@Recurring", False),
    )
    item = Item(
        bag(("MessageClass", "IPM.Appointment"), ("Subject", "Board"), *pairs),
        (recipient(1, "Bob", "bob@b.example"), recipient(2, "Cy", "cy@c.example")),
    )
    mail = parse_item(item)
    assert (mail.fields.starts_at, mail.fields.ends_at) == (
        "2001-09-09T01:46:40Z",
        "2001-09-09T02:46:40Z",
    )
    assert (mail.fields.location, mail.fields.title) == ("Room 5", "Board")
    assert [each.address for each in (*mail.fields.to, *mail.fields.cc)] == [
        "bob@b.example",
        "cy@c.example",
    ]
    assert "Location: Room 5\nStart: 2001-09-09T01:46:40Z" in mail.body
    assert "Busy status: out of office" in mail.body
    assert _lines(
        "IPM.Task", ("@PercentComplete", 0.5), ("@TaskStatus", 1), ("@TaskOwner", "A")
    ) == [
        "Status: in progress",
        "Percent complete: 50%",
        "Owner: A",
    ]


def test_the_year_4501_is_no_date() -> None:
    none = struct.pack("<Q", 0x0CB34557A3DD4000)
    item = Item(bag(("MessageClass", "IPM.Task"), ("@TaskDueDate", none)))
    mail = parse_item(item)
    assert (mail.fields.ends_at, mail.body) == (None, "")
    assert all_properties(item)["properties"]["PidLidTaskDueDate"] is None


def test_a_list_names_its_members() -> None:
    assert _lines(
        "IPM.DistList",
        ("DisplayName", "All"),
        ("@DistributionListOneOffMembers", (_one_off("Ann", "a@a.example"), b"damaged")),
    ) == ["Display name: All", "Member: Ann <a@a.example>"]


def test_a_report_says_what_failed_for_whom() -> None:
    failed = recipient(1, "Bob", "bob@b.example")
    said = Bag([*failed, prop(tag("SupplementaryInfo"), "550 no such user")])
    item = Item(bag(("MessageClass", "REPORT.IPM.Note.NDR"), ("OriginalSubject", "Lunch")), (said,))
    assert parse_item(item).body.split("\n") == [
        "Original subject: Lunch",
        "Recipient: Bob <bob@b.example>",
        "Supplementary info: 550 no such user",
    ]


def test_names_that_are_no_text_come_out_as_text() -> None:
    odd = Named(PUBLIC_STRINGS, "a\udd46b")
    item = Item(Bag([prop(tag("MessageClass"), "IPM.Contact"), prop(odd, "x", 0x9000)]))
    assert parse_item(item).body == "a?b: x"
    assert all_properties(item)["properties"]["a?b"] == "x"


def test_fields_of_users_are_in_the_text_of_what_is_no_mail() -> None:
    own = prop(Named(PUBLIC_STRINGS, "Matter No."), "4711", 0x9000)
    machine = prop(Named(PUBLIC_STRINGS, "http://schemas.example/x"), "y", 0x9001)
    for message_class, body in (("IPM.Contact", "Matter No.: 4711"), ("IPM.Note", "")):
        item = Item(Bag([prop(tag("MessageClass"), message_class), own, machine]))
        assert parse_item(item).body == body


def test_pictures_shown_by_the_html_are_inline() -> None:
    mail = parse_item(
        _item(
            ("Html", b"<img src='cid:one@a'><img src='cid:three@a'>text"),
            attachments=(
                attached("a.png", PNG, ("AttachContentId", "one@a")),
                attached("b.png", PNG, ("AttachContentId", "two@a")),
                attached("c.png", b"no picture", ("AttachContentId", "three@a")),
                attached("d.png", PNG, ("AttachContentId", "one@a")),
            ),
        )
    )
    assert [(each.name, each.role) for each in mail.parts] == [
        ("a.png", Role.INLINE),
        ("b.png", Role.ATTACHMENT),
        ("c.png", Role.ATTACHMENT),
        ("d.png", Role.ATTACHMENT),
    ]
    assert mail.fields.attachment_names == ("b.png", "c.png", "d.png")


def test_items_in_items_are_files_of_their_own() -> None:
    inner = _item(PLAIN)
    nameless = Item(bag(("MessageClass", "IPM.Note")))
    outer = _item(attachments=(embedded(inner, "In it"), embedded(nameless)))
    mail = parse_item(outer)
    assert [(each.name, each.content_type) for each in mail.parts] == [
        ("In it.msg", "application/vnd.ms-outlook"),
        ("attached-item-2.msg", "application/vnd.ms-outlook"),
    ]
    assert mail.parts[0].data == write_msg(inner)
    assert _hash(parse_item(read_msg(mail.parts[0].data))) == _hash(parse_item(inner))


def test_what_has_no_content_is_noted_and_never_lost_silently() -> None:
    reference = Attachment(
        bag(("AttachMethod", 2), ("AttachLongFilename", "a"), ("AttachLongPathname", r"\\s\a"))
    )
    missing = Attachment(bag(("AttachMethod", 1), ("AttachFilename", "b.txt")))
    nameless = Attachment(bag(("AttachDataBinary", b""), ("AttachExtension", ".x")))
    mail = parse_item(_item(attachments=(reference, missing, nameless)))
    assert [(each.name, each.data) for each in mail.parts] == [("unnamed-3.x", b"")]
    assert [each.code for each in mail.notes] == [Code.EMBEDDED_LOST] * 2
    assert r"\\s\a" in repr(mail.notes[0].message).replace("\\\\", "\\")


def test_bytes_go_before_an_object_of_the_same_attachment() -> None:
    both = Bag([Property(0x3701, OBJECT, b"object"), Property(0x3701, BINARY, b"bytes")])
    mail = parse_item(_item(attachments=(Attachment(both),)))
    assert [each.data for each in mail.parts] == [b"bytes"]


def test_notes_of_embedded_items_are_told_by_what_holds_them() -> None:
    bad = tnef((1, 0x18004, b"inner\0"), checksum=1)
    interface = bytes.fromhex("0703020000000000C000000000000046")
    held = tnef_properties(Bag([Property(0x3701, OBJECT, interface + bad)]))
    mail = parse_item(read_tnef(tnef((2, 0x69002, bytes(14)), (2, 0x69005, held))))
    assert [(each.code, each.message) for each in mail.notes] == [
        (Code.MALFORMED_MAIL, "In an attached item: A checksum is wrong")
    ]


def test_headers_are_made_where_none_came_along() -> None:
    assert parse_item(_item(PLAIN)).headers == (
        ("From", "Ann Ames <ann@a.example>"),
        ("To", "Bob <bob@b.example>, c@c.example"),
        ("Cc", "Dora <dora@d.example>"),
        ("Subject", "Re: Größe"),
        ("Date", "2001-09-09T01:46:40Z"),
        ("Message-ID", "<1@a.example>"),
    )


def test_all_properties_leave_nothing_out() -> None:
    item = Item(
        Bag(
            [
                prop(tag("Subject"), "s"),
                prop(tag("Body"), "b" * 2000),
                prop(tag("ClientSubmitTime"), ticks(SENT), type=0x40),
                prop(tag("SearchKey"), b"\1\2"),
                prop(tag("Html"), b"h" * 1025),
                prop(lid("PercentComplete"), 0.5, 0x8000),
                prop(lid("Recurring"), True, 0x8001),
                prop(Named(PUBLIC_STRINGS, "Own"), ("a", "b"), 0x8002),
                prop(Named(PUBLIC_STRINGS, "Own"), 7, 0x8003),
                Property(0x8004, 0x48, bytes(16)),
                Property(0x6666, 0x5, struct.pack("<d", float("nan"))),
                Property(tag("Subject"), STRING8, b"t"),
            ]
        ),
        (recipient(1, "n", "a@b"),),
        (attached("f", b"x" * 2000), embedded(Item(bag(("Subject", "inner"))))),
    )
    found = all_properties(item)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["properties"] == {
        "PidTagSubject": "s",
        "PidTagSubject (001E)": "t",
        "PidTagBody": {
            "bytes": 4000,
            "sha256": hashlib.sha256(("b" * 2000).encode("utf-16-le")).hexdigest(),
        },
        "PidTagClientSubmitTime": "2001-09-09T01:46:40+00:00",
        "PidTagSearchKey": "0102",
        "PidTagHtml": {"bytes": 1025, "sha256": hashlib.sha256(b"h" * 1025).hexdigest()},
        "PidLidPercentComplete": 0.5,
        "PidLidRecurring": True,
        "Own": ["a", "b"],
        "Own (0003)": 7,
        "0x8004": "00000000-0000-0000-0000-000000000000",
        "0x6666": "nan",
    }
    assert found["recipients"][0]["PidTagEmailAddress"] == "a@b"
    assert found["attachments"][0]["PidTagAttachDataBinary"]["bytes"] == 2000
    assert len(found["attachments"]) == 2
