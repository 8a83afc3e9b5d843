"""Near-duplicates: relates the texts that are new, and those that new ones have an effect on.

The rule is in process/near_groups.py: what becomes of a text depends on the principals before it in
the order of texts. So texts are taken in that order, a page at a time. Where one becomes a
principal, or ceases to be one, the later texts that may be near it are related again, and no
others: the end is what relating all texts at once would have given, in whatever order they came.

A page's transaction is its commit point. With its decisions it puts on record which texts are to be
related again, so the record alone says what is left to do: a crash leaves some pages undone, and
the next run ends where this one would have. What documents show (`near_duplicates`) is derived from
it in the end, see process/near_documents.py.

Memory does not grow with the case, but for 36 bytes a text that waits: signatures and shingles are
read as they are needed, and the latter are kept up to a limit.
"""

import heapq
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from process import near_record
from process.near_documents import write_documents
from process.near_groups import RANK_LENGTH, Candidates, Decision, Known, decide, sha256_of
from process.near_minhash import Banding, banding
from process.near_words import Hashes, jaccard, shingles, word_hashes
from records.case import Case
from records.options import progress
from store import Store, open_store

PAGE = 500
_KEPT_SHINGLES = 2 << 20  # of eight bytes
_OVERHEAD = 50  # shingles that keeping a text counts for


@dataclass(frozen=True, slots=True)
class NearSummary:
    """What a run did, and how the case stands.

    `texts` were related, with `compared` exact comparisons; `changed` documents show something
    else now; the case has `groups` with `documents` in them, principals included.
    """

    texts: int
    compared: int
    changed: int
    groups: int
    documents: int


def relate_near(case: Case) -> NearSummary:
    """Bring the near-duplicates in line with the texts that are analysed and the threshold."""
    bands = banding(case.settings.near_threshold)
    near_record.drop_other_thresholds(case, bands.points)
    run = _Run(case, bands)
    run.finish()
    found = write_documents(case)
    return NearSummary(
        run.related, run.shingles.compared, found.changed, found.groups, found.documents
    )


class _Queue:
    """Ranks in order: those that waited from the start, and what comes back."""

    def __init__(self, ranks: bytes) -> None:
        self._ranks = ranks
        self._at = 0
        self._more: list[bytes] = []

    def __len__(self) -> int:
        return (len(self._ranks) - self._at) // RANK_LENGTH + len(self._more)

    def put(self, ranks: Iterable[bytes]) -> None:
        """Take some back."""
        for each in ranks:
            heapq.heappush(self._more, each)

    def take(self, count: int) -> list[bytes]:
        """The next ones, each once."""
        found: dict[bytes, None] = {}
        while len(found) < count and len(self):
            first = self._ranks[self._at : self._at + RANK_LENGTH]
            if not first or (self._more and self._more[0] <= first):
                found[heapq.heappop(self._more)] = None
            else:
                found[first] = None
                self._at += RANK_LENGTH
        return list(found)


class _Shingles:
    """The shingles of texts, read from the store; the last ones used are kept."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: OrderedDict[str, Hashes] = OrderedDict()
        self._count = 0
        self.compared = 0

    def compare(self, one: str, other: str) -> tuple[int, int]:
        """The parts of the exact Jaccard of two texts."""
        self.compared += 1
        return jaccard(self._of(one), self._of(other))

    def _of(self, text: str) -> Hashes:
        found = self._kept.get(text)
        if found is not None:
            self._kept.move_to_end(text)
            return found
        words = word_hashes(self._store.read_bytes(text).decode("utf-8", "replace"))
        found = self._kept[text] = shingles(words)
        self._count += len(found) + _OVERHEAD
        while self._count > _KEPT_SHINGLES and len(self._kept) > 1:
            self._count -= len(self._kept.popitem(last=False)[1]) + _OVERHEAD
        return found


class _Run:
    """One run over what waits."""

    def __init__(self, case: Case, bands: Banding) -> None:
        self._case = case
        self._banding = bands
        self._gone = near_record.gone_texts(case)
        self._first = near_record.is_empty(case)
        self._queue = _Queue(near_record.waiting(case, bands.points, self._gone))
        self.shingles = _Shingles(open_store(case.store_address))
        self.related = 0

    def finish(self) -> None:
        """Relate page after page until nothing waits."""
        with progress("Near-duplicates", len(self._queue)) as advance:
            while ranks := self._queue.take(PAGE):
                advance(self._page(ranks))

    def _page(self, ranks: Sequence[bytes]) -> int:
        """Relate the first of these texts, at least one; the number of them."""
        decisions = self._decide([sha256_of(each) for each in ranks])
        redo: list[Known] = []
        if not self._first:
            decisions, redo = self._effects(decisions)
        done = {each.text.rank for each in decisions}
        with self._case.write() as connection:
            again = [each.sha256 for each in redo]
            near_record.write(connection, decisions, again, self._banding)
        self._queue.put(each for each in ranks if each not in done)
        self._queue.put(each.rank for each in redo)
        self.related += len(decisions)
        return len(decisions)

    def _decide(self, texts: Sequence[str]) -> list[Decision]:
        asked = near_record.load(self._case, texts, self._banding.points)
        around = near_record.sharing(self._case, asked, self._banding, principals_only=True)
        principals = near_record.load(self._case, around - set(texts), self._banding.points)
        return decide(asked, self._gone, principals, self._banding, self.shingles.compare)

    def _effects(self, decisions: Sequence[Decision]) -> tuple[list[Decision], list[Known]]:
        """The decisions that stand, and the later texts to be related again because of them.

        Decisions on texts behind one of those do not stand: they may rest on what it is no more.
        """
        changed = [each.text for each in decisions if each.is_principal != each.text.was_principal]
        if not changed:
            return list(decisions), []
        found = near_record.sharing(self._case, changed, self._banding, principals_only=False)
        asked = {each.text.sha256 for each in decisions}
        others = near_record.load(self._case, found - asked, self._banding.points)
        settled = [each for each in others if each.settled]
        table = Candidates([*changed, *settled], self._banding)
        for each in settled:
            table.put(table.place[each.rank])
        redo: dict[bytes, Known] = {}
        for text in changed:
            if redo and text.rank > min(redo):
                break
            met = (table.texts[at] for at in table.after(table.place[text.rank]))
            redo.update((each.rank, each) for each in met)
        end = min(redo, default=None)
        stand = [each for each in decisions if end is None or each.text.rank < end]
        return stand, list(redo.values())
