"""Load files byte for byte, and read back by csv and by a splitter that shares nothing with it."""

import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from produce.loadfile import OptLine, Remark, clean, opt_row, write_dat, write_opt
from produce.reader import UnreadableError, read_dat, read_manifest, read_opt
from produce.values import multiple
from records.errors import SpecificationError


def _dat(*rows: list[str]) -> tuple[bytes, tuple[Remark, ...]]:
    buffer = io.BytesIO()
    remarks = write_dat(buffer, rows[0], rows[1:])
    return buffer.getvalue(), remarks


def _split(data: bytes) -> list[list[str]]:
    """As awk would: records at CRLF, fields at U+0014, a thorn stripped from each end."""
    assert data.startswith(b"\xef\xbb\xbf")
    text = data[3:].decode("utf-8")
    assert text.endswith("\r\n")
    return [
        [field[1:-1].replace("þþ", "þ") for field in line.split("\x14")]
        for line in text[:-2].split("\r\n")
    ]


def test_dat_byte_for_byte() -> None:
    data, remarks = _dat(["BegBates", "Subject"], ["ABC1", "a þ\nb"], ["ABC2", ""])
    assert data == (
        b"\xef\xbb\xbf"
        b"\xc3\xbeBegBates\xc3\xbe\x14\xc3\xbeSubject\xc3\xbe\r\n"
        b"\xc3\xbeABC1\xc3\xbe\x14\xc3\xbea \xc3\xbe\xc3\xbe\xc2\xaeb\xc3\xbe\r\n"
        b"\xc3\xbeABC2\xc3\xbe\x14\xc3\xbe\xc3\xbe\r\n"
    )
    assert remarks == ()


def test_opt_byte_for_byte() -> None:
    buffer = io.BytesIO()
    write_opt(
        buffer,
        [
            OptLine("ABC0000001", "VOL1", "IMAGES/0001/ABC0000001.tif", True, 2),
            OptLine("ABC0000002", "VOL1", "IMAGES/0001/ABC0000002.tif", False, None),
        ],
    )
    assert buffer.getvalue() == (
        b"ABC0000001,VOL1,.\\IMAGES\\0001\\ABC0000001.tif,Y,,,2\r\n"
        b"ABC0000002,VOL1,.\\IMAGES\\0001\\ABC0000002.tif,,,,\r\n"
    )


def test_opt_refuses_a_comma() -> None:
    with pytest.raises(SpecificationError, match="comma"):
        opt_row(OptLine("A,1", "V", "x.tif", True, 1))


@pytest.mark.parametrize(
    ("value", "written", "remarks"),
    [
        ("a\r\nb\rc\nd", "a®b®c®d", 0),
        ("\n\n", "®®", 0),
        ("a\u2028b\x0bc\x85d", "a®b®c®d", 0),
        ("Acme® rope", "Acme® rope", 1),
        ("a\x14b", "a b", 1),
        ("nul\x00bell\x07", "nul bell ", 1),
        ("\x14\x00", "  ", 2),
        ("=cmd()", "=cmd()", 0),
        ("+1", "+1", 0),
        ("tab\there", "tab\there", 0),
        ("half \ud800 letter", "half \ufffd letter", 1),
        ("þþ", "þþ", 0),
        ("", "", 0),
    ],
)
def test_hostile_values(value: str, written: str, remarks: int) -> None:
    assert clean(value)[0] == written
    assert len(clean(value)[1]) == remarks


def test_remarks_name_document_and_field() -> None:
    _, remarks = _dat(["BegBates", "Title"], ["ABC1", "Rope®"])
    assert [(each.bates, each.field) for each in remarks] == [("ABC1", "Title")]


def test_row_with_too_few_values_is_an_error() -> None:
    with pytest.raises(ValueError, match="shorter"):
        _dat(["BegBates", "Title"], ["ABC1"])


def test_semicolons_inside_one_of_several_values() -> None:
    assert multiple(["Doe; John <j@x.example>", "", "b"]) == "Doe, John <j@x.example>;b"


_VALUES = st.lists(st.text(), min_size=3, max_size=3)


@given(st.lists(_VALUES, min_size=1, max_size=4))
def test_any_values_read_back_by_two_readers(rows: list[list[str]]) -> None:
    header = ["One", "Two", "Three"]
    data, _ = _dat(header, *rows)
    due = [header, *([clean(value)[0] for value in row] for row in rows)]
    assert _split(data) == due
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "x.dat"
        file.write_bytes(data)
        found = read_dat(file)
    assert [list(found.header), *(list(row.values()) for row in found.records)] == due


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ("þAþ\r\n".encode(), "byte order mark"),
        ("\ufeffþAþ\r\nþ1þ".encode(), "CRLF"),
        ("\ufeffþAþ\nþ1þ\r\n".encode(), "bare line break"),
        ("\ufeffþAþ\r\nþ1þ\x14þ2þ\r\n".encode(), "2 fields where the header has 1"),
        ("\ufeffþAþ\x14þAþ\r\n".encode(), "twice in the header"),
        ("\ufeffAþ\r\n".encode(), "not qualified"),
        ("\ufeffþAþ\r\nþa þ bþ\r\n".encode(), "cannot be parsed"),
        (b"\xef\xbb\xbf\xc3\xbe\xff\xc3\xbe\r\n", "does not decode"),
    ],
)
def test_dat_that_no_platform_loads(tmp_path: Path, data: bytes, why: str) -> None:
    (tmp_path / "x.dat").write_bytes(data)
    with pytest.raises(UnreadableError, match=why):
        read_dat(tmp_path / "x.dat")


def test_dat_in_utf16_is_read(tmp_path: Path) -> None:
    (tmp_path / "x.dat").write_bytes("\ufeffþAþ\r\nþ文þ\r\n".encode("utf-16-le"))
    assert read_dat(tmp_path / "x.dat").records == ({"A": "文"},)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"A,V,x.tif,Y,,,1", "CRLF"),
        (b"A,V,x.tif,Y,,1\r\n", "6 values"),
        ("Ä,V,x.tif,Y,,,1\r\n".encode(), "ASCII"),
    ],
)
def test_opt_that_no_platform_loads(tmp_path: Path, data: bytes, why: str) -> None:
    (tmp_path / "x.opt").write_bytes(data)
    with pytest.raises(UnreadableError, match=why):
        read_opt(tmp_path / "x.opt")


@pytest.mark.parametrize(
    "line", [b"abc  x", b"0" * 64 + b" x", b"G" * 64 + b"  x", b"0" * 64 + b"  ", b"\xff"]
)
def test_manifest_that_sha256sum_would_not_take(tmp_path: Path, line: bytes) -> None:
    (tmp_path / "m").write_bytes(line + b"\n")
    with pytest.raises(UnreadableError):
        read_manifest(tmp_path / "m")
