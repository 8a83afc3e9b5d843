"""Two workers against one, without OCR: wall and CPU seconds of each stage, in alternation.

    python -m bench.speedup --corpus ../shared/corpus --runs 2

On the raw mail of four custodians, and on office files, PDF, pages and text of the corpus. With
OCR it is `python -m bench.ocr speed`. The coordinator's CPU is told by document, too: it is what
limits how many workers are of use.
"""

import argparse
import shutil
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench import cpu, pipeline
from bench.enron import unpack

FOLDERS = ("office", "pdf", "html-text")
Runs = dict[tuple[str, int], list[cpu.Used]]


def steps(source: Path, workers: int) -> tuple[tuple[str, ...], ...]:
    """The commands of one way through a case."""
    crew = ("--workers", str(workers))
    return (
        ("ingest", str(source), "--custodian", "Corpus", *crew),
        ("process", "--no-ocr", "--no-relations", *crew),
        ("index", *crew),
        ("relate", *crew),
    )


def once(source: Path, case: Path, workers: int, runs: Runs) -> None:
    """Run one way, each command measured."""
    shutil.rmtree(case, ignore_errors=True)
    about = ("--number", "1", "--caption", "Corpus", "--bates-prefix", "COR")
    pipeline.redwell("init", str(case), *about, "--custodian", "Corpus")
    for step in steps(source, workers):
        used = cpu.run(pipeline.command(*step, "--case", str(case)), pipeline.environment())
        runs.setdefault((step[0], workers), []).append(used)
        print(f"{workers} {step[0]}: {used.line()}", flush=True)


def report(runs: Runs, documents: int) -> None:
    """Medians, the speed-up, and the coordinator's CPU by document."""
    for name in dict.fromkeys(step for step, _ in runs):
        one, two = (_median(runs[name, workers]) for workers in (1, 2))
        busy = statistics.median(each.cpu["coordinator"] for each in runs[name, 2])
        each = 1000 * busy / documents
        print(
            f"{name}: {one:.1f} s by one worker, {two:.1f} s by two, {one / two:.2f} times as "
            f"fast; coordinator {each:.2f} ms CPU a document"
        )
    both = [sum(_median(runs[key]) for key in runs if key[1] == workers) for workers in (1, 2)]
    print(f"all: {both[0]:.1f} s, {both[1]:.1f} s, {both[0] / both[1]:.2f} times as fast")


def _median(runs: Sequence[cpu.Used]) -> float:
    return statistics.median(each.seconds for each in runs)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--sets", default="mail,mixed")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="redwell-speedup-") as name:
        folder = Path(name)
        for each in wanted.sets.split(","):
            source = folder / each
            if each == "mail":
                unpack(wanted.corpus, source)
            else:
                for part in FOLDERS:
                    shutil.copytree(wanted.corpus / part, source / part, symlinks=True)
            files = sum(1 for path in source.rglob("*") if path.is_file())
            print(f"{each}: {files} files", flush=True)
            runs: Runs = {}
            for _ in range(wanted.runs):
                for workers in (1, 2):
                    once(source, folder / "case", workers, runs)
            report(runs, files)


if __name__ == "__main__":
    main()
