"""Streams of work on one crew of workers: what is handed out, and in which order it comes back.

Several streams run at the same time, documents that are read and pages that are read by OCR, say.
The crew does first what stands in the stream of the lowest rank. Whoever serves the streams takes
a result as soon as there is one that is due: in an ordered stream the next in the order of its
batches, whatever was done first; in any other each as it comes.

A batch that lost its worker is tried again, in pieces where it has any, each of which takes its
place in the order: however often workers die, what is done of it grows. Only what cannot be cut
and lost its worker `ATTEMPTS` times is given up, and once more for each worker that died meanwhile
of other work: where all die, none is to blame.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

ATTEMPTS = 6
"""How often a batch was tried, at least, that comes back as a `TaskFailure`. Evidence is read in
children of the workers, so a worker that dies was as a rule killed by somebody else, and what it
did is innocent."""

_MOST_FOR_OTHERS = 30

_OF_RANK = 1e9
_TRIED_BEFORE = 5e8  # such a batch holds up those behind it
_MOST_COST = 4e8


@dataclass(frozen=True, slots=True)
class TaskFailure:
    """A batch whose worker died each time it was tried."""

    reason: str
    attempts: int = ATTEMPTS


@dataclass(frozen=True, slots=True)
class Done:
    """What a task gave."""

    value: Any


@dataclass(frozen=True, slots=True)
class Raised:
    """What a task raised."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class Died:
    """A task whose worker died, or several one after another."""

    workers: int = 1


type Outcome = Done | Raised | Died


class Crew(Protocol):
    """Those who do the work. A ticket is whatever tells one task from another."""

    def start(self, function: Callable[[Any], Any], batch: Any, priority: float) -> Any:
        """Have a task done, before all of lower priority; give its ticket."""

    def finished(self) -> Iterable[tuple[Any, Outcome]]:
        """Wait until tasks have ended, and give their tickets and what came of them."""

    def cancel(self, tickets: Iterable[Any]) -> None:
        """Let tasks go."""


def _never() -> tuple[()]:
    return ()


@dataclass(frozen=True, slots=True)
class Stream[T, R]:
    """Batches of one kind of work.

    `following` gives the next batch, or None where there is none just now: it is asked again after
    each result, and all is over when no stream has a batch and none is under way. At most `window`
    batches (and their pieces) are under way or wait to be taken, so that memory does not grow with
    the work. `take` is given each batch with its result.

    Of several streams, those of the lowest `rank` are worked on first; in a stream, batches of the
    highest `cost`. `pieces` cuts a batch that lost its worker, and gives nothing for one that
    cannot be cut. `more` is asked after each result was taken: the batches it gives come next,
    before all others.
    """

    function: Callable[[T], R]
    following: Callable[[], T | None]
    take: Callable[[T, R | TaskFailure], None]
    window: int
    rank: int = 0
    ordered: bool = True
    cost: Callable[[T], float] = lambda _batch: 0.0
    pieces: Callable[[T], Sequence[T]] = lambda _batch: ()
    more: Callable[[], Iterable[T]] = _never


def halves[T](items: Sequence[T]) -> tuple[Sequence[T], ...]:
    """Both halves of some items; nothing for a single one."""
    middle = len(items) // 2
    return (items[:middle], items[middle:]) if middle else ()


def serve(crew: Crew, streams: Sequence[Stream[Any, Any]]) -> None:
    """Run streams to their end; of several results, those of the first stream are taken first."""
    for stream, batch, result in served(crew, streams):
        stream.take(batch, result)


def served(
    crew: Crew, streams: Sequence[Stream[Any, Any]]
) -> Iterator[tuple[Stream[Any, Any], Any, Any]]:
    """Run streams to their end: (stream, batch, result), each to be taken before the next.

    A task that raises ends all with its error when its turn has come.
    """
    running: dict[Any, tuple[_Run, _Batch]] = {}
    deaths = Counter[str]()
    runs = [_Run(stream, crew, running, deaths) for stream in streams]
    try:
        while True:
            for run in runs:
                run.fill()
            due = next(((run, batch) for run in runs if (batch := run.due())), None)
            if due is not None:
                run, batch = due
                if isinstance(batch.outcome, Raised):
                    raise batch.outcome.error
                yield run.stream, batch.work, batch.result()
                run.taken()
            elif running:
                for ticket, outcome in crew.finished():
                    run, batch = running.pop(ticket)
                    run.ended(batch, outcome)
            else:
                return
    finally:
        crew.cancel(running)


@dataclass(slots=True, eq=False)
class _Batch:
    work: Any
    outcome: Outcome | None = None
    deaths: int = 0
    deaths_before: int = 0  # of all workers, when it was first tried

    def result(self) -> Any:
        """What is handed out."""
        if isinstance(self.outcome, Done):
            return self.outcome.value
        return TaskFailure(f"{self.deaths} workers died of it, one after another", self.deaths)


@dataclass(slots=True)
class _Lane:
    """Where batches come from, and those that are under way or wait to be taken, in order."""

    following: Callable[[], Any]
    batches: list[_Batch] = field(default_factory=list)


class _Run:
    """One stream that is being served."""

    def __init__(
        self,
        stream: Stream[Any, Any],
        crew: Crew,
        running: "dict[Any, tuple[_Run, _Batch]]",
        deaths: "Counter[str]",
    ) -> None:
        self.stream = stream
        self._crew = crew
        self._running = running
        self._deaths = deaths
        self._lanes = [_Lane(stream.following)]

    def fill(self) -> None:
        """Hand out what there is room for."""
        while True:
            lane = self._lanes[-1]
            while len(lane.batches) < self.stream.window:
                if (work := lane.following()) is None:
                    break
                lane.batches.append(_Batch(work))
                self._start(lane.batches[-1])
            if lane.batches or len(self._lanes) == 1:
                return
            self._lanes.pop()

    def due(self) -> _Batch | None:
        """A batch that has ended and whose turn it is."""
        batches = self._lanes[-1].batches
        for place, batch in enumerate(batches[:1] if self.stream.ordered else batches):
            if batch.outcome is not None:
                del batches[place]
                return batch
        return None

    def taken(self) -> None:
        """A result was taken: what it gave rise to comes next."""
        if self.stream.more is not _never:
            more = iter(self.stream.more())
            self._lanes.append(_Lane(lambda: next(more, None)))

    def ended(self, batch: _Batch, outcome: Outcome) -> None:
        """Keep what came of a batch, or try it again."""
        if not isinstance(outcome, Died):
            batch.outcome = outcome
            return
        batch.deaths += outcome.workers
        self._deaths["all"] += outcome.workers
        of_others = self._deaths["all"] - batch.deaths_before - batch.deaths
        if pieces := self.stream.pieces(batch.work):
            self._cut(batch, [_Batch(piece) for piece in pieces])
        elif batch.deaths < ATTEMPTS + min(of_others, _MOST_FOR_OTHERS):
            self._start(batch, again=True)
        else:
            batch.outcome = outcome

    def _cut(self, batch: _Batch, pieces: list[_Batch]) -> None:
        (lane,) = (lane for lane in self._lanes if batch in lane.batches)
        place = lane.batches.index(batch)
        lane.batches[place : place + 1] = pieces
        for piece in pieces:
            self._start(piece, again=True)

    def _start(self, batch: _Batch, *, again: bool = False) -> None:
        if not batch.deaths:
            batch.deaths_before = self._deaths["all"]
        priority = -_OF_RANK * self.stream.rank
        priority += _TRIED_BEFORE if again else min(self.stream.cost(batch.work), _MOST_COST)
        ticket = self._crew.start(self.stream.function, batch.work, priority)
        self._running[ticket] = self, batch
