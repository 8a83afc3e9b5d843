"""Retrying: what failed is read or opened again, under its old number, and nothing is lost."""

import io
import json
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pikepdf
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from ingest import gather, mailbox, opener
from ingest.mbox import plan
from ingest.run import ingest
from process import retry as retrying
from process import retry_write, worker
from process.retry import hints
from process.retry_commands import retry_command
from process.retry_merge import Act, Old, merge
from process.retry_plan import plan_of
from process.run import process_case
from records import audit, tables
from records.case import Case
from records.codes import Code, Disposition
from records.limits import Limits
from records.notes import exception
from records.status import status_of
from tests.ingest_engines import Inline
from tests.process_samples import mail, page, pdf, picture, zipped
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
from tests.test_process_record import _item as item


@pytest.fixture(scope="module", autouse=True)
def _children() -> Iterator[None]:
    yield
    worker.close_children()


@cache
def evidence() -> dict[str, bytes]:
    """A locked document twice, in a mail and in a locked archive; a locked archive in the mail."""
    word = pdf("the secret clause", password=PASSWORD)
    inner = locked_zip(PASSWORD, ("in.txt", b"zipped words"))
    attached = (("plain.txt", b"first"), ("terms.pdf", word), ("more.zip", inner))
    members = (("x/one.txt", b"one word"), ("two.pdf", word))
    return {
        "a.pdf": word,
        "b.pdf": word,
        "m.eml": mail("see attached", *attached, ("last.txt", b"last")).as_bytes(),
        "z.zip": locked_zip(PASSWORD, *members),
    }


def test_a_password_opens_documents_members_and_archives(tmp_path: Path) -> None:
    with case_of(tmp_path, evidence()) as case:
        before = rows(case, "id", "address", "sha256", "role", "custodian_id", "collection_id")
        assert status_of(case).exceptions == {"encrypted": 6}  # the second copy is a duplicate
        done = again(case, "encrypted", passwords=["wrong", PASSWORD])
        assert (done.tried, done.mended, done.opened, done.failing) == (7, {"encrypted": 5}, 2, 0)
        assert (done.families, done.containers, done.read, done.new) == (3, 1, 2, 0)
        after = rows(case, "id", "address", "sha256", "role", "custodian_id", "collection_id")
        assert [row[:2] for row in after] == [row[:2] for row in before]
        assert [row for row in before if row[2]] == [
            new for new, old in zip(after, before, strict=True) if old[2]
        ]
        assert status_of(case).exceptions == {}
        assert {row[1] for row in notes(case)} == {"resolved"}
        found = dict(rows(case, "address", "disposition"))
        assert found["b.pdf"] == found["z.zip!/two.pdf"] == Disposition.DUPLICATE
        assert found["m.eml!/more.zip"] == Disposition.CONTAINER
        texts = {address: text(case, number) for number, address in rows(case, "id", "address")}
        assert texts["a.pdf"] == texts["m.eml!/terms.pdf"] == texts["b.pdf"]
        assert "the secret clause" in texts["a.pdf"]
        assert texts["m.eml!/more.zip!/in.txt"] == "zipped words"
        assert texts["z.zip!/x/one.txt"] == "one word"
        assert is_dense(case)
        with case.read() as connection:
            audit.verify(connection)


def test_a_second_run_finds_nothing_to_do(tmp_path: Path) -> None:
    with case_of(tmp_path, evidence()) as case:
        again(case, "encrypted", passwords=[PASSWORD])
        before = contents(case)
        with case.read() as connection:
            assert plan_of(connection, ("encrypted",), ()).is_empty
        assert again(case, "encrypted", passwords=[PASSWORD]).tried == 0
        assert contents(case) == before


def test_it_ends_as_if_the_password_had_been_there_at_once(tmp_path: Path) -> None:
    """But for the numbers of attempts and the notes that are resolved, the record is the same."""
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    names = ("id", "address", "sha256", "text_sha256", "position", "disposition", "duplicate_of_id")
    with case_of(tmp_path / "one", evidence()) as case:
        again(case, "encrypted", passwords=[PASSWORD])
        late = rows(case, *names, "fields", "outcome", "mime", "type", "dedup_hash", "family_id")
    with case_of(tmp_path / "other", evidence(), [PASSWORD]) as case:
        early = rows(case, *names, "fields", "outcome", "mime", "type", "dedup_hash", "family_id")
    assert late == early


def test_what_fails_still_counts_an_attempt_and_stands_as_it_was(tmp_path: Path) -> None:
    with case_of(tmp_path, evidence()) as case:
        before = contents(case)
        done = again(case, "encrypted", passwords=["wrong"])
        assert (done.mended_documents, done.opened, done.failing) == (0, 0, 7)
        assert [row[1:] for row in notes(case)] == [("exception", "encrypted", 2)] * 7
        after = contents(case)
        assert after.pop("notes") != before.pop("notes")  # how many passwords were tried
        assert after == before


def test_tags_and_productions_stay_and_are_told_of(tmp_path: Path) -> None:
    with case_of(tmp_path, evidence()) as case:
        _tag(case, 1)
        _produce(case, 1)
        done = again(case, "encrypted", passwords=[PASSWORD])
        assert done.produced == ("RW-00000001",)
        with case.read() as connection:
            tags = connection.execute(sa.select(tables.document_tags.c.document_id)).scalars().all()
        assert tags == [1]


def _tag(case: Case, document: int) -> None:
    with case.write() as connection:
        values = {"id": 1, "name": "Hot", "description": "", "created_at": "", "created_by": ""}
        connection.execute(tables.tags.insert().values(**values))
        connection.execute(tables.document_tags.insert().values(tag_id=1, document_id=document))


def _produce(case: Case, document: int) -> None:
    with case.write() as connection:
        connection.execute(
            tables.productions.insert().values(
                *(), id=1, name="P", state="frozen", actor="", created_at="", specification={},
                counts={},
            )
        )  # fmt: skip
        connection.execute(
            tables.production_items.insert().values(
                production_id=1, position=0, document_id=document, treatment="native", reason="",
                state="done", detail={},
            )
        )  # fmt: skip


@pytest.mark.parametrize("stop", range(6))
def test_a_run_cut_off_is_taken_up(
    tmp_path: Path, stop: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrying, "BATCH_COUNT", 1)
    (tmp_path / "whole").mkdir()
    (tmp_path / "cut").mkdir()
    with case_of(tmp_path / "whole", evidence()) as case:
        again(case, "encrypted", passwords=[PASSWORD])
        expected = contents(case)
    with case_of(tmp_path / "cut", evidence()) as case:
        with pytest.raises(KeyboardInterrupt):
            again(case, "encrypted", passwords=[PASSWORD], engine=Inline(stop_after=stop))
        again(case, "encrypted", passwords=[PASSWORD])
        assert contents(case) == expected


def test_a_batch_that_fails_in_its_commit_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    word = pdf("clause", password=PASSWORD)
    with case_of(tmp_path, {"a.pdf": word}) as case:
        before, told = contents(case), _acts(case)
        with monkeypatch.context() as patched:
            patched.setattr(retry_write, "relate_families", fail)
            with pytest.raises(KeyboardInterrupt):
                again(case, "encrypted", passwords=[PASSWORD])
        assert (contents(case), _acts(case)) == (before, told)


def _acts(case: Case) -> list[str]:
    with case.read() as connection:
        return [entry.act for entry in audit.entries(connection)]


def test_depth_lets_new_members_in(tmp_path: Path) -> None:
    deep = zipped(("deep.txt", b"deep words"))
    for _ in range(3):
        deep = zipped(("in.zip", deep))
    message = mail("outer", ("a.zip", deep), ("after.txt", b"after")).as_bytes()
    source = tmp_path / "source"
    with case_of(tmp_path, {"n.txt": b"other"}) as case:
        (source / "m.eml").write_bytes(message)
        case.settings = case.settings.model_copy(update={"limits": Limits(depth=2)})
        collect(case, source)
        process_case(case, Inline(), ())
        names = ("id", "found_in_id", "position", "address", "outcome")
        assert rows(case, *names)[2:] == [
            (3, 2, 1, "m.eml!/a.zip", "container"),
            (4, 3, 2, "m.eml!/a.zip!/in.zip", "container"),
            (5, 4, 3, "m.eml!/a.zip!/in.zip!/in.zip", "exception"),
            (6, 2, 4, "m.eml!/after.txt", "reviewable"),
        ]
        case.settings = case.settings.model_copy(update={"limits": Limits()})
        done = again(case, "too-deep")
        assert (done.mended, done.new, done.failing) == ({"too-deep": 1}, 2, 0)
        stem = "m.eml!/a.zip!/in.zip!/in.zip"
        assert rows(case, *names)[4:] == [
            (5, 4, 3, stem, "container"),
            (6, 2, 6, "m.eml!/after.txt", "reviewable"),
            (7, 5, 4, f"{stem}!/in.zip", "container"),
            (8, 7, 5, f"{stem}!/in.zip!/deep.txt", "reviewable"),
        ]
        assert text(case, 8) == "deep words"
        assert is_dense(case)


def test_a_reading_that_is_worse_changes_nothing(tmp_path: Path) -> None:
    """Read again by name, without the password that opened it: it stands."""
    with case_of(tmp_path, evidence(), [PASSWORD]) as case:
        before = contents(case)
        done = again(case, documents=[1, 3], passwords=["wrong"])
        assert (done.families, done.changed, done.new, done.failing) == (2, 0, 0, 0)
        assert contents(case) == before


def test_a_document_named_is_read_again(tmp_path: Path) -> None:
    with case_of(tmp_path, {"n.txt": b"some words"}) as case:
        [(stood,)] = rows(case, "text_sha256")
        c = tables.documents.c
        with case.write() as connection:  # as an older version might have read it
            connection.execute(tables.documents.update().values(text_sha256=None, text_chars=0))
        done = again(case, documents=[1])
        assert done.changed == 1
        assert rows(case, "text_sha256", "revision") == [(stood, 3)]
        assert again(case, documents=[1]).changed == 0
        assert c.revision is not None


def test_one_copy_opened_does_not_put_the_other_aside_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrying, "BATCH_COUNT", 1)
    word = pdf("clause", password=PASSWORD)
    with case_of(tmp_path, {"a.pdf": word, "b.pdf": word}) as case:
        with pytest.raises(KeyboardInterrupt):
            again(case, "encrypted", passwords=[PASSWORD], engine=Inline(stop_after=1))
        names = ("disposition", "duplicate_of_id")
        assert rows(case, *names) == [("reviewable", None), ("exception", None)]
        again(case, "encrypted", passwords=[PASSWORD])
        assert rows(case, *names) == [("reviewable", None), ("duplicate", 1)]


def test_a_reader_that_dies_costs_an_attempt_and_nothing_else(tmp_path: Path) -> None:
    with case_of(tmp_path, {"a.pdf": pdf("clause", password=PASSWORD)}) as case:

        class Deadly(Inline):
            def kills(self, _function: Callable[[Any], Any], _batch: Any) -> bool:
                return True

        before = contents(case)
        done = again(case, "encrypted", passwords=[PASSWORD], engine=Deadly())
        assert (done.mended_documents, done.failing) == (0, 1)
        assert notes(case) == [(1, "exception", "encrypted", 7)]
        assert contents(case) == before


def test_pages_of_an_opened_scan_wait_for_ocr(tmp_path: Path) -> None:
    scan = picture(page("SCANNED WORDS"), "PDF")
    with case_of(tmp_path, {"s.pdf": _locked(scan)}) as case:
        again(case, "encrypted", passwords=[PASSWORD])
        assert rows(case, "outcome", "ocr_pages") == [("reviewable", [0])]


def _locked(data: bytes) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as document:
        document.save(out, encryption=pikepdf.Encryption(user=PASSWORD, owner=PASSWORD))
    return out.getvalue()


def test_archives_in_locked_archives_are_opened_once(tmp_path: Path) -> None:
    inner = locked_zip("second", ("deep.txt", b"deep"))
    outer = locked_zip(PASSWORD, ("inner.zip", inner), ("a.txt", b"a"))
    with case_of(tmp_path, {"o.zip": outer}) as case:
        done = again(case, "encrypted", passwords=[PASSWORD])
        assert (done.containers, done.opened, done.new, done.failing) == (1, 2, 1, 0)
        assert rows(case, "id", "found_in_id", "address", "outcome")[1:] == [
            (2, 1, "o.zip!/inner.zip", "container"),
            (3, 1, "o.zip!/a.txt", "reviewable"),
            (4, 2, "o.zip!/inner.zip!/deep.txt", "exception"),
        ]
        done = again(case, "encrypted", passwords=["second"])
        assert (done.containers, done.opened, done.new, done.read) == (1, 1, 0, 1)
        assert text(case, 4) == "deep"
        assert is_dense(case)


@pytest.mark.parametrize("stop", [None, 0, 1, 2, 3])
def test_a_mailbox_in_a_locked_archive_comes_in_parts(
    tmp_path: Path, stop: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a run that is cut off between them is taken up behind the last that is on record."""
    letters = b"".join(
        b"From a@example.com Mon Jan  1 00:00:00 2001\n" + mail(f"body {n}").as_bytes() + b"\n\n"
        for n in range(4)
    )

    def parts_of(container: opener.Container) -> tuple[dict[str, object], ...]:
        with container.path.open("rb") as file:
            return tuple(mailbox._part(each) for each in plan(file, messages_each=2))

    monkeypatch.setattr(gather, "SPLIT_BYTES", 1)
    monkeypatch.setattr(opener, "parts_of", parts_of)
    with case_of(tmp_path, {"o.zip": locked_zip(PASSWORD, ("in.mbox", letters))}) as case:
        if stop is not None:
            with pytest.raises(KeyboardInterrupt):
                again(case, "encrypted", passwords=[PASSWORD], engine=Inline(stop_after=stop))
            with case.read() as connection:
                assert not plan_of(connection, ("encrypted",), ()).is_empty
        again(case, "encrypted", passwords=[PASSWORD])
        found = rows(case, "address", "outcome")
        assert found[1:] == [
            ("o.zip!/in.mbox", "container"),
            *((f"o.zip!/in.mbox!/message-0000{n}.eml", "reviewable") for n in range(1, 5)),
        ]
        assert is_dense(case)


def test_what_the_store_has_no_bytes_of_is_named_with_its_command(tmp_path: Path) -> None:
    with case_of(tmp_path, {"n.txt": b"other"}) as case:
        (tmp_path / "source" / "x.txt").write_bytes(b"deadly")
        ingest(case, Inline(deadly=b"x.txt"), tmp_path / "source", "Ann")
        with case.read() as connection:
            plan = plan_of(connection, ("crash",), ())
        assert plan.is_empty
        [told] = plan.to_json()["to_collect_again"]
        assert told == {
            "documents": 1,
            "collection": 2,
            "command": f"redwell ingest {tmp_path / 'source'} --custodian Ann",
        }


def run(case: Case, *arguments: str) -> Result:
    return CliRunner().invoke(retry_command, [*arguments, "--case", str(case.folder)])


def test_the_command_keeps_no_password_and_no_limit(tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    listed.write_bytes(f"\ufeffwrong\r\n\r\n{PASSWORD}\n".encode())
    with case_of(tmp_path, {"a.pdf": pdf("clause", password=PASSWORD)}) as case:
        settings = (case.folder / "case.toml").read_bytes()
        plain = ("--code", "encrypted", "--passwords", str(listed), "--json")
        dry = run(case, *plain, "--dry-run")
        assert json.loads(dry.stdout)["families_to_read"] == 1
        assert status_of(case).exceptions == {"encrypted": 1}
        done = run(case, *plain, "--workers", "1", "--seconds", "77", "--no-ocr")
        assert done.exit_code == 0, done.output
        assert json.loads(done.stdout)["mended"] == {"encrypted": 1}
        assert (case.folder / "case.toml").read_bytes() == settings
        with case.read() as connection:
            runs = connection.execute(sa.select(tables.runs).order_by(tables.runs.c.id)).all()
            told = [entry.details for entry in audit.entries(connection)]
        last = runs[-1]
        assert (last.stage, last.state, last.settings["passwords"]) == ("retry", "complete", 2)
        assert last.settings["case"]["limits"]["seconds"] == 77
        assert PASSWORD not in json.dumps([last.settings, last.summary, told])
        nothing = run(case, *plain)
        assert (nothing.exit_code, json.loads(nothing.stdout)["documents"]) == (0, 0)


def test_the_command_refuses_what_cannot_be(tmp_path: Path) -> None:
    with case_of(tmp_path, {"n.txt": b"x"}) as case:
        assert "--code or a --document" in run(case).output
        assert "--code or a --document" in run(case, "--code", "crash", "--document", "1").output
        assert "--passwords" in str(run(case, "--code", "encrypted").exception)
        assert "RW-00000009" in str(run(case, "--document", "RW-00000009").exception)
        assert run(case, "--code", "timeout", "--seconds", "0").exit_code == 2
        assert run(case, "--code", "link").exit_code == 2


def test_processing_says_what_may_be_tried_again() -> None:
    assert list(hints({"encrypted": 2, "timeout": 1, "corrupt": 5})) == [
        "2 documents need a password: redwell retry --code encrypted --passwords FILE",
        "1 document took too long: redwell retry --code timeout --seconds 600",
    ]


def old(number: int, holder: int | None, address: str, **more: Any) -> Old:
    values: dict[str, Any] = {
        "position": number - 1,
        "sha256": item(None, address.rpartition("/")[2]).digests.sha256,  # type: ignore[union-attr]
        "outcome": Disposition.REVIEWABLE,
        "chars": 0,
        "text_sha256": None,
        "text_source": "none",
        "pages": None,
        "fields": {},
        "exceptions": frozenset(),
    }
    return Old(id=number, found_in=holder, address=address, **(values | more))


def fate(before: Sequence[Old], *new: Any, **how: bool) -> list[tuple[Act, int | None]]:
    found = merge(before, new, **how)
    return [(each.act, each.old.id if each.old else None) for each in found.members]


def test_members_are_found_by_address_then_place_then_bytes() -> None:
    family = [old(1, None, "m"), old(2, 1, "m!/a"), old(3, 1, "m!/b"), old(4, 1, "m!/c")]
    renamed = item(0, "other name", "b")
    moved = item(0, "moved", "c")
    assert fate(family, item(None, "m"), item(0, "a"), renamed, item(0, "new"), moved) == [
        (Act.KEPT, 1), (Act.KEPT, 2), (Act.KEPT, 3), (Act.NEW, None), (Act.KEPT, 4),
    ]  # fmt: skip


def test_equal_members_stay_apart() -> None:
    family = [
        old(1, None, "m"),
        old(2, 1, "m!/a"),
        old(3, 1, "m!/a#2", sha256=old(2, 1, "a").sha256),
    ]
    assert fate(family, item(None, "m"), item(0, "a"), item(0, "a"), item(0, "a")) == [
        (Act.KEPT, 1), (Act.KEPT, 2), (Act.KEPT, 3), (Act.NEW, None),
    ]  # fmt: skip


def test_a_family_that_lacks_something_is_left() -> None:
    broken = {"outcome": Disposition.EXCEPTION, "exceptions": frozenset({"timeout"})}
    family = [old(1, None, "m", **broken), old(2, 1, "m!/a"), old(3, 2, "m!/a!/b")]
    found = merge(family, [item(None, "m"), item(0, "a")])
    assert [each.id for each in found.missing] == [3]


def test_what_a_failing_holder_held_stays() -> None:
    family = [old(1, None, "m"), old(2, 1, "m!/a"), old(3, 2, "m!/a!/b")]
    note = exception(Code.ENCRYPTED, "", "t", "1")
    shut = item(0, "a", outcome=Disposition.EXCEPTION, notes=(note,))
    assert merge(family, [item(None, "m"), shut]).missing == ()
    assert fate(family, item(None, "m"), shut) == [
        (Act.KEPT, 1), (Act.KEPT, 2), (Act.LOST, 3),
    ]  # fmt: skip


def test_bytes_that_lacked_are_taken_and_bytes_there_are_not_given_up() -> None:
    lacking = {"sha256": None, "outcome": Disposition.EXCEPTION, "exceptions": {"encrypted"}}
    family = [old(1, None, "m"), old(2, 1, "m!/a", **lacking), old(3, 1, "m!/b")]
    note = exception(Code.ENCRYPTED, "", "t", "1")
    lost = item(0, "b", digests=None, outcome=Disposition.EXCEPTION, notes=(note,))
    assert fate(family, item(None, "m"), item(0, "a"), lost) == [
        (Act.KEPT, 1), (Act.TAKEN, 2), (Act.KEPT, 3),
    ]  # fmt: skip
