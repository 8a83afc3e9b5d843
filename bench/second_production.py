"""The same documents produced twice: what the second time costs, and that it looks the same.

    python -m bench.second_production --corpus ../shared/corpus --workers 2

Office files, PDFs, pictures, pages and calendars of the corpus in one case, all produced natively
where they have no pages. Prints CPU by process for each run, and for a third after the cache was
deleted. The pages of the three must be the same but for their numbers: the PDF form is produced
as a fourth and fifth volume, whose pages are compared by their text. Ends with 1 where they differ.
"""

import argparse
import re
import shutil
import sys
import tempfile
from pathlib import Path

import pypdfium2

from bench import cpu, pipeline

PARTS = ("office/tika", "pdf", "images/tika", "html-text", "calendar-contacts")
_BATES = re.compile(r"[A-E]\d{7}")


class Bench:
    """One case."""

    def __init__(self, case: Path, workers: int) -> None:
        self.case = case
        self.crew = ("--workers", str(workers))

    def run(self, *arguments: str) -> cpu.Used:
        """One command."""
        command = pipeline.command(*arguments, "--case", str(self.case))
        return cpu.run(command, pipeline.environment())

    def produce(self, letter: str, kind: str) -> cpu.Used:
        """Plan and run one production of everything."""
        name = f"{letter}_PROD001"
        self.run("produce", "plan", name, "--tag", "All", "--prefix", letter, "--kind", kind)
        return self.run("produce", "run", name, *self.crew)

    def texts(self, letter: str) -> list[str]:
        """The words of every page of a PDF volume, its numbers left out."""
        found = []
        for path in sorted((self.case / "productions" / f"{letter}_PROD001").rglob("*.pdf")):
            if "IMAGES" in path.parts:
                document = pypdfium2.PdfDocument(path)
                for page in document:
                    found.append(_BATES.sub("", page.get_textpage().get_text_range()))
                document.close()
        return found


def main() -> int:
    """Make the case, produce it five times, print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="redwell-second-") as folder:
        source, case = Path(folder) / "source", Path(folder) / "case"
        for part in PARTS:
            shutil.copytree(arguments.corpus / part, source / part)
        bench = Bench(case, arguments.workers)
        init = ("--number", "1", "--caption", "Twice", "--bates-prefix", "A")
        pipeline.redwell("init", str(case), *init, "--custodian", "Doe")
        bench.run("ingest", str(source), "--custodian", "Doe", *bench.crew)
        bench.run("process", "--no-ocr", *bench.crew)
        bench.run("index", *bench.crew)
        bench.run("tag", "define", "All")
        bench.run("tag", "add", "All", "--query", "has:text OR NOT has:text")
        for letter, what in (("A", "first"), ("B", "second")):
            print(f"{what}: {bench.produce(letter, 'tiff').line()}", flush=True)
        shutil.rmtree(case / "cache")
        print(f"third, its cache deleted: {bench.produce('C', 'tiff').line()}", flush=True)
        shutil.rmtree(case / "cache")
        for letter, what in (("D", "PDF, nothing kept"), ("E", "PDF, kept")):
            print(f"{what}: {bench.produce(letter, 'pdf').line()}", flush=True)
        one, other = bench.texts("D"), bench.texts("E")
    print(f"{len(one)} pages, {sum(a != b for a, b in zip(one, other, strict=True))} differ")
    return 0 if one == other else 1


if __name__ == "__main__":
    sys.exit(main())
