"""Merged segments: what a fresh build of the same documents would be, byte for byte beside it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from index.adopt import adopt, held, open_segment
from index.build import build_segment, in_private_folder, write_segment
from index.folder import read_contents
from index.interface import IndexBatch, IndexDocument, SegmentBuilt
from index.merge import FACTOR, MANY, MOST, Merge, merge_segments, merged, planned
from index.side import Side
from records.errors import IndexStateError
from store import LocalStore
from tests.index_cases import odd_documents
from tests.test_index_stock import stock_contents


@dataclass
class Sized:
    """As much of a segment of Whoosh as planning looks at."""

    name: str
    words: int
    documents: int = 100
    dead: int = 0
    _fieldlengths: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self._fieldlengths = {"text": self.words}

    def segment_id(self) -> str:
        return self.name

    def doc_count_all(self) -> int:
        return self.documents

    def doc_count(self) -> int:
        return self.documents - self.dead


def sized(*words: int) -> list[Sized]:
    return [Sized(f"s{number}", each) for number, each in enumerate(words)]


def test_many_of_a_tier_are_merged_and_few_are_not() -> None:
    assert planned(sized(*[2_000_000] * (MANY - 1))) == []
    assert planned(sized(*[2_000_000] * MANY)) == [tuple(f"s{n}" for n in range(MANY))]
    # The large one is of another tier and stays.
    assert planned(sized(*[2_000_000] * MANY, 30_000_000)) == [tuple(f"s{n}" for n in range(MANY))]
    assert planned(sized(10, 1_000_000, 8_000_000, 70_000_000)) == []


def test_nothing_grows_past_the_most() -> None:
    large = sized(*[MOST // 3] * MANY)
    groups = planned(large)
    assert [len(each) for each in groups] == [3, 3, 2]
    assert planned(sized(*[MOST - 1] * 20)) == []
    assert planned(sized(*[MOST - 1] * 20), everything=True) == []
    assert planned(sized(5, MOST, 5), everything=True) == []


def test_what_is_mostly_deleted_is_written_anew() -> None:
    assert planned([Sized("a", 1000, 100, 51), Sized("b", 1000, 100, 50)]) == [("a",)]
    assert planned([Sized("a", 1000, 100, 1)], everything=True) == [("a",)]
    assert planned([Sized("a", 1000, 100, 0)], everything=True) == []


def test_a_case_that_grows_has_few_segments_and_writes_its_words_few_times() -> None:
    segments: list[Sized] = []
    written = most = 0
    for number in range(600):
        segments.append(Sized(f"n{number}", 400_000))
        while groups := planned(segments):
            for group in groups:
                words = sum(each.words for each in segments if each.name in group)
                segments = [each for each in segments if each.name not in group]
                segments.append(Sized(f"m{number}", words))
                written += words
        most = max(most, len(segments))
    assert sum(each.words for each in segments) == 600 * 400_000
    assert most <= 3 * MANY
    assert written <= 4 * 600 * 400_000
    assert FACTOR > 1


def parts(home: Path) -> tuple[LocalStore, list[IndexDocument]]:
    """Five segments in `index`, with replaced and removed documents; those that are alive."""
    store = LocalStore(home / "store")
    documents = odd_documents(store)
    older = [IndexDocument(each.document_id, 7, None, (("author", "gone"),)) for each in documents]
    for some in (documents[250:], older[:120], documents[:90], documents[90:200], documents[200:]):
        adopt(home / "index", [build(home, store, some)])
    removed = {995, 850, 760}
    adopt(home / "index", (), remove=removed)
    return store, [each for each in documents if each.document_id not in removed]


def build(home: Path, store: LocalStore, documents: Sequence[IndexDocument]) -> SegmentBuilt:
    return build_segment(IndexBatch(tuple(documents), store.address, str(home / "scratch")))


@pytest.mark.parametrize("piece", [500_000, 1_000, 1])
def test_equal_to_a_fresh_build(tmp_path: Path, piece: int) -> None:
    store, alive = parts(tmp_path)
    segments = read_contents(tmp_path / "index").segments
    assert len(segments) == 3  # two lost all of their documents
    opened = [open_segment(tmp_path / "index", each) for each in segments]
    assert any(len(each.live) < len(each.ids) for each in opened)
    built = in_private_folder(
        tmp_path / "scratch", len(alive), lambda home: write_segment(home, merged(opened, piece))
    )
    for each in opened:
        each.close()
    fresh = build(tmp_path, store, sorted(alive, key=lambda each: each.document_id))
    ours, expected = Path(built.folder), Path(fresh.folder)
    assert stock_contents(ours) == stock_contents(expected)
    beside = [next(each.glob("*.side")) for each in (ours, expected)]
    # All but the checksums, for segments bear their own names.
    first, second = (each.read_bytes()[: Side(each).body] for each in beside)
    assert first == second
    assert len(first) > 50_000


def test_the_merged_segment_takes_the_place_of_its_parts(tmp_path: Path) -> None:
    parts(tmp_path)
    folder = tmp_path / "index"
    before = held(folder)
    (names,) = planned(read_contents(folder).segments, everything=True)
    built = merge_segments(Merge(str(folder), names, str(tmp_path / "scratch")))
    assert built.documents == len(before)
    adopt(folder, [built], instead_of=names)
    assert held(folder) == before
    assert len(list(folder.iterdir())) == 3
    assert not any((tmp_path / "scratch").iterdir())


def test_a_segment_that_is_not_there(tmp_path: Path) -> None:
    parts(tmp_path)
    with pytest.raises(IndexStateError, match=r"nosuch.*cannot be seen from here"):
        merge_segments(Merge(str(tmp_path / "index"), ("nosuch",), str(tmp_path / "scratch")))


def test_documents_without_a_word_are_kept(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store")
    for number in (1, 2):
        adopt(tmp_path / "index", [build(tmp_path, store, [IndexDocument(number, 1, None, ())])])
    (names,) = planned(read_contents(tmp_path / "index").segments, everything=True)
    built = merge_segments(Merge(str(tmp_path / "index"), names, str(tmp_path / "scratch")))
    adopt(tmp_path / "index", [built], instead_of=names)
    assert held(tmp_path / "index") == {1: 1, 2: 1}
