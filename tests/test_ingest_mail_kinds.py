"""What a mail is beyond its text: signed, encrypted, an invitation, kept by some program."""

import base64
import plistlib
import re
import struct
import sys
import types
import zlib
from binascii import b2a_uu, crc_hqx
from pathlib import Path

import pytest
from asn1crypto import cms, core
from hypothesis import given
from hypothesis import strategies as st

from ingest.encoded import extract
from ingest.interface import MailPart, ParsedMail
from ingest.mail import parse_message
from ingest.maildir import maildir_facts
from records.codes import Code, Role
from records.fields import Address, Fields

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"
EML = CORPUS / "mail" / "eml"
in_corpus = [
    pytest.mark.corpus,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared/corpus is not there"),
]
HEAD = b"From: ann@a.example\nSubject: s\nDate: Mon, 14 May 2001 16:39:00 +0000\n"
SIGNED_ENTITY = b"Content-Type: text/plain\r\n\r\nsigned words\r\n"


def _mail(headers: bytes, body: bytes = b"x") -> ParsedMail:
    return parse_message(HEAD + headers + b"\n" + body)


def _notes(mail: ParsedMail) -> list[tuple[str, Code]]:
    return [(each.severity, each.code) for each in mail.notes]


def _part(headers: str, data: bytes) -> str:
    encoded = base64.encodebytes(data).decode()
    return f"--q\n{headers}\nContent-Transfer-Encoding: base64\n\n{encoded}"


def _multipart(kind: str, *parts: str) -> ParsedMail:
    text = "\n".join(parts) + "\n--q--\n"
    return _mail(f"Content-Type: multipart/{kind}; boundary=q\n".encode(), text.encode())


@pytest.mark.parametrize(
    ("header", "name", "value"),
    [
        ("Sensitivity: Company-Confidential", "sensitivity", "confidential"),
        ("Sensitivity: Private", "sensitivity", "private"),
        ("Reply-To: Desk <D@d.example>", "reply_to", (Address("Desk", "d@d.example"),)),
        ("Thread-Topic: =?utf-8?q?caf=C3=A9?=", "conversation_topic", "café"),
        ("Status: RO", "is_read", True),
        ("Status: O", "is_read", False),
        ("Status: sent by pigeon", "is_read", None),
        ("X-Status: AF", "flags", ("answered", "flagged")),
        ("X-Status: T", "is_draft", True),
        ("X-Mozilla-Status: 0001", "is_read", True),
        ("X-Mozilla-Status: 100E", "flags", ("answered", "flagged", "expunged", "forwarded")),
        ("X-Mozilla-Status: 0000", "is_read", False),
        ("X-Mozilla-Status2: 00200000", "flags", ("trashed",)),
        ("X-Gmail-Labels: =?utf-8?q?Caf=C3=A9?=,Unread,Starred", "is_read", False),
        ("X-Gmail-Labels: Inbox,Opened", "is_read", True),
        ("X-Gmail-Labels: =?utf-8?q?Caf=C3=A9?=,Starred", "categories", ("Café", "Starred")),
        ("X-Gmail-Labels: Starred", "flags", ("flagged",)),
        ("X-Keywords: deal law", "categories", ("deal", "law")),
        ("X-MSMail-Priority: High", "importance", "high"),
        ("X-Unsent: 1", "is_draft", True),
        ("X-None: 1", "kind", "mail"),
    ],
)
def test_fields_of_the_header(header: str, name: str, value: object) -> None:
    assert getattr(_mail(header.encode() + b"\n").fields, name) == value


INVITATION = b"""BEGIN:VCALENDAR
METHOD:REQUEST
BEGIN:VEVENT
SUMMARY:review
DTSTART:20240101T100000Z
DTEND:20240101T110000Z
LOCATION:Room 4
END:VEVENT
END:VCALENDAR
"""


def test_an_invitation_is_a_meeting_and_keeps_its_calendar() -> None:
    text = "--q\nContent-Type: text/plain\n\nPlease come"
    own = _part("Content-Type: text/calendar; method=REQUEST", INVITATION)
    mail = _multipart("alternative", text, own)
    fields = mail.fields
    assert (fields.kind, fields.location) == ("meeting", "Room 4")
    assert (fields.starts_at, fields.ends_at) == ("2024-01-01T10:00:00Z", "2024-01-01T11:00:00Z")
    assert (mail.body, [each.data for each in mail.parts]) == ("Please come", [INVITATION])
    sent_on = _part("Content-Type: text/calendar\nContent-Disposition: attachment", INVITATION)
    assert _multipart("mixed", text, sent_on).fields.kind == "mail"


def test_a_report_is_one() -> None:
    status = "--q\nContent-Type: message/delivery-status\n\nAction: failed"
    mail = _multipart("report", "--q\n\nIt failed", status)
    assert (mail.fields.kind, mail.body) == ("report", "It failed\nAction: failed")


def _signed_data(content: bytes | None) -> bytes:
    held: dict[str, object] = {"content_type": "data"}
    if content is not None:
        held["content"] = content
    signed = {"version": "v1", "digest_algorithms": [], "encap_content_info": held}
    data: bytes = cms.ContentInfo(
        {"content_type": "signed_data", "content": signed | {"signer_infos": []}}
    ).dump()
    return data


def _indefinite(content: bytes) -> bytes:
    """The same as programs write it that do not know the size yet."""
    pieces = b"".join(
        b"\x04" + bytes((len(each),)) + each
        for each in (content[at : at + 50] for at in range(0, len(content), 50))
    )
    held = b"\x24\x80" + pieces + b"\0\0"
    data_oid, signed_oid = (bytes.fromhex(f"06092a864886f70d01070{n}") for n in (1, 2))
    encapsulated = b"\x30\x80" + data_oid + b"\xa0\x80" + held + b"\0\0" + b"\0\0"
    inner = b"\x30\x80" + b"\x02\x01\x01" + b"\x31\x00" + encapsulated + b"\x31\x00" + b"\0\0"
    return b"\x30\x80" + signed_oid + b"\xa0\x80" + inner + b"\0\0" + b"\0\0"


def _compressed(content: bytes) -> bytes:
    held = {"content_type": "data", "content": zlib.compress(content)}
    data: bytes = cms.ContentInfo(
        {
            "content_type": "compressed_data",
            "content": {
                "version": 0,
                "compression_algorithm": {"algorithm": "zlib"},
                "encap_content_info": held,
            },
        }
    ).dump()
    return data


ENVELOPED: bytes = core.Sequence(contents=bytes.fromhex("06092a864886f70d010703a003020100")).dump()
PKCS7 = b"Content-Type: application/pkcs7-mime; name=smime.p7m\nContent-Transfer-Encoding: base64\n"


@pytest.mark.parametrize(
    ("data", "security"),
    [
        (_signed_data(SIGNED_ENTITY), ("smime-signed",)),
        (_indefinite(SIGNED_ENTITY), ("smime-signed",)),
        (_compressed(SIGNED_ENTITY), ()),
        (_signed_data(PKCS7 + b"\n" + base64.b64encode(_signed_data(SIGNED_ENTITY))),
         ("smime-signed",)),
    ],
)  # fmt: skip
def test_smime_that_needs_no_key_is_read_in_its_place(
    data: bytes, security: tuple[str, ...]
) -> None:
    mail = _mail(PKCS7, base64.encodebytes(data))
    assert (mail.body.strip(), mail.parts, mail.notes) == ("signed words", (), ())
    assert mail.fields.security == security


def test_smime_that_is_encrypted_is_an_exception_with_its_header() -> None:
    mail = _mail(PKCS7, base64.encodebytes(ENVELOPED))
    assert _notes(mail) == [("exception", Code.ENCRYPTED)]
    assert (mail.fields.subject, mail.fields.security) == ("s", ("smime-encrypted",))
    assert (mail.body, [each.data for each in mail.parts]) == ("", [ENVELOPED])


def test_what_is_encrypted_beside_other_text_is_a_document() -> None:
    sealed = _part("Content-Type: application/pkcs7-mime; name=smime.p7m", ENVELOPED)
    mail = _multipart("mixed", sealed, "--q\n\na footer")
    assert _notes(mail) == [("warning", Code.ENCRYPTED)]
    assert [(each.name, each.data) for each in mail.parts] == [("smime.p7m", ENVELOPED)]
    assert mail.body == "a footer"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not CMS at all",
        _signed_data(None),
        _signed_data(SIGNED_ENTITY)[:40],
        _compressed(SIGNED_ENTITY)[:-20],
        b"\x30\x80" + bytes.fromhex("06092a864886f70d010702") + b"\x30\x80" * 5000,
    ],
)
def test_envelopes_that_cannot_be_opened_stay_attachments(data: bytes) -> None:
    mail = _mail(PKCS7, base64.encodebytes(data))
    assert [each.data for each in mail.parts] == [data]
    assert not [each for each in mail.notes if each.severity == "exception"]


def test_a_bomb_in_an_envelope_is_not_unpacked() -> None:
    bomb = _compressed(b"\0" * (200 << 20))
    mail = _mail(PKCS7, base64.encodebytes(bomb))
    assert [each.data for each in mail.parts] == [bomb]
    assert _notes(mail) == [("warning", Code.PARTIAL)]


@pytest.mark.parametrize(
    ("kind", "signature", "security", "documents"),
    [
        ("pkcs7-signature", _signed_data(None), "smime-signed", 0),
        ("pgp-signature", b"-----BEGIN PGP SIGNATURE-----\n\nx", "pgp-signed", 0),
        ("pkcs7-signature", b"%PDF-1.4 no signature", "smime-signed", 1),
        ("pgp-signature", b"words in a signature's place", "pgp-signed", 1),
    ],
)
def test_a_signature_is_no_document_but_what_only_says_so_is(
    kind: str, signature: bytes, security: str, documents: int
) -> None:
    beside = _part(f"Content-Type: application/{kind}; name=s", signature)
    mail = _multipart("signed", "--q\n\nsigned words", beside)
    assert (mail.body, mail.fields.security) == ("signed words", (security,))
    assert [each.data for each in mail.parts] == [signature] * documents


ARMOR = "-----BEGIN PGP MESSAGE-----\n\nhQEM\n-----END PGP MESSAGE-----"


def test_pgp_in_two_parts() -> None:
    version = "--q\nContent-Type: application/pgp-encrypted\n\nVersion: 1"
    sealed = f"--q\nContent-Type: application/octet-stream; name=encrypted.asc\n\n{ARMOR}"
    mail = _multipart("encrypted", version, sealed)
    assert _notes(mail) == [("exception", Code.ENCRYPTED)]
    assert [each.data for each in mail.parts] == [ARMOR.encode()]
    assert mail.fields.security == ("pgp-encrypted",)
    other = _multipart("encrypted", version.replace("Version: 1", "words to find"), sealed)
    assert other.parts[0].data == b"words to find"
    assert _notes(other) == [("warning", Code.ENCRYPTED)]


def test_pgp_in_the_text() -> None:
    whole = _mail(b"", f"\n{ARMOR}\n".encode())
    assert _notes(whole) == [("exception", Code.ENCRYPTED)]
    assert whole.fields.security == ("pgp-encrypted",)
    beside = _mail(b"", f"As I said:\n{ARMOR}\n".encode())
    assert _notes(beside) == [("warning", Code.ENCRYPTED)]
    clear = _mail(b"", b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nwords\n")
    assert (clear.fields.security, clear.notes) == (("pgp-signed",), ())
    quoted = _mail(b"", b"> -----BEGIN PGP MESSAGE-----\n> x")
    assert quoted.fields.security == ()


def test_pictures_are_attachments_where_the_case_says_so() -> None:
    html = "--q\nContent-Type: text/html\n\n<img src=cid:one>"
    picture = _part("Content-Type: image/png; name=a.png\nContent-ID: <one>", b"\x89PNG\r\n\x1a\n")
    text = "\n".join([html, picture, "--q--"]).encode()
    data = HEAD + b"Content-Type: multipart/related; boundary=q\n\n" + text
    assert [each.role for each in parse_message(data).parts] == [Role.INLINE]
    mail = parse_message(data, inline=False)
    assert [each.role for each in mail.parts] == [Role.ATTACHMENT]
    assert mail.fields.attachment_names == ("a.png",)


class _NotTnefError(Exception):
    pass


def _tnef(data: bytes) -> ParsedMail:
    if b"broken" in data:
        raise _NotTnefError
    part = MailPart("true.doc", b"true.doc", Role.ATTACHMENT, "application/msword", "", b"inside")
    fields = Fields(kind="meeting", location="Room 4", subject="not this")
    return ParsedMail(fields, "TNEF words", "<p>TNEF words", (), (part,), ())


@pytest.fixture
def _opener(monkeypatch: pytest.MonkeyPatch) -> None:
    outlook, tnef = types.ModuleType("ingest.outlook"), types.ModuleType("ingest.tnef")
    outlook.opened_tnef = _tnef  # type: ignore[attr-defined]
    tnef.NotTnefError = _NotTnefError  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ingest.outlook", outlook)
    monkeypatch.setitem(sys.modules, "ingest.tnef", tnef)


TNEF = b"\x78\x9f\x3e\x22"


@pytest.mark.usefixtures("_opener")
def test_what_a_winmail_holds_stands_in_its_place() -> None:
    winmail = _part("Content-Type: application/ms-tnef; name=winmail.dat", TNEF + b" whole")
    mail = _multipart("mixed", "--q\n\n", winmail)
    assert (mail.body, mail.html) == ("TNEF words", "<p>TNEF words")
    assert [(each.name, each.data) for each in mail.parts] == [("true.doc", b"inside")]
    assert mail.fields.attachment_names == ("true.doc",)
    assert (mail.fields.kind, mail.fields.location) == ("meeting", "Room 4")
    assert mail.fields.subject == "s"
    assert _notes(mail) == [("warning", Code.TNEF_OPENED)]
    assert _multipart("mixed", "--q\n\nown words", winmail).body == "own words"


@pytest.mark.usefixtures("_opener")
def test_a_winmail_that_cannot_be_read_stays_one() -> None:
    data = TNEF + b" broken"
    mail = _multipart("mixed", _part("Content-Type: application/ms-tnef; name=winmail.dat", data))
    assert [(each.name, each.data) for each in mail.parts] == [("winmail.dat", data)]
    assert mail.notes == ()


def _emlx(message: bytes, flags: int, size: int | None = None) -> bytes:
    told = plistlib.dumps({"flags": flags, "date-received": 1_000_000_000, "remote-id": "7"})
    return b"%-10d\n" % (len(message) if size is None else size) + message + told


def test_a_file_of_apple_mail() -> None:
    message = HEAD + b"\nwords\n"
    mail = parse_message(_emlx(message, 0b10101))
    assert (mail.body, mail.notes) == ("words\n", ())
    assert (mail.fields.is_read, mail.fields.flags) == (True, ("answered", "flagged"))
    assert mail.fields.received_at == "2001-09-09T01:46:40Z"
    assert mail.raw == {"emlx": {"flags": 21, "date-received": 1_000_000_000, "remote-id": "7"}}
    assert mail.fields.subject == "s"


@pytest.mark.parametrize(("size", "body"), [(5, "words\n"), (10**9, "words\n")])
def test_a_size_that_is_wrong_loses_no_word(size: int, body: str) -> None:
    mail = parse_message(_emlx(HEAD + b"\nwords\n", 1, size))
    assert (mail.body, mail.fields.is_read) == (body, True)
    assert _notes(mail) == [("warning", Code.MALFORMED_MAIL)]


def test_what_follows_a_message_of_apple_mail_is_read_if_it_is_no_list() -> None:
    mail = parse_message(b"11\nSubject: x\n\nwords and more")
    assert mail.body == "words and more"
    assert _notes(mail) == [("warning", Code.MALFORMED_MAIL)]


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        (b"home/Maildir/cur/1000000000.M1P2.host:2,RS",
         Fields(folder="INBOX", is_read=True, flags=("answered",))),
        (b"home/Maildir/.Deals.2001/cur/1000000000.1.host:2,FPT",
         Fields(folder="Deals/2001", is_read=False, flags=("flagged", "forwarded", "trashed"))),
        (b"home/Maildir/.Caf&AOk-s &- co/new/1000000000.1.host",
         Fields(folder="Cafés & co", is_read=False)),
        (b"cur/1000000000.1.host:2,D", Fields(folder="INBOX", is_read=False, is_draft=True)),
        (b"mail/Sent/cur/anything;2,S", Fields(folder="Sent", is_read=True)),
        (b"mail/Sent/cur/letter.eml", None),
        (b"mail/Sent/tmp/1000000000.1.host", None),
        (b"1000000000.1.host:2,S", None),
    ],
)  # fmt: skip
def test_the_path_of_a_maildir(path: bytes, fields: Fields | None) -> None:
    assert maildir_facts(path) == fields


def _uu(data: bytes, name: str = "a file.bin", blank: bytes = b"`") -> bytes:
    lines = [b2a_uu(data[at : at + 45], backtick=True) for at in range(0, len(data), 45)]
    return b"begin 644 %s\n" % name.encode() + b"".join(lines) + blank + b"\nend\n"


@given(st.binary(min_size=1, max_size=300), st.sampled_from([b"\n", b"\r\n"]))
def test_uuencoded_files_come_out_exactly(data: bytes, end: bytes) -> None:
    text = (b"before\n" + _uu(data) + b"between\n" + _uu(data, "b") + b"after\n").replace(
        b"\n", end
    )
    found = extract(text)
    assert found.files == [(b"a file.bin", data), (b"b", data)]
    assert found.text == b"before\nbetween\nafter\n".replace(b"\n", end)


@pytest.mark.parametrize(
    "text",
    [
        b"begin 644 a\nwords that are no such thing\nend\n",
        _uu(b"x" * 100)[:-5],
        b"begin 644 a\n#0V%T\nend of it\nwords\n",
        b"begin the beguine\n",
    ],
)
def test_what_is_no_file_stays_text(text: bytes) -> None:
    found = extract(text)
    assert (found.text, found.files) == (text, [])


def _yenc(data: bytes, name: str, more: str = "", size: int | None = None) -> bytes:
    out = b""
    for each in data:
        value = (each + 42) & 255
        out += bytes((61, (value + 64) & 255)) if value in b"\0\n\r=" else bytes((value,))
    lines = b"".join(out[at : at + 128] + b"\r\n" for at in range(0, len(out), 128))
    size = len(data) if size is None else size
    head = f"=ybegin line=128 size={size} name={name}\r\n{more}".encode()
    return head + lines + b"=yend size=%d crc32=%08x\r\n" % (size, zlib.crc32(data))


def test_yenc() -> None:
    data = bytes(range(256)) * 2
    # A line may be cut within an escape, which decoders allow for.
    assert extract(b"text\r\n" + _yenc(data, "a b.bin")).files == [(b"a b.bin", data)]
    assert extract(_yenc(data, "x", size=5)).files == []
    part = _yenc(data, "x", "=ypart begin=1 end=512\r\n")
    assert extract(part).faults == ["one part only of the yEnc file b'x'"]


def test_files_in_a_text_become_attachments_and_the_text_stays() -> None:
    mail = _mail(b"", b"see below\n" + _uu(b"%PDF-1.4 x", "a.pdf") + b"bye\n")
    assert mail.body == "see below\nbye\n"
    assert [(each.name, each.data) for each in mail.parts] == [("a.pdf", b"%PDF-1.4 x")]
    assert mail.fields.attachment_names == ("a.pdf",)


def test_a_piece_of_a_message_says_so() -> None:
    mail = _mail(b"Content-Type: message/partial; id=x; number=2; total=3\n", b"words")
    assert [(each.name, each.data) for each in mail.parts] == [("piece-2-of-3.txt", b"words")]
    assert _notes(mail) == [("warning", Code.PARTIAL)]


def test_a_part_that_lies_elsewhere_is_told_and_not_fetched() -> None:
    kind = "Content-Type: message/external-body; access-type=URL; URL=http://x.example/a.pdf"
    mail = _multipart("mixed", f"--q\n{kind}\n\nContent-Type: application/pdf\n")
    assert "http://x.example/a.pdf" in mail.body
    assert (mail.parts, _notes(mail)) == ((), [("warning", Code.PARTIAL)])


def _applefile(magic: int, *entries: tuple[int, bytes]) -> bytes:
    at = 26 + 12 * len(entries)
    head = struct.pack(">II16xH", magic, 0x00020000, len(entries))
    body = b""
    for kind, data in entries:
        head += struct.pack(">III", kind, at + len(body), len(data))
        body += data
    return head + body


def test_of_a_macintosh_file_in_two_parts_the_data_is_the_document() -> None:
    double = _applefile(0x00051607, (2, b"resources"), (3, b"r\x8esum\x8e"))
    header = _part("Content-Type: application/applefile", double)
    data = _part("Content-Type: application/msword; name=a.doc", b"the words")
    mail = _multipart("appledouble", header, data)
    assert [(each.name, each.data) for each in mail.parts] == [("a.doc", b"the words")]
    assert [(each.code, "9 bytes" in each.message) for each in mail.notes] == [(Code.PARTIAL, True)]
    without = _part("Content-Type: application/applefile", _applefile(0x00051607, (9, b"finder")))
    assert _multipart("appledouble", without, data).notes == ()


def test_of_a_macintosh_file_in_one_part_the_data_is_the_document() -> None:
    single = _applefile(0x00051600, (1, b"the words"), (3, b"r\x8esum\x8e"))
    mail = _multipart("mixed", _part("Content-Type: application/applefile", single))
    assert [(each.name, each.data) for each in mail.parts] == [("résumé", b"the words")]
    broken = single[:-3]
    mail = _multipart("mixed", _part("Content-Type: application/applefile; name=a", broken))
    assert [(each.name, each.data) for each in mail.parts] == [("a", broken)]


HQX = "!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr"
BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def _binhex(name: bytes, data: bytes, resource: bytes = b"") -> bytes:
    head = (
        bytes((len(name),))
        + name
        + b"\0"
        + b"TEXTttxt\0\0"
        + struct.pack(">II", len(data), len(resource))
    )
    raw = b"".join(each + struct.pack(">H", crc_hqx(each, 0)) for each in (head, data, resource))
    packed = re.sub(
        rb"\x90|([^\x90])\1{3,254}",
        lambda run: run[1] + b"\x90" + bytes((len(run[0]),)) if run[1] else b"\x90\0",
        raw,
    )
    text = base64.b64encode(packed).decode().rstrip("=").translate(str.maketrans(BASE64, HQX))
    lines = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    return f"(This file must be converted with BinHex 4.0)\n\n:{lines}:\n".encode()


@given(st.binary(max_size=200), st.integers(0, 300))
def test_binhex(data: bytes, run: int) -> None:
    wanted = data + b"y" * run
    text = _binhex(b"note", wanted).decode()
    mail = _multipart("mixed", f"--q\nContent-Type: application/mac-binhex40\n\n{text}")
    assert [(each.name, each.data) for each in mail.parts] == [("note", wanted)]


def test_binhex_that_is_damaged_stays_as_it_is() -> None:
    good = _binhex(b"note", b"words" * 50, b"res").decode()
    bad = good.replace(good[150:160], "!!!!!!!!!!")
    kind = "--q\nContent-Type: application/mac-binhex40; name=a.hqx\n\n"
    for text in (bad, good[:100], good[:150] + "\x7f" + good[150:]):
        (part,) = _multipart("mixed", kind + text).parts
        assert part.name == "a.hqx"
        assert part.data.startswith(b"(This")


STARTS = [
    b"",
    b"begin 644 a\n",
    b"=ybegin name=x\n",
    b"\x00\x05\x16\x00",
    b"0\x80",
    b"--q\n\n",
    b"(This file must be converted with BinHex 4.0)\n:",
    b"BEGIN:VCALENDAR\n",
]
KINDS = [
    b"application/pkcs7-mime",
    b"application/ms-tnef",
    b"application/applefile",
    b"application/mac-binhex40",
    b"multipart/signed; boundary=q",
    b"multipart/encrypted; boundary=q",
    b"multipart/appledouble; boundary=q",
    b"text/calendar; method=x",
    b"message/external-body",
    b"message/partial",
    b"text/plain",
]


@given(st.binary(max_size=200), st.sampled_from(KINDS), st.sampled_from(STARTS))
def test_whatever_the_bytes_no_word_is_lost(data: bytes, kind: bytes, start: bytes) -> None:
    mail = parse_message(
        b"Subject: s\nContent-Type: " + kind + b"\n\n" + start + data + b"\nlastword"
    )
    everything = mail.body.encode() + b"".join(each.data for each in mail.parts)
    assert b"lastword" in everything
    assert mail.fields.subject == "s"


class TestCorpus:
    pytestmark = in_corpus

    def test_what_the_torture_set_holds(self) -> None:
        kinds: dict[str, int] = {}
        security: dict[str, list[str]] = {}
        for path in sorted(each for each in EML.rglob("*") if each.is_file()):
            fields = parse_message(path.read_bytes()).fields
            kinds[fields.kind] = kinds.get(fields.kind, 0) + 1
            for each in fields.security:
                security.setdefault(each, []).append(path.relative_to(EML).as_posix())
        assert kinds == {"mail": 328, "meeting": 1, "report": 13}
        assert security == {
            "pgp-signed": [
                "cpython/msg_45.eml",
                "imap_tools/sig_only_email.eml",
                "mikel-mail/sig_only_email.eml",
                "mimekit/[Announce] GnuPG 2.1.20 released.eml",
            ],
            "smime-signed": [
                "imap_tools/raw_email_with_nested_attachment.eml",
                "mikel-mail/raw_email_with_nested_attachment.eml",
            ],
        }

    def test_the_file_of_apple_mail(self) -> None:
        mail = parse_message((CORPUS / "mail" / "other" / "testEMLX.emlx").read_bytes())
        assert sorted(mail.raw["emlx"]) == ["flags", "sender", "subject", "to"]
        assert (mail.fields.is_read, mail.fields.flags, mail.notes) == (False, (), ())
        assert mail.body.rstrip()[-1:] != ">"  # the property list is no text
