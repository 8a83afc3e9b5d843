"""Writes load files: Concordance DAT and Opticon OPT, byte for byte as platforms read them.

DAT: fields parted by U+0014 and each within U+00FE (doubled inside a value), line breaks inside
a value as U+00AE, rows ended by CRLF, UTF-8 with a byte order mark. OPT: seven values parted by
commas, one line an image, CRLF.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from records.errors import SpecificationError

DELIMITER = "\x14"
QUALIFIER = "\u00fe"
NEWLINE = "\u00ae"
END = "\r\n"

# CRLF, CR and LF by the format's rule; the others because readers take them for line ends too.
_BREAKS = re.compile("\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f]")
_SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Remark:
    """A value that the format cannot carry quite as it is; listed in the QC report."""

    bates: str
    field: str
    what: str


@dataclass(frozen=True, slots=True)
class OptLine:
    """One image of an OPT file; `pages` is given on the first page of a document only."""

    key: str
    volume: str
    path: str  # relative to the volume, forward slashes
    first: bool
    pages: int | None


def clean(value: str) -> tuple[str, tuple[str, ...]]:
    """A value as it stands in a DAT before it is qualified, and what had to be changed in it.

    A literal U+00AE stays, though a reader takes it for a line break. Control characters become
    spaces, the field delimiter among them: readers that split on it would lose the columns.
    """
    remarks = []
    if NEWLINE in value:
        remarks.append("holds a registered sign, which reads as a line break")
    if DELIMITER in value:
        remarks.append("held the field delimiter U+0014, written as a space")
    value = _BREAKS.sub(NEWLINE, value)
    without = _CONTROLS.sub(" ", value)
    if without != value and _CONTROLS.search(value.replace(DELIMITER, "")):
        remarks.append("held control characters, written as spaces")
    whole = _SURROGATES.sub("\ufffd", without)
    if whole != without:
        remarks.append("held half a character, written as U+FFFD")
    return whole, tuple(remarks)


def dat_row(values: Sequence[str]) -> bytes:
    """One row of a DAT from values that `clean` has seen."""
    fields = (f"{QUALIFIER}{each.replace(QUALIFIER, QUALIFIER * 2)}{QUALIFIER}" for each in values)
    return (DELIMITER.join(fields) + END).encode("utf-8")


def write_dat(
    file: BinaryIO, header: Sequence[str], rows: Iterable[Sequence[str]]
) -> tuple[Remark, ...]:
    """Write a whole DAT; what had to be changed in values comes back for the QC report.

    The first field of a row must be its BegBates. Every row has as many fields as the header.
    """
    remarks: list[Remark] = []
    file.write(b"\xef\xbb\xbf" + dat_row(header))
    for row in rows:
        cleaned = []
        for name, value in zip(header, row, strict=True):
            text, found = clean(value)
            cleaned.append(text)
            remarks.extend(Remark(row[0], name, each) for each in found)
        file.write(dat_row(cleaned))
    return tuple(remarks)


def opt_row(line: OptLine) -> bytes:
    """One line of an OPT: ImageKey,Volume,Path,DocBreak,FolderBreak,BoxBreak,PageCount."""
    path = ".\\" + line.path.replace("/", "\\")
    pages = "" if line.pages is None else str(line.pages)
    values = (line.key, line.volume, path, "Y" if line.first else "", "", "", pages)
    if any("," in each for each in values):
        raise SpecificationError(f"a comma in an OPT value would shift its columns: {values}")
    return (",".join(values) + END).encode("ascii")


def write_opt(file: BinaryIO, lines: Iterable[OptLine]) -> None:
    """Write a whole OPT."""
    for line in lines:
        file.write(opt_row(line))
