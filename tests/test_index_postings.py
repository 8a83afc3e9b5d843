"""Postings and the term index laid out at once, read by Whoosh and beside Whoosh's own writers."""

import random
from itertools import accumulate
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from whoosh.codec.whoosh3 import W3LeafMatcher, W3TermInfo
from whoosh.filedb.filestore import FileStorage
from whoosh.filedb.filetables import OrderedHashWriter
from whoosh.filedb.structfile import BufferFile
from whoosh.formats import Positions

from index import hashed
from index.inverted import Term
from index.postings import BLOCK, INFO, Encoded, encode

type Table = dict[int, dict[int, list[int]]]
"""Positions by term and document."""

HIGHEST = 2**31 - 1
FORMAT = Positions()


def encoded(table: Table, offset: int = 0) -> Encoded:
    rows = [
        (term, document, position)
        for term, documents in sorted(table.items())
        for document, positions in sorted(documents.items())
        for position in sorted(positions)
    ]
    terms, documents, positions = np.array(rows, np.int32).T.copy()
    return encode(terms, documents, positions, offset)


def check(table: Table, offset: int = 0) -> None:
    """Read all by Whoosh's reader, each value as Whoosh encodes it."""
    found = encoded(table, offset)
    data = b"\0" * offset + b"".join(found.parts)
    assert len(data) == offset + found.size
    assert len(found.infos) == len(table)
    for (_, documents), row in zip(sorted(table.items()), found.infos, strict=True):
        info = W3TermInfo.from_bytes(row.tobytes())
        counts = [len(positions) for positions in documents.values()]
        assert (info._weight, info._df, info._maxweight) == (
            sum(counts),
            len(documents),
            max(counts),
        )
        assert (info._minid, info._maxid) == (min(documents), max(documents))
        start, (length,) = info.extent()
        assert data[start : start + 4] == b"W3Bl"
        matcher = W3LeafMatcher(BufferFile(memoryview(data)), start, length, FORMAT)
        for document, positions in sorted(documents.items()):
            assert matcher.id() == document
            assert matcher.weight() == len(positions)
            assert type(matcher.weight()) is float
            assert matcher.value() == FORMAT.encode(sorted(positions))
            assert matcher.block_max_weight() >= matcher.weight()
            matcher.next()
        assert not matcher.is_active()
        offset += length
        assert start + length == offset


NUMBERS = st.one_of(
    st.integers(0, 300), st.sampled_from([255, 256, 65_535, 65_536, 1 << 24, HIGHEST])
)


@given(
    st.dictionaries(
        st.integers(0, 20),
        st.dictionaries(NUMBERS, st.sets(NUMBERS, min_size=1), min_size=1),
        min_size=1,
    ),
    st.integers(0, 3),
)
def test_any_postings(found: dict[int, dict[int, set[int]]], offset: int) -> None:
    check({t: {d: sorted(p) for d, p in each.items()} for t, each in found.items()}, offset)


@pytest.mark.parametrize("documents", [1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 700])
@pytest.mark.parametrize("often", [1, 2, 3])
def test_blocks(documents: int, often: int) -> None:
    chance = random.Random(documents * often)
    numbers = sorted(chance.sample(range(90_000), documents))
    same = {d: sorted(chance.sample(range(90_000), often)) for d in numbers}
    mixed = {d: sorted(chance.sample(range(90_000), chance.randint(1, often))) for d in numbers}
    check({0: same, 1: mixed, 2: {5: [1]}, 3: same})


@pytest.mark.parametrize("count", [999, 1000, 1001, 1002, 2000, 2001, 70_000])
def test_a_word_often_in_a_document(count: int) -> None:
    steps = random.Random(count)
    positions = list(accumulate(steps.choice((1, 200, 300, 70_000)) for _ in range(count)))
    check({0: {3: [7], 4: positions, 5: [8, 9]}, 1: {4: positions}})


def test_small_blocks_are_left_and_large_ones_are_packed() -> None:
    small, large = encoded({0: {1: [5]}}), encoded({0: {d: [5] for d in range(BLOCK)}})
    assert (len(small.parts), len(large.parts)) == (1, 3)
    assert large.size < BLOCK * 8


def test_a_term_of_many_bytes() -> None:
    """A block beyond what is packed with small tables."""
    chance = random.Random(1)
    table = {0: {d: sorted(chance.sample(range(1 << 24), 90)) for d in range(BLOCK)}}
    assert encoded(table).size > 16_384
    check(table)


@pytest.mark.parametrize("count", [0, 1, 3, 2_000, 40_000])
def test_the_term_index_has_the_bytes_of_whoosh(tmp_path: Path, count: int) -> None:
    chance = random.Random(count)
    words = sorted(
        {f"word{chance.getrandbits(chance.choice((4, 40)))}é".encode() for _ in range(count)}
    )
    cut = chance.randint(0, len(words)) if count > 1 else len(words)
    fields = [("subject", words[:cut]), ("text", words)]
    terms = [Term(name, some) for name, some in fields if some]
    infos = np.zeros(sum(len(each.words) for each in terms), INFO)
    infos["documents"] = np.arange(len(infos))
    infos["offset"] = np.arange(len(infos)) * 1_000_000
    hashed.write(tmp_path / "ours", terms, infos)

    theirs = OrderedHashWriter(FileStorage(str(tmp_path)).create_file("theirs"))
    theirs.extras["fieldmap"] = {each.field: number for number, each in enumerate(terms)}
    rows = iter(infos)
    for number, each in enumerate(terms):
        for word in each.words:
            theirs.add(number.to_bytes(2) + word, next(rows).tobytes())
    theirs.close()
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()
