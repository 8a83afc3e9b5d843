"""Kills the collecting of a large mailbox at random moments and resumes it: the same end.

    python -m bench.kill_mailbox --kills 12 --seed 1

A mailbox of more than 32 MB beside a small one inside a ZIP, so that it is opened in parts; then as
`bench.kill_stages` does. Exits with 1 at the first difference from the unbroken run.
"""

import argparse
import random
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

from bench import pipeline
from bench.kill_stages import run_to_the_end, try_stage
from bench.million import make


def main() -> None:
    """Make, kill, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--messages", type=int, default=70_000)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="redwell-kill-") as folder:
        source, before, case = (Path(folder) / name for name in ("source", "before", "case"))
        source.mkdir()
        size = make(source / "large.mbox", given.messages)
        make(source / "small.mbox", 50)
        with zipfile.ZipFile(source / "packed.zip", "w") as archive:
            archive.write(source / "small.mbox", "inner/small.mbox")
        print(f"{given.messages:,} messages, {size / 1e6:.0f} MB", flush=True)
        pipeline.redwell(
            *("init", str(case), "--number", "1", "--caption", "Kills", "--bates-prefix", "K"),
            *("--custodian", "Lev Brandt"),
        )
        shutil.copytree(case, before)
        crew = ("--workers", str(given.workers))
        stage = pipeline.Stage(
            "ingest", ("ingest", str(source), "--custodian", "Lev Brandt", *crew)
        )
        usual = run_to_the_end(case, stage)
        print(f"{usual:.1f} s unbroken", flush=True)
        chance = random.Random(given.seed)
        sys.exit(1 if try_stage(before, case, stage, usual, given.kills, chance) else 0)


if __name__ == "__main__":
    main()
