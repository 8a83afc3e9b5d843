"""Mailboxes: where one message ends and the next begins."""

import gzip
import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.mailheads import is_separator, looks_like_mbox
from ingest.mbox import MessageTooLargeError, messages

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"
FROM = b"From ann@a.example Mon Jan  1 00:00:00 2001\n"


def _split(data: bytes) -> list[bytes]:
    return [each.data for each in messages(io.BytesIO(data))]


@pytest.mark.parametrize(
    "line",
    [
        b"From ann@a.example Mon Jan  1 00:00:00 2001",
        b"From - Tue Mar 02 09:10:11 2004",
        b"From ???@??? Wed Dec 31 23:59:59 1997",
        b"From ann at a.example  Thu Jul 15 10:00:01 2010",
        b"From ann@a.example Fri, 15 Jul 2011 10:00:01 +0200",
        b"From MAILER-DAEMON Sat Feb  5 04:05 EST 2000",
    ],
)
def test_separators_as_they_are_written(line: bytes) -> None:
    assert is_separator(line)


@pytest.mark.parametrize(
    "line",
    [
        b"From here on it is text",
        b"From Monday on we meet at 10:00",
        b"From: ann@a.example",
        b">From ann@a.example Mon Jan  1 00:00:00 2001",
    ],
)
def test_lines_that_separate_nothing(line: bytes) -> None:
    assert not is_separator(line)


def test_a_body_line_that_begins_like_one_splits_nothing() -> None:
    one = b"Subject: one\n\nFrom here on it is text\nFrom x Mon Jan  1 00:00:00 2001\nmore\n"
    two = b"Subject: two\n\nbye\n"
    assert _split(FROM + one + b"\n" + FROM + two + b"\n") == [one, two]


def test_a_message_without_header_is_one_too() -> None:
    assert _split(FROM + b"\nfirst\n\n" + FROM + b"\nsecond\n") == [b"\nfirst\n", b"\nsecond\n"]


def test_quoting_is_undone_by_one_level() -> None:
    quoted = b"Subject: x\n\n>From afar\n>>From further\n> From a reply\n"
    assert _split(FROM + quoted) == [b"Subject: x\n\nFrom afar\n>From further\n> From a reply\n"]


def test_line_ends_stay_as_they_are() -> None:
    box = FROM.replace(b"\n", b"\r\n") + b"Subject: x\r\n\r\nbody\r\n\r\n"
    assert _split(box + box) == [b"Subject: x\r\n\r\nbody\r\n"] * 2


def test_offsets_are_those_of_the_from_lines() -> None:
    box = FROM + b"A: 1\n\nx\n\n"
    assert [each.offset for each in messages(io.BytesIO(box * 3))] == [0, len(box), 2 * len(box)]


def test_what_stands_before_the_first_message_is_not_lost() -> None:
    assert _split(b"a lead\n" + FROM + b"A: 1\n\nx\n") == [b"a lead\n", b"A: 1\n\nx\n"]
    assert _split(b"\n\n" + FROM + b"A: 1\n\nx\n") == [b"A: 1\n\nx\n"]
    assert _split(b"") == []


def test_a_line_longer_than_a_read_splits_nothing() -> None:
    body = b"Subject: x\n\n" + b"y" * (1 << 20) + FROM + b"Z: 1\n"
    assert _split(FROM + body) == [body]


def test_a_message_past_the_limit_is_refused() -> None:
    with pytest.raises(MessageTooLargeError):
        list(messages(io.BytesIO(FROM + b"A: 1\n\n" + b"x\n" * 100), limit=150))


LINES = st.lists(
    st.sampled_from([b"words", b"", b"From nobody", b">From a quote", FROM.strip(), b"A: b"]),
    max_size=8,
)


@given(st.lists(LINES, min_size=1, max_size=5))
def test_what_mboxrd_writes_is_read_back(bodies: list[list[bytes]]) -> None:
    written = [b"Subject: x\n\n" + b"".join(line + b"\n" for line in body) for body in bodies]
    box = b"".join(
        FROM + re.sub(rb"^(>*From )", rb">\1", each, flags=re.M) + b"\n" for each in written
    )
    assert _split(box) == written


def test_the_head_of_a_mailbox_is_known() -> None:
    assert looks_like_mbox(FROM + b"Subject: x\n")
    assert not looks_like_mbox(b"From here on\nSubject: x\n")
    assert not looks_like_mbox(FROM + b"no header follows\n")


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared/corpus is not there")
@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("mail/mbox/ExampleMbox-thunderbird.mbox", 1),
        ("mail/mbox/complex.mbox", 3),
        ("mail/mbox/headers.mbox", 1),
        ("mail/mbox/linux-s390_2500.mbox.gz", 2500),
        ("mail/mbox/multiline.mbox", 1),
        ("mail/mbox/quoted.mbox", 1),
        ("mail/mbox/simple.mbox", 2),
        ("mail/mbox/usrp-users_attachments.mbox", 151),
        ("adversarial/mbox_unescaped_from.mbox", 2),
    ],
)
def test_the_counts_of_the_corpus(name: str, count: int) -> None:
    path = CORPUS / name
    data = path.read_bytes()
    stream = io.BytesIO(gzip.decompress(data) if name.endswith(".gz") else data)
    assert len(list(messages(stream))) == count
