"""An engine that works in this process, stops when told to, and loses what it is told to lose."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from records.engine import Engine
from records.streams import Crew, Died, Done, Outcome


class Inline(Engine):
    """Before task `stop_after` it stops; a batch with the file `deadly`, or task `lose`, is lost.

    Tasks count from 0; `tasks` is how many were asked for. Of those that wait, the first of the
    highest priority is done. A batch that was lost is lost whenever it is tried, its pieces not.
    """

    def __init__(
        self, stop_after: int | None = None, deadly: bytes = b"none", lose: int | None = None
    ) -> None:
        self.workers = 1
        self.tasks = 0
        self._lost: object = self
        self._stop_after, self._deadly, self._lose = stop_after, deadly, lose

    def crew(self) -> Crew:
        """Works when it is asked for results."""
        return _Here(self)

    def do(self, function: Callable[[Any], Any], batch: Any) -> Outcome:
        """Do one task."""
        number, self.tasks = self.tasks, self.tasks + 1
        if number == self._stop_after:
            raise KeyboardInterrupt
        if number == self._lose:
            self._lost = batch
        if batch is self._lost or self.kills(function, batch):
            return Died()
        return Done(self.result(function, batch))

    def result(self, function: Callable[[Any], Any], batch: Any) -> Any:
        """What a task gives."""
        return function(batch)

    def kills(self, _function: Callable[[Any], Any], batch: Any) -> bool:
        """Whether a batch kills its worker."""
        return self._deadly in [each.path for each in getattr(batch, "files", ())]


class _Here:
    def __init__(self, engine: Inline) -> None:
        self._engine = engine
        self._waiting: dict[int, tuple[float, Callable[[Any], Any], Any]] = {}
        self._started = 0

    def start(self, function: Callable[[Any], Any], batch: Any, priority: float) -> int:
        self._started += 1
        self._waiting[self._started] = (priority, function, batch)
        return self._started

    def finished(self) -> Iterator[tuple[int, Outcome]]:
        ticket = max(self._waiting, key=lambda each: (self._waiting[each][0], -each))
        _, function, batch = self._waiting.pop(ticket)
        yield ticket, self._engine.do(function, batch)

    def cancel(self, tickets: Iterable[int]) -> None:
        for ticket in tickets:
            self._waiting.pop(ticket, None)
