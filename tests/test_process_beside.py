"""Pages are read beside documents: what comes first, what waits, and that the case is the same."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bench.pipeline import contents
from process import run as running
from process.interface import ExtractBatch, ExtractedItem, ExtractJob, FamilyResult, OcrBatch, Text
from process.ocr_run import read_waiting
from process.ocr_worker import look_batch, ocr_batch
from process.run import Summary, process_case
from process.worker import extract_batch
from records import tables
from records.case import Case
from records.codes import Disposition, Role
from records.fields import Fields
from records.streams import Crew, Died, Outcome
from store import Digests
from tests.index_cases import Doc, case_with
from tests.ocr_bureau import Bureau

MATTER: dict[str, list[str]] = {
    "scan": ["one", "", "same"],
    "letter": [],
    "slow": [],
    "other": ["same", "poor two"],
    "mail": [],
    "copy": ["one", "", "same"],  # has the bytes of scan
    "last": ["lost", "three"],
}
"""Documents, and the pictures of the pages of each."""
BYTES = {"copy": "scan", "attached": "scan"}


def sha(name: str) -> str:
    return hashlib.sha256(BYTES.get(name, name).encode()).hexdigest()


def item(name: str, parent: int | None, pictures: list[str]) -> ExtractedItem:
    values: dict[str, Any] = {
        "parent": parent,
        "role": Role.FILE if parent is None else Role.ATTACHMENT,
        "name": name,
        "name_bytes": name.encode(),
        "digests": Digests(sha(name), "1", "5", 9),
        "mime": "application/pdf",
        "type": "pdf",
        "ext": "pdf",
        "outcome": Disposition.REVIEWABLE,
        "text": Text(None, "none", 0),
        "pages": len(pictures),
        "ocr_pages": tuple(range(len(pictures))),
        "fields": Fields(),
        "raw": {},
        "notes": (),
        "dedup_hash": None,
        "mih": None,
    }
    return ExtractedItem(**values)


class Office(Bureau):
    """Reads documents too. `events` tells what was done; `slow` is done when nothing else waits."""

    def __init__(self, case: Case, stop_after: int | None = None) -> None:
        super().__init__(case, {sha(name): pages for name, pages in MATTER.items()})
        self._stop_after = stop_after
        self.fails = {"lost"}
        self.events: list[str] = []
        self.slow = "none"
        self.fragile: set[str] = set()
        """Names of documents and pictures; whoever has one beside another dies."""

    def crew(self) -> Crew:
        crew = super().crew()
        return _Slow(crew, self.slow)

    def kills(self, function: Callable[[Any], Any], batch: Any) -> bool:
        held = self._names(batch)
        return len(held) > 1 and bool(self.fragile & set(held))

    def _names(self, batch: ExtractBatch | OcrBatch) -> list[str]:
        if isinstance(batch, ExtractBatch):
            return [job.name for job in batch.jobs]
        return [self.pictures[job.sha256][page] for job in batch.jobs for page in job.pages]

    def result(self, function: Callable[[Any], Any], batch: Any) -> Any:
        verb = {extract_batch: "open", look_batch: "look", ocr_batch: "read"}[function]
        self.events += [f"{verb} {name}" for name in self._names(batch)]
        if function is extract_batch:
            return tuple(self._family(job) for job in batch.jobs)
        return super().result(function, batch)

    def _family(self, job: ExtractJob) -> FamilyResult:
        members = [item(job.name, None, MATTER[job.name])]
        if job.name == "mail":
            members.append(item("attached", 0, MATTER["scan"]))
        return FamilyResult(job.document_id, tuple(members))


class _Slow:
    """A crew with a worker of its own for what is slow."""

    def __init__(self, crew: Crew, slow: str) -> None:
        self._crew, self._slow = crew, slow

    def start(self, function: Callable[[Any], Any], batch: Any, priority: float) -> Any:
        if isinstance(batch, ExtractBatch) and batch.jobs[0].name == self._slow:
            priority = -1e12
        return self._crew.start(function, batch, priority)

    def finished(self) -> Iterator[tuple[Any, Outcome]]:
        yield from self._crew.finished()

    def cancel(self, tickets: Any) -> None:
        self._crew.cancel(tickets)


@pytest.fixture(autouse=True)
def _one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_BATCHES_AHEAD", 2)


def new_case(folder: Path) -> Any:
    docs = []
    for number, name in enumerate(MATTER):
        values = {"name": name, "sha256": sha(name), "size": 9, "address": f"f{number}"}
        pending = {"state": "collected", "outcome": "pending", "disposition": "pending"}
        docs.append(Doc(None, extra={**values, **pending, "type": "pdf", "text_source": "none"}))
    return case_with(folder, docs)


def documents_read(case: Case) -> list[str]:
    """Documents whose pages all have been read."""
    d = tables.documents.c
    with case.read() as connection:
        query = sa.select(d.name).where(d.state == "processed", d.text_source == "ocr")
        return list(connection.execute(query.order_by(d.id)).scalars())


@pytest.fixture
def expected(tmp_path: Path) -> dict[str, list[str]]:
    """What the case holds where pages are read after all documents."""
    with new_case(tmp_path / "expected") as case:
        process_case(case, Office(case), (), ocr=False)
        read_waiting(case, Office(case), ())
    return contents(tmp_path / "expected")


def test_documents_come_before_pages(tmp_path: Path) -> None:
    with new_case(tmp_path / "case") as case:
        office = Office(case)
        process_case(case, office, ())
    verbs = [each.split()[0] for each in office.events]
    assert verbs == sorted(verbs, key=["open", "look", "read"].index)
    assert verbs.count("open") == len(MATTER)


def test_pages_are_read_while_documents_wait_for_a_slow_one(
    tmp_path: Path, expected: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No more than two documents may be under way: the third is slow, and the fourth waits."""
    read: list[list[str]] = []
    with new_case(tmp_path / "case") as case:
        office = Office(case)
        office.slow = "slow"

        def family(job: ExtractJob) -> FamilyResult:
            if job.name == "slow":
                read.append(documents_read(case))
            return Office._family(office, job)

        monkeypatch.setattr(office, "_family", family)
        process_case(case, office, ())
    at = office.events.index
    assert at("read one") < at("open slow") < at("open mail") < at("read three")
    assert read == [["scan"]]
    assert contents(tmp_path / "case") == expected


def test_equal_bytes_that_come_later_are_not_looked_at_again(
    tmp_path: Path, expected: dict[str, list[str]]
) -> None:
    with new_case(tmp_path / "case") as case:
        office = Office(case)
        office.slow = "slow"
        summary = process_case(case, office, ())
    counted = [office.events.count(f"look {each}") for each in ("one", "", "same", "lost")]
    assert counted == [1, 1, 2, 1]
    assert [office.events.count(f"read {each}") for each in ("one", "same", "lost")] == [1, 1, 1]
    assert summary == Summary(7, 8, 7, 1, 1, ocr_cached=1, ocr_blank=1, ocr_failed=1)
    assert contents(tmp_path / "case") == expected


@pytest.mark.parametrize("slow", ["none", "slow"])
def test_a_stop_at_any_task_loses_nothing_and_doubles_nothing(
    tmp_path: Path, expected: dict[str, list[str]], slow: str
) -> None:
    for stop in range(100):
        with new_case(tmp_path / f"case{stop}") as case:
            office = Office(case, stop)
            office.slow = slow
            try:
                process_case(case, office, ())
            except KeyboardInterrupt:
                process_case(case, Office(case), ())
            else:
                break
        assert contents(tmp_path / f"case{stop}") == expected
    assert stop > 9


def test_batches_that_lose_their_worker_come_back_in_pieces(
    tmp_path: Path, expected: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_waiting_count", lambda _case: 100)
    with new_case(tmp_path / "case") as case:
        office = Office(case)
        office.fragile = {*MATTER, "one", "poor two"}
        process_case(case, office, ())
    assert [each for each in office.events if each.startswith("open")] == [
        f"open {name}" for name in MATTER
    ]
    assert contents(tmp_path / "case") == expected


def test_what_kills_its_worker_alone_is_a_crash(tmp_path: Path) -> None:
    with new_case(tmp_path / "case") as case:

        class Deadly(Office):
            def do(self, function: Callable[[Any], Any], batch: Any) -> Outcome:
                if "letter" in self._names(batch):
                    self.events.append("die")
                    return Died()
                return super().do(function, batch)

        office = Deadly(case)
        process_case(case, office, ())
        n = tables.notes.c
        with case.read() as connection:
            rows = connection.execute(sa.select(n.document_id, n.code, n.attempts)).all()
    assert [tuple(row) for row in rows if row.code == "crash"] == [(2, "crash", 6)]
    assert office.events.count("die") == 6
