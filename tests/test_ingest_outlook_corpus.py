"""The real MSG and OFT files: what each of them is, and that each is written as it was read."""

import hashlib
from dataclasses import replace
from pathlib import Path

import olefile
import pytest

from ingest.identity import reduced
from ingest.mail import parse_message
from ingest.msgfile import read_msg
from ingest.msgwrite import write_msg
from ingest.outlook import parse_item
from records.codes import Code, Role
from tests.outlook_samples import contents

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"
pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared/corpus is not there"),
]

# Name, kind, properties, recipients, attachments (of them inline; items), sent, address of the
# sender and subject as the start of their SHA-256, letters and digits of the body. Compared with
# extract-msg 0.57 and Tika 3.3.1; what differs from them is told in docs/outlook.md.
FILES = """
    ajava_Bertha A. Buell.msg|contact|25|0|0 0 0|||a4fc8b55|360
    ajava_EmbededMessageAsAttachment.msg|mail|22|1|1 0 1|2016-08-19T10:24:14Z|e6729246|be60d4c9|18
    ajava_Invitation.msg|mail|37|1|0 0 0|2013-05-15T15:43:56Z|f0d9eabd|41434376|316
    ajava_MapiTask.msg|task|36|0|0 0 0|||150d92c4|85
    ajava_Matthew R. Wilcox.msg|contact|21|0|0 0 0|||9ccae3fe|255
    ajava_Message.msg|mail|34|4|0 0 0|2016-11-18T10:49:18Z|06cf449a|4d2e6af6|152
    ajava_MsgHeaders.msg|mail|32|3|0 0 0|2015-07-25T16:10:28Z|06cf449a|4dc7fea8|153
    ajava_New-Draft.msg|mail|34|2|0 0 0||06cf449a|caf54523|37
    ajava_RemoveAttachments.msg|mail|32|1|4 0 0||191a0572|d59f47de|115
    ajava_Sebastian Wright.msg|contact|14|0|0 0 0|||6d9489cc|197
    ajava_SetEmailHeaders_out.msg|mail|32|1|0 0 0|2016-08-17T11:06:13Z|06cf449a|4dc7fea8|152
    ajava_Wichert Kroos.msg|contact|15|0|0 0 0|||fb0ecaa6|210
    ajava_WithEmbeddedMsg.msg|mail|22|1|1 0 1|2016-08-19T09:53:24Z|e6729246|be60d4c9|18
    ajava_attachment_out.msg|mail|34|1|0 0 0||06cf449a|15c57688|33
    ajava_message.msg|mail|32|1|0 0 0||06cf449a|15c57688|33
    ajava_messageMapi.msg|mail|33|1|0 0 0|2013-02-26T10:41:04Z|06cf449a|15c57688|40
    ajava_outputAttachmentRemoved.msg|mail|32|1|4 0 0||191a0572|d59f47de|116
    anet_Contact.msg|contact|97|0|0 0 0|2017-02-13T13:35:56Z|b0fc12b9|4efb03df|214
    anet_EmbeddedImage.msg|mail|33|1|1 1 0||90411e03|b484d19f|115
    anet_MapiMsgWithPoll.msg|mail|25|1|0 0 0|2017-06-01T15:24:35Z|e6729246|43f5b40d|88
    anet_MapiNote.msg|note|15|0|0 0 0|2016-07-12T12:21:48Z||af05e8f4|29
    anet_MapiTask.msg|task|44|0|0 0 0|||150d92c4|290
    anet_Message.msg|mail|33|4|1 0 0|2013-05-05T18:18:53Z|06cf449a|4d2e6af6|37
    anet_Message2.msg|mail|36|3|1 0 0|2006-03-06T00:00:00Z|191a0572|c52a0a35|146
    anet_MsgHeaders.msg|mail|34|3|0 0 0|2006-03-05T19:00:00Z|191a0572|c52a0a35|115
    anet_MsgWithAtt.msg|mail|32|1|1 0 0||191a0572|532eaabd|4
    anet_NewGroup.msg|list|74|0|0 0 0|2017-02-13T15:09:55Z|b0fc12b9|dc3cd4e6|138
    anet_NoteMessage.msg|note|15|0|0 0 0|2016-07-15T19:58:54Z||628f9a57|33
    anet_Test Meeting.msg|appointment|92|3|0 0 0|2017-02-13T14:56:18Z|f862921c|fef3a808|121
    anet_WithEmbeddedMsg.msg|mail|22|1|1 0 1|2017-02-13T09:19:16Z|e6729246|be60d4c9|18
    anet_appointment-draft.msg|appointment|44|1|0 0 0|2015-06-25T10:07:42Z|87924606||59
    anet_contact.msg|contact|33|0|0 0 0|||c4761105|558
    anet_message.msg|mail|34|1|0 0 0||06cf449a|15c57688|33
    anet_message3.msg|mail|51|1|3 0 1||191a0572|fb1026c6|0
    anet_messageWithEmbeddedEML.msg|mail|47|1|3 1 0||191a0572|5028cc65|0
    anet_outputAttachmentRemoved.msg|mail|32|1|4 0 0||191a0572|d59f47de|115
    anet_outputAttachments.msg|mail|32|1|5 0 0||191a0572|d59f47de|115
    msgext_strangeDate.msg|mail|40|1|0 0 0|||742239bb|2075
    msgext_strangeDate__2.msg|mail|40|1|0 0 0|||742239bb|2075
    msgext_unicode.msg|mail|53|2|2 0 0|2013-11-18T08:26:24Z|83ba349f|8e8a32c2|76
    mvz_charset.msg|mail|30|1|0 0 0|2019-10-09T05:55:10Z|b0459f41|cd831a3a|36
    mvz_gpg_signed.msg|mail|56|1|0 0 0|2007-02-26T23:12:10Z|28099287|43222054|52
    mvz_plain_jpeg_attached.msg|mail|48|1|1 0 0|2007-09-24T13:28:03Z|28099287|9f86d081|4
    mvz_plain_uc_unsent.msg|mail|40|1|0 0 0||973dfe46|2872121c|31
    mvz_plain_uc_wc_unsent.msg|mail|40|1|0 0 0||973dfe46|2872121c|31
    mvz_plain_unsent.msg|mail|39|1|0 0 0||973dfe46|2872121c|31
    sample.oft|appointment|75|0|0 0 0|2013-05-15T15:43:56Z||8b8b8871|247
    tika_test-outlook.msg|mail|38|1|0 0 0|2007-04-05T16:26:06Z|9b094abf|002744ee|2342
    tika_test-outlook2003.msg|mail|38|1|11 0 0|2010-03-28T22:27:38Z|fe1fd792|15a26e33|6655
    tika_testMSG.msg|mail|71|1|0 0 0|2009-01-29T19:16:40Z|a8e88d56|6463ddc2|447
    tika_testMSG_Appointment.msg|appointment|99|1|0 0 0|2017-02-28T18:42:23Z|200d451a|c55745c4|149
    tika_testMSG_Contact.msg|contact|114|0|0 0 0|2017-02-28T18:41:37Z|200d451a|17f20b5e|881
    tika_testMSG_Post.msg|post|64|0|0 0 0|2017-02-28T18:47:11Z|200d451a|d7afe995|32
    tika_testMSG_StickyNote.msg|note|50|0|0 0 0|2017-02-28T18:44:43Z||1a62a77c|43
    tika_testMSG_Task.msg|task|81|0|0 0 0|2017-02-28T18:44:00Z|200d451a|4d78a570|105
    tika_testMSG_att_doc.msg|mail|59|1|2 0 0|2009-04-22T14:36:33Z|f5a9a047|55b411c8|7
    tika_testMSG_att_msg.msg|mail|105|1|2 0 1|2010-06-17T23:54:19Z|bc060b76|49a91e9f|31
    tika_testMSG_chinese.msg|mail|89|1|0 0 0|2011-03-29T08:52:48Z|3aefeb20|251743af|542
    tika_testMSG_forwarded.msg|mail|97|1|0 0 0|2011-12-08T00:30:39Z|7fde401e|02443d6a|103
"""
ODD = {
    "ajava_MsgHeaders.msg": [Code.MALFORMED_MAIL],
    "ajava_SetEmailHeaders_out.msg": [Code.MALFORMED_MAIL],
    "anet_EmbeddedImage.msg": [Code.MALFORMED_MAIL],
    "anet_Message.msg": [Code.MALFORMED_MAIL],
    "anet_MsgHeaders.msg": [Code.MALFORMED_MAIL, Code.RTF_BODY],
    "anet_outputAttachmentRemoved.msg": [Code.MALFORMED_MAIL, Code.RTF_BODY],
    "anet_outputAttachments.msg": [Code.MALFORMED_MAIL, Code.RTF_BODY],
}
NAMES = [line.partition("|")[0].strip() for line in FILES.strip().splitlines()]
PATHS = {
    each.name: each
    for folder, pattern in (("msg", "*.msg"), ("other", "*.oft"))
    for each in (CORPUS / "mail" / folder).glob(pattern)
}


def _told(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8] if text else ""


def facts(path: Path) -> tuple[str, list[Code]]:
    """A line of the table, and the notes."""
    item = read_msg(path)
    mail = parse_item(item)
    fields = mail.fields
    inline = sum(each.role is Role.INLINE for each in mail.parts)
    items = sum(each.message is not None for each in item.attachments)
    values = (
        path.name,
        fields.kind,
        len(item.bag),
        len(item.recipients),
        f"{len(mail.parts)} {inline} {items}",
        fields.sent_at or "",
        _told(" ".join(each.address for each in fields.sender)),
        _told(fields.subject),
        len(reduced(mail.body)),
    )
    return "|".join(str(each) for each in values), [each.code for each in mail.notes]


def test_all_files_are_known() -> None:
    assert sorted(PATHS) == sorted(NAMES)
    assert len(PATHS) == 59
    assert set(ODD) < set(NAMES)


@pytest.mark.parametrize("line", FILES.strip().splitlines())
def test_a_file(line: str) -> None:
    name = line.partition("|")[0].strip()
    assert facts(PATHS[name]) == (line.strip(), ODD.get(name, []))


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_written_as_it_was_read(name: str) -> None:
    item = read_msg(PATHS[name])
    data = write_msg(item)
    assert contents(read_msg(data)) == contents(item)
    assert parse_item(read_msg(data)) == parse_item(item)
    with olefile.OleFileIO(data, raise_defects=olefile.DEFECT_UNSURE) as ole:
        assert ole.parsing_issues == []


def test_copies_that_differ_in_their_strings_only_are_one() -> None:
    """The same unsent mail in 8-bit strings and in Unicode."""
    one, two = (
        parse_item(read_msg(PATHS[f"mvz_plain_{kind}.msg"])) for kind in ("unsent", "uc_unsent")
    )
    assert replace(one.fields, created_at=None, modified_at=None) == replace(
        two.fields, created_at=None, modified_at=None
    )
    assert one.body == two.body


@pytest.mark.parametrize(
    ("name", "parts", "codes"),
    [
        ("aspose/tnefEml1.eml", [5276, 22528, 5276], []),
        ("aspose/tnefWithMsgInside.eml", [37376], [Code.TRUNCATED]),
        ("mimekit/rich-text.eml", [375081, 19456, 405504], [Code.RTF_BODY]),
        ("mimekit/ukr.eml", [], []),
    ],
)
def test_winmail_dat_of_real_mails(name: str, parts: list[int], codes: list[Code]) -> None:
    mail = parse_message((CORPUS / "mail" / "eml" / name).read_bytes())
    assert [len(each.data) for each in mail.parts] == parts
    assert [each.code for each in mail.notes] == [*codes, Code.TNEF_OPENED]
    assert not any(each.data.startswith(b"\x78\x9f\x3e\x22") for each in mail.parts)
