"""Two workers against one, on mail without OCR and on scans with it.

    python -m bench.speedup --corpus ../shared/corpus --runs 1

For each corpus the stages ingest, process and index are run in three ways, in alternation: by one
worker held, with all that belongs to it, on one core; by one worker free to use all cores; and by
two workers. Prints wall seconds by stage, CPU seconds by kind of process, the coordinator's
milliseconds a document, and the ratios of the wall times. A worker and its child overlap, and the
coordinator is a third process: one worker free on two cores keeps more than one of them busy
already. `empty`, a case of one file, shows what of a stage's time is the start of the workers.
"""

import argparse
import json
import shutil
import tempfile
from pathlib import Path

from bench import cpu, pipeline
from bench.enron import unpack

ONE_CORE = ("taskset", "--cpu-list", "0")
WAYS = {
    "one worker on one core": ("1", ONE_CORE),
    "one worker": ("1", ()),
    "two workers": ("2", ()),
}


def run(source: Path, case: Path, way: str, *, ocr: bool) -> dict[str, cpu.Used]:
    """Make a case of a folder; what each stage used."""
    shutil.rmtree(case, ignore_errors=True)
    about = ("--number", "1", "--caption", "Speed", "--bates-prefix", "SPE")
    pipeline.redwell("init", str(case), *about, "--custodian", "Corpus")
    workers, held = WAYS[way]
    crew = ("--workers", workers, "--case", str(case), "--json")
    steps = {
        "ingest": ("ingest", str(source), "--custodian", "Corpus", *crew),
        "process": ("process", *(() if ocr else ("--no-ocr",)), *crew),
        "index": ("index", *crew),
    }
    return {
        name: cpu.run([*held, *pipeline.command(*step)], pipeline.environment())
        for name, step in steps.items()
    }


def show(name: str, runs: dict[str, list[dict[str, cpu.Used]]]) -> None:
    """Print the best run of each way, and how many times as fast two workers are."""
    best = {
        way: {stage: min((each[stage] for each in some), key=_seconds) for stage in some[0]}
        for way, some in runs.items()
    }
    for way, stages in best.items():
        for stage, used in stages.items():
            print(f"{name}, {way}, {stage}: {used.line()}")
        documents = json.loads(stages["process"].stdout)["documents"]
        spent = 1000 * stages["process"].cpu["coordinator"] / documents
        print(f"{name}, {way}: the coordinator of process took {spent:.2f} ms a document")
    *others, two = best
    for other in others:
        ratios = [
            f"{stage} {best[other][stage].seconds / best[two][stage].seconds:.2f}"
            for stage in best[two]
        ]
        whole = sum(map(_seconds, best[other].values())) / sum(map(_seconds, best[two].values()))
        told = ", ".join((*ratios, f"all {whole:.2f}"))
        print(f"{name}, {two} beside {other}, times as fast: {told}", flush=True)


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
            runs: dict[str, list[dict[str, cpu.Used]]] = {each: [] for each in WAYS}
            for _ in range(wanted.runs):
                for way in WAYS:
                    runs[way].append(run(source, case, way, ocr=ocr))
            show(name, runs)


if __name__ == "__main__":
    main()
