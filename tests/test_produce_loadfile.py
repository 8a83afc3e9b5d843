"""Load files byte for byte, and read back by csv and by a splitter that shares nothing with it."""

import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from produce.loadfile import (
    LfpLine,
    OptLine,
    Remark,
    clean,
    lacked,
    opt_row,
    write_dat,
    write_lfp,
    write_opt,
)
from produce.reader import (
    UnreadableError,
    dat_columns,
    read_dat,
    read_lfp,
    read_manifest,
    read_opt,
)
from produce.values import multiple
from records.errors import ProductionError, SpecificationError


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


@given(
    st.lists(_VALUES, min_size=1, max_size=3), st.sampled_from(["utf-8-sig", "utf-16le", "cp1252"])
)
def test_any_values_read_back_in_each_encoding_or_are_refused(
    rows: list[list[str]], encoding: str
) -> None:
    header = ["One", "Two", "Three"]
    due = [[clean(value)[0] for value in row] for row in rows]
    buffer = io.BytesIO()
    if any(lacked(value, encoding) for row in rows for value in row):
        with pytest.raises(ProductionError, match="lacks"):
            write_dat(buffer, header, rows, encoding)
        return
    write_dat(buffer, header, rows, encoding)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "x.dat"
        file.write_bytes(buffer.getvalue())
        found = read_dat(file, encoding)
        with file.open("rb") as opened:
            columns = list(dat_columns(opened, ["Two", "None"], encoding))
    assert [list(row.values()) for row in found.records] == due
    assert columns == [(row[1], None) for row in due]


def test_letter_that_the_encoding_lacks_is_named_with_its_document() -> None:
    with pytest.raises(ProductionError, match=r"Title of ABC2 holds 'Ж' \(U\+0416\)"):
        write_dat(io.BytesIO(), ["Who", "Bates", "Title"], [["a", "ABC2", "aЖ"]], "cp1252", 1)


def test_remarks_name_the_document_wherever_its_number_stands() -> None:
    remarks = write_dat(io.BytesIO(), ["Who", "Bates"], [["Rope®", "ABC2"]], key=1)
    assert remarks[0].bates == "ABC2"


def test_lfp_byte_for_byte() -> None:
    buffer = io.BytesIO()
    write_lfp(
        buffer,
        [
            LfpLine("ABC1", "D", 0, "VOL1", "IMAGES/0001/ABC1.tif"),
            LfpLine("ABC2", "", 0, "VOL1", "IMAGES/0001/ABC2.jpg"),
            LfpLine("ABC3", "C", 1, "VOL1", "IMAGES/0001/ABC3.pdf"),
        ],
    )
    assert buffer.getvalue() == (
        b"IM,ABC1,D,0,@VOL1;IMAGES\\0001;ABC1.tif;2\r\n"
        b"IM,ABC2,,0,@VOL1;IMAGES\\0001;ABC2.jpg;4\r\n"
        b"IM,ABC3,C,1,@VOL1;IMAGES\\0001;ABC3.pdf;6\r\n"
    )


_PLAIN = st.text("ABCxyz0123456789_-", min_size=1, max_size=12)
_PATHS = st.builds("IMAGES/{}/{}.{}".format, _PLAIN, _PLAIN, st.sampled_from(["tif", "pdf"]))


@given(
    st.lists(
        st.builds(
            LfpLine,
            key=_PLAIN,
            boundary=st.sampled_from(["D", "C", ""]),
            offset=st.integers(0, 9999),
            volume=_PLAIN,
            path=_PATHS,
        ),
        max_size=4,
    )
)
def test_any_lfp_reads_back(lines: list[LfpLine]) -> None:
    buffer = io.BytesIO()
    write_lfp(buffer, lines)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "x.lfp"
        file.write_bytes(buffer.getvalue())
        found = read_lfp(file)
    assert [(e.key, e.boundary, e.offset, e.volume, e.path) for e in found] == [
        (e.key, e.boundary, e.offset, e.volume, e.path) for e in lines
    ]


@given(
    st.lists(
        st.builds(
            OptLine,
            key=_PLAIN,
            volume=_PLAIN,
            path=_PATHS,
            first=st.booleans(),
            pages=st.none() | st.integers(1, 9999),
        ),
        max_size=4,
    )
)
def test_any_opt_reads_back(lines: list[OptLine]) -> None:
    buffer = io.BytesIO()
    write_opt(buffer, lines)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "x.opt"
        file.write_bytes(buffer.getvalue())
        found = read_opt(file)
    assert [(e.key, e.volume, e.path, e.doc_break, e.page_count) for e in found] == [
        (
            *(e.key, e.volume, ".\\" + e.path.replace("/", "\\"), "Y" if e.first else ""),
            "" if e.pages is None else str(e.pages),
        )
        for e in lines
    ]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"IM,A,D,0,@V;I;x.tif;2", "CRLF"),
        (b"IM,A,D,0,@V;I;x.tif\r\n", "no IM line"),
        (b"IM,A,D,0,V;I;x.tif;2\r\n", "no IM line"),
        ("IM,Ä,D,0,@V;I;x.tif;2\r\n".encode(), "ASCII"),
    ],
)
def test_lfp_that_no_platform_loads(tmp_path: Path, data: bytes, why: str) -> None:
    (tmp_path / "x.lfp").write_bytes(data)
    with pytest.raises(UnreadableError, match=why):
        read_lfp(tmp_path / "x.lfp")


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
