"""Lists of known files: told apart, read whole or refused whole, never written to."""

import hashlib
import os
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from ingest.nsrl import compare, look
from records.errors import SourceError

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus" / "nsrl"
HEADER = (
    '"SHA-1","MD5","CRC32","FileName","FileSize","ProductCode","OpSystemCode","SpecialCode"\r\n'
)


def digest(kind: str, data: str) -> str:
    return hashlib.new(kind, data.encode(), usedforsecurity=False).hexdigest()


def row(data: str, name: str = "a.dll", special: str = "") -> str:
    sha1, md5 = digest("sha1", data).upper(), digest("md5", data).upper()
    return f'"{sha1}","{md5}","0A1B2C3D","{name}",12,4242,"362","{special}"\r\n'


def text_list(path: Path, rows: Iterable[str], header: str = HEADER) -> Path:
    path.write_bytes((header + "".join(rows)).encode("latin-1"))
    return path


def sqlite_list(
    path: Path,
    data: Sequence[str],
    columns: Sequence[str] = ("sha256", "sha1", "md5"),
    index: bool = True,
) -> Path:
    """As RDSv3 has it: a view FILE over METADATA, hashes in upper case."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"CREATE TABLE METADATA ({', '.join(columns)}, file_name, extra)")
        view = f"SELECT {', '.join(columns)}, file_name FROM METADATA"
        connection.execute(f"CREATE VIEW FILE AS {view}")
        marks = ",".join("?" * len(columns))
        for each in data:
            values = [digest(column, each).upper() for column in columns]
            connection.execute(f"INSERT INTO METADATA VALUES ({marks}, 'n', 0)", values)
        if index:
            for column in columns:
                connection.execute(f"CREATE INDEX of_{column} ON METADATA ({column})")
        connection.commit()
    return path


@pytest.mark.parametrize("index", [True, False])
@pytest.mark.parametrize(
    ("columns", "by"),
    [
        (("sha256", "sha1", "md5"), "sha256"),
        (("md5", "SHA1"), "sha1"),
        (("md5",), "md5"),
    ],
)
def test_sqlite_by_the_strongest_hash(
    tmp_path: Path, columns: Sequence[str], by: str, index: bool
) -> None:
    path = sqlite_list(tmp_path / "l.db", ["one", "two", "three", "two"], columns, index)
    before = path.read_bytes()
    found = look(path)
    assert (found.kind, found.by) == ("rdsv3", by)
    asked = {digest(by, each) for each in ("one", "three", "other")}
    told = compare(found, asked)
    assert told.matched == {digest(by, "one"), digest(by, "three")}
    assert (told.entries, told.special) == (4, 0)
    assert told.sha256 == hashlib.sha256(before).hexdigest()
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["l.db"]


def test_many_hashes_are_looked_up_in_batches(tmp_path: Path) -> None:
    data = [str(each) for each in range(1000)]
    path = sqlite_list(tmp_path / "l.db", data[::2])
    told = compare(look(path), {digest("sha256", each) for each in data})
    assert told.matched == {digest("sha256", each) for each in data[::2]}


def test_a_list_where_nothing_may_be_written(tmp_path: Path) -> None:
    path = sqlite_list(tmp_path / "l.db", ["one"])
    path.chmod(0o400)
    tmp_path.chmod(0o500)
    try:
        assert compare(look(path), {digest("sha256", "one")}).matched
    finally:
        tmp_path.chmod(0o700)


def test_rows_without_the_strongest_hash_are_passed_over(tmp_path: Path) -> None:
    path = sqlite_list(tmp_path / "l.db", ["one", "two"], index=False)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE METADATA SET sha256 = '' WHERE rowid = 2")
        connection.execute("UPDATE METADATA SET sha256 = NULL WHERE rowid = 3")
        connection.commit()
    told = compare(look(path), {digest("sha256", "one"), digest("sha256", "two"), ""})
    assert told.matched == {digest("sha256", "one")}


def test_text_with_odd_names(tmp_path: Path) -> None:
    names = ['a"b".txt', "a,b", "é\xff", '","', "", 'x",12,4242,"362","M']
    rows = [row(str(n), name) for n, name in enumerate(names)]
    path = text_list(tmp_path / "NSRLFile.txt", [*rows, HEADER, row("last")])
    found = look(path)
    assert (found.kind, found.by) == ("nsrl-text", "sha1")
    told = compare(found, {digest("sha1", each) for each in ("0", "4", "5", "last", "other")})
    assert told.matched == {digest("sha1", each) for each in ("0", "4", "5", "last")}
    assert (told.entries, told.special) == (7, 0)
    assert told.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("code", ["M", "S", "m"])
def test_what_is_not_known_to_be_good_never_matches(tmp_path: Path, code: str) -> None:
    rows = [row("bad"), row("good"), row("bad", special=code), row("odd", special="B")]
    told = compare(
        look(text_list(tmp_path / "l", rows)),
        {digest("sha1", each) for each in ("good", "bad", "odd")},
    )
    assert told.matched == {digest("sha1", "good"), digest("sha1", "odd")}
    assert told.special == 1


@pytest.mark.parametrize("cut", [1, 2, 5, 30, 60, 90])
def test_a_text_cut_short_is_refused(tmp_path: Path, cut: int) -> None:
    path = text_list(tmp_path / "l", [row("one"), row("two")])
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(SourceError, match="line 3 is cut short"):
        compare(look(path), {digest("sha1", "one")})


@pytest.mark.parametrize("bad", ["rubbish\r\n", "\r\n", '"X","Y"\r\n', "a" * 70_000 + "\r\n"])
def test_a_line_that_is_no_entry_is_refused(tmp_path: Path, bad: str) -> None:
    path = text_list(tmp_path / "l", [row("one"), bad, row("two")])
    with pytest.raises(SourceError, match="line 3 is no entry"):
        compare(look(path), {digest("sha1", "one")})


@pytest.mark.parametrize("cut", [1, 4096, 20_000])
def test_a_database_cut_short_is_refused(tmp_path: Path, cut: int) -> None:
    path = sqlite_list(tmp_path / "l.db", [str(each) for each in range(500)])
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(SourceError, match="cut short"):
        look(path)


def test_a_damaged_database_is_refused(tmp_path: Path) -> None:
    path = sqlite_list(tmp_path / "l.db", [str(each) for each in range(5000)], index=False)
    data = bytearray(path.read_bytes())
    data[4096 * 20 : 4096 * 60] = b"\xff" * 4096 * 40
    path.write_bytes(data)
    with pytest.raises(SourceError, match=r"malformed|no such hash"):
        compare(look(path), {"a" * 64})


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"PK\x03\x04rest", "unpack it"),
        (b"", "no list of known files"),
        (b'"SHA-1","FileName","FileSize"\r\n', "no list of known files"),
        (b"\x1f\x8b\x08", "no list of known files"),
        (HEADER.encode(), "holds no entries"),
        (b"SQLite format 3\x00", "cut short"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "l"
    path.write_bytes(data)
    with pytest.raises(SourceError, match=says):
        compare(look(path), set())


def test_a_folder_or_nothing_at_all(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(SourceError, match="cannot be read"):
            look(path)


@pytest.mark.parametrize(
    "schema",
    [
        "CREATE TABLE other (sha256)",
        "CREATE TABLE FILE (name)",
        "CREATE TABLE FILE (sha256); INSERT INTO FILE VALUES ('no hash')",
        "CREATE TABLE FILE (sha256)",
    ],
)
def test_another_database_is_refused(tmp_path: Path, schema: str) -> None:
    with closing(sqlite3.connect(tmp_path / "l.db")) as connection:
        connection.executescript(schema)
    with pytest.raises(SourceError, match="no RDSv3 list"):
        look(tmp_path / "l.db")


def test_a_database_with_changes_beside_it_is_refused(tmp_path: Path) -> None:
    path = sqlite_list(tmp_path / "l.db", ["one"])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("INSERT INTO METADATA DEFAULT VALUES")
        connection.commit()
        with pytest.raises(SourceError, match="holds changes"):
            look(path)


def test_a_list_that_changes_meanwhile_is_refused(tmp_path: Path) -> None:
    path = text_list(tmp_path / "l", [row("one")])

    class Changing(set[str]):
        def __contains__(self, _: object) -> bool:
            os.utime(path, ns=(0, 0))
            return False

    with pytest.raises(SourceError, match="changed while it was read"):
        compare(look(path), Changing())


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared/corpus is not there")
@pytest.mark.parametrize(
    ("name", "kind", "by"),
    [("NSRLFile.txt", "nsrl-text", "sha1"), ("RDS_sample.db", "rdsv3", "sha256")],
)
def test_real_lists(name: str, kind: str, by: str) -> None:
    found = look(CORPUS / name)
    assert (found.kind, found.by) == (kind, by)
    hashes = {
        hashlib.new(by, each.read_bytes()).hexdigest(): each.name[:5]
        for each in (CORPUS / "loose_files").iterdir()
    }
    told = compare(found, hashes.keys())
    assert told.entries == 3000
    assert sorted(hashes[each] for each in told.matched) == ["known"] * 15
    assert sorted(hashes[each] for each in hashes.keys() - told.matched) == ["unkno"] * 5
