"""Reads a produced volume as the receiving party does. Shares no code with what wrote it.

The DAT is decoded by its byte order mark and parsed by the standard library's csv; the OPT is
split at commas. Nothing here knows the case.
"""

import csv
import io
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


def read_dat(path: Path) -> DatFile:
    """Parse a Concordance DAT; raises `UnreadableError` where a platform could not."""
    data = path.read_bytes()
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    if encoding is None:
        raise UnreadableError("no byte order mark declares the encoding")
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


def dat_columns(file: BinaryIO, names: Sequence[str]) -> Iterator[tuple[str | None, ...]]:
    """Some columns of a DAT of any size, row by row; None for one that it has not.

    Raises `UnreadableError` where a platform could not read it.
    """
    mark = file.read(3)
    encoding = next((name for start, name in _MARKS if mark.startswith(start)), None)
    if encoding is None:
        raise UnreadableError("no byte order mark declares the encoding")
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


def read_opt(path: Path) -> tuple[OptEntry, ...]:
    """Parse an Opticon OPT; raises `UnreadableError` where a platform could not."""
    try:
        text = path.read_bytes().decode("ascii")
    except UnicodeDecodeError as error:
        raise UnreadableError(f"holds a byte that is not ASCII: {error}") from error
    if text and not text.endswith("\r\n"):
        raise UnreadableError("the last line does not end with CRLF")
    entries = []
    for number, line in enumerate(text.split("\r\n")[:-1], 1):
        values = line.split(",")
        if len(values) != 7:
            raise UnreadableError(f"line {number} has {len(values)} values where 7 are due")
        entries.append(OptEntry(number, *values))
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
