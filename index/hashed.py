"""Writes the term index of a segment: Whoosh's ordered hash file, all terms at once.

The layout is that of whoosh/filedb/filetables.py (`OrderedHashWriter`), release 2.7.5, byte for
byte: a head, the terms with what is told of each, 256 hash tables by the low byte of each key's
MD5, where they begin, and the places of all terms in order.
"""

import hashlib
import pickle
import struct
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from index.inverted import Term

_HEAD = b"HSH3" + struct.pack("!Bii", 0, 0, 0)  # 0: the hash is MD5
_TABLES = 256
_ENTRY = np.dtype([("key", ">i4"), ("value", ">i4"), ("field", ">u2")])
_SLOT = np.dtype([("hash", ">u4"), ("place", ">i8")])
_TABLE = np.dtype([("place", ">i8"), ("slots", ">i4")])


def write(path: Path, terms: Sequence[Term], infos: NDArray[np.void]) -> None:
    """Write the terms of all fields, in order, each with its item of `infos`."""
    with path.open("wb") as file:
        file.write(_HEAD)
        places = _write_terms(file, terms, infos)
        hashes = _hashes(terms)
        file.write(_tables(hashes, places, file.tell()))
        start = file.tell()
        index, code = _narrow(places)
        pickle.dump(
            {
                "fieldmap": {each.field: number for number, each in enumerate(terms)},
                "indextype": code,
                "indexlen": len(places),
            },
            file,
            -1,
        )
        file.write(index)
        file.write(struct.pack("!i", file.tell() - start))


def _write_terms(
    file: BinaryIO, terms: Sequence[Term], infos: NDArray[np.void]
) -> NDArray[np.int64]:
    """Write keys and values; the place of each."""
    size = _ENTRY.itemsize + infos.itemsize
    offset, done = len(_HEAD), 0
    places: list[NDArray[np.int64]] = []
    for number, each in enumerate(terms):
        count = len(each.words)
        lengths = np.fromiter(map(len, each.words), np.int64, count)
        entries = np.empty(count, _ENTRY)
        entries["key"], entries["value"], entries["field"] = lengths + 2, infos.itemsize, number
        before, after = entries.tobytes(), infos[done : done + count].tobytes()
        file.write(
            b"".join(
                chain.from_iterable(
                    zip(
                        _items(before, _ENTRY.itemsize),
                        each.words,
                        _items(after, infos.itemsize),
                        strict=True,
                    )
                )
            )
        )
        ends = offset + np.cumsum(lengths + size)
        places.append(ends - lengths - size)
        offset, done = int(ends[-1]), done + count
    return np.concatenate(places) if places else np.zeros(0, np.int64)


def _items(data: bytes, size: int) -> Sequence[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def _hashes(terms: Sequence[Term]) -> NDArray[np.uint32]:
    """The last four bytes of each key's MD5."""
    md5 = hashlib.md5
    digests = b"".join(
        md5(prefix + word, usedforsecurity=False).digest()
        for prefix, each in ((struct.pack("!H", number), each) for number, each in enumerate(terms))
        for word in each.words
    )
    return np.frombuffer(digests, ">u4")[3::4].astype(np.uint32)


def _tables(hashes: NDArray[np.uint32], places: NDArray[np.int64], offset: int) -> bytes:
    """The hash tables, and after them where each begins; `offset` is where they stand."""
    buckets = hashes & (_TABLES - 1)
    order = np.argsort(buckets, kind="stable")
    edges = np.cumsum(np.bincount(buckets, minlength=_TABLES)).tolist()
    tables: list[NDArray[Any]] = []
    starts = np.zeros(_TABLES, _TABLE)
    for number, (start, end) in enumerate(zip([0, *edges[:-1]], edges, strict=True)):
        some = order[start:end]
        slots = 2 * len(some)
        starts[number] = (offset, slots)
        offset += slots * _SLOT.itemsize
        table = np.zeros(slots, _SLOT)
        if slots:
            taken = _slots(((hashes[some] >> 8) % slots).tolist(), slots)
            table["hash"][taken], table["place"][taken] = hashes[some], places[some]
        tables.append(table)
    return b"".join([*(each.tobytes() for each in tables), starts.tobytes()])


def _slots(wanted: list[int], slots: int) -> list[int]:
    """The slot of each in turn: the one it wants, or the next that is free."""
    free = bytearray(b"\1") * slots
    taken: list[int] = []
    for first in wanted:
        slot = free.find(1, first)
        if slot < 0:
            slot = free.find(1)
        free[slot] = 0
        taken.append(slot)
    return taken


def _narrow(places: NDArray[np.int64]) -> tuple[bytes, str]:
    """Places in as few bytes as they need, and the type code of these."""
    highest = int(places.max(initial=0))
    for code, bits in (("H", 16), ("i", 31), ("I", 32)):
        if highest < 1 << bits:
            return places.astype(f">{code}").tobytes(), code
    return places.astype(">q").tobytes(), "q"
