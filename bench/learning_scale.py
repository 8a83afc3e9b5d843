"""What learning takes on very many documents: CPU seconds and memory.

    python -m bench.learning_scale --documents 100000

Makes an index of random texts (700,000 words by Zipf's law, a median of 270 words a document,
cut at 6,000), by the builder of the index itself. Then makes the vectors of all, and a round with
100 and one with 5,000 documents judged. Memory is the highest resident one, in which the mapped
index counts.
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
from pyroaring import BitMap

from index.adopt import adopt
from index.build import build_segment
from index.interface import IndexBatch, IndexDocument
from index.searching import open_segments
from index.vectors import vectors
from review.autotar import Learner

_WORDS = 700_000
_SEGMENT = 5_000
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def word(number: int) -> str:
    """A word of three letters or more for each number."""
    text, left = "", number + 26 * 26
    while left:
        left, letter = divmod(left, 26)
        text += _LETTERS[letter]
    return text


def build(folder: Path, documents: int) -> None:
    """Write the index."""
    chance = np.random.default_rng(1)
    shares = np.cumsum(1 / (np.arange(1, _WORDS + 1) + 2.7) ** 1.05)
    known = np.array([word(each) for each in range(_WORDS)], dtype=object)
    for start in range(0, documents, _SEGMENT):
        rows = []
        for number in range(start + 1, min(start + _SEGMENT, documents) + 1):
            size = min(int(chance.lognormal(5.6, 0.9)), 6000)
            text = " ".join(known[np.searchsorted(shares, chance.random(size) * shares[-1])])
            rows.append(IndexDocument(number, 1, None, (("title", text),)))
        batch = IndexBatch(tuple(rows), str(folder / "store"), str(folder / "scratch"))
        adopt(folder / "index", [build_segment(batch)])


def _told(what: str, began: float) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"{what}: {time.process_time() - began:.1f} s of CPU, {peak:,} MB", flush=True)


def measure(folder: Path, documents: int) -> None:
    """Make vectors and rank."""
    every = BitMap(range(1, documents + 1))
    with open_segments(folder / "index") as segments:
        size = sum(each.path.stat().st_size for each in segments) >> 20
        print(f"{documents:,} documents, {len(segments)} segments of {size:,} MB")
        began = time.process_time()
        found = vectors(segments, every)
    _told(f"vectors, {found.matrix.nnz:,} words of documents", began)
    learner = Learner(found, "bench", " ".join(found.vocabulary[1000:1005]))
    for count in (100, 5_000):
        judged = BitMap(range(1, count + 1))
        relevant = BitMap(range(1, count + 1, 7))
        began = time.process_time()
        learner.rank(60, relevant, judged - relevant, every - judged)
        _told(f"a round with {count:,} judged", began)


def main() -> None:
    """Build and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000)
    documents = parser.parse_args().documents
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "store").mkdir()
        build(Path(folder), documents)
        measure(Path(folder), documents)


if __name__ == "__main__":
    main()
