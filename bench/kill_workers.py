"""Kills workers, or their children, at random while a case is made; the end must be the same.

    python -m bench.kill_workers --corpus ../shared/corpus --folders mail,office --every 3

Makes a case of the folders undisturbed, then again while a random worker (`--victims workers`) or
a random child of one (`children`) is killed every few seconds, through ingest, process and index.
Then both cases are compared: documents, numbers, texts, notes, and what the index holds. Exits
with 1 at a difference.
"""

import argparse
import contextlib
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from bench import cpu, pipeline
from index.adopt import held


def commands(corpus: Path, folders: Sequence[str], ocr: bool) -> list[tuple[str, ...]]:
    """The stages after `init`."""
    crew = ("--workers", "2")
    ingests = [("ingest", str(corpus / name), "--custodian", name, *crew) for name in folders]
    process = ("process", *crew) if ocr else ("process", "--no-ocr", *crew)
    return [*ingests, process, ("index", *crew)]


def init(case: Path, folders: Sequence[str]) -> None:
    """Make the empty case."""
    shutil.rmtree(case, ignore_errors=True)
    names = [part for name in folders for part in ("--custodian", name)]
    about = ("--number", "1", "--caption", "Killed", "--bates-prefix", "KIL")
    pipeline.redwell("init", str(case), *about, *names)


def victims(pid: int, kind: str) -> list[psutil.Process]:
    """Processes of a kind below a coordinator."""
    found = []
    with contextlib.suppress(psutil.Error):
        for each in psutil.Process(pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                words = each.cmdline()
                forked = any("forkserver" in word for word in words) and each.ppid() != pid
                if forked if kind == "workers" else cpu.kind_of(words) == "children":
                    found.append(each)
    return found


def disturbed(case: Path, step: Sequence[str], kind: str, every: float, luck: random.Random) -> int:
    """Run a command while its processes are killed; how many were."""
    killed = 0
    with tempfile.TemporaryFile() as sink:
        process = subprocess.Popen(
            pipeline.command(*step, "--case", str(case)),
            env=pipeline.environment(),
            stdout=sink,
            stderr=sink,
        )
        due = time.monotonic() + luck.uniform(0, 2 * every)
        while process.poll() is None:
            time.sleep(0.05)
            if time.monotonic() < due:
                continue
            if found := victims(process.pid, kind):
                with contextlib.suppress(psutil.Error):
                    luck.choice(found).kill()
                    killed += 1
            due = time.monotonic() + luck.uniform(0, 2 * every)
        if process.returncode:
            sink.seek(0)
            raise RuntimeError(f"{step}: {process.returncode}\n{sink.read().decode()}")
    return killed


def compared(whole: Path, case: Path) -> list[str]:
    """Where two cases differ."""
    lines = list(pipeline.differences(pipeline.contents(whole), pipeline.contents(case)))
    if held(whole / "index") != held(case / "index"):
        lines.append("the indexes hold other documents")
    return lines


def main() -> None:
    """Run both kinds of disturbance."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--folders", default="office,pdf,images,html-text,mail,archives")
    parser.add_argument("--victims", default="workers,children")
    parser.add_argument("--every", type=float, default=3.0, help="seconds from kill to kill, mean")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ocr", action="store_true", help="read pages by OCR, too")
    wanted = parser.parse_args()
    folders = wanted.folders.split(",")
    steps = commands(wanted.corpus.resolve(), folders, wanted.ocr)
    luck = random.Random(wanted.seed)
    different = 0
    with tempfile.TemporaryDirectory(prefix="redwell-killed-") as folder:
        whole = Path(folder) / "whole"
        init(whole, folders)
        for step in steps:
            pipeline.redwell(*step, "--case", str(whole))
        for kind in wanted.victims.split(","):
            case = Path(folder) / kind
            init(case, folders)
            started, kills = time.monotonic(), []
            for step in steps:
                begun = time.monotonic()
                kills.append(disturbed(case, step, kind, wanted.every, luck))
                took = f"{kills[-1]} kills in {time.monotonic() - begun:.0f} s"
                print(f"  {' '.join(step[:2])}: {took}", file=sys.stderr, flush=True)
            lines = compared(whole, case)
            different += len(lines)
            told = f"{sum(kills)} kills in {time.monotonic() - started:.0f} s {kills}"
            print(f"{kind}: {told}, {len(lines)} differences", *lines, sep="\n  ", flush=True)
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
