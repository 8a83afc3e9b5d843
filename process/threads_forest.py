"""Sets that grow together, and parents that never make a loop."""

from array import array
from collections.abc import Callable, Sequence


class Sets:
    """Disjoint sets of the numbers from 0 on."""

    def __init__(self, count: int) -> None:
        self._over = array("q", range(count))

    def add(self) -> int:
        """One more, alone; its number."""
        self._over.append(len(self._over))
        return len(self._over) - 1

    def of(self, each: int) -> int:
        """The number that names the set of `each`."""
        over = self._over
        while over[each] != each:
            over[each] = over[over[each]]
            each = over[each]
        return each

    def join(self, one: int, other: int) -> int:
        """Make one set of two; the lower name of both stays, and is returned."""
        first, second = sorted((self.of(one), self.of(other)))
        self._over[second] = first
        return first


def cut_loops(
    parents: list[int | None],
    may_go: Callable[[int], bool],
    order: Callable[[int], tuple[int, int]],
) -> None:
    """Take a parent away from one of each loop: of those that `may_go`, the first in `order`.

    Linear: whatever is walked over is not walked over again.
    """
    state = bytearray(len(parents))  # 0 unseen, 1 on this walk, 2 done
    for start in range(len(parents)):
        path: list[int] = []
        at: int | None = start
        while at is not None and not state[at]:
            state[at] = 1
            path.append(at)
            at = parents[at]
        if at is not None and state[at] == 1:
            loop = path[path.index(at) :]
            able = [each for each in loop if may_go(each)] or loop
            parents[min(able, key=order)] = None
        for each in path:
            state[each] = 2


def children_of(parents: Sequence[int | None]) -> list[list[int]]:
    """Each one's children, by number."""
    found: list[list[int]] = [[] for _ in parents]
    for each, parent in enumerate(parents):
        if parent is not None:
            found[parent].append(each)
    return found
