"""Turns documents into their terms: each occurrence of a word as three numbers, sorted at the end.

What a document holds is kept as the numbers of its words, four bytes each, in the order in which
they stand; all else is made of it, for all terms at once, when the segment is written. Past a
bound the occurrences are sorted by term and laid down in a file, a run; runs are merged piece by
piece, so memory does not grow with the texts of a segment, only with its different words.
"""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index import words

RUN = 4_000_000
"""Occurrences that are held in memory before they are laid down."""
PIECE = 500_000
"""Occurrences that are given out at once, unless a single term has more."""

type Numbers = NDArray[np.int32]
type Occurrences = tuple[Numbers, Numbers, Numbers]
"""Terms, documents and positions, in this order of weight."""


@dataclass(frozen=True, slots=True)
class Term:
    """The words of one field, sorted, as the index holds them."""

    field: str
    words: list[bytes]


class _Numbers(dict[bytes, int]):
    """A number for each word of a field; no number is given twice by one counter."""

    def __init__(self, numbers: Iterator[int]) -> None:
        super().__init__()
        self._numbers = numbers

    def __missing__(self, word: bytes) -> int:
        if len(word) > words.MAX_LENGTH:
            kept = words.cut(word)
            if kept != word:
                return self[kept]
        number = self[word] = next(self._numbers)
        return number


class Inverter:
    """Takes texts in the order of their documents, and gives terms and occurrences in theirs."""

    def __init__(
        self, fields: Iterable[str], folder: Path, run: int = RUN, piece: int = PIECE
    ) -> None:
        numbers = count()
        fields = sorted(fields)
        self._known = {name: _Numbers(numbers) for name in fields}
        self._folder, self._run, self._piece = folder, run, piece
        self._runs: list[Path] = []
        self._lengths: dict[str, dict[int, int]] = {name: {} for name in fields}
        self._begin()

    def _begin(self) -> None:
        self._numbers = array("i")
        self._again = array("i")
        # Stretches of text: where each begins among the numbers, its document, its first place.
        self._starts, self._documents, self._places = array("i"), array("i"), array("i")

    def add(self, document: int, field: str, text: str) -> None:
        """Take in one field of a document."""
        number = self._known[field].__getitem__
        place = 0
        for stretch in words.stretches(text):
            forms, again = words.forms(stretch)
            if not forms:
                continue
            start = len(self._numbers)
            self._starts.append(start)
            self._documents.append(document)
            self._places.append(place)
            self._again.extend([start + each for each in again])
            self._numbers.extend(map(number, forms))
            place += len(forms) - len(again)
            if len(self._numbers) >= self._run:
                self._lay_down()
        self._lengths[field][document] = place

    def lengths(self, documents: int) -> dict[str, NDArray[np.int64]]:
        """How many words each field has in each of the documents."""
        found = {name: np.zeros(documents, np.int64) for name in self._lengths}
        for name, lengths in self._lengths.items():
            found[name][list(lengths)] = list(lengths.values())
        return found

    def terms(self) -> list[Term]:
        """All words of each field that has any; together they count up as `occurrences` does."""
        return [Term(name, sorted(known)) for name, known in self._known.items() if known]

    def occurrences(self, terms: list[Term]) -> Iterator[Occurrences]:
        """All occurrences, sorted, in pieces that do not part a term; to be called once."""
        ranks = self._ranks(terms)
        if not self._runs:
            found = _sorted(ranks, *self._held())
            self._begin()
            totals = np.bincount(found[0], minlength=len(ranks))
            edges = np.searchsorted(found[0], self._edges(totals)).tolist()
            for start, end in zip([0, *edges], [*edges, len(found[0])], strict=True):
                if end > start:
                    yield found[0][start:end], found[1][start:end], found[2][start:end]
            return
        self._lay_down()
        yield from self._merged(ranks)
        for path in self._runs:
            path.unlink()

    def _edges(self, totals: NDArray[Any]) -> NDArray[Any]:
        """The terms with which pieces begin, but for the first."""
        piece = (np.cumsum(totals) - totals) // self._piece
        return np.flatnonzero(np.diff(piece)) + 1

    def _ranks(self, terms: list[Term]) -> Numbers:
        """The place of each number's term among all."""
        ranks = np.empty(sum(map(len, self._known.values())), np.int32)
        done = 0
        for term in terms:
            size = len(term.words)
            known = self._known[term.field]
            numbers = np.fromiter(map(known.__getitem__, term.words), np.int32, size)
            ranks[numbers] = np.arange(done, done + size, dtype=np.int32)
            done += size
        return ranks

    def _held(self) -> Occurrences:
        """What is in memory, as it came."""
        numbers = np.frombuffer(self._numbers, np.int32)
        starts = np.frombuffer(self._starts, np.int32)
        sizes = np.diff(starts, append=np.int32(len(numbers)))
        steps = np.ones(len(numbers), np.int32)
        steps[np.frombuffer(self._again, np.int32)] = 0
        positions = np.cumsum(steps, dtype=np.int32)
        first = np.frombuffer(self._places, np.int32) - positions[starts]
        positions += np.repeat(first, sizes)
        documents = np.repeat(np.frombuffer(self._documents, np.int32), sizes)
        return numbers, documents, positions

    def _lay_down(self) -> None:
        if not self._numbers:
            return
        numbers, documents, positions = self._held()
        ranks = self._ranks(self.terms())
        order = _order(ranks[numbers])
        path = self._folder / f"run-{len(self._runs)}"
        with path.open("wb") as file:
            for each in (numbers, documents, positions):
                file.write(each[order].data)
        self._runs.append(path)
        self._begin()

    def _merged(self, ranks: Numbers) -> Iterator[Occurrences]:
        totals = np.zeros(len(ranks), np.int64)
        for path in self._runs:
            totals += np.bincount(ranks[_part(path, 0)], minlength=len(ranks))
        edges = self._edges(totals)
        cuts = [
            [0, *np.searchsorted(found, edges).tolist(), len(found)]
            for found in (ranks[_part(path, 0)] for path in self._runs)
        ]
        for at in range(len(edges) + 1):
            extents = [
                (path, cut[at], cut[at + 1]) for path, cut in zip(self._runs, cuts, strict=True)
            ]
            parts = [
                np.concatenate([_part(path, which, start, end) for path, start, end in extents])
                for which in range(3)
            ]
            yield _sorted(ranks, *parts)


def _part(path: Path, which: int, start: int = 0, end: int | None = None) -> Numbers:
    """Some of the numbers (0), documents (1) or positions (2) of a run."""
    count = path.stat().st_size // 12
    size = (count if end is None else end) - start
    return np.fromfile(path, np.int32, size, offset=4 * (which * count + start))


def _order(ranks: Numbers) -> NDArray[np.int64]:
    """What sorts terms, each one's occurrences as they came."""
    keys = (ranks.astype(np.int64) << 32) | np.arange(len(ranks))
    keys.sort()
    return keys & 0xFFFFFFFF


def _sorted(
    ranks: Numbers, numbers: Numbers, documents: Numbers, positions: Numbers
) -> Occurrences:
    terms = ranks[numbers]
    order = _order(terms)
    return terms[order], documents[order], positions[order]
