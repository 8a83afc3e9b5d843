"""One run of an outside program that unpacks to its standard output."""

import os
import resource
import select
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

_TALK = 64 << 10
_MOST_FILE = 1 << 20  # what unpacks to standard output has no files to write


class SilentError(Exception):
    """The program gave nothing for too long and was ended."""


class Running:
    """A program while it runs: what it gives is read, what it says is kept, both drained.

    It may use so much memory, write no files to speak of, and be silent for so many seconds.
    `typed` is what it reads from its standard input: a password is not shown to other users
    there, as it would be among the arguments.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        folder: Path,
        *,
        memory_mb: int,
        seconds: int,
        typed: bytes = b"",
    ) -> None:
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._bound(memory_mb)
        self._seconds = seconds
        self._said = bytearray()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        self._type(typed)

    def read(self, size: int) -> bytes:
        """Up to `size` bytes of what it gives, none at the end; may raise `SilentError`."""
        assert self._process.stdout is not None
        number = self._process.stdout.fileno()
        waiting = select.poll()
        waiting.register(number, select.POLLIN)
        if not waiting.poll(self._seconds * 1000):
            self.close()
            raise SilentError(f"it gave nothing for {self._seconds} seconds")
        return os.read(number, size)

    def ended(self) -> tuple[int, str]:
        """Its exit code and what it said; to be asked when all was read."""
        try:
            code = self._process.wait(self._seconds)
        except subprocess.TimeoutExpired as error:
            self.close()
            raise SilentError(f"it did not end within {self._seconds} seconds") from error
        self._listener.join(self._seconds)
        return code, bytes(self._said).decode("utf-8", "replace")

    def close(self) -> None:
        """End it, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        self._listener.join(self._seconds)
        for each in (self._process.stdout, self._process.stderr):
            assert each is not None
            each.close()

    def __enter__(self) -> "Running":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _bound(self, memory_mb: int) -> None:
        if not hasattr(resource, "prlimit"):  # Linux alone has it; elsewhere the child's limits do
            return
        wanted = (
            (resource.RLIMIT_AS, memory_mb << 20),
            (resource.RLIMIT_FSIZE, _MOST_FILE),
            (resource.RLIMIT_CORE, 0),
        )
        for what, most in wanted:
            try:
                resource.prlimit(self._process.pid, what, (most, most))
            except (ProcessLookupError, PermissionError, ValueError):
                continue  # it has ended already, or has tighter limits

    def _listen(self) -> None:
        assert self._process.stderr is not None
        while said := self._process.stderr.read1(4096):  # type: ignore[attr-defined]
            if len(self._said) < _TALK:
                self._said += said

    def _type(self, typed: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(typed)
            self._process.stdin.close()
        except BrokenPipeError:  # it ended, or never asked
            pass
