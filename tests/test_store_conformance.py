"""One suite that every store back end passes."""

import hashlib
import io
import multiprocessing
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import fsspec
import pytest

from records.errors import StoreError
from store import BlobTooLargeError, Store, digests_of, open_store
from store.cache import BlobCache

MISSING = "0" * 64


@pytest.fixture(params=["local", "memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "memory":
        yield open_store(f"memory://{tmp_path.name}")
        fsspec.filesystem("memory").store.clear()
    elif request.param == "file":
        yield open_store(f"file://{tmp_path}/store")
    else:
        yield open_store(str(tmp_path / "store"))


def _put(store: Store, data: bytes) -> str:
    with store.writing() as writer:
        return writer.put_bytes(data).sha256


def test_gives_back_what_was_put(store: Store) -> None:
    data = bytes(range(256)) * 9000
    sha256 = _put(store, data)
    assert sha256 == hashlib.sha256(data).hexdigest()
    assert store.exists(sha256)
    assert store.read_bytes(sha256) == data
    with store.open(sha256) as file:
        assert file.read() == data
    with store.local_path(sha256) as path:
        assert path.read_bytes() == data
    assert store.verify(sha256)


def test_digests_are_the_standard_ones(store: Store) -> None:
    with store.writing() as writer:
        found = writer.put_stream(io.BytesIO(b"evidence"))
    assert found == digests_of(b"evidence")
    assert found.md5 == hashlib.md5(b"evidence").hexdigest()
    assert found.sha1 == hashlib.sha1(b"evidence").hexdigest()
    assert found.size == 8


def test_the_same_bytes_are_kept_once(store: Store) -> None:
    first = _put(store, b"same")
    with store.writing() as writer:
        assert writer.put_bytes(b"same").sha256 == first
        assert writer.put_bytes(b"same").sha256 == first
    assert list(store.hashes()) == [first]


def test_an_empty_blob_is_a_blob(store: Store) -> None:
    sha256 = _put(store, b"")
    assert store.read_bytes(sha256) == b""


def test_a_writer_reads_what_it_wrote(store: Store) -> None:
    with store.writing() as writer:
        found = writer.put_bytes(b"not yet seen")
        with writer.open(found.sha256) as file:
            assert file.read() == b"not yet seen"


def test_an_error_keeps_nothing(store: Store) -> None:
    with pytest.raises(RuntimeError), store.writing() as writer:
        writer.put_bytes(b"lost")
        raise RuntimeError("the worker failed")
    assert list(store.hashes()) == []
    assert store.sweep() == 0


def test_past_the_limit_nothing_is_kept(store: Store) -> None:
    with store.writing() as writer:
        with pytest.raises(BlobTooLargeError):
            writer.put_stream(io.BytesIO(b"x" * 3_000_000), limit=2_000_000)
        kept = writer.put_stream(io.BytesIO(b"y" * 10), limit=10)
    assert list(store.hashes()) == [kept.sha256]


def test_a_missing_blob_is_named(store: Store) -> None:
    assert not store.exists(MISSING)
    with pytest.raises(StoreError, match=MISSING):
        store.open(MISSING)
    with pytest.raises(StoreError, match=MISSING), store.local_path(MISSING):
        pass


def test_two_writers_of_the_same_bytes(store: Store) -> None:
    ready = threading.Barrier(2)
    found: list[str] = []

    def write() -> None:
        with store.writing() as writer:
            found.append(writer.put_bytes(b"shared").sha256)
            ready.wait(10)

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(store.hashes()) == [found[0]]
    assert store.read_bytes(found[0]) == b"shared"


def test_damage_is_seen(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    sha256 = _put(store, b"true")
    path = tmp_path / sha256[:2] / sha256[2:4] / sha256
    path.chmod(0o644)
    path.write_bytes(b"fake")
    assert not store.verify(sha256)


def test_what_is_no_blob_is_a_stray(store: Store, tmp_path: Path) -> None:
    kept = _put(store, b"kept")
    strays = {f"{kept[:2]}/notes.txt", f"{kept[:2]}/{kept[2:4]}/x{kept[1:]}", f"zz/{kept}", "a.txt"}
    fs, root = fsspec.core.url_to_fs(store.address)
    for path in strays:
        fs.makedirs(f"{root}/{path}".rpartition("/")[0], exist_ok=True)
        fs.pipe_file(f"{root}/{path}", b"stray")
    assert list(store.hashes()) == [kept]
    assert set(store.strays()) == strays
    assert list(store.strays()) == list(store.strays())


def test_a_link_in_the_place_of_a_blob_is_none(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"))
    kept = _put(store, b"kept")
    path = tmp_path / "store" / kept[:2] / kept[2:4] / kept
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert list(store.hashes()) == []
    assert list(store.strays()) == [f"{kept[:2]}/{kept[2:4]}/{kept}"]


def test_hashes_come_in_order(store: Store) -> None:
    with store.writing() as writer:
        put = {writer.put_bytes(bytes([number])).sha256 for number in range(200)}
    assert list(store.hashes()) == sorted(put)


@pytest.mark.parametrize("store", ["local", "file"], indirect=True)
def test_many_threads_write_at_once(store: Store) -> None:
    """File system objects of fsspec are shared by threads; nothing of one may end another.

    Its memory file system, which no case may use, goes through a dictionary that others change.
    """
    failed: list[BaseException] = []

    def write(number: int) -> None:
        try:
            for each in range(10):
                _put(store, f"{number * each}".encode())
        except Exception as error:  # noqa: BLE001 any failure of a thread is the finding
            failed.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert all(store.verify(each) for each in store.hashes())


def test_what_a_dead_remote_writer_left_is_swept_up(tmp_path: Path) -> None:
    store = open_store(f"file://{tmp_path}/store")
    kept = _put(store, b"kept")
    left = tmp_path / "store" / "ab" / "cd" / "abcd.1234.part"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    assert list(store.hashes()) == [kept]
    assert store.sweep() == 1
    assert not left.exists()


def test_a_dead_writer_is_swept_up(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    kept = _put(store, b"kept")
    left = tmp_path / "staging" / "dead"
    left.mkdir(parents=True)
    (left / "incoming").write_bytes(b"half")
    assert store.sweep() == 1
    assert list(store.hashes()) == [kept]


def test_what_is_sent_is_taken_once_and_is_no_blob(store: Store, tmp_path: Path) -> None:
    kept = _put(store, b"kept")
    (tmp_path / "file").write_bytes(b"a segment" * 1000)
    name, other = store.send(tmp_path / "file"), store.send(tmp_path / "file")
    assert list(store.hashes()) == [kept]
    assert list(store.strays()) == []
    store.take(name, tmp_path / "taken")
    assert (tmp_path / "taken").read_bytes() == b"a segment" * 1000
    with pytest.raises(StoreError, match=name):
        store.take(name, tmp_path / "again")
    assert store.sweep() == 1
    with pytest.raises(StoreError, match=other):
        store.take(other, tmp_path / "again")


def _write_many(address: str, first: int) -> None:
    store = open_store(address)
    for batch in range(first, first + 20):
        with store.writing() as writer:
            for number in range(batch, batch + 10):
                writer.put_bytes(f"{number}".encode() * 1000)


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_two_processes_write_at_once(scheme: str, tmp_path: Path) -> None:
    """They meet the same blobs again and again; each is whole, once, and no part is left."""
    address = f"{scheme}{tmp_path}/store"
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=_write_many, args=(address, each)) for each in (0, 3)]
    for each in writers:
        each.start()
    for each in writers:
        each.join(120)
    assert [each.exitcode for each in writers] == [0, 0]
    store = open_store(address)
    found = list(store.hashes())
    assert sorted(found) == sorted(digests_of(f"{n}".encode() * 1000).sha256 for n in range(32))
    assert all(store.verify(each) for each in found)
    assert list(store.strays()) == []
    assert store.sweep() == 0


def test_a_store_that_takes_less_than_it_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A blob cut short must never stand under its name."""
    store = open_store(f"memory://{tmp_path.name}-short")
    memory = type(fsspec.filesystem("memory"))
    whole = memory.pipe_file

    def put_file(self: object, source: str, target: str, **_: object) -> None:
        whole(self, target, Path(source).read_bytes()[:3])

    monkeypatch.setattr(memory, "put_file", put_file)
    with pytest.raises(StoreError, match="3 of 8"):
        _put(store, b"evidence")
    assert list(store.hashes()) == []


def test_an_address_that_no_library_serves() -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        open_store("nothing://known")


def test_copies_of_blobs_are_bounded_and_fetched_once(tmp_path: Path) -> None:
    cache, fetched = BlobCache(most=25), []

    def held(name: str) -> AbstractContextManager[Path]:
        def fetch(path: Path) -> None:
            fetched.append(name)
            path.write_bytes(name.encode() * 10)

        return cache.held(name, fetch)

    with held("a") as one, held("a") as same:
        assert one == same
        assert one.read_bytes() == b"a" * 10
    for name in ("b", "a", "c"):  # b is the one not used longest
        with held(name) as path:
            assert path.read_bytes() == name.encode() * 10
    with held("a"), held("b"), held("c"), held("d"):  # all in use: none is taken away
        assert len(list(path.parent.glob("?"))) == 4
    assert fetched == ["a", "b", "c", "b", "d"]
    assert sum(each.stat().st_size for each in path.parent.glob("?")) <= 25
