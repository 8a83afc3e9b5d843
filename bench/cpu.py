"""Runs a command and measures the CPU time of each kind of process it is made of."""

import contextlib
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import psutil

KINDS = ("coordinator", "workers", "children", "others")
_EVERY = 0.1


@dataclass(slots=True)
class Used:
    """Wall seconds, and user and system seconds by kind; peak MB of the largest of each kind.

    The time of a process is what was last seen of it, so up to a tenth of a second of each is
    missing; `others` are programs that a child started (Java runs inside the child).
    """

    seconds: float = 0.0
    cpu: dict[str, float] = field(default_factory=lambda: dict.fromkeys(KINDS, 0.0))
    peak_mb: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    stdout: str = ""

    @property
    def total(self) -> float:
        """CPU seconds of all."""
        return sum(self.cpu.values())

    def add(self, other: "Used") -> None:
        """Take in another command's measures."""
        self.seconds += other.seconds
        for kind in KINDS:
            self.cpu[kind] += other.cpu[kind]
            self.peak_mb[kind] = max(self.peak_mb[kind], other.peak_mb[kind])

    def line(self) -> str:
        """One line of it."""
        parts = (f"{kind} {self.cpu[kind]:.1f}" for kind in KINDS)
        return f"wall {self.seconds:.1f} s, CPU {self.total:.1f} s ({', '.join(parts)})"


def kind_of(words: Sequence[str]) -> str:
    """Which of Redwell's processes a command line belongs to."""
    if any("multiprocessing" in each for each in words):
        return "workers"
    if any(each.endswith(("child_main", "opener_main")) for each in words):
        return "children"
    return "others"


def run(command: Sequence[str], environment: dict[str, str]) -> Used:
    """Run a command to its end; raises `RuntimeError` where it fails."""
    used = Used()
    last: dict[tuple[int, float], tuple[str, float]] = {}
    started = time.monotonic()
    with subprocess.Popen(
        list(command), env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        while True:
            try:
                used.stdout, stderr = process.communicate(timeout=_EVERY)
                break
            except subprocess.TimeoutExpired:
                _look(process.pid, last, used)
    used.seconds = time.monotonic() - started
    if process.returncode:
        raise RuntimeError(f"{command}: {process.returncode}\n{stderr}")
    for kind, seconds in last.values():
        used.cpu[kind] += seconds
    return used


def _look(pid: int, last: dict[tuple[int, float], tuple[str, float]], used: Used) -> None:
    try:
        main = psutil.Process(pid)
        family = main.children(recursive=True)
    except psutil.NoSuchProcess:
        return
    for each in (main, *family):
        with contextlib.suppress(psutil.Error):
            key = (each.pid, each.create_time())
            if each.pid == pid:
                kind = "coordinator"
            elif key in last and last[key][0] != "others":
                kind = last[key][0]
            else:
                kind = kind_of(each.cmdline())
            times = each.cpu_times()
            last[key] = (kind, times.user + times.system)
            used.peak_mb[kind] = max(used.peak_mb[kind], each.memory_info().rss >> 20)
