"""Two workers against one, on mail without OCR and on scans with it.

    python -m bench.speedup --corpus ../shared/corpus --runs 1

For each corpus the stages ingest, process and index are run with one worker and with two, in
alternation. Prints wall seconds by stage, CPU seconds by kind of process, the coordinator's
milliseconds a document, and the ratio of the wall times. `empty`, a case of one file, shows what of
a stage's time is the start of the workers. A worker and its child overlap, and the coordinator is a
third process: on two cores one worker keeps more than one of them busy already.
"""

import argparse
import json
import shutil
import tempfile
from pathlib import Path

from bench import cpu, pipeline
from bench.enron import unpack

WORKERS = ("1", "2")


def run(source: Path, case: Path, workers: str, *, ocr: bool) -> dict[str, cpu.Used]:
    """Make a case of a folder; what each stage used."""
    shutil.rmtree(case, ignore_errors=True)
    about = ("--number", "1", "--caption", "Speed", "--bates-prefix", "SPE")
    pipeline.redwell("init", str(case), *about, "--custodian", "Corpus")
    crew = ("--workers", workers, "--case", str(case), "--json")
    steps = {
        "ingest": ("ingest", str(source), "--custodian", "Corpus", *crew),
        "process": ("process", *(() if ocr else ("--no-ocr",)), *crew),
        "index": ("index", *crew),
    }
    return {
        name: cpu.run(pipeline.command(*step), pipeline.environment())
        for name, step in steps.items()
    }


def show(name: str, runs: dict[str, list[dict[str, cpu.Used]]]) -> None:
    """Print the best run of each number of workers, and the ratios."""
    best = {
        workers: {stage: min((each[stage] for each in some), key=_seconds) for stage in some[0]}
        for workers, some in runs.items()
    }
    for workers, stages in best.items():
        for stage, used in stages.items():
            print(f"{name}, {workers} workers, {stage}: {used.line()}")
        documents = json.loads(stages["process"].stdout)["documents"]
        spent = 1000 * stages["process"].cpu["coordinator"] / documents
        print(
            f"{name}, {workers} workers: the coordinator of process took {spent:.2f} ms a document"
        )
    one, two = (best[workers] for workers in WORKERS)
    for stage in one:
        print(f"{name}, {stage}: {one[stage].seconds / two[stage].seconds:.2f} times as fast")
    ratio = sum(map(_seconds, one.values())) / sum(map(_seconds, two.values()))
    print(f"{name}, all stages: {ratio:.2f} times as fast", flush=True)


def _seconds(used: cpu.Used) -> float:
    return used.seconds


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--only", choices=["mail", "ocr", "empty"])
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="redwell-speed-") as folder:
        mail, case = Path(folder) / "mail", Path(folder) / "case"
        empty = Path(folder) / "empty"
        empty.mkdir()
        (empty / "one.txt").write_text("one")
        sources = {"empty": (empty, False), "mail": (mail, False)}
        sources["ocr"] = (wanted.corpus.resolve() / "ocr", True)
        if wanted.only in (None, "mail"):
            unpack(wanted.corpus, mail)
        for name, (source, ocr) in sources.items():
            if wanted.only not in (None, name):
                continue
            runs: dict[str, list[dict[str, cpu.Used]]] = {each: [] for each in WORKERS}
            for _ in range(wanted.runs):
                for workers in WORKERS:
                    runs[workers].append(run(source, case, workers, ocr=ocr))
            show(name, runs)


if __name__ == "__main__":
    main()
