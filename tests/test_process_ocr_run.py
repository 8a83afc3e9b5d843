"""The coordinator of OCR, with readers that only pretend: one reading a picture, kills, redo."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from process import ocr_redo, ocr_run, ocr_status
from process.interface import OcrWish
from process.ocr_record import commit_readings
from process.ocr_run import OcrDone, read_jobs, read_waiting
from process.ocr_text import MARK
from process.ocr_waiting import waiting_jobs
from records import tables
from records.case import Case
from records.errors import SelectionError
from store import open_store
from tests.index_cases import Doc, add, case_with
from tests.ocr_bureau import Bureau, digest

KILLED = "6 workers died of it, one after another"


def scan(name: str, pages: int, text: str = "") -> Doc:
    extra = {
        "sha256": digest(name),
        "pages": pages,
        "ocr_pages": list(range(pages)),
        "type": "pdf",
        "text_source": "native" if text else "none",
        "name": name,
    }
    return Doc(text or None, extra=extra)


def texts(case: Case) -> list[tuple[str, str, int]]:
    d = tables.documents.c
    store = open_store(case.store_address)
    with case.read() as connection:
        rows = connection.execute(
            sa.select(d.text_sha256, d.text_source, d.revision, d.text_chars).order_by(d.id)
        ).all()
    found = [
        (store.read_bytes(row[0]).decode() if row[0] else "", row[1], row[2], row[3])
        for row in rows
    ]
    assert all(len(text) == chars for text, _, _, chars in found)
    return [each[:3] for each in found]


def pages_on_record(case: Case) -> list[tuple[int, int, str, str]]:
    o = tables.ocr_pages.c
    with case.read() as connection:
        rows = connection.execute(
            sa.select(o.document_id, o.page, o.state, o.languages).order_by(o.document_id, o.page)
        )
        return [tuple(row) for row in rows]


def noted(case: Case) -> list[tuple[str, str, str]]:
    n = tables.notes.c
    with case.read() as connection:
        rows = connection.execute(sa.select(n.severity, n.code, n.message).order_by(n.id))
        return [tuple(row) for row in rows]


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    docs = [scan("a", 3), scan("b", 2), scan("a", 3), scan("c", 1, "typed\f")]
    for number, doc in enumerate(docs):
        doc.extra["address"] = f"f{number}"
    with case_with(tmp_path / "case", docs) as opened:
        yield opened


PICTURES = {digest("a"): ["one", "", "same"], digest("b"): ["same", "two"], digest("c"): ["same"]}


def run(case: Case, bureau: Bureau) -> OcrDone:
    return read_waiting(case, bureau, ())


def again(case: Case, bureau: Bureau, ids: list[int], languages: str, **more: bool) -> OcrDone:
    redo = ocr_redo.plan(case, ids, all_pages=more.get("all_pages", False))
    return ocr_redo.run(case, bureau, redo, OcrWish(languages), ())


def test_the_same_picture_is_read_once_in_whichever_document(case: Case) -> None:
    bureau = Bureau(case, PICTURES)
    assert run(case, bureau) == OcrDone(pages=6, read=3, cached=2, blank=1, failed=0)
    assert sorted(bureau.read) == sorted([(digest("a"), 0), (digest("a"), 2), (digest("b"), 1)])
    assert texts(case) == [
        ("one eng\f\fsame eng", "ocr", 2),
        ("same eng\ftwo eng", "ocr", 2),
        ("one eng\f\fsame eng", "ocr", 2),
        (f"typed\n{MARK}\nsame eng\f", "native+ocr", 2),
    ]
    assert [each[2] for each in pages_on_record(case)] == [
        *("read", "blank", "read", "read", "read", "read", "blank", "read", "read")
    ]
    assert run(case, Bureau(case, {})) == OcrDone(0, 0, 0, 0, 0)


def test_a_later_run_knows_the_picture(case: Case) -> None:
    run(case, Bureau(case, PICTURES))
    late = scan("late", 2)
    late.extra["address"] = "late"
    add(case, [late])
    bureau = Bureau(case, {digest("late"): ["two", "new"]})
    assert run(case, bureau) == OcrDone(pages=2, read=1, cached=1, blank=0, failed=0)
    assert bureau.read == [(digest("late"), 1)]
    assert texts(case)[-1] == ("two eng\fnew eng", "ocr", 2)


def test_a_remembered_reading_whose_blobs_are_gone_is_read_again(case: Case) -> None:
    run(case, Bureau(case, PICTURES))
    gone = Path(case.store_address) / digest("two eng")[:2]
    kept = [path.read_bytes() for path in gone.rglob("*") if path.is_file()]
    assert kept == [b"two eng"]
    for path in gone.rglob(digest("two eng")):
        path.unlink()
    late = scan("late", 1)
    late.extra["address"] = "late"
    add(case, [late])
    assert run(case, Bureau(case, {digest("late"): ["two"]})).read == 1
    assert texts(case)[-1] == ("two eng", "ocr", 2)


def test_a_page_that_kills_its_worker_fails_alone(case: Case) -> None:
    bureau = Bureau(case, {**PICTURES, digest("b"): ["deadly", "two"]})
    bureau.deadly = {"deadly"}
    done = run(case, bureau)
    assert (done.pages, done.failed) == (6, 1)
    assert [each[:3] for each in pages_on_record(case) if each[0] == 2] == [
        (2, 0, "failed"),
        (2, 1, "read"),
    ]
    assert noted(case) == [
        ("warning", "ocr-failed", f"Page 1: the worker died reading it: {KILLED}")
    ]
    assert not list(waiting_jobs(case))


@pytest.mark.parametrize("after", [0, 1, 2])
def test_after_a_kill_the_rest_is_read_and_nothing_twice(
    case: Case, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits = iter(range(100))

    def committing(*given: Any, **named: Any) -> int:
        if next(commits) == after:
            raise KeyboardInterrupt
        return commit_readings(*given, **named)

    monkeypatch.setattr(ocr_run, "PAGES_IN_BATCH", 1)
    monkeypatch.setattr(ocr_run, "commit_readings", committing)
    bureau = Bureau(case, PICTURES)
    with pytest.raises(KeyboardInterrupt):
        run(case, bureau)
    monkeypatch.undo()
    run(case, bureau)
    assert texts(case)[:2] == [("one eng\f\fsame eng", "ocr", 2), ("same eng\ftwo eng", "ocr", 2)]
    assert len(pages_on_record(case)) == 9


def test_redo_replaces_readings_of_all_documents_with_the_bytes(case: Case) -> None:
    run(case, Bureau(case, PICTURES))
    bureau = Bureau(case, PICTURES)
    redo = ocr_redo.plan(case, [1, 4], all_pages=False)
    assert (redo.documents, redo.pages, redo.without) == (3, 4, 0)
    assert again(case, bureau, [1, 4], "deu") == OcrDone(4, read=2, cached=1, blank=1, failed=0)
    assert texts(case) == [
        ("one deu\f\fsame deu", "ocr", 3),
        ("same eng\ftwo eng", "ocr", 2),
        ("one deu\f\fsame deu", "ocr", 3),
        (f"typed\n{MARK}\nsame deu\f", "native+ocr", 3),
    ]
    assert again(case, bureau, [1, 4], "deu") == OcrDone(4, read=0, cached=3, blank=1, failed=0)
    assert [each[2] for each in texts(case)] == [3, 2, 3, 3]
    again(case, bureau, [1], "eng")
    assert texts(case)[0] == ("one eng\f\fsame eng", "ocr", 4)


def test_a_second_reading_that_fails_leaves_the_first(case: Case) -> None:
    run(case, Bureau(case, PICTURES))
    bureau = Bureau(case, PICTURES)
    bureau.fails = {"same"}
    assert again(case, bureau, [2], "deu") == OcrDone(2, read=1, cached=0, blank=0, failed=1)
    assert texts(case)[1] == ("same eng\ftwo deu", "ocr", 3)
    assert pages_on_record(case)[3:5] == [(2, 0, "read", "eng"), (2, 1, "read", "deu")]
    assert noted(case) == [("warning", "ocr-failed", "Page 1: lost; the earlier reading was kept")]


def test_a_better_reading_resolves_what_was_said_of_the_first(tmp_path: Path) -> None:
    with case_with(tmp_path / "case", [scan("p", 1)]) as case:
        run(case, Bureau(case, {digest("p"): ["poor"]}))
        assert noted(case) == [("warning", "ocr-low-confidence", "Page 1: poor")]
        assert ocr_status.status_of(case).low_confidence == 1
        again(case, Bureau(case, {digest("p"): ["fine"]}), [1], "eng")
        assert noted(case) == [("resolved", "ocr-low-confidence", "Page 1: poor")]
        assert texts(case) == [("fine eng", "ocr", 3)]


def test_all_pages_takes_those_that_have_a_text(tmp_path: Path) -> None:
    docs = [Doc("one\ftwo", extra={"sha256": digest("t"), "pages": 2, "type": "pdf"}), Doc("mail")]
    docs[0].extra["text_source"] = "native"
    with case_with(tmp_path / "case", docs) as case:
        bureau = Bureau(case, {digest("t"): ["one", "two"]})
        assert ocr_redo.plan(case, [1, 2], all_pages=False).without == 2
        assert ocr_redo.plan(case, [1, 2], all_pages=True).without == 1
        assert again(case, bureau, [1, 2], "eng", all_pages=True).read == 2
        expected = f"one\n{MARK}\none eng\ftwo\n{MARK}\ntwo eng"
        assert texts(case)[0] == (expected, "native+ocr", 2)


def test_redo_while_pages_wait_does_not_touch_the_text_of_its_own(case: Case) -> None:
    jobs = [job for job in waiting_jobs(case) if job.sha256 == digest("a")]
    bureau = Bureau(case, PICTURES)
    first = type(jobs[0])(jobs[0].sha256, jobs[0].type, (0,))
    read_jobs(case, bureau, [first], OcrWish("eng"), ())
    assert texts(case)[0] == ("", "none", 1)
    again(case, bureau, [1], "deu")
    assert texts(case)[0] == ("one deu\f\fsame deu", "ocr", 2)


def test_status_and_what_was_read_of_a_document(case: Case) -> None:
    assert (ocr_status.status_of(case).waiting_pages, ocr_status.status_of(case).read) == (9, 0)
    with pytest.raises(SelectionError, match="No page of this document"):
        list(ocr_status.shown(case, 1))
    run(case, Bureau(case, PICTURES))
    found = ocr_status.status_of(case)
    assert (found.waiting_pages, found.read, found.blank, found.failed) == (0, 7, 2, 0)
    assert (found.pictures, found.by_languages) == (3, {"eng": (7, 90.0)})
    (page,) = ocr_status.shown(case, 1, 3)
    assert (page.page, page.text, page.words) == (3, "same eng", [[1, 2, 3, 4, 90.0, "same eng"]])
    with pytest.raises(SelectionError, match="No page 9"):
        list(ocr_status.shown(case, 1, 9))
