"""Hostile and odd files of every kind in one case: the run ends, and each file has a disposition.

    python -m bench.mixed --corpus ../shared/corpus --case /tmp/mixed

Ingests and processes the folders, then checks from the database alone that every file on disk has
one row and every row a disposition, lists exceptions by code, and compares the words that OCR
found with the ground truth beside the images.
"""

import argparse
import re
import shutil
import sqlite3
import tempfile
from collections import Counter
from pathlib import Path

from bench import pipeline
from bench.measure import measure
from store import open_store

FOLDERS = ("adversarial", "office", "pdf", "images", "html-text", "ocr")
GENERATED = "ocr/generated"
# Scans of one page whose truth stands under another name.
ALSO = {
    "ocr/freeeed/516.pdf": "ocr/freeeed/516.txt",
    "ocr/ocrmypdf/linn.png": "ocr/ocrmypdf/linn.txt",
    "ocr/ocrmypdf/linn.pdf": "ocr/ocrmypdf/linn.txt",
    "ocr/tesseract-test/8071_093.3B.tif": "ocr/tesseract-test/8071_093.3B.txt",
    "ocr/tesseract-test/eurotext.tif": "ocr/tesseract-test/eurotext.txt",
    "ocr/tesseract-test/phototest.tif": "ocr/tesseract-test/phototest.gold.txt",
    "ocr/tesseract-test/phototest-rotated-180.png": "ocr/tesseract-test/phototest.gold.txt",
    "ocr/tesseract-test/phototest-rotated-L.png": "ocr/tesseract-test/phototest.gold.txt",
    "ocr/tesseract-test/phototest-rotated-R.png": "ocr/tesseract-test/phototest.gold.txt",
}


def words(text: str) -> Counter[str]:
    """Words as a multiset: runs of letters and digits, case folded."""
    return Counter(re.findall(r"[^\W_]+", text.casefold()))


def recall(truth: str, found: str) -> float:
    """The share of the truth's words that were found."""
    wanted, got = words(truth), words(found)
    return sum((wanted & got).values()) / max(1, wanted.total())


def truths(corpus: Path) -> dict[str, Path]:
    """Each image or PDF with a ground truth, by its path in the corpus."""
    found = {image: corpus / truth for image, truth in ALSO.items()}
    for truth in sorted((corpus / GENERATED).glob("*.gt.txt")):
        stem = truth.name.removesuffix(".gt.txt")
        for image in (corpus / GENERATED).glob(f"{stem}.*"):
            if image != truth:
                found[f"{GENERATED}/{image.name}"] = truth
    return found


def reconcile(case: Path, corpus: Path) -> list[str]:
    """Files on disk without exactly one row, and rows without a final disposition."""
    with sqlite3.connect(case / "case.db") as connection:
        rows = connection.execute(
            "SELECT collections.source, address, disposition FROM documents "
            "JOIN collections ON collections.id = collection_id WHERE role = 'file'"
        ).fetchall()
        pending = connection.execute(
            "SELECT count(*) FROM documents WHERE disposition = 'pending'"
        ).fetchone()[0]
    connection.close()
    seen = Counter(f"{Path(source).name}/{address}" for source, address, _ in rows)
    disk = [
        str(path.relative_to(corpus))
        for name in FOLDERS
        for path in (corpus / name).rglob("*")
        if path.is_file() or path.is_symlink()
    ]
    wrong = [f"{name}: {seen[name]} rows" for name in disk if seen[name] != 1]
    wrong += [f"{name}: not on disk" for name in seen.keys() - set(disk)]
    print(f"files on disk {len(disk)}, rows of role file {len(rows)}, pending {pending}")
    return wrong + [f"{pending} pending"] * bool(pending)


def report_ocr(case: Path, corpus: Path) -> None:
    """Word recall for each file with a ground truth."""
    store = open_store(str(case / "store"))
    with sqlite3.connect(case / "case.db") as connection:
        for image, truth in sorted(truths(corpus).items()):
            folder, _, address = image.partition("/")
            row = connection.execute(
                "SELECT text_sha256, text_source FROM documents "
                "JOIN collections ON collections.id = collection_id "
                "WHERE address = ? AND collections.source LIKE ?",
                (address, f"%/{folder}"),
            ).fetchone()
            text = store.read_bytes(row[0]).decode() if row[0] else ""
            share = recall(truth.read_text("utf-8", "replace"), text)
            print(f"{share:.3f}\t{row[1]}\t{image}")
    connection.close()


def main() -> None:
    """Run and report; exits with 1 if a file was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--case", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    wanted = parser.parse_args()
    corpus = wanted.corpus.resolve()
    case = wanted.case or Path(tempfile.mkdtemp(prefix="redwell-mixed-")) / "case"
    shutil.rmtree(case, ignore_errors=True)
    custodians = [part for name in FOLDERS for part in ("--custodian", name)]
    init = ("--number", "1", "--caption", "Mixed", "--bates-prefix", "MIX")
    pipeline.redwell("init", str(case), *init, *custodians)
    crew = ("--workers", str(wanted.workers), "--case", str(case))
    steps = [("ingest", str(corpus / name), "--custodian", name) for name in FOLDERS]
    for step in (*steps, ("process",), ("index",)):
        done = measure(pipeline.command(*step, *crew), pipeline.environment())
        print(
            f"{' '.join(step)}: {done.seconds:.1f} s, coordinator {done.coordinator_mb} MB, "
            f"workers {done.workers_mb} MB, children {done.children_mb} MB",
            flush=True,
        )
    print(pipeline.redwell("status", "--case", str(case)))
    report_ocr(case, corpus)
    wrong = reconcile(case, corpus)
    if wrong:
        raise SystemExit("\n".join(wrong))


if __name__ == "__main__":
    main()
