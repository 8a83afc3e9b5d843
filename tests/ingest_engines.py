"""An engine that works in this process, stops when told to, and loses what it is told to lose."""

from collections.abc import Callable, Iterable, Iterator

from records.engine import Engine, TaskFailure


class Inline(Engine):
    """Before task `stop_after` it stops; a batch with the file `deadly`, or task `lose`, is lost.

    Tasks count from 0; `tasks` is how many were asked for.
    """

    def __init__(
        self, stop_after: int | None = None, deadly: bytes = b"none", lose: int | None = None
    ) -> None:
        self.workers = 1
        self.tasks = 0
        self._stop_after, self._deadly, self._lose = stop_after, deadly, lose

    def map_ordered[T, R](
        self,
        function: Callable[[T], R],
        batches: Iterable[T],
        window: int | None = None,
        more: Callable[[], Iterable[T]] = tuple,
        cost: Callable[[T], float] = lambda _batch: 0.0,
    ) -> Iterator[tuple[T, R | TaskFailure]]:
        lanes = [iter(batches)]
        while lanes:
            batch = next(lanes[-1], None)
            if batch is None:
                lanes.pop()
                continue
            number, self.tasks = self.tasks, self.tasks + 1
            if number == self._stop_after:
                raise KeyboardInterrupt
            paths = [each.path for each in getattr(batch, "files", ())]
            lost = number == self._lose or self._deadly in paths
            yield batch, TaskFailure("killed by a file") if lost else function(batch)
            lanes.append(iter(more()))
