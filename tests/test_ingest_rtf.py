"""Rich text bodies: unpacked, unwrapped, read; hostile ones too."""

import contextlib
import struct

import compressed_rtf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.rtf import NotRtfError, read_rtf, rtf_body, unpack


def test_the_samples_of_the_specification() -> None:
    """[MS-OXRTFCP] 3.1: a simple text, and one whose reference crosses what it writes."""
    simple = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af3206865"
        "6c090020627705b06c647d0a800fa0"
    )
    assert unpack(simple) == (b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n", ())
    crossing = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
    assert unpack(crossing) == (b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}", ())


@given(st.binary(min_size=1, max_size=6000))
def test_what_another_packs_is_unpacked(text: bytes) -> None:
    assert unpack(compressed_rtf.compress(text)) == (text, ())


def test_uncompressed_and_unpacked_ones() -> None:
    text = b"{\\rtf1 plain}"
    assert unpack(compressed_rtf.compress(text, compressed=False)) == (text, ())
    assert unpack(text) == (text, ("the rich text is not compressed as it should be",))


def test_one_that_is_cut_short_gives_what_there_is() -> None:
    whole = compressed_rtf.compress(b"{\\rtf1 " + bytes(range(65, 91)) * 9 + b"}")
    data, faults = unpack(whole[:40])
    assert data.startswith(b"{\\rtf1 ABC")
    assert faults == ("the rich text is cut short",)


@pytest.mark.parametrize(
    "data", [b"", b"short", struct.pack("<IIII", 12, 9, 0x12345678, 0), b"x" * 40]
)
def test_what_is_no_rich_text_says_so(data: bytes) -> None:
    with pytest.raises(NotRtfError):
        rtf_body(data)


def test_an_empty_one_is_empty() -> None:
    body = rtf_body(struct.pack("<IIII", 12, 0, 0x75465A4C, 0))
    assert (body.html, body.text) == (None, "")


def test_a_bomb_gives_no_more_than_is_allowed() -> None:
    token = struct.pack(">H", (0 << 4) | 15)
    bomb = struct.pack("<IIII", 1 << 20, 1 << 30, 0x75465A4C, 0) + (b"\xff" + token * 8) * 9999
    assert len(unpack(bomb, 1000)[0]) <= 1000


WRAPPED = rb"""{\rtf1\ansi\ansicpg1251\fromhtml1 \deff0
{\fonttbl {\f0\fswiss Arial;}{\f1\fmodern\fcharset161 Courier;}}
{\colortbl\red0\green0\blue0;}
{\*\htmltag19 <html>}\htmlrtf {\htmlrtf0
{\*\htmltag50 <a title="a\{b\}" href="x">\par }\htmlrtf \b bold \htmlrtf0
\'cf\'f0 {\f1 \'e1}\u8364?{\*\htmltag84 &nbsp;}\htmlrtf \'a0\htmlrtf0
{\*\mhtmltag50 <a href="hidden">}{\*\htmltag58 </a>}\par
\htmlrtf }\htmlrtf0 {\*\htmltag27 </html>}}"""


def test_html_is_unwrapped() -> None:
    body = read_rtf(WRAPPED)
    assert body.wraps == "html"
    assert body.faults == ()
    assert body.html == '<html><a title="a{b}" href="x">\nПр α€&nbsp;</a>\n</html>'


def test_text_is_unwrapped() -> None:
    body = read_rtf(rb"{\rtf1\ansi\fromtext \fbidi \deff0{\fonttbl{\f0 A;}}\f0 one\par two\tab x}")
    assert (body.wraps, body.html, body.text) == ("text", None, "one\ntwo\tx")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (rb"{\rtf1\ansi a\line b\'e9 \{c\} \\ \~d\_e}", "a\nb\xe9 {c} \\ \xa0d\xade"),
        (rb"{\rtf1\ansi\ansicpg932 \'93\'fa\'96\'7b}", "\u65e5\u672c"),
        (rb"{\rtf1\ansi\uc2\u26085\'93\'fax}", "\u65e5x"),
        (rb"{\rtf1 \uc1\u-10179?\u-8704?}", "\U0001f600"),
        (rb"{\rtf1 \uc0\u233 e{\uc1\u233?}\u233 e}", "\xe9e\xe9\xe9e"),
        (rb"{\rtf1{\info{\author X}}{\*\unknown hidden}{\pict 0102ff}shown}", "shown"),
        (rb"{\rtf1 a{\v hidden }{\deleted gone }b}", "ahidden gone b"),
        (rb"{\rtf1{\field{\*\fldinst HYPERLINK x}{\fldrslt y}}}", "HYPERLINK xy"),
        (rb"{\rtf1 a\bin5 {}{}{b}", "ab"),
        (rb"{\rtf1{\fonttbl{\f2\fcharset204 A;}}\f2\'cf\plain\'cf}", "П\xcf"),
        (rb"{\rtf1\mac \'8e}", "\xe9"),
        (rb"{\rtf1 \lquote a\rquote\emdash\bullet}", "\u2018a\u2019\u2014\u2022"),
        (rb"{\rtf1 a\cell b\row}", "a\tb\n"),
    ],
)
def test_text_of_rich_text(source: bytes, text: str) -> None:
    body = read_rtf(source)
    assert (body.text, body.wraps) == (text, "")


def test_braces_without_a_partner() -> None:
    assert read_rtf(b"{\\rtf1 a}}} b").text == "a b"
    body = read_rtf(b"{\\rtf1 " + b"{" * 200_000 + b"deep")
    assert body.faults == ("the rich text has braces without a partner",)
    assert body.text == "deep"


@given(st.binary(max_size=300))
def test_no_damage_raises(data: bytes) -> None:
    read_rtf(b"{\\rtf1" + data).text.encode()
    read_rtf(b"{\\rtf1\\fromhtml1" + data)
    with contextlib.suppress(NotRtfError):
        rtf_body(struct.pack("<IIII", len(data) + 12, 500, 0x75465A4C, 0) + data)
