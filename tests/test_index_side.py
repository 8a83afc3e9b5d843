"""What stands beside a segment: equal whoever makes it, made again, and never believed damaged."""

import filecmp
import random
import shutil
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from index import varints
from index.adopt import adopt, held, mend
from index.build import build_segment
from index.evaluate import Evaluator
from index.interface import IndexBatch
from index.pages import PAGE, Mapped, checksums
from index.query import parse
from index.searching import open_segments
from index.side_make import agrees, make_side
from records.errors import IndexStateError
from store import LocalStore
from tests.index_cases import Everything, odd_documents

QUERIES = (
    "first again other",
    '"w café"',
    "cafe",
    "contract w/3 the",
    "the pre/2 (of OR über)",
    "w1* NOT w/2 contract",
    "last w/50 xlastword",
    "author:contract subject:w*",
    "NOT everywhere",
    '##"w1[0-9]"',
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of three segments with replaced and removed documents."""
    home = tmp_path_factory.mktemp("whole")
    store = LocalStore(home / "store")
    documents = odd_documents(store)
    for some in (documents[:140], documents[140:], documents[100:130]):
        batch = IndexBatch(tuple(some), store.address, str(home / "scratch"))
        adopt(home / "index", [build_segment(batch)])
    adopt(home / "index", (), remove=[990, 800, 701])
    return home / "index"


def answers(folder: Path) -> list[BitMap]:
    scope = BitMap(range(700, 1001))
    with open_segments(folder) as segments:
        evaluator = Evaluator(segments, Everything(scope))
        return [evaluator.evaluate(parse(each, ("number",)), each, scope) for each in QUERIES]


def copied(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "copy"))


@given(st.lists(st.integers(0, 2**63 - 1) | st.integers(0, 300)))
def test_numbers_go_into_bytes_and_come_back(numbers: list[int]) -> None:
    data, widths = varints.encode(np.array(numbers, np.int64))
    found, ends = varints.decode(data)
    assert found.tolist() == numbers
    assert ends.tolist() == (np.cumsum(widths) - 1).tolist()
    assert len(data) == sum(max(1, -(-each.bit_length() // 7)) for each in numbers)


def test_made_again_it_is_the_same(whole: Path, tmp_path: Path) -> None:
    compared = 0
    with open_segments(whole) as segments:
        for each in segments:
            make_side(each, tmp_path / "made")
            assert filecmp.cmp(tmp_path / "made", each.side_path, shallow=False)
            assert agrees(each, tmp_path)
            compared += 1
    assert compared == 3


def test_it_says_what_the_postings_say(whole: Path) -> None:
    common = 0
    with open_segments(whole) as segments:
        for segment in segments:
            for field, word, postings in segment.terms():
                term = word.decode()
                beside = segment.field(field)
                assert beside is not None
                rank = beside.rank(word)
                assert rank is not None
                places = beside.starts[list(postings.numbers)] + 1
                expected = [
                    int(start) + position
                    for start, number in zip(places, postings.numbers, strict=True)
                    for position in postings.positions(number)
                ]
                assert beside.places(rank).tolist() == expected
                documents = BitMap(postings.numbers)
                assert beside.documents(rank) == documents
                assert segment.documents(field, term) == documents & segment.live
                common += len(documents) > 64
    assert common > 10


def test_a_segment_without_it_or_with_one_cut_off_answers_alike(
    whole: Path, tmp_path: Path
) -> None:
    folder = copied(whole, tmp_path)
    expected = answers(whole)
    assert sum(map(bool, expected)) == len(QUERIES)
    missing, cut, _ = sorted(folder.glob("*.side"))
    missing.unlink()
    cut.write_bytes(cut.read_bytes()[:-1])
    assert answers(folder) == expected
    assert mend(folder) == 2
    assert mend(folder) == 0
    assert answers(folder) == expected
    assert [each.name for each in sorted(folder.iterdir())] == [
        each.name for each in sorted(whole.iterdir())
    ]
    for each in whole.glob("*.side"):
        assert filecmp.cmp(each, folder / each.name, shallow=False)


@pytest.mark.parametrize("seed", range(30))
def test_a_changed_byte_is_named_or_changes_no_answer(
    whole: Path, tmp_path: Path, seed: int
) -> None:
    folder = copied(whole, tmp_path)
    chance = random.Random(seed)
    path = chance.choice(sorted(folder.glob("*.side" if seed % 3 else "*.seg")))
    data = bytearray(path.read_bytes())
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(data)
    told = ""
    found = None
    try:
        found = answers(folder)
    except IndexStateError as error:
        told = str(error)
    if found is None:
        assert path.name in told
        assert "Run 'redwell index" in told
    else:
        assert found == answers(whole)


def test_a_segment_cut_short_is_named(whole: Path, tmp_path: Path) -> None:
    folder = copied(whole, tmp_path)
    path = next(folder.glob("*.seg"))
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(IndexStateError, match=rf"{path.name} is damaged.*'redwell index rebuild'"):
        held(folder)
    path.write_bytes(b"")
    with pytest.raises(IndexStateError, match=f"{path.name} is damaged: it is empty"):
        held(folder)


def test_nothing_is_made_of_a_segment_that_lost_words(whole: Path, tmp_path: Path) -> None:
    """Without what stands beside, the table of contents says how many occurrences there are."""
    folder = copied(whole, tmp_path)
    for each in folder.glob("*.side"):
        each.unlink()
    with open_segments(folder) as segments:
        segment = segments[0]
        assert segment.totals is not None
        segment.totals = {name: count + 1 for name, count in segment.totals.items()}
        with pytest.raises(IndexStateError, match="does not hold as many words"):
            make_side(segment, tmp_path / "made")


@pytest.mark.parametrize("size", [1, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE + 5])
def test_pages_are_checked_where_they_are_read(tmp_path: Path, size: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(data := random.Random(size).randbytes(size))
    sums = checksums(path)
    assert list(sums) == [zlib.crc32(data[at : at + PAGE]) for at in range(0, size, PAGE)]
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    mapped = Mapped(path, "Do this")
    mapped.trust(sums, size)
    last = (size - 1) // PAGE
    assert mapped.view(0, last * PAGE) == data[: last * PAGE]
    assert mapped.damages() == [last]
    with pytest.raises(IndexStateError, match="Do this"):
        mapped.view(size - 1, size)
    mapped.close()


def test_ranks_of_many_terms(whole: Path) -> None:
    with open_segments(whole) as segments:
        field = segments[1].field("text")
        assert field is not None
        words = field.words().split(b"\n")
        some = words[::7]
        assert field.ranks_of(some, 0, field.count).tolist() == list(range(0, len(words), 7))
        assert field.ranks_of(words[10:20], 10, 20).tolist() == list(range(10, 20))
        assert [field.bisect(each) for each in some] == list(range(0, len(words), 7))
        assert field.rank(b"nosuchword") is None
        every = np.arange(field.count)
        places, counts = field.places_of(every)
        assert places.tolist() == [at for rank in every.tolist() for at in field.places(rank)]
        assert counts.sum() == len(places)
        assert field.documents_of(every) == BitMap.union(*map(field.documents, every.tolist()))
