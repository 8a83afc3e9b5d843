"""The outside program unar (The Unarchiver): what is installed, one run over a RAR archive."""

import functools
import re
import shutil
import subprocess
from pathlib import Path

from ingest.external import Running
from records.limits import Limits

TOOL = "unar"
PACKAGE = "unar"
"""The package of Debian and Ubuntu that holds it."""

_COMMAND = "unar"
_SECONDS = 30


@functools.cache
def probe() -> str:
    """The version that is installed; empty where there is none."""
    if shutil.which(_COMMAND) is None:
        return ""
    done = subprocess.run(
        [_COMMAND, "--version"],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=_SECONDS,
        check=False,
    )
    found = re.search(r"\d+(?:\.\d+)+", done.stdout.decode("utf-8", "replace"))
    return found[0] if found else ""


def unpack(archive: Path, limits: Limits, index: int | None = None) -> Running:
    """Start unpacking an archive to one stream: all of it, or the member of that number.

    It may say nothing and end with 0 although a member was damaged: only sizes and checksums
    tell whether what came is right.
    """
    options = ["-quiet", "-no-recursion", "-forks", "skip", "-output-directory", "-"]
    chosen = [] if index is None else ["-indexes", str(archive), str(index)]
    return Running(
        [_COMMAND, *options, *(chosen or [str(archive)])],
        archive.parent,
        memory_mb=limits.memory_mb,
        seconds=limits.seconds,
    )
