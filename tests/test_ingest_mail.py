"""Messages taken apart: fields, text, parts, and what is wrong with them."""

import base64
import hashlib
import re
import tarfile
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.identity import mail_hash
from ingest.interface import ParsedMail
from ingest.mail import parse_message
from ingest.mime import parse
from records.codes import Code, Role
from records.fields import Address

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"
in_corpus = [
    pytest.mark.corpus,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared/corpus is not there"),
]
HEAD = b"From: ann@a.example\nDate: Mon, 14 May 2001 16:39:00 -0700 (PDT)\nMIME-Version: 1.0\n"
MIXED = HEAD + b'Content-Type: multipart/mixed; boundary="=_b"\n\n'


def _codes(mail: ParsedMail) -> list[Code]:
    return [each.code for each in mail.notes]


def test_a_plain_message_in_full() -> None:
    mail = parse_message(
        b"From: =?iso-8859-1?q?J=F6rg?= <Joerg@A.example>\r\n"
        b"To: bob@b.example,\r\n\t\"Lee, Ann\" <ann@a.example>\r\n"
        b"Cc: team: c@c.example;\r\n"
        b"Subject: =?utf-8?B?TWF5?= =?utf-8?B?IGRlYWw=?=\r\n  and more\r\n"
        b"Date: Mon, 14 May 2001 16:39:00 -0700 (PDT)\r\n"
        b"Received: from x by y; Mon, 14 May 2001 23:40:01 GMT\r\n"
        b"Message-ID: <1@a.example>\r\n"
        b"In-Reply-To: <0@a.example>\r\n"
        b"References: <a@a.example>\r\n <0@a.example> <a@a.example>\r\n"
        b"Thread-Index: AcA\r\n X1\r\n"
        b"X-Priority: 1 (Highest)\r\n"
        b"\r\n"
        b"Line one\r\nline two\r\n"
    )  # fmt: skip
    fields = mail.fields
    assert fields.sender == (Address("Jörg", "joerg@a.example"),)
    assert fields.to == (Address("", "bob@b.example"), Address("Lee, Ann", "ann@a.example"))
    assert fields.cc == (Address("", "c@c.example"),)
    assert fields.subject == "May deal and more"
    assert (fields.sent_at, fields.sent_offset) == ("2001-05-14T23:39:00Z", -420)
    assert fields.received_at == "2001-05-14T23:40:01Z"
    assert (fields.message_id, fields.in_reply_to) == ("<1@a.example>", "<0@a.example>")
    assert fields.references == ("<a@a.example>", "<0@a.example>")
    assert (fields.conversation_index, fields.importance) == ("AcAX1", "high")
    assert mail.body == "Line one\nline two\n"
    assert (mail.html, mail.parts, mail.notes) == (None, (), ())
    assert mail.headers[6] == ("Message-ID", "<1@a.example>")


def test_every_inline_text_is_searched_and_attachments_are_named() -> None:
    mail = parse_message(
        MIXED + b"--=_b\n\nfirst\n"
        b"--=_b\nContent-Type: application/pdf; name=\"=?utf-8?q?r=C3=A9sum=C3=A9.pdf?=\"\n"
        b"Content-Transfer-Encoding: base64\n\nJVBERi0=\n"
        b"--=_b\nContent-Type: text/html; charset=iso-8859-1\n\n<p>caf\xe9<br>second\n"
        b"--=_b\nContent-Type: text/plain\nContent-Disposition: attachment;\n"
        b" filename*0*=utf-8''%e4%b8; filename*1*=%ad.txt\n\nattached\n"
        b"--=_b\nContent-Type: application/octet-stream\n\nraw\n"
        b"--=_b--\n"
    )  # fmt: skip
    assert mail.body == "first\ncafé\nsecond"
    assert mail.html == "<p>café<br>second"
    assert [(each.name, each.role, each.data) for each in mail.parts] == [
        ("résumé.pdf", Role.ATTACHMENT, b"%PDF-"),
        ("中.txt", Role.ATTACHMENT, b"attached"),
        ("unnamed-3", Role.ATTACHMENT, b"raw"),
    ]
    assert mail.fields.attachment_names == ("résumé.pdf", "中.txt", "unnamed-3")
    assert mail.notes == ()


def test_of_alternatives_the_plain_one_unless_it_is_a_stub() -> None:
    def alternatives(plain: bytes) -> str:
        return parse_message(
            HEAD + b"Content-Type: multipart/alternative; boundary=q\n\n--q\n\n" + plain
            + b"\n--q\nContent-Type: text/html\n\n<b>The whole agreement stands here</b>\n--q--\n"
        ).body  # fmt: skip

    assert alternatives(b"The whole agreement stands here") == "The whole agreement stands here"
    assert "agreement" in alternatives(b"No HTML shown")


PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()


def _related(html: str, *parts: tuple[str, str, str, str]) -> ParsedMail:
    """A mail of HTML with parts: declared type, name, Content-ID and base64."""
    text = "Content-Type: multipart/related; boundary=q\n\n"
    text += f"--q\nContent-Type: text/html\n\n{html}\n"
    for kind, name, content_id, data in parts:
        text += f"--q\nContent-Type: {kind}; name={name}\nContent-ID: <{content_id}>\n"
        text += f"Content-Transfer-Encoding: base64\n\n{data}\n"
    return parse_message(HEAD + f"{text}--q--\n".encode())


def test_pictures_shown_by_the_html_are_inline() -> None:
    mail = _related(
        "<img src='cid:one@A'>text",
        ("image/png", "a.png", "one@A", PNG),
        ("image/png", "b.png", "two@a", PNG),
    )
    assert [(each.name, each.role, each.content_id) for each in mail.parts] == [
        ("a.png", Role.INLINE, "one@A"),
        ("b.png", Role.ATTACHMENT, "two@a"),
    ]
    assert mail.fields.attachment_names == ("b.png",)


@pytest.mark.parametrize(
    ("reference", "kind", "content_id", "data", "role"),
    [
        ("x1", "application/octet-stream", "x1", PNG, Role.INLINE),
        ("a%40b", "image/png", "a@b", PNG, Role.INLINE),
        ("a&amp;b", "image/png", "a&b", PNG, Role.INLINE),
        ("x%20y", "image/png", "x y", PNG, Role.INLINE),
        ("%3Cx1%3E", "image/png", "x1", PNG, Role.INLINE),
        ("X1", "image/png", "x1", PNG, Role.ATTACHMENT),
        ("x1", "image/png", "x1", base64.b64encode(b"%PDF-1.7 advice").decode(), Role.ATTACHMENT),
        ("x1", "image/png", "x1", "", Role.ATTACHMENT),
    ],
)
def test_inline_is_what_is_a_picture_and_referred_to(
    reference: str, kind: str, content_id: str, data: str, role: Role
) -> None:
    mail = _related(f'<img src="cid:{reference}">', (kind, "advice.png", content_id, data))
    assert [each.role for each in mail.parts] == [role]


def test_of_two_pictures_under_one_id_only_the_first_is_shown() -> None:
    part = ("image/png", "a.png", "x1", PNG)
    mail = _related("<img src=cid:x1><img src=cid:x1>", part, part)
    assert [each.role for each in mail.parts] == [Role.INLINE, Role.ATTACHMENT]


def test_an_attached_message_keeps_its_bytes_exactly() -> None:
    inner = b"Subject:   odd   spacing\r\nX-Folded: a\r\n\t b\n\n--=_b-not\nbody \x00\xff\r\n\r\n"
    mail = parse_message(
        MIXED + b"--=_b\n\nsee below\n--=_b\nContent-Type: message/rfc822\n\n" + inner
        + b"\r\n--=_b\nContent-Type: message/rfc822; name=\"named.eml\"\n\nSubject: x\n\n--=_b--\n"
    )  # fmt: skip
    assert [each.name for each in mail.parts] == ["attached-message-1.eml", "named.eml"]
    assert mail.parts[0].data == inner
    assert mail.body == "see below"


@pytest.mark.parametrize(
    ("date", "at", "offset", "codes"),
    [
        (b"Tue, 1 Jan 2002 00:00:00 +0530", "2001-12-31T18:30:00Z", 330, []),
        (b"1 Jan 02 00:00 GMT", "2002-01-01T00:00:00Z", 0, []),
        (b"Tue, 01 Jan 2002 10:00:60 -0500", "2002-01-01T15:00:59Z", -300, []),
        (b"Tue, 01 Jan 2002 10:00:00 +02:00", "2002-01-01T08:00:00Z", 120, []),
        (b"Tue, 01 Jan 2002 10:00:00", "2002-01-01T10:00:00Z", 0, [Code.WEAK_DATE]),
        (b"Tue, 01 Jan 2002 10:00:00 XYZT", "2002-01-01T10:00:00Z", 0, [Code.WEAK_DATE]),
        (b"Tue, 32 Jan 2002 10:00:00 +0000", None, None, [Code.WEAK_DATE]),
        (b"yesterday", None, None, [Code.WEAK_DATE]),
        (b"", None, None, [Code.WEAK_DATE]),
    ],
)
def test_dates(date: bytes, at: str | None, offset: int | None, codes: list[Code]) -> None:
    mail = parse_message(b"From: a@a.example\nDate: " + date + b"\n\nx")
    assert (mail.fields.sent_at, mail.fields.sent_offset) == (at, offset)
    assert _codes(mail) == codes


def test_charsets_that_are_wrong_or_missing_are_guessed_and_noted() -> None:
    mail = parse_message(
        b"From: a@a.example\nSubject: caf\xe9\nContent-Type: text/plain; charset=x-none\n\nna\xefve"
    )
    assert (mail.fields.subject, mail.body) == ("café", "naïve")
    assert _codes(mail) == [Code.CHARSET_GUESSED, Code.CHARSET_GUESSED]


def test_raw_headers_are_read_in_the_charset_of_the_body() -> None:
    word = "Москва".encode("koi8-r")
    mail = parse_message(
        b"Subject: " + word + b"\nContent-Type: text/plain; charset=koi8-r\n\n" + word
    )
    assert mail.fields.subject == mail.body == "Москва"


def test_damage_is_survived_and_noted() -> None:
    mail = parse_message(
        MIXED + b"--=_b\nContent-Type: application/x; name=a.bin\n"
        b"Content-Transfer-Encoding: base64\n\n!!SGVs bG8g\n##d29ybGQ=\n"
        b"--=_b\nContent-Type: application/x; name=b.bin\n"
        b"Content-Transfer-Encoding: base64\n\nAAECAwQFB"
    )
    assert [each.data for each in mail.parts] == [b"Hello world", b"\0\1\2\3\4\5"]
    assert set(_codes(mail)) == {Code.MALFORMED_MAIL}
    assert len(mail.notes) == 3


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (b"no header at all, only words", "no header at all, only words"),
        (b"Subject: x\nthis line is none\nFrom: a@a.example\n\nbody", "body\nthis line is none"),
        (b"Subject: x\nbody without an empty line\nmore", "body without an empty line\nmore"),
        (HEAD + b"Content-Type: multipart/mixed\n\n--real\n\nfound\n--real--\n", "found"),
        (HEAD + b"Content-Type: multipart/mixed; boundary=x\n\nno parts here", "no parts here"),
        (MIXED + b"--=_b\n\nin\n--=_b--\nbehind the last part", "in\nbehind the last part"),
    ],
)
def test_text_in_the_wrong_place_is_searched_all_the_same(data: bytes, body: str) -> None:
    mail = parse_message(data)
    assert mail.body == body
    assert Code.MALFORMED_MAIL in _codes(mail)


def test_a_line_of_no_letters_within_a_folded_field_ends_no_header() -> None:
    mail = parse_message(b"To: Mary Smith\n__\n  <mary@m.example>\nSubject: x\n\nbody")
    assert mail.fields.to == (Address("Mary Smith", "mary@m.example"),)
    assert (mail.fields.subject, mail.body) == ("x", "body\n__")
    mail = parse_message(b"Subject: x\nwords\n  more words\nNote: y\n")
    assert mail.body == "words\n  more words\nNote: y\n"


def test_parts_behind_the_closing_boundary_are_parts() -> None:
    """As where an inner multipart has its outer one's boundary, or somebody hides them there."""
    mail = parse_message(
        MIXED + b"--=_b\n\nfirst\n--=_b--\nbetween\n"
        b"--=_b\nContent-Type: application/pdf; name=a.pdf\n\n%PDF-\n--=_b--\nbehind\n"
    )
    assert [(each.name, each.data) for each in mail.parts] == [("a.pdf", b"%PDF-")]
    assert mail.body == "first\nbetween\nbehind"
    assert "Parts behind the closing boundary" in [each.message for each in mail.notes]


@pytest.mark.parametrize(
    ("raw", "name"),
    [("çë.txt".encode(), "çë.txt"), ("çë.txt".encode("latin-1"), "çë.txt")],
)
def test_names_in_raw_8_bit_are_decoded_by_evidence(raw: bytes, name: str) -> None:
    mail = parse_message(
        MIXED + b"--=_b\nContent-Type: application/pdf; name=" + raw + b"\n\n%PDF-\n--=_b--\n"
    )
    assert [(each.name, each.name_bytes) for each in mail.parts] == [(name, raw)]


def test_the_words_for_old_programs_are_no_text() -> None:
    mail = parse_message(
        MIXED + b"This is a multi-part message in MIME format.\n--=_b\n\nx\n--=_b--"
    )
    assert (mail.body, mail.notes) == ("x", ())


def test_encodings_of_parts() -> None:
    def one(encoding: bytes, body: bytes) -> bytes:
        head = b"Content-Disposition: attachment; filename=a\nContent-Transfer-Encoding: "
        return parse_message(head + encoding + b"\n\n" + body).parts[0].data

    assert one(b"Quoted-Printable", b"caf=C3=A9 =\nsame line=20\n") == b"caf\xc3\xa9 same line \n"
    assert one(b"x-uuencode", b"begin 644 a\n#0V%T\n`\nend\n") == b"Cat"
    assert one(b"base64", base64.encodebytes(bytes(range(256)))) == bytes(range(256))
    assert one(b"8bit", b"\x00\xff\r\n") == b"\x00\xff\r\n"


def test_parts_nest_without_end() -> None:
    data = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (each, each)
        for each in range(2000)
    )
    mail = parse_message(data + b"\ninnermost")
    assert Code.MALFORMED_MAIL in _codes(mail)
    assert b"innermost" in mail.parts[0].data


@pytest.mark.parametrize(
    "header",
    [
        b'Content-Type: a/b; x="' + b";" * 500_000,
        b"Content-Type: multipart/mixed; boundary=" + b"-" * 500_000,
        b"Subject: " + b"=?utf-8?q?x?= " * 40_000,
        b"References: " + b"<" * 500_000,
        b"Date: " + b"1 " * 250_000,
        b"X" * 500_000,
        b"\n ".join([b"X: y"] * 100_000),
    ],
)
def test_no_header_takes_long(header: bytes) -> None:
    start = time.monotonic()
    parse_message(header + b"\n\nbody")
    assert time.monotonic() - start < 5


@given(st.lists(st.sampled_from(
    [b"From: a@a", b"Content-Type: multipart/mixed; boundary=q", b"--q", b"--q--", b"", b" x",
     b"Content-Type: message/rfc822", b"Content-Transfer-Encoding: base64", b"AAAA=", b"\xff\x00",
     b"Subject: =?utf-8?b?gA==?=", b"Date: 99 Foo", b"Content-Type: text/html; charset=utf-7",
     b"<b>+2AA-</b>", b"Content-Disposition: attachment; filename*=x'y'%ff%"]), max_size=25),
    st.sampled_from([b"\n", b"\r\n", b"\r"]),
)  # fmt: skip
def test_whatever_the_bytes_something_comes_out(lines: list[bytes], end: bytes) -> None:
    mail = parse_message(end.join(lines))
    mail.body.encode()
    mail.fields.subject.encode()
    assert all(each.name for each in mail.parts)


class TestCorpus:
    pytestmark = in_corpus

    def test_hostile_messages(self) -> None:
        folder = CORPUS / "adversarial"
        read = {path.name: parse_message(path.read_bytes()) for path in folder.glob("eml_*.eml")}
        assert len(read["eml_1500_parts.eml"].parts) == 1500
        assert len(read["eml_header_1MB.eml"].fields.to) == 40_000
        part = read["eml_bad_base64.eml"].parts[0]
        assert (part.name, part.data) == ("../../etc/evil.txt", b"Hello world")
        unclosed = read["eml_no_closing_boundary.eml"]
        assert [(each.name, each.data) for each in unclosed.parts] == [("x.bin", bytes(range(6)))]
        assert _codes(unclosed) == [Code.MALFORMED_MAIL]
        nul = read["eml_nul_and_8bit.eml"]
        assert nul.fields.message_id == "<nul-s@example.com>"
        assert "\0" not in nul.body + nul.fields.subject

    def test_sixty_messages_in_one_another(self) -> None:
        data = (CORPUS / "adversarial" / "eml_nested_60.eml").read_bytes()
        levels = 0
        while parts := parse_message(data).parts:
            data, levels = parts[0].data, levels + 1
        assert levels == 60
        assert "THE-INNERMOST-TEXT-60" in parse_message(data).body

    def test_every_message_of_the_torture_set_comes_out(self) -> None:
        paths = [each for each in (CORPUS / "mail" / "eml").rglob("*") if each.is_file()]
        start = time.monotonic()
        for path in paths:
            mail = parse_message(path.read_bytes())
            assert mail.fields.to_json() is not None
        assert len(paths) == 342
        assert time.monotonic() - start < 20

    def test_the_hash_finds_as_many_unique_messages_as_another_tool(self) -> None:
        """The corpus's count is by date, subject, sender and body; ours comes to the same."""
        seen: Counter[str] = Counter()
        with tarfile.open(CORPUS / "matter-enron" / "lay-k.maildir.tar.gz") as archive:
            for member in archive:
                file = archive.extractfile(member)
                if file is None:
                    continue
                mail = parse_message(file.read())
                sums = [hashlib.sha256(each.data).hexdigest() for each in mail.parts]
                seen[mail_hash(mail.fields, mail.body, sums)[0]] += 1
        assert (seen.total(), len(seen)) == (5937, 3651)


_PIECES = (b"--q", b"--q--", b"--", b"-", b"q", b"\r", b"\n", b"\r\n", b" ", b"x")


@given(st.lists(st.sampled_from(_PIECES), max_size=14).map(b"".join))
def test_delimiters_stand_at_the_start_of_a_line(body: bytes) -> None:
    """As RFC 2046 section 5.1.1 has it: a line end, two hyphens, the boundary, blanks."""
    lines = re.finditer(rb"(?:\A|\r\n|\n|\r)--q(--)?[ \t]*(?=\r\n|\n|\r|\Z)", body)
    delimiters = list(lines)
    opened = [each for each in delimiters if not each[1]]
    root = parse(b"Content-Type: multipart/mixed; boundary=q\n\n" + body)
    if not opened:
        assert root.faults[0] in (
            "a multipart without parts",
            "its boundary is not the one declared",
        )
    else:
        assert len(root.children) == len(opened)
        assert root.strays[0] == body[: delimiters[0].start()]
        (first, *_) = (n for n, each in enumerate(delimiters) if not each[1])
        end = delimiters[first + 1].start() if first + 1 < len(delimiters) else len(body)
        part = body[delimiters[first].end() : end]
        part = part.removeprefix(b"\r\n") if part.startswith(b"\r\n") else part[1:]
        assert part.endswith(root.children[0].body)
