"""Writes the postings of a segment in Whoosh's W3 layout, as `index.segment` reads it.

Whoosh's own writer (whoosh/codec/whoosh3.py, `W3PostingsWriter` and `W3TermInfo`, release 2.7.5)
is called several times for each posting; this does a term at a time and gives the same bytes, but
for two things: nobody ranks by the lengths of fields, so each counts as one, and blocks so small
that compressing them gains nothing are left as they are.
"""

import pickle
import struct
import zlib
from array import array
from collections.abc import Iterable, Sequence
from itertools import batched
from operator import sub
from typing import Any

from whoosh.codec.whoosh3 import WHOOSH3_HEADER_MAGIC, W3TermInfo
from whoosh.util.numeric import length_to_byte

type Posting = tuple[str, bytes, int, float, bytes]
"""Field, term, number of the document, weight, encoded positions."""

BLOCK = 128
COMPRESSION = 1
SMALL = 160
"""Bytes up to which a block is not compressed."""

_FIELD = struct.Struct("!H")
_SIZE = struct.Struct("!i")
_EXTENT = struct.Struct("!qi")
_INFO: struct.Struct = W3TermInfo._struct
_LENGTH: int = length_to_byte(1)


def add_postings(writer: Any, schema: Any, items: Iterable[Posting], small: int = SMALL) -> None:
    """Write all postings, which come in order, by the files of Whoosh's field writer."""
    field, term = "", b""
    numbers: list[int] = []
    weights: list[float] = []
    values: list[bytes] = []
    begun = False
    for name, text, number, weight, value in items:
        if text != term or name != field or not begun:
            if begun:
                _add_term(writer, term, numbers, weights, values, small)
            if name != field or not begun:
                if begun:
                    writer.finish_field()
                writer.start_field(name, schema[name])
            field, term, begun = name, text, True
            numbers, weights, values = [], [], []
        numbers.append(number)
        weights.append(weight)
        values.append(value)
    if begun:
        _add_term(writer, term, numbers, weights, values, small)
        writer.finish_field()


def _add_term(
    writer: Any,
    term: bytes,
    numbers: Sequence[int],
    weights: Sequence[float],
    values: Sequence[bytes],
    small: int,
) -> None:
    start = writer._postfile.tell()
    parts = [WHOOSH3_HEADER_MAGIC]
    total = 0.0
    left = len(numbers)
    for some in batched(zip(numbers, weights, values, strict=True), BLOCK):
        left -= len(some)
        block_numbers, block_weights, block_values = zip(*some, strict=True)
        rounded = array("f", block_weights)
        total += sum(rounded)
        parts += _block(block_numbers, block_weights, rounded, block_values, small, last=not left)
    data = b"".join(parts)
    writer._postfile.write(data)
    info = _INFO.pack(
        0, total, len(numbers), _LENGTH, _LENGTH, max(weights), numbers[0], numbers[-1]
    )
    key = _FIELD.pack(writer._fieldid) + term
    writer._tindex.add(key, info + _EXTENT.pack(start, len(data)))


def _block(
    numbers: tuple[int, ...],
    weights: tuple[float, ...],
    rounded: "array[float]",
    values: tuple[bytes, ...],
    small: int,
    *,
    last: bool,
) -> tuple[bytes, bytes, bytes]:
    """A block's size (negative for a term's last), what it holds, and its postings."""
    deltas = (numbers[0], *map(sub, numbers[1:], numbers))
    first = rounded[0]
    kept: Any = tuple(rounded)
    if kept.count(first) == len(kept):
        kept = None if first == 1.0 else first
    data = pickle.dumps((deltas, kept, values), 2)
    compression = COMPRESSION if len(data) > small else 0
    if compression:
        data = zlib.compress(data, compression)
    told = (len(numbers), numbers[-1], max(weights), compression, _LENGTH, _LENGTH)
    info = pickle.dumps(told, 2)
    size = len(info) + len(data)
    return _SIZE.pack(-size if last else size), info, data
