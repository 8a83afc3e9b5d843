"""Lists of known files: the NSRL's Reference Data Set, as SQLite (RDSv3) or as text (RDS 2).

A list is told by looking at it, opened only to be read and never loaded: RDSv3 is some tens of
gigabytes. What is asked of it is which of the case's own hashes it holds. NIST publishes the
hash of each release; the list's own SHA-256 goes on record, to be compared with it.
"""

import hashlib
import os
import re
import sqlite3
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import batched
from pathlib import Path
from urllib.parse import quote

from records.errors import SourceError
from records.options import progress

LENGTHS = {"sha256": 64, "sha1": 40, "md5": 32}  # hexadecimal digits; the strongest first

_HEADER = b"SHA-1,MD5,CRC32,FileName,FileSize,ProductCode,OpSystemCode,SpecialCode"
# The name is Latin-1 and may hold anything; what stands around it does not.
_ROW = re.compile(
    rb'"([0-9a-f]{40})","[0-9a-f]{0,32}","[0-9a-f]{0,8}",".*","?-?\d*"?,"?-?\d*"?'
    rb',"?[^",\n]*"?,"?([^",\r\n]*)"?\r?\n',
    re.IGNORECASE | re.DOTALL,
)
_NOT_GOOD = (b"M", b"S")  # special codes: malicious, and special for another reason
_SQLITE = b"SQLite format 3\x00"
_LONGEST = 1 << 16  # bytes of a line
_AT_ONCE = 250  # hashes in one look-up
_SAMPLE = 100
_STEP = 1 << 22


@dataclass(frozen=True, slots=True)
class HashList:
    """A list that can be read. `by` is the hash to compare by: the strongest that it has."""

    path: Path
    kind: str  # rdsv3, nsrl-text
    by: str  # sha256, sha1, md5


@dataclass(frozen=True, slots=True)
class Compared:
    """What a list said. `special` entries are not known to be good; a hash of one never matches."""

    sha256: str
    entries: int
    special: int
    matched: frozenset[str]


def look(path: Path) -> HashList:
    """Tell what kind of list a file is; raises `SourceError` where it is none that is read here."""
    try:
        with path.open("rb") as file:
            start = file.readline(_LONGEST)
    except OSError as error:
        raise SourceError(f"The list {path} cannot be read: {error.strerror}") from error
    if start.startswith(_SQLITE):
        return HashList(path, "rdsv3", _look_sqlite(path))
    if start.startswith(b"PK\x03\x04"):
        raise SourceError(f"{path} is a ZIP archive: unpack it and name the NSRLFile.txt inside")
    if _is_header(start):
        return HashList(path, "nsrl-text", "sha1")
    raise SourceError(
        f"{path} is no list of known files that Redwell reads: it is neither an RDSv3 database of "
        'the NSRL nor its NSRLFile.txt, which begins with "SHA-1","MD5","CRC32","FileName"'
    )


def compare(found: HashList, hashes: AbstractSet[str]) -> Compared:
    """Which of these hashes, in lower case, the list holds.

    Raises `SourceError` where it is cut short, of another shape, or changes while it is read.
    """
    try:
        before = found.path.stat()
        told = (
            _in_text(found.path, hashes) if found.kind == "nsrl-text" else _in_sqlite(found, hashes)
        )
        after = found.path.stat()
    except OSError as error:
        raise SourceError(f"The list {found.path} cannot be read: {error.strerror}") from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise SourceError(f"The list {found.path} changed while it was read: try again")
    if not told.entries:
        raise SourceError(f"The list {found.path} holds no entries: fetch it again")
    return told


def _is_header(line: bytes) -> bool:
    plain = line.removeprefix(b"\xef\xbb\xbf").replace(b'"', b"").strip()
    return plain.lower() == _HEADER.lower()


def _in_text(path: Path, hashes: AbstractSet[str]) -> Compared:
    """One pass. A hash that also stands with a special code is not known to be good."""
    digest, entries, special = hashlib.sha256(), 0, 0
    good: set[str] = set()
    bad: set[str] = set()
    for number, line in _lines(path):
        digest.update(line)
        if number == 1 or _is_header(line):  # the parts of a release, put into one file
            continue
        row = _ROW.fullmatch(line)
        if row is None:
            raise SourceError(_bad_line(path, number, line))
        entries += 1
        is_special = row[2].strip().upper() in _NOT_GOOD
        special += is_special
        sha1 = row[1].decode("ascii").lower()
        if sha1 in hashes:
            (bad if is_special else good).add(sha1)
    return Compared(digest.hexdigest(), entries, special, frozenset(good - bad))


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file, progress("Reading the list", path.stat().st_size) as advance:
        read = 0
        for number, line in enumerate(iter(partial(file.readline, _LONGEST), b""), 1):
            yield number, line
            read += len(line)
            if read >= _STEP:
                advance(read)
                read = 0
        advance(read)


def _bad_line(path: Path, number: int, line: bytes) -> str:
    what = "is cut short" if not line.endswith(b"\n") and len(line) < _LONGEST else "is no entry"
    return (
        f"The list {path} cannot be relied on: line {number} {what}. Nothing was changed; fetch "
        "the list again"
    )


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    """The list's database: never written to, no journal made beside it, its schema not trusted."""
    address = f"file:{quote(os.fsencode(path.absolute()))}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(address, uri=True)) as connection:
            connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA trusted_schema = OFF")
            yield connection
    except sqlite3.Error as error:
        raise SourceError(
            f"The list {path} cannot be read as an RDSv3 database: {error}. Nothing was changed; "
            "fetch the list again"
        ) from error


def _look_sqlite(path: Path) -> str:
    """The hash to compare by."""
    _refuse_cut(path)
    with _reading(path) as connection:
        table = _table(connection)
        columns = _columns(connection, table) if table else {}
        for by, length in LENGTHS.items():
            found = _sample(connection, table, columns[by]) if by in columns else []
            if found and all(_is_hash(each, length) for each in found):
                return by
    raise SourceError(
        f"{path} is an SQLite database, but no RDSv3 list: it needs a view or table FILE with "
        "hashes in a column sha256, sha1 or md5"
    )


def _refuse_cut(path: Path) -> None:
    """The header counts the pages where the last writer kept to the format (section 1.3.7)."""
    with path.open("rb") as file:
        header = file.read(100)
        size = file.seek(0, os.SEEK_END)
    page = int.from_bytes(header[16:18]) or 1
    page = 65_536 if page == 1 else page
    pages = int.from_bytes(header[28:32]) if header[24:28] == header[92:96] else 0
    if len(header) < 100 or size < pages * page:
        raise SourceError(
            f"The list {path} is cut short: {size:,} bytes of {max(pages * page, 100):,}. Fetch it "
            "again"
        )
    for ending in ("-wal", "-journal"):
        beside = path.with_name(path.name + ending)
        if beside.is_file() and beside.stat().st_size:
            raise SourceError(
                f"{beside} holds changes to the list that are not in it yet: open and close the "
                "list with sqlite3 once, or fetch it again"
            )


def _table(connection: sqlite3.Connection) -> str:
    """`FILE`, quoted as it is spelt: a view over METADATA in RDSv3."""
    rows = connection.execute(
        "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND upper(name) = 'FILE'"
    ).fetchall()
    return _quoted(rows[0][0]) if rows else ""


def _columns(connection: sqlite3.Connection, table: str) -> dict[str, str]:
    cursor = connection.execute(f"SELECT * FROM {table} LIMIT 0")  # noqa: S608 quoted by us
    return {each[0].lower(): _quoted(each[0]) for each in cursor.description}


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _sample(connection: sqlite3.Connection, table: str, column: str) -> list[object]:
    query = f"SELECT {column} FROM {table} LIMIT {_SAMPLE}"  # noqa: S608 quoted by us
    return [row[0] for row in connection.execute(query) if row[0] not in (None, "")]


def _is_hash(value: object, length: int) -> bool:
    return isinstance(value, str) and re.fullmatch(f"[0-9A-Fa-f]{{{length}}}", value) is not None


def _in_sqlite(found: HashList, hashes: AbstractSet[str]) -> Compared:
    sha256 = _digest(found.path)
    with _reading(found.path) as connection:
        table = _table(connection)
        column = _columns(connection, table)[found.by]
        entries = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
        if _has_index(connection, table, column):
            matched = frozenset(_looked_up(connection, table, column, hashes))
        else:
            matched = frozenset(_streamed(connection, table, column, hashes, entries, found))
    return Compared(sha256, entries, 0, matched)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file, progress("Hashing the list", path.stat().st_size) as advance:
        while block := file.read(_STEP):
            digest.update(block)
            advance(len(block))
    return digest.hexdigest()


def _has_index(connection: sqlite3.Connection, table: str, column: str) -> bool:
    """Whether SQLite would look hashes up rather than read every row."""
    query = _look_up(table, column, 2)
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", ("A", "a"))]
    return any(each.startswith("SEARCH") for each in plan) and not any("SCAN" in p for p in plan)


def _look_up(table: str, column: str, count: int) -> str:
    places = ",".join("?" * count)
    return f"SELECT {column} FROM {table} WHERE {column} IN ({places})"  # noqa: S608 quoted by us


def _looked_up(
    connection: sqlite3.Connection, table: str, column: str, hashes: AbstractSet[str]
) -> Iterator[str]:
    """Hashes in their order, so that neighbours share pages; RDSv3 has them in upper case."""
    with progress("Comparing", len(hashes)) as advance:
        for some in batched(sorted(hashes), _AT_ONCE):
            both = [*some, *(each.upper() for each in some)]
            rows = connection.execute(_look_up(table, column, len(both)), both)
            yield from {row[0].lower() for row in rows}
            advance(len(some))


def _streamed(
    connection: sqlite3.Connection,
    table: str,
    column: str,
    hashes: AbstractSet[str],
    entries: int,
    found: HashList,
) -> Iterator[str]:
    """Every row once, for a list without an index."""
    length = LENGTHS[found.by]
    with progress("Comparing", entries) as advance:
        rows = connection.execute(f"SELECT {column} FROM {table}")  # noqa: S608 quoted by us
        for some in batched(rows, 10_000):
            values = [row[0] for row in some if row[0] not in (None, "")]
            if not all(isinstance(each, str) and len(each) == length for each in values):
                raise SourceError(_odd_value(found))
            yield from hashes & {each.lower() for each in values}
            advance(len(some))


def _odd_value(found: HashList) -> str:
    return (
        f"The list {found.path} cannot be relied on: its column {found.by} holds what is no such "
        "hash. Nothing was changed; fetch the list again"
    )
