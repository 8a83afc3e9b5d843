"""Peak memory as a case grows: the coordinator's, a worker's, a child's.

    python -m bench.memory --corpus ../shared/corpus --sizes 5000,20000,80000

The raw mail of four custodians, repeated with another Message-ID and another last line each time,
goes through every command: ingest, process without OCR (relations included), index. The peak is
the largest resident size of one process of its kind, sampled ten times a second.
"""

import argparse
import re
import shutil
import tempfile
from itertools import cycle, islice
from pathlib import Path

from bench import cpu, pipeline
from bench.enron import unpack

_ID = re.compile(rb"(?im)^message-id:[^\n]*\n")
_IN_FOLDER = 1000


def write(mails: list[Path], target: Path, count: int) -> None:
    """Write `count` mails that are all different."""
    for number, path in enumerate(islice(cycle(mails), count)):
        folder = target / str(number // _IN_FOLDER)
        folder.mkdir(parents=True, exist_ok=True)
        name = b"Message-ID: <%d@repeated.example>\n" % number
        data = _ID.sub(name, path.read_bytes(), count=1)
        (folder / f"{number}.eml").write_bytes(data + b"\nCopy number %d.\n" % number)


def measured(source: Path, case: Path, workers: str) -> list[tuple[str, cpu.Used]]:
    """Each command of the way, and what it took."""
    shutil.rmtree(case, ignore_errors=True)
    about = ("--number", "1", "--caption", "Memory", "--bates-prefix", "MEM")
    pipeline.redwell("init", str(case), *about, "--custodian", "Corpus")
    crew = ("--workers", workers, "--case", str(case))
    steps = (
        ("ingest", str(source), "--custodian", "Corpus"),
        ("process", "--no-ocr", "--no-relations"),
        ("index",),
        ("relate",),
    )
    return [
        (step[0], cpu.run(pipeline.command(*step, *crew), pipeline.environment())) for step in steps
    ]


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--sizes", default="5000,20000,80000")
    parser.add_argument("--workers", default="2")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="redwell-memory-") as name:
        folder = Path(name)
        unpack(wanted.corpus, folder / "mail")
        mails = sorted(path for path in (folder / "mail").rglob("*") if path.is_file())
        for size in map(int, wanted.sizes.split(",")):
            shutil.rmtree(folder / "source", ignore_errors=True)
            write(mails, folder / "source", size)
            for step, used in measured(folder / "source", folder / "case", wanted.workers):
                peaks = ", ".join(f"{kind} {used.peak_mb[kind]} MB" for kind in cpu.KINDS[:3])
                rate = size / used.seconds
                print(f"{size} {step}: {used.seconds:.1f} s, {rate:.0f}/s, {peaks}", flush=True)


if __name__ == "__main__":
    main()
