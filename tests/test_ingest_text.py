"""Bytes to text: marks, declarations that hold and that do not, wide text without a mark."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.text import decode_text, is_guess, known_charset, looks_like_text


@pytest.mark.parametrize(
    ("data", "declared", "text", "charset"),
    [
        (b"\xef\xbb\xbfna\xc3\xafve", None, "naïve", "utf-8"),
        ("Wärme".encode("utf-16"), None, "Wärme", "utf-16-le"),
        ("plain words".encode("utf-16-le"), None, "plain words", "utf-16-le"),
        ("plain words".encode("utf-16-be"), None, "plain words", "utf-16-be"),
        (b"na\xc3\xafve", None, "naïve", "utf-8"),
        (b"na\xefve", None, "naïve", "cp1252"),
        (b"na\xefve", "us-ascii", "naïve", "cp1252"),
        (b"\x93quoted\x94", "iso-8859-1", "“quoted”", "iso-8859-1"),
        (b"\x81\x8d\x8f\x90\x9d", "iso-8859-1", "\x81\x8d\x8f\x90\x9d", "iso-8859-1"),
        ("Москва".encode("koi8-r"), "KOI8-R", "Москва", "koi8-r"),
        ("東京".encode("iso-2022-jp"), "ISO-2022-JP", "東京", "iso-2022-jp"),
        ("①".encode("cp932"), "Shift_JIS", "①", "shift_jis"),
        (b"words", "no-such-charset", "words", "utf-8"),
        (b"words", "rot13", "words", "utf-8"),
        (b"\\x41", "unicode_escape", "\\x41", "utf-8"),
        (b"", None, "", "utf-8"),
    ],
)
def test_each_way_of_decoding(data: bytes, declared: str | None, text: str, charset: str) -> None:
    assert decode_text(data, declared) == (text, charset)


@given(st.binary(max_size=300), st.sampled_from([None, "utf-7", "utf-16", "big5", "hz", "x\0y"]))
def test_never_raises_and_gives_what_can_be_stored(data: bytes, declared: str | None) -> None:
    text, _ = decode_text(data, declared)
    assert text.encode().decode() == text


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff"), max_size=200))
def test_utf8_comes_back_as_it_was(text: str) -> None:
    assert decode_text(text.encode(), "utf-8")[0] == text


def test_a_guess_is_one_that_differs_from_the_declaration() -> None:
    assert not is_guess("UTF-8", "utf-8")
    assert not is_guess("utf8", "utf-8")
    assert not is_guess(None, "utf-8")
    assert is_guess("us-ascii", "cp1252")
    assert is_guess("no-such-charset", "utf-8")
    assert is_guess(None, "cp1252")


def test_codecs_that_are_no_charsets_are_unknown() -> None:
    assert known_charset("base64") is None
    assert known_charset("punycode") is None
    assert known_charset("x-sjis") == "cp932"


def test_text_is_told_from_binary() -> None:
    assert looks_like_text(b"a line\r\n\tand one more\x1a")
    assert looks_like_text("breite Zeichen".encode("utf-16-le"))
    assert looks_like_text(b"\xfe\x14DOCID\xfe\x14BEGBATES\xfe")
    assert not looks_like_text(b"\x7fELF\x02\x01\x01\0\0\0")
    assert not looks_like_text(bytes(range(1, 9)) * 20)
