"""What OCR finds on every page of the corpus's PDFs, whether or not the page wants it.

    python -m bench.ocr_truth --corpus ../shared/corpus --into /tmp/ocr-truth.json

Every page is drawn at 200 dots an inch and read once; the words are kept by file and page, so
that rules which choose pages can be judged again and again. Run again, it goes on where it stood.
"""

import argparse
import json
import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pypdfium2 as pdfium

from process import tesseract
from process.pdf import LockedPdfError, open_pdf

PASSWORDS = ("openpassword", "test")
_DPI = 200
_MOST_PIXELS = 12_000_000
type Found = dict[str, list[list[tuple[float, str]]]]
"""By file: for each page the words, each with its confidence."""


def documents(corpus: Path) -> Iterator[Path]:
    """Every PDF of the corpus by its name, what is broken included."""
    return (path for path in sorted(corpus.rglob("*.pdf")) if path.is_file())


def read(path: Path) -> list[list[tuple[float, str]]]:
    """The words of each page; a page that cannot be drawn has none."""
    try:
        document = open_pdf(path, PASSWORDS)
    except (LockedPdfError, pdfium.PdfiumError):
        return []
    with tempfile.TemporaryDirectory() as folder:
        found = [_page(document, number, Path(folder)) for number in range(len(document))]
    document.close()
    return found


def _page(document: pdfium.PdfDocument, number: int, folder: Path) -> list[tuple[float, str]]:
    image = folder / "page.pgm"
    try:
        page = document[number]
        width, height = page.get_size()
        dpi = min(float(_DPI), (_MOST_PIXELS * 72**2 / max(1.0, width * height)) ** 0.5)
        page.render(scale=dpi / 72, grayscale=True).to_pil().save(image, format="PPM")
        reading = tesseract.read(image, "eng", max(70, round(dpi)), psm=1)
    except (pdfium.PdfiumError, ValueError, tesseract.TesseractError):
        return []
    return [(word.confidence, word.text) for word in reading.words]


def main() -> None:
    """Read what has not been read yet, two files at a time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--into", type=Path, required=True)
    wanted = parser.parse_args()
    os.environ["OMP_THREAD_LIMIT"] = "1"
    os.nice(10)
    found: Found = json.loads(wanted.into.read_text()) if wanted.into.exists() else {}
    names = [str(path.relative_to(wanted.corpus)) for path in documents(wanted.corpus)]
    left = [name for name in names if name not in found]
    with ProcessPoolExecutor(2) as pool:
        for name, pages in zip(
            left, pool.map(read, [wanted.corpus / name for name in left]), strict=True
        ):
            found[name] = pages
            wanted.into.write_text(json.dumps(found))
    print(f"{len(found)} documents, {sum(map(len, found.values()))} pages")


if __name__ == "__main__":
    main()
