"""Writes load files byte for byte as platforms read them: Concordance DAT, Opticon OPT, IPRO LFP.

DAT: fields parted by U+0014 and each within U+00FE (doubled inside a value), line breaks inside
a value as U+00AE, rows ended by CRLF; UTF-8 or UTF-16LE with a byte order mark, or cp1252. OPT:
seven values parted by commas, one line an image, CRLF. LFP: one IM line a page, CRLF.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from records.errors import ProductionError, SpecificationError

DELIMITER = "\x14"
QUALIFIER = "\u00fe"
NEWLINE = "\u00ae"
END = "\r\n"

# CRLF, CR and LF by the format's rule; the others because readers take them for line ends too.
_BREAKS = re.compile("\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_CODECS = {"utf-8-sig": "utf-8", "utf-16le": "utf-16-le", "cp1252": "cp1252"}
_MARKS = {"utf-8-sig": b"\xef\xbb\xbf", "utf-16le": b"\xff\xfe", "cp1252": b""}


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


def dat_row(values: Sequence[str], encoding: str = "utf-8-sig") -> bytes:
    """One row of a DAT from values that `clean` has seen.

    Raises `UnicodeEncodeError` for a letter that the encoding lacks.
    """
    fields = (f"{QUALIFIER}{each.replace(QUALIFIER, QUALIFIER * 2)}{QUALIFIER}" for each in values)
    return (DELIMITER.join(fields) + END).encode(_CODECS[encoding])


def write_dat(
    file: BinaryIO,
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    encoding: str = "utf-8-sig",
    key: int = 0,
) -> tuple[Remark, ...]:
    """Write a whole DAT; what had to be changed in values comes back for the QC report.

    The field at `key` is BegBates. Every row has as many fields as the header. Raises
    `ProductionError` naming the document and field of a letter that the encoding lacks: none is
    ever replaced.
    """
    remarks: list[Remark] = []
    file.write(_MARKS[encoding] + dat_row(header, encoding))
    for row in rows:
        cleaned = []
        for name, value in zip(header, row, strict=True):
            text, found = clean(value)
            cleaned.append(text)
            remarks.extend(Remark(row[key], name, each) for each in found)
        try:
            file.write(dat_row(cleaned, encoding))
        except UnicodeEncodeError as error:
            raise ProductionError(_lacking(row[key], header, cleaned, encoding)) from error
    return tuple(remarks)


def lacked(value: str, encoding: str) -> str:
    """The first letter of a value that an encoding of a DAT lacks; empty where it has all."""
    try:
        clean(value)[0].encode(_CODECS[encoding])
    except UnicodeEncodeError as error:
        return str(error.object[error.start])
    return ""


def _lacking(bates: str, header: Sequence[str], values: Sequence[str], encoding: str) -> str:
    name, letter = next(
        (name, letter)
        for name, value in zip(header, values, strict=True)
        if (letter := lacked(value, encoding))
    )
    return (
        f"The field {name} of {bates} holds {letter!r} (U+{ord(letter):04X}), which {encoding} "
        "lacks: take another encoding of the DAT"
    )


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


@dataclass(frozen=True, slots=True)
class LfpLine:
    """One page of an LFP; `boundary` is D (first page of a document), C (of a child) or empty.

    `offset` is 0 for a file of one page, else the page within its file, from 1.
    """

    key: str
    boundary: str
    offset: int
    volume: str
    path: str  # relative to the volume, forward slashes


# By the maker's help and public samples: 2 TIFF, 4 JPG or colour, 6 a PDF shown in colour.
_LFP_TYPES = {"tif": 2, "jpg": 4, "pdf": 6}


def lfp_row(line: LfpLine) -> bytes:
    """One line of an LFP: IM,ImageKey,Boundary,Offset,@Volume;Directory;File;Type."""
    folder, _, name = line.path.rpartition("/")
    kind = _LFP_TYPES[name.rpartition(".")[2]]
    parts = (line.key, line.volume, folder, name)
    if any(set(each) & {",", ";"} for each in parts):
        raise SpecificationError(f"a comma or semicolon in an LFP value would part it: {parts}")
    place = f"@{line.volume};{folder.replace('/', chr(92))};{name};{kind}"
    return f"IM,{line.key},{line.boundary},{line.offset},{place}{END}".encode("ascii")


def write_lfp(file: BinaryIO, lines: Iterable[LfpLine]) -> None:
    """Write a whole LFP."""
    for line in lines:
        file.write(lfp_row(line))
