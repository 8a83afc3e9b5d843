"""The parallel engine: batches of work on Dask, results in the order of the batches.

Order matters: whoever commits results in the order in which the work was planned gives the same
numbers to the same documents, however often a run is cut off and taken up again.
"""

import logging
import os
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dask
from distributed import Client, Future, KilledWorker, LocalCluster

from records import crew
from records.errors import SchedulerError

_TIMEOUT = "15s"
_STARTS = 3
_LOOK_SECONDS = 5.0
_DEATHS = 5
"""Workers that a batch may outlive. Evidence is read in children of the workers, so a worker that
dies was as a rule killed by somebody else, and what it did is innocent."""
ATTEMPTS = _DEATHS + 1
"""How often a batch was tried that comes back as a `TaskFailure`."""
ALONE = 1e9
"""The cost of a batch that is to run before all others."""


@dataclass(frozen=True, slots=True)
class TaskFailure:
    """A batch whose worker died each time it was tried."""

    reason: str


@dataclass(slots=True)
class _Lane:
    """Batches that are still to be handed out, and those that are under way."""

    source: Iterator[Any]
    pending: deque[tuple[Any, "Future[Any]"]] = field(default_factory=deque)


class Engine:
    """Workers that stand ready."""

    elsewhere = False  # whether the workers were started by somebody else
    apart = False  # whether some of these do not see the case folder

    def __init__(
        self,
        client: Client,
        workers: int,
        dashboard: str = "",
        mend: Callable[[], None] = lambda: None,
    ) -> None:
        self._client = client
        self._mend = mend
        self.workers = workers
        self.dashboard = dashboard
        """Where a person can watch the workers; empty where nothing is served."""

    def map_ordered[T, R](
        self,
        function: Callable[[T], R],
        batches: Iterable[T],
        window: int | None = None,
        more: Callable[[], Iterable[T]] = tuple,
        cost: Callable[[T], float] = lambda _batch: 0.0,
    ) -> Iterator[tuple[T, R | TaskFailure]]:
        """Run `function` on each batch and yield (batch, result) in the order of `batches`.

        At most `window` batches (default: eight a worker) are under way or waiting to be taken,
        so memory does not grow with the work. A task that raises ends the iteration with its
        error; one whose worker dies six times comes back as a `TaskFailure`. `more` is
        asked after each result was taken: the batches it gives come next, before all others.
        Of the batches that wait, those of the highest `cost` are run first.
        """
        limit = window or 8 * self.workers
        lanes = [_Lane(iter(batches))]
        try:
            while lanes:
                lane = lanes[-1]
                while len(lane.pending) < limit and (batch := next(lane.source, None)) is not None:
                    future = self._submit(function, batch, cost(batch))
                    lane.pending.append((batch, future))
                if not lane.pending:
                    lanes.pop()
                    continue
                batch, future = lane.pending.popleft()
                yield batch, self._result(future)
                future.release()  # type: ignore[no-untyped-call]
                lanes.append(_Lane(iter(more())))
        finally:
            for lane in lanes:
                for _, future in lane.pending:
                    future.cancel()  # type: ignore[no-untyped-call]

    def _submit(self, function: Callable[[Any], Any], batch: Any, priority: float) -> "Future[Any]":
        return self._client.submit(function, batch, pure=False, priority=priority)

    def _result(self, future: "Future[Any]") -> Any:
        """Wait for a result, and see now and then that there are workers to give it."""
        while not future.done():  # type: ignore[no-untyped-call]
            try:
                # waits, and raises nothing of the task's own
                future.exception(timeout=_LOOK_SECONDS)  # type: ignore[no-untyped-call]
            except TimeoutError:
                self._mend()
        try:
            return future.result()
        except KilledWorker as error:
            return TaskFailure(str(error))

    def beside[T, R](
        self, function: Callable[[T], R], argument: T
    ) -> Callable[[], R | TaskFailure]:
        """Run a function on one of the workers before all that waits; what is given waits for it.

        That raises what the function raised.
        """
        future = self._submit(function, argument, ALONE)
        return lambda: self._result(future)

    def on_each(self, function: Callable[..., Any], *arguments: Any) -> dict[str, Any]:
        """Run a function once on every worker; what it gave or raised, by the worker's address."""
        found: dict[str, Any] = self._client.run(function, *arguments, on_error="return")
        return found

    def require_folder(self, folder: Path) -> None:
        """Raise `SchedulerError` where workers are to write to the case folder and do not see it.

        Only for what cannot go through the store.
        """
        if self.apart:
            raise SchedulerError(
                f"The Dask workers do not see the case folder {folder}, and write the volume "
                "there. Put the case on a file system that all machines mount under the same "
                "path, or leave --scheduler out"
            )


@contextmanager
def started(workers: int = 0, scheduler: str = "", *, dashboard: bool = False) -> Iterator[Engine]:
    """Connect to `scheduler`, or start worker processes here (0: one for each core).

    `dashboard`: serve Dask's own, for workers started here; it takes half a second to import.

    Raises `SchedulerError` when the scheduler does not answer or has no workers.
    """
    with dask.config.set(
        {
            "distributed.comm.timeouts.connect": _TIMEOUT,
            "distributed.scheduler.allowed-failures": _DEATHS,
            # One task at a time: a worker that dies puts the blame on what it ran, on nothing else.
            "distributed.scheduler.worker-saturation": 1.0,
            "distributed.worker.memory.spill": False,
            "distributed.worker.multiprocessing-method": "forkserver",
            "distributed.admin.tick.limit": "1h",
            "distributed.deploy.lost-worker-timeout": "10s",
            "distributed.admin.tick.interval": "1s",
            # It samples every thread a hundred times a second, here and in the workers.
            "distributed.worker.profile.enabled": False,
            "logging": {"distributed": "critical"},
        }
    ):
        if scheduler:
            with _connected(scheduler) as client:
                yield Engine(client, len(_threads(client)), _link(client))
        else:
            crew.prepare()
            count = workers or len(os.sched_getaffinity(0))
            with (
                _cluster(count, dashboard) as cluster,
                Client(cluster, set_as_default=False) as client,  # type: ignore[no-untyped-call]
            ):
                link = _link(client) if dashboard else ""
                yield Engine(client, count, link, lambda: _mend(cluster, count))


def _mend(cluster: LocalCluster, workers: int) -> None:
    """Start workers anew that died while they were started: nobody else does."""
    scheduler: Any = cluster.scheduler
    if len(scheduler.workers) < workers:
        cluster.scale(workers)  # type: ignore[no-untyped-call]


def _cluster(workers: int, dashboard: bool) -> LocalCluster:
    """Worker processes on this machine; one that dies while it starts costs another try.

    Raises `SchedulerError` where they do not start.
    """
    for tries_left in reversed(range(_STARTS)):
        try:
            return LocalCluster(  # type: ignore[no-untyped-call]
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                dashboard_address="127.0.0.1:0",
                scheduler_kwargs={"dashboard": dashboard},
                memory_limit=0,
                env=dict(os.environ),  # as it is now: the process they come from began earlier
                silence_logs=logging.CRITICAL,
            )
        except RuntimeError as error:
            if not tries_left:
                raise SchedulerError(
                    f"The worker processes do not start: {error} Is there memory for them? Try "
                    "fewer with --workers"
                ) from error
    raise AssertionError


@contextmanager
def _connected(scheduler: str) -> Iterator[Client]:
    if not re.fullmatch(r"[a-z]+://.+:\d+", scheduler):
        raise SchedulerError(
            f"{scheduler!r} is no address of a Dask scheduler; write it as tcp://host:8786"
        )
    try:
        client = Client(scheduler, timeout=_TIMEOUT, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, TimeoutError, ValueError) as error:
        raise SchedulerError(
            f"No Dask scheduler answers at {scheduler}: {error}. Start one with 'dask scheduler', "
            "or leave --scheduler out to work on this machine alone"
        ) from error
    with client:
        threads = _threads(client)
        start = f"'dask worker {scheduler} --nthreads 1' on machines that share the case's store"
        if not threads:
            raise SchedulerError(f"The scheduler at {scheduler} has no workers. Start {start}")
        if any(count > 1 for count in threads.values()):
            raise SchedulerError(
                f"Workers at {scheduler} run several threads, and the readers of documents are "
                f"not made for it. Start {start}, one for each core"
            )
        yield client


def _link(client: Client) -> str:
    """Where the dashboard is; empty where the scheduler serves none, as without bokeh."""
    info = client.scheduler_info(n_workers=0)
    return str(client.dashboard_link) if info.get("services", {}).get("dashboard") else ""


def _threads(client: Client) -> dict[str, int]:
    """The workers, each with its number of threads."""
    return dict(client.nthreads())  # type: ignore[no-untyped-call]
