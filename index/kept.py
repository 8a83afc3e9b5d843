"""What was worked out lately, kept as long as there is room for it."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
from numpy.typing import NDArray

type Numbers = NDArray[np.signedinteger[Any]]


class Kept:
    """Arrays by their keys, at most so many bytes of them; what was not asked for longest goes."""

    def __init__(self, most: int) -> None:
        self._most, self._size = most, 0
        self._held: OrderedDict[Hashable, Numbers] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Numbers]) -> Numbers:
        """What is kept under a key, or made now."""
        found = self._held.get(key)
        if found is not None:
            self._held.move_to_end(key)
            return found
        found = make()
        if found.nbytes <= self._most // 4:
            self._held[key] = found
            self._size += found.nbytes
        while self._size > self._most:
            _, gone = self._held.popitem(last=False)
            self._size -= gone.nbytes
        return found
