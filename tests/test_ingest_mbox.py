"""Mailboxes: where one message ends and the next begins."""

import gzip
import io
import re
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import mboxwindow
from ingest.mailheads import is_separator, looks_like_mail, looks_like_mbox
from ingest.mbox import messages, plan

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


def test_a_message_past_the_limit_is_told_and_those_after_it_come() -> None:
    small = b"A: 1\n\nx\n"
    box = FROM + small + b"\n" + FROM + b"A: 1\n\n" + b"x\n" * (3 << 20) + FROM + small
    found = list(messages(io.BytesIO(box), limit=150))
    assert [(each.data, each.left_out) for each in found] == [
        (small, 0),
        (b"", 6 + (6 << 20)),
        (small, 0),
    ]
    assert [each.offset for each in found] == [
        0,
        len(FROM + small) + 1,
        len(box) - len(FROM + small),
    ]


def test_a_bare_from_line_wants_an_empty_line_and_a_header() -> None:
    mail = (
        b"From: a@a.example\r\nDate: Mon, 1 Jan 2001 00:00:00 +0000\r\nTo: b@b.example\r\n\r\nx\r\n"
    )
    box = b"From \r\n" + mail + b"\r\n"
    assert _split(box * 3) == [mail] * 3
    assert looks_like_mbox(box)
    assert not looks_like_mbox(b"From \r\nhere on\r\n")
    for text in (b"x\r\nFrom \r\n" + mail, b"\r\nFrom \r\nTo: the point\r\n"):
        assert len(_split(box + text)) == 1


def test_carriage_returns_alone_may_end_lines() -> None:
    mail = b"Subject: x\n\n>From afar\nFrom here on\n"
    box = (FROM + mail + b"\n" + FROM + mail).replace(b"\n", b"\r")
    wanted = mail.replace(b"\n", b"\r").replace(b">", b"")
    assert _split(box) == [wanted, wanted]


def _with_length(body: bytes, length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return FROM + b"Subject: x\nContent-Length: %d\n\n" % size + body


def test_a_content_length_that_leads_to_the_next_message_counts() -> None:
    body = b"see\n\n" + FROM + b"Subject: within\n\n>From afar\n"
    box = _with_length(body) + b"\n" + _with_length(b"two\n\n") + _with_length(b"end")
    found = list(messages(io.BytesIO(box)))
    assert [each.data.partition(b"\n\n")[2] for each in found] == [body, b"two\n\n", b"end"]
    assert [each.passed for each in found] == [True, False, False]


def test_where_nothing_was_left_unquoted_quoting_is_undone_under_a_content_length_too() -> None:
    (found,) = messages(io.BytesIO(_with_length(b">From afar\n")))
    assert found.data.endswith(b"\n\nFrom afar\n")


@pytest.mark.parametrize("wrong", [0, 1, 7, 10, 40, 10**15])
def test_a_content_length_that_leads_nowhere_does_not(wrong: int) -> None:
    box = _with_length(b"one two\n", wrong) + b"\n" + _with_length(b"two\n")
    assert [each.partition(b"\n\n")[2] for each in _split(box)] == [b"one two\n", b"two\n"]


def test_a_plan_keeps_to_what_was_asked() -> None:
    message = FROM + b"A: 1\n\n" + b"x" * 100 + b"\n\n"
    long = FROM + b"A: 1\n\n" + b"y" * 5000 + b"\n\n"
    box = io.BytesIO(b"lead\n" + message * 7 + long + message * 2)
    ranges = plan(box, messages_each=3, bytes_each=1000)
    assert [(each.first, each.count) for each in ranges] == [
        (1, 3),
        (4, 3),
        (7, 2),
        (9, 1),
        (10, 2),
    ]
    assert ranges[0].start == 0
    assert [each.end for each in ranges] == [
        *(each.start for each in ranges[1:]),
        len(box.getvalue()),
    ]
    assert plan(io.BytesIO(b" \n\n")) == plan(io.BytesIO()) == ()


def _by_lines(data: bytes) -> list[tuple[int, bytes]]:
    """The same rules line by line, without buffers: where messages begin, and what they hold."""
    lines = re.findall(rb"[^\n]*\n|[^\n]+", data)
    at = [0]
    for line in lines:
        at.append(at[-1] + len(line))
    first = next((number for number, line in enumerate(lines) if line.strip()), None)
    if first is None:
        return []

    def begins(number: int) -> bool:
        line = lines[number]
        following = lines[number + 1] if number + 1 < len(lines) else b""
        apart = number == first or (
            number >= 2
            and lines[number - 1] in (b"\n", b"\r\n")
            and lines[number - 2][-1:] == b"\n"
        )
        if is_separator(line.rstrip(b"\r\n")):
            is_field = re.match(rb"[!-9;-~]+[ \t]*:|>From ", following) is not None
            return is_field or (following != b"" and not following.strip() and apart)
        rest = b"".join(lines[number + 1 :])
        return line.strip() == b"From" and line[:5] == b"From " and apart and looks_like_mail(
            rest, surely=True
        )  # fmt: skip

    out = []
    number = first if begins(first) else 0
    began = begins(first)
    while number < len(lines):
        body = number + began
        end = next((each for each in range(body, len(lines)) if begins(each)), len(lines))
        content = b"".join(lines[body:end])
        if content.endswith(b"\r\n\r\n"):
            content = content[:-2]
        elif content.endswith(b"\n\n"):
            content = content[:-1]
        if began and (told := _told(data, at, lines, body, begins)) is not None:
            content, end = told
        if not re.search(rb"\nFrom ", content) or not began or told is None:
            content = re.sub(rb"^>(>*From )", rb"\1", content, flags=re.M)
        out.append((at[number], content))
        number, began = end, True
    return out


def _told(
    data: bytes, at: list[int], lines: list[bytes], body: int, begins: Callable[[int], bool]
) -> tuple[bytes, int] | None:
    length = None
    for number in range(body, len(lines)):
        found = re.match(rb"(?i)content-length[ \t]*:[ \t]*(\d{1,15})[ \t]*\r?\n", lines[number])
        length = length if length is not None or not found else int(found[1])
        if number > body and lines[number] in (b"\n", b"\r\n"):
            break
    else:
        return None
    end = at[number + 1] + length if length is not None else len(data) + 1
    for gap in (0, 1, 2):
        if data[end : end + gap] not in (b"", b"\n", b"\r\n") or len(data[end : end + gap]) < gap:
            continue
        if gap == 0 and data[end : end + 2] == b"\r\n":
            continue
        if end + gap == len(data):
            return data[at[body] : end], len(lines)
        if end + gap in at and begins(at.index(end + gap)):
            return data[at[body] : end], at.index(end + gap)
    return None


SEPARATORS = [
    FROM.strip(),
    b"From - Tue Mar 02 09:10:11 2004",
    b"From ???@??? Wed Dec 31 23:59:59 1997",
    b"From 1590000000000000000@xxx Mon Jan 01 00:00:00 +0000 2018",
    b"From ",
]
PIECES = st.sampled_from(
    [
        *SEPARATORS,
        *SEPARATORS[:2],
        b"",
        b"",
        b" ",
        b"words",
        b"From nobody",
        b">From a quote",
        b">>From " + FROM[5:].strip(),
        b"Subject: x",
        b"Date: Mon, 1 Jan 2001 00:00:00 +0000",
        b"From: a@a.example",
        b"Message-ID: <1@a.example>",
        *(b"Content-Length: %d" % size for size in (0, 1, 5, 6, 7, 8, 50, 51, 52, 100)),
    ]
)


@st.composite
def mailboxes(draw: st.DrawFn) -> bytes:
    """Any lines in any order, and messages as the dialects write them."""
    end = draw(st.sampled_from([b"\n", b"\r\n"]))
    out = b""
    for _ in range(draw(st.integers(0, 6))):
        body = b"".join(line + end for line in draw(st.lists(PIECES, max_size=8)))
        if draw(st.booleans()):
            length = draw(st.sampled_from([len(body), len(body) - len(end)]))
            header = b"Subject: x" + end + b"Content-Length: %d" % length + end * 2
            out += draw(st.sampled_from(SEPARATORS[:4])) + end + header + body
        else:
            out += body
        out += draw(st.sampled_from([b"", end]))
    return out + draw(st.sampled_from([b"", b"unended", b"\n\n\n"]))


@settings(max_examples=400)
@given(mailboxes(), st.integers(1, 5), st.integers(1, 300), st.sampled_from([8, 64, 1 << 20]))
def test_ranges_and_the_whole_and_a_simple_reading_come_to_the_same(
    data: bytes, count: int, size: int, chunk: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mboxwindow, "CHUNK", chunk)
        stream = io.BytesIO(data)
        whole = list(messages(stream))
        assert [(each.offset, each.data) for each in whole] == _by_lines(data)
        ranges = plan(stream, messages_each=count, bytes_each=size)
        pieces = [list(messages(stream, each.start, each.end)) for each in ranges]
        assert [each for piece in pieces for each in piece] == whole
        assert [len(piece) for piece in pieces] == [each.count for each in ranges]
        firsts = [1 + sum(each.count for each in ranges[:n]) for n in range(len(ranges))]
        assert [each.first for each in ranges] == firsts


def test_nothing_is_held_while_a_plan_is_made() -> None:
    """A message of 64 MB is passed over with a buffer of a few megabytes."""
    box = io.BytesIO(FROM + b"A: 1\n\n" + b"x\n" * (32 << 20))
    tracemalloc.start()
    try:
        assert len(plan(box)) == 1
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


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
    whole = list(messages(stream))
    assert len(whole) == count
    ranges = plan(stream, messages_each=7, bytes_each=1 << 16)
    assert sum(each.count for each in ranges) == count
    pieces = [piece for each in ranges for piece in messages(stream, each.start, each.end)]
    assert pieces == whole
