"""How well and how fast pages are read by OCR.

    python -m bench.ocr accuracy --corpus ../shared/corpus
    python -m bench.ocr speed --corpus ../shared/corpus

`accuracy` reads every page of each file that has a ground truth as a worker's child does, and
compares the words: recall and precision as multisets, and the word error rate by alignment.
`speed` puts the corpus's folder `ocr` through `redwell process` with one worker and with two, and
counts pages a minute of what came after extraction.
"""

import argparse
import json
import os
import re
import resource
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from bench import cpu, pipeline
from bench.mixed import truths, words
from process.ocr import read_page
from process.pdf import open_pdf

FIRST_ONLY = {"516.pdf"}
"""Files whose truth has their first page alone."""


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Words of one file: shares found and right, and errors a word of the truth."""

    recall: float
    precision: float
    error_rate: float
    words: int


def compared(truth: str, found: str) -> Accuracy:
    """Compare a text with its truth, word by word, case folded."""
    wanted, got = words(truth), words(found)
    both = sum((wanted & got).values())
    errors = distance(_sequence(truth), _sequence(found))
    return Accuracy(
        both / max(1, wanted.total()),
        both / max(1, got.total()),
        errors / max(1, wanted.total()),
        wanted.total(),
    )


def _sequence(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())


def distance(one: Sequence[str], other: Sequence[str]) -> int:
    """Words to insert, delete or replace to make one of the other (Levenshtein)."""
    numbers = {word: number for number, word in enumerate({*one, *other})}
    target = np.array([numbers[word] for word in other], np.int64)
    steps = np.arange(len(other) + 1)
    row = steps.copy()
    for word in one:
        best = np.minimum(row[1:] + 1, row[:-1] + (target != numbers[word]))
        row = np.minimum.accumulate(np.concatenate(([row[0] + 1], best)) - steps) + steps
    return int(row[-1])


def read_file(path: Path, dpi: int | None = None) -> str:
    """The text of every page as the child reads it."""
    kind = "pdf" if path.suffix == ".pdf" else "picture"
    with tempfile.TemporaryDirectory() as folder:
        found = []
        for page in range(1 if path.name in FIRST_ONLY else _pages(path)):
            request = {
                "path": str(path),
                "type": kind,
                "page": page,
                "folder": folder,
                "languages": "eng",
                "passwords": (),
                "dpi": dpi,
            }
            answer = read_page(request)
            found.append(Path(answer["text_path"]).read_text("utf-8"))
    return "\n".join(found)


def _pages(path: Path) -> int:
    if path.suffix == ".pdf":
        document = open_pdf(path, ())
        try:
            return len(document)
        finally:
            document.close()
    with Image.open(path) as image:
        return getattr(image, "n_frames", 1)


def report_accuracy(corpus: Path, dpi: int | None) -> None:
    """A line a file, and all words together."""
    found: list[Accuracy] = []
    for image, truth in sorted(truths(corpus).items()):
        before = _cpu()
        one = compared(truth.read_text("utf-8", "replace"), read_file(corpus / image, dpi))
        found.append(one)
        print(
            f"{one.recall:.3f}\t{one.precision:.3f}\t{one.error_rate:.3f}\t{one.words}\t"
            f"{_cpu() - before:.1f} CPU-s\t{image}",
            flush=True,
        )
    total = sum(each.words for each in found)
    for name in ("recall", "precision", "error_rate"):
        mean = sum(getattr(each, name) for each in found) / len(found)
        weighted = sum(getattr(each, name) * each.words for each in found) / total
        print(f"{name}: {mean:.4f} by file, {weighted:.4f} by word of {total}")
    print(f"{_cpu():.0f} CPU-s in all")


def _cpu() -> float:
    spent = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in spent)


def report_speed(corpus: Path) -> None:
    """Pages a minute through `redwell process`, OCR alone."""
    for workers in (1, 2):
        crew = ("--workers", str(workers))
        with tempfile.TemporaryDirectory(prefix="redwell-ocr-") as folder:
            case = Path(folder) / "case"
            there = ("--case", str(case))
            init = ("--number", "1", "--caption", "OCR", "--bates-prefix", "OCR")
            pipeline.redwell("init", str(case), *init, "--custodian", "A")
            pipeline.redwell("ingest", str(corpus / "ocr"), "--custodian", "A", *there)
            pipeline.redwell("process", "--no-ocr", *crew, *there)
            command = pipeline.command("process", "--json", *crew, *there)
            done = cpu.run(command, pipeline.environment())
            spent = done.total
            told = json.loads(done.stdout)
        pages = told["ocr_pages"]
        counts = {name: told[name] for name in ("ocr_cached", "ocr_blank", "ocr_failed")}
        print(
            f"{workers} workers: {pages} pages in {done.seconds:.1f} s and {spent:.1f} CPU-s, "
            f"{60 * pages / done.seconds:.1f} a minute, {60 * pages / spent:.1f} a CPU-minute; "
            f"{counts}, children {done.peak_mb['children']} MB",
            flush=True,
        )


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("accuracy", "speed"))
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--dpi", type=int)
    wanted = parser.parse_args()
    os.environ["OMP_THREAD_LIMIT"] = "1"
    if wanted.what == "accuracy":
        report_accuracy(wanted.corpus.resolve(), wanted.dpi)
    else:
        report_speed(wanted.corpus.resolve())


if __name__ == "__main__":
    main()
