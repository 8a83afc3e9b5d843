"""The child's side of `ingest.child`: answer requests until the parent is gone."""

import faulthandler
import fcntl
import json
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any, NoReturn

_MEMORY_EXIT = 3


class _Channel:
    """Where answers go, and which request is being answered."""

    def __init__(self) -> None:
        self.descriptor = -1
        self.number = 0

    def write(self, **message: Any) -> None:
        """Write one line, whole."""
        if self.descriptor < 0:
            return
        data = memoryview(json.dumps({"id": self.number, **message}).encode() + b"\n")
        while data:
            data = data[os.write(self.descriptor, data) :]


_channel = _Channel()


def progress(doing: str) -> None:
    """Tell the parent what is being read, for its record should this process die at it."""
    _channel.write(doing=doing[:300])


def serve(handler: Callable[[dict[str, Any]], dict[str, Any]]) -> NoReturn:
    """Answer each request by `handler`; ends the process when the parent closes its pipe.

    What escapes `handler` ends the process with its traceback on stderr: the parent records a
    crash. Everything that parsers print goes to stderr, too.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    faulthandler.enable()
    _hold_lifeline()
    requests = os.dup(0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    _channel.descriptor = os.dup(1)
    os.dup2(2, 1)
    _channel.write(answer={})
    with os.fdopen(requests, "rb") as lines:
        for line in lines:
            message = json.loads(line)
            _channel.number = message["id"]
            try:
                answer = handler(message["request"])
            except MemoryError:
                os._exit(_MEMORY_EXIT)
            _channel.write(answer=answer)
    sys.stderr.flush()
    os._exit(0)


def _hold_lifeline() -> None:
    """Kill our process group as soon as the parent's end of the lifeline closes.

    A thread reads it. Where the kernel can (Linux), it is asked to do the killing as well, since
    a thread cannot run while some parser holds the interpreter's lock.
    """
    value = os.environ.pop("REDWELL_LIFELINE", None)
    if value is None:
        return
    lifeline = int(value)
    os.set_inheritable(lifeline, False)
    if hasattr(fcntl, "F_SETSIG"):
        fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
        flags = fcntl.fcntl(lifeline, fcntl.F_GETFL)
        fcntl.fcntl(lifeline, fcntl.F_SETFL, flags | os.O_ASYNC)
    threading.Thread(target=_watch, args=(lifeline,), daemon=True).start()


def _watch(lifeline: int) -> None:
    os.read(lifeline, 1)
    os.killpg(os.getpgrp(), signal.SIGKILL)
