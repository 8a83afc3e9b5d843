"""Runs a command and measures it from outside: wall time, and peak memory by kind of process."""

import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

_EVERY = 0.5


@dataclass(frozen=True, slots=True)
class Measured:
    """Wall seconds, and the highest resident MB seen of each kind of process, summed by kind."""

    seconds: float
    coordinator_mb: int
    workers_mb: int
    children_mb: int
    stdout: str


def measure(command: Sequence[str], environment: dict[str, str]) -> Measured:
    """Run a command to its end; raises `RuntimeError` where it fails. Sampled twice a second."""
    started = time.monotonic()
    with subprocess.Popen(
        list(command), env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        peaks = {"coordinator": 0, "workers": 0, "children": 0}
        while True:
            try:
                stdout, stderr = process.communicate(timeout=_EVERY)
                break
            except subprocess.TimeoutExpired:
                for kind, size in _sample(process.pid).items():
                    peaks[kind] = max(peaks[kind], size)
    if process.returncode:
        raise RuntimeError(f"{command}: {process.returncode}\n{stderr}")
    mb = {kind: size >> 20 for kind, size in peaks.items()}
    return Measured(
        time.monotonic() - started, mb["coordinator"], mb["workers"], mb["children"], stdout
    )


def _sample(pid: int) -> dict[str, int]:
    sizes = {"coordinator": 0, "workers": 0, "children": 0}
    try:
        main = psutil.Process(pid)
        family = main.children(recursive=True)
    except psutil.NoSuchProcess:
        return sizes
    for each in (main, *family):
        try:
            size, words = each.memory_info().rss, " ".join(each.cmdline())
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
        if each.pid == pid:
            sizes["coordinator"] += size
        elif "multiprocessing" in words:
            sizes["workers"] += size
        else:
            sizes["children"] += size
    return sizes
