"""The adversarial corpus on a disk of 2 GB, with 60 seconds a document.

    python -m bench.hostile --corpus ../shared/corpus

Case, temporary files and store lie on a file system of that size, made here where this user may
mount one. Prints for each file its disposition, what was found in it and its codes; ends with 1
where something escaped, hung, or has no row.
"""

import argparse
import os
import sqlite3
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import pipeline
from bench.collection import outcomes

GIGABYTES = 2
SECONDS = 60


@contextmanager
def small_disk() -> Iterator[tuple[Path, bool]]:
    """A folder on a file system of 2 GB; a plain one, and False, where none may be mounted."""
    with tempfile.TemporaryDirectory(prefix="redwell-hostile-") as folder:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={GIGABYTES}g", "tmpfs", folder]
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
        try:
            yield Path(folder), mounted
        finally:
            if mounted:
                subprocess.run(["umount", "--lazy", folder], check=False)


class Watch:
    """The most that was in use on the disk, looked at ten times a second."""

    def __init__(self, folder: Path) -> None:
        self.peak = 0
        self._folder = folder
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def _look(self) -> None:
        while not self._ended.wait(0.1):
            found = os.statvfs(self._folder)
            self.peak = max(self.peak, (found.f_blocks - found.f_bfree) * found.f_frsize)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()


def _escaped(work: Path) -> list[str]:
    """Files under the folder that are neither the case's own nor named by their hash."""
    wrong = []
    for path in work.rglob("*"):
        inside = path.relative_to(work)
        plain = path.is_file() and not path.is_symlink()
        stored = inside.parts[:2] == ("case", "store")
        misplaced = inside.parts[0] not in ("case", "tmp") or (stored and len(path.name) != 64)
        if (plain and misplaced) or (not plain and (path.is_symlink() or not path.is_dir())):
            wrong.append(str(inside))
    return wrong


def _planted(case: Path, work: Path) -> list[str]:
    """Where a member whose name leads out stands in a place that it could have led to."""
    with sqlite3.connect(case / "case.db") as connection:
        names = connection.execute(
            "SELECT DISTINCT name_bytes FROM documents JOIN notes ON document_id = documents.id "
            "WHERE code IN ('unsafe-path', 'link', 'special-file')"
        ).fetchall()
    connection.close()
    roots = (work, work / "tmp", case, Path.cwd(), Path("/"), Path.home())
    led = {root / os.fsdecode(name).lstrip("/") for (name,) in names for root in roots}
    return sorted(str(path) for path in led if path.is_symlink() or path.exists())


def main() -> None:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    given = parser.parse_args()
    source = given.corpus.resolve() / "adversarial"
    with small_disk() as (work, mounted):
        (work / "tmp").mkdir()
        os.environ["TMPDIR"] = str(work / "tmp")
        case = work / "case"
        pipeline.redwell(
            *("init", str(case), "--number", "1", "--caption", "Hostile", "--bates-prefix", "H"),
            *("--custodian", "Corpus"),
        )
        with (case / "case.toml").open("a", encoding="utf-8") as file:
            file.write(f"\n[limits]\nseconds = {SECONDS}\n")
        started = time.monotonic()
        with Watch(work) as watch:
            pipeline.redwell("ingest", str(source), "--custodian", "Corpus", "--case", str(case))
            pipeline.redwell("process", "--case", str(case))
        seconds = time.monotonic() - started
        found = outcomes(case)
        wrong = [*_escaped(work), *_planted(case, work)]
    for each in found:
        own = ", ".join(dict.fromkeys(one.partition(":")[0] for one in each.exceptions))
        inside = ", ".join(f"{code} {n}" for code, n in sorted(each.below_exceptions.items()))
        warned = ", ".join(f"{code} {n}" for code, n in sorted(each.warnings.items()))
        print(
            f"{each.address}\t{each.disposition}\t{each.below} inside\texceptions: {own or '-'}"
            f"\tinside: {inside or '-'}\twarnings: {warned or '-'}"
        )
    disk = sum(1 for each in source.iterdir())
    kind = "its own file system" if mounted else "a plain folder: none could be mounted"
    most = f"most on disk {watch.peak >> 20} MB ({kind})"
    print(f"{len(found)} files of {disk}; {seconds:.0f} s; {most}")
    if wrong or disk != len(found):
        raise SystemExit("\n".join(["escaped or lost:", *wrong]))


if __name__ == "__main__":
    main()
