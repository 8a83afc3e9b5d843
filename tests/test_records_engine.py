"""The engine on real Dask workers: order, memory window, death of a worker."""

import os
import time
from collections.abc import Iterator

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
