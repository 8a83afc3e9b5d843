"""Reads a produced volume as the receiving party does. Shares no code with what wrote it.

The DAT is decoded by its byte order mark and parsed by the standard library's csv; the OPT is
split at commas. Nothing here knows the case.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

csv.field_size_limit(1 << 30)


class UnreadableError(Exception):
    """A load file that a receiving platform would refuse outright; says why."""


@dataclass(frozen=True, slots=True)
class DatFile:
    """A DAT taken apart: the header, and each record as name → value, in order."""

    header: tuple[str, ...]
    records: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class OptEntry:
    """One line of an OPT, its seven values as they stand; `line` counts from 1."""

    line: int
    key: str
    volume: str
    path: str
    doc_break: str
    folder_break: str
    box_break: str
    page_count: str


_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"))
_NAMED = {"utf-8-sig": "utf-8-sig", "utf-16le": "utf-16", "cp1252": "cp1252"}


def _encoding(start: bytes, agreed: str | None) -> str:
    """The codec of a DAT by its mark, and by what was agreed on: cp1252 has no mark."""
    marked = next((name for mark, name in _MARKS if start.startswith(mark)), None)
    if agreed is not None and (marked or "cp1252") != _NAMED[agreed]:
        raise UnreadableError(f"is not in {agreed}, but begins as {marked or 'without a mark'}")
    if marked is None and agreed is None:
        raise UnreadableError("no byte order mark declares the encoding")
    return marked or "cp1252"


def read_dat(path: Path, agreed: str | None = None) -> DatFile:
    """Parse a Concordance DAT; raises `UnreadableError` where a platform could not.

    `agreed` is the encoding that it must be in: utf-8-sig, utf-16le or cp1252.
    """
    data = path.read_bytes()
    encoding = _encoding(data, agreed)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableError(f"does not decode as {encoding}: {error}") from error
    if not text.endswith("\r\n"):
        raise UnreadableError("the last row does not end with CRLF")
    for number, line in enumerate(text[:-2].split("\r\n"), 1):
        if "\n" in line or "\r" in line:
            raise UnreadableError(f"row {number} holds a bare line break")
        if not (line.startswith("þ") and line.endswith("þ")):
            raise UnreadableError(f"row {number} is not qualified by thorns at both ends")
    return _records(text)


def _records(text: str) -> DatFile:
    source = io.StringIO(text, newline="")
    rows = csv.reader(source, delimiter="\x14", quotechar="þ", doublequote=True, strict=True)
    try:
        parsed = [tuple(row) for row in rows]
    except csv.Error as error:
        raise UnreadableError(f"cannot be parsed: {error}") from error
    header = parsed[0]
    if len(set(header)) != len(header):
        raise UnreadableError("a field name stands twice in the header")
    for number, row in enumerate(parsed[1:], 2):
        if len(row) != len(header):
            raise UnreadableError(
                f"row {number} has {len(row)} fields where the header has {len(header)}"
            )
    return DatFile(header, tuple(dict(zip(header, row, strict=True)) for row in parsed[1:]))


def dat_columns(
    file: BinaryIO, names: Sequence[str], agreed: str | None = None
) -> Iterator[tuple[str | None, ...]]:
    """Some columns of a DAT of any size, row by row; None for one that it has not.

    Raises `UnreadableError` where a platform could not read it.
    """
    encoding = _encoding(file.read(3), agreed)
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    rows = csv.reader(text, delimiter="\x14", quotechar="þ", doublequote=True, strict=True)
    try:
        header = next(rows, [])
        places = [header.index(name) if name in header else None for name in names]
        for number, row in enumerate(rows, 2):
            if len(row) != len(header):
                raise UnreadableError(
                    f"row {number} has {len(row)} fields where the header has {len(header)}"
                )
            yield tuple(None if place is None else row[place] for place in places)
    except (csv.Error, UnicodeDecodeError) as error:
        raise UnreadableError(f"cannot be parsed: {error}") from error
    finally:
        text.detach()


def _ascii_lines(path: Path) -> list[str]:
    """The lines of an OPT or LFP; raises `UnreadableError` for other than ASCII and CRLF."""
    try:
        text = path.read_bytes().decode("ascii")
    except UnicodeDecodeError as error:
        raise UnreadableError(f"holds a byte that is not ASCII: {error}") from error
    if text and not text.endswith("\r\n"):
        raise UnreadableError("the last line does not end with CRLF")
    return text.split("\r\n")[:-1]


def read_opt(path: Path) -> tuple[OptEntry, ...]:
    """Parse an Opticon OPT; raises `UnreadableError` where a platform could not."""
    entries = []
    for number, line in enumerate(_ascii_lines(path), 1):
        values = line.split(",")
        if len(values) != 7:
            raise UnreadableError(f"line {number} has {len(values)} values where 7 are due")
        entries.append(OptEntry(number, *values))
    return tuple(entries)


@dataclass(frozen=True, slots=True)
class LfpEntry:
    """An IM line of an LFP; `path` with forward slashes, `line` counts from 1."""

    line: int
    key: str
    boundary: str
    offset: int
    volume: str
    path: str
    type: str


_IM = re.compile(
    r"IM,([^,;]+),([DCSB ]?),([0-9]{1,9}),@([^,;]*);([^,;]*);([^,;]+);([0-9])(?:,[0-9])?"
)


def read_lfp(path: Path) -> tuple[LfpEntry, ...]:
    """Parse an IPRO LFP; raises `UnreadableError` where a platform could not."""
    entries = []
    for number, line in enumerate(_ascii_lines(path), 1):
        found = _IM.fullmatch(line)
        if found is None:
            raise UnreadableError(f"line {number} is no IM line: {line[:80]!r}")
        key, boundary, offset, volume, folder, name, kind = found.groups()
        place = f"{folder.replace(chr(92), '/')}/{name}"
        entries.append(LfpEntry(number, key, boundary.strip(), int(offset), volume, place, kind))
    return tuple(entries)


def read_manifest(path: Path) -> dict[str, str]:
    """Parse a `sha256sum` list into path → hash; raises `UnreadableError`."""
    found: dict[str, str] = {}
    try:
        lines = path.read_bytes().decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise UnreadableError(f"does not decode as UTF-8: {error}") from error
    for number, line in enumerate(lines, 1):
        digest, gap, name = line[:64], line[64:66], line[66:]
        if gap != "  " or not name or set(digest) - set("0123456789abcdef"):
            raise UnreadableError(f"line {number} is not a line of sha256sum")
        if name in found:
            raise UnreadableError(f"line {number} names {name} a second time")
        found[name] = digest
    return found
