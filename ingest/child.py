"""The supervisor of a sandboxed child process: calls with limits of time and memory.

A call has one answer, or a stream of messages and bytes that is read as fast as it is wanted.
Parsers of hostile files run in the child and nowhere else. The child leads a process group of
its own; whatever goes wrong, the whole group is killed and the next call starts a fresh one. Made
with `subprocess`, because Dask workers are daemonic and may not start multiprocessing children.
"""

import atexit
import contextlib
import fcntl
import json
import os
import queue
import signal
import subprocess
import sys
import sysconfig
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import psutil

from ingest.interface import ChildFailure
from records.codes import Code
from records.errors import DiskFullError

START_SECONDS = 120.0
MAX_ANSWER = 64 << 20
_STDERR_KEPT = 8192
_READY = 0  # what a child answers unasked, once it can be asked
_POLL = 0.1
_MEMORY_LOOKED_AT = 1.0  # seconds, while much comes: a look at every process costs
_LAST_SECONDS = 5.0
_PIPE = 1 << 20  # bytes on their way from a child
_MOST_BYTES = 1 << 20  # in one frame of a stream
_HELD_BACK = 64  # messages and frames that wait for the caller
# Seconds before each new try of what a stranger killed. Java takes seconds to start, more on a busy
# machine: who kills some reading process every few seconds may strike one many times in a row.
KILLED_PAUSES = (0.1, 0.3, 1.0, 3.0, *(1.0,) * 8)
_AHEAD = 4  # requests under way beyond the one whose answer is awaited
_MEMORY_EXIT = 3  # -XX:+ExitOnOutOfMemoryError, and child_loop at a MemoryError
_ROOT = Path(__file__).resolve().parent.parent

type Allowed = Callable[[str], float]
"""How many seconds an item of a kind may take; asked with an empty kind where none was said."""


class Child:
    """One child at a time, started at the first call and again after each failure."""

    def __init__(self, module: str, arguments: Sequence[str] = (), memory_mb: int = 2048) -> None:
        self._command = [sys.executable, "-P", "-m", module, *arguments]
        self._memory = memory_mb << 20
        self._process: _Process | None = None
        self._number = 0
        self.last_doing = ""

    def call(
        self, request: dict[str, Any], seconds: float | Allowed
    ) -> dict[str, Any] | ChildFailure:
        """Send `request` and wait for its answer, at most `seconds` once the child stands.

        The clock begins again whenever the child gets on: says by `child_loop.progress` that it
        is at an item of a higher number (see `item_number`) than any before.
        After a failure `last_doing` is what the child said last by `child_loop.progress`.
        """
        (answer,) = self.calls([(request, seconds)])
        return answer

    def calls(
        self, requests: Iterable[tuple[dict[str, Any], float | Allowed]]
    ) -> Generator[dict[str, Any] | ChildFailure]:
        """Answers to several requests, each with its own clock; a failure is the last answer.

        Some requests are sent ahead, so the child need not wait between two of them; what it had
        of those behind one that failed is lost. A caller who does not read to the end costs the
        child its life.
        """
        coming = iter(requests)
        under_way: deque[tuple[int, float | Allowed]] = deque()
        process: _Process | None = None
        try:
            while True:
                while len(under_way) <= _AHEAD and (each := next(coming, None)) is not None:
                    if process is None:
                        found = self._standing()
                        if isinstance(found, ChildFailure):
                            yield found
                            return
                        process = found
                    under_way.append((self._send(process, each[0]), each[1]))
                if process is None or not under_way:
                    return
                number, seconds = under_way[0]
                answer = process.receive(number, seconds, self._memory)
                if isinstance(answer, ChildFailure):
                    self.last_doing = process.doing
                    yield answer
                    return
                under_way.popleft()
                yield answer
        finally:
            if under_way:
                self.close()

    def stream(
        self, request: dict[str, Any], seconds: float
    ) -> Iterator[dict[str, Any] | bytes | ChildFailure]:
        """Send `request` and give what the child sends, message by message, bytes by bytes.

        The clock, of `seconds`, runs while the child is waited for and begins again with all that
        comes. A `ChildFailure` is the last that comes. A caller who does not read to the end costs
        the child its life.
        """
        process = self._standing()
        if isinstance(process, ChildFailure):
            yield process
            return
        number = self._send(process, request)
        ended = False
        try:
            for each in process.receive_all(number, seconds, self._memory):
                ended = isinstance(each, ChildFailure)
                if ended:
                    self.last_doing = process.doing
                    self.close()
                yield each
            ended = True
        finally:
            if not ended:
                self.close()

    def begin(self, request: dict[str, Any]) -> None:
        """Have the child do this, started where there is none; nobody waits for it to end.

        The next call does. What fails so costs a fresh child then, and nothing else.
        """
        process = self._alive()
        process.awaited.append(self._send(process, request))

    def _standing(self) -> "_Process | ChildFailure":
        """The child, ready for requests; or how its start failed."""
        self.last_doing = ""
        process = self._alive()
        begun = any(each != _READY for each in process.awaited)
        failure = process.wait_ready(self._memory)
        if failure is not None:
            self.close()
            return self._standing() if begun else failure
        return process

    def _alive(self) -> "_Process":
        if self._process is None or self._process.exited():
            self.close()
            self._process = _Process(self._command)
        return self._process

    def _send(self, process: "_Process", request: dict[str, Any]) -> int:
        self._number += 1
        process.send({"id": self._number, "request": request})
        return self._number

    @property
    def pid(self) -> int | None:
        """The child's process id, which is its group's too; None while there is none."""
        return None if self._process is None else self._process.pid

    def close(self) -> None:
        """End the child and all that it started; nothing of it is left when this returns."""
        if self._process is not None:
            self._process.kill()
            self._process = None


class Children:
    """A worker's children of one kind, one for each limit of memory; they end with the worker."""

    def __init__(self) -> None:
        self._by_memory: dict[int, Child] = {}

    def of(self, module: str, memory_mb: int) -> Child:
        """The child that runs `module` under this limit; the same one each time."""
        if memory_mb not in self._by_memory:
            if not self._by_memory:
                atexit.register(self.close)
            self._by_memory[memory_mb] = Child(module, memory_mb=memory_mb)
        return self._by_memory[memory_mb]

    def close(self) -> None:
        """End them all."""
        while self._by_memory:
            self._by_memory.popitem()[1].close()


class _Process:
    """One running child: its pipes, the threads that drain them, its lifeline."""

    def __init__(self, command: Sequence[str]) -> None:
        child_end, self._lifeline = os.pipe()
        try:
            self._popen = subprocess.Popen(
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=_environment(child_end),
                cwd="/",
                pass_fds=(child_end,),
                start_new_session=True,
            )
        except OSError:
            os.close(self._lifeline)
            raise
        finally:
            os.close(child_end)
        self.pid = self._popen.pid
        self._lines: queue.Queue[tuple[bytes, bool] | None] = queue.Queue(_HELD_BACK)
        self._abandoned = False
        self._requests: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._stderr = b""
        self._looked = self._gone = 0.0
        self.doing = self.kind = ""
        self.awaited = [_READY]
        """Answers that must have come before it stands."""
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        assert self._popen.stderr is not None
        _widen(self._popen.stdout)
        self._threads = [
            threading.Thread(target=target, args=(pipe,), daemon=True)
            for target, pipe in (
                (self._write, self._popen.stdin),
                (self._read_answers, self._popen.stdout),
                (self._read_stderr, self._popen.stderr),
            )
        ]
        for thread in self._threads:
            thread.start()

    def _write(self, pipe: IO[bytes]) -> None:
        with contextlib.suppress(BrokenPipeError):
            while (line := self._requests.get()) is not None:
                pipe.write(line)
                pipe.flush()

    def _read_answers(self, pipe: IO[bytes]) -> None:
        while line := pipe.readline(MAX_ANSWER):
            framed = _frame_size(line)
            if framed is not None:
                line = pipe.read(framed)
            if not self._held((line, framed is not None)):
                return
            if framed is None and not line.endswith(b"\n"):
                break
        self._held(None)

    def _held(self, received: tuple[bytes, bool] | None) -> bool:
        """Hold a line or bytes for the caller; False where none will come for it any more."""
        while not self._abandoned:
            with contextlib.suppress(queue.Full):
                self._lines.put(received, timeout=_POLL)
                return True
        return False

    def _read_stderr(self, pipe: IO[bytes]) -> None:
        while data := os.read(pipe.fileno(), 65536):
            self._stderr = (self._stderr + data)[-_STDERR_KEPT:]

    def send(self, message: dict[str, Any]) -> None:
        """Put a message on its way; a thread writes it, so a deaf child blocks nobody."""
        self._requests.put(json.dumps(message).encode() + b"\n")

    def wait_ready(self, memory: int) -> ChildFailure | None:
        """Wait until the child has imported what it needs, and did what it was to begin with."""
        while self.awaited:
            answer = self.receive(self.awaited.pop(0), START_SECONDS, memory)
            if isinstance(answer, ChildFailure):
                return answer
        return None

    def receive(
        self, number: int, seconds: float | Allowed, memory: int
    ) -> dict[str, Any] | ChildFailure:
        """Wait for the answer to request `number`, watching clock, memory and life."""
        self.doing = self.kind = ""
        allowed = seconds if callable(seconds) else (lambda _kind: seconds)
        limit, at = allowed(""), -1
        end = time.monotonic() + limit
        while (left := end - time.monotonic()) > 0:
            line = self._next(left, memory)
            if isinstance(line, ChildFailure):
                return line
            answer = None if line is None or isinstance(line, bytes) else self._of(line, number)
            if answer is not None:
                return answer
            if self.doing and item_number(self.doing) > at:
                limit, at = allowed(self.kind), item_number(self.doing)
                end = time.monotonic() + limit
        return self._failure(Code.TIMEOUT, f"gave no answer within {limit:g} s")

    def receive_all(
        self, number: int, seconds: float, memory: int
    ) -> Iterator[dict[str, Any] | bytes | ChildFailure]:
        """All that comes in answer to request `number` up to its end, or to a failure."""
        self.doing = self.kind = ""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            found = self._next(left, memory)
            if isinstance(found, ChildFailure):
                yield found
                return
            if found is None:
                continue
            if isinstance(found, bytes):
                yield found
            elif "part" in found:
                yield found["part"]
            elif self._of(found, number) is not None:
                return
            end = time.monotonic() + seconds
        yield self._failure(Code.TIMEOUT, f"sent nothing for {seconds:g} s")

    def _next(self, seconds: float, memory: int) -> dict[str, Any] | bytes | ChildFailure | None:
        """The next message or bytes; None where none came for a moment; what went wrong."""
        if time.monotonic() > self._looked + _MEMORY_LOOKED_AT and (full := self._over(memory)):
            return full
        try:
            received = self._lines.get(timeout=min(_POLL, seconds))
        except queue.Empty:
            if full := self._over(memory):
                return full
            return self._ended() if self._is_drained() else None
        if received is None:
            return self._ended()
        line, is_framed = received
        if is_framed:
            return line
        if not line.endswith(b"\n"):
            return self._failure(Code.CRASH, "gave an answer that is cut off or too long")
        return _message(line)

    def _is_drained(self) -> bool:
        """Whether the child ended and no thread is still to bring what it sent last.

        The end of its pipe comes as a line of its own; where something else holds that open, this
        waits some seconds.
        """
        if not self.exited():
            return False
        self._gone = self._gone or time.monotonic()
        return time.monotonic() > self._gone + _LAST_SECONDS

    def _over(self, memory: int) -> ChildFailure | None:
        """How it ends where it takes more memory than it may; None where it does not."""
        self._looked = time.monotonic()
        used = group_memory(self.pid)
        if used <= memory:
            return None
        return self._failure(Code.MEMORY, f"took {used >> 20} MB of memory")

    def _of(self, message: dict[str, Any], number: int) -> dict[str, Any] | None:
        """The answer to request `number`, if that is what the message holds.

        Raises `DiskFullError` where the child says that the disk is full.
        """
        if message.get("id") != number:
            return None
        if "full" in message:
            raise DiskFullError(str(message["full"]))
        if "doing" in message:
            self.doing, self.kind = str(message["doing"]), str(message.get("kind", ""))
            return None
        answer = message.get("answer")
        return answer if isinstance(answer, dict) else None

    def exited(self) -> bool:
        """Tell whether the child ended; it is not reaped, so that its group keeps its number."""
        if self._popen.returncode is not None:
            return True
        state = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
        return state is not None

    def _ended(self) -> ChildFailure:
        end = time.monotonic() + 5
        while not self.exited() and time.monotonic() < end:
            time.sleep(0.01)
        if not self.exited():
            return self._failure(Code.CRASH, "closed its pipe")
        self.kill()
        code = self._popen.returncode
        if code == _MEMORY_EXIT:
            return self._failure(Code.MEMORY, "ran out of memory")
        if code < 0:
            ended = self._failure(Code.CRASH, f"was ended by {_signal_name(-code)}")
            return replace(ended, killed=code == -signal.SIGKILL)
        return self._failure(Code.CRASH, f"ended with exit code {code}")

    def _failure(self, code: Code, what: str) -> ChildFailure:
        doing = f", at {self.doing}" if self.doing else ""
        last = self._stderr.decode("utf-8", "replace").strip().splitlines()
        said = f"; it last said: {last[-1][:300]}" if last else ""
        return ChildFailure(code, f"The reading process {what}{doing}{said}")

    def kill(self) -> None:
        """Kill the whole group, reap the child and close every descriptor."""
        if self._popen.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
            self._popen.wait()
            os.close(self._lifeline)
        self._requests.put(None)
        self._abandoned = True
        for thread in self._threads:
            thread.join(5)
        for pipe in (self._popen.stdin, self._popen.stdout, self._popen.stderr):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


def _widen(pipe: IO[bytes]) -> None:
    """Let a pipe hold more, where the system allows it: its two ends then wait less often."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE)


def _frame_size(line: bytes) -> int | None:
    """How many bytes follow a line that announces some; None for any other line."""
    if line[:1] != b"#" or not line.endswith(b"\n") or not line[1:-1].isdigit():
        return None
    return min(int(line[1:9]), _MOST_BYTES)


def _message(line: bytes) -> dict[str, Any] | None:
    """What a line says; None for what is no message of ours."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None


def item_number(doing: str) -> int:
    """The number of the item that leads what a child said it was doing; 0 where there is none."""
    first = doing.partition(" ")[0]
    return int(first) if first.isascii() and first.isdecimal() and len(first) < 19 else 0


def group_memory(group: int) -> int:
    """Resident bytes of every process of a process group."""
    total = 0
    for pid in psutil.pids():
        with contextlib.suppress(ProcessLookupError, PermissionError, psutil.Error):
            if os.getpgid(pid) == group:
                total += psutil.Process(pid).memory_info().rss
    return total


def _environment(lifeline: int) -> dict[str, str]:
    """The child's environment: our packages to be found, the current folder never."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if str(_ROOT) != sysconfig.get_paths()["purelib"]:
        kept["PYTHONPATH"] = str(_ROOT)
    return kept | {
        "PYTHONSAFEPATH": "1",
        "PYTHONIOENCODING": "utf-8:backslashreplace",
        "REDWELL_LIFELINE": str(lifeline),
        "OMP_THREAD_LIMIT": "1",  # Tesseract: 3.4 times faster so with one worker a core
    }


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
