"""Streams of work, served by a crew that works here: order, windows, ranks, pieces."""

from collections.abc import Callable
from typing import Any

import pytest

from records.engine import ATTEMPTS, Stream, TaskFailure
from records.streams import Died, Outcome, halves
from tests.ingest_engines import Inline


class Log(Inline):
    """Writes down what is done and what is taken; `deadly` numbers kill whoever has them."""

    def __init__(self, deadly: set[int] = frozenset()) -> None:  # type: ignore[assignment]
        super().__init__()
        self.events: list[str] = []
        self._numbers = deadly

    def do(self, function: Callable[[Any], Any], batch: Any) -> Outcome:
        self.events.append(f"do {batch}")
        if self._numbers & set(batch if isinstance(batch, tuple) else [batch]):
            return Died()
        return super().do(function, batch)

    def take(self, batch: Any, result: Any) -> None:
        failed = isinstance(result, TaskFailure)
        self.events.append(f"{'lose' if failed else 'take'} {batch}")

    def stream(self, batches: list[Any], **more: Any) -> Stream[Any, Any]:
        source = iter(batches)
        values = {"window": 10, **more}
        return Stream(str, lambda: next(source, None), self.take, **values)


def _cut(batch: tuple[int, ...]) -> list[tuple[int, ...]]:
    return [tuple(half) for half in halves(batch)]


def test_of_two_streams_the_lower_rank_is_done_first_and_both_to_the_end() -> None:
    log = Log()
    log.serve(log.stream([1, 2], rank=1), log.stream([11, 12, 13]))
    done = [each for each in log.events if each.startswith("do")]
    assert done == ["do 11", "do 12", "do 13", "do 1", "do 2"]
    assert [each for each in log.events if each.startswith("take")] == [
        "take 11",
        "take 12",
        "take 13",
        "take 1",
        "take 2",
    ]


def test_a_stream_without_order_gives_what_is_done_and_one_with_order_waits() -> None:
    log = Log()
    cost = {1: 1.0, 2: 2.0, 3: 3.0}.__getitem__
    log.serve(log.stream([1, 2, 3], ordered=False, cost=cost))
    assert [each for each in log.events if "take" in each] == ["take 3", "take 2", "take 1"]
    log = Log()
    log.serve(log.stream([1, 2, 3], cost=cost))
    assert log.events == ["do 3", "do 2", "do 1", "take 1", "take 2", "take 3"]


def test_a_stream_gets_work_from_what_another_gave() -> None:
    log = Log()
    found: list[int] = []
    second = Stream(str, lambda: found.pop(0) if found else None, log.take, 1, rank=1)
    numbers = iter([1, 2, 3])

    def take(batch: int, result: str | TaskFailure) -> None:
        log.take(batch, result)
        found.append(batch * 10)

    log.serve(Stream(str, lambda: next(numbers, None), take, 1), second)
    assert sorted(log.events) == sorted(
        f"{verb} {number}" for verb in ("do", "take") for number in (1, 2, 3, 10, 20, 30)
    )


def test_no_more_than_the_window_is_under_way() -> None:
    asked = 0
    log = Log()

    def following() -> int | None:
        nonlocal asked
        asked += asked < 20
        return asked if asked < 20 else None

    def take(batch: int, _result: object) -> None:
        assert asked < batch + 4

    log.serve(Stream(abs, following, take, 4))
    assert log.tasks == 19


@pytest.mark.parametrize("deadly", [0, 5, 11, 15])
def test_pieces_take_the_place_of_their_batch(deadly: int) -> None:
    log = Log({deadly})
    batches = [tuple(range(start, start + 4)) for start in range(0, 16, 4)]
    log.serve(log.stream(batches, pieces=_cut))
    served = [each for each in log.events if not each.startswith("do")]
    numbers = [int(n) for each in served for n in each.split(" ", 1)[1].strip("(),").split(",")]
    assert numbers == list(range(16))
    assert [each for each in served if "lose" in each] == [f"lose ({deadly},)"]
    assert log.events.count(f"do ({deadly},)") == ATTEMPTS


def test_what_cannot_be_cut_is_tried_again_and_then_given_up() -> None:
    log = Log({7})
    log.serve(log.stream([6, 7, 8]))
    assert log.events.count("do 7") == ATTEMPTS
    assert [each for each in log.events if "do" not in each] == ["take 6", "lose 7", "take 8"]


class Ill(Log):
    """Whatever is tried dies so many times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self._times = times

    def do(self, function: Callable[[Any], Any], batch: Any) -> Outcome:
        if self.events.count(f"do {batch}") < self._times:
            self.events.append(f"do {batch}")
            return Died()
        return super().do(function, batch)


def test_where_all_workers_die_none_is_to_blame() -> None:
    log = Ill(ATTEMPTS + 3)
    log.serve(log.stream([1, 2, 3]))
    assert [each for each in log.events if "do" not in each] == ["lose 1", "take 2", "take 3"]
    for_others = Ill(40)
    for_others.serve(for_others.stream([1, 2]))
    assert [each for each in for_others.events if "do" not in each] == ["lose 1", "lose 2"]


def test_an_error_ends_all() -> None:
    log = Log()
    with pytest.raises(ValueError, match="invalid literal"):
        list(log.map_ordered(int, ["1", "x", "3"]))


def test_more_comes_before_all_others_and_pieces_before_that() -> None:
    log = Log({3})
    asked = iter([[], [(9,)], []])
    more = lambda: next(asked, [])  # noqa: E731
    found = log.map_ordered(str, [(1,), (2, 3), (4,)], more=more, pieces=_cut)
    assert [batch for batch, _ in found] == [(1,), (2,), (9,), (3,), (4,)]
