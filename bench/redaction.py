"""Burning in, over public PDFs: pages a second, words that survive, and what fails.

    python -m bench.redaction --corpus ../shared/corpus --most 60

Each document is cleaned as a production does, then burned with one box over the middle of each
page. The words outside of the boxes, as pdfium reads them on the clean page where nothing speaks
against them, are compared with those of the burned page. OCR is left out: pages that it would read
are counted apart.
"""

import argparse
import json
import tempfile
import time
from collections import Counter
from pathlib import Path

from index import words
from produce.imaging.burn import Mark, burn
from produce.imaging.characters import PageCharacters, characters
from produce.imaging.errors import RenderError
from produce.imaging.pdfs import clean_pdf
from produce.redaction.finding import text_outside

_MOST_PAGES = 20


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--most", type=int, default=60)
    options = parser.parse_args()
    tally: Counter[str] = Counter()
    failures: dict[str, str] = {}
    for path in sorted((options.corpus / "pdf").rglob("*.pdf"))[: options.most]:
        with tempfile.TemporaryDirectory(prefix="redwell-") as name:
            try:
                _measure(path, Path(name), tally)
            except RenderError as error:
                failures[path.name] = str(error)[:120]
    seconds = tally.pop("milliseconds") / 1000
    print(
        json.dumps(
            dict(tally)
            | {
                "pages a CPU-second": round(tally["pages"] / max(seconds, 0.001), 2),
                "word recall": round(tally["words kept"] / max(tally["words"], 1), 4),
                "failures": failures,
            },
            indent=2,
        )
    )


def _measure(path: Path, folder: Path, tally: Counter[str]) -> None:
    clean, target = folder / "clean.pdf", folder / "burned.pdf"
    count = clean_pdf(path, clean, ()).pages
    if count > _MOST_PAGES:
        tally["too long"] += 1
        return
    pages = characters(clean, "", folder)
    marks = {number: [_middle(page)] for number, page in enumerate(pages, 1)}
    started = time.process_time()
    texts, again = burn(clean, target, marks, "")
    tally["milliseconds"] += round((time.process_time() - started) * 1000)
    tally["documents"] += 1
    tally["pages"] += count
    tally["pages that OCR would read"] += again
    for number, (page, text) in enumerate(zip(pages, texts, strict=True), 1):
        if page.doubts or not text.replace("[AC]", "").strip():
            continue
        due = _words(text_outside(page, [each.box for each in marks[number]]))
        kept = due & _words(text)
        tally["words"] += due.total()
        tally["words kept"] += kept.total()


def _middle(page: PageCharacters) -> Mark:
    wide, high = page.width, page.height
    return Mark((wide * 0.3, high * 0.4, wide * 0.7, high * 0.5), "AC")


def _words(text: str) -> Counter[str]:
    return Counter(each.text for each in words.scan(text))


if __name__ == "__main__":
    main()
