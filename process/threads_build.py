"""Builds threads out of mails: by what they refer to, by conversation, by subject.

**References** (JWZ). Mails of one Message-ID or with one identity are one node; an id that mails
sent at different times claim stays with the first. All that a mail refers to is of its thread,
whether it is here or missing; its parent is the last that it names, a missing one's parent what
stands before it in the first chain that names both. A loop is cut.

**Conversation-Index.** Mails with one header are of one thread; one that the references give no
parent is put under the longest beginning of its index.

**Subject.** A mail alone at the top of its thread whose subject says that it answers is put under
the latest mail of the same base subject within 30 days before it in which its sender stands, or
whose sender it is addressed to. Never where both threads hold several mails that headers joined,
nor where both have a Conversation-Index of their own; and no mail without a date.
"""

from collections.abc import Iterable, Sequence
from itertools import count, pairwise

from process.threads_forest import Sets, children_of, cut_loops
from process.threads_interface import INDEX, NONE, REFERENCES, SUBJECT, Message, Placed

WINDOW = 30 * 24 * 3600
_HEADER = 22
_NEVER = 1 << 62


def build(messages: Sequence[Message]) -> list[Placed]:
    """Place mails that nothing on record joins to any other; ordered by document.

    The outcome depends on the mails alone, not on their order.
    """
    return _Build(sorted(messages, key=lambda each: each.id)).run()


class _Build:
    """Nodes have numbers: those of mails first, then those of missing ones."""

    def __init__(self, messages: Sequence[Message]) -> None:
        self._nodes, self._held = _gathered(messages)
        self._first = [_representative(node) for node in self._nodes]
        self._sent = [_first_of(each.sent for each in node) for node in self._nodes]
        self._index = [_first_of(each.index or None for each in node) for node in self._nodes]
        self._headers = Sets(len(self._nodes))
        self._missing: dict[str, int] = {}

    def run(self) -> list[Placed]:
        parents = self._by_references()
        real = len(self._nodes)
        self._parents = _without_missing(parents, real)
        self._basis = [REFERENCES if each is not None else NONE for each in self._parents]
        self._threads = Sets(real)
        for each in range(real):
            self._threads.join(each, self._headers.of(each))
        self._by_conversation()
        self._by_subject()
        self._name_tops()
        return self._placed()

    def _order(self, node: int) -> tuple[int, int]:
        """The earliest first; missing ones and those without a date last."""
        if node >= len(self._nodes):
            return (_NEVER, _NEVER + node)
        sent = self._sent[node]
        return (_NEVER if sent is None else sent, self._nodes[node][0].id)

    def _by_references(self) -> list[int | None]:
        parents: list[int | None] = [None] * len(self._nodes)
        chains: list[list[int]] = []
        for number, node in enumerate(self._nodes):
            for message in node:
                chain = [self._resolved(each, parents) for each in message.references]
                chain = [each for each in dict.fromkeys(chain) if each != number]
                for each in chain:
                    self._headers.join(number, each)
                if chain and parents[number] is None:
                    parents[number] = chain[-1]
                if len(chain) > 1:
                    chains.append(chain)
        cut_loops(parents, lambda _: True, self._order)
        stated = {each for each, parent in enumerate(parents) if parent is not None}
        for chain in chains:
            for parent, child in pairwise(chain):
                if parents[child] is None:
                    parents[child] = parent
        cut_loops(parents, lambda each: each not in stated, self._order)
        return parents

    def _resolved(self, message_id: str, parents: list[int | None]) -> int:
        """The node of an id; a missing one gets one."""
        found = self._held.get(message_id, self._missing.get(message_id))
        if found is None:
            found = self._missing[message_id] = self._headers.add()
            parents.append(None)
        return found

    def _by_conversation(self) -> None:
        whole: dict[bytes, int] = {}
        headers: dict[bytes, list[int]] = {}
        for number in sorted(range(len(self._nodes)), key=self._order):
            if index := self._index[number]:
                whole.setdefault(index, number)
                headers.setdefault(index[:_HEADER], []).append(number)
        self._conversed = {each for group in headers.values() if len(group) > 1 for each in group}
        added: set[int] = set()
        for group in headers.values():
            for each in group:
                self._threads.join(group[0], each)
                parent = self._by_index(each, whole)
                if self._parents[each] is None and parent is not None:
                    self._parents[each], self._basis[each] = parent, INDEX
                    added.add(each)
        cut_loops(self._parents, added.__contains__, self._order)
        for each in added:
            if self._parents[each] is None:
                self._basis[each] = NONE

    def _by_index(self, node: int, whole: dict[bytes, int]) -> int | None:
        index = self._index[node] or b""
        for length in range(len(index) - 5, _HEADER - 1, -5):
            if (found := whole.get(index[:length])) is not None:
                return found
        return None

    def _by_subject(self) -> None:
        self._made = _sizes(self._threads, len(self._nodes))
        self._tops: dict[int, int] = {}
        self._indexes: dict[int, set[bytes]] = {}
        for number, parent in enumerate(self._parents):
            thread = self._threads.of(number)
            self._tops[thread] = self._tops.get(thread, 0) + (parent is None)
            if index := self._index[number]:
                self._indexes.setdefault(thread, set()).add(index[:_HEADER])
        groups: dict[str, list[int]] = {}
        for number in range(len(self._nodes)):
            if (base := self._first[number].subject.base) and self._sent[number] is not None:
                groups.setdefault(base, []).append(number)
        answers: list[tuple[int, int]] = []
        for group in groups.values():
            if any(self._first[each].subject.answers for each in group):
                answers += self._answered(sorted(group, key=self._order))
        for child, parent in sorted(answers, key=lambda pair: self._order(pair[0])):
            self._join(child, parent)

    def _answered(self, group: Sequence[int]) -> list[tuple[int, int]]:
        """Each mail of a subject that answers, with the latest before it that it can answer."""
        found: list[tuple[int, int]] = []
        among: dict[str, int] = {}  # the latest place in the group at which an address stands
        wrote: dict[str, int] = {}
        for place, number in enumerate(group):
            message = self._first[number]
            if message.subject.answers and self._is_lone_top(number):
                places = [among.get(each, -1) for each in message.sender]
                places += [wrote.get(each, -1) for each in message.recipients]
                latest = max(places, default=-1)
                if latest >= 0 and self._is_near(group[latest], number):
                    found.append((number, group[latest]))
            for each in message.sender:
                among[each] = wrote[each] = place
            for each in message.recipients:
                among[each] = place
        return found

    def _is_lone_top(self, node: int) -> bool:
        return self._parents[node] is None and self._tops[self._threads.of(node)] == 1

    def _is_near(self, one: int, other: int) -> bool:
        return (self._sent[other] or 0) - (self._sent[one] or 0) <= WINDOW

    def _join(self, child: int, parent: int) -> None:
        one, other = self._threads.of(child), self._threads.of(parent)
        made = self._made[one] > 1 and self._made[other] > 1
        indexes = (self._indexes.get(one, set()), self._indexes.get(other, set()))
        if one == other or made or all(indexes):
            return
        joined = self._threads.join(one, other)
        self._made[joined] = max(self._made[one], self._made[other])
        self._indexes[joined] = indexes[0] | indexes[1]
        self._parents[child], self._basis[child] = parent, SUBJECT

    def _name_tops(self) -> None:
        """What joined those that stand at the top of a thread of several."""
        sizes = _sizes(self._headers, len(self._nodes))
        answered = {
            parent for parent, basis in zip(self._parents, self._basis, strict=True)
            if basis == SUBJECT
        }  # fmt: skip
        for number, parent in enumerate(self._parents):
            if parent is None:
                by_references = sizes[self._headers.of(number)] > 1
                by_index = INDEX if number in self._conversed else NONE
                by_index = SUBJECT if by_index == NONE and number in answered else by_index
                self._basis[number] = REFERENCES if by_references else by_index

    def _placed(self) -> list[Placed]:
        children = children_of(self._parents)
        tops: dict[int, list[int]] = {}
        lowest: dict[int, int] = {}
        for number, parent in enumerate(self._parents):
            thread = self._threads.of(number)
            lowest[thread] = min(lowest.get(thread, _NEVER), self._nodes[number][0].id)
            if parent is None:
                tops.setdefault(thread, []).append(number)
        found = [
            each
            for thread, first in tops.items()
            for each in self._read(first, children, lowest[thread])
        ]
        return sorted(found, key=lambda each: each.document_id)

    def _read(
        self, tops: Sequence[int], children: Sequence[Sequence[int]], thread: int
    ) -> list[Placed]:
        """A thread from top to bottom, siblings as they were sent."""
        found: list[Placed] = []
        position = count()
        waiting = [(each, 0) for each in sorted(tops, key=self._order, reverse=True)]
        while waiting:
            number, depth = waiting.pop()
            parent = self._parents[number]
            above = None if parent is None else self._first[parent].id
            found += [
                Placed(each.id, thread, above, next(position), depth, self._basis[number])
                for each in self._nodes[number]
            ]
            below = sorted(children[number], key=self._order, reverse=True)
            waiting += [(each, depth + 1) for each in below]
        return found


def _gathered(messages: Sequence[Message]) -> tuple[list[list[Message]], dict[str, int]]:
    """Mails that are one together, by the lowest; and the nodes by their Message-IDs."""
    sets = Sets(len(messages))
    copies: dict[str, int] = {}
    holders: dict[str, int] = {}
    for place, message in enumerate(messages):
        sets.join(place, copies.setdefault(message.copy, place))
        if message.message_id:
            holder = holders.setdefault(message.message_id, place)
            if _may_be_one(messages[holder], message):
                sets.join(place, holder)
    numbers: dict[int, int] = {}
    nodes: list[list[Message]] = []
    for place, message in enumerate(messages):
        if sets.of(place) not in numbers:
            numbers[sets.of(place)] = len(nodes)
            nodes.append([])
        nodes[numbers[sets.of(place)]].append(message)
    return nodes, {each: numbers[sets.of(place)] for each, place in holders.items()}


def _may_be_one(one: Message, other: Message) -> bool:
    return one.sent is None or other.sent is None or one.sent == other.sent


def _representative(node: Sequence[Message]) -> Message:
    """Which mail of a node others are put under: one that is no attachment, if there is one."""
    return min(node, key=lambda each: (each.attached, each.id))


def _first_of[T](values: Iterable[T | None]) -> T | None:
    return next((each for each in values if each is not None), None)


def _sizes(sets: Sets, count: int) -> dict[int, int]:
    sizes: dict[int, int] = {}
    for each in range(count):
        sizes[sets.of(each)] = sizes.get(sets.of(each), 0) + 1
    return sizes


def _without_missing(parents: Sequence[int | None], real: int) -> list[int | None]:
    """Each mail's nearest ancestor that is here. `parents` has no loops; each is walked once."""
    nearest: dict[int, int | None] = {}

    def ancestor(at: int | None) -> int | None:
        path: list[int] = []
        while at is not None and at >= real and at not in nearest:
            path.append(at)
            at = parents[at]
        found = nearest[at] if at is not None and at >= real else at
        nearest.update(dict.fromkeys(path, found))
        return found

    return [ancestor(parents[each]) for each in range(real)]
