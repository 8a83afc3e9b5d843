"""Large mailboxes opened in parts: the same items as in one piece, also when cut off half-way."""

import zipfile
from pathlib import Path

import pytest
import sqlalchemy as sa

from ingest import gather, mailbox, opener
from ingest.mbox import Range, plan
from ingest.pst_crypt import PERMUTE
from ingest.pst_header import UNICODE
from ingest.run import ingest
from records import audit, engine, tables
from records import case as cases
from records.case import Case, CaseInfo
from tests.ingest_engines import Inline
from tests.ingest_pst_maker import ROOT, TOP, Maker, text

INBOX = 0x8042
INFO = CaseInfo("1:24-cv-1", "Doe v. Roe", "", "UTC", "ABC", 7)


def _mbox(name: str, messages: int) -> bytes:
    return b"".join(
        f"From {name}@a.example Mon Jan  1 00:00:00 2001\nSubject: {name} {each}\n\nx\n\n".encode()
        for each in range(messages)
    )


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "a.txt").write_bytes(b"before")
    (folder / "b.mbox").write_bytes(_mbox("b", 7))
    with zipfile.ZipFile(folder / "c.zip", "w") as archive:
        archive.writestr("in.mbox", _mbox("in", 5))
        archive.writestr("last.txt", b"last")
    (folder / "d.txt").write_bytes(b"after")
    return folder


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of two messages. The opener's child has its own copy of this: it is asked here."""
    monkeypatch.setattr(gather, "SPLIT_BYTES", 1)

    def parts_of(container: opener.Container) -> tuple[dict[str, object], ...]:
        with container.path.open("rb") as file:
            return tuple(_part(each) for each in plan(file, messages_each=2))

    monkeypatch.setattr(opener, "parts_of", parts_of)


def _part(found: Range) -> dict[str, object]:
    return dict(mailbox._part(found))


def _state(case: Case) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]], int]:
    c, n = tables.documents.c, tables.notes.c
    columns = (c.id, c.address, c.found_in_id, c.role, c.sha256, c.disposition, c.fields)
    with case.read() as connection:
        rows = connection.execute(sa.select(*columns).order_by(c.id)).all()
        notes = connection.execute(sa.select(n.document_id, n.severity, n.code)).all()
        left = connection.execute(
            sa.select(sa.func.count()).select_from(tables.openings)
        ).scalar_one()
        audit.verify(connection)
    return [tuple(row) for row in rows], [tuple(row) for row in notes], left


def _fresh(folder: Path) -> Path:
    cases.create(folder, INFO, [], ["Ann Lee"])
    return folder


@pytest.mark.usefixtures("small_parts")
def test_parts_give_what_the_whole_gives(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with cases.opened(_fresh(tmp_path / "parts")) as case:
        reported: list[tuple[int, int]] = []
        summary = ingest(case, Inline(), source, "Ann Lee", (), lambda *n: reported.append(n))
        rows, notes, left = _state(case)
    assert (left, notes) == (0, [])
    assert summary.by_role == {"file": 4, "member": 2, "message": 12}
    assert [(row[0], row[1], row[2]) for row in rows[:8]] == [
        (1, "a.txt", None),
        (2, "b.mbox", None),
        (3, "c.zip", None),
        (4, "c.zip!/in.mbox", 3),
        (5, "c.zip!/last.txt", 3),
        (6, "d.txt", None),
        (7, "b.mbox!/message-00001.eml", 2),
        (8, "b.mbox!/message-00002.eml", 2),
    ]
    assert [row[1] for row in rows[14:]] == [
        f"c.zip!/in.mbox!/message-{number:05}.eml" for number in range(2, 6)
    ]
    # One batch of the four files, then four parts and three.
    assert [files for files, _ in reported] == [4, 0, 0, 0, 0, 0, 0, 0]
    assert [items for _, items in reported] == [6, 2, 2, 2, 1, 2, 2, 1]
    monkeypatch.undo()
    with cases.opened(_fresh(tmp_path / "whole")) as case:
        ingest(case, Inline(), source, "Ann Lee")
        whole, _, _ = _state(case)
    assert {(row[1], row[4], row[5]) for row in whole} == {(row[1], row[4], row[5]) for row in rows}
    assert [row[6] for row in rows if row[1] == "b.mbox!/message-00001.eml"] == [{"folder": "b"}]


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("stop_at", range(8))
def test_a_run_cut_off_among_the_parts_is_taken_up(
    tmp_path: Path, source: Path, stop_at: int
) -> None:
    with cases.opened(_fresh(tmp_path / "whole")) as case:
        ingest(case, Inline(), source, "Ann Lee")
        expected = _state(case)
    folder = _fresh(tmp_path / "cut")
    with cases.opened(folder) as case, pytest.raises(KeyboardInterrupt):
        ingest(case, Inline(stop_at), source, "Ann Lee")
    with cases.opened(folder) as case:
        summary = ingest(case, Inline(), source, "Ann Lee")
        assert (summary.resumed, summary.items) == (True, 18)
        assert _state(case) == expected


@pytest.mark.usefixtures("small_parts")
def test_cut_off_again_and_again_it_still_comes_to_its_end(tmp_path: Path, source: Path) -> None:
    folder = _fresh(tmp_path / "cut")
    cuts = 0
    while cuts < 20:
        with cases.opened(folder) as case:
            try:
                ingest(case, Inline(stop_after=2), source, "Ann Lee")
                break
            except KeyboardInterrupt:
                cuts += 1
    assert 2 < cuts < 20
    with cases.opened(folder) as case:
        rows, _, left = _state(case)
    assert (len(rows), left) == (18, 0)


@pytest.mark.usefixtures("small_parts")
def test_a_part_that_kills_its_worker_makes_the_mailbox_an_exception(
    tmp_path: Path, source: Path
) -> None:
    with cases.opened(_fresh(tmp_path / "lost")) as case:
        summary = ingest(case, Inline(lose=2), source, "Ann Lee")
        rows, notes, left = _state(case)
    assert (summary.items, left) == (16, 0)
    assert notes == [(2, "exception", "crash")]
    assert rows[1][5] == "exception"
    with cases.opened(tmp_path / "lost") as case:
        again = ingest(case, Inline(), source, "Ann Lee")
        rows, notes, left = _state(case)
    assert (again.items, len(rows), left) == (2, 18, 0)
    mended = [row for row in rows if row[5] == "exception"]
    assert (mended, notes) == ([], [(2, "resolved", "crash")])


@pytest.mark.usefixtures("small_parts")
def test_a_mailbox_that_is_known_is_not_opened_again(tmp_path: Path, source: Path) -> None:
    with cases.opened(_fresh(tmp_path / "twice")) as case:
        ingest(case, Inline(), source, "Ann Lee")
        before = _state(case)
        second = Inline()
        again = ingest(case, second, source, "Ann Lee")
        assert (again.items, second.tasks) == (0, 1)
        assert _state(case) == before
        third = Inline()
        assert ingest(case, third, source, "Ann Lee", recover=True).items == 0
        assert third.tasks == 8  # asked for more, it looks through all parts again
        assert _state(case) == before
        with (source / "b.mbox").open("ab") as file:
            file.write(_mbox("more", 1))
        grown = ingest(case, Inline(), source, "Ann Lee")
        assert grown.by_role == {"file": 1, "message": 1}


@pytest.mark.slow
def test_workers_and_their_parts_keep_the_order(tmp_path: Path, source: Path) -> None:
    """The real engine: further batches come before what was handed out already."""
    seen = []
    asked = iter([(), (10, 11), (), (), ()])
    with engine.started(2) as running:
        for batch, result in running.map_ordered(abs, [1, -2, 3], more=lambda: next(asked, ())):
            seen.append((batch, result))
    assert seen == [(1, 1), (-2, 2), (10, 10), (11, 11), (3, 3)]


def test_a_pst_in_parts_gives_what_the_whole_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planned and opened by the real child, in parts of 500 items."""
    maker = Maker(UNICODE, PERMUTE).start()
    maker.folder(TOP, ROOT, "Top")
    maker.folder(INBOX, TOP, "Inbox")
    for number in range(1100):
        maker.message(INBOX, [text(0x0037, f"subject {number}")])
    source = tmp_path / "source"
    source.mkdir()
    (source / "box.pst").write_bytes(maker.done())
    found = []
    for size in (1 << 40, 1):
        monkeypatch.setattr(gather, "SPLIT_BYTES", size)
        with cases.opened(_fresh(tmp_path / f"case-{size}")) as case:
            workers = Inline()
            summary = ingest(case, workers, source, "Ann Lee")
            rows, notes, left = _state(case)
        assert (summary.by_role, notes, left) == ({"file": 1, "message": 1100}, [], 0)
        found.append(rows)
    assert workers.tasks == 4
    assert found[0] == found[1]
    assert found[0][-1][1] == "box.pst!/Top/Inbox/message-01100.msg"
    assert found[0][-1][6] == {"folder": "Top/Inbox"}
    opener.close_children()
