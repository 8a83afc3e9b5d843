"""The parallel engine: batches of work on Dask, results in the order of the batches.

Order matters: whoever commits results in the order in which the work was planned gives the same
numbers to the same documents, however often a run is cut off and taken up again.
"""

import asyncio
import concurrent.futures
import logging
import os
import queue
import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import dask
from dask._task_spec import Task
from dask.utils import funcname
from distributed import Client, Future, KilledWorker, LocalCluster, Status

from records import crew, streams
from records.errors import SchedulerError
from records.streams import ATTEMPTS, Died, Done, Outcome, Raised, Stream, TaskFailure

__all__ = ["ATTEMPTS", "Engine", "Stream", "TaskFailure", "started"]

_TIMEOUT = "15s"
_START_SECONDS = 60.0
_LOOK_SECONDS = 1.0
_WAKE_SECONDS = 0.1
_FIRST = 1e9  # the priority of what comes before all streams


class _Call:
    """A function with its batch, which Dask knows by its key: it would hash all values in it."""

    def __init__(self, key: str, function: Callable[[Any], Any], batch: Any) -> None:
        self._key, self._function, self._batch = key, function, batch

    def __call__(self) -> Any:
        return self._function(self._batch)

    def __dask_tokenize__(self) -> str:
        return self._key


class _DaskCrew:
    """Workers of Dask. What they give is fetched at once: one that dies takes nothing along."""

    def __init__(self, client: Client, mend: Callable[[], None]) -> None:
        self._client = client
        self._mend = mend
        self._ended: queue.SimpleQueue[tuple[Future[Any], Outcome]] = queue.SimpleQueue()

    def start(self, function: Callable[[Any], Any], batch: Any, priority: float) -> "Future[Any]":
        """Hand a task to the scheduler.

        It waits there until a worker is free, though it be one of few ("data producer"): a worker
        that dies is to put the blame on what it ran, and on nothing else.
        """
        key = f"{funcname(function)}-{uuid.uuid4()}"
        task = Task(key, _Call(key, function, batch), _data_producer=True)
        future: Future[Any] = self._client.get(  # type: ignore[no-untyped-call]
            {key: task}, key, sync=False, priority=priority, fifo_timeout="0 s"
        )
        loop: Any = self._client.loop
        loop.add_callback(self._watch, future)
        return future

    async def _watch(self, future: "Future[Any]") -> None:
        self._ended.put((future, await _outcome(future)))

    def finished(self) -> Iterator[tuple["Future[Any]", Outcome]]:
        """Wait for results, and see now and then that there are workers to give them."""
        while True:
            try:
                future, outcome = self._ended.get(timeout=_LOOK_SECONDS)
                break
            except queue.Empty:
                self._mend()
        future.release()  # type: ignore[no-untyped-call]  # or it is computed again when lost
        yield future, outcome

    def cancel(self, tickets: Iterable["Future[Any]"]) -> None:
        """Let tasks go; those of a client that was closed have gone with it."""
        if self._client.status != "running":
            return
        for future in tickets:
            future.cancel()  # type: ignore[no-untyped-call]


async def _outcome(future: "Future[Any]") -> Outcome:
    """What came of a task; one that Dask forgot with its worker counts as if it had died of it."""
    try:
        return Done(await future._result())  # type: ignore[no-untyped-call]
    except KilledWorker as error:
        return Died(error.allowed_failures + 1)
    except (asyncio.CancelledError, concurrent.futures.CancelledError):
        return Died()
    except Exception as error:  # noqa: BLE001  (raised again by whoever serves the stream)
        return Raised(error)


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

    def crew(self) -> streams.Crew:
        """Those who do the tasks of one call."""
        return _DaskCrew(self._client, self._mend)

    def serve(self, *work: Stream[Any, Any]) -> None:
        """Run streams side by side to their end; see `records.streams`."""
        streams.serve(self.crew(), work)

    def map_ordered[T, R](
        self,
        function: Callable[[T], R],
        batches: Iterable[T],
        window: int | None = None,
        more: Callable[[], Iterable[T]] = tuple,
        cost: Callable[[T], float] = lambda _batch: 0.0,
        pieces: Callable[[T], Sequence[T]] = lambda _batch: (),
    ) -> Iterator[tuple[T, R | TaskFailure]]:
        """Run `function` on each batch and yield (batch, result) in the order of `batches`.

        At most `window` batches (default: eight a worker) are under way or waiting to be taken,
        so memory does not grow with the work. A task that raises ends the iteration with its
        error; one whose worker dies six times comes back as a `TaskFailure`. `more` is
        asked after each result was taken: the batches it gives come next, before all others.
        Of the batches that wait, those of the highest `cost` are run first. `pieces` cuts a batch
        that lost its worker; these come in its place, and nothing that can be cut is given up.
        """
        source = iter(batches)
        stream = Stream(
            function,
            lambda: next(source, None),
            lambda _batch, _result: None,
            window or 8 * self.workers,
            cost=cost,
            pieces=pieces,
            more=more,
        )
        for _, batch, result in streams.served(self.crew(), [stream]):
            yield batch, result

    def beside[T, R](
        self, function: Callable[[T], R], argument: T
    ) -> Callable[[], R | TaskFailure]:
        """Run a function on one of the workers before all that waits; what is given waits for it.

        That raises what the function raised.
        """
        future = self._client.submit(function, argument, pure=False, priority=_FIRST)

        def wait() -> R | TaskFailure:
            while not future.done():  # type: ignore[no-untyped-call]
                with suppress(TimeoutError):  # waits, and raises nothing of the task's own
                    future.exception(timeout=_LOOK_SECONDS)  # type: ignore[no-untyped-call]
                self._mend()
            try:
                found: R = future.result()
                return found
            except KilledWorker:
                [(_, result)] = self.map_ordered(function, [argument])
                return result

        return wait

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
            # `records.streams` counts, and cuts the batch before it is tried again.
            "distributed.scheduler.allowed-failures": 0,
            # One task at a time: a worker that dies puts the blame on what it ran, on nothing else.
            "distributed.scheduler.worker-saturation": 1.0,
            "distributed.worker.memory.spill": False,
            "distributed.worker.multiprocessing-method": "forkserver",
            "distributed.admin.tick.limit": "1h",
            # Or it ends those that are just being started again; `_mend` looks after them.
            "distributed.deploy.lost-worker-timeout": "10h",
            "distributed.admin.tick.interval": "1s",
            "distributed.admin.system-monitor.interval": "5s",
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
        scheduler.loop.add_callback(_replace_lost, cluster, workers)


def _replace_lost(cluster: LocalCluster, workers: int) -> None:
    for name, nanny in list(cluster.workers.items()):
        if nanny.status in (Status.failed, Status.closed):
            del cluster.workers[name]
            cluster.worker_spec.pop(name, None)
    cluster.scale(workers)  # type: ignore[no-untyped-call]


def _cluster(workers: int, dashboard: bool) -> LocalCluster:
    """Worker processes on this machine; those that die while they start are started again.

    Raises `SchedulerError` where none starts.
    """
    logging.getLogger("tornado.application").setLevel(logging.CRITICAL)  # tells of each of these
    cluster = LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=0,
        threads_per_worker=1,
        processes=True,
        dashboard_address="127.0.0.1:0",
        scheduler_kwargs={"dashboard": dashboard},
        memory_limit=0,
        env=dict(os.environ),  # as it is now: the process they come from began earlier
        silence_logs=logging.CRITICAL,
    )
    cluster.scale(workers)  # type: ignore[no-untyped-call]
    scheduler: Any = cluster.scheduler
    begun = looked = time.monotonic()
    while (missing := workers - len(scheduler.workers)) > 0:
        time.sleep(_WAKE_SECONDS / 10)
        if time.monotonic() - looked > _LOOK_SECONDS:
            _mend(cluster, workers)
            looked = time.monotonic()
        if looked - begun > _START_SECONDS:
            if missing < workers:
                break
            cluster.close()
            raise SchedulerError(
                "The worker processes do not start. Is there memory for them? Try fewer with "
                "--workers"
            )
    return cluster


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
