"""Makes again what stands beside a segment, from the segment itself."""

import filecmp
import pickle
from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from index.inverted import PIECE, Occurrences, Term
from index.side_write import SideWriter

if TYPE_CHECKING:
    from index.segment import Segment


def make_side(segment: "Segment", path: Path) -> None:
    """Write what stands beside a segment to `path`.

    Reads all postings twice. Raises `IndexStateError` where they are not as many as the table of
    contents says, or cannot be read.
    """
    terms, lengths = _surveyed(segment)
    _write(segment, path, terms, lengths)


def agrees(segment: "Segment", scratch: Path) -> bool:
    """Whether what stands beside a segment is what would be made of its postings, all of them.

    Reads them once; raises `IndexStateError` as `make_side` does.
    """
    fields = segment.side.fields
    terms = [Term(name, each.words().split(b"\n")) for name, each in fields.items()]
    lengths = {name: each.lengths for name, each in fields.items()}
    made = scratch / segment.side_path.name
    try:
        longest = _write(segment, made, terms, lengths)
    except (IndexError, ValueError):
        return False  # other terms than there are, or documents
    same = all((longest[name] == each).all() for name, each in lengths.items())
    try:
        return same and filecmp.cmp(made, segment.side_path, shallow=False)
    finally:
        made.unlink()


def _write(
    segment: "Segment",
    path: Path,
    terms: list[Term],
    lengths: Mapping[str, NDArray[np.int64]],
) -> dict[str, NDArray[np.int64]]:
    """Write the file; how many words each field has in each document by its postings."""
    edges = np.cumsum([len(each.words) for each in terms])
    longest = {each.field: np.zeros(len(segment.ids), np.int64) for each in terms}
    with closing(SideWriter(path, terms, lengths)) as writer:
        for ranks, documents, positions in _pieces(segment):
            writer.add(ranks, documents, positions)
            start = 0
            for each, end in zip(terms, np.searchsorted(ranks, edges).tolist(), strict=True):
                np.maximum.at(longest[each.field], documents[start:end], positions[start:end] + 1)
                start = end
        writer.finish(segment.path)
    return longest


def _surveyed(segment: "Segment") -> tuple[list[Term], dict[str, NDArray[np.int64]]]:
    """All terms, and how many words each field has in each document."""
    terms: dict[str, list[bytes]] = {}
    lengths: dict[str, NDArray[np.int64]] = {}
    found: defaultdict[str, int] = defaultdict(int)
    for field, word, postings in segment.terms():
        terms.setdefault(field, []).append(word)
        held = lengths.setdefault(field, np.zeros(len(segment.ids), np.int64))
        numbers = np.asarray(postings.numbers)
        ends = [sum(_gaps(each)) + 1 for each in postings.values]
        held[numbers] = np.maximum(held[numbers], ends)
        found[field] += sum(int.from_bytes(each[:4]) for each in postings.values)
    if segment.totals is not None and found != segment.totals:
        raise segment.damaged("it does not hold as many words as it was written with")
    return [Term(field, words) for field, words in terms.items()], lengths


def _gaps(value: bytes) -> list[int]:
    found: list[int] = pickle.loads(value[4:] + b".")  # noqa: S301 (our own private file)
    return found


def _pieces(segment: "Segment") -> Iterator[Occurrences]:
    """All occurrences, in pieces that do not part a term."""
    ranks, documents, counts, gaps = array("i"), array("i"), array("i"), array("i")
    for rank, (_, _, postings) in enumerate(segment.terms()):
        for number, value in zip(postings.numbers, postings.values, strict=True):
            some = _gaps(value)
            ranks.append(rank)
            documents.append(number)
            counts.append(len(some))
            gaps.extend(some)
        if len(gaps) >= PIECE:
            yield _piece(ranks, documents, counts, gaps)
            ranks, documents, counts, gaps = array("i"), array("i"), array("i"), array("i")
    if gaps:
        yield _piece(ranks, documents, counts, gaps)


def _piece(
    ranks: "array[int]", documents: "array[int]", counts: "array[int]", gaps: "array[int]"
) -> Occurrences:
    times = np.frombuffer(counts, np.int32)
    first = np.cumsum(times) - times
    places = np.cumsum(np.frombuffer(gaps, np.int32))
    before = places[first] - np.frombuffer(gaps, np.int32)[first]
    positions = (places - np.repeat(before, times)).astype(np.int32)
    return (
        np.repeat(np.frombuffer(ranks, np.int32), times),
        np.repeat(np.frombuffer(documents, np.int32), times),
        positions,
    )
