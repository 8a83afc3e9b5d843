"""The child's side of `ingest.child`: answer requests until the parent is gone."""

import faulthandler
import fcntl
import json
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, NoReturn

from records.errors import DiskFullError, raise_if_full

_MEMORY_EXIT = 3
_FRAME = 1 << 18

type Sent = dict[str, Any] | BinaryIO
"""What a stream is made of: messages, and bytes read to their end."""


class _Channel:
    """Where answers go, and which request is being answered."""

    def __init__(self) -> None:
        self.descriptor = -1
        self.number = 0

    def write(self, **message: Any) -> None:
        """Write one line, whole."""
        if self.descriptor < 0:
            return
        self._write(json.dumps({"id": self.number, **message}).encode() + b"\n")

    def write_all(self, stream: BinaryIO) -> None:
        """Write the bytes of a stream, each some of them behind a line with their number."""
        while data := stream.read(_FRAME):
            self._write(b"#%d\n" % len(data) + data)

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            left = left[os.write(self.descriptor, left) :]


_channel = _Channel()


def progress(doing: str, kind: str = "") -> None:
    """Tell the parent what is being read, for its record should this process die at it.

    The kind says how long it may take (`ingest.child.Allowed`).
    """
    _channel.write(doing=doing[:300], kind=kind)


def serve(handler: Callable[[dict[str, Any]], dict[str, Any] | Iterator[Sent]]) -> NoReturn:
    """Answer each request by `handler`; ends the process when the parent closes its pipe.

    The answer is one message, or a stream of messages and bytes (`ingest.child.Child.stream`).
    What escapes `handler` ends the process with its traceback on stderr: the parent records a
    crash. A full disk is told, and raised there. What parsers print goes to stderr, too.
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
                _answer(handler(message["request"]))
            except MemoryError:
                os._exit(_MEMORY_EXIT)
            except (DiskFullError, OSError) as error:
                _tell_if_full(error)
    sys.stderr.flush()
    os._exit(0)


def _tell_if_full(error: DiskFullError | OSError) -> None:
    """Tell the parent of a full disk, which is nobody's document's fault; raise what is not."""
    try:
        raise_if_full(error)
    except DiskFullError as full:
        _channel.write(full=str(full))
        return
    raise error


def _answer(given: dict[str, Any] | Iterator[Sent]) -> None:
    if isinstance(given, dict):
        _channel.write(answer=given)
        return
    for each in given:
        if isinstance(each, dict):
            _channel.write(part=each)
        else:
            _channel.write_all(each)
    _channel.write(answer={})


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
