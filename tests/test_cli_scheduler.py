"""A Dask scheduler and workers of another process tree do the work."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from records import engine
from records.errors import SchedulerError

ROOT = Path(__file__).parent.parent
pytestmark = [pytest.mark.slow, pytest.mark.heavy]


def _start(*arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *arguments[1:]],
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    running = _start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    assert running.stderr is not None
    address = ""
    for line in running.stderr:
        if found := re.search(r"tcp://[\d.]+:\d+", line):
            address = found.group()
            break
    yield address
    running.kill()
    running.communicate()


def _worker(scheduler: str, threads: str) -> "subprocess.Popen[str]":
    running = _start("worker", scheduler, "--nthreads", threads, "--no-dashboard", "--no-nanny")
    assert running.stderr is not None
    for line in running.stderr:
        if "Registered to" in line:
            return running
    raise AssertionError("the worker did not start")


def _redwell(*arguments: str | Path) -> str:
    done = subprocess.run(
        [sys.executable, "-P", str(ROOT / "cli.py"), *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_no_workers_and_threaded_ones_are_refused(scheduler: str) -> None:
    with pytest.raises(SchedulerError, match="no workers"), engine.started(0, scheduler):
        pass
    worker = _worker(scheduler, "2")
    try:
        with pytest.raises(SchedulerError, match="--nthreads 1"), engine.started(0, scheduler):
            pass
    finally:
        worker.kill()
        worker.communicate()


def test_a_case_by_workers_of_another_process_tree(scheduler: str, tmp_path: Path) -> None:
    worker = _worker(scheduler, "1")
    case = tmp_path / "case"
    try:
        _redwell(
            *("init", case, "--number", "1", "--caption", "c", "--bates-prefix", "ABC"),
            *("--custodian", "Lev Brandt"),
        )
        there = ("--scheduler", scheduler, "--case", case)
        source = ROOT / "samples/matter/lev-brandt/technical"
        _redwell("ingest", source, "--custodian", "Lev Brandt", *there)
        found = json.loads(_redwell("process", "--no-ocr", *there, "--json"))
        _redwell("index", *there)
        expected = json.loads((ROOT / "samples/expected.json").read_text("utf-8"))["items"]
        there_in = [
            each
            for each in expected
            if each["custodian"] == "lev-brandt" and each["address"].startswith("technical/")
        ]
        assert sum(found["dispositions"].values()) == len(there_in)
        assert int(_redwell("search", "corro*", "--count", "--case", case)) >= 1
    finally:
        worker.kill()
        worker.communicate()
