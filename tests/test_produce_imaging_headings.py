"""Headers and footers of spreadsheets: what is computed is left out, and nothing else."""

import struct
import zipfile
from pathlib import Path

import pytest

from produce.imaging.errors import RenderError
from produce.imaging.headings import of_binary, of_old_binary, of_open_document, of_xml
from produce.imaging.saved_sheets import keep_values

SAID = "&LKestrel R&&D &D &P of &N&C&F&R&Z&T &A"
LEFT = "&LKestrel R&&D  &P of &N&C&R &A"


def test_a_sheet_of_xlsx_loses_them_in_its_headings_alone() -> None:
    said, left = (each.replace("&", "&amp;") for each in (SAID, LEFT))
    for name in ("oddHeader", "evenFooter", "firstFooter", "x:oddFooter"):
        sheet = f"<t>R&amp;D &amp;D</t><{name}>{{}}</{name}><t>&amp;F</t>"
        assert of_xml(sheet.format(said).encode()) == sheet.format(left).encode()
    spaced = f'<oddFooter xml:space="preserve">{said}</oddFooter>'
    assert of_xml(spaced.encode()) == spaced.replace(said, left).encode()


def test_a_record_of_xlsb_is_written_anew() -> None:
    def record(*texts: str | None) -> bytes:
        return b"\x01\x00" + b"".join(
            struct.pack("<I", 0xFFFFFFFF)
            if each is None
            else struct.pack("<I", len(each)) + each.encode("utf-16-le")
            for each in texts
        )

    found = of_binary(record(SAID, None, "", "\u042f &F", None, None))
    assert found == record(LEFT, None, "", "\u042f ", None, None)
    with pytest.raises(struct.error):
        of_binary(b"\x01\x00\x05")


@pytest.mark.parametrize("codec", ["latin-1", "utf-16-le"])
def test_a_record_of_xls_keeps_its_size(codec: str) -> None:
    def record(text: str) -> bytes:
        return struct.pack("<HB", len(text), codec != "latin-1") + text.encode(codec)

    found = of_old_binary(record(SAID), wide=True)
    assert found == record(LEFT).ljust(len(record(SAID)), b"\0")
    assert of_old_binary(b"", wide=True) == b""


def test_a_record_of_excel_5_keeps_its_size() -> None:
    said = bytes([len(SAID)]) + SAID.encode()
    assert of_old_binary(said, wide=False) == (bytes([len(LEFT)]) + LEFT.encode()).ljust(
        len(said), b"\0"
    )


def test_fields_of_open_document_become_what_they_showed() -> None:
    part = (
        b'<text:p>Of <text:date text:date-value="2024-01-05">5 Jan</text:date>, '
        b"<text:file-name text:display='full'>???</text:file-name><text:file-name/>"
        b"<text:time>12:00</text:time> <text:page-number>1</text:page-number>"
        b"<text:dates>x</text:dates></text:p>"
    )
    assert of_open_document(part) == (
        b"<text:p>Of 5 Jan, 12:00 <text:page-number>1</text:page-number>"
        b"<text:dates>x</text:dates></text:p>"
    )


def test_what_stands_behind_a_text_of_excel_5_is_none_of_it() -> None:
    said = b"\x04A &D" + b"x" * 300
    assert of_old_binary(said, wide=False) == (b"\x02A ").ljust(len(said), b"\0")


def test_a_workbook_whose_heading_is_cut_short_is_damaged(tmp_path: Path) -> None:
    book = tmp_path / "book.xlsb"
    with zipfile.ZipFile(book, "w") as package:
        package.writestr("xl/worksheets/sheet1.bin", b"\xdf\x03\x09\0\0\x09\0\0\0abc")
    with pytest.raises(RenderError, match="damaged workbook: a record is cut short"):
        keep_values(book, "xlsb")
    cut = of_old_binary(b"\x03\0\x01a\0b", wide=True)  # which is printed all the same
    assert cut == b"\x01\0\x01a\0\0"
