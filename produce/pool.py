"""Files of a volume looked into by supervised children, as many as there are cores."""

import os
import queue
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

from ingest.child import Child


def by_children[T, R](
    module: str, chunks: Sequence[T], ask: Callable[[Child, T], R]
) -> Iterator[R]:
    """What `ask` gives for each chunk, in order; each child runs `module` for one chunk a time."""
    workers = min(len(os.sched_getaffinity(0)), len(chunks))
    if not workers:
        return
    idle: queue.SimpleQueue[Child] = queue.SimpleQueue()

    def asked(chunk: T) -> R:
        child = idle.get()
        try:
            return ask(child, chunk)
        finally:
            idle.put(child)

    with ExitStack() as stack:
        for _ in range(workers):
            idle.put(stack.enter_context(closing(Child(module))))
        pool = stack.enter_context(ThreadPoolExecutor(workers))
        stack.callback(pool.shutdown, cancel_futures=True)
        yield from pool.map(asked, chunks)
