"""Collecting into a case: exact rows, custody, running again, being cut off."""

import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pyzipper
import sqlalchemy as sa
from click.testing import CliRunner

from ingest import plan
from ingest.commands import ingest as command
from ingest.run import Summary, ingest
from ingest.walk import walk
from records import audit, tables
from records import case as cases
from records.case import Case, CaseInfo
from records.errors import CaseBusyError, CustodianError, SourceError
from store import open_store
from tests.ingest_engines import Inline

FROM = b"From ann@a.example Mon Jan  1 00:00:00 2001\n"
INFO = CaseInfo("1:24-cv-1", "Doe v. Roe", "", "UTC", "ABC", 7)


def _make_source(folder: Path) -> Path:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("memo.txt", "memo")
        archive.writestr("../evil.txt", "evil")
        archive.writestr("log.gz", gzip.compress(b"log"))
    for name, data in {
        "a/one.txt": b"one",
        "a/same.txt": b"one",
        "b/box.mbox": (FROM + b"Subject: x\n\nx\n\n") * 3,
        "b/nothing.txt": b"",
        "c.zip": out.getvalue(),
        "z 100%.txt": b"last",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (folder / "link").symlink_to("a/one.txt")
    return folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return _make_source(tmp_path / "source")


def _new_case(folder: Path) -> Path:
    cases.create(folder, INFO, [], ["Ann Lee", "Bob Ray"])
    return folder


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with cases.opened(_new_case(tmp_path / "case")) as case:
        yield case


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "BATCH_FILES", 2)


def _rows(case: Case) -> list[dict[str, Any]]:
    with case.read() as connection:
        query = sa.select(tables.documents).order_by("id")
        return [dict(row) for row in connection.execute(query).mappings()]


def _notes(case: Case) -> list[tuple[int, str, str]]:
    with case.read() as connection:
        n = tables.notes.c
        query = sa.select(n.document_id, n.severity, n.code).order_by(n.id)
        return [tuple(row) for row in connection.execute(query)]


def _states(case: Case) -> list[str]:
    with case.read() as connection:
        query = sa.select(tables.collections.c.state).order_by("id")
        return list(connection.execute(query).scalars())


ADDRESSES = [
    ("a/one.txt", "pending", None),
    ("a/same.txt", "pending", None),
    ("b/box.mbox", "container", None),
    ("b/box.mbox!/message-00001.eml", "pending", 3),
    ("b/box.mbox!/message-00002.eml", "pending", 3),
    ("b/box.mbox!/message-00003.eml", "pending", 3),
    ("b/nothing.txt", "empty", None),
    ("c.zip", "container", None),
    ("c.zip!/memo.txt", "pending", 8),
    ("c.zip!/../evil.txt", "exception", 8),
    ("c.zip!/log.gz", "container", 8),
    ("c.zip!/log.gz!/log", "pending", 11),
    ("link", "exception", None),
    ("z 100%.txt", "pending", None),
]


def test_every_item_is_one_row(case: Case, source: Path) -> None:
    reported: list[tuple[int, int]] = []
    summary = ingest(case, Inline(), source, "Ann Lee", (), lambda *each: reported.append(each))
    rows = _rows(case)
    found = [(row["address"], row["disposition"], row["found_in_id"]) for row in rows]
    assert found == ADDRESSES
    assert [row["id"] for row in rows] == [row["family_id"] for row in rows] == list(range(1, 15))
    assert all(row["outcome"] == row["disposition"] for row in rows)
    states = {(row["outcome"] == "pending", row["state"]) for row in rows}
    assert states == {(True, "collected"), (False, "processed")}
    first = rows[0]
    assert (first["sha256"], first["size"]) == (hashlib.sha256(b"one").hexdigest(), 3)
    assert (first["revision"], first["fields"], first["ocr_pages"]) == (1, {}, [])
    assert _notes(case) == [(10, "exception", "unsafe-path"), (13, "exception", "link")]
    assert summary == Summary(
        collection=1,
        source=str(source),
        custodian="Ann Lee",
        resumed=False,
        files_found=7,
        bytes_found=sum(each.size for each in walk(source)),
        files_new=7,
        files_taken_up=0,
        files_already_collected=0,
        files_gone_since=0,
        items=14,
        items_already_collected=0,
        items_mended=0,
        by_role={"file": 7, "member": 4, "message": 3},
        outcomes={"container": 3, "empty": 1, "exception": 2, "pending": 8},
        exceptions={"link": 1, "unsafe-path": 1},
        warnings={},
        manifest_files=6,
        manifest_sha256=summary.manifest_sha256,
    )
    assert reported == [(7, 14)]


def test_the_manifest_is_checked_by_another_tool(case: Case, source: Path) -> None:
    (source / "z 100%.txt").rename(source / "z.txt")
    summary = ingest(case, Inline(), source, "Ann Lee")
    folder = case.folder / "logs" / "collection-0001"
    manifest = folder / "manifest-sha256.txt"
    checked = subprocess.run(
        ["sha256sum", "--strict", "-c", str(manifest)], cwd=source, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.count(": OK\n") == 6
    data = manifest.read_bytes()
    assert hashlib.sha256(data).hexdigest() == summary.manifest_sha256
    assert open_store(case.store_address).read_bytes(summary.manifest_sha256) == data
    custody = json.loads((folder / "custody.json").read_text(encoding="utf-8"))
    assert custody["custodian"] == "Ann Lee"
    assert custody["source"] == str(source)
    assert custody["counts"]["files_found"] == 7
    assert custody["manifest"]["sha256"] == summary.manifest_sha256
    with case.read() as connection:
        acts = [each for each in audit.entries(connection) if each.act == "collection complete"]
        audit.verify(connection)
    assert summary.manifest_sha256 in acts[0].details


def test_the_manifest_encodes_what_bagit_encodes(case: Case, source: Path) -> None:
    (source / "line\nend.txt").write_bytes(b"x")
    ingest(case, Inline(), source, "Ann Lee")
    lines = (case.folder / "logs" / "collection-0001" / "manifest-sha256.txt").read_text()
    assert "  line%0Aend.txt\n" in lines
    assert "  z 100%25.txt\n" in lines


def test_running_it_again_adds_nothing(case: Case, source: Path) -> None:
    first = ingest(case, Inline(), source, "Ann Lee")
    before = _rows(case), _notes(case)
    again = ingest(case, Inline(), source, "Ann Lee")
    assert (_rows(case), _notes(case)) == before
    assert (again.collection, again.items, again.files_new) == (2, 0, 0)
    assert (again.files_already_collected, again.items_already_collected) == (7, 14)
    assert again.manifest_sha256 == first.manifest_sha256


def test_what_is_new_is_added_to_what_is_there(case: Case, source: Path) -> None:
    ingest(case, Inline(), source, "Ann Lee")
    (source / "a" / "new.txt").write_bytes(b"new")
    (source / "a" / "one.txt").write_bytes(b"one, edited")
    with zipfile.ZipFile(source / "c.zip", "a") as archive:
        archive.writestr("added.txt", "added")
    again = ingest(case, Inline(), source, "Ann Lee")
    added = _rows(case)[14:]
    assert [(each["id"], each["address"], each["found_in_id"]) for each in added] == [
        (15, "a/new.txt", None),
        (16, "a/one.txt", None),
        (17, "c.zip", None),
        (18, "c.zip!/added.txt", 17),
    ]
    assert (again.files_new, again.files_already_collected) == (3, 5)


def test_another_custodian_gets_rows_of_his_own(case: Case, source: Path) -> None:
    ingest(case, Inline(), source, "Ann Lee")
    other = ingest(case, Inline(), source, "Bob Ray")
    assert (other.items, other.files_already_collected, len(_rows(case))) == (14, 0, 28)


def test_another_source_of_the_same_custodian_gets_rows_of_its_own(
    case: Case, source: Path, tmp_path: Path
) -> None:
    """A laptop and its backup hold the same paths: both are put on record, each with its own."""
    first = ingest(case, Inline(), source, "Ann Lee")
    backup = tmp_path / "backup"
    shutil.copytree(source, backup, symlinks=True)
    second = ingest(case, Inline(), backup, "Ann Lee")
    assert second.files_already_collected == 0
    assert second.items == first.items
    assert ingest(case, Inline(), backup, "Ann Lee").items == 0


def test_bytes_that_come_with_a_password_take_the_old_row_over(case: Case, tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    with pyzipper.AESZipFile(folder / "a.zip", "w", encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(b"letmein")
        archive.writestr("memo.txt", "the words")
    first = ingest(case, Inline(), folder, "Ann Lee")
    assert (first.items, first.outcomes) == (2, {"container": 1, "exception": 1})
    again = ingest(case, Inline(), folder, "Ann Lee", ("letmein",))
    assert (again.items, again.items_already_collected, again.items_mended) == (0, 2, 1)
    c, n = tables.documents.c, tables.notes.c
    with case.read() as connection:
        rows = connection.execute(sa.select(c.id, c.address, c.disposition, c.size)).all()
        notes = connection.execute(sa.select(n.document_id, n.severity, n.code)).all()
    assert [tuple(row) for row in rows] == [
        (1, "a.zip", "container", rows[0].size),
        (2, "a.zip!/memo.txt", "pending", 9),
    ]
    assert [tuple(row) for row in notes] == [(2, "resolved", "encrypted")]
    assert ingest(case, Inline(), folder, "Ann Lee").items == 0


def test_one_file_may_be_the_source(case: Case, source: Path) -> None:
    summary = ingest(case, Inline(), source / "b" / "box.mbox", "Ann Lee")
    assert (summary.files_found, summary.items) == (1, 4)
    assert _rows(case)[1]["address"] == "box.mbox!/message-00001.eml"


def _compared(case: Case) -> tuple[list[dict[str, Any]], list[tuple[int, str, str]], bytes]:
    manifest = case.folder / "logs" / "collection-0001" / "manifest-sha256.txt"
    return _rows(case), _notes(case), manifest.read_bytes()


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("stop_after", [0, 1, 2, 3])
def test_a_run_cut_off_and_taken_up_equals_an_unbroken_one(
    tmp_path: Path, source: Path, stop_after: int
) -> None:
    with cases.opened(_new_case(tmp_path / "whole")) as whole:
        ingest(whole, Inline(), source, "Ann Lee")
        expected = _compared(whole)
    with cases.opened(_new_case(tmp_path / "broken")) as case:
        with pytest.raises(KeyboardInterrupt):
            ingest(case, Inline(stop_after), source, "Ann Lee")
        assert _states(case) == ["running"]
        summary = ingest(case, Inline(), source, "Ann Lee")
        assert _compared(case) == expected
        assert _states(case) == ["complete"]
        assert summary.resumed
        assert (summary.files_taken_up, summary.files_new) == (2 * stop_after, 7 - 2 * stop_after)


@pytest.mark.usefixtures("small_batches")
def test_a_file_gone_before_the_run_is_taken_up_stays_on_record(case: Case, source: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        ingest(case, Inline(2), source, "Ann Lee")
    (source / "a" / "one.txt").unlink()
    summary = ingest(case, Inline(), source, "Ann Lee")
    assert (summary.files_found, summary.files_gone_since, summary.items) == (6, 1, 14)
    assert summary.manifest_files == 6


@pytest.mark.usefixtures("small_batches")
def test_a_file_gone_before_the_run_is_taken_up_keeps_the_bytes_of_its_path(
    case: Case, source: Path
) -> None:
    odd = Path(os.fsdecode(os.fsencode(source) + b"/A\xe9!"))
    odd.mkdir()
    (odd / "x\ny.txt").write_bytes(b"odd")
    with pytest.raises(KeyboardInterrupt):
        ingest(case, Inline(2), source, "Ann Lee")
    shutil.rmtree(odd)
    assert ingest(case, Inline(), source, "Ann Lee").files_gone_since == 1
    manifest = case.folder / "logs" / "collection-0001" / "manifest-sha256.txt"
    digest = hashlib.sha256(b"odd").hexdigest().encode()
    assert manifest.read_bytes().splitlines()[-1] == digest + b"  A\xe9!/x%0Ay.txt"


def test_a_file_that_kills_its_worker_is_an_exception_and_the_others_are_kept(
    case: Case, source: Path
) -> None:
    summary = ingest(case, Inline(deadly=b"b/nothing.txt"), source, "Ann Lee")
    rows = _rows(case)
    assert [(row["address"], row["found_in_id"]) for row in rows] == [
        (address, found_in) for address, _, found_in in ADDRESSES
    ]
    assert (rows[6]["disposition"], rows[6]["sha256"]) == ("exception", None)
    assert summary.exceptions == {"crash": 1, "link": 1, "unsafe-path": 1}


def test_refusals_come_before_anything_is_written(case: Case, source: Path) -> None:
    with pytest.raises(CustodianError, match="Ann Lee, Bob Ray"):
        ingest(case, Inline(), source, "Nobody")
    for bad in (source / "none", case.folder, case.folder / "store", case.folder.parent):
        with pytest.raises(SourceError):
            ingest(case, Inline(), bad, "Ann Lee")
    with case.exclusive("another stage"), pytest.raises(CaseBusyError):
        ingest(case, Inline(), source, "Ann Lee")
    assert _rows(case) == []
    assert _states(case) == []


# Another cluster may hold the port, and Dask leaves sockets to the collector when it ends.
@pytest.mark.filterwarnings("ignore:Port .* is already in use")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_with_real_workers_and_the_command(tmp_path: Path, source: Path) -> None:
    folder = _new_case(tmp_path / "case")
    arguments = [str(source), "--custodian", "Ann Lee", "--case", str(folder), "--json"]
    dry = CliRunner().invoke(command, [*arguments, "--dry-run"])
    assert json.loads(dry.stdout)["kinds"] == {"file": 6, "link": 1}
    with cases.opened(folder) as case:
        assert _rows(case) == []
    done = CliRunner().invoke(command, [*arguments, "--workers", "1"], catch_exceptions=False)
    assert done.exit_code == 0
    said = json.loads(done.stdout)
    assert (said["files_found"], said["items"]) == (7, 14)
    with cases.opened(folder) as case:
        found = [(row["address"], row["disposition"], row["found_in_id"]) for row in _rows(case)]
    assert found == ADDRESSES
