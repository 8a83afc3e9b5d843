"""Documents as vectors of tf-idf, made of the postings that are searched: no text is read again.

A word of a document is one of any field that a plain word is looked for in (`schema.ANY_FIELD`),
all fields taken together. Words of a single document are left out, for nothing is learnt from them.
A word weighs (1 + ln tf) · ln(N / df), N documents being in the set and df of them holding it, and
each vector has the length 1: the weights of AutoTAR (Cormack and Grossman, arXiv:1504.06868).
"""

import hashlib
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from pyroaring import BitMap

from index import words
from index.schema import ANY_FIELD
from index.segment import Segment
from index.side import SideField

type Numbers = NDArray[np.int64]
_PIECE = 1_000_000  # numbers that are hashed at once
_AT_ONCE = 20_000  # words whose places are read at once

type Matrix = Any  # scipy.sparse.csr_array, which has no types


@dataclass(frozen=True, slots=True)
class Vectors:
    """A row for each document, a column for each word.

    `ids` ascend, `vocabulary` is sorted, `weights` are the idf of the words. `sha256` is of the
    documents, words and counts that all is made of. A document without any word has an empty row.
    """

    ids: Numbers
    vocabulary: Sequence[str]
    weights: NDArray[np.float64]
    matrix: Matrix
    sha256: str

    def rows(self, ids: BitMap) -> Numbers:
        """The rows of documents, in the order of their ids; raises `KeyError` for a stranger."""
        wanted = np.asarray(ids.to_array(), np.int64)
        found = np.searchsorted(self.ids, wanted)
        if len(wanted) and (found[-1] == len(self.ids) or np.any(self.ids[found] != wanted)):
            raise KeyError("a document is not in the set")
        return found

    def wordless(self) -> BitMap:
        """The documents without any word that counts here."""
        return BitMap(self.ids[np.diff(self.matrix.indptr) == 0].tolist())

    def of_text(self, text: str) -> tuple[Matrix, tuple[str, ...]]:
        """The vector of a text, as a row, and those of its words that no two documents hold."""
        counts = Counter(words.cut(each).decode() for each in words.forms(text)[0])
        column = {each: self._column(each) for each in sorted(counts)}
        unknown = tuple(each for each, at in column.items() if at is None)
        columns = np.array([at for at in column.values() if at is not None], np.int64)
        found = np.array([counts[each] for each, at in column.items() if at is not None])
        values = (1 + np.log(found)) * self.weights[columns]
        values /= np.sqrt(np.sum(values**2)) or 1
        shape = (1, len(self.vocabulary))
        return sp.csr_array((values, columns, np.array([0, len(columns)])), shape=shape), unknown

    def _column(self, word: str) -> int | None:
        at = bisect_left(self.vocabulary, word)
        return at if at < len(self.vocabulary) and self.vocabulary[at] == word else None


def vectors(
    segments: Sequence[Segment], ids: BitMap, advance: Callable[[int], None] | None = None
) -> Vectors:
    """The vectors of those documents of `ids` that the segments hold.

    `advance` is told of each of `steps` that is done.
    """
    known = _Columns(count())
    parts = [_counted(segment, ids, known, advance) for segment in segments]
    held = np.concatenate([np.zeros(0, np.int64), *(found for found, _ in parts)])
    frequencies = np.zeros(len(known), np.int64)
    for _, part in parts:
        frequencies += np.bincount(part.indices, minlength=len(known))
    vocabulary = sorted(word for word, at in known.items() if frequencies[at] > 1)
    columns = np.array([known[each] for each in vocabulary], np.int64)
    matrix = _stacked([part for _, part in parts], columns, len(known))
    if np.any(np.diff(held) < 0):
        order = np.argsort(held)
        held, matrix = held[order], matrix[order]
    return _weighed(held, vocabulary, matrix)


def steps(segments: Sequence[Segment]) -> int:
    """In how many steps vectors are made."""
    return len(segments) * len(ANY_FIELD)


def _stacked(parts: list[Matrix], columns: Numbers, width: int) -> Matrix:
    """The rows of all parts below one another, with some of the columns in their order.

    Takes the parts out of the list: of two copies of all only one is whole at a time.
    """
    chosen = [sp.csr_array((0, len(columns)), dtype=np.int32)]
    while parts:
        part = parts.pop(0)
        part.resize(part.shape[0], width)
        chosen.append(part[:, columns] if width else part)
    return sp.vstack(chosen, format="csr")


class _Columns(dict[str, int]):
    """A number for each word, in the order in which they come."""

    def __init__(self, numbers: "count[int]") -> None:
        super().__init__()
        self._numbers = numbers

    def __missing__(self, word: str) -> int:
        number = self[word] = next(self._numbers)
        return number


def _counted(
    segment: Segment, ids: BitMap, known: _Columns, advance: Callable[[int], None] | None
) -> tuple[Numbers, Matrix]:
    """The wanted documents of a segment, and how often each holds which word."""
    wanted = np.asarray(segment.numbers_of(ids).to_array(), np.int64)
    row_of = np.full(len(segment.ids), -1, np.int32)
    row_of[wanted] = np.arange(len(wanted), dtype=np.int32)
    rows, columns, counts = [], [], []
    for field in ANY_FIELD:
        if advance is not None:
            advance(1)
        if not len(wanted):
            continue
        if (held := segment.field(field)) is None:
            continue
        for first in range(0, held.count, _AT_ONCE):
            ranks = np.arange(first, min(first + _AT_ONCE, held.count))
            found = held.words(first, int(ranks[-1]) + 1).decode().split("\n")
            numbers = np.fromiter((known[each] for each in found), np.int32, len(found))
            term, document, times = _occurrences(held, ranks)
            row = row_of[document]
            rows.append(row[row >= 0])
            columns.append(numbers[term[row >= 0]])
            counts.append(times[row >= 0])
    shape = (len(wanted), len(known))
    if not rows:
        return segment.ids[wanted], sp.csr_array(shape, dtype=np.int32)
    places = (np.concatenate(rows), np.concatenate(columns))
    matrix = sp.coo_array((np.concatenate(counts), places), shape=shape).tocsr()
    return segment.ids[wanted], matrix  # what stands in several fields is summed


def _occurrences(held: SideField, ranks: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Which of some terms (by their places among `ranks`) stands in which document, how often."""
    places, sizes = held.places_of(ranks)
    term = np.repeat(np.arange(len(ranks)), sizes)
    document = np.searchsorted(held.starts, places, "right") - 1
    first = np.flatnonzero((np.diff(term, prepend=-1) != 0) | (np.diff(document, prepend=-1) != 0))
    return term[first], document[first], np.diff(first, append=len(places)).astype(np.int32)


def _weighed(ids: Numbers, vocabulary: list[str], counts: Matrix) -> Vectors:
    """Make weights of counts."""
    counts.sort_indices()
    digest = hashlib.sha256("\n".join(vocabulary).encode())
    for part in (ids, counts.indptr, counts.indices, counts.data):
        for start in range(0, len(part), _PIECE):
            digest.update(part[start : start + _PIECE].astype("<i8").tobytes())
    frequencies = np.bincount(counts.indices, minlength=len(vocabulary))
    weights = np.log(max(len(ids), 1) / np.maximum(frequencies, 1))
    values = np.log(counts.data, dtype=np.float32)
    values += 1
    values *= weights.astype(np.float32)[counts.indices]
    rows = np.repeat(np.arange(len(ids), dtype=np.int32), np.diff(counts.indptr))
    lengths = np.sqrt(np.bincount(rows, values**2, len(ids)))
    values /= np.where(lengths > 0, lengths, 1).astype(np.float32)[rows]
    matrix = sp.csr_array((values, counts.indices, counts.indptr), shape=counts.shape)
    return Vectors(ids, tuple(vocabulary), weights, matrix, digest.hexdigest())
