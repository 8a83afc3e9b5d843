"""Changes an index again and again, killed at the n-th touch of the disk; a program of its own.

Called with a folder that holds `index` (the old one) and `built` (a finished segment), and what to
do: `adopt` the segment, adopt it as the `merge` of all others, or `replace` the index by another,
which stands in `built`. For each n it works on fresh copies: a forked child is killed by SIGKILL
right before its n-th sync, rename, link, removal or new folder; then the index must open as the
old or the new one, and doing it once more must give the new one with nothing left over. Prints one
line of JSON for each n.
"""

import json
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

from index.adopt import adopt, held, is_replaced, replace, sweep
from index.folder import read_contents, segment_files, toc_path
from index.interface import SegmentBuilt

TOUCHES = ("fsync", "rename", "link", "unlink", "rmdir", "mkdir", "chmod")


def main(home: Path, what: str) -> None:
    """Try every n until a child comes to its end."""
    number, killed = 0, True
    while killed:
        number += 1
        folder = home / f"try{number}"
        shutil.copytree(home / "index", folder / "index")
        shutil.copytree(home / "built", folder / "built")
        killed = _change_in_child(folder, what, number)
        between = _state(folder / "index")
        if what != "replace":
            shutil.rmtree(folder / "built", ignore_errors=True)
            shutil.copytree(home / "built", folder / "built")
            _change(folder, what)
        elif is_replaced(folder / "index", folder / "built"):
            shutil.rmtree(folder / "built")
            sweep(folder / "index", read_contents(folder / "index"))
        elif read_contents(folder / "built").segments:
            _change(folder, what)
        print(json.dumps({"killed": killed, "between": between, "after": _state(folder / "index")}))
        _check_tidy(folder / "index")


def _change(folder: Path, what: str) -> None:
    if what == "replace":
        replace(folder / "index", folder / "built")
        return
    names = [each.segment_id() for each in read_contents(folder / "index").segments]
    built = SegmentBuilt(str(folder / "built"), 2)
    adopt(folder / "index", [built], instead_of=names if what == "merge" else ())


def _state(index: Path) -> list[list[int]]:
    return sorted([each, revision] for each, revision in held(index).items())


def _check_tidy(index: Path) -> None:
    contents = read_contents(index)
    files = {f for each in contents.segments for f in segment_files(index, each.segment_id())}
    assert set(index.iterdir()) == files | {toc_path(index, contents.generation)}


def _change_in_child(folder: Path, what: str, number: int) -> bool:
    child = os.fork()
    if child == 0:
        _die_at(number)
        _change(folder, what)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def _die_at(number: int) -> None:
    left = [number]

    def deadly(real: Any) -> Any:
        def touch(*args: Any, **kwargs: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **kwargs)

        return touch

    for name in TOUCHES:
        setattr(os, name, deadly(getattr(os, name)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
