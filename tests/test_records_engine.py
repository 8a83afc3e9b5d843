"""The engine on real Dask workers: order, memory window, death of a worker."""

import contextlib
import os
import time
from collections.abc import Iterator

import psutil
import pytest

from records import engine
from records.engine import Engine, TaskFailure
from records.errors import SchedulerError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def workers() -> Iterator[Engine]:
    with engine.started(2) as running:
        yield running


def _slow_first(number: int) -> int:
    time.sleep(0.5 if number == 0 else 0)
    return number * number


def _die_on_three(number: int) -> int:
    if number == 3:
        os._exit(9)
    return number


def _fail(number: int) -> int:
    raise ValueError(f"no {number}")


def test_results_come_in_the_order_of_the_batches(workers: Engine) -> None:
    found = list(workers.map_ordered(_slow_first, range(20)))
    assert found == [(number, number * number) for number in range(20)]


def test_no_more_is_taken_than_the_window_allows(workers: Engine) -> None:
    taken: list[int] = []

    def source() -> Iterator[int]:
        for number in range(50):
            taken.append(number)
            yield number

    for batch, _ in workers.map_ordered(_slow_first, source(), window=4):
        assert len(taken) <= batch + 4
    assert len(taken) == 50


def test_a_batch_that_kills_its_worker_comes_back_as_a_failure(workers: Engine) -> None:
    found = dict(workers.map_ordered(_die_on_three, range(8), window=2))
    assert isinstance(found.pop(3), TaskFailure)
    assert found == {number: number for number in range(8) if number != 3}


def test_an_error_of_a_task_is_ours_and_stops(workers: Engine) -> None:
    with pytest.raises(ValueError, match="no 0"):
        list(workers.map_ordered(_fail, range(3)))


def test_a_scheduler_that_does_not_answer() -> None:
    with (
        pytest.raises(SchedulerError, match=r"127\.0\.0\.1:9"),
        engine.started(1, "tcp://127.0.0.1:9"),
    ):
        pass


def test_an_address_that_is_none() -> None:
    with pytest.raises(SchedulerError), engine.started(1, "nonsense://x"):
        pass


def _kill_workers() -> int:
    killed = 0
    for each in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            forked = any("forkserver" in word for word in each.cmdline())
            if forked and each.ppid() != os.getpid():
                each.kill()
                killed += 1
    return killed


def test_workers_that_die_while_they_start_are_started_again() -> None:
    """Dask gives up a worker that dies so: none would be left, and the run would wait for ever."""
    with engine.started(1) as running:
        end = time.monotonic() + 60
        for _ in range(3):
            while not _kill_workers() and time.monotonic() < end:
                time.sleep(0.05)
        assert list(running.map_ordered(abs, [-1, 2])) == [(-1, 1), (2, 2)]


def test_costly_batches_run_first_and_come_in_order() -> None:
    with engine.started(1) as running:
        found = list(running.map_ordered(_now, range(8), cost=float))
    assert [batch for batch, _ in found] == list(range(8))
    ran = sorted((moment, batch) for batch, moment in found if isinstance(moment, float))
    # The first of them may start before the others are known.
    assert [batch for _, batch in ran if batch > 1] == [7, 6, 5, 4, 3, 2]


def _slow(number: int) -> int:
    time.sleep(0.4)
    if number == 2:
        raise TimeoutError("its own")
    return number


def test_waiting_is_no_error_and_an_error_of_waiting_is_the_tasks_own(
    workers: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_LOOK_SECONDS", 0.01)
    found = workers.map_ordered(_slow, range(3), window=1)
    assert [next(found), next(found)] == [(0, 0), (1, 1)]
    with pytest.raises(TimeoutError, match="its own"):
        next(found)


def _now(_batch: int) -> float:
    time.sleep(0.2)
    return time.monotonic()
