"""A batch of files into the store: every entry once, with all that its containers hold."""

import gzip
import io
import os
import pickle
import stat
import tarfile
import time
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from ingest import sources
from ingest.collect import collect_batch
from ingest.interface import CollectBatch, CollectedItem
from ingest.walk import root_of, walk
from records.codes import Code, Disposition, Role
from records.limits import Limits
from store import digests_of, open_store

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"
FROM = b"From ann@a.example Mon Jan  1 00:00:00 2001\n"
MAIL = b"From: ann@a.example\nMessage-ID: <1@a>\nSubject: x\n\nbody\n"


def _collect(
    source: Path, store: Path, limits: Limits | None = None, *passwords: str
) -> tuple[CollectedItem, ...]:
    batch = CollectBatch(
        root=root_of(source),
        files=tuple(walk(source)),
        store_address=str(store),
        limits=limits or Limits(),
        passwords=passwords,
    )
    assert pickle.loads(pickle.dumps(batch)) == batch
    result = collect_batch(batch)
    assert pickle.loads(pickle.dumps(result)) == result
    return result.items


def _zip(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members.items():
            archive.writestr(name.replace("_", "."), data)
    return out.getvalue()


def _codes(item: CollectedItem) -> list[Code]:
    return [each.code for each in item.notes]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    return folder


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


def test_walk_goes_by_path_components_as_bytes(source: Path) -> None:
    for name in ("b.txt", "a/z.txt", "a.txt", "a/b/c.txt", "B.txt"):
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    Path(os.fsdecode(os.fsencode(source) + b"/\xe9.txt")).write_bytes(b"x")
    (source / "empty folder").mkdir()
    found = [each.path for each in walk(source)]
    assert found == [b"B.txt", b"a/b/c.txt", b"a/z.txt", b"a.txt", b"b.txt", b"\xe9.txt"]
    assert [each.path for each in walk(source / "a.txt")] == [b"a.txt"]


def test_a_plain_file_is_copied_hashed_and_typed(source: Path, store: Path) -> None:
    (source / "d").mkdir()
    path = source / "d" / "a.txt"
    path.write_bytes(b"words")
    os.utime(path, (1, 989883540))
    before = path.stat()
    [item] = _collect(source, store)
    assert item.origin is not None
    assert replace(item, origin=None) == CollectedItem(
        address="d/a.txt",
        name="a.txt",
        name_bytes=b"a.txt",
        role=Role.FILE,
        found_in=None,
        digests=digests_of(b"words"),
        size=5,
        mime="text/plain",
        type="txt",
        ext="txt",
        outcome=Disposition.PENDING,
        modified_at="2001-05-14T23:39:00Z",
        notes=(),
    )
    assert item.digests is not None
    assert open_store(str(store)).read_bytes(item.digests.sha256) == b"words"
    after = path.stat()
    assert (after.st_mtime_ns, after.st_atime_ns) == (before.st_mtime_ns, before.st_atime_ns)


def test_containers_in_containers_come_with_their_chain(source: Path, store: Path) -> None:
    inner = _zip(deep_txt=b"deep", box_mbox=FROM + MAIL + b"\n" + FROM + b"Subject: y\n\nz\n")
    (source / "a.zip").write_bytes(_zip(inner_zip=inner, note_txt=b"", log_gz=gzip.compress(b"x")))
    items = _collect(source, store)
    assert [(each.address, each.type, each.outcome.value, each.found_in) for each in items] == [
        ("a.zip", "zip", "container", None),
        ("a.zip!/inner.zip", "zip", "container", 0),
        ("a.zip!/inner.zip!/deep.txt", "txt", "pending", 1),
        ("a.zip!/inner.zip!/box.mbox", "mbox", "container", 1),
        ("a.zip!/inner.zip!/box.mbox!/message-00001.eml", "email", "pending", 3),
        ("a.zip!/inner.zip!/box.mbox!/message-00002.eml", "email", "pending", 3),
        ("a.zip!/note.txt", "empty", "empty", 0),
        ("a.zip!/log.gz", "gz", "container", 0),
        ("a.zip!/log.gz!/log", "txt", "pending", 7),
    ]
    assert items[4].digests == digests_of(MAIL)
    assert [each.role.value for each in items[4:7]] == ["message", "message", "member"]


def test_the_path_in_a_maildir_tells_folder_and_state(source: Path, store: Path) -> None:
    name = "Maildir/.Lots.Copper/cur/1700000000.M1P2.host:2,FS"
    path = source / name
    path.parent.mkdir(parents=True)
    path.write_bytes(MAIL)
    with tarfile.open(source / "packed.tar", "w") as archive:
        archive.add(path, name)
    mails = [each for each in _collect(source, store) if each.type == "email"]
    assert [(each.fields.folder, each.fields.is_read, each.fields.flags) for each in mails] == [
        ("Lots/Copper", True, ("flagged",)),
        ("Lots/Copper", True, ("flagged",)),
    ]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_no_two_items_have_one_address(source: Path, store: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in ("a", "a", "a#2", "a"):
            archive.writestr(name, b"same")
    (source / "x.zip").write_bytes(out.getvalue())
    (source / "x.zip!").mkdir()
    (source / "x.zip!" / "a").write_bytes(b"same")
    Path(os.fsdecode(os.fsencode(source) + b"/\xe9")).write_bytes(b"same")
    (source / "\\xe9").write_bytes(b"same")
    assert [each.address for each in _collect(source, store)] == [
        "\\x5cxe9",
        "x.zip",
        "x.zip!/a",
        "x.zip!/a#2",
        "x.zip!/a#2#2",
        "x.zip!/a#3",
        "x.zip\\x21/a",
        "\\xe9",
    ]


def test_what_cannot_be_read_is_on_record(source: Path, store: Path) -> None:
    (source / "a-link").symlink_to("/etc/passwd")
    os.mkfifo(source / "b-pipe")
    (source / "c.txt").write_bytes(b"gone soon")
    batch = CollectBatch(root_of(source), tuple(walk(source)), str(store), Limits(), ())
    (source / "c.txt").unlink()
    items = collect_batch(batch).items
    assert [(each.name, _codes(each)) for each in items] == [
        ("a-link", [Code.LINK]),
        ("b-pipe", [Code.SPECIAL_FILE]),
        ("c.txt", [Code.UNREADABLE_SOURCE]),
    ]
    assert {each.outcome for each in items} == {Disposition.EXCEPTION}
    assert "/etc/passwd" in items[0].notes[0].message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_on_record(source: Path, store: Path) -> None:
    (source / "locked").mkdir(mode=0)
    [item] = _collect(source, store)
    assert (item.address, _codes(item)) == ("locked", [Code.UNREADABLE_SOURCE])


def test_a_file_that_turned_into_a_link_is_not_followed(source: Path, store: Path) -> None:
    path = source / "a.txt"
    path.write_bytes(b"x")
    batch = CollectBatch(root_of(source), tuple(walk(source)), str(store), Limits(), ())
    path.unlink()
    path.symlink_to("/etc/passwd")
    [item] = collect_batch(batch).items
    assert (_codes(item), item.digests) == ([Code.UNREADABLE_SOURCE], None)


class _Growing:
    """A store writer beside whose reading the file grows, so many times."""

    def __init__(self, path: Path, times: int) -> None:
        self._path, self._times = path, times

    def put_stream(self, stream: io.RawIOBase, limit: int | None = None) -> object:
        data = b""
        while chunk := stream.read(100):
            data += chunk
        if self._times:
            self._times -= 1
            with self._path.open("ab") as file:
                file.write(b"more")
        return digests_of(data)


@pytest.mark.parametrize(("times", "changed", "size"), [(0, False, 4), (1, False, 8), (2, True, 8)])
def test_a_file_that_changes_is_read_once_more(
    source: Path, times: int, changed: bool, size: int
) -> None:
    path = source / "a.log"
    path.write_bytes(b"line")
    copied = sources.copy(os.fsencode(path), _Growing(path, times))  # type: ignore[arg-type]
    assert (copied.changed, copied.digests.size) == (changed, size)


def test_a_name_that_promises_something_else_is_noted(source: Path, store: Path) -> None:
    (source / "a.txt").write_bytes(b"%PDF-1.7\n")
    [item] = _collect(source, store)
    assert (item.type, _codes(item), item.outcome) == (
        "pdf",
        [Code.TYPE_DISAGREES],
        Disposition.PENDING,
    )


def test_containers_nest_only_so_deep(source: Path, store: Path) -> None:
    data = b"bottom"
    for _ in range(5):
        data = _zip(a_zip=data)
    (source / "a.zip").write_bytes(data)
    items = _collect(source, store, Limits(depth=3))
    assert [_codes(each) for each in items] == [[], [], [], [Code.TOO_DEEP]]
    assert items[3].outcome is Disposition.EXCEPTION
    assert items[3].digests is not None
    assert len(_collect(source, store)) == 6


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared/corpus is not there")
class TestCorpus:
    @pytest.mark.parametrize(
        ("name", "outcomes", "codes"),
        [
            ("zip_slip.zip", {"container": 1, "exception": 3, "pending": 1}, {"unsafe-path": 3}),
            ("zip_dup_and_case_names.zip", {"container": 1, "pending": 4}, {}),
            pytest.param(
                *("zip_5000_small.zip", {"container": 1, "pending": 5000}, {}),
                marks=pytest.mark.slow,
            ),
            (
                "zip_bad_crc.zip",
                {"container": 1, "exception": 1, "pending": 1},
                {"corrupt": 1},
            ),
            ("zip_truncated.zip", {"exception": 1, "pending": 2}, {"truncated": 1}),
            ("zip_deep_path.zip", {"container": 1, "pending": 1}, {}),
            ("odd_names.zip", {"container": 1, "pending": 2}, {}),
            ("zipbomb_flat_512MiB.zip", {"container": 1, "exception": 1}, {"bomb": 2}),
            (
                "zipbomb_nested_8x4_40GB.zip",
                {"container": 33, "exception": 170, "pending": 6},
                {"bomb": 193},
            ),
            ("gzipbomb_512MiB.gz", {"container": 1, "exception": 1}, {"bomb": 1}),
            (
                "tar_slip_symlink_fifo.tar",
                {"container": 1, "exception": 5, "pending": 1},
                {"unsafe-path": 2, "link": 2, "special-file": 1},
            ),
            ("mbox_unescaped_from.mbox", {"container": 1, "pending": 2}, {}),
            ("pdf_named_as.txt", {"pending": 1}, {"type-disagrees": 1}),
            ("zero_byte.docx", {"empty": 1}, {}),
        ],
    )
    def test_hostile_files(
        self, store: Path, name: str, outcomes: dict[str, int], codes: dict[str, int]
    ) -> None:
        start = time.monotonic()
        items = _collect(CORPUS / "adversarial" / name, store)
        assert Counter(each.outcome.value for each in items) == outcomes
        assert Counter(code.value for each in items for code in _codes(each)) == codes
        assert time.monotonic() - start < 60

    def test_nothing_of_a_hostile_archive_is_written_elsewhere(self, store: Path) -> None:
        for name in ("zip_slip.zip", "tar_slip_symlink_fifo.tar"):
            items = _collect(CORPUS / "adversarial" / name, store)
            kept = [each.name for each in items[1:] if each.digests is not None]
            assert kept == ["ok.txt"]
        files = [each for each in store.rglob("*") if not each.is_dir()]
        assert all(stat.S_ISREG(each.lstat().st_mode) and len(each.name) == 64 for each in files)
        assert len(files) == 3  # two archives and the one ok.txt that they share
