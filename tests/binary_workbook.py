"""A small workbook in Excel's binary form ([MS-XLSB]), as LibreOffice reads and cannot write it."""

import io
import struct
import zipfile

_MAIN = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="bin" '
    'ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/>'
    '<Override PartName="/xl/worksheets/sheet1.bin" '
    'ContentType="application/vnd.ms-excel.worksheet"/>'
    '<Override PartName="/xl/worksheets/sheet2.bin" '
    'ContentType="application/vnd.ms-excel.worksheet"/>'
    "</Types>"
)


def record(number: int, body: bytes = b"") -> bytes:
    """A record: number and size seven bits a byte, then its bytes (2.1.4)."""
    return varied(number) + varied(len(body)) + body


def varied(value: int) -> bytes:
    """A number of seven bits a byte."""
    out = bytearray()
    while value > 0x7F:
        out.append(0x80 | (value & 0x7F))
        value >>= 7
    return bytes([*out, value])


def text(value: str) -> bytes:
    """A text led by the count of its letters."""
    return struct.pack("<I", len(value)) + value.encode("utf-16-le")


def cell(column: int) -> bytes:
    """Where a cell stands in its row (2.5.9)."""
    return struct.pack("<II", column, 0)


def row(number: int, *cells: bytes) -> bytes:
    """A row and its cells."""
    return record(0, struct.pack("<IIHBBI", number, 0, 300, 0, 0, 0)) + b"".join(cells)


def formula(column: int, number: int, result: bytes, tokens: bytes) -> bytes:
    """A formula with its result: number 8 for a text, 9 a number, 10 a truth, 11 an error."""
    parsed = struct.pack("<I", len(tokens)) + tokens + struct.pack("<I", 0)
    return record(number, cell(column) + result + struct.pack("<H", 0) + parsed)


def sheet(*rows: bytes) -> bytes:
    """A sheet of rows."""
    return record(129) + record(145) + b"".join(rows) + record(146) + record(130)


def binary_workbook(first: bytes, second: bytes) -> bytes:
    """A workbook of two sheets, Prices and the hidden Secret."""
    names = ((0, 1, "Prices"), (2, 2, "Secret"))
    bundle = b"".join(
        record(156, struct.pack("<II", state, number) + text(f"rId{number}") + text(name))
        for state, number, name in names
    )
    book = record(131) + record(143) + bundle + record(144) + record(132)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("_rels/.rels", _relations(("officeDocument", "xl/workbook.bin")))
        links = (("worksheet", "worksheets/sheet1.bin"), ("worksheet", "worksheets/sheet2.bin"))
        archive.writestr("xl/_rels/workbook.bin.rels", _relations(*links))
        archive.writestr("xl/workbook.bin", book)
        archive.writestr("xl/worksheets/sheet1.bin", first)
        archive.writestr("xl/worksheets/sheet2.bin", second)
    return out.getvalue()


def _relations(*links: tuple[str, str]) -> str:
    inner = "".join(
        f'<Relationship Id="rId{number}" Type="{_MAIN}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(links, 1)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><Relationships '
        f'xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{inner}'
        "</Relationships>"
    )
