"""Whether a hidden word is found in whatever way it stands in a file, and nothing else is."""

import io
import re
import zipfile
import zlib
from pathlib import Path

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from produce.redaction.leaks import leaks
from produce.redaction.told import hide
from produce.redaction.views import views
from tests.redaction_matter import paper

HIDDEN = hide(
    ["Nightjar", "12,500 pounds", "naïve", "Ямщик", "Соловей", "schöne Kühe"], [["pounds"]]
)


def _found(data: bytes) -> set[str]:
    return {each.word.removesuffix(" (letters apart)") for each in leaks(data, HIDDEN)}


@given(
    st.lists(st.one_of(st.binary(max_size=9), st.sampled_from([b"ab\tc", b"a\0b\0", b"\0x\0y"])))
)
def test_bytes_are_read_as_strings_does(parts: list[bytes]) -> None:
    data = b"\0" + b"".join(parts)  # which is no text
    seen = {each.where: each.text for each in views(data)}
    printed = rb"[\x20-\x7e\t\r\n]"
    assert seen["bytes"] == b"\n".join(re.findall(printed + b"{4,}", data)).decode()
    for encoding, unit in (("utf-16-le", printed + b"\0"), ("utf-16-be", b"\0" + printed)):
        found = re.findall(b"(?:" + unit + b"){4,}", data)
        assert seen[f"bytes {encoding}"] == "\n".join(each.decode(encoding) for each in found)


def _pdf(**changes: object) -> bytes:
    data = io.BytesIO()
    with pikepdf.open(io.BytesIO(paper(["A page"]))) as pdf:
        for name, value in changes.items():
            pdf.Root[f"/{name}"] = value
        pdf.save(data, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return data.getvalue()


def _zip(name: str, content: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return data.getvalue()


def _tiff(told: str) -> bytes:
    data = io.BytesIO()
    tags = ImageFileDirectory_v2()
    tags[270] = told
    Image.new("1", (64, 64), 1).save(data, "TIFF", compression="group4", tiffinfo=tags)
    return data.getvalue()


def _in_fax(told: bytes) -> bytes:
    """A TIFF with letters among the bits of its picture."""
    picture = Image.frombytes("1", (640, 64), bytes(range(256)) * 20)
    data = io.BytesIO()
    picture.save(data, "TIFF", compression="group4")
    made = bytearray(data.getvalue())
    with Image.open(data) as image:
        start = image.tag_v2[273][0]  # type: ignore[attr-defined]  # of TIFF pictures alone
    made[start + 100 : start + 100 + len(told)] = told
    return bytes(made)


_PLAIN = paper(["A page"])
_NIGHTINGALE = "\u0441\u043e\u043b\u043e\u0432\u0435\u0439"


def _orphan(content: bytes) -> bytes:
    """A PDF with a stream that nothing refers to."""
    return _PLAIN + b"\n9 0 obj<<>>stream\n" + zlib.compress(content) + b"\nendstream"


WAYS: dict[str, bytes] = {
    "UTF-8": b"a nightjar.",
    "capitals": b"NIGHTJAR",
    "accents": "about na\u00efve and naive".encode(),
    "without accents": b"naive",
    "another script": "\u044f\u043c\u0449\u0438\u043a".encode(),
    "UTF-16 with its mark": "a nightjar".encode("utf-16"),
    "UTF-16 within bytes": _PLAIN + "a nightjar!".encode("utf-16-le"),
    "UTF-16 the other way": _PLAIN + "a nightjar!".encode("utf-16-be"),
    "cp1252": "a nightjar \u00e9".encode("cp1252"),
    "hexadecimal": b"nightjar".hex().encode(),
    "hexadecimal of UTF-16": "nightjar".encode("utf-16-be").hex().encode(),
    "base64": b"data: TmlnaHRqYXIgaXMgaGVyZQ==",
    "entities": b"<p>n&#105;ghtjar</p>",
    "cut by tags": b"<t>night</t><t>jar</t>",
    "an attribute": b"<a title='nightjar'>x</a>",
    "a comment": b"<p>x<!-- nightjar --></p>",
    "percent signs": b"http://h/%6eightjar",
    "letters apart": b"n i g h t j a r",
    "letters on lines": b"n\ni\ng\nh\nt\nj\na\nr\n",
    "a hyphen at a line's end": b"night-\njar",
    "a phrase": b"for 12,500  Pounds",
    "text of a page": paper(["See Nightjar"]),
    "letters of a page apart": paper(["See N i g h t j a r"]),
    "letters of cp1252 apart": _PLAIN + "\n%s.c.h.ö.n.e\n".encode("cp1252"),
    "bytes behind a PDF": _PLAIN + b"\n%nightjar\n",
    "escapes of a PDF": _PLAIN + b"\n%\\156ightja\\162\n",
    "a string of a PDF": _pdf(Lang=pikepdf.String("nightjar")),
    "a string in UTF-16": _pdf(Lang=pikepdf.String("nightjar \u044f")),
    "a name of a PDF": _pdf(Odd=pikepdf.Name("/nightjar")),
    "a stream that nothing refers to": _orphan(b"%nightjar"),
    "strings shown in pieces": _orphan(b"BT [(Nig)3(ht)-2(jar)] TJ ET"),
    "a member of an archive": _zip("a.txt", b"nightjar"),
    "the name of a member": _zip("nightjar.txt", b"x"),
    "an archive within one": _zip("a.zip", _zip("a.txt", b"nightjar")),
    "a tag of a TIFF": _tiff("nightjar"),
    "a word behind a fax": _tiff("harmless") + b"\x00" + _NIGHTINGALE.encode(),
    "a word within a fax": _in_fax(b" nightjar "),
    "another script within a fax": _in_fax(f" {_NIGHTINGALE} ".encode()),
    "letters of cp1252 within a fax": _in_fax(" schöne Kühe ".encode("cp1252")),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_it_is_found(way: str) -> None:
    assert _found(WAYS[way])


@pytest.mark.parametrize(
    "data",
    [
        b"a nightjars' knightjar, pounds 12",
        _PLAIN,
        _tiff("harmless"),
        _zip("a.txt", b"x"),
        b"<nightjar>x</nightjar>",  # the name of a tag is no text
        b"",
        b"%PDF-1.4 damaged",
        b"PK\x03\x04 damaged",
        "\u00fcber".encode("cp1252") * 3,
    ],
)
def test_nothing_else_is(data: bytes) -> None:
    assert _found(data) == set()


def test_words_that_stay_open_are_not_hidden() -> None:
    found = hide(["The Nightjar of May"], [["the", "of"]])
    assert found.words == {"nightjar", "may"}
    assert found.phrases == {("the", "nightjar", "of", "may")}
    assert not hide(["of it"], [["of", "it"]])
    assert hide(["of it"], [["it", "of"]]).phrases == {("of", "it")}


def test_words_of_a_format_are_no_leak_in_its_bytes(tmp_path: Path) -> None:
    hidden = hide(["MediaBox Contents"], [])
    words = {each.word for each in leaks(_PLAIN, hidden)}
    assert words == set()
    assert {each.word for each in leaks(b"the contents", hidden)} == {"contents"}


def test_operands_that_move_a_text_are_no_digits_of_a_word() -> None:
    hidden = hide(["1001"], [])

    def found(data: bytes) -> set[str]:
        return {each.word for each in leaks(data, hidden)}

    moved = b"q 1 0 0 1 0 -7.5 cm BT 1 0 0 1 72 700.25 Tm (A page) Tj ET Q"
    assert found(_orphan(moved)) == set()
    assert found(paper(["A page"])) == set()
    for shown in (
        b"BT (1 0 0 1) Tj ET",
        b"BT (1 0 0 1 72 700) Tj 0 0 Tm ET",
        moved + b" (1 0 0 1)",
    ):
        assert found(_orphan(shown)) == {"1001 (letters apart)"}, shown
    assert found(b"1 0 0 1 2 3 cm") == {"1001 (letters apart)"}  # of a text every sign counts
