"""Postings as bytes of Whoosh's W3 layout, many terms at once.

The layout is that of whoosh/codec/whoosh3.py (`W3PostingsWriter`, `W3TermInfo`), release 2.7.5:
for each term a mark and blocks of at most 128 postings; a block is its size (negative for the last
of a term), a pickle that tells of it, and a pickle of the documents' differences, the weights and
the values, compressed or not. A value is what `whoosh.formats.Positions` encodes: a count, and the
differences of the positions as a pickled list.

The pickles are not made by `pickle` but laid out here, all of a chunk side by side: first the size
of each piece, then its place, then the bytes. What differs from the stock writer: nobody ranks by
the lengths of fields, so each counts as one; the outer pickles are of protocol 3, which knows
bytes; and blocks so small that compressing them gains little are left as they are.
"""

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from whoosh.codec.whoosh3 import WHOOSH3_HEADER_MAGIC
from whoosh.util.numeric import length_to_byte

BLOCK = 128
SMALL = 200
"""Bytes up to which a block is not compressed."""
_LARGE = 16_384  # bytes that are worth zlib's usual tables
_LONGEST = 2**31 - 1
_BATCH = 1000  # items that `pickle` appends to a list at a time

type Bytes = NDArray[np.uint8]
type Numbers = NDArray[Any]

_LENGTH: int = length_to_byte(1)
_MARK = np.frombuffer(WHOOSH3_HEADER_MAGIC, np.uint8)

INFO = np.dtype(
    [
        *(("inlined", "u1"), ("weight", ">f4"), ("documents", ">u4")),
        *(("shortest", "u1"), ("longest", "u1"), ("most", ">f4")),
        *(("first", ">u4"), ("last", ">u4"), ("offset", ">i8"), ("length", ">i4")),
    ]
)
"""What the term index says of a term: `W3TermInfo` and where its postings stand."""

# A block's size and the pickle (count, last document, highest weight, compression, lengths).
_HEAD = np.dtype(
    [
        *(("size", ">i4"), ("open", "S4"), ("count", "u1"), ("int", "S1"), ("last", "<i4")),
        *(("float", "S1"), ("most", ">f8"), ("k1", "S1"), ("compression", "u1")),
        *(("k2", "S1"), ("shortest", "u1"), ("k3", "S1"), ("longest", "u1"), ("close", "S2")),
    ]
)
_WEIGHT = np.dtype([("float", "S1"), ("value", ">f8")])
_VALUE = np.dtype([("count", ">u4"), ("open", "V5")])
_OPEN_VALUE = np.void(b"\x80\x02]q\x00")
_OPEN_DATA = np.frombuffer(b"\x80\x03(", np.uint8)
_CLOSE_DATA = np.frombuffer(b"t\x87.", np.uint8)
# The mark of a pickled whole number, by the bytes that it and the number take.
_CODES = np.zeros(6, np.uint8)
_CODES[[2, 3, 5]] = np.frombuffer(b"KMJ", np.uint8)


@dataclass(frozen=True, slots=True)
class Encoded:
    """The postings of some terms: `parts` one after another, and an `INFO` for each term."""

    parts: list[bytes | memoryview]
    infos: NDArray[np.void]
    size: int


def encode(terms: Numbers, documents: Numbers, positions: Numbers, offset: int) -> Encoded:
    """Lay out occurrences, in order of term, document and position, for a file at `offset`.

    Takes at least one, and every occurrence of its terms; numbers are below 2³¹. Raises
    `OverflowError` for a term of more than 2 GB.
    """
    size = len(terms)
    starts = np.flatnonzero(_changes(terms) | _changes(documents))
    counts = np.diff(starts, append=size)
    values = _Values(_differences(positions, starts), starts, counts)
    documents, terms = documents[starts], terms[starts]
    blocks = _Blocks(terms, documents, counts, values.sizes)
    blocks.lay(values)
    return blocks.finish(offset)


class _Values:
    """The value of each posting: sizes first, then bytes."""

    def __init__(self, gaps: Numbers, starts: Numbers, counts: Numbers) -> None:
        self._gaps, self._starts, self._counts = gaps, starts, counts
        self._widths = _widths(gaps)
        self._many = counts > 1
        # Within the value: nine bytes before the first number, a mark if there are more.
        ends = np.cumsum(self._widths, dtype=np.int64)
        before = ends - self._widths
        self._within = before - np.repeat(before[starts] - 9 - self._many, counts)
        sums = np.add.reduceat(self._widths, starts, dtype=np.int64)
        batches = -(-counts // _BATCH)
        self.sizes = 10 + sums + np.where(self._many, 2 * batches, 1)
        (self._long,) = np.nonzero(counts > _BATCH)
        for at in self._long.tolist():
            start, count = int(starts[at]), int(counts[at])
            self._within[start : start + count] += 2 * (np.arange(count) // _BATCH)

    def lay(self, out: Bytes, at: Numbers) -> None:
        """Write each value at its place."""
        heads = np.empty(len(at), _VALUE)
        heads["count"], heads["open"] = self._counts, _OPEN_VALUE
        _scatter(out, at, heads)
        ends = at + self.sizes
        out[ends - 1] = ord(".")
        out[ends - 2] = np.where(self._many, np.uint8(ord("e")), np.uint8(ord("a")))
        out[at[self._many] + 9] = ord("(")
        places = self._within + np.repeat(at, self._counts)
        _put(out, places, self._gaps, self._widths)
        for posting in self._long.tolist():
            start, count = int(self._starts[posting]), int(self._counts[posting])
            later = places[start : start + count][_BATCH::_BATCH]
            out[later - 2], out[later - 1] = ord("e"), ord("(")


class _Blocks:
    """Blocks of postings: sizes first, then bytes, then compression of the larger ones."""

    def __init__(
        self, terms: Numbers, documents: Numbers, counts: Numbers, value_sizes: Numbers
    ) -> None:
        self._documents, self._counts, self._value_sizes = documents, counts, value_sizes
        postings = len(documents)
        self._terms = np.flatnonzero(_changes(terms))  # first posting of each
        self._frequencies = np.diff(self._terms, append=postings)
        order = np.arange(postings) - np.repeat(self._terms, self._frequencies)
        self._starts = np.flatnonzero(order % BLOCK == 0)
        self._sizes = np.diff(self._starts, append=postings)
        self._first = order[self._starts] == 0
        self._last = np.append(self._first[1:], True)
        self._gaps = _differences(documents, self._starts)
        self._widths = _widths(self._gaps)
        weights = counts.astype(np.float32)
        self._most = np.maximum.reduceat(counts, self._starts)
        lowest = np.minimum.reduceat(weights, self._starts)
        self._same = lowest == np.maximum.reduceat(weights, self._starts)
        self._ones = self._same & (lowest == 1)
        self._weights = weights
        self._heads = np.where(value_sizes < 256, 2, 5)
        self._place()

    def _place(self) -> None:
        starts = self._starts
        deltas = np.add.reduceat(self._widths, starts, dtype=np.int64)
        weights = np.where(self._same, np.where(self._ones, 1, 9), 2 + 9 * self._sizes)
        values = np.add.reduceat(self._heads + self._value_sizes, starts)
        self._data_sizes = 8 + deltas + weights + values
        marks = 4 * self._first
        whole = marks + _HEAD.itemsize + self._data_sizes
        begin = np.cumsum(whole) - whole
        self._head_at = begin + marks
        self._data_at = self._head_at + _HEAD.itemsize
        self._weights_at = self._data_at + 4 + deltas
        self._values_at = self._weights_at + weights + 1
        self._out: Bytes = np.zeros(int(whole.sum()), np.uint8)
        self._out[begin[self._first, None] + np.arange(4)] = _MARK

    def lay(self, values: _Values) -> None:
        """Write all but the heads."""
        out = self._out
        out[self._data_at[:, None] + np.arange(3)] = _OPEN_DATA
        _put(out, self._spread(self._data_at + 3, self._widths), self._gaps, self._widths)
        out[self._weights_at - 1] = ord("t")
        self._lay_weights()
        out[self._values_at - 1] = ord("(")
        at = self._spread(self._values_at, self._heads + self._value_sizes)
        short = self._heads == 2
        out[at] = np.where(short, np.uint8(ord("C")), np.uint8(ord("B")))
        out[at[short] + 1] = self._value_sizes[short]
        long = self._value_sizes[~short].astype("<u4")
        _scatter(out, at[~short] + 1, long)
        values.lay(out, at + self._heads)
        ends = self._data_at + self._data_sizes
        out[(ends - 3)[:, None] + np.arange(3)] = _CLOSE_DATA

    def _spread(self, begin: Numbers, sizes: Numbers) -> Numbers:
        """Places of pieces, one for each posting, that lie side by side from each block's."""
        before = np.cumsum(sizes, dtype=np.int64) - sizes
        return before + np.repeat(begin - before[self._starts], self._sizes)

    def _lay_weights(self) -> None:
        out, at = self._out, self._weights_at
        out[at[self._ones]] = ord("N")
        equal = self._same & ~self._ones
        _scatter(out, at[equal], _floats(self._weights[self._starts[equal]]))
        mixed = ~self._same
        out[at[mixed]] = ord("(")
        out[self._values_at[mixed] - 2] = ord("t")
        chosen = np.repeat(mixed, self._sizes)
        weights = self._weights[chosen]
        order = np.arange(len(self._documents)) - np.repeat(self._starts, self._sizes)
        places = np.repeat(at + 1, self._sizes)[chosen] + 9 * order[chosen]
        _scatter(out, places, _floats(weights))

    def finish(self, offset: int) -> Encoded:
        """Compress what is worth it, write the heads, and tell of each term."""
        (large,) = np.nonzero(self._data_sizes > SMALL)
        view = memoryview(self._out)
        begins = self._data_at[large]
        extents = list(
            zip(begins.tolist(), (begins + self._data_sizes[large]).tolist(), strict=True)
        )
        packed = [_compressed(view[start:end]) for start, end in extents]
        sizes = self._data_sizes.copy()
        sizes[large] = [len(each) for each in packed]
        self._lay_heads(sizes, large)
        parts: list[bytes | memoryview] = []
        done = 0
        for (start, end), data in zip(extents, packed, strict=True):
            parts += (view[done:start], data)
            done = end
        parts.append(view[done:])
        whole = 4 * self._first + _HEAD.itemsize + sizes
        return Encoded(parts, self._infos(whole, offset), int(whole.sum()))

    def _lay_heads(self, sizes: Numbers, large: Numbers) -> None:
        heads = np.empty(len(sizes), _HEAD)
        size = sizes + _HEAD.itemsize - 4
        heads["size"] = np.where(self._last, -size, size)
        heads["open"], heads["int"], heads["float"], heads["close"] = (
            b"\x80\x02(K",
            b"J",
            b"G",
            b"t.",
        )
        heads["k1"] = heads["k2"] = heads["k3"] = b"K"
        heads["count"] = self._sizes
        heads["last"] = self._documents[self._starts + self._sizes - 1]
        heads["most"] = self._most
        heads["compression"] = 0
        heads["compression"][large] = 1
        heads["shortest"] = heads["longest"] = _LENGTH
        _scatter(self._out, self._head_at, heads)

    def _infos(self, sizes: Numbers, offset: int) -> NDArray[np.void]:
        terms = self._terms
        infos = np.zeros(len(terms), INFO)
        infos["weight"] = np.add.reduceat(self._weights, terms, dtype=np.float64)
        infos["documents"] = self._frequencies
        infos["shortest"] = infos["longest"] = _LENGTH
        infos["most"] = np.maximum.reduceat(self._counts, terms)
        infos["first"] = self._documents[terms]
        infos["last"] = self._documents[terms + self._frequencies - 1]
        lengths = np.add.reduceat(sizes, np.flatnonzero(self._first))
        if lengths.max() > _LONGEST:
            raise OverflowError("The postings of a word take more than 2 GB in one segment")
        infos["length"] = lengths
        infos["offset"] = offset + np.cumsum(lengths) - lengths
        return infos


def _compressed(data: memoryview) -> bytes:
    """What `zlib.compress` gives, without its large tables for a small block."""
    if len(data) > _LARGE:
        return zlib.compress(data, 1)
    packer = zlib.compressobj(1, zlib.DEFLATED, 12, 4)
    return packer.compress(data) + packer.flush()


def _changes(numbers: Numbers) -> NDArray[np.bool_]:
    """Where a number differs from the one before; the first does."""
    changed = np.ones(len(numbers), np.bool_)
    np.not_equal(numbers[1:], numbers[:-1], out=changed[1:])
    return changed


def _differences(numbers: Numbers, starts: Numbers) -> Numbers:
    """Differences to the number before, and the number itself at the starts."""
    gaps = np.diff(numbers, prepend=numbers.dtype.type(0))
    gaps[starts] = numbers[starts]
    return gaps


def _widths(numbers: Numbers) -> NDArray[np.uint8]:
    """Bytes that a pickled whole number below 2³¹ takes."""
    return np.uint8(2) + (numbers > 0xFF) + np.uint8(2) * (numbers > 0xFFFF)


def _put(out: Bytes, at: Numbers, numbers: Numbers, widths: Numbers) -> None:
    """Pickle whole numbers, each at its place."""
    out[at] = _CODES[widths]
    out[at + 1] = numbers & 0xFF
    (wide,) = np.nonzero(widths > 2)
    if not len(wide):
        return
    at, numbers, widths = at[wide], numbers[wide], widths[wide]
    out[at + 2] = (numbers >> 8) & 0xFF
    (wide,) = np.nonzero(widths > 3)
    out[at[wide] + 3] = (numbers[wide] >> 16) & 0xFF
    out[at[wide] + 4] = numbers[wide] >> 24


def _floats(weights: Numbers) -> Numbers:
    pieces = np.empty(len(weights), _WEIGHT)
    pieces["float"], pieces["value"] = b"G", weights
    return pieces


def _scatter(out: Bytes, at: Numbers, pieces: Numbers) -> None:
    """Write each item of an array, as bytes, at its place."""
    size = pieces.itemsize
    out[at[:, None] + np.arange(size)] = pieces.view(np.uint8).reshape(len(pieces), size)
