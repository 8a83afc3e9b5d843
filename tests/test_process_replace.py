"""Replacing: a repaired file in the place of a damaged one, the first one kept and told of."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from ingest import verify_source as source_verifying
from ingest.completed import chosen
from ingest.custody_commands import custody
from ingest.findings import Findings
from ingest.verify_store import verify_store
from process import replace as replacing
from process import worker
from process.replace import Replaced, check, replace_document
from process.replace_commands import replace_command
from records import audit, tables
from records.case import Case
from records.codes import Disposition
from records.errors import ReplacementError, SourceError
from store import open_store, working
from tests.ingest_engines import Inline
from tests.process_samples import mail, pdf, zipped
from tests.retry_cases import (
    PASSWORD,
    again,
    case_of,
    collect,
    contents,
    is_dense,
    locked_zip,
    notes,
    rows,
    text,
)

GOOD = pdf("the whole clause", attached={"x.txt": b"held"})
BAD = b"%PDF-1.4\nbroken"


@pytest.fixture(scope="module", autouse=True)
def _children() -> Iterator[None]:
    yield
    worker.close_children()


def put(
    case: Case, document: int, data: bytes, *, anyway: bool = False, engine: Inline | None = None
) -> Replaced:
    """Replace a document as the command does."""
    file = case.folder.parent / "repaired"
    file.write_bytes(data)
    with working(case, "replace"):
        row = check(case, document, file, "repaired by hand")
        return replace_document(
            *(case, engine or Inline(), row, file, "repaired by hand"), anyway=anyway, ocr=False
        )


def stored_well(case: Case) -> None:
    with Findings() as findings:
        report = verify_store(case, Inline(), findings)
        assert report.holds, list(findings)


def test_the_document_is_read_from_its_new_bytes(tmp_path: Path) -> None:
    with case_of(tmp_path, {"a.pdf": BAD, "b.pdf": BAD, "c.txt": b"c"}) as case:
        [(old, _), *_] = rows(case, "sha256", "id")
        assert rows(case, "disposition")[:2] == [("exception",), ("duplicate",)]
        done = put(case, 1, GOOD)
        assert (done.outcome, done.new, done.copies) == ("reviewable", 1, ("RW-00000002",))
        assert (done.old_sha256, done.produced, done.beside) == (old, False, ())
        assert rows(case, "id", "address", "outcome", "disposition", "duplicate_of_id") == [
            (1, "a.pdf", "reviewable", "reviewable", None),
            (2, "b.pdf", "exception", "exception", None),
            (3, "c.txt", "reviewable", "reviewable", None),
            (4, "a.pdf!/x.txt", "reviewable", "reviewable", None),
        ]
        assert "the whole clause" in text(case, 1)
        assert is_dense(case)
        store = open_store(case.store_address)
        assert store.read_bytes(old) == BAD
        [new] = rows(case, "sha256", "sha1", "md5", "size")[:1]
        assert store.read_bytes(new[0]) == GOOD
        assert new[3] == len(GOOD)
        assert [row[1:3] for row in notes(case) if row[0] == 1] == [
            ("resolved", "corrupt"),
            ("warning", "replaced"),
        ] or [row[1:3] for row in notes(case) if row[0] == 1] == [
            ("resolved", "truncated"),
            ("warning", "replaced"),
        ]
        stored_well(case)


def test_the_replacement_is_on_record(tmp_path: Path) -> None:
    with case_of(tmp_path, {"a.pdf": BAD}) as case:
        done = put(case, 1, GOOD)
        with case.read() as connection:
            [row] = connection.execute(sa.select(tables.replacements)).all()
            acts = [e for e in audit.entries(connection) if e.act == replacing.REPLACED]
            audit.verify(connection)
        assert (row.document_id, row.old_sha256, row.new_sha256) == (
            1,
            done.old_sha256,
            done.new_sha256,
        )
        assert (row.old_size, row.new_size, row.reason) == (len(BAD), len(GOOD), "repaired by hand")
        assert [json.loads(each.details)["new_sha256"] for each in acts] == [done.new_sha256]
        shown = CliRunner().invoke(
            custody, ["show", "RW-00000001", "--json", "--case", str(case.folder)]
        )
        told = json.loads(shown.stdout)
        assert told["sha256"] == done.new_sha256
        assert [each["old_sha256"] for each in told["replaced"]] == [done.old_sha256]
        plain = CliRunner().invoke(custody, ["show", "RW-1", "--case", str(case.folder)]).stdout
        assert "repaired by hand" in plain
        assert str(done.old_sha256) in plain


def test_source_and_collection_hold_as_before(tmp_path: Path) -> None:
    """The source has the bytes that were collected; collecting it again finds nothing new."""
    with case_of(tmp_path, {"a.pdf": BAD, "z.zip": zipped(("m.txt", b"m"))[:-30]}) as case:
        put(case, 1, GOOD)
        with Findings() as findings:
            [done] = chosen(case, None)
            place = tmp_path / "source"
            report = source_verifying.verify_source(case, Inline(), done, place, findings)
        assert (report.holds, report.same) == (True, 2)
        before = contents(case)
        summary = collect(case, tmp_path / "source")
        assert (summary.files_new, summary.items, summary.items_mended) == (0, 0, 0)
        assert contents(case) == before
        stored_well(case)


def test_a_replaced_archive_gives_its_members(tmp_path: Path) -> None:
    whole = zipped(("a.txt", b"alpha"), ("b.txt", b"beta"))
    with case_of(tmp_path, {"z.zip": whole[:60]}) as case:
        assert rows(case, "address", "outcome")[0] == ("z.zip", "exception")
        known = rows(case, "id", "address", "sha256")
        done = put(case, 1, whole)
        assert done.outcome == Disposition.CONTAINER
        found = rows(case, "id", "address", "sha256")
        assert [row[:2] for row in found] == [
            (1, "z.zip"),
            (2, "z.zip!/a.txt"),
            (3, "z.zip!/b.txt"),
        ]
        assert found[1:2] == known[1:]
        assert text(case, 3) == "beta"
        assert is_dense(case)
        stored_well(case)


def test_what_only_the_first_file_held_stays_beside(tmp_path: Path) -> None:
    first = mail("first", ("a.txt", b"old words"), ("b.txt", b"both")).as_bytes()
    second = mail("second", ("a.txt", b"new words"), ("b.txt", b"both")).as_bytes()
    with case_of(tmp_path, {"m.eml": first}) as case:
        done = put(case, 1, second)
        assert (done.beside, done.new) == (("RW-00000002",), 1)
        assert rows(case, "id", "address", "position") == [
            (1, "m.eml", 0),
            (2, "m.eml!/a.txt", 3),
            (3, "m.eml!/b.txt", 2),
            (4, "m.eml!/a.txt#2", 1),
        ]
        assert [text(case, number).strip() for number in (2, 4)] == ["old words", "new words"]
        assert [row[0] for row in notes(case, "warning") if row[2] == "replaced"] == [1, 2]
        before = contents(case)
        assert again(case, documents=[1]).families_left == ()
        assert contents(case) == before


def test_replaced_twice_keeps_all_three(tmp_path: Path) -> None:
    with case_of(tmp_path, {"a.pdf": BAD}) as case:
        put(case, 1, GOOD)
        put(case, 1, pdf("better still"))
        with case.read() as connection:
            found = connection.execute(
                sa.select(tables.replacements.c.old_sha256, tables.replacements.c.new_sha256)
            ).all()
        assert found[0].new_sha256 == found[1].old_sha256
        stored_well(case)


def test_what_cannot_be_read_replaces_nothing(tmp_path: Path) -> None:
    with case_of(tmp_path, {"a.pdf": BAD, "z.zip": zipped(("m.txt", b"m"))[:40]}) as case:
        before = contents(case)
        with pytest.raises(ReplacementError, match="cannot be read either"):
            put(case, 1, pdf("locked", password=PASSWORD))
        with pytest.raises(ReplacementError, match="very bytes"):
            put(case, 1, BAD)
        with pytest.raises(ReplacementError, match="empty"):
            put(case, 1, b"")
        assert contents(case) == before
        assert put(case, 1, pdf("locked", password=PASSWORD), anyway=True).outcome == "exception"
        assert notes(case, "exception")[0][:3] == (1, "exception", "encrypted")
        again(case, "encrypted", passwords=[PASSWORD])
        assert text(case, 1).strip() == "locked"


def test_only_level_1_documents_of_complete_collections(tmp_path: Path) -> None:
    with case_of(tmp_path, {"m.eml": mail("x", ("a.txt", b"a")).as_bytes()}) as case:
        with pytest.raises(ReplacementError, match="lies inside RW-00000001"):
            put(case, 2, b"new")
        with pytest.raises(ReplacementError, match="no document RW-00000009"):
            put(case, 9, b"new")
        with pytest.raises(SourceError, match="no file"):
            check(case, 1, tmp_path / "nowhere", "why")
        with pytest.raises(ReplacementError, match="--reason"):
            check(case, 1, tmp_path / "repaired", " ")
        with pytest.raises(SourceError, match="own folder"):
            check(case, 1, case.folder / "case.toml", "why")
        with case.write() as connection:
            connection.execute(tables.collections.update().values(state="running"))
        with pytest.raises(ReplacementError, match="not complete"):
            put(case, 1, b"new")


def test_a_commit_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with case_of(tmp_path, {"a.pdf": BAD, "z.zip": zipped(("m.txt", b"m"))[:40]}) as case:
        before = contents(case)
        for document, data, name in (
            (1, GOOD, "write_again"),
            (2, zipped(("m.txt", b"m")), "relate_again"),
        ):
            with monkeypatch.context() as patched:
                patched.setattr(replacing, name, fail)
                with pytest.raises(KeyboardInterrupt):
                    put(case, document, data)
            assert contents(case) == before
        put(case, 1, GOOD)
        put(case, 2, zipped(("m.txt", b"m")))
        assert is_dense(case)


def test_a_member_of_an_archive_is_replaced_like_a_file(tmp_path: Path) -> None:
    """Also one whose bytes could not be had: the archive is locked for good."""
    with case_of(tmp_path, {"z.zip": locked_zip("lost", ("a.pdf", GOOD))}) as case:
        assert rows(case, "sha256")[1] == (None,)
        done = put(case, 2, GOOD)
        assert (done.old_sha256, done.outcome) == (None, "reviewable")
        with case.read() as connection:
            audit.verify(connection)
        stored_well(case)


def test_the_command(tmp_path: Path) -> None:
    with case_of(tmp_path, {"a.pdf": BAD}) as case:
        file = tmp_path / "good.pdf"
        file.write_bytes(GOOD)
        arguments = ["RW-00000001", str(file), "--reason", "sent again", "--no-ocr", "--json"]
        done = CliRunner().invoke(replace_command, [*arguments, "--case", str(case.folder)])
        assert done.exit_code == 0, done.output
        assert json.loads(done.stdout)["outcome"] == "reviewable"
        with case.read() as connection:
            stages = connection.execute(sa.select(tables.runs.c.stage)).scalars().all()
        assert stages[-1] == "replace"
