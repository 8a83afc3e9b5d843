"""Vectors made of postings against the same made of the texts by hand."""

import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pyroaring import BitMap

from index import learnable, words
from index.searching import open_segments
from index.vectors import Vectors, vectors
from records import tables
from records.case import Case
from records.errors import IndexStateError
from records.fields import Fields
from tests.index_cases import Doc, add, case_with, index_here, put

TEXTS = (
    "Gas price, gas storage; the price",
    "storage of gas in March",
    "café and CAFE: the storage",
    "unique words solely here",
    "",
    "gas " * 300 + "price",
)
# The names of the files hold words too: a number, and txt.


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    docs = [Doc(text, Fields(subject="price" if n == 1 else "")) for n, text in enumerate(TEXTS)]
    with case_with(tmp_path / "case", docs) as case:
        index_here(case, [2, 6, 1])
        index_here(case, [5, 3, 4])
        yield case


def made(case: Case, ids: BitMap) -> Vectors:
    with open_segments(case.index_folder) as segments:
        return vectors(segments, ids)


def by_hand(ids: list[int]) -> dict[int, dict[str, float]]:
    """Weights by (1 + ln tf) · ln(N / df), of length 1, from the texts."""
    counts = {}
    for number in ids:
        text = f"{TEXTS[number - 1]}\n{number}.txt" + ("\nprice" if number == 2 else "")
        counts[number] = Counter(each.decode() for each in words.forms(text)[0])
    frequency = Counter(word for each in counts.values() for word in each)
    found = {}
    for number, each in counts.items():
        weights = {
            word: (1 + math.log(count)) * math.log(len(ids) / frequency[word])
            for word, count in each.items()
            if frequency[word] > 1
        }
        length = math.sqrt(sum(weight**2 for weight in weights.values())) or 1
        found[number] = {word: weight / length for word, weight in weights.items() if weight}
    return found


def rows(found: Vectors) -> dict[int, dict[str, float]]:
    dense = found.matrix.toarray()
    return {
        int(number): {w: float(x) for w, x in zip(found.vocabulary, dense[at], strict=True) if x}
        for at, number in enumerate(found.ids)
    }


@pytest.mark.parametrize("ids", [[1, 2, 3, 4, 5, 6], [1, 2, 3], [6, 2], [4]])
def test_weights_are_those_of_the_texts(case: Case, ids: list[int]) -> None:
    found = rows(made(case, BitMap(ids)))
    expected = by_hand(ids)
    assert found.keys() == expected.keys()
    for number in ids:
        assert found[number] == pytest.approx(expected[number], rel=1e-5)


def test_order_and_shape(case: Case) -> None:
    found = made(case, BitMap(range(1, 7)))
    assert found.ids.tolist() == [1, 2, 3, 4, 5, 6]
    assert list(found.vocabulary) == ["cafe", "gas", "price", "storage", "the", "txt"][1:]
    assert found.wordless() == BitMap()  # every name ends in txt
    assert found.rows(BitMap([2, 5])).tolist() == [1, 4]
    for strangers in ([7], [0, 2], [2, 9]):
        with pytest.raises(KeyError):
            found.rows(BitMap(strangers))


def test_documents_without_words(case: Case) -> None:
    with case.write() as connection:
        connection.execute(
            tables.documents.update().where(tables.documents.c.id == 4).values(name="", revision=2)
        )
    index_here(case, [4])
    found = made(case, BitMap(range(1, 7)))
    assert found.wordless() == BitMap([4])
    assert np.isfinite(found.matrix.data).all()


def test_the_words_of_a_query(case: Case) -> None:
    found = made(case, BitMap([1, 2, 3]))
    row, unknown = found.of_text("Storage STORAGE price xyzzy café unique")
    assert unknown == ("cafe", "café", "unique", "xyzzy")
    words_of = {
        found.vocabulary[at]: value for at, value in zip(row.indices, row.data, strict=True)
    }
    # Storage stands in all three and weighs nothing, price in two.
    assert words_of == {"price": pytest.approx(1), "storage": 0}
    nothing, unknown = found.of_text("xyzzy")
    assert (nothing.nnz, unknown, nothing.shape) == (0, ("xyzzy",), (1, len(found.vocabulary)))


def test_segments_and_older_revisions_make_no_difference(case: Case) -> None:
    before = made(case, BitMap(range(1, 7)))
    for number in (2, 6):
        with case.write() as connection:
            connection.execute(
                tables.documents.update()
                .where(tables.documents.c.id == number)
                .values(text_sha256=put(case, TEXTS[number - 1] + " changed words"), revision=2)
            )
    index_here(case, [2, 6])
    changed = made(case, BitMap(range(1, 7)))
    assert changed.sha256 != before.sha256
    for number in (2, 6):
        with case.write() as connection:
            connection.execute(
                tables.documents.update()
                .where(tables.documents.c.id == number)
                .values(text_sha256=put(case, TEXTS[number - 1]), revision=3)
            )
    index_here(case, [2, 6])
    after = made(case, BitMap(range(1, 7)))
    assert (after.sha256, after.vocabulary) == (before.sha256, before.vocabulary)
    assert (after.matrix != before.matrix).nnz == 0


def test_what_is_kept_is_the_same_and_of_this_index(case: Case) -> None:
    every = BitMap(range(1, 7))
    first = learnable.load(case, every)
    (kept,) = (case.folder / "learning").iterdir()
    written = kept.stat().st_mtime_ns
    again = learnable.load(case, every)
    assert kept.stat().st_mtime_ns == written
    assert (again.sha256, again.vocabulary) == (first.sha256, first.vocabulary)
    assert (again.matrix != first.matrix).nnz == 0
    assert again.ids.tolist() == first.ids.tolist()
    assert again.weights.tolist() == first.weights.tolist()
    kept.write_bytes(kept.read_bytes()[:100])  # cut short: it is made anew
    assert learnable.load(case, every).sha256 == first.sha256
    learnable.load(case, BitMap([1, 2]))
    add(case, [Doc("gas again")])
    index_here(case, [7])
    assert learnable.load(case, every).sha256 == first.sha256
    assert len(list((case.folder / "learning").iterdir())) == 3


def test_nothing_is_learnt_of_documents_that_the_index_lacks(case: Case) -> None:
    add(case, [Doc("gas late")])
    with pytest.raises(IndexStateError, match=r"1 of the documents .*RW-00000007"):
        learnable.load(case, BitMap(range(1, 8)))
    learnable.load(case, BitMap(range(1, 7)))
    with case.write() as connection:
        connection.execute(
            tables.documents.update().where(tables.documents.c.id == 2).values(revision=2)
        )
    with pytest.raises(IndexStateError, match=r"1 of the documents .*RW-00000002"):
        learnable.load(case, BitMap(range(1, 7)))
