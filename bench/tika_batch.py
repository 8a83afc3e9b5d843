"""From files to a searchable case, beside what `tika-app` needs to extract their text alone.

    python -m bench.tika_batch --corpus ../shared/corpus --runs 3

The ways, in alternation, over a copy of the folders without links:

redwell   init, then `redwell run` (collect, process without OCR, index) with one custodian
stages    the same by the commands ingest, process --no-ocr and index, one after another
tika      `java -jar tika-app -i IN -o OUT -J -t`, as shipped
flags     the same with the flags that Redwell gives its own Java

Near-duplicates, threads and people, of which Tika has no like, come after that: `relate` tells
what they cost. Tesseract is left out of all: Tika gets a configuration without its Tesseract
parser and, as Redwell does, without parsers that run outside programs. Prints wall and CPU seconds
of each run, medians and the ratio to `tika`; then what was found in the files and what failed, of
Tika by the metadata in its output, of Redwell by its database.
"""

import argparse
import json
import os
import shutil
import sqlite3
import statistics
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench import cpu, pipeline
from process import tika
from process.jvm import find_jar, flags

FOLDERS = ("office", "pdf", "images", "html-text", "mail", "archives")
_FAILURES = (
    "X-TIKA:EXCEPTION:container_exception",
    "X-TIKA:EXCEPTION:embedded_exception",
    "X-TIKA:EXCEPTION:runtime",
)


@dataclass(frozen=True, slots=True)
class Bench:
    """Where the files are and where the ways write."""

    source: Path
    scratch: Path
    workers: str

    def fresh(self, name: str) -> Path:
        """A path of this name at which nothing stands."""
        path = self.scratch / name
        shutil.rmtree(path, ignore_errors=True)
        return path

    def redwell(self) -> cpu.Used:
        """The whole way by one command."""
        case = self.fresh("redwell")
        used = _init(case)
        used.add(_step(case, *self._run()))
        return used

    def _run(self) -> tuple[str, ...]:
        crew = ("--workers", self.workers)
        plain = ("--no-ocr", "--no-relations")
        return ("run", str(self.source), "--custodian", "Corpus", *plain, *crew)

    def stages(self) -> cpu.Used:
        """The whole way by a command for each stage."""
        case = self.fresh("stages")
        used = _init(case)
        crew = ("--workers", self.workers)
        for step in (
            ("ingest", str(self.source), "--custodian", "Corpus", *crew),
            ("process", "--no-ocr", "--no-relations", *crew),
            ("index", *crew),
        ):
            used.add(_step(case, *step))
        return used

    def relate(self) -> cpu.Used:
        """What comes after searching can begin; on the case that `redwell` made."""
        return _step(self.scratch / "redwell", "relate", "--workers", self.workers)

    def tika(self) -> cpu.Used:
        """Tika's own batch, as shipped."""
        return self._tika("tika", [])

    def flags(self) -> cpu.Used:
        """Tika's own batch with our flags, which it is told to hand to the process it starts."""
        return self._tika("flags", flags())

    def _tika(self, name: str, given: list[str]) -> cpu.Used:
        config = self.scratch / "tika.xml"
        config.write_text(tika.CONFIG)
        # tika-app runs its batch in a process of its own; -J before a flag hands it on.
        handed = [f"-J{each.removeprefix('-')}" for each in given]
        command = ["java", *given, "-jar", str(find_jar()), f"--config={config}", *handed]
        command += ["-i", str(self.source), "-o", str(self.fresh(name)), "-J", "-t"]
        return cpu.run(command, dict(os.environ))


def _init(case: Path) -> cpu.Used:
    about = ("--number", "1", "--caption", "Corpus", "--bates-prefix", "COR")
    command = pipeline.command("init", str(case), *about, "--custodian", "Corpus")
    return cpu.run(command, pipeline.environment())


def _step(case: Path, *arguments: str) -> cpu.Used:
    return cpu.run(pipeline.command(*arguments, "--case", str(case)), pipeline.environment())


def copy(corpus: Path, target: Path) -> tuple[int, int]:
    """Copy the folders; the number of files and their bytes."""
    files = size = 0
    for name in FOLDERS:
        for path in sorted((corpus / name).rglob("*")):
            if path.is_file() and not path.is_symlink():
                to = target / path.relative_to(corpus)
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, to)
                files, size = files + 1, size + path.stat().st_size
    return files, size


def of_tika(output: Path) -> dict[str, int]:
    """What Tika wrote: documents, those embedded, and failures."""
    counts: Counter[str] = Counter()
    for path in output.rglob("*.json"):
        try:
            found = json.loads(path.read_text("utf-8"))
        except ValueError:
            counts["outputs that cannot be read"] += 1
            continue
        counts["files"] += 1
        counts["embedded"] += len(found) - 1
        broken = [any(name in each for name in _FAILURES) for each in found]
        counts["files that failed"] += bool(broken and broken[0])
        counts["embedded that failed"] += sum(broken[1:])
        counts["characters"] += sum(len(_text(each)) for each in found)
    return dict(counts)


def _text(metadata: dict[str, object]) -> str:
    return str(metadata.get("X-TIKA:content") or "")


def of_redwell(case: Path) -> dict[str, int]:
    """What stands on record: files, what was found in them, exceptions."""
    queries = {
        "files": "SELECT count(*) FROM documents WHERE role = 'file'",
        "embedded": "SELECT count(*) FROM documents WHERE role <> 'file'",
        "files that failed": "SELECT count(*) FROM documents WHERE role = 'file' "
        "AND outcome = 'exception'",
        "embedded that failed": "SELECT count(*) FROM documents WHERE role <> 'file' "
        "AND outcome = 'exception'",
        "characters": "SELECT sum(text_chars) FROM documents",
    }
    connection = sqlite3.connect(case / "case.db")
    try:
        return {name: connection.execute(each).fetchone()[0] for name, each in queries.items()}
    finally:
        connection.close()


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--workers", default="2")
    parser.add_argument("--ways", default="redwell,stages,tika,flags")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="redwell-tika-") as folder:
        bench = Bench(Path(folder) / "in", Path(folder), wanted.workers)
        files, size = copy(wanted.corpus, bench.source)
        print(f"{files} files, {size / 1e6:.1f} MB, {wanted.workers} workers", flush=True)
        ways: dict[str, Callable[[], cpu.Used]] = {
            name: getattr(bench, name) for name in wanted.ways.split(",")
        }
        runs: dict[str, list[cpu.Used]] = {name: [] for name in ways}
        for number in range(wanted.runs):
            for name, way in ways.items():
                runs[name].append(way())
                print(f"{number + 1} {name}: {runs[name][-1].line()}", flush=True)
        if "redwell" in ways:
            print(f"relate: {bench.relate().line()}", flush=True)
        report(runs, Path(folder))


def report(runs: dict[str, list[cpu.Used]], folder: Path) -> None:
    """Print medians, ratios and what was found."""
    walls = {name: statistics.median(each.seconds for each in some) for name, some in runs.items()}
    for name, some in runs.items():
        total = statistics.median(each.total for each in some)
        ratio = f", {walls[name] / walls['tika']:.2f} of tika" if "tika" in walls else ""
        print(f"{name}: median wall {walls[name]:.1f} s, CPU {total:.1f} s{ratio}")
    for name in runs:
        found = of_tika if name in ("tika", "flags") else of_redwell
        print(f"{name}: {found(folder / name)}")


if __name__ == "__main__":
    main()
