"""Adoption: what is replaced, what is swept, and a kill at any step."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from index.adopt import adopt, held
from index.build import build_segment
from index.folder import EMPTY, read_contents, toc_path
from index.interface import IndexBatch, IndexDocument, SegmentBuilt
from index.searching import open_segments
from records.errors import IndexStateError


def built(home: Path, *pairs: tuple[int, int]) -> SegmentBuilt:
    documents = tuple(
        IndexDocument(each, revision, None, (("title", f"r{revision} d{each}"),))
        for each, revision in pairs
    )
    return build_segment(IndexBatch(documents, str(home / "store"), str(home / "scratch")))


def titles(folder: Path, term: str) -> set[int]:
    with open_segments(folder) as segments:
        return {i for each in segments for i in each.ids_of(each.documents("title", term))}


def names(folder: Path) -> Sequence[str]:
    return sorted(each.name for each in folder.iterdir())


def test_nothing_was_ever_indexed(tmp_path: Path) -> None:
    assert held(tmp_path / "nowhere") == held(tmp_path) == {}
    assert read_contents(tmp_path) == EMPTY


def test_several_segments_at_once_and_later_ones(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    adopt(folder, [built(tmp_path, (1, 1), (2, 1)), built(tmp_path, (3, 1))])
    adopt(folder, [built(tmp_path, (4, 1))])
    assert held(folder) == {1: 1, 2: 1, 3: 1, 4: 1}
    assert not any((tmp_path / "scratch").iterdir())
    assert len(names(folder)) == 3 * 2 + 1
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_newer_revision_replaces_the_old_posting(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    adopt(folder, [built(tmp_path, (1, 1), (2, 1))])
    adopt(folder, [built(tmp_path, (2, 2), (3, 1))])
    assert held(folder) == {1: 1, 2: 2, 3: 1}
    assert titles(folder, "d2") == {2}
    assert titles(folder, "r1") == {1, 3}
    assert titles(folder, "r2") == {2}


def test_the_later_of_two_segments_adopted_together_holds(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    adopt(folder, [built(tmp_path, (1, 1)), built(tmp_path, (1, 2), (2, 1))])
    assert held(folder) == {1: 2, 2: 1}
    assert titles(folder, "r1") == {2}


def test_removed_documents_and_emptied_segments(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    adopt(folder, [built(tmp_path, (1, 1)), built(tmp_path, (2, 1), (3, 1))])
    adopt(folder, [], remove=[1, 2, 99])
    assert held(folder) == {3: 1}
    assert len(names(folder)) == 3  # the emptied segment is gone


def test_leftovers_are_swept(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    adopt(folder, [built(tmp_path, (1, 1))])
    kept = [name for name in names(folder) if not name.endswith(".toc")]
    (folder / "MAIN_leftoversegment.seg").write_bytes(b"cut short")
    (folder / "toc-abc").mkdir()
    (folder / "toc-abc" / "x").write_bytes(b"")
    adopt(folder, [])
    assert [name for name in names(folder) if not name.endswith(".toc")] == kept


@pytest.mark.parametrize("content", [b"", b"\x80\x00", b"not a table of contents" * 9])
def test_a_damaged_newest_table_of_contents(tmp_path: Path, content: bytes) -> None:
    folder = tmp_path / "index"
    adopt(folder, [built(tmp_path, (1, 1))])
    generation = read_contents(folder).generation
    toc_path(folder, generation + 1).write_bytes(content)
    assert held(folder) == {1: 1}
    adopt(folder, [built(tmp_path, (2, 1))])
    assert held(folder) == {1: 1, 2: 1}
    assert [each.name for each in folder.glob("*.toc")] == [toc_path(folder, generation + 1).name]


def test_no_table_of_contents_can_be_read(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    adopt(folder, [built(tmp_path, (1, 1))])
    for each in folder.glob("*.toc"):
        each.write_bytes(b"")
    with pytest.raises(IndexStateError, match="Run 'redwell index rebuild'"):
        held(folder)


def test_a_segment_that_lost_its_file_is_noticed(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    adopt(folder, [built(tmp_path, (1, 1))])
    next(folder.glob("*.seg")).unlink()
    with pytest.raises(IndexStateError):
        held(folder)


def test_a_segment_that_was_built_out_of_sight(tmp_path: Path) -> None:
    with pytest.raises(IndexStateError, match="cannot be seen from here"):
        adopt(tmp_path / "index", [SegmentBuilt(str(tmp_path / "elsewhere"), 1)])


def test_a_search_that_is_open_goes_on_while_another_adopts(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    adopt(folder, [built(tmp_path, (1, 1))])
    with open_segments(folder) as (segment,):
        adopt(folder, [built(tmp_path, (1, 2))])
        assert list(segment.documents("title", "r1")) == [0]
    assert titles(folder, "r1") == set()


@pytest.mark.slow
@pytest.mark.parametrize("what", ["adopt", "merge", "replace"])
def test_killed_at_every_step(tmp_path: Path, what: str) -> None:
    old, new = [[1, 1], [2, 1]], [[1, 1], [2, 2], [3, 1]]
    adopt(tmp_path / "index", [built(tmp_path, (1, 1)), built(tmp_path, (2, 1))])
    if what == "adopt":
        shutil.move(built(tmp_path, (2, 2), (3, 1)).folder, tmp_path / "built")
    elif what == "merge":
        shutil.move(built(tmp_path, (1, 1), (2, 1)).folder, tmp_path / "built")
        new = old
    else:
        adopt(tmp_path / "built", [built(tmp_path, (1, 1), (2, 2)), built(tmp_path, (3, 1))])
    script = Path(__file__).with_name("index_adopt_killed.py")
    environment = {**os.environ, "PYTHONPATH": str(script.parent.parent)}
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path), what],
        capture_output=True,
        text=True,
        env=environment,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    tries = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["killed"] for each in tries] == [True] * (len(tries) - 1) + [False]
    assert len(tries) > 12
    between = [each["between"] for each in tries]
    turn = between.index(new) if new != old else 0
    assert between == [old] * turn + [new] * (len(tries) - turn)
    if new != old:
        assert 5 < turn < len(tries) - 3  # some steps lie before, some behind the one that counts
    assert all(each["after"] == new for each in tries)


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "index").write_text("notes")
    with pytest.raises(IndexStateError, match="is a file where the index's folder belongs"):
        adopt(tmp_path / "index", [])
    assert (tmp_path / "index").read_text() == "notes"
