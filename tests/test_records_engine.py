"""The engine on real Dask workers: order, memory window, death of a worker."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from records import engine
from records.engine import ATTEMPTS, Engine, Stream, TaskFailure
from records.errors import SchedulerError
from records.streams import halves

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


def _halves(batch: tuple[int, ...]) -> list[tuple[int, ...]]:
    return [tuple(half) for half in halves(batch)]


def _kill_if_three(batch: tuple[int, ...]) -> tuple[int, ...]:
    """A worker that meets a 3 is killed as by the system."""
    if 3 in batch:
        os.kill(os.getpid(), signal.SIGKILL)
    return tuple(-number for number in batch)


def test_a_batch_that_lost_its_worker_comes_back_in_pieces_and_in_order(workers: Engine) -> None:
    batches = [tuple(range(start, start + 4)) for start in range(0, 16, 4)]
    found = list(workers.map_ordered(_kill_if_three, batches, pieces=_halves))
    assert [batch for batch, _ in found] == [(0, 1), (2,), (3,), *batches[1:]]
    failed = [batch for batch, result in found if isinstance(result, TaskFailure)]
    assert failed == [(3,)]
    assert all(result == tuple(-n for n in batch) for batch, result in found if batch != (3,))


def _kill_the_first_time(batch: tuple[Path, ...]) -> str:
    """Each file is a batch's mark that it was tried; whoever sets it is killed."""
    tried = batch[0].with_suffix(f".{len(batch)}")
    if not tried.exists():
        tried.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return tried.name


def test_however_often_workers_die_all_is_done_once_and_nobody_is_blamed(
    workers: Engine, tmp_path: Path
) -> None:
    paths = tuple(tmp_path / str(number) for number in range(6))
    found = list(
        workers.map_ordered(
            _kill_the_first_time, [paths[:4], paths[4:]], pieces=lambda b: [*map(tuple, halves(b))]
        )
    )
    assert [result for _, result in found] == [f"{number}.1" for number in range(6)]


def _mark_and_kill(batch: tuple[Path, bool]) -> str:
    """The deadly one kills its worker each time; each try of a batch adds a byte to its file."""
    path, deadly = batch
    with path.open("ab") as file:
        file.write(b"x")
    time.sleep(0.2)
    if deadly:
        os.kill(os.getpid(), signal.SIGKILL)
    return path.name


def test_a_worker_that_dies_puts_the_blame_on_what_it_ran_though_batches_are_few(
    workers: Engine, tmp_path: Path
) -> None:
    """Dask would hand out the few at once, and blame those that waited at the worker."""
    batches = [(tmp_path / str(number), number == 0) for number in range(4)]
    found = [result for _, result in workers.map_ordered(_mark_and_kill, batches)]
    assert isinstance(found[0], TaskFailure)
    assert found[1:] == ["1", "2", "3"]
    tries = [path.stat().st_size for path, _ in batches]
    assert tries == [ATTEMPTS, 1, 1, 1]


def _mark(path: Path) -> str:
    path.with_suffix(".tries").open("ab").write(b"x")
    return path.name


def _kill_when_all_done(paths: tuple[Path, ...]) -> None:
    """Dies when the others were done and, as their worker is idle, what they gave was fetched."""
    while not all(path.with_suffix(".tries").exists() for path in paths):
        time.sleep(0.01)
    time.sleep(1)
    for each in psutil.Process().parent().parent().children(recursive=True):  # type: ignore[union-attr]
        if each.pid != os.getpid() and any("spawn_main" in word for word in each.cmdline()):
            each.kill()


def test_what_was_done_does_not_die_with_its_worker(workers: Engine, tmp_path: Path) -> None:
    """Though the first batch is done last, and until then nothing could be taken."""
    paths = [tmp_path / str(number) for number in range(5)]
    batches: list[Any] = [tuple(paths), *paths]
    found = list(workers.map_ordered(_first_waits, batches))
    assert [result for _, result in found] == ["killed", "0", "1", "2", "3", "4"]
    assert [path.with_suffix(".tries").stat().st_size for path in paths] == [1] * 5


def _first_waits(batch: Any) -> str:
    if not isinstance(batch, tuple):
        return _mark(batch)
    _kill_when_all_done(batch)
    return "killed"


def test_streams_run_side_by_side_and_the_lower_rank_first() -> None:
    taken: list[str] = []
    numbers, letters = iter(range(6)), iter("abc")
    with engine.started(1) as running:
        running.serve(
            Stream(str.upper, lambda: next(letters, None), lambda _, r: taken.append(str(r)), 9, 1),
            Stream(_now_str, lambda: next(numbers, None), lambda _, r: taken.append(str(r)), 9, 0),
        )
    assert sorted(taken[1:]) == sorted(taken[1:], key=str.isalpha)
    assert sorted(taken) == [*"012345", *"ABC"]


def _now_str(number: int) -> str:
    time.sleep(0.1)
    return str(number)


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
