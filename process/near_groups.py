"""Which texts are principals, and which are near to one: the rule, without the record.

Texts have an order: the longest (most words) first, equal ones by their hash, so it depends on the
texts alone. One after another, each joins the principal before it that it is nearest to, if that
is near enough (a tie goes to the earlier); where there is none, it becomes a principal itself. So

- no two principals are near each other, and each member is near its own;
- what becomes of a text depends on the texts before it alone, and on no order of arrival;
- a text near to a member, but not near to a principal, is a principal of its own.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from process.near_minhash import Banding, Signature

MOST_COMPARED = 64
"""So many principals at most a text is compared with in full, those of the best estimates."""

_RANK_WORDS = 2**32 - 1

type Compare = Callable[[str, str], tuple[int, int]]


def rank_of(words: int, sha256: str) -> bytes:
    """The place of a text in the order, as bytes that sort like it."""
    return (_RANK_WORDS - words).to_bytes(4, "big") + bytes.fromhex(sha256)


RANK_LENGTH = 36


def sha256_of(rank: bytes) -> str:
    """The text of a rank."""
    return rank[4:].hex()


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """A text by what is on record of it. `size`: its distinct shingles.

    `principal` is the text that it was related to before: its own for a principal, none for a new
    one. `settled`: that still holds.
    """

    rank: bytes
    size: int
    signature: Signature
    principal: str | None
    settled: bool

    @property
    def sha256(self) -> str:
        """The hash of the text."""
        return sha256_of(self.rank)

    @property
    def was_principal(self) -> bool:
        """Whether it was a principal before."""
        return self.principal == self.sha256


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a text: its principal, which may be itself, and how near they are.

    No principal: no reviewed document has this text any more.
    """

    text: Known
    principal: str | None
    shared: int = 1
    either: int = 1

    @property
    def is_principal(self) -> bool:
        """Whether the text is a principal now."""
        return self.principal == self.text.sha256

    @property
    def percent(self) -> float:
        """Exact Jaccard with the principal, 0 to 100."""
        return 100 * self.shared / self.either


class Candidates:
    """Texts in their order, and which of them may be near which, by bands, sizes and estimates."""

    def __init__(self, texts: Iterable[Known], banding: Banding) -> None:
        self.texts = sorted(texts, key=lambda each: each.rank)
        self.place = {each.rank: at for at, each in enumerate(self.texts)}
        self._banding = banding
        self._signatures = np.array([each.signature for each in self.texts], np.uint32)
        self._sizes = np.array([each.size for each in self.texts], np.int64)
        self._keys = banding.keys(self._signatures).tolist() if self.texts else []
        self._buckets: defaultdict[tuple[int, int], BitMap] = defaultdict(BitMap)

    def put(self, at: int) -> None:
        """Let the text at this place be found."""
        for bucket in enumerate(self._keys[at]):
            self._buckets[bucket].add(at)

    def before(self, at: int) -> list[int]:
        """What may be near the text at this place and precedes it: the best estimates first."""
        found = self._sharing(at)
        return self._estimated(at, found[found < at])

    def after(self, at: int) -> list[int]:
        """What may be near the text at this place and follows it."""
        found = self._sharing(at)
        return self._estimated(at, found[found > at])

    def _sharing(self, at: int) -> NDArray[np.int64]:
        own = [self._buckets[key] for key in enumerate(self._keys[at]) if key in self._buckets]
        found = BitMap.union(*own) if own else BitMap()
        return np.frombuffer(found.to_array(), np.uint32).astype(np.int64)

    def _estimated(self, at: int, found: NDArray[np.int64]) -> list[int]:
        size, points = int(self._sizes[at]), self._banding.points
        sizes = self._sizes[found]
        found = found[np.minimum(sizes, size) * 10_000 >= points * np.maximum(sizes, size)]
        same = self._signatures[found] == self._signatures[at]
        equal = np.bitwise_count(same.view(np.uint64)).sum(axis=1)  # eight numbers to a word
        enough = equal >= self._banding.least
        found, equal = found[enough], equal[enough]
        best: list[int] = found[np.lexsort((found, -equal.astype(np.int64)))].tolist()
        return best


def decide(
    asked: Sequence[Known],
    gone: Iterable[str],
    principals: Iterable[Known],
    banding: Banding,
    compare: Compare,
) -> list[Decision]:
    """What becomes of some texts, in their order.

    `principals` are at least those before the last of them that share a band with any; they must
    not be among `asked`. `compare` gives the parts of the exact Jaccard of two texts.
    """
    table = Candidates([*asked, *principals], banding)
    left = set(gone)
    places = {table.place[each.rank] for each in asked}
    for at in range(len(table.texts)):
        if at not in places:
            table.put(at)
    decisions = []
    for at in sorted(places):
        text = table.texts[at]
        if text.sha256 in left:
            decisions.append(Decision(text, None))
            continue
        decision = _nearest(text, [table.texts[n] for n in table.before(at)], banding, compare)
        if decision.is_principal:
            table.put(at)
        decisions.append(decision)
    return decisions


def _nearest(
    text: Known, candidates: Sequence[Known], banding: Banding, compare: Compare
) -> Decision:
    best, best_rank = Decision(text, text.sha256, 0, 1), text.rank
    for each in candidates[:MOST_COMPARED]:
        shared, either = compare(text.sha256, each.sha256)
        if not banding.near(shared, either):
            continue
        mine, theirs = shared * best.either, best.shared * either
        if mine > theirs or (mine == theirs and each.rank < best_rank):
            best, best_rank = Decision(text, each.sha256, shared, either), each.rank
    return Decision(text, text.sha256) if best.is_principal else best
