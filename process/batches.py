"""Groups work into batches for workers."""

from collections.abc import Callable, Iterator


def batched_by_cost[T](
    items: Iterator[T], cost: Callable[[T], float], most_cost: float, most_count: int
) -> Iterator[tuple[T, ...]]:
    """Group items in order, each group within a cost and a count, or one item alone."""
    group: list[T] = []
    total = 0.0
    for item in items:
        if group and (total + cost(item) > most_cost or len(group) >= most_count):
            yield tuple(group)
            group, total = [], 0.0
        group.append(item)
        total += cost(item)
    if group:
        yield tuple(group)
