"""Rebuilding beside the old index, checking, merging by command, and sessions that go on."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from pyroaring import BitMap

from index import SqlCatalog, held, search
from index.adopt import adopt
from index.check import check
from index.folder import generations_of, read_contents, toc_path
from index.index_commands import index_command
from index.merge import MANY
from index.run import Merging, index_case, rebuild_case
from index.searching import Session
from records import tables
from records.case import Case
from records.engine import Engine
from records.errors import IndexCheckError, IndexStateError
from records.status import status_of
from review import panel, tags
from tests.index_cases import Doc, add, case_with, index_here, put
from tests.ingest_engines import Inline
from tests.test_index_run import FragileEngine, quiet


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with case_with(tmp_path / "case", [Doc(f"letter {n} about gas") for n in range(1, 9)]) as case:
        for first in (1, 3, 5, 7):
            index_here(case, [first, first + 1])
        yield case


@pytest.fixture
def engine() -> Engine:
    return FragileEngine(set())


def command(case: Case, *arguments: str) -> Result:
    return CliRunner().invoke(index_command, [*arguments, "--case", str(case.folder)])


def kinds(case: Case, *, quick: bool = False) -> list[tuple[str, int]]:
    return [(each.kind, each.count) for each in check(case, lambda _: None, quick=quick).findings]


def segments(case: Case) -> list[Path]:
    names = (each.segment_id() for each in read_contents(case.index_folder).segments)
    return [case.index_folder / f"{name}.seg" for name in names]


def changed(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def newer(case: Case, number: int) -> None:
    with case.write() as connection:
        d = tables.documents
        values = {"text_sha256": put(case, "read again"), "revision": 2}
        connection.execute(d.update().where(d.c.id == number).values(**values))


def test_a_whole_index(case: Case) -> None:
    assert kinds(case) == []
    done = command(case, "check", "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["whole"], told["segments"]) == (0, True, 4)
    assert (told["expected"], told["in_index"], told["findings"]) == (8, 8, [])
    assert command(case, "check").stdout == "8 of 8 documents in the index, in 4 segments: whole\n"


def test_an_index_older_than_its_documents(case: Case) -> None:
    add(case, [Doc("one more"), Doc("and one")])
    newer(case, 2)
    with case.write() as connection:
        d = tables.documents
        connection.execute(d.update().where(d.c.id == 5).values(outcome="container"))
    assert kinds(case) == [("missing", 2), ("other revision", 1), ("unknown", 1)]
    done = command(case, "check")
    assert isinstance(done.exception, IndexCheckError)
    assert str(done.exception).endswith("run 'redwell index'")
    assert (
        "missing: 2 documents are not in the index (RW-00000009, RW-00000010): run" in done.stdout
    )
    assert search(case, "gas").missing == 3


def test_a_document_that_is_in_it_twice(case: Case) -> None:
    """What adoption never does, done by hand: a segment's deletions are lost."""
    newer(case, 1)
    index_here(case, [1])
    contents = read_contents(case.index_folder)
    for each in contents.segments:
        each._deleted = None
    from index import adopt as module
    from index.folder import Contents

    module._write_toc(case.index_folder, Contents(contents.generation + 1, contents.segments))
    assert kinds(case) == [("twice", 1)]


def test_files_that_are_damaged_missing_or_cut_off(case: Case, engine: Engine) -> None:
    first, second, third, fourth = segments(case)
    changed(first, 5_000)
    second.with_suffix(".side").unlink()
    changed(third.with_suffix(".side"), 20)
    assert kinds(case, quick=True) == [
        *(("damaged", 1), ("beside", 1), ("beside", 1)),
        ("missing", 2),  # of the first, of which nothing can be read
    ]
    fourth.write_bytes(fourth.read_bytes()[:-1])
    found = check(case, lambda _: None)
    assert [each.kind for each in found.findings][-2:] == ["damaged", "missing"]
    assert {each.advice for each in found.findings} == {"run 'redwell index rebuild'"}
    with pytest.raises(
        IndexStateError, match=rf"{first.name} is damaged.*Run 'redwell index rebuild'"
    ):
        search(case, "gas")
    fourth.unlink()
    for what in (lambda: search(case, "gas"), lambda: index_case(case, engine, quiet)):
        with pytest.raises(IndexStateError, match=f"it lacks {fourth.name}"):
            what()
    assert kinds(case)[0] == ("damaged", 1)
    summary = rebuild_case(case, engine, quiet)
    assert (summary.in_index, summary.indexed) == (8, 8)
    assert kinds(case) == []
    assert len(search(case, "gas").ids) == 8


def test_what_stands_beside_is_made_again_by_index(case: Case, engine: Engine) -> None:
    first, second = segments(case)[:2]
    first.with_suffix(".side").unlink()
    changed(second.with_suffix(".side"), 20)
    summary = index_case(case, engine, quiet)
    assert (summary.mended, summary.indexed) == (2, 0)
    assert kinds(case) == []


def test_beside_it_something_else_that_is_whole_in_itself(case: Case) -> None:
    first, second = segments(case)[:2]
    shutil.copyfile(first.with_suffix(".side"), second.with_suffix(".side"))
    assert "damaged" in [kind for kind, _ in kinds(case)]


def test_tables_of_contents_that_cannot_be_read(case: Case, engine: Engine) -> None:
    toc_path(case.index_folder, generations_of(case.index_folder)[0]).write_bytes(b"")
    assert kinds(case) == [("damaged", 1), ("missing", 8)]
    rebuild_case(case, engine, quiet)
    assert kinds(case) == []


def test_the_old_index_answers_until_the_new_one_is_whole(case: Case) -> None:
    with pytest.raises(IndexStateError, match="RW-00000003"):
        rebuild_case(case, FragileEngine({3}), quiet)
    assert case.rebuild_folder.is_dir()
    assert len(search(case, "gas").ids) == 8
    assert len(segments(case)) == 4
    engine = FragileEngine(set())
    summary = rebuild_case(case, engine, quiet)
    assert (summary.already, summary.indexed, summary.in_index) == (7, 1, 8)
    assert not case.rebuild_folder.exists()
    assert held(case.index_folder) == dict.fromkeys(range(1, 9), 1)
    assert len(search(case, "gas").ids) == 8


def test_a_rebuild_that_was_cut_off_goes_on(case: Case, engine: Engine) -> None:
    class Stops(Inline):
        """Stopped when it is asked for the second batch."""

    old = {each.name for each in segments(case)}
    long = Doc("x " * 300_000)
    add(case, [long, long])
    stops = Stops(stop_after=1)
    with pytest.raises(KeyboardInterrupt):
        rebuild_case(case, stops, quiet)
    assert {each.name for each in segments(case)} == old
    summary = rebuild_case(case, engine, quiet)
    assert (summary.in_index, summary.expected) == (10, 10)
    assert kinds(case) == []


def test_a_rebuild_that_was_cut_off_at_its_very_end(case: Case, engine: Engine) -> None:
    """The new index holds, and its files are still linked beside: none may be used again."""
    rebuild_case(case, engine, quiet)
    shutil.copytree(case.index_folder, case.rebuild_folder)
    index_case(case, engine, quiet)
    assert not case.rebuild_folder.exists()
    shutil.copytree(case.index_folder, case.rebuild_folder)
    summary = rebuild_case(case, engine, quiet)
    assert summary.indexed == 8


def test_nothing_of_a_damaged_half_is_used(case: Case, engine: Engine) -> None:
    with pytest.raises(IndexStateError):
        rebuild_case(case, FragileEngine({3}), quiet)
    next(case.rebuild_folder.glob("*.seg")).unlink()
    assert rebuild_case(case, engine, quiet).indexed == 8


@pytest.mark.parametrize(
    ("merging", "left"), [(Merging.AUTO, 4), (Merging.ALL, 1), (Merging.NONE, 4)]
)
def test_merging_when_asked(case: Case, engine: Engine, merging: Merging, left: int) -> None:
    expected = set(search(case, "letter w/3 gas").ids)
    told: list[tuple[int, int]] = []
    summary = index_case(case, engine, lambda done, total: told.append((done, total)), merging)
    assert (summary.segments, summary.merged) == (left, 0 if left == 4 else 4)
    assert told[-1:] == ([] if left == 4 else [(8, 8)])
    assert set(search(case, "letter w/3 gas").ids) == expected == set(range(1, 9))
    assert kinds(case) == []


def test_merging_when_segments_are_many(case: Case, engine: Engine) -> None:
    for number in range(9, 9 + MANY - 4):
        add(case, [Doc(f"letter {number} about gas")])
        summary = index_case(case, engine, quiet, Merging.NONE)
    assert summary.segments == MANY
    summary = index_case(case, engine, quiet)
    assert (summary.segments, summary.merged, summary.indexed) == (1, MANY, 0)
    assert len(search(case, "gas").ids) == 4 + MANY


def test_workers_that_die_of_a_merge(case: Case) -> None:
    class Fragile(Inline):
        """Every merge kills its worker."""

        def kills(self, function: Any, _batch: Any) -> bool:
            return bool(function.__name__ == "merge_segments")

    summary = index_case(case, Fragile(), quiet, Merging.ALL)
    assert (summary.segments, summary.merged) == (1, 4)


def test_the_commands(case: Case) -> None:
    done = command(case, "--merge", "--workers", "1")
    assert done.stdout.splitlines()[1:] == ["4 segments were merged; 1 segment is left"]
    done = command(case, "rebuild", "--json", "--workers", "1")
    assert json.loads(done.stdout)["indexed"] == 8
    misplaced = CliRunner().invoke(index_command, ["--json", "check"])
    assert misplaced.exit_code == 2
    assert "behind 'check'" in misplaced.stderr


def test_a_session_sees_what_changed_and_keeps_what_did_not(
    case: Case, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session(case)
    asked: list[str] = []
    scope = SqlCatalog.scope

    def counted(catalog: SqlCatalog) -> BitMap:
        asked.append("scope")
        return scope(catalog)

    monkeypatch.setattr(SqlCatalog, "scope", counted)
    assert set(session.search("gas").ids) == set(range(1, 9))
    assert set(session.search("letter").ids) == set(range(1, 9))
    assert len(asked) == 1
    panel.define(case, "Hot")
    assert not session.search("tag:hot").ids
    tags.change(case, "add", "Hot", [2, 3], {})
    assert set(session.search("tag:hot").ids) == {2, 3}
    found = session.search("tag:hot").ids
    found.clear()
    assert set(session.search("tag:hot").ids) == {2, 3}
    add(case, [Doc("late gas")])
    assert session.search("gas").missing == 1
    index_case(case, engine, quiet, Merging.ALL)
    result = session.search("gas")
    assert (set(result.ids), result.missing) == (set(range(1, 10)), 0)
    rebuild_case(case, engine, quiet)
    assert set(session.search("late").ids) == {9}
    session.close()


def test_status_counts_what_the_index_lacks(case: Case) -> None:
    assert status_of(case).to_json()
    adopt(case.index_folder, (), remove=[4])
    assert search(case, "gas").missing == 1
