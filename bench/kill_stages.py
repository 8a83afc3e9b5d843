"""Kills each stage with SIGKILL at random moments and resumes it; the end must be the same.

    python -m bench.kill_stages --kills 20 --seed 1

For each stage: a copy of the case as it was before, then kills after random times, several in a
row, then the same command to its end, then a comparison with the unbroken run: documents, texts,
notes, tags, numbers and the bytes of the volume. Exits with 1 at the first difference.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import pipeline


def run_to_the_end(case: Path, stage: pipeline.Stage) -> float:
    """Run a stage unbroken; its wall time in seconds."""
    started = time.monotonic()
    pipeline.redwell(*stage.arguments, "--case", str(case))
    return time.monotonic() - started


def kill_after(case: Path, stage: pipeline.Stage, seconds: float) -> bool:
    """Start a stage and kill its coordinator after some time; False if it had ended by then."""
    with tempfile.TemporaryFile() as sink:
        process = subprocess.Popen(
            pipeline.command(*stage.arguments, "--case", str(case)),
            env=pipeline.environment(),
            stdout=sink,
            stderr=sink,
            start_new_session=True,
        )
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            return True
        if process.returncode:
            sink.seek(0)
            raise RuntimeError(f"{stage.name} failed: {sink.read().decode()}")
        return False


def trial(
    before: Path, stage: pipeline.Stage, usual: float, kills: int, chance: random.Random
) -> int:
    """Copy the case, kill the stage up to `kills` times, run it to its end; the kills that hit."""
    case = before.parent / "trial"
    shutil.rmtree(case, ignore_errors=True)
    shutil.copytree(before, case)
    hit = 0
    for _ in range(kills):
        if not kill_after(case, stage, chance.uniform(0.2, usual)):
            break
        hit += 1
    run_to_the_end(case, stage)
    return hit


def try_stage(
    before: Path,
    after: Path,
    stage: pipeline.Stage,
    usual: float,
    kills: int,
    chance: random.Random,
) -> int:
    """Try until `kills` kills have hit; the number of differences from the unbroken run."""
    expected = pipeline.contents(after)
    hit = trials = 0
    while hit < kills:
        trials += 1
        hit += trial(before, stage, usual, min(4, kills - hit), chance)
        case = before.parent / "trial"
        lines = pipeline.differences(expected, pipeline.contents(case))
        json.loads(pipeline.redwell("audit", "verify", "--json", "--case", str(case)))
        if lines:
            print(f"{stage.name}: DIFFERENT after {hit} kills", *lines, sep="\n  ", flush=True)
            return len(lines)
    print(f"{stage.name}: {hit} kills in {trials} trials, the same end", flush=True)
    return 0


def main() -> None:
    """Run all trials."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20, help="kills a stage")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stage", help="only stages whose name begins so")
    parser.add_argument("--workers", type=int, default=2)
    wanted = parser.parse_args()
    chance = random.Random(wanted.seed)
    different = 0
    with tempfile.TemporaryDirectory(prefix="redwell-kill-") as folder:
        case, before = Path(folder) / "case", Path(folder) / "before"
        pipeline.init(case)
        for stage in pipeline.stages(wanted.workers):
            shutil.rmtree(before, ignore_errors=True)
            shutil.copytree(case, before)
            usual = run_to_the_end(case, stage)
            print(f"{stage.name}: {usual:.1f} s unbroken", flush=True)
            if stage.name.startswith(wanted.stage or ""):
                different += try_stage(before, case, stage, usual, wanted.kills, chance)
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
