"""What the file system says of a source is kept, and the source is left as it was."""

import hashlib
import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ingest import origin
from ingest.addressing import path_address
from ingest.run import ingest
from ingest.walk import walk
from records import case as cases
from records import tables
from records.case import Case
from tests.ingest_engines import Inline
from tests.test_ingest_run import INFO, _make_source

ROOT = Path(__file__).parent.parent


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    cases.create(tmp_path / "case", INFO, [], ["Ann Lee", "Bob Ray"])
    with cases.opened(tmp_path / "case") as case:
        yield case


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return _make_source(tmp_path / "source")


def _origins(case: Case) -> dict[str, dict[str, Any] | None]:
    with case.read() as connection:
        return {row.address: row.origin for row in connection.execute(sa.select(tables.documents))}


def _stat(path: Path, form: str) -> str:
    done = subprocess.run(["stat", "-c", form, path], capture_output=True, text=True, check=True)
    return done.stdout.rstrip("\n")


def test_facts_are_those_of_stat(case: Case, source: Path) -> None:
    path = source / "a" / "one.txt"
    os.link(path, source / "a" / "twin.txt")
    path.chmod(0o640)
    os.utime(path, ns=(1_000_000_001, 2_000_000_002_000_000_003))
    expected = {
        "rights": _stat(path, "%A"),
        "mode": f"{int(_stat(path, '%f'), 16):o}",
        "uid": int(_stat(path, "%u")),
        "owner": _stat(path, "%U"),
        "gid": int(_stat(path, "%g")),
        "group": _stat(path, "%G"),
        "inode": int(_stat(path, "%i")),
        "links": 2,
        "modified": "2033-05-18T03:33:22.000000003Z",
        "accessed": "1970-01-01T00:00:01.000000001Z",
    }
    changed, born = _stat(path, "%.9Z"), _stat(path, "%.9W")
    ingest(case, Inline(), source, "Ann Lee")
    found = _origins(case)["a/one.txt"]
    assert found is not None
    assert {name: found[name] for name in expected} == expected
    assert found["changed"].endswith(f".{changed.partition('.')[2]}Z")
    if born.startswith("0"):
        assert "born" not in found
    else:
        assert found["born"].endswith(f".{born.partition('.')[2]}Z")
    assert "access_time_moved" not in found
    twin = _origins(case)["a/twin.txt"]
    assert twin is not None
    assert (twin["device"], twin["inode"]) == (found["device"], found["inode"])


def test_only_what_the_file_system_holds_has_an_origin(case: Case, source: Path) -> None:
    ingest(case, Inline(), source, "Ann Lee")
    found = _origins(case)
    assert {address for address, each in found.items() if each is None} == {
        *("b/box.mbox!/message-00001.eml", "b/box.mbox!/message-00002.eml"),
        *("b/box.mbox!/message-00003.eml", "c.zip!/memo.txt", "c.zip!/../evil.txt"),
        *("c.zip!/log.gz", "c.zip!/log.gz!/log"),
    }
    link = found["link"]
    assert link is not None
    assert link["rights"].startswith("l")


def test_a_file_that_kills_its_worker_has_one_too(case: Case, source: Path) -> None:
    ingest(case, Inline(deadly=b"b/nothing.txt"), source, "Ann Lee")
    found = _origins(case)["b/nothing.txt"]
    assert found is not None
    assert found["inode"] == (source / "b" / "nothing.txt").stat().st_ino


def test_extended_attributes_are_kept_and_long_values_are_not(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"x")
    try:
        os.setxattr(path, "user.note", b"from the desk of Ann")
        os.setxattr(path, "user.blob", b"\x00\xff")
        os.setxattr(path, "user.long", b"x" * 2000)
    except OSError:
        pytest.skip("this file system keeps no extended attributes")
    found = origin.of_path(os.fsencode(path))
    assert found is not None
    kept = found["attributes"]
    assert kept["user.note"] == {"size": 20, "text": "from the desk of Ann"}
    assert kept["user.blob"] == {"size": 2, "base64": "AP8="}
    assert kept["user.long"]["text"] == "x" * 2000
    json.dumps(found)


def test_values_over_4_kb_are_only_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {f"user.{n:02}": b"y" * 4096 for n in range(20)} | {"user.big": b"z" * 4097}
    monkeypatch.setattr(os, "listxattr", lambda where, follow_symlinks: sorted(values))
    monkeypatch.setattr(os, "getxattr", lambda where, name, follow_symlinks: values[name])
    found = origin.of_path(b"/")
    assert found is not None
    kept = found["attributes"]
    assert kept["user.big"] == {"size": 4097}
    assert sum("text" in each for each in kept.values()) == 16  # 64 KB of one file, no more
    assert len(kept) == 21


def test_marks_of_windows_mounts_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"system.ntfs_attrib_be": b"\x00\x00\x00\x22"}

    def read(where: bytes, name: str, follow_symlinks: bool) -> bytes:
        if name not in values:
            raise OSError(95, "not supported")
        return values[name]

    monkeypatch.setattr(origin, "_file_system", lambda device: "ntfs3")
    monkeypatch.setattr(os, "getxattr", read)
    found = origin.of_path(b"/tmp")
    assert found is not None
    assert found["filesystem"] == "ntfs3"
    assert found["attributes"]["system.ntfs_attrib_be"] == {"size": 4, "base64": "AAAAIg=="}


@pytest.mark.parametrize(
    "path", [b"plain.txt", b"caf\xc3\xa9.txt", b"\xe9.txt", b"a!/b", b"\\x41", b"new\nline 100%"]
)
def test_the_bytes_of_a_path_come_back(path: bytes) -> None:
    kept = origin.with_path(None, path)
    assert (kept is None) == (path in (b"plain.txt", b"caf\xc3\xa9.txt"))
    assert origin.path_of(path_address(path), kept) == path


def test_times_no_calendar_has() -> None:
    assert origin._time(-1) == "1969-12-31T23:59:59.999999999Z"
    assert origin._time(-(10**20)) == "@-100000000000.000000000"


def _all(folder: Path) -> dict[str, tuple[Any, ...]]:
    """Each entry: every field that stat has, extended attributes, and a hash of the bytes.

    The access time of a link itself is left out: Linux moves it when the target is asked for.
    """
    found: dict[str, tuple[Any, ...]] = {}
    for path in sorted([folder, *folder.rglob("*")]):
        seen = path.lstat()
        fields = {name: getattr(seen, name) for name in dir(seen) if name.startswith("st_")}
        if stat.S_ISLNK(seen.st_mode):
            fields = {name: value for name, value in fields.items() if "atime" not in name}
        marks = {name: os.getxattr(path, name, follow_symlinks=False)
                 for name in os.listxattr(path, follow_symlinks=False)}  # fmt: skip
        found[str(path)] = (fields, marks)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            fd = os.open(path, os.O_RDONLY | os.O_NOATIME)
            with os.fdopen(fd, "rb") as file:
                found[str(path)] += (hashlib.sha256(file.read()).hexdigest(),)
    return found


def test_a_source_is_the_same_to_the_last_field_of_stat(case: Case, source: Path) -> None:
    for path in source.rglob("*"):
        if not path.is_symlink():  # so old that any reading would move them (relatime, mount(8))
            os.utime(path, ns=(10**18, 1_500_000_000 * 10**9))
    os.utime(source, ns=(10**18, 1_500_000_000 * 10**9))
    before = _all(source)
    ingest(case, Inline(), source, "Ann Lee")
    ingest(case, Inline(), source, "Bob Ray")
    assert _all(source) == before
    (source / "a" / "one.txt").read_bytes()
    assert _all(source) != before  # or the mount keeps no access times, and nothing was shown


def test_where_the_access_time_cannot_be_left_alone_that_is_told(
    case: Case, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for a user who does not own the file: O_NOATIME is refused (open(2))."""
    real = os.open

    def refuse(path: Any, flags: int, *rest: Any, **more: Any) -> int:
        if flags & os.O_NOATIME:
            raise PermissionError(1, "Operation not permitted")
        return real(path, flags, *rest, **more)

    path = source / "a" / "one.txt"
    os.utime(path, ns=(10**18, 1_500_000_000 * 10**9))
    monkeypatch.setattr(os, "open", refuse)
    ingest(case, Inline(), source, "Ann Lee")
    monkeypatch.undo()
    found = _origins(case)["a/one.txt"]
    assert found is not None
    assert found["accessed"] == "2001-09-09T01:46:40.000000000Z"
    assert found.get("access_time_moved", False) == (path.stat().st_atime_ns != 10**18)


_READ_ONLY = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from ingest.run import ingest
from records import case as cases
from tests.ingest_engines import Inline
from tests.test_ingest_run import INFO
mount, folder = Path(sys.argv[2]), Path(sys.argv[3])
try:
    (mount / "new").write_bytes(b"x")
    print("writable")
except OSError:
    print("read-only")
cases.create(folder, INFO, [], ["Ann Lee"])
with cases.opened(folder) as case:
    made = ingest(case, Inline(), mount, "Ann Lee")
print(made.files_found, made.items, made.exceptions)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
@pytest.mark.parametrize("kind", ["bind", "tmpfs"])
def test_a_source_that_cannot_be_written_to(tmp_path: Path, source: Path, kind: str) -> None:
    mount = tmp_path / "mount"
    mount.mkdir()
    ways = {
        "bind": 'mount --bind "$1" "$2"',
        "tmpfs": 'mount -t tmpfs none "$2" && cp -a "$1/." "$2"',
    }
    script = f'{ways[kind]} && mount -o remount,ro,bind "$2" && exec "$3" -c "$4" "$5" "$2" "$6"'
    done = subprocess.run(
        [
            *("unshare", "-m", "sh", "-c", script, "sh", str(source), str(mount)),
            *(sys.executable, _READ_ONLY, str(ROOT), str(tmp_path / "case")),
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    if "permission denied" in done.stderr.lower() or "not permitted" in done.stderr.lower():
        pytest.skip("this machine does not let root mount")
    assert done.stdout == "read-only\n7 14 {'link': 1, 'unsafe-path': 1}\n", done.stderr


def test_a_file_that_vanishes_during_the_walk_is_on_record(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.lstat

    def late(path: bytes) -> os.stat_result:
        if isinstance(path, bytes) and path.endswith(b"/one.txt"):
            (source / "a" / "one.txt").unlink(missing_ok=True)
        return real(path)

    monkeypatch.setattr(os, "lstat", late)
    kinds = {each.path: each.kind for each in walk(source)}
    assert kinds[b"a/one.txt"] == "unreadable"
    assert kinds[b"a/same.txt"] == "file"


def test_a_file_gone_at_copy_and_one_that_grew_since_the_walk(
    case: Case, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The facts and the date are those of the bytes that were kept, not those of the walk."""
    from ingest import run

    def walked(folder: Path) -> Iterator[Any]:
        found = list(walk(folder))
        (source / "a" / "one.txt").unlink()
        (source / "a" / "same.txt").write_bytes(b"one and more")
        os.utime(source / "a" / "same.txt", (0, 1_600_000_000))
        yield from found

    monkeypatch.setattr(run, "walk", walked)
    made = ingest(case, Inline(), source, "Ann Lee")
    assert (made.files_found, made.exceptions["unreadable-source"]) == (7, 1)
    c = tables.documents.c
    with case.read() as connection:
        row = connection.execute(sa.select(tables.documents).where(c.address == "a/same.txt")).one()
    assert (row.size, row.modified_at) == (12, "2020-09-13T12:26:40Z")
    assert row.origin["modified"] == "2020-09-13T12:26:40.000000000Z"
    logs = case.folder / "logs" / "collection-0001"
    assert (logs / "not-collected.txt").read_text() == "a/one.txt\nlink\n"
