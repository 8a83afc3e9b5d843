"""Makes a volume of the sample matter by each profile, and measures what it takes.

`python -m bench.profiles --case DIR [--profile NAME …]`, DIR being what `samples/demo.py --case
DIR` made. Every volume is checked by its record, and its folder by the profile alone.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from bench import cpu

ROOT = Path(__file__).parents[1]
REDWELL = [sys.executable, "-P", str(ROOT / "cli.py")]


def _call(*arguments: str) -> tuple[Any, cpu.Used]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    used = cpu.run([*REDWELL, *arguments, "--json"], environment)
    return json.loads(used.stdout), used


def measure(case: str, profile: str) -> None:
    """Plan, run and check one volume; print its size and what it took."""
    name = f"P_{profile}"
    ours = ["--case", case]
    wanted = ["--tag", "Responsive", "--exclude-tag", "Privileged", "--legend", "CONFIDENTIAL"]
    party = ["--producing-party", "Kestrel Passage Shipping AG"]
    _call("produce", "plan", name, "--spec", profile, *wanted, *party, *ours)
    passwords = ["--passwords", str(ROOT / "samples" / "passwords.txt")]
    made, used = _call("produce", "run", name, "--workers", "1", *passwords, *ours)
    _, checked = _call("produce", "check", name, *ours)
    _call("produce", "check", made["folder"], "--spec", profile)
    sizes: dict[str, int] = {}
    for path in Path(made["folder"]).rglob("*"):
        if path.is_file():
            kind = path.relative_to(made["folder"]).parts[0]
            sizes[kind] = sizes.get(kind, 0) + path.stat().st_size
    print(f"{profile}: {made['counts']}")
    print(f"  bytes {sizes}")
    print(f"  run {used.line()}")
    print(f"  check {checked.line()}", flush=True)


def main() -> None:
    """Measure the profiles that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", required=True)
    parser.add_argument(
        "--profile", nargs="*", default=["esi", "sec", "doj-antitrust", "pdf", "native"]
    )
    arguments = parser.parse_args()
    for profile in arguments.profile:
        measure(str(Path(arguments.case).absolute()), profile)


if __name__ == "__main__":
    main()
