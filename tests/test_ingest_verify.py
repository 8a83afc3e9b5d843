"""The store and the sources verified: what is damaged, missing or changed is named, and no more."""

import json
import os
import pickle
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pyzipper
import sqlalchemy as sa
from click.testing import CliRunner, Result

from ingest import rehash, verify_source, verify_store
from ingest.completed import chosen
from ingest.findings import Findings
from ingest.referenced import Expected, Known
from ingest.rehash import BlobBatch, SourceBatch, hash_blobs, hash_sources
from ingest.run import ingest
from ingest.verify_commands import verify
from ingest.verify_store import StoreReport
from records import audit, tables
from records import case as cases
from records.case import Case
from records.errors import CaseBusyError, CustodyError, DamageError, SourceChangedError, SourceError
from store import LocalStore, digests_of, open_store
from tests.ingest_engines import Inline
from tests.test_ingest_run import INFO, _make_source


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return _make_source(tmp_path / "source")


@pytest.fixture
def case(tmp_path: Path, source: Path) -> Iterator[Case]:
    """A case with one collection of the source."""
    cases.create(tmp_path / "case", INFO, [], ["Ann Lee", "Bob Ray"])
    with cases.opened(tmp_path / "case") as case:
        ingest(case, Inline(), source, "Ann Lee")
        yield case


def _verified(
    case: Case, sample: int | None = None, engine: Inline | None = None
) -> tuple[StoreReport, list[dict[str, Any]]]:
    with Findings() as findings:
        report = verify_store.verify_store(case, engine or Inline(), findings, sample)
        return report, list(verify_store.described(case, findings))


def _blob(case: Case, data: bytes) -> Path:
    return LocalStore(Path(case.store_address)).path(digests_of(data).sha256)


def _write(path: Path, data: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(data)


def test_a_whole_store_holds(case: Case) -> None:
    report, rows = _verified(case)
    # 9 originals, the manifest, the custody record and the list of what was not collected
    assert (report.expected, report.hashed, report.holds, rows) == (12, 12, True, [])
    assert report.bytes == sum(p.stat().st_size for p in Path(case.store_address).rglob("*/*/*"))
    with case.read() as connection:
        last = list(audit.entries(connection))[-1]
        audit.verify(connection)
    assert last.act == "store verified"
    assert json.loads(last.details) == report.to_json()


def test_a_flipped_bit_is_found_with_its_documents(case: Case) -> None:
    path = _blob(case, b"one")
    _write(path, b"one"[:2] + bytes([b"e"[0] ^ 1]))
    report, rows = _verified(case)
    assert (report.damaged, report.missing, report.hashed, report.holds) == (1, 0, 12, False)
    [row] = rows
    assert (row["state"], row["what"]) == ("damaged", path.name)
    assert digests_of(b"ond").sha256 in row["message"]
    assert [(each["document"], each["what"], each["address"]) for each in row["held_by"]] == [
        ("RW-00000001", "original", "a/one.txt"),
        ("RW-00000002", "original", "a/same.txt"),
    ]


def test_a_missing_and_an_unreferenced_blob_are_found(case: Case) -> None:
    path = _blob(case, b"memo")
    path.unlink()
    with open_store(case.store_address).writing() as writer:
        extra = writer.put_bytes(b"left by a run that was cut off").sha256
    (path.parent / "notes.txt").write_bytes(b"stray")
    report, rows = _verified(case)
    assert (report.missing, report.damaged, report.extra, report.strays) == (1, 0, 1, 1)
    assert report.hashed == report.expected - 1
    found = {row["what"]: row for row in rows}
    assert found[path.name]["held_by"][0]["address"] == "c.zip!/memo.txt"
    assert found[extra]["state"] == "extra"
    assert found[f"{path.name[:2]}/{path.name[2:4]}/notes.txt"]["state"] == "stray"
    assert len(rows) == 3


def test_what_nothing_refers_to_is_no_damage(case: Case) -> None:
    with open_store(case.store_address).writing() as writer:
        writer.put_bytes(b"left")
    assert _verified(case)[0].holds


@pytest.mark.parametrize(("column", "value"), [("sha1", "0" * 40), ("md5", "0" * 32), ("size", 4)])
def test_the_other_digests_count_too(case: Case, column: str, value: str | int) -> None:
    d = tables.documents
    with case.write() as connection:
        connection.execute(d.update().where(d.c.id == 2).values({column: value}))
    report, [row] = _verified(case)
    assert report.damaged == 1
    assert str(value) in row["message"]


def test_texts_and_pages_are_verified_too(case: Case) -> None:
    d, p = tables.documents, tables.ocr_pages
    with open_store(case.store_address).writing() as writer:
        text, words = writer.put_bytes(b"a text").sha256, writer.put_bytes(b"[[1]]").sha256
    with case.write() as connection:
        connection.execute(d.update().where(d.c.id == 1).values(text_sha256=text))
        connection.execute(
            p.insert().values(
                document_id=2, page=0, text_sha256=text, words_sha256=words, confidence=1.0,
                rotation=0, engine="t",
            )
        )  # fmt: skip
    assert _verified(case)[0].expected == 14
    _blob(case, b"[[1]]").unlink()
    _write(_blob(case, b"a text"), b"a tex_")
    report, rows = _verified(case)
    assert (report.missing, report.damaged) == (1, 1)
    held = {row["state"]: [(h["document"], h["what"]) for h in row["held_by"]] for row in rows}
    assert held == {
        "missing": [("RW-00000002", "words of a page")],
        "damaged": [("RW-00000001", "text"), ("RW-00000002", "text of a page")],
    }


def test_a_damaged_manifest_and_custody_record_are_named(case: Case) -> None:
    with case.read() as connection:
        manifest = connection.execute(sa.select(tables.collections.c.manifest_sha256)).scalar_one()
    path = LocalStore(Path(case.store_address)).path(manifest)
    data = path.read_bytes()
    _write(path, data.replace(b"a/one.txt", b"a/two.txt"))
    report, rows = _verified(case)
    assert (report.damaged, report.manifest_faults) == (1, 2)
    assert rows[0]["held_by"][0]["what"] == "manifest of collection 1"
    told = [row["message"] for row in rows if row["state"] == "manifest"]
    assert told[0].startswith("no document is on record for its line")
    assert told[1] == "it has no line for RW-00000001, a/one.txt"
    _write(path, b"nonsense\n")
    assert "cannot be read" in _verified(case)[1][1]["message"]


def test_a_document_removed_behind_the_program_is_named(case: Case) -> None:
    d = tables.documents
    with case.write() as connection:
        connection.execute(d.update().where(d.c.id == 14).values(address="z.txt"))
    report, rows = _verified(case)
    assert report.manifest_faults == 2
    assert {row["collection"] for row in rows} == {1}


def test_the_copies_in_the_logs_are_compared(case: Case) -> None:
    logs = case.folder / "logs" / "collection-0001"
    (logs / "custody.json").write_text("{}")
    (logs / "manifest-sha256.txt").unlink()
    report, rows = _verified(case)
    assert report.manifest_faults == 2
    assert all("its copy" in row["message"] for row in rows)


def test_later_collections_of_the_same_source_hold(case: Case, source: Path) -> None:
    """Nothing new; something new and something edited; bytes that came with a password."""
    ingest(case, Inline(), source, "Ann Lee")
    (source / "a" / "one.txt").write_bytes(b"edited")
    (source / "new.txt").write_bytes(b"new")
    (source / "link").unlink()
    (source / "link").write_bytes(b"a file now")
    with pyzipper.AESZipFile(source / "l.zip", "w", encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(b"letmein")
        archive.writestr("memo.txt", "the words")
    ingest(case, Inline(), source, "Ann Lee")
    ingest(case, Inline(), source, "Ann Lee", ("letmein",))
    ingest(case, Inline(), source, "Bob Ray")
    (source / "a" / "one.txt").write_bytes(b"one")
    ingest(case, Inline(), source, "Ann Lee")
    report, rows = _verified(case)
    assert rows == []
    assert (report.collections, report.holds) == (6, True)


def test_a_sample_hashes_so_many_and_looks_for_all(case: Case) -> None:
    _blob(case, b"memo").unlink()
    report, _ = _verified(case, sample=5)
    assert (report.expected, report.hashed, report.missing) == (12, 5, 1)
    assert report.seed is not None
    assert _verified(case, sample=500)[0].hashed == 11


def test_every_blob_may_be_drawn() -> None:
    blobs = [Expected(f"{number:064x}") for number in range(10)]
    drawn = [verify_store._drawn(blobs, 3, seed) for seed in range(300)]
    assert all(len(set(each)) == 3 and each == sorted(each, key=blobs.index) for each in drawn)
    counts = [sum(blob in each for each in drawn) for blob in blobs]
    assert all(60 <= count <= 120 for count in counts), counts  # 90 each, and the seeds are fixed


def test_a_blob_that_cannot_be_read_is_damaged(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(file: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(rehash, "_past_the_cache", fail)
    report, rows = _verified(case)
    assert report.damaged == 12
    assert "Input/output error" in rows[0]["message"]


def test_a_blob_that_kills_its_worker_is_named_and_the_others_are_hashed(case: Case) -> None:
    deadly = digests_of(b"memo").sha256

    class Mortal(Inline):
        def kills(self, _function: Callable[[Any], Any], batch: Any) -> bool:
            return any(each.sha256 == deadly for each in batch.blobs)

    report, rows = _verified(case, engine=Mortal())
    assert (report.hashed, report.not_hashed, report.holds) == (11, 1, False)
    assert rows[0]["held_by"][0]["address"] == "c.zip!/memo.txt"


def test_batches_cross_to_workers(case: Case) -> None:
    blobs = (Expected(digests_of(b"one").sha256, (Known(None, None, 3),)), Expected("0" * 64))
    batch = BlobBatch(case.store_address, blobs)
    assert pickle.loads(pickle.dumps(batch)) == batch
    result = hash_blobs(batch)
    assert pickle.loads(pickle.dumps(result)) == result
    assert (result.bytes, [each.state for each in result.faults]) == (3, ["missing"])
    work = SourceBatch(b"/nowhere", ((b"a", "0" * 64),))
    assert pickle.loads(pickle.dumps(work)) == work
    assert [each.state for each in hash_sources(work).faults] == ["gone"]


def test_batches_are_cut_by_bytes_and_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify_store, "BATCH_BLOBS", 3)
    monkeypatch.setattr(verify_store, "BATCH_BYTES", 100)
    blobs = [Expected(str(n), (Known(None, None, 60),) if n < 4 else ()) for n in range(9)]
    sizes = [len(each) for each in verify_store._batched(iter(blobs))]
    assert sizes == [2, 2, 3, 2]


# --- sources


def _source_rows(
    case: Case, place: Path
) -> tuple[verify_source.SourceReport, list[dict[str, Any]]]:
    with Findings() as findings:
        [done] = chosen(case, 1)
        report = verify_source.verify_source(case, Inline(), done, place, findings)
        return report, list(verify_store.described(case, findings))


def test_a_source_that_did_not_change(case: Case, source: Path) -> None:
    report, rows = _source_rows(case, source)
    assert (report.collected, report.same, report.holds, rows) == (6, 6, True, [])
    assert (report.not_collected, report.new) == (1, 0)  # the link
    with case.read() as connection:
        assert list(audit.entries(connection))[-1].act == "source verified"


def test_what_changed_went_and_came_is_named(case: Case, source: Path) -> None:
    (source / "a" / "one.txt").write_bytes(b"One")  # as long as before
    (source / "a" / "same.txt").unlink()
    (source / "b" / "nothing.txt").unlink()
    (source / "b" / "nothing.txt").symlink_to("/etc/passwd")
    (source / "c.zip").unlink()
    (source / "c.zip").mkdir()
    (source / "c.zip" / "inside").write_bytes(b"x")
    os.mkfifo(source / "pipe")
    report, rows = _source_rows(case, source)
    assert {(row["state"], row["what"]) for row in rows} == {
        ("changed", "a/one.txt"),
        ("gone", "a/same.txt"),
        ("changed", "b/nothing.txt"),
        ("changed", "c.zip"),
        ("new", "c.zip/inside"),
        ("new", "pipe"),
    }
    assert (report.same, report.changed, report.gone, report.new) == (2, 3, 1, 2)
    assert report.collected == report.same + report.changed + report.gone + report.unreadable


def test_a_source_that_stands_elsewhere_now(case: Case, source: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(source, moved, symlinks=True)
    shutil.rmtree(source)
    assert _source_rows(case, moved)[0].holds
    report, _ = _source_rows(case, source)
    assert (report.there, report.collected) == (False, 0)


def test_verifying_a_source_leaves_it_as_it_was(case: Case, source: Path) -> None:
    for path in source.rglob("*"):
        if not path.is_symlink():
            os.utime(path, ns=(10**18, 1_500_000_000 * 10**9))
    before = {path: path.lstat() for path in (source, *source.rglob("*"))}
    assert _source_rows(case, source)[0].holds
    for path, seen in before.items():
        now = path.lstat()
        assert now.st_ctime_ns == seen.st_ctime_ns
        assert now.st_atime_ns == seen.st_atime_ns or stat.S_ISLNK(seen.st_mode), path


def test_a_source_of_one_file(case: Case, source: Path) -> None:
    ingest(case, Inline(), source / "b" / "box.mbox", "Bob Ray")
    with Findings() as findings:
        done = chosen(case, 2)[0]
        place = Path(done.source)
        report = verify_source.verify_source(case, Inline(), done, place, findings)
    assert (report.collected, report.same, report.new) == (1, 1, 0)


def test_a_collection_that_is_not_there(case: Case) -> None:
    with pytest.raises(CustodyError, match="complete are: 1"):
        chosen(case, 9)


# --- the commands


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(verify, [*arguments, "--workers", "1"])


# Dask leaves sockets to the collector when it ends.
@pytest.mark.filterwarnings("ignore:Port .* is already in use")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_commands_with_real_workers(case: Case, source: Path) -> None:
    at = ("--case", str(case.folder))
    done = _run("store", *at, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["hashed"], told["holds"], told["findings"]) == (12, True, [])
    _write(_blob(case, b"one"), b"two")
    (source / "a" / "one.txt").write_bytes(b"two")
    done = _run("store", *at, "--json")
    assert isinstance(done.exception, DamageError)
    assert done.exception.exit_code == 63
    assert json.loads(done.stdout)["findings"][0]["held_by"][1]["address"] == "a/same.txt"
    done = _run("store", *at)
    assert "    original: RW-00000002 a/same.txt" in done.stdout
    done = _run("source", "--all", *at, "--json")
    assert isinstance(done.exception, SourceChangedError)
    told = json.loads(done.stdout)
    assert told["collections"][0]["changed"] == 1
    assert told["findings"] == [
        {
            "state": "changed",
            "what": "a/one.txt",
            "message": f"its SHA-256 is {digests_of(b'two').sha256}",
            "collection": 1,
        }
    ]
    done = _run("source", "1", *at)
    assert "  changed        1" in done.stdout


def test_what_the_commands_refuse(case: Case, tmp_path: Path) -> None:
    at = ("--case", str(case.folder))
    assert _run("source", *at).exit_code == 2
    assert _run("source", "1", "--all", *at).exit_code == 2
    assert isinstance(_run("source", "7", *at).exception, CustodyError)
    assert isinstance(_run("source", "1", str(tmp_path / "no"), *at).exception, SourceError)
    with case.exclusive("another stage"):
        assert isinstance(_run("store", *at).exception, CaseBusyError)
